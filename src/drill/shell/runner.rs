//! Walks a script: looks at every command before the first one runs, then runs them in order with bash's meaning of `-e`, `-u` and `pipefail`.

use std::cell::Cell;

use super::commands::{self, Prepared};
use super::expand::{self, Variables};
use super::files::Files;
use super::language::{Channel, Command, Joint, List, Pipeline, Redirection, Script};
use super::{Ran, World, repository};
use crate::drill::world::Status;
use crate::model::limits;

/// A command says so many bytes at most: as much as is kept of a script's output.
pub(super) const MOST_SAID: usize = limits::OUTPUT_BYTES;
/// A script reads so many bytes at most, of files and of pipes.
const MOST_READ: usize = 8 * MOST_SAID;

/// What running a command works on.
pub(super) struct Shell<'a> {
    pub world: &'a mut World,
    /// The service as it was when the script began.
    pub status: Status,
    pub files: Files,
    pub variables: Variables,
    /// The folder that relative paths begin in.
    pub folder: String,
    /// Set by `exit`.
    pub exiting: Option<i32>,
    /// Bytes that commands have read so far.
    read: Cell<usize>,
}

/// What a command reads and what it has said, in order.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub input: String,
    said: Vec<(Channel, String)>,
    /// Bytes that were said, those included that were not kept.
    bytes: usize,
}

impl Streams {
    pub(super) fn reading(input: String) -> Self {
        Self {
            input,
            ..Self::default()
        }
    }

    /// Says something on standard output.
    pub(super) fn say(&mut self, text: &str) {
        self.keep(Channel::Output, text.to_owned());
    }

    /// Says a line on standard error.
    pub(super) fn complain(&mut self, line: &str) {
        self.keep(Channel::Errors, format!("{line}\n"));
    }

    /// Says what another command said.
    pub(super) fn pass_on(&mut self, other: Self) {
        for (channel, text) in other.said {
            self.keep(channel, text);
        }
    }

    fn keep(&mut self, channel: Channel, text: String) {
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes <= MOST_SAID {
            self.said.push((channel, text));
        }
    }
}

/// Looks at every command of a script. The error is the first that the shell does not know.
pub(super) fn look_over(script: &Script, environment: &[(String, String)]) -> Result<(), String> {
    let mut variables = starting_variables(environment);
    let pipelines = script.lists.iter().flat_map(|list| {
        std::iter::once(&list.first).chain(list.rest.iter().map(|(_, next)| next))
    });
    for command in pipelines.flat_map(|pipeline| &pipeline.commands) {
        for (name, value) in &command.assignments {
            let value = expand::text(value, &variables).unwrap_or_default();
            variables.insert(name.clone(), value);
        }
        if command.words.is_empty() {
            continue;
        }
        let words = expand::likely_arguments(&command.words, &variables);
        commands::prepare(&words).map_err(|unknown| unknown.at(command.line))?;
    }
    Ok(())
}

/// Runs a script that was looked over.
pub(super) fn run(world: &mut World, script: &Script, environment: &[(String, String)]) -> Ran {
    let status = world.status();
    let files = repository::files(&status, world.now());
    let mut shell = Shell {
        world,
        status,
        files,
        variables: starting_variables(environment),
        folder: repository::ROOT.to_owned(),
        exiting: None,
        read: Cell::new(0),
    };
    let mut ran = Ran {
        stdout: String::new(),
        stderr: String::new(),
        exit_code: 0,
    };
    for list in &script.lists {
        let ends = shell.list(list, &mut ran);
        if let Some(code) = shell.exiting {
            ran.exit_code = code;
            break;
        }
        if ends {
            break;
        }
    }
    ran
}

fn starting_variables(environment: &[(String, String)]) -> Variables {
    let mut variables: Variables = environment.iter().cloned().collect();
    variables.insert("PWD".to_owned(), repository::ROOT.to_owned());
    variables.insert("?".to_owned(), "0".to_owned());
    variables
}

/// How a command ended.
struct Ended {
    code: i32,
    streams: Streams,
}

