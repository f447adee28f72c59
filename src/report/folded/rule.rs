//! In: the sums of one dimension on one day, those of the dimensions that it is a part of, and the day's totals. Out: the same
//! with small values added up as `(other)`, so that none of them can be read or taken from the others. Forgets: values that
//! too few visitors had.
//!
//! A value is folded
//!
//! - if fewer than k visitors had it, or it stands for values past a budget already;
//! - if what it is a part of is folded: the city of a region, the version of a browser;
//! - if it is the smallest, until what is left of the day, or of what it is a part of, is nobody or k visitors;
//! - if it is the smallest, until `(other)` certainly holds k different visitors. One visitor may have many pages, and counts
//!   in each of them: so the sum over pages proves nothing, but the largest of them does, and so does the sum without all
//!   that is counted more than once on that day.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::cell::{Dimension, OTHER, PAGEVIEW, Tally};
use crate::counts::Name;

/// What is told apart by the same rule: the least number, and what is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    k: i64,
    /// Where no visitors are measured, hits stand in their place.
    is_by_hits: bool,
}

/// What became of the values of a dimension.
#[derive(Debug, Default)]
pub(super) struct Level {
    shown: HashMap<Name, i64>,
    folded: HashSet<Name>,
}

/// One value while it is decided on.
struct ValueCount {
    name: Name,
    tally: Tally,
    size: i64,
    is_folded: bool,
}

impl Measure {
    pub(super) fn of_day(total: Tally, k: u32) -> Measure {
        Measure { k: i64::from(k), is_by_hits: total.visitors == 0 }
    }

    /// How many had a value, as far as can be told.
    fn size(self, tally: Tally, dimension: Option<Dimension>) -> i64 {
        match dimension {
            _ if !self.is_by_hits => tally.visitors,
            Some(Dimension::Event) => tally.events,
            _ => tally.pageviews,
        }
    }

    /// The totals of a day, or nothing where they are too small.
    pub(super) fn total(self, total: Tally) -> Option<Tally> {
        (self.size(total, None) >= self.k).then(|| self.shown(total, None))
    }

    /// What is shown of a tally: events under their names alone, of which each is held to the rule; no mean of a few.
    fn shown(self, tally: Tally, dimension: Option<Dimension>) -> Tally {
        let events = if dimension == Some(Dimension::Event) { tally.events } else { 0 };
        let is_mean = tally.engaged_visits >= self.k;
        let of_many = |sum: i64| if is_mean { sum } else { 0 };
        Tally {
            events,
            engaged_visits: of_many(tally.engaged_visits),
            engaged_ms: of_many(tally.engaged_ms),
            scroll: of_many(tally.scroll),
            revenue: 0,
            ..tally
        }
    }

    /// Folds the values of a dimension; `above` are the dimensions that it is a part of, the next one first.
    pub(super) fn fold(
        self,
        dimension: Dimension,
        rows: impl IntoIterator<Item = (Name, Tally)>,
        total: Tally,
        above: &[(Dimension, &Level)],
    ) -> (Vec<(Name, Tally)>, Level) {
        let mut values = self.values(dimension, rows);
        let mut groups = groups(dimension, &mut values, above);
        // Not every visitor has an event, so the day's visitors are nothing to take them from.
        if dimension != Dimension::Event {
            groups.push((self.size(total, None), (0..values.len()).collect()));
        }
        let overlap = match dimension {
            _ if self.is_by_hits => 0,
            Dimension::Event => i64::MAX,
            _ => (values.iter().map(|value| value.size).sum::<i64>() - total.visitors).max(0),
        };
        let mut has_folded = true;
        while has_folded {
            has_folded = false;
            for (whole, members) in &groups {
                has_folded |= self.hide_rest(*whole, members, &mut values);
            }
            has_folded = has_folded || self.fill_other(overlap, &mut values);
        }
        self.folded(dimension, values, overlap)
    }

    /// The values that were counted, the smallest first.
    fn values(self, dimension: Dimension, rows: impl IntoIterator<Item = (Name, Tally)>) -> Vec<ValueCount> {
        let mut sums: BTreeMap<Name, Tally> = BTreeMap::new();
        for (name, tally) in rows {
            *sums.entry(name).or_default() += tally;
        }
        // Pageviews have dimensions of their own; as an event they would stand beside those who made events.
        sums.retain(|name, tally| !tally.is_zero() && (dimension != Dimension::Event || &**name != PAGEVIEW));
        let value = |(name, tally): (Name, Tally)| {
            let size = self.size(tally, Some(dimension));
            let is_folded = size < self.k || &*name == OTHER;
            ValueCount { name, tally, size, is_folded }
        };
        let mut values: Vec<ValueCount> = sums.into_iter().map(value).collect();
        values.sort_by_key(|value| value.size);
        values
    }

