//! An attacker on small sites, who knows everything that everybody may see of a day, all values there are and what they are parts
//! of, the rule, and some visitors of their own; the key alone is not known. Every world is looked for in which all that was seen
//! would be seen as well: a value of 1 to k - 1 visitors that is the same in all of them is determined.
//!
//! Days are folded each by itself, and all else that is public is a function of folded days, so one day is enough. Of each
//! metric only sums of what is folded are seen, which visitors stand for. The default run looks at 600 sites;
//! `HEADCOUNT_ATTACKED_SITES=10000 cargo test --release --lib folded::attacker` at as many as it says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::rule::DayRule;
use super::wholes::form_of_device;
use super::{DayValues, folded};
use crate::cell::{Dimension, NOT_SET, OTHER, Tally};
use crate::counts::Name;
use crate::secret::small_counts::SmallCountsKey;

/// Values that belong together: the dimensions, the widest first, and for each leaf its value of each.
struct ValueFamily {
    dimensions: &'static [Dimension],
    leaves: &'static [&'static [&'static str]],
    /// Whether a visitor may have several leaves.
    repeats: bool,
}

const FAMILIES: [ValueFamily; 6] = [
    ValueFamily {
        dimensions: &[Dimension::Source],
        leaves: &[&["Google"], &["Bing"], &["Direct / None"], &["example.org"]],
        repeats: false,
    },
    ValueFamily { dimensions: &[Dimension::Language], leaves: &[&["de"], &["fr"], &[OTHER]], repeats: true },
    ValueFamily { dimensions: &[Dimension::Page], leaves: &[&["/"], &["/a"], &["/b"], &["/c"]], repeats: true },
    ValueFamily { dimensions: &[Dimension::Event], leaves: &[&["Signup"], &["Login"], &["Buy"]], repeats: true },
    ValueFamily {
        dimensions: &[Dimension::Country, Dimension::Region, Dimension::City],
        leaves: &[
            &["DE", "DE-BE", "Berlin, DE-BE"],
            &["DE", "DE-BY", "Munich, DE-BY"],
            &["DE", "DE-BY", "Nuremberg, DE-BY"],
            &["DE", NOT_SET, "Bonn, DE"],
            &["FR", "FR-IDF", "Paris, FR-IDF"],
            &["FR", NOT_SET, NOT_SET],
        ],
        repeats: false,
    },
    ValueFamily {
        dimensions: &[Dimension::Device, Dimension::Os, Dimension::OsVersion],
        leaves: &[
            &["desktop", "Windows", "Windows 10"],
            &["desktop", "macOS", NOT_SET],
            &["mobile", "iOS", "iOS 18"],
            &["mobile", "Android", "Android 15"],
            &["tablet", "iOS", "iOS 18"],
        ],
        repeats: false,
    },
];

/// A day of a small site, as it was or might have been: how many visitors had each leaf, and how many there were.
#[derive(Clone)]
struct SmallSite {
    family: &'static ValueFamily,
    k: i64,
    visitors: i64,
    counts: Vec<i64>,
    /// Visitors of the attacker, of each leaf.
    own: Vec<i64>,
    /// Whether it has no visitors, only hits.
    is_by_hits: bool,
    /// A leaf whose value was forgotten, of a family of one dimension: it counts in the day's totals alone.
    forgotten: Option<usize>,
}

/// What is seen: for each dimension how many had a value.
type Seen = Vec<BTreeMap<String, i64>>;
/// What was drawn for values, by kind and name.
type Draws<'a> = HashMap<(&'a str, &'a str), f64>;

impl SmallSite {
    fn tally(&self, count: i64) -> Tally {
        match (self.is_by_hits, self.family.dimensions[0]) {
            (true, Dimension::Event) => Tally { events: count, ..Tally::ZERO },
            (true, _) => Tally { pageviews: count, ..Tally::ZERO },
            _ => Tally { visitors: count, visits: count, pageviews: count, ..Tally::ZERO },
        }
    }

