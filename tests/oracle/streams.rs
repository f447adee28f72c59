//! Random streams of hits that lie where counting is hard, counted by the program and by the naive walk. A stream that fails is
//! cut down and printed in the scenario language, ready for `visits.rs`.
//!
//! `PROPTEST_RNG_SEED` and `PROPTEST_CASES` ask for other and for more streams than the fixed ones.

use std::fmt::Write;

use headcount::cell::{Axis, Cell, Dimension, Tally};
use headcount::counts::Name;
use headcount::hit::Kind;
use headcount::site::{Day, Hour, Moment, SiteId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{FileFailurePersistence, RngSeed, TestRunner};

use super::{Figures, Table, figures, watched};
use crate::scenario::depth1::{OpenDays, hits};
use crate::scenario::{Scenario, Scene, Step, Wall, What};

const MINUTE_MS: i64 = 60_000;
const HALF_AN_HOUR_MS: i64 = 30 * MINUTE_MS;

/// Dates and zones where something happens: both nights of Berlin, a zone off by half an hour with a spring night of its
/// own, a clock that goes back by two hours, ends of months, zones that change on the day in both directions.
const SCENES: [Place; 10] = [
    ("2026-10-25", "Europe/Berlin", None),
    ("2026-03-29", "Europe/Berlin", None),
    ("2026-03-08", "America/St_Johns", None),
    ("2026-11-01", "America/St_Johns", None),
    // The clock goes back from three to one: the hour of two is over before that of one begins again.
    ("2026-10-25", "Antarctica/Troll", None),
    ("2026-05-31", "Asia/Kolkata", None),
    ("2026-06-01", "Etc/UTC", None),
    ("2026-12-31", "Etc/UTC", None),
    ("2026-06-01", "Etc/UTC", Some("America/New_York")),
    ("2026-06-01", "Europe/Berlin", Some("Asia/Kolkata")),
];

/// A hit before it is known when its sender did something before.
#[derive(Debug, Clone)]
struct Raw {
    step: Step,
    gap_ms: i64,
    /// Whether the gap is counted from the hit before the last one, so that a ping may lie in between.
    from_before: bool,
}

/// A story, and before which steps the days hand out what they have.
#[derive(Clone)]
pub struct Stream {
    pub scenario: Scenario,
    pub drains: Vec<bool>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f)?;
        let mut drains = self.drains.iter();
        for (line, text) in self.scenario.to_string().lines().enumerate() {
            let is_hit = line > self.scenario.sites.len() && !["restart", "kill"].contains(&text);
            let is_drained = is_hit && drains.next() == Some(&true);
            writeln!(f, "{text}{}", if is_drained { "    # after a flush" } else { "" })?;
        }
        Ok(())
    }
}

fn gap_ms() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => select(vec![0, 1, 999, 1_000, 30_000]),
        4 => 0..10 * MINUTE_MS,
        5 => select(vec![HALF_AN_HOUR_MS - 1, HALF_AN_HOUR_MS, HALF_AN_HOUR_MS + 1]),
        2 => 0..2 * HALF_AN_HOUR_MS,
        // Late arrivals.
        2 => select(vec![-1, -1_000, -MINUTE_MS]),
        1 => -2 * HALF_AN_HOUR_MS..0,
    ]
}

fn what() -> impl Strategy<Value = What> {
    let claims =
        select(vec![0, 1, 4_999, 5_000, 5_001, 31_000, 65_000, 30 * 60_000, Kind::SINCE_LAST_HIT_MS, u64::MAX]);
    let scroll = proptest::option::of(select(vec![0, 1, 50, 80, 100]));
    prop_oneof![
        5 => Just(What::Pageview),
        2 => (select(vec!["Signup", "Autoplay", "x"]), any::<bool>())
            .prop_map(|(name, interactive)| What::Event { name: name.to_owned(), interactive }),
        3 => (claims, scroll).prop_map(|(ms, scroll)| What::Engagement { ms, scroll }),
    ]
}

