//! What names are used for, each with a budget of its own.

use crate::cell::{Dimension, NOT_SET};
use crate::limits;

/// What a name is used for. Each kind has a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// The value of a dimension.
    Value(Dimension),
    /// The key of a property.
    Key,
    /// A currency, alone or joined with the event that brought the money.
    Currency,
}

/// One bit for each [`Use`].
pub(super) type UseBits = u32;

impl Use {
    /// The uses that are no dimension's.
    const OTHERS: [Use; 2] = [Use::Key, Use::Currency];
    pub(super) const COUNT: usize = Dimension::COUNTED.len() + Use::OTHERS.len();

    /// All uses, each at its number.
    pub(super) fn all() -> impl Iterator<Item = Use> {
        Dimension::COUNTED.into_iter().map(Use::Value).chain(Use::OTHERS)
    }

    /// Its place among all uses, which no other use has: dimensions are numbered by their rows.
    pub(super) const fn number(self) -> usize {
        match self {
            Use::Value(dimension) => dimension.place(),
            Use::Key => Dimension::COUNTED.len(),
            Use::Currency => Dimension::COUNTED.len() + 1,
        }
    }

    pub(super) const fn bit(self) -> UseBits {
        1 << self.number()
    }

    /// The value that is always taken in.
    pub(super) fn always_counted(self) -> &'static str {
        match self {
            Use::Value(dimension) => dimension.row().always_counted,
            Use::Key | Use::Currency => NOT_SET,
        }
    }
}

/// Where values of properties have their budget, behind those of all uses.
pub(super) const PROP_VALUES: usize = Use::COUNT;
/// The same of keys under an event.
pub(super) const EVENT_KEYS: usize = Use::COUNT + 1;
/// The same of values of these.
pub(super) const EVENT_PROPS: usize = Use::COUNT + 2;
/// The same of combinations of host, event and patterns.
pub(super) const ATTRIBUTES: usize = Use::COUNT + 3;
/// How many budgets there are.
pub(super) const PLACES: usize = Use::COUNT + 4;

/// Most of a budget that one network takes by itself. A currency carries money and never gives way, so that one network must
/// leave half of them.
pub(super) fn share_of(place: usize, budget: u32) -> u32 {
    match place == Use::Currency.number() {
        true => budget / 2,
        false => (budget / limits::NAMES_SHARE_PER).max(limits::NAMES_SHARE_MIN),
    }
}

/// No two uses share a number, and each has a bit.
const _: () = {
    let mut seen: UseBits = 0;
    let mut at = 0;
    while at < Use::COUNT {
        let use_ = match at < Dimension::COUNTED.len() {
            true => Use::Value(Dimension::COUNTED[at]),
            false => Use::OTHERS[at - Dimension::COUNTED.len()],
        };
        assert!(use_.number() < UseBits::BITS as usize, "there are more uses than bits: UseBits must be wider");
        assert!(use_.number() < Use::COUNT && seen & use_.bit() == 0, "two uses share a number");
        seen |= use_.bit();
        at += 1;
    }
};
