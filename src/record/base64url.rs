//! Base64url without padding (RFC 4648, section 5), for keys and signatures.
//!
//! One value has one spelling: text with padding, line breaks or stray low bits is refused.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text of some bytes.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .zip([16, 8, 0])
            .fold(0_u32, |bits, (byte, shift)| {
                bits | u32::from(*byte) << shift
            });
        for shift in [18, 12, 6, 0].into_iter().take(group.len() + 1) {
            let digit = (bits >> shift) as usize & 63;
            text.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'A')));
        }
    }
    text
}

/// The `N` bytes of a text; `None` when it is not exactly what [`encode`] writes for `N` bytes.
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let mut places = bytes.iter_mut();
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for (digit, shift) in group.iter().zip([18, 12, 6, 0]) {
            let value = ALPHABET.iter().position(|known| known == digit)?;
            bits |= (value as u32) << shift;
        }
        for shift in [16, 8, 0].into_iter().take(group.len() - 1) {
            *places.next()? = (bits >> shift) as u8;
        }
    }
    // Writing it again catches text that is too short and bits that no byte holds.
    (encode(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_spelling() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (b"\xfb\xff\xfe", "-__-"),
        ] {
            assert_eq!(encode(bytes), text);
        }
        assert_eq!(decode::<2>("Zm8"), Some(*b"fo"));
        for wrong in ["Zm9", "Zm8=", "Zm8v", "Zm", "Z+8", "Zm8\n", ""] {
            assert_eq!(decode::<2>(wrong), None, "{wrong:?}");
        }
    }
}
