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

impl Question {
    /// The question of how often a goal was reached: this one, of which the split must be by nothing or the filter nothing.
    /// Conversion rates are taken of what this question is about.
    pub fn of_goal(self, target: &Target) -> Question {
        let goal = filter(target);
        let money = match target {
            Target::Event(name) if self.filter.is_none() && self.axis == Axis::Total => Some(Name::from(name.as_str())),
            _ => None,
        };
        let whole = self.filter.clone();
        let views_only = !matches!(target, Target::Event(_));
        if self.filter.is_some() {
            // Two dimensions: the goal's, of which one value is kept, and the filter's.
            let keep = Some(Name::from(target.text()));
            return Question { axis: goal.axis, keep, whole, money, views_only, ..self };
        }
        Question { filter: Some(goal), whole, money, views_only, ..self }
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
    }
}
