//! In: the [`Hit`]s of one visitor of one site and day, in order of arrival. Out: the changes of sums that each makes.
//! Forgets: who; a change names a cell and numbers, nothing else.
//!
//! A [`Visitor`] is the whole memory of a person: a few visits with their values, and what was seen in them. What it
//! contributes to the sums is a pure function of it; a hit books `contributions(after) - contributions(before)`, of which
//! only the part is computed that the hit can change. `tests/oracle.rs` holds it against a naive walk over all hits.

mod advance;
mod contributions;
mod labels;
mod progress;
mod relabel;
mod rows;
mod seen;
mod stranger;
mod page_visit;
mod paid;
mod unknown;

use labels::Labels;
use page_visit::PageVisit;
use paid::PaidPlace;
use progress::FunnelProgress;
use seen::{SeenBefore, SeenProperty, book_known};

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::cell::{AttributeTuple, Axis, Cell, DayNames, Dimension, FIXED, NOT_SET, Sym, TUPLES_PER_VISIT, Tally};
use crate::hit::{Hit, Kind};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Hour, Moment};

pub use contributions::Negated;
pub use relabel::{GoneNames, Relabelling};
pub use rows::{PageVisitRow, PropertyRow, ReachedSteps, VisitHour, VisitRow};
pub use stranger::take_stranger;
pub use unknown::{UnknownCount, UnknownHit, take_unknown};

/// Where changes of sums go.
pub trait Book {
    /// Changes the sums of a cell in an hour. `tally.visitors` is about that hour alone; the day's are all `first_visitors`.
    fn hour(&mut self, cell: Cell<Sym>, hour: Hour, tally: Tally);
    /// The same of all the cells of a tuple.
    fn tuple_hour(&mut self, tuple: AttributeTuple, hour: Hour, tally: Tally);
}

/// One visitor's day at one site. Days have many visitors and most of them do little, so longer lists are kept without room
/// to grow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Visitor {
    /// When the last accepted hit came, engagement included, and in which hour.
    last: Moment,
    last_hour: Hour,
    visits: SmallVec<[VisitState; limits::VISITS_INLINE]>,
    /// Sorted by [`PageVisit::key`].
    page_visits: SmallVec<[PageVisit; limits::PAGE_VISITS_INLINE]>,
    /// What few visitors have.
    rare: Option<Box<Rare>>,
}

/// What few visitors have.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Rare {
    /// Properties, sorted by [`SeenProperty::sort_key`].
    props: Vec<SeenProperty>,
    /// Steps of funnels that visits have reached.
    progress: Vec<FunnelProgress>,
    /// Where visits paid, sorted by [`PaidPlace::key`].
    paid: Vec<PaidPlace>,
}

/// One visit. It has at least one pageview or named event.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct VisitState {
    /// When the first pageview or event came.
    first: Moment,
    /// Time from then to the last one.
    length_ms: u32,
    /// Values of [`FIXED`].
    tuples: [AttributeTuple; TUPLES_PER_VISIT],
    entry: Sym,
    exit: Sym,
    /// What came in the hour of its start, which it is booked in.
    start: HourCount,
    /// What came in further hours, in order of first use.
    later: Box<[HourCount]>,
    interactive: bool,
    hides: HiddenEnds,
}

/// Which of a visit's ends the site does not collect. Its last page is remembered all the same, for pings that name none.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct HiddenEnds {
    entry: bool,
    exit: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct HourCount {
    hour: Hour,
    pageviews: u32,
    events: u32,
}

impl VisitState {
    fn hours(&self) -> impl Iterator<Item = &HourCount> {
        std::iter::once(&self.start).chain(&self.later)
    }

    fn pageviews(&self) -> u64 {
        self.hours().map(|h| u64::from(h.pageviews)).sum()
    }

    /// What the visit as a whole counts in the hour of its start.
    fn whole(&self) -> Tally {
        Tally {
            visits: 1,
            bounces: i64::from(self.pageviews() <= 1 && !self.interactive),
            seconds: i64::from(self.length_ms / 1_000),
            ..Tally::ZERO
        }
    }

    fn is_active_in(&self, hour: Hour) -> bool {
        self.hours().any(|h| h.hour == hour && h.pageviews + h.events > 0)
    }

    /// Its first hour on the clock, which may go back.
    fn first_hour(&self) -> Hour {
        self.later.iter().fold(self.start.hour, |first, later| first.min(later.hour))
    }

    /// Milliseconds from its start to a moment. No day has 2^32 of them.
    fn at_ms(&self, at: Moment) -> u32 {
        u32::try_from(at.0 - self.first.0).unwrap_or(u32::MAX)
    }

