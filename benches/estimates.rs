//! How near estimates of three and four dimensions come, and how often bounds leave nothing to estimate: `cargo bench --bench estimates`.
//!
//! Looks at days of made-up visits with strong interactions of three dimensions, and at those of the files that `HEADCOUNT_ROWS` names,
//! separated by colons: lines of day, visitor, visit and values, in order of the first three, below a line of their names
//! (`benches/estimates/flights` makes two such files). Questions are lists: all values of a dimension under two or three filters, whose
//! values are those of a hit that is drawn. A cell is a value of such a list over 30 days, each bounded and estimated
//! by itself, and then all of them at once.

#[path = "estimates/made.rs"]
mod made;
#[path = "estimates/rows.rs"]
mod rows;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use headcount::cell::{Dimension, Tally};
use headcount::report::estimate::{EstimatedCounts, KnownParts};

use made::Dice;
use rows::{Rows, VisitRow};

/// Lists that are asked for, for each dimension under others.
const LISTS: usize = 10;
const DAYS: usize = 30;
/// Cells of a list that are looked at, those that count most first.
const CELLS: usize = 300;

/// What was counted of a cell, and what is said of it.
#[derive(Default)]
struct Judged {
    counted: Tally,
    found: EstimatedCounts,
}

/// What a day counts by value of a dimension, and in all, by which of some filters hold.
struct DayParts {
    by_value: BTreeMap<u32, Vec<Tally>>,
    all: Vec<Tally>,
}

/// Adds hits up; those of a visit, and of a visitor, come one after the other.
#[derive(Clone, Copy, Default)]
struct Sum {
    tally: Tally,
    last: Option<(u32, u32)>,
}

impl Sum {
    fn add(&mut self, row: &VisitRow) {
        let (visitor, visit) = (row.visitor, row.visit);
        self.tally.pageviews += 1;
        self.tally.visitors += i64::from(self.last.is_none_or(|(last, _)| last != visitor));
        self.tally.visits += i64::from(self.last != Some((visitor, visit)));
        self.last = Some((visitor, visit));
    }
}

impl DayParts {
    /// Those of further days.
    fn with(mut self, other: DayParts) -> DayParts {
        let add = |to: &mut Vec<Tally>, more: Vec<Tally>| to.iter_mut().zip(more).for_each(|(to, more)| *to += more);
        add(&mut self.all, other.all);
        for (value, more) in other.by_value {
            match self.by_value.entry(value) {
                Entry::Occupied(mut found) => add(found.get_mut(), more),
                Entry::Vacant(place) => drop(place.insert(more)),
            }
        }
        self
    }
}

fn parts_of(day: &[VisitRow], by: usize, filters: &[(usize, u32)]) -> DayParts {
    let many = 1 << filters.len();
    let mut by_value: BTreeMap<u32, Vec<Sum>> = BTreeMap::new();
    let mut all = vec![Sum::default(); many];
    for row in day {
        let passed = filters.iter().enumerate().filter(|(_, (at, value))| row.values[*at] == *value);
        let passed = passed.fold(0, |set, (place, _)| set | 1 << place);
        let of_value = by_value.entry(row.values[by]).or_insert_with(|| vec![Sum::default(); many]);
        for set in (0..many).filter(|set| set & !passed == 0) {
            all[set].add(row);
            of_value[set].add(row);
        }
    }
    let tallies = |sums: Vec<Sum>| sums.into_iter().map(|sum| sum.tally).collect();
    DayParts { by_value: by_value.into_iter().map(|(value, sums)| (value, tallies(sums))).collect(), all: tallies(all) }
}

/// What is said of a value on a day.
fn bounded(dimensions: &[Dimension], of_value: &[Tally], all: &[Tally]) -> EstimatedCounts {
    let mut parts = KnownParts::of(dimensions, all[0].into());
    parts.know(&[0], of_value[0].into());
    let filters = 1..dimensions.len();
    for one in filters.clone() {
        let bit = 1 << (one - 1);
        parts.know(&[one], all[bit].into());
        parts.know(&[0, one], of_value[bit].into());
        for other in filters.clone().filter(|other| one < *other) {
            parts.know(&[one, other], all[bit | 1 << (other - 1)].into());
        }
    }
    parts.bounded()
}

/// Asks for the values of a dimension under filters on others, and judges what is said of so many days together.
fn judged(rows: &Rows, by: usize, on: &[usize], dice: &mut Dice, together: usize) -> Vec<Judged> {
    let mut cells = Vec::new();
    for _ in 0..LISTS {
        let drawn = &rows.days[dice.below(rows.days.len())];
        let drawn = &drawn[dice.below(drawn.len())];
        let filters: Vec<(usize, u32)> = on.iter().map(|at| (*at, drawn.values[*at])).collect();
        let dimensions: Vec<Dimension> =
            std::iter::once(by).chain(on.iter().copied()).map(|at| rows.dimensions[at]).collect();
        let mut list: BTreeMap<u32, Judged> = BTreeMap::new();
        let days: Vec<DayParts> = rows.days.iter().take(DAYS).map(|day| parts_of(day, by, &filters)).collect();
        let mut days = days.into_iter();
        while let Some(parts) = days.by_ref().take(together).reduce(DayParts::with) {
            for (value, of_value) in parts.by_value {
                let judged = list.entry(value).or_default();
                judged.counted += of_value[of_value.len() - 1];
                judged.found += bounded(&dimensions, &of_value, &parts.all);
            }
        }
        let mut list: Vec<Judged> = list.into_values().filter(|cell| cell.found.range.high.visits > 0).collect();
        list.sort_by_key(|cell| std::cmp::Reverse(cell.found.range.high.visits));
        list.truncate(CELLS);
        cells.extend(list);
    }
    cells
}

