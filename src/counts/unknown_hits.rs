//! In: hits without a token. Out: how many of them are alike. Forgets: when within the hour.

use serde::{Deserialize, Serialize};

use super::Fast;
use crate::cell::{Blocks, Cell, Sym, Tally};
use crate::site::Hour;
use crate::visit::{UnknownCount, UnknownHit};

/// Hits of a day without a token, as far as they are alike.
#[derive(Debug, Default)]
pub(super) struct UnknownHits {
    /// Where each kind is among the hits.
    places: Fast<UnknownHit, u32>,
    /// Kinds of hits, and how many there are of each; none where a place is free.
    hits: Blocks<(UnknownHit, UnknownCount)>,
    /// Places of those that became another kind.
    free: Vec<u32>,
    /// The same, of each property by itself.
    pub(super) props: Fast<UnknownProperty, u32>,
}

/// What hits without a token share of one property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct UnknownProperty {
    pub(super) cell: Cell<Sym>,
    pub(super) hour: Hour,
    pub(super) is_view: bool,
}

impl UnknownHits {
    /// How many kinds of hits and of properties there are.
    pub(super) fn len(&self) -> usize {
        self.places.len() + self.props.len()
    }

    pub(super) fn hits(&self) -> &Blocks<(UnknownHit, UnknownCount)> {
        &self.hits
    }

    /// Takes a hit.
    pub(super) fn take(&mut self, hit: UnknownHit, thousandths: i64, props: &[Cell<Sym>]) {
        self.add(hit, UnknownCount { hits: 1, thousandths });
        for cell in props {
            let property = UnknownProperty { cell: *cell, hour: hit.hour, is_view: hit.is_view };
            *self.props.entry(property).or_default() += 1;
        }
    }

    /// The same as rows.
    pub(super) fn rows(&self) -> UnknownRows {
        UnknownRows { hits: self.hits.clone(), props: self.props.clone() }
    }

    fn add(&mut self, hit: UnknownHit, added: UnknownCount) {
        let (hits, free) = (&mut self.hits, &mut self.free);
        let new = || free.pop().unwrap_or_else(|| hits.push((hit, UnknownCount::default())) as u32);
        let place = *self.places.entry(hit).or_insert_with(new);
        if let Some(known) = self.hits.entry_mut(place as usize) {
            let UnknownCount { hits, thousandths } = known.1;
            let thousandths = if hit.money == Sym::EMPTY { 0 } else { thousandths.saturating_add(added.thousandths) };
            *known = (hit, UnknownCount { hits: hits + added.hits, thousandths });
        }
    }

    /// Makes the hits at a place those of another kind.
    pub(super) fn relabel(&mut self, place: usize, new: UnknownHit) {
        let Some((old, count)) = self.hits.entry_mut(place) else { return };
        let (old, count) = (*old, std::mem::take(count));
        self.places.remove(&old);
        self.free.push(place as u32);
        self.add(new, count);
    }
}

/// [`UnknownHits`] as it is kept in an image.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UnknownRows {
    hits: Blocks<(UnknownHit, UnknownCount)>,
    props: Fast<UnknownProperty, u32>,
}

impl From<UnknownRows> for UnknownHits {
    fn from(rows: UnknownRows) -> Self {
        let UnknownRows { hits, props } = rows;
        let (mut places, mut free) = (Fast::default(), Vec::new());
        for ((hit, count), place) in hits.iter().zip(0..) {
            if count.hits > 0 {
                places.insert(*hit, place);
            } else {
                free.push(place);
            }
        }
        UnknownHits { places, hits, free, props }
    }
}

impl UnknownProperty {
    /// What so many of its hits count.
    pub(super) fn tally(&self, count: u32) -> Tally {
        let (pageviews, events) = if self.is_view { (count, 0) } else { (0, count) };
        Tally { pageviews: pageviews.into(), events: events.into(), ..Tally::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{AttributeTuples, FIXED, HitAttributeTable};

    #[test]
    fn kinds_that_became_others_leave_their_places() {
        let tuples = AttributeTuples::default().of(&[Sym::EMPTY; FIXED.len()], |_, _| Sym::EMPTY);
        let attributes =
            HitAttributeTable::default().of([Sym::EMPTY; crate::cell::OF_HITS.len()], Box::default(), Box::default());
        let of =
            |page| UnknownHit { tuples, page: Sym(page), attributes, hour: Hour(9), is_view: true, money: Sym::EMPTY };
        let mut hits = UnknownHits::default();
        for round in 0..20 {
            (0..50).for_each(|page| hits.take(of(10 + round * 50 + page), 0, &[]));
            for place in 0..hits.hits().len() {
                if hits.hits()[place].0.page != Sym::OTHER && hits.hits()[place].1.hits > 0 {
                    hits.relabel(place, of(Sym::OTHER.0));
                }
            }
            hits = hits.rows().into();
        }
        assert!(hits.hits().len() <= 51, "{} places", hits.hits().len());
        assert_eq!((hits.len(), hits.hits().iter().map(|(_, count)| count.hits).sum::<u32>()), (1, 1_000));
    }
}
