//! Nothing that leaves a source carries a secret: exact values and their usual encodings become `[secret]`.
//!
//! Masks what it was told about and nothing else; it does not guess what looks like a secret.

use crate::config::secret::Secret;

/// What stands where a secret stood.
pub const MASK: &str = "[secret]";

/// Knows the secrets of one run in the forms they take: as they are, base64 (both alphabets, at any place inside a longer
/// encoded text), URL-encoded and JSON-escaped.
#[derive(Clone, Default)]
pub struct Masker {
    needles: Vec<Vec<u8>>,
    /// By first byte: whether a needle begins with it. Most bytes begin none.
    begins: Option<Box<[bool; 256]>>,
}

impl Masker {
    /// A masker for these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut needles: Vec<Vec<u8>> = secrets
            .into_iter()
            .flat_map(|secret| forms(secret.expose()))
            .collect();
        needles.sort();
        needles.dedup();
        let mut begins = [false; 256];
        for (byte, flag) in (0_u8..=255).zip(&mut begins) {
            *flag = needles.iter().any(|needle| needle.first() == Some(&byte));
        }
        Self {
            begins: (!needles.is_empty()).then(|| Box::new(begins)),
            needles,
        }
    }

    /// A whole text, masked.
    pub fn mask(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.mask_bytes(text.as_bytes())).into_owned()
    }

    /// A cell of a table, masked.
    pub fn mask_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.stream();
        let mut masked = stream.push(bytes);
        masked.push_str(&stream.finish());
        masked.into_bytes()
    }

    /// Masks a text that arrives in parts.
    pub fn stream(&self) -> MaskedStream<'_> {
        MaskedStream {
            masker: self,
            held: Vec::new(),
            hidden: 0,
            undecoded: Vec::new(),
        }
    }

    fn may_begin(&self, byte: u8) -> bool {
        self.begins
            .as_ref()
            .is_some_and(|begins| begins.get(usize::from(byte)).copied().unwrap_or_default())
    }
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Masker({} forms)", self.needles.len())
    }
}

/// Bytes in, masked text out. However the bytes are cut into parts, the text is the same. It holds back only what may
/// be the beginning of a secret or of a character; invalid UTF-8 is replaced.
#[derive(Debug)]
pub struct MaskedStream<'a> {
    masker: &'a Masker,
    /// Not yet decided upon.
    held: Vec<u8>,
    /// How many of the next bytes belong to a secret that was already replaced.
    hidden: usize,
    /// Masked bytes that end in the middle of a character.
    undecoded: Vec<u8>,
}

impl MaskedStream<'_> {
    /// Takes a part; returns what is certain by now.
    pub fn push(&mut self, part: &[u8]) -> String {
        self.held.extend_from_slice(part);
        self.advance(false);
        self.decode(false)
    }

    /// The end: returns what was held back.
    pub fn finish(mut self) -> String {
        self.advance(true);
        self.decode(true)
    }

    /// Secrets may overlap each other, so every place is looked at, inside a secret as well.
    fn advance(&mut self, at_end: bool) {
        let mut position = 0;
        while let Some((byte, rest)) = self
            .held
            .get(position..)
            .and_then(|rest| rest.first().map(|byte| (*byte, rest)))
        {
            if self.masker.may_begin(byte) {
                let undecided =
                    |needle: &Vec<u8>| needle.len() > rest.len() && needle.starts_with(rest);
                if !at_end && self.masker.needles.iter().any(undecided) {
                    break;
                }
                let matched = self
                    .masker
                    .needles
                    .iter()
                    .filter(|needle| rest.starts_with(needle))
                    .map(Vec::len)
                    .max();
                if let Some(length) = matched {
                    if self.hidden == 0 {
                        self.undecoded.extend_from_slice(MASK.as_bytes());
                    }
                    self.hidden = self.hidden.max(length);
                }
            }
            if self.hidden == 0 {
                self.undecoded.push(byte);
            } else {
                self.hidden -= 1;
            }
            position += 1;
        }
        self.held.drain(..position);
    }

    fn decode(&mut self, at_end: bool) -> String {
        let mut text = String::with_capacity(self.undecoded.len());
        let mut incomplete = 0;
        let mut chunks = self.undecoded.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let bad = chunk.invalid();
            if bad.is_empty() {
                continue;
            }
            let cut = std::str::from_utf8(bad).is_err_and(|error| error.error_len().is_none());
            if cut && !at_end && chunks.peek().is_none() {
                incomplete = bad.len();
            } else {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.undecoded.drain(..self.undecoded.len() - incomplete);
        text
    }
}

/// The forms of a secret.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let quoted = serde_json::Value::from(secret).to_string();
    let json = quoted
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(&quoted)
        .to_owned();
    let percent = percent_encode(secret);
    let mut forms = vec![
        secret.to_owned(),
        json.replace('/', "\\/"),
        json,
        lower_case_escapes(&percent),
        percent,
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
    ];
    for alphabet in [STANDARD, URL_SAFE] {
        forms.push(base64(secret.as_bytes(), alphabet));
        forms.extend((0..3).map(|offset| base64_inside(secret.as_bytes(), offset, alphabet)));
    }
    forms.into_iter().map(String::into_bytes).collect()
}

