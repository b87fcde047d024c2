//! Every bound of the program, by name. Nothing grows without one of these.

use std::time::Duration;

/// Drills that a debrief looks through for earlier tries.
pub const DRILL_TRIES: usize = 200;
/// A playbook file: larger ones are refused.
pub const PLAYBOOK_BYTES: usize = 1024 * 1024;
/// Front matter of a playbook.
pub const FRONT_MATTER_BYTES: usize = 64 * 1024;
/// Depth of nested front matter.
pub const FRONT_MATTER_DEPTH: usize = 32;
/// Nodes in front matter: a small file can otherwise unfold into millions through aliases.
pub const FRONT_MATTER_NODES: usize = 10_000;
/// Aliases followed in front matter.
pub const FRONT_MATTER_ALIASES: usize = 64;
/// An expression's source text.
pub const EXPRESSION_BYTES: usize = 4 * 1024;
/// Diagnostics kept for one file; more are counted, not kept.
pub const DIAGNOSTICS: usize = 1_000;

/// Rows a query returns when its playbook says nothing.
pub const ROWS_DEFAULT: u64 = 10_000;
/// Rows a query may ask for.
pub const ROWS_MAX: u64 = 1_000_000;
/// Bytes of one result, spilled to disk; past that the result is cut and says so.
pub const RESULT_BYTES: u64 = 512 * 1024 * 1024;
/// Rows fetched from a cursor in one round trip.
pub const FETCH_ROWS: u64 = 1_000;
/// Output of a script or body of an answer that is kept.
pub const OUTPUT_BYTES: usize = 10 * 1024 * 1024;
/// Series in one chart answer; more are dropped with a warning.
pub const SERIES: usize = 200;
/// Samples in one series.
pub const SAMPLES: usize = 11_000;

/// A run without a time-out in the playbook.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// The longest time-out a playbook may ask for.
pub const TIMEOUT_MAX: Duration = Duration::from_secs(600);
/// How long a query may wait for a lock.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long making a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A live pane's refresh when the playbook says nothing, and the shortest it may ask for.
pub const POLL_DEFAULT: Duration = Duration::from_secs(30);
/// The shortest refresh of a live pane.
pub const POLL_MIN: Duration = Duration::from_secs(5);

/// Events that wait for the loop, per channel.
pub const EVENTS: usize = 1_024;
/// Events handled before the screen is drawn again even if more wait.
pub const EVENTS_PER_FRAME: usize = 64;
/// Time spent on events before the screen is drawn again.
pub const FRAME_TIME: Duration = Duration::from_millis(4);
/// Entries that wait for a record that cannot be written.
pub const ENTRIES_PENDING: usize = 1_000;
/// Entries between two snapshots of the folded incident.
pub const SNAPSHOT_EVERY: u64 = 256;
/// Timeline entries kept in memory around what is shown.
pub const TIMELINE_WINDOW: usize = 512;
/// Timeline entries read before the first frame: opening a long record must not wait for more than a screen shows.
pub const TIMELINE_FIRST: u64 = 96;
/// Other writers' heads named in one entry.
pub const SEEN_HEADS: usize = 16;
/// Bytes of one entry's body.
pub const ENTRY_BODY_BYTES: usize = 1024 * 1024;

/// A displayed line; the rest is counted.
pub const LINE_BYTES: usize = 4 * 1024;
/// Combining marks kept on one base character.
pub const COMBINING_MARKS: usize = 8;
/// Bytes of a value typed or bound into an input.
pub const INPUT_BYTES: usize = 4 * 1024;
/// Bytes of a note or an edited query.
pub const TEXT_BYTES: usize = 64 * 1024;
/// How long the process may take to end after its terminal is gone.
pub const HANGUP_GRACE: Duration = Duration::from_millis(800);

