//! Names and numbers that identify things. Newtypes, so that a step's id is never passed where an action's is meant.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the name as it is; whether it is well formed is the parser's business.
            pub fn new(name: impl AsRef<str>) -> Self {
                Self(Arc::from(name.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

name_id! {
    /// A playbook, kebab-case, unique in the library.
    PlaybookId;
    /// A phase of a playbook.
    PhaseId;
    /// A step of a playbook.
    StepId;
    /// An action: a fence that runs.
    ActionId;
    /// A check: a task-list item that is ticked.
    CheckId;
    /// An input: a typed value that queries bind.
    InputId;
    /// A clock: a deadline that runs.
    ClockId;
    /// An item of the playbook's evidence table.
    EvidenceId;
    /// A role such as `ic` or `security`.
    RoleId;
    /// A source as playbooks name it (`audit`, `metrics`); the profile says what it is.
    SourceName;
}

/// One run of an action within one session. Never reused, so a late answer is recognised and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RunId(pub u64);

/// One entry on its way to the record within one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

/// An incident: a UUIDv7, so ids sort by the time of opening.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub uuid::Uuid);

impl IncidentId {
    /// The last four hex digits, upper case: what people say aloud (the first digits are time and look alike).
    pub fn short(self) -> String {
        let text = self.0.simple().to_string();
        text.get(text.len().saturating_sub(4)..)
            .unwrap_or_default()
            .to_uppercase()
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.hyphenated(), formatter)
    }
}

impl fmt::Debug for IncidentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
