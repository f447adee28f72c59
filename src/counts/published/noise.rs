//! In: random bits. Out: whole numbers by the discrete Laplace distribution, exactly. Forgets: the bits.
//!
//! The probability of `x` is `(1 - q) / (1 + q) * q^|x|` with `q = exp(-1 / scale)`. It is drawn by Algorithms 1 and 2 of Canonne, Kamath
//! and Steinke, *The Discrete Gaussian for Differential Privacy* (2020), <https://arxiv.org/abs/2004.00010>: whole numbers alone, so that
//! no rounding makes one outcome possible with a visitor and impossible without.

use crate::limits;
use crate::site::Epsilon;

/// The distribution of noise whose scale is a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscreteLaplace {
    /// Numerator and denominator of the scale, both above 0.
    scale: (u64, u64),
}

impl DiscreteLaplace {
    /// The noise for counts that one visitor changes by 1, with one of so many equal shares of an epsilon.
    pub fn of(epsilon: Epsilon, shares: u32) -> DiscreteLaplace {
        DiscreteLaplace { scale: (u64::from(shares.max(1)) * 1_000, u64::from(epsilon.0.max(1))) }
    }

    /// The scale: `probability(x + 1) / probability(x)` is `exp(-1 / scale)` from 0 on.
    pub fn scale(self) -> f64 {
        self.scale.0 as f64 / self.scale.1 as f64
    }

    /// The probability of a number.
    pub fn probability(self, x: i64) -> f64 {
        let q = (-1.0 / self.scale()).exp();
        (1.0 - q) / (1.0 + q) * (-(x.unsigned_abs() as f64) / self.scale()).exp()
    }

    /// The probability of a number from `least` on, which is above 0.
    fn tail(self, least: u64) -> f64 {
        let q = (-1.0 / self.scale()).exp();
        (-(least as f64) / self.scale()).exp() / (1.0 + q)
    }

    /// How far the noise is from 0 at the most, but for [`limits::MARGIN_PERCENT`] of the cases.
    pub fn margin(self) -> u64 {
        let outside = f64::from(limits::MARGIN_PERCENT) / 100.0;
        self.first(|beyond| 2.0 * self.tail(beyond) <= outside) - 1
    }

    /// The least count that is published of a value, where so many are listed: of values that nobody had, noise alone brings one there
    /// in [`limits::FALSE_ROW_PER_RELEASES`] releases, on average. It depends on no data.
    pub fn cut(self, listed: u32) -> i64 {
        let most = 1.0 / f64::from(limits::FALSE_ROW_PER_RELEASES);
        i64::try_from(self.first(|least| f64::from(listed) * self.tail(least) <= most)).unwrap_or(i64::MAX)
    }

    /// The first number above 0 for which a condition holds that holds for all further ones.
    fn first(self, holds: impl Fn(u64) -> bool) -> u64 {
        let (mut below, mut from) = (0, 1);
        while !holds(from) {
            (below, from) = (from, from * 2);
        }
        while from - below > 1 {
            let middle = below + (from - below) / 2;
            if holds(middle) { from = middle } else { below = middle }
        }
        from
    }

    /// Draws a number. `bits` gives 64 random bits at a time.
    ///
    /// # Errors
    /// What `bits` fails with.
    pub fn sample<E>(self, bits: &mut impl FnMut() -> Result<u64, E>) -> Result<i64, E> {
        let (numerator, denominator) = self.scale;
        loop {
            let low = below(numerator, bits)?;
            if !happens(low, numerator, bits)? {
                continue;
            }
            let mut high = 0_u64;
            while happens(1, 1, bits)? {
                high += 1;
            }
            let size = (low + numerator * high) / denominator;
            let is_negative = bits()? >> 63 == 1;
            // 0 would else come by both signs.
            if !(is_negative && size == 0) {
                let size = size as i64;
                return Ok(if is_negative { -size } else { size });
            }
        }
    }
}

/// Whether something of the probability `exp(-numerator / denominator)` happens; the fraction is at most 1.
fn happens<E>(numerator: u64, denominator: u64, bits: &mut impl FnMut() -> Result<u64, E>) -> Result<bool, E> {
    let mut terms = 1_u64;
    // The number of terms goes past a few dozen never: the odds are one to its factorial.
    while below(denominator.saturating_mul(terms), bits)? < numerator {
        terms += 1;
    }
    Ok(terms % 2 == 1)
}

/// A number below `end`, each as likely: of the bits that it takes, those past it are drawn anew.
fn below<E>(end: u64, bits: &mut impl FnMut() -> Result<u64, E>) -> Result<u64, E> {
    let unused = end.saturating_sub(1).leading_zeros();
    loop {
        let drawn = bits()?.checked_shr(unused).unwrap_or(0);
        if drawn < end {
            return Ok(drawn);
        }
    }
}

#[cfg(test)]
mod tests;
