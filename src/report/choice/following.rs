//! What is asked of pages that follow each other: under a filter on pages, which came before, which came after, and how often none did.

use super::Chosen;
use crate::cell::{Axis, Dimension, Filter, Metric, NOT_SET, Test};
use crate::report::query::of_pages_before;
use crate::report::{Line, Question};

impl Chosen {
    /// Which pages are chosen, if nothing else is.
    fn pages(&self) -> Option<&Test> {
        match (&self.goal, self.filters.as_slice()) {
            (None, [Filter { axis: Axis::Of(Dimension::Page), test }]) => Some(test),
            _ => None,
        }
    }

    /// Whether it is known which pages follow what is chosen.
    pub fn is_of_pages(&self) -> bool {
        self.pages().is_some()
    }

    /// The same question about the pages that came just after those that are chosen.
    pub fn next_pages(&self, question: Question) -> Option<Question> {
        let before = Filter { axis: Axis::Of(Dimension::PreviousPage), test: of_pages_before(self.pages()?.clone()) };
        Some(Question { axis: Axis::Of(Dimension::Page), ..question }.filtered(Some(before)))
    }

    /// The same question about those who left from the pages that are chosen: the last pageview of a visit is one of each visit.
    pub fn exits(&self, question: &Question) -> Option<Question> {
        let exit = Filter { axis: Axis::Of(Dimension::ExitPage), test: self.pages()?.clone() };
        let of_visits = |metric: &Metric| if *metric == Metric::Pageviews { Metric::Visits } else { *metric };
        let metrics = question.metrics.iter().map(of_visits).collect();
        Some(Question { axis: Axis::Total, interval: None, metrics, ..question.clone() }.filtered(Some(exit)))
    }
}

/// The line of those who left, beside the pages that others went on to.
pub fn exit_line(found: Vec<Line>) -> Option<Line> {
    let line = found.into_iter().next().filter(|line| line.tally.visits > 0)?;
    Some(Line { value: NOT_SET.into(), ..line })
}
