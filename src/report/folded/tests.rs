//! An attacker who sees everything that is shown of days of made-up visitors can neither read nor compute a value below k.

use std::collections::HashSet;

use proptest::prelude::*;

use super::super::memory::{Memory, SITE};
use super::super::{Interval, Line, Question, Span, answer, answers};
use super::*;
use crate::cell::{Filter, Metric, NOT_SET, OTHER, PAGEVIEW, Test};
use crate::secret::small_counts::SmallCountsKey;
use crate::site::{Domain, Hour, LocalHour, Schedule, Settings};

/// 2026-05-30, so that days lie in two months.
const START: i32 = 20_603;

/// One visit: where from, with what, which pages, which event.
type MadeVisit = ((u8, u8, u8), (u8, u8), Vec<u8>, Option<u8>);
/// A visitor's visits of a day.
type MadeVisitor = Vec<MadeVisit>;

fn site(k: u32) -> Site {
    Site {
        id: SITE,
        domain: Domain::parse("example.com").unwrap(),
        schedule: Schedule::utc(),
        settings: Settings { small_counts_k: k, ..Settings::default() },
        added: Moment(0),
    }
}

fn kept() -> Kept {
    Kept::by(SmallCountsKey::of([7; 32]))
}

/// A moment at noon of a day after the start.
fn noon(day: i32) -> Moment {
    Moment(i64::from(START + day) * 86_400_000 + 43_200_000)
}

/// The cells that a visit has.
fn cells(visit: &MadeVisit) -> Vec<(Dimension, String)> {
    let ((country, region, city), (browser, version), pages, event) = visit;
    let code = ["DE", "FR", "US"][usize::from(*country % 3)];
    let region = match region % 3 {
        0 => NOT_SET.to_owned(),
        n => format!("{code}-{n}"),
    };
    let city = match (city % 3, region.as_str()) {
        (0, _) => NOT_SET.to_owned(),
        (n, NOT_SET) => format!("Town{n}, {code}"),
        (n, region) => format!("Town{n}, {region}"),
    };
    let browser = ["Chrome", "Samsung Internet", "Firefox"][usize::from(*browser % 3)];
    let version = if *version == 0 { NOT_SET.to_owned() } else { format!("{browser} {version}") };
    let (source, channel, referrer) = match (code, region.as_str()) {
        ("DE", NOT_SET) => ("example.org", "Referral", "example.org"),
        ("DE", _) => ("example.org", "Referral", "blog.example.org"),
        ("FR", _) => ("example.net", "Referral", "example.net"),
        _ => ("Google", "Organic Search", "www.google.com"),
    };
    let mut cells = vec![
        (Dimension::Source, source.to_owned()),
        (Dimension::Channel, channel.to_owned()),
        (Dimension::Referrer, referrer.to_owned()),
        (Dimension::UtmSource, if event.is_none() { NOT_SET } else { source }.to_owned()),
        (Dimension::Country, code.to_owned()),
        (Dimension::Region, region),
        (Dimension::City, city),
        (Dimension::Browser, browser.to_owned()),
        (Dimension::BrowserVersion, version),
    ];
    cells.extend(pages.iter().map(|page| (Dimension::Page, format!("/{page}"))));
    cells.extend(pages.first().map(|_| (Dimension::Event, PAGEVIEW.to_owned())));
    if let Some(event) = event {
        cells.push((Dimension::Event, format!("Event{event}")));
        cells.push((Dimension::Page, pages.first().map_or("/".into(), |page| format!("/{page}"))));
    }
    cells
}

const SEEN: [Dimension; 11] = [
    Dimension::Country,
    Dimension::Region,
    Dimension::City,
    Dimension::Browser,
    Dimension::BrowserVersion,
    Dimension::Page,
    Dimension::Event,
    Dimension::Source,
    Dimension::Channel,
    Dimension::Referrer,
    Dimension::UtmSource,
];

