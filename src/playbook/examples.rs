//! Example values for inputs that nobody has filled: what a walkthrough shows in their place.
//!
//! Deterministic, and never a value of an incident: whoever uses one marks it as an example.

mod pattern;

use super::scan;
use crate::model::ids::InputId;
use crate::model::input::{Input, InputType, check};
use crate::model::playbook::{Language, Playbook};

/// The time that stands for any time.
pub const TIME: &str = "2026-01-01T00:00:00Z";
/// The UUID that stands for any.
pub const UUID: &str = "00000000-0000-4000-8000-000000000000";

/// An example value of an input, in its canonical text: the playbook's own where a KQL fence begins with
/// `let _input = …;`, else one made of its type and pattern. None where no example fits its pattern, and for an input that
/// the playbook does not declare.
pub fn example(playbook: &Playbook, id: &InputId) -> Option<String> {
    let input = playbook.inputs.get(id)?;
    let of_playbook = (input.kind != InputType::Secret)
        .then(|| of_lets(playbook, id))
        .into_iter()
        .flatten();
    of_playbook
        .chain(made(input))
        .find_map(|value| check(input, &value).ok())
}

/// Values that fences bind the input to at their head, for those who paste them into a portal.
fn of_lets(playbook: &Playbook, id: &InputId) -> Vec<String> {
    let queries = playbook
        .actions
        .values()
        .filter(|action| action.language == Language::Kql);
    queries
        .filter_map(|action| of_let(&action.text, id))
        .collect()
}

fn of_let(text: &str, id: &InputId) -> Option<String> {
    let masked = scan::kql(text);
    let mut words = scan::words(&masked.code);
    let name = words.find_map(|word| {
        let named = word.text.strip_prefix('_') == Some(id.as_str());
        let before = masked.code.get(..word.start)?.trim_end();
        (named && before.ends_with("let")).then_some(word.span())
    })?;
    let rest = masked.code.get(name.end..)?;
    let end = name.end + rest.find(';')?;
    let (_, literal) = text.get(name.end..end)?.split_once('=')?;
    let literal = literal.trim();
    let quoted = |quote| literal.strip_prefix(quote)?.strip_suffix(quote);
    let called = |function: &str| {
        let inside = literal.strip_prefix(function)?.trim_start();
        Some(inside.strip_prefix('(')?.strip_suffix(')')?.trim())
    };
    let value = quoted('"')
        .or_else(|| quoted('\''))
        .or_else(|| called("datetime"))
        .or_else(|| called("guid"))
        .unwrap_or(literal);
    Some(value.to_owned())
}

/// Readable values for texts of a known shape, each with words that an input of that shape has in its name. All stand for
/// what cannot exist: names and addresses that are reserved for examples.
const SHAPES: [(&str, &[&str]); 9] = [
    ("https://example.com/example", &["url", "uri", "link"]),
    ("https://example.com", &[]),
    ("someone@example.com", &["email", "mail"]),
    ("example.com", &["host", "hostname", "domain"]),
    ("192.0.2.1", &["ip"]),
    ("eu-west-1", &["region"]),
    ("/example", &["path"]),
    (TIME, &[]),
    ("2026-01-01", &["date", "day"]),
];

