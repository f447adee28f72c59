//! In: a [`Request`]. Out: nothing, or the sentence that says why sums of one dimension cannot answer it. Forgets:
//! nothing.

use super::{Asked, QueryError, Request};
use crate::cell::{Axis, Dimension, Metric};
use crate::limits;
use crate::report::{Interval, Span};
use crate::site::Day;
use crate::store::Grain;

impl Request {
    /// Refuses what cannot be combined.
    pub(super) fn check(&self) -> Result<(), QueryError> {
        let is_time = |asked: &&Asked| matches!(asked, Asked::Time(_));
        let times = self.dimensions.iter().filter(is_time).count();
        if times > 1 || self.dimensions.len() - times > 1 {
            let names: Vec<_> = self.dimensions.iter().map(|asked| format!("`{}`", asked.name(None))).collect();
            return Err(QueryError(format!(
                "Dimensions {} cannot be combined; ask for one dimension, for time, or for one of each.",
                names.join(" and ")
            )));
        }
        if self.include.time_labels && times == 0 {
            return Err(QueryError("Invalid include.time_labels: requires a time dimension.".into()));
        }
        self.check_metrics()
    }

    /// Refuses metrics that do not exist under the dimension.
    fn check_metrics(&self) -> Result<(), QueryError> {
        let is_by_page = self.axis() == Some(&Axis::Of(Dimension::Page));
        for metric in &self.metrics {
            let name = metric.name();
            match metric {
                Metric::ScrollDepth | Metric::TimeOnPage if !is_by_page => {
                    let needs = "can only be queried with event:page filters or dimensions";
                    return Err(QueryError(format!("Metric `{name}` {needs}.")));
                }
                Metric::Percentage if self.dimensions.is_empty() => {
                    return Err(QueryError(format!("Metric `{name}` can only be queried with dimensions.")));
                }
                _ => {}
            }
        }
        let has_whole_visits = match self.axis() {
            None | Some(Axis::Total) => true,
            Some(Axis::Of(dimension)) => dimension.is_of_visit() || is_by_page,
            Some(Axis::Prop { .. }) => false,
        };
        let of_whole_visits = |metric: &&Metric| matches!(metric, Metric::BounceRate | Metric::VisitDuration);
        let refused: Vec<_> = self.metrics.iter().filter(of_whole_visits).map(|metric| metric.name()).collect();
        if has_whole_visits || refused.is_empty() {
            return Ok(());
        }
        let names = refused.join(", ");
        Err(QueryError(format!("Session metric(s) `{names}` cannot be queried along with event dimensions.")))
    }

    /// Refuses hours that are not kept, and more of them than one answer should hold.
    pub(super) fn check_hours(&self, span: Span, interval: Option<Interval>, today: Day) -> Result<(), QueryError> {
        let reads_hours = span.grain == Grain::Hour || interval == Some(Interval::Hour);
        if reads_hours && self.axis().is_some() && span.first_day().0 < today.0 - limits::HOUR_DETAIL_DAYS {
            return Err(QueryError(format!(
                "Dimensions are kept by hour for {} days; ask for a later range, for whole days, or for no dimension.",
                limits::HOUR_DETAIL_DAYS
            )));
        }
        if reads_hours && span.days() > limits::HOURLY_DAYS_MAX {
            let most = limits::HOURLY_DAYS_MAX;
            return Err(QueryError(format!("Hours can be asked for over at most {most} days; ask for `time:day`.")));
        }
        Ok(())
    }
}
