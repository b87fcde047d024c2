//! The program: everything is in the library, which says how it ended.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(quarterdeck::cli::run())
}
