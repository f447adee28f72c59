//! What a page compares its figures with: which days, which part of them, and why not where it does not.

use super::answers::{AnswerKey, Answers, totals};
use super::panels;
use super::site_view::SiteView;
use crate::cell::{Axis, Metric};
use crate::page::cards::Tab;
use crate::report::choice::named_among;
use crate::report::comparison::{Basis, ComparedLines, ComparedWith, RangeComparison};
use crate::report::period::Range;
use crate::report::{Question, Span, Sums};
use crate::store::StoreError;

/// What a page is compared with.
pub(super) struct Compared {
    /// The days, where they were counted.
    pub(super) days: Option<Span>,
    /// The totals of both, as far as they are like.
    pub(super) totals: Option<RangeComparison>,
    /// What is said of it.
    pub(super) told: ComparedWith,
}

impl Compared {
    fn not(told: ComparedWith) -> Compared {
        Compared { days: None, totals: None, told }
    }

    /// What a range is compared with. A time of which a part was not counted is nothing to compare with.
    pub(super) fn of(view: &SiteView, range: &Range, sums: &dyn Sums) -> Result<Compared, StoreError> {
        let site = view.site.id;
        let Some(span) = range.compared(view.state.compare) else { return Ok(Compared::not(ComparedWith::Nothing)) };
        if view.chosen.condition().is_some() {
            return Ok(Compared::not(ComparedWith::NotInMemory));
        }
        let not_on = view.chosen.not_counted_on(view.site);
        if let Some(refused) = ComparedWith::refused(site, span, not_on, sums)? {
            return Ok(Compared::not(refused));
        }
        let question = Question::new(site, range.span, Axis::Total, None, &metrics(view));
        let question = view.chosen.ask(question);
        let totals = question.and_then(|question| RangeComparison::of(&question, range, span, view.kept_hours(range)));
        let told = ComparedWith::of(totals.as_ref(), range, span);
        Ok(Compared { days: Some(span), totals, told })
    }

    /// The same where the rows of lists are to be compared.
    pub(super) fn of_lists(view: &SiteView, range: &Range, sums: &dyn Sums) -> Result<Option<Compared>, StoreError> {
        view.state.compares_lists.then(|| Compared::of(view, range, sums)).transpose()
    }

    /// The questions about the totals.
    pub(super) fn questions(&self) -> Vec<(AnswerKey, Question)> {
        let both = |of: &RangeComparison| both((AnswerKey::Own, AnswerKey::Before), of.clone());
        self.totals.iter().flat_map(both).collect()
    }

    /// The questions about a list.
    pub(super) fn of_list(&self, view: &SiteView, range: &Range, tab: &Tab) -> Vec<(AnswerKey, Question)> {
        let keys = (AnswerKey::PanelOwn(tab.clone()), AnswerKey::PanelBefore(tab.clone()));
        let question = panels::breakdown(view, range.span, tab).filter(|_| view.state.compares_lists);
        let compared = question.and_then(|question| self.list(view, range, &question));
        compared.map_or_else(Vec::new, |compared| both(keys, compared))
    }

    /// What the question of a list is compared with.
    pub(super) fn list(&self, view: &SiteView, range: &Range, question: &Question) -> Option<RangeComparison> {
        let axes = question.filter.iter().map(|filter| &filter.axis).chain([&question.axis]);
        let is_met = question.filter.is_some() && question.axis != Axis::Total;
        let properties = named_among(axes.filter(|_| is_met), view.site);
        let are_counted =
            |days: &Span| properties.iter().all(|property| property.not_counted_on(view.site) < days.first_day());
        let days = self.days.filter(|days| question.is_counted_on(*days) && are_counted(days))?;
        RangeComparison::of(question, range, days, view.kept_hours(range))
    }
}

fn both((own, before): (AnswerKey, AnswerKey), of: RangeComparison) -> Vec<(AnswerKey, Question)> {
    // Of a range that is over all is compared, which is asked for anyway.
    let own = (of.basis != Basis::Whole).then_some((own, of.own));
    own.into_iter().chain([(before, of.before)]).collect()
}

/// The lines of a list and those of what it is compared with.
pub(super) fn lines_of(found: &Answers, tab: &Tab, metrics: &[Metric]) -> Option<ComparedLines> {
    let of = |key: AnswerKey| found.get(&key).cloned();
    let own = of(AnswerKey::PanelOwn(tab.clone())).or_else(|| of(AnswerKey::Panel(tab.clone())))?;
    let before = of(AnswerKey::PanelBefore(tab.clone()))?;
    Some(ComparedLines::of(own, before, metrics))
}

/// The totals that a page asks for.
pub(super) fn metrics(view: &SiteView) -> Vec<Metric> {
    let mut metrics = totals(view.chosen.scope()).to_vec();
    metrics.extend(view.chosen.event().map(|_| Metric::TotalRevenue));
    metrics
}
