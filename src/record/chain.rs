//! A writer's chain: drafts become sealed entries.
//!
//! Pure: time, salt and the session key come in, nothing is stored. One [`Writer`] is one session of one operator; its key
//! never leaves it and is wiped when it is dropped.

use std::collections::BTreeMap;
use std::fmt;

use ed25519_dalek::{Signer, SigningKey};

use super::base64url;
use super::canonical::{self, CanonicalError};
use super::entry::{Draft, Entry, Hash, Sealed};
use super::raw;
use crate::model::ids::IncidentId;
use crate::model::{Mode, limits, timestamp_text};

/// What the run time adds to a draft: randomness and the clock that nobody sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// 16 random bytes hashed before the body, so that an erased body cannot be guessed from its hash.
    pub salt: [u8; 16],
    /// Milliseconds since boot, suspended time included (`CLOCK_BOOTTIME`).
    pub mono_ms: u64,
    /// Boot id of the kernel.
    pub boot: String,
}

/// The newest entry of a writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whose.
    pub writer: String,
    /// Its number in that chain.
    pub seq: u64,
    /// Its Lamport clock.
    pub clock: u64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// The head that a chain has once this entry is its last.
    pub fn of(sealed: &Sealed) -> Self {
        Self {
            writer: sealed.entry.writer.clone(),
            seq: sealed.entry.seq,
            clock: sealed.entry.clock,
            hash: sealed.hash,
        }
    }
}

/// Why a draft cannot become an entry. The chain is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A number in it has no exact spelling.
    #[error("seal {kind}: {error}")]
    Canonical {
        /// The draft's kind.
        kind: String,
        /// What is wrong with it.
        error: CanonicalError,
    },
    /// Too large to be an entry.
    #[error(
        "seal {kind}: {bytes} bytes, at most {}: keep the text as evidence instead",
        limits::ENTRY_BODY_BYTES
    )]
    TooLarge {
        /// The draft's kind.
        kind: String,
        /// Its size.
        bytes: usize,
    },
}

/// One session's end of the record: its key, where its chain stands, and what it knows of the others'.
pub struct Writer {
    key: SigningKey,
    id: String,
    incident: IncidentId,
    mode: Mode,
    operator: String,
    seq: u64,
    prev: Hash,
    /// The largest clock written or observed.
    clock: u64,
    /// Newest known entry of each other writer, and whether an entry of ours names it already.
    others: BTreeMap<String, (Head, Covered)>,
}

/// Whether an earlier `seen` of this writer names a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Covered {
    Yes,
    No,
}

impl Writer {
    /// A new chain. The secret is 32 bytes from the system's random source, used for one session and wiped here.
    pub fn new(
        secret: &mut [u8; 32],
        incident: IncidentId,
        mode: Mode,
        operator: impl Into<String>,
    ) -> Self {
        let key = SigningKey::from_bytes(secret);
        // Through `black_box` the compiler must believe that somebody still looks at the zeros.
        *std::hint::black_box(secret) = [0; 32];
        Self {
            id: base64url::encode(key.verifying_key().as_bytes()),
            key,
            incident,
            mode,
            operator: operator.into(),
            seq: 0,
            prev: Hash::default(),
            clock: 0,
            others: BTreeMap::new(),
        }
    }

    /// Base64url of the session's public key: this writer's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The incident it writes about.
    pub fn incident(&self) -> IncidentId {
        self.incident
    }

    /// Takes note of another writer's entry: the next entry sealed names it and comes after it. Entries of this writer,
    /// of other incidents and older than what is known change nothing.
    pub fn observe(&mut self, sealed: &Sealed) {
        if sealed.entry.incident == self.incident {
            self.observe_head(Head::of(sealed));
        }
    }

    /// The same for the newest entry of a whole chain, when a session joins an incident.
    pub fn observe_head(&mut self, head: Head) {
        if head.writer == self.id {
            return;
        }
        self.clock = self.clock.max(head.clock);
        let known = self
            .others
            .get(&head.writer)
            .map_or(0, |(head, _)| head.seq);
        if head.seq > known {
            self.others.insert(head.writer.clone(), (head, Covered::No));
        }
    }

