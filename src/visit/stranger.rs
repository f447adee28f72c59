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
    let mut count = |axis, value| book.hour(Cell { axis, value }, hour, tally);
    count(Axis::Total, Sym::EMPTY);
    for dimension in FIXED {
        count(Axis::Of(dimension), names.value(dimension, hit.value(dimension), from));
    }
    let source = names.known(Dimension::Source, hit.value(Dimension::Source));
    let source = names.text(source).clone();
    count(
        Axis::Of(Dimension::ChannelAndSource),
        names.channel_and_source(hit.value(Dimension::Channel), &source, from),
    );
    count(Axis::Of(Dimension::Page), labels::page(hit, from, names));
    let event = labels::event(hit, from, names);
    for dimension in OF_HITS {
        let value =
            if dimension == Dimension::Event { event } else { names.value(dimension, hit.value(dimension), from) };
        count(Axis::Of(dimension), value);
    }
    for pattern in labels::patterns(hit, from, names) {
        count(Axis::Of(Dimension::Pattern), pattern);
    }
    let mut props: Vec<(Sym, Sym, bool)> = Vec::with_capacity(hit.props.len());
    for (key, value) in &hit.props {
        let (key, value) = names.prop(key, value, from);
        if !props.iter().any(|known| (known.0, known.1) == (key, value)) {
            props.push((key, value, names.is_under_event(event, (key, value), from)));
        }
    }
    for (key, value, is_under_event) in &props {
        count(Axis::Prop { key: *key, event: None }, *value);
        if *is_under_event {
            count(Axis::Prop { key: *key, event: Some(event) }, *value);
        }
    }
    if let Some(money) = PaidHit::of(hit, (event, &props), from, names) {
        money.book(hour, book);
    }
    Ok(())
}