    fn sums(&self, place: usize) -> BTreeMap<&'static str, i64> {
        let mut sums = BTreeMap::new();
        let kept = |(at, _): &(usize, _)| self.forgotten != Some(*at);
        for (_, (leaf, count)) in self.family.leaves.iter().zip(&self.counts).enumerate().filter(kept) {
            *sums.entry(leaf[place]).or_default() += *count;
        }
        sums
    }

    /// What everybody sees of it, folded by what is drawn.
    fn seen(&self, draw: &dyn Fn(&str, &str) -> f64) -> Seen {
        let values: DayValues = self
            .family
            .dimensions
            .iter()
            .enumerate()
            .map(|(place, dimension)| {
                let sums = self.sums(place).into_iter();
                (*dimension, sums.map(|(name, count)| (Name::from(name), self.tally(count))).collect())
            })
            .collect();
        let total = if self.is_by_hits {
            Tally { pageviews: self.visitors, ..Tally::ZERO }
        } else {
            Tally { visits: self.counts.iter().sum(), ..self.tally(self.visitors) }
        };
        let folded = folded(DayRule::of_day(total, self.k as u32, draw), values);
        let count = |tally: Tally| tally.visitors.max(if self.is_by_hits { tally.pageviews + tally.events } else { 0 });
        let rows = self.family.dimensions.iter().map(|it| folded.get(it).into_iter().flatten());
        rows.map(|rows| rows.map(|(name, tally)| (name.to_string(), count(*tally))).collect()).collect()
    }

    /// Whether the day can be like that: nobody has a leaf twice, nobody is missing, and the attacker was there.
    fn is_possible(&self) -> bool {
        let sum: i64 = self.counts.iter().sum();
        let is_enough = match self.family.dimensions[0] {
            Dimension::Event => true,
            _ if self.family.repeats && !self.is_by_hits => sum >= self.visitors,
            _ => sum == self.visitors,
        };
        let fits = |(count, own): (&i64, &i64)| *own <= *count && *count <= self.visitors;
        is_enough && self.counts.iter().zip(&self.own).all(fits)
    }

    /// Whether this would be seen, for some key. An order that leads there draws the folded values that are not small, in some
    /// order, and all others behind them.
    fn may_be_seen_as(&self, seen: &Seen) -> bool {
        let names =
            |place: usize| self.sums(place).into_iter().filter(|(_, count)| *count >= self.k).map(|(name, _)| name);
        let mut kinds: Vec<(&str, Vec<&str>)> = self
            .family
            .dimensions
            .iter()
            .enumerate()
            .map(|(place, dimension)| {
                (dimension.name(), names(place).filter(|name| !seen[place].contains_key(*name)).collect())
            })
            .collect();
        if self.family.dimensions[0] == Dimension::Device {
            let forms: BTreeSet<&str> = self.sums(0).into_keys().map(form_of_device).collect();
            kinds.push(("form", forms.into_iter().collect()));
        }
        let mut draws = Draws::new();
        orders(&kinds, &mut draws, &mut |draws| {
            self.seen(&|kind, name| draws.get(&(kind, name)).copied().unwrap_or(8_f64.powi(200))) == *seen
        })
    }

    /// How many had a value, the attacker's own visitors aside.
    fn count(&self, place: usize, value: &str) -> (i64, i64) {
        let leaves = self.family.leaves.iter().zip(self.counts.iter().zip(&self.own));
        let of_value = leaves.filter(|(leaf, _)| leaf[place] == value).map(|(_, counts)| counts);
        of_value.fold((0, 0), |(count, own), (more, more_own)| (count + more, own + more_own))
    }
}

/// Tries all orders of the names of each kind.
fn orders<'a>(
    kinds: &[(&'a str, Vec<&'a str>)],
    draws: &mut Draws<'a>,
    found: &mut dyn FnMut(&Draws<'a>) -> bool,
) -> bool {
    let Some(((kind, names), others)) = kinds.split_first() else { return found(draws) };
    let open: Vec<&str> = names.iter().filter(|name| !draws.contains_key(&(*kind, **name))).copied().collect();
    if open.is_empty() {
        return orders(others, draws, found);
    }
    // Further apart than any sizes may bring together again.
    let draw = 8_f64.powi(20 * (names.len() - open.len()) as i32);
    open.into_iter().any(|name| {
        draws.insert((kind, name), draw);
        let is_found = orders(kinds, draws, found);
        draws.remove(&(*kind, name));
        is_found
    })
}

