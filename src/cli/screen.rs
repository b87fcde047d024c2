//! The screens: home, `open`, `resume`; on the terminal, or as a picture with `--screenshot`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::failure::Failure;
use super::out::Out;
use super::{Common, code, setup};
use crate::engine::Start;
use crate::engine::effect::{OpenRequest, Purpose};
use crate::keymap::Chord;
use crate::model::ids::InputId;
use crate::runtime::customs::Customs;
use crate::runtime::program::{Program, ScriptStep};
use crate::runtime::session::{self, SessionError, Workplace};

/// The size of a picture when nothing is said.
const SIZE: &str = "120x40";
/// Columns and rows a picture may have.
const SIZE_MAX: u16 = 500;

/// A picture in place of the terminal.
#[derive(Debug, Clone, Args)]
#[expect(
    clippy::struct_field_names,
    reason = "clap names the option after the field"
)]
#[command(next_help_heading = "Picture of the screen")]
pub(super) struct Screenshot {
    /// Write the screen to this file as SVG, once nothing is under way any more, and leave.
    #[arg(long, value_name = "FILE")]
    screenshot: Option<PathBuf>,
    /// Columns and rows of the picture.
    #[arg(long, value_name = "COLUMNSxROWS", default_value = SIZE, value_parser = parse_size, requires = "screenshot")]
    size: (u16, u16),
    /// Keys to press before the picture is taken, with spaces between: `2 enter tab`. Each waits until nothing is under way.
    #[arg(long, value_name = "KEYS", value_parser = parse_keys, requires = "screenshot")]
    press: Option<Keys>,
}

/// Keys in order.
#[derive(Debug, Clone, Default)]
struct Keys(Vec<Chord>);

impl Screenshot {
    /// True when a picture is wanted.
    pub fn is_asked(&self) -> bool {
        self.screenshot.is_some()
    }

    /// The option may stand before or after the command.
    pub fn or(self, other: Self) -> Self {
        if self.is_asked() { self } else { other }
    }
}

/// `open PLAYBOOK`
#[derive(Debug, Args)]
pub(super) struct Open {
    /// Playbook id, alert name, file, or file#id.
    playbook: String,
    /// The alert that led here.
    #[arg(long, value_name = "NAME")]
    alert: Option<String>,
    /// Severity to open with.
    #[arg(long, value_name = "LEVEL")]
    severity: Option<String>,
    /// Give an input its value; may be repeated.
    #[arg(long, value_name = "INPUT=VALUE", value_parser = parse_set)]
    set: Vec<(InputId, String)>,
    #[command(flatten)]
    screenshot: Screenshot,
}

/// `resume [INCIDENT]`
#[derive(Debug, Args)]
pub(super) struct Resume {
    /// `last`, an id, or its last four or more digits.
    #[arg(default_value = "last")]
    incident: String,
    #[command(flatten)]
    screenshot: Screenshot,
}

/// The home screen.
pub(super) fn home(common: &Common, screenshot: Screenshot, out: &mut Out) -> Result<u8, Failure> {
    let workplace = setup::workplace(common, out)?;
    show(workplace, Start::Home, common, screenshot, out)
}

/// Opens an incident. What does not fit is told before anything is created.
pub(super) fn open(
    open: Open,
    common: &Common,
    screenshot: Screenshot,
    out: &mut Out,
) -> Result<u8, Failure> {
    let workplace = setup::workplace(common, out)?;
    let request = OpenRequest {
        purpose: Purpose::Live,
        playbook: open.playbook,
        alert: open.alert,
        severity: open.severity,
        severity_settled: false,
        set: open.set,
    };
    session::check_request(&workplace, &request).map_err(of_session)?;
    show(
        workplace,
        Start::Open(request),
        common,
        screenshot.or(open.screenshot),
        out,
    )
}

/// Goes on with an incident.
pub(super) fn resume(
    resume: &Resume,
    common: &Common,
    screenshot: Screenshot,
    out: &mut Out,
) -> Result<u8, Failure> {
    let workplace = setup::workplace(common, out)?;
    let (_, incident) = setup::find(&workplace, &resume.incident)?;
    let screenshot = screenshot.or(resume.screenshot.clone());
    show(workplace, Start::Resume(incident), common, screenshot, out)
}

/// Refusals are wrong usage; a record that cannot be written is the store's failure.
pub(super) fn of_session(error: SessionError) -> Failure {
    match error {
        SessionError::Refused(_) => Failure::usage(error),
        SessionError::Store(error) => setup::of_store(error),
        SessionError::Seal(_) | SessionError::Random(_) => Failure::failed(error),
    }
}

fn show(
    workplace: Workplace,
    start: Start,
    common: &Common,
    screenshot: Screenshot,
    out: &mut Out,
) -> Result<u8, Failure> {
    show_with(workplace, start, common, screenshot, None, out)
}

/// Shows a screen: on the terminal, or without one when a picture is wanted or a script is to be played.
pub(super) fn show_with(
    workplace: Workplace,
    start: Start,
    common: &Common,
    screenshot: Screenshot,
    script: Option<Vec<ScriptStep>>,
    out: &mut Out,
) -> Result<u8, Failure> {
    let customs = Customs::load(&workplace.config().places);
    for (source, finding) in &customs.findings {
        out.say(finding.located(source));
    }
    let program = Program {
        theme: setup::theme(common, &workplace.config().environment),
        workplace: Arc::new(workplace),
        keys: customs.keys,
        layouts: customs.layouts,
        start,
    };
    if script.is_none() && !screenshot.is_asked() {
        return Err(Failure::usage(program.on_terminal()));
    }
    let mut steps = script.unwrap_or_default();
    let keys = screenshot.press.unwrap_or_default().0;
    steps.extend(keys.into_iter().map(ScriptStep::Press));
    let played = program
        .on_paper(screenshot.size, steps)
        .map_err(Failure::failed)?;
    if let Some(incident) = played.incident {
        out.say(format!("incident {}", incident.short()));
    }
    if let Some(file) = screenshot.screenshot {
        std::fs::write(&file, played.svg)
            .map_err(|error| Failure::failed(format!("write {}: {error}", file.display())))?;
        out.say(format!("wrote {}", file.display()));
    }
    Ok(code::DONE)
}

fn parse_size(text: &str) -> Result<(u16, u16), String> {
    text.split_once('x')
        .and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)))
        .filter(|(columns, rows)| (1..=SIZE_MAX).contains(columns) && (1..=SIZE_MAX).contains(rows))
        .ok_or_else(|| format!("expected columns and rows up to {SIZE_MAX} such as {SIZE}"))
}

fn parse_keys(text: &str) -> Result<Keys, String> {
    chords(text).map(Keys)
}

/// Keys with spaces between.
pub(super) fn chords(text: &str) -> Result<Vec<Chord>, String> {
    text.split_whitespace().map(str::parse).collect()
}

pub(super) fn parse_set(text: &str) -> Result<(InputId, String), String> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (InputId::new(name), value.to_owned()))
        .ok_or_else(|| "expected input=value".to_owned())
}
