//! A rehearsal: every read of a playbook planned, bound, run against the simulated service, and its expressions evaluated, without a screen.
//!
//! What the answers say is not the matter: a FAIL or INCONCLUSIVE is as good as a PASS. What cannot be parsed, bound, run or evaluated is. Writes are
//! planned and previewed, and not run; messages are filled, and not sent. Nothing outside the simulated service is asked.

mod evaluate;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::doctor::{faults, tasks};
use super::trial::{self, Trial};
use crate::drill::{Director, Scenario, scenario};
use crate::engine;
use crate::model::answer::{Answer, AnswerBody};
use crate::model::diagnostic::{Diagnostic, SourceText};
use crate::model::ids::{ActionId, InputId, PlaybookId};
use crate::model::playbook::{Action, Effect, Language, Playbook};
use crate::model::request::{Chunk, Request, RunError};
use crate::model::verdict::Verdict;
use crate::model::{Timestamp, counted, limits};
use crate::playbook::Parsed;
use crate::sources::registry::Sources;
use crate::sources::simulated::Simulation;
use crate::sources::{RunContext, SharedSource, Sink, chart};

/// When a playbook without a scenario is rehearsed.
const QUIET: &str = "2026-01-31T03:12:00Z";

/// How a rehearsal went.
#[derive(Debug)]
pub struct Rehearsal {
    /// The scenario it was rehearsed in; none for a quiet night.
    pub scenario: Option<String>,
    /// One line an action, then one a decision that suggests.
    pub lines: Vec<Line>,
}

impl Rehearsal {
    /// How many lines failed.
    pub fn failed(&self) -> usize {
        let lines = self.lines.iter();
        lines.filter(|line| line.state == State::Failed).count()
    }
}

/// How an action or a decision went.
#[derive(Debug)]
pub struct Line {
    /// Id of the action, or of the decision's step.
    pub name: String,
    /// `sql`, `kql`, … or `decision`.
    pub kind: &'static str,
    /// Line and column in the playbook: of what is wrong, else of the action.
    pub place: (usize, usize),
    /// How it went.
    pub state: State,
    /// In words: what is wrong, else what came of it.
    pub says: String,
    /// Rows that came.
    pub rows: Option<u64>,
    /// What its expectation says of them.
    pub verdict: Option<Verdict>,
    /// Values that stand for missing ones, by input.
    pub examples: Vec<(String, String)>,
}

/// How a line went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was run and evaluated.
    Ok,
    /// It was planned: a write or a message, which a rehearsal does not send.
    Planned,
    /// An expression rests on an action that has no result here: one that failed, or a write.
    Skipped,
    /// It did not parse, bind, run or evaluate.
    Failed,
}

impl State {
    /// The word in both forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Planned => "planned",
            Self::Skipped => "skipped",
            Self::Failed => "FAIL",
        }
    }
}

/// A night on which nothing is planted, for playbooks that no scenario names.
pub fn quiet(playbook: &PlaybookId) -> Scenario {
    let source = SourceText {
        path: "quiet".into(),
        text: "".into(),
    };
    let (mut scenario, _) = scenario::parse(source);
    scenario.id = String::new();
    scenario.playbook = playbook.clone();
    scenario.starts = QUIET.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    scenario
}

/// What a playbook is rehearsed in.
pub struct Stage {
    /// The scenario; its inputs are what actions are bound with.
    pub scenario: Arc<Scenario>,
    /// The seed of the simulated service.
    pub seed: u64,
    /// Who works.
    pub operator: String,
    /// Folder for results that are too large for memory.
    pub spill_folder: PathBuf,
}

/// Rehearses a playbook. The error says why there is nothing to rehearse with.
pub fn playbook(parsed: &Parsed, stage: &Stage) -> Result<Rehearsal, String> {
    let scenario = &stage.scenario;
    let playbook = &parsed.playbook;
    let director = Director::new(Arc::clone(scenario), stage.seed);
    let given: Vec<(InputId, String)> = director
        .inputs()
        .into_iter()
        .filter(|(id, _)| playbook.inputs.contains_key(id))
        .collect();
    let mut values = trial::values(playbook, &given)
        .map_err(|error| format!("scenario {}: {error}", scenario.id))?;
    let examples = values
        .iter()
        .filter_map(|(id, value)| Some((id.clone(), value.as_ref()?)))
        .filter(|(_, value)| value.example)
        .map(|(id, value)| (id, value.text.clone()))
        .collect();
    // Nothing leaves a rehearsal, so an example is as good a value as any.
    for value in values.iter_mut().filter_map(|(_, value)| value.as_mut()) {
        value.example = false;
    }
    let simulation = Simulation {
        director: Arc::new(Mutex::new(director)),
        // Time stands still at the page: the service's own time never goes back.
        clock: || Timestamp::UNIX_EPOCH,
        spill_folder: stage.spill_folder.clone(),
        operator: stage.operator.clone(),
    };
    let rehearsing = Rehearsing {
        sources: Sources::simulated(&simulation, playbook),
        trial: Trial {
            playbook,
            values,
            operator: stage.operator.clone(),
            now: scenario.starts,
        },
        scenario,
        faults: faults(parsed),
        examples,
    };
    let lines = tasks()?.block_on(rehearsing.lines());
    Ok(Rehearsal {
        scenario: (!scenario.id.is_empty()).then(|| scenario.id.clone()),
        lines,
    })
}

