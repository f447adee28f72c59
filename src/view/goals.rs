//! The panels of goals and funnels, and the questions that they need.

use super::answers::{AnswerKey, Answers};
use super::site_view::SiteView;
use crate::cell::{Axis, Dimension, Metric, Tally};
use crate::counts::Name;
use crate::page::cards::Tab;
use crate::page::{FunnelPanel, FunnelStep, GoalFigures, GoalRow};
use crate::report::choice::Scope;
use crate::report::goals::{self, Step};
use crate::report::{FigureBounds, Line, Question, Span};
use crate::site::{Day, Funnel, Goal, Moment, Target};

/// The questions that goals and funnels need beside those of the panels.
pub(super) fn questions(view: &SiteView, span: Span) -> Vec<(AnswerKey, Question)> {
    let settings = &view.site.settings;
    let mut questions = Vec::new();
    let has_patterns = settings.goals.iter().any(|goal| matches!(goal.target, Target::Pattern(_)));
    if has_patterns && view.chosen.goal.is_none() {
        let patterns = Question::new(view.site.id, span, Axis::Of(Dimension::Pattern), None, &[Metric::Visitors]);
        let patterns = patterns.under(&view.chosen.filters).filter(Question::has_sums);
        questions.extend(patterns.map(|patterns| (AnswerKey::Patterns, patterns)));
    }
    let funnels = settings.funnels.iter().enumerate();
    let funnels = funnels.filter_map(|(place, funnel)| {
        let question = goals::question_of(view.site.id, span, funnel).under(&view.chosen.filters)?;
        Some((AnswerKey::Funnel(place), question))
    });
    questions.extend(funnels.filter(|(_, question)| view.chosen.goal.is_none() && question.has_sums()));
    if !view.chosen.is_all() {
        let goals = settings.goals.iter().enumerate().filter(|_| view.chosen.goal.is_none());
        let of_goal = |(place, goal): (usize, &Goal)| {
            let question = Question::new(view.site.id, span, Axis::Total, None, &[Metric::TotalRevenue]);
            let question = Question { sections_since: view.chosen.sections_since, ..question };
            let question = question.with_money_of(view.site).of_goals(&[&goal.target], &view.chosen.filters)?;
            question.has_money().then_some((AnswerKey::Money(place), question))
        };
        questions.extend(goals.filter_map(of_goal));
        return questions;
    }
    for (place, goal) in settings.goals.iter().enumerate() {
        if let Target::Event(event) = &goal.target {
            let axis = Axis::Revenue { event: Name::from(event.as_str()), within: None };
            questions.push((AnswerKey::Money(place), Question::new(view.site.id, span, axis, None, &[])));
        }
    }
    questions
}

/// How many visitors there are in all, or pass the filter, and whether that is sure; nothing where they are not measured.
type AllVisitors = Option<(f64, bool)>;

/// The rows of the panel of goals.
pub(super) fn goals(view: &SiteView, span: Span, found: &Answers, whole: AllVisitors) -> Vec<GoalRow> {
    if !view.has_goals() {
        return Vec::new();
    }
    let row = |(place, goal): (usize, &Goal)| GoalRow {
        name: goal.name.clone(),
        target: goal.target.text().to_owned(),
        href: view.of_goal(&goal.name),
        figures: figures(view, place, goal, found, whole),
        since: match goal.target {
            Target::Pattern(_) => since(view, span, goal.since()),
            Target::Event(_) | Target::Page(_) => None,
        },
    };
    view.site.settings.goals.iter().enumerate().map(row).collect()
}

/// The day of a declaration that falls into the range, or comes after it.
fn since(view: &SiteView, span: Span, declared: Moment) -> Option<Day> {
    Some(view.site.schedule.locate(declared).day).filter(|day| *day >= span.first_day())
}

fn figures(view: &SiteView, place: usize, goal: &Goal, found: &Answers, whole: AllVisitors) -> Option<GoalFigures> {
    if let Some(chosen) = &view.chosen.goal {
        let line = found.get(&AnswerKey::Totals).and_then(|lines| lines.first());
        return (chosen == goal).then(|| of_totals(line));
    }
    let lines = found.get(&slot(view, goal)?)?;
    let line = lines.iter().find(|line| *line.value == *goal.target.text());
    let numbers = |tally: &Tally| match goal.target {
        Target::Event(_) => [tally.visitors, tally.events],
        Target::Page(_) | Target::Pattern(_) => [tally.visitors, tally.pageviews],
    };
    let [visitors, conversions] = line.map_or([0; 2], |line| numbers(&line.tally));
    let [least_visitors, least_conversions] =
        line.and_then(|line| line.bounds.as_ref()).map_or([visitors, conversions], |bounds| numbers(&bounds.low));
    let bounds = |low: i64, high: i64| FigureBounds { low: low as f64, high: high as f64, is_estimated: false };
    let bounds = [(least_visitors, visitors), (least_conversions, conversions)]
        .map(|(low, high)| (low < high).then(|| bounds(low, high)));
    let whole_visitors = whole.and_then(|(all, is_sure)| (is_sure && bounds[0].is_none()).then_some(all));
    let visitors = whole.map(|_| visitors as f64);
    let rate = visitors.zip(whole_visitors).map(|(some, all)| if all > 0.0 { rate(some, all) } else { 0.0 });
    let money = found.get(&AnswerKey::Money(place)).map_or_else(Vec::new, |lines| revenue(lines));
    Some(GoalFigures { visitors, conversions: conversions as f64, bounds, rate, money })
}

