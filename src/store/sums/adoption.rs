//! In: what waits for a store. Out: the same for another one, whose sites may have other numbers. Forgets: what is of sites that it does
//! not have; their hits are counted as rejected.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cell::{Axis, Cell, Tally};
use crate::counts::{Name, Sums};
use crate::rejection::Rejection;
use crate::site::{Day, Hour, Site, SiteId};
use crate::store::{DatabaseId, Flush, Rejected};

/// A store in the place of another one ([`crate::store::SumStore::adopt`]).
#[derive(Debug, Clone, Default)]
pub struct AdoptedStore {
    /// The sites that are declared in it.
    pub sites: Vec<Site>,
    /// Number of the last flush that was applied to it.
    pub last_flush: u64,
    /// Which it is.
    pub database: DatabaseId,
    /// The days that are open in it.
    pub open_days: Vec<(SiteId, Day)>,
    /// The days that run and are to be published.
    pub publishing: Vec<(SiteId, Day)>,
    /// Logs of other databases that lay beside it, by their new names.
    pub set_aside: Vec<PathBuf>,
    /// Its copy as it was, if an older version wrote it and it was brought up to date.
    pub older: Option<PathBuf>,
}

impl Flush {
    /// Adds what comes later.
    pub fn append(&mut self, mut later: Flush) {
        self.sums.append(&mut later.sums);
        self.publishing.append(&mut later.publishing);
        self.days.append(&mut later.days);
        self.rejected.append(&mut later.rejected);
        self.bots.append(&mut later.bots);
        self.unvisited.append(&mut later.unvisited);
        self.imported.append(&mut later.imported);
        self.mails.append(&mut later.mails);
        self.batches.append(&mut later.batches);
        self.at_rest.append(&mut later.at_rest);
        self.forgotten.append(&mut later.forgotten);
        self.spills.append(&mut later.spills);
    }

    /// For a store that lacks what the sums go on with: nobody goes on with visits there, and nothing is taken back that was never given.
    pub fn go_on_with_nothing(&mut self) {
        self.publishing.clear();
        self.days.iter_mut().for_each(|state| (state.snapshot, state.release) = (None, None));
        let mut days: BTreeMap<(SiteId, Day), SettledDay> = BTreeMap::new();
        self.sums.drain(..).for_each(|(site, day, sums)| days.entry((site, day)).or_default().add(&sums));
        self.sums = days.into_iter().map(|((site, day), cells)| (site, day, cells.settled().into())).collect();
    }

    /// Hits of each site that are in the sums.
    pub fn hits(&self) -> BTreeMap<SiteId, u64> {
        let mut hits = BTreeMap::new();
        for (site, _, sums) in &self.sums {
            let totals = sums.days.iter().filter(|(cell, _)| cell.axis == Axis::Total);
            let of_day: i64 = totals.map(|(_, tally)| tally.pageviews + tally.events).sum();
            *hits.entry(*site).or_default() += of_day.max(0) as u64;
        }
        hits
    }

    /// Gives sites other numbers. Of those without one nothing is left but how many hits they had, which are rejected.
    pub fn renumber(&mut self, number: impl Fn(SiteId) -> Option<SiteId>) {
        let rejected = self.of_none(&number);
        fn keep<T>(rows: &mut Vec<T>, of: impl Fn(&mut T) -> &mut SiteId, number: impl Fn(SiteId) -> Option<SiteId>) {
            rows.retain_mut(|row| {
                let site = of(row);
                number(*site).map(|new| *site = new).is_some()
            });
        }
        keep(&mut self.sums, |row| &mut row.0, &number);
        keep(&mut self.publishing, |row| &mut row.site, &number);
        keep(&mut self.days, |row| &mut row.site, &number);
        keep(&mut self.rejected, |row| &mut row.site, &number);
        keep(&mut self.bots, |row| &mut row.site, &number);
        keep(&mut self.unvisited, |row| &mut row.0, &number);
        keep(&mut self.today, |row| &mut row.0, &number);
        keep(&mut self.day_pairs_from, |row| &mut row.0, &number);
        keep(&mut self.kept_from, |row| &mut row.0, &number);
        keep(&mut self.at_rest, |row| &mut row.0, &number);
        keep(&mut self.imported, |row| &mut row.site, &number);
        keep(&mut self.mails, |row| &mut row.site, &number);
        keep(&mut self.forgotten, |row| &mut row.site, &number);
        self.rejected.extend(rejected);
    }

    /// What is told of sites without a number.
    fn of_none(&self, number: impl Fn(SiteId) -> Option<SiteId>) -> Vec<Rejected> {
        let is_gone = |site: SiteId| number(site).is_none();
        let mut counts: BTreeMap<(Day, u8), u64> = BTreeMap::new();
        for (_, day, sums) in self.sums.iter().filter(|(site, ..)| is_gone(*site)) {
            let totals = sums.days.iter().filter(|(cell, _)| cell.axis == Axis::Total);
            let hits: i64 = totals.map(|(_, tally)| tally.pageviews + tally.events).sum();
            *counts.entry((*day, Rejection::UnknownSite.code())).or_default() += hits.max(0) as u64;
        }
        for row in self.rejected.iter().filter(|row| is_gone(row.site)) {
            *counts.entry((row.day, row.reason.code())).or_default() += row.count;
        }
        let row = |((day, code), count)| {
            let reason = Rejection::from_code(code)?;
            Some(Rejected { site: SiteId::INSTANCE, day, reason, count }).filter(|row| row.count > 0)
        };
        counts.into_iter().filter_map(row).collect()
    }
}

