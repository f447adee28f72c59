//! The questions that answer a report, by what it is split by and filtered by, and the metrics that exist.

use super::super::{CommandRefusal, goal, refuse};
use crate::cell::{Axis, DIMENSIONS, Dimension, Dimensions, Metric};
use crate::config::nearest;
use crate::counts::Name;
use crate::page::text::counted;
use crate::report::choice::{Chosen, Scope, met_segments, not_met};
use crate::report::period::Range;
use crate::report::query::UNLISTED;
use crate::report::sections::{SECTIONS, not_counted};
use crate::report::{Interval, Question};
use crate::site::{Goal, Site};
use crate::store::Grain;

/// What splits by programs.
pub(super) const BOT: &str = "bot";

/// What a split is by, and the name of its column.
pub(super) struct Split {
    pub(super) axis: Axis<Name>,
    pub(super) interval: Option<Interval>,
    pub(super) column: String,
    /// Whether it is by goal.
    pub(super) is_goals: bool,
    /// Whether the pages are those after the ones that are chosen.
    pub(super) is_next: bool,
}

impl Split {
    /// Whether it is by the pages before or after others.
    fn is_of_steps(&self) -> bool {
        self.is_next || self.axis == Axis::Of(Dimension::PreviousPage)
    }
}

/// What splits by the page after.
const NEXT_PAGE: &str = "next_page";

const INTERVALS: [(&str, Interval); 4] =
    [("hour", Interval::Hour), ("day", Interval::Day), ("week", Interval::Week), ("month", Interval::Month)];

/// The words that `--by` takes.
fn words_of_by(dimensions: Dimensions<'_>) -> Vec<&str> {
    [
        dimensions.names(),
        INTERVALS.map(|(name, _)| name).to_vec(),
        UNLISTED.map(Dimension::name).to_vec(),
        vec![NEXT_PAGE, BOT, "goal", "prop:KEY"],
    ]
    .concat()
}

/// Reads the word of `--by`.
pub(super) fn split(by: Option<&str>) -> Result<Split, CommandRefusal> {
    let column = by.unwrap_or_default().to_owned();
    let split = |axis, interval| Split { axis, interval, column: column.clone(), is_goals: false, is_next: false };
    let Some(by) = by else { return Ok(split(Axis::Total, None)) };
    if let Some((_, interval)) = INTERVALS.iter().find(|(name, _)| *name == by) {
        return Ok(split(Axis::Total, Some(*interval)));
    }
    if let Some(key) = by.strip_prefix("prop:") {
        return Ok(split(Axis::Prop { key: Name::from(key), event: None }, None));
    }
    if by == "goal" {
        return Ok(Split { is_goals: true, ..split(Axis::Total, None) });
    }
    if by == NEXT_PAGE {
        return Ok(Split { is_next: true, ..split(Axis::Of(Dimension::Page), None) });
    }
    if let Some(unlisted) = UNLISTED.into_iter().find(|it| it.name() == by) {
        return Ok(split(Axis::Of(unlisted), None));
    }
    let names = words_of_by(DIMENSIONS);
    match DIMENSIONS.by_name(by) {
        Some(row) => Ok(split(Axis::Of(row.dimension), None)),
        None => refuse(format!(
            "{by:?} is nothing to split by; did you mean {:?}? ({})",
            nearest(by, &names),
            names.join(", ")
        )),
    }
}

/// A question, the goal whose name its lines bear, and whether there are sums for it.
pub(super) struct ReportSubject {
    pub(super) goal: Option<Name>,
    pub(super) question: Question,
    pub(super) has_sums: bool,
    /// Segments that it lists without, as it is not kept how they meet the rest of it.
    pub(super) left_out: Vec<String>,
}

