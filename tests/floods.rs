//! Floods of agents, names and networks, with people among them whose figures stay right.

use std::collections::{BTreeSet, HashMap};

use headcount::cell::{Axis, Cell, Dimension, OTHER, Tally};
use headcount::control::{Command, SiteChange};
use headcount::counts::{Name, Newcomer, OpenDay, Room, Shares, Sums};
use headcount::hit::token::{Network, Token};
use headcount::hit::{Hit, Kind};
use headcount::limits::NEW_PER_NETWORK_AND_MINUTE;
use headcount::site::{Budget, Hour};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::scenario::Scenario;
use crate::scenario::depth1::hits;
use crate::world::World;

/// Bits as uniform as those of a hash.
fn mixed(number: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// Makes hits out of one.
struct Template(Scenario);

impl Template {
    fn new() -> Template {
        Template(Scenario::parse("09:00 ana /"))
    }

    fn hit(&self, who: u64, network: u64, page: &str) -> Hit {
        let mut hit = hits(&self.0).remove(0);
        hit.token = Some(Token::from_bits(mixed(who)));
        hit.network = Some(Network::from_bits(mixed(network) as u32));
        page.clone_into(&mut hit.page);
        hit
    }

    fn day(&self, values: u32) -> OpenDay {
        let hit = self.hit(0, 0, "/");
        OpenDay::new(hit.site, hit.local.day, Budget { values, ..Budget::default() })
    }
}

/// What a day has handed out.
#[derive(Default)]
struct Booked(HashMap<(Option<Hour>, Cell<Name>), Tally>);

impl Booked {
    fn add(&mut self, sums: Sums) {
        let hours = sums.hours.into_iter().map(|(cell, hour, tally)| ((Some(hour), cell), tally));
        for (key, tally) in hours.chain(sums.days.into_iter().map(|(cell, tally)| ((None, cell), tally))) {
            *self.0.entry(key).or_default() += tally;
        }
        self.0.retain(|_, tally| !tally.is_zero());
    }

    fn of(sums: Sums) -> Booked {
        let mut booked = Booked::default();
        booked.add(sums);
        booked
    }

    /// Values of a dimension over the day.
    fn by(&self, dimension: Dimension) -> HashMap<String, Tally> {
        let of_day = self.0.iter().filter(|((hour, cell), _)| hour.is_none() && cell.axis == Axis::Of(dimension));
        of_day.map(|((_, cell), tally)| (cell.value.to_string(), *tally)).collect()
    }

    fn total(&self) -> Tally {
        self.0[&(None, Cell { axis: Axis::Total, value: "".into() })]
    }
}

/// Takes a hit as the collector does.
fn take(day: &mut OpenDay, hit: &Hit) {
    let _ = day.take(hit, || Room::Visitor);
    if day.wants_displacement() {
        day.displace_lightest();
    }
}

/// 31,000 requests for 15,500 pages with two agents of one address, while people read twenty pages, half of which are new by then.
#[test]
fn one_address_does_not_blind_pages() {
    let template = Template::new();
    let mut day = template.day(Budget::default().values);
    let mut people = 0;
    let mut read = |day: &mut OpenDay, pages: std::ops::Range<u64>| {
        for page in pages {
            for reader in 0..5 {
                people += 1;
                take(day, &template.hit(1_000_000 + people, 50 + reader, &format!("/read/{page}")));
            }
        }
    };
    read(&mut day, 0..10);
    for number in 0..31_000 {
        take(&mut day, &template.hit(number % 2, 7, &format!("/flood/{}", number / 2)));
    }
    read(&mut day, 0..20);
    let booked = Booked::of(day.drain());
    let pages = booked.by(Dimension::Page);
    for page in 0..20 {
        let readers = if page < 10 { 10 } else { 5 };
        assert_eq!(pages[&format!("/read/{page}")].visitors, readers, "page {page}");
    }
    assert_eq!(booked.total().pageviews, 31_000 + 150);
    assert_eq!(pages.values().map(|tally| tally.pageviews).sum::<i64>(), 31_000 + 150);
    assert!(pages.len() < 2_600, "{} pages", pages.len());
}

/// Fifty networks with pages of their own, which then bring each other's, so that none is brought by one alone.
#[test]
fn what_people_read_pushes_out_the_pages_of_a_botnet() {
    let template = Template::new();
    let (mut day, mut booked) = (template.day(600), Booked::default());
    let mut at = 0;
    let mut take = |day: &mut OpenDay, mut hit: Hit| {
        at += 40;
        hit.at = hit.at.plus(at);
        take(day, &hit);
    };
    for page in ["/", "/about"] {
        (0..30).for_each(|who| take(&mut day, template.hit(10_000 + who, 1_000 + who, page)));
    }
    for number in 0..2_000 {
        take(&mut day, template.hit(number % 50, number % 50, &format!("/flood/{number}")));
    }
    booked.add(day.drain());
    for number in 0..2_000 {
        take(&mut day, template.hit((number + 1) % 50, (number + 1) % 50, &format!("/flood/{number}")));
    }
    booked.add(day.drain());
    for who in 0..60 {
        take(&mut day, template.hit(20_000 + who, 2_000 + who, "/late"));
        take(&mut day, template.hit(20_000 + who, 2_000 + who, "/"));
    }
    booked.add(day.drain());
    let pages = booked.by(Dimension::Page);
    assert_eq!((pages["/"].visitors, pages["/about"].visitors), (90, 30));
    // Until it outweighs what two networks brought, it is among the others.
    assert!((54..60).contains(&pages["/late"].visitors), "{}", pages["/late"].visitors);
    let floods = pages.keys().filter(|page| page.starts_with("/flood/")).count();
    assert!(floods <= 900, "{floods}");
    assert_eq!(pages.values().map(|tally| tally.pageviews).sum::<i64>(), booked.total().pageviews);
    assert_eq!(booked.0, Booked::of(day.contributions()).0);
}

/// A hundred thousand agents of one address, at a site beside another.
#[test]
fn made_up_agents_are_few_visitors_and_all_their_pageviews() {
    let template = Template::new();
    let (mut day, mut shares) = (template.day(Budget::default().values), Shares::default());
    let mut take = |day: &mut OpenDay, hit: Hit| {
        let newcomer = Newcomer { day: (day.site, day.day), network: hit.network, at: hit.at };
        day.take(&hit, || shares.room(newcomer, 2)).unwrap();
        shares.note((day.site, day.day), day.taken());
    };
    for agent in 0..100_000 {
        take(&mut day, template.hit(agent, 7, "/"));
        if agent % 100 == 0 {
            take(&mut day, template.hit(1_000_000 + agent, 1_000 + agent, "/read"));
        }
    }
    let booked = Booked::of(day.drain());
    assert_eq!(booked.by(Dimension::Page)["/read"].visitors, 1_000);
    let flood = booked.by(Dimension::Page)["/"];
    assert!(flood.visitors <= i64::from(NEW_PER_NETWORK_AND_MINUTE) * 3 / 2, "{}", flood.visitors);
    assert_eq!((flood.pageviews, booked.total().pageviews), (100_000, 101_000));
    assert_eq!(booked.by(Dimension::Country).values().map(|tally| tally.pageviews).sum::<i64>(), 101_000);
}

/// Whoever finds no room has the names that are there, and brings none.
#[test]
fn without_room_a_hit_counts_under_names_that_are_there() {
    let template = Template::new();
    let mut day = template.day(Budget::default().values);
    take(&mut day, &template.hit(1, 1, "/known"));
    for page in ["/known", "/new"] {
        let mut hit = template.hit(2, 1, page);
        hit.props = vec![("plan".into(), "pro".into())];
        day.take(&hit, || Room::NoVisitor).unwrap();
    }
    let mut ping = template.hit(2, 1, "/known");
    ping.kind = Kind::Engagement { ms: 5, scroll: None };
    assert!(day.take(&ping, || Room::NoVisitor).is_err());
    let booked = Booked::of(day.drain());
    let pages = booked.by(Dimension::Page);
    assert_eq!((pages["/known"].pageviews, pages["/known"].visitors, pages[OTHER].pageviews), (2, 1, 1));
    assert_eq!((booked.total().visitors, booked.total().visits, booked.total().pageviews), (1, 1, 3));
    assert_eq!(day.visitors(), 1);
}

/// A hit of somebody in one of a few networks, with names of which there are more than have room.
fn random_hit() -> impl Strategy<Value = (u64, u64, [u8; 5], i64)> {
    (0..14_u64, 0..7_u64, prop::array::uniform5(0..12_u8), 0..40 * 60_000_i64)
}

fn made(template: &Template, (who, network, names, gap): &(u64, u64, [u8; 5], i64), at: &mut i64) -> Hit {
    *at += gap / 20;
    let [page, event, source, key, value] = names;
    let mut hit = template.hit(*who, *network, &format!("/{page}"));
    hit.at = hit.at.plus(*at);
    if *who == 13 {
        (hit.token, hit.network) = (None, None);
    }
    if event % 3 == 0 {
        hit.kind = Kind::Event { name: format!("e{event}"), interactive: event % 2 == 0 };
    }
    hit.origin.source = format!("s{source}").into();
    hit.campaign.campaign = Some(format!("c{}", source % 5));
    hit.hostname = format!("h{}.test", value % 7);
    if key % 2 == 0 {
        hit.props = vec![(format!("k{}", key % 6), format!("v{value}"))];
    }
    hit
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// However names come and give way, what is booked is what those who are remembered count for, and every dimension adds up to
    /// the total. The same hits with the same names given way at the same moments count the same.
    #[test]
    fn names_that_come_and_go_leave_exact_sums(
        steps in prop::collection::vec((random_hit(), prop::bool::weighted(0.1)), 1..250), values in 1..7_u32
    ) {
        let template = Template::new();
        let (mut day, mut again) = (template.day(values), template.day(values));
        let [mut booked, mut repeated] = [Booked::default(), Booked::default()];
        let (mut at, mut found) = (0, None);
        for (number, (step, drains)) in steps.iter().enumerate() {
            let hit = made(&template, step, &mut at);
            let taken = day.take(&hit, || Room::Visitor);
            prop_assert_eq!(taken, again.take(&hit, || Room::Visitor));
            // Hits go on while it is looked for who has the names.
            match found.take_if(|_| number % 5 == 4) {
                Some(found) => again.displace_again(&day.end_displacement(found)),
                None if found.is_none() && day.wants_displacement() => found = Some(day.begin_displacement().find()),
                None => {}
            }
            if *drains {
                booked.add(day.drain());
                repeated.add(again.drain());
            }
        }
        booked.add(day.drain());
        repeated.add(again.drain());
        prop_assert_eq!(&booked.0, &Booked::of(day.contributions()).0);
        prop_assert_eq!(&booked.0, &repeated.0);
        let total = booked.total();
        let hits = |tally: &Tally| tally.pageviews + tally.events;
        for dimension in [Dimension::Page, Dimension::Event, Dimension::Hostname, Dimension::Source, Dimension::UtmCampaign] {
            let values_of = booked.by(dimension);
            prop_assert_eq!(values_of.values().map(hits).sum::<i64>(), hits(&total), "{:?}", dimension);
            prop_assert!(values_of.len() <= values as usize * 3 / 2 + 3, "{:?} of {:?}", values_of.len(), dimension);
        }
    }
}

/// Figures of today by page.
fn pages(world: &World, metric: &str) -> HashMap<String, i64> {
    let query = json!({"site_id": "example.com", "metrics": [metric], "date_range": "day", "dimensions": ["event:page"],
        "pagination": {"limit": 2_000}});
    let answer = world.query(query).json();
    let rows = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    rows.map(|row| (row["dimensions"][0].as_str().unwrap().to_owned(), row["metrics"][0].as_i64().unwrap())).collect()
}

fn totals(world: &World, site: &str) -> Value {
    let query = json!({"site_id": site, "metrics": ["visitors", "pageviews"], "date_range": "day"});
    world.query(query).json()["results"][0]["metrics"].clone()
}

fn with_values(values: u32) -> World {
    let world = World::start();
    let change = SiteChange::of("values_max", values);
    world.command(Command::SiteSet { domain: "example.com".into(), change }).unwrap();
    world.go_to("2026-06-02T09:00:00Z");
    world
}

#[test]
fn a_flood_of_pages_leaves_what_people_read() {
    let world = with_values(600);
    for number in 0..1_400 {
        let agent = format!("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/{}.0", 130 + number % 2);
        world.pageview(&format!("/flood/{}", number / 2)).by("flood").with(&agent).ok();
    }
    let readers = ["ana", "ben", "cem"];
    for (page, reader) in (0..20).flat_map(|page| readers.map(|reader| (page, reader))) {
        world.pageview(&format!("/read/{page}")).by(reader).ok();
    }
    let visitors = pages(&world, "visitors");
    assert!((0..20).all(|page| visitors[&format!("/read/{page}")] == 3), "{visitors:?}");
    assert_eq!(pages(&world, "pageviews").values().sum::<i64>(), 1_460);
    assert_eq!(totals(&world, "example.com"), json!([5, 1_460]));
}

/// Pageviews by page once names have given way, which hits do not wait for.
fn displaced_pages(world: &World) -> HashMap<String, i64> {
    for _ in 0..1_000 {
        let counted = pages(world, "pageviews");
        if counted.len() <= 6 {
            return counted;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
    pages(world, "pageviews")
}

#[test]
fn pages_that_give_way_after_they_are_stored_leave_exact_figures() {
    let world = with_values(4);
    for page in 0..6 {
        world.pageview(&format!("/flood/{page}")).by("flood").ok();
    }
    world.flush();
    assert_eq!(pages(&world, "pageviews").len(), 5);
    for (page, reader) in ["/a", "/b"].into_iter().flat_map(|page| ["ana", "ben", "cem"].map(|reader| (page, reader))) {
        world.wait_ms(2_000);
        world.pageview(page).by(reader).ok();
    }
    for is_stored in [false, true] {
        if is_stored {
            world.flush();
        }
        let counted = displaced_pages(&world);
        let named: BTreeSet<&str> = counted.keys().map(String::as_str).collect();
        assert!(named.contains("/a") && named.contains("/b") && named.len() <= 6, "{counted:?}");
        assert_eq!((counted["/a"], counted["/b"]), (2, 2), "the first readers are among the others");
        assert_eq!(counted.values().sum::<i64>(), 12);
        assert!(counted.values().all(|pageviews| *pageviews > 0), "{counted:?}");
        assert_eq!(pages(&world, "visitors")[OTHER], 2, "the flood, and the first reader of both");
    }
}

#[test]
fn agents_of_one_address_cost_their_site_little_and_others_nothing() {
    let mut world = World::at("2026-06-01T09:00:00Z", &[("example.com", "Etc/UTC"), ("other.test", "Etc/UTC")]);
    for number in 0..900 {
        let agent = format!("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/{number} Firefox/140.0");
        world.pageview("/").by("flood").with(&agent).ok();
    }
    for number in 0..30 {
        world.pageview("/read").by(&format!("reader {number}")).ok();
        world.pageview("/read").by(&format!("reader {number}")).key("d", "other.test").ok();
    }
    assert_eq!(pages(&world, "visitors")["/read"], 30);
    assert_eq!(totals(&world, "other.test"), json!([30, 30]));
    let totals = totals(&world, "example.com");
    let visitors = totals[0].as_i64().unwrap() - 30;
    assert!((500..=750).contains(&visitors), "{totals}");
    assert_eq!(totals[1], json!(930));
    // What was counted without a visitor is told, also after the program has ended, before and after it is stored.
    let flood = 900 - visitors;
    assert!(world.metrics().contains(&format!("headcount_hits_without_visitor_total {flood}\n")));
    for _ in 0..2 {
        assert_eq!(without_visitor(&world, "example.com"), Some(flood));
        assert_eq!(without_visitor(&world, "other.test"), None);
        let page = world.request("GET", "/example.com?period=today", &[world.sign_in()], None).text();
        assert!(page.contains("were counted without a visitor"), "{page}");
        world.kill();
        assert_eq!(without_visitor(&world, "example.com"), Some(flood));
        world.restart();
    }
}

/// How many hits of a site are said to have no visitor.
fn without_visitor(world: &World, site: &str) -> Option<i64> {
    let answer = world.query(json!({"site_id": site, "date_range": "day", "metrics": ["pageviews"]})).json();
    let warnings = answer["meta"]["warnings"].as_array()?.clone();
    let warning = warnings.iter().find(|warning| warning["code"] == "without_visitor")?;
    warning["warning"].as_str()?.split(' ').next()?.parse().ok()
}