impl Shell<'_> {
    /// Runs a list; true when the script ends with it (`-e`).
    fn list(&mut self, list: &List, ran: &mut Ran) -> bool {
        let mut pipeline = &list.first;
        let mut rest = list.rest.iter();
        loop {
            self.pipeline(pipeline, ran);
            if self.exiting.is_some() {
                return true;
            }
            // The next one whose joint fits how the last one ended; the others are passed over.
            let ended_well = ran.exit_code == 0;
            let next = rest.find(|(joint, _)| (*joint == Joint::And) == ended_well);
            let Some((_, next)) = next else { break };
            pipeline = next;
        }
        let is_last = list.rest.last().map_or(&list.first, |(_, last)| last);
        ran.exit_code != 0 && std::ptr::eq(pipeline, is_last) && !pipeline.negated
    }

    fn pipeline(&mut self, pipeline: &Pipeline, ran: &mut Ran) {
        let mut input = String::new();
        let mut code = 0;
        let alone = pipeline.commands.len() == 1;
        for (nth, command) in pipeline.commands.iter().enumerate() {
            let before = (!alone).then(|| (self.variables.clone(), self.folder.clone()));
            let ended = self.command(command, std::mem::take(&mut input));
            if let Some((variables, folder)) = before {
                // Each command of a pipe is a shell of its own: what it sets and where it goes ends with it.
                (self.variables, self.folder) = (variables, folder);
                self.exiting = None;
            }
            let piped = nth + 1 < pipeline.commands.len();
            for (channel, text) in redirected(&command.redirections, ended.streams.said) {
                match channel {
                    Channel::Errors => ran.stderr.push_str(&text),
                    Channel::Output if piped => input.push_str(&text),
                    Channel::Output => ran.stdout.push_str(&text),
                }
            }
            if ended.code != 0 {
                code = ended.code;
            }
        }
        ran.exit_code = if pipeline.negated {
            i32::from(code == 0)
        } else {
            code
        };
        self.variables
            .insert("?".to_owned(), ran.exit_code.to_string());
    }

    fn command(&mut self, command: &Command, input: String) -> Ended {
        let mut streams = Streams::reading(input);
        let mut code = match self.start(command, &mut streams) {
            Ok(code) => code,
            Err(why) => {
                streams.complain(&format!("bash: line {}: {why}", command.line));
                // An unset variable ends the shell it is used in, whatever follows.
                self.exiting = Some(1);
                1
            }
        };
        if streams.bytes > MOST_SAID {
            let why = format!(
                "the drill's shell keeps at most {} MiB of what a command says",
                MOST_SAID / 1024 / 1024
            );
            streams.said.push((
                Channel::Errors,
                format!("bash: line {}: {why}\n", command.line),
            ));
            code = 1;
        }
        Ended { code, streams }
    }

    /// Expands a command and runs it. The error is what ends the shell.
    fn start(&mut self, command: &Command, streams: &mut Streams) -> Result<i32, String> {
        for redirection in &command.redirections {
            match redirection {
                Redirection::FromText(word) => {
                    streams.input = expand::text(word, &self.variables)? + "\n";
                }
                Redirection::FromFile(word) => {
                    let path = expand::text(word, &self.variables)?;
                    match self.files.read(&self.files.resolve(&self.folder, &path)) {
                        Ok(text) => text.clone_into(&mut streams.input),
                        Err(why) => {
                            streams.complain(&format!(
                                "bash: line {}: {path}: {}",
                                command.line,
                                why.words()
                            ));
                            return Ok(1);
                        }
                    }
                }
                Redirection::Copy(..) | Redirection::Nowhere(_) => {}
            }
        }
        for (name, value) in &command.assignments {
            let value = expand::text(value, &self.variables)?;
            self.variables.insert(name.clone(), value);
        }
        let words = expand::arguments(&command.words, &self.variables, &self.files, &self.folder)?;
        if words.is_empty() {
            return Ok(0);
        }
        Ok(self.call(&words, streams, command.line))
    }

    /// Runs a command by its words.
    pub(super) fn call(&mut self, words: &[String], streams: &mut Streams, line: usize) -> i32 {
        match commands::prepare(words) {
            Ok(Prepared { command, call }) => (command.run)(&call, self, streams),
            // Only a value that the script itself made while it ran can lead here.
            Err(unknown) => {
                streams.complain(&unknown.at(line));
                127
            }
        }
    }

    /// The text of a file by the path a command was given; `-` is what the command reads. The error is the reason in words.
    pub(super) fn text_of(&self, path: &str, streams: &Streams) -> Result<String, &'static str> {
        let resolved = self.files.resolve(&self.folder, path);
        let text = match self.files.read(&resolved) {
            _ if path == "-" => streams.input.as_str(),
            Ok(_) if path.ends_with('/') => return Err("Not a directory"),
            Ok(text) => text,
            Err(why) => return Err(why.words()),
        };
        self.read.set(self.read.get().saturating_add(text.len()));
        if self.read.get() > MOST_READ {
            return Err("Cannot allocate memory");
        }
        Ok(text.to_owned())
    }
}

/// Where what a command said goes, after its redirections.
fn redirected(
    redirections: &[Redirection],
    said: Vec<(Channel, String)>,
) -> impl Iterator<Item = (Channel, String)> {
    let mut output = Some(Channel::Output);
    let mut errors = Some(Channel::Errors);
    for redirection in redirections {
        let (which, goes) = match redirection {
            Redirection::Nowhere(which) => (*which, None),
            Redirection::Copy(which, Channel::Output) => (*which, output),
            Redirection::Copy(which, Channel::Errors) => (*which, errors),
            Redirection::FromFile(_) | Redirection::FromText(_) => continue,
        };
        match which {
            Channel::Output => output = goes,
            Channel::Errors => errors = goes,
        }
    }
    said.into_iter().filter_map(move |(channel, text)| {
        let goes = match channel {
            Channel::Output => output,
            Channel::Errors => errors,
        };
        goes.map(|goes| (goes, text))
    })
}

impl commands::Unknown {
    /// The refusal, with its place.
    fn at(&self, line: usize) -> String {
        match self {
            Self::Command(name) => format!("line {line}: the drill's shell has no `{name}`"),
            Self::Part(name, what) => {
                format!("line {line}: `{name}` of the drill's shell has no {what}")
            }
        }
    }
}
