//! The checks of a verification, one function a subject. Each adds what it finds; the first in order is the verdict.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ed25519_dalek::{Signature, VerifyingKey};

use super::{EntryName, Fault, Reason, Verdict, Verification, Warning};
use crate::model::ids::IncidentId;
use crate::model::{Mode, Timestamp, limits, timestamp_text};
use crate::record::base64url;
use crate::record::entry::{Body, Entry, Hash, Sealed};
use crate::record::raw::{self, RawEntry};

/// An entry with what it says, if it can be read at all.
struct Read<'a> {
    raw: &'a RawEntry,
    /// The hash that its bytes have, whatever hash is stored beside them.
    hash: Hash,
    sealed: Option<Sealed>,
    name: EntryName,
}

impl Read<'_> {
    fn entry(&self) -> Option<&Entry> {
        self.sealed.as_ref().map(|sealed| &sealed.entry)
    }

    fn body(&self) -> Option<&Body> {
        self.sealed.as_ref()?.body.as_ref()
    }
}

/// What is wrong, by the place of the entry in storage.
type Findings = Vec<(usize, Reason)>;

pub(super) fn run(
    incident: IncidentId,
    mode: Mode,
    entries: &[RawEntry],
    evidence: &mut dyn FnMut(Hash) -> Option<Hash>,
) -> Verification {
    let mut findings = Findings::new();
    let reads: Vec<Read<'_>> = entries
        .iter()
        .enumerate()
        .map(|(index, raw)| read(index, raw, &mut findings))
        .collect();
    let order = order(&reads);

    for (index, read) in reads.iter().enumerate() {
        fields(index, read, incident, mode, &mut findings);
        seals(index, read, &mut findings);
    }
    let mut chains: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, read) in reads.iter().enumerate() {
        if let Some(entry) = read.entry() {
            chains.entry(&entry.writer).or_default().push(index);
        }
    }
    for chain in chains.values() {
        follow(&reads, chain, &mut findings);
    }
    seen(&reads, &mut findings);
    files(&reads, evidence, &mut findings);
    match order
        .first()
        .and_then(|index| Some((*index, reads.get(*index)?)))
    {
        Some((index, read)) if read.entry().is_some_and(|e| e.kind != "incident.opened") => {
            findings.push((index, Reason::NotOpened));
        }
        _ => {}
    }

    Verification {
        verdict: verdict(&reads, &order, findings),
        warnings: warnings(&reads, &order, chains.values()),
        entries: entries.len(),
        writers: chains.len(),
    }
}

fn read<'a>(index: usize, raw: &'a RawEntry, findings: &mut Findings) -> Read<'a> {
    let hash = raw.computed_hash();
    let sealed = match raw.open() {
        Ok(sealed) => Some(sealed),
        Err(error) => {
            findings.push((index, Reason::Unreadable(error.to_string())));
            // With a body that cannot be read the entry itself still tells where it belongs.
            raw.entry().ok().map(|entry| Sealed {
                entry,
                hash: raw.hash,
                signature: raw.signature,
                salt: raw.salt,
                body: None,
            })
        }
    };
    Read {
        raw,
        hash,
        name: EntryName::new(index + 1, hash, sealed.as_ref().map(|sealed| &sealed.entry)),
        sealed,
    }
}

/// Places in storage in the order of the incident. What cannot be read stays behind its neighbour in storage.
fn order(reads: &[Read<'_>]) -> Vec<usize> {
    let mut key = (0, "");
    let mut keyed: Vec<_> = reads
        .iter()
        .enumerate()
        .map(|(index, read)| {
            if let Some(entry) = read.entry() {
                key = entry.order();
            }
            (key, index)
        })
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, index)| index).collect()
}

