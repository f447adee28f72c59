//! In: random bytes; the beginning of a file. Out: a secret to hand to an operator, and the digest that is kept of it, or of
//! the file. Forgets: the secret; the store holds digests only, so that a copy of the database signs nobody in.

mod bits;
pub mod password;
pub mod small_counts;
pub mod signing;

use std::fmt;

pub use bits::SystemBits;
use data_encoding::BASE64URL_NOPAD;

/// Bytes of a secret: 256 bits can't be guessed, so that a plain digest of them needs no slow hash.
const BYTES: usize = 32;

/// A secret as an operator or a browser holds it: 43 characters that need no escaping. `Debug` prints the name of the type.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What is kept of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Secret {
    /// A secret made of these random bytes.
    pub fn from_random(bytes: [u8; BYTES]) -> Secret {
        Secret(BASE64URL_NOPAD.encode(&bytes))
    }

    /// A secret as somebody sent it; any text, right or wrong.
    pub fn from_text(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    /// The text, to be shown once to whom it belongs.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The digest to keep or to compare with.
    pub fn digest(&self) -> Digest {
        Digest(blake3::derive_key("headcount 2026 operator secret", self.0.as_bytes()))
    }
}

/// What tells the content of a file from others: the digest of these pieces, one after the other.
pub fn fingerprint<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("headcount 2026 imported file");
    pieces.for_each(|piece| {
        hasher.update(piece);
    });
    Digest(*hasher.finalize().as_bytes())
}

/// What a database is called where other users see it.
pub fn of_database(what: &[u8]) -> Digest {
    Digest(blake3::derive_key("headcount 2026 database", what))
}

/// What tells a state of a database from others: the digest of these numbers.
pub fn of_state(pieces: &[&[u8]]) -> Digest {
    Digest(blake3::derive_key("headcount 2026 state of a database", &pieces.concat()))
}

/// The sum that tells whether spilled sums are whole.
pub fn of_spill(bytes: &[u8]) -> Digest {
    Digest(blake3::derive_key("headcount 2026 spilled sums", bytes))
}

/// What tells a flush of a program from all others: what is random of the program, and the number of the flush.
pub fn of_flush(program: &Digest, number: u64) -> Digest {
    Digest(*blake3::keyed_hash(&program.0, &number.to_le_bytes()).as_bytes())
}

/// What tells spilled sums that bear no id from others.
pub fn of_spilled_part(bytes: &[u8]) -> Digest {
    Digest(blake3::derive_key("headcount 2026 spilled sums without an id", bytes))
}

/// A text that only the holder of the key can have written, in characters that need no escaping.
pub fn signed(key: &[u8; 32], text: &str) -> String {
    let mut bytes = blake3::keyed_hash(key, text.as_bytes()).as_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    BASE64URL_NOPAD.encode(&bytes)
}

/// A key that nobody has who does not know both.
pub fn key_with(key: &[u8; 32], more: &str) -> [u8; 32] {
    *blake3::keyed_hash(key, more.as_bytes()).as_bytes()
}

/// The text within, if the holder of the key has signed it.
pub fn verified(key: &[u8; 32], signed: &str) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(signed.as_bytes()).ok()?;
    let (hash, text) = bytes.split_first_chunk::<32>()?;
    // Compared in constant time.
    let is_right = blake3::keyed_hash(key, text) == blake3::Hash::from_bytes(*hash);
    String::from_utf8(text.to_vec()).ok().filter(|_| is_right)
}

/// What is kept of the id that a sender gives to a batch of hits: the digest of it and of whose token it came with.
pub fn batch(owner: &str, id: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key("headcount 2026 batch of hits");
    for part in [owner.as_bytes(), id] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Digest(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_is_verified() {
        let key = [7; 32];
        let text = signed(&key, "a\nb");
        assert_eq!(verified(&key, &text).as_deref(), Some("a\nb"));
        assert_eq!(verified(&[8; 32], &text), None);
        for place in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[place] = if wrong[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(verified(&key, &String::from_utf8_lossy(&wrong)), None, "{place}");
        }
        assert_eq!((verified(&key, ""), verified(&key, "ä")), (None, None));
    }

    #[test]
    fn a_secret_is_found_again_by_its_digest_alone() {
        let secret = Secret::from_random([7; BYTES]);
        assert_eq!(secret.reveal().len(), 43);
        assert_eq!(Secret::from_text(secret.reveal()).digest(), secret.digest());
        assert_ne!(Secret::from_text("other").digest(), secret.digest());
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