/// Who had each value on each day.
type Truth = HashMap<(i32, Dimension), BTreeMap<String, HashSet<usize>>>;

/// The sums of days of visitors, and who is behind them.
fn world(days: &[Vec<MadeVisitor>]) -> (Memory, Truth) {
    let (mut memory, mut truth) = (Memory::default(), Truth::new());
    for (at, visitors) in days.iter().enumerate() {
        let day = START + at as i32;
        let mut total = Tally::ZERO;
        let mut tallies: HashMap<(Dimension, String), Tally> = HashMap::new();
        for (who, visits) in visitors.iter().enumerate() {
            total.visitors += i64::from(!visits.is_empty());
            for visit in visits {
                total.visits += 1;
                total.pageviews += visit.2.len() as i64;
                total.events += i64::from(visit.3.is_some());
                for (dimension, value) in cells(visit) {
                    let events = i64::from(dimension == Dimension::Event && value != PAGEVIEW);
                    let tally = Tally { visits: 1, pageviews: 1 - events, events, ..Tally::ZERO };
                    *tallies.entry((dimension, value.clone())).or_default() += tally;
                    truth.entry((day, dimension)).or_default().entry(value).or_default().insert(who);
                }
            }
        }
        memory = memory.day(Axis::Total, Day(day), "", total);
        for ((dimension, value), tally) in tallies {
            let visitors = truth[&(day, dimension)][&value].len() as i64;
            memory = memory.day(Axis::Of(dimension), Day(day), &value, Tally { visitors, ..tally });
        }
    }
    (memory, truth)
}

fn question(axis: Axis<Name>, first: i32, last: i32, interval: Option<Interval>) -> Question {
    let span = Span::of_days(Day(START + first), Day(START + last));
    Question::new(SITE, span, axis, interval, &[Metric::Visitors, Metric::Pageviews])
}

/// The same over all buckets.
fn by_value(lines: &[Line]) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        *sums.entry(line.value.to_string()).or_default() += line.tally.visitors;
    }
    sums
}

/// What an attacker is shown of one day.
type Shown = HashMap<Dimension, BTreeMap<String, i64>>;

/// Nothing below k is shown or left over, and what is folded is k people at the least.
fn attack(k: i64, total: i64, shown: &Shown, truth: &Truth, day: i32) -> Result<(), TestCaseError> {
    let empty = BTreeMap::new();
    for dimension in SEEN {
        let real = truth.get(&(day, dimension)).unwrap_or(&empty);
        let values = &shown[&dimension];
        for (value, count) in values {
            prop_assert!(*count >= k, "{dimension:?} {value} shows {count}");
            if value != OTHER {
                prop_assert_eq!(*count, real[value].len() as i64);
            }
        }
        if values.contains_key(OTHER) {
            let hidden = real.iter().filter(|(value, _)| !values.contains_key(*value) && *value != PAGEVIEW);
            let people: HashSet<usize> = hidden.flat_map(|(_, who)| who).copied().collect();
            prop_assert!(people.len() as i64 >= k, "{dimension:?}: (other) is {} people", people.len());
        }
        let named = |value: &&String| *value != OTHER;
        if dimension != Dimension::Event {
            let rest = total - values.iter().filter(|(value, _)| named(value)).map(|(_, count)| count).sum::<i64>();
            prop_assert!(rest <= 0 || rest >= k, "{dimension:?}: {rest} are left of {total}");
        }
        for whole in dimension.implies() {
            attack_whole(k, shown, real, (dimension, *whole))?;
        }
    }
    for (whole, part, is_part) in PARTS {
        for (name, count) in shown[&whole].iter().filter(|(name, _)| *name != OTHER) {
            let rest =
                count - shown[&part].iter().filter(|(value, _)| is_part(value, name)).map(|(_, n)| n).sum::<i64>();
            prop_assert!(rest <= 0 || rest >= k, "{whole:?} {name} less its {part:?} leaves {rest} of {count}");
        }
    }
    Ok(())
}

