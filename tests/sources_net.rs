//! Prometheus, HTTP and shell sources against real servers and processes that the tests start themselves.

mod support {
    pub mod exporter;
    pub mod http_double;
    pub mod prometheus;
    pub mod run_source;
}

use std::time::{Duration, Instant};

use quarterdeck::model::limits;
use quarterdeck::model::playbook::{Effect, Language, ResultView};
use quarterdeck::model::request::{Chunk, Payload, PlanError, RunError};
use quarterdeck::sources::SharedSource;

use support::exporter::{Exporter, MISMATCHES};
use support::http_double::{HttpDouble, Reply};
use support::prometheus::PrometheusServer;
use support::run_source::{Ran, TOKEN, action, context, run, run_until, run_with, source, sources};

// ---- configuration and registry

#[test]
fn mistakes_of_a_source_have_a_place_and_never_repeat_a_password() {
    for (lines, expected) in [
        (
            "kind = \"promethius\"\nurl = \"http://h\"",
            "2:8: error[unknown-setting]: source \"it\": unknown kind `promethius`\n  help: did you mean `prometheus`?",
        ),
        (
            "kind = \"prometheus\"\nulr = \"http://h\"",
            "3:1: error[unknown-setting]: source \"it\": unknown key `ulr`\n  help: did you mean `url`?",
        ),
        (
            "kind = \"http\"\nurl = \"https://reader:hunter2hunter2@h\"",
            "3:7: error[bad-setting]: source \"it\": the address holds a password: take it out and write `password = \"env:NAME\"` (or file:, cmd:) beside it",
        ),
        (
            "kind = \"http\"\nurl = \"https://h\"\nbearer_token = \"hunter2hunter2\"",
            "4:16: error[bad-setting]: source \"it\": expected a reference to a secret: env:NAME, file:PATH or cmd:COMMAND; the secret itself never stands here",
        ),
        (
            "kind = \"prometheus\"\nurl = \"https://h\"\nmin_step = \"15\"",
            "4:12: error[bad-setting]: source \"it\": expected a duration such as 15s, 5m or 24h",
        ),
        (
            "kind = \"http\"\nurl = \"https://h\"\nusername = \"u\"",
            "2:8: error[bad-source]: source \"it\": username and password go together",
        ),
        (
            "kind = \"http\"\nurl = \"ftp://h\"",
            "2:8: error[bad-source]: source \"it\": the url must begin with https:// or http:// and name a host",
        ),
        (
            "kind = \"shell\"\nenvironment = [\"LD_PRELOAD\"]",
            "2:8: error[bad-source]: source \"it\": the environment variable LD_PRELOAD changes how a shell or its programs run and is not passed on",
        ),
    ] {
        let (sources, found) = sources(&format!("[profiles.prod.sources.it]\n{lines}"));
        assert_eq!(found, [expected]);
        assert_eq!(sources.iter().count(), 0);
    }
}

#[test]
fn an_action_without_a_source_says_what_it_needs() {
    let (sources, _) = sources(
        "[profiles.prod.sources]\nmetrics = { kind = \"prometheus\", url = \"http://h\" }\n\
         api = { kind = \"http\", url = \"http://h\" }\nother = { kind = \"http\", url = \"http://h\" }\n",
    );
    let resolve = |language, name: Option<&str>| {
        let mut action = action(language, "x");
        action.source = name.map(Into::into);
        sources.resolve(&action).map(|source| source.target())
    };
    assert_eq!(
        resolve(Language::Promql, None).unwrap(),
        "prometheus http://h"
    );
    assert_eq!(
        resolve(Language::Http, Some("api")).unwrap(),
        "http http://h"
    );
    let needs = |language, name| match resolve(language, name) {
        Err(PlanError::NeedsSource(message)) => message,
        other => panic!("expected a missing source, found {other:?}"),
    };
    let shell = needs(Language::Shell, None);
    for words in [
        "needs a source that answers shell; profile \"prod\" has none; add to ",
        "config.toml:\n\n[profiles.prod.sources.shell]\nkind = \"shell\"\n",
        "complete the action by hand and say in a note",
    ] {
        assert!(shell.contains(words), "{shell}");
    }
    assert!(needs(Language::Promql, Some("metrix")).contains("did the playbook mean \"metrics\"?"));
    assert!(needs(Language::Http, None).contains("several sources answer http: api, other"));
    for language in [Language::Kql, Language::Message] {
        assert!(
            needs(language, Some("telemetry")).contains("by hand"),
            "{language:?}"
        );
    }
    let wrong = resolve(Language::Http, Some("metrics")).unwrap_err();
    assert!(
        wrong.to_string().contains("does not answer http"),
        "{wrong}"
    );
}

