//! The table of fence languages: which word starts an action, and which only where a runbook is read leniently.

use crate::model::playbook::Language;

/// One language with the words that name it in an info string.
pub struct LanguageRow {
    /// What it runs as.
    pub language: Language,
    /// Words of the format, for native playbooks and runbooks alike.
    pub words: &'static [&'static str],
    /// Words understood in plain runbooks only.
    pub lenient: &'static [&'static str],
}

/// Every language that makes a fence an action.
pub const LANGUAGES: [LanguageRow; 6] = [
    LanguageRow {
        language: Language::Kql,
        words: &["kql"],
        lenient: &["kusto", "csl"],
    },
    LanguageRow {
        language: Language::Sql,
        words: &["sql"],
        lenient: &[
            "postgresql",
            "postgres",
            "psql",
            "pgsql",
            "mysql",
            "sqlite",
            "tsql",
        ],
    },
    LanguageRow {
        language: Language::Promql,
        words: &["promql"],
        lenient: &[],
    },
    LanguageRow {
        language: Language::Http,
        words: &["http"],
        lenient: &[],
    },
    LanguageRow {
        language: Language::Shell,
        words: &["sh", "bash"],
        lenient: &[
            "shell",
            "zsh",
            "console",
            "shell-session",
            "shellsession",
            "sh-session",
            "terminal",
        ],
    },
    LanguageRow {
        language: Language::Message,
        words: &["message"],
        lenient: &[],
    },
];

/// Words of fences that hold a session: lines after a prompt are commands, the others output.
const SESSIONS: [&str; 5] = [
    "console",
    "shell-session",
    "shellsession",
    "sh-session",
    "terminal",
];

/// The language a fence's first word stands for; `native` takes the words of the format only.
pub fn of_word(word: &str, native: bool) -> Option<Language> {
    LANGUAGES
        .iter()
        .find(|row| {
            let known = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
            known(row.words) || (!native && known(row.lenient))
        })
        .map(|row| row.language)
}

/// Whether a fence of this word shows prompts and output.
pub fn is_session(word: &str) -> bool {
    SESSIONS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word))
}

/// The words of the format, for suggestions.
pub fn words() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().flat_map(|row| row.words).copied()
}
