//! Segments in a query: `["is", "segment", [3]]` and the dimension `segment`. They have numbers and names; sums know the numbers.

use serde_json::Value;

use super::{QueryError, QueryRequest};
use crate::cell::{Axis, Dimension, Filter, Metric, Test};
use crate::counts::Name;
use crate::report::choice::{SegmentScope, scope_of};
use crate::report::{Line, Span};
use crate::site::{Day, Segment, Site};

const SEGMENTS: Axis<Name> = Axis::Of(Dimension::Segment);

/// Values of a filter on segments as texts: their numbers may be written as numbers.
pub(super) fn as_texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_texts).collect(),
        Value::Number(number) => Value::from(number.to_string()),
        other => other.clone(),
    }
}

impl QueryRequest {
    /// Whether it asks for segments, or for what is in one.
    pub(super) fn is_of_segments(&self) -> bool {
        self.axis() == Some(&SEGMENTS) || self.filters.filter.as_ref().is_some_and(|filter| filter.axis == SEGMENTS)
    }

    /// The filter, with the numbers of the segments of a site that it names.
    pub(super) fn filter_at(&self, site: &Site) -> Result<Option<Filter<Name>>, QueryError> {
        let all: Vec<String> = site.settings.segments.iter().map(|segment| segment.number.to_string()).collect();
        let Some(filter) = self.filters.filter.as_ref().filter(|filter| filter.axis == SEGMENTS) else {
            self.check_visits_of(if self.axis() == Some(&SEGMENTS) { &all } else { &[] }, site)?;
            return Ok(self.filters.filter.clone());
        };
        let Some(named) = filter.test.named() else {
            let sentence = "Segments can be filtered by `is`, with their numbers or names; sums do not know what is in none of them.";
            return Err(QueryError(sentence.into()));
        };
        let unknown = |text: &str| {
            QueryError(format!("No segment is called {text:?}. Segments are declared with `headcount segment add`."))
        };
        let number = |text: &String| Ok(site.segment(text).ok_or_else(|| unknown(text))?.number.to_string());
        let numbers = named.iter().map(number).collect::<Result<Vec<_>, QueryError>>()?;
        self.check_visits_of(&numbers, site)?;
        Ok(Some(Filter { axis: SEGMENTS, test: Test::Is(numbers) }))
    }

    /// Refuses metrics of whole visits where segments let hits pass.
    fn check_visits_of(&self, numbers: &[String], site: &Site) -> Result<(), QueryError> {
        let is_of_visits = |metric: &&Metric| matches!(metric, Metric::BounceRate | Metric::VisitDuration);
        match self.metrics.iter().find(is_of_visits) {
            Some(metric) if scope_of(numbers, site) == SegmentScope::Hits => Err(QueryError(format!(
                "Session metric(s) `{}` cannot be queried in a segment of hits: its condition tests pages, hosts or events outside of \
                 has_done.",
                metric.name()
            ))),
            _ => Ok(()),
        }
    }

    /// The segments of a site that are asked for, and began after the first day: days before are not in their figures.
    pub(super) fn begun_within(&self, site: &Site, span: Span, filter: Option<&Filter<Name>>) -> Vec<(String, Day)> {
        if !self.is_of_segments() {
            return Vec::new();
        }
        let is_asked = |segment: &&Segment| {
            let by = filter.filter(|filter| filter.axis == SEGMENTS);
            by.is_none_or(|filter| filter.test.passes(&segment.number.to_string()))
        };
        let begun = site.settings.segments.iter().filter(is_asked);
        let begun = begun.map(|segment| (segment.name.clone(), segment.first_day(site)));
        begun.filter(|(_, day)| *day > span.first_day()).collect()
    }
}

/// Gives lines by segments their names; those of segments that are no more are left out.
pub fn name_segments(lines: &mut Vec<Line>, site: &Site) {
    let name_of = |number: &str| {
        let found = site.settings.segments.iter().find(|segment| segment.number.to_string() == number);
        found.map(|segment| Name::from(segment.name.as_str()))
    };
    lines.retain_mut(|line| name_of(&line.value).map(|name| line.value = name).is_some());
}
