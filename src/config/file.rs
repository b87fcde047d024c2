//! `config.toml`: reading it, and what is in it. Mistakes become diagnostics; everything else still counts.

use std::io::{ErrorKind, Read};
use std::path::Path;

use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::settings::{self, SettingType, Settings, SourceSettings, settings};
use crate::model::diagnostic::{Diagnostic, SourceText};
use crate::model::ids::SourceName;
use crate::model::limits;

settings! {
    /// The top of `config.toml`, without its profiles.
    pub struct GeneralSettings {
        /// The profile that is used when neither `--profile` nor QUARTERDECK_PROFILE names one.
        profile: Option<Spanned<String>>,
        /// Who is at the keyboard, when neither `--as` nor QUARTERDECK_OPERATOR says so.
        operator: Option<String>,
        /// How things are shown.
        display: Option<DisplaySettings>,
    }
}

settings! {
    /// The `[display]` table.
    pub struct DisplaySettings {
        /// IANA name of the zone in which times are shown, such as Europe/Berlin. Default: UTC.
        timezone: Option<Spanned<String>>,
    }
}

impl SettingType for DisplaySettings {
    const WORD: &'static str = "table";
}

/// What a `config.toml` says.
#[derive(Debug, Clone, Default)]
pub struct ConfigFile {
    /// Name of the default profile, with its place.
    pub profile: Option<Spanned<String>>,
    /// Who is at the keyboard.
    pub operator: Option<String>,
    /// A zone that exists.
    pub timezone: Option<String>,
    /// Profiles in the order written.
    pub profiles: IndexMap<String, Profile>,
}

/// A named set of sources: an environment such as `prod`.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Its sources in the order written.
    pub sources: IndexMap<SourceName, SourceSettings>,
}

/// Reads the file. One that is not there is an empty one.
pub(super) fn read(path: &Path) -> Result<SourceText, ConfigError> {
    let shown = path.display().to_string();
    let unreadable = |reason: String| ConfigError::Unreadable {
        path: shown.clone(),
        reason,
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(SourceText::new(shown, "")),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let mut text = String::new();
    let read = file
        .take(limits::CONFIG_BYTES as u64 + 1)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(error.to_string()))?;
    if read > limits::CONFIG_BYTES {
        return Err(unreadable(format!(
            "larger than {} bytes",
            limits::CONFIG_BYTES
        )));
    }
    Ok(SourceText::new(shown, text))
}

/// Reads what is in the file, and what is wrong with it.
pub fn parse(source: &SourceText) -> (ConfigFile, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut file = ConfigFile::default();
    let (mut document, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        // After a syntax error the rest is a guess; a guess must not choose where queries go.
        diagnostics.extend(errors.into_iter().take(limits::DIAGNOSTICS).map(|error| {
            Diagnostic::error(
                "bad-toml",
                error.span().unwrap_or_default(),
                error.message().to_owned(),
            )
        }));
        return (file, diagnostics);
    }
    if let Some(profiles) = document.get_mut().remove("profiles") {
        file.profiles = parse_profiles(&profiles, source, &mut diagnostics);
    }
    let mut known = settings::keys(GeneralSettings::ROWS);
    known.push("profiles");
    diagnostics.extend(settings::unknown_keys(
        document.get_ref(),
        &known,
        "config.toml",
    ));
    keep_known(document.get_mut(), GeneralSettings::ROWS);
    if let Some(display) =
        document
            .get_mut()
            .get_mut("display")
            .and_then(|value| match value.get_mut() {
                DeValue::Table(table) => Some(table),
                _ => None,
            })
    {
        let known = settings::keys(DisplaySettings::ROWS);
        diagnostics.extend(settings::unknown_keys(display, &known, "[display]"));
        keep_known(display, DisplaySettings::ROWS);
    }
    match settings::read::<GeneralSettings>(document, "config.toml") {
        Ok(general) => {
            file.profile = general.profile;
            file.operator = general.operator;
            file.timezone = general
                .display
                .and_then(|display| display.timezone)
                .and_then(|zone| known_zone(zone, &mut diagnostics));
        }
        Err(found) => diagnostics.extend(found),
    }
    (file, diagnostics)
}

fn known_zone(zone: Spanned<String>, diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
    if jiff::tz::TimeZone::get(zone.get_ref()).is_ok() {
        return Some(zone.into_inner());
    }
    diagnostics.push(
        Diagnostic::error(
            "unknown-timezone",
            zone.span(),
            format!("no time zone `{}`", zone.get_ref()),
        )
        .with_help("write an IANA name such as UTC or Europe/Berlin"),
    );
    None
}

fn parse_profiles(
    profiles: &Spanned<DeValue<'_>>,
    file: &SourceText,
    diagnostics: &mut Vec<Diagnostic>,
) -> IndexMap<String, Profile> {
    let mut parsed = IndexMap::new();
    for (name, value) in in_order(profiles, "profiles", diagnostics) {
        let what = format!("profile \"{name}\"");
        let mut sources = IndexMap::new();
        if let DeValue::Table(table) = value.get_ref() {
            diagnostics.extend(settings::unknown_keys(table, &["sources"], &what));
            if let Some(table) = table.get("sources") {
                for (source, value) in in_order(table, &format!("{what}: sources"), diagnostics) {
                    if let Some(kind) = kind_of(&source, value, diagnostics) {
                        let source = SourceSettings {
                            name: SourceName::new(source),
                            kind,
                            profile: name.clone(),
                            file: file.clone(),
                        };
                        sources.insert(source.name.clone(), source);
                    }
                }
            }
        } else {
            diagnostics.push(not_a_table(&what, value));
        }
        parsed.insert(name.clone(), Profile { name, sources });
    }
    parsed
}

fn kind_of(
    name: &str,
    value: &Spanned<DeValue<'_>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Spanned<String>> {
    let DeValue::Table(table) = value.get_ref() else {
        diagnostics.push(not_a_table(&format!("source \"{name}\""), value));
        return None;
    };
    let kind = table.get("kind");
    let span = kind.map_or_else(|| value.span(), Spanned::span);
    if let Some(word) = kind.and_then(|kind| kind.get_ref().as_str()) {
        return Some(Spanned::new(span, word.to_owned()));
    }
    diagnostics.push(
        Diagnostic::error(
            "missing-kind",
            span,
            format!("source \"{name}\" does not say what it is"),
        )
        .with_help("add a line such as kind = \"prometheus\""),
    );
    None
}

/// The entries of a table in the order of the file: the parser keeps them sorted by name.
fn in_order<'a>(
    value: &'a Spanned<DeValue<'a>>,
    what: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(String, &'a Spanned<DeValue<'a>>)> {
    let DeValue::Table(table) = value.get_ref() else {
        diagnostics.push(not_a_table(what, value));
        return Vec::new();
    };
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
        .into_iter()
        .map(|(key, value)| (key.get_ref().to_string(), value))
        .collect()
}

fn not_a_table(what: &str, value: &Spanned<DeValue<'_>>) -> Diagnostic {
    Diagnostic::error(
        "bad-setting",
        value.span(),
        format!(
            "{what}: expected a table, found a {}",
            value.get_ref().type_str()
        ),
    )
}

/// Drops the keys that were reported, so that the others still count.
fn keep_known(table: &mut DeTable<'_>, rows: &[settings::SettingRow]) {
    let unknown: Vec<String> = table
        .keys()
        .map(|key| key.get_ref().to_string())
        .filter(|key| !rows.iter().any(|row| row.key == key))
        .collect();
    for key in unknown {
        table.remove(key.as_str());
    }
}
