//! Fences as actions: language, attributes, effect, inputs.

mod words;

use std::ops::Range;
use std::str::FromStr;

use super::attributes::{self, Attributes, Spanned};
use super::builder::{Builder, Place, PlaceKind};
use super::front_matter::unknown;
use super::markdown::Fence;
use super::placeholders::{self, plain::rewrite};
use super::{ids, languages, plain, prose};
use crate::model::ids::{ActionId, InputId, RoleId, SourceName};
use crate::model::input::{BUILT_INS, Input};
use crate::model::limits;
use crate::model::playbook::{
    Action, Block, Effect, Expression, Judge, Language, MessageSettings, ResultView,
};
use crate::model::prose::Prose;
use words::{first_sentence, http_effect, runme_json, spoken};

/// Which languages an attribute goes with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    Any,
    Message,
    Shell,
}

/// Attributes of fences.
const KEYS: [(&str, Goes); 32] = [
    ("key", Goes::Any),
    ("source", Goes::Any),
    ("effect", Goes::Any),
    ("view", Goes::Any),
    ("x", Goes::Any),
    ("y", Goes::Any),
    ("by", Goes::Any),
    ("every", Goes::Any),
    ("limit", Goes::Any),
    ("timeout", Goes::Any),
    ("alert", Goes::Any),
    ("expect", Goes::Any),
    ("doubt", Goes::Any),
    ("otherwise", Goes::Any),
    ("proof", Goes::Any),
    ("proof-age", Goes::Any),
    ("sustained", Goes::Any),
    ("preview", Goes::Any),
    ("max-rows", Goes::Any),
    ("undo", Goes::Any),
    ("approve", Goes::Any),
    ("role", Goes::Any),
    ("ok", Goes::Shell),
    ("cwd", Goes::Shell),
    ("to", Goes::Message),
    ("subject", Goes::Message),
    ("audience", Goes::Message),
    ("for-each", Goes::Message),
    // Runme's names, in plain runbooks.
    ("name", Goes::Any),
    ("interactive", Goes::Any),
    ("background", Goes::Any),
    ("tag", Goes::Any),
];
const NATIVE_KEYS: usize = 28;
const CLASSES: [&str; 6] = [
    "optional",
    "evidence",
    "watch",
    "notes",
    "playbook",
    "candidate",
];
const AUDIENCES: [&str; 4] = ["internal", "customer", "regulator", "public"];

/// What a fence's info string says.
struct Info {
    word: String,
    word_span: Range<usize>,
    attributes: Attributes,
}

/// A fence on its way to an action: its text may be rewritten, and one fence may give several.
struct Draft {
    text: String,
    text_span: Range<usize>,
    name: Option<String>,
    inferred: Vec<Input>,
    effect: Effect,
}

