//! Reads a script. What the language of the drill's shell lacks is an error that names it and its line.

mod word;

use super::language::{Channel, Command, Joint, List, Pipeline, Redirection, Script, Word};

/// Words that begin something larger than a simple command.
const RESERVED: [&str; 20] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac",
    "select", "function", "time", "coproc", "{", "}", "[[", "]]",
];

/// Reads a whole script.
pub(super) fn read(text: &str) -> Result<Script, String> {
    let mut reader = Reader {
        text: text.chars().collect(),
        at: 0,
        line: 1,
        depth: 0,
    };
    let mut lists = Vec::new();
    reader.skip_empty();
    while reader.peek(0).is_some() {
        lists.push(reader.list()?);
        reader.skip_blanks();
        match reader.peek(0) {
            None | Some('\n') => {}
            Some(';') => reader.step(),
            Some(other) => return Err(reader.faulty(&format!("{other:?} stands alone"))),
        }
        reader.skip_empty();
    }
    Ok(Script { lists })
}

/// The sentence for what the shell does not do.
pub(super) fn refusal(line: usize, what: &str) -> String {
    format!("line {line}: the drill's shell does not know {what}")
}

struct Reader {
    text: Vec<char>,
    at: usize,
    line: usize,
    /// How many `${…}` are open.
    depth: usize,
}