fn of_totals(line: Option<&Line>) -> GoalFigures {
    let Some(line) = line else { return GoalFigures::default() };
    let metric = |place: usize| line.metrics.get(place).copied().flatten();
    let bounds = [0, 1].map(|place| line.bounds_of(place));
    let conversions = metric(1).unwrap_or(0.0);
    GoalFigures { visitors: metric(0), conversions, bounds, rate: metric(2), money: money_of(line) }
}

/// Percent to one decimal.
fn rate(some: f64, all: f64) -> f64 {
    (some / all * 1_000.0).round() / 10.0
}

/// Where the lines of a goal are, if sums know how it meets the filter. A filter on hits is about these hits alone, so that
/// another page or event is none of them.
fn slot(view: &SiteView, goal: &Goal) -> Option<AnswerKey> {
    let filter = match view.chosen.filters.as_slice() {
        [] => None,
        [filter] => Some(&filter.axis),
        _ => return None,
    };
    let is_by = |dimension: Dimension| filter == Some(&Axis::Of(dimension));
    let of_visits = match filter {
        None => true,
        Some(Axis::Of(dimension)) if dimension.is_of_visit() => true,
        // A condition, or a segment.
        Some(_) => view.chosen.scope() == Scope::Visits,
    };
    let meets = match goal.target {
        Target::Event(_) => of_visits || is_by(Dimension::Page) || is_by(Dimension::Hostname),
        Target::Page(_) => of_visits || is_by(Dimension::Hostname),
        Target::Pattern(_) => of_visits,
    };
    meets.then_some(match goal.target {
        Target::Event(_) => AnswerKey::Panel(Tab::Of(Dimension::Event)),
        Target::Page(_) => AnswerKey::Panel(Tab::Of(Dimension::Page)),
        Target::Pattern(_) => AnswerKey::Patterns,
    })
}

/// Money by currency from lines of currencies, the most usual first, or from the line of a goal.
fn revenue(lines: &[Line]) -> Vec<(String, f64)> {
    if let [line] = lines
        && !line.money.is_empty()
    {
        return money_of(line);
    }
    let lines = lines.iter().filter(|line| !line.value.is_empty());
    let mut lines: Vec<&Line> = lines.collect();
    lines.sort_by(|a, b| b.tally.events.cmp(&a.tally.events).then_with(|| a.value.cmp(&b.value)));
    lines.into_iter().map(|line| (line.value.to_string(), line.tally.revenue as f64 / 1_000.0)).collect()
}

/// Money by currency of a line about a goal.
pub(super) fn money_of(line: &Line) -> Vec<(String, f64)> {
    line.money.iter().map(|(currency, sum, _)| (currency.to_string(), *sum as f64 / 1_000.0)).collect()
}

/// The panels of funnels.
pub(super) fn funnels(view: &SiteView, span: Span, found: &Answers) -> Vec<FunnelPanel> {
    let panel = |(place, funnel): (usize, &Funnel)| FunnelPanel {
        name: funnel.name.clone(),
        since: since(view, span, funnel.since()),
        steps: found.get(&AnswerKey::Funnel(place)).and_then(|lines| {
            let found = goals::steps(funnel, lines);
            // Of figures that are no more than bounded no share follows.
            found.iter().all(|step| step.is_sure).then(|| steps(&found))
        }),
    };
    view.site.settings.funnels.iter().enumerate().map(panel).collect()
}

fn steps(steps: &[Step]) -> Vec<FunnelStep> {
    let first = steps.first().map_or(0, |step| step.visits);
    let before = std::iter::once(None).chain(steps.iter().map(|step| Some(step.visits)));
    let shown = |(step, before): (&Step, Option<i64>)| FunnelStep {
        target: step.target.text().to_owned(),
        visits: step.visits as f64,
        visitors: step.visitors as f64,
        lost: before.and_then(|before| goals::drop_off(before, step.visits)),
        share: if first > 0 { step.visits as f64 / first as f64 } else { 0.0 },
    };
    steps.iter().zip(before).map(shown).collect()
}
