//! What is left of days without what is set aside is that of a naive walk that leaves it out: exactly where that can be known, and else
//! within its bounds. Of open days, of days that end after it was set aside, and of days that were over.

use std::collections::BTreeMap;

use headcount::cell::{Axis, Dimension, Filter, Tally, Test};
use headcount::report::Sums;
use headcount::site::{Budget, Day, SetAside, SetAsides, Settings, SiteId};
use headcount::store::{Ask, Cut, Grain, RowsBy};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;

use super::life::{ask, is};
use super::room::{Plan, Room};
use crate::oracle::conditions::{Clause, walked, walked_by_hour};
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Walk, watched};

/// What may be set aside: of visits, and of hits.
const APART: [(Dimension, &str); 7] = [
    (Dimension::Source, "Google"),
    (Dimension::Country, "DE"),
    (Dimension::Browser, "Firefox"),
    (Dimension::EntryPage, "/a"),
    (Dimension::Page, "/a"),
    (Dimension::Hostname, "docs.test"),
    (Dimension::Event, "Signup"),
];
const SPLITS: [Dimension; 6] = [
    Dimension::Source,
    Dimension::Country,
    Dimension::EntryPage,
    Dimension::Page,
    Dimension::Hostname,
    Dimension::Event,
];
const FILTERS: [(Dimension, &str); 4] =
    [(Dimension::Country, "DE"), (Dimension::Source, "Google"), (Dimension::Page, "/a"), (Dimension::EntryPage, "/")];

/// The least and the most by bucket and both values.
type Bounds = BTreeMap<(i32, String, String), [Tally; 2]>;
type Truth = BTreeMap<(i32, String, String), Tally>;

/// What is set aside, by number: a value, and from which day on, counted from the first, for how many days.
#[derive(Debug, Clone)]
struct Act {
    of: (Dimension, &'static str),
    from: i32,
    days: i32,
}

fn act() -> impl Strategy<Value = Act> {
    (select(APART.to_vec()), 0..3_i32, 1..4_i32).prop_map(|(of, from, days)| Act { of, from, days })
}

impl Act {
    fn is_on(&self, first: Day, day: Day) -> bool {
        (first.0 + self.from..first.0 + self.from + self.days).contains(&day.0)
    }
}

fn set_asides(acts: &[Act], first: Day) -> SetAsides {
    let act = |(id, act): (u32, &Act)| SetAside {
        id,
        first: Day(first.0 + act.from),
        last: Day(first.0 + act.from + act.days - 1),
        key: act.of.0.name().to_owned(),
        values: vec![act.of.1.to_owned()],
    };
    SetAsides { acts: (1..).zip(acts).map(act).collect(), made: acts.len() as u32 }
}

/// A question: split by what, of what alone.
#[derive(Debug, Clone, Copy)]
struct Asked {
    split: Option<Dimension>,
    filter: Option<(Dimension, &'static str)>,
    rows: RowsBy,
}

impl Asked {
    fn all() -> Vec<Asked> {
        let splits = || std::iter::once(None).chain(SPLITS.map(Some));
        let filters = || std::iter::once(None).chain(FILTERS.map(Some));
        let each = splits().flat_map(move |split| filters().map(move |filter| (split, filter)));
        let mut all: Vec<Asked> = each.map(|(split, filter)| Asked { split, filter, rows: RowsBy::Axis }).collect();
        let both = [(Dimension::Source, Dimension::Page), (Dimension::Country, Dimension::Source)];
        let both = both.map(|(a, b)| Asked { split: Some(a), filter: Some((b, "")), rows: RowsBy::Both });
        all.extend(both);
        all
    }

    fn ask(&self, site: SiteId, grain: Grain, days: [Day; 2]) -> Ask {
        let filter = self.filter.map(|(by, value)| match self.rows {
            RowsBy::Both => Filter { axis: Axis::Of(by), test: Test::All(Vec::new()) },
            _ => is(by, value),
        });
        let axis = self.split.map_or(Axis::Total, Axis::Of);
        Ask { cut: Cut { kept: None, rows: self.rows }, ..ask(site, axis, filter, grain, days) }
    }

    /// By what a walk splits, and the test that it makes of a hit.
    fn walked(&self) -> (Vec<Dimension>, Vec<Clause>) {
        let mut by: Vec<Dimension> = self.split.into_iter().collect();
        match self.filter {
            Some((second, _)) if self.rows == RowsBy::Both => by.push(second),
            Some((of, value)) => return (by, vec![Clause::Is(of, value)]),
            None => {}
        }
        (by, Vec::new())
    }

