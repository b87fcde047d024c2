//! The command line: what was asked, by whom, and how the answer ends.
//!
//! One file a subcommand. Data goes to standard output, talk to standard error; every text that came from outside is made
//! safe on its way. Nothing here decides what an incident means: that is the engine's and the record's.

mod check;
mod completions;
mod config;
mod doctor;
mod drill;
mod failure;
mod kql;
mod list;
mod note;
mod out;
mod rehearse;
mod report;
mod screen;
mod script;
mod setup;
mod show;
mod timeline;
mod verify;
mod walk;

use clap::{Args, Parser, Subcommand, ValueEnum};

use failure::Failure;
use out::Out;

/// Exit codes of the program.
pub mod code {
    /// Done.
    pub const DONE: u8 = 0;
    /// The answer is no: `check` found errors, `verify` found a fault.
    pub const NO: u8 = 1;
    /// Wrong usage.
    pub const USAGE: u8 = 2;
    /// An answer that cannot be believed to the end.
    pub const INCONCLUSIVE: u8 = 3;
    /// A source or the store failed.
    pub const FAILED: u8 = 4;
}

/// The incident cockpit for the terminal.
#[derive(Debug, Parser)]
#[command(
    name = "quarterdeck",
    version,
    about = "The incident cockpit for the terminal. Without a command it opens the home screen.",
    after_help = "Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 inconclusive, 4 a source or the store failed.",
    propagate_version = true
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    screenshot: screen::Screenshot,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "For every command")]
struct Common {
    /// Who you are; the record says that you said so.
    #[arg(long = "as", value_name = "NAME", global = true)]
    operator: Option<String>,
    /// Profile of sources in config.toml.
    #[arg(long, value_name = "NAME", global = true)]
    profile: Option<String>,
    /// Colours of the screens (printed text has none); `auto` asks the terminal and NO_COLOR.
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value = "auto",
        global = true
    )]
    color: Color,
    /// Say only what was asked for.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more.
    #[arg(short, long, global = true)]
    verbose: bool,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open an incident: by playbook id, alert name or file.
    Open(screen::Open),
    /// Go on with an incident; without one, with the newest that is open.
    Resume(screen::Resume),
    /// Train on a simulated breach in the whole cockpit; no server and no configuration needed.
    Drill(drill::Drill),
    /// Walk through a playbook: every action is shown as it would be sent, and nothing is.
    Walk(walk::Walk),
    /// Check playbooks and scenarios of drills; folders are searched, without a path the library is checked.
    Check(check::Check),
    /// Say how configuration, places, terminal and sources are; with a playbook, whether its actions fit their sources.
    Doctor(doctor::Doctor),
    /// Try every action of playbooks on the simulated service of the drills, without a screen; nothing outside is asked.
    Rehearse(rehearse::Rehearse),
    /// List what there is.
    List(list::List),
    /// Show how an incident stands.
    Show(show::Show),
    /// Write a note into an incident.
    Note(note::Note),
    /// Print an incident's entries.
    Timeline(timeline::Timeline),
    /// Write an incident's report.
    Report(report::Report),
    /// Verify an incident's record.
    Verify(verify::Verify),
    /// Show the configuration and where it is.
    Config(config::Config),
    /// Run a KQL query over files.
    Kql(kql::Kql),
    /// Print completions for a shell.
    Completions(completions::Completions),
    /// Print the manual page.
    Man,
}

/// The form of printed data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Runs the program with the arguments of the process. Returns the exit code.
pub fn run() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors; clap knows where each goes.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(code::USAGE);
        }
    };
    let mut out = Out::new(cli.common.quiet, cli.common.verbose);
    let result = dispatch(cli, &mut out).and_then(|code| {
        out.finish()?;
        Ok(code)
    });
    match result {
        Ok(code) => code,
        Err(failure) if failure.is_broken_pipe() => code::DONE,
        Err(failure) => {
            out::complain(&failure);
            failure.code
        }
    }
}

fn dispatch(cli: Cli, out: &mut Out) -> Result<u8, Failure> {
    let common = &cli.common;
    let Some(command) = cli.command else {
        return screen::home(common, cli.screenshot, out);
    };
    if cli.screenshot.is_asked()
        && !matches!(
            command,
            Command::Open(_) | Command::Resume(_) | Command::Drill(_) | Command::Walk(_)
        )
    {
        return Err(Failure::usage(
            "--screenshot belongs to the screens: home, open, resume, drill and walk",
        ));
    }
    match command {
        Command::Open(open) => screen::open(open, common, cli.screenshot, out),
        Command::Resume(resume) => screen::resume(&resume, common, cli.screenshot, out),
        Command::Drill(drill) => drill.run(common, cli.screenshot, out),
        Command::Walk(walk) => walk.run(common, cli.screenshot, out),
        Command::Check(check) => check.run(common, out),
        Command::Doctor(doctor) => doctor.run(common, out),
        Command::Rehearse(rehearse) => rehearse.run(common, out),
        Command::List(list) => list.run(common, out),
        Command::Show(show) => show.run(common, out),
        Command::Note(note) => note.run(common, out),
        Command::Timeline(timeline) => timeline.run(common, out),
        Command::Report(report) => report.run(common, out),
        Command::Verify(verify) => verify.run(common, out),
        Command::Config(config) => config.run(common, out),
        Command::Kql(kql) => kql.run(out),
        Command::Completions(completions) => completions.run(out),
        Command::Man => completions::man(out),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
