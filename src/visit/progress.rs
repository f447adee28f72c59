//! In: the steps of funnels that a hit is. Out: how far each visit has come, and the visits and visitors that reach a step.
//! Forgets: by which pages and when.

use serde::{Deserialize, Serialize};

use super::{Book, Rare, Visitor, seen};
use crate::cell::{Axis, Cell, DayNames, Tally};
use crate::hit::Hit;

/// How far a visit has come in a funnel.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct FunnelProgress {
    pub(super) funnel: u32,
    pub(super) visit: u8,
    pub(super) steps: u8,
}

impl Visitor {
    /// Moves the current visit on in every funnel of which the hit is the next step. A hit is one step at the most.
    pub(super) fn book_progress(&mut self, current: usize, hit: &Hit, names: &mut DayNames, book: &mut impl Book) {
        let hour = self.visits[current].start.hour;
        for (funnel, steps) in &hit.watched.steps {
            let rare = self.rare.get_or_insert_default();
            let Some(reached) = rare.advance(*funnel, super::number(current), *steps) else { continue };
            let cell = Cell { axis: Axis::Funnel(*funnel), value: names.number(u32::from(reached)) };
            let is_known = |other: &&FunnelProgress| other.funnel == *funnel && other.steps >= reached;
            let others = rare.progress.iter().filter(is_known).filter(|other| other.visit != super::number(current));
            let known = others.map(|other| self.visits[usize::from(other.visit)].start.hour).min();
            let first_visitors = seen::first(known, hour, |hour, tally| book.hour(cell, hour, tally));
            book.hour(cell, hour, Tally { visits: 1, first_visitors, ..Tally::ZERO });
        }
    }
}

impl Rare {
    /// The step that the visit reaches with these, counted from 1; nothing if it stays where it is.
    fn advance(&mut self, funnel: u32, visit: u8, steps: u32) -> Option<u8> {
        let place = self.progress.iter().position(|p| p.funnel == funnel && p.visit == visit);
        let reached = place.map_or(0, |place| self.progress[place].steps);
        if steps.checked_shr(u32::from(reached)).unwrap_or(0) & 1 == 0 {
            return None;
        }
        match place {
            Some(place) => self.progress[place].steps += 1,
            None => self.progress.push(FunnelProgress { funnel, visit, steps: 1 }),
        }
        Some(reached + 1)
    }
}
