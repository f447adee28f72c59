//! What of a site's sums is to be forgotten, what went with it, and the marks that say so afterwards.

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

    /// What the marks are about that it leaves; all that was counted, or some dimensions.
    pub(super) fn marks(&self) -> Vec<TakenOutOf> {
        let of = |dimension: Option<Dimension>| dimension.map_or(TakenOutOf::Properties, TakenOutOf::Of);
        match &self.values {
            None => vec![TakenOutOf::Everything],
            Some(values) => values.dimensions().into_iter().map(of).collect(),
        }
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
}

impl TakenOutOf {
    /// The code as stored: that of the dimension, 0 for everything, 100 for properties.
    pub(super) fn code(self) -> u8 {
        match self {
            TakenOutOf::Everything => 0,
            TakenOutOf::Of(dimension) => dimension.code(),
            TakenOutOf::Properties => 100,
            TakenOutOf::Days => 101,
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
