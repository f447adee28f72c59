//! All questions of a page are asked of one state, whatever is counted and stored meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use headcount::cell::{Axis, Dimension};
use headcount::collector::{SitesSnapshot, SnapshotScope, SumsBatch};
use headcount::counts::Name;
use headcount::report::{Records, Sums};
use headcount::site::Day;
use headcount::store::{Ask, Grain};

use crate::scenario::Scenario;
use crate::scenario::depth1::hits;
use crate::world::World;

/// 2026-06-01, on which stories are played.
const DAY: Day = Day(20_605);

/// Stops the writing side also when the reading one panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Pageviews of the day, by cells of one grain and axis.
fn pageviews(snapshot: &SitesSnapshot, grain: Grain, axis: Axis<Name>) -> i64 {
    let (first, last) = match grain {
        Grain::Hour => (DAY.0 * 24, DAY.0 * 24 + 23),
        Grain::Day | Grain::Month => (DAY.0, DAY.0),
    };
    let ask = Ask { axis, grain, first, last, ..Ask::totals_of_day(Scenario::site_id(0), DAY) };
    snapshot.read(&[ask]).unwrap().concat().iter().map(|row| row.tally.pageviews).sum()
}

#[test]
fn numbers_of_a_page_agree_while_hits_come_and_are_stored() {
    let world = World::start();
    let (collector, site) = (world.collector(), Scenario::site_id(0));
    let story: String = (0..60).map(|place| format!("09:{:02} p{} /page/{}\n", place, place % 7, place % 13)).collect();
    let scenario = Scenario::parse(&story);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                hits(&scenario).into_iter().for_each(|hit| _ = collector.take(hit));
                thread::yield_now();
            }
        });
        // Flushes of an import go before those of hits that wait, and hold none of them.
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                collector.store_batch(site, SumsBatch::default()).unwrap().unwrap();
            }
        });
        let _stop = Stop(&is_done);
        let mut before = 0;
        for _ in 0..200 {
            let snapshot = collector.snapshot(SnapshotScope::sites(vec![site])).unwrap();
            let views = |grain, axis| pageviews(&snapshot, grain, axis);
            let total = views(Grain::Day, Axis::Total);
            // Meanwhile hits are counted, and flushes go through.
            thread::yield_now();
            let pages = views(Grain::Day, Axis::Of(Dimension::Page));
            let (again, hours) = (views(Grain::Day, Axis::Total), views(Grain::Hour, Axis::Total));
            assert_eq!((pages, hours, again), (total, total, total));
            assert!(total >= before && snapshot.rejected(site, DAY, DAY).is_ok());
            before = total;
        }
        assert!(before > 0, "hits came");
    });
    world.flush();
}