/// Everything but the unreserved characters of RFC 3986 as `%XX`: safe inside any part of a URL.
pub(super) fn percent_encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// `%2F` as `%2f`; the text between escapes stays.
fn lower_case_escapes(encoded: &str) -> String {
    let mut in_escape = 0;
    encoded
        .chars()
        .map(|character| {
            if character == '%' {
                in_escape = 2;
                return character;
            }
            if in_escape > 0 {
                in_escape -= 1;
                return character.to_ascii_lowercase();
            }
            character
        })
        .collect()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 without padding (RFC 4648).
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut encoded = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .chain([&0, &0])
            .take(3)
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for index in 0..=group.len() {
            let six = bits >> (18 - 6 * index) & 63;
            let letter = alphabet.get(six as usize).copied().unwrap_or(b'=');
            encoded.push(char::from(letter));
        }
    }
    encoded
}

/// The letters that every base64 text has which holds these bytes `offset` bytes after a group of three begins: those
/// that mix in a neighbour's bits are left off. This is how a password shows in a basic authorization header.
fn base64_inside(bytes: &[u8], offset: usize, alphabet: &[u8; 64]) -> String {
    let mut padded = vec![0; offset];
    padded.extend_from_slice(bytes);
    let first = (offset * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    base64(&padded, alphabet)
        .get(first..end)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::environment::Environment;
    use crate::config::secret::SecretReference;

    fn secret(value: &str) -> Secret {
        let environment = Environment::from_pairs([("X", value)]);
        let reference: SecretReference = "env:X".parse().unwrap();
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(reference.resolve(&environment))
            .unwrap()
    }

    #[test]
    fn base64_follows_the_vectors_of_rfc_4648() {
        for (plain, encoded) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes(), STANDARD), encoded);
        }
    }

    #[test]
    fn every_form_is_masked() {
        let masker = Masker::new([&secret("p/ss \"wörd\"?")]);
        for text in [
            "p/ss \"wörd\"?",
            r#"p/ss \"wörd\"?"#,
            r#"p\/ss \"wörd\"?"#,
            "p%2Fss%20%22w%C3%B6rd%22%3F",
            "p%2fss%20%22w%c3%b6rd%22%3f",
            "p%2Fss+%22w%C3%B6rd%22%3F",
        ] {
            assert_eq!(masker.mask(&format!("<{text}>")), "<[secret]>", "{text}");
        }
    }

    #[test]
    fn base64_is_masked_wherever_the_secret_begins() {
        let value = "correct-horse";
        let masker = Masker::new([&secret(value)]);
        for before in ["", "a", "ab", "alice:", "alice2:", "alice23:"] {
            for after in ["", "!", "!!", "!!!"] {
                let plain = format!("{before}{value}{after}");
                let seen = masker.mask(&base64(plain.as_bytes(), STANDARD));
                assert!(seen.contains(MASK), "{plain}: {seen}");
                let left = seen.replace(MASK, "").len();
                assert!(
                    left <= (before.len() + after.len()).div_ceil(3) * 4 + 4,
                    "{plain}: {seen}"
                );
            }
        }
        let alone = base64(value.as_bytes(), STANDARD);
        assert_eq!(masker.mask(&format!("{alone}==")), "[secret]==");
    }

    #[test]
    fn overlapping_secrets_hide_each_other() {
        let masker = Masker::new([
            &secret("abcdefgh"),
            &secret("efghijkl"),
            &secret("abcdefghij"),
        ]);
        assert_eq!(masker.mask("-abcdefghijkl-"), "-[secret]-");
        assert_eq!(masker.mask("-abcdefghabcdefgh-"), "-[secret][secret]-");
        assert_eq!(masker.mask("-abcdefg-"), "-abcdefg-");
    }

    #[test]
    fn only_a_possible_beginning_is_held_back() {
        let masker = Masker::new([&secret("correct-horse")]);
        let mut stream = masker.stream();
        assert_eq!(stream.push(b"token: corr"), "token: ");
        assert_eq!(stream.push(b"ect-horse\n"), "[secret]\n");
        assert_eq!(stream.push(b"corrode\xc3"), "corrode");
        assert_eq!(stream.push(b"\xb6\xff corr"), "ö\u{fffd} ");
        assert_eq!(stream.finish(), "corr");
    }

    proptest! {
        /// However a text is cut, the masked text is that of the whole, and no secret is left in it.
        #[test]
        fn cuts_do_not_matter(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("abcdefgh".to_owned()),
                    Just("efghijkl".to_owned()),
                    Just("aaaaaaaa".to_owned()),
                    "[a-l]{0,6}",
                    "\\PC{0,3}",
                ],
                0..12,
            ),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let masker = Masker::new([
                &secret("abcdefgh"),
                &secret("efghijkl"),
                &secret("aaaaaaaa"),
            ]);
            let text = pieces.concat();
            let mut places: Vec<usize> = cuts
                .iter()
                .map(|cut| cut.index(text.len() + 1))
                .chain([0, text.len()])
                .collect();
            places.sort_unstable();
            let mut stream = masker.stream();
            let mut masked = String::new();
            for pair in places.windows(2) {
                masked.push_str(&stream.push(&text.as_bytes()[pair[0]..pair[1]]));
            }
            masked.push_str(&stream.finish());
            prop_assert_eq!(&masked, &masker.mask(&text));
            for hidden in ["abcdefgh", "efghijkl", "aaaaaaaa"] {
                prop_assert!(!masked.contains(hidden), "{}", masked);
            }
            if !text.contains("abcdefgh") && !text.contains("efghijkl") && !text.contains("aaaaaaaa") {
                prop_assert_eq!(masked, text);
            }
        }
    }
}
