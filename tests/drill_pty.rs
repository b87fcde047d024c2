//! Two drills on a real terminal, each played to its end well and badly, at both sizes: the scores differ in the lines that the rubric names.
//!
//! A play is a table of keys and of what the screen shows then. Time runs while it is played; every wait is for what is on the screen.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: what is not there fails it"
)]

#[path = "support/pty.rs"]
mod pty;
#[path = "support/trial.rs"]
mod trial;

use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pty::{Expected, Launch, PATIENCE, Terminal};
use serde_json::Value;
use tempfile::TempDir;
use trial::{home, quarterdeck};

/// Who has to be quick has time enough, on a busy machine too. What was done badly comes back within minutes of the drill.
const WELL: &str = "30";
const BADLY: &str = "60";

/// How the dialog of an inject begins.
const INJECT: &str = "┏ DRILL · ";

/// What an action that has not ended says of itself.
const UNDER_WAY: [&str; 5] = [
    "preparing",
    "asking for its preview",
    "recording the intent",
    " running ",
    "judging",
];

/// Between the keys of a line, and between what each of them brings.
const THEN: &str = " | ";

/// Keys, and what the screen shows after them: parts with `&` between, `!` in front of what is gone. Keys with `*` behind are pressed until it shows;
/// where no key stands it is waited for.
type Line = (&'static str, &'static str);

/// The attack: who it was, all of it kept before anything is changed.
const KEPT_FIRST: &[Line] = &[
    ("R | <Enter>", "Who has which role? | Who has this role?"),
    ("alice<Enter>", "IC alice"),
    ("1 | <Enter>", "Send this? | Result · & PASS"),
    ("2 | <Enter>", "Send this? | Result 2/2"),
    ("d | ", "2 · Identify the source | !⊘ blocked"),
    ("1 | <Enter>", "Send this? | Result 3/3"),
    ("2 | <Enter>", "Send this? | Result 4/4"),
    ("b", "Suspect actor = st-gmercer"),
    ("d | ", "3 · Determine the pattern | !⊘ blocked"),
    ("D | 2<Enter>", "SUGGESTED | 1 · Preserve all logs"),
    ("1 | <Enter>", "Send this? | Result 5/5"),
    ("v", "kept: rows"),
    ("2 | <Enter>", "Send this? & st-gmercer | Result 6/6"),
    ("v", "kept: rows"),
    ("i | <Tab><Tab>", "▸ Look back | ▸ Suspect actor"),
    (OTHER_ACTOR, "!▸ Suspect actor"),
    (
        "2 | <Enter>",
        "Send this? & st-otanner | Result 6/6 & st-otanner & !Send this?",
    ),
    ("v", "kept: rows"),
    ("t", "☑ Logs beyond"),
    ("d | ", "2 · Revoke the attacker | !⊘ blocked"),
];
const OTHER_ACTOR: &str = "<BS><BS><BS><BS><BS><BS><BS><BS><BS><BS>st-otanner<Enter>";
const FIRST_ACTOR: &str = "<BS><BS><BS><BS><BS><BS><BS><BS><BS><BS>st-gmercer<Enter>";

/// The sessions of both actors are ended.
const CONTAINED: &[Line] = &[
    ("1 | <Enter>", "Send this? & st-otanner | Result 7/7"),
    ("2 | app<Enter>", "would be touched | rows touched."),
    ("3 | <Enter>", "Send this? | Result 9/9 & PASS"),
    ("i | <Tab><Tab>", "▸ Look back | ▸ Suspect actor"),
    (FIRST_ACTOR, "!▸ Suspect actor"),
    (
        "1 | <Enter>",
        "Send this? & st-gmercer | Result 7/9 & st-gmercer & !Send this?",
    ),
    ("2 | app<Enter>", "would be touched | rows touched."),
    ("3 | <Enter>", "Send this? | Result 9/9 & PASS"),
    ("d | ", "3 · Disable the account | !⊘ blocked"),
];

