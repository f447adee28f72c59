//! The store in memory answers as the file does, and nobody in front of a store can tell which one it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use headcount::cell::{Axis, Dimension, Filter, ForgottenAxis, ForgottenValue, ForgottenValues, Test};
use headcount::clock::Clock;
use headcount::collector::{Collector, Outcome};
use headcount::counts::{DaySegments, Name, OpenDay, Room, SessionSnapshot};
use headcount::hit::Tools;
use headcount::hit::agent::Agents;
use headcount::hit::place::Places;
use headcount::report::Sums;
use headcount::site::{Budget, Day, Domain, LeastAtRest, Moment, Schedule, Segment, Settings, Site, SiteId};
use headcount::store::sums::memory::MemorySums;
use headcount::store::{
    self, Ask, CountedBy, Cut, DayState, Flush, Forgetting, Grain, InMemory, RowsBy, Stores, SumRow, TakenOut,
    TakenOutOf,
};
use proptest::prelude::*;

use super::contract::{DAY, Kept, SITE, ask, cells, rows, state};
use crate::scenario::Scenario;
use crate::scenario::depth1::hits;

/// One thing that happens to a store.
#[derive(Debug, Clone)]
enum Happening {
    Cells(i32, Vec<(u8, i64)>),
    /// A snapshot of the first visitors of a day.
    Snapshot(i32, u8, CountedBy, u32, bool),
    /// Only sums were left of a day.
    Close(i32),
    Today(i32),
    EndImports,
    Reopen,
    RemoveSite,
    /// Something is forgotten: values by their place among some, or everything; on days from one to another, or on all.
    Forget(Option<u8>, Option<(i32, i32)>),
}

fn happening() -> impl Strategy<Value = Happening> {
    let day = 0..40_i32;
    let by = prop_oneof![Just(CountedBy::Live), Just(CountedBy::Import)];
    let cells = proptest::collection::vec((0..6_u8, -2..9_i64), 1..6);
    prop_oneof![
        4 => (day.clone(), cells).prop_map(|(day, cells)| Happening::Cells(day, cells)),
        6 => (day.clone(), 1..6_u8, by, prop_oneof![Just(u32::MAX), Just(40)], any::<bool>())
            .prop_map(|(day, visits, by, most, is_over)| Happening::Snapshot(day, visits, by, most, is_over)),
        1 => day.prop_map(Happening::Close),
        2 => (0..100_i32).prop_map(Happening::Today),
        1 => Just(Happening::EndImports),
        1 => Just(Happening::Reopen),
        1 => Just(Happening::RemoveSite),
        2 => (proptest::option::weighted(0.8, 0..5_u8), proptest::option::of((0..40_i32, 0..40_i32)))
            .prop_map(|(values, days)| Happening::Forget(values, days)),
    ]
}

const VISITS: [&str; 5] = [
    "09:00 ana / from google.com\n",
    "09:10 bob /a with Firefox\n",
    "10:00 cem / speaks de\n",
    "10:05 cem event Signup on /a plan=pro size=L\n10:06 cem event Signup on /b plan=free\n",
    "23:00 dan /b utm source=x\n23:01 dan event Signup on /a plan=pro\n",
];

/// A snapshot of a site that has declared two segments: one of hits, one of visits.
fn with_segments(snapshot: Arc<SessionSnapshot>) -> Arc<SessionSnapshot> {
    let segment = |(number, condition): (u32, &str)| Segment {
        number,
        name: format!("Segment {number}"),
        condition: condition.to_owned(),
        since_ms: 0,
    };
    let segments = (1..).zip(["page=/,/a", "has_done event=Signup or browser=Firefox"]).map(segment).collect();
    let settings = Settings { segments, ..Settings::default() };
    let domain = Domain::parse("example.com").unwrap();
    let site = Site { id: SITE, domain, schedule: Schedule::utc(), settings, added: Moment(0) };
    Arc::new(Arc::unwrap_or_clone(snapshot).with_segments(DaySegments::of(&site, DAY)))
}

/// Questions about segments.
fn of_segments(grain: Grain) -> Vec<Ask> {
    let is = |number: &str| Filter { axis: Axis::Of(Dimension::Segment), test: Test::Is(vec![number.to_owned()]) };
    let axes = [Axis::Total, Axis::Of(Dimension::Page), Axis::Of(Dimension::Browser), Axis::Of(Dimension::Segment)];
    let under = ["1", "2"].into_iter().flat_map(|number| axes.clone().map(|axis| (axis, Some(is(number)))));
    let all = [(Axis::Of(Dimension::Segment), None)];
    under.chain(all).map(|(axis, filter)| Ask { filter, ..ask(SITE, grain, axis, None) }).collect()
}