/// Values made of the type, the plainest first.
fn made(input: &Input) -> Vec<String> {
    let one = |value: &str| vec![value.to_owned()];
    match &input.kind {
        InputType::Text { pattern } => {
            let id = input.id.as_str();
            let named = |words: &[&str]| id.split('_').any(|part| words.contains(&part));
            let shape = |(value, _): &(&str, &[&str])| (*value).to_owned();
            let of_name = SHAPES.iter().filter(|(_, words)| named(words)).map(shape);
            let plain = [
                format!("example-{}", id.replace('_', "-")),
                "example".to_owned(),
                "example-1".to_owned(),
            ];
            let of_pattern = pattern.as_deref().and_then(pattern::matching);
            of_name
                .chain(plain)
                .chain(SHAPES.iter().map(shape))
                .chain(of_pattern)
                .collect()
        }
        InputType::Integer => one("1"),
        InputType::Duration | InputType::Lookback => one("24h"),
        InputType::Datetime => one(TIME),
        InputType::Uuid => one(UUID),
        InputType::Choice { of } => of.first().cloned().into_iter().collect(),
        InputType::Secret => vec![format!(
            "env:EXAMPLE_{}",
            input.id.as_str().to_ascii_uppercase()
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnostic::SourceText;
    use crate::playbook::parse;

    fn playbook(inputs: &str, query: &str) -> Playbook {
        let text = format!(
            "---\nquarterdeck: 1\nid: p\ntitle: P\ninputs:\n{inputs}---\n\n## Phase\n\n### Step\n\n```kql {{#act}}\n{query}\n```\n"
        );
        parse(&SourceText::new("p.md", &text)).remove(0).playbook
    }

    #[test]
    fn an_example_is_the_playbooks_own_or_fits_type_and_pattern() {
        for (kind, expected) in [
            ("{ type: text }", Some("example-actor-id")),
            (
                "{ type: text, pattern: '^[A-Z]{2}-[0-9]{4}$' }",
                Some("AB-0123"),
            ),
            ("{ type: text, pattern: '(u|org)-\\d+' }", Some("u-1234")),
            ("{ type: text, pattern: '[0-9a-f]{8}' }", Some("01234567")),
            ("{ type: text, pattern: '(?=x)y' }", None),
            (
                "{ type: text, pattern: '^https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$' }",
                Some("https://example.com/example"),
            ),
            (
                "{ type: text, pattern: 'https://[a-z.]+' }",
                Some("https://example.com"),
            ),
            (
                "{ type: text, pattern: '.+@.+[.].+' }",
                Some("someone@example.com"),
            ),
            (
                "{ type: text, pattern: '[a-z]{2}(-[a-z]+)+-[0-9]' }",
                Some("eu-west-1"),
            ),
            (
                "{ type: text, pattern: '[a-z]+-[0-9]+' }",
                Some("example-1"),
            ),
            ("{ type: text, pattern: '[0-9.]{7,15}' }", Some("192.0.2.1")),
            (
                "{ type: text, pattern: '[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z' }",
                Some(TIME),
            ),
            (
                "{ type: text, pattern: '[0-9]{4}-[0-9]{2}-[0-9]{2}' }",
                Some("2026-01-01"),
            ),
            (
                "{ type: text, pattern: 'user:[a-z0-9]+' }",
                Some("user:example"),
            ),
            ("{ type: text, pattern: 'UA-[A-Z]+' }", Some("UA-EXAMPLE")),
            ("{ type: integer }", Some("1")),
            ("{ type: lookback }", Some("1d")),
            ("{ type: datetime }", Some("2026-01-01T00:00:00.000Z")),
            ("{ type: uuid }", Some(UUID)),
            ("{ type: choice, of: [b, a] }", Some("b")),
            ("{ type: secret }", Some("env:EXAMPLE_ACTOR_ID")),
        ] {
            let playbook = playbook(&format!("  actor_id: {kind}\n"), "T | where a == _actor_id");
            let found = example(&playbook, &"actor_id".into());
            assert_eq!(found.as_deref(), expected, "{kind}");
        }
    }

    #[test]
    fn an_inputs_name_says_what_it_looks_like() {
        for (name, expected) in [
            ("endpoint_url", "https://example.com/example"),
            ("reporter_email", "someone@example.com"),
            ("source_ip", "192.0.2.1"),
            ("s3_region", "eu-west-1"),
            ("curl", "example-curl"),
        ] {
            let playbook = playbook(&format!("  {name}: {{ type: text }}\n"), "T");
            let found = example(&playbook, &name.into());
            assert_eq!(found.as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn the_let_at_the_head_of_a_query_comes_first_unless_it_does_not_fit() {
        for (kind, head, expected) in [
            ("text", "let _actor_id = \"u-7\"; ", "u-7"),
            ("text", "let _other = \"u-7\"; ", "example-actor-id"),
            ("integer", "let _actor_id = \"u-7\"; ", "1"),
            ("integer", "let _actor_id = 42; ", "42"),
            (
                "datetime",
                "let _actor_id = datetime(2026-02-03T04:05:06Z); ",
                "2026-02-03T04:05:06.000Z",
            ),
        ] {
            let playbook = playbook(
                &format!("  actor_id: {{ type: {kind} }}\n"),
                &format!("{head}T | where a == _actor_id"),
            );
            let found = example(&playbook, &"actor_id".into());
            assert_eq!(found.as_deref(), Some(expected), "{head}");
        }
    }
}