/// The security team is told, in the drill's room.
const TOLD: &[Line] = &[
    (
        "t | <Enter>",
        "Tick which check? | ☑ Attacker's account disabled",
    ),
    ("1 | <C-s>", "ctrl-s accepts | How is it sent"),
    (
        "<Down><Down><Enter> | room<Enter>",
        "┏ Send this message? & type its name: room | delivered to the drill's room",
    ),
    (
        "t | <Down><Enter>",
        "Tick which check? | ☑ Security team notified",
    ),
    (
        "t | <Down><Down><Enter>",
        "Tick which check? | ☑ Security incident response",
    ),
    ("d | ", "1 · Has the mismatch rate | !⊘ blocked"),
];

/// Back to the question that was left open: is the trail alive?
const ALIVE: &[Line] = &[
    ("<Tab>*", "┏ Steps"),
    (
        "<Home><Down><Down><Down>1 | <Enter>",
        "Send this? Prove that the audit trail | !Send this? & Result 11/",
    ),
];

/// The trail is asked, its FAIL is accepted, and what it means is said and kept.
const ASKED: &[Line] = &[
    ("2 | <Enter>", "Send this? Verify | Result 12/12 & FAIL"),
    ("A", "  CRITICAL  "),
    ("d | ", "5 · Did any cross-org | !⊘ blocked"),
    (
        "D | 1<Enter>",
        "SUGGESTED | ┏ Choose & leads to another playbook",
    ),
    ("<Esc>", "!leads to another playbook"),
    ("M | <Down><Enter>", "confirmed | confirmed: its clocks"),
    ("they stand in the trail<Enter>", "  confirmed  "),
    (
        "M | <Down><Down><Enter>",
        "contained | contained: its clocks",
    ),
    ("both have no session left<Enter>", "  contained  "),
    ("V | <Enter>", "Mismatch metric spike | ┏ 1/2"),
    ("v", "kept: samples"),
    (
        "V | <Home><Down><Down><Down><Enter>",
        "Root cause analysis | What is the evidence?",
    ),
    ("two stolen sessions<Enter>", "!What is the evidence?"),
    (
        "V | <Home><Down><Down><Down><Down><Enter>",
        "Deployment record | What is the evidence?",
    ),
    ("both were ended<Enter>", "!What is the evidence?"),
    ("i | <Tab><Tab><Tab><Tab>", "▸ Look back | ▸ When the fix"),
];

/// After a quarter of an hour without an attempt: verified, confirmed, resolved and closed with nothing open.
const VERIFIED: &[Line] = &[
    ("<Tab>*", "┏ Steps"),
    (
        "<Home>1 | <Enter>",
        "Send this? Is the telemetry | Result 1/12 & PASS",
    ),
    ("<Tab>*", "┏ Steps"),
    (
        "<End><Up>1 | <Enter>",
        "Send this? Count mismatches | Result 13/13 & PASS",
    ),
    ("d | ", "2 · Confirm and close | !⊘ blocked"),
    (
        "t | <Down><Down><Enter>",
        "Tick which check? | ☑ Root cause",
    ),
    (
        "t | <Down><Down><Down><Down><Enter>",
        "Tick which check? | ☑ Security team notified",
    ),
    ("<Tab>*", "┏ 2"),
    ("<Home><Down>T", "Why does the check not apply?"),
    ("the answer is Yes<Enter>", "– No successful cross-org"),
    (
        "<Home><Down><Down><Down><Down><Down>T",
        "Why does the check not apply?",
    ),
    ("nothing of ours was changed<Enter>", "– Contract test"),
    ("d", "✓ done"),
    ("X | <Enter>", "┏ Resolve | How did it end"),
    ("two stolen sessions were ended<Enter>", "RESOLVED"),
    ("X | <Enter>", "nothing is open | CLOSED"),
];

