//! More than the bounds of a day allow becomes `(other)`, with exact totals, and figures by name of what people read.

use std::collections::HashMap;

use headcount::cell::{Axis, Dimension, OTHER, Tally};
use headcount::control::{Command, SiteChange};
use headcount::counts::{OpenDay, Room, Sums};
use headcount::hit::Hit;
use headcount::hit::token::{Network, Token};
use headcount::limits::SEEN_PER_VISITOR_MAX;
use headcount::site::Budget;

use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::depth1::hits;
use crate::world::World;

fn hit(who: u64, page: &str) -> Hit {
    let mut hit = hits(&Scenario::parse("09:00 ana /")).remove(0);
    let bits = who.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (hit.token, hit.network) = (Some(Token::from_bits(bits)), Some(Network::from_bits((bits >> 32) as u32)));
    page.clone_into(&mut hit.page);
    hit
}

fn by_value(sums: &Sums, axis: &Axis<headcount::counts::Name>) -> HashMap<String, Tally> {
    let cells = sums.days.iter().filter(|(cell, _)| cell.axis == *axis);
    cells.map(|(cell, tally)| (cell.value.to_string(), *tally)).collect()
}

#[test]
fn past_the_bound_of_a_visitor_pages_are_other_and_totals_exact() {
    let template = hit(1, "/");
    // One network has a quarter of the budget, which is more than one visitor needs here.
    let budget = Budget { values: 40_000, ..Budget::default() };
    let mut day = OpenDay::new(template.site, template.local.day, budget);
    let many = SEEN_PER_VISITOR_MAX + 100;
    for number in 0..many {
        day.take(&hit(1, &format!("/{number}")), || Room::Visitor).unwrap();
    }
    let sums = day.drain();
    let pages = by_value(&sums, &Axis::Of(Dimension::Page));
    assert_eq!(by_value(&sums, &Axis::Total)[""].pageviews, many as i64);
    assert_eq!(pages[OTHER].pageviews, 100);
    assert_eq!(pages.len(), SEEN_PER_VISITOR_MAX + 1);
}

/// A flood of made-up addresses, referrers, campaigns and properties from as many visitors, and people who read four pages
/// meanwhile, the last of which is new when the day is full already.
#[test]
fn a_flood_fills_no_more_than_the_budget_and_people_are_counted_by_name() {
    let budget = Budget { values: 500, pair_cells: 20_000 };
    let template = hit(1, "/");
    let mut day = OpenDay::new(template.site, template.local.day, budget);
    let (flood, people) = (30_000_u64, 300_u64);
    for number in 0..flood {
        let mut made_up = hit(1_000_000 + number, &format!("/flood/{number}"));
        made_up.campaign.campaign = Some(format!("c{number}"));
        made_up.origin.referrer = format!("r{number}.test").into();
        made_up.props = vec![(format!("k{}", number % 2_000), number.to_string())];
        day.take(&made_up, || Room::Visitor).unwrap();
        if number % 100 == 0 {
            let page = ["/", "/a", "/b", "/late"][if number > flood / 2 { 3 } else { (number as usize / 100) % 3 }];
            day.take(&hit(number / 100, page), || Room::Visitor).unwrap();
        }
    }
    let (sums, pairs) = (day.drain(), day.snapshot().pairs(budget.pair_cells));
    let pages = by_value(&sums, &Axis::Of(Dimension::Page));
    let total = by_value(&sums, &Axis::Total)[""];
    assert_eq!((total.pageviews, total.visitors), ((flood + people) as i64, (flood + people) as i64));
    assert_eq!(pages.values().map(|tally| tally.pageviews).sum::<i64>(), total.pageviews);
    // Pages read before the day was full are exact; one that is new then misses its first reader.
    let early = ["/", "/a", "/b"].map(|page| pages[page].visitors);
    assert_eq!(early, [51, 50, 50]);
    assert_eq!(pages["/late"].visitors, people as i64 - early.iter().sum::<i64>() - 1);
    assert!(pages.len() <= 750 + 1, "{} pages", pages.len());
    assert!(sums.days.len() < 10 * 800, "{} cells", sums.days.len());
    let cells: usize = pairs.tables.iter().map(|t| t.cells().unwrap().len()).sum();
    // For each value of each table there may be one cell more, for the rest.
    assert!(cells <= 20_000 + pairs.tables.len() * 2 * 752, "{cells} cells of pairs");
}

/// Events of the day, pageviews among them, by `dimension`, where `filters` let them pass.
fn events(world: &World, dimension: &str, filters: Value) -> Value {
    let query = json!({"site_id": "example.com", "metrics": ["events"], "date_range": "day",
        "dimensions": [dimension], "filters": filters});
    let answer = world.query(query).json();
    let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    rows.map(|row| (row["dimensions"][0].as_str().unwrap().to_owned(), row["metrics"][0].clone())).collect()
}

/// More keys of properties than a day takes must not use up what it takes of channels and sources.
#[test]
fn a_flood_of_property_keys_leaves_channels_and_sources_their_room() {
    let world = World::start();
    for event in 0..340 {
        let props: serde_json::Map<String, Value> =
            (0..30).map(|key| (format!("key-{event}-{key}"), Value::from("x"))).collect();
        world.event("Flood", "/").by(&format!("bot{event}")).key("p", Value::Object(props)).ok();
    }
    world.pageview("/landing").by("ana").from("https://www.google.com/search").ok();
    let is = |dimension: &str, value: &str| json!(["is", dimension, [value]]);
    let filters = json!([is("visit:channel", "Organic Search"), is("visit:source", "Google")]);
    assert_eq!(events(&world, "event:page", filters), json!({"/landing": 1}));
}

/// What a second visitor brings gets in past the budget; a source does with its channel.
#[test]
fn a_source_past_the_budget_is_found_by_channel_and_source_too() {
    let world = World::start();
    let change = SiteChange::of("values_max", 5);
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    world.go_to("2026-06-02T09:00:00Z");
    for source in 0..5 {
        world.pageview("/").by(&format!("p{source}")).from(&format!("https://r{source}.test/")).ok();
    }
    for visitor in ["ana", "ben", "cem"] {
        world.pageview(&format!("/{visitor}")).by(visitor).from("https://honest.test/").ok();
    }
    let is = |dimension: &str, value: &str| json!(["is", dimension, [value]]);
    assert_eq!(events(&world, "visit:source", json!([]))["honest.test"], 2, "the first visitor is among the others");
    let filters = json!([is("visit:channel", "Referral"), is("visit:source", "honest.test")]);
    assert_eq!(events(&world, "event:page", filters), json!({"/ben": 1, "/cem": 1}));
}

/// The other way round: more sources than a day takes leave the keys of properties their room.
#[test]
fn more_sources_than_a_day_takes_leave_properties_their_room() {
    let world = World::start();
    let change = SiteChange::of("values_max", 5);
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    world.go_to("2026-06-02T09:00:00Z");
    for source in 0..6 {
        world.pageview("/").by(&format!("p{source}")).from(&format!("https://r{source}.test/")).ok();
    }
    world.event("Signup", "/").by("ana").key("p", json!({"plan": "pro"})).ok();
    assert_eq!(events(&world, "event:props:plan", json!([])), json!({"pro": 1}));
}
