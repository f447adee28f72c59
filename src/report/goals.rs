//! The questions that count the goals of a site, and the steps of its funnels.

use super::{Line, Question, Span, Sums, answer, figures};
use crate::cell::{Axis, Dimension, Filter, Metric, Test};
use crate::counts::Name;
use crate::site::{Funnel, SiteId, Target};
use crate::store::StoreError;

/// The filter that lets pass what reaches a goal.
pub fn filter(target: &Target) -> Filter<Name> {
    let dimension = match target {
        Target::Event(_) => Dimension::Event,
        Target::Page(_) => Dimension::Page,
        Target::Pattern(_) => Dimension::Pattern,
    };
    Filter { axis: Axis::Of(dimension), test: Test::Is(vec![target.text().to_owned()]) }
}

/// The filter that lets pass what reaches any of some goals; nothing where they are not of one kind, or of patterns: a page may lie
/// in several.
pub fn filter_of_any(targets: &[&Target]) -> Option<Filter<Name>> {
    let filters: Vec<Filter<Name>> = targets.iter().map(|target| filter(target)).collect();
    let Filter { axis, .. } = filters.first()?;
    let is_one_kind = filters.iter().all(|filter| filter.axis == *axis) && *axis != Axis::Of(Dimension::Pattern);
    if filters.len() > 1 && !is_one_kind {
        return None;
    }
    let mut texts: Vec<String> = targets.iter().map(|target| target.text().to_owned()).collect();
    texts.sort_unstable();
    texts.dedup();
    Some(Filter { axis: axis.clone(), test: Test::Is(texts) })
}

impl Question {
    /// The question of how often any of some goals was reached by what passes filters: this one, which has none. Conversion rates are
    /// taken of what passes them. Nothing where goals and filters are three dimensions with the split, or sums do not know who reached
    /// several of the goals.
    pub fn of_goals(self, targets: &[&Target], filters: &[Filter<Name>]) -> Option<Question> {
        if let Some(question) = self.clone().of_event_with_property(targets, filters) {
            return Some(question);
        }
        let goal = filter_of_any(targets)?;
        let money = |target: &&Target| match target {
            Target::Event(name) => Some(Name::from(name.as_str())),
            _ => None,
        };
        let mut money: Vec<Name> = targets.iter().filter_map(money).collect();
        money.sort_unstable();
        money.dedup();
        let views_only = targets.iter().all(|target| !matches!(target, Target::Event(_)));
        let all: Vec<Filter<Name>> = std::iter::once(goal).chain(filters.iter().cloned()).collect();
        let question = self.under(&all)?;
        Some(Question { whole: filters.to_vec(), money, views_only, ..question })
    }
}

impl Question {
    /// The same of one event where a property alone is filtered for, which has cells of its own under the event.
    fn of_event_with_property(self, targets: &[&Target], filters: &[Filter<Name>]) -> Option<Question> {
        let ([Target::Event(event)], [filter]) = (targets, filters) else { return None };
        let Axis::Prop { key, event: None } = &filter.axis else { return None };
        let is_split = self.axis != Axis::Total && self.axis != filter.axis;
        let event = Name::from(event.as_str());
        let under_event = Axis::Prop { key: key.clone(), event: Some(event.clone()) };
        let axis = if self.axis == filter.axis { under_event.clone() } else { self.axis.clone() };
        let own = Filter { axis: under_event, test: filter.test.clone() };
        let question = Question { axis, filter: Some(own), whole: filters.to_vec(), money: vec![event], ..self };
        (!is_split).then_some(question)
    }
}

/// A step of a funnel: visits and visitors that reached it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub target: Target,
    /// Distinct visitors of each day, added over days.
    pub visitors: i64,
    /// Visits.
    pub visits: i64,
    /// Whether they are sure, and not the most that there may be.
    pub is_sure: bool,
}

/// The steps of a funnel over a span.
///
/// # Errors
/// [`StoreError`]
pub fn funnel(site: SiteId, span: Span, funnel: &Funnel, sums: &dyn Sums) -> Result<Vec<Step>, StoreError> {
    Ok(steps(funnel, &answer(&question_of(site, span, funnel), sums)?))
}

/// The question whose lines are the steps of a funnel.
pub fn question_of(site: SiteId, span: Span, funnel: &Funnel) -> Question {
    Question::new(site, span, Axis::Funnel(funnel.number), None, &[Metric::Visitors])
}

/// The steps of a funnel, from the lines of its question.
pub fn steps(funnel: &Funnel, lines: &[Line]) -> Vec<Step> {
    let steps = funnel.steps.iter().zip(1..);
    steps.map(|(target, number)| step(target, number, lines)).collect()
}

/// How many of a hundred visits that reached one step did not reach the next, to one decimal; nothing where none reached it.
pub fn drop_off(before: i64, after: i64) -> Option<f64> {
    figures::ratio((before - after).saturating_mul(100), before, 10)
}

fn step(target: &Target, number: u32, lines: &[Line]) -> Step {
    let line = lines.iter().find(|line| line.value.parse() == Ok(number));
    let count = |of: fn(&Line) -> i64| line.map_or(0, of);
    Step {
        target: target.clone(),
        visitors: count(|line| line.tally.visitors),
        visits: count(|line| line.tally.visits),
        is_sure: line.is_none_or(|line| line.bounds.is_none()),
    }
}
