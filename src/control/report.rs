//! `headcount report`: makes a table for the terminal, and the same as JSON.

mod asked;
mod compared;

use super::{CommandRefusal, Done, Reply, find, refuse};
use crate::cell::{Axis, Condition, Dimension, Metric};
use crate::collector::Collector;
use crate::limits;
use crate::page::text::bots;
use crate::page::text::report::ReportText;
use crate::page::text::watched::since;
use crate::report::choice::{Choice, Chosen, NotAChoice, exit_line, named_among};
use crate::report::period::{Period, Range};
use crate::report::query::{ASK_MEMORY, NamedSegments};
use crate::report::{self, Line, Question, Records, Span, Sums, not_collected, past_budget, sections, taken_out};
use crate::site::{Moment, Site, Target};
use crate::store::StoreError;
use asked::{ReportSubject, Split};

/// What was asked for.
pub(super) struct ReportRequest {
    pub(super) period: String,
    pub(super) by: Option<String>,
    pub(super) rows: Option<usize>,
    pub(super) filter: Vec<String>,
    pub(super) compare: Option<(String, bool)>,
}

pub(super) fn report(collector: &Collector, site: &str, words: &ReportRequest) -> Done {
    let site = find(collector, site)?;
    if words.by.as_deref() == Some(asked::BOT) {
        if words.compare.is_some() {
            return refuse("programs are not compared; leave out --compare");
        }
        return of_bots(collector, &site, words);
    }
    let mut made = made(collector, &site, words)?;
    let all = made.lines.len();
    made.lines.truncate(words.rows.unwrap_or(all));
    let is_of_values = words.rows.is_none() && made.interval.is_none();
    // A gap at the end of a time axis would look like days without visitors; values come with the greatest first.
    let shown = if is_of_values { made.lines.len().min(limits::REPORT_ROWS_SHOWN) } else { made.lines.len() };
    Ok(Reply::new(made.text(&site, shown, all), made.json(&site, all)))
}

/// Programs are no visitors: how often each family came, and for which pages.
fn of_bots(collector: &Collector, site: &Site, words: &ReportRequest) -> Done {
    let range = range(collector, site, &words.period)?;
    let counts = collector.bots(site.id, range.span.first_day(), range.span.last_day())?;
    let mut lines = report::bots::lines(counts);
    let all = lines.len();
    lines.truncate(words.rows.unwrap_or(all));
    let shown = words.rows.unwrap_or(limits::REPORT_ROWS_SHOWN).min(lines.len());
    Ok(Reply::new(bots::text(site, &range, &lines[..shown], all), bots::json(site, &range, &lines, all)))
}

fn made(collector: &Collector, site: &Site, words: &ReportRequest) -> Result<ReportText, CommandRefusal> {
    let choice = Choice::read(words.filter.iter().map(String::as_str))?;
    let split = asked::split(words.by.as_deref())?;
    let range = range(collector, site, &words.period)?;
    let AskedReport { chosen, metrics, subjects } = AskedReport::by(collector, site, &range, &split, &choice)?;
    let questions: Vec<Question> = subjects.iter().map(|subject| subject.question.clone()).collect();
    let past_budget = past_budget(site, range.span, &chosen, &split);
    let months_alone = collector.months_alone(site.id, range.span.first_day(), range.span.last_day())?;
    let lacks_days = questions.iter().any(|question| question.reads_days_of(&months_alone));
    let found = report::answers(&[questions, past_budget].concat(), collector)?;
    let is_past_budget = found.iter().skip(subjects.len()).any(|lines| !lines.is_empty());
    let mut lines: Vec<Line> =
        subjects.iter().zip(found).flat_map(|(subject, lines)| of_subject(subject, lines, site, &split)).collect();
    lines.extend(exits(collector, &subjects, &split, &chosen)?);
    if !split.is_goals {
        report::sort(&mut lines, &report::ORDER);
    }
    let mut notes = notes(site, &range, &chosen, &split);
    notes.extend(notes_of_lines(&subjects, &lines));
    let marks = collector.taken_out(site.id, range.span.first_day(), range.span.last_day())?;
    if is_past_budget || split.axis != Axis::Total && lines.iter().any(Line::is_rest) {
        notes.push(match taken_out::may_be_other(site.settings.k_at_rest.is_none(), &marks) {
            true => taken_out::OTHER_REASONS.replace("DOMAIN", site.domain.as_str()),
            false => past_budget_note(site),
        });
    }
    let axes = [&split.axis].into_iter().chain(chosen.filters.iter().map(|filter| &filter.axis));
    let missing = not_collected::names(site, axes, metrics.iter().copied());
    notes.extend(not_collected::sentence(site, &missing));
    if lacks_days {
        notes.push(DAYS_ALONE_NOTE.to_owned());
    }
    notes.extend(taken_out::all_told(&marks));
    let compared = compared::compared(collector, site, (&range, &chosen), &subjects, &split, words.compare.as_ref())?;
    notes.extend(compared.iter().flat_map(|compared| compared.note().into_iter().chain(compared.notes_of_lines())));
    let Split { interval, column, .. } = split;
    Ok(ReportText { range, interval, column, choice, metrics, lines, compared, notes })
}

