//! Entries as they are stored: bytes, not meaning.
//!
//! Verification reads these, so that fields and kinds of a newer version, which this one would drop when it writes them
//! again, still count. No file is read here.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::canonical::{self, CanonicalError};
use super::entry::{Body, Entry, Hash, Sealed};

/// Hashed before the canonical entry, so that the hash of an entry is no hash of anything else. Frozen: version 1.
pub const ENTRY_TAG: &[u8] = b"quarterdeck-entry-v1\0";

/// One stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEntry {
    /// Canonical bytes of the entry.
    pub entry: Vec<u8>,
    /// The hash as stored.
    pub hash: Hash,
    /// Ed25519 over the hash.
    pub signature: [u8; 64],
    /// Hashed before the body.
    pub salt: [u8; 16],
    /// Canonical bytes of the body; none when it was erased.
    pub body: Option<Vec<u8>>,
}

/// Why stored bytes are not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RawError {
    /// The entry's bytes.
    #[error("read entry: {0}")]
    Entry(CanonicalError),
    /// The body's bytes.
    #[error("read body: {0}")]
    Body(CanonicalError),
    /// A field is missing or of the wrong type.
    #[error("read entry: {0}")]
    Fields(String),
}

impl RawEntry {
    /// The bytes that are stored for a sealed entry.
    pub fn of(sealed: &Sealed) -> Result<Self, RawError> {
        Ok(Self {
            entry: canonical::canonical_of(&sealed.entry).map_err(RawError::Entry)?,
            hash: sealed.hash,
            signature: sealed.signature,
            salt: sealed.salt,
            body: sealed
                .body
                .as_ref()
                .map(body_bytes)
                .transpose()
                .map_err(RawError::Body)?,
        })
    }

    /// What the bytes say. Insists on canonical bytes; hashes and signatures are verification's business.
    pub fn open(&self) -> Result<Sealed, RawError> {
        let entry = self.entry()?;
        let body = match &self.body {
            Some(bytes) => Some(read_body(
                &entry.kind,
                canonical::parse(bytes).map_err(RawError::Body)?,
            )),
            None => None,
        };
        Ok(Sealed {
            entry,
            hash: self.hash,
            signature: self.signature,
            salt: self.salt,
            body,
        })
    }

    /// The signed part alone.
    pub fn entry(&self) -> Result<Entry, RawError> {
        let value = canonical::parse(&self.entry).map_err(RawError::Entry)?;
        serde_json::from_value(value).map_err(|error| RawError::Fields(error.to_string()))
    }

    /// The hash that the entry's bytes have.
    pub fn computed_hash(&self) -> Hash {
        entry_hash(&self.entry)
    }
}

/// SHA-256 of the tag and the canonical entry.
pub fn entry_hash(entry: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update(ENTRY_TAG)
            .chain_update(entry)
            .finalize()
            .into(),
    )
}

/// SHA-256 of the salt and the canonical body.
pub fn body_hash(salt: &[u8; 16], body: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update(salt)
            .chain_update(body)
            .finalize()
            .into(),
    )
}

/// The canonical bytes of a body, without its kind, which stands in the entry.
pub fn body_bytes(body: &Body) -> Result<Vec<u8>, CanonicalError> {
    let value =
        serde_json::to_value(body).map_err(|error| CanonicalError::Json(error.to_string()))?;
    canonical::canonical(value.get("body").unwrap_or(&Value::Null))
}

/// A body that this version does not know, or knows with other fields, is kept as it is.
fn read_body(kind: &str, body: Value) -> Body {
    let mut tagged = json!({ "kind": kind });
    if let Value::Object(members) = &mut tagged {
        members.insert("body".into(), body);
    }
    Body::deserialize(&tagged).unwrap_or_else(|_| Body::Unknown {
        kind: kind.to_owned(),
        body: tagged.get_mut("body").map(Value::take).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_fields_of_a_newer_version_are_kept_raw() {
        let known = json!({"step": "s"});
        assert_eq!(
            read_body("step.done", known),
            Body::StepDone { step: "s".into() }
        );
        for (kind, body) in [
            ("moon.landed", json!({"rover": 7})),
            ("moon.landed", Value::Null),
            ("step.done", json!({"steps": ["s"]})),
        ] {
            let read = read_body(kind, body.clone());
            assert_eq!(
                read,
                Body::Unknown {
                    kind: kind.into(),
                    body: body.clone()
                }
            );
            assert_eq!(body_bytes(&read), canonical::canonical(&body), "{kind}");
        }
    }
}
