//! `doctor`: what it finds of configuration and sources, and of a playbook whose queries do not fit.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails it")]

#[path = "support/http_double.rs"]
mod http_double;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/trial.rs"]
mod trial;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use http_double::{HttpDouble, Reply};
use postgres::PostgresServer;
use serde_json::Value;
use tempfile::TempDir;
use trial::{Ran, home, quarterdeck};

/// A home with this configuration and playbook.
fn home_with(config: &str, playbook: &str) -> TempDir {
    let home = home();
    fs::write(home.path().join("config/config.toml"), config).unwrap();
    fs::write(home.path().join("config/playbooks/sick.md"), playbook).unwrap();
    home
}

fn doctor(home: &TempDir, arguments: &[&str]) -> Ran {
    quarterdeck(home.path(), &[&["doctor"], arguments].concat())
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap()
}

/// The line that begins with these words.
fn line<'a>(ran: &'a Ran, begin: &str) -> &'a str {
    ran.out
        .lines()
        .find(|line| {
            line.split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .starts_with(begin)
        })
        .unwrap_or_else(|| unreachable!("no line {begin:?} in {ran:?}"))
}

const DATABASE: &str = r"
CREATE TABLE audit_entries (id uuid PRIMARY KEY, actor_id text, org_id uuid, created_at timestamptz);
CREATE ROLE reader LOGIN;
GRANT SELECT ON audit_entries TO reader;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
INSERT INTO audit_entries VALUES (gen_random_uuid(), 'u-1', gen_random_uuid(), now());
";

const SICK: &str = r#"---
quarterdeck: 1
id: sick
title: Sick
severity: P1
inputs:
  actor: { title: Actor, type: text, pattern: '^u-[0-9]+$' }
  org: { title: Org, type: text }
  odd: { title: Odd, type: text, pattern: '^zz[0-9]{7}$' }
---

## Investigate

### Look

```sql {#good}
SELECT count(*) AS entries, max(created_at) AS newest FROM audit_entries WHERE actor_id = :actor AND org_id = :org
```

```sql {#bad-column}
SELECT actor_id
FROM audit_entries
WHERE actor_id = :actor AND actor_idd IS NULL
```

```sql {#bad-table}
SELECT 1 FROM audit_entry WHERE created_at > :window_start
```

```sql {#pattern}
SELECT 1 WHERE 'x' = :odd
```

```sql {#remove effect=write max-rows=1 undo="restore it"}
DELETE FROM audit_entries WHERE actor_id = :actor
```

```kql {#traces source=telemetry}
traces | take 5
```
"#;