/// What is wrong, and its byte in the playbook.
type Fault = (String, usize);

/// A playbook that is being rehearsed.
struct Rehearsing<'a> {
    trial: Trial<'a>,
    sources: Sources,
    scenario: &'a Scenario,
    faults: Vec<Diagnostic>,
    examples: BTreeMap<InputId, String>,
}

/// How an action ended, before its expressions are looked at.
enum Ended {
    Answered(Box<Answer>),
    Planned(String),
}

impl Rehearsing<'_> {
    fn playbook(&self) -> &Playbook {
        self.trial.playbook
    }

    async fn lines(&self) -> Vec<Line> {
        let mut ended = Vec::new();
        for action in self.playbook().actions.values() {
            ended.push((action, self.action(action).await));
        }
        let answers: BTreeMap<ActionId, Answer> = ended
            .iter()
            .filter_map(|(action, ended)| match ended {
                Ok(Ended::Answered(answer)) => Some((action.id.clone(), (**answer).clone())),
                _ => None,
            })
            .collect();
        let of_actions = evaluate::Evaluation::new(self, &answers);
        let mut lines: Vec<Line> = ended
            .into_iter()
            .map(|(action, ended)| self.line(action, ended, &of_actions))
            .collect();
        lines.extend(of_actions.decisions());
        lines.extend(self.outside());
        lines
    }

    /// What is wrong in the playbook outside its actions.
    fn outside(&self) -> impl Iterator<Item = Line> + '_ {
        let of_action = |finding: &&Diagnostic| {
            let mut actions = self.playbook().actions.values();
            actions.any(|action| own(action).contains(&finding.span.start))
        };
        let faults = self.faults.iter().filter(move |fault| !of_action(fault));
        faults.map(|fault| Line {
            name: self.playbook().id.to_string(),
            kind: "playbook",
            place: self.place(fault.span.start),
            state: State::Failed,
            says: said(fault),
            rows: None,
            verdict: None,
            examples: Vec::new(),
        })
    }

    fn place(&self, byte: usize) -> (usize, usize) {
        self.playbook().source.line_column(byte)
    }

    fn line(
        &self,
        action: &Action,
        ended: Result<Ended, Fault>,
        evaluation: &evaluate::Evaluation<'_>,
    ) -> Line {
        let used = self.examples.iter();
        let used = used.filter(|(id, _)| action.inputs.contains(id));
        let mut line = Line {
            name: action.id.to_string(),
            kind: action.language.word(),
            place: self.place(action.text_span.start),
            state: State::Ok,
            says: String::new(),
            rows: None,
            verdict: None,
            examples: used
                .map(|(id, text)| (id.to_string(), text.clone()))
                .collect(),
        };
        let evaluated = match ended {
            Ok(Ended::Planned(says)) => {
                (line.state, line.says) = (State::Planned, says);
                return line;
            }
            Ok(Ended::Answered(answer)) => {
                line.rows = answer.outcome.rows;
                line.says = came(&answer);
                evaluation.action(action, &answer)
            }
            Err(fault) => Err(fault),
        };
        match evaluated {
            Ok(verdict) => line.verdict = verdict,
            Err((says, byte)) => {
                line.state = evaluate::state(&says);
                line.says = says;
                line.place = self.place(byte);
            }
        }
        line
    }

    /// Plans an action, and runs what it reads.
    async fn action(&self, action: &Action) -> Result<Ended, Fault> {
        let mut faults = self.faults.iter();
        if let Some(fault) = faults.find(|fault| own(action).contains(&fault.span.start)) {
            return Err((said(fault), fault.span.start));
        }
        let whole = |says: String| (says, action.text_span.start);
        if let Some(id) = self.trial.unmet(action) {
            return Err(whole(format!(
                "no example meets the pattern of {id}: give it a value under [inputs] of a scenario"
            )));
        }
        if action.language == Language::Message {
            return self.trial.template(action).map(Ended::Planned);
        }
        let planned = async {
            let source = self.sources.resolve(action)?;
            let request = source.plan(action, &self.trial.context(action))?;
            Ok((source.describe(request).await?, source))
        };
        let planned: Result<(Request, SharedSource), crate::model::request::PlanError> =
            planned.await;
        let (request, source) = planned.map_err(|error| whole(error.to_string()))?;
        let wrong = |request: &Request, error: RunError| {
            let position = match &error {
                RunError::Failed { position, .. } => *position,
                _ => None,
            };
            let byte = position
                .and_then(|position| self.trial.byte_of_sent(action, &request.text, position));
            (error.to_string(), byte.unwrap_or(action.text_span.start))
        };
        if request.effect == Effect::Read {
            let answer = self.answer(action, source, &request).await;
            let answer = answer.map_err(|error| wrong(&request, error))?;
            return Ok(Ended::Answered(Box::new(answer)));
        }
        let Some(preview) = engine::derived_request(&request) else {
            return Ok(Ended::Planned("a write: planned, not run".to_owned()));
        };
        let seen = self.answer(action, source, &preview).await;
        let rows = seen
            .map_err(|error| wrong(&preview, error))?
            .outcome
            .rows
            .unwrap_or_default();
        Ok(Ended::Planned(format!(
            "a write: planned, not run; it would touch {}",
            counted(rows, "row", "rows")
        )))
    }

    /// Runs a read and gathers what comes back.
    async fn answer(
        &self,
        action: &Action,
        source: SharedSource,
        request: &Request,
    ) -> Result<Answer, RunError> {
        let (sender, mut chunks) = mpsc::channel(limits::CHUNKS);
        let sink = Sink::new(sender);
        let context = RunContext {
            cancel: CancellationToken::new(),
            deadline: request.timeout,
            output_folder: PathBuf::new(),
        };
        let mut body = AnswerBody::Nothing;
        let running = async {
            let ended = source.run(request, &sink, context).await;
            drop(sink);
            ended
        };
        let gathering = async {
            while let Some(chunk) = chunks.recv().await {
                gather(&mut body, chunk);
            }
        };
        let (ended, ()) = tokio::join!(running, gathering);
        let outcome = ended?;
        let columns = match action.every {
            Some(_) => Some(engine::live(action, &request.text)),
            None => engine::chart(action, &request.text),
        };
        if let (AnswerBody::Table { columns, rows }, Some(wanted)) = (&body, columns)
            && request.action == action.id
        {
            let rows = rows.read(0..limits::CHART_ROWS);
            let (series, _) = chart::series(columns, &rows, &wanted).map_err(RunError::failed)?;
            body = AnswerBody::Chart(series);
        }
        Ok(Answer {
            outcome,
            started_at: self.trial.now,
            ended_at: self.trial.now,
            body,
        })
    }

    fn scenario(&self) -> &Scenario {
        self.scenario
    }
}

