//! Says why sums cannot answer a [`QueryRequest`], if they cannot.

use super::{Asked, QueryError, QueryRequest};
use crate::cell::{Axis, Dimension, Metric};
use crate::counts::Name;
use crate::limits;
use crate::report::{Interval, Span};
use crate::site::Day;
use crate::store::Grain;

impl QueryRequest {
    /// Refuses what cannot be combined.
    pub(super) fn check(&self) -> Result<(), QueryError> {
        let is_time = |asked: &&Asked| matches!(asked, Asked::Time(_));
        let times = self.dimensions.iter().filter(is_time).count();
        if times > 1 || self.dimensions.len() - times > 1 {
            let names: Vec<_> = self.dimensions.iter().map(|asked| format!("`{}`", asked.name(None))).collect();
            return refuse(format!(
                "Dimensions {} cannot be combined; ask for one dimension, for time, or for one of each.",
                names.join(" and ")
            ));
        }
        if self.include.time_labels && times == 0 {
            return refuse("Invalid include.time_labels: requires a time dimension.".into());
        }
        self.check_filters()?;
        self.check_metrics()
    }

    /// Refuses what sums of two dimensions can't answer.
    fn check_filters(&self) -> Result<(), QueryError> {
        let filter = self.filters.filter.as_ref().map(|filter| &filter.axis);
        let is_prop = |axis: &Axis<Name>| matches!(axis, Axis::Prop { .. });
        let is_one =
            self.filters.filter.as_ref().is_some_and(|filter| filter.test.named().is_some_and(|n| n.len() == 1));
        match (filter, self.axis()) {
            (Some(Axis::Of(Dimension::Event)), Some(Axis::Prop { .. })) if is_one && !self.is_of_goals() => Ok(()),
            (Some(by), Some(split)) if by != split && (is_prop(by) || is_prop(split)) => {
                let event = "filter by one `event:goal`, or leave the filter out";
                refuse(format!(
                    "Properties are counted under their events alone, so `{}` cannot be combined with a filter on `{}`; {event}.",
                    name(split),
                    name(by)
                ))
            }
            (Some(by), _) if self.is_of_goals() && is_prop(by) => refuse(format!(
                "Properties are counted under their events alone; filter by `event:name` and `{}` instead of by a goal.",
                name(by)
            )),
            (Some(by), Some(split)) if self.is_of_goals() => refuse(format!(
                "A goal, a filter on `{}` and the dimension `{}` are three dimensions, and sums are kept of any two: leave out \
                 one of them.",
                name(by),
                name(split)
            )),
            _ => Ok(()),
        }
    }

    /// Refuses metrics that do not exist under the dimension or the filter.
    fn check_metrics(&self) -> Result<(), QueryError> {
        let page = Axis::Of(Dimension::Page);
        let is_filter = |wanted: &Axis<Name>| self.filters.filter.as_ref().is_some_and(|filter| filter.axis == *wanted);
        let is_of_page = self.axis() == Some(&page) || is_filter(&page);
        for metric in &self.metrics {
            let name = metric.name();
            let needs = match metric {
                Metric::ScrollDepth | Metric::TimeOnPage if !is_of_page => "event:page filters or dimensions",
                Metric::Percentage if self.dimensions.is_empty() => "dimensions",
                metric if metric.is_of_goals() && !self.is_of_goals() => "event:goal filters or dimensions",
                _ => continue,
            };
            return refuse(format!("Metric `{name}` can only be queried with {needs}."));
        }
        self.check_money()?;
        self.check_session_metrics()
    }

    /// Money is kept of events, in all and by their properties.
    fn check_money(&self) -> Result<(), QueryError> {
        let is_money = |metric: &&Metric| matches!(metric, Metric::TotalRevenue | Metric::AverageRevenue);
        let Some(metric) = self.metrics.iter().find(is_money) else { return Ok(()) };
        let is_split = self.axis().is_some() || self.filters.filter.is_some();
        if !is_split {
            return Ok(());
        }
        refuse(format!(
            "Metric `{}` is kept of goals in all and over time; leave out filters and other dimensions.",
            metric.name()
        ))
    }

    fn check_session_metrics(&self) -> Result<(), QueryError> {
        let has_whole_visits = |axis: Option<&Axis<Name>>| match axis {
            None | Some(Axis::Total) => true,
            Some(Axis::Of(dimension)) => {
                dimension.is_of_visit() || matches!(dimension, Dimension::Page | Dimension::Segment)
            }
            Some(_) => false,
        };
        let filter = self.filters.filter.as_ref().map(|filter| &filter.axis);
        let is_whole = has_whole_visits(self.axis()) && has_whole_visits(filter) && !self.is_of_goals();
        let of_whole_visits = |metric: &&Metric| matches!(metric, Metric::BounceRate | Metric::VisitDuration);
        let refused: Vec<_> = self.metrics.iter().filter(of_whole_visits).map(|metric| metric.name()).collect();
        if is_whole || refused.is_empty() {
            return Ok(());
        }
        let names = refused.join(", ");
        refuse(format!("Session metric(s) `{names}` cannot be queried along with event dimensions."))
    }

    /// Refuses hours that are not kept, and more of them than one answer should hold.
    pub(super) fn check_hours(
        &self,
        span: Span,
        interval: Option<Interval>,
        today: Day,
        kept_days: i32,
    ) -> Result<(), QueryError> {
        let reads_hours = span.grain == Grain::Hour || interval == Some(Interval::Hour);
        let filter = self.filters.filter.as_ref();
        let is_pair = filter.is_some_and(|filter| self.axis().is_some_and(|axis| *axis != filter.axis));
        if reads_hours && (is_pair || self.is_of_segments() || filter.is_some() && self.is_of_goals()) {
            return refuse(
                "Two dimensions are kept together by day and month, not by hour; ask for `time:day`.".into(),
            );
        }
        let is_split = self.axis().is_some() || filter.is_some() || self.is_of_goals();
        if reads_hours && is_split && span.first_day().0 < today.0 - kept_days {
            return Err(QueryError(format!(
                "Dimensions are kept by hour for {kept_days} days; ask for a later range, for whole days, or for no dimension."
            )));
        }
        if reads_hours && span.days() > limits::HOURLY_DAYS_MAX {
            let most = limits::HOURLY_DAYS_MAX;
            return Err(QueryError(format!("Hours can be asked for over at most {most} days; ask for `time:day`.")));
        }
        Ok(())
    }
}

fn refuse<T>(sentence: String) -> Result<T, QueryError> {
    Err(QueryError(sentence))
}

fn name(axis: &Axis<Name>) -> String {
    Asked::Value(axis.clone()).name(None)
}
