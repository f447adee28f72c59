//! A clock that is wrong has nothing removed.

use super::{EVENT, PAGE, PLAN, SOURCE, is_gone, is_held, set, settle, world};
use crate::store::file::Database;
use crate::world::World;

const TEXTS: [&str; 4] = [PAGE, SOURCE, EVENT, PLAN];

fn hours(world: &World) -> i64 {
    Database::of(world.folder()).number("SELECT count(*) FROM packed WHERE grain = 0")
}

/// What the program thinks of its clock, which is no reason to take it out of service.
fn clock(world: &World) -> String {
    let answer = world.page("/health");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["clock"].as_str().unwrap().to_owned()
}

#[test]
fn a_start_with_a_clock_that_is_ahead_removes_nothing() {
    let mut world = world();
    set(&world, "keep", "months=1m,bots=2d");
    world.go_to("2026-07-04T14:00:00Z");
    settle(&world);
    let before = hours(&world);
    assert!(before > 0);
    // It starts again and again: what it counts there does not make the clock right.
    for now in ["2036-01-01T08:00:00Z", "2036-01-01T09:00:00Z"] {
        world.restart_after(|world| world.go_to(now));
        world.pageview("/ahead").by("ana").ok();
        settle(&world);
        assert!(clock(&world) == "doubted" && hours(&world) >= before);
        assert!(TEXTS.iter().all(|text| is_held(&world, text)));
    }
    world.restart_after(|world| world.go_to("2026-07-04T16:00:00Z"));
    settle(&world);
    assert!(clock(&world) == "believed" && hours(&world) >= before);
    // Who was off for months waits for a day.
    world.restart_after(|world| world.go_to("2026-11-02T08:00:00Z"));
    settle(&world);
    world.go_to("2026-11-03T07:59:00Z");
    settle(&world);
    assert!(TEXTS.iter().all(|text| is_held(&world, text)));
    world.go_to("2026-11-03T08:00:00Z");
    settle(&world);
    world.expect_forgotten(24, 0);
    assert!(TEXTS.iter().all(|text| is_gone(&world, text)));
    assert_eq!(clock(&world), "believed");
}

#[test]
fn a_clock_that_jumps_while_the_program_runs_removes_nothing() {
    let world = world();
    set(&world, "keep", "months=1m");
    world.go_to("2026-07-04T14:00:00Z");
    settle(&world);
    let before = hours(&world);
    world.go_to("2036-01-01T08:00:00Z");
    settle(&world);
    assert!(clock(&world) == "doubted" && hours(&world) >= before);
    assert!(TEXTS.iter().all(|text| is_held(&world, text)));
    world.go_to("2026-07-04T15:00:00Z");
    settle(&world);
    assert!(clock(&world) == "believed" && hours(&world) >= before);
    assert!(TEXTS.iter().all(|text| is_held(&world, text)));
}

#[test]
fn a_time_that_is_given_under_a_clock_that_is_doubted_confirms_nothing() {
    let mut world = world();
    set(&world, "keep", "months=1m");
    world.go_to("2026-07-04T14:00:00Z");
    settle(&world);
    let sums = |world: &World| Database::of(world.folder()).number("SELECT count(*) FROM packed WHERE grain > 0");
    world.restart_after(|world| world.go_to("2027-01-01T23:00:00Z"));
    settle(&world);
    let before = sums(&world);
    set(&world, "keep", "months=1m,hours=7d");
    world.go_to("2027-01-02T01:00:00Z");
    (0..20).for_each(|_| settle(&world));
    assert_eq!(sums(&world), before, "the next day is one of the doubted clock");
    // At the end of the doubt what is too old goes, hours too, and with the last of them the names.
    world.go_to("2027-01-03T01:00:00Z");
    (0..3).for_each(|_| settle(&world));
    world.expect_forgotten(24, 0);
    assert!(sums(&world) < before && hours(&world) == 0 && TEXTS.iter().all(|text| is_gone(&world, text)));
}