/// What a report asks.
struct AskedReport {
    chosen: Chosen,
    metrics: Vec<Metric>,
    subjects: Vec<ReportSubject>,
}

impl AskedReport {
    /// What sums are asked, or whole visits where those can't answer.
    fn by(
        collector: &Collector,
        site: &Site,
        range: &Range,
        split: &Split,
        choice: &Choice,
    ) -> Result<AskedReport, CommandRefusal> {
        let of_sums = choice.resolve(site).map_err(CommandRefusal::from);
        match of_sums.and_then(|chosen| AskedReport::of(site, range, split, chosen)) {
            // Visits in memory are sure of what sums only estimate.
            Ok(asked) if asked.is_estimated() => {
                let refusal = CommandRefusal::from(NotAChoice::NotKept);
                Ok(of_visits(collector, site, range, split, choice, refusal).unwrap_or(asked))
            }
            Ok(asked) => Ok(asked),
            Err(refusal) => of_visits(collector, site, range, split, choice, refusal),
        }
    }

    fn is_estimated(&self) -> bool {
        self.subjects.iter().any(|subject| subject.question.is_estimated())
    }

    fn of(site: &Site, range: &Range, split: &Split, chosen: Chosen) -> Result<AskedReport, CommandRefusal> {
        let metrics = asked::metrics(site, range, split, &chosen);
        let subjects = asked::subjects(site, range, split, &chosen, &metrics)?;
        Ok(AskedReport { chosen, metrics, subjects })
    }
}

/// What whole visits are asked where sums can't answer, if all of the range are in memory.
fn of_visits(
    collector: &Collector,
    site: &Site,
    range: &Range,
    split: &Split,
    choice: &Choice,
    refusal: CommandRefusal,
) -> Result<AskedReport, CommandRefusal> {
    let chosen = match choice.of_visits(site) {
        Ok(chosen) => chosen,
        Err(error @ NotAChoice::Condition(_)) => return Err(error.into()),
        Err(error @ NotAChoice::NotKept) if choice.has_condition() => return Err(error.into()),
        // What makes no sense of visits either is said in the words of sums.
        Err(_) => return Err(refusal),
    };
    let Ok(asked) = AskedReport::of(site, range, split, chosen) else { return Err(refusal) };
    let days = (range.span.first_day(), range.span.last_day());
    if collector.matching(site.id, days, &Condition::All(Vec::new()), &[])?.is_some() {
        return Ok(asked);
    }
    refuse(format!("{}. {ASK_MEMORY}", refusal.refused.0.trim_end_matches('.')))
}

/// The questions whether some of what is asked was past the budget of a day.
fn past_budget(site: &Site, span: Span, chosen: &Chosen, split: &Split) -> Vec<Question> {
    let listed = site.settings.segments.iter().filter(|_| split.axis == Axis::Of(Dimension::Segment));
    let of_listed = past_budget::questions(site, span, &past_budget::tests_of(&[], listed, None));
    chosen.past_budget(site, span).into_iter().chain(of_listed).collect()
}

/// The line of those who went on to no page, where the pages are listed that others went on to.
fn exits(
    collector: &Collector,
    subjects: &[ReportSubject],
    split: &Split,
    chosen: &Chosen,
) -> Result<Option<Line>, StoreError> {
    let question = subjects.first().filter(|_| split.is_next).and_then(|subject| chosen.exits(&subject.question));
    let found = question.map_or(Ok(Vec::new()), |question| report::answers(&[question], collector))?;
    Ok(found.into_iter().next().and_then(exit_line))
}

