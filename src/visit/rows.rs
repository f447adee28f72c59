//! In: a visitor. Out: their visits and where these have been, without the token. Forgets: who, and all times but hours and lengths.

use super::seen::SeenProperty;
use super::{PageVisit, VisitState, Visitor};
use crate::cell::{AttributeTuple, HitAttributes, Sym, TUPLES_PER_VISIT};
use crate::site::Hour;

/// A visit as a whole.
#[derive(Debug, Clone, Copy)]
pub struct VisitRow {
    /// Its values on the dimensions that the first hit fixes.
    pub tuples: [AttributeTuple; TUPLES_PER_VISIT],
    /// Its first page.
    pub entry: Sym,
    /// Its last page.
    pub exit: Sym,
    /// Its pageviews.
    pub pageviews: u32,
    /// Its named events.
    pub events: u32,
    /// Whole seconds from its first to its last pageview or event.
    pub seconds: u32,
    /// Whether it is a bounce.
    pub is_bounce: bool,
    /// The hour of its start.
    pub start: Hour,
}

/// What a visit did in one hour.
#[derive(Debug, Clone, Copy)]
pub struct VisitHour {
    /// The visit, counted from 0 within its visitor.
    pub visit: u8,
    /// The hour.
    pub hour: Hour,
    /// Its pageviews.
    pub pageviews: u32,
    /// Its named events.
    pub events: u32,
}

/// How far a visit has come in a funnel.
#[derive(Debug, Clone, Copy)]
pub struct ReachedSteps {
    /// The number of the funnel.
    pub funnel: u32,
    /// The visit, counted from 0 within its visitor.
    pub visit: u8,
    /// How many of its steps.
    pub steps: u8,
}

/// A property of a visit's hits in one hour.
#[derive(Debug, Clone, Copy)]
pub struct PropertyRow {
    /// The visit, counted from 0 within its visitor.
    pub visit: u8,
    /// Its key.
    pub key: Sym,
    /// The event that it came with; nothing for all events together.
    pub event: Option<Sym>,
    /// Its value.
    pub value: Sym,
    /// How many hits.
    pub count: u32,
    /// Whether they are pageviews.
    pub is_view: bool,
    /// The hour.
    pub hour: Hour,
}

/// One page, host and event that a visit has been at in one hour, after one page.
#[derive(Debug, Clone, Copy)]
pub struct PageVisitRow {
    /// The visit, counted from 0 within its visitor.
    pub visit: u8,
    /// The page.
    pub page: Sym,
    /// Host, event and patterns.
    pub attributes: HitAttributes,
    /// The page before, of pageviews; [`Sym::NOT_SET`] for the first. Empty if nobody is to be told.
    pub before: Sym,
    /// How many hits.
    pub count: u32,
    /// Whether they are pageviews.
    pub is_view: bool,
    /// Whether any ping came.
    pub is_engaged: bool,
    /// Visible milliseconds.
    pub ms: u32,
    /// Deepest scroll in percent.
    pub scroll: u8,
    /// The hour.
    pub hour: Hour,
    /// The event that brought money and its currency; empty unless it is about money ([`Visitor::paid`]).
    pub money: Sym,
    /// That money, in thousandths of the currency's unit.
    pub thousandths: i64,
}

impl Visitor {
    /// The visits in order of their start.
    pub fn visits(&self) -> impl Iterator<Item = VisitRow> {
        self.visits.iter().map(VisitState::row)
    }

    /// The visit that the last hit was in: its values on the dimensions that the first hit fixes, and its last page.
    pub fn current(&self) -> Option<([AttributeTuple; TUPLES_PER_VISIT], Sym)> {
        self.visits.last().map(|visit| (visit.tuples, visit.exit))
    }

    /// Where the visits have been.
    pub fn page_visits(&self) -> impl Iterator<Item = PageVisitRow> {
        self.page_visits.iter().map(PageVisit::row)
    }

    /// The properties of the visits' hits: each with all events together and, as far as it is counted under them, with its own. Which
    /// pages they came with is not remembered.
    pub fn properties(&self) -> impl Iterator<Item = PropertyRow> {
        self.rare.iter().flat_map(|rare| &rare.props).map(SeenProperty::row)
    }

    /// The steps of funnels that the visits have reached.
    pub fn steps(&self) -> impl Iterator<Item = ReachedSteps> {
        let progress = self.rare.iter().flat_map(|rare| &rare.progress);
        progress.map(|of_visit| ReachedSteps { funnel: of_visit.funnel, visit: of_visit.visit, steps: of_visit.steps })
    }

    /// What the visits did hour by hour.
    pub fn visit_hours(&self) -> impl Iterator<Item = VisitHour> {
        let of_visit = |(visit, state)| state_hours(visit, state);
        (0..).zip(&self.visits).flat_map(of_visit)
    }
}

fn state_hours(visit: u8, state: &VisitState) -> impl Iterator<Item = VisitHour> {
    state.hours().map(move |h| VisitHour { visit, hour: h.hour, pageviews: h.pageviews, events: h.events })
}

impl SeenProperty {
    fn row(&self) -> PropertyRow {
        let SeenProperty { key, event, value, count, visit, hour, is_view } = *self;
        PropertyRow { visit, key, event, value, count, is_view, hour }
    }
}

impl VisitState {
    fn row(&self) -> VisitRow {
        let whole = self.whole();
        VisitRow {
            tuples: self.tuples,
            entry: if self.hides.entry { Sym::EMPTY } else { self.entry },
            exit: if self.hides.exit { Sym::EMPTY } else { self.exit },
            pageviews: self.hours().map(|h| h.pageviews).sum(),
            events: self.hours().map(|h| h.events).sum(),
            seconds: self.length_ms / 1_000,
            is_bounce: whole.bounces > 0,
            start: self.start.hour,
        }
    }
}

impl PageVisit {
    fn row(&self) -> PageVisitRow {
        PageVisitRow {
            visit: self.visit,
            page: self.page,
            attributes: self.attributes,
            before: self.before,
            count: self.count,
            is_view: self.is_view,
            is_engaged: self.is_engaged(),
            ms: self.ms,
            scroll: self.scroll(),
            hour: self.hour,
            money: Sym::EMPTY,
            thousandths: 0,
        }
    }
}