/// Where an action stands in its file: from its fence to the end of its text.
fn own(action: &Action) -> Range<usize> {
    action.span.start..action.text_span.end
}

fn gather(body: &mut AnswerBody, chunk: Chunk) {
    match chunk {
        Chunk::Columns { columns, rows } => *body = AnswerBody::Table { columns, rows },
        Chunk::Series(series) => *body = AnswerBody::Chart(series),
        Chunk::Output { error, text } => {
            if !matches!(body, AnswerBody::Output { .. }) {
                *body = AnswerBody::Output {
                    stdout: String::new(),
                    stderr: String::new(),
                };
            }
            if let AnswerBody::Output { stdout, stderr } = body {
                if error { stderr } else { stdout }.push_str(&text);
            }
        }
        Chunk::Rows(_) | Chunk::Warning(_) | Chunk::SignIn(_) => {}
    }
}

/// What came back, in a few words.
fn came(answer: &Answer) -> String {
    match &answer.body {
        AnswerBody::Table { rows, .. } => counted(rows.len() as u64, "row", "rows"),
        AnswerBody::Chart(series) => counted(series.len() as u64, "line", "lines"),
        AnswerBody::Output { stdout, .. } => {
            let lines = counted(stdout.lines().count() as u64, "line", "lines");
            match (answer.outcome.exit_code, answer.outcome.status) {
                (Some(code), _) => format!("{lines}, exit code {code}"),
                (None, Some(status)) => format!("{lines}, status {status}"),
                (None, None) => lines,
            }
        }
        AnswerBody::Nothing => "no output".to_owned(),
    }
}

fn said(fault: &Diagnostic) -> String {
    let help = fault.help.as_ref().map(|help| format!("; {help}"));
    format!("{}{}", fault.message, help.unwrap_or_default())
}