impl Reader {
    fn list(&mut self) -> Result<List, String> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let joint = match (self.peek(0), self.peek(1)) {
                (Some('&'), Some('&')) => Joint::And,
                (Some('|'), Some('|')) => Joint::Or,
                (Some('&'), _) => return Err(self.unknown("`&`: work in the background")),
                _ => return Ok(List { first, rest }),
            };
            self.step();
            self.step();
            self.skip_empty();
            rest.push((joint, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Result<Pipeline, String> {
        self.skip_blanks();
        let negated = self.peek(0) == Some('!') && self.peek(1).is_none_or(char::is_whitespace);
        if negated {
            self.step();
        }
        let mut commands = vec![self.command()?];
        loop {
            self.skip_blanks();
            match (self.peek(0), self.peek(1)) {
                (Some('|'), Some('&')) => return Err(self.unknown("`|&`; write `2>&1 |`")),
                (Some('|'), next) if next != Some('|') => self.step(),
                _ => return Ok(Pipeline { negated, commands }),
            }
            self.skip_empty();
            commands.push(self.command()?);
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        self.skip_blanks();
        let mut command = Command {
            line: self.line,
            ..Command::default()
        };
        loop {
            self.skip_blanks();
            match self.peek(0) {
                None | Some('\n' | ';' | '|') => break,
                Some('&') if self.peek(1) != Some('>') => break,
                Some('(') => {
                    return Err(self.unknown("`( … )`: a shell inside, or a function"));
                }
                Some(')') => return Err(self.faulty("`)` stands alone")),
                Some('<' | '>' | '&') => self.redirection(None, &mut command)?,
                Some(digit) if self.is_descriptor() => {
                    self.step();
                    if self.peek(0).is_some_and(|c| c.is_ascii_digit()) {
                        return Err(self.unknown("a redirection of a stream beyond 9"));
                    }
                    self.redirection(Some(digit), &mut command)?;
                }
                Some(_) => self.assignment_or_word(&mut command)?,
            }
        }
        if command.words.is_empty() && command.assignments.is_empty() {
            return Err(self.faulty(if command.redirections.is_empty() {
                "a command is missing"
            } else {
                "a redirection stands without a command"
            }));
        }
        if let (Some((name, _)), false) = (command.assignments.first(), command.words.is_empty()) {
            return Err(refusal(
                command.line,
                &format!("`{name}=…` before a command"),
            ));
        }
        Ok(command)
    }

    fn assignment_or_word(&mut self, command: &mut Command) -> Result<(), String> {
        if command.words.is_empty()
            && let Some(name) = self.assigned_name()
        {
            if name == "IFS" {
                return Err(self.unknown("another `IFS`"));
            }
            for _ in 0..=name.chars().count() {
                self.step();
            }
            let value = match self.peek(0) {
                Some('(') => return Err(self.unknown("arrays `NAME=( … )`")),
                _ => self.word()?,
            };
            command.assignments.push((name, value));
            return Ok(());
        }
        if command.words.is_empty() {
            let bare: String = self.rest_of_bare_word();
            if RESERVED.contains(&bare.as_str()) {
                return Err(self.unknown(&format!("`{bare}`")));
            }
        }
        let word = self.word()?;
        command.words.push(word);
        Ok(())
    }

    /// `NAME` where `NAME=` stands here.
    fn assigned_name(&self) -> Option<String> {
        let name: String = self
            .text
            .iter()
            .skip(self.at)
            .take_while(|c| c.is_ascii_alphanumeric() || **c == '_')
            .collect();
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (starts_well && self.peek(name.len()) == Some('=')).then_some(name)
    }

    fn rest_of_bare_word(&self) -> String {
        self.text
            .iter()
            .skip(self.at)
            .take_while(|c| !c.is_whitespace() && !";&|<>()".contains(**c))
            .collect()
    }

    /// Whether digits stand here, and `<` or `>` right behind them.
    fn is_descriptor(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        digits > 0 && matches!(rest.get(digits), Some('<' | '>'))
    }

    fn redirection(
        &mut self,
        descriptor: Option<char>,
        command: &mut Command,
    ) -> Result<(), String> {
        let mut operator = String::new();
        while let Some(c) = self.peek(0).filter(|c| "<>&|".contains(*c)) {
            operator.push(c);
            self.step();
        }
        if let Some(here @ ('-' | '0'..='9')) = self.peek(0)
            && operator.ends_with('&')
        {
            operator.push(here);
            self.step();
            if self.peek(0).is_some_and(|c| c.is_ascii_digit()) {
                return Err(self.unknown("a redirection of a stream beyond 9"));
            }
        }
        let channel = match descriptor {
            None | Some('1') => Channel::Output,
            Some('2') => Channel::Errors,
            Some(other) => {
                return Err(self.unknown(&format!("a redirection of stream {other}")));
            }
        };
        match operator.as_str() {
            ">&1" => command
                .redirections
                .push(Redirection::Copy(channel, Channel::Output)),
            ">&2" => command
                .redirections
                .push(Redirection::Copy(channel, Channel::Errors)),
            ">" | ">>" | ">|" => {
                self.nowhere()?;
                command.redirections.push(Redirection::Nowhere(channel));
            }
            "&>" | "&>>" => {
                self.nowhere()?;
                command
                    .redirections
                    .push(Redirection::Nowhere(Channel::Output));
                command
                    .redirections
                    .push(Redirection::Nowhere(Channel::Errors));
            }
            "<" if descriptor.is_none() => {
                let file = self.read_from()?;
                command.redirections.push(Redirection::FromFile(file));
            }
            "<<<" if descriptor.is_none() => {
                let text = self.read_from()?;
                command.redirections.push(Redirection::FromText(text));
            }
            other => return Err(self.unknown(&format!("the redirection `{other}`"))),
        }
        Ok(())
    }

    /// The word after `<` or `<<<`.
    fn read_from(&mut self) -> Result<Word, String> {
        self.skip_blanks();
        if self.peek(0) == Some('(') {
            return Err(self.unknown("`<( … )`"));
        }
        let word = self.word()?;
        if word.is_empty() {
            return Err(self.faulty("nothing stands after `<`"));
        }
        Ok(word)
    }

    /// What follows has to be `/dev/null`: a drill writes no files.
    fn nowhere(&mut self) -> Result<(), String> {
        self.skip_blanks();
        let file = self.rest_of_bare_word();
        if file == "/dev/null" {
            self.word()?;
            return Ok(());
        }
        Err(self.unknown(&format!("writing to a file: `> {file}`")))
    }

    fn skip_blanks(&mut self) {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(' ' | '\t'), _) => self.step(),
                (Some('\\'), Some('\n')) => {
                    self.step();
                    self.step();
                }
                (Some('#'), _) => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.step();
                    }
                }
                _ => return,
            }
        }
    }

    /// Blanks, comments and ends of lines.
    fn skip_empty(&mut self) {
        self.skip_blanks();
        while self.peek(0) == Some('\n') {
            self.step();
            self.skip_blanks();
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn step(&mut self) {
        if self.peek(0) == Some('\n') {
            self.line += 1;
        }
        self.at += 1;
    }

    fn unknown(&self, what: &str) -> String {
        refusal(self.line, what)
    }

    fn faulty(&self, what: &str) -> String {
        format!("line {}: the script cannot be read: {what}", self.line)
    }
}
