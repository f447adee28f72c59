//! What of a site's sums is to be forgotten, what went with it, and the marks that say so afterwards.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::cell::{Dimension, ForgottenValues};
use crate::site::{Day, Month, SiteId};

/// An order to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgetting {
    /// Of which site.
    pub site: SiteId,
    /// Which values; nothing stands for everything that was counted.
    pub values: Option<ForgottenValues>,
    /// On which days, both included; nothing stands for all of them.
    pub days: Option<(Day, Day)>,
    /// The site's present day, up to which marks go.
    pub today: Day,
    /// The marks that it leaves, as [`crate::store::SumStore::count_forgotten`] tells them.
    pub marks: Vec<TakenOut>,
}

impl Forgetting {
    /// Whether a day is one of those meant.
    pub fn has_day(&self, day: Day) -> bool {
        self.days.is_none_or(|(first, last)| (first..=last).contains(&day))
    }

    /// Whether some days of a month are meant.
    pub(super) fn has_month(&self, month: Month) -> bool {
        self.days.is_none_or(|(first, last)| first <= last && (first.month()..=last.month()).contains(&month))
    }

    /// First and last number of the days meant.
    pub(super) fn day_numbers(&self) -> (i32, i32) {
        self.days.map_or((i32::MIN / 32, i32::MAX / 32), |(first, last)| (first.0, last.0))
    }

    /// The first and the last month of which all days are meant; the first is behind the last if there is none.
    pub(super) fn months_covered(&self) -> (Month, Month) {
        let Some((first, last)) = self.days else { return (Month(i32::MIN), Month(i32::MAX)) };
        let (from, to) = (first.month(), last.month());
        let from = if from.first() < first { Month(from.0 + 1) } else { from };
        let to = if to.last() > last { Month(to.0 - 1) } else { to };
        (from, to)
    }

    /// The months of which some days are meant, and others not.
    pub fn months_cut(&self) -> Vec<Month> {
        let Some((first, last)) = self.days.filter(|(first, last)| first <= last) else { return Vec::new() };
        let (from, to) = self.months_covered();
        let mut cut = vec![first.month(), last.month()];
        cut.dedup();
        cut.retain(|month| !(from..=to).contains(month));
        cut
    }

    /// The order by what marks are about: all that was counted, or a dimension at a time.
    pub(super) fn parts(&self) -> Vec<(TakenOutOf, Forgetting)> {
        let of = |dimension: Option<Dimension>| dimension.map_or(TakenOutOf::Properties, TakenOutOf::Of);
        let Some(values) = &self.values else { return vec![(TakenOutOf::Everything, self.clone())] };
        let part = |dimension| Forgetting { values: Some(values.of(dimension)), ..self.clone() };
        values.dimensions().into_iter().map(|dimension| (of(dimension), part(dimension))).collect()
    }
}

/// Days and months of which something goes.
#[derive(Debug, Clone, Default)]
pub(super) struct LostDays {
    pub(super) days: BTreeSet<Day>,
    /// Of the sums of whole months.
    pub(super) months: BTreeSet<Month>,
}

impl LostDays {
    /// The mark of an order that takes this; nothing where it takes nothing. A month of which no day has anything was lost as a whole.
    pub(super) fn mark(mut self, of: TakenOutOf, order: &Forgetting) -> Option<TakenOut> {
        for month in &self.months {
            if self.days.range(month.first()..=month.last()).next().is_none() {
                self.days.extend([month.first(), month.last().min(order.today)]);
            }
        }
        self.days.retain(|day| order.has_day(*day) && *day <= order.today);
        let (first, last) = (*self.days.first()?, *self.days.last()?);
        Some(TakenOut { first, last, of })
    }

    pub(super) fn add(&mut self, other: LostDays) {
        self.days.extend(other.days);
        self.months.extend(other.months);
    }
}

/// How many cells and rows went, or would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each counts what it is called by")]
pub struct RemovedCells {
    pub hours: u64,
    pub days: u64,
    pub day_pairs: u64,
    pub months: u64,
    pub month_pairs: u64,
    /// Days and hours of the totals.
    pub totals: u64,
    pub bots: u64,
    pub rejections: u64,
    pub mails: u64,
    /// Texts that nothing refers to any more.
    pub names: u64,
}

impl RemovedCells {
    /// The numbers with what they are of, in the order of the grains.
    pub fn rows(&self) -> [(&'static str, u64); 10] {
        [
            ("cells by hour", self.hours),
            ("cells by day", self.days),
            ("cells of two dimensions by day", self.day_pairs),
            ("cells by month", self.months),
            ("cells of two dimensions by month", self.month_pairs),
            ("totals", self.totals),
            ("rows about programs", self.bots),
            ("rows about rejections", self.rejections),
            ("rows about mails", self.mails),
            ("names", self.names),
        ]
    }

    /// Whether there was nothing.
    pub fn is_empty(&self) -> bool {
        self.rows().iter().all(|(_, count)| *count == 0)
    }
}

impl std::ops::Add for RemovedCells {
    type Output = RemovedCells;

    fn add(self, other: RemovedCells) -> RemovedCells {
        RemovedCells {
            hours: self.hours + other.hours,
            days: self.days + other.days,
            day_pairs: self.day_pairs + other.day_pairs,
            months: self.months + other.months,
            month_pairs: self.month_pairs + other.month_pairs,
            totals: self.totals + other.totals,
            bots: self.bots + other.bots,
            rejections: self.rejections + other.rejections,
            mails: self.mails + other.mails,
            names: self.names + other.names,
        }
    }
}

/// What a mark is about. Values are never named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TakenOutOf {
    /// All that was counted.
    Everything,
    /// Some values of a dimension.
    Of(Dimension),
    /// Some properties.
    Properties,
    /// Days that are older than the site keeps them; their months may be there.
    Days,
    /// Cells that are damaged on the disk. This is not stored.
    Damaged,
    /// Values of a dimension, or families of programs, that are set aside, until the owner takes that back. Nor is this.
    SetAside(Option<Dimension>),
}

impl TakenOutOf {
    /// The code as stored: that of the dimension, 0 for everything, 100 for properties.
    pub(super) fn code(self) -> u8 {
        match self {
            TakenOutOf::Everything => 0,
            TakenOutOf::Of(dimension) => dimension.code(),
            TakenOutOf::Properties => 100,
            TakenOutOf::Days => 101,
            TakenOutOf::Damaged => 102,
            TakenOutOf::SetAside(_) => 103,
        }
    }

    pub(super) fn from_code(code: u8) -> Option<TakenOutOf> {
        match code {
            0 => Some(TakenOutOf::Everything),
            100 => Some(TakenOutOf::Properties),
            101 => Some(TakenOutOf::Days),
            code => Dimension::from_code(code).map(TakenOutOf::Of),
        }
    }
}

/// Says that an owner has taken something out of the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TakenOut {
    /// The first day of which something was taken out.
    pub first: Day,
    /// The last one.
    pub last: Day,
    /// What.
    pub of: TakenOutOf,
}
