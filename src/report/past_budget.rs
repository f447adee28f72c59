//! In: what is asked for. Out: questions whether some of it may have been counted as `(other)`, as there was no room for it by name.
//! Forgets: nothing.
//!
//! What a segment or a goal names is counted by name from its declaration on, on the fullest day too. Of pages, hosts and properties that
//! is not sure: who was everywhere leaves none of them, and a day has a bound for combinations of hosts.

use std::collections::HashMap;

use super::choice::segment_condition;
use super::{Question, Span, goals};
use crate::cell::{Axis, Dimension, Filter, NOT_SET, OTHER, Test, ValueOf};
use crate::counts::Name;
use crate::site::{Day, Goal, Segment, Site, Target};
use crate::store::Grain;

/// The tests that filters come down to: those of conditions one by one.
pub fn tests_of<'a>(
    filters: &[Filter<Name>],
    segments: impl IntoIterator<Item = &'a Segment>,
    goals: impl IntoIterator<Item = &'a Goal>,
) -> Vec<Filter<Name>> {
    let of_filter = |filter: &Filter<Name>| match filter.condition() {
        Some(condition) => condition.tests().into_iter().cloned().collect(),
        None => vec![filter.clone()],
    };
    let conditions = segments.into_iter().filter_map(segment_condition);
    let of_segments = conditions.flat_map(|condition| condition.tests().into_iter().cloned().collect::<Vec<_>>());
    let of_goals = goals.into_iter().map(|goal| goals::filter(&goal.target));
    filters.iter().flat_map(of_filter).chain(of_segments).chain(of_goals).collect()
}

/// The questions whether values of what is tested were counted as `(other)`, on days on which what the tests name may be among them.
pub fn questions(site: &Site, span: Span, tests: &[Filter<Name>]) -> Vec<Question> {
    let declared = declared(site);
    let mut spans: Vec<(&Axis<Name>, Span)> = Vec::new();
    for Filter { axis, test } in tests {
        let Some(span) = unsure(span, axis, test, &declared) else { continue };
        match spans.iter_mut().find(|(known, _)| *known == axis) {
            Some((_, known)) => known.last = known.last.max(span.last),
            None => spans.push((axis, span)),
        }
    }
    let question = |(axis, span): (&Axis<Name>, Span)| {
        let other = Filter { axis: axis.clone(), test: Test::Is(vec![OTHER.to_owned()]) };
        Question::new(site.id, span, Axis::Total, None, &[]).filtered(Some(other))
    };
    spans.into_iter().map(question).filter(Question::has_sums).collect()
}

/// When names were first declared.
type DeclaredNames = HashMap<(Dimension, String), Day>;

fn declared(site: &Site) -> DeclaredNames {
    let mut declared = DeclaredNames::new();
    let mut add = |dimension: Dimension, name: &str, day: Day| {
        let known = declared.entry((dimension.named_by(), name.to_owned())).or_insert(day);
        *known = day.min(*known);
    };
    for segment in &site.settings.segments {
        let condition = segment_condition(segment);
        for Filter { axis, test } in condition.iter().flat_map(|condition| condition.tests()) {
            let Axis::Of(dimension) = axis else { continue };
            let names = test.named_either_way().unwrap_or_default();
            names.iter().for_each(|name| add(*dimension, name, segment.first_day(site)));
        }
    }
    for goal in &site.settings.goals {
        if let Target::Event(event) = &goal.target {
            add(Dimension::Event, event, site.schedule.locate(goal.since()).day);
        }
    }
    declared
}

/// The part of a span in which what a test names may be `(other)`.
fn unsure(span: Span, axis: &Axis<Name>, test: &Test, declared: &DeclaredNames) -> Option<Span> {
    let dimension = match axis {
        Axis::Of(dimension) => *dimension,
        Axis::Prop { .. } => return Some(span),
        _ => return None,
    };
    let is_counted_by_name = match dimension.row().value_of {
        // Those have no budget.
        ValueOf::Patterns | ValueOf::Segments | ValueOf::Steps | ValueOf::Paid => return None,
        ValueOf::FirstHit(_) => true,
        _ => dimension == Dimension::Event,
    };
    let Some(names) = test.named_either_way().filter(|_| is_counted_by_name) else { return Some(span) };
    let mut until = Day(i32::MIN);
    for name in names.iter().filter(|name| *name != NOT_SET && *name != dimension.row().always_counted) {
        // Of the day of its declaration some may be gone already.
        match declared.get(&(dimension, name.clone())) {
            Some(day) => until = until.max(*day),
            None => return Some(span),
        }
    }
    let last = match span.grain {
        Grain::Hour => until.0.saturating_mul(24).saturating_add(23),
        _ => until.0,
    };
    let span = Span { last: span.last.min(last), ..span };
    (!span.is_empty()).then_some(span)
}
