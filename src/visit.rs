//! In: the [`Hit`]s of one visitor of one site and day, in order of arrival. Out: the changes of sums that each makes.
//! Forgets: who; a change names a cell and numbers, nothing else.
//!
//! A [`Visitor`] is the whole memory of a person: a few visits with their values, and what was seen in them. What it
//! contributes to the sums is a pure function of it; a hit books `contributions(after) - contributions(before)`, of which
//! only the part is computed that the hit can change. `tests/oracle.rs` holds it against a naive walk over all hits.

mod seen;

use seen::Seen;

use crate::cell::{Axis, Cell, Dimension, FIXED, NOT_SET, Names, Sym, Tally};
use crate::hit::{Hit, Kind};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Hour, Moment};

/// Where changes of sums go.
pub trait Book {
    /// Changes the sums of a cell in an hour. `tally.visitors` is about that hour alone.
    fn hour(&mut self, cell: Cell<Sym>, hour: Hour, tally: Tally);
    /// Changes the distinct visitors of a cell over the whole day.
    fn day_visitors(&mut self, cell: Cell<Sym>, by: i64);
}

/// One visitor's day at one site.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// When the last accepted hit came, engagement included, and in which hour.
    last: (Moment, Hour),
    visits: Vec<Visit>,
    /// Sorted by axis, value and visit.
    seen: Vec<Seen>,
}

/// One visit. It has at least one pageview or named event.
#[derive(Debug, Clone)]
struct Visit {
    /// When the first and the last pageview or event came.
    first: Moment,
    last: Moment,
    /// The hour it is booked in.
    start: Hour,
    /// Values of [`FIXED`], in its order.
    fixed: [Sym; FIXED.len()],
    entry: Sym,
    exit: Sym,
    interactive: bool,
    /// What came in which hour; hours in order of first use.
    hours: Vec<HourCount>,
}

#[derive(Debug, Clone, Copy)]
struct HourCount {
    hour: Hour,
    pageviews: u32,
    events: u32,
}

impl Visit {
    fn pageviews(&self) -> u64 {
        self.hours.iter().map(|h| u64::from(h.pageviews)).sum()
    }

    /// What the visit as a whole counts in the hour of its start.
    fn whole(&self) -> Tally {
        Tally {
            visits: 1,
            bounces: i64::from(self.pageviews() <= 1 && !self.interactive),
            seconds: (self.last.0 - self.first.0) / 1_000,
            ..Tally::ZERO
        }
    }

    fn is_active_in(&self, hour: Hour) -> bool {
        self.hours.iter().any(|h| h.hour == hour)
    }

    /// The value that the visit has on a visit dimension or as part of the total.
    fn value(&self, axis: Axis<Sym>) -> Sym {
        match axis {
            Axis::Of(Dimension::EntryPage) => self.entry,
            Axis::Of(Dimension::ExitPage) => self.exit,
            // The codes of the fixed dimensions run from 1 in their order.
            Axis::Of(dimension) => self.fixed.get(usize::from(dimension.code()) - 1).copied().unwrap_or(Sym::EMPTY),
            Axis::Total | Axis::Prop { .. } => Sym::EMPTY,
        }
    }
}

/// What one pageview or event changes for every visit cell whose value stays.
struct Step {
    hour: Hour,
    is_new_visit: bool,
    is_new_hour: bool,
    /// Change of [`Visit::whole`].
    whole: Tally,
    /// The pageview or event itself.
    hit: Tally,
}

impl Visitor {
    /// A visitor of whom nothing is known yet.
    pub fn new() -> Visitor {
        Visitor { last: (Moment(i64::MIN), Hour(0)), visits: Vec::new(), seen: Vec::new() }
    }

    /// When the last accepted hit came.
    pub fn last_hit(&self) -> Moment {
        self.last.0
    }

    /// Takes a hit of the day, and books what it changes.
    ///
    /// # Errors
    /// [`Rejection::NoVisit`] and [`Rejection::TooMany`]; nothing is changed then.
    pub fn take(&mut self, hit: &Hit, names: &mut Names, book: &mut impl Book) -> Result<(), Rejection> {
        // Hits count in order of arrival: one older than the last is given that last time.
        let (at, hour) = if hit.at < self.last.0 { self.last } else { (hit.at, hit.local.hour) };
        match &hit.kind {
            Kind::Engagement { ms, scroll } => self.engage(hit, at, *ms, *scroll, names, book)?,
            Kind::Pageview | Kind::Event { .. } => self.count(hit, at, hour, names, book)?,
        }
        self.last = (at, hour);
        Ok(())
    }

    /// Whether the current visit, if there is one, still runs at `at`.
    fn is_in_visit(&self, at: Moment) -> bool {
        !self.visits.is_empty() && at.0 - self.last.0.0 <= limits::VISIT_GAP_MS
    }

