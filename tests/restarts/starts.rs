//! Ends and starts at moments that matter, with a clock that stands still: what the next start takes up, and what it does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use headcount::beacon::{ClientIp, NO_HINTS, Request, plausible};
use headcount::collector::{BatchId, MarkedHit};
use headcount::config::JournalPlace;
use headcount::hit::token::Token;
use headcount::hit::{Hit, Kind};
use headcount::journal::{self, Found, JournalSearch, Record};
use headcount::limits;
use headcount::rejection::Rejection;
use headcount::report::Sums;
use headcount::secret::Digest;
use headcount::site::{Day, Moment, Site};
use headcount::store::{self, Ask};

use crate::world::World;
use crate::world::journal::JournalFolder;

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

fn site(world: &World) -> Arc<Site> {
    world.collector().directory().find("example.com").unwrap().clone()
}

/// Visitors and pageviews of example.com, so many days ago.
fn people_and_views(world: &World, days_ago: i32) -> [i64; 2] {
    let site = site(world);
    let Day(today) = site.schedule.locate(world.clock.now()).day;
    let rows = world.collector().read(&[Ask::totals_of_day(site.id, Day(today - days_ago))]).unwrap();
    let tallies = rows.iter().flatten().map(|row| [row.tally.visitors, row.tally.pageviews]);
    tallies.fold([0, 0], |[visitors, views], [more, more_views]| [visitors + more, views + more_views])
}

fn may_repeat(world: &World) -> bool {
    world.collector().may_repeat(&site(world))
}

/// A pageview by somebody of 192.0.2.`number` that was so long ago.
fn hit(world: &World, number: u8, page: &str, ago_ms: i64) -> Hit {
    let body = format!(r#"{{"n":"pageview","u":"https://example.com{page}","d":"example.com"}}"#);
    let request = Request {
        query: "",
        body: body.as_bytes(),
        address: ClientIp([192, 0, 2, number].into()),
        way: Default::default(),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        hints: &NO_HINTS,
        accept_language: "",
        referer: "",
        origin: "",
        forwarded: "",
        opted_out: false,
        prefetch: false,
    };
    let beacon = plausible::parse(&request).unwrap().remove(0);
    let now = world.clock.now();
    world.collector().hit_at(beacon, &site(world), now.plus(-ago_ms), now).unwrap().0
}

fn take(world: &World, hit: Hit) {
    assert_eq!(world.collector().take(hit), headcount::collector::Outcome::Accepted);
}

/// Takes a message that bears a mark.
fn take_marked(world: &World, hit: Hit, mark: u64) -> Result<(), Rejection> {
    world.collector().meter().received.inc();
    world.collector().take_batch(vec![MarkedHit { hit, mark: Some(mark) }], None).unwrap().outcomes[0]
}

fn remove_files(journal: &JournalFolder) {
    journal.files().iter().for_each(|file| fs::remove_file(file).unwrap());
}

/// Puts folders where the next segments would be, so that none can be made.
fn block(journal: &JournalFolder) -> Vec<PathBuf> {
    let files = journal.files();
    let names = (1..20).map(|number| files[0].with_file_name(format!("segment-{number}")));
    names.filter(|name| fs::create_dir(name).is_ok()).collect()
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
    assert_eq!(people_and_views(&world, 0), [2, 3]);
    world.kill();
    world.pageview("/").by("bob").ok();
    assert_eq!(people_and_views(&world, 0), [2, 4]);
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
        world.pageview("/").header("dnt", "1").send();
        world.flush();
        world.flush();
        let rejected = world.rejections("example.com");
        world.restart();
        world.pageview("/").by("bob").ok();
        world.kill();
        world.pageview("/").by("bob").ok();
        assert_eq!((people_and_views(&world, 1), people_and_views(&world, 0)), ([1, 1], [1, 2]), "{had_another}");
        assert_eq!(world.rejections("example.com"), rejected, "{had_another}");
    }
}

/// The positions of the hits, batches and logs in a journal that a program left, as far as they are different, and how many there are.
fn written_together(world_folder: &std::path::Path, journal: &JournalFolder) -> (usize, usize) {
    let state = store::open(&world_folder.join("headcount.db")).unwrap().sums.journal_state().unwrap();
    let place = JournalPlace::Folder(journal.path().to_owned());
    let database = world_folder.join("headcount.db");
    let search = JournalSearch { place: &place, file: &database, last: None };
    let (_journal, found) = journal::open(&search, &state, limits::JOURNAL_MB << 20);
    let Found::State(left) = found else { panic!("nothing was left") };
    let records = left.records().map(Result::unwrap);
    let is_of_batch = |record: &Record| matches!(record, Record::Hit(_) | Record::Batch { .. });
    let positions: Vec<_> = records.filter(|(_, record)| is_of_batch(record)).map(|(position, _)| position).collect();
    (positions.iter().collect::<BTreeSet<_>>().len(), positions.len())
}

#[test]
fn a_batch_is_written_wholly_or_not_at_all() {
    let mut world = World::start();
    let of = |number: u64| {
        // Some are rejected in the middle: a ping without a visit.
        let kind = if number % 100 == 99 { Kind::Engagement { ms: 1_000, scroll: None } } else { Kind::Pageview };
        let hit = hit(&world, 1, "/", 0);
        MarkedHit { hit: Hit { token: Some(Token::from_bits(number)), kind, ..hit }, mark: None }
    };
    // A site was added, and an image is taken anew for it.
    (0..2).for_each(|_| world.collector().flush().unwrap());
    let hits: Vec<_> = (0..4_000).map(of).collect();
    world.collector().meter().received.inc_by(hits.len() as u64);
    let id = BatchId { digest: Digest([7; 32]), lacks_hits: false };
    world.collector().take_batch(hits, Some(id)).unwrap();
    let (folder, mut together) = (world.folder().to_owned(), (0, 0));
    world.kill_and(|journal| together = written_together(&folder, journal));
    assert_eq!(together, (1, 4_000 - 40 + 1));
    assert_eq!(people_and_views(&world, 0)[1], 3_960);
}