/// The questions that answer a report.
pub(super) fn subjects(
    site: &Site,
    range: &Range,
    split: &Split,
    chosen: &Chosen,
    metrics: &[Metric],
) -> Result<Vec<ReportSubject>, CommandRefusal> {
    let question = question(site, range, split, metrics);
    if split.axis == SECTIONS && !site.has_sections() {
        return refuse(not_counted(site));
    }
    if split.is_of_steps() {
        return Ok(vec![following(question, split, chosen)?]);
    }
    if !split.is_goals {
        check_hours(split, chosen, range, site.settings.retention.hour_days(range.today))?;
        let Some(question) = chosen.ask(question) else { return refuse(three_dimensions(split, chosen)) };
        check(&question, split, chosen)?;
        let met = met_segments(question, site);
        let (question, left_out) = met.or_else(|what| refuse(what.to_string()))?;
        let left_out = left_out.iter().map(ToString::to_string).collect();
        return Ok(vec![ReportSubject { goal: None, question, has_sums: true, left_out }]);
    }
    let is_wanted = |goal: &&Goal| chosen.goal.as_ref().is_none_or(|wanted| wanted == *goal);
    let subject = |goal: &Goal| {
        let asked = Chosen { goal: Some(goal.clone()), ..chosen.clone() }.ask(question.clone());
        let has_sums = asked.as_ref().is_some_and(|asked| asked.has_sums() && not_met(asked, site).is_none());
        ReportSubject {
            goal: Some(Name::from(goal.name.as_str())),
            question: asked.unwrap_or(question.clone()),
            has_sums,
            left_out: Vec::new(),
        }
    };
    let subjects: Vec<_> = site.settings.goals.iter().filter(is_wanted).map(subject).collect();
    if subjects.is_empty() {
        return goal::unknown("goal", "", &[], site);
    }
    Ok(subjects)
}

/// The question which pages came before or after those that are chosen.
fn following(question: Question, split: &Split, chosen: &Chosen) -> Result<ReportSubject, CommandRefusal> {
    let asked = if split.is_next { chosen.next_pages(question) } else { chosen.ask(question) };
    match asked.filter(|asked| chosen.is_of_pages() && asked.has_sums()) {
        Some(question) => Ok(ReportSubject { goal: None, question, has_sums: true, left_out: Vec::new() }),
        None => {
            refuse(format!("--by {} is told of pages: take --filter page=/pricing and no other filter", split.column))
        }
    }
}

fn question(site: &Site, range: &Range, split: &Split, metrics: &[Metric]) -> Question {
    Question::new(site.id, range.span, split.axis.clone(), split.interval, metrics).with_money_of(site)
}

/// Whether goals of the site may have brought money that sums know.
fn knows_money(site: &Site, range: &Range, split: &Split, chosen: &Chosen) -> bool {
    let asks = |chosen: &Chosen| {
        let asked = chosen.ask(question(site, range, split, &[Metric::TotalRevenue]));
        asked.is_some_and(|asked| asked.has_money())
    };
    match split.is_goals && chosen.goal.is_none() {
        true => site.settings.goals.iter().any(|goal| asks(&Chosen { goal: Some(goal.clone()), ..chosen.clone() })),
        false => asks(chosen),
    }
}

/// Refuses hours of dimensions that are not kept any more.
fn check_hours(split: &Split, chosen: &Chosen, range: &Range, days: i32) -> Result<(), CommandRefusal> {
    let is_hourly = split.interval == Some(Interval::Hour);
    if is_hourly && !chosen.is_all() && chosen.condition().is_none() && range.span.first_day().0 < range.today.0 - days
    {
        return refuse(format!(
            "dimensions are kept by hour for {}; ask for a later period, or --by day",
            counted(days.max(0) as u64, "days")
        ));
    }
    Ok(())
}

/// Why sums can't tell it.
fn three_dimensions(split: &Split, chosen: &Chosen) -> String {
    let what = match (chosen.goal.is_some(), chosen.filters.len()) {
        (true, 1) => "a goal and a filter",
        (true, _) => "a goal and two filters",
        (false, _) => "two filters",
    };
    let by = &split.column;
    if split.axis == Axis::Total {
        return format!("{what} are three dimensions, and sums are kept of any two: leave out one of them");
    }
    format!("{what} and --by {by} are three dimensions, and sums are kept of any two: leave out one of them")
}

/// Refuses what sums can't answer.
fn check(question: &Question, split: &Split, chosen: &Chosen) -> Result<(), CommandRefusal> {
    let is_prop = |axis: &Axis<Name>| matches!(axis, Axis::Prop { .. });
    let by = &split.column;
    if question.has_sums() {
        return Ok(());
    }
    let by_day = Question { interval: Some(Interval::Day), ..question.clone() };
    if question.span.grain != Grain::Hour && split.interval == Some(Interval::Hour) && by_day.has_sums() {
        if chosen.filters.len() == 1 && chosen.is_of_sections() {
            return refuse("sections are kept by day and month, not by hour; ask for --by day");
        }
        return refuse("two dimensions are kept together by day and month, not by hour; ask for --by day");
    }
    if is_prop(&split.axis) || chosen.filters.iter().any(|filter| is_prop(&filter.axis)) {
        return refuse(
            "which properties come together is not counted, nor what else came with a property of one event: leave out one of them",
        );
    }
    refuse(format!("what is chosen is not counted by {by}: a pattern of pages is kept with what visits have"))
}