/// One chart, one actor, and his sessions are ended before anything is kept.
const ENDED_FIRST: &[Line] = &[
    ("1 | <Enter>", "Send this? | Result · & PASS"),
    ("d | ", "2 · Identify the source | !⊘ blocked"),
    ("2 | <Enter>", "Send this? | Result 2/2"),
    ("b", "Suspect actor = st-gmercer"),
    ("d | ", "3 · Determine the pattern | !⊘ blocked"),
    ("D | 1<Enter>", "SUGGESTED | esc cancel"),
    ("the actor is a test account<Enter>", "!esc cancel"),
    ("<Tab>*", "┏ Steps"),
    (
        "<Home><Down><Down><Down><Down><Down><Down><Down>2",
        "esc cancel",
    ),
    ("it is late<Enter>", "┏ Change this? & would be touched"),
    ("app<Enter>", "rows touched."),
];

/// Nothing got through, it is said, and the trail is not asked. Closed.
const ALL_CLEAR: &[Line] = &[
    ("<Tab>*", "┏ Steps"),
    (
        "<Home><Down><Down><Down><Down>D | 2<Enter>",
        "waits for: | esc cancel",
    ),
    ("the engine rejects every one<Enter>", "!esc cancel"),
    ("D | 2<Enter>", "┏ Did any | esc cancel"),
    ("the engine rejects every one<Enter>", "!esc cancel"),
];
const CLOSED_EARLY: &[Line] = &[
    ("X | <Enter>", "┏ Resolve | How did it end"),
    ("a test account; nothing got through<Enter>", "RESOLVED"),
    ("X | <Enter>", "┏ Resolved | Why is it closed"),
    ("nothing more to do<Enter>", "CLOSED"),
];

/// Every page waits: the one that blocks all others is found, both lists are kept, and its query is cancelled.
const BLOCKER_ENDED: &[Line] = &[
    ("R | <Enter>", "Who has which role? | Who has this role?"),
    ("alice<Enter>", "IC alice"),
    ("1 | <Enter>", "Send this? | Result · & FAIL"),
    ("2 | <Enter>", "Send this? | Result 2/2"),
    ("d | ", "1 · Investigation | !⊘ blocked"),
    ("1 | <Enter>", "Send this? | Result 3/3"),
    ("v", "kept: rows"),
    ("2 | <Enter>", "Send this? | Result 4/4"),
    ("v", "kept: rows"),
    ("b", " = 24658"),
    ("d | ", "1 · Kill long-running | !⊘ blocked"),
    ("1 | <Enter>", "Send this? & 24658 | Result 5/5"),
    ("2 | app<Enter>", "would be touched | Result 6/6 & true"),
    ("d | ", "2 · Tune | !⊘ blocked"),
];

/// All others go on: nobody blocks anybody, and the database is ready.
const ALL_GO_ON: &[Line] = &[
    ("<Tab>*", "┏ Steps"),
    (
        "<Home><Down>2 | <Enter>",
        "Send this? Who blocks | No rows.",
    ),
    ("<Tab>*", "┏ Steps"),
    (
        "<Home>1 | <Enter>",
        "Send this? Are the dependencies | Result 1/6 & PASS",
    ),
    ("<C-n>", "2 · Tune"),
    ("1 | <Enter>", "Send this? | Result 7/7"),
    (
        "t | <Down><Enter>",
        "Tick which check? | ☑ Query profiling enabled",
    ),
    (
        "t | <Down><Down><Enter>",
        "Tick which check? | ☑ Query profiler output",
    ),
    (
        "t | <Down><Down><Down><Enter>",
        "Tick which check? | ☑ Connection pool",
    ),
    ("<Tab>*", "┏ 2"),
    ("<Home><Down>T", "Why does the check not apply?"),
    ("everybody waited for a lock<Enter>", "– Missing indexes"),
    ("d", "✓ done"),
    ("X | <Enter>", "┏ Resolve | How did it end"),
    ("the job's query was cancelled<Enter>", "RESOLVED"),
    ("X | <Enter>", "nothing is open | CLOSED"),
];

