//! One number that stands for a cell and an hour.

use crate::cell::names::NAMES_PER_DAY_MAX;
use crate::cell::{Axis, Cell, Sym};
use crate::site::Hour;

/// A cell and an hour as one number: each hit changes a dozen sums, and numbers are found fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SumKey(u128);

/// Names of a day have numbers below 2^24: their budgets together are smaller.
const NAME_BITS: u32 = 24;
const _: () = assert!(NAMES_PER_DAY_MAX < 1 << NAME_BITS);

impl SumKey {
    pub(super) fn of(cell: Cell<Sym>, hour: Hour) -> SumKey {
        let optional = |name: Option<Sym>| name.map_or(0, |name| u128::from(name.0) + 1);
        // 3 bits tell the kinds of axes apart; the rest of each fits into 72.
        let axis = match cell.axis {
            Axis::Total => 0,
            Axis::Of(dimension) => 1 | u128::from(dimension.code()) << 3,
            Axis::Prop { key, event } => 2 | u128::from(key.0) << 3 | optional(event) << (3 + NAME_BITS),
            Axis::Revenue { event, within: None } => 3 | u128::from(event.0) << 3,
            Axis::Revenue { event, within: Some((key, currency)) } => {
                let of_event = u128::from(event.0) << 3 | u128::from(key.0) << (3 + NAME_BITS);
                5 | of_event | u128::from(currency.0) << (3 + 2 * NAME_BITS)
            }
            Axis::Funnel(funnel) => 4 | u128::from(funnel) << 3,
        };
        SumKey(axis << (NAME_BITS + 8) | u128::from(cell.value.0) << 8 | u128::from(hour.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::cell::Dimension;

    #[test]
    fn each_cell_and_hour_has_a_key_of_its_own() {
        let syms = [0, 1, 2, 63, 64, (1 << NAME_BITS) - 2].map(Sym);
        let mut axes = vec![Axis::Total, Axis::Funnel(0), Axis::Funnel(1), Axis::Funnel(u32::MAX)];
        axes.extend(Dimension::COUNTED.map(Axis::Of));
        for key in syms {
            axes.push(Axis::Prop { key, event: None });
            axes.extend(syms.map(|event| Axis::Prop { key, event: Some(event) }));
            for event in syms {
                axes.extend(syms.map(|currency| Axis::Revenue { event, within: Some((key, currency)) }));
            }
            axes.push(Axis::Revenue { event: key, within: None });
        }
        let mut keys = HashSet::new();
        for axis in &axes {
            for value in syms {
                keys.extend([0, 1, 23].map(|hour| SumKey::of(Cell { axis: *axis, value }, Hour(hour)).0));
            }
        }
        assert_eq!(keys.len(), axes.len() * syms.len() * 3);
    }
}
