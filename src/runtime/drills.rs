//! Drills: where scenarios are found, and how one begins or goes on.
//!
//! A name is a scenario's id or a file. A scenario of the user's `drills` folder hides the built-in one of its id.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;

use super::clock;
use super::mode::Ground;
use super::session::{Pinned, SessionError, Workplace};
use crate::config::Config;
use crate::drill::{Director, Facts, Scenario, scenario};
use crate::engine::effect::DrillRequest;
use crate::incident::{DrillRecord, Incident, Stage};
use crate::model::diagnostic::{Diagnostic, Level, SourceText, nearest};
use crate::model::ids::IncidentId;
use crate::model::playbook::{Language, Playbook};
use crate::model::{Mode, Timestamp, limits};
use crate::record::entry::{ActionOutcome, Body, EvidenceOrigin, Hash, Sealed};
use crate::sources::simulated::{self, SharedDirector, Simulation};
use crate::store::{self, Store};

/// Prefix of the paths of built-in scenarios.
const BUILT_IN: &str = "built-in:";
/// What `quarterdeck drill` begins without a name.
pub const DEFAULT: &str = "coordinated-attack";
/// What a facilitator's own words are called.
const BY_HAND: &str = "by hand";
/// Media type of scenarios.
const TOML: &str = "application/toml";
/// Seeds are drawn below this, so that they can be typed.
const SEEDS: u32 = 1_000_000;
/// The longest simulated time that is simulated again when a drill goes on: a record may say any.
const LONGEST: SignedDuration = SignedDuration::from_hours(60 * 24);
/// The largest seed: any whole number that JSON keeps.
pub const SEED_MAX: u64 = (1 << 53) - 1;

/// A drill that is about to begin or to go on.
pub struct Drill {
    /// The drill.
    pub director: SharedDirector,
    /// Simulated seconds a second.
    pub speed: f64,
    scenario: Arc<Scenario>,
    seed: u64,
    /// Simulated time at which it begins or goes on.
    at: Timestamp,
    /// What was begun by the record and has no end yet.
    pub begun: Begun,
}

/// Actions of a record that have begun. Their ends do them again to a service that did not see them: one of a later session, or of another one that plays
/// the same drill.
#[derive(Clone, Default)]
pub struct Begun(HashMap<Hash, Sealed>);

impl Begun {
    /// Takes in an entry. What cannot be done again was no change of the service. A script that failed may have changed something before it did.
    pub fn take_in(&mut self, director: &mut Director, playbook: &Playbook, sealed: &Sealed) {
        let (intent, outcome) = match &sealed.body {
            Some(Body::ActionIntent { .. }) => {
                self.0.insert(sealed.hash, sealed.clone());
                return;
            }
            Some(Body::ActionResult {
                intent, outcome, ..
            }) => (intent, *outcome),
            _ => return,
        };
        let Some(Body::ActionIntent {
            action,
            text,
            parameters,
            ..
        }) = self.0.remove(intent).and_then(|sealed| sealed.body)
        else {
            return;
        };
        let Some(action) = playbook.actions.get(&action) else {
            return;
        };
        let is_script = action.language == Language::Shell;
        if outcome == ActionOutcome::Ok || outcome == ActionOutcome::Failed && is_script {
            let (by, at) = (&sealed.entry.operator, sealed.entry.when());
            let _ = simulated::replay(director, action, &text, &parameters, by, at);
        }
    }
}

impl Drill {
    /// Severity at opening, as the scenario says.
    pub fn severity(&self) -> Option<&String> {
        self.scenario.severity.as_ref()
    }

    /// The alert that pages.
    pub fn alert(&self) -> Option<String> {
        self.scenario.alert.clone()
    }

    /// What the incident is worked on.
    pub fn ground(&self, config: &Config) -> Ground {
        let folder = config.environment.get("TMPDIR");
        let folder = folder.filter(|folder| !folder.is_empty());
        Ground::Drill(Simulation {
            director: Arc::clone(&self.director),
            clock: clock::now,
            spill_folder: PathBuf::from(folder.unwrap_or("/tmp")),
            operator: config.operator.name.clone(),
        })
    }