/// Which number of a tally.
type Column = (&'static str, fn(&Tally) -> i64);

const COLUMNS: [Column; 3] =
    [("visitors", |tally| tally.visitors), ("visits", |tally| tally.visits), ("pageviews", |tally| tally.pageviews)];

const SIZES: [(&str, i64, i64); 4] =
    [("0", 0, 0), ("1 to 9", 1, 9), ("10 to 99", 10, 99), ("100 and more", 100, i64::MAX)];

/// A part of a list, in order.
fn quantile(errors: &mut [f64], part: f64) -> f64 {
    errors.sort_by(f64::total_cmp);
    errors.get(((errors.len().saturating_sub(1)) as f64 * part) as usize).copied().unwrap_or(f64::NAN)
}

/// How far a figure is from what was counted: as a part of that, or of 1.
fn error(figure: f64, counted: i64) -> f64 {
    (figure - counted as f64).abs() / counted.max(1) as f64
}

fn print(kind: &str, cells: &[Judged]) {
    for (name, of) in COLUMNS {
        for (size, least, most) in SIZES {
            let of_size: Vec<&Judged> =
                cells.iter().filter(|cell| (least..=most).contains(&of(&cell.counted))).collect();
            let outside = |cell: &&&Judged| {
                !(of(&cell.found.range.low)..=of(&cell.found.range.high)).contains(&of(&cell.counted))
            };
            assert_eq!(of_size.iter().filter(outside).count(), 0, "bounds that do not hold what was counted");
            let unsure: Vec<&&Judged> =
                of_size.iter().filter(|cell| of(&cell.found.range.low) < of(&cell.found.range.high)).collect();
            let errors = |figure: &dyn Fn(&Judged) -> f64| -> [f64; 2] {
                let mut errors: Vec<f64> = unsure.iter().map(|cell| error(figure(cell), of(&cell.counted))).collect();
                [0.5, 0.9].map(|part| quantile(&mut errors, part) * 100.0)
            };
            let likely = errors(&|cell| of(&cell.found.likely.within(&cell.found.range)) as f64);
            let middle = errors(&|cell| i64::midpoint(of(&cell.found.range.low), of(&cell.found.range.high)) as f64);
            let sure = 100.0 - 100.0 * unsure.len() as f64 / of_size.len().max(1) as f64;
            let shown = |[half, most]: [f64; 2]| {
                if unsure.is_empty() { "-".into() } else { format!("{half:.0} % / {most:.0} %") }
            };
            let (many, likely, middle) = (of_size.len(), shown(likely), shown(middle));
            println!("| {kind} | {name} | {size} | {many} | {sure:.0} % | {likely} | {middle} |");
        }
    }
}

/// Each dimension under each two others, and under each three.
fn look_at(name: &str, rows: &Rows, together: usize) {
    println!(
        "\n{name}: {} days, {together} at once, {} hits\n",
        rows.days.len().min(DAYS),
        rows.days.iter().take(DAYS).map(Vec::len).sum::<usize>()
    );
    println!(
        "| dimensions | of | counted | cells | sure | estimate: half within / nine in ten | middle of the bounds |"
    );
    println!("|---|---|---|---|---|---|---|");
    let (many, mut dice) = (rows.dimensions.len(), Dice::new());
    let mut kinds: BTreeMap<String, Vec<Judged>> = BTreeMap::new();
    for by in 0..many {
        for set in (0..1_usize << many).filter(|set| set >> by & 1 == 0 && [2, 3].contains(&set.count_ones())) {
            let on: Vec<usize> = (0..many).filter(|at| set >> at & 1 == 1).collect();
            let of_hits = on.iter().chain([&by]).filter(|at| !rows.dimensions[**at].is_of_visit()).count();
            let kind = format!("{}, of hits {of_hits}", on.len() + 1);
            kinds.entry(kind).or_default().extend(judged(rows, by, &on, &mut dice, together));
        }
    }
    for (kind, cells) in kinds {
        print(&kind, &cells);
    }
}

fn main() {
    let made = made::rows(DAYS);
    [1, DAYS].into_iter().for_each(|together| look_at("made up", &made, together));
    let files = std::env::var("HEADCOUNT_ROWS").unwrap_or_default();
    for path in files.split(':').filter(|path| !path.is_empty()) {
        let rows = Rows::read(path);
        [1, DAYS].into_iter().for_each(|together| look_at(path, &rows, together));
    }
}
