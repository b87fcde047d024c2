//! Files, precedence, places and secrets; no test touches the process's own environment.

use super::*;
use crate::config::secret::{SecretError, SecretReference};

const GOOD: &str = r#"
profile = "prod"
operator = "alice"

[display]
timezone = "Europe/Berlin"

[profiles.prod.sources.metrics]
kind = "prometheus"
url = "https://prometheus.internal"

[profiles.prod.sources.audit]
kind = "postgres"
url = "postgres://reader@db1/app"
password = "env:AUDIT_PASSWORD"

[profiles.staging.sources.local]
kind = "shell"
"#;

fn load(
    text: &str,
    environment: &[(&str, &str)],
    arguments: &Arguments,
) -> Result<(Config, Vec<String>), ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), text).unwrap();
    let places = Places {
        config: folder.path().to_owned(),
        data: folder.path().join("data"),
        state: folder.path().join("state"),
    };
    let environment = Arc::new(Environment::from_pairs(environment.iter().copied()));
    let (config, diagnostics) = Config::load(places, environment, arguments)?;
    let found = diagnostics
        .iter()
        .map(|diagnostic| {
            let line = diagnostic.located(&config.source).to_string();
            line.split_once("config.toml:").unwrap().1.to_owned()
        })
        .collect();
    Ok((config, found))
}

fn findings(text: &str) -> Vec<String> {
    load(text, &[("USER", "u")], &Arguments::default())
        .unwrap()
        .1
}

#[test]
fn a_good_file_is_read_whole() {
    let (config, found) = load(GOOD, &[], &Arguments::default()).unwrap();
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(config.timezone.value, "Europe/Berlin");
    assert_eq!(config.timezone.from, Provenance::File);
    assert_eq!(config.operator.name, "alice");
    assert_eq!(config.operator.known_by, Provenance::File);
    assert!(!config.operator.host.is_empty());
    let profile = config.profile().unwrap();
    let sources: Vec<_> = profile
        .sources
        .values()
        .map(|source| (source.name.as_str(), source.kind.get_ref().as_str()))
        .collect();
    assert_eq!(sources, [("metrics", "prometheus"), ("audit", "postgres")]);
}

#[test]
fn a_file_that_is_not_there_is_an_empty_one() {
    let places = Places {
        config: "/nonexistent/quarterdeck".into(),
        data: "/nonexistent/data".into(),
        state: "/nonexistent/state".into(),
    };
    let environment = Arc::new(Environment::from_pairs([("USER", "bob")]));
    let (config, found) = Config::load(places, environment, &Arguments::default()).unwrap();
    assert!(found.is_empty() && config.profiles.is_empty());
    assert_eq!(config.timezone.value, "UTC");
    assert_eq!(config.profile().map(|profile| &profile.name), None);
}

#[test]
fn mistakes_have_a_place_and_the_nearest_name() {
    for (text, expected) in [
        (
            "operater = \"x\"",
            "1:1: error[unknown-setting]: config.toml: unknown key `operater`\n  help: did you mean `operator`?",
        ),
        (
            "[display]\ntime_zone = \"UTC\"",
            "2:1: error[unknown-setting]: [display]: unknown key `time_zone`\n  help: did you mean `timezone`?",
        ),
        (
            "[display]\ntimezone = \"Mars/Base\"",
            "2:12: error[unknown-timezone]: no time zone `Mars/Base`\n  help: write an IANA name such as UTC or Europe/Berlin",
        ),
        (
            "profile = \"prd\"\n[profiles.prod.sources]",
            "1:11: error[unknown-profile]: no profile \"prd\" in this file\n  help: did you mean \"prod\"?",
        ),
        (
            "[profiles.prod.source.a]\nkind = \"shell\"",
            "1:16: error[unknown-setting]: profile \"prod\": unknown key `source`\n  help: did you mean `sources`?",
        ),
        (
            "[profiles.prod.sources.a]\nurl = \"x\"",
            "1:1: error[missing-kind]: source \"a\" does not say what it is\n  help: add a line such as kind = \"prometheus\"",
        ),
        (
            "operator = 7",
            "1:12: error[bad-setting]: config.toml: invalid type: integer `7`, expected a string",
        ),
    ] {
        assert_eq!(findings(text), [expected], "{text}");
    }
    let broken = findings("operator = \n[profiles]");
    assert!(broken[0].starts_with("1:"), "{broken:?}");
    assert!(broken[0].contains("error[bad-toml]"), "{broken:?}");
}

#[test]
fn one_mistake_does_not_hide_the_rest_of_the_file() {
    let (config, found) = load(
        &format!("colour = true\n{GOOD}"),
        &[],
        &Arguments::default(),
    )
    .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(config.operator.name, "alice");
    assert_eq!(config.profiles.len(), 2);
}

