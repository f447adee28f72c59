//! What the lines of a report are compared with.

use super::super::CommandRefusal;
use super::asked::{ReportSubject, Split};
use super::of_subject;
use crate::cell::{Axis, Dimension};
use crate::collector::Collector;
use crate::counts::Name;
use crate::page::text::report::ComparedReport;
use crate::page::words::ENGLISH;
use crate::report::choice::{Chosen, named_among};
use crate::report::comparison::{ComparedLines, ComparedWith, KeptHours, RangeComparison};
use crate::report::period::{Compare, Range, With};
use crate::report::sections::SECTIONS;
use crate::report::{self, Line, Question, Span};
use crate::site::{Day, Site};

/// What the lines of these questions are compared with; nothing where that is not asked for.
pub(super) fn compared(
    collector: &Collector,
    site: &Site,
    (range, chosen): (&Range, &Chosen),
    subjects: &[ReportSubject],
    split: &Split,
    asked: Option<&(String, bool)>,
) -> Result<Option<ComparedReport>, CommandRefusal> {
    let Some((with, matches_weekdays)) = asked else { return Ok(None) };
    let compare = Compare { with: With::parse(with)?, matches_weekdays: *matches_weekdays };
    let not = |with: ComparedWith| Ok(Some(ComparedReport { with, lines: None, uncounted: Vec::new() }));
    let Some(span) = range.compared(compare) else { return not(ComparedWith::Nothing) };
    if let Some(refused) = refused(collector, site, (chosen, split), span)? {
        return not(refused);
    }
    let from = Day(range.today.0 - site.settings.retention.hour_days(range.today));
    let hours = KeptHours { from, has_one_clock: true };
    let of = |subject: &ReportSubject| RangeComparison::of(&subject.question, range, span, hours);
    let Some(both) = subjects.iter().map(of).collect::<Option<Vec<RangeComparison>>>() else {
        return not(ComparedWith::of(None, range, span));
    };
    let questions: Vec<Question> =
        both.iter().map(|of| of.own.clone()).chain(both.iter().map(|of| of.before.clone())).collect();
    let mut own = report::answers(&questions, collector)?;
    let before = own.split_off(subjects.len());
    let lines = |found: Vec<Vec<Line>>| {
        subjects.iter().zip(found).flat_map(|(subject, lines)| of_subject(subject, lines, site, split)).collect()
    };
    let Some((first, subject)) = both.first().zip(subjects.first()) else { return Ok(None) };
    let uncounted = uncounted(site, split, span);
    let compared = ComparedLines::of(lines(own), lines(before), &subject.question.metrics);
    let compared = compared.without(uncounted.iter().map(|(name, _)| Name::from(name.as_str())), false);
    let compared = match split.interval {
        Some(interval) => compared.by_time(first, interval, &site.schedule),
        None => compared,
    };
    Ok(Some(ComparedReport { with: ComparedWith::of(Some(first), range, span), lines: Some(compared), uncounted }))
}

/// Why it can't be compared with these days, if it can't.
fn refused(
    collector: &Collector,
    site: &Site,
    (chosen, split): (&Chosen, &Split),
    span: Span,
) -> Result<Option<ComparedWith>, CommandRefusal> {
    if chosen.condition().is_some() {
        return Ok(Some(ComparedWith::NotInMemory));
    }
    let sections = site.settings.sections.since.filter(|_| split.axis == SECTIONS).map(|day| Day(day.0 - 1));
    let is_met = !chosen.filters.is_empty() || chosen.goal.is_some() || split.is_goals;
    let properties = named_among([&split.axis].into_iter().filter(|_| is_met), site);
    let properties = properties.into_iter().map(|property| property.not_counted_on(site)).max();
    let not_on = chosen.not_counted_on(site).max(sections).max(properties);
    Ok(ComparedWith::refused(site.id, span, not_on, collector)?)
}

/// The segments and goals that are listed and were not counted in all of a span, each with its first day.
fn uncounted(site: &Site, split: &Split, span: Span) -> Vec<(String, Day)> {
    let mut since = Vec::new();
    if split.axis == Axis::Of(Dimension::Segment) {
        since.extend(site.settings.segments.iter().map(|segment| (segment.name.clone(), segment.first_day(site))));
    }
    if split.is_goals {
        since.extend(site.settings.goals.iter().filter_map(|goal| Some((goal.name.clone(), goal.first_day(site)?))));
    }
    since.retain(|(_, day)| *day > span.first_day());
    since
}

impl ComparedReport {
    /// What is said of lines that are not compared.
    pub(super) fn notes_of_lines(&self) -> impl Iterator<Item = String> {
        self.uncounted.iter().map(|(name, day)| format!("{name} is counted since {day}, so its line is not compared."))
    }

    /// What is said of it.
    pub(super) fn note(&self) -> Option<String> {
        let told = self.with.told(&ENGLISH)?;
        let mut letters = told.chars();
        letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
    }
}
