//! Entries as they are stored: bytes, not meaning.
//!
//! Verification reads these, so that fields and kinds of a newer version, which this one would drop when it writes them
//! again, still count. No file is read here.

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde_json::Value;
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
        canonical::parse(&self.entry).map_err(RawError::Entry)?;
        if let Some(bytes) = &self.body {
            canonical::parse(bytes).map_err(RawError::Body)?;
        }
        self.read()
    }

    /// What the bytes say, however they are spelled: reading a record back must not take as long as verifying it.
    pub fn read(&self) -> Result<Sealed, RawError> {
        let entry: Entry = serde_json::from_slice(&self.entry)
            .map_err(|error| RawError::Fields(error.to_string()))?;
        let body = self
            .body
            .as_deref()
            .map(|bytes| read_body(&entry.kind, bytes))
            .transpose()
            .map_err(RawError::Body)?;
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
fn read_body(kind: &str, bytes: &[u8]) -> Result<Body, CanonicalError> {
    if let Ok(body) = Body::deserialize(Tagged { kind, bytes }) {
        return Ok(body);
    }
    let body =
        serde_json::from_slice(bytes).map_err(|error| CanonicalError::Json(error.to_string()))?;
    Ok(Body::Unknown {
        kind: kind.to_owned(),
        body,
    })
}

/// `{"kind": kind, "body": bytes}` without writing it down: the entry holds the kind, and neither is copied to read both.
struct Tagged<'a> {
    kind: &'a str,
    bytes: &'a [u8],
}

impl<'de> serde::Deserializer<'de> for Tagged<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_map(Members {
            tagged: self,
            next: Some(Member::Kind),
        })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The two members, the kind first.
struct Members<'a> {
    tagged: Tagged<'a>,
    next: Option<Member>,
}

#[derive(Clone, Copy)]
enum Member {
    Kind,
    Body,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        let name = match self.next {
            Some(Member::Kind) => "kind",
            Some(Member::Body) => "body",
            None => return Ok(None),
        };
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Self::Error> {
        match self.next {
            Some(Member::Kind) => {
                self.next = Some(Member::Body);
                seed.deserialize(BorrowedStrDeserializer::new(self.tagged.kind))
            }
            Some(Member::Body) => {
                self.next = None;
                let mut json = serde_json::Deserializer::from_slice(self.tagged.bytes);
                let value = seed.deserialize(&mut json)?;
                json.end().map(|()| value)
            }
            None => Err(serde::de::Error::custom("a value without a key")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_value(kind: &str, body: &Value) -> Body {
        read_body(kind, body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_body_is_one_value_and_cannot_name_a_kind() {
        for wrong in [
            "",
            "{",
            "{}{}",
            r#"{"step":"s"},"kind":"step.skipped""#,
            "\"\\ud800\"",
        ] {
            assert!(read_body("step.done", wrong.as_bytes()).is_err(), "{wrong}");
        }
        let own = json!({"kind": "step.skipped", "body": {"step": "s"}});
        let kept = Body::Unknown {
            kind: "step.done".into(),
            body: own.clone(),
        };
        assert_eq!(read_value("step.done", &own), kept);
    }

    #[test]
    fn kinds_and_fields_of_a_newer_version_are_kept_raw() {
        let known = json!({"step": "s"});
        assert_eq!(read_value("step.done", &known), Body::step_done("s"));
        for (kind, body) in [
            ("moon.landed", json!({"rover": 7})),
            ("moon.landed", Value::Null),
            ("step.done", json!({"steps": ["s"]})),
        ] {
            let read = read_value(kind, &body);
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
