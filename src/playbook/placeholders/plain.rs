//! Placeholders of plain runbooks, rewritten into the form of the format: `'<user_id>'` becomes `:user_id`.
//!
//! The whole literal is replaced, so that a value is bound and never pasted. A placeholder that is only a part of a
//! literal stays as it is: the check reports it, and nothing runs with it.

use std::ops::Range;
use std::sync::LazyLock;

use indexmap::IndexMap;
use regex::Regex;

use crate::model::ids::InputId;
use crate::model::input::{BUILT_INS, Input, InputType};
use crate::model::playbook::Language;
use crate::playbook::ids;
use crate::playbook::scan::{self, before, byte, is_word_byte, shell};

/// An action's text in native form with the inputs its placeholders became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The text that runs.
    pub text: String,
    /// Inputs in order of first use; built-ins are not among them.
    pub inputs: Vec<Input>,
}

/// Environment that a script may use without being given it.
pub const ENVIRONMENT: [&str; 24] = [
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "PWD",
    "OLDPWD",
    "SHELL",
    "TERM",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "HOSTNAME",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "UID",
    "EUID",
    "PPID",
    "IFS",
    "BASH_SOURCE",
    "PIPESTATUS",
    "REPLY",
    "SSH_AUTH_SOCK",
];

static CODE_FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\{\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}\}|<([A-Za-z][A-Za-z0-9_-]*)>|\{([a-z][a-z0-9_-]+)\}|\[([A-Z][A-Z0-9_]+)\]|\$([0-9]+)").ok()
});
static MESSAGE_FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"<([A-Za-z][^<>\n]{0,40})>|\{([a-z][a-z0-9_]+)\}|\[([A-Z][A-Z0-9_]+)\]").ok()
});

/// Rewrites the placeholders of one action's text.
pub fn rewrite(language: Language, text: &str) -> Rewritten {
    let found = match language {
        Language::Sql => in_code(text, &scan::sql(text), language),
        Language::Kql => in_code(text, &scan::kql(text), language),
        Language::Promql => in_promql(text),
        Language::Shell => in_shell(text),
        Language::Http => in_http(text),
        Language::Message => in_message(text),
    };
    apply(text, found)
}

/// One placeholder: what it covers, what takes its place (none leaves the text), and the input it becomes.
struct Found {
    span: Range<usize>,
    replacement: Option<String>,
    id: String,
    title: String,
    identifier: bool,
}

impl Found {
    fn new(span: Range<usize>, name: &str, replacement: impl FnOnce(&str) -> String) -> Self {
        let id = if name.starts_with(|first: char| first.is_ascii_digit()) {
            format!("arg_{name}")
        } else {
            ids::snake(name)
        };
        Self {
            span,
            replacement: Some(replacement(&id)),
            title: name.replace(['_', '-'], " ").trim().to_lowercase(),
            id,
            identifier: false,
        }
    }
}

fn apply(text: &str, mut found: Vec<Found>) -> Rewritten {
    found.sort_by_key(|one| one.span.start);
    let mut inputs: IndexMap<String, Input> = IndexMap::new();
    let mut rewritten = String::with_capacity(text.len());
    let mut at = 0;
    for one in found {
        if one.span.start < at {
            continue;
        }
        if let Some(replacement) = &one.replacement {
            rewritten.push_str(text.get(at..one.span.start).unwrap_or_default());
            rewritten.push_str(replacement);
            at = one.span.end;
        }
        if BUILT_INS.contains(&one.id.as_str()) {
            continue;
        }
        let kind = if one.identifier {
            InputType::Choice { of: Vec::new() }
        } else {
            InputType::Text { pattern: None }
        };
        inputs.entry(one.id.clone()).or_insert_with(|| Input {
            id: InputId::new(&one.id),
            title: one.title,
            kind,
            default: None,
            from: Vec::new(),
            inferred: true,
        });
    }
    rewritten.push_str(text.get(at..).unwrap_or_default());
    Rewritten {
        text: rewritten,
        inputs: inputs.into_values().collect(),
    }
}

/// The name of a text that is one placeholder and nothing else.
fn whole(text: &str) -> Option<&str> {
    let captures = CODE_FORMS.as_ref()?.captures(text)?;
    let all = captures.get(0)?;
    (all.as_str() == text).then_some(())?;
    (1..=4)
        .find_map(|group| captures.get(group))
        .map(|name| name.as_str())
}