/// A day of a site that has named two properties.
fn named_day(story: &str) -> OpenDay {
    let mut open = OpenDay::new(SITE, DAY, Budget::default());
    for mut hit in hits(&Scenario::parse(story)) {
        hit.watched.properties = hit.props.iter().map(|(key, _)| key.as_str().into()).collect();
        open.take(&hit, || Room::Visitor).unwrap();
    }
    open
}

/// Questions about properties and other dimensions.
fn of_properties(grain: Grain) -> Vec<Ask> {
    let plan = || Axis::Prop { key: "plan".into(), event: None };
    let is = |axis: Axis<Name>, value: &str| Filter { axis, test: Test::Is(vec![value.to_owned()]) };
    let others = |axis| Filter { axis, test: Test::Not(Box::new(Test::Is(vec!["free".to_owned()]))) };
    let (page, browser) = (Axis::Of(Dimension::Page), Axis::Of(Dimension::Browser));
    let asked = [
        (plan(), is(page.clone(), "/a")),
        (page.clone(), is(plan(), "pro")),
        (browser, others(plan())),
        (plan(), is(Axis::Of(Dimension::Segment), "1")),
    ];
    let mut asks: Vec<Ask> = Vec::new();
    for (axis, filter) in asked {
        let ask = Ask { filter: Some(filter), ..ask(SITE, grain, axis.clone(), None) };
        let kept = (axis == page).then(|| Test::Is(vec!["/a".to_owned()]));
        let rows = [RowsBy::Axis, RowsBy::Nothing, RowsBy::Both];
        asks.extend(rows.map(|rows| Ask { cut: Cut { kept: kept.clone(), rows }, ..ask.clone() }));
    }
    asks
}

/// Questions about sections, which are counted of the same snapshots.
fn of_sections(grain: Grain) -> Vec<Ask> {
    let sections = Axis::Of(Dimension::Section);
    let is = |values: &[&str]| {
        let test = Test::Is(values.iter().map(|value| (*value).to_owned()).collect());
        Some(Filter { axis: Axis::Of(Dimension::Section), test })
    };
    let asked = [
        (sections.clone(), None),
        (Axis::Total, is(&["/a"])),
        (Axis::Total, is(&["/", "/a"])),
        (sections, is(&["/", "/a"])),
        (Axis::Of(Dimension::Browser), is(&["/"])),
        (Axis::Of(Dimension::Page), is(&["/a", "/b"])),
    ];
    asked.into_iter().map(|(axis, filter)| Ask { filter, ..ask(SITE, grain, axis, None) }).collect()
}

fn order_of(values: Option<u8>, days: Option<(i32, i32)>) -> Forgetting {
    let of = |values: u8| {
        let (dimension, pattern) = [
            (Dimension::Page, "/"),
            (Dimension::Page, "/*"),
            (Dimension::Browser, "Firefox"),
            (Dimension::Event, "Signup"),
            (Dimension::Property, "pro"),
        ][usize::from(values)];
        let of = match dimension {
            Dimension::Property => ForgottenAxis::Prop("plan".to_owned()),
            dimension => ForgottenAxis::Of(dimension),
        };
        ForgottenValues(vec![ForgottenValue { of, pattern: pattern.into() }])
    };
    let days = days.map(|(a, b)| (Day(DAY.0 + a.min(b)), Day(DAY.0 + a.max(b))));
    let of_marks = values.map_or(TakenOutOf::Everything, |_| TakenOutOf::Of(Dimension::Page));
    let marks = days.map(|(first, last)| TakenOut { first, last, of: of_marks }).into_iter().collect();
    Forgetting { site: SITE, values: values.map(of), days, today: Day(DAY.0 + 100), marks }
}

/// Small figures of each third day are folded when it is over.
fn at_rest(number: i32) -> Vec<(SiteId, LeastAtRest)> {
    let least = serde_json::from_value(serde_json::json!({"all": 3, "browser": 2})).unwrap();
    if number % 3 == 0 { vec![(SITE, least)] } else { Vec::new() }
}

