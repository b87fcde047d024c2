//! Front matter: what a playbook says about itself before its body. Unknown keys are errors with the nearest name.

mod locate;

use std::ops::Range;
use std::time::Duration;

use indexmap::IndexMap;

pub use locate::locate;

use super::ids;
use super::yaml::{self, Key, Node, Value};
use crate::model::diagnostic::{Diagnostic, nearest};
use crate::model::duration;
use crate::model::ids::{ClockId, EvidenceId, InputId, RoleId};
use crate::model::input::{BUILT_INS, Input, InputType};
use crate::model::playbook::{Clock, ClockStart, EvidenceItem, Severity};
use locate::names_version;

/// Everything front matter can say. One file's settings are shared by the playbooks in it, and each may add its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The format version was named: the playbook is native.
    pub native: bool,
    /// `id:`
    pub id: Option<String>,
    /// `title:`
    pub title: Option<String>,
    /// `summary:`
    pub summary: Option<String>,
    /// `severity:`
    pub severity: Vec<String>,
    /// `ladder:`
    pub ladder: Vec<Severity>,
    /// `owner:`
    pub owner: Option<String>,
    /// `reviewed:`
    pub reviewed: Option<jiff::civil::Date>,
    /// `alerts:`
    pub alerts: Vec<String>,
    /// `roles:`
    pub roles: IndexMap<RoleId, String>,
    /// `inputs:`
    pub inputs: IndexMap<InputId, Input>,
    /// `clocks:`
    pub clocks: IndexMap<ClockId, Clock>,
    /// `evidence:`
    pub evidence: IndexMap<EvidenceId, EvidenceItem>,
}

/// Milestones that clocks and `otherwise` may name.
pub const MILESTONES: [&str; 5] = ["aware", "confirmed", "contained", "resolved", "closed"];

const KEYS: [&str; 13] = [
    "quarterdeck",
    "id",
    "title",
    "summary",
    "severity",
    "ladder",
    "owner",
    "reviewed",
    "alerts",
    "roles",
    "inputs",
    "clocks",
    "evidence",
];
const LADDER_KEYS: [&str; 4] = ["id", "aka", "means", "respond"];
const INPUT_KEYS: [&str; 6] = ["title", "type", "pattern", "default", "from", "of"];
const INPUT_TYPES: [&str; 8] = [
    "text", "integer", "duration", "lookback", "datetime", "uuid", "choice", "secret",
];
const CLOCK_KEYS: [&str; 9] = [
    "title",
    "within",
    "every",
    "from",
    "until",
    "met_by",
    "when",
    "cite",
    "after_close",
];
const EVIDENCE_KEYS: [&str; 2] = ["title", "from"];

/// Reads settings into what is there already. `lenient` takes what it knows and says nothing about the rest.
pub fn read(
    text: &str,
    base: usize,
    settings: &mut Settings,
    lenient: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut found = Vec::new();
    match yaml::read(text, base) {
        Ok(root) => {
            let mut reader = Reader {
                settings,
                diagnostics: &mut found,
            };
            reader.root(&root);
        }
        Err(finding) => {
            settings.native |= names_version(text);
            found.push(finding);
        }
    }
    if settings.native || !lenient {
        diagnostics.append(&mut found);
    }
}