    /// Heads that no entry of ours names yet, the oldest first, so that a quiet writer is not pushed out by busy ones.
    fn uncovered(&self) -> Vec<&Head> {
        let mut heads: Vec<&Head> = self
            .others
            .values()
            .filter(|(_, covered)| *covered == Covered::No)
            .map(|(head, _)| head)
            .collect();
        heads.sort_by_key(|head| (head.clock, &head.writer));
        heads.truncate(limits::SEEN_HEADS);
        heads
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Writer")
            .field("id", &self.id)
            .field("incident", &self.incident)
            .field("seq", &self.seq)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// Turns a draft into the next entry of the writer's chain. When it fails the writer is as it was.
pub fn seal(writer: &mut Writer, draft: Draft, stamp: Stamp) -> Result<Sealed, SealError> {
    let kind = draft.body.kind().to_owned();
    let refused = |error| SealError::Canonical {
        kind: kind.clone(),
        error,
    };
    let body = raw::body_bytes(&draft.body).map_err(refused)?;
    if body.len() > limits::ENTRY_BODY_BYTES {
        return Err(SealError::TooLarge {
            kind,
            bytes: body.len(),
        });
    }
    let named: Vec<String> = writer
        .uncovered()
        .into_iter()
        .map(|head| head.writer.clone())
        .collect();
    let mut seen: Vec<Hash> = writer
        .uncovered()
        .into_iter()
        .map(|head| head.hash)
        .collect();
    seen.sort_unstable();
    let entry = Entry {
        v: 1,
        incident: writer.incident,
        mode: writer.mode,
        writer: writer.id.clone(),
        seq: writer.seq + 1,
        prev: writer.prev,
        seen,
        clock: writer.clock + 1,
        at: timestamp_text(draft.at),
        mono_ms: stamp.mono_ms,
        boot: stamp.boot,
        sim_at: draft.sim_at.map(timestamp_text),
        operator: writer.operator.clone(),
        kind: kind.clone(),
        body_hash: raw::body_hash(&stamp.salt, &body),
    };
    let hash = raw::entry_hash(&canonical::canonical_of(&entry).map_err(refused)?);
    let signature = writer.key.sign(&hash.0).to_bytes();

    writer.seq = entry.seq;
    writer.prev = hash;
    writer.clock = entry.clock;
    for name in named {
        if let Some((_, covered)) = writer.others.get_mut(&name) {
            *covered = Covered::Yes;
        }
    }
    Ok(Sealed {
        entry,
        hash,
        signature,
        salt: stamp.salt,
        body: Some(draft.body),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::entry::Body;

    fn writer(number: u8) -> Writer {
        Writer::new(
            &mut [number; 32],
            IncidentId(uuid::Uuid::from_u128(7)),
            Mode::Live,
            "alice",
        )
    }

    fn note(text: &str) -> Draft {
        Draft {
            body: Body::NoteAdded {
                text: text.into(),
                happened_at: None,
                step: None,
                evidence: None,
            },
            at: "2026-01-31T03:12:44.1209Z".parse().unwrap(),
            sim_at: None,
        }
    }

    fn stamp() -> Stamp {
        Stamp {
            salt: [1; 16],
            mono_ms: 5,
            boot: "boot".into(),
        }
    }

    #[test]
    fn the_secret_is_wiped_and_never_shown() {
        let mut secret = [9; 32];
        let writer = Writer::new(
            &mut secret,
            IncidentId(uuid::Uuid::nil()),
            Mode::Drill,
            "alice",
        );
        assert_eq!(secret, [0; 32]);
        assert!(!format!("{writer:?}").contains("key"));
    }

    #[test]
    fn entries_follow_each_other_and_name_what_was_seen_once() {
        let (mut left, mut right) = (writer(1), writer(2));
        let first = seal(&mut left, note("a"), stamp()).unwrap();
        assert_eq!((first.entry.seq, first.entry.clock), (1, 1));
        assert_eq!(first.entry.prev, Hash::default());
        assert_eq!(first.entry.at, "2026-01-31T03:12:44.120Z");

        right.observe(&first);
        let answer = seal(&mut right, note("b"), stamp()).unwrap();
        assert_eq!(answer.entry.seen, [first.hash]);
        assert_eq!((answer.entry.seq, answer.entry.clock), (1, 2));

        right.observe(&first);
        let again = seal(&mut right, note("c"), stamp()).unwrap();
        assert_eq!(again.entry.seen, []);
        assert_eq!((again.entry.prev, again.entry.clock), (answer.hash, 3));

        left.observe(&again);
        left.observe(&answer);
        let back = seal(&mut left, note("d"), stamp()).unwrap();
        assert_eq!(back.entry.seen, [again.hash]);
        assert_eq!((back.entry.seq, back.entry.clock), (2, 4));
    }

    #[test]
    fn many_heads_are_named_in_turns_oldest_first() {
        let mut joining = writer(200);
        let mut expected = Vec::new();
        for number in 0..20 {
            let sealed = seal(&mut writer(number), note("a"), stamp()).unwrap();
            joining.observe(&sealed);
            expected.push(sealed.hash);
        }
        let first = seal(&mut joining, note("b"), stamp()).unwrap().entry.seen;
        let second = seal(&mut joining, note("c"), stamp()).unwrap().entry.seen;
        assert_eq!((first.len(), second.len()), (limits::SEEN_HEADS, 4));
        assert!(first.is_sorted() && second.is_sorted());
        let mut named: Vec<Hash> = first.into_iter().chain(second).collect();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected);
    }

    #[test]
    fn what_cannot_be_sealed_leaves_the_chain_as_it_was() {
        let mut writer = writer(1);
        let mut large = note(&"x".repeat(limits::ENTRY_BODY_BYTES));
        assert!(matches!(
            seal(&mut writer, large.clone(), stamp()),
            Err(SealError::TooLarge { .. })
        ));
        large.body = Body::Unknown {
            kind: "x".into(),
            body: serde_json::json!(0.5),
        };
        assert!(matches!(
            seal(&mut writer, large, stamp()),
            Err(SealError::Canonical { .. })
        ));
        assert_eq!(seal(&mut writer, note("a"), stamp()).unwrap().entry.seq, 1);
    }
}