impl Builder<'_> {
    /// Adds what a fence means to a body: an action, several, notes, or code that is shown.
    pub(super) fn fence(&mut self, fence: &Fence, place: &Place, body: &mut Vec<Block>) {
        let info = self.info(fence);
        if info.attributes.has("playbook") {
            return;
        }
        if info.attributes.has("notes") {
            body.push(Block::Notes(fence.text.clone()));
            return;
        }
        // A fence without a language below `Communication Templates` is a message; it is edited before it goes anywhere.
        let template = !self.native
            && fence.fenced
            && info.word.is_empty()
            && place.title.to_lowercase().contains("template");
        let language = languages::of_word(&info.word, self.native)
            .or_else(|| template.then_some(Language::Message));
        let Some(language) = language.filter(|_| !info.attributes.has("candidate")) else {
            if !info.attributes.is_empty() && !info.attributes.has("candidate") {
                self.push(unknown(
                    "unknown-language",
                    "a language that runs",
                    if info.word.is_empty() {
                        "none"
                    } else {
                        &info.word
                    },
                    info.word_span,
                    languages::words(),
                ));
            }
            body.push(Block::Prose(prose::code(self.source, fence)));
            return;
        };
        self.known_attributes(&info.attributes, language);
        let description = match body.last() {
            Some(Block::Prose(Prose::Paragraph(_))) => match body.pop() {
                Some(Block::Prose(paragraph)) => vec![paragraph],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        if self.native {
            let effect = Self::effect(language, &fence.text);
            let draft = Draft {
                text: fence.text.clone(),
                text_span: fence.text_span.clone(),
                name: None,
                inferred: Vec::new(),
                effect,
            };
            let id = self.action(fence, &info, language, draft, description, place);
            body.push(Block::Action(id));
            return;
        }
        self.plain_fence(fence, &info, language, description, place, body);
    }

    fn plain_fence(
        &mut self,
        fence: &Fence,
        info: &Info,
        language: Language,
        description: Vec<Prose>,
        place: &Place,
        body: &mut Vec<Block>,
    ) {
        let mut description = Some(description);
        for part in self.parts(fence, info, language) {
            match part {
                Ok(draft) => {
                    let description = description.take().unwrap_or_default();
                    let id = self.action(fence, info, language, draft, description, place);
                    body.push(Block::Action(id));
                }
                Err(shown) => body.push(Block::Prose(Prose::Code {
                    language: info.word.clone(),
                    text: shown,
                })),
            }
        }
        // A fence of comments only: its description is prose after all.
        if let Some(prose) = description {
            let at = body
                .iter()
                .rposition(|block| !matches!(block, Block::Prose(Prose::Code { .. })))
                .map_or(0, |at| at + 1);
            for (offset, paragraph) in prose.into_iter().enumerate() {
                body.insert(at + offset, Block::Prose(paragraph));
            }
        }
    }

    /// The parts of a plain fence: drafts of actions, and texts that are only shown.
    fn parts(&self, fence: &Fence, info: &Info, language: Language) -> Vec<Result<Draft, String>> {
        let exact = self.text(&fence.text_span) == fence.text;
        let part = |text: &str, span: Range<usize>, name: Option<String>| {
            let rewritten = rewrite(language, text);
            let effect = match language {
                Language::Sql => plain::sql_effect(&rewritten.text),
                Language::Http => http_effect(&rewritten.text),
                Language::Kql | Language::Promql => Effect::Read,
                Language::Shell | Language::Message => Effect::Write,
            };
            Draft {
                text: rewritten.text,
                text_span: if exact {
                    fence.text_span.start + span.start..fence.text_span.start + span.end
                } else {
                    fence.text_span.clone()
                },
                name,
                inferred: rewritten.inputs,
                effect,
            }
        };
        let whole = 0..fence.text.len();
        if language == Language::Sql {
            return plain::statements(&fence.text)
                .into_iter()
                .map(|statement| {
                    if statement.comments.is_empty() {
                        let text = fence.text.get(statement.span.clone()).unwrap_or_default();
                        Ok(part(text, statement.span.clone(), statement.name))
                    } else {
                        Err(statement.comments)
                    }
                })
                .collect();
        }
        if fence.text.trim().is_empty() {
            return Vec::new();
        }
        if languages::is_session(&info.word) {
            return match plain::session_commands(&fence.text) {
                Some(commands) => {
                    let draft = Draft {
                        text_span: fence.text_span.clone(),
                        ..part(&commands, whole, None)
                    };
                    vec![Err(fence.text.clone()), Ok(draft)]
                }
                None => vec![Ok(part(&fence.text, whole, None))],
            };
        }
        vec![Ok(part(&fence.text, whole, None))]
    }

    fn action(
        &mut self,
        fence: &Fence,
        info: &Info,
        language: Language,
        draft: Draft,
        description: Vec<Prose>,
        place: &Place,
    ) -> ActionId {
        let attributes = &info.attributes;
        let id = self.new_action_id(attributes, draft.name.as_deref(), place);
        let title = first_sentence(&description)
            .or_else(|| draft.name.clone())
            .unwrap_or_else(|| match place.kind {
                PlaceKind::Watch if place.title.eq_ignore_ascii_case("watch") => spoken(&id),
                _ => place.title.clone(),
            });
        for input in draft.inferred {
            self.inputs.entry(input.id.clone()).or_insert(input);
        }
        let effect = match attributes.get("effect") {
            None => draft.effect,
            Some(value) => match value.text.as_str() {
                "read" => Effect::Read,
                "write" => Effect::Write,
                other => {
                    self.push(unknown(
                        "bad-value",
                        "effect=read or effect=write",
                        other,
                        value.span.clone(),
                        ["read", "write"],
                    ));
                    draft.effect
                }
            },
        };
        let message = (language == Language::Message).then(|| self.message(attributes));
        let mut bound = draft.text.clone();
        if let Some(subject) = message
            .as_ref()
            .and_then(|message| message.subject.as_deref())
        {
            bound.push('\n');
            bound.push_str(subject);
        }
        let inputs = self.bound_inputs(language, &bound);
        let id = ActionId::new(id);
        let action = Action {
            id: id.clone(),
            key: self.key(attributes.get("key")),
            title,
            description,
            language,
            text: draft.text,
            source: attributes
                .get("source")
                .map(|name| SourceName::new(&name.text)),
            effect,
            preserves: attributes.has("evidence"),
            optional: attributes.has("optional"),
            inputs,
            view: self.view(attributes.get("view")),
            x: attributes.get("x").map(|value| value.text.clone()),
            y: attributes.get("y").map(|value| value.text.clone()),
            by: Self::list(attributes.get("by")),
            every: self.every(attributes.get("every")),
            limit: self.bounded(attributes.get("limit"), limits::ROWS_MAX, "rows"),
            timeout: self.timeout(attributes.get("timeout")),
            judge: self.judge(attributes),
            preview: attributes.get("preview").map(|id| ActionId::new(&id.text)),
            max_rows: self.number(attributes.get("max-rows")),
            undo: attributes.get("undo").map(|value| value.text.clone()),
            approve: self.number(attributes.get("approve")).unwrap_or(1),
            role: attributes.get("role").map(|value| RoleId::new(&value.text)),
            ok_codes: self.ok_codes(attributes.get("ok")),
            cwd: attributes.get("cwd").map(|value| value.text.clone()),
            message,
            span: fence.info.clone(),
            text_span: draft.text_span,
        };
        let live = place.kind == PlaceKind::Watch && action.effect == Effect::Read;
        if live || attributes.has("watch") {
            self.watch.push(id.clone());
        } else if place.kind == PlaceKind::Watch {
            let message = format!("a live pane only reads, {id} writes");
            self.error("watch-writes", &action.span, message);
        }
        self.actions.insert(id.clone(), action);
        id
    }

    /// The id written by hand, Runme's name, the comment above a statement, or the section's id with a number.
    fn new_action_id(
        &mut self,
        attributes: &Attributes,
        name: Option<&str>,
        place: &Place,
    ) -> String {
        let several = name.is_some() && !self.native;
        let named = attributes
            .id
            .as_ref()
            .or_else(|| attributes.get("name"))
            .filter(|_| !several);
        let id = match named {
            Some(id) if attributes.id.is_some() && ids::is_id(&id.text) => id.text.clone(),
            Some(runme) => self.action_ids.unique(&ids::kebab(&runme.text, &place.id)),
            None => {
                let wanted =
                    name.map_or_else(|| place.id.clone(), |name| ids::kebab(name, &place.id));
                self.action_ids.unique(&wanted)
            }
        };
        if self.actions.contains_key(id.as_str()) {
            self.action_ids.unique(&id)
        } else {
            id
        }
    }

    fn info(&mut self, fence: &Fence) -> Info {
        let info = self.text(&fence.info);
        let word = prose::info_word(info);
        let word_span = fence.info.start..fence.info.start + word.len();
        let rest = info.get(word.len()..).unwrap_or_default();
        let base = fence.info.start + word.len();
        let attributes = match attributes::braces(rest) {
            Some(group) => {
                let inside = rest.get(group.clone()).unwrap_or_default();
                if inside.trim_start().starts_with('"') {
                    runme_json(inside, base + group.start)
                } else {
                    self.attributes(Some(&(base + group.start..base + group.end)))
                }
            }
            None if rest.trim_start().starts_with('{') => {
                self.error(
                    "attribute-syntax",
                    &(base..base + rest.len()),
                    "expected a closing brace or quote, found the end of the line",
                );
                Attributes::default()
            }
            // Runme's older form: `sh name=x`.
            None if !self.native && rest.contains('=') => {
                self.attributes(Some(&(base..base + rest.len())))
            }
            None => Attributes::default(),
        };
        Info {
            word: word.to_owned(),
            word_span,
            attributes,
        }
    }

    fn known_attributes(&mut self, attributes: &Attributes, language: Language) {
        let names: Vec<&str> = KEYS
            .iter()
            .take(NATIVE_KEYS)
            .map(|(name, _)| *name)
            .collect();
        self.known(attributes, "a fence", &names, &CLASSES);
        for pair in &attributes.pairs {
            let row = KEYS.iter().find(|(name, _)| *name == pair.key.text);
            let wants = match row {
                Some((_, Goes::Message)) if language != Language::Message => "message",
                Some((_, Goes::Shell)) if language != Language::Shell => "sh and bash",
                _ => continue,
            };
            let message = format!(
                "{} goes with {wants} fences, found {}",
                pair.key.text,
                language.word()
            );
            self.error("misplaced-attribute", &pair.key.span, message);
        }
    }

    fn effect(language: Language, text: &str) -> Effect {
        match language {
            Language::Kql | Language::Sql | Language::Promql => Effect::Read,
            Language::Http => http_effect(text),
            Language::Shell | Language::Message => Effect::Write,
        }
    }

    /// Inputs in order of first use. Names that only may be inputs count when they are declared.
    fn bound_inputs(&self, language: Language, text: &str) -> Vec<InputId> {
        let mut bound: Vec<InputId> = Vec::new();
        for used in placeholders::uses(language, text) {
            let name = used.name.as_str();
            let counts = used.certain || self.inputs.contains_key(name);
            if counts
                && !BUILT_INS.contains(&name)
                && !bound.iter().any(|known| known.as_str() == name)
            {
                bound.push(InputId::new(name));
            }
        }
        bound
    }

    fn judge(&mut self, attributes: &Attributes) -> Judge {
        let expression = |name: &str| {
            attributes.get(name).map(|value| Expression {
                text: value.text.clone(),
                span: value.span.clone(),
            })
        };
        Judge {
            alert: expression("alert"),
            expect: expression("expect"),
            doubt: expression("doubt"),
            otherwise: attributes.get("otherwise").map(|value| value.text.clone()),
            proof: Self::list(attributes.get("proof"))
                .iter()
                .map(ActionId::new)
                .collect(),
            proof_age: self.duration(attributes.get("proof-age")),
            sustained: self.duration(attributes.get("sustained")),
        }
    }

    fn message(&mut self, attributes: &Attributes) -> MessageSettings {
        let text = |name: &str| attributes.get(name).map(|value| value.text.clone());
        if let Some(audience) = attributes
            .get("audience")
            .filter(|value| !AUDIENCES.contains(&value.text.as_str()))
        {
            self.push(unknown(
                "bad-value",
                "an audience",
                &audience.text,
                audience.span.clone(),
                AUDIENCES,
            ));
        }
        MessageSettings {
            to: text("to"),
            subject: text("subject"),
            audience: text("audience"),
            for_each: text("for-each"),
        }
    }

    fn key(&mut self, value: Option<&Spanned>) -> Option<char> {
        let value = value?;
        let mut letters = value.text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) if letter.is_ascii_alphabetic() => Some(letter),
            _ => {
                self.error(
                    "bad-value",
                    &value.span,
                    format!("expected one letter, found {}", value.text),
                );
                None
            }
        }
    }

    fn view(&mut self, value: Option<&Spanned>) -> Option<ResultView> {
        let value = value?;
        match value.text.as_str() {
            "table" => Some(ResultView::Table),
            "chart" => Some(ResultView::Chart),
            "text" => Some(ResultView::Text),
            "json" => Some(ResultView::Json),
            other => {
                self.push(unknown(
                    "bad-value",
                    "a view",
                    other,
                    value.span.clone(),
                    ["table", "chart", "text", "json"],
                ));
                None
            }
        }
    }

    fn every(&mut self, value: Option<&Spanned>) -> Option<std::time::Duration> {
        let every = self.duration(value)?;
        if let Some(value) = value.filter(|_| every < limits::POLL_MIN) {
            let message = format!(
                "expected every={}s or longer, found {}",
                limits::POLL_MIN.as_secs(),
                value.text
            );
            self.error("out-of-range", &value.span, message);
        }
        Some(every.max(limits::POLL_MIN))
    }

    fn timeout(&mut self, value: Option<&Spanned>) -> Option<std::time::Duration> {
        let timeout = self.duration(value)?;
        let most = match limits::TIMEOUT_MAX {
            most if timeout > most => most,
            _ => return Some(timeout),
        };
        if let Some(value) = value {
            let message = format!(
                "expected timeout={}s or shorter, found {}",
                most.as_secs(),
                value.text
            );
            self.error("out-of-range", &value.span, message);
        }
        Some(most)
    }

    fn bounded(&mut self, value: Option<&Spanned>, most: u64, what: &str) -> Option<u64> {
        let number: u64 = self.number(value)?;
        if let Some(value) = value.filter(|_| number > most || number == 0) {
            let message = format!("expected 1 to {most} {what}, found {}", value.text);
            self.error("out-of-range", &value.span, message);
        }
        Some(number.clamp(1, most))
    }

    fn number<T: FromStr>(&mut self, value: Option<&Spanned>) -> Option<T> {
        let value = value?;
        let read = value.text.parse().ok();
        if read.is_none() {
            self.error(
                "bad-value",
                &value.span,
                format!("expected a whole number, found {}", value.text),
            );
        }
        read
    }

    fn ok_codes(&mut self, value: Option<&Spanned>) -> Vec<i32> {
        let Some(value) = value else {
            return Vec::new();
        };
        let mut codes = Vec::new();
        for part in Self::list(Some(value)) {
            match part.parse::<u8>() {
                Ok(code) => codes.push(i32::from(code)),
                Err(_) => self.error(
                    "bad-value",
                    &value.span,
                    format!("expected exit codes 0 to 255, found {part}"),
                ),
            }
        }
        codes
    }
}
