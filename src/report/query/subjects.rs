//! The questions that answer a [`QueryRequest`], goals of the site included.

use super::filters::of_pages_before;
use super::{Asked, QueryError, QueryRequest};
use crate::cell::{Axis, Dimension, Filter, Metric, Test};
use crate::counts::Name;
use crate::report::{Interval, Line, Question, Span, goals, plan};
use crate::site::{Goal, Site, Target};
use crate::store::RowsBy;

/// A question, and the goal whose name its lines bear.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) goal: Option<Name>,
    pub(super) question: Question,
}

impl Subject {
    /// Gives a line the name of the goal that it is about: as its value, or beside another one as its second.
    pub(super) fn name(&self, line: &mut Line) {
        let is_alone = self.question.axis == Axis::Total || self.question.cut.rows == RowsBy::Nothing;
        match &self.goal {
            Some(goal) if is_alone => line.value = goal.clone(),
            Some(goal) => line.second = Some(goal.clone()),
            None => {}
        }
    }
}

/// A property under one event has cells of its own, so that a filter by the event is none.
fn under_event(question: &Question, filters: &[Filter<Name>]) -> Option<Question> {
    let (Axis::Prop { key, event: None }, [filter]) = (&question.axis, filters) else { return None };
    let [event] = filter.test.named().filter(|_| filter.axis == Axis::Of(Dimension::Event))? else { return None };
    let axis = Axis::Prop { key: key.clone(), event: Some(Name::from(event.as_str())) };
    Some(Question { axis, whole: filters.to_vec(), ..question.clone() })
}

impl QueryRequest {
    /// What is asked of the sums: one question, or one for each goal.
    pub(super) fn subjects(
        &self,
        site: &Site,
        span: Span,
        interval: Option<Interval>,
        filters: &[Filter<Name>],
    ) -> Result<Vec<Subject>, QueryError> {
        let axes = self.axes();
        let axis = axes.first().cloned().unwrap_or(Axis::Total);
        let question = Question::new(site.id, span, axis, interval, &self.metrics).with_money_of(site);
        let question = Question { sections_since: site.settings.sections.since, ..question };
        if !self.is_of_goals() {
            let found = match axes.as_slice() {
                [_, second] => question.clone().by_both(second, filters).map(|asked| self.with_pages_before(asked)),
                _ => under_event(&question, filters).or_else(|| question.clone().under(filters)),
            };
            let found = found.filter(plan::has_sums).or_else(|| question.estimated(axes.get(1), filters));
            let question = found.ok_or_else(|| self.too_many_dimensions())?;
            return Ok(vec![Subject { goal: None, question }]);
        }
        let goals: Vec<&Goal> = self.goals_of(site).collect();
        if goals.is_empty() && !self.filters.goals.is_empty() {
            let sentence =
                "No goal has that name. Goals are declared with `headcount goal add`, or in the settings of the site.";
            return Err(QueryError(sentence.into()));
        }
        if !self.asks_goals() {
            return Ok(vec![Subject { goal: None, question: self.of_any(question, &goals, filters)? }]);
        }
        let subject = |goal: &&Goal| {
            let name = Some(Name::from(goal.name.as_str()));
            Ok(Subject { goal: name, question: self.of_any(question.clone(), &[*goal], filters)? })
        };
        goals.iter().map(subject).collect()
    }

    /// The same of pages that come after others alone: of those that come first, `event:page` would be none.
    fn with_pages_before(&self, mut question: Question) -> Question {
        const BEFORE: Axis<Name> = Axis::Of(Dimension::PreviousPage);
        if !self.is_turned {
            return question;
        }
        if question.axis == BEFORE {
            question.cut.kept = Some(of_pages_before(question.cut.kept.unwrap_or(Test::All(Vec::new()))));
        } else if let Some(filter) = question.filter.as_mut().filter(|filter| filter.axis == BEFORE) {
            filter.test = of_pages_before(filter.test.clone());
        }
        question
    }

    /// The question of who reached any of some goals, unless sums do not know how they meet what is asked for.
    fn of_any(&self, question: Question, goals: &[&Goal], filters: &[Filter<Name>]) -> Result<Question, QueryError> {
        if let (Axis::Prop { key, .. }, [Goal { target: Target::Event(event), .. }], []) =
            (&question.axis, goals, filters)
        {
            let axis = Axis::Prop { key: key.clone(), event: Some(Name::from(event.as_str())) };
            return Ok(Question { axis, ..question });
        }
        let mut targets: Vec<&Target> = goals.iter().map(|goal| &goal.target).collect();
        let is_money = |metric: &Metric| matches!(metric, Metric::TotalRevenue | Metric::AverageRevenue);
        if self.metrics.iter().all(is_money) && goals::filter_of_any(&targets).is_none() {
            // Events alone bring money.
            targets.retain(|target| matches!(target, Target::Event(_)));
        }
        if goals.len() > 1 && goals::filter_of_any(&targets).is_none() {
            let sentence = "A filter on `event:goal` that lets pass goals of several kinds needs the dimension `event:goal`: \
                            sums do not know who reached more than one of them.";
            return Err(QueryError(sentence.into()));
        }
        let found = question.of_goals(&targets, filters).ok_or_else(|| self.too_many_dimensions())?;
        if plan::has_sums(&found) {
            return Ok(found);
        }
        let kind = match goals {
            [Goal { target: Target::Pattern(_), .. }] => {
                "a pattern of pages, which is counted by the dimensions of visits alone"
            }
            _ => "a page, which has no properties",
        };
        let asked = self.axes().into_iter().chain(filters.iter().map(|filter| filter.axis.clone())).next();
        Err(QueryError(format!(
            "The goal `{}` is {kind}, so it cannot be combined with `{}`; leave that out, or filter by another `event:goal`.",
            goals.first().map_or("", |goal| &goal.name),
            asked.map_or_else(String::new, |axis| Asked::Value(axis).name(None))
        )))
    }

    /// The goals of a site that the filters let pass.
    pub(super) fn goals_of<'s>(&self, site: &'s Site) -> impl Iterator<Item = &'s Goal> {
        let wanted = |goal: &&Goal| self.filters.goals.iter().all(|test| test.passes(&goal.name));
        site.settings.goals.iter().filter(wanted)
    }

    /// Whether the query is about goals.
    pub(super) fn is_of_goals(&self) -> bool {
        self.asks_goals() || !self.filters.goals.is_empty()
    }

    pub(super) fn asks_goals(&self) -> bool {
        self.dimensions.contains(&Asked::Goal)
    }
}