/// What a visit fixes at its first hit.
fn origin() -> impl Strategy<Value = Step> {
    let word = |words: &[&'static str]| select(words.to_vec()).prop_map(str::to_owned);
    let option = |words: &[&'static str]| proptest::option::of(word(words));
    let utm = vec((select(vec!["source", "medium", "campaign", "content", "term"]), word(&["a", "b"])), 0..2);
    let place = select(vec!["", "DE", "DE/DE-BY/Munich", "FR", "DE/DE-BY/Bonn"]);
    (
        (
            option(&["google.com", "a.test"]),
            option(&["Firefox", "Safari"]),
            option(&["xs", "xl"]),
            option(&["de", "a"]),
        ),
        (utm, place),
    )
        .prop_map(|((from, browser, screen, language), (utm, place))| Step {
            from,
            browser,
            screen,
            language,
            utm: utm.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            place: place.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            ..Step::default()
        })
}

fn raw() -> impl Strategy<Value = Raw> {
    // Values meet across dimensions on purpose: a page may be named like a property.
    let props = vec((select(vec!["plan", "a"]), select(vec!["pro", "a", "/a"])), 0..3);
    let who = prop_oneof![12 => select(vec!["ana", "bob", "eve"]).prop_map(Some), 1 => Just(None)];
    let place =
        (0..2_usize, who, select(vec!["/", "/a", "/b", "/a/b"]), proptest::option::weighted(0.2, Just("docs.test")));
    let gap = (gap_ms(), proptest::bool::weighted(0.25));
    (what(), place, gap, origin(), props).prop_map(|(what, place, (gap_ms, from_before), origin, props)| {
        let (site, who, page, host) = place;
        let (who, host) = (who.map(str::to_owned), host.map(str::to_owned));
        let mut step = Step { what, site, who, host, page: page.to_owned(), ..origin };
        for (key, value) in props {
            if !step.props.iter().any(|(other, _)| other == key) {
                step.props.push((key.to_owned(), value.to_owned()));
            }
        }
        Raw { step, gap_ms, from_before }
    })
}

pub fn stream() -> impl Strategy<Value = Stream> {
    let start =
        prop_oneof![2 => select(vec![-90, 0, 90, 23 * 60]).prop_map(|m| m * MINUTE_MS), 1 => 0..1_440 * MINUTE_MS];
    let hits = vec((raw(), proptest::bool::weighted(0.1)), 1..300);
    (select(SCENES.to_vec()), select(SCENES.to_vec()), start, hits).prop_map(|(first, second, start, hits)| {
        let (raws, drains) = hits.into_iter().unzip();
        Stream { scenario: timed(scenario(first, second), raws, start, &[]), drains }
    })
}

/// A stream that goes over some days and perhaps into further months.
pub fn long_stream() -> impl Strategy<Value = Stream> {
    let jump = prop_oneof![24 => Just(0), 2 => Just(1), 1 => Just(2), 1 => select(vec![6, 17])];
    let hits = vec((raw(), proptest::bool::weighted(0.1), jump), 40..160);
    (select(SCENES.to_vec()), select(SCENES.to_vec()), 0..1_440 * MINUTE_MS, hits).prop_map(
        |(first, second, start, hits)| {
            let (jumps, hits): (Vec<i64>, Vec<(Raw, bool)>) =
                hits.into_iter().map(|(raw, drain, jump)| (jump * 1_440 * MINUTE_MS, (raw, drain))).unzip();
            let (raws, drains) = hits.into_iter().unzip();
            Stream { scenario: timed(scenario(first, second), raws, start, &jumps), drains }
        },
    )
}

type Place = (&'static str, &'static str, Option<&'static str>);

/// Two sites, on the first one's date.
fn scenario(first: Place, second: Place) -> Scenario {
    let scene = |domain: &str, (_, zone, then): Place| Scene {
        domain: domain.to_owned(),
        zone: zone.to_owned(),
        then: then.map(str::to_owned),
    };
    let sites = vec![scene("example.com", first), scene("shop.test", second)];
    Scenario { date: first.0.parse().expect("a date"), sites, steps: Vec::new(), ends: Vec::new() }
}

/// Puts the hits on the clock: each `gap_ms` after one of the last two of its sender. Before each of them everybody may have
/// done nothing for some time.
fn timed(mut scenario: Scenario, raws: Vec<Raw>, start_ms: i64, idle_ms: &[i64]) -> Scenario {
    let schedules = [scenario.schedule(0), scenario.schedule(1)];
    let start = schedules[0].start_of(Day::of(scenario.date)).plus(start_ms);
    let mut last_two: Table<(usize, Option<String>), [Moment; 2]> = Table::default();
    let mut idle = 0;
    for (place, Raw { mut step, gap_ms, from_before }) in raws.into_iter().enumerate() {
        idle += idle_ms.get(place).unwrap_or(&0);
        let last_two = last_two.entry((step.site, step.who.clone())).or_insert([start; 2]);
        let at = last_two[usize::from(!from_before)].plus(gap_ms);
        *last_two = [last_two[1], last_two[1].max(at)];
        step.at = Wall::of(at.plus(idle), scenario.date, &schedules[step.site]);
        scenario.steps.push(step);
    }
    scenario
}

pub fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(0x6865_6164);
    }
    config.max_shrink_iters = 4_000;
    // What fails becomes a scenario by name, not a line of seeds.
    config.failure_persistence = Some(Box::new(FileFailurePersistence::Off));
    config
}

/// One cell in one bucket.
pub type Key<'a> = (SiteId, Day, Option<Hour>, Cell<&'a str>);