fn in_code(text: &str, masked: &scan::Masked, language: Language) -> Vec<Found> {
    let sigil = if language == Language::Sql { ':' } else { '_' };
    let bind = |id: &str| format!("{sigil}{id}");
    let mut found = Vec::new();
    for (spans, identifier) in [(&masked.strings, false), (&masked.names, true)] {
        for span in spans {
            let inside = span.start + 1..span.end.saturating_sub(1).max(span.start + 1);
            let Some(name) = text.get(inside).and_then(whole) else {
                continue;
            };
            // `'{admin}'::text[]` is an array, not a placeholder.
            let array = text.get(span.end..).is_some_and(|rest| {
                rest.starts_with("::")
                    && rest.lines().next().is_some_and(|line| line.contains("[]"))
            });
            if !array {
                found.push(Found {
                    identifier,
                    ..Found::new(span.clone(), name, bind)
                });
            }
        }
    }
    let Some(forms) = CODE_FORMS.as_ref() else {
        return found;
    };
    for captures in forms.captures_iter(&masked.code) {
        let (Some(all), Some((group, name))) = (
            captures.get(0),
            (1..=5).find_map(|group| Some((group, captures.get(group)?))),
        ) else {
            continue;
        };
        let previous = before(&masked.code, all.start());
        let fits = match group {
            // `ARRAY[N]` and `x[N]` are subscripts.
            4 => !is_word_byte(previous) && !matches!(previous, b']' | b')'),
            5 => language == Language::Sql && !is_word_byte(previous),
            _ => true,
        };
        if fits {
            let identifier =
                language == Language::Sql && takes_identifier(&masked.code, all.start());
            found.push(Found {
                identifier,
                ..Found::new(all.range(), name.as_str(), bind)
            });
        }
    }
    found
}