/// The configuration file: larger ones are refused.
pub const CONFIG_BYTES: usize = 1024 * 1024;
/// Secrets shorter than this are refused: masking them would blot out ordinary text, and they guard nothing.
pub const SECRET_CHARACTERS_MIN: usize = 8;
/// A secret read from a file or a command.
pub const SECRET_BYTES: usize = 64 * 1024;
/// How long the command behind a `cmd:` secret may take.
pub const SECRET_COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// Between asking a script's process group to end and killing it; also how long the output of a script that ended is
/// waited for when a process it left behind holds the pipe open.
pub const KILL_GRACE: Duration = Duration::from_secs(2);
/// Redirects followed within one host.
pub const REDIRECTS: usize = 5;
/// Wall clock against time since boot: a larger difference between two entries of a session is a jump.
pub const CLOCK_JUMP: Duration = Duration::from_secs(5);
/// How long a source may take to complete a plan with what only its server knows.
pub const PLAN_TIMEOUT: Duration = Duration::from_secs(8);
/// Parts of a result on their way from a source.
pub const CHUNKS: usize = 64;
/// Rows of the home screen that are handed over at once.
pub const HOME_BATCH: usize = 50;
/// How long `--screenshot` waits for answers before it takes the picture as it is.
pub const SCREENSHOT_WAIT: Duration = Duration::from_secs(20);
/// The same for a key of a script in a drill: nothing there waits for a network, only for this machine, however busy it is.
pub const SCRIPT_WAIT: Duration = Duration::from_secs(180);
/// Matches of a search in a result.
pub const MATCHES: usize = 100_000;
/// Snapshots of the folded incident kept in memory, with the entries after each: an entry of another writer that comes
/// later than that many behind makes the incident be read again from its record.
pub const SNAPSHOTS_KEPT: usize = 4;
/// Files of a library of playbooks.
pub const LIBRARY_FILES: usize = 10_000;
/// Playbook files that are read at a time.
pub const LIBRARY_GROUP: usize = 128;
/// Playbook files that are worth a thread.
pub const PLAYBOOKS_A_THREAD: usize = 16;
/// Rows of a table that are turned into a chart.
pub const CHART_ROWS: usize = 100_000;
/// Rows read back from the evidence of a result: one more than expressions look at; past them only the count is right.
pub const EVIDENCE_READ_ROWS: usize = 10_001;
/// Bytes of cells read back from the evidence of a result.
pub const EVIDENCE_READ_BYTES: usize = 64 * 1024 * 1024;
/// Rows of a result, or lines of an output, that expressions may look at; `count` always works.
pub const EXPRESSION_ROWS: usize = 10_000;
/// How old a proof may be when the playbook does not say.
pub const PROOF_AGE: Duration = Duration::from_secs(15 * 60);
/// Reasons kept of one verdict.
pub const REASONS: usize = 12;
/// Characters of a reason.
pub const REASON_CHARACTERS: usize = 400;
/// Figures kept of one verdict or suggestion.
pub const FIGURES: usize = 24;
/// Characters of a figure's value.
pub const FIGURE_CHARACTERS: usize = 120;
/// Rows of a preview that the gate of a write shows.
pub const PREVIEW_ROWS: usize = 3;
/// Times at which a step or action was done, and a clock met, that the folded incident keeps of each.
pub const DONE_TIMES: usize = 256;
/// Drafts of one message: one a value of `for-each`; more values are an error that says so.
pub const MESSAGE_DRAFTS: usize = 200;
/// Rows of a result that a message template may list.
pub const MESSAGE_ROWS: usize = 1_000;
/// Steps a message template may take: a loop that never ends is an error.
pub const MESSAGE_FUEL: u64 = 200_000;
/// Requests to one Azure service at once: it runs five of a user's and queues the rest.
pub const AZURE_REQUESTS: usize = 3;
/// The shortest time between two polls of a live pane on an Azure service.
pub const AZURE_POLL_MIN: Duration = Duration::from_secs(30);
/// How long `az` may take to give a token.
pub const AZ_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes kept of what a webhook answers.
pub const WEBHOOK_ANSWER_BYTES: usize = 64 * 1024;