/// The columns: rates only where they exist.
pub(super) fn metrics(site: &Site, range: &Range, split: &Split, chosen: &Chosen) -> Vec<Metric> {
    let mut metrics = match split.is_goals || chosen.scope().is_goal() {
        true => goal_metrics(split),
        false => visit_metrics(split, chosen),
    };
    // Where nothing is chosen that brings money, money is told beside visitors of something.
    let is_of_all = split.axis == Axis::Total && chosen.is_all() && !split.is_goals;
    let has_money = !is_of_all && !split.is_of_steps() && knows_money(site, range, split, chosen);
    metrics.extend(has_money.then_some(Metric::TotalRevenue));
    metrics
}

fn visit_metrics(split: &Split, chosen: &Chosen) -> Vec<Metric> {
    let scope = chosen.scope();
    if split.is_of_steps() {
        return vec![Metric::Visitors, Metric::Visits, Metric::Pageviews];
    }
    let mut metrics = vec![Metric::Visitors, Metric::Visits, Metric::Pageviews, Metric::Events];
    let of_hit = matches!(
        split.axis,
        Axis::Prop { .. } | Axis::Of(Dimension::Hostname | Dimension::Event | Dimension::Segment | Dimension::Section)
    );
    if !of_hit && matches!(scope, Scope::Visits | Scope::Pages) {
        metrics.extend([Metric::ViewsPerVisit, Metric::BounceRate, Metric::VisitDuration]);
    }
    let has_pages = matches!(split.axis, Axis::Of(Dimension::Page | Dimension::Section));
    if has_pages && scope == Scope::Visits || scope == Scope::Pages && !of_hit {
        metrics.extend([Metric::TimeOnPage, Metric::ScrollDepth]);
    }
    if matches!(split.axis, Axis::Of(Dimension::Page | Dimension::ExitPage)) && scope == Scope::Visits {
        metrics.push(Metric::ExitRate);
    }
    metrics
}

fn goal_metrics(split: &Split) -> Vec<Metric> {
    let mut metrics = vec![Metric::Visitors, Metric::Events];
    match split.axis {
        Axis::Of(_) => metrics.push(Metric::GroupConversionRate),
        Axis::Total if split.interval.is_some() => metrics.push(Metric::GroupConversionRate),
        Axis::Total => metrics.push(Metric::ConversionRate),
        _ => {}
    }
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::dimension::{DimensionRow, ValueGroup};
    use crate::cell::{Card, UnknownValue, ValueOf};
    use crate::page::cards::Tab;
    use crate::report::choice::keys_of;
    use crate::report::query::axis_of;

    #[test]
    fn a_row_more_is_found_everywhere() {
        let added =
            DimensionRow::new(Dimension::OfTests, "of_tests", "visit:of_tests", ValueOf::FirstHit(ValueGroup::Client))
                .implies(&[Dimension::Browser])
                .tab(Card::Technology, 7)
                .unknown(UnknownValue::Hidden);
        let mut rows = DIMENSIONS.0.to_vec();
        rows.push(added);
        let copy = Dimensions(&rows);
        assert_eq!(copy.names().len(), DIMENSIONS.names().len() + 1);
        assert_eq!(copy.by_name("of_tests").map(|row| row.dimension), Some(Dimension::OfTests));
        // The API: its name, and filters that it joins.
        assert_eq!(axis_of(copy, "visit:of_tests"), Some(Axis::Of(Dimension::OfTests)));
        assert_eq!(axis_of(DIMENSIONS, "visit:of_tests"), None);
        let finest = |of: &[Dimension]| copy.finest(of).map(|row| row.dimension);
        assert_eq!(finest(&[Dimension::Browser, Dimension::OfTests]), Some(Dimension::OfTests));
        assert_eq!(finest(&[Dimension::Os, Dimension::OfTests]), None);
        // What commands say that there is.
        assert!(keys_of(copy).contains(", of_tests") && !keys_of(DIMENSIONS).contains("of_tests"));
        assert!(words_of_by(copy).contains(&"of_tests") && !words_of_by(DIMENSIONS).contains(&"of_tests"));
        // The page: its tab, at its place.
        let tabs = Card::Technology.tabs_of(copy);
        assert_eq!(tabs.len(), Card::Technology.tabs().len() + 1);
        assert_eq!(tabs.last(), Some(&Tab::Of(Dimension::OfTests)));
    }
}
