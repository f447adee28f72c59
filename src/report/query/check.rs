//! Says why sums cannot answer a [`QueryRequest`], if they cannot.

use std::collections::HashSet;

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
        let times = self.dimensions.iter().filter(|asked| matches!(asked, Asked::Time(_))).count();
        if times > 1 || self.dimensions.len() - times > 2 {
            return refuse(format!(
                "Dimensions {} cannot be combined; ask for one or two dimensions, for time, or for both.",
                names(self.dimensions.iter().map(|asked| asked.name(None)))
            ));
        }
        if self.include.time_labels && times == 0 {
            return refuse("Invalid include.time_labels: requires a time dimension.".into());
        }
        self.check_previous_page()?;
        if self.asked_together().len() > 2 && !self.may_be_estimated() {
            return Err(self.too_many_dimensions());
        }
        self.check_metrics()
    }

    /// The dimensions that have to be known together, each once.
    fn asked_together(&self) -> Vec<String> {
        let filters = self.filters.filters.iter().map(|filter| name(&filter.axis));
        let mut asked: Vec<String> = filters.chain(self.axes().iter().map(name)).collect();
        asked.extend(self.is_of_goals().then(|| Asked::Goal.name(None)));
        let mut seen = HashSet::new();
        asked.retain(|name| seen.insert(name.clone()));
        asked
    }

    /// Whether what is asked for may be estimated: goals and properties are not, and estimates are compared with nothing.
    fn may_be_estimated(&self) -> bool {
        self.include.comparisons.is_none() && self.is_of_sums_in_part()
    }

    /// Whether sums tell of any two of the dimensions that are asked for together.
    fn is_of_sums_in_part(&self) -> bool {
        let is_few = self.asked_together().len() <= limits::ESTIMATED_DIMENSIONS_MAX;
        is_few && !self.is_of_goals() && !self.all_axes().iter().any(is_prop)
    }

    /// Why it is not answered unless estimates are asked for.
    pub fn is_unsure(&self) -> QueryError {
        let together = names(self.asked_together().into_iter());
        QueryError(format!(
            "{together} are more than two dimensions, of which sums tell the least, the most and what is likely: ask with \
             `include: {{\"estimates\": true}}` to have these, or leave out one of them."
        ))
    }

    /// Why sums can't tell what is asked for.
    pub(super) fn too_many_dimensions(&self) -> QueryError {
        let asked = self.asked_together();
        let together = names(asked.iter().cloned());
        if self.include.comparisons.is_some() && asked.len() > 2 && self.is_of_sums_in_part() {
            return QueryError(format!(
                "{together} are more than two dimensions, which are estimated, and estimates are not compared: leave out \
                 `include.comparisons`, or one of them."
            ));
        }
        QueryError(match asked.len() {
            0..=2 => format!("Sums are not kept of {together} together; leave out one of them."),
            many => {
                let many = if many == 3 { "three" } else { "more than two" };
                format!("{together} are {many} dimensions, and sums are kept of any two: leave out one of them.")
            }
        })
    }

    /// The dimensions that are asked for or filtered by.
    pub(super) fn all_axes(&self) -> Vec<Axis<Name>> {
        self.axes().into_iter().chain(self.filters.filters.iter().map(|filter| filter.axis.clone())).collect()
    }

    /// Refuses metrics that do not exist under the dimension or the filter.
    fn check_metrics(&self) -> Result<(), QueryError> {
        let axes = self.all_axes();
        let has = |dimension: Dimension| axes.contains(&Axis::Of(dimension));
        let is_of_page = has(Dimension::Page);
        for metric in &self.metrics {
            let name = metric.name();
            let needs = match metric {
                Metric::ScrollDepth | Metric::TimeOnPage if !is_of_page && !has(Dimension::Section) => {
                    "event:page filters or dimensions"
                }
                Metric::ScrollDepth | Metric::TimeOnPage if axes.iter().any(is_prop) => "event:page and no property",
                Metric::ExitRate if !is_of_page && !has(Dimension::ExitPage) => {
                    "visit:exit_page or event:page filters or dimensions"
                }
                Metric::Percentage if self.dimensions.is_empty() => "dimensions",
                metric if metric.is_of_goals() && !metric.is_money() && !self.is_of_goals() => {
                    "event:goal filters or dimensions"
                }
                _ => continue,
            };
            return refuse(format!("Metric `{name}` can only be queried with {needs}."));
        }
        self.check_session_metrics()
    }

    fn check_session_metrics(&self) -> Result<(), QueryError> {
        let has_whole_visits = |axis: &Axis<Name>| match axis {
            Axis::Total => true,
            Axis::Of(dimension) => dimension.is_of_visit() || matches!(dimension, Dimension::Page | Dimension::Segment),
            _ => false,
        };
        let is_whole = self.all_axes().iter().all(has_whole_visits) && !self.is_of_goals();
        let of_whole_visits =
            |metric: &&Metric| matches!(metric, Metric::BounceRate | Metric::VisitDuration | Metric::ExitRate);
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
        let asked = self.asked_together();
        let is_of_prop = asked.len() == 2 && self.axes().iter().any(is_prop);
        if reads_hours && (asked.len() > 1 && !is_of_prop || self.is_of_segments()) {
            return refuse(
                "Two dimensions are kept together by day and month, not by hour; ask for `time:day`.".into(),
            );
        }
        if reads_hours && self.is_of_sections() {
            return refuse("Sections are kept by day and month, not by hour; ask for `time:day`.".into());
        }
        if reads_hours && !asked.is_empty() && span.first_day().0 < today.0 - kept_days {
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

fn names(names: impl Iterator<Item = String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

fn is_prop(axis: &Axis<Name>) -> bool {
    matches!(axis, Axis::Prop { .. })
}
