//! In: rows of sums, each in its role. Out: what is summed up for one line, and what lines are taken of. Forgets: the rows.

use super::bounds::SumBounds;
use super::cut_day::Gaps;
use super::paid::PaidRow;
use super::plan::RowRole;
use super::{Question, RowsBy, SumRow};
use crate::cell::Tally;
use crate::counts::Name;

/// What is summed up for one line: there may be a million of them, of which few have more than their own sums.
#[derive(Default)]
pub(super) struct Sum {
    pub(super) own: Tally,
    pub(super) entered: Option<Box<Tally>>,
    /// Visits that left on the page, or views of the page on which they did.
    pub(super) left: i64,
    /// Visitors of the line whether or not they reached a goal.
    pub(super) line: i64,
    pub(super) money: Vec<(Name, i64, i64)>,
    /// Whether there may be more of it.
    pub(super) is_money_unsure: bool,
    pub(super) bounds: Option<Box<SumBounds>>,
    pub(super) gaps: Gaps,
}

impl Sum {
    pub(super) fn add(&mut self, other: Sum) {
        if self.bounds.is_some() || other.bounds.is_some() {
            let bounds = SumBounds::add(self.bounds.as_deref(), self.own, other.bounds.as_deref(), other.own);
            self.bounds = Some(Box::new(bounds));
        }
        self.own += other.own;
        self.left += other.left;
        self.line += other.line;
        self.is_money_unsure |= other.is_money_unsure;
        self.gaps = self.gaps.and(other.gaps);
        if let Some(entered) = other.entered {
            **self.entered.get_or_insert_default() += *entered;
        }
        for (currency, thousandths, events) in other.money {
            match self.money.iter_mut().find(|(known, ..)| *known == currency) {
                Some(known) => (known.1, known.2) = (known.1 + thousandths, known.2 + events),
                None => self.money.push((currency, thousandths, events)),
            }
        }
    }

    /// Puts money in order, most events first, or leaves it out where not all of it is known.
    pub(super) fn settle_money(&mut self, is_known: bool) -> bool {
        let is_known = is_known && !self.is_money_unsure;
        if !is_known {
            self.money.clear();
        }
        self.money.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
        is_known
    }

    /// Whether anything was counted, or may have been where one line stands for all.
    pub(super) fn is_counted(&self, question: &Question) -> bool {
        let is_one = question.cut.rows != RowsBy::Axis;
        !self.own.is_zero() || is_one && !SumBounds::of(self.bounds.as_deref(), self.own).1.is_zero()
    }
}

/// What shares are taken of, and how many events brought money in all and in the sums by dimensions.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WholeVisitors {
    pub(super) visitors: i64,
    pub(super) is_unsure: bool,
    pub(super) gaps: Gaps,
    pub(super) paid: i64,
    pub(super) paid_by: i64,
}

impl WholeVisitors {
    /// Whether sums by dimensions tell of all money.
    pub(super) fn knows_money(&self) -> bool {
        self.paid <= self.paid_by
    }

    /// Takes a row, if it is about the whole.
    pub(super) fn take(&mut self, role: RowRole, row: &SumRow, gaps: Gaps) -> bool {
        match role {
            RowRole::Whole => {
                self.visitors += row.tally.visitors;
                self.is_unsure |= row.doubt.as_ref().is_some_and(|doubt| doubt.is_of_visitors());
                self.gaps = self.gaps.and(gaps);
            }
            RowRole::MoneyBrought => self.paid += row.tally.events,
            RowRole::MoneyCounted => self.paid_by += row.tally.events,
            _ => return false,
        }
        true
    }
}

/// What a row adds to its line in this role; the whole is no line's.
pub(super) fn sum_of(role: RowRole, row: SumRow) -> Sum {
    let (tally, none) = (row.tally, Sum::default());
    let bounds = bounds_of(role, &row);
    let sum = match role {
        RowRole::Whole | RowRole::Limit | RowRole::LeftOut => none,
        RowRole::MoneyBrought | RowRole::MoneyCounted => none,
        RowRole::Own => Sum { own: tally, ..none },
        RowRole::Entered => Sum { entered: Some(Box::new(tally)), ..none },
        RowRole::Left => Sum { left: tally.visits, ..none },
        RowRole::Shown => Sum { left: tally.pageviews, ..none },
        RowRole::Lines => Sum { line: tally.visitors, ..none },
        RowRole::Money if row.doubt.as_ref().is_some_and(|doubt| !doubt.missing.is_zero()) => {
            Sum { is_money_unsure: true, ..none }
        }
        RowRole::Money => Sum { money: vec![(row.value, tally.revenue, tally.events)], ..none },
        RowRole::MoneyBy => match PaidRow::of(&row) {
            PaidRow::Of(currency, thousandths, events) => Sum { money: vec![(currency, thousandths, events)], ..none },
            PaidRow::Unsure => Sum { is_money_unsure: true, ..none },
        },
    };
    Sum { bounds, ..sum }
}

/// What a row tells of what is not sure.
fn bounds_of(role: RowRole, row: &SumRow) -> Option<Box<SumBounds>> {
    let (doubt, none) = (row.doubt.as_deref().copied(), SumBounds::default());
    let is_missing = doubt.is_some_and(|doubt| !doubt.missing.is_zero() || doubt.repeated_visits != 0);
    let bounds = match role {
        // Of a whole that is not sure itself nothing follows for its parts from what is left out of it.
        RowRole::Limit => match doubt.map(|doubt| doubt.high(row.tally)) {
            Some(most) => SumBounds { limit: Some(most), left_out: Some(most), ..none },
            None => SumBounds { limit: Some(row.tally), ..none },
        },
        RowRole::LeftOut => SumBounds { left_out: Some(doubt.unwrap_or_default().high(row.tally)), ..none },
        RowRole::Own => SumBounds { doubt: doubt?, ..none },
        RowRole::Entered if is_missing => SumBounds { is_entered_unsure: true, ..none },
        RowRole::Left | RowRole::Shown if is_missing => SumBounds { is_left_unsure: true, ..none },
        RowRole::Lines if doubt?.is_of_visitors() => SumBounds { is_line_unsure: true, ..none },
        _ => return None,
    };
    Some(Box::new(bounds))
}
