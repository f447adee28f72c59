//! In: the sums of one dimension on one day, those of what its values are parts of, and the day's totals. Out: the same with
//! values added up as `(other)`, so that none that too few visitors had can be concluded. Forgets: which of the values added up
//! has which count.
//!
//! # The rule
//!
//! Siblings are the values of a dimension on a day, or those of them that are parts of one whole that is shown, with the rest
//! of the whole: what it has beyond its named parts. Among siblings,
//!
//! 1. all that fewer than k visitors had are folded, and
//! 2. if there are any, so are partners: values of k or more, one after the other in a secret order, until at least one of
//!    them is folded, all that is folded adds up to k + 2, and what is shown leaves nobody or k of the whole. Without enough
//!    of them all siblings are folded.
//! 3. Parts of what is folded are folded, and so are values whose names do not tell what they are parts of.
//! 4. Where `(other)` might still stand for fewer than k different visitors, more partners go there.
//!
//! The order is that of x · 8^b, least first: b is the number of binary digits of the value's size, x is drawn from an
//! exponential distribution by a key that stays with the store, for each site, day, dimension and name. So any order may come,
//! small partners come most often, and a day that is folded twice is folded alike.
//!
//! # Why no value below k is determined
//!
//! What everybody may see is a function of the totals, of the shown values, and of the sums of what is folded, for each
//! metric. Several days, months and comparisons are functions of such days and add nothing; nor does a counter, whose share of a
//! day may come from any number of views (`view/counter.rs`). Let s be a folded value of 1 to k - 1 visitors.
//!
//! *With a partner.* Among the siblings of s another value w is folded that k or more had. Take the world in which s and w have
//! changed names, and with them the names of their parts and what was drawn for them. The rule looks at sizes, at the tree of
//! wholes, and at what was drawn, never at names: so it folds the same set of names there, since both are in it, and all
//! parts of both. Totals, shown values and sums are the same. That world is as likely as this one to whoever lacks the key, and
//! s has k or more in it. (The rest of a whole is never shown by itself, so it may change its name with a part's; values past
//! the budget may not, and are no partners.)
//!
//! *Without one.* Then all siblings are folded, each is below k, and of two or more of them s is one. If two differ, they may
//! change names. If all are c, there is a visitor of s without t: else all have the same c visitors, but their whole has
//! k. Let that visitor have been of t: s is c - 1 and t is c + 1, the sums stay, and all are still folded; where c + 1 is
//! k, because t is the only partner, and c - 1 is at least 1. This is why k is 3 at least: of two values and two visitors at
//! k = 2 each has one. Of events, which nobody need have, nothing is told then.
//!
//! *With own views.* Somebody who sent up to k - 2 visitors knows that a value has that many at least, so the exchange may be
//! impossible. But a visitor of somebody else may move: from s to w where s has two, else from w to s, as w has k + 1 or is not
//! the only partner, by the sum of k + 2. Whoever sends k visitors to a value reads it, and no rule of exact sums hides the
//! others there.
//!
//! *With values that were forgotten.* What they counted stays in the day's total, so that the total less all values is their number.
//! Where that is 1 to k - 1, `(other)` is not told on that day: by the first check at least one partner is folded, of k or more, and
//! only what both have together is seen.
//!
//! *Other dimensions.* Sums of two dimensions are never shown, so an exchange in one leaves all others as they are, where names
//! do not bind them. Those that are bound are folded as wholes and parts (`wholes`), and those that are bound by counts are not
//! told at all: the first page of a visit is one of its pages, so that the pages bound how often each was first
//! ([`DimensionRow::is_for_all`](crate::cell::dimension::DimensionRow::is_for_all)).

use std::collections::{BTreeMap, HashMap, HashSet};

use super::wholes::{Whole, name_of_whole};
use crate::cell::{Dimension, OTHER, PAGEVIEW, Tally};
use crate::counts::Name;

/// What one day is folded by.
#[derive(Clone, Copy)]
pub(super) struct DayRule<'a> {
    k: i64,
    /// Where no visitors are measured, hits stand in their place.
    is_by_hits: bool,
    total: Tally,
    /// Draws for a value of a kind of values, both by name, from the exponential distribution of mean 1.
    draw: &'a dyn Fn(&str, &str) -> f64,
}

/// What became of the values of a dimension.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// What everybody may see.
    pub(super) rows: Vec<(Name, Tally)>,
    /// Values that are shown, and under the names of their wholes the rests that shown values leave.
    shown: HashMap<Name, Tally>,
    folded: HashSet<Name>,
}

/// One value while it is decided on.
struct ValueCount {
    name: Name,
    tally: Tally,
    size: i64,
    is_folded: bool,
}

/// Values that are decided on together, by their places in the secret order.
struct Siblings {
    /// What they are parts of, and how many had that; nothing where the day's visitors need not have any of them.
    whole: Option<(Name, i64)>,
    members: Vec<usize>,
    /// What the whole has beyond them, if anything.
    rest: Option<Tally>,
    purpose: Purpose,
}

