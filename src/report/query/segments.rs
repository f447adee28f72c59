//! Segments in a query: `["is", "segment", [3]]` and the dimension `segment`. They have numbers and names; sums know the numbers.

use std::collections::HashMap;

use serde_json::Value;

use super::subjects::Subject;
use super::{QueryError, QueryRequest};
use crate::cell::{Axis, Dimension, Filter, Metric, OTHER, Test};
use crate::counts::Name;
use crate::report::choice::{SegmentScope, met_segments, named_among, scope_of};
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

fn by_segment(filters: &[Filter<Name>]) -> Option<&Filter<Name>> {
    filters.iter().find(|filter| filter.axis == SEGMENTS)
}

impl QueryRequest {
    /// Whether it asks for segments, or for what is in one.
    pub(super) fn is_of_segments(&self) -> bool {
        self.axes().contains(&SEGMENTS) || by_segment(&self.filters.filters).is_some()
    }

    /// The filters, with the numbers of the segments of a site that they name.
    pub(super) fn filters_at(&self, site: &Site) -> Result<Vec<Filter<Name>>, QueryError> {
        let mut filters = self.filters.filters.clone();
        let Some(filter) = filters.iter_mut().find(|filter| filter.axis == SEGMENTS) else {
            let all = site.settings.segments.iter().filter(|_| self.axes().contains(&SEGMENTS));
            self.check_visits_of(&all.map(|segment| segment.number.to_string()).collect::<Vec<_>>(), site)?;
            return Ok(filters);
        };
        let is_split = self.axes().contains(&SEGMENTS);
        let Some(named) = filter.test.named().filter(|named| is_split || named.len() == 1) else {
            let sentence = "Segments can be filtered by `is`, with the number or the name of one; sums do not know what is in several of \
                            them, or in none.";
            return Err(QueryError(sentence.into()));
        };
        let unknown = |text: &str| {
            QueryError(format!("No segment is called {text:?}. Segments are declared with `headcount segment add`."))
        };
        let number = |text: &String| Ok(site.segment(text).ok_or_else(|| unknown(text))?.number.to_string());
        let numbers = named.iter().map(number).collect::<Result<Vec<_>, QueryError>>()?;
        self.check_visits_of(&numbers, site)?;
        filter.test = Test::Is(numbers);
        Ok(filters)
    }

    /// Refuses metrics of whole visits where segments let hits pass.
    fn check_visits_of(&self, numbers: &[String], site: &Site) -> Result<(), QueryError> {
        let is_of_visits =
            |metric: &&Metric| matches!(metric, Metric::BounceRate | Metric::VisitDuration | Metric::ExitRate);
        match self.metrics.iter().find(is_of_visits) {
            Some(metric) if scope_of(numbers, site) != SegmentScope::Visits => Err(QueryError(format!(
                "Session metric(s) `{}` cannot be queried in a segment of hits: its condition tests pages, hosts, events or properties \
                 outside of has_done.",
                metric.name()
            ))),
            _ => Ok(()),
        }
    }

    /// Leaves out segments of which it is not kept how they meet what else is asked for, and tells which.
    ///
    /// # Errors
    /// [`QueryError`] where nothing is left, and for properties that are not counted by what else is asked for.
    pub(super) fn keep_met(&self, site: &Site, subjects: &mut [Subject]) -> Result<Vec<String>, QueryError> {
        let mut told = Vec::new();
        for subject in subjects {
            let met = met_segments(subject.question.clone(), site);
            let (question, left_out) = met.map_err(|what| QueryError(format!("This is not answered, as {what}.")))?;
            subject.question = question;
            told.extend(left_out.iter().map(ToString::to_string));
        }
        told.sort_unstable();
        told.dedup();
        Ok(told)
    }

    /// Named properties that are asked for by other dimensions, each with the first day on which that is counted as a whole.
    fn properties_met(&self, site: &Site, filters: &[Filter<Name>]) -> Vec<(String, Day)> {
        let axes: Vec<Axis<Name>> =
            self.axes().into_iter().chain(filters.iter().map(|filter| filter.axis.clone())).collect();
        let is_paid = self.metrics.iter().any(|metric| metric.is_money());
        let is_met = self.is_of_goals() || is_paid || axes.iter().any(|axis| *axis != axes[0]);
        let named = named_among(axes.iter().filter(|_| is_met), site).into_iter();
        named.map(|property| (property.key.clone(), Day(property.not_counted_on(site).0 + 1))).collect()
    }