    /// Whether rates of visits mean anything here: of hits other sums tell them.
    fn is_of_visits(&self) -> bool {
        let filter = self.filter.map(|(of, _)| of);
        self.split.into_iter().chain(filter).all(|dimension| dimension.is_of_visit())
    }
}

struct Left<'w, 'a> {
    walk: &'w Walk<'a>,
    acts: &'w [Act],
    first: Day,
}

impl Left<'_, '_> {
    fn clause(&self, day: Day, tests: &[Clause]) -> Clause {
        let apart = self.acts.iter().filter(|act| act.is_on(self.first, day));
        let apart = apart.map(|act| Clause::Lacks(act.of.0, act.of.1));
        Clause::And(tests.iter().cloned().chain(apart).collect())
    }

    fn truth(&self, site: SiteId, asked: &Asked, grain: Grain, days: [Day; 2]) -> Truth {
        let mut rows = Truth::new();
        let (by, tests) = asked.walked();
        let months = days.map(Day::month);
        let is_asked = |day: &Day| match grain {
            Grain::Month => (months[0]..=months[1]).contains(&day.month()),
            _ => (days[0]..=days[1]).contains(day),
        };
        for day in self.walk.days(site).into_iter().filter(is_asked) {
            let clause = self.clause(day, &tests);
            let found = match grain {
                Grain::Hour => walked_by_hour(self.walk, (site, day), &clause),
                _ => walked(self.walk, (site, day), &clause, &by),
            };
            for ((hour, value, second), tally) in found {
                let bucket = match grain {
                    Grain::Hour => day.0 * 24 + hour.map_or(0, |hour| i32::from(hour.0)),
                    Grain::Day => day.0,
                    Grain::Month => day.month().0,
                };
                *rows.entry((bucket, value, second)).or_default() += tally;
            }
        }
        rows
    }

