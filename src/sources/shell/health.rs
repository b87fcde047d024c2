//! Scripts for `doctor`: bash reads them without running a line, and the commands they name are looked for on PATH.

use std::io::Write as _;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::model::limits;
use crate::playbook::scan::shell::{Script, read};
use crate::sources::health::{Fit, Health};

/// Whether bash is there, and the folder that scripts run in.
pub(super) fn health(path: Option<&str>, cwd: Option<&str>) -> Health {
    if !is_on_path("bash", path) {
        return Health::unreachable("bash is not on PATH: install it, or mend PATH");
    }
    match cwd.filter(|folder| !Path::new(folder).is_dir()) {
        Some(folder) => Health::unreachable(format!(
            "its folder {folder} is not there: make it, or mend `cwd` in the configuration"
        )),
        None => Health {
            remarks: vec![
                "scripts run as you: a playbook's effect=read is its word, not a sandbox"
                    .to_owned(),
            ],
            ..Health::answers("bash is on PATH")
        },
    }
}

/// `bash -n`, then the commands that the script names.
pub(super) async fn fit(
    script: &str,
    cwd: Option<&str>,
    environment: &[(String, String)],
    path: Option<&str>,
) -> Fit {
    if let Some(folder) = cwd.filter(|folder| !Path::new(folder).is_dir()) {
        return Fit::Misfit {
            message: format!("its folder {folder} is not there"),
            position: None,
        };
    }
    match parse(script, environment).await {
        Ok(None) => {}
        Ok(Some(misfit)) => return misfit,
        Err(reason) => return Fit::Unreachable(reason),
    }
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    let scanned = read(script);
    for (name, at) in commands(script, &scanned) {
        let there = if name.contains('/') {
            is_program(&Path::new(cwd.unwrap_or(".")).join(name))
        } else {
            is_on_path(name, path)
        };
        let list = if there { &mut found } else { &mut missing };
        if !list.iter().any(|(known, _)| *known == name) {
            list.push((name, at));
        }
    }
    if let Some((_, at)) = missing.first() {
        let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
        return Fit::Misfit {
            message: format!("not found on PATH: {}", names.join(", ")),
            position: Some(script.get(..*at).unwrap_or_default().chars().count()),
        };
    }
    let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    Fit::Fits(match names.as_slice() {
        [] => "bash reads it".to_owned(),
        names => format!("bash reads it; found on PATH: {}", names.join(", ")),
    })
}

/// Lets bash read the script without running it. None when it finds nothing wrong.
async fn parse(script: &str, environment: &[(String, String)]) -> Result<Option<Fit>, String> {
    let cannot = |error: std::io::Error| format!("cannot start bash: {error}");
    let mut file = tempfile::Builder::new()
        .prefix("quarterdeck-")
        .suffix(".sh")
        .tempfile()
        .map_err(cannot)?;
    file.write_all(script.as_bytes()).map_err(cannot)?;
    let mut command = Command::new("bash");
    command
        .args(["--noprofile", "--norc", "-p", "-n", "--"])
        .arg(file.path())
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(limits::PLAN_TIMEOUT, command.output())
        .await
        .map_err(|_| "bash did not read the script in time".to_owned())?
        .map_err(cannot)?;
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let own = file.path().to_string_lossy();
    let first = said.lines().next().unwrap_or_default();
    let message = first
        .strip_prefix(&*own)
        .and_then(|rest| rest.strip_prefix(": "))
        .unwrap_or(first);
    let line = message
        .strip_prefix("line ")
        .and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
    Ok(Some(Fit::Misfit {
        position: line.map(|line| start_of_line(script, line)),
        message: format!("bash cannot read it: {message}"),
    }))
}

/// Characters before a line, counted from 1.
fn start_of_line(script: &str, line: usize) -> usize {
    script
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(|line| line.chars().count())
        .sum()
}

/// Words that bash itself knows: reserved words and builtins.
const BUILT_IN: &[&str] = &[
    "!",
    ".",
    ":",
    "[",
    "[[",
    "]]",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "echo",
    "elif",
    "else",
    "enable",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "if",
    "in",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "then",
    "time",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "while",
    "{",
    "}",
];

/// Reserved words behind which a command begins.
const BEFORE_A_COMMAND: &[&str] = &[
    "!", "do", "elif", "else", "if", "then", "time", "until", "while", "{", "command", "exec",
    "builtin",
];