fn view(cell: &Cell<Name>) -> Cell<&str> {
    let axis = match &cell.axis {
        Axis::Total => Axis::Total,
        Axis::Of(dimension) => Axis::Of(*dimension),
        Axis::Prop { key, event } => Axis::Prop { key: &**key, event: event.as_deref() },
        Axis::Revenue { event, within } => {
            let within = within.as_ref().map(|(key, currency)| (&**key, &**currency));
            Axis::Revenue { event: &**event, within }
        }
        Axis::Funnel(number) => Axis::Funnel(*number),
    };
    Cell { axis, value: &cell.value }
}

pub fn streamed(days: &OpenDays) -> Table<Key<'_>, Tally> {
    let hours =
        days.hours.iter().map(|((site, day, hour, cell), tally)| ((*site, *day, Some(*hour), view(cell)), *tally));
    let days = days.days.iter().map(|((site, day, cell), tally)| ((*site, *day, None, view(cell)), *tally));
    hours.chain(days).filter(|(_, tally)| !tally.is_zero()).collect()
}

pub fn walked<'a>(figures: &Figures<'a>) -> Table<Key<'a>, Tally> {
    let hours =
        figures.hours.iter().map(|((site, day, hour, cell), tally)| ((*site, *day, Some(*hour), *cell), *tally));
    let days = figures.days.iter().map(|((site, day, cell), tally)| ((*site, *day, None, *cell), *tally));
    hours.chain(days).filter(|(_, tally)| !tally.is_zero()).collect()
}

/// Where two tables differ, at most ten places; nothing if they are equal.
pub fn differences<K: Ord + std::hash::Hash + std::fmt::Debug>(
    counted: &Table<K, Tally>,
    expected: &Table<K, Tally>,
) -> Option<String> {
    let keys: std::collections::BTreeSet<_> = counted.keys().chain(expected.keys()).collect();
    let mut report = String::new();
    for key in keys.into_iter().filter(|key| counted.get(*key) != expected.get(*key)).take(10) {
        let numbers = |table: &Table<K, Tally>| table.get(key).copied().unwrap_or_default().columns();
        let _ = writeln!(report, "{key:?}\n    expected {:?}\n    counted  {:?}", numbers(expected), numbers(counted));
    }
    (!report.is_empty()).then_some(report)
}

