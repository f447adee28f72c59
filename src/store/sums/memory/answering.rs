//! Answers to questions: a look at every cell.

use std::collections::{BTreeMap, BTreeSet};

use super::{Held, PairSums};
use crate::cell::{Axis, Dimension, Filter, OTHER, Tally};
use crate::counts::Name;
use crate::counts::pairs::Pair;
use crate::site::{Day, SiteId};
use crate::store::sums::ask::ValueInPair;
use crate::store::{Ask, CellSource, CountedBy, Doubt, Grain, Interrupt, LargestValue, RowsBy, SumRow};

const SEGMENTS: Axis<Name> = Axis::Of(Dimension::Segment);

/// Sums and what is not sure of them, by bucket and values.
type Answered = BTreeMap<(i32, Name, Option<Name>), (Tally, Doubt)>;

/// Cells of the two sides of a question; nothing stands for the rest.
type MetCell<'a> = (Option<&'a Name>, Option<&'a Name>, Tally);

fn rows_of(answered: Answered) -> Vec<SumRow> {
    let doubt = |doubt: Doubt| (!doubt.is_none()).then(|| Box::new(doubt));
    let row = |((bucket, value, second), (tally, of))| SumRow { bucket, value, second, tally, doubt: doubt(of) };
    answered.into_iter().map(row).collect()
}

impl Held {
    pub(super) fn rows(&self, ask: &Ask, left_out: &[(SiteId, Day, CountedBy)]) -> Vec<SumRow> {
        let mut answered = Answered::new();
        // Values that are added up, by bucket.
        let mut added: BTreeMap<i32, BTreeMap<Name, Tally>> = BTreeMap::new();
        let mut take = |at: i32, bucket: i32, value: &Name, tally: &Tally| {
            let row = SumRow::of(ask.bucket(bucket), value.clone(), *tally);
            if ask.spans(bucket)
                && let Ok(Some(row)) = ask.narrowed(&row, &Interrupt::default())
            {
                answered.entry((row.bucket, row.value, None)).or_default().0 += row.tally;
                *added.entry(at).or_default().entry(value.clone()).or_default() += *tally;
            }
        };
        match ask.source() {
            CellSource::Single(axis) if ask.grain == Grain::Hour => {
                let of_axis = self.hours.iter().filter(|((site, of, ..), _)| *site == ask.site && of == axis);
                of_axis.for_each(|((_, _, hour, value), tally)| take(*hour, *hour, value, tally));
            }
            CellSource::Single(axis) => {
                let of_axis = self.days.iter().filter(|((site, of, ..), _)| *site == ask.site && of == axis);
                of_axis.for_each(|((_, _, day, value), tally)| take(day.0, ask.bucket_of(*day), value, tally));
            }
            CellSource::Pair(pair, is_by_second) => return self.rows_of_pair(ask, pair, is_by_second, left_out),
            CellSource::Visits | CellSource::Nowhere => {}
        }
        let Some(of) = ask.adds_values_of() else { return rows_of(answered) };
        for (day, values) in added {
            let is_left_out = left_out.iter().any(|(site, left_out, _)| *site == ask.site && left_out.0 == day);
            if is_left_out && of.dimension().is_some() {
                continue;
            }
            let bucket = ask.bucket(ask.bucket_of(Day(day)));
            let repeated_visitors = repeated(values.values().map(|tally| tally.visitors));
            let visits = repeated(values.values().map(|tally| tally.visits));
            let repeated_visits = if of.is_one_a_visit() { 0 } else { visits };
            let doubt = Doubt { repeated_visitors, repeated_visits, missing: Tally::ZERO };
            answered.entry((bucket, Name::from(""), None)).or_default().1 += doubt;
        }
        rows_of(answered)
    }

