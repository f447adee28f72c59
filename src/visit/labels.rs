//! In: a hit and the day's names. Out: the numbers of its values, and the cells that it lies in by itself. Forgets: texts past the
//! budget.

use super::seen::SeenBefore;
use super::{Book, VisitChange, VisitState};
use crate::cell::{
    AttributeTuple, Axis, Bringer, Cell, DayNames, Dimension, FIXED, HitAttributes, NamedValue, OF_HITS, Sym,
    TUPLES_PER_VISIT, Tally, Use,
};
use crate::hit::Hit;
use crate::hit::token::{Network, Token};
use crate::site::Hour;

/// A hit's own values.
pub(super) struct Labels {
    pub(super) page: Sym,
    pub(super) attributes: HitAttributes,
    event: Sym,
    /// Keys and values of properties, each once, and whether they are counted under the event too.
    pub(super) props: Vec<(Sym, Sym, bool)>,
    pub(super) money: Option<PaidHit>,
}

impl Labels {
    /// The labels of a hit. A visitor who `has_been_everywhere` leaves no more than that there was one.
    pub(super) fn of(hit: &Hit, names: &mut DayNames, has_been_everywhere: bool) -> Labels {
        let from = bringer(hit);
        let event = event(hit, from, names);
        if has_been_everywhere {
            let values = OF_HITS.map(|dimension| if dimension == Dimension::Event { event } else { Sym::OTHER });
            let attributes = names.hit_attributes.of(values, Box::default(), Box::default());
            return Labels { page: Sym::OTHER, attributes, event, props: Vec::new(), money: None };
        }
        let page = page(hit, from, names);
        let values = OF_HITS.map(|dimension| match dimension {
            Dimension::Event => event,
            _ => value(hit, dimension, from, names),
        });
        let patterns = patterns(hit, from, names);
        let props = props(hit, event, from, names);
        let attributes = names.attributes(values, patterns.into(), named(hit, &props, names), from);
        let money = PaidHit::of(hit, (event, &props), from, names);
        Labels { page, attributes, event, props, money }
    }

    /// The cells of the page, of what else each hit has one value of, and of patterns, each once.
    pub(super) fn cells(&self, names: &DayNames) -> impl Iterator<Item = Cell<Sym>> + use<> {
        let of = |dimension, value| Cell { axis: Axis::Of(dimension), value };
        let patterns: Vec<Sym> = names.hit_attributes.patterns(self.attributes).to_vec();
        let values = OF_HITS.into_iter().zip(*names.hit_attributes.values(self.attributes));
        let own = values.map(move |(dimension, value)| of(dimension, value));
        std::iter::once(of(Dimension::Page, self.page))
            .chain(own)
            .chain(patterns.into_iter().map(move |pattern| of(Dimension::Pattern, pattern)))
    }

    /// The cells of properties, each once.
    pub(super) fn prop_cells(&self) -> impl Iterator<Item = Cell<Sym>> {
        self.props.iter().flat_map(|(key, value, is_under_event)| {
            let cell = |event| Cell { axis: Axis::Prop { key: *key, event }, value: *value };
            [Some(cell(None)), is_under_event.then(|| cell(Some(self.event)))].into_iter().flatten()
        })
    }

    /// Books the money that the event brought, in all and by each property.
    pub(super) fn book_money(&self, hour: Hour, book: &mut impl Book) {
        if let Some(money) = &self.money {
            money.book(hour, book);
        }
    }
}

/// Money that an event brought. The names that it is booked under are kept: it stays where it is booked.
pub(super) struct PaidHit {
    pub(super) thousandths: i64,
    currency: Sym,
    event: Sym,
    /// Event and currency in one.
    pub(super) joined: Sym,
    /// Properties that it is split by.
    props: Vec<(Sym, Sym)>,
}

impl PaidHit {
    /// The money of a hit with this event and properties, which say whether they are counted under the event.
    pub(super) fn of(
        hit: &Hit,
        (event, props): (Sym, &[(Sym, Sym, bool)]),
        from: Bringer,
        names: &mut DayNames,
    ) -> Option<PaidHit> {
        let money = hit.watched.money.as_ref()?;
        let currency = names.admit(Use::Currency, &money.currency, from);
        let event = if names.keep_event(event) { event } else { Sym::OTHER };
        let split =
            props.iter().filter(|(key, value, is_under_event)| *is_under_event && names.keep_prop(*key, *value));
        let props = split.map(|(key, value, _)| (*key, *value)).collect();
        let joined = if from.brings { names.money(event, currency) } else { Sym::OTHER };
        Some(PaidHit { thousandths: money.thousandths, currency, event, joined, props })
    }

    pub(super) fn book(&self, hour: Hour, book: &mut impl Book) {
        let tally = Tally { events: 1, revenue: self.thousandths, ..Tally::ZERO };
        let axis = |within| Axis::Revenue { event: self.event, within };
        book.hour(Cell { axis: axis(None), value: self.currency }, hour, tally);
        for (key, value) in &self.props {
            book.hour(Cell { axis: axis(Some((*key, self.currency))), value: *value }, hour, tally);
        }
    }
}

