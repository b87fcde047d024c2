//! The dependency tree obeys `deny.toml`: licences, single versions, banned crates, sources. The same file is what
//! `cargo deny` reads; this test keeps the gate shut on machines without it.
//!
//! Licences and versions come from `cargo tree`, which resolves features: `Cargo.lock` and `cargo metadata` also list
//! crates that no build of this project compiles. Sources come from `Cargo.lock`, for every platform.

#![expect(clippy::unwrap_used, reason = "a test: what cannot be read fails it")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use toml::Value;

#[test]
fn the_tree_obeys_deny_toml() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| -> toml::Table {
        let text = std::fs::read_to_string(root.join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        text.parse()
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--all-features",
            "--edges",
            "normal,build,dev",
        ])
        .args(["--prefix", "none", "--no-dedupe", "--format", "{p}\t{l}"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(
        tree.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let crates = parse_tree(&String::from_utf8(tree.stdout).unwrap());
    assert!(
        crates.len() > 100,
        "cargo tree was not understood: {} crates",
        crates.len()
    );

    let faults = faults(&read("deny.toml"), &crates, &read("Cargo.lock"));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// One crate of the tree. The order makes two versions of one name neighbours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    /// An SPDX expression, empty when the crate has none.
    licence: String,
}

/// Lines of `name vX.Y.Z [(path or proc-macro)] <tab> licence`.
fn parse_tree(text: &str) -> BTreeSet<Crate> {
    text.lines()
        .filter_map(|line| {
            let (package, licence) = line.split_once('\t')?;
            let mut words = package.split(' ');
            Some(Crate {
                name: words.next()?.to_owned(),
                version: words.next()?.trim_start_matches('v').to_owned(),
                licence: licence.to_owned(),
            })
        })
        .collect()
}

/// Everything in the tree that `deny.toml` does not allow, one line each.
fn faults(deny: &toml::Table, crates: &BTreeSet<Crate>, lock: &toml::Table) -> Vec<String> {
    let strings = |table: &str, key: &str| -> Vec<String> {
        array(&deny[table], key)
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let mut faults = Vec::new();

    let allowed = strings("licenses", "allow");
    for package in crates {
        if !licence_allowed(&package.licence, &allowed) {
            let Crate {
                name,
                version,
                licence,
            } = package;
            faults.push(format!(
                "{name} {version}: licence `{licence}` is not in deny.toml [licenses] allow"
            ));
        }
    }
    for ban in array(&deny["bans"], "deny") {
        let name = ban["crate"].as_str().unwrap();
        let versions: Vec<&str> = crates
            .iter()
            .filter(|c| c.name == name)
            .map(|c| c.version.as_str())
            .collect();
        let single = ban.get("deny-multiple-versions").and_then(Value::as_bool) == Some(true);
        if versions.len() > usize::from(single) {
            let rule = if single {
                "more than one version"
            } else {
                "banned"
            };
            faults.push(format!(
                "{name} {}: {rule}; see `cargo tree -i {name}`",
                versions.join(", ")
            ));
        }
    }
    let registries = strings("sources", "allow-registry");
    for package in array(&Value::Table(lock.clone()), "package") {
        // No source: the project itself, or a path beside it.
        let Some(source) = package.get("source").and_then(Value::as_str) else {
            continue;
        };
        if !registries
            .iter()
            .any(|registry| source == format!("registry+{registry}"))
        {
            faults.push(format!(
                "{}: comes from {source}, which deny.toml does not allow",
                package["name"]
            ));
        }
    }
    faults
}

fn array<'a>(table: &'a Value, key: &str) -> &'a [Value] {
    table
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether an SPDX expression can be met with the allowed licences. `/` is the old way to write OR.
fn licence_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    let met = any_of(&mut tokens, allowed);
    met && tokens.next().is_none()
}

type Tokens<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(tokens: &mut Tokens, allowed: &[String]) -> bool {
    let mut met = all_of(tokens, allowed);
    while tokens.next_if_eq(&"OR").is_some() {
        met |= all_of(tokens, allowed);
    }
    met
}

fn all_of(tokens: &mut Tokens, allowed: &[String]) -> bool {
    let mut met = one(tokens, allowed);
    while tokens.next_if_eq(&"AND").is_some() {
        met &= one(tokens, allowed);
    }
    met
}

fn one(tokens: &mut Tokens, allowed: &[String]) -> bool {
    match tokens.next() {
        Some("(") => {
            let met = any_of(tokens, allowed);
            tokens.next_if_eq(&")").is_some() && met
        }
        Some(name) => {
            let name = match tokens.next_if_eq(&"WITH").and_then(|_| tokens.next()) {
                Some(exception) => format!("{name} WITH {exception}"),
                None => name.to_owned(),
            };
            allowed.contains(&name)
        }
        None => false,
    }
}

#[test]
fn licence_expressions() {
    let allowed = [
        "MIT",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "Unicode-3.0",
    ]
    .map(String::from);
    for (expression, expected) in [
        ("MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("MIT/Apache-2.0", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("", false),
        ("GPL-3.0-only", false),
        ("MIT AND GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT AND OpenSSL", false),
        ("(MIT OR GPL-3.0-only) AND OpenSSL", false),
        ("MIT WITH Strange-exception", false),
        ("(MIT", false),
        ("MIT MIT", false),
    ] {
        assert_eq!(
            licence_allowed(expression, &allowed),
            expected,
            "{expression}"
        );
    }
}

/// The control: a tree with one fault of each kind is refused with one line for each.
#[test]
fn a_bad_tree_is_refused() {
    let deny: toml::Table = r#"
        [licenses]
        allow = ["MIT"]
        [bans]
        deny = [{ crate = "rustls", deny-multiple-versions = true }, { crate = "openssl-sys", use-instead = "rustls" }]
        [sources]
        allow-registry = ["https://good.example/index"]
    "#
    .parse()
    .unwrap();
    let lock: toml::Table = r#"
        [[package]]
        name = "quarterdeck"
        [[package]]
        name = "rustls"
        source = "registry+https://good.example/index"
        [[package]]
        name = "forked"
        source = "git+https://bad.example/forked"
    "#
    .parse()
    .unwrap();
    let good = "quarterdeck v0.1.0 (/somewhere)\tMIT\nrustls v0.23.1\tMIT\nrustls v0.23.1\tMIT\n";
    assert_eq!(
        faults(&deny, &parse_tree(good), &lock),
        ["\"forked\": comes from git+https://bad.example/forked, which deny.toml does not allow"]
    );
    let bad = format!(
        "{good}rustls v0.22.4\tMIT\nopenssl-sys v0.9.1\tMIT\nviral v1.0.0 (proc-macro)\tAGPL-3.0-only\n"
    );
    let found = faults(&deny, &parse_tree(&bad), &lock);
    assert_eq!(found.len(), 4, "{found:#?}");
    for (fault, start) in found.iter().zip([
        "viral 1.0.0: licence",
        "rustls 0.22.4, 0.23.1: more",
        "openssl-sys 0.9.1: banned",
    ]) {
        assert!(fault.starts_with(start), "{fault}");
    }
}