    /// Whether each of its numbers is known on all days.
    fn is_known(&self, asked: &Asked, grain: Grain, how: How) -> bool {
        // Hits without a visitor have no entry page: what is left of them was not counted by itself.
        let has_ends = self.acts.iter().any(|act| act.of.0 == Dimension::EntryPage);
        match how {
            _ if has_ends => false,
            How::Open => asked.rows != RowsBy::Both,
            How::Before => {
                grain != Grain::Hour
                    && (asked.split.is_none() || asked.filter.is_none() || asked.split == asked.filter.map(|of| of.0))
            }
            How::After => self.acts.is_empty(),
            How::Rough => false,
        }
    }
}

/// When something was set aside.
#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// The day runs.
    Open,
    /// Before the day was over.
    Before,
    /// When it was over.
    After,
    /// When not all visits are in memory, or not all pairs are kept.
    Rough,
}

fn bounds(room: &Room, asks: &[Ask]) -> Vec<Bounds> {
    let found = room.collector().read(asks).unwrap().into_iter();
    let bounds = found.map(|rows| {
        let mut bounds = Bounds::new();
        for row in rows {
            let doubt = row.doubt.as_deref().copied().unwrap_or_default();
            let second = row.second.as_deref().unwrap_or_default().to_owned();
            let sum = bounds.entry((row.bucket, row.value.to_string(), second)).or_default();
            (sum[0], sum[1]) = (sum[0] + doubt.low(row.tally), sum[1] + doubt.high(row.tally));
        }
        bounds
    });
    bounds.collect()
}

/// What is compared of a tally.
fn numbers(tally: Tally, is_of_visits: bool) -> Vec<i64> {
    let Tally { visitors, visits, pageviews, events, bounces, seconds, .. } = tally;
    let all = vec![visitors, visits, pageviews, events];
    if is_of_visits { [all, vec![bounces, seconds]].concat() } else { all }
}

fn compare(room: &Room, left: &Left, days: [Day; 2], how: How) -> Result<(), TestCaseError> {
    for site in room.sites.clone() {
        for grain in [Grain::Day, Grain::Hour, Grain::Month] {
            // Of the month of a day that runs other days may be over.
            if grain == Grain::Month && how == How::Open {
                continue;
            }
            // What is past a budget has no row by itself under a filter, set aside or not.
            let is_kept = |asked: &Asked| how != How::Rough || asked.split.is_none() || asked.filter.is_none();
            let is_asked = |asked: &Asked| {
                is_kept(asked) && (grain != Grain::Hour || asked.split.is_none() && asked.filter.is_none())
            };
            let asked: Vec<Asked> = Asked::all().into_iter().filter(is_asked).collect();
            let asks: Vec<Ask> = asked.iter().map(|asked| asked.ask(site, grain, days)).collect();
            for (asked, found) in asked.iter().zip(bounds(room, &asks)) {
                inside(left, (asked, grain, how), found, left.truth(site, asked, grain, days))?;
            }
        }
    }
    Ok(())
}

/// Whether the truth lies within the bounds, and these are the same where it can be known.
fn inside(
    left: &Left,
    (asked, grain, how): (&Asked, Grain, How),
    mut found: Bounds,
    truth: Truth,
) -> Result<(), TestCaseError> {
    let by_visits = left.acts.iter().all(|act| act.of.0.is_of_visit());
    let is_known = left.is_known(asked, grain, how);
    // Hits and visits are known of whatever two dimensions tell.
    let is_of_two = how != How::Rough && asked.filter.is_none() && by_visits && left.acts.len() == 1;
    truth.keys().for_each(|key| _ = found.entry(key.clone()).or_default());
    for (key, [low, high]) in found {
        let truth = truth.get(&key).copied().unwrap_or_default();
        let [low, high, truth] = [low, high, truth].map(|tally| numbers(tally, asked.is_of_visits() && by_visits));
        let told = format!("{how:?} {asked:?} {grain:?} {key:?} of {:?}: {truth:?}, {low:?} to {high:?}", left.acts);
        prop_assert!(low.iter().zip(&truth).zip(&high).all(|((low, it), high)| low <= it && it <= high), "{}", told);
        prop_assert!(!is_known || low == high, "{}", told);
        prop_assert!(!is_of_two || grain == Grain::Hour || low[1..] == high[1..], "{}", told);
    }
    Ok(())
}

/// Sets things aside at all sites.
fn set_aside(room: &Room, acts: &[Act], first: Day) {
    for site in &room.sites {
        let mut site = headcount::site::Site::clone(room.collector().directory().get(*site).unwrap());
        site.settings.set_aside = set_asides(acts, first);
        room.collector().operators().set_site(&site).unwrap();
    }
    room.collector().reload().unwrap();
}

/// A stream of hits, counted at sites with some settings, and what a walk has of it.
fn play(plan: &Plan, settings: &Settings, acts: &[Act], how: How) -> Result<(), TestCaseError> {
    let (schedules, hits) = (plan.schedules(), plan.hits());
    let (walk, _) = Walk::over(&schedules, &hits);
    let first = hits.iter().map(|hit| hit.local.day).min().expect("a hit");
    let last = plan.last_day();
    let known = if how == How::Before { set_asides(acts, first) } else { SetAsides::default() };
    let (none, left) = (Left { walk: &walk, acts: &[], first }, Left { walk: &walk, acts, first });
    let mut room = Room::open(plan, &Settings { set_aside: known, ..settings.clone() });
    room.play(plan);
    set_aside(&room, acts, first);
    compare(&room, &left, [first, last], how)?;
    compare(&room, &left, [last, last], if how == How::Rough { how } else { How::Open })?;
    room.close(last);
    let months = [first.month().first(), last.month().last()];
    compare(&room, &left, months, how)?;
    set_aside(&room, &[], first);
    if how == How::Rough { Ok(()) } else { compare(&room, &none, months, How::After) }
}

#[test]
fn what_is_left_is_that_of_a_naive_walk() {
    let test = |(stream, acts, declared): (_, Vec<Act>, bool)| {
        let plan = Plan::of(stream, &[]);
        // One that is known when days end is of all days: each is counted without it.
        let all = Act { days: 100, from: 0, ..acts[0].clone() };
        match declared {
            true => play(&plan, &watched::settings(), &[all], How::Before),
            false => play(&plan, &watched::settings(), &acts, How::After),
        }
    };
    let config = ProptestConfig { max_shrink_iters: 40, ..config(6) };
    let case = (long_stream(), vec(act(), 1..4), any::<bool>());
    TestRunner::new(config).run(&case, test).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn bounds_hold_past_budgets_and_after_restarts() {
    let test = |(stream, acts, cells, restart): (_, Vec<Act>, u32, usize)| {
        let plan = Plan::of(stream, &[restart]);
        let budget = Budget { pair_cells: cells, ..Budget::default() };
        play(&plan, &Settings { budget, ..watched::settings() }, &acts, How::Rough)
    };
    let config = ProptestConfig { max_shrink_iters: 40, ..config(4) };
    let case = (long_stream(), vec(act(), 1..4), 0..120_u32, 1..60_usize);
    TestRunner::new(config).run(&case, test).unwrap_or_else(|error| panic!("{error}"));
}