/// Whether the word before a place wants the name of a table.
fn takes_identifier(code: &str, at: usize) -> bool {
    let head = code
        .get(..at)
        .unwrap_or_default()
        .trim_end_matches([' ', '\n', '\t', '\r', '.']);
    let word = head
        .rsplit(|character| !scan::is_word(character))
        .next()
        .unwrap_or_default();
    ["from", "join", "update", "into", "table"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

fn in_promql(text: &str) -> Vec<Found> {
    let masked = scan::promql(text);
    let mut found = Vec::new();
    for span in &masked.strings {
        let inside = text.get(span.clone()).unwrap_or_default();
        for (all, name) in angles(inside) {
            let range = span.start + all.start..span.start + all.end;
            found.push(Found::new(range, name, |id| format!("${id}")));
        }
    }
    found
}

fn in_http(text: &str) -> Vec<Found> {
    angles(text)
        .map(|(all, name)| Found::new(all, name, |id| format!("{{{{ {id} }}}}")))
        .collect()
}

/// `<name>` anywhere in a text.
fn angles(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    CODE_FORMS
        .iter()
        .flat_map(move |forms| forms.captures_iter(text))
        .filter_map(|captures| Some((captures.get(0)?.range(), captures.get(2)?.as_str())))
}

fn in_shell(text: &str) -> Vec<Found> {
    let script = shell::read(text);
    let mut found = Vec::new();
    for captures in CODE_FORMS
        .iter()
        .flat_map(|forms| forms.captures_iter(text))
    {
        let (Some(all), Some((group, name))) = (
            captures.get(0),
            (1..=4).find_map(|group| Some((group, captures.get(group)?))),
        ) else {
            continue;
        };
        let (start, end) = (all.start(), all.end());
        let (previous, next) = (before(text, start), byte(text, end));
        let literal = script.is_literal(start);
        if script
            .comments
            .iter()
            .any(|comment| comment.contains(&start))
        {
            continue;
        }
        let fits = match group {
            1 => true,
            // `<<EOF>` opens a here-document, `<in>out` redirects.
            2 => previous != b'<' && !(next.is_ascii_alphanumeric() || matches!(next, b'&' | b'>')),
            // `${x}` is an expansion, `awk '{print}'` a program.
            3 => previous != b'$' && !literal,
            // `[ERROR]` in quotes or beside other letters is a pattern or a glob.
            _ => {
                !literal
                    && !script.is_quoted(start)
                    && matches!(previous, b' ' | b'=' | b'/')
                    && matches!(next, b' ' | b'/' | b'\n' | b'\r')
            }
        };
        if !fits {
            continue;
        }
        found.push(Found::new(start..end, name.as_str(), |id| {
            let variable = id.to_ascii_uppercase();
            if literal {
                format!("'\"${{{variable}}}\"'")
            } else if script.is_quoted(start) {
                format!("${{{variable}}}")
            } else {
                format!("\"${{{variable}}}\"")
            }
        }));
    }
    for used in &script.uses {
        let capital = used.name.len() > 1
            && !used
                .name
                .contains(|letter: char| letter.is_ascii_lowercase());
        let own = script.assigned.contains(&used.name) || ENVIRONMENT.contains(&used.name.as_str());
        if capital && !own && !used.name.starts_with('_') {
            found.push(Found {
                replacement: None,
                ..Found::new(used.span.clone(), &used.name, |_| String::new())
            });
        }
    }
    found
}

/// Placeholders of a message. One that stands several times is asked for each time, labelled by the words before it.
fn in_message(text: &str) -> Vec<Found> {
    let mut places: Vec<(Range<usize>, &str)> = MESSAGE_FORMS
        .iter()
        .flat_map(|forms| forms.captures_iter(text))
        .filter_map(|captures| {
            let name = (1..=3).find_map(|group| captures.get(group))?;
            Some((captures.get(0)?.range(), name.as_str()))
        })
        .collect();
    let tags = super::template_tags(text);
    places.retain(|(span, name)| {
        !name.starts_with("http")
            && !name.starts_with("mailto:")
            && !tags
                .iter()
                .any(|(tag, _)| tag.start <= span.end && span.start <= tag.end)
    });
    let bind = |id: &str| format!("{{{{ inputs.{id} }}}}");
    places
        .iter()
        .map(|(span, name)| {
            let repeated = places.iter().filter(|(_, other)| other == name).count() > 1;
            let label = if repeated {
                label_before(text, span.start)
            } else {
                ""
            };
            if label.is_empty() {
                Found::new(span.clone(), name, bind)
            } else {
                Found {
                    title: format!("{label}: {name}"),
                    ..Found::new(span.clone(), &format!("{label} {name}"), bind)
                }
            }
        })
        .collect()
}

fn label_before(text: &str, at: usize) -> &str {
    let head = text.get(..at).unwrap_or_default();
    let line = head.rsplit('\n').next().unwrap_or_default();
    let line = line.trim_end_matches([' ', ':', '*', '(', '=']);
    line.rsplit([',', '.', ';', '>', '|', ':', '!', '?'])
        .next()
        .unwrap_or_default()
        .trim_matches([' ', '-', '*', '#'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, text: &str, expected: &str, inputs: &[&str]) {
        let rewritten = rewrite(language, text);
        assert_eq!(rewritten.text, expected);
        let ids: Vec<_> = rewritten
            .inputs
            .iter()
            .map(|input| input.id.as_str())
            .collect();
        assert_eq!(ids, inputs, "{text}");
    }

    #[test]
    fn the_whole_literal_is_bound() {
        check(
            Language::Sql,
            "select '<user-id>', '%<part>%', '{a}'::text[], \"x\" from {table_name} where a = $1 and b[N] > 1 -- <c>",
            "select :user_id, '%<part>%', '{a}'::text[], \"x\" from :table_name where a = :arg_1 and b[N] > 1 -- <c>",
            &["user_id", "table_name", "arg_1"],
        );
        let inputs = rewrite(Language::Sql, "select * from <table>").inputs;
        assert_eq!(inputs[0].kind, InputType::Choice { of: vec![] });
        check(
            Language::Kql,
            "t | where a == '<b>' and c < d",
            "t | where a == _b and c < d",
            &["b"],
        );
    }

    #[test]
    fn scripts_get_quoted_variables() {
        check(
            Language::Shell,
            "x <op> --to /f/<inc>/ \"since:<start>\" 'a <b>' $S3_BUCKET $HOME\nMINE=1; y $MINE ${OTHER} [ORG_ID] [ -f x ] awk '{print}' <<EOF\n<in_text>\nEOF\n",
            "x \"${OP}\" --to /f/\"${INC}\"/ \"since:${START}\" 'a '\"${B}\"'' $S3_BUCKET $HOME\nMINE=1; y $MINE ${OTHER} \"${ORG_ID}\" [ -f x ] awk '{print}' <<EOF\n${IN_TEXT}\nEOF\n",
            &[
                "op",
                "inc",
                "start",
                "b",
                "s3_bucket",
                "other",
                "org_id",
                "in_text",
            ],
        );
        check(
            Language::Shell,
            "grep '[ERROR]' *[AB]* <in >out",
            "grep '[ERROR]' *[AB]* <in >out",
            &[],
        );
    }

    #[test]
    fn repeated_names_of_messages_are_told_apart() {
        check(
            Language::Message,
            "IC: <name>, Ops: <name>\nNext in <X> minutes: <https://x.org> {{ title }}",
            "IC: {{ inputs.ic_name }}, Ops: {{ inputs.ops_name }}\nNext in {{ inputs.x }} minutes: <https://x.org> {{ title }}",
            &["ic_name", "ops_name", "x"],
        );
    }
}