    fn rows_of_pair(
        &self,
        ask: &Ask,
        pair: Pair,
        is_by_second: bool,
        left_out: &[(SiteId, Day, CountedBy)],
    ) -> Vec<SumRow> {
        if ask.grain == Grain::Hour {
            return Vec::new();
        }
        let of_finals = self.final_pairs.iter().map(|((site, day), pairs)| (*site, *day, pairs));
        let shown = self.snapshots.iter().filter(|(key, _)| !left_out.contains(key));
        let of_snapshots = shown.map(|((site, day, _), pairs)| (*site, *day, pairs));
        let mut answered = Answered::new();
        let of_site = of_finals.chain(of_snapshots).filter(|(site, ..)| *site == ask.site);
        for (_, day, pairs) in of_site.filter(|(_, day, _)| ask.spans(ask.bucket_of(*day))) {
            let bucket = ask.bucket(ask.bucket_of(day));
            let cells = cells_of(ask, pairs, pair, is_by_second);
            let cells: Vec<MetCell> = cells.iter().map(|(a, b, tally)| (a.as_ref(), b.as_ref(), *tally)).collect();
            match ask.cut.rows {
                RowsBy::Axis => by_axis(ask, bucket, &cells, pair, &mut answered),
                RowsBy::Nothing => together(ask, bucket, &cells, pair, &mut answered),
                RowsBy::Both => by_both(ask, bucket, &cells, &mut answered),
            }
        }
        rows_of(answered)
    }
}

/// The cells of a pair by value of the axis and of the filter's dimension; of properties those of the one that is asked for.
fn cells_of(ask: &Ask, pairs: &PairSums, pair: Pair, is_by_second: bool) -> Vec<(Option<Name>, Option<Name>, Tally)> {
    let mut cells = Vec::new();
    let property = ask.property_side();
    let plain = |name: &Option<Name>, is_axis: bool| match (property, name) {
        (Some((key, of_axis)), Some(name)) if of_axis == is_axis => match ValueInPair::of(key, name) {
            ValueInPair::Value(value) => Some(Some(value)),
            ValueInPair::Rest => Some(None),
            ValueInPair::Others => None,
        },
        (_, name) => Some(name.clone()),
    };
    for ((_, first, second), tally) in pairs.iter().filter(|((of, ..), _)| *of == pair) {
        let (value, by) = if is_by_second { (first, second) } else { (second, first) };
        if let (Some(value), Some(by)) = (plain(value, true), plain(by, false)) {
            cells.push((value, by, *tally));
        }
    }
    cells
}

fn repeated(counts: impl Iterator<Item = i64>) -> i64 {
    let mut largest = LargestValue::default();
    counts.for_each(|count| largest.add(count));
    largest.repeated()
}

fn is_wanted(ask: &Ask, by: Option<&Name>) -> bool {
    by.is_some_and(|by| ask.filter.as_ref().is_none_or(|filter| filter.test.passes(by)))
}

fn is_kept(ask: &Ask, value: Option<&Name>) -> bool {
    value.is_some_and(|value| ask.cut.kept.as_ref().is_none_or(|test| test.passes(value)))
}

/// What visits may have been counted again over cells, where those with the same key on the left share no visit with others.
fn repeated_visits(cells: &[&MetCell], pair: Pair, ask: &Ask) -> i64 {
    let of_axis = [pair.first, pair.second].into_iter().find(|dimension| ask.axis.in_pairs() == Some(*dimension));
    let of_filter = [pair.first, pair.second].into_iter().find(|dimension| Some(*dimension) != of_axis);
    let is_one = |of: Option<Dimension>| of.is_some_and(Dimension::is_of_visit);
    let mut groups: BTreeMap<(Option<&Name>, Option<&Name>), Vec<i64>> = BTreeMap::new();
    for (value, by, tally) in cells {
        let key = (value.filter(|_| is_one(of_axis)), by.filter(|_| is_one(of_filter)));
        groups.entry(key).or_default().push(tally.visits);
    }
    groups.into_values().map(|visits| repeated(visits.into_iter())).sum()
}

fn doubt_of(cells: &[&MetCell], pair: Pair, ask: &Ask, missing: Tally) -> Doubt {
    let repeated_visitors = repeated(cells.iter().map(|(.., tally)| tally.visitors));
    Doubt { repeated_visitors, repeated_visits: repeated_visits(cells, pair, ask), missing }
}

fn sum<'a>(cells: impl Iterator<Item = &'a MetCell<'a>>) -> Tally {
    cells.fold(Tally::ZERO, |sum, (.., tally)| sum + *tally)
}