    /// The value that the visit has on a visit dimension or as part of the total.
    fn value(&self, axis: Axis<Sym>, names: &DayNames) -> Sym {
        match axis {
            Axis::Of(Dimension::EntryPage) if self.hides.entry => Sym::EMPTY,
            Axis::Of(Dimension::ExitPage) if self.hides.exit => Sym::EMPTY,
            Axis::Of(Dimension::EntryPage) => self.entry,
            Axis::Of(Dimension::ExitPage) => self.exit,
            Axis::Of(dimension) => names.tuples.values.value(self.tuples, dimension),
            _ => Sym::EMPTY,
        }
    }
}

/// Puts an item into a list that has no room to grow.
fn insert<A: smallvec::Array>(list: &mut SmallVec<A>, place: usize, item: A::Item) {
    list.reserve_exact(1);
    list.insert(place, item);
}

/// What one pageview or event changes for every visit cell whose value stays.
struct VisitChange {
    hour: Hour,
    /// The visit's first hour until now; nothing for a new visit.
    first_hour: Option<Hour>,
    is_new_hour: bool,
    /// Change of [`VisitState::whole`].
    whole: Tally,
    /// The pageview or event itself.
    hit: Tally,
}

impl VisitChange {
    /// Books what it changes in a cell of visits, in a visit that began in the hour `start`. `elsewhere` is where other visits
    /// put the visitor into the cell.
    fn book(&self, start: Hour, elsewhere: SeenBefore, mut book: impl FnMut(Hour, Tally)) {
        let visitors = i64::from(self.is_new_hour && !elsewhere.in_hour);
        let mut in_hour = Tally { visitors, ..self.hit };
        if self.is_new_hour {
            let known = seen::earlier(self.first_hour, elsewhere.first);
            in_hour.first_visitors = seen::first(known, self.hour, &mut book);
        }
        if start == self.hour {
            in_hour += self.whole;
        } else if !self.whole.is_zero() {
            book(start, self.whole);
        }
        book(self.hour, in_hour);
    }
}

impl Visitor {
    /// A visitor of whom nothing is known yet.
    pub fn new() -> Visitor {
        Visitor {
            last: Moment(i64::MIN),
            last_hour: Hour(0),
            visits: SmallVec::new(),
            page_visits: SmallVec::new(),
            rare: None,
        }
    }

    /// When the last accepted hit came.
    pub fn last_hit(&self) -> Moment {
        self.last
    }

    /// Takes a hit of the day, and books what it changes. On a day that `is_full` few more places are remembered.
    ///
    /// # Errors
    /// [`Rejection::NoVisit`]; nothing is changed then.
    pub fn take(
        &mut self,
        hit: &Hit,
        is_full: bool,
        names: &mut DayNames,
        book: &mut impl Book,
    ) -> Result<(), Rejection> {
        // Hits count in order of arrival: one older than the last is given that last time.
        let is_late = hit.at < self.last;
        let (at, hour) = if is_late { (self.last, self.last_hour) } else { (hit.at, hit.local.hour) };
        match &hit.kind {
            Kind::Engagement { ms, scroll } => self.engage(hit, at, *ms, *scroll, names, book)?,
            Kind::Pageview | Kind::Event { .. } => self.count(hit, is_full, (at, hour), names, book),
        }
        (self.last, self.last_hour) = (at, hour);
        Ok(())
    }

    /// Whether the current visit, if there is one, still runs at `at`.
    fn is_in_visit(&self, at: Moment) -> bool {
        !self.visits.is_empty() && at.0 - self.last.0 <= limits::VISIT_GAP_MS
    }

    fn engage(
        &mut self,
        hit: &Hit,
        at: Moment,
        ms: u64,
        scroll: Option<u8>,
        names: &DayNames,
        book: &mut impl Book,
    ) -> Result<(), Rejection> {
        if !self.is_in_visit(at) {
            return Err(Rejection::NoVisit);
        }
        let visit = self.visits.len() - 1;
        // A ping that names no page is about the one shown last.
        let exit = self.visits[visit].exit;
        // A page may have been shown when it had no name yet.
        let pages = if hit.page == NOT_SET { [exit, exit, Sym::OTHER] } else { names.shown(&hit.page) };
        let found = pages.into_iter().find_map(|page| page_visit::shown(&self.page_visits, page, visit));
        let place = found.ok_or(Rejection::NoVisit)?;
        let now_ms = self.visits[visit].at_ms(at);
        // A ping tells the time since the one before it of its page. What the visitor did elsewhere since then does not
        // count, because messages overtake each other: a page's last ping may come after the next pageview.
        let longest = match ms {
            Kind::SINCE_LAST_HIT_MS => self.since_last_hit(place, at),
            _ => {
                u64::from(now_ms.saturating_sub(page_visit::told_ms(&self.page_visits, place)))
                    + limits::ENGAGEMENT_GRACE_MS
            }
        };
        let page_visit = &mut self.page_visits[place];
        let cell = Cell { axis: Axis::Of(Dimension::Page), value: page_visit.page };
        book.hour(cell, self.visits[visit].start.hour, page_visit.engage(ms.min(longest), scroll, now_ms));
        Ok(())
    }

