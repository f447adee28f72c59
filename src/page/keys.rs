//! The keys of the dashboard and what each does, for its help and for the links that they stand for.

use super::words::Words;
use crate::report::period::Period;

/// The periods that have a key. Those of so many days have their first digit.
const PERIODS: [(&str, Period); 11] = [
    ("t", Period::Today),
    ("y", Period::Yesterday),
    ("7", Period::Days(7)),
    ("2", Period::Days(28)),
    ("3", Period::Days(30)),
    ("9", Period::Days(91)),
    ("m", Period::Month),
    ("p", Period::LastMonth),
    ("r", Period::Year),
    ("1", Period::TwelveMonths),
    ("a", Period::All),
];

/// Where days are chosen.
pub const CUSTOM: &str = "c";
/// The period before.
pub const EARLIER: &str = "ArrowLeft";
/// The period after.
pub const LATER: &str = "ArrowRight";
/// What the period is compared with.
pub const COMPARE: &str = "v";
/// The first field that searches.
pub const SEARCH: &str = "f";
/// Removes all filters.
pub const CLEAR: &str = "x";
/// The live page of a site.
pub const LIVE: &str = "l";
/// The list of sites.
pub const SITES: &str = "s";
/// The sheet itself.
pub const SHEET: &str = "?";

/// A line of the sheet.
#[derive(Debug)]
pub struct KeyLine {
    /// The key, as `aria-keyshortcuts` has it.
    pub key: &'static str,
    /// What it does.
    pub text: String,
}

impl KeyLine {
    /// What stands on the key.
    pub fn shown(&self) -> &'static str {
        match self.key {
            EARLIER => "←",
            LATER => "→",
            key => key,
        }
    }
}

/// The key of a period.
pub fn of_period(period: Period) -> Option<&'static str> {
    PERIODS.iter().find(|(_, of)| *of == period).map(|(key, _)| *key)
}

/// All keys. A page has some of them; the script shows those.
pub fn lines(words: &Words) -> Vec<KeyLine> {
    let periods = PERIODS.iter().map(|(key, period)| (*key, words.period(*period)));
    let others = [
        (CUSTOM, words.period_custom),
        (EARLIER, words.period_earlier),
        (LATER, words.period_later),
        (COMPARE, words.compare),
        (SEARCH, words.search),
        (CLEAR, words.key_clear),
        (LIVE, words.live),
        (SITES, words.all_sites),
        (SHEET, words.keys),
    ];
    let others = others.map(|(key, text)| (key, text.to_owned()));
    periods.chain(others).map(|(key, text)| KeyLine { key, text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::words::ENGLISH;

    #[test]
    fn every_key_does_one_thing_and_every_period_has_one() {
        let lines = lines(&ENGLISH);
        let mut keys: Vec<_> = lines.iter().map(|line| line.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), lines.len());
        assert!(Period::ALL.into_iter().all(|period| of_period(period).is_some()));
    }
}
