//! Digests of texts that are not kept, under a key of their own, so that those of a day are the same when it is read back.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::SharedSeed;
use serde::{Deserialize, Serialize};

/// The key of digests. Whoever sends texts does not know it, and so cannot choose digests.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub struct DigestKey {
    key: u64,
    seed: SharedSeed,
}

impl DigestKey {
    /// The digest of something.
    pub fn of(&self, value: impl Hash) -> u64 {
        let mut hasher = foldhash::fast::FoldHasher::with_seed(self.key, &self.seed);
        value.hash(&mut hasher);
        hasher.finish()
    }
}

impl Default for DigestKey {
    /// A new random key.
    fn default() -> Self {
        DigestKey::from(std::hash::RandomState::new().hash_one(0_u64))
    }
}

impl From<u64> for DigestKey {
    fn from(key: u64) -> Self {
        DigestKey { key, seed: SharedSeed::from_u64(key) }
    }
}

impl From<DigestKey> for u64 {
    fn from(key: DigestKey) -> Self {
        key.key
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_its_key() {
        let key = DigestKey::default();
        let again = DigestKey::from(u64::from(key.clone()));
        let texts = ["", "/a", "/profile/jane-roe"];
        assert_eq!(texts.map(|text| key.of(text)), texts.map(|text| again.of(text)));
        assert_ne!(key.of("/a"), key.of("/b"));
        assert_ne!(key.of("/a"), DigestKey::default().of("/a"));
        assert_eq!(format!("{key:?}"), "DigestKey");
    }
}