/// The same of what a dimension is a part of. Where visitors have several parts, what is left may be nobody's number: it tells
/// something only if as many have what is hidden.
fn attack_whole(
    k: i64,
    shown: &Shown,
    real: &BTreeMap<String, HashSet<usize>>,
    (dimension, whole): (Dimension, Dimension),
) -> Result<(), TestCaseError> {
    let named = |(value, _): &(&String, &i64)| *value != OTHER;
    let values = || shown[&dimension].iter().filter(named);
    for (name, count) in shown[&whole].iter().filter(named) {
        let is_part = |value: &str| match whole {
            Dimension::Region => value.ends_with(&format!(", {name}")),
            Dimension::Country => {
                value.split_once(", ").map_or(value, |(_, place)| place).split('-').next() == Some(name)
            }
            _ => value.starts_with(&format!("{name} ")),
        };
        let rest = count - values().filter(|(value, _)| is_part(value)).map(|(_, count)| count).sum::<i64>();
        let hidden = real.iter().filter(|(value, _)| is_part(value) && !shown[&dimension].contains_key(*value));
        let people: HashSet<usize> = hidden.flat_map(|(_, who)| who).copied().collect();
        let is_theirs = people.len() as i64 == rest;
        prop_assert!(!(1..k).contains(&rest) || !is_theirs, "{dimension:?}: {rest} are left of {name} with {count}");
    }
    // What is not shown itself does not show through its parts.
    for (value, _) in values() {
        if let Some((_, place)) = value.split_once(", ").filter(|(_, place)| place.contains('-')) {
            prop_assert!(shown[&Dimension::Region].contains_key(place), "{value} shows {place}");
        }
    }
    Ok(())
}

/// Whether the first is a part of the second.
type IsPart = fn(&str, &str) -> bool;

/// What people know to be parts of others, by their names.
const PARTS: [(Dimension, Dimension, IsPart); 3] = [
    (Dimension::Source, Dimension::Referrer, |referrer, source| {
        referrer == source || referrer.ends_with(&format!(".{}", source.to_lowercase().replace("google", "google.com")))
    }),
    (Dimension::Source, Dimension::UtmSource, |value, source| value == source),
    (Dimension::Channel, Dimension::Source, |source, channel| {
        (channel == "Referral") == source.starts_with("example.")
    }),
];

fn visit() -> impl Strategy<Value = MadeVisit> {
    // Most come from few places with few browsers, as in life.
    let few = |most: u8| prop_oneof![4 => Just(1_u8), 2 => 0..most];
    let pages = prop::collection::vec(prop_oneof![3 => Just(0_u8), 2 => 0..9_u8], 0..4);
    let event = prop::option::weighted(0.3, 0..3_u8);
    let hits = (pages, event)
        .prop_map(|(pages, event)| if pages.is_empty() { (pages, event.or(Some(0))) } else { (pages, event) });
    ((few(3), few(3), few(3)), (few(3), few(4)), hits)
        .prop_map(|(place, agent, (pages, event))| (place, agent, pages, event))
}