// ---- Prometheus

#[tokio::test]
async fn prometheus_answers_charts_and_tables_and_shows_a_spike() {
    let exporter = Exporter::start(&[("order", "org-a"), ("refund", "org-b")]);
    let server = PrometheusServer::start(&[exporter.target()]);
    let source = source(&format!(
        "kind = \"prometheus\"\nurl = \"{}\"\nmin_step = \"1s\"",
        server.url()
    ));

    let mut instant = action(
        Language::Promql,
        &format!("{MISMATCHES}{{machine=\"$machine\"}}"),
    );
    instant.view = Some(ResultView::Table);
    instant.inputs = vec!["machine".into()];
    let inputs = [("machine", "text", "order")];
    let ran = run_until(&source, &instant, &inputs, |ran| {
        ran.result
            .as_ref()
            .is_ok_and(|outcome| outcome.rows == Some(1))
    })
    .await;
    let (columns, rows) = ran.table();
    assert_eq!(
        columns,
        [
            "__name__", "instance", "job", "machine", "org_id", "value", "time"
        ]
    );
    assert_eq!(rows[0][3..6], ["order", "org-a", "0"]);
    assert!(ran.result.unwrap().newest.is_some());

    // Both series are known at zero before the spike: a counter that is born with it shows no increase.
    let range = action(Language::Promql, MISMATCHES);
    let ran = run_until(&source, &range, &[], |ran| ran.series().len() == 2).await;
    let labels: Vec<_> = ran
        .series()
        .iter()
        .map(|series| series.label.as_str())
        .collect();
    assert_eq!(
        labels,
        ["machine=order org_id=org-a", "machine=refund org_id=org-b"]
    );

    exporter.spike("order", "org-a", 7.0);
    let spike = action(
        Language::Promql,
        &format!("sum by (machine, org_id) (increase({MISMATCHES}[30s]))"),
    );
    let highest = |ran: &Ran, label: &str| {
        ran.series()
            .iter()
            .filter(|series| series.label == label)
            .flat_map(|series| &series.samples)
            .map(|sample| sample.value)
            .fold(0.0, f64::max)
    };
    let ran = run_until(&source, &spike, &[], |ran| {
        highest(ran, "machine=order org_id=org-a") > 1.0
    })
    .await;
    assert!(highest(&ran, "machine=refund org_id=org-b") < 0.5);
    let newest = ran.result.unwrap().newest.unwrap();
    let samples = ran.chunks.iter().any(|chunk| {
        matches!(chunk, Chunk::Series(series)
        if series.iter().any(|series| series.samples.last().unwrap().at == newest))
    });
    assert!(samples, "the newest sample is one of those shown");
}

#[tokio::test]
async fn prometheus_says_what_is_wrong_and_nothing_is_not_zero() {
    let server = PrometheusServer::start(&[]);
    let source = source(&format!(
        "kind = \"prometheus\"\nurl = \"{}\"",
        server.url()
    ));

    let empty = run(&source, &action(Language::Promql, "no_such_metric"), &[]).await;
    assert_eq!(empty.series(), []);
    assert_eq!(empty.result.unwrap().newest, None);
    let mut table = action(Language::Promql, "no_such_metric");
    table.view = Some(ResultView::Table);
    let empty = run(&source, &table, &[]).await;
    assert_eq!(empty.result.as_ref().unwrap().rows, Some(0));
    assert_eq!(empty.table().0, ["value", "time"]);

    table.text = "vector(0) / 0".into();
    assert_eq!(run(&source, &table, &[]).await.table().1[0][0], "NaN");

    let syntax = run(&source, &action(Language::Promql, "up +\nup up"), &[]).await;
    let (message, code) = syntax.failure();
    assert!(
        message.contains("bad_data") && message.contains("parse error"),
        "{message}"
    );
    assert_eq!(code.as_deref(), Some("400"));
    assert!(
        matches!(
            syntax.result,
            Err(RunError::Failed {
                position: Some(8),
                ..
            })
        ),
        "{:?}",
        syntax.result
    );
    let bad_label = r#"label_replace(vector(1), "a-b", "x", "", "")"#;
    let (message, code) = run(&source, &action(Language::Promql, bad_label), &[])
        .await
        .failure();
    assert!(
        message.contains("execution") && message.contains("a-b"),
        "{message}"
    );
    assert_eq!(code.as_deref(), Some("422"));
}