    fn engage(
        &mut self,
        hit: &Hit,
        at: Moment,
        ms: u64,
        scroll: Option<u8>,
        names: &Names,
        book: &mut impl Book,
    ) -> Result<(), Rejection> {
        if !self.is_in_visit(at) {
            return Err(Rejection::NoVisit);
        }
        let visit = self.visits.len() - 1;
        let page = names.find(&hit.page).ok_or(Rejection::NoVisit)?;
        let cell = Cell { axis: Axis::Of(Dimension::Page), value: page };
        let place = seen::find(&self.seen, cell, visit).map_err(|_| Rejection::NoVisit)?;
        let seen = &mut self.seen[place];
        if !seen.viewed {
            return Err(Rejection::NoVisit);
        }
        let longest = (at.0 - self.last.0.0 + limits::ENGAGEMENT_GRACE_MS).max(0) as u64;
        book.hour(cell, self.visits[visit].start, seen.engage(ms.min(longest), scroll));
        Ok(())
    }

    fn count(
        &mut self,
        hit: &Hit,
        at: Moment,
        hour: Hour,
        names: &mut Names,
        book: &mut impl Book,
    ) -> Result<(), Rejection> {
        // Asked before any name is taken in, so that a hit too many leaves no names behind.
        if self.seen.len() + hit_cells_len(hit) > limits::SEEN_PER_VISITOR_MAX {
            return Err(Rejection::TooMany);
        }
        let cells = hit_cells(hit, names);
        let is_new_visit = !self.is_in_visit(at);
        if is_new_visit {
            self.begin(hit, at, hour, names);
        }
        let current = self.visits.len() - 1;
        let before = (!is_new_visit).then(|| self.visits[current].clone());
        let is_new_hour = !self.visits[current].is_active_in(hour);
        self.visits[current].advance(hit, at, hour, names);
        let whole = self.visits[current].whole() - before.as_ref().map_or(Tally::ZERO, Visit::whole);
        let step = Step { hour, is_new_visit, is_new_hour, whole, hit: of_hit(&hit.kind) };
        self.book_visit(current, before.as_ref(), &step, book);
        self.book_seen(current, &cells, &step, hit.kind == Kind::Pageview, book);
        Ok(())
    }

    fn begin(&mut self, hit: &Hit, at: Moment, hour: Hour, names: &mut Names) {
        let not_set = names.sym(NOT_SET);
        // Most visitors come once a day.
        self.visits.reserve_exact(1);
        self.visits.push(Visit {
            first: at,
            last: at,
            start: hour,
            fixed: FIXED.map(|dimension| names.sym(hit.value(dimension))),
            entry: not_set,
            exit: not_set,
            interactive: false,
            hours: Vec::with_capacity(1),
        });
    }

    /// Books the current visit under the total and every visit dimension.
    fn book_visit(&self, current: usize, before: Option<&Visit>, step: &Step, book: &mut impl Book) {
        let axes = std::iter::once(Axis::Total).chain(FIXED.map(Axis::Of));
        for axis in axes {
            self.book_step(current, axis, step, book);
        }
        for axis in [Axis::Of(Dimension::EntryPage), Axis::Of(Dimension::ExitPage)] {
            match before {
                Some(before) if before.value(axis) != self.visits[current].value(axis) => {
                    self.book_whole(current, before, axis, -1, book);
                    self.book_whole(current, &self.visits[current], axis, 1, book);
                }
                _ => self.book_step(current, axis, step, book),
            }
        }
    }

    /// Books what one hit changes in a cell that holds the visit before and after it.
    fn book_step(&self, current: usize, axis: Axis<Sym>, step: &Step, book: &mut impl Book) {
        let visit = &self.visits[current];
        let cell = Cell { axis, value: visit.value(axis) };
        let mut in_hour = step.hit;
        if step.is_new_hour && !self.is_elsewhere(current, cell, Some(step.hour)) {
            in_hour.visitors = 1;
        }
        if visit.start == step.hour {
            in_hour += step.whole;
        } else if !step.whole.is_zero() {
            book.hour(cell, visit.start, step.whole);
        }
        book.hour(cell, step.hour, in_hour);
        if step.is_new_visit && !self.is_elsewhere(current, cell, None) {
            book.day_visitors(cell, 1);
        }
    }

    /// Books all that `visit`, which is or was visit number `current`, counts in its cell of `axis`; `sign` is 1 or -1.
    fn book_whole(&self, current: usize, visit: &Visit, axis: Axis<Sym>, sign: i64, book: &mut impl Book) {
        let cell = Cell { axis, value: visit.value(axis) };
        let signed = |tally: Tally| if sign < 0 { -tally } else { tally };
        book.hour(cell, visit.start, signed(visit.whole()));
        for count in &visit.hours {
            let visitors = i64::from(!self.is_elsewhere(current, cell, Some(count.hour)));
            let (pageviews, events) = (i64::from(count.pageviews), i64::from(count.events));
            book.hour(cell, count.hour, signed(Tally { visitors, pageviews, events, ..Tally::ZERO }));
        }
        if !self.is_elsewhere(current, cell, None) {
            book.day_visitors(cell, sign);
        }
    }

