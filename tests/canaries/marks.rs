//! Marks of what must be masked or dropped, each of them told from all others wherever it turns up.

use crate::dice::Dice;

/// What a mark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// A mail address.
    Mail,
    /// A long secret.
    Token,
    /// The number of a card.
    Card,
    /// A word that stands in a query alone, which is dropped.
    Query,
    /// A word that stands in a fragment alone, which is dropped where pages have none in their names.
    Fragment,
}

impl MarkKind {
    /// What any text may hold.
    pub const OF_TEXTS: [MarkKind; 3] = [MarkKind::Mail, MarkKind::Token, MarkKind::Card];

    /// The name under which it is looked for.
    pub fn name(self) -> &'static str {
        match self {
            MarkKind::Mail => "mail",
            MarkKind::Token => "token",
            MarkKind::Card => "card",
            MarkKind::Query => "query",
            MarkKind::Fragment => "fragment",
        }
    }

    /// The mark with this number.
    pub fn mark(self, number: usize) -> String {
        let mut dice = Dice(number as u64 * 7_919 + 1);
        match self {
            MarkKind::Mail => format!("{}@people.example", self.trace(number)),
            MarkKind::Token => (0..40).map(|_| char::from(b"0123456789abcdef"[dice.below(16)])).collect(),
            MarkKind::Card => card(number),
            MarkKind::Query | MarkKind::Fragment => self.trace(number),
        }
    }

    /// The part of it that nothing else has.
    pub fn trace(self, number: usize) -> String {
        match self {
            MarkKind::Mail => format!("marked{number:06}person"),
            MarkKind::Token => self.mark(number)[8..32].to_owned(),
            MarkKind::Card => self.mark(number),
            MarkKind::Query | MarkKind::Fragment => format!("quiet{number:06}word"),
        }
    }
}

/// Sixteen digits with the right last one (Luhn).
fn card(number: usize) -> String {
    let digits = format!("4539{:011}", number * 7_919 % 100_000_000_000);
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            let doubled = if place % 2 == 0 { digit * 2 } else { digit };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// A text with a mark in it; an address of the web or a path has it in each of its parts.
pub fn planted(value: &str, kind: MarkKind, mark: &str) -> String {
    let base = value.split(['?', '#']).next().unwrap_or_default();
    match (is_address(value), kind) {
        (true, MarkKind::Query) => format!("{base}?password={mark}"),
        (true, MarkKind::Fragment) => format!("{base}#{mark}"),
        (true, _) => format!("{base}/{mark}?q={mark}&utm_source={mark}&utm_campaign=to+{mark}&ref={mark}#{mark}"),
        (false, _) if value.is_empty() => mark.to_owned(),
        (false, _) => format!("{value} {mark}"),
    }
}

/// Whether a text has a query.
pub fn is_address(text: &str) -> bool {
    text.starts_with("http") || text.starts_with('/')
}