fn flush_of(happening: &Happening) -> Flush {
    let day = |number: &i32| Day(DAY.0 + number);
    match happening {
        Happening::Cells(number, pages) => {
            let (site, day, sums) = cells(day(number), pages);
            Flush { sums: vec![(site, day, sums.into())], ..Flush::default() }
        }
        Happening::Snapshot(number, visits, by, pair_cells, is_over) => {
            let mut open = named_day(&VISITS[..usize::from(*visits)].concat());
            let state = state(&open, *by, *is_over);
            let snapshot = state.snapshot.clone().map(with_segments);
            let state = DayState { day: day(number), pair_cells: *pair_cells, snapshot, ..state };
            let sums = vec![(SITE, day(number), open.drain().into())];
            Flush { sums, days: vec![state], at_rest: at_rest(*number), ..Flush::default() }
        }
        Happening::Close(number) => {
            let (site, day, by) = (SITE, day(number), CountedBy::Live);
            let state = DayState { site, day, by, snapshot: None, pair_cells: u32::MAX, is_over: true, release: None };
            Flush { days: vec![state], at_rest: at_rest(*number), ..Flush::default() }
        }
        Happening::Forget(values, days) => Flush { forgotten: vec![order_of(*values, *days)], ..Flush::default() },
        Happening::Today(number) => Flush { today: vec![(SITE, day(number))], ..Flush::default() },
        _ => Flush::default(),
    }
}

fn happens(kept: &mut Kept, happening: &Happening) {
    match happening {
        Happening::EndImports => kept.sums.end_counting(CountedBy::Import).unwrap(),
        Happening::Reopen => kept.reopen(),
        Happening::RemoveSite => assert!(kept.sums.remove_site(SITE).unwrap().is_none()),
        _ => {
            let number = kept.sums.last_flush().unwrap() + 1;
            kept.sums.apply(&Flush { number, ..flush_of(happening) }).unwrap();
            if let Happening::Forget(values, days) = happening {
                kept.sums.forget(&order_of(*values, *days)).unwrap();
            }
            while kept.sums.compact().unwrap() {}
        }
    }
}

/// Both answer questions about days and months alike, also those that they have answered before.
fn agree_again(file: &Kept, twin: &Kept) -> Result<(), TestCaseError> {
    let number = twin.sums.last_flush().unwrap();
    let in_memory = [InMemory { site: SITE, day: DAY, by: CountedBy::Import, number, alone_from: 0 }];
    for (axis, page) in
        [(Axis::Total, Some("/")), (Axis::Of(Dimension::Browser), Some("/")), (Axis::Of(Dimension::Page), None)]
    {
        for (grain, in_memory) in
            [(Grain::Month, &in_memory[..0]), (Grain::Month, &in_memory[..]), (Grain::Day, &in_memory[..0])]
        {
            let ask = ask(SITE, grain, axis.clone(), page);
            let (found, expected) = (rows(&*file.sums, &ask, in_memory), rows(&*twin.sums, &ask, in_memory));
            prop_assert_eq!(found, expected, "{:?}", ask);
        }
    }
    Ok(())
}