fn by_axis(ask: &Ask, bucket: i32, cells: &[MetCell], pair: Pair, answered: &mut Answered) {
    let is_all = ask.cut.kept.is_none();
    let has_rest = ask.axis == SEGMENTS && ask.filter.as_ref().is_some_and(|filter| filter.axis != SEGMENTS);
    let is_several = |filter: &Filter<Name>| filter.test.named().is_none_or(|named| named.len() != 1);
    let is_set = has_rest || ask.filter.as_ref().is_some_and(is_several);
    if ask.axis == Axis::Total {
        let wanted: Vec<&MetCell> = cells.iter().filter(|(_, by, _)| is_wanted(ask, *by)).collect();
        if !wanted.is_empty() {
            let answer = answered.entry((bucket, Name::from(""), None)).or_default();
            answer.1 += doubt_of(&wanted, pair, ask, Tally::ZERO);
            answer.0 += sum(wanted.into_iter());
        }
        return;
    }
    let values: BTreeSet<Option<&Name>> = cells.iter().map(|(value, ..)| *value).collect();
    for value in values.into_iter().filter(|value| is_kept(ask, *value) || value.is_none() && is_all) {
        let of_value: Vec<&MetCell> = cells.iter().filter(|(of, ..)| *of == value).collect();
        let wanted: Vec<&MetCell> = of_value.iter().copied().filter(|(_, by, _)| is_wanted(ask, *by)).collect();
        let rest = sum(of_value.into_iter().filter(|(_, by, _)| by.is_none() && value.is_some()));
        let doubt = if is_set || !is_all { doubt_of(&wanted, pair, ask, rest) } else { Doubt::default() };
        if wanted.is_empty() && doubt.is_none() {
            continue;
        }
        let Some(name) = ask.shown(value.cloned().unwrap_or_else(|| Name::from(OTHER))) else { continue };
        let answer = answered.entry((bucket, name, None)).or_default();
        (answer.0, answer.1) = (answer.0 + sum(wanted.into_iter()), {
            answer.1 += doubt;
            answer.1
        });
    }
}

fn together(ask: &Ask, bucket: i32, cells: &[MetCell], pair: Pair, answered: &mut Answered) {
    let wanted = |cell: &&MetCell| is_kept(ask, cell.0) && is_wanted(ask, cell.1);
    let met: Vec<&MetCell> = cells.iter().filter(wanted).collect();
    let answer = answered.entry((bucket, Name::from(""), None)).or_default();
    answer.0 += sum(met.iter().copied());
    answer.1 += doubt_of(&met, pair, ask, rest(ask, cells));
}

/// What may be wanted on both sides of the rest.
fn rest(ask: &Ask, cells: &[MetCell]) -> Tally {
    let of_axis = sum(cells.iter().filter(|(value, by, _)| by.is_none() && is_kept(ask, *value)));
    let of_filter = sum(cells.iter().filter(|(value, by, _)| value.is_none() && is_wanted(ask, *by)));
    if ask.is_of_segments() { of_axis + of_filter } else { of_axis.least(of_filter) }
}

fn by_both(ask: &Ask, bucket: i32, cells: &[MetCell], answered: &mut Answered) {
    let is_all = ask.filter.as_ref().is_some_and(|filter| filter.test.passes_all());
    let is_kept_all = ask.cut.kept.is_none();
    let other = || Name::from(OTHER);
    for (value, by, tally) in cells {
        let key = match (value, by) {
            (Some(a), Some(b)) if is_kept(ask, *value) && is_wanted(ask, *by) => ((*a).clone(), (*b).clone()),
            (Some(a), None) if is_kept(ask, *value) && is_all => ((*a).clone(), other()),
            (None, Some(b)) if is_wanted(ask, *by) && is_kept_all && (!is_all || ask.is_of_segments()) => {
                (other(), (*b).clone())
            }
            _ => continue,
        };
        answered.entry((bucket, key.0, Some(key.1))).or_default().0 += *tally;
    }
    let missing = rest(ask, cells);
    // What is not missing has a row.
    let has_missing = match ask.is_of_segments() {
        true if ask.axis == SEGMENTS => !is_all,
        true => !is_kept_all,
        false => !is_all && !is_kept_all,
    };
    if has_missing && !missing.is_zero() {
        let doubt = Doubt { missing, ..Doubt::default() };
        answered.entry((bucket, other(), Some(other()))).or_default().1 += doubt;
    }
}
