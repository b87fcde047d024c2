//! The tools of the service beyond what the shipped playbooks ask of them: done twice, undone, on names that are not there, and with text that means harm.

use quarterdeck::drill::World;
use quarterdeck::drill::http;
use quarterdeck::drill::shell::{self, Ran};
use serde_json::Value as Json;

use super::{world, world_of};

/// Runs a text of its own.
fn says(world: &mut World, script: &str) -> Ran {
    shell::run(world, script, &[]).unwrap()
}

#[test]
fn a_freeze_is_lifted_by_the_tool_that_names_it() {
    let mut world = world("");
    let frozen = says(
        &mut world,
        "matter ops freeze-operation --op orders.read --reason r\nmatter ops freeze-operation --op orders.read --reason again",
    );
    assert!(frozen.stdout.contains("503 Service Unavailable"));
    assert!(frozen.stdout.contains("frozen already"), "{frozen:?}");
    let lift = frozen
        .stdout
        .lines()
        .find(|line| line.starts_with("lift with: "));
    let lift = lift.unwrap().trim_start_matches("lift with: ");
    assert!(says(&mut world, lift).stdout.contains("lifted"));
    assert!(world.standing().frozen.is_empty());
    let again = says(&mut world, lift);
    assert!(again.stdout.contains("not frozen"), "{again:?}");
    let unknown = says(&mut world, "matter ops unfreeze-operation --op orders.reed");
    assert!(
        unknown.stderr.contains("did you mean orders.read?"),
        "{unknown:?}"
    );
    assert_eq!(unknown.exit_code, 1);
}

#[test]
fn tokens_are_rotated_once_and_counted_as_they_are() {
    let mut world = world("");
    let tokens = world.population().tokens.len();
    let script = format!(
        "matter ops force-rotate-tokens --filter issued_before:{} --reason r",
        world.now()
    );
    let first = says(&mut world, &script);
    assert!(
        first.stdout.contains(&format!("\n{tokens} tokens rotated")),
        "{first:?}"
    );
    let version = world.version();
    let second = says(&mut world, &script);
    assert!(second.stdout.contains("nothing was changed"), "{second:?}");
    assert_eq!(world.version(), version);
    // What was issued by the first rotation is older than a later time.
    let later = world.now() + jiff::SignedDuration::from_mins(10);
    world.advance(later);
    let script = script.replace(
        "issued_before:2026-03-09T03:12",
        "issued_before:2026-03-09T03:20",
    );
    let third = says(&mut world, &script);
    assert!(
        third.stdout.contains(&format!("\n{tokens} tokens rotated")),
        "{third:?}"
    );
}

#[test]
fn a_full_disk_is_full_wherever_one_looks() {
    for seed in 0..6 {
        let story = "[[story]]\nid = \"exports\"\nkind = \"export-failure\"\nfrom = \"-20m\"\ncause = \"disk-full\"\nevery = \"1m\"\n";
        let mut world = world_of(story, seed);
        let shown = says(
            &mut world,
            "df -Pk ./uploads/ | tail -n 1; ls -l ./uploads/ | tail -n 1",
        );
        assert!(
            shown.stdout.contains(" 100% "),
            "seed {seed}: {}",
            shown.stdout
        );
        assert!(
            shown.stdout.contains(" app app       0 ") || shown.stdout.contains(" app app 0 "),
            "{}",
            shown.stdout
        );
        let answer = http::ask(&mut world, "GET", "/api/health/readiness", "");
        let body: Json = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["dependencies"]["uploads-disk"]["status"], "degraded");
    }
}

#[test]
fn the_storage_lists_whole_names_below_a_prefix() {
    let mut world = world("");
    let all = says(&mut world, "aws s3 ls s3://matter-exports/").stdout;
    let some = says(&mut world, "aws s3 ls s3://matter-exports/case-").stdout;
    assert!(all.lines().count() > 5 && all == some, "{all}{some}");
    assert_eq!(
        says(&mut world, "aws s3 ls s3://matter-exports/x").exit_code,
        1
    );
}

#[test]
fn pnpm_needs_a_package_and_git_shows_whole_hashes_when_asked() {
    let mut world = world("");
    let alone = says(&mut world, "pnpm encryption:rotate");
    assert_eq!(
        (alone.exit_code, world.standing().encryption_rotations),
        (1, 0),
        "{alone:?}"
    );
    says(&mut world, "pnpm --filter api encryption:rotate");
    let again = says(&mut world, "pnpm --filter api encryption:rotate");
    assert!(again.stdout.contains("key version 3 written"), "{again:?}");
    let whole = says(&mut world, "git log -1 --pretty=oneline").stdout;
    assert_eq!(whole.split(' ').next().map(str::len), Some(40), "{whole}");
    let files = says(&mut world, "git log -1 --oneline --name-only").stdout;
    assert!(!files.contains("\n\n"), "{files}");
}

#[test]
fn curl_asks_nothing_but_http_and_sends_all_of_its_data() {
    let mut world = world("");
    let file = says(&mut world, "curl file:///etc/hostname || true");
    assert!(
        file.stdout.is_empty() && file.stderr.contains("not supported"),
        "{file:?}"
    );
    let host = says(
        &mut world,
        "curl -s https://api.commerce.example/api/health/liveness",
    );
    assert!(host.stdout.contains("ok"), "{host:?}");
}

#[test]
fn what_grows_without_end_is_cut_and_nothing_is_too_deep() {
    let mut world = world("");
    let doubled = format!(
        "X=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n{}echo $X",
        "X=$X$X$X$X\n".repeat(40)
    );
    let ended = says(&mut world, &doubled);
    assert!(
        ended.exit_code == 1 && ended.stderr.contains("too long"),
        "{}",
        ended.stderr
    );
    let grown = format!("echo a{} | wc -c", " | sed 's/.*/&&&&&&&&/'".repeat(30));
    let ended = says(&mut world, &grown);
    assert!(
        ended.exit_code == 1 && ended.stderr.contains("at most"),
        "{}",
        ended.stderr
    );
    let wide = format!("printf '{}' | wc -c", "%10000s".repeat(20_000));
    assert!(says(&mut world, &wide).stderr.contains("at most"));
    let read = format!(
        "seq={} ; echo $seq | cat {}",
        "a".repeat(1_000_000),
        "- ".repeat(3_000)
    );
    assert!(says(&mut world, &read).stderr.contains("memory"));
    let items = format!(
        "X={}; printf '%s\\n' $X$X | xargs -I {{}} echo {}",
        "a".repeat(100_000),
        "{}".repeat(10_000)
    );
    assert!(says(&mut world, &items).stderr.contains("too long"));
    for deep in [
        format!("echo {}x{}", "${A:-".repeat(50_000), "}".repeat(50_000)),
        format!("echo \"{}x{}\"", "${A:-".repeat(50_000), "}".repeat(50_000)),
        "xargs ".repeat(50_000),
    ] {
        assert!(shell::run(&mut world, &deep, &[]).is_err());
    }
}
