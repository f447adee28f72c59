//! How much of a day can be read in spite of the noise, at 1,000 and at 100,000 visitors: the table of `docs/publishing.md`.
//!
//! `cargo test --test all -- publishing::utility --nocapture` prints it. The bits of the noise are made of a seed, so that it is the same
//! each time.

use std::convert::Infallible;
use std::fmt::Write;

use headcount::cell::Dimension;
use headcount::counts::published::{BoundedCounts, DiscreteLaplace, PUBLISHED, Release, shares};
use headcount::site::{Collected, Epsilon};

const PAGES: [&str; 3] = ["/", "/pricing", "/docs"];

/// Values and their visitors of a thousand, as a site in Germany might have them. The rest of the visitors are where nothing is known.
const MADE_UP: [(Dimension, &[(&str, u64)]); 7] = [
    (
        Dimension::Country,
        &[("DE", 520), ("AT", 110), ("CH", 90), ("US", 80), ("GB", 40), ("FR", 30), ("NL", 20), ("PL", 12), ("IT", 8)],
    ),
    (
        Dimension::Channel,
        &[("Direct", 430), ("Organic Search", 380), ("Referral", 90), ("Organic Social", 60), ("Email", 40)],
    ),
    (Dimension::Device, &[("desktop", 480), ("mobile", 490), ("tablet", 25), ("tv", 5)]),
    (Dimension::Browser, &[("Chrome", 520), ("Safari", 260), ("Firefox", 120), ("Edge", 70), ("Opera", 20)]),
    (Dimension::Os, &[("Windows", 350), ("Android", 300), ("iOS", 200), ("macOS", 110), ("Linux", 30)]),
    (Dimension::Screen, &[("xs", 460), ("lg", 60), ("xl", 280), ("xxl", 190)]),
    (Dimension::EntryPage, &[("/", 400), ("/pricing", 120), ("/docs", 80), ("(other)", 400)]),
];

/// A day with so many thousands of visitors.
fn day(thousands: u64) -> BoundedCounts {
    let mut counts = BoundedCounts::nobody(&PAGES.map(str::to_owned));
    counts.visitors = thousands * 1_000;
    for (dimension, values) in MADE_UP {
        let at = PUBLISHED.iter().position(|published| *published == dimension).unwrap();
        let mut rest = counts.visitors;
        for (value, of_thousand) in values {
            *counts.by[at].get_mut(*value).unwrap_or_else(|| panic!("{value} is not listed")) = of_thousand * thousands;
            rest -= of_thousand * thousands;
        }
        if rest > 0 {
            *counts.by[at].get_mut("(not set)").unwrap() += rest;
        }
    }
    counts
}

/// SplitMix64.
fn seeded(mut state: u64) -> impl FnMut() -> Result<u64, Infallible> {
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(mixed ^ (mixed >> 31))
    }
}

fn published(release: &Release, dimension: Dimension, value: &str) -> Option<u64> {
    let part = release.dimensions.iter().find(|part| part.dimension == dimension).unwrap();
    part.rows.iter().find(|(known, _)| **known == *value).map(|(_, visitors)| *visitors)
}

/// Lines of a value: what is true, what is published, how far that is off in percent.
fn columns(truth: u64, told: Option<u64>) -> String {
    let off = |told: u64| 100.0 * told.abs_diff(truth) as f64 / truth as f64;
    told.map_or_else(|| format!("{truth} | — | — |"), |told| format!("{truth} | {told} | {:.1} % |", off(told)))
}

fn table(days: [&BoundedCounts; 2], releases: [&Release; 2]) -> String {
    let mut text = String::from(
        "| | 1,000 visitors | published | off by | 100,000 visitors | published | off by |\n|---|---|---|---|---|---|---|\n",
    );
    let cells = [0, 1].map(|at: usize| columns(days[at].visitors, Some(releases[at].visitors)));
    let _ = writeln!(text, "| visitors | {} {}", cells[0], cells[1]);
    for (dimension, values) in MADE_UP {
        for (value, of_thousand) in values {
            let of =
                |at: usize, thousands: u64| columns(of_thousand * thousands, published(releases[at], dimension, value));
            let _ = writeln!(text, "| {} {value} | {} {}", dimension.name(), of(0, 1), of(1, 100));
        }
    }
    text
}

#[test]
fn what_is_published_of_a_day_is_of_use() {
    let (days, epsilon) = ([day(1), day(100)], Epsilon(1_000));
    let release = |day: &BoundedCounts, seed: u64| day.released(epsilon, Collected::ALL, &mut seeded(seed)).unwrap();
    let table = table([&days[0], &days[1]], [&release(&days[0], 1), &release(&days[1], 2)]);
    println!("{table}");
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/publishing.md")).unwrap();
    assert!(document.contains(&table), "docs/publishing.md needs this table:\n{table}");
}

#[test]
fn margins_and_cuts_hold_over_many_days() {
    let (day, epsilon, mut bits) = (day(1), Epsilon(1_000), seeded(3));
    let noise = DiscreteLaplace::of(epsilon, shares(Collected::ALL));
    let (mut rows, mut outside, mut by_chance) = (0_u64, 0_u64, 0_u64);
    let releases: Vec<Release> = (0..200).map(|_| day.released(epsilon, Collected::ALL, &mut bits).unwrap()).collect();
    for release in &releases {
        outside += u64::from(release.visitors.abs_diff(day.visitors) > noise.margin());
        for (part, values) in release.dimensions.iter().zip(&day.by) {
            // Of values far above the cut none is left out, so that the margin can be looked at.
            for (value, truth) in values.iter().filter(|(_, truth)| **truth > 200) {
                let told = published(release, part.dimension, value).unwrap();
                rows += 1;
                outside += u64::from(told.abs_diff(*truth) > noise.margin());
            }
            by_chance += part.rows.iter().filter(|(value, _)| values[value] == 0).count() as u64;
        }
    }
    let share = outside as f64 / (rows + releases.len() as u64) as f64;
    assert!((0.03..0.06).contains(&share), "{share} of the numbers are outside of their margins");
    // At the most half a value of each of the seven dimensions.
    let each = by_chance as f64 / releases.len() as f64;
    assert!((1.0..4.0).contains(&each), "{each} values of a day are there by chance");
}