/// A sum over some leaves that is known.
type Equation = (Vec<usize>, i64);

/// What sums are known of the leaves from what is seen.
fn equations(site: &SmallSite, seen: &Seen) -> Vec<Equation> {
    let mut known = Vec::new();
    for (place, rows) in seen.iter().enumerate() {
        let with = |name: &str| (0..site.counts.len()).filter(|at| site.family.leaves[*at][place] == name).collect();
        known.extend(rows.iter().filter(|(name, _)| *name != OTHER).map(|(name, sum)| (with(name), *sum)));
        // With a value that was forgotten, all that is seen is not all that there was.
        let is_whole = site.family.dimensions[0] != Dimension::Event || rows.contains_key(OTHER);
        let is_whole = is_whole && site.forgotten.is_none();
        known.extend(is_whole.then(|| ((0..site.counts.len()).collect(), rows.values().sum())));
    }
    known
}

/// Whether any numbers for the leaves from one on solve the equations and are as wanted.
fn solve(
    site: &mut SmallSite,
    at: usize,
    equations: &mut [Equation],
    wanted: &mut dyn FnMut(&SmallSite) -> bool,
) -> bool {
    if at == site.counts.len() {
        return wanted(site);
    }
    let of_leaf = |equation: &&Equation| equation.0.contains(&at);
    let most = equations.iter().filter(of_leaf).map(|(_, left)| *left).min().unwrap_or(site.visitors);
    let ends: Vec<i64> = equations
        .iter()
        .filter(of_leaf)
        .filter(|(leaves, _)| leaves.last() == Some(&at))
        .map(|(_, left)| *left)
        .collect();
    (site.own[at]..=most.min(site.visitors)).any(|count| {
        if ends.iter().any(|left| *left != count) {
            return false;
        }
        let take = |equations: &mut [Equation], count: i64| {
            equations.iter_mut().filter(|(leaves, _)| leaves.contains(&at)).for_each(|(_, left)| *left -= count);
        };
        take(equations, count);
        site.counts[at] = count;
        let is_found = solve(site, at + 1, equations, wanted);
        take(equations, -count);
        is_found
    })
}

/// Worlds that are like this one but for two leaves.
fn neighbours(site: &SmallSite) -> Vec<SmallSite> {
    let leaves = site.counts.len();
    let mut found = Vec::new();
    for (from, to) in (0..leaves).flat_map(|from| (0..leaves).map(move |to| (from, to))).filter(|(a, b)| a != b) {
        let mut swapped = site.clone();
        swapped.counts.swap(from, to);
        let mut moved = site.clone();
        (moved.counts[from], moved.counts[to]) = (site.counts[from] - 1, site.counts[to] + 1);
        found.extend([swapped, moved]);
    }
    found
}

/// Whether all worlds that may be seen so agree on a value.
fn is_determined(
    site: &SmallSite,
    seen: &Seen,
    place: usize,
    value: &str,
    may_be_seen: &dyn Fn(&SmallSite) -> bool,
) -> bool {
    let (truth, _) = site.count(place, value);
    let mut differs =
        |other: &SmallSite| other.count(place, value).0 != truth && other.is_possible() && may_be_seen(other);
    // Most often one is near.
    if neighbours(site).iter().any(&mut differs) {
        return false;
    }
    let mut equations = equations(site, seen);
    let mut open = site.clone();
    !solve(&mut open, 0, &mut equations, &mut differs)
}