/// Cells of one axis, by value.
type Cells = BTreeMap<Name, Tally>;

/// Sums of a day that are put together.
#[derive(Default)]
struct SettledDay {
    hours: BTreeMap<(Axis<Name>, Hour), Cells>,
    days: BTreeMap<Axis<Name>, Cells>,
}

impl SettledDay {
    fn add(&mut self, sums: &Sums) {
        for (cell, hour, tally) in &sums.hours {
            let cells = self.hours.entry((cell.axis.clone(), *hour)).or_default();
            *cells.entry(cell.value.clone()).or_default() += *tally;
        }
        for (cell, tally) in &sums.days {
            let cells = self.days.entry(cell.axis.clone()).or_default();
            *cells.entry(cell.value.clone()).or_default() += *tally;
        }
    }

    /// The same with nothing below zero. The day is that of its hours, but for visitors.
    fn settled(mut self) -> Sums {
        self.hours.values_mut().for_each(settle);
        let mut of_hours: BTreeMap<&Axis<Name>, Cells> = BTreeMap::new();
        for ((axis, _), cells) in &self.hours {
            let day = of_hours.entry(axis).or_default();
            for (value, tally) in cells {
                *day.entry(value.clone()).or_default() += Tally { visitors: 0, ..tally.of_day() };
            }
        }
        for (axis, mut cells) in of_hours {
            for (value, tally) in self.days.remove(axis).unwrap_or_default() {
                cells.entry(value).or_default().visitors += tally.visitors;
            }
            self.days.insert(axis.clone(), cells);
        }
        self.days.values_mut().for_each(settle);
        let cell = |axis: &Axis<Name>, value| Cell { axis: axis.clone(), value };
        let hours = self.hours.into_iter().flat_map(|((axis, hour), cells)| {
            let row = move |(value, tally)| (cell(&axis, value), hour, tally);
            cells.into_iter().map(row).collect::<Vec<_>>()
        });
        let days = self.days.into_iter().flat_map(|(axis, cells)| {
            let row = move |(value, tally)| (cell(&axis, value), tally);
            cells.into_iter().map(row).collect::<Vec<_>>()
        });
        Sums {
            hours: hours.filter(|(.., tally)| !tally.is_zero()).collect(),
            days: days.filter(|(_, tally)| !tally.is_zero()).collect(),
        }
    }
}

/// Takes what is below zero out of what is above it, so that the parts of a whole stay what it is; money may be below zero.
fn settle(cells: &mut Cells) {
    let mut columns: Vec<_> = cells.values().map(|tally| tally.columns()).collect();
    let money = Tally { revenue: 1, ..Tally::ZERO }.columns();
    for column in (0..money.len()).filter(|column| money[*column] == 0) {
        let mut debt: i64 = columns.iter().map(|row| -row[column].min(0)).sum();
        let mut rows: Vec<_> = columns.iter_mut().map(|row| &mut row[column]).collect();
        rows.sort_by_key(|figure| std::cmp::Reverse(**figure));
        for figure in rows {
            let paid = debt.min((*figure).max(0));
            (*figure, debt) = ((*figure).max(0) - paid, debt - paid);
        }
    }
    for (tally, columns) in cells.values_mut().zip(columns) {
        *tally = Tally::from_columns(columns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_with_nothing_is_never_below_zero_and_its_parts_make_the_whole() {
        let cell = |value: &str| match value {
            "" => Cell { axis: Axis::Total, value: "".into() },
            page => Cell { axis: Axis::Prop { key: "page".into(), event: None }, value: page.into() },
        };
        let visits = |visits: i64, bounces: i64| Tally { visits, bounces, ..Tally::ZERO };
        let hour = |value: &str, hour: u8, tally| (cell(value), Hour(hour), tally);
        // Somebody goes on from /a to /b, and somebody new comes to each of both in the hour behind.
        let first = vec![hour("", 9, visits(0, -1)), hour("/a", 9, visits(-1, -1)), hour("/b", 9, visits(1, 0))];
        let later = vec![hour("", 10, visits(2, 2)), hour("/a", 10, visits(1, 1)), hour("/b", 10, visits(1, 1))];
        let day = |rows: &[(Cell<Name>, Hour, Tally)]| {
            rows.iter().map(|(cell, _, tally)| (cell.clone(), Tally { visitors: tally.visits, ..*tally })).collect()
        };
        let sums = |hours: Vec<_>| Sums { days: day(&hours), hours };
        let (site, on) = (SiteId(1), Day(20_000));
        let of = [sums(first), sums(later)].map(|sums| (site, on, sums.into()));
        let mut flush = Flush { sums: of.into(), ..Flush::default() };
        flush.go_on_with_nothing();
        let (_, _, sums) = flush.sums.pop().unwrap();
        assert!(flush.sums.is_empty());
        assert_eq!(
            sums.hours,
            [hour("", 10, visits(2, 2)), hour("/a", 10, visits(1, 1)), hour("/b", 10, visits(1, 1))]
        );
        let visitors = |value: &str, visitors, tally| (cell(value), Tally { visitors, ..tally });
        let expected =
            [visitors("", 2, visits(2, 2)), visitors("/a", 0, visits(1, 1)), visitors("/b", 2, visits(1, 1))];
        assert_eq!(sums.days, expected);
    }
}
