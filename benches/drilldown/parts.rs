//! Which tables and which columns of a day's cells of two dimensions take how much room.

use headcount::cell::Tally;
use headcount::cell::packed::{CellKey, Effort, pack};
use headcount::counts::pairs::Pair;
use headcount::limits;
use headcount::site::Budget;

use super::stream::{FIRST, Maker};

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

/// Prints the tables of a day of so many visits, the largest first, with what each column adds to each, in bytes a pageview.
pub fn parts(maker: &Maker, visits: usize) {
    let all = Budget { pair_cells: limits::PAIR_CELLS_PER_DAY_MAX, values: limits::VALUES_PER_DAY_MAX };
    let day = maker.day(FIRST, visits, all);
    let pairs = day.snapshot().pairs(u32::MAX);
    let views: i64 = 240_000;
    let mut rows: Vec<(Pair, usize, Vec<usize>)> = Vec::new();
    for table in &pairs.tables {
        let cells = table.cells().expect("cells that were counted just now");
        rows.push((table.pair, cells.len(), sizes(&cells)));
    }
    rows.sort_by_key(|(.., sizes)| std::cmp::Reverse(sizes.last().copied()));
    println!("| table | cells | keys | counts | seconds | engaged visits | engaged time | scroll | all |");
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut total = vec![0; COLUMNS.len() + 1];
    let mut cells_total = 0;
    let print = |name: &str, cells: usize, sizes: &[usize]| {
        let mut before = 0;
        let parts: Vec<String> = sizes
            .iter()
            .map(|size| format!("{:.3}", (*size as f64 - std::mem::replace(&mut before, *size) as f64) / views as f64))
            .collect();
        println!("| {name} | {cells} | {} | {:.3} |", parts.join(" | "), before as f64 / views as f64);
    };
    for (place, (pair, cells, sizes)) in rows.iter().enumerate() {
        total.iter_mut().zip(sizes).for_each(|(total, size)| *total += size);
        cells_total += cells;
        if place < 60 {
            print(&format!("{}, {}", pair.first.name(), pair.second.name()), *cells, sizes);
        }
    }
    print("all", cells_total, &total);
}

fn sizes(cells: &[(CellKey, Tally)]) -> Vec<usize> {
    let kept = COLUMNS.iter().map(|(_, kept)| *kept).chain([(|tally| tally) as Kept]);
    kept.map(|kept| pack(cells.iter().map(|(key, tally)| (*key, kept(*tally))), Effort::Small).len()).collect()
}