#[tokio::test]
async fn prometheus_warnings_and_caps_are_told() {
    let line = |number: usize| {
        format!(r#"{{"metric":{{"n":"{number}","t":"{TOKEN}"}},"values":[[1,"1"]]}}"#)
    };
    let lines: Vec<String> = (0..=limits::SERIES).map(line).collect();
    let double = HttpDouble::start(vec![
        Reply::json(
            "200 OK",
            &format!(
                r#"{{"status":"success","warnings":["store b is down {TOKEN}"],"infos":["not a counter"],
                "data":{{"resultType":"matrix","result":[{}]}}}}"#,
                lines.join(",")
            ),
        ),
        Reply::json(
            "503 Service Unavailable",
            r#"{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}"#,
        ),
    ]);
    let source = source(&format!(
        "kind = \"prometheus\"\nurl = \"{}/prom/\"\nbearer_token = \"env:TOKEN\"",
        double.url()
    ));
    let query = action(Language::Promql, "up");
    let ran = run(&source, &query, &[]).await;
    assert_eq!(ran.series().len(), limits::SERIES);
    assert_eq!(
        ran.warnings()[..2],
        ["store b is down [secret]", "not a counter"]
    );
    let outcome = ran.result.unwrap();
    assert_eq!(outcome.partial.as_deref(), Some("store b is down [secret]"));
    assert!(outcome.truncated.unwrap().contains("more than 200 series"));
    let (message, code) = run(&source, &query, &[]).await.failure();
    assert!(message.contains("timeout: query timed out"), "{message}");
    assert_eq!(code.as_deref(), Some("503"));

    let asked = &double.asked()[0];
    assert_eq!(asked.line, "POST /prom/api/v1/query_range HTTP/1.1");
    assert_eq!(
        asked.header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert!(
        asked
            .body
            .starts_with("query=up&timeout=30s&limit=201&start="),
        "{}",
        asked.body
    );
    assert!(asked.body.ends_with("&step=15"), "{}", asked.body);
}

// ---- HTTP

