//! Settings as typed structs whose doc comments are the reference, and the reading of such a struct out of a TOML table.
//!
//! `settings!` makes the struct and its table of rows from one text, so that help, reference and reader cannot disagree.
//! Nothing here knows which settings there are.

use std::time::Duration;

use serde::de::{DeserializeOwned, Deserializer, Error as _};
use toml::Spanned;
use toml::de::DeTable;
use url::Url;

use super::secret::SecretReference;
use crate::model::diagnostic::{Diagnostic, SourceText, nearest};
use crate::model::duration;
use crate::model::ids::SourceName;
use crate::model::playbook::Span;

/// A line of the settings reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingRow {
    /// The key as it is written.
    pub key: &'static str,
    /// The type in words.
    pub kind: &'static str,
    /// Whether leaving it out is an error.
    pub required: bool,
    /// What it is for: the field's doc comment.
    pub help: &'static str,
}

/// A struct of settings and its reference.
pub trait Settings: DeserializeOwned {
    /// One row a key.
    const ROWS: &'static [SettingRow];
}

/// A type that a setting may have.
pub trait SettingType {
    /// The type in words.
    const WORD: &'static str;
    /// Whether the key must be there.
    const REQUIRED: bool = true;
}

/// Declares a struct of settings; each field needs a doc comment, which becomes its help.
macro_rules! settings {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[doc = $help:literal])+ $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[doc = $help])+ pub $field: $type,)*
        }

        impl $crate::config::settings::Settings for $name {
            const ROWS: &'static [$crate::config::settings::SettingRow] = &[
                $($crate::config::settings::SettingRow {
                    key: stringify!($field),
                    kind: <$type as $crate::config::settings::SettingType>::WORD,
                    required: <$type as $crate::config::settings::SettingType>::REQUIRED,
                    help: concat!($($help),+).trim_ascii(),
                },)*
            ];
        }
    };
}
pub(crate) use settings;

impl SettingType for String {
    const WORD: &'static str = "text";
}
impl SettingType for bool {
    const WORD: &'static str = "true or false";
}
impl SettingType for u16 {
    const WORD: &'static str = "whole number";
}
impl SettingType for u64 {
    const WORD: &'static str = "whole number";
}
impl SettingType for Vec<String> {
    const WORD: &'static str = "list of texts";
}
impl SettingType for SecretReference {
    const WORD: &'static str = "secret by reference";
}
impl<T: SettingType> SettingType for Spanned<T> {
    const WORD: &'static str = T::WORD;
    const REQUIRED: bool = T::REQUIRED;
}
impl<T: SettingType> SettingType for Option<T> {
    const WORD: &'static str = T::WORD;
    const REQUIRED: bool = false;
}

/// A duration as playbooks write them: `15s`, `5m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettingDuration(pub Duration);

impl SettingType for SettingDuration {
    const WORD: &'static str = "duration";
}

impl<'de> serde::Deserialize<'de> for SettingDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        duration::parse(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("expected a duration such as 15s, 5m or 24h"))
    }
}

/// The address of a server. It may name a user; a password in it is refused, because addresses are shown and recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(pub Url);

impl SettingType for Address {
    const WORD: &'static str = "address";
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The messages never repeat the text: what failed to parse may hold the password.
        let text = String::deserialize(deserializer)?;
        let url = Url::parse(&text).map_err(|error| {
            D::Error::custom(format!(
                "expected an address such as https://host.example: {error}"
            ))
        })?;
        let password_in_query = url
            .query_pairs()
            .any(|(name, _)| name.to_lowercase().contains("password"));
        if url.password().is_some() || password_in_query {
            return Err(D::Error::custom(
                "the address holds a password: take it out and write `password = \"env:NAME\"` (or file:, cmd:) beside it",
            ));
        }
        Ok(Self(url))
    }
}

/// One source of a profile, not yet understood: its kind's own code reads the table.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceSettings {
    /// The name that playbooks use.
    pub name: SourceName,
    /// The word of its kind, with its place in the file.
    pub kind: Spanned<String>,
    /// The profile it belongs to.
    pub profile: String,
    /// The file it stands in. The table is read from its text again, so that every value keeps its place.
    pub file: SourceText,
}

impl SourceSettings {
    /// Reads the table as the kind's settings. Unknown keys are errors with the nearest known name; all are reported.
    pub fn read<T: Settings>(&self) -> Result<T, Vec<Diagnostic>> {
        let what = format!("source \"{}\"", self.name);
        let Some(table) = self.table() else {
            let message = format!("{what}: its table is gone from {}", self.file.path);
            return Err(vec![self.error(message)]);
        };
        read(table, &what)
    }

    /// An error of the source as a whole, at the place of its `kind`.
    pub fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error("bad-source", self.kind.span(), message)
    }

    fn table(&self) -> Option<Spanned<DeTable<'_>>> {
        let document = DeTable::parse(&self.file.text).ok()?;
        let value = document
            .get_ref()
            .get("profiles")?
            .get_ref()
            .get(self.profile.as_str())?
            .get_ref()
            .get("sources")?
            .get_ref()
            .get(self.name.as_str())?;
        let mut table = value.get_ref().as_table()?.clone();
        table.remove("kind");
        Some(Spanned::new(value.span(), table))
    }
}

/// Reads a table into its struct. `what` names the table in messages.
pub(super) fn read<T: Settings>(
    table: Spanned<DeTable<'_>>,
    what: &str,
) -> Result<T, Vec<Diagnostic>> {
    let unknown = unknown_keys(table.get_ref(), &keys(T::ROWS), what);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let span = table.span();
    T::deserialize(toml::Deserializer::from(table)).map_err(|error| {
        vec![Diagnostic::error(
            "bad-setting",
            error.span().unwrap_or(span),
            format!("{what}: {}", error.message()),
        )]
    })
}

/// The keys of a reference.
pub(super) fn keys(rows: &[SettingRow]) -> Vec<&'static str> {
    rows.iter().map(|row| row.key).collect()
}

/// A finding for every key that is not among `known`.
pub(super) fn unknown_keys(table: &DeTable<'_>, known: &[&str], what: &str) -> Vec<Diagnostic> {
    table
        .keys()
        .filter(|key| !known.contains(&key.get_ref().as_ref()))
        .map(|key| unknown_name(key.get_ref(), key.span(), known, "key", what))
        .collect()
}

/// "unknown key x in y", with the nearest known name or else all of them.
pub fn unknown_name(
    written: &str,
    span: Span,
    known: &[&str],
    noun: &str,
    what: &str,
) -> Diagnostic {
    let help = nearest(written, known.iter().copied()).map_or_else(
        || format!("expected one of {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    Diagnostic::error(
        "unknown-setting",
        span,
        format!("{what}: unknown {noun} `{written}`"),
    )
    .with_help(help)
}