    /// Whether another visit than `current` puts this visitor into `cell`, in `hour` if one is given.
    fn is_elsewhere(&self, current: usize, cell: Cell<Sym>, hour: Option<Hour>) -> bool {
        let mut others = self.visits.iter().enumerate().filter(|(at, _)| *at != current).map(|(_, visit)| visit);
        others.any(|visit| visit.value(cell.axis) == cell.value && hour.is_none_or(|hour| visit.is_active_in(hour)))
    }

    /// Books the hit under the dimensions of the hit.
    fn book_seen(&mut self, current: usize, cells: &[Cell<Sym>], step: &Step, is_view: bool, book: &mut impl Book) {
        let start = self.visits[current].start;
        for cell in cells {
            let place = match seen::find(&self.seen, *cell, current) {
                Ok(place) => place,
                Err(place) => {
                    if !seen::has(&self.seen, *cell) {
                        book.day_visitors(*cell, 1);
                    }
                    book.hour(*cell, start, Tally { visits: 1, ..Tally::ZERO });
                    self.seen.insert(place, Seen::new(*cell, current));
                    place
                }
            };
            let visitors = i64::from(!seen::has_in(&self.seen, *cell, step.hour));
            book.hour(*cell, step.hour, Tally { visitors, ..step.hit });
            self.seen[place].mark(step.hour, is_view);
        }
    }
}

impl Default for Visitor {
    fn default() -> Self {
        Visitor::new()
    }
}

impl Visit {
    /// Moves the visit on by one pageview or event.
    fn advance(&mut self, hit: &Hit, at: Moment, hour: Hour, names: &mut Names) {
        self.last = at;
        let place = self.hours.iter().position(|h| h.hour == hour).unwrap_or_else(|| {
            self.hours.push(HourCount { hour, pageviews: 0, events: 0 });
            self.hours.len() - 1
        });
        match hit.kind {
            Kind::Event { interactive, .. } => {
                self.hours[place].events += 1;
                self.interactive |= interactive;
            }
            _ => {
                let page = names.sym(&hit.page);
                if self.pageviews() == 0 {
                    self.entry = page;
                }
                self.exit = page;
                self.hours[place].pageviews += 1;
            }
        }
    }
}

/// Books a hit of a site that keeps no tokens: its own dimensions, but no visitor, no visit, no entry and exit page.
///
/// # Errors
/// [`Rejection::NoVisit`] for engagement, which needs a visit.
pub fn take_unknown(hit: &Hit, names: &mut Names, book: &mut impl Book) -> Result<(), Rejection> {
    if matches!(hit.kind, Kind::Engagement { .. }) {
        return Err(Rejection::NoVisit);
    }
    let hour = hit.local.hour;
    let tally = of_hit(&hit.kind);
    book.hour(Cell { axis: Axis::Total, value: Sym::EMPTY }, hour, tally);
    for dimension in FIXED {
        book.hour(Cell { axis: Axis::Of(dimension), value: names.sym(hit.value(dimension)) }, hour, tally);
    }
    for cell in hit_cells(hit, names) {
        book.hour(cell, hour, tally);
    }
    Ok(())
}

/// What the hit itself counts.
fn of_hit(kind: &Kind) -> Tally {
    match kind {
        Kind::Event { .. } => Tally { events: 1, ..Tally::ZERO },
        _ => Tally { pageviews: 1, ..Tally::ZERO },
    }
}

/// How many cells [`hit_cells`] gives: page, hostname and event, and two for each property.
fn hit_cells_len(hit: &Hit) -> usize {
    3 + 2 * hit.props.len()
}

/// The cells of the hit's own dimensions, each once.
fn hit_cells(hit: &Hit, names: &mut Names) -> Vec<Cell<Sym>> {
    let event = names.sym(hit.event());
    let mut cells = Vec::with_capacity(hit_cells_len(hit));
    cells.push(Cell { axis: Axis::Of(Dimension::Page), value: names.sym(&hit.page) });
    cells.push(Cell { axis: Axis::Of(Dimension::Hostname), value: names.sym(&hit.hostname) });
    cells.push(Cell { axis: Axis::Of(Dimension::Event), value: event });
    for (key, value) in &hit.props {
        let (key, value) = (names.sym(key), names.sym(value));
        cells.push(Cell { axis: Axis::Prop { key, event: None }, value });
        cells.push(Cell { axis: Axis::Prop { key, event: Some(event) }, value });
    }
    cells
}
