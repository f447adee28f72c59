//! In: names that carry money. Out: the same, kept: they never give way, so that money stays where it is booked. Forgets: nothing.

use super::uses::PROP_VALUES;
use super::weight::NameWeight;
use super::{DayNames, Sym, Use};
use crate::cell::Dimension;
use crate::cell::filter::JOINT;

impl DayNames {
    /// Keeps an event that carries money: it never gives way. Not more than half of a budget are kept for that, or else whoever sends
    /// amounts could fill it.
    pub fn keep_event(&mut self, event: Sym) -> bool {
        self.keep(Use::Value(Dimension::Event), event)
    }

    /// The same of a property.
    pub fn keep_prop(&mut self, key: Sym, value: Sym) -> bool {
        if !self.keep(Use::Key, key) {
            return false;
        }
        let budget = self.budget(PROP_VALUES);
        let Some(weight) = self.props.get_mut(&(key, value)) else { return true };
        if *weight == NameWeight::KEPT {
            return true;
        }
        let has_room = self.budgets[PROP_VALUES].paid < budget / 2;
        if has_room {
            *weight = NameWeight::KEPT;
            self.budgets[PROP_VALUES].paid += 1;
        }
        has_room
    }

    fn keep(&mut self, of: Use, sym: Sym) -> bool {
        let (budget, bit) = (self.budget(of.number()), of.bit());
        let (held, use_) = (&mut self.held[sym.0 as usize], &mut self.budgets[of.number()]);
        let has_room = held.kept & bit != 0 || use_.paid < budget / 2;
        if has_room && held.kept & bit == 0 {
            held.kept |= bit;
            use_.paid += 1;
        }
        has_room
    }

    /// The number of an event that brought money and its currency in one, which never gives way either; [`Sym::OTHER`] past the budget of
    /// a dimension. Sums by dimensions lack that then.
    pub fn money(&mut self, event: Sym, currency: Sym) -> Sym {
        let text = format!("{}{JOINT}{}", self.text(event), self.text(currency));
        let (bit, place) = (Use::Currency.bit(), Use::Currency.number());
        let found = self.find(&text);
        if let Some(known) = found.filter(|known| self.held[known.0 as usize].uses & bit != 0) {
            return known;
        }
        if self.budgets[place].paid >= self.values_max {
            return Sym::OTHER;
        }
        let sym = found.unwrap_or_else(|| self.add(&text));
        let held = &mut self.held[sym.0 as usize];
        (held.uses, held.kept) = (held.uses | bit, held.kept | bit);
        self.budgets[place].paid += 1;
        sym
    }
}
