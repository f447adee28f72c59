//! Small figures of a day that is over become part of `(other)`.

use std::collections::BTreeMap;

use super::{Held, PairSums};
use crate::cell::{Axis, Dimension, OTHER, Tally};
use crate::counts::Name;
use crate::counts::pairs::{Pair, rests_of_property};
use crate::site::{Day, LeastAtRest, LocalHour, SiteId};
use crate::store::sums::{is_small, least_of};

impl Held {
    pub(super) fn fold_day(&mut self, site: SiteId, day: Day, least: &LeastAtRest) {
        let is_other = |of: SiteId, on: Day, axis: &Axis<Name>, tally: &Tally| {
            let least = (of == site && on == day).then(|| least_of_axis(least, axis)).flatten();
            least.is_some_and(|least| is_small(tally, least))
        };
        let named = |value: Name, goes: bool| if goes { Name::from(OTHER) } else { value };
        for ((of, axis, on, value), tally) in std::mem::take(&mut self.days) {
            let value = named(value, is_other(of, on, &axis, &tally));
            *self.days.entry((of, axis, on, value)).or_default() += tally;
        }
        for ((of, axis, hour, value), tally) in std::mem::take(&mut self.hours) {
            let value = named(value, is_other(of, LocalHour::from_number(hour).day, &axis, &tally));
            *self.hours.entry((of, axis, hour, value)).or_default() += tally;
        }
        if let Some(pairs) = self.final_pairs.get_mut(&(site, day)) {
            *pairs = folded(std::mem::take(pairs), least);
        }
        self.names.entry((site, Name::from(OTHER))).or_insert(self.flush + 1);
    }
}

fn least_of_axis(least: &LeastAtRest, axis: &Axis<Name>) -> Option<u32> {
    match axis {
        Axis::Of(dimension) => least_of(least, *dimension),
        Axis::Prop { .. } => least.of_name("prop"),
        Axis::Total | Axis::Revenue { .. } | Axis::Funnel(_) => None,
    }
}

/// What stands for many values, and for a value that is too small; nothing for the rest of a dimension.
fn rests(dimension: Dimension, side: Option<&Name>) -> (Option<Name>, Option<Name>) {
    match side.filter(|_| dimension == Dimension::Property) {
        Some(name) => rests_of_property(name).map(|rest| Some(Name::from(rest))).into(),
        None => (None, Some(Name::from(OTHER))),
    }
}

fn folded(pairs: PairSums, least: &LeastAtRest) -> PairSums {
    let (mut kept, mut folded) = (PairSums::new(), BTreeMap::<(Pair, Option<Name>, Option<Name>), (u32, Tally)>::new());
    for ((pair, a, b), tally) in pairs {
        let of = least_of(least, pair.first).max(least_of(least, pair.second));
        let (rest_of_a, rest_of_b) = (rests(pair.first, a.as_ref()).0, rests(pair.second, b.as_ref()).0);
        match of {
            // Of one dimension, which has a line for the rest.
            Some(of) if pair == Pair::OF_SECTIONS && is_small(&tally, of) => {
                let other = || Some(Name::from(OTHER));
                *kept.entry((pair, other(), other())).or_default() += tally;
            }
            Some(of) if a == rest_of_a || b == rest_of_b => {
                folded.entry((pair, a, b)).or_insert((of, Tally::ZERO)).1 += tally;
            }
            Some(of) if is_small(&tally, of) => {
                for key in [(pair, a, rest_of_b), (pair, rest_of_a, b)] {
                    folded.entry(key).or_insert((of, Tally::ZERO)).1 += tally;
                }
            }
            _ => *kept.entry((pair, a, b)).or_default() += tally,
        }
    }
    for ((pair, a, b), (of, tally)) in folded {
        let side = |dimension: Dimension, side: Option<Name>| {
            let (rest, other) = rests(dimension, side.as_ref());
            if side != rest && is_small(&tally, of) { other } else { side }
        };
        *kept.entry((pair, side(pair.first, a), side(pair.second, b))).or_default() += tally;
    }
    kept
}