/// Who brings the names of a hit. Where networks are not known, the minute stands for one: a flood of a moment is one minute, and what
/// people read is read in more.
pub(super) fn bringer(hit: &Hit) -> Bringer {
    let minute = || hit.at.0.div_euclid(60_000) as u32;
    Bringer {
        who: hit.token.map_or(0, Token::bits),
        network: hit.network.map_or_else(minute, Network::bits),
        brings: true,
    }
}

/// The value of a hit on a dimension.
pub(super) fn value(hit: &Hit, dimension: Dimension, from: Bringer, names: &mut DayNames) -> Sym {
    match hit.watched.names(dimension) {
        true => names.admit_declared(Use::Value(dimension), hit.value(dimension), from),
        false => names.value(dimension, hit.value(dimension), from),
    }
}

/// The event of a hit.
pub(super) fn event(hit: &Hit, from: Bringer, names: &mut DayNames) -> Sym {
    match hit.watched.names(Dimension::Event) {
        true => names.admit_declared(Use::Value(Dimension::Event), hit.event(), from),
        false => names.value(Dimension::Event, hit.event(), from),
    }
}

/// The page of a hit.
pub(super) fn page(hit: &Hit, from: Bringer, names: &mut DayNames) -> Sym {
    match hit.watched.names(Dimension::Page) {
        true => names.admit_declared(Use::Value(Dimension::Page), &hit.page, from),
        false => names.page(&hit.page, from),
    }
}

/// The patterns that a hit lies in, which the owner has declared, in order of their numbers.
pub(super) fn patterns(hit: &Hit, from: Bringer, names: &mut DayNames) -> Vec<Sym> {
    let patterns = hit.watched.patterns.iter();
    let mut patterns: Vec<Sym> =
        patterns.map(|pattern| names.admit_declared(Use::Value(Dimension::Pattern), pattern, from)).collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}

/// Keys and values of a hit's properties, each once, and whether they are counted under the event too.
pub(super) fn props(hit: &Hit, event: Sym, from: Bringer, names: &mut DayNames) -> Vec<(Sym, Sym, bool)> {
    let mut props: Vec<(Sym, Sym, bool)> = Vec::with_capacity(hit.props.len());
    for key in &hit.watched.properties {
        names.admit_declared(Use::Key, key, from);
    }
    for (place, (key, value)) in hit.props.iter().enumerate() {
        let (is_key_named, is_named) = hit.watched.names_prop(place);
        if is_key_named {
            names.admit_declared(Use::Key, key, from);
        }
        let (key, value) = if is_named { names.prop_declared(key, value, from) } else { names.prop(key, value, from) };
        // Past the budget two of them may be one.
        if props.iter().any(|known| (known.0, known.1) == (key, value)) {
            continue;
        }
        let mut is_under_event = names.is_under_event(event, (key, value), from);
        if !is_under_event && is_key_named && hit.watched.names(Dimension::Event) {
            names.put_under_event(event, (key, value));
            is_under_event = true;
        }
        props.push((key, value, is_under_event));
    }
    props
}

/// Those properties that the owner has named, in order of their keys.
fn named(hit: &Hit, props: &[(Sym, Sym, bool)], names: &DayNames) -> Box<[NamedValue]> {
    let keys: Vec<Sym> = hit.watched.properties.iter().filter_map(|key| names.find(key)).collect();
    let named = props.iter().filter(|(key, value, _)| keys.contains(key) && *value != Sym::EMPTY);
    let named = named.map(|(key, value, _)| (*key, *value));
    let mut named: Vec<NamedValue> = named.collect();
    named.sort_unstable();
    named.into()
}

/// What a visit that begins with this hit keeps of it.
pub(super) fn tuples(hit: &Hit, names: &mut DayNames) -> [AttributeTuple; TUPLES_PER_VISIT] {
    let from = bringer(hit);
    let values = FIXED.map(|dimension| value(hit, dimension, from, names));
    if Dimension::Source.place_in_fixed().is_some_and(|place| values[place] == Sym::OTHER) {
        names.channel_and_source(hit.value(Dimension::Channel), hit.value(Dimension::Source), from);
    }
    names.tuples(&values, from)
}

impl VisitState {
    /// Drops what its site collects no more since it began: nothing further is booked there. What is booked stays.
    pub(super) fn leave_out(&mut self, hit: &Hit, names: &mut DayNames) {
        let collects = |dimension: Dimension| dimension.is_collected(hit.collected);
        self.hides.entry |= !collects(Dimension::EntryPage);
        self.hides.exit |= !collects(Dimension::ExitPage);
        let values = FIXED.map(|dimension| (dimension, names.tuples.values.value(self.tuples, dimension)));
        if values.iter().any(|(dimension, value)| *value != Sym::EMPTY && !collects(*dimension)) {
            let left = values.map(|(dimension, value)| if collects(dimension) { value } else { Sym::EMPTY });
            self.tuples = names.tuples(&left, bringer(hit));
        }
    }
}

/// Books what one hit changes for the only visit of a visitor. Nothing else can have put them into any cell, so all cells of
/// a tuple change alike.
pub(super) fn book_tuples(visit: &VisitState, step: &VisitChange, book: &mut impl Book) {
    step.book(visit.start.hour, SeenBefore::default(), |hour, tally| {
        visit.tuples.into_iter().for_each(|tuple| book.tuple_hour(tuple, hour, tally));
    });
}
