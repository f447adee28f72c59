//! The totals of the last days of many sites, and of as many days before them.
//!
//! All sites are read at once: a list of a hundred costs one reading, not a hundred.

use super::Sums;
use crate::cell::Tally;
use crate::site::{Day, Month, SiteId};
use crate::store::{Ask, Grain, StoreError, SumRow};

/// The last days of a site.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    /// The site.
    pub site: SiteId,
    /// Its days, the earliest first; the last is today.
    pub days: Vec<Tally>,
    /// Their sum.
    pub sum: Tally,
    /// The sum of as many days before them but for the last, which the running day stands against; nothing if some of them lie before
    /// the first day that was counted.
    pub before: Option<Tally>,
}

/// The last `days` days of sites, today included, in the order in which they come.
///
/// # Errors
/// [`StoreError`]
pub fn glances(sites: &[(SiteId, Day)], days: i32, sums: &dyn Sums) -> Result<Vec<Glance>, StoreError> {
    let asks: Vec<Ask> = sites.iter().flat_map(|(site, today)| asks(*site, *today, days)).collect();
    let rows = sums.read(&asks)?;
    let of_sites = sites.iter().zip(rows.chunks_exact(2));
    Ok(of_sites.map(|((site, today), rows)| glance(*site, *today, days, &rows[0], &rows[1])).collect())
}

/// The first day before those that are shown to which they are compared.
fn first(today: Day, days: i32) -> Day {
    Day(today.0 - 2 * days + 1)
}

/// The days from the beginning of a month on, and whether there was anything before it.
fn asks(site: SiteId, today: Day, days: i32) -> [Ask; 2] {
    let month = first(today, days).month();
    let ask = |grain, first, last, by_bucket| Ask { grain, first, last, by_bucket, ..Ask::totals_of_day(site, today) };
    [ask(Grain::Day, month.first().0, today.0, true), ask(Grain::Month, 0, Month(month.0 - 1).0, false)]
}

fn glance(site: SiteId, today: Day, days: i32, by_day: &[SumRow], earlier: &[SumRow]) -> Glance {
    let begin = first(today, days);
    let has_begun = |rows: &[SumRow], until: i32| rows.iter().any(|row| row.bucket <= until && !row.tally.is_zero());
    let is_counted = has_begun(earlier, i32::MAX) || has_begun(by_day, begin.0);
    let mut all = vec![Tally::ZERO; 2 * days.max(0) as usize];
    for row in by_day {
        let place = usize::try_from(row.bucket - begin.0).ok();
        place.and_then(|place| all.get_mut(place)).into_iter().for_each(|tally| *tally += row.tally);
    }
    let shown = all.split_off(days.max(0) as usize);
    let sum = |tallies: &[Tally]| tallies.iter().fold(Tally::ZERO, |sum, tally| sum + *tally);
    all.pop();
    Glance { site, sum: sum(&shown), before: is_counted.then(|| sum(&all)), days: shown }
}