#[tokio::test]
async fn http_sends_what_was_planned_and_shows_the_answer() {
    let double = HttpDouble::start(vec![Reply::Answer {
        status: "404 Not Found",
        headers: vec![
            "Age: 40".into(),
            "X-Request-Id: r-1".into(),
            format!("ETag: \"{TOKEN}\""),
            "Set-Cookie: session=hidden".into(),
        ],
        body: format!("who? {TOKEN} ö").into_bytes(),
    }]);
    let source = source(&format!(
        "kind = \"http\"\nurl = \"{}/api\"\nusername = \"alice\"\npassword = \"env:TOKEN\"",
        double.url()
    ));
    let mut get = action(
        Language::Http,
        "GET /users/{{ id }}?q={{ id }}\nX-Actor: {{ id }}\n",
    );
    get.inputs = vec!["id".into()];
    let missing = source.plan(&get, &context(&[])).unwrap_err();
    assert_eq!(missing, PlanError::Missing(vec!["id".into()]));
    let request = source
        .plan(&get, &context(&[("id", "text", "a/b&ç")]))
        .unwrap();
    assert_eq!(
        request.text,
        "GET /users/a%2Fb%26%C3%A7?q=a%2Fb%26%C3%A7\nX-Actor: a/b&ç\n"
    );
    assert!(!format!("{request:?}").contains(TOKEN));

    let ran = run_with(&source, &request, |_, _| {}).await;
    assert_eq!(ran.output(false), "who? [secret] ö");
    assert_eq!(
        ran.output(true),
        "HTTP/1.1 404 Not Found\nage: 40\netag: \"[secret]\"\nx-request-id: r-1\n\n"
    );
    let outcome = ran.result.unwrap();
    assert_eq!(outcome.status, Some(404));
    assert_eq!(outcome.newest.unwrap().as_second(), 1_000_000 - 40);
    let asked = &double.asked()[0];
    assert_eq!(
        asked.line,
        "GET /api/users/a%2Fb%26%C3%A7?q=a%2Fb%26%C3%A7 HTTP/1.1"
    );
    assert_eq!(asked.header("x-actor"), Some("a/b&ç"));
    assert!(asked.header("authorization").unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn http_fetches_secret_inputs_when_it_sends_and_masks_them() {
    let double = HttpDouble::start(vec![Reply::Answer {
        status: "200 OK",
        headers: vec![format!("ETag: \"{TOKEN}\"")],
        body: format!("you sent {TOKEN}").into_bytes(),
    }]);
    let source = source(&format!("kind = \"http\"\nurl = \"{}\"", double.url()));
    let mut post = action(
        Language::Http,
        "POST /hooks/{{ token }}\nX-Key: {{ token }}\n\n{\"key\": \"{{ token }}\"}\n",
    );
    post.inputs = vec!["token".into()];
    let reference = context(&[("token", "secret", "env:TOKEN")]);
    let request = source.plan(&post, &reference).unwrap();
    // What is shown and recorded says where the secret is kept.
    assert_eq!(
        request.text,
        "POST /hooks/‹secret env:TOKEN›\nX-Key: ‹secret env:TOKEN›\n\n{\"key\": \"‹secret env:TOKEN›\"}"
    );
    assert!(!format!("{request:?}").contains(TOKEN));

    let ran = run_with(&source, &request, |_, _| {}).await;
    assert_eq!(ran.output(false), "you sent [secret]");
    assert!(ran.output(true).contains("etag: \"[secret]\""));
    assert_eq!(ran.result.unwrap().status, Some(200));
    let asked = &double.asked()[0];
    assert_eq!(asked.line, "POST /hooks/tok-3f9a77c1%2F%2Bx HTTP/1.1");
    assert_eq!(asked.header("x-key"), Some(TOKEN));
    assert_eq!(asked.body, format!("{{\"key\": \"{TOKEN}\"}}"));

    // Without its secret nothing is sent.
    let absent = context(&[("token", "secret", "env:NOWHERE")]);
    let request = source.plan(&post, &absent).unwrap();
    let error = run_with(&source, &request, |_, _| {})
        .await
        .result
        .unwrap_err();
    assert!(error.to_string().contains("env:NOWHERE"), "{error}");
    assert_eq!(double.asked().len(), 1);
}

#[tokio::test]
async fn http_follows_redirects_within_its_host_only() {
    let elsewhere = HttpDouble::start(vec![Reply::json("200 OK", "\"caught\"")]);
    let double = HttpDouble::start(vec![
        Reply::redirect("/moved"),
        Reply::json("200 OK", "\"here\""),
        Reply::redirect(&format!("{}/steal?x=y", elsewhere.url())),
    ]);
    let source = source(&format!(
        "kind = \"http\"\nurl = \"{}\"\nbearer_token = \"env:TOKEN\"",
        double.url()
    ));
    let get = action(Language::Http, "GET /a");
    let ran = run(&source, &get, &[]).await;
    assert_eq!(ran.output(false), "\"here\"");
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(double.asked()[1].line, "GET /moved HTTP/1.1");
    assert_eq!(
        double.asked()[1].header("authorization"),
        Some(bearer.as_str())
    );

    let ran = run(&source, &get, &[]).await;
    assert_eq!(
        ran.warnings(),
        [format!(
            "a redirect to {} was not followed: requests stay on {}",
            elsewhere.url(),
            double.url()
        )]
    );
    assert_eq!(ran.result.unwrap().status, Some(302));
    assert_eq!(elsewhere.asked(), []);
}

#[tokio::test]
async fn http_tells_writes_from_reads_and_bounds_size_and_time() {
    let double = HttpDouble::start(vec![
        Reply::Answer {
            status: "200 OK",
            headers: vec![],
            body: vec![b'x'; limits::OUTPUT_BYTES + 1],
        },
        Reply::Silence,
    ]);
    let source = source(&format!("kind = \"http\"\nurl = \"{}\"", double.url()));
    let post = source
        .plan(&action(Language::Http, "POST /revoke"), &context(&[]))
        .unwrap();
    assert_eq!(post.effect, Effect::Write);

    let mut get = action(Language::Http, "GET /big");
    let ran = run(&source, &get, &[]).await;
    assert_eq!(ran.output(false).len(), limits::OUTPUT_BYTES);
    let truncated = ran.result.unwrap().truncated;
    assert_eq!(truncated.as_deref(), Some("the body was cut at 10 MiB"));

    get.timeout = Some(Duration::from_millis(200));
    let ran = run(&source, &get, &[]).await;
    assert_eq!(
        ran.result,
        Err(RunError::TimedOut(Duration::from_millis(200)))
    );
    drop(double);
    let (message, _) = run(&source, &action(Language::Http, "GET /?q=value"), &[])
        .await
        .failure();
    assert!(
        message.starts_with("cannot reach http://127.0.0.1:"),
        "{message}"
    );
    assert!(!message.contains("value"), "{message}");
}

// ---- shell

fn shell() -> SharedSource {
    source("kind = \"shell\"\nenvironment = [\"KUBECONFIG\"]")
}

#[tokio::test]
async fn a_script_gets_a_clean_environment_and_its_inputs() {
    let mut script = action(Language::Shell, "env\necho \"$WINDOW_START\" >/dev/null");
    script.inputs = vec!["op_id".into()];
    let inputs = [
        ("op_id", "text", "op-7"),
        ("window_start", "datetime", "2026-01-31T03:12:00.000Z"),
        ("incident_id", "text", "unused"),
    ];
    let ran = run(&shell(), &script, &inputs).await;
    let output = ran.output(false);
    let mut names: Vec<&str> = output
        .lines()
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .filter(|name| !matches!(*name, "_" | "PWD" | "SHLVL" | "OLDPWD"))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["KUBECONFIG", "OP_ID", "PATH", "USER", "WINDOW_START"]
    );
    assert!(output.contains("OP_ID=op-7\n"), "{output}");
    assert_eq!(ran.result.unwrap().exit_code, Some(0));

    script.inputs = vec!["path".into()];
    let error = shell()
        .plan(&script, &context(&[("path", "text", "/tmp")]))
        .unwrap_err();
    assert!(error.to_string().contains("rename the input"), "{error}");
}

#[tokio::test]
async fn values_stay_data() {
    let folder = tempfile::tempdir().unwrap();
    let trap = folder.path().join("trap");
    let hostile = format!("$(touch {0})`touch {0}`; touch {0} 'x\" *", trap.display());
    let mut script = action(Language::Shell, "printf '<%s>\\n' \"$NAME\"");
    script.inputs = vec!["name".into()];
    // A choice is a list of the playbook's own, so it may hold anything.
    let ran = run(&shell(), &script, &[("name", "choice", &hostile)]).await;
    assert_eq!(ran.output(false), format!("<{hostile}>\n"));
    assert!(!trap.exists());
    let mut example = context(&[("name", "text", "<name>")]);
    example.inputs[0].example = true;
    let shown_only = shell().plan(&script, &example).unwrap();
    let (message, _) = run_with(&shell(), &shown_only, |_, _| {}).await.failure();
    assert!(
        message.contains("name stands at an example value"),
        "{message}"
    );
    let refused = shell()
        .plan(&script, &context(&[("name", "text", &hostile)]))
        .unwrap_err();
    assert!(
        refused.to_string().contains("cannot be given to a script"),
        "{refused}"
    );
}

#[tokio::test]
async fn output_keeps_its_order_and_exit_codes_are_judged() {
    let ran = run(
        &shell(),
        &action(
            Language::Shell,
            "for i in $(seq 500); do echo \"line $i\"; done; echo bad >&2; printf end",
        ),
        &[],
    )
    .await;
    let lines: Vec<String> = (1..=500).map(|number| format!("line {number}")).collect();
    assert_eq!(ran.output(false), format!("{}\nend", lines.join("\n")));
    assert_eq!(ran.output(true), "bad\n");

    for (text, ok_codes, expected) in [
        ("exit 1", vec![0, 1], Ok(1)),
        ("exit 3", vec![0, 1], Err("3")),
        ("false; echo reached", vec![], Err("1")),
        ("false | cat; echo reached", vec![], Err("1")),
        ("echo \"$NOT_SET_AT_ALL\"; echo reached", vec![], Err("1")),
    ] {
        let mut script = action(Language::Shell, text);
        script.ok_codes = ok_codes;
        let ran = run(&shell(), &script, &[]).await;
        assert!(!ran.output(false).contains("reached"), "{text}");
        match expected {
            Ok(code) => assert_eq!(ran.result.unwrap().exit_code, Some(code)),
            Err(code) => assert_eq!(ran.failure().1.as_deref(), Some(code), "{text}"),
        }
    }
    let (message, code) = run(&shell(), &action(Language::Shell, "kill -9 $$"), &[])
        .await
        .failure();
    assert!(
        message.contains("signal: 9") && code.is_none(),
        "{message} {code:?}"
    );
}

#[tokio::test]
async fn secrets_are_masked_wherever_the_output_is_cut() {
    let mut script = action(
        Language::Shell,
        "echo \"$API_TOKEN\"\nprintf '%s' \"${API_TOKEN:0:5}\"; sleep 0.1; echo \"${API_TOKEN:5}\" \n\
         printf 'user:%s' \"$API_TOKEN\" | base64 >&2",
    );
    script.inputs = vec!["api_token".into()];
    let inputs = [("api_token", "secret", "env:TOKEN")];
    let request = shell().plan(&script, &context(&inputs)).unwrap();
    assert_eq!(request.parameters[0].value, "‹secret env:TOKEN›");
    assert!(!format!("{request:?}").contains(TOKEN));
    let ran = run_with(&shell(), &request, |_, _| {}).await;
    assert_eq!(ran.output(false), "[secret]\n[secret]\n");
    let encoded = ran.output(true);
    assert!(
        encoded.contains("[secret]") && encoded.len() < "[secret]".len() + 12,
        "{encoded}"
    );

    let refused = shell()
        .plan(&script, &context(&[("api_token", "secret", TOKEN)]))
        .unwrap_err();
    assert!(!refused.to_string().contains(TOKEN), "{refused}");
}

#[tokio::test]
async fn output_is_capped() {
    let text = format!(
        "head -c {} /dev/zero | tr '\\0' x; exit 0",
        limits::OUTPUT_BYTES + 5
    );
    let ran = run(&shell(), &action(Language::Shell, &text), &[]).await;
    assert_eq!(ran.output(false).len(), limits::OUTPUT_BYTES);
    let truncated = ran.result.unwrap().truncated.unwrap();
    assert!(truncated.contains("5 bytes more"), "{truncated}");
}

/// True when no process of that number runs; one that ended and waits to be reaped by its new parent counts as gone.
fn is_gone(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| {
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with(['Z', 'X']))
    })
}

