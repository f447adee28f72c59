//! Ends and starts at moments that matter, with a clock that stands still: what the next start takes up, and what it does not.

use std::fs;

use headcount::cell::{Axis, Tally};
use headcount::report::Sums;
use headcount::site::SiteId;
use headcount::store::Ask;

use crate::world::World;
use crate::world::journal::JournalFolder;

/// What today has of example.com.
fn today(world: &World) -> Tally {
    let site = world.collector().directory().find("example.com").unwrap().clone();
    let day = site.schedule.locate(world.clock.now()).day;
    let rows = world.collector().read(&[Ask::totals_of_day(site.id, day)]).unwrap();
    rows.concat().first().map(|row| row.tally).unwrap_or_default()
}

/// Visitors and pageviews of today.
fn people_and_views(world: &World) -> [i64; 2] {
    let Tally { visitors, pageviews, .. } = today(world);
    [visitors, pageviews]
}

fn remove_files(journal: &JournalFolder) {
    journal.files().iter().for_each(|file| fs::remove_file(file).unwrap());
}

#[test]
fn a_new_journal_is_taken_up_before_its_first_flush() {
    let mut world = World::start();
    world.pageview("/").ok();
    world.flush();
    // The machine was restarted: the database knows a journal that is no more.
    world.kill_and(remove_files);
    world.pageview("/").by("bob").ok();
    world.kill();
    world.pageview("/").by("bob").ok();
    assert_eq!(people_and_views(&world), [2, 3]);
    world.kill();
    world.pageview("/").by("bob").ok();
    assert_eq!(people_and_views(&world), [2, 4]);
}

#[test]
fn a_journal_goes_on_after_a_start_at_which_no_day_was_open() {
    for had_another in [false, true] {
        let mut world = World::start();
        if had_another {
            world.flush();
            world.kill_and(remove_files);
        }
        world.pageview("/").ok();
        world.go_to("2026-06-02T03:00:00Z");
        world.flush();
        world.flush();
        // What is rejected, and what has no visitor, is in the store.
        world.pageview("/").header("dnt", "1").ok();
        world.flush();
        let rejected = world.rejections("example.com");
        world.restart();
        world.pageview("/").by("bob").ok();
        world.kill();
        world.pageview("/").by("bob").ok();
        assert_eq!(people_and_views(&world), [1, 2], "{had_another}");
        assert_eq!(world.rejections("example.com"), rejected, "{had_another}");
    }
}
