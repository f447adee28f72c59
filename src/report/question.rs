//! A question as a reader asks it.

use super::estimated::PartedQuestion;
use super::{Interval, Span, plan};
use crate::cell::{Axis, Filter, Metric, Test};
use crate::counts::Name;
use crate::site::{Day, Hour, Month, SiteId};
use crate::store::{CellSource, Cut, Grain, RowsBy};

/// A question as a reader asks it.
#[derive(Debug, Clone)]
pub struct Question {
    /// About which site.
    pub site: SiteId,
    /// About which range.
    pub span: Span,
    /// Before which hour of the last day, where only the hours before it count; nothing for whole days. Visitors of such a day are
    /// those who came until then.
    pub until: Option<Hour>,
    /// Split by what; [`Axis::Total`] for totals.
    pub axis: Axis<Name>,
    /// Of what alone; nothing for all.
    pub filter: Option<Filter<Name>>,
    /// What else has to pass, where these are more dimensions than sums know together: the answer is estimated.
    pub further: Vec<Filter<Name>>,
    /// Which values of the axis count, and what has a line.
    pub cut: Cut,
    /// What shares and conversion rates are taken of; nothing for all.
    pub whole: Vec<Filter<Name>>,
    /// The events whose money is wanted.
    pub money: Vec<Name>,
    /// Segments by number whose money is not known: they ask for properties.
    pub without_money: Vec<Name>,
    /// The properties whose money is counted: those that the owner has named.
    pub paid_properties: Vec<Name>,
    /// The site's first day of which sections are counted as they are now; nothing for all.
    pub sections_since: Option<Day>,
    /// Whether named events do not count: a page is reached by being shown.
    pub views_only: bool,
    /// Split by time as well.
    pub interval: Option<Interval>,
    /// What to count, in the order asked.
    pub metrics: Vec<Metric>,
}

impl Question {
    /// A question about all of a site.
    pub fn new(site: SiteId, span: Span, axis: Axis<Name>, interval: Option<Interval>, metrics: &[Metric]) -> Question {
        Question {
            site,
            span,
            until: None,
            axis,
            interval,
            metrics: metrics.to_vec(),
            filter: None,
            further: Vec::new(),
            cut: Cut::default(),
            whole: Vec::new(),
            money: Vec::new(),
            without_money: Vec::new(),
            paid_properties: Vec::new(),
            sections_since: None,
            views_only: false,
        }
    }

    /// The same about what passes a filter; shares are of that too.
    pub fn filtered(self, filter: Option<Filter<Name>>) -> Question {
        Question { whole: filter.iter().cloned().collect(), filter, ..self }
    }

    /// The same about all of the site.
    pub(super) fn all(&self) -> Question {
        let (cut, whole, further) = (Cut::default(), Vec::new(), Vec::new());
        Question { filter: None, further, cut, whole, money: Vec::new(), views_only: false, ..self.clone() }
    }

    /// The same about what passes filters on dimensions of their own; shares are of that too. Nothing where these would be three
    /// dimensions: sums are kept of any two.
    pub fn under(self, filters: &[Filter<Name>]) -> Option<Question> {
        let met = |own: &Filter<Name>, other: &Filter<Name>, rows: RowsBy| {
            let cut = Cut { kept: Some(own.test.clone()), rows };
            let (axis, filter, whole) = (own.axis.clone(), Some(other.clone()), filters.to_vec());
            Some(Question { axis, filter, cut, whole, ..self.clone() })
        };
        match filters {
            [] => Some(self),
            [one] => Some(self.filtered(Some(one.clone()))),
            [first, second] if self.axis == Axis::Total => met(first, second, RowsBy::Nothing),
            [own, other] | [other, own] if self.axis == own.axis => met(own, other, RowsBy::Axis),
            _ => None,
        }
    }

    /// The same split by a second dimension as well, about what passes filters on the two.
    pub fn by_both(self, second: &Axis<Name>, filters: &[Filter<Name>]) -> Option<Question> {
        if filters.iter().any(|filter| filter.axis != self.axis && filter.axis != *second) {
            return None;
        }
        let test =
            |axis: &Axis<Name>| filters.iter().find(|filter| filter.axis == *axis).map(|found| found.test.clone());
        let filter = Filter { axis: second.clone(), test: test(second).unwrap_or(Test::All(Vec::new())) };
        let cut = Cut { kept: test(&self.axis), rows: RowsBy::Both };
        Some(Question { filter: Some(filter), cut, whole: filters.to_vec(), ..self })
    }

    /// Whether it needs days of two dimensions in one of these months.
    pub fn reads_days_of(&self, months: &[Month]) -> bool {
        if self.is_estimated() {
            return PartedQuestion::of(self, months).questions().any(|part| plan::reads_days_of(part, months));
        }
        plan::reads_days_of(self, months)
    }

    /// Whether it is about whole days.
    fn is_by_day(&self) -> bool {
        self.span.grain == Grain::Day && self.until.is_none() && self.interval != Some(Interval::Hour)
    }

    /// Whether sums can answer it: they are kept of two dimensions at the most, and of two by day and month only.
    pub fn has_sums(&self) -> bool {
        if self.is_estimated() {
            return self.is_by_day() && PartedQuestion::of(self, &[]).knows_each();
        }
        plan::reads(self).iter().all(|read| match read.ask.source() {
            CellSource::Single(_) | CellSource::Visits => true,
            CellSource::Pair(..) => read.ask.grain != Grain::Hour,
            CellSource::Nowhere => false,
        })
    }
}