/// Names of the commands of a script and where each stands: words at the place of a command that are plain text. What is
/// built from a variable cannot be looked up and is left out, as are functions of the script and patterns of `case`.
fn commands<'a>(text: &'a str, script: &Script) -> Vec<(&'a str, usize)> {
    let functions = functions(&script.code);
    let mut commands: Vec<(&str, usize)> = Vec::new();
    let mut expected = true;
    // Commands before this line or list item, and parentheses that are open.
    let (mut behind, mut open) = (0, 0_usize);
    let (mut last, mut in_case) = ("", false);
    for (start, word) in words(text, script) {
        let before = std::mem::replace(&mut last, word);
        match word {
            ")" if open == 0 => {
                // The end of a pattern of `case`: what stood before it was none.
                commands.truncate(behind);
                expected = true;
                continue;
            }
            ")" => {
                open -= 1;
                // Behind the `()` of a function its body begins.
                expected = before == "(";
                continue;
            }
            // A pattern may begin with a parenthesis as well.
            "(" if in_case && matches!(before, "in" | ";" | "\n") => {}
            "(" => open += 1,
            "case" if expected => in_case = true,
            "esac" => in_case = false,
            "\n" | ";" => behind = commands.len(),
            _ => {}
        }
        if SEPARATORS.contains(word) {
            expected = true;
            continue;
        }
        let is_assignment = word
            .split_once('=')
            .is_some_and(|(name, _)| is_name(name.trim_end_matches('+')));
        if !expected || is_assignment || BEFORE_A_COMMAND.contains(&word) {
            continue;
        }
        expected = false;
        let is_plain = word
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "._+-/".contains(character));
        if is_plain && !BUILT_IN.contains(&word) && !functions.contains(&word) {
            commands.push((word, start));
        }
    }
    commands
}

/// What ends a command.
const SEPARATORS: &str = ";|&\n()";

/// Words and separators. Quoted text belongs to the word it touches, and what separates commands does so only outside of it.
fn words<'a>(text: &'a str, script: &Script) -> Vec<(usize, &'a str)> {
    // Comments, and the bodies of here-documents, which no quote opens.
    let is_body = |span: &&Range<usize>| {
        text.get(span.start..)
            .is_some_and(|rest| !rest.starts_with(['"', '\'', '$']))
    };
    let bodies = script.quoted.iter().chain(&script.literal).filter(is_body);
    let asides: Vec<&Range<usize>> = script.comments.iter().chain(bodies).collect();
    let mut words = Vec::new();
    let mut begun: Option<usize> = None;
    let mut at = 0;
    for (index, character) in text.char_indices() {
        let is_code = script
            .code
            .get(index..)
            .is_some_and(|code| code.starts_with(character));
        // Behind the `$(` of a substitution, in double quotes as well, a command begins.
        let opens = character == '('
            && !script.is_literal(index)
            && text
                .get(..index)
                .is_some_and(|before| before.ends_with('$'));
        let separates = opens || is_code && SEPARATORS.contains(character);
        let is_aside = asides.iter().any(|span| span.contains(&index));
        if !(character.is_whitespace() || separates || is_aside) {
            begun.get_or_insert(index);
        } else if let Some(start) = begun.take() {
            words.extend(text.get(start..index).map(|word| (start, word)));
        }
        if separates {
            words.extend(text.get(index..index + 1).map(|word| (index, word)));
        }
        at = index + character.len_utf8();
    }
    if let Some(start) = begun {
        words.extend(text.get(start..at).map(|word| (start, word)));
    }
    words
}

/// Names followed by `()`, or behind `function`.
fn functions(code: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for line in code.lines() {
        let line = line.trim_start();
        let line = line.strip_prefix("function ").unwrap_or(line);
        let end = line
            .find(|character: char| !(is_name_character(character) || character == '-'))
            .unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let rest = rest.trim_start();
        if !name.is_empty() && (rest.starts_with("()") || rest.starts_with('{')) {
            names.push(name);
        }
    }
    names
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|character: char| character.is_ascii_digit())
        && text.chars().all(is_name_character)
}

fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn is_on_path(name: &str, path: Option<&str>) -> bool {
    path.unwrap_or_default()
        .split(':')
        .filter(|folder| !folder.is_empty())
        .any(|folder| is_program(&Path::new(folder).join(name)))
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_the_words_where_a_command_stands() {
        for (script, expected) in [
            (
                "kubectl get pods | grep -c Running",
                vec!["kubectl", "grep"],
            ),
            ("A=1 B=2 jq . <<< \"$X\"", vec!["jq"]),
            ("if curl -s x; then echo no; fi", vec!["curl"]),
            ("x=$(aws s3 ls); \"$tool\" run; $cmd y", vec!["aws"]),
            ("# kubectl\nprintf 'rm -rf /'\n", vec![]),
            (
                "greet() { date; }\ngreet && true || ./run.sh",
                vec!["date", "./run.sh"],
            ),
            ("for p in a b; do pgrep \"$p\"; done", vec!["pgrep"]),
            (
                "case $x in\n  start|on) systemctl status y;;\n  (off) halt;;\nesac",
                vec!["systemctl", "halt"],
            ),
            (
                "cat <<EOF\nSELECT x; y\nEOF\ndate # or jq; ls\n",
                vec!["cat", "date"],
            ),
            ("! exec psql -c 'select 1'", vec!["psql"]),
        ] {
            let scanned = read(script);
            let found: Vec<&str> = commands(script, &scanned)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            assert_eq!(found, expected, "{script}");
        }
    }
}
