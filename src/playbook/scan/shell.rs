//! Reading shell scripts just far enough to see which variables are used, how they are quoted, and what is assigned.
//!
//! Wrong guesses must err on the side of a warning: this decides what is reported, never what runs.

use std::ops::Range;

use super::{byte, is_word, is_word_byte, words};

/// Where a variable is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Outside quotes, where the value is split into words and expanded as a pattern.
    Bare,
    /// Inside double quotes, a here-document, or an assignment: the value stays one text.
    Quoted,
    /// In arithmetic, where the value is evaluated as an expression that can run commands.
    Arithmetic,
}

/// A variable that is expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Its name.
    pub name: String,
    /// Where.
    pub place: Place,
    /// Bytes of the script, from the `$` on.
    pub span: Range<usize>,
}

/// What was seen in a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// As long as the script; quoted text and comments are blanks.
    pub code: String,
    /// Expansions in order.
    pub uses: Vec<Use>,
    /// Names the script gives a value to.
    pub assigned: Vec<String>,
    /// Bytes in single quotes, with the quotes, here-documents with a quoted delimiter among them.
    pub literal: Vec<Range<usize>>,
    /// Bytes in double quotes and here-documents.
    pub quoted: Vec<Range<usize>>,
    /// Comments.
    pub comments: Vec<Range<usize>>,
}

impl Script {
    /// Whether a byte stands in a text that is not expanded.
    pub fn is_literal(&self, at: usize) -> bool {
        self.literal
            .iter()
            .chain(&self.comments)
            .any(|span| span.contains(&at))
    }

    /// Whether a byte stands in double quotes.
    pub fn is_quoted(&self, at: usize) -> bool {
        self.quoted.iter().any(|span| span.contains(&at))
    }
}

/// Reads a script.
pub fn read(text: &str) -> Script {
    let mut reader = Reader {
        text,
        at: 0,
        modes: vec![Mode::Plain],
        double_from: Vec::new(),
        brackets: false,
        assignment: false,
        here: Vec::new(),
        code: vec![b' '; text.len()],
        script: Script::default(),
    };
    reader.run();
    let Reader {
        code, mut script, ..
    } = reader;
    script.code = String::from_utf8(code).unwrap_or_default();
    mark_tests(&mut script);
    script.assigned = assigned(&script.code);
    script
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plain,
    Double,
    /// Inside `$( … )` or `( … )`.
    Parentheses,
    Arithmetic,
    /// Parentheses inside arithmetic.
    ArithmeticGroup,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    modes: Vec<Mode>,
    double_from: Vec<usize>,
    /// Inside `[[ … ]]`, where no words are split.
    brackets: bool,
    /// Inside the value of an assignment, where no words are split.
    assignment: bool,
    /// Here-documents whose bodies start at the next line: delimiter, and whether it was quoted.
    here: Vec<(String, bool)>,
    code: Vec<u8>,
    script: Script,
}

