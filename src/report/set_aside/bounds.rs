//! In: what was counted of something on a day or in an hour, and what of that is set aside. Out: the least and the most that is left.
//! Forgets: both.
//!
//! # Why the bounds are sure
//!
//! Let `a` be all that a cell counts, `v` what of it has a value that is set aside, and `r` what is left.
//!
//! **Hits** have the value or have it not: `r = a - v`. Of several dimensions `v` is a union, which counts at least its largest part
//! and at most their sum; so `a - sum <= r <= a - largest`.
//!
//! **Visits**, with what is counted of whole visits, have one value of a dimension of visits: `r = a - v` as with hits. Of a dimension of
//! hits a visit may have the value by one hit and be left by another: `a - v <= r <= a`, and a visit that is left has a hit that is:
//! `r <= hits(r)`. What bounces or how long a visit takes that is left in part is not known.
//!
//! **Visitors** may be in both by two visits. All are in one of them, so `a <= v + r`, and who is left is one of all: `a - v <= r <= a`.
//! Each who is left has a visit that is, on a whole day: `r <= visits(r)`, and a hit: `r <= hits(r)`. Visits count more than visitors by the
//! surplus `visits - visitors`, which of a part is never more than of the whole; that says `r >= visits(r) - (visits(a) - a)`, which is
//! `a - visits(v)` and so never more than `a - v`. Where nobody came otherwise, `a - v` is the truth.
//!
//! **Those who came for the first time** in an hour may have come earlier by what is set aside: of them nothing is known but that they are
//! visitors.
//!
//! Days have no visit in common, so their bounds add up.

use super::day_ways::hits;
use crate::cell::Tally;
use crate::counts::Name;
use crate::report::estimate::TallyRange;
use crate::store::{Doubt, SumRow};

/// What of something is set aside.
#[derive(Debug, Clone, Copy)]
pub(super) struct TakenPart {
    pub(super) range: TallyRange,
    /// Whether it is whole visits.
    pub(super) is_of_visits: bool,
}

/// The smaller of each number, but for money, which may be below nothing.
pub(super) fn smaller(a: Tally, b: Tally) -> Tally {
    Tally { revenue: a.revenue, ..by_column(a, b, i64::min) }
}

fn by_column(a: Tally, b: Tally, of: impl Fn(i64, i64) -> i64) -> Tally {
    let (a, b) = (a.columns(), b.columns());
    let mut columns = a;
    columns.iter_mut().zip(b).for_each(|(column, other)| *column = of(*column, other));
    Tally::from_columns(columns)
}

/// A difference of which no number is below nothing, but for money.
pub(super) fn at_least_nothing(a: Tally, b: Tally) -> Tally {
    Tally { revenue: a.revenue - b.revenue, ..by_column(a, b, |a, b| (a - b).max(0)) }
}

/// What is known of rows of which one is shown: of several values who has some of them counts once.
pub(super) fn union(parts: impl Iterator<Item = TallyRange>, is_one_a_visit: bool) -> TallyRange {
    let (mut all, mut largest) = (TallyRange::default(), Tally::ZERO);
    for part in parts {
        all += part;
        largest = by_column(largest, part.low, i64::max);
    }
    all.low.visitors = largest.visitors;
    if !is_one_a_visit {
        all.low.visits = largest.visits;
    }
    all
}

/// What is left of all that was counted.
pub(super) fn left(all: TallyRange, parts: &[TakenPart], is_of_hour: bool) -> TallyRange {
    let most = parts.iter().fold(Tally::ZERO, |sum, part| sum + part.range.high);
    if most.is_zero() {
        return all;
    }
    let least = parts.iter().fold(Tally::ZERO, |least, part| by_column(least, part.range.low, i64::max));
    let (mut low, mut high) = (at_least_nothing(all.low, most), at_least_nothing(all.high, least));
    if !parts.iter().all(|part| part.is_of_visits) {
        low = Tally { bounces: 0, seconds: 0, engaged_visits: 0, engaged_ms: 0, scroll: 0, ..low };
        let Tally { visits, bounces, seconds, engaged_visits, engaged_ms, scroll, .. } = all.high;
        high = Tally { visits, bounces, seconds, engaged_visits, engaged_ms, scroll, ..high };
    }
    // Steps of funnels count visits and no hits.
    let hits_left = if hits(all.high) == 0 { i64::MAX } else { hits(high) };
    high.visitors = all.high.visitors.min(hits_left);
    if !is_of_hour {
        high.visits = high.visits.min(hits_left);
        high.visitors = high.visitors.min(high.visits);
        low.visits = low.visits.min(high.visits);
    }
    low.visitors = low.visitors.min(high.visitors);
    (low.first_visitors, high.first_visitors) = (0, if is_of_hour { high.visitors } else { 0 });
    TallyRange { low, high }
}

/// The least and the most of a row.
pub(super) fn range_of(row: &SumRow) -> TallyRange {
    match &row.doubt {
        Some(doubt) => TallyRange { low: doubt.low(row.tally), high: doubt.high(row.tally) },
        None => row.tally.into(),
    }
}

/// A row with what is not sure of it; nothing where there is nothing.
pub(super) fn row(bucket: i32, (value, second): (Name, Option<Name>), range: TallyRange) -> Option<SumRow> {
    let TallyRange { low, high } = range;
    let (visitors, visits) = (high.visitors, high.visits);
    let missing = Tally { visitors: 0, visits: 0, ..high - low };
    let doubt = Doubt {
        repeated_visitors: visitors - low.visitors,
        repeated_visits: visits - low.visits,
        missing: Tally { first_visitors: 0, ..missing },
    };
    let tally = Tally { visitors, visits, ..low };
    let doubt = (!doubt.is_none()).then(|| Box::new(doubt));
    (!high.is_zero()).then(|| SumRow { second, doubt, ..SumRow::of(bucket, value, tally) })
}

/// A row of visits that are left in part: it is not known how long they were, nor which bounced.
pub(super) fn in_part(row: SumRow) -> SumRow {
    if row.tally.visits == 0 {
        return row;
    }
    let mut doubt = row.doubt.as_deref().copied().unwrap_or_default();
    let unknown = Tally { bounces: 1, seconds: 1, engaged_visits: 1, engaged_ms: 1, scroll: 1, ..Tally::ZERO };
    doubt.missing += unknown;
    SumRow { doubt: Some(Box::new(doubt)), ..row }
}