async fn assert_all_gone(pids: &str, count: usize) {
    assert_eq!(pids.lines().count(), count, "{pids}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while !pids.lines().all(is_gone) {
        assert!(Instant::now() < deadline, "still there: {pids}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A child, a grandchild, and one that ignores SIGTERM; each tells its number. Control: none is gone while it runs.
const FAMILY: &str = "sleep 300 & echo $!\n\
    bash -c 'sleep 300 & echo $!; wait' &\n\
    bash -c 'trap \"\" TERM; echo $BASHPID; sleep 300' &\nwait";

#[tokio::test]
async fn cancel_and_time_out_end_the_whole_family() {
    let mut script = action(Language::Shell, FAMILY);
    let request = shell().plan(&script, &context(&[])).unwrap();
    let mut told = String::new();
    let ran = run_with(&shell(), &request, |chunk, cancel| {
        if let Chunk::Output { text, .. } = chunk {
            told.push_str(text);
        }
        if told.lines().count() == 3 {
            assert!(!told.lines().any(is_gone), "{told}");
            cancel.cancel();
        }
    })
    .await;
    assert_eq!(ran.result, Err(RunError::Cancelled));
    assert_all_gone(&told, 3).await;

    script.timeout = Some(Duration::from_secs(5));
    let ran = run(&shell(), &script, &[]).await;
    assert_eq!(ran.result, Err(RunError::TimedOut(Duration::from_secs(5))));
    assert_all_gone(&ran.output(false), 3).await;
}

#[tokio::test]
async fn what_a_script_leaves_behind_ends_with_it_and_last_words_are_heard() {
    let started = Instant::now();
    let text = "sleep 300 & echo $!\nexec > >(sed 's/^/said: /')\necho last";
    let ran = run(&shell(), &action(Language::Shell, text), &[]).await;
    assert_eq!(ran.result.as_ref().unwrap().exit_code, Some(0));
    assert!(started.elapsed() < Duration::from_secs(60));
    let output = ran.output(false);
    let (pid, rest) = output.split_once('\n').unwrap();
    assert_eq!(rest, "said: last\n");
    assert_all_gone(pid, 1).await;

    let folder = tempfile::tempdir().unwrap();
    let mut script = action(
        Language::Shell,
        "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done",
    );
    script.cwd = Some(folder.path().to_string_lossy().into_owned());
    let request = shell().plan(&script, &context(&[])).unwrap();
    assert!(
        matches!(&request.payload, Payload::Shell { cwd: Some(cwd), .. } if *cwd == script.cwd.clone().unwrap())
    );
    let ran = run_with(&shell(), &request, |_, cancel| cancel.cancel()).await;
    assert_eq!(ran.result, Err(RunError::Cancelled));
    assert_eq!(ran.output(false), "up\nbye\n");
}
