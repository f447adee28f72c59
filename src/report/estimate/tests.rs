//! Attacks the bounds: people who come several times and look at several pages, by whatever dimensions.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A hit: its values of each dimension, and whether it is a pageview.
type AttackHit = ([u8; 4], bool);

/// A visit: its values, seconds, and hits.
#[derive(Debug, Clone)]
struct AttackVisit {
    values: [u8; 4],
    seconds: i64,
    hits: Vec<AttackHit>,
}

/// A day: visits by visitor, and hits of nobody.
#[derive(Debug, Clone)]
struct AttackDay {
    visitors: Vec<Vec<AttackVisit>>,
    of_nobody: Vec<([u8; 4], AttackHit)>,
}

/// What is looked for: which values of each dimension pass.
type AttackValues = [BTreeSet<u8>; 4];

/// Dimensions of visits and of hits, in many mixtures. The page comes first among those of hits.
const KINDS: [[Dimension; 4]; 8] = {
    use Dimension::{Browser, Country, Device, EntryPage, Event, Hostname, Page, Pattern, Source};
    [
        [Source, Country, Device, Browser],
        [Source, Country, Device, Page],
        [Page, Country, Device, EntryPage],
        [Source, Country, Page, Hostname],
        [Source, Page, Hostname, Event],
        [Page, Hostname, Event, Pattern],
        [Source, Hostname, Country, Event],
        [Pattern, Source, Country, Device],
    ]
};

fn values() -> impl Strategy<Value = [u8; 4]> {
    // Few are rare, so that values often go together.
    prop::array::uniform4(prop_oneof![5 => Just(0_u8), 2 => Just(1), 1 => Just(2)])
}

fn day() -> impl Strategy<Value = AttackDay> {
    let hits = vec((values(), any::<bool>()), 1..5);
    let visit = (values(), 0..90_i64, hits).prop_map(|(values, seconds, hits)| AttackVisit { values, seconds, hits });
    let visitors = vec(vec(visit, 1..4), 0..9);
    let of_nobody = vec((values(), (values(), any::<bool>())), 0..3);
    (visitors, of_nobody).prop_map(|(visitors, of_nobody)| AttackDay { visitors, of_nobody })
}

fn wanted() -> impl Strategy<Value = AttackValues> {
    let set = prop::collection::btree_set(0..3_u8, 1..3);
    prop::array::uniform4(prop_oneof![3 => Just(BTreeSet::from([0])), 1 => set])
}

/// One question of a day.
struct AttackQuestion<'m> {
    day: &'m AttackDay,
    dimensions: &'m [Dimension],
    wanted: &'m AttackValues,
}

