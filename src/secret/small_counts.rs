//! In: the key of an installation, and what a number is drawn for. Out: a number that nobody without the key can foretell, the
//! same each time. Forgets: the key, which can't be had from numbers.

use std::fmt;

/// What small counts are folded by. Whoever reads what everybody may see never has it. `Debug` prints the name of the type.
#[derive(Clone)]
pub struct SmallCountsKey([u8; 32]);

impl fmt::Debug for SmallCountsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmallCountsKey")
    }
}

impl SmallCountsKey {
    /// The name under which the store keeps its 32 bytes.
    pub const NAME: &str = "small counts";

    /// The key of these random bytes.
    pub fn of(bytes: [u8; 32]) -> SmallCountsKey {
        SmallCountsKey(bytes)
    }

    /// A number for this list of parts, any of 0 to 2^64 - 1 alike: BLAKE3 of the parts, each with its length before it.
    pub fn number(&self, parts: &[&[u8]]) -> u64 {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut number = [0; 8];
        hasher.finalize_xof().fill(&mut number);
        u64::from_le_bytes(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_of_its_key_and_of_all_parts() {
        let key = SmallCountsKey::of([7; 32]);
        let number = key.number(&[b"a", b"bc"]);
        assert_eq!(SmallCountsKey::of([7; 32]).number(&[b"a", b"bc"]), number);
        assert_ne!(SmallCountsKey::of([8; 32]).number(&[b"a", b"bc"]), number);
        assert_ne!(key.number(&[b"ab", b"c"]), number);
        assert_eq!(format!("{key:?}"), "SmallCountsKey");
    }
}