#[test]
fn a_repeat_is_known_by_when_it_was_counted() {
    let mut world = World::start();
    // Trusted, and long ago.
    assert_eq!(take_marked(&world, hit(&world, 1, "/", 5 * MINUTE), 7), Ok(()));
    world.kill();
    assert_eq!(take_marked(&world, hit(&world, 1, "/", 5 * MINUTE), 7), Err(Rejection::Repeat));
    // The same mark may come again later, and what came first is no reason to forget that.
    world.wait_ms(limits::REPEAT_MS + 1_000);
    assert_eq!(take_marked(&world, hit(&world, 1, "/", 0), 7), Ok(()));
    world.kill();
    world.wait_ms(1_000);
    assert_eq!(take_marked(&world, hit(&world, 1, "/", 0), 7), Err(Rejection::Repeat));
    assert_eq!(people_and_views(&world, 0), [1, 2]);
}

#[test]
fn a_late_salt_is_kept_for_an_hour_after_its_last_use() {
    let mut world = World::at("2026-06-01T10:00:00Z", &[("example.com", "Etc/UTC")]);
    let late = |world: &World| take(world, hit(world, 1, "/", DAY));
    late(&world);
    world.wait_minutes(50);
    late(&world);
    world.wait_minutes(5);
    world.kill();
    world.wait_minutes(25);
    world.flush();
    late(&world);
    assert_eq!(people_and_views(&world, 1), [1, 3]);
}

#[test]
fn a_salt_that_gives_way_is_forgotten_with_its_day() {
    let mut world = World::start();
    take(&world, hit(&world, 1, "/canary-of-the-oldest", DAY));
    world.wait_ms(1);
    for days in 2..=limits::LATE_DAYS_MAX as i64 + 1 {
        hit(&world, 1, "/", days * DAY);
    }
    take(&world, hit(&world, 2, "/", 0));
    world.flush();
    world.flush();
    let mut is_held = true;
    world.kill_and(|journal| is_held = journal.holds("/canary-of-the-oldest"));
    assert!(!is_held, "of a day whose salt is gone nothing stays in the journal");
    take(&world, hit(&world, 1, "/", DAY));
    assert_eq!(people_and_views(&world, 1), [2, 2], "by a new salt it is somebody else");
}

#[test]
fn a_start_that_does_not_know_all_visitors_says_so_for_the_day() {
    let mut world = World::start();
    world.pageview("/").ok();
    world.flush();
    world.restart();
    assert!(!may_repeat(&world), "all are known");
    world.expect_in_log("not all that the journal holds");
    world.kill_and(|journal| {
        for image in journal.files().iter().filter(|file| file.to_string_lossy().contains("image-")) {
            let mut bytes = fs::read(image).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(image, bytes).unwrap();
        }
    });
    assert!(may_repeat(&world));
    for _ in 0..2 {
        world.restart();
        assert!(may_repeat(&world), "its figures are the same after further starts");
    }
    world.go_to("2026-06-02T09:00:00Z");
    assert!(!may_repeat(&world), "the next day has visitors of its own");
}

#[test]
fn what_was_found_is_taken_up_where_nothing_can_be_written_behind_it() {
    let mut world = World::start();
    world.pageview("/").ok();
    world.expect_in_log("the journal of the running day is given up");
    world.kill_and(|journal| drop(block(journal)));
    assert!(world.collector().journal_trouble().is_some() && !may_repeat(&world));
    world.pageview("/").ok();
    assert_eq!(people_and_views(&world, 0), [1, 2]);
}

#[test]
fn a_journal_that_was_given_up_is_not_taken_up_though_it_could_not_be_wiped() {
    let mut world = World::start();
    world.pageview("/").ok();
    let mut kept = Vec::new();
    world.expect_in_log("the journal of the running day is given up");
    world.expect_in_log("is wiped");
    world.kill_and(|journal| {
        let files = journal.files().into_iter();
        kept = files.map(|file| (file.clone(), fs::read(file).unwrap())).collect();
        block(journal);
    });
    world.pageview("/").by("bob").ok();
    world.flush();
    world.kill_and(|journal| {
        // As if the folder had been read-only: no file was renamed or overwritten.
        let folder = kept[0].0.parent().unwrap();
        fs::remove_dir_all(folder).unwrap();
        fs::create_dir(folder).unwrap();
        kept.iter().for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
        assert!(!journal.files().is_empty());
    });
    assert_eq!(people_and_views(&world, 0), [2, 2]);
    assert_eq!(world.collector().journal_trouble(), None);
}

/// The moment of a hit is when it was, not when it was counted.
#[test]
fn the_last_minutes_are_the_same_after_a_start() {
    let mut world = World::start();
    for ago in [0, 3 * MINUTE, 20 * MINUTE] {
        take(&world, hit(&world, 1, "/", ago));
    }
    let minutes = |world: &World| {
        let Moment(now) = world.clock.now();
        let activity = world.collector().recent_activity(site(world).id).unwrap();
        (now, activity.pageviews)
    };
    let before = minutes(&world);
    world.kill();
    assert_eq!(minutes(&world), before);
}
