//! The texts of actions: inputs that nobody declared, windows that slide, scripts that expand values carelessly.

use std::ops::Range;

use super::Checker;
use crate::model::input::{BUILT_INS, InputType};
use crate::model::playbook::{Action, Effect, Language, ResultView};
use crate::playbook::placeholders::{self, plain::ENVIRONMENT};
use crate::playbook::scan::{self, before, shell};
use crate::sql::{self, Classified, Dialect};

/// Variables that change how a program starts or where it looks: a value of a playbook must not reach them.
const REFUSED: [&str; 12] = [
    "PATH",
    "IFS",
    "ENV",
    "PS4",
    "PS0",
    "PROMPT_COMMAND",
    "SHELLOPTS",
    "GLOBIGNORE",
    "PYTHONPATH",
    "PERL5LIB",
    "NODE_OPTIONS",
    "HOME",
];
const REFUSED_STARTS: [&str; 4] = ["BASH_", "LD_", "DYLD_", "GIT_"];

impl Checker<'_> {
    pub(super) fn texts(&mut self) {
        for action in self.playbook.actions.values() {
            if action.language != Language::Message {
                self.declared_inputs(action);
            }
            match action.language {
                Language::Kql => self.kql(action),
                Language::Sql => self.sql(action),
                Language::Promql => self.promql(action),
                Language::Shell => self.shell(action),
                Language::Message => self.message(action),
                Language::Http => {}
            }
        }
        for input in self.playbook.inputs.values() {
            if input.inferred && matches!(&input.kind, InputType::Choice { of } if of.is_empty()) {
                let span = self.first_use(input.id.as_str());
                let message = format!(
                    "{} stands for the name of a table or column, which only a declared choice may be",
                    input.id
                );
                self.error("identifier-input", span, message);
            }
        }
    }

    fn declared_inputs(&mut self, action: &Action) {
        let playbook = self.playbook;
        let declared = |name: &str| playbook.inputs.contains_key(name) || BUILT_INS.contains(&name);
        for used in placeholders::uses(action.language, &action.text) {
            let name = used.name.as_str();
            if declared(name) || action.language == Language::Shell {
                continue;
            }
            let span = self.at(action, &used.span);
            let names = playbook
                .inputs
                .keys()
                .map(crate::model::ids::InputId::as_str)
                .chain(BUILT_INS);
            self.unknown(
                "undeclared-input",
                span,
                format!("expected a declared input, found {name}"),
                name,
                names,
            );
        }
        if playbook.native {
            return;
        }
        // What the reader of plain runbooks could not bind, such as a placeholder inside a longer literal.
        let masked = match action.language {
            Language::Sql => scan::sql(&action.text),
            Language::Kql => scan::kql(&action.text),
            _ => return,
        };
        for string in masked.strings {
            let literal = action.text.get(string.clone()).unwrap_or_default();
            let left = literal.find('<').and_then(|open| {
                let name = literal.get(open + 1..)?.split('>').next()?;
                (name.len() > 1
                    && literal.contains('>')
                    && name
                        .chars()
                        .all(|letter| scan::is_word(letter) || letter == '-'))
                .then_some(name)
            });
            if let Some(name) = left {
                let span = self.at(action, &string);
                self.error(
                    "placeholder-left",
                    span,
                    format!("<{name}> is a part of a literal and cannot be bound: write '%' || :{name} || '%' or the like"),
                );
            }
        }
    }

    fn kql(&mut self, action: &Action) {
        let masked = scan::kql(&action.text);
        self.sliding(action, &masked.code);
        let (_, faults) = crate::kql::parse(&action.text);
        if let Some(fault) = faults.first() {
            let span = self.at(action, &(fault.span.start..fault.span.end));
            let mut found =
                crate::model::diagnostic::Diagnostic::error("bad-kql", span, fault.message.clone());
            if let Some(help) = &fault.help {
                found = found.with_help(help.clone());
            }
            self.findings.push(found);
        }
        if !self.playbook.native {
            return;
        }
        for word in scan::words(&masked.code) {
            if !self.playbook.inputs.contains_key(word.text)
                || before(&masked.code, word.start) == b'.'
            {
                continue;
            }
            let head = masked.code.get(..word.start).unwrap_or_default().trim_end();
            let compared = ["==", "!=", "=~", "!~", ">", "<", ">=", "<=", "ago("]
                .iter()
                .any(|operator| head.ends_with(operator))
                || ["has", "contains", "startswith", "endswith"]
                    .iter()
                    .any(|operator| head.ends_with(operator));
            if compared {
                let span = self.at(action, &word.span());
                self.error(
                    "bare-input",
                    span,
                    format!("expected _{0}, found {0}: a column of that name would win, and the condition would hold for every row", word.text),
                );
            }
        }
    }

    fn sql(&mut self, action: &Action) {
        let masked = scan::sql(&action.text);
        self.sliding(action, &masked.code);
        self.undeclared_write(action, &masked.code);
    }

    /// A statement that changes something in the eyes of one database, and is no read in those of another, says so.
    fn undeclared_write(&mut self, action: &Action, code: &str) {
        if action.effect == Effect::Write {
            return;
        }
        let opinions = [Dialect::Postgres, Dialect::Sqlite]
            .map(|dialect| sql::classify(&action.text, dialect).ok());
        let reads = |opinion: &Classified| opinion.effect == Effect::Read;
        if opinions.iter().flatten().any(reads) {
            return;
        }
        let Some(Classified { reason, .. }) = opinions.into_iter().flatten().next() else {
            return;
        };
        let first = scan::words(code).next().map(|word| word.span());
        let span = self.at(action, &first.unwrap_or(0..0));
        let reason = reason.unwrap_or_else(|| "it is no query".to_owned());
        self.findings.push(
            crate::model::diagnostic::Diagnostic::error(
                "undeclared-write",
                span,
                format!("expected a statement that only reads: {reason}"),
            )
            .with_help(
                "write effect=write, with preview=, max-rows= and undo=, or make it a query",
            ),
        );
    }

    /// A window that moves with the clock under an expectation: a day later the breach has slid out of view.
    fn sliding(&mut self, action: &Action, code: &str) {
        if action.judge.expect.is_none() || action.view == Some(ResultView::Chart) {
            return;
        }
        let lower = code.to_ascii_lowercase();
        let found = scan::words(&lower).find(|word| {
            let rest = lower
                .get(word.start + word.text.len()..)
                .unwrap_or_default()
                .trim_start();
            match word.text {
                "ago" => rest.starts_with('('),
                "now" => rest
                    .strip_prefix('(')
                    .map(str::trim_start)
                    .and_then(|rest| rest.strip_prefix(')'))
                    .is_some_and(|rest| rest.trim_start().starts_with('-')),
                "current_timestamp" | "current_date" | "localtimestamp" => rest.starts_with('-'),
                _ => false,
            }
        });
        if let Some(word) = found {
            let span = self.at(action, &word.span());
            let anchor = if action.language == Language::Kql {
                "_window_start"
            } else {
                ":window_start"
            };
            self.findings.push(
                crate::model::diagnostic::Diagnostic::error(
                    "sliding-window",
                    span,
                    format!("expected a fixed start under expect=, found {}: its start moves with the clock", word.text),
                )
                .with_help(format!("compare with {anchor}")),
            );
        }
    }

    /// `$name` outside quotes is no matcher value.
    fn promql(&mut self, action: &Action) {
        let code = scan::promql(&action.text).code;
        for used in placeholders::dollar_names(&code, 0..code.len()) {
            let span = self.at(action, &used.span);
            self.error(
                "unquoted-input",
                span,
                format!(
                    "expected ${} inside a quoted matcher, found it outside quotes",
                    used.name
                ),
            );
        }
    }

    fn shell(&mut self, action: &Action) {
        let script = shell::read(&action.text);
        let playbook = self.playbook;
        for input in playbook.inputs.keys() {
            let variable = input.as_str().to_ascii_uppercase();
            let refused = REFUSED.contains(&variable.as_str())
                || REFUSED_STARTS
                    .iter()
                    .any(|start| variable.starts_with(start));
            let used = script.uses.iter().find(|used| used.name == variable);
            if let (true, Some(used)) = (refused, used) {
                let span = self.at(action, &used.span);
                self.error(
                    "refused-variable",
                    span,
                    format!("the input {input} would set {variable}, which is refused: rename it"),
                );
            }
        }
        for used in &script.uses {
            let lower = used.name.to_ascii_lowercase();
            let input = !used
                .name
                .contains(|letter: char| letter.is_ascii_lowercase())
                && (playbook.inputs.contains_key(lower.as_str())
                    || BUILT_INS.contains(&lower.as_str()));
            let span = self.at(action, &used.span);
            if input {
                match used.place {
                    shell::Place::Quoted => {}
                    shell::Place::Bare => self.warning(
                        "unquoted-variable",
                        span,
                        format!("expected \"${0}\", found ${0} without quotes", used.name),
                    ),
                    shell::Place::Arithmetic => self.error(
                        "arithmetic-variable",
                        span,
                        format!("${} in arithmetic is evaluated as an expression, which can run commands: compare with [ ] and quotes", used.name),
                    ),
                }
                continue;
            }
            let known = script.assigned.contains(&used.name)
                || ENVIRONMENT.contains(&used.name.as_str())
                || used
                    .name
                    .contains(|letter: char| letter.is_ascii_lowercase())
                || used.name.starts_with('_')
                || used.place == shell::Place::Arithmetic;
            if !known && playbook.native {
                let names: Vec<String> = playbook
                    .inputs
                    .keys()
                    .map(|id| id.as_str().to_ascii_uppercase())
                    .chain(BUILT_INS.iter().map(|name| name.to_ascii_uppercase()))
                    .collect();
                let message = format!(
                    "expected a declared input or a variable of the script, found ${}",
                    used.name
                );
                self.unknown(
                    "undeclared-input",
                    span,
                    message,
                    &used.name,
                    names.iter().map(String::as_str),
                );
                if let Some(last) = self.findings.last_mut() {
                    last.level = crate::model::diagnostic::Level::Warning;
                }
            }
        }
        for word in scan::words(&script.code) {
            let command = matches!(
                before(&script.code, word.start),
                b' ' | b'\n' | b';' | b'&' | b'|' | b'('
            );
            let head = script
                .code
                .get(..word.start)
                .unwrap_or_default()
                .trim_end_matches([' ', '\t']);
            let first = head.is_empty() || head.ends_with(['\n', ';', '&', '|', '(']);
            if word.text == "eval" && command && first {
                let span = self.at(action, &word.span());
                self.error(
                    "eval",
                    span,
                    "eval runs its arguments as commands: values could run as well",
                );
            }
        }
    }

    /// Where a place of an action's text stands in the file; the fence when the text was rewritten or indented.
    pub(super) fn at(&self, action: &Action, local: &Range<usize>) -> Range<usize> {
        let exact =
            self.playbook.source.text.get(action.text_span.clone()) == Some(action.text.as_str());
        if exact {
            action.text_span.start + local.start..action.text_span.start + local.end
        } else {
            action.text_span.start..action.text_span.start
        }
    }

    fn first_use(&self, input: &str) -> Range<usize> {
        self.playbook
            .actions
            .values()
            .find(|action| action.inputs.iter().any(|id| id.as_str() == input))
            .map_or(0..0, |action| action.text_span.clone())
    }
}
