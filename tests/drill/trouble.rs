//! After crashes, and when a site is removed: what is lost, what stays, and that nothing is left of what is removed.

use headcount::hit::Hit;
use headcount::hit::token::Token;
use headcount::site::{Day, SiteId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::life::{Walked, compare_singles};
use super::room::{Plan, Room};
use crate::oracle::streams::{config, long_stream};
use crate::oracle::{Walk, figures, watched};

/// Pairs are those of some hits, single dimensions those of all.
fn knows(room: &Room, plan: &Plan, in_pairs: &[Hit], in_all: &[Hit]) {
    let schedules = plan.schedules();
    let (walk, _) = Walk::over(&schedules, in_pairs);
    let pairs = Walked::by(&walk, &room.sites);
    (0..4).for_each(|pick| pairs.compare(room.collector(), pick, true).unwrap());
    let ends = [in_all[0].local.day, in_all[in_all.len() - 1].local.day];
    compare_singles(room.collector(), &figures(&schedules, in_all), ends, true).unwrap();
}

const STORY: &str = "
    09:00 ana / from google.com in DE/DE-BY/Munich
    09:05 ana /a
    23:00 bob / with Firefox utm source=x
    +1 09:00 ana / from a.test
    +1 09:01 ana event Signup plan=pro
    +1 09:02 eve /b screen xs
    +1 09:03 ana engages 12s 80%
    +1 10:10 bob /a from google.com
    +1 10:11 eve /a on docs.test
    +1 10:12 someone /b
    +1 10:20 cem / from a.test
    +1 10:21 cem event Signup
    +1 10:30 dia /a speaks de";

#[test]
fn a_crash_loses_the_pairs_since_the_last_hour_and_nothing_else() {
    // Three hits come after the pairs were last stored, three more after the crash.
    let (checkpoint, crash) = (7, 10);
    let plan = Plan::told(STORY);
    let mut room = Room::open(&plan, &watched::settings());
    for (place, hit) in plan.hits().into_iter().enumerate().take(crash) {
        if place == checkpoint {
            room.clock.set(hit.at.plus(-60_000));
            room.flush();
            assert!(room.number("SELECT count(*) FROM pairs WHERE part = 1") > 0, "the pairs of the day are stored");
        }
        room.take(hit);
    }
    room.flush();
    let until = |end: usize| plan.hits().into_iter().take(end).collect::<Vec<Hit>>();
    knows(&room, &plan, &until(crash), &until(crash));
    let mut again = room.crashed();
    knows(&again, &plan, &until(checkpoint), &until(crash));
    assert_eq!(again.number("SELECT count(*) FROM pairs WHERE part <> 0"), 0);
    // Whoever comes now is somebody else.
    let other = |hit: Hit| Hit { token: hit.token.map(|token| Token::from_bits(!token.bits())), ..hit };
    let rest = || plan.hits().into_iter().skip(crash).map(other);
    rest().for_each(|hit| again.take(hit));
    let with_rest = |end: usize| until(end).into_iter().chain(rest()).collect::<Vec<Hit>>();
    knows(&again, &plan, &with_rest(checkpoint), &with_rest(crash));
    // A second crash, in the middle of what was stored a second time.
    again.clock.set(again.clock.now().plus(3_600_000));
    again.flush();
    let third = again.crashed();
    knows(&third, &plan, &with_rest(checkpoint), &with_rest(crash));
    for room in [again, third] {
        room.clock.set(room.clock.now().plus(86_400_000));
        room.flush();
        assert_eq!(room.number("SELECT count(*) FROM days"), 0, "the days are closed");
        knows(&room, &plan, &with_rest(checkpoint), &with_rest(crash));
    }
}

/// Rows of a site in all tables.
fn rows_of(room: &Room, site: SiteId) -> Vec<(String, i64)> {
    let file = room.file();
    let sql = "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND c.name = 'site'";
    let tables = file.texts(sql);
    let count = |table: &String| room.number(&format!("SELECT count(*) FROM {table} WHERE site = {}", site.0));
    let counted = tables.iter().map(|table| (table.clone(), count(table)));
    counted.filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_removed_site_leaves_no_pairs_and_the_other_keeps_its_own() {
    let remove = |(stream, pick, is_early): (_, usize, bool)| {
        let plan = Plan::of(stream, &[]);
        let (schedules, hits) = (plan.schedules(), plan.hits());
        let mut room = Room::open(&plan, &watched::settings());
        room.play(&plan);
        if !is_early {
            room.close(plan.last_day());
        }
        let [gone, stays] = [SiteId(1), SiteId(2)];
        room.collector().remove_site(gone).unwrap();
        prop_assert_eq!(rows_of(&room, gone), vec![]);
        room.sites = vec![stays];
        let (walk, _) = Walk::over(&schedules, &hits);
        let pairs = Walked::by(&walk, &[stays]);
        pairs.compare(room.collector(), pick, true)?;
        room.close(plan.last_day());
        prop_assert_eq!(rows_of(&room, gone), vec![]);
        pairs.compare(room.collector(), pick + 1, true)?;
        let of_site = || hits.iter().filter(|hit| hit.site == stays).map(|hit| hit.local.day);
        let Some(ends) = of_site().min().zip(of_site().max()).map(|(first, last)| [first, last]) else { return Ok(()) };
        let mut expected = figures(&schedules, &hits);
        expected.days.retain(|(site, ..), _| *site == stays);
        expected.months.retain(|(site, ..), _| *site == stays);
        expected.hours.retain(|(site, ..), _| *site == stays);
        compare_singles(room.collector(), &expected, ends.map(|day: Day| day), false)
    };
    let config = ProptestConfig { max_shrink_iters: 20, ..config(1) };
    let streams = (long_stream(), 0..60_usize, any::<bool>());
    TestRunner::new(config).run(&streams, remove).unwrap_or_else(|error| panic!("{error}"));
}
