//! In: the visitors of a day that is over, without tokens; random bits. Out: what of the day may be published: how many visitors had
//! each value of a list, with noise. Forgets: the numbers without noise.
//!
//! Each visitor is counted once, and once under each dimension of [`PUBLISHED`]: by the value of their first visit. The values of a
//! dimension are a list that no visitor adds to: what the program names itself ([`listed`]), and of pages those that the owner watched
//! before the day began. A value that is not on the list counts as the missing one. What a visitor counts for so depends on nobody
//! else: a day without one visitor differs by 1 in the total and by 1 in one value of each dimension, and in nothing else.
//! Dimensions whose values visitors bring themselves (sources, languages, all other pages) are not among them, because the budget
//! of names ([`crate::cell::DayNames`]) may give one visitor's name another's place.
//!
//! The total and each dimension get an equal share of the day's epsilon. Noise is discrete Laplace ([`DiscreteLaplace`]), so a day is
//! `epsilon`-differentially private for a visitor who is there or not, with a delta of 0.

mod noise;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Name, SessionSnapshot};
use crate::cell::{Dimension, OTHER};
use crate::hit::listed;
use crate::site::{Collected, Epsilon};
pub use noise::DiscreteLaplace;

/// The dimensions of which a release tells, beside the total.
pub const PUBLISHED: [Dimension; 7] = [
    Dimension::Country,
    Dimension::Channel,
    Dimension::Device,
    Dimension::Browser,
    Dimension::Os,
    Dimension::Screen,
    Dimension::EntryPage,
];

/// How often each visitor of a day is counted: once in all, and once under each dimension that is collected.
pub fn shares(collected: Collected) -> u32 {
    PUBLISHED.into_iter().filter(|dimension| dimension.is_collected(collected)).count() as u32 + 1
}

/// The visitors of a day in all and by listed values, each counted once in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundedCounts {
    /// How many there were.
    pub visitors: u64,
    /// In the order of [`PUBLISHED`]: by each value of the list, also those that nobody had.
    pub by: [BTreeMap<Name, u64>; PUBLISHED.len()],
}

/// What is published of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What it may tell of one visitor.
    pub epsilon: Epsilon,
    /// Visitors, with noise; never below 0.
    pub visitors: u64,
    /// By dimension.
    pub dimensions: Vec<ReleasedDimension>,
}

/// What is published of a dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedDimension {
    /// Which one.
    pub dimension: Dimension,
    /// How many values its list has.
    pub listed: u32,
    /// Values and their visitors with noise, from [`DiscreteLaplace::cut`] on, in alphabetical order.
    pub rows: Vec<(Name, u64)>,
}

/// What became of the release of a day. The codes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ReleaseState {
    /// The day is not over.
    Running = 0,
    /// There is one.
    Published = 1,
    /// Not all of the day's visitors were in memory to its end.
    VisitorsLost = 2,
    /// The site told no visitors apart.
    NoVisitors = 3,
    /// The owner had switched it off by the end of the day.
    SwitchedOff = 4,
    /// The owner has taken the day out of the sums.
    TakenOut = 5,
}

impl ReleaseState {
    /// The state with this code.
    pub fn from_code(code: u8) -> Option<ReleaseState> {
        use ReleaseState::{NoVisitors, Published, Running, SwitchedOff, TakenOut, VisitorsLost};
        let all = [Running, Published, VisitorsLost, NoVisitors, SwitchedOff, TakenOut];
        all.into_iter().find(|state| *state as u8 == code)
    }
}

/// As what a value counts that is not listed.
fn missing(dimension: Dimension) -> &'static str {
    if dimension == Dimension::EntryPage { OTHER } else { dimension.row().missing }
}

impl BoundedCounts {
    /// A day on which nobody came; `pages` are those that are told by name.
    pub fn nobody(pages: &[String]) -> BoundedCounts {
        let listed = |dimension| match listed::values(dimension) {
            Some(values) => values.into_iter().map(|value| (Arc::from(value), 0)).collect(),
            None => pages
                .iter()
                .map(String::as_str)
                .chain([missing(dimension)])
                .map(|value| (Arc::from(value), 0))
                .collect(),
        };
        BoundedCounts { visitors: 0, by: PUBLISHED.map(listed) }
    }

    /// The visitors of a snapshot, each by the first of their visits.
    pub fn of(snapshot: &SessionSnapshot, pages: &[String]) -> BoundedCounts {
        let mut counts = BoundedCounts::nobody(pages);
        let columns = PUBLISHED.map(|dimension| snapshot.column(dimension));
        // For each name, how many visitors had it.
        let mut had = PUBLISHED.map(|_| vec![0_u64; snapshot.texts.len()]);
        for first in snapshot.first_visits() {
            counts.visitors += 1;
            for (column, had) in columns.iter().zip(&mut had) {
                had[column.of_visit(&first).0 as usize] += 1;
            }
        }
        for ((dimension, values), had) in PUBLISHED.into_iter().zip(&mut counts.by).zip(had) {
            let missing: Name = Arc::from(missing(dimension));
            for (text, visitors) in snapshot.texts.iter().zip(had).filter(|(_, visitors)| *visitors > 0) {
                let value = if values.contains_key(text) { text } else { &missing };
                *values.entry(value.clone()).or_default() += visitors;
            }
        }
        counts
    }

    /// The counts with noise, of the dimensions that the site collects. `bits` gives 64 random bits at a time.
    ///
    /// # Errors
    /// What `bits` fails with.
    pub fn released<E>(
        &self,
        epsilon: Epsilon,
        collected: Collected,
        bits: &mut impl FnMut() -> Result<u64, E>,
    ) -> Result<Release, E> {
        let noise = DiscreteLaplace::of(epsilon, shares(collected));
        let noisy = |count: u64, bits: &mut _| Ok(noise.sample(bits)?.saturating_add_unsigned(count));
        let visitors = noisy(self.visitors, bits)?.max(0) as u64;
        let mut dimensions = Vec::with_capacity(PUBLISHED.len());
        let of_all = PUBLISHED.into_iter().zip(&self.by);
        for (dimension, values) in of_all.filter(|(dimension, _)| dimension.is_collected(collected)) {
            let (listed, mut rows) = (values.len() as u32, Vec::new());
            let cut = noise.cut(listed);
            for (value, count) in values {
                let count = noisy(*count, bits)?;
                if count >= cut {
                    rows.push((value.clone(), count as u64));
                }
            }
            dimensions.push(ReleasedDimension { dimension, listed, rows });
        }
        Ok(Release { epsilon, visitors, dimensions })
    }
}
