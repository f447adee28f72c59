//! The sampler against the distribution as a formula gives it, and the promise of the distribution. Bits are made of a seed, so that the
//! outcome is the same each time.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::*;

/// Random bits of a seed: SplitMix64, by Steele, Lea and Flood.
fn seeded(mut state: u64) -> impl FnMut() -> Result<u64, Infallible> {
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ (mixed >> 31))
    }
}

fn of_scale(numerator: u64, denominator: u64) -> DiscreteLaplace {
    DiscreteLaplace { scale: (numerator, denominator) }
}

/// How far samples are from a distribution: chi squared over the numbers that are expected 50 times at least and the rest in one, and
/// how many of these there are.
fn chi_squared(samples: &[i64], wanted: DiscreteLaplace) -> (f64, f64) {
    let all = samples.len() as f64;
    let last = (0..).find(|x| wanted.probability(x + 1) * all < 50.0).unwrap();
    let mut counts: BTreeMap<i64, u32> = BTreeMap::new();
    samples.iter().for_each(|sample| *counts.entry(*sample).or_default() += 1);
    let (mut sum, mut rest, mut rest_wanted) = (0.0, all, all);
    for x in -last..=last {
        let count = f64::from(counts.get(&x).copied().unwrap_or(0));
        let expected = wanted.probability(x) * all;
        sum += (count - expected).powi(2) / expected;
        (rest, rest_wanted) = (rest - count, rest_wanted - expected);
    }
    (sum + (rest - rest_wanted).powi(2) / rest_wanted, (2 * last + 1) as f64)
}

/// Whether samples may be of a distribution: an honest sampler fails this once in 10^10 seeds. With `n` degrees of freedom chi squared
/// is above `n + 2 sqrt(n t) + 2 t` with a probability of `exp(-t)` at the most (Laurent and Massart, 2000).
fn fits(samples: &[i64], wanted: DiscreteLaplace) -> bool {
    let (sum, freedom) = chi_squared(samples, wanted);
    sum <= freedom + 2.0 * (freedom * 23.0).sqrt() + 2.0 * 23.0
}

#[test]
fn samples_are_of_the_distribution_and_of_no_other() {
    for (seed, (numerator, denominator)) in
        [(1, 1), (8_000, 1_000), (8_000, 4_000), (3, 7), (80, 1)].into_iter().enumerate()
    {
        let noise = of_scale(numerator, denominator);
        let mut bits = seeded(seed as u64);
        let samples: Vec<i64> = (0..100_000).map(|_| noise.sample(&mut bits).unwrap()).collect();
        assert!(fits(&samples, noise), "{noise:?}: {:?}", chi_squared(&samples, noise));
        // The test would tell a sampler of twice the scale, of half of it, and one that is off by a tenth.
        for (by, of) in [(2, 1), (1, 2), (11, 10), (9, 10)] {
            let wrong = of_scale(numerator * by, denominator * of);
            assert!(!fits(&samples, wrong), "{noise:?} is taken for {wrong:?}");
        }
        // Nor would it pass numbers that are moved by a quarter of the scale, or 0 drawn by both signs.
        let by = 1 + noise.scale() as i64 / 4;
        let moved: Vec<i64> = samples.iter().map(|sample| sample + by).collect();
        let doubled: Vec<i64> =
            samples.iter().flat_map(|sample| vec![*sample; 1 + usize::from(*sample == 0)]).collect();
        assert!(!fits(&moved, noise) && !fits(&doubled, noise), "{noise:?}");
    }
}

#[test]
fn the_formula_is_that_of_the_literature() {
    let one = of_scale(1, 1);
    // (e - 1) / (e + 1) and the same times e^-3, by hand.
    assert!((one.probability(0) - 0.462_117_157_260_009_76).abs() < 1e-15);
    assert!((one.probability(-3) - 0.023007458502467).abs() < 1e-12, "{}", one.probability(-3));
    for noise in [one, of_scale(8_000, 1_000), of_scale(8_000, 100)] {
        let all: f64 = (-40_000..=40_000).map(|x| noise.probability(x)).sum();
        assert!((all - 1.0).abs() < 1e-9, "{noise:?}: {all}");
        for least in [1, 5, 30] {
            let tail: f64 = (least..40_000).map(|x| noise.probability(x)).sum();
            assert!((noise.tail(least as u64) - tail).abs() < 1e-9, "{noise:?}");
        }
    }
}

#[test]
fn margins_and_cuts_are_the_least_that_hold() {
    for (numerator, denominator) in [(8_000, 100), (8_000, 1_000), (8_000, 4_000), (1, 10)] {
        let noise = of_scale(numerator, denominator);
        let outside = |margin: u64| 2.0 * noise.tail(margin + 1);
        let margin = noise.margin();
        assert!(outside(margin) <= 0.05 && (margin == 0 || outside(margin - 1) > 0.05), "{noise:?}: {margin}");
        for listed in [1, 7, 260] {
            let cut = noise.cut(listed) as u64;
            let by_chance = |cut: u64| f64::from(listed) * noise.tail(cut);
            assert!(by_chance(cut) <= 0.5 && (cut == 1 || by_chance(cut - 1) > 0.5), "{noise:?}: {cut}");
        }
    }
    assert_eq!((of_scale(8, 1).margin(), of_scale(8, 1).cut(260)), (24, 45));
}

#[test]
fn no_outcome_is_more_than_e_to_the_epsilon_times_as_likely_with_one_visitor_more() {
    for thousandths in [100, 250, 500, 1_000, 2_000, 4_000] {
        let (epsilon, shares) = (Epsilon(thousandths), 8);
        let noise = DiscreteLaplace::of(epsilon, shares);
        // Each count is independent of the others, so their ratios multiply; a visitor changes one count in each share by 1.
        let ratio =
            |outcome: i64, count: i64| noise.probability(outcome - count) / noise.probability(outcome - count - 1);
        let worst = (-300..=300).flat_map(|outcome| [0, 1, 57].map(|count| ratio(outcome, count)));
        let worst = worst.map(|ratio: f64| ratio.ln().abs()).fold(0.0, f64::max) * f64::from(shares);
        assert!((worst - epsilon.number()).abs() < 1e-6, "{worst} is not {}", epsilon.number());
    }
}

#[test]
fn what_the_bits_fail_with_is_told() {
    let mut broken = || Err("no randomness");
    assert_eq!(of_scale(8, 1).sample(&mut broken), Err("no randomness"));
    let (mut bits, mut left) = (seeded(1), 3);
    let mut ending = move || {
        left -= 1;
        if left >= 0 { bits().map_err(|_| "") } else { Err("ended") }
    };
    assert!((0..3).map(|_| of_scale(8, 1).sample(&mut ending)).any(|drawn| drawn == Err("ended")));
}

#[test]
fn numbers_below_a_bound_are_equally_likely() {
    let mut bits = seeded(9);
    for end in [1, 2, 3, 7, 1 << 40, u64::MAX] {
        let drawn: Vec<u64> = (0..2_000).map(|_| below(end, &mut bits).unwrap()).collect();
        assert!(drawn.iter().all(|drawn| *drawn < end));
        let upper = drawn.iter().filter(|drawn| **drawn >= end / 2).count();
        let wanted = 2_000.0 * (end - end / 2) as f64 / end as f64;
        // Six standard deviations.
        assert!((upper as f64 - wanted).abs() <= 6.0 * (2_000.0_f64 * 0.25).sqrt(), "{end}: {upper}");
    }
}