    /// Milliseconds that a ping at `at` without a time of its own tells of a page: since the visitor's last hit. If that hit was
    /// the next page, which overtook the ping, the page's time ended there.
    fn since_last_hit(&self, place: usize, at: Moment) -> u64 {
        let visit = self.visits.len() - 1;
        let (exit, last_ms) = (self.visits[visit].exit, self.visits[visit].at_ms(self.last));
        let is_overtaken = exit != self.page_visits[place].page
            && page_visit::shown(&self.page_visits, exit, visit).is_some_and(|next| {
                !self.page_visits[next].is_engaged() && page_visit::told_ms(&self.page_visits, next) == last_ms
            });
        match is_overtaken {
            true => u64::from(last_ms.saturating_sub(page_visit::told_ms(&self.page_visits, place))),
            false => u64::try_from(at.0 - self.last.0).unwrap_or(0),
        }
    }

    fn count(
        &mut self,
        hit: &Hit,
        is_full: bool,
        (at, hour): (Moment, Hour),
        names: &mut DayNames,
        book: &mut impl Book,
    ) {
        let most = if is_full { limits::SEEN_PER_VISITOR_OF_FULL_DAY } else { limits::SEEN_PER_VISITOR_MAX };
        let has_been_everywhere = self.places() + hit.props.len() >= most;
        let labels = Labels::of(hit, names, has_been_everywhere);
        let is_new_visit = !self.is_in_visit(at);
        if is_new_visit {
            let tuples = labels::tuples(hit, names);
            self.begin(tuples, at, hour);
        }
        let current = self.visits.len() - 1;
        if !hit.collected.is_all() {
            self.visits[current].leave_out(hit, names);
        }
        let page_before = self.visits[current].page_before(hit, has_been_everywhere);
        let before = (!is_new_visit).then(|| self.visits[current].clone());
        let is_new_hour = !self.visits[current].is_active_in(hour);
        self.visits[current].advance(hit, at, hour, labels.page);
        let whole = self.visits[current].whole() - before.as_ref().map_or(Tally::ZERO, VisitState::whole);
        let first_hour = before.as_ref().map(VisitState::first_hour);
        let step = VisitChange { hour, first_hour, is_new_hour, whole, hit: of_hits(1, hit.kind == Kind::Pageview) };
        self.book_visit(current, before.as_ref(), &step, names, book);
        self.book_page_visit(current, &labels, (&step, page_before), hit.kind == Kind::Pageview, names, book);
        self.book_props(current, &labels, &step, hit.kind == Kind::Pageview, book);
        self.book_progress(current, hit, names, book);
    }

    fn begin(&mut self, tuples: [AttributeTuple; TUPLES_PER_VISIT], at: Moment, hour: Hour) {
        let visit = VisitState {
            first: at,
            length_ms: 0,
            tuples,
            entry: Sym::NOT_SET,
            exit: Sym::NOT_SET,
            start: HourCount { hour, pageviews: 0, events: 0 },
            later: Box::default(),
            interactive: false,
            hides: HiddenEnds::default(),
        };
        let place = self.visits.len();
        insert(&mut self.visits, place, visit);
    }

    /// How many places, properties and payments are remembered.
    pub fn places(&self) -> usize {
        self.page_visits.len() + self.rare.as_ref().map_or(0, |rare| rare.props.len() + rare.paid.len())
    }

    /// Books the current visit under the total and every visit dimension.
    fn book_visit(
        &self,
        current: usize,
        before: Option<&VisitState>,
        step: &VisitChange,
        names: &DayNames,
        book: &mut impl Book,
    ) {
        self.book_step(current, Axis::Total, step, names, book);
        if self.visits.len() == 1 {
            labels::book_tuples(&self.visits[current], step, book);
        } else {
            let fixed = FIXED.into_iter().chain([Dimension::ChannelAndSource]);
            fixed.for_each(|dimension| self.book_step(current, Axis::Of(dimension), step, names, book));
        }
        for axis in [Axis::Of(Dimension::EntryPage), Axis::Of(Dimension::ExitPage)] {
            match before {
                Some(before) if before.value(axis, names) != self.visits[current].value(axis, names) => {
                    self.book_whole(current, before, axis, -1, names, book);
                    self.book_whole(current, &self.visits[current], axis, 1, names, book);
                }
                _ => self.book_step(current, axis, step, names, book),
            }
        }
    }