impl AttackQuestion<'_> {
    fn lies(&self, set: ValueBits, of_visit: &[u8; 4], (of_hit, _): &AttackHit) -> bool {
        self.dimensions.iter().enumerate().filter(|(place, _)| set >> place & 1 == 1).all(|(place, dimension)| {
            let value = if dimension.is_of_visit() { of_visit[place] } else { of_hit[place] };
            self.wanted[place].contains(&value)
        })
    }

    /// What has some of the values, counted one by one.
    fn counted(&self, set: ValueBits) -> Tally {
        let mut tally = Tally::ZERO;
        let hit = |tally: &mut Tally, (_, is_view): &AttackHit| {
            tally.pageviews += i64::from(*is_view);
            tally.events += i64::from(!is_view);
        };
        let is_whole = (0..self.dimensions.len()).all(|at| set >> at & 1 == 0 || self.dimensions[at].is_of_visit());
        for visits in &self.day.visitors {
            let before = tally.visits;
            for visit in visits {
                let inside: Vec<_> = visit.hits.iter().filter(|hit| self.lies(set, &visit.values, hit)).collect();
                inside.iter().for_each(|one| hit(&mut tally, one));
                tally.visits += i64::from(!inside.is_empty());
                let is_counted = is_whole && !inside.is_empty();
                tally.seconds += if is_counted { visit.seconds } else { 0 };
                tally.bounces += i64::from(is_counted && visit.hits.len() == 1);
                self.engage(set, visit, &mut tally);
            }
            tally.visitors += i64::from(tally.visits > before);
        }
        for (values, one) in self.day.of_nobody.iter().filter(|(values, one)| self.lies(set, values, one)) {
            _ = values;
            hit(&mut tally, one);
        }
        tally
    }

    /// Time and scrolling of a visit, by the page that it was about; the visit's first hit there tells the other values.
    fn engage(&self, set: ValueBits, visit: &AttackVisit, tally: &mut Tally) {
        let Some(place) = self.dimensions.iter().position(|dimension| *dimension == Dimension::Page) else { return };
        if set >> place & 1 == 0 {
            return;
        }
        for page in 0..3_u8 {
            let Some(first) = visit.hits.iter().find(|(values, _)| values[place] == page) else { continue };
            if self.lies(set, &visit.values, first) {
                tally.engaged_visits += 1;
                tally.engaged_ms += visit.seconds * i64::from(page + 1);
                tally.scroll += i64::from(first.0[0]) * 10;
            }
        }
    }

    /// Bounds by what is known of any two; `slack` makes some of it less sure than it is.
    fn bounded(&self, slack: &[u8]) -> EstimatedCounts {
        let range = |set: ValueBits| {
            let (counted, slack) = (self.counted(set), i64::from(slack[set]));
            let more = Tally::from_columns(counted.columns().map(|number| number + slack));
            let less = Tally::from_columns(counted.columns().map(|number| (number - slack / 2).max(0)));
            TallyRange { low: less, high: more }
        };
        let mut parts = KnownParts::of(self.dimensions, range(0));
        for set in 1..1 << self.dimensions.len() {
            let places: Vec<usize> = (0..self.dimensions.len()).filter(|at| set >> at & 1 == 1).collect();
            let is_kept = match places[..] {
                [_] => true,
                // Sums are not kept of patterns and other dimensions of hits.
                [a, b] => {
                    let of_pattern = [a, b].iter().any(|at| self.dimensions[*at] == Dimension::Pattern);
                    !of_pattern || [a, b].iter().any(|at| self.dimensions[*at].is_of_visit())
                }
                _ => false,
            };
            if is_kept {
                parts.know(&places, range(set));
            }
        }
        parts.bounded()
    }
}

/// Whether a count lies between others, number by number.
fn lies_within(counted: Tally, range: &TallyRange) -> bool {
    let [low, counted, high] = [range.low, counted, range.high].map(Tally::columns);
    low.iter().zip(&counted).all(|(low, counted)| low <= counted)
        && counted.iter().zip(&high).all(|(c, high)| c <= high)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn bounds_hold_what_was_counted(
        day in day(),
        wanted in wanted(),
        kinds in prop::sample::select(&KINDS[..]),
        many in 3..=4_usize,
        slack in vec(prop_oneof![8 => Just(0_u8), 1 => 1..4_u8], SETS),
    ) {
        let question = AttackQuestion { day: &day, dimensions: &kinds[..many], wanted: &wanted };
        let (counted, found) = (question.counted((1 << many) - 1), question.bounded(&slack));
        prop_assert!(lies_within(counted, &found.range), "{:?} of {:?}: {:?} is not in {:?}", kinds, wanted, counted, found.range);
        let likely = found.likely.within(&found.range);
        prop_assert!(lies_within(likely, &found.range), "{likely:?} is not in {:?}", found.range);
    }

    #[test]
    fn two_days_are_bounded_by_the_sum_of_their_bounds(
        days in [day(), day()],
        wanted in wanted(),
        kinds in prop::sample::select(&KINDS[..]),
    ) {
        let question = |day| AttackQuestion { day, dimensions: &kinds[..3], wanted: &wanted };
        let (mut counted, mut found) = (Tally::ZERO, EstimatedCounts::default());
        for day in &days {
            counted += question(day).counted(7);
            found += question(day).bounded(&[0; SETS]);
        }
        prop_assert!(lies_within(counted, &found.range));
    }
}

fn hits(pageviews: i64) -> TallyRange {
    Tally { visitors: pageviews, visits: pageviews, pageviews, ..Tally::ZERO }.into()
}