/// What one entry says about itself.
fn fields(
    index: usize,
    read: &Read<'_>,
    incident: IncidentId,
    mode: Mode,
    findings: &mut Findings,
) {
    let Some(entry) = read.entry() else { return };
    let mut found = |reason| findings.push((index, reason));
    let field = |text: &str| Reason::Field(text.to_owned());
    if entry.v != 1 {
        found(Reason::Version(entry.v));
    }
    if entry.incident != incident {
        found(Reason::ForeignIncident(entry.incident));
    }
    if entry.mode != mode {
        found(Reason::MixedMode(entry.mode));
    }
    if !is_time(&entry.at) || !entry.sim_at.as_deref().is_none_or(is_time) {
        found(field(
            "its time is not of the form YYYY-MM-DDTHH:MM:SS.mmmZ",
        ));
    }
    if entry.sim_at.is_some() && entry.mode != Mode::Drill {
        found(field("has a simulated time outside a drill"));
    }
    let ascending = entry
        .seen
        .iter()
        .zip(entry.seen.iter().skip(1))
        .all(|(a, b)| a < b);
    if !ascending || entry.seen.len() > limits::SEEN_HEADS {
        found(field("what it names as seen is not sorted, or too long"));
    }
    match read.body() {
        Some(Body::SessionOpened { key, .. }) if *key != entry.writer => {
            found(field("its session's key is not its writer"));
        }
        _ => {}
    }
}

fn is_time(text: &str) -> bool {
    text.parse::<Timestamp>()
        .is_ok_and(|at| timestamp_text(at) == text)
}

/// Hash, signature and body.
fn seals(index: usize, read: &Read<'_>, findings: &mut Findings) {
    let raw = read.raw;
    if read.hash != raw.hash {
        findings.push((index, Reason::Hash));
    }
    let Some(entry) = read.entry() else { return };
    let signed = base64url::decode(&entry.writer)
        .and_then(|key| VerifyingKey::from_bytes(&key).ok())
        .is_some_and(|key| {
            key.verify_strict(&read.hash.0, &Signature::from_bytes(&raw.signature))
                .is_ok()
        });
    if !signed {
        findings.push((index, Reason::Signature));
    }
    match &raw.body {
        Some(body) if raw::body_hash(&raw.salt, body) != entry.body_hash => {
            findings.push((index, Reason::Body));
        }
        Some(_) => {}
        None => findings.push((index, Reason::BodyMissing)),
    }
}