/// What siblings are decided on for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Small ones hide behind partners. Whether the rest may be one.
    Partners { with_rest: bool },
    /// All that is folded stands for k different visitors. What of the sum over values may be one visitor counted again.
    People { overlap: i64 },
}

impl<'a> DayRule<'a> {
    pub(super) fn of_day(total: Tally, k: u32, draw: &'a dyn Fn(&str, &str) -> f64) -> DayRule<'a> {
        DayRule { k: i64::from(k), is_by_hits: total.visitors == 0, total, draw }
    }

    /// How many had a value, as far as can be told.
    fn size(self, tally: Tally, kind: Whole) -> i64 {
        match kind {
            _ if !self.is_by_hits => tally.visitors,
            Whole::Of(Dimension::Event) => tally.events,
            _ => tally.pageviews,
        }
    }

    fn whole_size(self) -> i64 {
        if self.is_by_hits { self.total.pageviews } else { self.total.visitors }
    }

    /// The totals of the day, or nothing where they are too small.
    pub(super) fn total(self) -> Option<Tally> {
        (self.whole_size() >= self.k).then(|| self.shown(self.total, None))
    }

    /// What is shown of a tally: events under their names alone, of which each is held to the rule; no mean of a few.
    fn shown(self, tally: Tally, kind: Option<Whole>) -> Tally {
        let events = if kind == Some(Whole::Of(Dimension::Event)) { tally.events } else { 0 };
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

    /// Folds values of a kind. `above` is what became of their wholes; nothing for values that are parts of the day alone.
    pub(super) fn fold(
        self,
        kind: Whole,
        rows: impl IntoIterator<Item = (Name, Tally)>,
        above: Option<&Level>,
    ) -> Level {
        let mut values = self.values(kind, rows);
        let overlap = match kind {
            _ if self.is_by_hits => 0,
            Whole::Of(Dimension::Event) => i64::MAX,
            _ => (values.iter().map(|value| value.size).sum::<i64>() - self.total.visitors).max(0),
        };
        let groups = match (kind, above) {
            (Whole::Of(dimension), Some(above)) => self.parts(dimension, &mut values, above, overlap),
            _ => vec![self.of_the_day(kind, &values)],
        };
        let mut has_folded = true;
        while has_folded {
            has_folded = false;
            for group in &groups {
                has_folded |= self.hide(kind, group, &mut values);
            }
        }
        self.level(kind, values, &groups, overlap)
    }

    /// The values that were counted, possible partners first and in the secret order.
    fn values(self, kind: Whole, rows: impl IntoIterator<Item = (Name, Tally)>) -> Vec<ValueCount> {
        let mut sums: BTreeMap<Name, Tally> = BTreeMap::new();
        for (name, tally) in rows {
            *sums.entry(name).or_default() += tally;
        }
        let is_event = kind == Whole::Of(Dimension::Event);
        // Pageviews have dimensions of their own; as an event they would stand beside those who made events.
        sums.retain(|name, tally| !tally.is_zero() && (!is_event || &**name != PAGEVIEW));
        let value = |(name, tally): (Name, Tally)| {
            let size = self.size(tally, kind);
            let is_folded = size < self.k || &*name == OTHER;
            let place = if is_folded { f64::INFINITY } else { self.place(kind, &name, size) };
            (place, ValueCount { name, tally, size, is_folded })
        };
        let mut values: Vec<(f64, ValueCount)> = sums.into_iter().map(value).collect();
        values.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        values.into_iter().map(|(_, value)| value).collect()
    }

    fn place(self, kind: Whole, name: &str, size: i64) -> f64 {
        let kind = match kind {
            Whole::Of(dimension) => dimension.name(),
            Whole::Form => "form",
        };
        // Steps of two, so that a late hit seldom changes the order.
        (self.draw)(kind, name) * 8_f64.powi(size.max(1).ilog2() as i32)
    }

    /// All values of the day as siblings.
    fn of_the_day(self, kind: Whole, values: &[ValueCount]) -> Siblings {
        let (past_budget, members): (Vec<usize>, Vec<usize>) =
            (0..values.len()).partition(|at| &*values[*at].name == OTHER);
        // Not every visitor has an event, so the day's visitors are nothing to take them from.
        let whole = (kind != Whole::Of(Dimension::Event)).then(|| (Name::from(""), self.whole_size()));
        let rest = past_budget.first().map(|at| values[*at].tally);
        Siblings { whole, members, rest, purpose: Purpose::Partners { with_rest: false } }
    }

    /// The parts of each whole that is shown, and all together; folds the others.
    fn parts(self, dimension: Dimension, values: &mut [ValueCount], above: &Level, overlap: i64) -> Vec<Siblings> {
        let kind = Whole::Of(dimension);
        let mut groups: BTreeMap<&str, (Tally, Vec<usize>)> =
            above.shown.iter().map(|(name, tally)| (&**name, (*tally, Vec::new()))).collect();
        for (at, value) in values.iter_mut().enumerate() {
            let whole = name_of_whole(dimension, &value.name, |name| above.knows(name));
            match whole.and_then(|name| groups.get_mut(name)) {
                Some((rest, members)) => {
                    *rest = *rest - value.tally;
                    members.push(at);
                }
                None => value.is_folded = true,
            }
        }
        let siblings = |(name, (rest, members)): (&str, (Tally, Vec<usize>))| Siblings {
            whole: Some((name.into(), self.size(above.shown[name], kind))),
            members,
            rest: Some(rest).filter(|rest| rest.visits > 0 || rest.pageviews > 0 || rest.visitors > 0),
            purpose: Purpose::Partners { with_rest: true },
        };
        let mut groups: Vec<Siblings> = groups.into_iter().map(siblings).collect();
        groups.push(Siblings {
            whole: Some((Name::from(""), self.whole_size())),
            members: (0..values.len()).collect(),
            rest: None,
            purpose: Purpose::People { overlap },
        });
        groups
    }

    /// Folds partners until siblings are hidden; tells whether it folded any.
    fn hide(self, kind: Whole, group: &Siblings, values: &mut [ValueCount]) -> bool {
        let mut places = group.members.iter().copied();
        let mut has_folded = false;
        while !self.is_hidden(kind, group, values) {
            let Some(partner) = places.find(|at| !values[*at].is_folded) else { break };
            values[partner].is_folded = true;
            has_folded = true;
        }
        has_folded
    }

    /// Whether what is small among siblings can't be concluded from what is shown of them.
    fn is_hidden(self, kind: Whole, group: &Siblings, values: &[ValueCount]) -> bool {
        let members = || group.members.iter().map(|at| &values[*at]);
        let shown: i64 = members().filter(|value| !value.is_folded).map(|value| value.size).sum();
        if group.whole.as_ref().is_some_and(|(_, whole)| (1..self.k).contains(&(whole - shown))) {
            return false;
        }
        let folded = || members().filter(|value| value.is_folded).map(|value| value.size);
        let rest = group.rest.map(|rest| self.size(rest, kind).max(0));
        match group.purpose {
            Purpose::People { overlap } => certain(folded(), overlap).is_none_or(|visitors| visitors >= self.k),
            Purpose::Partners { .. } if folded().next().is_none() && rest.is_none_or(|rest| rest >= self.k) => true,
            Purpose::Partners { with_rest } => {
                let mut partners = folded().chain(rest.filter(|_| with_rest));
                let sum = folded().sum::<i64>() + rest.unwrap_or_default();
                partners.any(|size| size >= self.k) && sum >= self.k + 2
            }
        }
    }

    fn level(self, kind: Whole, values: Vec<ValueCount>, groups: &[Siblings], overlap: i64) -> Level {
        let mut level = Level::default();
        for group in groups.iter().filter(|group| group.purpose == Purpose::Partners { with_rest: true }) {
            let is_left = group.members.iter().all(|at| !values[*at].is_folded);
            let rest = group.rest.filter(|rest| is_left && self.size(*rest, kind) >= self.k);
            level.shown.extend(group.whole.as_ref().zip(rest).map(|((name, _), rest)| (name.clone(), rest)));
        }
        let folded = || values.iter().filter(|value| value.is_folded);
        let sizes = || folded().map(|value| value.size);
        // Events need no visitor of the day, so that few may be all that have any.
        let is_event = kind == Whole::Of(Dimension::Event);
        let all: i64 = values.iter().map(|value| value.size).sum();
        let is_whole = is_event || !(1..self.k).contains(&(self.whole_size() - all));
        let is_told = is_whole
            && certain(sizes(), overlap).is_some_and(|visitors| visitors >= self.k)
            && (!is_event || sizes().sum::<i64>() >= self.k + 2);
        let missing = if let Whole::Of(dimension) = kind { dimension.missing() } else { OTHER };
        let label = if folded().all(|value| &*value.name == missing) { missing } else { OTHER };
        let sum = folded().fold(Tally::ZERO, |sum, value| sum + value.tally);
        let other = is_told.then(|| (Name::from(label), self.shown(sum, Some(kind))));
        for ValueCount { name, tally, is_folded, .. } in values {
            if is_folded {
                level.folded.insert(name);
            } else {
                level.shown.insert(name.clone(), tally);
                level.rows.push((name, self.shown(tally, Some(kind))));
            }
        }
        level.rows.extend(other);
        level
    }
}

impl Level {
    fn knows(&self, name: &str) -> bool {
        self.shown.contains_key(name) || self.folded.contains(name)
    }
}

/// How many different visitors values of these sizes have at the least; nothing without values. One visitor may have many
/// pages, and counts in each of them: so the sum over pages proves nothing, but the largest of them does, and so does the sum
/// without all that is counted more than once on that day.
fn certain(sizes: impl Iterator<Item = i64> + Clone, overlap: i64) -> Option<i64> {
    let largest = sizes.clone().max()?;
    Some(largest.max(sizes.sum::<i64>().saturating_sub(overlap)))
}
