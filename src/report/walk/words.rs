//! Expressions as people say them. They are for reading: what is evaluated is the expression, which stands beside its words.

use crate::model::playbook::Judge;

/// Operators, and what is said for each.
const OPERATORS: [(&str, &str); 8] = [
    ("==", " is "),
    ("!=", " is not "),
    (">=", " is at least "),
    ("<=", " is at most "),
    ("&&", " and "),
    ("||", " or "),
    (">", " is over "),
    ("<", " is under "),
];

/// Names of the format that stand for one value each.
const NAMES: [(&str, &str); 9] = [
    ("count", "the count"),
    ("value", "the value"),
    ("last", "the newest value"),
    ("max", "the highest value"),
    ("sum", "the sum"),
    ("exit", "the exit code"),
    ("stdout", "the output"),
    ("status", "the HTTP status"),
    ("body", "the answer's body"),
];

/// What something is judged by, as the playbook writes it.
pub(super) fn as_written(judge: &Judge) -> String {
    let expressions = [
        ("alert", &judge.alert),
        ("expect", &judge.expect),
        ("doubt", &judge.doubt),
    ];
    let written = expressions.into_iter().filter_map(|(name, expression)| {
        let text = &expression.as_ref()?.text;
        Some(format!("{name}=\"{text}\""))
    });
    written.collect::<Vec<_>>().join(" ")
}

/// An expression as people say it: its operators and the names of the format in words, all else as it is written.
pub(super) fn in_words(expression: &str) -> String {
    let mut said = String::new();
    let mut of_first_row = false;
    let mut quote = None;
    let mut rest = expression;
    while let Some(character) = rest.chars().next() {
        let operator = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign));
        match (quote, operator) {
            (None, Some((sign, word))) => {
                said.truncate(said.trim_end().len());
                said.push_str(word);
                rest = rest.get(sign.len()..).unwrap_or_default().trim_start();
                continue;
            }
            (None, None) if matches!(character, '"' | '\'') => quote = Some(character),
            (None, None) if character == '!' => {
                said.push_str("not ");
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            (None, None) if is_of_name(character) => {
                let (name, after) = name_at(rest);
                if said.ends_with('.') {
                    said.push_str(name);
                    rest = after;
                } else if let Some((column, after)) = column_of_first_row(name, after) {
                    of_first_row = true;
                    said.push_str(column);
                    rest = after;
                } else {
                    let (words, after) = name_in_words(name, after);
                    said.push_str(&words);
                    rest = after;
                }
                continue;
            }
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        said.push(character);
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    let first_row = if of_first_row {
        "in the first row "
    } else {
        ""
    };
    format!("{first_row}{}", said.trim())
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The name or number at the head of a text, and what follows it.
fn name_at(text: &str) -> (&str, &str) {
    let end = text.find(|character| !is_of_name(character));
    text.split_at(end.unwrap_or(text.len()))
}

/// Something that is looked into further.
fn is_looked_into(after: &str) -> bool {
    after.starts_with(['.', '[', '('])
}

/// The column of `rows[0].column`, and what follows.
fn column_of_first_row<'t>(name: &str, after: &'t str) -> Option<(&'t str, &'t str)> {
    let column = after.strip_prefix("[0].").filter(|_| name == "rows")?;
    let (column, after) = name_at(column);
    (!is_looked_into(after)).then_some((column, after))
}

/// A name in words with what belongs to it, and what follows. What is looked into further stays as it is written.
fn name_in_words<'t>(name: &str, after: &'t str) -> (String, &'t str) {
    if name == "size"
        && let Some((inside, after)) = after.strip_prefix('(').map(name_at)
        && let Some(after) = after.strip_prefix(')')
    {
        let said = match inside {
            "lines" | "rows" => format!("the number of {inside}"),
            _ => format!("the length of {}", value_in_words(inside)),
        };
        return (said, after);
    }
    let words = if is_looked_into(after) {
        name
    } else {
        value_in_words(name)
    };
    (words.to_owned(), after)
}

fn value_in_words(name: &str) -> &str {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map_or(name, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_said_in_words_and_texts_in_them_stay() {
        for (expression, said) in [
            ("count == 0", "the count is 0"),
            ("value>0", "the value is over 0"),
            ("last >= 1", "the newest value is at least 1"),
            (
                "rows[0].unknown > 0 || rows[0].checked == 0",
                "in the first row unknown is over 0 or checked is 0",
            ),
            (
                "!(\"confirmed\" in milestone) && max <= 2.5",
                "not (\"confirmed\" in milestone) and the highest value is at most 2.5",
            ),
            (
                "stdout != \"a == b && count\"",
                "the output is not \"a == b && count\"",
            ),
            ("rows.all(r, r.n >= 1)", "rows.all(r, r.n is at least 1)"),
            (
                "exit == 0 && status == 200",
                "the exit code is 0 and the HTTP status is 200",
            ),
            ("size(body) == 0", "the length of the answer's body is 0"),
            ("size(lines) == 0", "the number of lines is 0"),
            (
                "rows[0].errors * 20 > rows[0].reads",
                "in the first row errors * 20 is over reads",
            ),
            ("result['alive'].count == 0", "result['alive'].count is 0"),
            ("rows[0].tags.size() > 0", "rows[0].tags.size() is over 0"),
            ("rows[1].n > 0", "rows[1].n is over 0"),
            ("count_of == n1", "count_of is n1"),
        ] {
            assert_eq!(in_words(expression), said, "{expression}");
        }
    }
}