/// One writer's chain, given as places in storage.
fn follow(reads: &[Read<'_>], chain: &[usize], findings: &mut Findings) {
    let mut known = BTreeSet::new();
    let mut latest = 0;
    let mut links: Vec<(usize, Hash, &Entry)> = Vec::with_capacity(chain.len());
    for index in chain {
        let Some(read) = reads.get(*index) else {
            continue;
        };
        let Some(entry) = read.entry() else { continue };
        if !known.insert(read.hash) {
            findings.push((*index, Reason::Duplicate));
            continue;
        }
        if entry.seq < latest {
            findings.push((*index, Reason::Reordered));
        }
        latest = latest.max(entry.seq);
        links.push((*index, read.hash, entry));
    }
    links.sort_by_key(|(index, _, entry)| (entry.seq, *index));
    let mut before = (0, Hash::default(), 0);
    for (index, hash, entry) in links {
        let (seq, prev, clock) = before;
        if entry.seq == seq {
            findings.push((index, Reason::Fork));
            continue;
        }
        if entry.seq > seq + 1 {
            let (from, to) = (seq + 1, entry.seq - 1);
            findings.push((index, Reason::Gap { from, to }));
        } else if entry.prev != prev {
            findings.push((index, Reason::Previous));
        }
        if entry.clock <= clock {
            findings.push((index, Reason::Clock));
        }
        before = (entry.seq, hash, entry.clock);
    }
}

/// Entries that others name must be there, and come first.
fn seen(reads: &[Read<'_>], findings: &mut Findings) {
    let clocks: HashMap<Hash, u64> = reads
        .iter()
        .filter_map(|read| Some((read.hash, read.entry()?.clock)))
        .collect();
    for (index, read) in reads.iter().enumerate() {
        let Some(entry) = read.entry() else { continue };
        for hash in &entry.seen {
            match clocks.get(hash) {
                None => findings.push((index, Reason::SeenMissing(*hash))),
                Some(clock) if *clock >= entry.clock => findings.push((index, Reason::Clock)),
                Some(_) => {}
            }
        }
    }
}

/// Evidence files and the pinned playbook.
fn files(
    reads: &[Read<'_>],
    evidence: &mut dyn FnMut(Hash) -> Option<Hash>,
    findings: &mut Findings,
) {
    let mut asked: HashMap<Hash, Option<Hash>> = HashMap::new();
    let mut file = |hash: Hash| *asked.entry(hash).or_insert_with(|| evidence(hash));
    for (index, read) in reads.iter().enumerate() {
        match read.body() {
            Some(Body::EvidenceAdded { sha256, .. }) => match file(*sha256) {
                None => findings.push((index, Reason::EvidenceMissing(*sha256))),
                Some(found) if found != *sha256 => {
                    findings.push((index, Reason::EvidenceChanged(*sha256)));
                }
                Some(_) => {}
            },
            Some(
                Body::IncidentOpened {
                    playbook_sha256: pinned,
                    ..
                }
                | Body::PlaybookChanged { to: pinned, .. },
            ) if file(*pinned) != Some(*pinned) => {
                findings.push((index, Reason::Playbook(*pinned)));
            }
            _ => {}
        }
    }
}

fn verdict(reads: &[Read<'_>], order: &[usize], findings: Findings) -> Verdict {
    if reads.is_empty() {
        return Verdict::Fault(Box::new(Fault {
            entry: None,
            reason: Reason::Empty,
            after: vec![],
        }));
    }
    let mut rank = vec![0; order.len()];
    for (place, index) in order.iter().enumerate() {
        if let Some(rank) = rank.get_mut(*index) {
            *rank = place;
        }
    }
    let rank = |index: usize| rank.get(index).copied().unwrap_or(usize::MAX);
    // `min_by_key` keeps the first of equals: checks run from the entry's own bytes outwards, so the cause comes first.
    let Some((index, reason)) = findings.into_iter().min_by_key(|(index, _)| rank(*index)) else {
        return Verdict::NotAnchored;
    };
    let name = |index: &usize| reads.get(*index).map(|read| read.name.clone());
    Verdict::Fault(Box::new(Fault {
        entry: name(&index),
        reason,
        after: order
            .iter()
            .skip(rank(index) + 1)
            .filter_map(name)
            .collect(),
    }))
}

fn warnings<'a>(
    reads: &[Read<'_>],
    order: &[usize],
    chains: impl Iterator<Item = &'a Vec<usize>>,
) -> Vec<Warning> {
    let ended: BTreeSet<Hash> = reads
        .iter()
        .filter_map(|read| match read.body()? {
            Body::ActionResult { intent, .. } => Some(*intent),
            Body::ActionResolved { intent, .. } => *intent,
            _ => None,
        })
        .collect();
    let mut warnings: Vec<Warning> = order
        .iter()
        .filter_map(|index| reads.get(*index))
        .filter_map(|read| match read.body()? {
            Body::ActionIntent { action, .. } if !ended.contains(&read.hash) => {
                Some(Warning::OutcomeUnknown {
                    entry: read.name.clone(),
                    action: action.to_string(),
                })
            }
            _ => None,
        })
        .collect();
    for chain in chains {
        let entries = || {
            chain
                .iter()
                .filter_map(|index| reads.get(*index))
                .filter_map(|read| Some((read, read.entry()?)))
        };
        warnings.extend(
            entries()
                .zip(entries().skip(1))
                .filter_map(|((_, before), (read, entry))| jump(before, entry).map(|by| (read, by)))
                .map(|(read, by_ms)| Warning::ClockJumped {
                    entry: read.name.clone(),
                    by_ms,
                }),
        );
    }
    warnings
}

/// Milliseconds that the wall clock gained against time since boot between two entries, when that is a jump.
fn jump(before: &Entry, entry: &Entry) -> Option<i64> {
    if before.boot != entry.boot {
        return None;
    }
    let wall = entry.at().as_millisecond() - before.at().as_millisecond();
    let mono = i64::try_from(entry.mono_ms).ok()? - i64::try_from(before.mono_ms).ok()?;
    let by = wall.checked_sub(mono)?;
    (u128::from(by.unsigned_abs()) > limits::CLOCK_JUMP.as_millis()).then_some(by)
}