/// The values below k, with visitors other than the attacker's, that are determined.
fn determined(site: &SmallSite, seen: &Seen, may_be_seen: &dyn Fn(&SmallSite) -> bool) -> Vec<String> {
    assert!(site.is_possible() && may_be_seen(site), "the attacker does not know the rule");
    let mut found = Vec::new();
    for place in 0..site.family.dimensions.len() {
        let forgotten = site.forgotten.map(|at| (site.family.leaves[at][place], site.counts[at]));
        for (value, count) in site.sums(place).into_iter().chain(forgotten) {
            let is_small = (1..site.k).contains(&count) && site.count(place, value).1 < count && value != OTHER;
            if is_small && is_determined(site, seen, place, value, may_be_seen) {
                found.push(format!(
                    "{value} is {count} of {:?} at {}, own {:?}: {seen:?}",
                    site.counts, site.k, site.own
                ));
            }
        }
    }
    found
}

/// Numbers that look random and are the same in each run.
struct Numbers(SmallCountsKey, u64);

impl Numbers {
    fn below(&mut self, bound: i64) -> i64 {
        self.1 += 1;
        (self.0.number(&[&self.1.to_le_bytes()]) % bound.max(1) as u64) as i64
    }
}

fn made_up(numbers: &mut Numbers, family: &'static ValueFamily) -> SmallSite {
    let k = 3 + numbers.below(3);
    let counts: Vec<i64> = family
        .leaves
        .iter()
        .map(|_| match numbers.below(4) {
            0 => 0,
            1 => numbers.below(k),
            _ => numbers.below(3 * k),
        })
        .collect();
    let (sum, most) = (counts.iter().sum::<i64>(), counts.iter().max().copied().unwrap_or_default());
    let is_by_hits = numbers.below(8) == 0;
    let visitors = match family.dimensions[0] {
        Dimension::Event => most + numbers.below(2 * k),
        _ if family.repeats && !is_by_hits => most + numbers.below(sum - most + 1),
        _ => sum,
    };
    // Fewer than k - 1 own visitors, of a few leaves that they really had.
    let mut left = numbers.below(k - 1) * numbers.below(2);
    let mut own = vec![0; counts.len()];
    for (own, count) in own.iter_mut().zip(&counts) {
        *own = numbers.below(left.min(*count) + 1);
        left -= if family.repeats { 0 } else { *own };
    }
    SmallSite { family, k, visitors, counts, own, is_by_hits, forgotten: None }
}

fn draw(number: u64) -> impl Fn(&str, &str) -> f64 {
    move |kind, name| {
        let key = SmallCountsKey::of([2; 32]);
        let number = key.number(&[&number.to_le_bytes(), kind.as_bytes(), name.as_bytes()]);
        -((number as f64 + 0.5) / 2_f64.powi(64)).ln()
    }
}

fn sites_to_attack() -> u64 {
    std::env::var("HEADCOUNT_ATTACKED_SITES").ok().and_then(|sites| sites.parse().ok()).unwrap_or(600)
}

/// Small sites, the same in each run. Of a day with fewer than k visitors nothing is seen at all.
fn small_sites(many: u64) -> impl Iterator<Item = (u64, SmallSite)> {
    let site = |number: u64| {
        let mut numbers = Numbers(SmallCountsKey::of([1; 32]), number << 16);
        (number, made_up(&mut numbers, &FAMILIES[(number % FAMILIES.len() as u64) as usize]))
    };
    (0..).map(site).filter(|(_, site)| site.visitors >= site.k).take(many as usize)
}

#[test]
fn no_value_below_k_is_determined() {
    let mut hidden = 0;
    for (number, site) in small_sites(sites_to_attack()) {
        let seen = site.seen(&draw(number));
        let found = determined(&site, &seen, &|other| other.may_be_seen_as(&seen));
        assert!(found.is_empty(), "{number}: {found:?}");
        hidden += seen.iter().filter(|rows| rows.len() > 1 && rows.contains_key(OTHER)).count();
    }
    assert!(hidden > 50, "{hidden} sites have folded and shown values");
}