struct Reader<'a> {
    settings: &'a mut Settings,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn root(&mut self, root: &Node) {
        let pairs = self.pairs(root, &KEYS, "front matter");
        for (key, node) in pairs {
            match key.text.as_str() {
                "quarterdeck" => self.version(node),
                "id" => {
                    if let Some(id) = self.text(node, "id") {
                        if !ids::is_kebab(&id) {
                            self.error(
                                "bad-id",
                                &node.span,
                                format!("expected a kebab-case id, found {id}"),
                            );
                        }
                        self.settings.id = Some(ids::kebab(&id, "playbook"));
                    }
                }
                "title" => self.settings.title = self.text(node, "title"),
                "summary" => self.settings.summary = self.text(node, "summary"),
                "severity" => self.settings.severity = self.texts(node, "severity"),
                "ladder" => self.ladder(node),
                "owner" => self.settings.owner = self.text(node, "owner"),
                "reviewed" => self.reviewed(node),
                "alerts" => self.settings.alerts = self.texts(node, "alerts"),
                "roles" => {
                    for (key, node) in self.entries(node, "roles") {
                        if let Some(title) = self.text(node, "a role's title") {
                            self.settings.roles.insert(RoleId::new(&key.text), title);
                        }
                    }
                }
                "inputs" => {
                    for (key, node) in self.entries(node, "inputs") {
                        self.input(key, node);
                    }
                }
                "clocks" => {
                    for (key, node) in self.entries(node, "clocks") {
                        self.clock(key, node);
                    }
                }
                "evidence" => {
                    for (key, node) in self.entries(node, "evidence") {
                        self.evidence(key, node);
                    }
                }
                _ => {}
            }
        }
    }

    fn version(&mut self, node: &Node) {
        self.settings.native = true;
        if let Some(version) = self.text(node, "quarterdeck")
            && version != "1"
        {
            self.error(
                "unknown-version",
                &node.span,
                format!("expected quarterdeck: 1, found {version}"),
            );
        }
    }

    fn reviewed(&mut self, node: &Node) {
        if let Some(text) = self.text(node, "reviewed") {
            match text.parse() {
                Ok(date) => self.settings.reviewed = Some(date),
                Err(_) => self.error(
                    "bad-date",
                    &node.span,
                    format!("expected a date such as 2025-07-17, found {text}"),
                ),
            }
        }
    }

    fn ladder(&mut self, node: &Node) {
        let Value::List(levels) = &node.value else {
            self.expected("a list of severity levels", node);
            return;
        };
        // A playbook's own ladder replaces the one of its file: two orders in one list would have no order.
        self.settings.ladder.clear();
        for level in levels {
            let mut severity = Severity {
                id: String::new(),
                aka: Vec::new(),
                means: String::new(),
                respond: None,
            };
            for (key, node) in self.pairs(level, &LADDER_KEYS, "a severity level") {
                match key.text.as_str() {
                    "id" => severity.id = self.text(node, "id").unwrap_or_default(),
                    "aka" => severity.aka = self.texts(node, "aka"),
                    "means" => severity.means = self.text(node, "means").unwrap_or_default(),
                    "respond" => severity.respond = self.duration(node, "respond"),
                    _ => {}
                }
            }
            if severity.id.is_empty() {
                self.error(
                    "missing-key",
                    &level.span,
                    "expected an id in this severity level",
                );
            } else if self
                .settings
                .ladder
                .iter()
                .any(|known| known.id == severity.id)
            {
                let message = format!("the severity {} is there twice", severity.id);
                self.error("duplicate-id", &level.span, message);
            } else {
                self.settings.ladder.push(severity);
            }
        }
    }

    fn input(&mut self, key: &Key, node: &Node) {
        if !ids::is_input_id(&key.text) {
            self.error(
                "bad-id",
                &key.span,
                format!(
                    "expected an input named in lower case with underscores, found {}",
                    key.text
                ),
            );
            return;
        }
        if BUILT_INS.contains(&key.text.as_str()) {
            self.error(
                "reserved-input",
                &key.span,
                format!(
                    "{} is bound in every playbook: choose another name",
                    key.text
                ),
            );
            return;
        }
        let mut title = None;
        let mut kind = None;
        let mut pattern = None;
        let mut default = None;
        let mut from = Vec::new();
        let mut of = None;
        for (key, node) in self.pairs(node, &INPUT_KEYS, "an input") {
            match key.text.as_str() {
                "title" => title = self.text(node, "title"),
                "type" => {
                    kind = self
                        .text(node, "type")
                        .map(|text| (text, node.span.clone()));
                }
                "pattern" => {
                    pattern = self
                        .text(node, "pattern")
                        .map(|text| (text, key.span.clone()));
                }
                "default" => default = self.text(node, "default"),
                "from" => from = self.texts(node, "from"),
                "of" => of = Some((self.texts(node, "of"), key.span.clone())),
                _ => {}
            }
        }
        let (word, span) = kind.unwrap_or_else(|| ("text".into(), key.span.clone()));
        for (present, place, belongs) in [
            (
                pattern.is_some() && word != "text",
                pattern.as_ref().map(|(_, span)| span),
                "pattern goes with type: text",
            ),
            (
                of.is_some() && word != "choice",
                of.as_ref().map(|(_, span)| span),
                "of goes with type: choice",
            ),
        ] {
            if let (true, Some(place)) = (present, place) {
                self.error(
                    "misplaced-key",
                    place,
                    format!("{belongs}, found type: {word}"),
                );
            }
        }
        let pattern = pattern.map(|(pattern, _)| pattern);
        let of = of.map(|(of, _)| of).unwrap_or_default();
        let kind = self.input_type(key, (&word, &span), pattern, of);
        let id = InputId::new(&key.text);
        let input = Input {
            title: title.unwrap_or_else(|| key.text.replace('_', " ")),
            id: id.clone(),
            kind,
            default,
            from,
            inferred: false,
        };
        self.settings.inputs.insert(id, input);
    }

    fn input_type(
        &mut self,
        key: &Key,
        (word, span): (&str, &Range<usize>),
        pattern: Option<String>,
        of: Vec<String>,
    ) -> InputType {
        match word {
            "integer" => InputType::Integer,
            "duration" => InputType::Duration,
            "lookback" => InputType::Lookback,
            "datetime" => InputType::Datetime,
            "uuid" => InputType::Uuid,
            "secret" => InputType::Secret,
            "choice" => {
                if of.is_empty() {
                    self.error(
                        "missing-key",
                        &key.span,
                        format!("the choice {} needs of: [..]", key.text),
                    );
                }
                InputType::Choice { of }
            }
            "text" => InputType::Text { pattern },
            other => {
                self.unknown("unknown-type", "an input type", other, span, INPUT_TYPES);
                InputType::Text { pattern: None }
            }
        }
    }

    fn clock(&mut self, key: &Key, node: &Node) {
        let mut clock = Clock {
            id: ClockId::new(&key.text),
            title: key.text.clone(),
            within: Duration::ZERO,
            repeats: false,
            from: ClockStart::Opened,
            until: None,
            met_by: Vec::new(),
            when: None,
            cite: None,
            after_close: false,
            span: key.span.start..node.span.end.max(key.span.end),
        };
        let mut times = 0;
        for (key, node) in self.pairs(node, &CLOCK_KEYS, "a clock") {
            match key.text.as_str() {
                "title" => clock.title = self.text(node, "title").unwrap_or_default(),
                "within" | "every" => {
                    times += 1;
                    clock.repeats = key.text == "every";
                    if let Some(time) = self.duration(node, &key.text) {
                        clock.within = time;
                    }
                }
                "from" => {
                    if let Some(text) = self.text(node, "from") {
                        clock.from = clock_start(&text);
                    }
                }
                "until" => clock.until = self.text(node, "until").map(|text| clock_start(&text)),
                "met_by" => clock.met_by = self.texts(node, "met_by"),
                "when" => clock.when = self.text(node, "when"),
                "cite" => clock.cite = self.text(node, "cite"),
                "after_close" => clock.after_close = self.truth(node, "after_close"),
                _ => {}
            }
        }
        if times != 1 {
            self.error(
                "clock-time",
                &key.span,
                format!(
                    "the clock {} needs one of within: and every:, found {times}",
                    key.text
                ),
            );
            if times == 0 {
                return;
            }
        }
        if !ids::is_id(&key.text) {
            self.error(
                "bad-id",
                &key.span,
                format!("expected an id, found {}", key.text),
            );
            return;
        }
        self.settings.clocks.insert(clock.id.clone(), clock);
    }

    fn evidence(&mut self, key: &Key, node: &Node) {
        let mut item = EvidenceItem {
            id: EvidenceId::new(&key.text),
            title: key.text.clone(),
            from: None,
            span: key.span.start..node.span.end.max(key.span.end),
        };
        if !ids::is_id(&key.text) {
            self.error(
                "bad-id",
                &key.span,
                format!("expected an id, found {}", key.text),
            );
            return;
        }
        for (key, node) in self.pairs(node, &EVIDENCE_KEYS, "an item of evidence") {
            match key.text.as_str() {
                "title" => item.title = self.text(node, "title").unwrap_or_default(),
                "from" => item.from = self.text(node, "from"),
                _ => {}
            }
        }
        self.settings.evidence.insert(item.id.clone(), item);
    }

    /// The pairs of a mapping whose keys are known; the others are reported.
    fn pairs<'n>(
        &mut self,
        node: &'n Node,
        known: &[&str],
        place: &str,
    ) -> Vec<(&'n Key, &'n Node)> {
        let mut pairs = self.entries(node, place);
        pairs.retain(|(key, _)| {
            let fits = known.contains(&key.text.as_str());
            if !fits {
                self.unknown(
                    "unknown-key",
                    &format!("a key of {place}"),
                    &key.text,
                    &key.span,
                    known.iter().copied(),
                );
            }
            fits
        });
        pairs
    }

    /// The pairs of a mapping; a key that is there twice is reported and its first value kept.
    fn entries<'n>(&mut self, node: &'n Node, place: &str) -> Vec<(&'n Key, &'n Node)> {
        let mut seen = std::collections::HashSet::new();
        let mut pairs = Vec::new();
        match &node.value {
            Value::Map(found) => {
                for (key, node) in found {
                    if seen.insert(key.text.as_str()) {
                        pairs.push((key, node));
                    } else {
                        let message = format!(
                            "{} is there twice in {place}; the first one counts",
                            key.text
                        );
                        self.error("duplicate-key", &key.span, message);
                    }
                }
            }
            Value::Null => {}
            Value::Scalar(_) | Value::List(_) => {
                self.expected(&format!("keys and values in {place}"), node);
            }
        }
        pairs
    }

    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::Scalar(text) => Some(text.trim().to_owned()),
            Value::Null => None,
            Value::List(_) | Value::Map(_) => {
                self.expected(&format!("text for {what}"), node);
                None
            }
        }
    }

    /// A text or a list of texts.
    fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        match &node.value {
            Value::List(items) => items
                .iter()
                .filter_map(|item| self.text(item, what))
                .collect(),
            _ => self.text(node, what).into_iter().collect(),
        }
    }

    fn duration(&mut self, node: &Node, what: &str) -> Option<Duration> {
        let text = self.text(node, what)?;
        let read = duration::parse(&text);
        if read.is_none() {
            let message =
                format!("expected a duration such as 15m, 24h or 35d for {what}, found {text}");
            self.error("bad-duration", &node.span, message);
        }
        read
    }

    fn truth(&mut self, node: &Node, what: &str) -> bool {
        match self.text(node, what).as_deref() {
            Some("true" | "yes") => true,
            Some("false" | "no") | None => false,
            Some(other) => {
                let message = format!("expected true or false for {what}, found {other}");
                self.error("bad-value", &node.span, message);
                false
            }
        }
    }

    fn expected(&mut self, what: &str, node: &Node) {
        let found = match &node.value {
            Value::Null => "nothing",
            Value::Scalar(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "keys and values",
        };
        self.error(
            "wrong-shape",
            &node.span,
            format!("expected {what}, found {found}"),
        );
    }

    fn unknown<'k>(
        &mut self,
        code: &'static str,
        what: &str,
        found: &str,
        span: &Range<usize>,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        self.diagnostics
            .push(unknown(code, what, found, span.clone(), known));
    }

    fn error(&mut self, code: &'static str, span: &Range<usize>, message: impl Into<String>) {
        self.diagnostics
            .push(Diagnostic::error(code, span.clone(), message));
    }
}

/// "expected WHAT, found FOUND" with the nearest known name, or the list of them when it is short.
pub fn unknown<'k>(
    code: &'static str,
    what: &str,
    found: &str,
    span: Range<usize>,
    known: impl IntoIterator<Item = &'k str>,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let finding = Diagnostic::error(code, span, format!("expected {what}, found {found}"));
    match nearest(found, known.iter().copied()) {
        Some(name) => finding.with_help(format!("did you mean {name}?")),
        None if known.is_empty() || known.len() > 40 => finding,
        None => finding.with_help(format!("known here: {}", known.join(", "))),
    }
}

fn clock_start(text: &str) -> ClockStart {
    match text.strip_prefix("severity:") {
        Some(level) => ClockStart::Severity(level.trim().to_owned()),
        None if text == "opened" => ClockStart::Opened,
        None if MILESTONES.contains(&text) => ClockStart::Milestone(text.to_owned()),
        None => ClockStart::Done(text.to_owned()),
    }
}
