//! Scripts of keys: what `drill --play` plays. One step a line, so that a script reads like the drill it is.
//!
//! `press KEYS` presses keys with spaces between, each when nothing is under way any more; `type TEXT` types a text; `wait TIME` lets simulated time
//! pass, such as `90s` or `15m`; `#` begins a comment.

use std::path::Path;

use super::failure::Failure;
use super::screen;
use crate::model::{duration, limits};
use crate::runtime::program::ScriptStep;

/// Reads a script. The error names the line, what was expected and what was found.
pub(super) fn read(path: &Path) -> Result<Vec<ScriptStep>, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let size = std::fs::metadata(path)
        .map_err(|error| failed(&error))?
        .len();
    if size > limits::PLAYBOOK_BYTES as u64 {
        return Err(failed(&"too large for a script of keys"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    let mut steps = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let found = parse_line(line).map_err(|error| {
            Failure::usage(format!("{}:{}: {error}", path.display(), index + 1))
        })?;
        steps.extend(found);
    }
    Ok(steps)
}

fn parse_line(line: &str) -> Result<Vec<ScriptStep>, String> {
    let line = line.trim_start();
    if line.is_empty() || line.starts_with('#') {
        return Ok(Vec::new());
    }
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "press" => {
            let keys = screen::chords(rest)?;
            Ok(keys.into_iter().map(ScriptStep::Press).collect())
        }
        "type" => Ok(vec![ScriptStep::Type(rest.to_owned())]),
        "wait" => {
            let time = duration::parse(rest.trim())
                .ok_or_else(|| format!("expected a time such as 90s or 15m, found {rest:?}"))?;
            Ok(vec![ScriptStep::Wait(time)])
        }
        other => Err(format!("expected press, type or wait, found {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_step_or_an_error() {
        assert_eq!(parse_line("# nothing").unwrap(), []);
        assert_eq!(parse_line("press 1 enter").unwrap().len(), 2);
        assert_eq!(
            parse_line("type u-7  x").unwrap(),
            [ScriptStep::Type("u-7  x".to_owned())]
        );
        assert_eq!(
            parse_line("wait 15m").unwrap(),
            [ScriptStep::Wait(std::time::Duration::from_secs(900))]
        );
        assert!(parse_line("wait soon").unwrap_err().contains("15m"));
        assert!(parse_line("jump").unwrap_err().contains("\"jump\""));
    }
}