    /// Lets the director know what the record says already.
    pub fn observe<'a>(&self, entries: impl Iterator<Item = &'a Sealed>) {
        let mut director = self.director.lock().unwrap_or_else(PoisonError::into_inner);
        entries.for_each(|sealed| director.observe(sealed));
    }

    /// What the header says in place of a profile.
    pub fn pace(&self) -> String {
        if self.speed > 0.0 {
            format!("simulated, speed {}", self.speed)
        } else {
            "simulated".to_owned()
        }
    }

    /// Begins simulated time.
    pub fn start_clock(&self) {
        clock::simulate(self.at, self.speed);
    }

    /// What the record says first of the drill; the scenario's text is put into evidence.
    pub fn first_entries(&self, store: &Store) -> Result<[Body; 3], SessionError> {
        let scenario = &self.scenario;
        let kept = store::evidence::put(store.folder(), scenario.source.text.as_bytes())?;
        let started = Body::DrillStarted {
            scenario: scenario.id.clone(),
            title: scenario.title.clone(),
            scenario_sha256: kept.sha256,
            seed: self.seed,
            speed: self.speed.to_string(),
        };
        let evidence = Body::EvidenceAdded {
            sha256: kept.sha256,
            size: kept.size,
            media_type: TOML.to_owned(),
            name: scenario.source.path.to_string(),
            title: format!("Scenario {}", scenario.title),
            origin: None::<EvidenceOrigin>,
        };
        let page = Body::DrillInjected {
            inject: scenario::PAGE.to_owned(),
            from: "pager".to_owned(),
            text: format!("{}\n\n{}", scenario.title, scenario.summary.trim()),
            damage: None,
            called: false,
        };
        Ok([started, evidence, page])
    }
}

/// A scenario with what is wrong with it.
pub type Found = (Scenario, Vec<Diagnostic>);

/// Every scenario: the user's, then the built-in ones that are not hidden by theirs, in order of their ids.
pub fn scenarios(workplace: &Workplace) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let own = files(&workplace.config().places.drills()).into_iter();
    let own = own.filter_map(|path| read(&path).ok());
    for one in own.chain(built_in().map(scenario::parse)) {
        if found.iter().all(|(other, _)| other.id != one.0.id) {
            found.push(one);
        }
    }
    found.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    found
}

/// Finds a scenario by id or file. The error says what there is.
pub fn find(workplace: &Workplace, name: &str) -> Result<Found, String> {
    if let Some(id) = name.strip_prefix(BUILT_IN) {
        let all = built_in().map(scenario::parse);
        let mut same = all.filter(|(scenario, _)| scenario.id == id);
        return same
            .next()
            .ok_or_else(|| format!("no built-in scenario is called {id:?}"));
    }
    let path = Path::new(name);
    if path.is_file() || name.contains('/') || has_toml_name(path) {
        return read(path);
    }
    let all = scenarios(workplace);
    let known: Vec<String> = all
        .iter()
        .map(|(scenario, _)| scenario.id.clone())
        .collect();
    let mut same = all.into_iter().filter(|(scenario, _)| scenario.id == name);
    same.next().ok_or_else(|| {
        let near = nearest(name, known.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
        format!(
            "no scenario is called {name:?}{near}; there are {}",
            known.join(", ")
        )
    })
}

/// Finds a scenario that a drill may begin with: one without an error. The error says which, and where.
pub fn sound(workplace: &Workplace, name: &str) -> Result<Scenario, String> {
    let (scenario, diagnostics) = find(workplace, name)?;
    let mut errors = diagnostics
        .iter()
        .filter(|finding| finding.level == Level::Error);
    match errors.next() {
        Some(error) => Err(error.located(&scenario.source).to_string()),
        None => Ok(scenario),
    }
}

/// Makes ready what was asked for. Speed and seed are checked here; a scenario with errors is not begun.
pub fn begin(workplace: &Workplace, request: &DrillRequest) -> Result<Drill, SessionError> {
    let scenario = sound(workplace, &request.scenario).map_err(SessionError::Refused)?;
    let pace = match &request.speed {
        None => scenario.speed,
        Some(text) => parse_speed(text).map_err(SessionError::Refused)?,
    };
    let seed = request.seed.map_or_else(drawn, Ok)?;
    let scenario = Arc::new(scenario);
    let director = Director::new(Arc::clone(&scenario), seed);
    Ok(Drill {
        director: Arc::new(Mutex::new(director)),
        speed: pace,
        at: scenario.starts,
        scenario,
        seed,
        begun: Begun::default(),
    })
}

/// A speed as people type it: a number, `0` to 3600.
pub fn parse_speed(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|speed| (0.0..=3_600.0).contains(speed))
        .ok_or_else(|| {
            format!("speed: expected simulated seconds a second up to 3600, found {text:?}")
        })
}