fn day() -> impl Strategy<Value = Vec<MadeVisitor>> {
    prop::collection::vec(prop::collection::vec(visit(), 1..3), 0..26)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_value_of_a_day_below_k_can_be_read_or_taken_from_others(
        days in prop::collection::vec(day(), 1..5),
        k in 3..7_u32,
    ) {
        let (memory, truth) = world(&days);
        let (kept, site, today) = (kept(), site(k), days.len() as i32 - 1);
        let open = Folded::of(&memory, &site, noon(today), &kept);
        let axes = [Axis::Total].into_iter().chain(SEEN.map(Axis::Of));
        let by_day: Vec<Question> = axes.clone().map(|axis| question(axis, -40, 40, Some(Interval::Day))).collect();
        let lines = answers(&by_day, &open).unwrap();
        let sums: Vec<_> = lines.iter().map(|lines| by_value(lines)).collect();
        for day in 0..days.len() as i32 {
            let total = lines[0].iter().find(|line| line.bucket == Some(START + day)).map(|line| line.tally.visitors);
            let real = days[day as usize].len() as i64;
            prop_assert_eq!(total, (day < today && real >= i64::from(k)).then_some(real));
            let shown: Shown = SEEN.into_iter().zip(&lines[1..]).map(|(dimension, lines)| {
                let of_day = lines.iter().filter(|line| line.bucket == Some(START + day));
                (dimension, of_day.map(|line| (line.value.to_string(), line.tally.visitors)).collect())
            }).collect();
            match total {
                Some(total) => attack(k.into(), total, &shown, &truth, START + day)?,
                None => prop_assert!(shown.values().all(BTreeMap::is_empty)),
            }
        }
        // Months and ranges tell nothing but sums of such days, in memory or not.
        for interval in [None, Some(Interval::Week), Some(Interval::Month)] {
            for (axis, sum) in axes.clone().zip(&sums) {
                let lines = answer(&question(axis, -40, 40, interval), &open).unwrap();
                prop_assert_eq!(&by_value(&lines), sum);
            }
        }
    }

    #[test]
    fn without_visitors_hits_are_held_to_the_rule(hits in prop::collection::vec((0..5_u8, 1..9_i64), 1..12)) {
        let mut memory = Memory::default();
        for (page, pageviews) in &hits {
            let tally = Tally { pageviews: *pageviews, events: 1, ..Tally::ZERO };
            memory = memory.day(Axis::Total, Day(START), "", tally);
            memory = memory.day(Axis::Of(Dimension::Page), Day(START), &format!("/{page}"), tally);
        }
        let (kept, site) = (kept(), site(5));
        let open = Folded::of(&memory, &site, noon(1), &kept);
        let all: i64 = hits.iter().map(|(_, pageviews)| pageviews).sum();
        let lines = answer(&question(Axis::Of(Dimension::Page), 0, 0, None), &open).unwrap();
        let shown: i64 = lines.iter().map(|line| line.tally.pageviews).sum();
        prop_assert_eq!(shown, if all >= 5 { all } else { 0 });
        prop_assert!(lines.iter().all(|line| line.tally.pageviews >= 5 && line.tally.events == 0));
    }
}

#[test]
fn events_past_the_budget_are_counted_by_events_where_nobody_is_told_apart() {
    let total = Tally { pageviews: 40, events: 30, ..Tally::ZERO };
    let events = |events| Tally { events, ..Tally::ZERO };
    let memory = Memory::default()
        .day(Axis::Total, Day(START), "", total)
        .day(Axis::Of(Dimension::Event), Day(START), "Buy", events(10))
        .day(Axis::Of(Dimension::Event), Day(START), OTHER, events(20));
    let (kept, site) = (kept(), site(5));
    let open = Folded::of(&memory, &site, noon(1), &kept);
    let lines = answer(&question(Axis::Of(Dimension::Event), 0, 0, None), &open).unwrap();
    let shown: BTreeMap<String, i64> = lines.iter().map(|line| (line.value.to_string(), line.tally.events)).collect();
    assert_eq!(shown, [("Buy".to_owned(), 10), (OTHER.to_owned(), 20)].into());
}

/// What is said by sources as well, only finer or coarser, and what pages bound.
const FOR_PEOPLE: [Dimension; 9] = [
    Dimension::Referrer,
    Dimension::Channel,
    Dimension::UtmSource,
    Dimension::UtmMedium,
    Dimension::UtmCampaign,
    Dimension::UtmContent,
    Dimension::UtmTerm,
    Dimension::EntryPage,
    Dimension::ExitPage,
];

