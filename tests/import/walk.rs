//! An import counts what a naive walk over the lines of a made-up log finds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Desk, FIREFOX};

/// One made-up request.
struct Request {
    second: i64,
    who: usize,
    page: usize,
    counts: bool,
    line: String,
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A log of ten days from 2024-06-01 on, in order of time.
fn requests(many: usize) -> Vec<Request> {
    let mut dice = Dice(7);
    let step_s = 10 * 86_400 / many as u64;
    let mut second = 1_717_200_000;
    let mut made = Vec::with_capacity(many);
    for _ in 0..many {
        second += dice.below(2 * step_s) as i64;
        let (who, page) = (dice.below(300) as usize, (dice.below(30) * dice.below(30) / 30) as usize);
        let (target, status, counts) = match dice.below(20) {
            0..8 => (format!("/page-{page}"), 200, true),
            8..10 => (format!("/page-{page}?q={}", dice.below(1_000)), 304, true),
            10..19 => (format!("/style-{page}.css"), 200, false),
            _ => (format!("/page-{page}"), 404, false),
        };
        let time = jiff::Timestamp::from_second(second).unwrap().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
        let line = format!(
            "10.0.{}.{} - - [{time}] \"GET {target} HTTP/1.1\" {status} 1 \"-\" \"{FIREFOX}\"\n",
            who / 50,
            who % 50
        );
        made.push(Request { second, who, page, counts, line });
    }
    made
}

/// Visitors, visits and pageviews by a label of each visit's hits.
#[derive(Default)]
struct Table(BTreeMap<String, Sums>);

/// Visitors of days, visits and pageviews.
type Sums = (BTreeSet<(i64, usize)>, BTreeSet<usize>, u64);

impl Table {
    fn add(&mut self, label: String, request: &Request, visit: usize) {
        let (visitors, visits, pageviews) = self.0.entry(label).or_default();
        visitors.insert((request.second / 86_400, request.who));
        visits.insert(visit);
        *pageviews += 1;
    }

    fn rows(&self) -> Value {
        let row = |(label, (visitors, visits, pageviews)): (&String, &Sums)| {
            (label.clone(), json!([visitors.len(), visits.len(), pageviews]))
        };
        Value::Object(self.0.iter().map(row).collect::<Map<_, _>>())
    }
}

/// By page, entry page and day.
fn walk(requests: &[Request]) -> [Table; 3] {
    let [mut by_page, mut by_entry, mut by_day] = [(); 3].map(|()| Table::default());
    // Of each visitor: the last second, the visit's number and its entry page.
    let mut people: BTreeMap<(i64, usize), (i64, usize, usize)> = BTreeMap::new();
    let mut visits = 0;
    for request in requests.iter().filter(|request| request.counts) {
        let day = request.second / 86_400;
        let running = people.get(&(day, request.who)).filter(|(last, ..)| request.second - last <= 1_800);
        let (visit, entry) = running.map_or((visits, request.page), |(_, visit, entry)| (*visit, *entry));
        visits += usize::from(running.is_none());
        people.insert((day, request.who), (request.second, visit, entry));
        by_page.add(format!("/page-{}", request.page), request, visit);
        by_entry.add(format!("/page-{entry}"), request, visit);
        by_day.add(jiff::Timestamp::from_second(request.second).unwrap().strftime("%F").to_string(), request, visit);
    }
    [by_page, by_entry, by_day]
}

#[test]
fn an_import_equals_a_naive_walk_over_its_lines() {
    let requests = requests(20_000);
    let desk = Desk::new();
    // Two web servers behind a balancer, each with a log of its own.
    let of = |machine| requests.iter().skip(machine).step_by(2).map(|r| r.line.as_str()).collect::<String>();
    let told = desk.import(&[&desk.log("one.log", &of(0)), &desk.log("two.log", &of(1))], &[]);
    assert_eq!(told["lines"], 20_000);
    assert_eq!(told["counted"], requests.iter().filter(|request| request.counts).count());
    let tables = walk(&requests);
    for (by, table) in ["page", "entry_page", "day"].into_iter().zip(&tables) {
        assert!(table.0.len() >= 10, "there is something to compare");
        assert_eq!(desk.report(by), table.rows(), "{by}");
    }
}
