//! Random nested conditions on random streams: what whole visits in memory answer, by no, one and two dimensions, by day and by hour, each
//! as a naive walk over the list of hits has it.
//!
//! The walk asks every hit, with its own reading of and, or, not and has_done. A stream that fails is printed in the scenario language.

mod segments;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use headcount::cell::{Axis, Condition, Dimension, NOT_SET, Tally, Test};
use headcount::counts::snapshot::{VisitSplit, is_known};
use headcount::counts::{Name, SessionSnapshot};
use headcount::site::{Day, Hour, SiteId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;

use super::any_two::same;
use super::pairs::{Side, engagement_where, revenue, section};
use super::streams::{Stream, config, play, stream};
use super::{Counted, Walk, hits_and_visitors, watched};
use crate::scenario::depth1::hits;
pub use segments::{SegmentRows, of_segments, site};

/// A condition, and how it is read here.
#[derive(Debug, Clone)]
pub enum Clause {
    Is(Dimension, &'static str),
    IsNot(Dimension, &'static str),
    /// It does not have the value; it may have none at all.
    Lacks(Dimension, &'static str),
    /// It has this part.
    Has(Dimension, &'static str),
    HasNot(Dimension, &'static str),
    Prop(&'static str, &'static str),
    And(Vec<Clause>),
    Or(Vec<Clause>),
    Not(Box<Clause>),
    Done(Box<Clause>),
    NotDone(Box<Clause>),
}

/// Tests of what streams have: of visits, and of hits.
const TESTED: [(Dimension, &str); 10] = [
    (Dimension::Country, "DE"),
    (Dimension::Browser, "Firefox"),
    (Dimension::EntryPage, "/a"),
    (Dimension::ExitPage, "/"),
    (Dimension::Source, "Google"),
    (Dimension::Page, "/a"),
    (Dimension::Page, "/"),
    (Dimension::Section, "/a"),
    (Dimension::Hostname, "docs.test"),
    (Dimension::Event, "Signup"),
];
/// Parts of values; what stands for no value has them too.
const PARTS: [(Dimension, &str); 5] = [
    (Dimension::Screen, "s"),
    (Dimension::EntryPage, "t"),
    (Dimension::Source, "oo"),
    (Dimension::Page, "a"),
    (Dimension::UtmCampaign, "e"),
];
/// By what answers are split: of visits and of hits.
const SPLITS: [Dimension; 8] = [
    Dimension::Country,
    Dimension::Screen,
    Dimension::ExitPage,
    Dimension::Page,
    Dimension::Section,
    Dimension::Event,
    Dimension::Pattern,
    Dimension::Money,
];

pub fn clause() -> impl Strategy<Value = Clause> {
    let leaf = prop_oneof![
        6 => select(TESTED.to_vec()).prop_map(|(dimension, value)| Clause::Is(dimension, value)),
        3 => select(TESTED.to_vec()).prop_map(|(dimension, value)| Clause::IsNot(dimension, value)),
        1 => select(PARTS.to_vec()).prop_map(|(dimension, part)| Clause::Has(dimension, part)),
        1 => select(PARTS.to_vec()).prop_map(|(dimension, part)| Clause::HasNot(dimension, part)),
        1 => (select(vec!["plan", "a"]), select(vec!["pro", "a"])).prop_map(|(key, value)| Clause::Prop(key, value)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 1..4).prop_map(Clause::And),
            2 => vec(inner.clone(), 1..4).prop_map(Clause::Or),
            1 => inner.clone().prop_map(|it| Clause::Not(Box::new(it))),
            2 => inner.clone().prop_map(|it| Clause::Done(Box::new(it))),
            1 => inner.prop_map(|it| Clause::NotDone(Box::new(it))),
        ]
    })
}

impl std::fmt::Display for Clause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let joined = |list: &[Clause], by: &str| list.iter().map(Clause::to_string).collect::<Vec<_>>().join(by);
        match self {
            Clause::Is(dimension, value) => write!(f, "{}={value}", dimension.name()),
            Clause::IsNot(dimension, value) | Clause::Lacks(dimension, value) => {
                write!(f, "{}!={value}", dimension.name())
            }
            Clause::Has(dimension, part) => write!(f, "{}~{part}", dimension.name()),
            Clause::HasNot(dimension, part) => write!(f, "{}!~{part}", dimension.name()),
            Clause::Prop(key, value) => write!(f, "prop:{key}={value}"),
            Clause::And(list) => write!(f, "({})", joined(list, " and ")),
            Clause::Or(list) => write!(f, "({})", joined(list, " or ")),
            Clause::Not(inner) => write!(f, "not {inner}"),
            Clause::Done(inner) => write!(f, "has_done {inner}"),
            Clause::NotDone(inner) => write!(f, "has_not_done {inner}"),
        }
    }
}

/// What a hit, or a ping, is asked.
pub struct AskedHit<'w, 'a> {
    walk: &'w Walk<'a>,
    counted: &'w Counted<'a>,
    /// Page, host and event, where they are not the hit's.
    ping: Option<[&'w str; 3]>,
}

impl Clause {
    /// Whether it holds for a hit; where it is turned, whether it does not. What has no value passes neither.
    pub fn holds(&self, asked: &AskedHit, turned: bool) -> bool {
        match self {
            Clause::Is(dimension, value) => asked.is(*dimension, |found| found == *value, turned),
            Clause::IsNot(dimension, value) => asked.is(*dimension, |found| found == *value, !turned),
            Clause::Has(dimension, part) => asked.is(*dimension, |found| has_part(found, part), turned),
            Clause::HasNot(dimension, part) => asked.is(*dimension, |found| has_part(found, part), !turned),
            Clause::Lacks(dimension, value) => asked.is(*dimension, |found| found == *value, false) == turned,
            Clause::Prop(key, value) => {
                let found = asked.counted.hit.props.iter().find(|(of, _)| of == key);
                found.is_some_and(|(_, found)| (found == value) != turned)
            }
            Clause::And(list) if turned => list.iter().any(|it| it.holds(asked, true)),
            Clause::And(list) => list.iter().all(|it| it.holds(asked, false)),
            Clause::Or(list) if turned => list.iter().all(|it| it.holds(asked, true)),
            Clause::Or(list) => list.iter().any(|it| it.holds(asked, false)),
            Clause::Not(inner) => inner.holds(asked, !turned),
            Clause::Done(inner) => asked.visit_did(inner).is_some_and(|did| did != turned),
            Clause::NotDone(inner) => asked.visit_did(inner).is_some_and(|did| did == turned),
        }
    }

    /// Whether a test stands outside of has_done that is of single hits.
    fn is_of_hits(&self) -> bool {
        match self {
            Clause::Is(dimension, _)
            | Clause::IsNot(dimension, _)
            | Clause::Has(dimension, _)
            | Clause::Lacks(dimension, _)
            | Clause::HasNot(dimension, _) => !dimension.is_of_visit(),
            Clause::Prop(..) => true,
            Clause::And(list) | Clause::Or(list) => list.iter().any(Clause::is_of_hits),
            Clause::Not(inner) => inner.is_of_hits(),
            Clause::Done(_) | Clause::NotDone(_) => false,
        }
    }

    fn tests(&self, wanted: &dyn Fn(&Clause) -> bool) -> bool {
        match self {
            Clause::And(list) | Clause::Or(list) => list.iter().any(|it| it.tests(wanted)),
            Clause::Not(inner) => inner.tests(wanted),
            other => wanted(other),
        }
    }

    fn tests_pages(&self) -> bool {
        use Clause::{Has, HasNot, Is, IsNot};
        let of_page = |of: &Dimension| matches!(of, Dimension::Page | Dimension::Section);
        self.tests(&|it| matches!(it, Is(of, _) | IsNot(of, _) | Has(of, _) | HasNot(of, _) if of_page(of)))
    }

    /// Whether every test names whole values.
    pub fn names_values(&self) -> bool {
        match self {
            // Of a page past the budget it is not known in which section it was.
            Clause::Is(Dimension::Section, _) | Clause::IsNot(Dimension::Section, _) => false,
            Clause::Has(..) | Clause::HasNot(..) => false,
            Clause::And(list) | Clause::Or(list) => list.iter().all(Clause::names_values),
            Clause::Not(inner) | Clause::Done(inner) | Clause::NotDone(inner) => inner.names_values(),
            Clause::Is(..) | Clause::IsNot(..) | Clause::Lacks(..) | Clause::Prop(..) => true,
        }
    }

    /// Whether whole days can be counted by it.
    pub fn is_of_a_segment(&self) -> bool {
        self.knows(&Axis::Total)
    }

    /// Whether it is kept how what passes meets an axis.
    pub fn knows(&self, axis: &Axis<Name>) -> bool {
        Condition::read(&self.to_string()).is_ok_and(|condition| is_known(&condition, &[axis]))
    }

    /// Whether a hit is counted. Properties are known of the hits of visits alone.
    pub fn counts(&self, walk: &Walk, counted: &Counted) -> bool {
        let has = |key: &str| counted.visit.is_some() && counted.hit.props.iter().any(|(of, _)| of == key);
        self.key().is_none_or(has) && self.holds(&AskedHit::of(walk, counted), false)
    }

    /// The key of the property of the hits that are counted.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Clause::Prop(key, _) => Some(key),
            Clause::And(list) | Clause::Or(list) => list.iter().find_map(Clause::key),
            Clause::Not(inner) => inner.key(),
            _ => None,
        }
    }
}

impl<'w, 'a> AskedHit<'w, 'a> {
    pub fn of(walk: &'w Walk<'a>, counted: &'w Counted<'a>) -> AskedHit<'w, 'a> {
        AskedHit { walk, counted, ping: None }
    }

    fn is(&self, dimension: Dimension, passes: impl Fn(&str) -> bool, turned: bool) -> bool {
        let of_ping = self.ping.and_then(|[page, host, event]| match dimension {
            Dimension::Page => Some(page),
            Dimension::Section => Some(section(page)),
            Dimension::Hostname => Some(host),
            Dimension::Event => Some(event),
            _ => None,
        });
        let values = of_ping.map_or_else(|| self.walk.values(self.counted, dimension), |value| vec![value]);
        values.iter().any(|found| passes(found) != turned)
    }

    /// Whether the visit has a hit for which something holds; nothing where there is no visit.
    fn visit_did(&self, what: &Clause) -> Option<bool> {
        let visit = &self.walk.visits[self.counted.visit?];
        let mut hits = self.walk.hits(visit);
        Some(hits.any(|counted| what.holds(&AskedHit::of(self.walk, counted), false)))
    }
}

/// Whether a value has a part; what is not set has none.
fn has_part(value: &str, part: &str) -> bool {
    value != NOT_SET && value.contains(part)
}

/// Sums by hour, if hours stay apart, and values.
pub type ConditionRows = BTreeMap<(Option<Hour>, String, String), Tally>;

/// What a day counts of what a condition lets pass, by some dimensions.
pub fn walked(walk: &Walk, (site, day): (SiteId, Day), said: &Clause, by: &[Dimension]) -> ConditionRows {
    let mut inside: BTreeMap<[&str; 2], Vec<&Counted>> = BTreeMap::new();
    for counted in walk.of_day(site, day).filter(|counted| said.counts(walk, counted)) {
        let values = |at: usize| by.get(at).map_or_else(|| vec![""], |dimension| walk.values(counted, *dimension));
        for first in values(0) {
            for second in values(1) {
                inside.entry([first, second]).or_default().push(counted);
            }
        }
    }
    let row = |(values, inside): ([&str; 2], Vec<&Counted>)| {
        let tally = tally(walk, &inside, said, by, values);
        ((None, values[0].to_owned(), values[1].to_owned()), tally)
    };
    inside.into_iter().map(row).collect()
}

/// The same by the values of a property: of the hits of visits, as all of a property that a condition is asked of.
pub fn walked_by_property(walk: &Walk, (site, day): (SiteId, Day), said: &Clause, key: &str) -> Vec<(String, Tally)> {
    let mut inside: BTreeMap<&str, Vec<&Counted>> = BTreeMap::new();
    let passes = |counted: &&Counted| counted.visit.is_some() && said.counts(walk, counted);
    for counted in walk.of_day(site, day).filter(passes) {
        let value = counted.hit.props.iter().find(|(of, _)| of == key);
        value.into_iter().for_each(|(_, value)| inside.entry(value).or_default().push(counted));
    }
    let row = |(value, inside): (&str, Vec<&Counted>)| {
        let visits = inside.iter().map(|counted| counted.visit).collect::<BTreeSet<_>>().len() as i64;
        (value.to_owned(), Tally { visits, ..hits_and_visitors(&inside) })
    };
    inside.into_iter().map(row).collect()
}

fn tally(walk: &Walk, inside: &[&Counted], said: &Clause, by: &[Dimension], values: [&str; 2]) -> Tally {
    let mut tally = hits_and_visitors(inside);
    if by.contains(&Dimension::Money) {
        tally.revenue = revenue(inside);
    }
    let is_whole = !said.is_of_hits() && by.iter().all(|dimension| dimension.is_of_visit());
    // Whether a ping lies in a pattern depends on which of a page's hits have been marked.
    let has_pattern = by.contains(&Dimension::Pattern);
    let is_left_out = has_pattern || by.contains(&Dimension::Money);
    let is_of_page = |of: &Dimension| matches!(of, Dimension::Page | Dimension::Section);
    let by_page = (said.tests_pages() || by.iter().any(is_of_page)) && !is_left_out;
    for visit in inside.iter().filter_map(|counted| counted.visit).collect::<BTreeSet<_>>() {
        tally += if is_whole { walk.whole_visit(visit) } else { Tally { visits: 1, ..Tally::ZERO } };
        if by_page && !is_whole {
            let first = walk.hits(&walk.visits[visit]).next().expect("a visit with a hit");
            let is_one = |value: &str| value == values[0];
            let is_other = |value: &str| value == values[1];
            let sides = by.iter().zip([&is_one as &dyn Fn(&str) -> bool, &is_other]);
            let sides: Vec<Side> = sides.map(|(dimension, passes)| Side { dimension: *dimension, passes }).collect();
            tally += engagement_where(&walk.visits[visit], &sides, |page, host| {
                let asked = AskedHit { walk, counted: first, ping: Some([page, host, "pageview"]) };
                !said.is_of_hits() || said.holds(&asked, false)
            });
        }
    }
    tally
}

/// The same by hour: visitors and hits in theirs, visits in that of their start.
pub fn walked_by_hour(walk: &Walk, of: (SiteId, Day), said: &Clause) -> ConditionRows {
    let mut rows = ConditionRows::new();
    let inside: Vec<&Counted> =
        walk.of_day(of.0, of.1).filter(|counted| said.holds(&AskedHit::of(walk, counted), false)).collect();
    let key = |hour: Hour| (Some(hour), String::new(), String::new());
    for hour in inside.iter().map(|counted| counted.hour).collect::<BTreeSet<_>>() {
        let of_hour: Vec<&Counted> = inside.iter().copied().filter(|counted| counted.hour == hour).collect();
        *rows.entry(key(hour)).or_default() += hits_and_visitors(&of_hour);
        let earlier: Vec<&Counted> = inside.iter().copied().filter(|counted| counted.hour < hour).collect();
        let until: Vec<&Counted> = inside.iter().copied().filter(|counted| counted.hour <= hour).collect();
        let first = hits_and_visitors(&until).visitors - hits_and_visitors(&earlier).visitors;
        rows.entry(key(hour)).or_default().first_visitors = first;
    }
    for visit in inside.iter().filter_map(|counted| counted.visit).collect::<BTreeSet<_>>() {
        let whole = walk.whole_visit(visit);
        let of_visit = if said.is_of_hits() { Tally { visits: 1, ..Tally::ZERO } } else { whole };
        *rows.entry(key(walk.visits[visit].start)).or_default() += of_visit;
    }
    rows
}

/// What the program answers.
fn answered(snapshot: &SessionSnapshot, condition: &Condition<Name>, by: &[Dimension], by_hour: bool) -> ConditionRows {
    let axes: Vec<Axis<Name>> = by.iter().copied().map(Axis::Of).collect();
    let axes: Vec<&Axis<Name>> = axes.iter().collect();
    let passes = |test: &Test, value: &str| Ok::<_, Infallible>(test.passes(value));
    let found = snapshot.matching(condition, &[VisitSplit { axes: &axes, by_hour }], passes, |_| Ok(())).unwrap();
    let rows = found.into_iter().flatten();
    rows.map(|row| ((row.hour, row.values[0].to_string(), row.values[1].to_string()), row.tally)).collect()
}

fn each_day(
    stream: &Stream,
    check: impl Fn(&Walk, (SiteId, Day), SessionSnapshot) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut hits = hits(&stream.scenario);
    let from = hits.len() / 4;
    watched::mark(&mut hits, from);
    let schedules = [stream.scenario.schedule(0), stream.scenario.schedule(1)];
    let (walk, _) = Walk::over(&schedules, &hits);
    let (_, days) = play(stream, &hits);
    days.snapshots().try_for_each(|(site, day, snapshot)| check(&walk, (site, day), snapshot))
}

/// Which dimensions are asked for, by number: none, one or two.
fn splits(pick: usize) -> Vec<Dimension> {
    let one = |at: usize| SPLITS[at % SPLITS.len()];
    let (first, second) = (one(pick / 3), one(pick / 3 / SPLITS.len()));
    match pick % 3 {
        0 => Vec::new(),
        1 => vec![first],
        _ if first == second => vec![first],
        _ => vec![first, second],
    }
}

#[test]
fn memory_answers_any_condition_as_a_naive_walk() {
    let compare = |(stream, conditions, pick): (Stream, Vec<Clause>, usize)| {
        each_day(&stream, |walk, of, snapshot| {
            for (at, said) in conditions.iter().enumerate() {
                let Ok(condition) = Condition::read(&said.to_string()) else { continue };
                for by in [vec![], splits(pick + at), splits(pick + 7 * at + 1)] {
                    let axes: Vec<Axis<Name>> = by.iter().copied().map(Axis::Of).collect();
                    if !is_known(&condition, &axes.iter().collect::<Vec<_>>()) {
                        continue;
                    }
                    let mut found = answered(&snapshot, &condition, &by, false);
                    if by.contains(&Dimension::Pattern) {
                        found.values_mut().for_each(|tally| *tally = without_engagement(*tally));
                    }
                    same(&found, &walked(walk, of, said, &by))
                        .map_err(|error| TestCaseError::fail(format!("{said} by {by:?}: {error}")))?;
                }
                if condition.is_known() && said.key().is_none() {
                    let (found, mut expected) =
                        (answered(&snapshot, &condition, &[], true), walked_by_hour(walk, of, said));
                    if said.tests_pages() {
                        // Time and scrolling are told by page and day, which is compared above.
                        expected.values_mut().for_each(|tally| *tally = without_engagement(*tally));
                    }
                    let found: ConditionRows =
                        found.into_iter().map(|(key, tally)| (key, without_engagement(tally))).collect();
                    same(&found, &expected).map_err(|error| TestCaseError::fail(format!("{said} by hour: {error}")))?;
                }
            }
            Ok(())
        })
    };
    let case = (stream(), vec(clause(), 1..12), 0..3 * SPLITS.len() * SPLITS.len());
    TestRunner::new(config(64)).run(&case, compare).unwrap_or_else(|error| panic!("{error}"));
}

pub fn without_engagement(tally: Tally) -> Tally {
    Tally { engaged_visits: 0, engaged_ms: 0, scroll: 0, ..tally }
}
