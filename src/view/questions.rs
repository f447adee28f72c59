//! The questions that the page of a site asks, and their answers: all in one read, so that its numbers agree with each other.

use super::answers::{AnswerKey, Answers};
use super::comparing::{self, Compared};
use super::panels::{self, CardTabs};
use super::site_view::{SECTIONS_TAB, SiteView};
use super::{goals, series};
use crate::cell::{Axis, Dimension, Filter, Metric};
use crate::page::cards::Tab;
use crate::report::choice::Scope;
use crate::report::period::Range;
use crate::report::{self, Interval, Question, Span, Sums};
use crate::site::{Day, Target};
use crate::store::StoreError;

/// The answers to all that a page asks and sums can tell.
pub(super) fn answers(
    view: &SiteView,
    range: &Range,
    compared: &Compared,
    tabs: &[CardTabs],
    sums: &dyn Sums,
) -> Result<Answers, StoreError> {
    let ask = |span: Span, interval: Option<Interval>, metrics: &[Metric]| {
        view.chosen.ask(Question::new(view.site.id, span, Axis::Total, interval, metrics))
    };
    let span = range.span;
    let metrics = comparing::metrics(view);
    let (series, interval) = (series::metrics(view), Some(view.interval(range)));
    let mut asked =
        vec![(AnswerKey::Totals, ask(span, None, &metrics)), (AnswerKey::Series, ask(span, interval, &series))];
    asked.extend(compared.questions().into_iter().map(|(key, question)| (key, Some(question))));
    if let Some(before) = compared.days {
        let width = series::width_before(view, range, before);
        asked.extend(width.map(|width| (AnswerKey::SeriesBefore, ask(before, Some(width), &series))));
    }
    let mut questions: Vec<(AnswerKey, Question)> =
        asked.into_iter().filter_map(|(key, question)| Some((key, question?))).collect();
    questions.extend(tabs.iter().flat_map(|tabs| compared.of_list(view, range, &tabs.seen)));
    for tab in needed(view, tabs) {
        let Some(question) = panels::breakdown(view, span, &tab) else { continue };
        questions.extend(panels::exits(view, &tab, &question).map(|exits| (AnswerKey::Exits, exits)));
        questions.push((AnswerKey::Panel(tab), question));
    }
    if view.has_goals() {
        questions.extend(goals::questions(view, span));
    }
    let past_budget = view.chosen.past_budget(view.site, span).into_iter().enumerate();
    questions.extend(past_budget.map(|(place, question)| (AnswerKey::PastBudget(place), question)));
    questions.extend(entries(view, span).map(|question| (AnswerKey::Entries, question)));
    questions.retain(|(_, question)| question.has_sums());
    let (slots, questions): (Vec<AnswerKey>, Vec<Question>) = questions.into_iter().unzip();
    Ok(slots.into_iter().zip(report::answers(&questions, sums)?).collect())
}

/// The first day from which on a filter is answered by day, if the lists that are seen need days before it.
pub(super) fn days_kept_from(
    view: &SiteView,
    span: Span,
    tabs: &[CardTabs],
    sums: &dyn Sums,
) -> Result<Option<Day>, StoreError> {
    if view.chosen.is_all() && tabs.iter().all(|tabs| tabs.seen != SECTIONS_TAB) {
        return Ok(None);
    }
    let months = sums.months_alone(view.site.id, span.first_day(), span.last_day())?;
    let mut asked = tabs.iter().filter_map(|tabs| panels::breakdown(view, span, &tabs.seen));
    let reads_days = asked.any(|question| question.reads_days_of(&months));
    Ok(months.last().filter(|_| reads_days).map(|month| Day(month.last().0 + 1)))
}

/// The visits that entered on the pages that are chosen, whose bounces are shown.
fn entries(view: &SiteView, span: Span) -> Option<Question> {
    let (page, entry) = (Axis::Of(Dimension::Page), Axis::Of(Dimension::EntryPage));
    let turned = |filter: &Filter<_>| match filter.axis == page {
        true => Filter { axis: entry.clone(), ..filter.clone() },
        false => filter.clone(),
    };
    let filters: Vec<_> = view.chosen.filters.iter().map(turned).collect();
    let question = Question::new(view.site.id, span, Axis::Total, None, &[]);
    question.under(&filters).filter(|_| view.chosen.scope() == Scope::Pages)
}

/// The lists that are seen, and those that something else is told from.
fn needed(view: &SiteView, tabs: &[CardTabs]) -> Vec<Tab> {
    let mut needed: Vec<Tab> = tabs.iter().map(|tabs| tabs.seen.clone()).collect();
    let goals = view.site.settings.goals.iter().filter(|_| view.has_goals());
    needed.extend(goals.filter_map(|goal| match goal.target {
        Target::Event(_) => Some(Tab::Of(Dimension::Event)),
        Target::Page(_) => Some(Tab::Of(Dimension::Page)),
        Target::Pattern(_) => None,
    }));
    let mut seen = std::collections::HashSet::new();
    needed.retain(|tab| seen.insert(tab.clone()));
    needed
}
