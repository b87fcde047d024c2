//! Inputs as environment variables: which names and which values a script may get.
//!
//! A variable is data only as long as the script quotes it and does no arithmetic with it; so values are held to a plain
//! pattern as well. Names that change how bash, the dynamic linker or a language runtime works are refused.

use std::sync::LazyLock;

use regex::Regex;

use crate::config::secret::SecretReference;
use crate::model::input::BUILT_INS;
use crate::model::playbook::Action;
use crate::model::request::{BoundInput, Parameter, PlanContext, PlanError};

/// What every script inherits from the program, if it is set.
pub(in crate::sources) const ALLOWED: [&str; 9] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TERM",
    "TZ",
    "TMPDIR",
    "SSH_AUTH_SOCK",
];

/// The kind of a parameter whose value in the plan is a reference to a secret.
pub(in crate::sources) const SECRET_KIND: &str = "secret environment";

/// The variables a plan adds, and how they are shown. One parameter a variable, in the same order.
#[derive(Debug, Default)]
pub(in crate::sources) struct Variables {
    pub(in crate::sources) environment: Vec<(String, String)>,
    pub(in crate::sources) parameters: Vec<Parameter>,
}

/// `op_id` and `op-id` are `OP_ID`.
pub(in crate::sources) fn variable_name(input: &str) -> String {
    input.to_ascii_uppercase().replace('-', "_")
}

/// The action's inputs, and those built-in names that the script uses.
pub(in crate::sources) fn from_inputs(
    action: &Action,
    script: &str,
    context: &PlanContext,
    inherited: &[(String, String)],
) -> Result<Variables, PlanError> {
    let mut variables = Variables::default();
    for input in &context.inputs {
        let id = input.id.as_str();
        let name = variable_name(id);
        let is_used = action.inputs.contains(&input.id)
            || (BUILT_INS.contains(&id) && script.contains(name.as_str()));
        if !is_used {
            continue;
        }
        let taken = inherited.iter().any(|(other, _)| *other == name)
            || variables
                .environment
                .iter()
                .any(|(other, _)| *other == name);
        if taken || changes_the_shell(&name) {
            return Err(PlanError::Refused(format!(
                "the input {id} would become the environment variable {name}, which means something else to a shell: rename the input"
            )));
        }
        let is_secret = input.kind == "secret";
        check_value(input)?;
        variables.parameters.push(Parameter {
            name: id.to_owned(),
            kind: if is_secret {
                SECRET_KIND
            } else {
                "environment"
            }
            .to_owned(),
            value: if is_secret {
                format!("‹secret {}›", input.text)
            } else {
                input.text.clone()
            },
            example: input.example,
        });
        variables.environment.push((name, input.text.clone()));
    }
    Ok(variables)
}

/// Names that bash, the dynamic linker or a language runtime obeys, and names that are no names.
pub(in crate::sources) fn changes_the_shell(name: &str) -> bool {
    const NAMES: [&str; 30] = [
        "CDPATH",
        "COLUMNS",
        "COMP_WORDBREAKS",
        "EDITOR",
        "ENV",
        "EUID",
        "FIGNORE",
        "FUNCNEST",
        "GLOBIGNORE",
        "GLOBSORT",
        "HISTFILE",
        "HOSTALIASES",
        "IFS",
        "INPUTRC",
        "LINES",
        "LOCPATH",
        "NLSPATH",
        "NODE_OPTIONS",
        "OLDPWD",
        "OPTIND",
        "PAGER",
        "PATH",
        "POSIXLY_CORRECT",
        "PROMPT_COMMAND",
        "PWD",
        "SHELL",
        "SHELLOPTS",
        "SHLVL",
        "TMOUT",
        "UID",
    ];
    const PREFIXES: [&str; 13] = [
        "BASH", "DYLD_", "GCONV_", "GIT_", "GLIBC_", "JAVA_", "LD_", "LESS", "MALLOC_", "PERL",
        "PS", "PYTHON", "RUBY",
    ];
    let well_formed = name.bytes().enumerate().all(|(at, byte)| {
        byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit())
    });
    // PS0 … PS4, but not PSEUDONYM.
    let by_prefix = PREFIXES.iter().any(|prefix| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| *prefix != "PS" || rest.bytes().all(|byte| byte.is_ascii_digit()))
    });
    name.is_empty() || !well_formed || NAMES.contains(&name) || by_prefix
}

/// Text must look harmless even where a script forgets its quotes, unless its playbook says what it looks like; the other
/// types are so by themselves. Example values are only shown.
fn check_value(input: &BoundInput) -> Result<(), PlanError> {
    static PLAIN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\A[A-Za-z0-9._:@/+][A-Za-z0-9._:@/+-]{0,255}\z").ok());
    let id = &input.id;
    if input.example {
        return Ok(());
    }
    match input.kind {
        "secret" => input
            .text
            .parse::<SecretReference>()
            .map(|_| ())
            .map_err(|error| PlanError::Refused(format!("{id}: {error}"))),
        "text"
            if !input.has_pattern
                && !PLAIN
                    .as_ref()
                    .is_some_and(|plain| plain.is_match(&input.text)) =>
        {
            Err(PlanError::Refused(format!(
                "the value of {id} cannot be given to a script: 1 to 256 of A-Z a-z 0-9 . _ : @ / + - are allowed, and no `-` at its beginning; a pattern in the playbook would allow more"
            )))
        }
        _ if input.text.contains('\0') => Err(PlanError::Refused(format!(
            "the value of {id} holds a NUL byte"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_meaning_of_their_own_are_refused() {
        for name in [
            "BASH_ENV",
            "BASHOPTS",
            "LD_PRELOAD",
            "IFS",
            "PATH",
            "PS4",
            "ENV",
            "SHELLOPTS",
            "PYTHONPATH",
            "GIT_SSH_COMMAND",
            "1A",
            "",
            "A B",
            "A=B",
            "BASH_FUNC_x%%",
        ] {
            assert!(changes_the_shell(name), "{name}");
        }
        for name in [
            "OP_ID",
            "ACTOR_ID",
            "PSEUDONYM",
            "KUBECONFIG",
            "_A1",
            "WINDOW_START",
        ] {
            assert!(!changes_the_shell(name), "{name}");
        }
    }

    #[test]
    fn values_are_held_to_the_pattern_of_their_type() {
        for (kind, text, good) in [
            ("text", "org-a_1.b:c@d/e+f", true),
            ("text", "-rf", false),
            ("text", "x[$(id)]", false),
            ("text", "a b", false),
            ("text", "a\n", false),
            ("text", "", false),
            ("integer", "-5", true),
            ("choice", "audit events", true),
            ("choice", "a\0", false),
            ("secret", "env:TOKEN", true),
            ("secret", "the-secret-itself", false),
        ] {
            let input = BoundInput {
                id: "x".into(),
                kind,
                text: text.to_owned(),
                example: false,
                has_pattern: false,
            };
            assert_eq!(check_value(&input).is_ok(), good, "{kind} {text:?}");
        }
        let patterned = |text: &str| BoundInput {
            id: "x".into(),
            kind: "text",
            text: text.to_owned(),
            example: false,
            has_pattern: true,
        };
        assert!(check_value(&patterned("O'Neill, -rf")).is_ok());
        assert!(check_value(&patterned("a\0")).is_err());
        let long = BoundInput {
            id: "x".into(),
            kind: "text",
            text: "a".repeat(257),
            example: false,
            has_pattern: false,
        };
        assert!(check_value(&long).is_err());
    }
}
