//! In: hits of senders without a token. Out: changes of sums, and what two such hits must share to be alike. Forgets: when
//! within the hour.

use serde::{Deserialize, Serialize};

use super::labels::{self, Labels};
use super::relabel::Relabelling;
use super::{Book, of_hits};
use crate::cell::{AttributeTuple, Axis, Cell, DayNames, Dimension, HitAttributes, OF_HITS, Sym, TUPLES_PER_VISIT};
use crate::hit::{Hit, Kind};
use crate::rejection::Rejection;
use crate::site::Hour;

/// What hits without a token share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UnknownHit {
    /// Values on the dimensions that the first hit of a visit fixes.
    pub tuples: [AttributeTuple; TUPLES_PER_VISIT],
    /// The page.
    pub page: Sym,
    /// Host, event and patterns.
    pub attributes: HitAttributes,
    /// The hour.
    pub hour: Hour,
    /// Whether it is a pageview.
    pub is_view: bool,
    /// The event that brought money and its currency; empty for hits without money.
    pub money: Sym,
}

/// How many hits are alike, and what they paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownCount {
    /// The hits.
    pub hits: u32,
    /// Their money, in thousandths of the currency's unit.
    pub thousandths: i64,
}

/// Books a hit without a token: its own dimensions, but no visitor, no visit, no entry and exit page. Hands out what it shares
/// with others, its money in thousandths, and its cells of properties.
///
/// # Errors
/// [`Rejection::NoVisit`] for engagement, which needs a visit.
pub fn take_unknown(
    hit: &Hit,
    names: &mut DayNames,
    book: &mut impl Book,
) -> Result<(UnknownHit, i64, Vec<Cell<Sym>>), Rejection> {
    if matches!(hit.kind, Kind::Engagement { .. }) {
        return Err(Rejection::NoVisit);
    }
    let labels = Labels::of(hit, names, false);
    let tuples = labels::tuples(hit, names);
    let Labels { page, attributes, .. } = labels;
    let (hour, is_view) = (hit.local.hour, hit.kind == Kind::Pageview);
    let (money, thousandths) = labels.money.as_ref().map_or((Sym::EMPTY, 0), |paid| (paid.joined, paid.thousandths));
    let unknown = UnknownHit { tuples, page, attributes, hour, is_view, money };
    let tally = of_hits(1, unknown.is_view);
    book.hour(Cell { axis: Axis::Total, value: Sym::EMPTY }, unknown.hour, tally);
    tuples.into_iter().for_each(|tuple| book.tuple_hour(tuple, unknown.hour, tally));
    let props: Vec<Cell<Sym>> = labels.prop_cells().collect();
    labels.cells(names).chain(props.iter().copied()).for_each(|cell| book.hour(cell, unknown.hour, tally));
    labels.book_money(unknown.hour, book);
    Ok((unknown, thousandths, props))
}

impl UnknownHit {
    /// Books all that `count` such hits count for, properties and money aside.
    pub fn contributions(&self, count: u32, names: &DayNames, book: &mut impl Book) {
        let (hour, tally) = (self.hour, of_hits(count, self.is_view));
        book.hour(Cell { axis: Axis::Total, value: Sym::EMPTY }, hour, tally);
        self.tuples.into_iter().for_each(|tuple| book.tuple_hour(tuple, hour, tally));
        let of_hit = OF_HITS.into_iter().zip(*names.hit_attributes.values(self.attributes));
        let patterns = names.hit_attributes.patterns(self.attributes).iter();
        let own = of_hit.chain(patterns.map(|pattern| (Dimension::Pattern, *pattern)));
        for (dimension, value) in own.chain([(Dimension::Page, self.page)]) {
            book.hour(Cell { axis: Axis::Of(dimension), value }, hour, tally);
        }
    }

    /// The same with `(other)` in place of what is gone.
    pub fn relabelled(&self, by: &Relabelling) -> UnknownHit {
        UnknownHit {
            tuples: self.tuples.map(|tuple| by.tuple(tuple)),
            page: by.page(self.page),
            attributes: by.attributes(self.attributes),
            money: if by.gone().has_money(self.money) { Sym::EMPTY } else { self.money },
            ..*self
        }
    }
}
