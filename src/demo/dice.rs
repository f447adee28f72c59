//! Numbers that look random and are the same for the same seed. They protect nobody, and are for made-up visitors only.

/// A stream of numbers: Steele, Lea and Flood's SplitMix64 (2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

/// The odd constant that SplitMix64 walks by: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// Dice of their own for each seed and stream: one site's day has no influence on another.
    pub fn new(seed: u64, stream: [u64; 2]) -> Dice {
        let mut dice = Dice(seed);
        for number in stream {
            dice = Dice(dice.bits() ^ number.wrapping_mul(STEP));
        }
        dice
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A fraction from 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `end`; 0 if there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.unit() * end as f64) as u64
    }

    /// Yes, so often.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Something about `middle`: mostly within a factor of two, seldom of five, as times that people take are.
    pub fn about(&mut self, middle: f64) -> f64 {
        let sum = self.unit() + self.unit() + self.unit() + self.unit();
        middle * ((sum - 2.0) * 1.4).exp()
    }

    /// The place of one of the weights, each as often as it weighs; 0 if all weigh nothing.
    pub fn place(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let mut left = self.below(weights.clone().map(u64::from).sum());
        for (place, weight) in weights.enumerate() {
            match left.checked_sub(u64::from(weight)) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    /// One of the items, each as often as it weighs; the list has at least one.
    pub fn pick<'a, T>(&mut self, weighted: &'a [(u32, T)]) -> &'a T {
        let place = self.place(weighted.iter().map(|(weight, _)| *weight));
        &weighted[place].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_does_not() {
        let roll = |seed, stream| (0..4).map(|_| 0).scan(Dice::new(seed, stream), |d, _| Some(d.bits())).collect();
        let first: Vec<u64> = roll(7, [1, 2]);
        assert_eq!(first, roll(7, [1, 2]));
        for other in [roll(8, [1, 2]), roll(7, [2, 1]), roll(7, [1, 3])] {
            assert!(first.iter().all(|bits| !other.contains(bits)));
        }
    }

    #[test]
    fn weights_are_kept_and_nothing_weightless_is_picked() {
        let mut dice = Dice::new(1, [0, 0]);
        let mut found = [0; 3];
        for _ in 0..10_000 {
            found[*dice.pick(&[(1, 0), (0, 1), (3, 2)])] += 1;
        }
        assert_eq!(found[1], 0);
        assert!((2_300..2_700).contains(&found[0]), "{found:?}");
    }

    #[test]
    fn fractions_and_lengths_stay_in_their_range() {
        let mut dice = Dice::new(3, [0, 0]);
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&dice.unit()) && dice.below(5) < 5);
            let length = dice.about(60.0);
            assert!((3.0..1_000.0).contains(&length), "{length}");
        }
        assert_eq!(dice.below(0), 0);
    }
}
