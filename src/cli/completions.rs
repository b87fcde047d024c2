//! Completions and the manual page, made from the command line's own definition.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::failure::Failure;
use super::out::Out;
use super::{Cli, code};

/// `completions SHELL`
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub fn run(&self, out: &mut Out) -> Result<u8, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "quarterdeck", &mut script);
        out.document(&script)?;
        Ok(code::DONE)
    }
}

/// Prints the manual page as roff, subcommands included.
pub(super) fn man(out: &mut Out) -> Result<u8, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for subcommand in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        clap_mangen::Man::new(subcommand.clone()).render_synopsis_section(&mut page)?;
        clap_mangen::Man::new(subcommand.clone()).render_description_section(&mut page)?;
        clap_mangen::Man::new(subcommand.clone()).render_options_section(&mut page)?;
    }
    out.document(&page)?;
    Ok(code::DONE)
}
