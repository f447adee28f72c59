//! In: passwords that people choose, and those that somebody tries. Out: whether one is right, and the slow digest that is kept
//! of it. Forgets: the password; it is wiped from memory with its value.

use std::fmt;
use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::limits;

/// A password, right or wrong, as somebody typed it. `Debug` prints the name of the type.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Password(Zeroizing<String>);

impl From<String> for Password {
    fn from(text: String) -> Password {
        Password(Zeroizing::new(text))
    }
}

impl From<Password> for String {
    fn from(password: Password) -> String {
        password.0.as_str().to_owned()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Why a password can't be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPassword {
    /// It is guessed too soon.
    #[error(
        "a password needs at least {} characters; several words are easy to keep in mind",
        limits::PASSWORD_CHARS_MIN
    )]
    Short,
    /// Nobody types so much.
    #[error("a password has at most {} bytes", limits::PASSWORD_BYTES_MAX)]
    Long,
    /// It could not be digested.
    #[error("this password can't be kept; choose another one")]
    Failed,
}

impl Password {
    /// What is kept of a password that somebody chooses. The random bytes make the same password look different each time. It
    /// takes tens of milliseconds and 19 MiB.
    ///
    /// # Errors
    /// [`NotAPassword`]
    pub fn chosen(&self, random: [u8; 32]) -> Result<PasswordDigest, NotAPassword> {
        if self.0.len() > limits::PASSWORD_BYTES_MAX {
            return Err(NotAPassword::Long);
        }
        if self.0.chars().count() < limits::PASSWORD_CHARS_MIN {
            return Err(NotAPassword::Short);
        }
        // Argon2id with 19 MiB, two passes, one lane: the default of the library and the least that OWASP's cheat sheet on
        // password storage recommends.
        let digest = Argon2::default().hash_password_with_salt(self.0.as_bytes(), &random[..16]);
        Ok(PasswordDigest(digest.map_err(|_| NotAPassword::Failed)?.to_string()))
    }

    /// Whether it is the password of this digest. Without a digest it takes as long and is wrong, so that the time of an answer
    /// does not tell who has a password. It takes tens of milliseconds and 19 MiB.
    pub fn is_that_of(&self, kept: Option<&PasswordDigest>) -> bool {
        if self.0.len() > limits::PASSWORD_BYTES_MAX {
            return false;
        }
        let digest = kept.unwrap_or(&NOBODYS);
        let is_right = PasswordHash::new(&digest.0)
            .is_ok_and(|digest| Argon2::default().verify_password(self.0.as_bytes(), &digest).is_ok());
        is_right && kept.is_some()
    }
}

/// The digest of a password that nobody has.
static NOBODYS: LazyLock<PasswordDigest> = LazyLock::new(|| {
    let digest = Argon2::default().hash_password_with_salt(b"", &[0; 16]);
    PasswordDigest(digest.map(|digest| digest.to_string()).unwrap_or_default())
});

/// What is kept of a password: algorithm, cost, random bytes and digest in one text (the PHC string format).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

impl fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordDigest")
    }
}

impl PasswordDigest {
    /// One that was stored.
    pub fn stored(text: String) -> PasswordDigest {
        PasswordDigest(text)
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::from(text.to_owned())
    }

    #[test]
    fn a_password_is_known_by_its_digest_alone() {
        let digest = password("three green geese").chosen([7; 32]).unwrap();
        assert!(digest.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", digest.as_str());
        let stored = PasswordDigest::stored(digest.as_str().to_owned());
        assert!(password("three green geese").is_that_of(Some(&stored)));
        for wrong in ["", "three green gees", "three green geese ", "Three green geese"] {
            assert!(!password(wrong).is_that_of(Some(&stored)), "{wrong:?}");
        }
        assert_ne!(password("three green geese").chosen([8; 32]).unwrap(), digest, "each has random bytes of its own");
    }

    #[test]
    fn without_a_digest_or_with_a_damaged_one_every_password_is_wrong() {
        assert!(!password("").is_that_of(None), "not even that of nobody");
        assert!(!password("three green geese").is_that_of(None));
        for damaged in ["", "$argon2id$", "three green geese"] {
            assert!(!password(damaged).is_that_of(Some(&PasswordDigest::stored(damaged.to_owned()))), "{damaged:?}");
        }
    }

    #[test]
    fn a_name_that_nobody_has_costs_as_much_as_one_that_somebody_has() {
        let cost = |digest: &PasswordDigest| {
            let digest = PasswordHash::new(&digest.0).expect("a digest");
            (
                digest.algorithm.to_string(),
                digest.version,
                digest.params.to_string(),
                digest.hash.map(|hash| hash.len()),
            )
        };
        assert_eq!(cost(&NOBODYS), cost(&password("three green geese").chosen([7; 32]).unwrap()));
    }

    #[test]
    fn lengths_have_bounds_and_letters_count_not_bytes() {
        assert_eq!(password("äöüäöüäöü").chosen([7; 32]), Err(NotAPassword::Short));
        assert!(password("äöüäöüäöüä").chosen([7; 32]).is_ok());
        let long = "x".repeat(limits::PASSWORD_BYTES_MAX + 1);
        assert_eq!(password(&long).chosen([7; 32]), Err(NotAPassword::Long));
        assert!(!password(&long).is_that_of(None));
    }

    #[test]
    fn nothing_prints_it() {
        let password = password("three green geese");
        assert_eq!(format!("{password:?} {:?}", password.chosen([7; 32])), "Password Ok(PasswordDigest)");
        assert_eq!(serde_json::from_str::<Password>("\"three green geese\"").unwrap(), password);
    }
}
