//! Values into KQL: by name, as `let _actor_id = "u-1";` in front of the query, or as query parameters where the service has them.
//!
//! A `let` of the query for the same name is an example value and gives way. What would leave the tables of the source is refused.

use super::{Planned, registry};
use crate::model::playbook::{Action, Effect};
use crate::model::request::{BoundInput, KqlParameter, Parameter, Payload, PlanContext, PlanError};
use crate::playbook::scan;

/// Plans a query. `has_parameters`: values travel beside the text.
pub(super) fn plan(
    action: &Action,
    context: &PlanContext,
    has_parameters: bool,
) -> Result<Planned, PlanError> {
    let bound = bind(registry::text(action, context), context, has_parameters)?;
    Ok(Planned {
        text: bound.text,
        parameters: bound.shown,
        effect: Effect::Read,
        payload: Payload::Kql {
            parameters: bound.parameters,
            // A live pane may be shown what the service answered a moment ago, with its age; a question may not.
            fresh: action.every.is_none() || action.judge.expect.is_some(),
        },
    })
}

/// Constructs that reach out of the source: to other clusters, to files of the web, to code that runs there.
const REFUSED: &[(&str, &str)] = &[
    ("externaldata", "reads files from the web"),
    ("external_table", "reads another store"),
    ("cluster", "asks another cluster"),
    ("evaluate", "runs a plug-in on the service"),
];

/// Plug-ins that only give rows another shape.
const HARMLESS: &[&str] = &["bag_unpack", "pivot", "narrow"];

/// A query with its values.
#[derive(Debug)]
struct Bound {
    /// As it is sent.
    text: String,
    /// What is bound, as it is shown and recorded.
    shown: Vec<Parameter>,
    /// What travels beside the text.
    parameters: Vec<KqlParameter>,
}

/// Binds the inputs that `text` uses.
fn bind(text: &str, context: &PlanContext, has_parameters: bool) -> Result<Bound, PlanError> {
    let masked = scan::kql(text);
    refuse(text, &masked.code)?;
    let mut used: Vec<&BoundInput> = Vec::new();
    for word in scan::words(&masked.code) {
        let member = masked
            .code
            .get(..word.start)
            .is_some_and(|before| before.ends_with('.'));
        let input = word
            .text
            .strip_prefix('_')
            .filter(|_| !member)
            .and_then(|id| context.inputs.iter().find(|input| input.id.as_str() == id));
        if let Some(input) = input
            && !used.iter().any(|seen| seen.id == input.id)
        {
            used.push(input);
        }
    }
    let mut head = Vec::new();
    let mut declared = Vec::new();
    let mut bound = Bound {
        text: String::new(),
        shown: Vec::new(),
        parameters: Vec::new(),
    };
    for input in &used {
        let (kind, literal) = literal(input)?;
        if has_parameters {
            declared.push(format!("_{}:{kind}", input.id));
            bound.parameters.push(KqlParameter {
                name: format!("_{}", input.id),
                // Texts and whole numbers travel as they are, the others as literals of the language.
                value: match kind {
                    "string" | "long" => input.text.clone(),
                    _ => literal,
                },
            });
        } else {
            head.push(format!("let _{} = {literal};\n", input.id));
        }
        bound.shown.push(Parameter {
            name: input.id.to_string(),
            kind: kind.to_owned(),
            value: input.text.clone(),
            example: input.example,
        });
    }
    let body = without_examples(text, &masked.code, &used);
    bound.text = if declared.is_empty() {
        format!("{}{}", head.concat(), body.trim())
    } else {
        format!(
            "declare query_parameters({});\n{}",
            declared.join(", "),
            body.trim()
        )
    };
    if body.trim().is_empty() {
        return Err(PlanError::Refused("the query is empty".to_owned()));
    }
    Ok(bound)
}

fn refuse(text: &str, code: &str) -> Result<(), PlanError> {
    if code.trim_start().starts_with('.')
        || code
            .split(';')
            .any(|part| part.trim_start().starts_with('.'))
    {
        return Err(PlanError::Refused(format!(
            "`{}` is a control command, which may change the database: only queries are sent",
            text.trim_start().lines().next().unwrap_or_default()
        )));
    }
    for word in scan::words(code) {
        let Some((name, what)) = REFUSED.iter().find(|(name, _)| *name == word.text) else {
            continue;
        };
        let called = code
            .get(word.start + word.text.len()..)
            .is_some_and(|rest| rest.trim_start().starts_with('('));
        let piped = code
            .get(..word.start)
            .is_some_and(|before| before.trim_end().ends_with('|') || before.trim().is_empty());
        let plugin = code
            .get(word.start + word.text.len()..)
            .and_then(|rest| scan::words(rest).next());
        if *name == "evaluate" && plugin.is_some_and(|plugin| HARMLESS.contains(&plugin.text)) {
            continue;
        }
        if called || piped && *name == "evaluate" {
            return Err(PlanError::Refused(format!(
                "`{name}` {what}, and is not sent: ask the tables of this source"
            )));
        }
    }
    Ok(())
}

