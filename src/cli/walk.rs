//! `walk`: a playbook place by place in the whole cockpit, or printed as Markdown. Nothing is sent.

use std::collections::BTreeMap;

use clap::Args;

use super::failure::Failure;
use super::out::Out;
use super::screen::{self, Screenshot};
use super::{Common, code, setup};
use crate::engine::Start;
use crate::engine::effect::{OpenRequest, Purpose};
use crate::engine::inputs::{self, BuiltIn, LOOKBACK_DEFAULT};
use crate::message::Names;
use crate::model::ids::{ActionId, InputId};
use crate::model::input::{InputType, check, window};
use crate::model::playbook::{Action, Language, Playbook};
use crate::model::request::{Parameter, PlanContext};
use crate::model::{Mode, Timestamp, duration};
use crate::playbook::examples;
use crate::report::walk::{self, Printed, Shown, Value};
use crate::runtime::mode::{self, Ground};
use crate::runtime::{playbooks, session};
use crate::sources::registry::Sources;

/// Who works on a printed walkthrough: it must not differ from one machine to another.
const OPERATOR: &str = "operator";
/// Columns of the chart that a printed walkthrough would have: the step of a range query comes from them.
const WIDTH: u16 = 80;

/// `walk PLAYBOOK`
#[derive(Debug, Args)]
#[command(
    after_help = "`space` goes on to the next place, `backspace` goes back, `P` shows the speaker notes; all other keys do what they do in an incident."
)]
pub(super) struct Walk {
    /// Playbook id (`quarterdeck list playbooks` names them), alert name, file, or file#id.
    playbook: String,
    /// Severity to walk through with; without it the playbook's first.
    #[arg(long, value_name = "LEVEL")]
    severity: Option<String>,
    /// Give an input a value in place of its example; may be repeated.
    #[arg(long, value_name = "INPUT=VALUE", value_parser = screen::parse_set)]
    set: Vec<(InputId, String)>,
    /// Print the whole walkthrough as Markdown in place of the cockpit; nothing is recorded.
    #[arg(long)]
    print: bool,
    /// With --print: the speaker notes too.
    #[arg(long, requires = "print")]
    notes: bool,
    /// With --print: the time that counts as now. It is a fixed one, so that the output changes only when the playbook does.
    #[arg(long, value_name = "TIME", default_value = examples::TIME, requires = "print")]
    at: Timestamp,
    #[command(flatten)]
    screenshot: Screenshot,
}

impl Walk {
    /// Opens the walkthrough, or prints it.
    pub fn run(
        self,
        common: &Common,
        screenshot: Screenshot,
        out: &mut Out,
    ) -> Result<u8, Failure> {
        let workplace = setup::workplace(common, out)?;
        let request = OpenRequest {
            purpose: Purpose::Walkthrough,
            playbook: self.playbook,
            severity: self.severity,
            set: self.set,
            ..OpenRequest::default()
        };
        session::check_request(&workplace, &request).map_err(screen::of_session)?;
        let screenshot = screenshot.or(self.screenshot);
        if !self.print {
            return screen::show_with(
                workplace,
                Start::Open(request),
                common,
                screenshot,
                None,
                out,
            );
        }
        if screenshot.is_asked() {
            return Err(Failure::usage(
                "--print has no screen: leave out --screenshot",
            ));
        }
        let (parsed, _) =
            playbooks::locate(&workplace, &request.playbook).map_err(Failure::usage)?;
        let playbook = &parsed.playbook;
        let (sources, problems) = mode::sources(&Ground::Walkthrough, workplace.config(), playbook);
        for problem in &problems {
            out.say(problem.located(&workplace.config().source));
        }
        let setting = Setting {
            playbook,
            at: self.at,
            severity: request
                .severity
                .or_else(|| playbook.severity.first().cloned()),
            set: given(playbook, &request.set),
        };
        let shown = playbook
            .actions
            .values()
            .map(|action| (action.id.clone(), setting.show(action, &sources)));
        let shown: BTreeMap<ActionId, Shown> = shown.collect();
        let printed = Printed {
            playbook,
            severity: setting.severity.as_deref(),
            at: self.at,
            values: setting.values(),
            shown,
            notes: self.notes,
        };
        out.line(walk::markdown(&printed).trim_end())?;
        Ok(code::DONE)
    }
}