    /// Books what one hit changes in a cell that holds the visit before and after it.
    fn book_step(&self, current: usize, axis: Axis<Sym>, step: &VisitChange, names: &DayNames, book: &mut impl Book) {
        let visit = &self.visits[current];
        let cell = Cell { axis, value: visit.value(axis, names) };
        let elsewhere = match step.is_new_hour {
            true => self.elsewhere(current, cell, step.hour, names),
            false => SeenBefore::default(),
        };
        step.book(visit.start.hour, elsewhere, |hour, tally| book.hour(cell, hour, tally));
    }

    /// Books all that `visit`, which is or was visit number `current`, counts in its cell of `axis`; `sign` is 1 or -1.
    fn book_whole(
        &self,
        current: usize,
        visit: &VisitState,
        axis: Axis<Sym>,
        sign: i64,
        names: &DayNames,
        book: &mut impl Book,
    ) {
        let cell = Cell { axis, value: visit.value(axis, names) };
        let signed = |tally: Tally| if sign < 0 { -tally } else { tally };
        let (mut whole, first) = (visit.whole(), visit.first_hour());
        for count in visit.hours() {
            let elsewhere = self.elsewhere(current, cell, count.hour, names);
            let mut in_hour = std::mem::take(&mut whole);
            if count.hour == first {
                let move_from = |hour, tally| book.hour(cell, hour, signed(tally));
                in_hour.first_visitors = seen::first(elsewhere.first, first, move_from);
            }
            in_hour.visitors = i64::from(count.pageviews + count.events > 0 && !elsewhere.in_hour);
            (in_hour.pageviews, in_hour.events) = (count.pageviews.into(), count.events.into());
            book.hour(cell, count.hour, signed(in_hour));
        }
    }

    /// Where other visits than `current` put this visitor into `cell`: in which hour first, and whether in this one.
    fn elsewhere(&self, current: usize, cell: Cell<Sym>, hour: Hour, names: &DayNames) -> SeenBefore {
        let mut seen = SeenBefore::default();
        let others = self.visits.iter().enumerate().filter(|(at, _)| *at != current).map(|(_, visit)| visit);
        for visit in others.filter(|visit| visit.value(cell.axis, names) == cell.value) {
            seen.first = seen::earlier(seen.first, Some(visit.first_hour()));
            seen.in_hour |= visit.is_active_in(hour);
        }
        seen
    }

    /// Books the hit under its page, host, event and patterns.
    fn book_page_visit(
        &mut self,
        current: usize,
        labels: &Labels,
        (step, page_before): (&VisitChange, Sym),
        is_view: bool,
        names: &DayNames,
        book: &mut impl Book,
    ) {
        let start = self.visits[current].start.hour;
        for cell in labels.cells(names) {
            let known = page_visit::known(&self.page_visits, &cell, current, step.hour, names);
            book_known(cell, known, start, step, book);
        }
        let place = (labels.page, labels.attributes, page_before);
        let into_visit_ms = self.visits[current].length_ms;
        let page_visit = PageVisit::new(place, current, step.hour, is_view, into_visit_ms);
        let place = page_visit::find(&self.page_visits, &page_visit).unwrap_or_else(|place| {
            insert(&mut self.page_visits, place, page_visit);
            place
        });
        self.page_visits[place].count += 1;
    }

    /// Books the hit under its properties, and its money.
    fn book_props(&mut self, current: usize, labels: &Labels, step: &VisitChange, is_view: bool, book: &mut impl Book) {
        if labels.money.is_some() {
            labels.book_money(step.hour, book);
            self.rare.get_or_insert_default().take_paid(current, labels, step.hour);
        }
        if labels.props.is_empty() {
            return;
        }
        let start = self.visits[current].start.hour;
        let props = &mut self.rare.get_or_insert_default().props;
        for cell in labels.prop_cells() {
            book_known(cell, seen::known(props, cell, current, step.hour), start, step, book);
            let seen = SeenProperty::new(cell, current, step.hour, is_view);
            let place = seen::find(props, &seen).unwrap_or_else(|place| {
                props.insert(place, seen);
                place
            });
            props[place].count += 1;
        }
    }
}

/// What hits count.
fn of_hits(count: u32, is_view: bool) -> Tally {
    let (pageviews, events) = if is_view { (count, 0) } else { (0, count) };
    Tally { pageviews: pageviews.into(), events: events.into(), ..Tally::ZERO }
}

/// Visits of a day are at most 50, one each half hour.
fn number(visit: usize) -> u8 {
    visit as u8
}

impl Default for Visitor {
    fn default() -> Self {
        Visitor::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_visitors_pay_little_for_a_visit() {
        assert!(size_of::<Visitor>() <= 160 && size_of::<VisitState>() <= 64);
    }
}