/// Makes a drill ready that a record holds: the service is brought to where it was left. None when the record is of no drill.
pub fn resume(store: &Store, pinned: &Pinned) -> Result<Option<Drill>, SessionError> {
    let Some(record) = &pinned.incident.drill else {
        return Ok(None);
    };
    let scenario = scenario_of(store, record)?;
    let scenario = Arc::new(scenario);
    let mut director = Director::new(Arc::clone(&scenario), record.seed);
    let entries = store.entries(0, u64::MAX)?;
    let left = entries.iter().map(|sealed| sealed.entry.when()).max();
    // Where somebody else has got to since, who plays it now.
    let played = !store.alive_writers().is_empty();
    let now = time_of(&pinned.incident, entries.last(), played);
    let at = left.max(now);
    if let Some(at) = at {
        check_length(scenario.starts, at)?;
    }
    let mut begun = Begun::default();
    for sealed in &entries {
        director.advance(sealed.entry.when());
        begun.take_in(&mut director, &pinned.found.playbook, sealed);
        director.observe(sealed);
    }
    director.leave_out(&record.injected);
    Ok(Some(Drill {
        director: Arc::new(Mutex::new(director)),
        speed: parse_speed(&record.speed).unwrap_or(scenario.speed),
        at: at.unwrap_or(scenario.starts),
        scenario,
        seed: record.seed,
        begun,
    }))
}

/// Whether a drill can be simulated again up to a time.
fn check_length(starts: Timestamp, at: Timestamp) -> Result<(), SessionError> {
    if at.duration_since(starts) <= LONGEST {
        return Ok(());
    }
    Err(SessionError::Refused(format!(
        "by its record this drill has gone on for more than {} days: so much is not simulated again",
        LONGEST.as_hours() / 24
    )))
}

/// The injects of a drill's scenario: name and what is said.
pub fn injects(
    workplace: &Workplace,
    incident: IncidentId,
) -> Result<Vec<(String, String)>, SessionError> {
    let (scenario, record) = played(workplace, incident)?;
    let drawn = Facts::drawn(&scenario, record.seed);
    let injects = scenario.injects.into_iter();
    let told = injects.map(|inject| (inject.id, drawn.fill(&inject.text)));
    Ok(told.collect())
}