/// One of those that wait is ended in place of the one they wait for.
const WRONG_ONE: &[Line] = &[
    ("1 | <Enter>", "Send this? | Result · & FAIL"),
    ("d | ", "1 · Investigation | !⊘ blocked"),
    ("1 | <Enter>", "Send this? | Result 2/2"),
    ("<Down>b", " = 24661"),
    ("2 | <Enter>", "Send this? | Result 3/3"),
    ("d | ", "1 · Kill long-running | !⊘ blocked"),
    ("1 | <Enter>", "Send this? & 24661 | Result 4/4"),
    ("2 | app<Enter>", "would be touched | Result 5/5 & true"),
];
const BLAMED: &[Line] = &[
    ("X | <Enter>", "┏ Resolve | How did it end"),
    ("the network was told<Enter>", "RESOLVED"),
    ("X | <Enter>", "┏ Resolved | Why is it closed"),
    ("nothing more to do<Enter>", "CLOSED"),
];

fn attack_well(size: (u16, u16)) -> Played {
    let mut player = Player::new("coordinated-attack", WELL, size);
    player.play(KEPT_FIRST);
    player.play(CONTAINED);
    // From the next minute on there is no attempt any more.
    let quiet = minutes(&player.listen()) + 1;
    player.play(TOLD);
    player.play(ALIVE);
    // An entry may have come while the request was read; it is newer than what is asked for.
    while !player.listen().contains("┃ PASS") {
        player.play(ALIVE);
    }
    player.play(ASKED);
    let paged: Timestamp = "2026-03-10T02:58:00Z".parse().unwrap();
    let fixed = paged + SignedDuration::from_mins(quiet);
    player.act(&format!("{fixed}<Enter>"), "!▸ When the fix");
    player.wait_until(quiet + 16);
    player.play(VERIFIED);
    player.leave()
}

fn attack_badly(size: (u16, u16)) -> Played {
    let mut player = Player::new("coordinated-attack", BADLY, size);
    player.play(ENDED_FIRST);
    player.play(ALL_CLEAR);
    player.wait(5);
    player.play(CLOSED_EARLY);
    player.leave()
}

fn database_well(size: (u16, u16)) -> Played {
    let mut player = Player::new("slow-database", WELL, size);
    player.play(BLOCKER_ENDED);
    player.wait(2);
    player.play(ALL_GO_ON);
    player.leave()
}

fn database_badly(size: (u16, u16)) -> Played {
    let mut player = Player::new("slow-database", BADLY, size);
    player.play(WRONG_ONE);
    player.wait(4);
    player.play(BLAMED);
    player.leave()
}

struct Player {
    home: TempDir,
    terminal: Terminal,
}

impl Player {
    fn new(scenario: &str, speed: &str, (columns, rows): (u16, u16)) -> Self {
        let home = home();
        let arguments = [
            "drill", scenario, "--seed", "7", "--speed", speed, "--as", "alice",
        ];
        let terminal = Launch::quarterdeck(home.path())
            .arguments(arguments)
            .size(columns, rows)
            .start();
        terminal.wait_for("┏ DRILL · pager", PATIENCE);
        let screen = terminal.frame();
        let header = screen.lines().next().unwrap_or_default();
        assert!(header.contains("DRILL"), "{header}");
        Self { home, terminal }
    }

    fn play(&mut self, lines: &[Line]) {
        for (keys, shows) in lines {
            for (keys, shows) in keys.split(THEN).zip(shows.split(THEN)) {
                self.act(keys, shows);
            }
        }
    }

    /// Presses keys and waits for what they bring. What is said in the drill may come in front at any time; it is read first.
    fn act(&mut self, keys: &str, shows: &str) {
        if let Some(key) = keys.strip_suffix('*') {
            return self.until(key, shows);
        }
        let screen = self.listen();
        // What is typed into a dialog is never lost: whatever is said waits below it. Other keys are pressed again when something was said.
        let typed = in_dialog(&screen);
        assert!(
            keys.is_empty() || !there(shows, &screen),
            "{keys}: {shows}: there before\n{screen}"
        );
        // A dialog opens over whatever is said, and the key that closes that one would close it.
        let over = typed && shows.starts_with("┏ ");
        self.terminal.send(keys);
        loop {
            self.wait_for(Shown { keys, shows, over });
            if over {
                return;
            }
            let screen = self.listen();
            if there(shows, &screen) {
                return;
            }
            if !typed && !under_way(&screen) {
                self.terminal.send(keys);
            }
        }
    }

