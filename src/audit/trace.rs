//! A trace of a person among bytes: its kind, how it was written, and where. The value stays in memory; what is said of it is its shape.

use std::fmt;

use crate::limits;

/// Of which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceKind {
    /// An IP address.
    Address,
    /// A user agent.
    Agent,
    /// A mail address.
    Mail,
    /// A token, or another long secret.
    Secret,
    /// The number of a card.
    Card,
    /// The number of an account.
    Account,
    /// A number that a state or a maker of machines gave out, or an identifier of a browser or a click.
    Identity,
    /// The number of a phone.
    Phone,
}

impl TraceKind {
    /// The kind of what a mask puts a mark in the place of.
    pub(super) fn of_mark(mark: &str) -> Option<TraceKind> {
        Some(match mark {
            ":email" => TraceKind::Mail,
            ":ip" => TraceKind::Address,
            ":token" => TraceKind::Secret,
            ":card" => TraceKind::Card,
            ":iban" => TraceKind::Account,
            ":id" => TraceKind::Identity,
            ":phone" => TraceKind::Phone,
            _ => return None,
        })
    }

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            TraceKind::Address => "an IP address",
            TraceKind::Agent => "a user agent",
            TraceKind::Mail => "a mail address",
            TraceKind::Secret => "a token or secret",
            TraceKind::Card => "the number of a card",
            TraceKind::Account => "the number of an account",
            TraceKind::Identity => "an identifier of a person or browser",
            TraceKind::Phone => "the number of a phone",
        }
    }
}

/// How it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceForm {
    /// As text.
    Plain,
    /// Two bytes for each character.
    Utf16,
    /// As hexadecimal digits.
    Hex,
    /// As base64.
    Base64,
    /// With percent signs, backslashes or entities.
    Escaped,
    /// Packed by gzip among other bytes.
    Gzip,
}

/// A trace where it was found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trace {
    /// Where it begins, in bytes.
    pub(super) at: u64,
    pub(super) kind: TraceKind,
    pub(super) form: TraceForm,
    /// What it says.
    pub(super) value: Vec<u8>,
    /// How many bytes it takes where it is.
    pub(super) bytes: usize,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} at {}: {}", self.kind, self.form, self.at, self.shape())
    }
}

impl Trace {
    /// The value with an `a` for each letter and a `9` for each digit.
    pub(super) fn shape(&self) -> String {
        shape(&self.value)
    }
}

fn shape(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let masked = text.chars().map(|c| match c {
        _ if c.is_numeric() => '9',
        _ if c.is_uppercase() => 'A',
        _ if c.is_alphabetic() => 'a',
        ' '..='~' => c,
        _ => '?',
    });
    let mut shape: String = masked.take(limits::AUDIT_SHAPE_CHARS_MAX).collect();
    if text.chars().nth(limits::AUDIT_SHAPE_CHARS_MAX).is_some() {
        shape.push('…');
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn a_shape_tells_no_letter_and_no_digit() {
        assert_eq!(shape(b"bob.42@example.com"), "aaa.99@aaaaaaa.aaa");
        assert_eq!(shape("Jürgen 7".as_bytes()), "Aaaaaa 9");
        assert_eq!(shape(&[b'x'; 99]).chars().count(), 33);
    }
}