impl Reader<'_> {
    fn run(&mut self) {
        while self.at < self.text.len() {
            let mode = self.modes.last().copied().unwrap_or(Mode::Plain);
            let current = byte(self.text, self.at);
            match (mode, current) {
                (_, b'\\') => self.at += 2,
                (Mode::Double, b'"') => {
                    self.modes.pop();
                    if let Some(from) = self.double_from.pop() {
                        self.script.quoted.push(from..self.at + 1);
                    }
                    self.at += 1;
                }
                (_, b'"') => {
                    self.modes.push(Mode::Double);
                    self.double_from.push(self.at);
                    self.at += 1;
                }
                (_, b'$') => self.dollar(mode),
                (Mode::Double, _) => self.at += 1,
                (Mode::Arithmetic, b')') if self.starts_with("))") => {
                    self.modes.pop();
                    self.at += 2;
                }
                (Mode::Arithmetic | Mode::ArithmeticGroup, b'(') => {
                    self.modes.push(Mode::ArithmeticGroup);
                    self.at += 1;
                }
                (Mode::ArithmeticGroup | Mode::Parentheses, b')') => {
                    self.modes.pop();
                    self.keep();
                }
                (Mode::Arithmetic | Mode::ArithmeticGroup, _) => self.arithmetic_word(),
                (_, b'\'') => self.single(),
                (_, b'#') if self.at_word_start() => {
                    let end = self.at + self.rest().find('\n').unwrap_or(self.rest().len());
                    self.script.comments.push(self.at..end);
                    self.at = end;
                }
                (_, b'(') if self.starts_with("((") => {
                    self.modes.push(Mode::Arithmetic);
                    self.at += 2;
                }
                (_, b'(') => {
                    self.modes.push(Mode::Parentheses);
                    self.keep();
                }
                (_, b'<') if self.starts_with("<<") => self.here_operator(),
                (_, b'\n') => {
                    self.keep();
                    self.assignment = false;
                    self.here_bodies();
                }
                _ => self.word_part(current),
            }
        }
        let end = self.text.len();
        while let Some(from) = self.double_from.pop() {
            self.script.quoted.push(from..end);
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn starts_with(&self, prefix: &str) -> bool {
        self.rest().starts_with(prefix)
    }

    fn at_word_start(&self) -> bool {
        matches!(
            super::before(self.text, self.at),
            b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'('
        )
    }

    fn keep(&mut self) {
        let current = byte(self.text, self.at);
        if let Some(place) = self.code.get_mut(self.at) {
            *place = if current.is_ascii() { current } else { b'x' };
        }
        self.at += 1;
    }

    fn word_part(&mut self, current: u8) {
        if self.starts_with("[[") && self.at_word_start() {
            self.brackets = true;
        } else if self.starts_with("]]") {
            self.brackets = false;
        }
        if current == b'=' && is_word_byte(super::before(self.text, self.at)) {
            self.assignment = true;
        } else if matches!(current, b' ' | b'\t' | b';' | b'&' | b'|') {
            self.assignment = false;
        }
        self.keep();
    }

    fn single(&mut self) {
        let length = self
            .rest()
            .get(1..)
            .and_then(|body| body.find('\''))
            .map_or(self.rest().len(), |end| end + 2);
        self.script.literal.push(self.at..self.at + length);
        self.at += length;
    }

    /// A bare name in arithmetic is expanded as well.
    fn arithmetic_word(&mut self) {
        let length = self
            .rest()
            .find(|character| !is_word(character))
            .unwrap_or(self.rest().len());
        let name = self.rest().get(..length).unwrap_or_default().to_owned();
        if length == 0 || name.starts_with(|first: char| first.is_ascii_digit()) {
            self.at += length.max(1);
            return;
        }
        let span = self.at..self.at + length;
        self.at += length;
        self.script.uses.push(Use {
            name,
            place: Place::Arithmetic,
            span,
        });
    }

    fn dollar(&mut self, mode: Mode) {
        if self.starts_with("$((") {
            self.modes.push(Mode::Arithmetic);
            self.at += 3;
            return;
        }
        if self.starts_with("$(") {
            self.modes.push(Mode::Parentheses);
            self.at += 2;
            return;
        }
        if self.starts_with("$'") && mode != Mode::Double {
            self.at += 1;
            self.single();
            return;
        }
        let start = self.at;
        let Some((name, length)) = expansion(self.rest()) else {
            self.at += 1;
            return;
        };
        self.at += length;
        let place = match mode {
            Mode::Arithmetic | Mode::ArithmeticGroup => Place::Arithmetic,
            Mode::Double => Place::Quoted,
            Mode::Plain | Mode::Parentheses if self.brackets || self.assignment => Place::Quoted,
            Mode::Plain | Mode::Parentheses => Place::Bare,
        };
        self.script.uses.push(Use {
            name,
            place,
            span: start..self.at,
        });
    }

    fn here_operator(&mut self) {
        if self.starts_with("<<<") {
            self.at += 3;
            return;
        }
        self.at += 2;
        let rest = self.rest();
        let skipped = rest.len() - rest.trim_start_matches(['-', ' ']).len();
        let rest = rest.get(skipped..).unwrap_or_default();
        let end = rest
            .find(|character: char| {
                character.is_whitespace() || matches!(character, ';' | '|' | '&' | ')' | '>')
            })
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let delimiter: String = word
            .chars()
            .filter(|character| is_word(*character))
            .collect();
        if !delimiter.is_empty() {
            self.here
                .push((delimiter, word.contains(['\'', '"', '\\'])));
        }
        self.at += skipped + end;
    }

    fn here_bodies(&mut self) {
        for (delimiter, literal) in std::mem::take(&mut self.here) {
            let start = self.at;
            let mut end = start;
            for line in self.rest().split_inclusive('\n') {
                end += line.len();
                if line.trim() == delimiter {
                    break;
                }
            }
            self.at = end;
            if literal {
                self.script.literal.push(start..end);
                continue;
            }
            self.script.quoted.push(start..end);
            let body = self.text.get(start..end).unwrap_or_default();
            for (at, _) in body.match_indices('$') {
                if let Some((name, length)) = body.get(at..).and_then(expansion) {
                    self.script.uses.push(Use {
                        name,
                        place: Place::Quoted,
                        span: start + at..start + at + length,
                    });
                }
            }
        }
    }
}

/// `$NAME`, `${NAME}`, `${NAME:-x}`, `${#NAME}`: the name and the bytes up to the end of the name or brace.
fn expansion(text: &str) -> Option<(String, usize)> {
    let rest = text.strip_prefix('$')?;
    let (braced, rest) = match rest.strip_prefix('{') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let marks = if braced {
        rest.len() - rest.trim_start_matches(['#', '!']).len()
    } else {
        0
    };
    let rest = rest.get(marks..)?;
    let length = rest
        .find(|character| !is_word(character))
        .unwrap_or(rest.len());
    let name = rest.get(..length).filter(|name| !name.is_empty())?;
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let mut total = 1 + usize::from(braced) + marks + length;
    if braced && rest.get(length..).is_some_and(|rest| rest.starts_with('}')) {
        total += 1;
    }
    Some((name.to_owned(), total))
}

/// `[[ $X -eq 0 ]]` evaluates `$X` as arithmetic.
fn mark_tests(script: &mut Script) {
    let code = script.code.clone();
    let mut from = 0;
    while let Some(open) = code.get(from..).and_then(|rest| rest.find("[[")) {
        let start = from + open;
        let end = code
            .get(start..)
            .and_then(|rest| rest.find("]]"))
            .map_or(code.len(), |end| start + end);
        let inside = code.get(start..end).unwrap_or_default();
        let arithmetic = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"]
            .iter()
            .any(|operator| inside.split_whitespace().any(|word| word == *operator));
        if arithmetic {
            for used in &mut script.uses {
                if (start..end).contains(&used.span.start) {
                    used.place = Place::Arithmetic;
                }
            }
        }
        from = end.max(start + 2);
    }
}

fn assigned(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut reading = false;
    let mut previous = "";
    let mut last_end = 0;
    for word in words(code) {
        let end = word.start + word.text.len();
        let between = code.get(last_end..word.start).unwrap_or_default();
        if between.contains(['\n', ';', '|', '&']) {
            reading = false;
        }
        last_end = end;
        let follows = code.get(end..).unwrap_or_default();
        let starts = matches!(
            super::before(code, word.start),
            b' ' | b'\t' | b'\n' | b';' | b'(' | b'&' | b'|'
        );
        let assigns = starts && (follows.starts_with('=') || follows.starts_with("+="));
        let declares = matches!(
            previous,
            "for" | "export" | "local" | "readonly" | "declare" | "mapfile" | "select"
        );
        if assigns || declares || (reading && !between.contains('-')) {
            names.push(word.text.to_owned());
        }
        if word.text == "read" && starts {
            reading = true;
        }
        previous = word.text;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(text: &str) -> Vec<(String, Place)> {
        read(text)
            .uses
            .into_iter()
            .map(|found| (found.name, found.place))
            .collect()
    }

    #[test]
    fn quoting_is_seen() {
        for (text, expected) in [
            ("rm $A", Place::Bare),
            ("rm \"$A\"", Place::Quoted),
            ("rm \"x ${A}\"", Place::Quoted),
            ("B=$A", Place::Quoted),
            ("rm \"$(ls $A)\"", Place::Bare),
            ("[[ $A == x ]]", Place::Quoted),
            ("[[ $A -eq 0 ]]", Place::Arithmetic),
            ("echo $(( A + 1 ))", Place::Arithmetic),
            ("(( $A > 1 ))", Place::Arithmetic),
            ("cat <<EOF\n$A\nEOF\n", Place::Quoted),
            ("echo x/$A/y", Place::Bare),
        ] {
            assert_eq!(uses(text), [("A".to_owned(), expected)], "{text}");
        }
    }

    #[test]
    fn literal_text_uses_nothing() {
        for text in [
            "echo '$A'",
            "# $A",
            "cat <<'EOF'\n$A\nEOF\n",
            "echo \\$A",
            "echo $1 $? $#",
        ] {
            assert_eq!(uses(text), [], "{text}");
        }
    }

    #[test]
    fn assignments_are_seen() {
        let script =
            read("A=1; export B=2\nfor C in 1 2; do read -r D E; done\nx --opt=F 'G=1'\nH+=1");
        assert_eq!(
            script.assigned,
            ["A", "B", "C", "D", "E", "H"].map(str::to_owned).to_vec()
        );
    }

    #[test]
    fn broken_scripts_end() {
        for text in [
            "\"", "$(", "$((", "<<", "'", "\\", "${", "<<EOF", "((", "€\"€",
        ] {
            assert_eq!(read(text).code.len(), text.len(), "{text}");
        }
    }
}
