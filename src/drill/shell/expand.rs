//! From words to arguments: variables, splitting of what is not quoted, patterns of file names.

use std::collections::BTreeMap;

use super::files::Files;
use super::language::{Otherwise, OtherwiseKind, Part, Word};
use super::pattern::{self, Glyph};

/// The arguments of a command have so many bytes at most, and so has a value: those of Linux.
const MOST_ARGUMENTS: usize = 2 * 1024 * 1024;

/// Values of variables.
pub(super) type Variables = BTreeMap<String, String>;

/// Expands words to arguments. The error is what bash says of an unset variable.
pub(super) fn arguments(
    words: &[Word],
    variables: &Variables,
    files: &Files,
    folder: &str,
) -> Result<Vec<String>, String> {
    let mut arguments = Vec::new();
    let mut length = 0;
    for word in words {
        for field in fields(word, &|name| variables.get(name).cloned(), true)? {
            for argument in file_names(&field, files, folder) {
                length += argument.len();
                arguments.push(argument);
            }
        }
        if length > MOST_ARGUMENTS {
            return Err("Argument list too long".to_owned());
        }
    }
    Ok(arguments)
}

/// Expands words as far as it can be done before anything runs: unset is empty, patterns of file names stay.
pub(super) fn likely_arguments(words: &[Word], variables: &Variables) -> Vec<String> {
    let look_up = |name: &str| Some(variables.get(name).cloned().unwrap_or_default());
    words
        .iter()
        .flat_map(|word| fields(word, &look_up, true).unwrap_or_default())
        .map(|field| plain(&field))
        .collect()
}

/// Expands a word to one text: the value of an assignment, the target of a redirection.
pub(super) fn text(word: &Word, variables: &Variables) -> Result<String, String> {
    let fields = fields(word, &|name| variables.get(name).cloned(), false)?;
    Ok(fields.iter().map(|field| plain(field)).collect())
}

/// A word on its way to an argument.
type Field = Vec<Glyph>;

fn fields(
    word: &Word,
    look_up: &dyn Fn(&str) -> Option<String>,
    split: bool,
) -> Result<Vec<Field>, String> {
    let mut fields = Fields::default();
    fields.add(word, look_up, split)?;
    fields.end();
    Ok(fields.done)
}

#[derive(Default)]
struct Fields {
    done: Vec<Field>,
    open: Option<Field>,
    /// Characters in all of them.
    length: usize,
}

impl Fields {
    fn add(
        &mut self,
        word: &Word,
        look_up: &dyn Fn(&str) -> Option<String>,
        split: bool,
    ) -> Result<(), String> {
        for part in word {
            if self.length > MOST_ARGUMENTS {
                return Err("Argument list too long".to_owned());
            }
            match part {
                Part::Text { text, .. } => self.push(text, false),
                Part::Glob(c) => self.push(&c.to_string(), split),
                Part::Variable {
                    name,
                    otherwise,
                    quoted,
                } => {
                    let value = look_up(name);
                    if let Some(otherwise) = otherwise {
                        self.add_otherwise(name, value, otherwise, *quoted, look_up, split)?;
                        continue;
                    }
                    let value = value.ok_or_else(|| format!("{name}: unbound variable"))?;
                    self.push_value(&value, *quoted || !split);
                }
            }
        }
        Ok(())
    }

    fn add_otherwise(
        &mut self,
        name: &str,
        value: Option<String>,
        otherwise: &Otherwise,
        quoted: bool,
        look_up: &dyn Fn(&str) -> Option<String>,
        split: bool,
    ) -> Result<(), String> {
        let value = value.filter(|value| !(otherwise.or_empty && value.is_empty()));
        match (otherwise.kind, value) {
            (OtherwiseKind::Default | OtherwiseKind::Error, Some(value)) => {
                self.push_value(&value, quoted || !split);
                Ok(())
            }
            (OtherwiseKind::Default, None) | (OtherwiseKind::Alternative, Some(_)) => {
                self.add_spread(&otherwise.word, look_up, split)
            }
            (OtherwiseKind::Alternative, None) => Ok(()),
            (OtherwiseKind::Error, None) => {
                let mut said = Self::default();
                said.add(&otherwise.word, look_up, false)?;
                said.end();
                let said: String = said.done.iter().map(|field| plain(field)).collect();
                let why = match (said.is_empty(), otherwise.or_empty) {
                    (false, _) => said,
                    (true, true) => "parameter null or not set".to_owned(),
                    (true, false) => "parameter not set".to_owned(),
                };
                Err(format!("{name}: {why}"))
            }
        }
    }

    /// The word of `${NAME:-word}`: what is not quoted in it is split like a value.
    fn add_spread(
        &mut self,
        word: &Word,
        look_up: &dyn Fn(&str) -> Option<String>,
        split: bool,
    ) -> Result<(), String> {
        for part in word {
            match part {
                Part::Text { text, quoted } => self.push_value(text, *quoted || !split),
                other => self.add(&vec![other.clone()], look_up, split)?,
            }
        }
        Ok(())
    }

    /// The value of a variable: split at blanks, and a pattern, unless it is quoted.
    fn push_value(&mut self, value: &str, quoted: bool) {
        if quoted {
            self.push(value, false);
            return;
        }
        for c in value.chars() {
            if matches!(c, ' ' | '\t' | '\n') {
                self.end();
            } else {
                self.push(c.encode_utf8(&mut [0; 4]), "*?[".contains(c));
            }
        }
    }

    fn push(&mut self, text: &str, active: bool) {
        self.length += text.len();
        let open = self.open.get_or_insert_default();
        open.extend(text.chars().map(|c| Glyph { c, active }));
    }

    fn end(&mut self) {
        self.done.extend(self.open.take());
    }
}

fn plain(field: &[Glyph]) -> String {
    field.iter().map(|glyph| glyph.c).collect()
}

/// The files that a pattern fits, in order; the pattern itself where none does.
fn file_names(field: &[Glyph], files: &Files, folder: &str) -> Vec<String> {
    if !field.iter().any(|glyph| glyph.active) {
        return vec![plain(field)];
    }
    let mut found = vec![String::new()];
    for (nth, step) in field.split(|glyph| glyph.c == '/').enumerate() {
        let is_pattern = step.iter().any(|glyph| glyph.active);
        let mut next = Vec::new();
        for before in found {
            let base = if nth == 0 { before } else { before + "/" };
            if !is_pattern {
                let path = base + &plain(step);
                if nth == 0 || files.exists(&files.resolve(folder, &path)) {
                    next.push(path);
                }
                continue;
            }
            let place = if base.is_empty() { "." } else { &base };
            let hidden = step.first().is_some_and(|glyph| glyph.c == '.');
            let names = files.children(&files.resolve(folder, place));
            next.extend(
                names
                    .iter()
                    .filter(|name| hidden || !name.starts_with('.'))
                    .filter(|name| pattern::fits(step, name))
                    .map(|name| format!("{base}{name}")),
            );
        }
        found = next;
    }
    if found.is_empty() {
        return vec![plain(field)];
    }
    found
}