/// Both answer all questions alike, with and without a day in memory.
fn agree(file: &Kept, twin: &Kept) -> Result<(), TestCaseError> {
    let number = twin.sums.last_flush().unwrap();
    prop_assert_eq!(file.sums.last_flush().unwrap(), number);
    let days =
        [CountedBy::Live, CountedBy::Import].map(|by| InMemory { site: SITE, day: DAY, by, number, alone_from: 0 });
    for in_memory in [&days[..0], &days[..]] {
        for grain in [Grain::Hour, Grain::Day, Grain::Month] {
            for axis in
                [Axis::Total, Axis::Of(Dimension::Page), Axis::Of(Dimension::Browser), Axis::Of(Dimension::City)]
            {
                for page in [None, Some("/"), Some("/3")] {
                    let ask = ask(SITE, grain, axis.clone(), page);
                    let (found, expected) = (rows(&*file.sums, &ask, in_memory), rows(&*twin.sums, &ask, in_memory));
                    prop_assert_eq!(found, expected, "{:?}", ask);
                }
            }
        }
        let of_all = |grain: Grain| [of_segments(grain), of_properties(grain), of_sections(grain)].concat();
        for ask in [Grain::Day, Grain::Month].into_iter().flat_map(of_all) {
            let (found, expected) = (rows(&*file.sums, &ask, in_memory), rows(&*twin.sums, &ask, in_memory));
            prop_assert_eq!(found, expected, "{:?}", ask);
        }
        let adds = |kept: &Kept| kept.sums.snapshot().unwrap().read(&[], in_memory).unwrap().adds;
        prop_assert_eq!(adds(file), adds(twin));
    }
    let of = |kept: &Kept| {
        let (open, first) = (kept.sums.open_days().unwrap(), kept.sums.snapshot().unwrap().first_day(SITE).unwrap());
        let keys = kept.sums.snapshot().unwrap().prop_keys(SITE, Some("Signup"), DAY, Day(DAY.0 + 40)).unwrap();
        let marks = kept.sums.snapshot().unwrap().taken_out(SITE, DAY, Day(DAY.0 + 40)).unwrap();
        (open.into_iter().collect::<BTreeSet<_>>(), first, keys.into_iter().collect::<BTreeSet<_>>(), marks)
    };
    prop_assert_eq!(of(file), of(twin));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn a_file_answers_what_its_twin_in_memory_answers(story in proptest::collection::vec(happening(), 1..14)) {
        let (mut file, mut twin) = (Kept::in_file(), Kept::in_memory());
        let mut has_reopened = false;
        for happening in &story {
            // A twin has one second life.
            if matches!(happening, Happening::Reopen) && std::mem::replace(&mut has_reopened, true) {
                continue;
            }
            happens(&mut file, happening);
            happens(&mut twin, happening);
            agree_again(&file, &twin)?;
        }
        agree(&file, &twin)?;
    }
}

/// The values that were counted, in alphabetical order, with their sums.
fn counted(mut rows: Vec<SumRow>) -> Vec<(String, [i64; 11])> {
    rows.retain(|row| !row.tally.is_zero());
    let mut rows: Vec<_> = rows.iter().map(|row| (row.value.to_string(), row.tally.columns())).collect();
    rows.sort();
    rows
}

/// One row for each value.
fn added_up(rows: Vec<SumRow>) -> Vec<SumRow> {
    let mut sums: Vec<SumRow> = Vec::new();
    for row in rows {
        match sums.iter_mut().find(|sum| (&sum.value, sum.bucket) == (&row.value, row.bucket)) {
            Some(sum) => sum.tally += row.tally,
            None => sums.push(row),
        }
    }
    sums
}

#[test]
fn a_collector_counts_the_same_on_the_twin() {
    let story = Scenario::parse(&VISITS.concat());
    let figures = |in_memory: bool| {
        let folder = tempfile::tempdir().unwrap();
        let mut stores: Stores = store::open(&folder.path().join("headcount.db")).unwrap();
        if in_memory {
            stores.sums = Arc::new(MemorySums::default());
        }
        let sums = stores.sums.clone();
        let domain = Domain::parse(&story.sites[0].domain).unwrap();
        let clock = Clock::manual(story.first_moment());
        stores.operators.add_site(&domain, &story.schedule(0), &Settings::default(), clock.now()).unwrap();
        let tools = Tools { agents: Agents::new(), places: Places::none() };
        let (collector, keeping) = Collector::start(stores, tools, clock.clone()).unwrap();
        for hit in hits(&story) {
            clock.set(hit.at);
            assert_eq!(collector.take(hit), Outcome::Accepted);
        }
        let asks = || [None, Some("/")].map(|page| ask(SiteId(1), Grain::Day, Axis::Of(Dimension::Browser), page));
        // What is stored and what is not have a row each.
        let read =
            || collector.read(&asks()).unwrap().into_iter().map(added_up).map(counted).collect::<Vec<_>>().concat();
        let open = read();
        collector.flush().unwrap();
        assert_eq!(read(), open, "what is stored is what was in memory");
        clock.set(clock.now().plus(2 * 86_400_000));
        collector.flush().unwrap();
        assert_eq!(read(), open, "and so it is when the day is over");
        assert!(sums.last_flush().unwrap() > 0);
        collector.stop();
        keeping.wait().unwrap();
        // A file is closed with the collector.
        let kept = if in_memory { sums } else { store::open(&folder.path().join("headcount.db")).unwrap().sums };
        assert!(!rows(&*kept, &asks()[1], &[]).is_empty(), "the sums are in the store that was given");
        open
    };
    let expected = figures(false);
    assert!(expected.len() >= 3, "{expected:?}");
    assert_eq!(figures(true), expected);
}