    fn wait_for(&self, expected: impl Expected + Copy) {
        loop {
            self.terminal.wait_for(expected, PATIENCE);
            // It may have been a frame half drawn.
            if expected.holds(&self.terminal.frame()) {
                return;
            }
        }
    }

    /// Presses a key until it shows, such as Tab for a pane.
    fn until(&mut self, key: &str, shows: &str) {
        let mut screen = self.listen();
        while !there(shows, &screen) {
            let before = focus(&screen);
            self.terminal.send(key);
            let moved = |screen: &str| focus(screen) != before || in_front(screen).is_some();
            self.wait_for(moved);
            screen = self.listen();
        }
    }

    /// Reads what is said in the drill, and closes it. Gives the screen with nothing said in front.
    fn listen(&mut self) -> String {
        loop {
            let screen = self.terminal.frame();
            let Some(said) = in_front(&screen) else {
                return screen;
            };
            self.terminal.send("<Esc>");
            let read = |screen: &str| in_front(screen).as_ref() != Some(&said);
            self.wait_for(read);
        }
    }

    /// Waits for a time of the drill, in minutes since the page, and reads what is said until then.
    fn wait_until(&mut self, minute: i64) {
        while minutes(&self.listen()) < minute {
            let later = |screen: &str| minutes(screen) >= minute || in_front(screen).is_some();
            self.wait_for(later);
        }
    }

    /// Lets some minutes of the drill pass.
    fn wait(&mut self, more: i64) {
        let now = minutes(&self.listen());
        self.wait_until(now + more);
    }

    /// Leaves, and gives what was recorded.
    fn leave(mut self) -> Played {
        // Something may be said just now: unlike q, this does not close its dialog only.
        self.terminal.send("<C-c>");
        self.terminal.wait_exit(Duration::from_secs(30));
        self.terminal.terminal_restored().unwrap();
        let timeline = quarterdeck(self.home.path(), &["timeline", "last", "--format", "json"]);
        assert_eq!(timeline.code, Some(0), "{}", timeline.talk);
        let entries = timeline.out.lines();
        let entries: Vec<Value> = entries
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(
            entries.iter().all(|entry| entry["mode"] == "drill"),
            "{entries:#?}"
        );
        let report = quarterdeck(self.home.path(), &["report", "last", "--format", "json"]);
        assert_eq!(report.code, Some(0), "{}", report.talk);
        let report: Value = serde_json::from_str(&report.out).unwrap();
        Played {
            entries,
            debrief: report["debrief"].clone(),
        }
    }
}

/// What keys bring, or something said in the drill that is in front of it.
#[derive(Clone, Copy)]
struct Shown<'a> {
    keys: &'a str,
    shows: &'a str,
    /// It comes over what is said.
    over: bool,
}

impl Expected for Shown<'_> {
    fn holds(&self, screen: &str) -> bool {
        there(self.shows, screen) || !self.over && in_front(screen).is_some()
    }

    fn name(&self) -> String {
        format!("{:?} after {:?}", self.shows, self.keys)
    }
}

fn under_way(screen: &str) -> bool {
    UNDER_WAY.iter().any(|word| screen.contains(word))
}

/// Whether the screen shows what a line expects, and nothing is under way.
fn there(shows: &str, screen: &str) -> bool {
    !under_way(screen)
        && shows.split(" & ").all(|part| match part.strip_prefix('!') {
            Some(gone) => !screen.contains(gone),
            None => screen.contains(part),
        })
}

/// Whether a dialog takes the keys: its lower edge says what esc does.
fn in_dialog(screen: &str) -> bool {
    let edge = |line: &str| line.contains("┗━ ") && line.contains("  esc ");
    screen.lines().any(edge)
}