    /// Folds the smallest of the members until what is left of the whole is nobody or enough; tells whether it folded any.
    fn hide_rest(self, whole: i64, members: &[usize], values: &mut [ValueCount]) -> bool {
        let shown: i64 = members.iter().map(|at| &values[*at]).filter(|v| !v.is_folded).map(|v| v.size).sum();
        let (mut rest, mut has_folded) = (whole - shown, false);
        for at in members {
            if rest <= 0 || rest >= self.k {
                break;
            }
            let value = &mut values[*at];
            if !value.is_folded {
                value.is_folded = true;
                has_folded = true;
                rest += value.size;
            }
        }
        has_folded
    }

    /// Folds the smallest value if `(other)` may stand for too few; tells whether there was one to fold.
    fn fill_other(self, overlap: i64, values: &mut [ValueCount]) -> bool {
        if self.certain(overlap, values).is_none_or(|visitors| visitors >= self.k) {
            return false;
        }
        let smallest = values.iter_mut().find(|value| !value.is_folded);
        smallest.map(|value| value.is_folded = true).is_some()
    }

    /// How many different visitors the folded values have at the least; nothing where none is folded.
    fn certain(self, overlap: i64, values: &[ValueCount]) -> Option<i64> {
        let folded = || values.iter().filter(|value| value.is_folded).map(|value| value.size);
        let largest = folded().max()?;
        Some(largest.max(folded().sum::<i64>().saturating_sub(overlap)))
    }

    fn folded(self, dimension: Dimension, values: Vec<ValueCount>, overlap: i64) -> (Vec<(Name, Tally)>, Level) {
        let other = self.certain(overlap, &values);
        let (mut rows, mut level, mut sum) = (Vec::new(), Level::default(), Tally::ZERO);
        for ValueCount { name, tally, size, is_folded } in values {
            if is_folded {
                sum += tally;
                level.folded.insert(name);
            } else {
                level.shown.insert(name.clone(), size);
                rows.push((name, self.shown(tally, Some(dimension))));
            }
        }
        if other.is_some_and(|visitors| visitors >= self.k) {
            rows.push((Name::from(OTHER), self.shown(sum, Some(dimension))));
        }
        (rows, level)
    }
}

/// Finds what each value is a part of, and folds it with that. Gives for each whole that is shown how many had it, and the
/// places of its parts.
fn groups(dimension: Dimension, values: &mut [ValueCount], above: &[(Dimension, &Level)]) -> Vec<(i64, Vec<usize>)> {
    let mut groups: BTreeMap<(u8, Name), (i64, Vec<usize>)> = BTreeMap::new();
    for (at, value) in values.iter_mut().enumerate() {
        if &*value.name == OTHER || &*value.name == dimension.missing() {
            continue;
        }
        for (over, level) in above {
            let Some(whole) = whole(*over, dimension, &value.name, level) else { continue };
            match level.shown.get(whole) {
                Some(size) => {
                    groups.entry((over.code(), whole.into())).or_insert((*size, Vec::new())).1.push(at);
                }
                None => value.is_folded = true,
            }
        }
    }
    groups.into_values().collect()
}

/// What a value is a part of: `Berlin, DE-BE` of `DE-BE` and `DE`, `Chrome 130` of `Chrome`. Nothing where its name does not tell.
fn whole<'a>(over: Dimension, dimension: Dimension, value: &'a str, level: &Level) -> Option<&'a str> {
    let is_known = |name: &str| level.shown.contains_key(name) || level.folded.contains(name);
    let country = |region: &'a str| region.split_once('-').map(|(country, _)| country).filter(|c| c.len() == 2);
    match (over, dimension) {
        (Dimension::Country, Dimension::Region) => country(value),
        (Dimension::Region, _) => value.rsplit_once(", ").map(|(_, place)| place).filter(|place| is_known(place)),
        (Dimension::Country, _) => {
            let place = value.rsplit_once(", ").map(|(_, place)| place)?;
            country(place).or(Some(place)).filter(|place| place.len() == 2)
        }
        // A version is the name and more words; the name may be of several itself.
        _ => {
            let mut names =
                std::iter::successors(Some(value), |name| name.rsplit_once(' ').map(|(shorter, _)| shorter));
            names.find(|name| is_known(name)).or(Some(value))
        }
    }
}
