//! Templates of messages: whether they can be read, and whether every name in them is one that messages have.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Checker;
use crate::message::{self, FUNCTIONS, NAMES, Names, TemplateError};
use crate::model::ids::{ActionId, InputId, RoleId};
use crate::model::input::InputType;
use crate::model::playbook::{Action, MessageSettings};
use crate::playbook::placeholders::template_tags;
use crate::playbook::scan;

/// The role that every incident has.
const COMMANDER: &str = "ic";

/// A template of a message and where it stands.
struct Template<'a> {
    what: &'static str,
    text: &'a str,
    /// Where the text begins in the file; none for the fence's own text, which may have been rewritten.
    attribute: Option<Range<usize>>,
}

impl Checker<'_> {
    pub(super) fn message(&mut self, action: &Action) {
        let nothing = MessageSettings::default();
        let settings = action.message.as_ref().unwrap_or(&nothing);
        let mut templates = vec![Template {
            what: "",
            text: &action.text,
            attribute: None,
        }];
        for (what, text) in [("subject", &settings.subject), ("to", &settings.to)] {
            if let Some(text) = text {
                templates.push(Template {
                    what,
                    text,
                    attribute: Some(self.place(&action.span, text)),
                });
            }
        }
        for template in templates {
            self.template(action, settings, &template);
        }
    }

    fn template(&mut self, action: &Action, settings: &MessageSettings, template: &Template<'_>) {
        let names = match message::variables(template.text) {
            Ok(names) => names,
            Err(error) => return self.bad_template(action, template, &error),
        };
        let column = settings
            .for_each
            .as_deref()
            .and_then(|each| each.split_once('.'))
            .map(|(_, column)| column);
        for name in names {
            self.template_name(action, template, &name, column);
        }
        for id in message::results_named(template.text) {
            let span = self.in_template(action, template, &find(template.text, &id));
            let known = self.playbook.actions.keys().map(ActionId::as_str);
            let known: Vec<&str> = known.collect();
            let what = "result: expected an action";
            self.known_id("unknown-id", &span, what, &id, known.into_iter());
        }
        if let Some(error) = message::try_out(template.text, &self.sample(column)) {
            self.bad_template(action, template, &error);
        }
    }

    /// A name that a template looks up: `inputs.NAME`, or one of its own.
    fn template_name(
        &mut self,
        action: &Action,
        template: &Template<'_>,
        name: &str,
        column: Option<&str>,
    ) {
        let playbook = self.playbook;
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let input = match first {
            "inputs" => rest.split('.').next().unwrap_or_default(),
            _ => "",
        };
        let meant = if input.is_empty() { first } else { input };
        let span = self.in_template(action, template, &find(template.text, meant));
        let declared = playbook.inputs.get(meant);
        if declared.is_some_and(|input| input.kind == InputType::Secret) {
            self.error(
                "secret-in-message",
                span,
                format!("the secret {meant} must not stand in a message"),
            );
            return;
        }
        if first == "each" && column.is_none() {
            self.error(
                "needs-for-each",
                span,
                "each goes with for-each=action.column",
            );
            return;
        }
        let inputs = playbook.inputs.keys().map(InputId::as_str);
        let known: Vec<&str> = if input.is_empty() {
            inputs
                .chain(NAMES)
                .chain(FUNCTIONS)
                .chain(column)
                .chain(playbook.roles.keys().map(RoleId::as_str))
                .chain([COMMANDER])
                .collect()
        } else {
            inputs.collect()
        };
        if !known.contains(&meant) {
            let message = format!("expected a declared input, found {meant}");
            self.unknown("undeclared-input", span, message, meant, known);
        }
    }

    fn bad_template(&mut self, action: &Action, template: &Template<'_>, error: &TemplateError) {
        let span = self.in_template(action, template, &error.at);
        let what = match template.what {
            "" => String::new(),
            what => format!("{what}: "),
        };
        self.error("bad-template", span, format!("{what}{}", error.message));
    }

    /// Where a place of a template stands in the file.
    fn in_template(
        &self,
        action: &Action,
        template: &Template<'_>,
        local: &Range<usize>,
    ) -> Range<usize> {
        match &template.attribute {
            None => self.at(action, local),
            // With escapes in it, the attribute as written is longer than its text.
            Some(place) if place.len() == template.text.len() => {
                place.start + local.start..place.start + local.end
            }
            Some(place) => place.clone(),
        }
    }

    /// Every name with a value, to see what remains wrong then.
    fn sample(&self, column: Option<&str>) -> Names {
        let one = |name: &str| (name.to_owned(), "1".to_owned());
        let playbook = self.playbook;
        let roles = playbook.roles.keys().map(RoleId::as_str);
        let own = NAMES
            .iter()
            .copied()
            .filter(|name| !matches!(*name, "inputs" | "result"));
        let results = playbook.actions.keys();
        Names {
            top: own
                .chain(roles)
                .chain([COMMANDER])
                .chain(column)
                .map(one)
                .collect(),
            inputs: playbook.inputs.keys().map(|id| one(id.as_str())).collect(),
            results: results
                .map(|id| (id.to_string(), Vec::new()))
                .collect::<BTreeMap<_, _>>(),
            roles: Vec::new(),
        }
    }
}

/// Where a name first stands inside a tag of a template.
fn find(template: &str, name: &str) -> Range<usize> {
    for (inside, _) in template_tags(template) {
        let tag = template.get(inside.clone()).unwrap_or_default();
        let word = scan::words(tag).find(|word| word.text == name);
        // Ids of actions may hold a hyphen and are no words.
        let at = word.map(|word| word.start).or_else(|| tag.find(name));
        if let Some(at) = at {
            let start = inside.start + at;
            return start..start + name.len();
        }
    }
    0..0
}
