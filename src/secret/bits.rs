//! In: the system's randomness. Out: 64 random bits at a time. Forgets: each of them when it is drawn.

use zeroize::Zeroize;

use crate::limits::RANDOM_WORDS_AT_ONCE as AT_ONCE;

/// Random bits of the system. `Debug` prints the name of the type.
pub struct SystemBits {
    drawn: [u64; AT_ONCE],
    left: usize,
}

impl std::fmt::Debug for SystemBits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SystemBits")
    }
}

impl Default for SystemBits {
    fn default() -> Self {
        SystemBits { drawn: [0; AT_ONCE], left: 0 }
    }
}

impl Drop for SystemBits {
    fn drop(&mut self) {
        self.drawn.zeroize();
    }
}

impl SystemBits {
    /// 64 bits that nobody can foresee.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn draw(&mut self) -> Result<u64, getrandom::Error> {
        if self.left == 0 {
            let mut bytes = [0; AT_ONCE * 8];
            getrandom::fill(&mut bytes)?;
            for (drawn, bytes) in self.drawn.iter_mut().zip(bytes.as_chunks::<8>().0) {
                *drawn = u64::from_ne_bytes(*bytes);
            }
            bytes.zeroize();
            self.left = AT_ONCE;
        }
        self.left -= 1;
        Ok(std::mem::take(&mut self.drawn[self.left]))
    }
}
