//! The org-isolation playbook on Application Insights, through the real screen: signing in with a device code, the mismatch metric as a live pane and the traces as
//! a result beside it. The service is a double that runs the playbook's own text on the embedded engine.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use quarterdeck::kql;

mod support {
    pub mod azure_double;
    pub mod exporter;
    pub mod http_double;
    pub mod operator;
    pub mod prometheus;
    pub mod pty;
    pub mod telemetry;
}

use support::azure_double::{APP, AzureDouble, CLIENT, DeviceTurn, Mood, TENANT};
use support::operator::{Pane, Screen};
use support::pty::{Launch, PATIENCE};
use support::telemetry::{now, telemetry};

/// Where each step stands in the list of steps, counted from its first one.
const STEP_IDENTIFY: usize = 1;

fn side_by_side(size: (u16, u16)) {
    let service = AzureDouble::start(telemetry(), now);
    service.device(&vec![DeviceTurn::Pending; 100_000]);
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("config")).unwrap();
    let config = format!(
        "operator = \"alice\"\n[profiles.test.sources.telemetry]\nkind = \"app-insights\"\napp = \"{APP}\"\nurl = \"{0}\"\n\
         sign_in = \"device-code\"\ntenant = \"{TENANT}\"\nclient_id = \"{CLIENT}\"\nauthority = \"{0}\"\n",
        service.url()
    );
    std::fs::write(home.path().join("config/config.toml"), config).unwrap();
    let mut screen = Screen(
        Launch::quarterdeck(home.path())
            .arguments(["open", "org-isolation-breach", "--profile", "test"])
            .size(size.0, size.1)
            .start(),
    );

    // Sign in: the live pane asks for it, the operator does it elsewhere.
    screen.sees("┏ Sign in");
    screen.sees("https://microsoft.com/devicelogin");
    screen.sees("ABCD-EFGH");
    assert!(service.queries().is_empty(), "nothing is asked before that");
    service.device(&[]);
    screen
        .0
        .wait_for(|screen: &str| !screen.contains("ABCD-EFGH"), PATIENCE);

    // Watch: the metric as the service bins it, its youngest bins marked.
    screen.focus(Pane::Watch);
    screen.sees("ALERT");
    screen.sees("░");

    // The traces beside it.
    screen.go_to(STEP_IDENTIFY, "2 · Identify the source");
    screen.ask("1");
    screen.sees("let _window_start = datetime(");
    screen.send();
    screen.sees("row  1/10");
    screen.sees("u-1932");
    if size.0 >= 120 {
        screen.sees("ALERT");
        screen.sees("░");
    }

    // A mistake points at its place.
    screen.focus(Pane::Guide);
    screen.keys("e");
    screen.sees("Edit kql");
    screen.keys(&"<Down>".repeat(20));
    screen.keys("<End><Enter>| where actrId == \"x\"<C-s>");
    screen.sees("Send this?");
    screen.send();
    screen.sees("actrId");
    screen.sees("^");

    // Cut by the service, it says so.
    service.moods(&[Mood::Partial, Mood::Partial]);
    screen.focus(Pane::Guide);
    screen.ask("1");
    screen.send();
    screen.sees("did not answer");
    screen.sees("ran · 10 rows · incomplete");
    screen.quit();

    let folder = home.path().display().to_string();
    let grep = std::process::Command::new("grep")
        .args(["-rla", "token|", &folder])
        .output()
        .unwrap();
    assert!(
        grep.stdout.is_empty(),
        "a token was kept: {}",
        String::from_utf8_lossy(&grep.stdout)
    );
}

#[test]
fn the_metric_and_the_traces_side_by_side_at_120x40() {
    side_by_side((120, 40));
}

#[test]
fn the_metric_and_the_traces_one_above_the_other_at_80x24() {
    side_by_side((80, 24));
}

/// The two queries of the first runbook, text as it was written.
#[test]
fn the_seeds_queries_run_as_they_are() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/seeds");
    let mut queries = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let fences = text.split("```kql\n").skip(1);
        queries.extend(fences.map(|rest| rest.split("```").next().unwrap().to_owned()));
    }
    queries.sort();
    let tables = telemetry();
    let options = kql::Options {
        now: now(),
        parameters: Vec::new(),
    };
    let found: Vec<(Vec<String>, usize)> = queries
        .iter()
        .map(|query| {
            let run = kql::Run::new(kql::Limits::default(), &|| false);
            let answers = kql::run(query, &tables, &options, &run).unwrap();
            let [answer] = answers.as_slice() else {
                panic!("{query}");
            };
            let names = answer
                .schema
                .fields
                .iter()
                .map(|field| field.name.to_string());
            (names.collect(), answer.rows())
        })
        .collect();
    let names = |all: &str| all.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let [(metric, bins), (traces, rows)] = found.as_slice() else {
        panic!("two queries are expected, found {queries:?}");
    };
    assert_eq!(
        *metric,
        names("timestamp customDimensions_machine customDimensions_org_id total")
    );
    // Ten mismatches in thirty minutes stand in six or seven bins of five.
    assert!((6..=7).contains(bins), "{bins}");
    assert_eq!(
        *traces,
        names(
            "timestamp customDimensions_orgId customDimensions_attemptedOrgId customDimensions_resourceOrgId customDimensions_actorId customDimensions_machine"
        )
    );
    assert_eq!(*rows, 10);
}
