//! What memory and the journal keep of a day that has ended, and what becomes of its figures when the program ends then.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use headcount::cell::{Axis, Dimension, Filter, Test};
use headcount::collector::{MarkedHit, Outcome, SnapshotScope};
use headcount::control::Command;
use headcount::hit::Hit;
use headcount::hit::token::{Network, Token};
use headcount::limits::CLOSING_DAYS_MAX;
use headcount::rejection::Rejection;
use headcount::report::Sums;
use headcount::site::{Moment, Schedule, SiteId};
use headcount::store::Ask;

use crate::scenario::Scenario;
use crate::scenario::depth1::hits;
use crate::store::file::Database;
use crate::world::{World, journal};

/// Within the seconds before midnight in which messages are remembered.
const NIGHT: &str = "2026-06-01T23:59:57Z";
const NEXT_DAY: &str = "2026-06-02T00:00:03Z";
const PAGES: [&str; 2] = ["/a-page-of-the-night", "/another"];

fn moment(text: &str) -> Moment {
    Moment(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// A visitor's bits, which are found nowhere by chance.
fn bits(who: u64) -> u64 {
    (who + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63
}

fn hit(site: u32, who: u64, page: &str) -> Hit {
    let mut hit = hits(&Scenario::parse("09:00 ana /")).remove(0);
    (hit.site, hit.at) = (SiteId(site), moment(NIGHT));
    hit.local = Schedule::utc().locate(hit.at);
    hit.token = Some(Token::from_bits(bits(who)));
    hit.network = Some(Network::from_bits(bits(who) as u32));
    page.clone_into(&mut hit.page);
    hit
}

fn count(world: &World, site: u32, who: u64, page: &str) {
    let hit = MarkedHit { hit: hit(site, who, page), mark: Some(who * 7 + page.len() as u64) };
    world.collector().meter().received.inc();
    let outcome = world.collector().take_batch(vec![hit], None).unwrap();
    assert!(outcome.outcomes[0].is_ok(), "{:?}", outcome.outcomes);
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Totals and pairs of each site's day.
fn figures(world: &World, sites: u32) -> BTreeMap<String, [i64; 11]> {
    let day = hit(1, 0, "/").local.day;
    let mut figures = BTreeMap::new();
    for site in (1..=sites).map(SiteId) {
        let scope = SnapshotScope { pairs_until: Some(day), ..SnapshotScope::sites(vec![site]) };
        let snapshot = world.collector().snapshot(scope).unwrap();
        let filter = Filter { axis: Axis::Of(Dimension::Page), test: Test::Is(vec![PAGES[0].to_owned()]) };
        for (axis, filter) in [(Axis::Total, None), (Axis::Of(Dimension::ExitPage), Some(filter))] {
            let ask = Ask { axis: axis.clone(), filter, by_bucket: true, ..Ask::totals_of_day(site, day) };
            for row in snapshot.read(&[ask]).unwrap().concat() {
                // What is stored and what is not has rows of its own.
                let sum: &mut [i64; 11] = figures.entry(format!("{site:?} {axis:?} {}", row.value)).or_default();
                sum.iter_mut().zip(row.tally.columns()).for_each(|(sum, number)| *sum += number);
            }
        }
    }
    figures
}

/// Three visitors of each site, two of whom have seen both pages.
fn visit(world: &World, sites: u32) -> Vec<u64> {
    for site in 1..=sites {
        for who in 0..3 {
            let who = u64::from(site) * 10 + who;
            count(world, site, who, PAGES[0]);
            if who % 10 > 0 {
                count(world, site, who, PAGES[1]);
            }
        }
    }
    (1..=u64::from(sites)).flat_map(|site| (0..3).map(move |who| bits(site * 10 + who))).collect()
}

#[test]
fn a_day_leaves_the_journal_at_once_and_is_closed_after_a_kill() {
    let sites = CLOSING_DAYS_MAX as u32 + 3;
    let names: Vec<String> = (1..=sites).map(|site| format!("site{site}.test")).collect();
    let names: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "Etc/UTC")).collect();
    let mut world = World::at(NIGHT, &names);
    world.expect_in_log("a flush failed and will be tried again");
    let tokens = visit(&world, sites);
    world.flush();
    count(&world, 1, 11, "/third");
    let before = figures(&world, sites);
    assert_eq!(before.len() as u32, 3 * sites + 1, "{before:?}");
    let is_known = |world: &World| tokens.iter().any(|token| world.journal.holds_number(*token));
    assert!(is_known(&world));
    // Nothing of the day can be stored before the kill.
    let other = Database::of(world.folder());
    other.run("BEGIN IMMEDIATE");
    world.go_to(NEXT_DAY);
    until("a token is in the journal after its day", || !is_known(&world));
    assert_eq!(world.collector().journal_trouble(), None);
    assert!(world.journal.holds(PAGES[0]), "visits wait for the store");
    journal::kill(world.collector());
    other.run("ROLLBACK");
    world.kill();
    assert_eq!(figures(&world, sites), before);
    until("visits that are stored are in the journal", || !world.journal.holds(PAGES[0]));
    assert_eq!(figures(&world, sites), before);
    world.kill();
    world.flush();
    assert_eq!(figures(&world, sites), before);
}

#[test]
fn who_comes_when_the_day_has_ended_is_forgotten_with_it() {
    let world = World::at(NIGHT, &[("example.com", "Etc/UTC")]);
    world.expect_in_log("a flush failed and will be tried again");
    let other = Database::of(world.folder());
    other.run("BEGIN IMMEDIATE");
    count(&world, 1, 1, "/");
    world.go_to(NEXT_DAY);
    until("the day ends", || world.collector().visitors_in_memory() == 0);
    // A batch that was gathered meanwhile; the day's sums are still there.
    count(&world, 1, 2, "/");
    until("a visitor outlives the day", || world.collector().visitors_in_memory() == 0);
    other.run("ROLLBACK");
    world.flush();
    until("a token is in the journal", || ![1, 2].iter().any(|who| world.journal.holds_number(bits(*who))));
}

#[test]
fn a_hit_that_waited_while_its_site_was_removed_is_refused() {
    let world = World::at(NIGHT, &[("example.com", "Etc/UTC"), ("gone.test", "Etc/UTC")]);
    world.command(Command::SiteRemove { domain: "gone.test".into() }).unwrap();
    assert_eq!(world.collector().take(hit(2, 2, "/")), Outcome::Rejected(Rejection::UnknownSite));
    assert_eq!(world.collector().visitors_in_memory(), 0);
    assert_eq!(world.rejections("gone.test"), [("unknown_site", 1)]);
    assert!(!world.journal.holds_number(bits(2)));
    count(&world, 1, 3, "/");
}