#[test]
fn what_was_forgotten_is_not_determined_either() {
    let mut attacked = 0;
    for (number, mut site) in small_sites(600) {
        let is_small = |at: &usize| site.own[*at] < site.counts[*at] && (1..site.k).contains(&site.counts[*at]);
        let forgotten = (0..site.counts.len()).find(is_small).filter(|at| site.family.leaves[*at] != [OTHER]);
        if site.family.dimensions.len() > 1 || forgotten.is_none() {
            continue;
        }
        site.forgotten = forgotten;
        let seen = site.seen(&draw(number));
        let found = determined(&site, &seen, &|other| other.may_be_seen_as(&seen));
        assert!(found.is_empty(), "{number}: {found:?}");
        attacked += 1;
    }
    assert!(attacked > 50, "{attacked}");
}

/// What the rule before this one showed: with small values the smallest of the others was folded, until k were.
fn formerly_seen(site: &SmallSite) -> Seen {
    let mut values: Vec<(i64, &str)> = site.sums(0).into_iter().map(|(name, count)| (count, name)).collect();
    values.retain(|(count, _)| *count > 0);
    values.sort_unstable();
    let (mut rows, mut other) = (BTreeMap::new(), 0);
    for (count, name) in values {
        if count < site.k || (1..site.k).contains(&other) {
            other += count;
        } else {
            rows.insert(name.to_owned(), count);
        }
    }
    rows.extend((other > 0).then(|| (OTHER.to_owned(), other)));
    vec![rows]
}

fn site_of(family: &'static ValueFamily, k: i64, counts: &[i64]) -> SmallSite {
    let (visitors, own) = (counts.iter().sum(), vec![0; counts.len()]);
    SmallSite { family, k, visitors, counts: counts.to_vec(), own, is_by_hits: false, forgotten: None }
}

const THREE: ValueFamily =
    ValueFamily { dimensions: &[Dimension::Screen], leaves: &[&["sm"], &["md"], &["lg"]], repeats: false };
const TWO: ValueFamily = ValueFamily { dimensions: &[Dimension::Screen], leaves: &[&["sm"], &["lg"]], repeats: false };

#[test]
fn the_attacker_finds_what_the_former_rule_told() {
    let attacked = |site: &SmallSite| {
        let seen = formerly_seen(site);
        determined(site, &seen, &|other| formerly_seen(other) == seen).len()
    };
    assert_eq!(attacked(&site_of(&THREE, 5, &[4, 10, 10])), 1);
    // So it is wherever the two others are alike.
    let found = (5..=12).filter(|others| attacked(&site_of(&THREE, 5, &[4, *others, *others])) == 1).count();
    assert_eq!(found, 8);
}

#[test]
fn at_two_the_attacker_knows_that_each_of_two_had_one() {
    let attacked = |k: i64, counts: &[i64]| {
        let site = site_of(&TWO, k, counts);
        let seen = site.seen(&draw(0));
        determined(&site, &seen, &|other| other.may_be_seen_as(&seen)).len()
    };
    assert_eq!((attacked(2, &[1, 1]), attacked(3, &[1, 2]), attacked(3, &[2, 2])), (2, 0, 0));
}

#[test]
fn pages_would_tell_how_often_each_was_first() {
    const FIRST: ValueFamily =
        ValueFamily { dimensions: &[Dimension::EntryPage], leaves: &[&["/a"], &["/b"]], repeats: false };
    let (views, site) = ([5, 10], site_of(&FIRST, 5, &[4, 10]));
    let seen = site.seen(&draw(0));
    assert!(determined(&site, &seen, &|other| other.may_be_seen_as(&seen)).is_empty());
    let is_seen = |other: &SmallSite| {
        other.counts.iter().zip(views).all(|(first, views)| *first <= views) && other.may_be_seen_as(&seen)
    };
    assert_eq!(determined(&site, &seen, &is_seen).len(), 1);
}

#[test]
fn a_greater_k_hides_what_a_smaller_one_hid_and_more() {
    for (number, site) in small_sites(600).filter(|(_, site)| site.family.dimensions.len() == 1) {
        let greater = SmallSite { k: site.k + 1, ..site.clone() };
        let (seen, less) = (site.seen(&draw(number)), greater.seen(&draw(number)));
        let is_seen = |name: &String| name == OTHER || seen[0].contains_key(name);
        assert!(less[0].keys().all(is_seen), "{number}: {seen:?} {less:?}");
    }
}
