//! The seed of a key that signs. It is wiped when it is let go of.

use std::fmt;

use zeroize::Zeroizing;

/// The seed of an Ed25519 key. `Debug` prints the name of the type.
pub struct SigningSeed(Zeroizing<[u8; 32]>);

impl fmt::Debug for SigningSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSeed")
    }
}

impl SigningSeed {
    /// One of these random bytes.
    pub fn of(bytes: [u8; 32]) -> SigningSeed {
        SigningSeed(Zeroizing::new(bytes))
    }

    /// The bytes, for whoever keeps it or signs with it.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
}