    /// The segments of a site that are asked for.
    pub(super) fn asked_segments<'s>(&self, site: &'s Site, filters: &[Filter<Name>]) -> Vec<&'s Segment> {
        let by = by_segment(filters);
        let is_asked = |segment: &&Segment| by.is_none_or(|filter| filter.test.passes(&segment.number.to_string()));
        let all = site.settings.segments.iter().filter(|_| self.is_of_segments());
        all.filter(is_asked).collect()
    }

    /// Those that began after the first day: days before are not in their figures.
    pub(super) fn begun_within(&self, site: &Site, span: Span, filters: &[Filter<Name>]) -> Vec<(String, Day)> {
        let asked = self.asked_segments(site, filters).into_iter();
        let begun = asked.map(|segment| (segment.name.clone(), segment.first_day(site)));
        begun.filter(|(_, day)| *day > span.first_day()).collect()
    }

    /// The same of named properties.
    pub(super) fn properties_begun(&self, site: &Site, span: Span, filters: &[Filter<Name>]) -> Vec<(String, Day)> {
        let begun = self.properties_met(site, filters).into_iter();
        begun.filter(|(_, day)| *day > span.first_day()).collect()
    }

    /// The first day on which all is counted that filters ask for: segments, goals that are patterns, named properties and
    /// sections.
    pub(super) fn counted_since(&self, site: &Site, filters: &[Filter<Name>]) -> Option<Day> {
        let segments = self.asked_segments(site, filters).into_iter().filter(|_| !self.axes().contains(&SEGMENTS));
        let goals = self.goals_of(site).filter(|_| self.is_of_goals() && !self.asks_goals());
        let segments = segments.map(|segment| segment.first_day(site));
        let properties = self.properties_met(site, filters).into_iter().map(|(_, day)| day);
        let sections = site.settings.sections.since.filter(|_| self.is_of_sections());
        segments.chain(goals.filter_map(|goal| goal.first_day(site))).chain(properties).chain(sections).max()
    }

    /// What has a line of its own and is counted since some day.
    pub(super) fn lines_since(&self, site: &Site, filters: &[Filter<Name>]) -> Vec<(Name, Day)> {
        let segments = self.asked_segments(site, filters).into_iter().filter(|_| self.axes().contains(&SEGMENTS));
        let goals = self.goals_of(site).filter(|_| self.asks_goals());
        let segments = segments.map(|segment| (Name::from(segment.name.as_str()), segment.first_day(site)));
        let goals = goals.filter_map(|goal| Some((Name::from(goal.name.as_str()), goal.first_day(site)?)));
        segments.chain(goals).collect()
    }

    /// What lines by segments are called, if there are such.
    pub(super) fn named_segments(&self, site: &Site) -> Option<NamedSegments> {
        let place = self.axes().iter().position(|axis| *axis == SEGMENTS)?;
        Some(NamedSegments { is_second: place > 0, ..NamedSegments::of(site) })
    }
}

/// The names of a site's segments, by which their lines are called.
#[derive(Debug, Clone)]
pub struct NamedSegments {
    /// By number.
    names: HashMap<Name, Name>,
    /// Whether segments are the second dimension.
    is_second: bool,
}

impl NamedSegments {
    /// Those of a site, where segments are the only dimension.
    pub fn of(site: &Site) -> NamedSegments {
        let name = |segment: &Segment| (Name::from(segment.number.to_string()), Name::from(segment.name.as_str()));
        NamedSegments { names: site.settings.segments.iter().map(name).collect(), is_second: false }
    }

    /// Whether segments are the second dimension.
    pub(super) fn is_second(&self) -> bool {
        self.is_second
    }

    /// Gives lines by segments their names; those of segments that are no more are left out.
    pub fn name(&self, lines: &mut Vec<Line>) {
        lines.retain_mut(|line| {
            let number = if self.is_second { line.second.as_ref() } else { Some(&line.value) };
            let is_other = number.is_some_and(|number| &**number == OTHER);
            let Some(name) = number.and_then(|number| self.names.get(number)).cloned() else { return is_other };
            match self.is_second {
                true => line.second = Some(name),
                false => line.value = name,
            }
            true
        });
    }
}