/// What is said in the drill, where nothing covers it.
fn in_front(screen: &str) -> Option<String> {
    let rows: Vec<Vec<char>> = screen.lines().map(|line| line.chars().collect()).collect();
    let heads = screen.lines().enumerate().filter_map(|(row, line)| {
        let (before, _) = line.split_once(INJECT)?;
        Some((row, before.chars().count()))
    });
    let mut whole = heads.filter_map(|(top, left)| {
        let right = left + rows[top][left..].iter().position(|cell| *cell == '┓')?;
        let mut said = String::new();
        for row in &rows[top + 1..] {
            let (first, inside, last) =
                (row.get(left)?, row.get(left + 1..right)?, row.get(right)?);
            if inside.iter().any(|cell| "┏┓┗┛┃".contains(*cell)) {
                return None;
            }
            match (first, last) {
                ('┃', '┃') => said.extend(inside),
                ('┗', '┛') => return Some(said),
                _ => return None,
            }
        }
        None
    });
    whole.next()
}

/// The first word in the frame of the pane that takes the keys.
fn focus(screen: &str) -> Option<String> {
    let (_, title) = screen.split_once("┏ ")?;
    title.split_whitespace().next().map(str::to_owned)
}

/// Minutes since the page, as the header has them: `T+14m`, `T+1h52`.
fn minutes(screen: &str) -> i64 {
    let time = screen.lines().next().and_then(|line| line.split_once("T+"));
    let time = time.and_then(|(_, time)| time.split_whitespace().next());
    let minutes = time.and_then(|time| match time.split_once('h') {
        Some((hours, minutes)) => {
            Some(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
        }
        None => time.trim_end_matches('m').parse().ok(),
    });
    minutes.unwrap_or_default()
}

/// A drill that was played and left.
struct Played {
    entries: Vec<Value>,
    debrief: Value,
}

impl Played {
    fn bodies(&self, kind: &str) -> Vec<&Value> {
        let of_kind = self.entries.iter().filter(|entry| entry["kind"] == kind);
        of_kind.map(|entry| &entry["body"]).collect()
    }

    /// What was chosen, in order.
    fn decisions(&self) -> Vec<&str> {
        let made = self.bodies("decision.made").into_iter();
        made.map(|body| body["chosen"][0].as_str().unwrap())
            .collect()
    }

    /// What an action ended with, each time that it was run.
    fn ends(&self, action: &str) -> Vec<&Value> {
        let mut ends = self.bodies("action.result");
        ends.retain(|body| body["action"] == action);
        ends
    }

    /// What somebody said in the drill, by its name.
    fn said(&self, inject: &str) -> bool {
        let said = self.bodies("drill.injected");
        said.iter().any(|body| body["inject"] == inject)
    }

    /// The points of a line of the score; none when the score has no such line.
    fn points(&self, title: &str) -> Option<i64> {
        let lines = self.debrief["lines"].as_array().unwrap();
        let line = lines.iter().find(|line| line["title"] == title)?;
        line["points"].as_i64()
    }

    /// Whether every one of these actions was kept before the first run of another one.
    fn kept_before(&self, kept: &[&str], act: &str) -> bool {
        let place = |holds: &dyn Fn(&Value) -> bool| self.entries.iter().position(holds);
        let act =
            place(&|entry| entry["kind"] == "action.intent" && entry["body"]["action"] == act);
        kept.iter().all(|action| {
            let kept = place(&|entry| {
                entry["kind"] == "evidence.added" && entry["body"]["origin"]["action"] == *action
            });
            kept.is_some_and(|kept| Some(kept) < act)
        })
    }
}

/// The same drill, well and badly at the same time.
fn both(
    well: impl FnOnce() -> Played + Send,
    badly: impl FnOnce() -> Played + Send,
) -> [Played; 2] {
    let played = thread::scope(|scope| {
        let well = scope.spawn(well);
        let badly = scope.spawn(badly);
        [well.join(), badly.join()]
    });
    played.map(|played| played.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

/// Both came to their end; the one earns each of these lines and the other nothing of them, and these faults are its own.
fn scores_differ([well, badly]: &[Played; 2], earned: &[&str], faults: &[(&str, i64)]) {
    for played in [well, badly] {
        assert_eq!(played.bodies("incident.resolved").len(), 1);
        assert_eq!(played.bodies("incident.closed").len(), 1);
    }
    let debriefs = format!("well: {:#}\nbadly: {:#}", well.debrief, badly.debrief);
    for line in earned {
        assert!(well.points(line) > Some(0), "{line}: {debriefs}");
        assert_eq!(badly.points(line), Some(0), "{line}: {debriefs}");
    }
    for (fault, cost) in faults {
        assert_eq!(well.points(fault), None, "{fault}: {debriefs}");
        assert_eq!(badly.points(fault), Some(*cost), "{fault}: {debriefs}");
    }
    assert_eq!(well.debrief["of"], badly.debrief["of"]);
    let sums = [well, badly].map(|played| played.debrief["points"].as_i64().unwrap());
    assert!(sums[0] > sums[1], "{debriefs}");
}

fn attack(size: (u16, u16)) {
    let played = both(|| attack_well(size), || attack_badly(size));
    let earned = [
        "time to contain",
        "time to classify",
        "time to first update",
        "evidence before containment",
    ];
    let faults = [
        ("false all-clear", -60),
        ("wrong decision", -15),
        ("needless damage", -15),
        ("steps left out", -10),
    ];
    scores_differ(&played, &earned, &faults);
    let [well, badly] = played;
    assert_eq!(well.points("evidence before containment"), Some(20));
    assert!(well.kept_before(&["preserve-logs", "preserve-audit"], "revoke"));
    assert_eq!(well.decisions(), ["Multiple actors, one target org", "Yes"]);
    assert_eq!(well.ends("revoke").len(), 2, "both actors");
    assert_eq!(well.ends("cross-org")[0]["judged"]["verdict"], "fail");
    assert_eq!(well.bodies("severity.changed")[0]["severity"], "CRITICAL");
    assert_eq!(well.ends("rate-zero")[0]["judged"]["verdict"], "pass");
    assert_eq!(well.debrief["faults"], Value::Array(Vec::new()));
    assert_eq!(badly.debrief["points"], 0, "never below nothing");
    assert!(well.said("quiet") && !well.said("trail-gone") && !well.said("customer-again"));

    assert!(!badly.kept_before(&["preserve-logs"], "revoke"));
    assert_eq!(badly.decisions(), ["Single actor, multiple orgs", "No"]);
    assert!(badly.ends("cross-org").is_empty(), "the trail is not asked");
    let heavy = badly.debrief["faults"].as_array().unwrap();
    assert_eq!(heavy.len(), 1, "{heavy:?}");
    let heavy = heavy[0].as_str().unwrap();
    assert!(
        heavy.starts_with("false all-clear: Data was reached")
            && heavy.contains("was decided with \"No\"")
            && heavy.contains("nothing got through"),
        "{heavy}"
    );
    assert!(!badly.said("quiet") && badly.said("trail-gone") && badly.said("customer-again"));
}

fn database(size: (u16, u16)) {
    let played = both(|| database_well(size), || database_badly(size));
    let faults = [("needless damage", -15), ("steps left out", -6)];
    scores_differ(&played, &["time to contain"], &faults);
    let [well, badly] = played;
    assert_eq!(
        badly.points("evidence before containment"),
        Some(18),
        "one of two"
    );
    assert_eq!(well.points("evidence before containment"), Some(35));
    assert!(well.kept_before(&["active-queries", "blockers"], "cancel-query"));
    let blocked: Vec<&Value> = well
        .ends("blockers")
        .iter()
        .map(|end| &end["rows"])
        .collect();
    assert_eq!(blocked, [1, 0], "one blocked all; nobody blocks anybody");
    assert!(well.said("pages-are-back") && !well.said("wrong-backend"));
    assert!(!badly.kept_before(&["blockers"], "cancel-query"));
    assert!(!badly.said("pages-are-back") && badly.said("wrong-backend"));
}

#[test]
fn at_80_by_24_the_attack_is_scored_as_it_was_played() {
    attack((80, 24));
}

#[test]
fn at_120_by_40_the_attack_is_scored_as_it_was_played() {
    attack((120, 40));
}

#[test]
fn at_80_by_24_the_slow_database_is_scored_as_it_was_played() {
    database((80, 24));
}

#[test]
fn at_120_by_40_the_slow_database_is_scored_as_it_was_played() {
    database((120, 40));
}