/// Plays a stream; the verdict on each hit, and what the days handed out.
pub fn play(stream: &Stream, hits: &[headcount::hit::Hit]) -> (Vec<bool>, OpenDays) {
    let mut days = OpenDays::default();
    let mut verdicts = Vec::with_capacity(hits.len());
    for (hit, drain) in hits.iter().zip(&stream.drains) {
        if *drain {
            days.drain();
        }
        verdicts.push(days.take(hit).is_ok());
    }
    days.drain();
    (verdicts, days)
}

#[test]
fn every_figure_is_that_of_a_naive_walk() {
    let compare = |stream: Stream| {
        let mut hits = hits(&stream.scenario);
        let from = hits.len() / 4;
        watched::mark(&mut hits, from);
        let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
        let expected = figures(&schedules, &hits);
        let (verdicts, days) = play(&stream, &hits);
        prop_assert_eq!(&verdicts, &expected.verdicts);
        let counted = streamed(&days);
        if let Some(report) = differences(&counted, &walked(&expected)) {
            return Err(TestCaseError::fail(report));
        }
        let mut months = Table::default();
        for ((site, day, _, cell), tally) in counted.iter().filter(|((_, _, hour, _), _)| hour.is_none()) {
            *months.entry((*site, day.month(), *cell)).or_default() += *tally;
        }
        differences(&months, &expected.months).map_or(Ok(()), |report| Err(TestCaseError::fail(report)))
    };
    TestRunner::new(config(256)).run(&stream(), compare).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn figures_agree_with_each_other() {
    let agree = |stream: Stream| {
        let (_, days) = play(&stream, &hits(&stream.scenario));
        let counted = streamed(&days);
        for (key, tally) in &counted {
            prop_assert!(tally.columns().iter().all(|number| *number >= 0), "{key:?} {tally:?}");
            prop_assert!(tally.bounces <= tally.visits && tally.engaged_visits <= tally.visits, "{key:?} {tally:?}");
            prop_assert!(tally.visitors <= tally.pageviews + tally.events, "{key:?} {tally:?}");
        }
        parts_sum_to_totals(&counted)
    };
    TestRunner::new(config(32)).run(&stream(), agree).unwrap_or_else(|error| panic!("{error}"));
}

/// Whether the values of each dimension add up to the total of their bucket, in what can be added.
fn parts_sum_to_totals(counted: &Table<Key<'_>, Tally>) -> Result<(), TestCaseError> {
    let mut sums: Table<(SiteId, Day, Option<Hour>, Dimension), Tally> = Table::default();
    for ((site, day, hour, cell), tally) in counted {
        if let Axis::Of(dimension) = cell.axis {
            *sums.entry((*site, *day, *hour, dimension)).or_default() += *tally;
        }
    }
    let of_visits = |tally: Tally| (tally.visits, tally.bounces, tally.seconds);
    let of_hits = |tally: Tally| (tally.pageviews, tally.events);
    let totals = counted.iter().filter(|((.., cell), _)| cell.axis == Axis::Total);
    for (((site, day, hour, _), total), dimension) in totals.flat_map(|total| Dimension::ALL.map(|d| (total, d))) {
        let sum = sums.get(&(*site, *day, *hour, dimension)).copied().unwrap_or_default();
        if dimension.is_of_visit() {
            prop_assert_eq!(of_visits(sum), of_visits(*total), "{:?} {:?} {:?}", day, hour, dimension);
        }
        // Hits without a token have no entry and exit page.
        match dimension {
            Dimension::EntryPage | Dimension::ExitPage => prop_assert!(sum.pageviews <= total.pageviews),
            _ => prop_assert_eq!(of_hits(sum), of_hits(*total), "{:?} {:?} {:?}", day, hour, dimension),
        }
    }
    Ok(())
}
