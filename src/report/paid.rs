//! In: a question about money. Out: which sums tell it, of which events. Forgets: nothing.
//!
//! Money is kept by event in all, hour by hour, and by event and any one dimension, by day and month. A split and a filter on dimensions of
//! their own, or two such filters, are more than sums tell.

use super::plan::{self, PlannedRead, RowRole};
use super::{Interval, Question};
use crate::cell::filter::JOINT;
use crate::cell::{Axis, Condition, Dimension, Filter, Metric, Test};
use crate::counts::Name;
use crate::counts::pairs::Pair;
use crate::counts::snapshot;
use crate::site::{Site, Target};
use crate::store::{Cut, Grain, RowsBy, SumRow};

/// Which sums tell money.
#[derive(Debug, Clone, PartialEq)]
enum MoneySource {
    /// Those of events in all.
    Alone,
    /// Those by a dimension or a named property, of which a test lets pass some values.
    By(Axis<Name>, Test),
    /// None.
    Unknown,
}

/// Money of a line, as far as it is known.
pub(super) enum PaidRow {
    /// By currency: thousandths, and the events that brought it.
    Of(Name, i64, i64),
    /// Some of it is past the budget.
    Unsure,
}

impl PaidRow {
    /// What a row of money by a dimension tells.
    pub(super) fn of(row: &SumRow) -> PaidRow {
        let is_missing = row.doubt.as_ref().is_some_and(|doubt| !doubt.missing.is_zero());
        let currency = row.second.as_deref().and_then(|money| money.rsplit_once(JOINT)).map(|(_, currency)| currency);
        match currency.filter(|_| !is_missing) {
            Some(currency) => PaidRow::Of(Name::from(currency), row.tally.revenue, row.tally.events),
            None => PaidRow::Unsure,
        }
    }
}

impl Question {
    /// The same about a site, whose goals tell the events that money is wanted of.
    pub fn with_money_of(self, site: &Site) -> Question {
        if !self.asks_money() {
            return self;
        }
        let goals = site.settings.goals.iter().filter_map(|goal| match &goal.target {
            Target::Event(event) => Some(Name::from(event.as_str())),
            _ => None,
        });
        let mut money: Vec<Name> = goals.collect();
        money.sort_unstable();
        money.dedup();
        let by_money = Axis::Of(Dimension::Money);
        let lacks = |condition: Condition<Name>| !snapshot::is_known(&condition, &[&by_money]);
        let without = site.settings.segments.iter();
        let without = without.filter(|segment| Condition::read(&segment.condition).is_ok_and(lacks));
        let without_money = without.map(|segment| Name::from(segment.number.to_string())).collect();
        let paid_properties =
            site.settings.properties.iter().map(|property| Name::from(property.key.as_str())).collect();
        Question { money, without_money, paid_properties, ..self }
    }

    /// Whether it asks for money.
    pub fn asks_money(&self) -> bool {
        self.metrics.iter().any(|metric| metric.is_money())
    }

    /// Whether sums know the money that it asks for.
    pub fn knows_money(&self) -> bool {
        !self.asks_money() || self.paid_source().1 != MoneySource::Unknown
    }

    /// Whether it asks for money alone.
    pub(super) fn asks_money_alone(&self) -> bool {
        self.metrics.iter().all(|metric| metric.is_money())
    }

    /// Whether there may be money that sums know.
    pub fn has_money(&self) -> bool {
        self.asks_money() && !self.money.is_empty() && self.knows_money() && self.has_sums()
    }

    /// The events whose money is wanted, and which sums tell it.
    fn paid_source(&self) -> (Vec<Name>, MoneySource) {
        let mut events = self.money.clone();
        let mut dimensions: Vec<(Axis<Name>, Vec<Test>)> = Vec::new();
        let unknown = || (Vec::new(), MoneySource::Unknown);
        let axes = std::iter::once(&self.axis).filter(|_| !self.is_one_line());
        let second = self.filter.iter().filter(|_| self.is_by_both()).map(|filter| &filter.axis);
        for axis in axes.chain(second) {
            dimensions.push((of_any_event(axis, &mut events), Vec::new()));
        }
        for Filter { axis, test } in &self.whole {
            let axis = of_any_event(axis, &mut events);
            if let Some(named) = test.named().filter(|_| axis == Axis::Of(Dimension::Event)) {
                events.retain(|event| named.iter().any(|name| **name == **event));
                continue;
            }
            match dimensions.iter_mut().find(|(known, _)| *known == axis) {
                Some((_, tests)) => tests.push(test.clone()),
                None => dimensions.push((axis, vec![test.clone()])),
            }
        }
        let is_of_hours = self.span.grain == Grain::Hour || self.until.is_some();
        let is_hourly = is_of_hours || self.interval == Some(Interval::Hour);
        match dimensions.as_slice() {
            [] => (events, MoneySource::Alone),
            [(axis, tests)] if !is_hourly && self.is_paid_by(axis, tests) => {
                (events, MoneySource::By(axis.clone(), Test::All(tests.clone())))
            }
            _ => unknown(),
        }
    }

    /// Whether money is counted by an axis, if it is a property.
    fn has_paid(&self, axis: &Axis<Name>) -> bool {
        match axis {
            Axis::Prop { key, .. } => self.paid_properties.contains(key),
            _ => true,
        }
    }

