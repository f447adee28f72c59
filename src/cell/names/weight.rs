//! How many networks brought a name, roughly, in eight bytes.

use serde::{Deserialize, Serialize};

/// Who brings a name.
#[derive(Debug, Clone, Copy)]
pub struct Bringer {
    /// Tells visitors apart; 0 stands for one of whom nothing is known.
    pub who: u64,
    /// Tells networks apart; where they are not known, the minutes in which names come.
    pub network: u32,
    /// Whether names that are not there yet may get in.
    pub brings: bool,
}

/// The networks that brought a name. One is known as it is; of more there is a bitmap, in which each sets one of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NameWeight {
    bits: u32,
    is_many: bool,
}

impl NameWeight {
    /// That of a name that never gives way.
    pub(super) const KEPT: NameWeight = NameWeight { bits: u32::MAX, is_many: true };

    pub(super) fn of(network: u32) -> NameWeight {
        NameWeight { bits: network, is_many: false }
    }

    /// Whether another hit of this network changes nothing.
    pub(super) fn has(self, network: u32) -> bool {
        if self.is_many { self.bits & bit(network) != 0 } else { self.bits == network }
    }

    pub(super) fn add(&mut self, network: u32) {
        if !self.has(network) {
            let bits = if self.is_many { self.bits } else { bit(self.bits) };
            *self = NameWeight { bits: bits | bit(network), is_many: true };
        }
    }

    /// The only network that brought it.
    pub(super) fn only(self) -> Option<u32> {
        (!self.is_many).then_some(self.bits)
    }

    /// How many networks: 1 and 2 are told apart exactly, more by how many bits are most likely set by so many.
    pub(super) fn networks(self) -> u32 {
        if !self.is_many {
            return 1;
        }
        // Where all bits are set, half a bit is taken for unset.
        let unset = f64::from(self.bits.count_zeros()).max(0.5);
        let all = f64::from(u32::BITS);
        ((all / unset).ln() * all).round().max(2.0) as u32
    }
}

/// Minutes follow each other, so numbers are mixed before they choose a bit.
fn bit(network: u32) -> u32 {
    1 << (network.wrapping_mul(0x9e37_79b1) >> (u32::BITS - u32::BITS.trailing_zeros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_about_the_number_of_networks() {
        let mut weight = NameWeight::of(7);
        weight.add(7);
        assert_eq!((weight.networks(), weight.only()), (1, Some(7)));
        let mut known = 1_u64;
        for (expected, least, most) in [(2_u64, 2, 2), (10, 6, 14), (50, 30, 75), (1_000, 111, 200)] {
            for number in known..expected {
                // Bits as uniform as those of a hash.
                let network = number.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(11);
                weight.add((network ^ network >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) as u32);
            }
            known = expected;
            assert!((least..=most).contains(&weight.networks()), "{expected}: {}", weight.networks());
        }
        assert_eq!(weight, NameWeight::KEPT);
    }

    #[test]
    fn two_networks_are_two_whatever_their_bits() {
        let twin = (1..).find(|network| bit(*network) == bit(0)).unwrap();
        let mut weight = NameWeight::of(0);
        weight.add(twin);
        assert_eq!((weight.networks(), weight.only(), weight.has(0)), (2, None, true));
    }
}