/// The lines of a question; always one where nothing is split.
fn of_subject(subject: &ReportSubject, mut lines: Vec<Line>, site: &Site, split: &Split) -> Vec<Line> {
    if split.axis == Axis::Of(Dimension::Segment) {
        NamedSegments::of(site).name(&mut lines);
    }
    if lines.is_empty() && split.axis == Axis::Total && split.interval.is_none() {
        lines.push(report::nothing(&subject.question));
    }
    for line in &mut lines {
        if let Some(goal) = &subject.goal {
            line.value = goal.clone();
        }
        if !subject.has_sums {
            line.metrics.iter_mut().for_each(|metric| *metric = None);
        }
    }
    lines
}

/// Told where figures are not sure.
const AT_MOST_NOTE: &str = "Several values pass the filter, are set aside, or are past the site's budget, and sums do not know who has several \
     of them: at most so many are there as stands behind <=, and rates are not known.";

/// What is said of lines that are left out, and of those that are not sure.
fn notes_of_lines(subjects: &[ReportSubject], lines: &[Line]) -> Vec<String> {
    let left_out = subjects.iter().flat_map(|subject| &subject.left_out);
    let left_out = left_out.map(|why| format!("Something is left out: {why}."));
    left_out.chain(unsure_note(lines).map(str::to_owned)).collect()
}

/// What is said of figures that are not sure, if some are.
fn unsure_note(lines: &[Line]) -> Option<&'static str> {
    let unsure = lines.iter().find(|line| line.bounds.is_some())?;
    Some(if unsure.is_estimated() { ESTIMATED_NOTE } else { AT_MOST_NOTE })
}

/// Told where figures are estimated.
const ESTIMATED_NOTE: &str = "Sums are kept of any two dimensions, and these are more: a figure behind ~ is the likeliest, and lies for sure \
     between those in brackets. Rates are not known.";

/// Told where a filter needs days that are thinned out.
const DAYS_ALONE_NOTE: &str = "Under a filter, older days are kept by whole months only (--day-pairs-months). What this period has of \
     such a month in part is not in the lines.";

fn past_budget_note(site: &Site) -> String {
    format!(
        "Values past the site's budget for a day are counted together as (other); totals are exact. Raise it with \
         `headcount site set {} --values-max N` or `--pair-cells-max N`.",
        site.domain
    )
}

fn notes(site: &Site, range: &Range, chosen: &Chosen, split: &Split) -> Vec<String> {
    let mut notes = Vec::new();
    if range.is_partial {
        notes.push("Today is still running.".to_owned());
    }
    if range.span.days() > 1 {
        notes.push("Visitors are those of each day, added: nothing connects days.".to_owned());
    }
    let listed = if split.is_goals { site.settings.goals.as_slice() } else { &[] };
    for watched in listed.iter().chain(&chosen.goal).filter(|goal| matches!(goal.target, Target::Pattern(_))) {
        if site.schedule.locate(watched.since()).day >= range.span.first_day() {
            notes.push(format!("{} is counted since {}.", watched.name, since(watched.since(), site)));
        }
    }
    let of_all = split.axis == Axis::Of(Dimension::Segment);
    let shown = site.settings.segments.iter().filter(|segment| of_all || chosen.segment(site) == Some(*segment));
    for segment in shown.filter(|segment| segment.first_day(site) > range.span.first_day()) {
        let (name, day) = (&segment.name, segment.first_day(site));
        notes.push(format!("The segment {name} is counted since {day}: days before are not in its figures."));
    }
    let axes = || [&split.axis].into_iter().chain(chosen.filters.iter().map(|filter| &filter.axis));
    let is_met = split.is_goals || chosen.goal.is_some() || axes().filter(|axis| **axis != Axis::Total).count() > 1;
    for property in named_among(axes().filter(|_| is_met), site) {
        if property.not_counted_on(site) >= range.span.first_day() {
            let since = since(Moment(property.since_ms), site);
            notes.push(format!("The property {} is counted by other dimensions since {since}.", property.key));
        }
    }
    let sections = sections::begun_within(site, axes(), range.span);
    notes
        .extend(sections.map(|day| format!("Sections are counted since {day}: days before are not in these figures.")));
    notes.dedup();
    notes
}

pub(super) fn range(collector: &Collector, site: &Site, text: &str) -> Result<Range, CommandRefusal> {
    let period = match text.split_once("..") {
        Some((from, to)) => Period::parse("custom", Some(from), Some(to))?,
        None => Period::parse(text, None, None)?,
    };
    Ok(period.range(&site.schedule, collector.clock().now(), collector.first_day(site.id)?))
}