#[test]
fn queries_that_do_not_fit_their_database_are_named_with_their_place() {
    let server = PostgresServer::start();
    server.execute(DATABASE);
    let config = format!(
        "[profiles.p.sources.audit]\nkind = \"postgres\"\nurl = \"postgres://reader@127.0.0.1:{}/postgres\"\n\
         [profiles.p.sources.owner]\nkind = \"postgres\"\nurl = \"{}\"\n",
        server.port,
        server.url()
    );
    let one = config.split("[profiles.p.sources.owner]").next().unwrap();
    let home = home_with(one, SICK);
    let ran = doctor(&home, &["sick"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let good = line(&ran, "ok good");
    assert!(good.contains("entries int8, newest timestamptz"), "{good}");
    assert!(
        good.contains("(example values: actor=u-1, org=example)"),
        "{good}"
    );
    for (begin, parts) in [
        (
            "problem bad-column",
            &["sick.md:23:29:", "actor_idd", "42703"][..],
        ),
        (
            "problem bad-table",
            &["sick.md:27:15:", "audit_entry", "42P01"],
        ),
        ("problem pattern", &["--set odd=VALUE"]),
        ("ok remove", &["prepared"]),
        (
            "no-source traces",
            &["needs a source \"telemetry\" that answers kql"],
        ),
    ] {
        let found = line(&ran, begin);
        for part in parts {
            assert!(found.contains(part), "{part} in {found}");
        }
    }
    assert!(ran.talk.contains("nothing was run"), "{ran:?}");
    assert_eq!(server.execute("SELECT count(*) FROM audit_entries"), "1");

    let ran = doctor(
        &home,
        &["sick", "--set", "odd=zz1234567", "--format", "json"],
    );
    let found = json(&ran);
    let of = |id: &str| {
        let actions = found["actions"].as_array().unwrap();
        actions
            .iter()
            .find(|action| action["action"] == id)
            .unwrap()
            .clone()
    };
    assert_eq!(of("pattern")["state"], "ok");
    assert_eq!(of("pattern")["examples"], serde_json::json!([]));
    assert_eq!(of("bad-column")["line"], 23);
    assert_eq!(of("good")["examples"][0]["input"], "actor");

    let ran = doctor(&home, &["sick", "--set", "actor=nobody"]);
    assert_eq!(
        (ran.code, ran.talk.contains("does not match")),
        (Some(2), true),
        "{ran:?}"
    );

    fs::write(home.path().join("config/config.toml"), &config).unwrap();
    let ran = doctor(&home, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let reader = line(&ran, "source audit");
    assert!(
        reader.contains("answers as role reader; read-only"),
        "{reader}"
    );
    let owner = line(&ran, "source owner");
    assert!(owner.contains("NOT read-only"), "{owner}");
    assert!(ran.out.contains("it is a superuser"), "{ran:?}");
    assert!(
        ran.out.contains("CREATE ROLE quarterdeck_reader LOGIN"),
        "{ran:?}"
    );
    drop(server);
    let ran = doctor(&home, &[]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(line(&ran, "source audit").contains("NOT REACHED: could not connect"));
    fs::write(home.path().join("config/config.toml"), one).unwrap();
    let ran = doctor(&home, &["sick"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(line(&ran, "unreachable good").contains("could not connect"));
}

#[test]
fn every_other_kind_says_what_it_can() {
    let web = HttpDouble::start(vec![Reply::json("200 OK", "{}")]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.db");
    let database = rusqlite::Connection::open(&file).unwrap();
    database
        .execute_batch("CREATE TABLE entries (id INTEGER, actor TEXT)")
        .unwrap();
    let config = format!(
        "[profiles.p.sources.web]\nkind = \"http\"\nurl = \"{}\"\n\
         [profiles.p.sources.local]\nkind = \"sqlite\"\npath = \"{}\"\n\
         [profiles.p.sources.here]\nkind = \"shell\"\n",
        web.url(),
        file.display()
    );
    let playbook = r#"---
quarterdeck: 1
id: sick
title: Sick
severity: P1
---

## Look

### Look

```http {#ask}
GET /audit
```

```sql {#lite}
SELECT actor FROM entries
```

```sql {#lite-bad}
SELECT actor,
       actr FROM entries
```

```bash {#script effect=read}
# jq is not used
ls -l | grep -c x
```

```bash {#broken effect=read}
if true; then
  echo "no end"
```

```bash {#absent effect=read}
date
no-such-program-here --now | cat
touch ./was-run
```
"#;
    let home = home_with(&config, playbook);
    let ran = doctor(&home, &["sick"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for (begin, parts) in [
        ("planned ask", &["takes connections"][..]),
        ("ok lite", &["columns: actor"]),
        ("problem lite-bad", &["sick.md:22:8:", "actr"]),
        ("ok script", &["found on PATH: ls, grep"]),
        ("problem broken", &["bash cannot read it: line"]),
        (
            "problem absent",
            &["sick.md:37:1:", "not found on PATH: no-such-program-here"],
        ),
    ] {
        let found = line(&ran, begin);
        for part in parts {
            assert!(found.contains(part), "{part} in {found}");
        }
    }
    assert!(!home.path().join("was-run").exists(), "a script was run");
    let whole = web.asked();
    assert!(
        whole.iter().all(|asked| asked.line.is_empty()),
        "a request was sent: {whole:?}"
    );
}

#[test]
fn every_message_is_filled_with_example_names() {
    let playbook = r#"---
quarterdeck: 1
id: sick
title: Sick
severity: P1
roles: { security: Security lead }
inputs:
  since: { title: Since, type: datetime }
---

## Notify

### Tell them

```sql {#affected source=gone}
SELECT org, users FROM affected
```

```message {#whole to="{{ each }}" subject="{{ title }}, {{ severity }}" audience=customer for-each="affected.org"}
To {{ each }}: since {{ inputs.since }}, says {{ security }} and {{ ic }}.
{% for row in result["affected"].rows %}{{ row.users }} of {{ row["org"] }}
{% endfor %}
```

```message {#left}
Dear <name>
```

```message {#nowhere}
One.
Two {{ summary }}.
```

```message {#subject subject="{{ summary }}"}
One.
```
"#;
    let home = home_with("profile = \"p\"\n[profiles.p]\n", playbook);
    let ran = doctor(&home, &["sick"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for (begin, parts) in [
        (
            "ok whole",
            &["the template fills: 2 lines", "example values: since="][..],
        ),
        ("ok left", &["line 1: <name> is still to be filled in"]),
        (
            "problem nowhere",
            &["sick.md:31:1:", "summary has no value here"],
        ),
        (
            "problem subject",
            &["sick.md:35:1:", "in the subject: summary has no value here"],
        ),
    ] {
        let found = line(&ran, begin);
        for part in parts {
            assert!(found.contains(part), "{part} in {found}");
        }
    }
}

#[test]
fn prometheus_is_asked_to_parse_and_never_to_answer() {
    let wrong = r#"{"status":"error","errorType":"bad_data","error":"1:4: parse error: unclosed left parenthesis"}"#;
    let right = r#"{"status":"success","data":"sum(up)"}"#;
    // answer, exit code, what is said
    for (reply, code, parts) in [
        (
            Reply::json("200 OK", right),
            0,
            &["ok up", "the server parses it"][..],
        ),
        (
            Reply::json("400 Bad Request", wrong),
            1,
            &["problem up", "sick.md:13:4:", "unclosed left parenthesis"],
        ),
        (
            Reply::json("404 Not Found", "{}"),
            0,
            &["planned up", "cannot parse a query without running it"],
        ),
    ] {
        let metrics = HttpDouble::start(vec![reply]);
        let config = format!(
            "[profiles.p.sources.metrics]\nkind = \"prometheus\"\nurl = \"{}\"\n",
            metrics.url()
        );
        let playbook = "---\nquarterdeck: 1\nid: sick\ntitle: Sick\nseverity: P1\n---\n\n## Look\n\n### Look\n\n\
                        ```promql {#up}\nsum(up)\n```\n";
        let home = home_with(&config, playbook);
        let ran = doctor(&home, &["sick"]);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        let found = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(found.contains(part), "{part} in {found}");
        }
        let asked: Vec<String> = metrics
            .asked()
            .into_iter()
            .map(|asked| asked.line)
            .collect();
        assert_eq!(asked, ["POST /api/v1/format_query HTTP/1.1"]);
    }
}

#[test]
fn a_sound_home_is_told_in_words_and_as_json() {
    let home = home();
    let ran = doctor(&home, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for begin in [
        "configuration",
        "config folder",
        "data folder",
        "terminal TERM not set",
        "operator alice",
        "profile trial",
        "source here",
    ] {
        line(&ran, begin);
    }
    let found = json(&doctor(&home, &["--format", "json"]));
    assert_eq!(found["operator"]["name"], "alice");
    assert_eq!(found["sources"][0]["reached"], true);
    assert_eq!(found["configuration"]["problems"], serde_json::json!([]));
}

#[test]
fn what_is_wrong_has_its_place_and_its_remedy() {
    let home = home();
    let config = home.path().join("config/config.toml");
    let good = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{good}colour = 3\n")).unwrap();
    let data = home.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let ran = doctor(&home, &[]);
    assert_eq!(ran.code, Some(4), "a source with unknown settings: {ran:?}");
    assert!(ran.out.contains("config.toml:6:1: error"), "{ran:?}");
    assert!(line(&ran, "data folder").contains("0755; others may use it: chmod 700"));
    fs::write(&config, good).unwrap();
    assert_eq!(
        doctor(&home, &[]).code,
        Some(1),
        "a folder that others may read"
    );
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(doctor(&home, &[]).code, Some(0));
    let ran = doctor(&home, &["no-such-playbook"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}
