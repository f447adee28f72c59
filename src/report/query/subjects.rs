//! The questions that answer a [`QueryRequest`], goals of the site included.

use super::{Asked, QueryError, QueryRequest};
use crate::cell::{Axis, Dimension, Filter};
use crate::counts::Name;
use crate::report::{Interval, Question, Span, plan};
use crate::site::{Goal, Site, Target};

/// A question, and the goal whose name its lines bear.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) goal: Option<Name>,
    pub(super) question: Question,
}

/// A property under one event has cells of its own, so that a filter by the event is none.
fn under_event(question: Question) -> Question {
    match (&question.axis, &question.filter) {
        (Axis::Prop { key, event: None }, Some(filter)) if filter.axis == Axis::Of(Dimension::Event) => {
            let Some([event]) = filter.test.named() else { return question };
            let axis = Axis::Prop { key: key.clone(), event: Some(Name::from(event.as_str())) };
            Question { axis, filter: None, ..question }
        }
        _ => question,
    }
}

impl QueryRequest {
    /// What is asked of the sums: one question, or one for each goal.
    pub(super) fn subjects(
        &self,
        site: &Site,
        span: Span,
        interval: Option<Interval>,
        filter: Option<&Filter<Name>>,
    ) -> Result<Vec<Subject>, QueryError> {
        let axis = self.axis().cloned().unwrap_or(Axis::Total);
        let question = Question::new(site.id, span, axis, interval, &self.metrics);
        let question = under_event(question.filtered(filter.cloned()));
        if !self.is_of_goals() {
            return Ok(vec![Subject { goal: None, question }]);
        }
        let wanted = |goal: &&Goal| self.filters.goals.iter().all(|test| test.passes(&goal.name));
        let goals: Vec<&Goal> = site.settings.goals.iter().filter(wanted).collect();
        if goals.is_empty() && !self.filters.goals.is_empty() {
            let sentence =
                "No goal has that name. Goals are declared with `headcount goal add`, or in the settings of the site.";
            return Err(QueryError(sentence.into()));
        }
        if goals.len() > 1 && !self.asks_goals() {
            let sentence = "A filter on `event:goal` that lets pass several goals needs the dimension `event:goal`: sums do not \
                            know who reached more than one of them.";
            return Err(QueryError(sentence.into()));
        }
        let subject = |goal: &&Goal| {
            let name = self.asks_goals().then(|| Name::from(goal.name.as_str()));
            Ok(Subject { goal: name, question: self.answerable(self.of_goal(question.clone(), goal), goal)? })
        };
        goals.iter().map(subject).collect()
    }

    /// The question of a goal, unless its dimension and the one asked for are not kept together.
    fn answerable(&self, question: Question, goal: &Goal) -> Result<Question, QueryError> {
        if plan::has_sums(&question) {
            return Ok(question);
        }
        let kind = match goal.target {
            Target::Pattern(_) => "a pattern of pages, which is counted by the dimensions of visits alone",
            _ => "a page, which has no properties",
        };
        let filter = self.filters.filter.as_ref().map(|filter| &filter.axis);
        let asked = self.axis().or(filter).map_or_else(String::new, |axis| Asked::Value(axis.clone()).name(None));
        Err(QueryError(format!(
            "The goal `{}` is {kind}, so it cannot be combined with `{asked}`; leave that out, or filter by another `event:goal`.",
            goal.name
        )))
    }

    /// A property under the event that is the goal has cells of its own.
    fn of_goal(&self, question: Question, goal: &Goal) -> Question {
        match (&question.axis, &goal.target) {
            (Axis::Prop { key, .. }, Target::Event(event)) => {
                let axis = Axis::Prop { key: key.clone(), event: Some(Name::from(event.as_str())) };
                Question { axis, money: Some(Name::from(event.as_str())), ..question }
            }
            _ => question.of_goal(&goal.target),
        }
    }

    /// Whether the query is about goals.
    pub(super) fn is_of_goals(&self) -> bool {
        self.asks_goals() || !self.filters.goals.is_empty()
    }

    fn asks_goals(&self) -> bool {
        self.dimensions.contains(&Asked::Goal)
    }
}