/// Values in their canonical text; whether they fit was checked before.
fn given(playbook: &Playbook, set: &[(InputId, String)]) -> BTreeMap<InputId, String> {
    let checked = set.iter().filter_map(|(id, text)| {
        let value = check(playbook.inputs.get(id)?, text).ok()?;
        Some((id.clone(), value))
    });
    checked.collect()
}

/// What stands in the place of an incident.
struct Setting<'a> {
    playbook: &'a Playbook,
    at: Timestamp,
    severity: Option<String>,
    set: BTreeMap<InputId, String>,
}

impl Setting<'_> {
    /// What was given, the playbook's default, or an example.
    fn value(&self, id: &InputId) -> Option<(String, bool)> {
        let input = self.playbook.inputs.get(id)?;
        let default = input
            .default
            .clone()
            .filter(|_| input.kind != InputType::Secret);
        let value = self.set.get(id).cloned().or(default);
        let example = || examples::example(self.playbook, id);
        value
            .map(|value| (value, false))
            .or_else(|| Some((example()?, true)))
    }

    fn values(&self) -> Vec<Value> {
        let inputs = self.playbook.inputs.values();
        inputs
            .map(|input| Value {
                name: input.id.to_string(),
                title: input.title.clone(),
                kind: input.kind.word(),
                value: self.value(&input.id),
            })
            .collect()
    }

    fn window(&self) -> (Timestamp, Timestamp) {
        let mut inputs = self.playbook.inputs.values();
        let lookback = inputs
            .find(|input| input.kind == InputType::Lookback)
            .and_then(|input| duration::parse(&self.value(&input.id)?.0))
            .unwrap_or(LOOKBACK_DEFAULT);
        let exposure = self.set.get(&InputId::new("exposure_start"));
        window(
            self.at,
            lookback,
            exposure.and_then(|text| text.parse().ok()),
            self.at,
        )
    }

    fn show(&self, action: &Action, sources: &Sources) -> Shown {
        if action.language == Language::Message {
            return self.message(action);
        }
        let built_in = BuiltIn {
            window: self.window(),
            opened_at: self.at,
            incident_id: examples::UUID.to_owned(),
            operator: OPERATOR.to_owned(),
            example: true,
        };
        let context = PlanContext {
            now: self.at,
            window: self.window(),
            width: WIDTH,
            inputs: inputs::bind(self.playbook, action, built_in, |id| self.value(id)),
            edited: None,
            message: None,
        };
        let planned = sources
            .resolve(action)
            .and_then(|source| source.plan(action, &context));
        match planned {
            Ok(request) => Shown::Request(Box::new(request)),
            Err(error) => Shown::Failed(error.to_string()),
        }
    }

    fn message(&self, action: &Action) -> Shown {
        let (start, end) = self.window();
        let minutes = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        let facts = [
            ("incident_id", "‹incident id›".to_owned()),
            ("title", self.playbook.title.clone()),
            ("summary", self.playbook.summary.clone()),
            ("severity", self.severity.clone().unwrap_or_default()),
            ("mode", Mode::Walkthrough.word().to_owned()),
            ("operator", "‹operator›".to_owned()),
            ("opened_at", minutes(self.at)),
            ("now", minutes(self.at)),
            ("window_start", minutes(start)),
            ("window_end", minutes(end)),
        ];
        let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
        let inputs = self.playbook.inputs.values();
        let inputs = inputs
            .filter(|input| input.kind != InputType::Secret)
            .filter_map(|input| Some((input.id.to_string(), self.value(&input.id)?.0)));
        let mut names = Names {
            top: facts
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            inputs: inputs.collect(),
            results: BTreeMap::new(),
            roles: self
                .playbook
                .roles
                .keys()
                .map(ToString::to_string)
                .collect(),
        };
        walk::complete(&mut names, self.playbook);
        let parameters = action.inputs.iter().filter_map(|id| {
            let (value, example) = self.value(id)?;
            let kind = self.playbook.inputs.get(id)?.kind.word().to_owned();
            Some(Parameter {
                name: id.to_string(),
                kind,
                value,
                example,
            })
        });
        match walk::draft(action, names) {
            Ok(draft) => Shown::Message(Box::new(draft), parameters.collect()),
            Err(error) => Shown::Failed(format!("the message is not filled: {error}")),
        }
    }
}