    fn is_by_both(&self) -> bool {
        self.cut.rows == RowsBy::Both
    }

    fn is_one_line(&self) -> bool {
        self.axis == Axis::Total || self.cut.rows == RowsBy::Nothing
    }

    /// Whether money by a dimension answers it: what may lie in several of the values that pass is not added up.
    fn is_paid_by(&self, axis: &Axis<Name>, tests: &[Test]) -> bool {
        let Some(dimension) = axis.in_pairs().filter(|_| self.has_paid(axis)) else { return false };
        let has_several = matches!(dimension, Dimension::Pattern | Dimension::Segment);
        let is_one = self.is_one_line();
        let is_single = tests.iter().any(Test::is_single);
        let lacks = |test: &Test| self.without_money.iter().any(|segment| test.passes(segment));
        let is_lacking = dimension == Dimension::Segment && is_one && tests.iter().all(lacks);
        let is_counted = Pair::of(dimension, Dimension::Money).0.is_counted();
        is_counted && !is_lacking && (!is_one || !has_several || is_single)
    }

    /// Whether a line of it has money that sums know.
    pub(super) fn knows_money_of(&self, value: &str) -> bool {
        self.axis != Axis::Of(Dimension::Segment) || !self.without_money.iter().any(|segment| **segment == *value)
    }

    /// What has to be read for the money that it asks for.
    pub(super) fn paid_reads(&self) -> Vec<PlannedRead> {
        let (events, source) = self.paid_source();
        if !self.asks_money() || events.is_empty() {
            return Vec::new();
        }
        let alone = |interval: Option<Interval>, role: RowRole| {
            let axis = |event: &Name| Axis::Revenue { event: event.clone(), within: None };
            let question = |event: &Name| Question { axis: axis(event), interval, ..self.all() };
            events.iter().flat_map(|event| plan::part(&question(event), role)).collect::<Vec<_>>()
        };
        let named = Test::Is(events.iter().map(|event| event.to_string()).collect());
        let test = Test::Implied(Dimension::Event, Box::new(named));
        let paid = Filter { axis: Axis::Of(Dimension::Money), test };
        let by = |axis: Axis<Name>, kept: Option<Test>, interval: Option<Interval>| {
            let filter = Some(paid.clone());
            Question { axis, filter, cut: Cut { kept, rows: RowsBy::Both }, interval, ..self.all() }
        };
        match source {
            MoneySource::Unknown => Vec::new(),
            MoneySource::Alone => alone(self.interval, RowRole::Money),
            MoneySource::By(axis, test) => {
                let kept = Some(test).filter(|test| !test.passes_all());
                let mut reads = plan::part(&by(axis, kept, self.interval), RowRole::MoneyBy);
                // Days of older versions, and hits for which there was no room, have money in all alone.
                reads.extend(plan::part(&by(Axis::Of(Dimension::Event), None, None), RowRole::MoneyCounted));
                reads.extend(alone(None, RowRole::MoneyBrought));
                reads
            }
        }
    }
}

/// The axis by which money is counted: a property with all events, of which one may be asked for.
fn of_any_event(axis: &Axis<Name>, events: &mut Vec<Name>) -> Axis<Name> {
    let Axis::Prop { key, event: Some(event) } = axis else { return axis.clone() };
    events.retain(|name| name == event);
    Axis::Prop { key: key.clone(), event: None }
}

impl Metric {
    /// Whether it is money.
    pub const fn is_money(self) -> bool {
        matches!(self, Metric::TotalRevenue | Metric::AverageRevenue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Span;
    use crate::site::{Day, SiteId};

    #[test]
    fn money_is_known_by_one_dimension() {
        let filter = |dimension, value: &str| Filter { axis: Axis::Of(dimension), test: Test::Is(vec![value.into()]) };
        let (source, country) = (Axis::Of(Dimension::Source), filter(Dimension::Country, "DE"));
        let known = |axis: &Axis<Name>, filters: &[Filter<Name>], interval: Option<Interval>| {
            let span = Span::of_days(Day(0), Day(9));
            let question = Question::new(SiteId(1), span, axis.clone(), interval, &[Metric::TotalRevenue]);
            question.under(filters).is_some_and(|question| question.knows_money())
        };
        assert!(known(&Axis::Total, &[], Some(Interval::Hour)) && known(&source, &[], Some(Interval::Day)));
        assert!(known(&Axis::Total, std::slice::from_ref(&country), Some(Interval::Month)));
        assert!(!known(&source, &[], Some(Interval::Hour)) && !known(&source, std::slice::from_ref(&country), None));
        assert!(known(&source, &[filter(Dimension::Event, "Signup")], None));
        assert!(!known(&Axis::Total, &[country, filter(Dimension::Page, "/")], None));
        assert!(!known(&Axis::Of(Dimension::PreviousPage), &[], None));
        let patterns = Filter { axis: Axis::Of(Dimension::Pattern), test: Test::All(Vec::new()) };
        assert!(!known(&Axis::Total, &[patterns], None) && known(&Axis::Of(Dimension::Pattern), &[], None));
    }
}
