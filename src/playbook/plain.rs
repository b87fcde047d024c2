//! What only plain runbooks need: one fence that holds several statements, sessions with prompts, severity tables.

use std::ops::Range;

use super::markdown::Table;
use super::scan;
use crate::model::playbook::{Effect, Severity};
use crate::model::prose::plain_text;
use crate::sql::{self, Dialect};

/// One statement of a `sql` fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The comment above it, if there is one.
    pub name: Option<String>,
    /// Bytes of the fence's text, without the semicolon; empty for a part that holds only comments.
    pub span: Range<usize>,
    /// The comments of a part that holds nothing else.
    pub comments: String,
}

/// Splits a fence at its semicolons. Parts without any code carry their comments, to be shown as prose.
pub fn statements(text: &str) -> Vec<Statement> {
    let masked = scan::sql(text);
    let mut found = Vec::new();
    let mut start = 0;
    let ends = masked
        .code
        .match_indices(';')
        .map(|(at, _)| at)
        .chain([text.len()]);
    for end in ends {
        let comments: Vec<&Range<usize>> = masked
            .comments
            .iter()
            .filter(|comment| (start..end).contains(&comment.start))
            .collect();
        match first_code(&masked, start, end) {
            Some(first) => {
                let above: Vec<_> = comments
                    .iter()
                    .filter(|comment| comment.start < first)
                    .copied()
                    .collect();
                let body = text.get(first..end).unwrap_or_default();
                found.push(Statement {
                    name: name_of(text, &above),
                    span: first..first + body.trim_end().len(),
                    comments: String::new(),
                });
            }
            None if !comments.is_empty() => found.push(Statement {
                name: None,
                span: end..end,
                comments: comments
                    .iter()
                    .map(|comment| comment_text(text, comment))
                    .collect::<Vec<_>>()
                    .join("\n"),
            }),
            None => {}
        }
        start = end + 1;
    }
    found
}

/// What a statement does. A runbook does not say whose SQL it is: what the first database that understands it takes for a
/// read is one; everything else may write.
pub fn sql_effect(text: &str) -> Effect {
    [Dialect::Postgres, Dialect::Sqlite]
        .into_iter()
        .find_map(|dialect| sql::classify(text, dialect).ok())
        .map_or(Effect::Write, |classified| classified.effect)
}

/// The commands of a session: the lines behind a prompt. `None` when no line has one, so that all of it is a script.
pub fn session_commands(text: &str) -> Option<String> {
    let mut commands = String::new();
    let mut continued = false;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let command = ["$ ", "# ", "% ", "> "]
            .iter()
            .find_map(|prompt| trimmed.strip_prefix(prompt))
            .filter(|_| !trimmed.starts_with("> ") || continued)
            .or_else(|| continued.then_some(trimmed));
        continued = false;
        if let Some(command) = command {
            continued = command.ends_with('\\');
            commands.push_str(command);
            commands.push('\n');
        }
    }
    (!commands.is_empty()).then_some(commands)
}

/// The ladder of a table whose first column names levels, as in a section `Severity Levels`.
pub fn ladder(table: &Table) -> Vec<Severity> {
    table
        .rows
        .iter()
        .filter_map(|(cells, _)| {
            let id = plain_text(cells.first()?).trim().to_owned();
            let means = cells
                .get(1)
                .map(|cell| plain_text(cell))
                .unwrap_or_default();
            (!id.is_empty()).then_some(Severity {
                id,
                aka: Vec::new(),
                means: means.trim().to_owned(),
                respond: None,
            })
        })
        .collect()
}

/// The first byte of code in a part: strings and quoted names count as code, comments do not.
fn first_code(masked: &scan::Masked, start: usize, end: usize) -> Option<usize> {
    let code = masked.code.get(start..end)?;
    let plain = code
        .find(|character: char| !character.is_whitespace())
        .map(|at| start + at);
    let quoted = masked
        .strings
        .iter()
        .chain(&masked.names)
        .map(|span| span.start)
        .filter(|at| (start..end).contains(at))
        .min();
    plain.into_iter().chain(quoted).min()
}

/// The first line of the comments directly above a statement.
fn name_of(text: &str, above: &[&Range<usize>]) -> Option<String> {
    let mut first = above.last()?;
    for comment in above.iter().rev().skip(1) {
        let between = text.get(comment.end..first.start).unwrap_or_default();
        if between.matches('\n').count() > 1 {
            break;
        }
        first = comment;
    }
    let name = comment_text(text, first);
    let name = name.lines().next().unwrap_or_default().trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn comment_text(text: &str, span: &Range<usize>) -> String {
    let raw = text.get(span.clone()).unwrap_or_default().trim();
    match raw.strip_prefix("--") {
        Some(line) => line.trim().to_owned(),
        None => raw
            .trim_start_matches("/*")
            .trim_end_matches("*/")
            .trim()
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_split_at_its_semicolons() {
        let text = "-- First\n-- more\nSELECT ';' -- x;\nFROM a;\n\n-- gap\n\n-- Second\nDELETE FROM b;\n-- only words\n-- here\n";
        let found = statements(text);
        let shown: Vec<_> = found
            .iter()
            .map(|one| {
                (
                    one.name.as_deref(),
                    &text[one.span.clone()],
                    one.comments.as_str(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                (Some("First"), "SELECT ';' -- x;\nFROM a", ""),
                (Some("Second"), "DELETE FROM b", ""),
                (None, "", "only words\nhere"),
            ]
        );
    }

    #[test]
    fn only_clear_reads_are_reads() {
        for text in [
            "select 1",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "show all",
            "explain select 1",
        ] {
            assert_eq!(sql_effect(text), Effect::Read, "{text}");
        }
        for text in [
            "update a set b = 1",
            "with a as (delete from b returning *) select * from a",
            "explain analyze delete from a",
            "select * into b from a",
            "vacuum",
            "select pg_terminate_backend(1)",
            "select 1; drop table a",
            "",
        ] {
            assert_eq!(sql_effect(text), Effect::Write, "{text}");
        }
    }

    #[test]
    fn sessions_lose_their_prompts_and_output() {
        assert_eq!(
            session_commands("$ ls \\\n  -l\ntotal 0\n$ pwd\n/\n").as_deref(),
            Some("ls \\\n-l\npwd\n")
        );
        assert_eq!(session_commands("ls\n"), None);
    }
}
