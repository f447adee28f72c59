//! The answers that a page is made of, by what each was asked for.

use std::collections::HashMap;

use crate::cell::Metric;
use crate::page::cards::Tab;
use crate::report::Line;
use crate::report::choice::Scope;

/// What a question of the page is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AnswerKey {
    /// The totals of the range.
    Totals,
    /// Those of the part of the range that is compared.
    Own,
    /// Those of what it is compared with.
    Before,
    /// The series of the chart.
    Series,
    /// That of what it is compared with.
    SeriesBefore,
    /// The rows of a panel.
    Panel(Tab),
    /// Those of the part of the range that is compared.
    PanelOwn(Tab),
    /// Those of what it is compared with.
    PanelBefore(Tab),
    /// The goals that are patterns.
    Patterns,
    /// What the goal at this place brought.
    Money(usize),
    /// The steps of the funnel at this place.
    Funnel(usize),
    /// Whether the dimension of the filter at this place has values past the budget.
    PastBudget(usize),
    /// The visits that entered on the pages that are chosen.
    Entries,
    /// Those who left from the pages that are chosen.
    Exits,
}

/// The lines that answer each question.
pub type Answers = HashMap<AnswerKey, Vec<Line>>;

/// The totals of a page, visitors first; rates only where they exist.
pub(super) fn totals(scope: Scope) -> &'static [Metric] {
    use Metric::*;
    match scope {
        Scope::Visits => &[Visitors, Visits, Pageviews, ViewsPerVisit, BounceRate, VisitDuration],
        Scope::Pages => &[Visitors, Visits, Pageviews, BounceRate, TimeOnPage, ScrollDepth],
        Scope::Hits => &[Visitors, Visits, Pageviews],
        Scope::Events => &[Visitors, Visits, Events],
        Scope::EventGoal | Scope::PageGoal => &[Visitors, Events, ConversionRate],
    }
}