/// Throws an inject of the scenario into a drill, at a facilitator's word. One that shows that it has stopped is the service's to bring.
pub fn inject(workplace: &Workplace, incident: IncidentId, id: &str) -> Result<(), SessionError> {
    let (scenario, record) = played(workplace, incident)?;
    let inject = scenario.injects.iter().find(|one| one.id == id);
    let Some(inject) = inject else {
        let known = || scenario.injects.iter().map(|one| one.id.as_str());
        let near = nearest(id, known());
        let help = near.map_or_else(
            || format!("it has {}", known().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean {near:?}?"),
        );
        let scenario = &scenario.id;
        return Err(SessionError::Refused(format!(
            "scenario {scenario} has no inject {id:?}: {help}"
        )));
    };
    let mut signs = scenario.rubric.contain.iter().flat_map(|part| &part.by);
    if signs.any(|sign| sign == id) {
        return Err(SessionError::Refused(format!(
            "{id:?} shows that it has stopped, and comes by itself once it has; to say so all the same, use --text"
        )));
    }
    let drawn = Facts::drawn(&scenario, record.seed);
    let damage = inject.damage.as_ref();
    let body = Body::DrillInjected {
        inject: inject.id.clone(),
        from: inject.from.clone(),
        text: drawn.fill(&inject.text),
        damage: damage.map(|damage| drawn.fill(&damage.text)),
        called: true,
    };
    throw(workplace, incident, body)
}

/// Says something to the operator of a drill, in a facilitator's own words.
pub fn say(
    workplace: &Workplace,
    incident: IncidentId,
    from: &str,
    text: &str,
) -> Result<(), SessionError> {
    if text.trim().is_empty() || text.len() > limits::TEXT_BYTES {
        return Err(SessionError::Refused(format!(
            "--text: expected 1 to {} bytes that say something",
            limits::TEXT_BYTES
        )));
    }
    let body = Body::DrillInjected {
        inject: BY_HAND.to_owned(),
        from: from.to_owned(),
        text: text.to_owned(),
        damage: None,
        called: true,
    };
    throw(workplace, incident, body)
}

/// Records an inject, unless the drill is over: nobody would hear it.
fn throw(workplace: &Workplace, incident: IncidentId, body: Body) -> Result<(), SessionError> {
    let store = Store::open(workplace.data(), Mode::Drill, incident)?;
    let fold = store.fold()?;
    let stage = fold.incident().map(|incident| incident.stage);
    if matches!(stage, Some(Stage::Closed { .. })) {
        return Err(SessionError::Refused(format!(
            "the drill {} is closed: nothing was injected",
            incident.short()
        )));
    }
    super::session::write(workplace, Mode::Drill, incident, body)
}

/// The scenario of a drill, and what it was begun with.
fn played(
    workplace: &Workplace,
    incident: IncidentId,
) -> Result<(Scenario, DrillRecord), SessionError> {
    let store = Store::open(workplace.data(), Mode::Drill, incident)?;
    let fold = store.fold()?;
    let record = fold.incident().and_then(|incident| incident.drill.clone());
    let record = record.ok_or_else(|| {
        SessionError::Refused(format!(
            "the record of {incident} does not say which drill it is"
        ))
    })?;
    Ok((scenario_of(&store, &record)?, record))
}

/// The time of a drill, for an entry from outside its session: where the drill was left, or how far it has got since, when somebody plays it.
pub fn time_of(incident: &Incident, last: Option<&Sealed>, played: bool) -> Option<Timestamp> {
    let drill = incident.drill.as_ref()?;
    let last = &last?.entry;
    let passed = clock::wall()
        .duration_since(last.at())
        .as_secs_f64()
        .max(0.0);
    let speed = if played {
        drill.speed.parse().unwrap_or(1.0)
    } else {
        0.0
    };
    let passed = Duration::try_from_secs_f64(passed * speed).unwrap_or_default();
    last.when().checked_add(passed).ok()
}

/// The scenario that a record was begun with: its text is evidence.
pub fn scenario_of(store: &Store, record: &DrillRecord) -> Result<Scenario, SessionError> {
    let text = store::evidence::read(store.folder(), record.scenario_sha256)?;
    let source = SourceText {
        path: format!("{BUILT_IN}{}", record.scenario).into(),
        text: String::from_utf8_lossy(&text).into_owned().into(),
    };
    Ok(scenario::parse(source).0)
}

fn built_in() -> impl Iterator<Item = SourceText> {
    scenario::BUILT_IN.iter().map(|(name, text)| SourceText {
        path: format!("{BUILT_IN}{name}").into(),
        text: (*text).into(),
    })
}

/// Reads one file.
pub fn read(path: &Path) -> Result<Found, String> {
    let told = |error: &dyn std::fmt::Display| format!("read {}: {error}", path.display());
    let size = fs::metadata(path).map_err(|error| told(&error))?.len();
    if size > limits::PLAYBOOK_BYTES as u64 {
        return Err(told(&format!(
            "expected at most {} bytes, found {size}",
            limits::PLAYBOOK_BYTES
        )));
    }
    let text = fs::read_to_string(path).map_err(|error| told(&error))?;
    Ok(scenario::parse(SourceText {
        path: path.display().to_string().into(),
        text: text.into(),
    }))
}

/// The scenario files of a folder, in order of their names.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| has_toml_name(path) && path.is_file())
        .collect();
    paths.sort();
    paths
}

/// Whether a file is a scenario by its name.
pub fn has_toml_name(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "toml")
}

fn drawn() -> Result<u64, SessionError> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| SessionError::Random(error.to_string()))?;
    Ok(u64::from(u32::from_le_bytes(bytes) % SEEDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_cannot_ask_for_centuries() {
        let starts: Timestamp = "2026-03-10T03:00:00Z".parse().unwrap();
        assert!(check_length(starts, starts + LONGEST).is_ok());
        let error = check_length(starts, Timestamp::MAX).unwrap_err();
        assert!(error.to_string().contains("60 days"), "{error}");
        assert!(check_length(starts, Timestamp::MIN).is_ok());
    }
}
