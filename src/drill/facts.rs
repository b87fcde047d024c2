//! What conditions of a scenario may look at: what the record says the operator did, and how the simulated service stands.

use std::collections::{BTreeMap, BTreeSet};

/// Facts by the names that conditions use. Sets and maps become lists and maps of CEL.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// `ran`: actions that ended well at least once, by hand included.
    pub ran: BTreeSet<String>,
    /// `verdict`: the latest verdict of each action: `pass`, `fail`, `inconclusive`.
    pub verdict: BTreeMap<String, String>,
    /// `decision`: what was chosen, by decision.
    pub decision: BTreeMap<String, Vec<String>>,
    /// `milestone`: reached ones.
    pub milestone: BTreeSet<String>,
    /// `severity`: the current one; empty for none.
    pub severity: String,
    /// `sent`: messages that went out.
    pub sent: BTreeSet<String>,
    /// `ticked`: checks that are done.
    pub ticked: BTreeSet<String>,
    /// `done`: steps that are done.
    pub done: BTreeSet<String>,
    /// `kept`: actions with a result in evidence.
    pub kept: BTreeSet<String>,
    /// `resolved`: the incident was resolved or closed.
    pub resolved: bool,
    /// `revoked`: staff users whose sessions were all revoked since the page.
    pub revoked: BTreeSet<String>,
    /// `staff_sessions`: staff sessions that are active.
    pub staff_sessions: u64,
    /// `expired`: contacts none of whose magic links works any more, since the page.
    pub expired: BTreeSet<String>,
    /// `frozen`: operations that `matter ops freeze-operation` froze.
    pub frozen: BTreeSet<String>,
    /// `snapshots`: organisations whose state was kept.
    pub snapshots: BTreeSet<String>,
    /// `rotated`: tokens were rotated.
    pub rotated: bool,
    /// `disabled`: webhook endpoints that were disabled since the page.
    pub disabled: BTreeSet<String>,
    /// `ended`: backends that were cancelled or terminated, as text.
    pub ended: BTreeSet<String>,
    /// `going`: stories that go on.
    pub going: BTreeSet<String>,
    /// `names`: the names that were drawn, by story: `names["attack"].actors`.
    pub names: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}
