//! Which tables and which columns of a day's cells of two dimensions take how much room.

use headcount::beacon::Kind;
use headcount::cell::Tally;
use headcount::cell::packed::{CellKey, pack};
use headcount::counts::pairs::PairTable;
use headcount::limits;
use headcount::site::Budget;

use super::stream::{FIRST, Maker};

/// Tables that are printed.
const ROWS: usize = 60;

/// A way to leave columns out.
type Kept = fn(Tally) -> Tally;

/// What is kept of a tally, a column more each time.
const COLUMNS: [(&str, Kept); 5] = [
    ("keys", |_| Tally { visitors: 1, visits: 1, pageviews: 1, bounces: 1, ..Tally::ZERO }),
    ("counts", |tally| Tally { seconds: 0, engaged_visits: 0, engaged_ms: 0, scroll: 0, ..tally }),
    ("seconds", |tally| Tally { engaged_visits: 0, engaged_ms: 0, scroll: 0, ..tally }),
    ("engaged visits", |tally| Tally { engaged_ms: 0, scroll: 0, ..tally }),
    ("engaged time", |tally| Tally { scroll: 0, ..tally }),
];

/// A table: its name, how many cells it has, and its bytes by how many columns are kept.
type TableSizes = (String, usize, Vec<usize>);

/// Prints the tables of a day of so many visits, the largest first, with what each column adds to each, in bytes a pageview.
pub fn parts(maker: &Maker, visits: usize) {
    let all = Budget { pair_cells: limits::PAIR_CELLS_PER_DAY_MAX, values: limits::VALUES_PER_DAY_MAX };
    let mut views = 0;
    maker.visits(FIRST, visits, &mut |hit| views += usize::from(hit.kind == Kind::Pageview));
    let pairs = maker.day(FIRST, visits, all).snapshot().pairs(u32::MAX);
    let table = |table: &PairTable| {
        let cells = table.cells().expect("cells that were counted just now");
        (format!("{}, {}", table.pair.first.name(), table.pair.second.name()), cells.len(), sizes(&cells))
    };
    let mut rows: Vec<TableSizes> = pairs.tables.iter().map(table).collect();
    rows.sort_by_key(|(.., sizes)| std::cmp::Reverse(sizes.last().copied()));
    let mut total = ("all".to_owned(), 0, vec![0; COLUMNS.len() + 1]);
    for (_, cells, sizes) in &rows {
        total.1 += cells;
        total.2.iter_mut().zip(sizes).for_each(|(total, size)| *total += size);
    }
    println!("| table | cells | keys | counts | seconds | engaged visits | engaged time | scroll | all |");
    println!("|---|---|---|---|---|---|---|---|---|");
    rows.iter().take(ROWS).chain([&total]).for_each(|row| print(row, views as f64));
}

fn print((name, cells, sizes): &TableSizes, views: f64) {
    let before = std::iter::once(&0).chain(sizes);
    let parts =
        sizes.iter().zip(before).map(|(size, before)| format!("{:.3}", (*size as f64 - *before as f64) / views));
    let all = sizes.last().copied().unwrap_or(0) as f64 / views;
    println!("| {name} | {cells} | {} | {all:.3} |", parts.collect::<Vec<_>>().join(" | "));
}

fn sizes(cells: &[(CellKey, Tally)]) -> Vec<usize> {
    let kept = COLUMNS.iter().map(|(_, kept)| *kept).chain([(|tally| tally) as Kept]);
    kept.map(|kept| pack(cells.iter().map(|(key, tally)| (*key, kept(*tally)))).len()).collect()
}
