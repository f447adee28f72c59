//! In: hits of senders who find no room as visitors. Out: changes of sums, under names that are there already. Forgets: everything
//! else; nothing of such a hit is remembered.

use super::labels::{self, PaidHit};
use super::{Book, of_hits};
use crate::cell::{Axis, Bringer, Cell, DayNames, Dimension, FIXED, OF_HITS, Sym};
use crate::hit::{Hit, Kind};
use crate::rejection::Rejection;

/// Books a hit as if its site kept no tokens: its own dimensions, but no visitor, no visit, no entry and exit page. It brings no
/// new names, and is in no cell of two dimensions.
///
/// # Errors
/// [`Rejection::NoVisit`] for engagement, which needs a visit.
pub fn take_stranger(hit: &Hit, names: &mut DayNames, book: &mut impl Book) -> Result<(), Rejection> {
    if matches!(hit.kind, Kind::Engagement { .. }) {
        return Err(Rejection::NoVisit);
    }
    let from = Bringer { brings: false, ..labels::bringer(hit) };
    let (hour, tally) = (hit.local.hour, of_hits(1, hit.kind == Kind::Pageview));
    let event = labels::event(hit, from, names);
    let mut cells = values(hit, event, from, names);
    let props = labels::props(hit, event, from, names);
    for (key, value, is_under_event) in &props {
        let events = [Some(None), is_under_event.then_some(Some(event))].into_iter().flatten();
        cells.extend(events.map(|event| (Axis::Prop { key: *key, event }, *value)));
    }
    cells.into_iter().for_each(|(axis, value)| book.hour(Cell { axis, value }, hour, tally));
    if let Some(money) = PaidHit::of(hit, (event, &props), from, names) {
        money.book(hour, book);
    }
    Ok(())
}

/// The total, and the values of all dimensions that such a hit has one of.
fn values(hit: &Hit, event: Sym, from: Bringer, names: &mut DayNames) -> Vec<(Axis<Sym>, Sym)> {
    let mut values = vec![(Axis::Total, Sym::EMPTY)];
    let mut add = |dimension, value| values.push((Axis::Of(dimension), value));
    for dimension in FIXED {
        add(dimension, labels::value(hit, dimension, from, names));
    }
    let source = names.known(Dimension::Source, hit.value(Dimension::Source));
    let source = names.text(source).clone();
    add(Dimension::ChannelAndSource, names.channel_and_source(hit.value(Dimension::Channel), &source, from));
    add(Dimension::Page, labels::page(hit, from, names));
    add(Dimension::Event, event);
    for dimension in OF_HITS.into_iter().filter(|dimension| *dimension != Dimension::Event) {
        add(dimension, labels::value(hit, dimension, from, names));
    }
    labels::patterns(hit, from, names).into_iter().for_each(|pattern| add(Dimension::Pattern, pattern));
    values
}
