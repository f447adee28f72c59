//! In: a hit and the day's names. Out: the numbers of its values, and the cells that it lies in by itself. Forgets: texts past the
//! budget.

use super::{Book, VisitChange, VisitState};
use crate::cell::{
    AttributeTuple, Axis, Cell, DayNames, Dimension, FIXED, HitAttributes, OF_HITS, Sym, TUPLES_PER_VISIT, Tally, Use,
};
use crate::hit::Hit;
use crate::limits;
use crate::site::Hour;

/// A hit's own values.
pub(super) struct Labels {
    pub(super) page: Sym,
    pub(super) attributes: HitAttributes,
    event: Sym,
    /// Keys and values of properties, each once, and whether they are counted under the event too.
    pub(super) props: Vec<(Sym, Sym, bool)>,
    /// Thousandths and currency.
    money: Option<(i64, Sym)>,
}

impl Labels {
    /// The labels of a hit. A visitor who `has_been_everywhere` leaves no more than that there was one.
    pub(super) fn of(hit: &Hit, who: u64, names: &mut DayNames, has_been_everywhere: bool) -> Labels {
        let event = names.value(Dimension::Event, hit.value(Dimension::Event), who);
        if has_been_everywhere || names.hit_attributes.len() >= limits::HIT_ATTRIBUTES_PER_DAY {
            let page = if has_been_everywhere { Sym::OTHER } else { names.page(&hit.page, who) };
            let values = OF_HITS.map(|dimension| if dimension == Dimension::Event { event } else { Sym::OTHER });
            let attributes = names.hit_attributes.of(values, Box::default());
            return Labels { page, attributes, event, props: Vec::new(), money: None };
        }
        let page = names.page(&hit.page, who);
        let values = OF_HITS.map(|dimension| names.value(dimension, hit.value(dimension), who));
        let mut patterns: Vec<Sym> =
            hit.watched.patterns.iter().map(|pattern| names.value(Dimension::Pattern, pattern, who)).collect();
        // Past the budget two of them may be one.
        patterns.sort_unstable();
        patterns.dedup();
        let attributes = names.hit_attributes.of(values, patterns.into());
        let mut props: Vec<(Sym, Sym, bool)> = Vec::with_capacity(hit.props.len());
        for (key, value) in &hit.props {
            let (key, value) = names.prop(key, value, who);
            if !props.iter().any(|known| (known.0, known.1) == (key, value)) {
                props.push((key, value, names.is_under_event(event, (key, value))));
            }
        }
        let money = hit.watched.money.as_ref();
        let money = money.map(|money| (money.thousandths, names.admit(Use::Currency, &money.currency, who)));
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
        let Some((thousandths, currency)) = self.money else { return };
        let tally = Tally { events: 1, revenue: thousandths, ..Tally::ZERO };
        let axis = |within| Axis::Revenue { event: self.event, within };
        book.hour(Cell { axis: axis(None), value: currency }, hour, tally);
        for (key, value, _) in self.props.iter().filter(|(_, _, is_under_event)| *is_under_event) {
            book.hour(Cell { axis: axis(Some((*key, currency))), value: *value }, hour, tally);
        }
    }
}

/// What a visit that begins with this hit keeps of it.
pub(super) fn tuples(hit: &Hit, who: u64, names: &mut DayNames) -> [AttributeTuple; TUPLES_PER_VISIT] {
    let values = FIXED.map(|dimension| names.value(dimension, hit.value(dimension), who));
    if Dimension::Source.place_in_fixed().is_some_and(|place| values[place] == Sym::OTHER) {
        names.channel_and_source(hit.value(Dimension::Channel), hit.value(Dimension::Source), who);
    }
    names.tuples(&values, who)
}

/// Books what one hit changes for the only visit of a visitor. Nothing else can have put them into any cell, so all cells of
/// a tuple change alike.
pub(super) fn book_tuples(visit: &VisitState, step: &VisitChange, book: &mut impl Book) {
    let (in_hour, at_start) = step.parts(visit.start.hour, false);
    for tuple in visit.tuples {
        book.tuple_hour(tuple, step.hour, in_hour);
        if !at_start.is_zero() {
            book.tuple_hour(tuple, visit.start.hour, at_start);
        }
        if step.is_new_visit {
            book.tuple_day_visitors(tuple, 1);
        }
    }
}
