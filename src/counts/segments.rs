//! What is counted on a day of a site when it ends, as its owner declares it: sections of pages, segments, and the funnels whose steps are
//! counted of these.

use super::Name;
use crate::cell::{Axis, Condition, Dimension, Filter, Test};
use crate::site::set_aside::left_name;
use crate::site::{Day, Site};

/// The segments that a site has declared by the end of a day, and that begin on it at the latest, with what is left of the day without
/// what is set aside of it, which is one too; and how deep its sections are.
#[derive(Debug, Clone, Default)]
pub struct DaySegments {
    /// Their numbers, as texts: the values of [`crate::cell::Dimension::Segment`]. Behind them, if there are any, the steps of funnels:
    /// values of [`crate::cell::Dimension::ReachedStep`].
    names: Vec<Name>,
    /// What they let pass, as it was written: it is read by whoever counts, not by whoever takes hits.
    conditions: Vec<Option<Condition<Name>>>,
    /// The funnels, each with the place of its first step's name.
    funnels: Vec<(u32, usize)>,
    /// How many parts of a path make a section; 0 where none are counted.
    section_depth: u32,
}

impl DaySegments {
    /// Those of a site's day.
    pub fn of(site: &Site, day: Day) -> DaySegments {
        let section_depth = site.settings.sections.depth_on(day);
        let mut segments = DaySegments { section_depth, ..DaySegments::default() };
        for segment in site.settings.segments.iter().filter(|segment| segment.first_day(site) <= day) {
            segments.names.push(segment.number.to_string().into());
            segments.conditions.push(Condition::read(&segment.condition).ok());
        }
        let acts = site.set_aside_on(day);
        if !acts.is_empty() {
            segments.names.push(left_name(&acts).into());
            let left = acts.iter().map(|act| {
                let axis = Axis::Of(Dimension::from_name(&act.key)?);
                let test = axis.test(Test::Is(act.values.clone()));
                Some(Condition::Is(Filter { axis, test }).negated())
            });
            segments.conditions.push(left.collect::<Option<Vec<_>>>().map(Condition::all));
        }
        for funnel in site.settings.funnels.iter().filter(|_| !segments.conditions.is_empty()) {
            segments.funnels.push((funnel.number, segments.names.len()));
            let steps = 1..=funnel.steps.len();
            segments.names.extend(steps.map(|step| Name::from(format!("{}:{step}", funnel.number))));
        }
        segments
    }

    /// The names that stand in their pairs and in no others.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Each by its number as a text, with what it lets pass. One that cannot be read any more lets nothing pass.
    pub fn conditions(&self) -> impl Iterator<Item = (&Name, Option<Condition<Name>>)> {
        self.names.iter().zip(self.conditions.iter().cloned())
    }

    /// How many parts of a path make a section; 0 where none are counted.
    pub(super) fn section_depth(&self) -> u32 {
        self.section_depth
    }

    /// The numbers of funnels, each with the place of the name of its first step.
    pub(super) fn funnels(&self) -> &[(u32, usize)] {
        &self.funnels
    }
}