/// The type and the literal of a value. A text is quoted with `"`, and whatever could end it is escaped.
fn literal(input: &BoundInput) -> Result<(&'static str, String), PlanError> {
    let text = &input.text;
    Ok(match input.kind {
        "integer" => ("long", format!("long({text})")),
        "datetime" => ("datetime", format!("datetime({text})")),
        "duration" | "lookback" => {
            let seconds = crate::model::duration::parse(text)
                .ok_or_else(|| {
                    PlanError::Refused(format!(
                        "{}: expected a duration, found \"{text}\"",
                        input.id
                    ))
                })?
                .as_secs();
            ("timespan", format!("time({seconds}s)"))
        }
        "secret" => {
            return Err(PlanError::Refused(format!(
                "{} is a secret: it would be seen in the query",
                input.id
            )));
        }
        _ => ("string", quoted(text)),
    })
}

fn quoted(text: &str) -> String {
    use std::fmt::Write as _;
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                literal.push('\\');
                literal.push(character);
            }
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            character if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => {
                let _ = write!(literal, "\\u{:04x}", u32::from(character));
            }
            character => literal.push(character),
        }
    }
    literal.push('"');
    literal
}

/// The text without the `let` statements that give examples for `used`.
fn without_examples(text: &str, code: &str, used: &[&BoundInput]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    let words: Vec<_> = scan::words(code).collect();
    for pair in words.windows(2) {
        let [keyword, name] = pair else {
            continue;
        };
        let is_example = keyword.text == "let"
            && name
                .text
                .strip_prefix('_')
                .is_some_and(|id| used.iter().any(|input| input.id.as_str() == id));
        if !is_example || keyword.start < from {
            continue;
        }
        let Some(length) = code.get(name.start..).and_then(|rest| rest.find(';')) else {
            continue;
        };
        kept.push_str(text.get(from..keyword.start).unwrap_or_default());
        from = name.start + length + 1;
        if text.get(from..).is_some_and(|rest| rest.starts_with('\n')) {
            from += 1;
        }
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::planner::sample::context;

    #[test]
    fn values_are_bound_by_name_and_cannot_end_their_text() {
        let context = context(&[
            ("actor_id", "text", "u\"; .drop table T //\\\n"),
            ("window_start", "datetime", "2026-01-31T03:00:00Z"),
            ("limit_n", "integer", "5"),
            ("window", "lookback", "24h"),
            ("unused", "text", "x"),
        ]);
        let text = "T | where a == _actor_id and t >= _window_start and x._actor_id == 1\n| where n < _limit_n and now() - t < _window";
        let bound = bind(text, &context, false).unwrap();
        assert_eq!(
            bound.text,
            format!(
                "let _actor_id = \"u\\\"; .drop table T //\\\\\\n\";\nlet _window_start = datetime(2026-01-31T03:00:00Z);\nlet _limit_n = long(5);\nlet _window = time(86400s);\n{text}"
            )
        );
        assert_eq!(bound.shown.len(), 4);
        let bound = bind(text, &context, true).unwrap();
        assert!(bound.text.starts_with(
            "declare query_parameters(_actor_id:string, _window_start:datetime, _limit_n:long, _window:timespan);\nT | where"
        ));
        let values: Vec<&str> = bound
            .parameters
            .iter()
            .map(|parameter| parameter.value.as_str())
            .collect();
        assert_eq!(
            values,
            [
                "u\"; .drop table T //\\\n",
                "datetime(2026-01-31T03:00:00Z)",
                "5",
                "time(86400s)"
            ]
        );
    }

    #[test]
    fn an_example_gives_way_to_the_value() {
        let context = context(&[("fixed_at", "datetime", "2026-02-01T00:00:00Z")]);
        let text = "let _fixed_at = datetime(2025-07-17T03:40:00Z);\nlet other = 1;\nT | where t >= _fixed_at and n == other";
        assert_eq!(
            bind(text, &context, false).unwrap().text,
            "let _fixed_at = datetime(2026-02-01T00:00:00Z);\nlet other = 1;\nT | where t >= _fixed_at and n == other"
        );
    }

    #[test]
    fn what_leaves_the_source_is_refused() {
        let context = context(&[]);
        for text in [
            ".drop table T",
            " // note\n.show tables",
            "T; .alter table X",
            "externaldata(a:string)[\"https://x\"]",
            "cluster('x').database('y').T",
            "T | evaluate python(typeof(*), 'x')",
            "T | evaluate hint.distribution=single python(typeof(*), 'x')",
            "",
        ] {
            assert!(
                matches!(bind(text, &context, false), Err(PlanError::Refused(_))),
                "{text}"
            );
        }
        let reshaped = "T | evaluate  bag_unpack(d)";
        assert_eq!(bind(reshaped, &context, false).unwrap().text, reshaped);
        let fine =
            "T | where message contains \".drop externaldata(\" and cluster == 1 // evaluate";
        assert_eq!(bind(fine, &context, false).unwrap().text, fine);
    }
}