#[test]
fn nothing_but_totals_and_dimensions_of_days_that_are_over_is_told() {
    let tally = Tally { visitors: 50, visits: 50, pageviews: 50, ..Tally::ZERO };
    let name = Name::from("x");
    let prop = Axis::Prop { key: name.clone(), event: None };
    let revenue = Axis::Revenue { event: name.clone(), within: None };
    let axes = [Axis::Total, Axis::Of(Dimension::Page), Axis::Of(Dimension::Pattern), prop, revenue, Axis::Funnel(1)];
    let mut memory = Memory::default();
    for axis in &axes {
        let value = if *axis == Axis::Total { "" } else { "x" };
        for day in [0, 1] {
            let hour = LocalHour { day: Day(START + day), hour: Hour(3) };
            memory = memory.day(axis.clone(), Day(START + day), value, tally).hour(axis.clone(), hour, value, tally);
        }
    }
    let (kept, site) = (kept(), site(5));
    let open = Folded::of(&memory, &site, noon(1), &kept);
    let told: Vec<i64> = axes
        .iter()
        .map(|axis| {
            answer(&question(axis.clone(), -9, 9, None), &open).unwrap().iter().map(|line| line.tally.visitors).sum()
        })
        .collect();
    assert_eq!(told, [50, 50, 0, 0, 0, 0]);
    let for_people: Vec<Dimension> = Dimension::ALL.into_iter().filter(|dimension| !is_for_all(*dimension)).collect();
    assert_eq!(for_people, FOR_PEOPLE);
    for dimension in for_people.into_iter().chain([Dimension::Money]) {
        let memory =
            Memory::default().day(Axis::Total, Day(START), "", tally).day(Axis::Of(dimension), Day(START), "x", tally);
        let open = Folded::of(&memory, &site, noon(1), &kept);
        assert!(answer(&question(Axis::Of(dimension), -9, 9, None), &open).unwrap().is_empty(), "{dimension:?}");
    }
    assert!(answer(&question(Axis::Total, -9, 9, Some(Interval::Hour)), &open).unwrap().is_empty());
    let filter = Filter { axis: Axis::Of(Dimension::Page), test: Test::Is(vec!["x".into()]) };
    let filtered = question(Axis::Total, -9, 9, None).filtered(Some(filter));
    assert!(answer(&filtered, &open).unwrap().is_empty());
    let other = Question { site: SiteId(2), ..question(Axis::Total, -9, 9, None) };
    assert!(answer(&other, &open).unwrap().is_empty());
}

#[test]
fn what_is_kept_is_folded_anew_when_its_day_is_counted_further() {
    let tally = |visitors| Tally { visitors, visits: visitors, pageviews: visitors, ..Tally::ZERO };
    let page = |memory: Memory, visitors| {
        let memory = memory.day(Axis::Of(Dimension::Page), Day(START), "/", tally(visitors));
        memory.day(Axis::Total, Day(START), "", tally(visitors))
    };
    let (kept, site) = (kept(), site(5));
    let ask = |memory: &Memory| {
        let lines =
            answer(&question(Axis::Of(Dimension::Page), 0, 0, None), &Folded::of(memory, &site, noon(1), &kept));
        lines.unwrap().iter().map(|line| line.tally.visitors).sum::<i64>()
    };
    let memory = page(Memory::default(), 6);
    assert_eq!(ask(&memory), 6);
    let reads = memory.reads.get();
    assert_eq!((ask(&memory), memory.reads.get() - reads), (6, 1), "the second time only totals are read");
    assert_eq!(ask(&page(memory, 3)), 9);
}

#[test]
fn the_first_day_is_one_that_is_shown() {
    let tally = |visitors| Tally { visitors, visits: visitors, ..Tally::ZERO };
    let mut memory = Memory::default();
    for (day, visitors) in [(0, 1), (1, 5), (2, 9)] {
        memory = memory.day(Axis::Total, Day(START + day), "", tally(visitors));
    }
    let (kept, site) = (kept(), site(5));
    let first = |day| Folded::of(&memory, &site, noon(day), &kept).first_day(SITE).unwrap();
    assert_eq!([first(0), first(1), first(3)], [None, None, Some(Day(START + 1))]);
}
