//! The likeliest count of what has three or four values.
//!
//! Of all tables that fit what any two values count, the one is taken that assumes nothing further: how two of the values go together is
//! the same (as a ratio of odds) with and without the third. That is what iterative proportional fitting comes to. For three values
//! and their opposites, eight cells, it is the one number at which the product of the cells with an odd number of the values equals that
//! of the others, which is found at once. Fitting whole tables instead, or all values of one dimension, needs much more to be read and is
//! hardly nearer (docs/estimates.md).

use super::ValueBits;
use super::columns::{BoundedColumn, each};
use crate::limits;

/// The likeliest number of a set, within its bounds. Of four values it is what three of them tell within the fourth, on average.
pub(super) fn likely(column: &BoundedColumn, set: ValueBits) -> f64 {
    let (low, high) = (column.low[set] as f64, column.high[set] as f64);
    if low >= high {
        return high;
    }
    let many = set.count_ones();
    let found = match many {
        0..=2 => f64::midpoint(low, high),
        3 => within(column, set, 0),
        _ => each(set).map(|value| within(column, set & !value, value)).sum::<f64>() / f64::from(many),
    };
    found.clamp(low, high)
}

/// The number of three values among what has `rest`.
fn within(column: &BoundedColumn, three: ValueBits, rest: ValueBits) -> f64 {
    let number = |set: ValueBits| likely(column, set | rest);
    let [a, b, c] = [0, 1, 2].map(|at| each(three).nth(at).unwrap_or_default());
    equal_odds(number(0), [a, b, c].map(number), [a | b, a | c, b | c].map(number))
}

/// The number of what has three values, given all, each value and any two.
fn equal_odds(all: f64, [a, b, c]: [f64; 3], [ab, ac, bc]: [f64; 3]) -> f64 {
    // What has exactly these values, but for the number that is looked for: it is added to these, and taken from those.
    let added = [0.0, a - ab - ac, b - ab - bc, c - ac - bc];
    let taken = [ab, ac, bc, all - a - b - c + ab + ac + bc];
    let mut low = added.iter().fold(0.0_f64, |low, cell| low.max(-cell));
    let mut high = taken.into_iter().fold(f64::INFINITY, f64::min);
    for _ in 0..limits::ESTIMATE_HALVINGS {
        if high - low < limits::ESTIMATE_NEAR {
            break;
        }
        let middle = f64::midpoint(low, high);
        let odd: f64 = added.iter().map(|cell| cell + middle).product();
        let even: f64 = taken.iter().map(|cell| cell - middle).product();
        if odd < even { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_independent_is_estimated_as_such() {
        let found = equal_odds(1_000.0, [500.0, 200.0, 100.0], [100.0, 50.0, 20.0]);
        assert!((found - 10.0).abs() < 0.01, "{found}");
    }

    #[test]
    fn the_estimate_is_what_iterative_proportional_fitting_comes_to() {
        for (all, one, two) in [
            (100.0, [50.0, 40.0, 30.0], [30.0, 12.0, 20.0]),
            (1_000.0, [300.0, 20.0, 900.0], [15.0, 280.0, 11.0]),
            (60.0, [20.0, 20.0, 20.0], [10.0, 10.0, 10.0]),
        ] {
            let (found, fitted) = (equal_odds(all, one, two), fitted(all, one, two));
            assert!((found - fitted).abs() < 0.05, "{found} for {fitted}");
        }
    }

    /// The slow way: cells by bits, scaled to each two values in turn.
    fn fitted(all: f64, one: [f64; 3], two: [f64; 3]) -> f64 {
        let mut cells = [1.0_f64; 8];
        for _ in 0..2_000 {
            for (at, [x, y]) in [[0, 1], [0, 2], [1, 2]].into_iter().enumerate() {
                for wanted in 0..4 {
                    let target = match wanted {
                        3 => two[at],
                        1 => one[x] - two[at],
                        2 => one[y] - two[at],
                        _ => all - one[x] - one[y] + two[at],
                    };
                    let lies = |cell: usize| (cell >> x & 1) | (cell >> y & 1) << 1 == wanted;
                    let sum: f64 = (0..8).filter(|cell| lies(*cell)).map(|cell| cells[cell]).sum();
                    (0..8).filter(|cell| lies(*cell)).for_each(|cell| cells[cell] *= target / sum.max(1e-12));
                }
            }
        }
        cells[7]
    }
}
