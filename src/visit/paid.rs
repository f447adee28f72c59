//! In: hits that brought money. Out: on which pages of which visits, how often and how much. Forgets: the single payment, and when
//! within the hour.

use serde::{Deserialize, Serialize};

use super::labels::Labels;
use super::relabel::GoneNames;
use super::{PageVisitRow, Rare, Relabelling, Visitor};
use crate::cell::{HitAttributes, Sym};
use crate::site::Hour;

/// Where a visit paid, in one hour.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct PaidPlace {
    page: Sym,
    attributes: HitAttributes,
    /// Event and currency.
    money: Sym,
    visit: u8,
    hour: Hour,
    /// How many events.
    count: u32,
    /// Their money, in thousandths of the currency's unit.
    thousandths: i64,
}

impl PaidPlace {
    /// What tells it from the others of a visitor.
    fn key(&self) -> (Sym, HitAttributes, Sym, u8, Hour) {
        (self.page, self.attributes, self.money, self.visit, self.hour)
    }

    fn row(&self) -> PageVisitRow {
        let PaidPlace { page, attributes, money, visit, hour, count, thousandths } = *self;
        PageVisitRow {
            visit,
            page,
            attributes,
            before: Sym::EMPTY,
            count,
            is_view: false,
            is_engaged: false,
            ms: 0,
            scroll: 0,
            hour,
            money,
            thousandths,
        }
    }

    pub(super) fn is_gone(&self, gone: &GoneNames) -> bool {
        gone.has_money(self.money) || gone.has_page(self.page) || gone.has_attributes(self.attributes)
    }
}

impl Rare {
    /// Remembers a hit that brought money.
    pub(super) fn take_paid(&mut self, visit: usize, labels: &Labels, hour: Hour) {
        let Some(money) = &labels.money else { return };
        let (page, attributes, visit) = (labels.page, labels.attributes, super::number(visit));
        let new = PaidPlace { page, attributes, money: money.joined, visit, hour, count: 0, thousandths: 0 };
        let place = self.paid.binary_search_by_key(&new.key(), PaidPlace::key).unwrap_or_else(|place| {
            self.paid.insert(place, new);
            place
        });
        let paid = &mut self.paid[place];
        (paid.count, paid.thousandths) = (paid.count + 1, paid.thousandths.saturating_add(money.thousandths));
    }

    /// Puts `(other)` in the place of pages, hosts and events that give way. Money whose own name goes is forgotten.
    pub(super) fn relabel_paid(&mut self, by: &Relabelling) {
        if !self.paid.iter().any(|paid| paid.is_gone(by.gone())) {
            return;
        }
        self.paid.retain(|paid| !by.gone().has_money(paid.money));
        for paid in &mut self.paid {
            (paid.page, paid.attributes) = (by.page(paid.page), by.attributes(paid.attributes));
        }
        self.paid.sort_by_key(PaidPlace::key);
        self.paid.dedup_by(|next, paid| {
            let is_same = next.key() == paid.key();
            if is_same {
                paid.count += next.count;
                paid.thousandths = paid.thousandths.saturating_add(next.thousandths);
            }
            is_same
        });
    }
}

impl Visitor {
    /// Whether any visit paid.
    pub fn has_paid(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| !rare.paid.is_empty())
    }

    /// Where the visits paid: events, each place once for each event and currency.
    pub fn paid(&self) -> impl Iterator<Item = PageVisitRow> {
        self.rare.iter().flat_map(|rare| &rare.paid).map(PaidPlace::row)
    }
}