/// Of single hits: all, three values, and any two.
fn bounded(dimensions: &[Dimension], [all, a, b, c, ab, ac, bc]: [TallyRange; 7]) -> EstimatedCounts {
    let mut parts = KnownParts::of(dimensions, all);
    for (places, range) in [(&[0][..], a), (&[1], b), (&[2], c), (&[0, 1], ab), (&[0, 2], ac), (&[1, 2], bc)] {
        parts.know(places, range);
    }
    parts.bounded()
}

const OF_VISITS: [Dimension; 3] = [Dimension::Source, Dimension::Country, Dimension::Device];

#[test]
fn bounds_are_those_that_seven_figures_tell() {
    let of = |numbers: [i64; 7]| {
        let range = bounded(&OF_VISITS, numbers.map(hits)).range;
        [range.low, range.high].map(|tally| [tally.visitors, tally.visits, tally.pageviews])
    };
    assert_eq!(of([100, 50, 50, 50, 30, 30, 30]), [[10; 3], [30; 3]]);
    assert_eq!(of([100, 60, 60, 60, 30, 30, 30]), [[0; 3], [10; 3]], "what has none of them is left");
    assert_eq!(of([100, 50, 20, 30, 20, 7, 5]), [[5; 3], [5; 3]], "all of one have another");
    assert_eq!(of([100, 50, 20, 30, 0, 7, 5]), [[0; 3], [0; 3]], "two never meet");
}

#[test]
fn who_comes_twice_may_be_in_two_parts_and_not_in_the_third() {
    // One visitor: one visit of A and B, another of A and C.
    let of = |visits: i64| -> TallyRange { Tally { visitors: 1, visits, pageviews: visits, ..Tally::ZERO }.into() };
    let found = bounded(&OF_VISITS, [of(2), of(2), of(1), of(1), of(1), of(1), hits(0)]);
    assert!(found.range.high.is_zero());
    // Visits tell that ABC has at least 1; of three visits of two people.
    let many = |visitors: i64, visits: i64| -> TallyRange {
        Tally { visitors, visits, pageviews: visits, ..Tally::ZERO }.into()
    };
    let found =
        bounded(&OF_VISITS, [many(3, 9), many(2, 3), many(2, 2), many(2, 2), many(2, 2), many(2, 2), many(1, 1)]);
    assert_eq!([found.range.low.visits, found.range.high.visits], [1, 1]);
    assert_eq!([found.range.low.visitors, found.range.high.visitors], [1, 1]);
}

#[test]
fn a_visit_with_two_hits_may_have_both_values_and_never_at_once() {
    let dimensions = [Dimension::Page, Dimension::Hostname, Dimension::Source];
    // One visit of A: a hit on the page elsewhere, and one of another page on the host.
    let one = |pageviews: i64| -> TallyRange { Tally { visitors: 1, visits: 1, pageviews, ..Tally::ZERO }.into() };
    let found = bounded(&dimensions, [one(2), one(1), one(1), one(2), hits(0), one(1), one(1)]);
    assert!(found.range.high.is_zero(), "{found:?}");
    // Of two pages on one host, by visits alone three of them would have to meet.
    let found = bounded(&dimensions, [one(4), one(2), one(2), one(4), one(1), one(2), one(2)]);
    assert_eq!((found.range.low.pageviews, found.range.high.pageviews), (1, 1));
    assert_eq!((found.range.low.visits, found.range.low.visitors), (1, 1));
}

#[test]
fn four_values_are_bounded_by_threes() {
    let dimensions = [Dimension::Source, Dimension::Country, Dimension::Device, Dimension::Browser];
    let mut parts = KnownParts::of(&dimensions, hits(100));
    (0..4).for_each(|place| parts.know(&[place], hits(90)));
    for (a, b) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        parts.know(&[a, b], hits(81));
    }
    let found = parts.bounded();
    assert!(found.range.low.visits >= 60 && found.range.high.visits <= 81, "{found:?}");
    let (likely, range) = (found.likely.visits, found.range);
    assert!((65.0..67.0).contains(&likely), "independent, it were 65.6: {likely} in {range:?}");
}