#[test]
fn the_environment_beats_the_file_and_arguments_beat_both() {
    let environment = [
        ("QUARTERDECK_PROFILE", "staging"),
        ("QUARTERDECK_OPERATOR", "bob"),
        ("SUDO_USER", "carol"),
        ("USER", "root"),
    ];
    let none = Arguments::default();
    let (config, _) = load(GOOD, &environment, &none).unwrap();
    assert_eq!(config.profile.value.as_deref(), Some("staging"));
    assert_eq!(
        config.profile.from,
        Provenance::Environment("QUARTERDECK_PROFILE")
    );
    assert_eq!(config.operator.name, "bob");

    let given = Arguments {
        profile: Some("prod".into()),
        operator: Some("dave".into()),
    };
    let (config, _) = load(GOOD, &environment, &given).unwrap();
    assert_eq!(config.profile.value.as_deref(), Some("prod"));
    assert!(config.operator.to_string().starts_with("dave@"));
    assert!(config.operator.to_string().ends_with("(from --as)"));

    for (variables, name) in [(&environment[2..], "carol"), (&environment[3..], "root")] {
        let (config, _) = load("", variables, &none).unwrap();
        assert_eq!(config.operator.name, name);
    }
    assert_eq!(
        load("", &[], &none).unwrap_err(),
        ConfigError::NoOperator,
        "nobody is not a name"
    );
}

#[test]
fn an_unknown_profile_from_outside_is_an_error_with_the_nearest() {
    let given = Arguments {
        profile: Some("stagin".into()),
        operator: None,
    };
    assert_eq!(
        load(GOOD, &[], &given).unwrap_err().to_string(),
        "no profile \"stagin\" (from --profile); did you mean \"staging\"?"
    );
}

#[test]
fn the_only_profile_needs_no_name() {
    let text = "[profiles.prod.sources.local]\nkind = \"shell\"";
    let (config, _) = load(text, &[("USER", "u")], &Arguments::default()).unwrap();
    assert_eq!(config.profile.value.as_deref(), Some("prod"));
    assert_eq!(config.profile.from, Provenance::Default);
}

#[test]
fn places_follow_the_environment_and_a_missing_home_says_what_to_set() {
    let error = Places::find(&Environment::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("HOME is not set; set HOME, or set QUARTERDECK_CONFIG"),
        "{error}"
    );
    let overridden = Environment::from_pairs([
        ("QUARTERDECK_CONFIG", "/c"),
        ("QUARTERDECK_DATA", "/d"),
        ("QUARTERDECK_STATE", "/s"),
    ]);
    let places = Places::find(&overridden).unwrap();
    assert_eq!(places.config_file(), std::path::Path::new("/c/config.toml"));
    assert_eq!(places.state, std::path::Path::new("/s"));
    let partly = Environment::from_pairs([("QUARTERDECK_CONFIG", "/c")]);
    assert_eq!(
        Places::find(&partly),
        Err(ConfigError::NoHome { missing: "data" })
    );
}

#[tokio::test]
async fn secrets_come_by_reference_only_and_never_show() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().display().to_string();
    let environment = Environment::from_pairs([
        ("TOKEN", "correct-horse"),
        ("SHORT", "hunter2"),
        ("PATH", "/usr/bin:/bin"),
        ("HOME", home.as_str()),
    ]);
    let file = folder.path().join("token");
    std::fs::write(&file, "from-a-file\n").unwrap();
    for (reference, expected) in [
        ("env:TOKEN".to_owned(), "correct-horse"),
        (format!("file:{}", file.display()), "from-a-file"),
        ("file:~/token".to_owned(), "from-a-file"),
        (
            "cmd:printf '%s-%s\n' $TOKEN 2".to_owned(),
            "correct-horse-2",
        ),
    ] {
        let parsed: SecretReference = reference.parse().unwrap();
        assert_eq!(parsed.to_string(), reference);
        let secret = parsed.resolve(&environment).await.unwrap();
        assert_eq!(secret.expose(), expected);
        assert_eq!(format!("{secret:?}"), "[secret]");
    }
    for plain in ["correct-horse", "correct:horse", "env:", ""] {
        let error = plain.parse::<SecretReference>().unwrap_err();
        assert_eq!(error, SecretError::NotAReference);
        assert!(!error.to_string().contains("correct"));
    }
    for (reference, words) in [
        ("env:SHORT", "fewer than 8 characters"),
        ("env:NOT_SET", "not set"),
        ("file:/nonexistent/token", "No such file"),
        ("cmd:echo long-enough-secret; exit 3", "exit status: 3"),
    ] {
        let parsed: SecretReference = reference.parse().unwrap();
        let error = parsed.resolve(&environment).await.unwrap_err().to_string();
        assert!(error.contains(words), "{reference}: {error}");
        assert!(!error.contains("hunter2"));
    }
    assert!(!format!("{environment:?}").contains("correct-horse"));
}
