//! What the lines of a report are compared with.

use super::super::CommandRefusal;
use super::asked::{ReportSubject, Split};
use super::of_subject;
use crate::cell::{Axis, Dimension};
use crate::collector::Collector;
use crate::page::text::report::ComparedReport;
use crate::page::words::ENGLISH;
use crate::report::choice::Chosen;
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
    let not = |with: ComparedWith| Ok(Some(ComparedReport { with, lines: None }));
    let Some(span) = range.compared(compare) else { return not(ComparedWith::Nothing) };
    if let Some(refused) = refused(collector, site, chosen, split, span)? {
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
    let compared = ComparedLines::of(lines(own), lines(before), &subject.question.metrics);
    let compared = match split.interval {
        Some(interval) => compared.by_time(first, interval, &site.schedule),
        None => compared,
    };
    Ok(Some(ComparedReport { with: ComparedWith::of(Some(first), range, span), lines: Some(compared) }))
}

/// Why it can't be compared with these days, if it can't.
fn refused(
    collector: &Collector,
    site: &Site,
    chosen: &Chosen,
    split: &Split,
    span: Span,
) -> Result<Option<ComparedWith>, CommandRefusal> {
    if chosen.condition().is_some() {
        return Ok(Some(ComparedWith::NotByHour));
    }
    let of_segments = site.settings.segments.iter().filter(|_| split.axis == Axis::Of(Dimension::Segment));
    let of_segments = of_segments.map(|segment| Day(segment.first_day(site).0 - 1)).max();
    let sections = site.settings.sections.since.filter(|_| split.axis == SECTIONS).map(|day| Day(day.0 - 1));
    let not_on = chosen.not_counted_on(site).max(of_segments).max(sections);
    Ok(ComparedWith::refused(site.id, span, not_on, collector)?)
}

impl ComparedReport {
    /// What is said of it.
    pub(super) fn note(&self) -> Option<String> {
        let told = self.with.told(&ENGLISH)?;
        let mut letters = told.chars();
        letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
    }
}
