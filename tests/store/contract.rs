//! The contract of `SumStore`, which every store of sums fulfils.
//!
//! Each promise is a function over a [`Kept`]; a further kind of store joins by one more line in [`kinds`].

use std::collections::BTreeSet;
use std::sync::Arc;

use headcount::beacon::mail::{Act, Asker, MailKind};
use headcount::cell::{Axis, Cell, Dimension, Filter, Tally, Test};
use headcount::counts::{Name, OpenDay, Room, Sums};
use headcount::limits;
use headcount::rejection::Rejection;
use headcount::secret::Digest;
use headcount::site::{Budget, Day, Hour, LocalHour, SiteId};
use headcount::store::sums::memory::MemorySums;
use headcount::store::{
    self, Ask, BotCount, CountedBy, Cut, DayState, Flush, Grain, Imported, InMemory, JournalId, JournalMark,
    JournalPosition, MailSum, OTHER_PAGES, Rejected, RowsBy, SumSnapshot, SumStore,
};

use crate::scenario::Scenario;
use crate::scenario::depth1::hits;

pub const SITE: SiteId = SiteId(1);
/// 2026-06-01.
pub const DAY: Day = Day(20_605);

/// A store, and what it takes to open it again.
pub struct Kept {
    pub sums: Arc<dyn SumStore>,
    again: Box<dyn Fn() -> Arc<dyn SumStore>>,
}

impl Kept {
    pub fn in_file() -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let open = move || store::open(&folder.path().join("headcount.db")).unwrap().sums;
        Kept { sums: open(), again: Box::new(open) }
    }

    pub fn in_memory() -> Kept {
        let twin = Arc::new(MemorySums::default());
        Kept { sums: twin.clone(), again: Box::new(move || Arc::new(twin.reopened())) }
    }

    /// The store after a restart of the program that goes on with the running day.
    pub fn resume(&mut self) {
        self.sums = (self.again)();
    }

    /// The store after a restart of the program that goes on with nothing. To be done once: the twin's past is that of its first life.
    pub fn reopen(&mut self) {
        self.sums = (self.again)();
        self.sums.end_counting(CountedBy::Live).unwrap();
    }

    fn apply(&self, flush: Flush) {
        let number = self.sums.last_flush().unwrap() + 1;
        self.sums.apply(&Flush { number, ..flush }).unwrap();
        while self.sums.compact().unwrap() {}
    }
}

fn kinds() -> [Kept; 2] {
    [Kept::in_file(), Kept::in_memory()]
}

/// What a story counts on its first day, and its visits.
pub fn day_of(site: SiteId, day: Day, story: &str) -> OpenDay {
    let mut open = OpenDay::new(site, day, Budget::default());
    for hit in hits(&Scenario::parse(story)) {
        open.take(&hit, || Room::Visitor).unwrap();
    }
    open
}

pub fn state(open: &OpenDay, by: CountedBy, is_over: bool) -> DayState {
    let snapshot = Some(Arc::new(open.snapshot()));
    DayState { site: open.site, day: open.day, by, snapshot, pair_cells: u32::MAX, is_over, release: None }
}

pub fn ask(site: SiteId, grain: Grain, axis: Axis<Name>, page: Option<&str>) -> Ask {
    let filter = page.map(|page| Filter { axis: Axis::Of(Dimension::Page), test: Test::Is(vec![page.to_owned()]) });
    // From the month before to half a year after.
    let (first, last) = match grain {
        Grain::Hour => ((DAY.0 - 31) * 24, (DAY.0 + 200) * 24),
        Grain::Day => (DAY.0 - 31, DAY.0 + 200),
        Grain::Month => (DAY.month().0 - 1, DAY.month().0 + 6),
    };
    Ask { axis, filter, grain, first, last, by_bucket: true, ..Ask::totals_of_day(site, DAY) }
}

/// Rows in order, those without a number left out.
pub fn rows(sums: &dyn SumStore, ask: &Ask, in_memory: &[InMemory]) -> Vec<(i32, String, [i64; 11])> {
    let rows = sums.snapshot().unwrap().read(std::slice::from_ref(ask), in_memory).unwrap().rows.remove(0);
    let counted = rows.into_iter().filter(|row| !row.tally.is_zero());
    let mut rows: Vec<_> = counted.map(|row| (row.bucket, row.value.to_string(), row.tally.columns())).collect();
    rows.sort();
    rows
}

fn pageviews(kept: &Kept, ask: &Ask) -> i64 {
    rows(&*kept.sums, ask, &[]).iter().map(|(_, _, numbers)| numbers[2]).sum()
}

const STORY: &str =
    "09:00 ana / from google.com\n09:02 bob /a with Firefox\n09:05 ana event Signup on /a plan=pro\n10:00 cem /";

/// The browsers of a page.
fn browsers(site: SiteId) -> Ask {
    ask(site, Grain::Day, Axis::Of(Dimension::Browser), Some("/"))
}

#[test]
fn a_flush_is_added_once_and_all_grains_agree() {
    for kept in kinds() {
        let mut open = day_of(SITE, DAY, STORY);
        let flush = Flush { number: 1, sums: vec![(SITE, DAY, open.drain().into())], ..Flush::default() };
        (0..3).for_each(|_| kept.sums.apply(&flush).unwrap());
        assert_eq!(kept.sums.last_flush().unwrap(), 1);
        for grain in [Grain::Hour, Grain::Day, Grain::Month] {
            for axis in [Axis::Total, Axis::Of(Dimension::Page)] {
                assert_eq!(pageviews(&kept, &ask(SITE, grain, axis, None)), 3, "{:?} {grain:?}", kept.sums);
            }
            let of_page = ask(SITE, grain, Axis::Total, Some("/"));
            assert_eq!(pageviews(&kept, &of_page), 2, "the totals of a page are cells of pages");
        }
        let hours: Vec<i32> =
            rows(&*kept.sums, &ask(SITE, Grain::Hour, Axis::Total, None), &[]).iter().map(|row| row.0).collect();
        assert_eq!(hours, [9, 10].map(|hour| LocalHour { day: DAY, hour: Hour(hour) }.number()));
        assert_eq!(kept.sums.snapshot().unwrap().first_day(SITE).unwrap(), Some(DAY));
        assert_eq!(kept.sums.snapshot().unwrap().first_day(SiteId(2)).unwrap(), None);
        let keys = |event: Option<&str>, day| kept.sums.snapshot().unwrap().prop_keys(SITE, event, day, day).unwrap();
        assert_eq!([keys(Some("Signup"), DAY), keys(None, DAY)], [[Name::from("plan")], [Name::from("plan")]]);
        assert!(keys(Some("Signup"), Day(DAY.0 + 1)).is_empty() && keys(Some("Other"), DAY).is_empty());
    }
}

#[test]
fn a_snapshot_replaces_the_one_before_and_the_last_one_is_final() {
    for kept in kinds() {
        for (story, is_over) in [("09:00 ana /", false), (STORY, false), (STORY, true)] {
            let open = day_of(SITE, DAY, story);
            kept.apply(Flush { days: vec![state(&open, CountedBy::Live, is_over)], ..Flush::default() });
        }
        let once = pageviews(&kept, &browsers(SITE));
        assert_eq!(once, 2, "{:?}", kept.sums);
        // An import adds to a day that is over, with a snapshot of its own.
        let late = day_of(SITE, DAY, "11:00 dan /");
        kept.apply(Flush { days: vec![state(&late, CountedBy::Import, false)], ..Flush::default() });
        assert_eq!(pageviews(&kept, &browsers(SITE)), 3);
        kept.apply(Flush { days: vec![state(&late, CountedBy::Import, true)], ..Flush::default() });
        assert_eq!(pageviews(&kept, &browsers(SITE)), 3);
        let month = ask(SITE, Grain::Month, Axis::Of(Dimension::Browser), Some("/"));
        assert_eq!(pageviews(&kept, &month), 3);
    }
}

#[test]
fn what_is_in_memory_is_left_out_until_its_day_is_closed() {
    for kept in kinds() {
        let open = day_of(SITE, DAY, STORY);
        kept.apply(Flush { days: vec![state(&open, CountedBy::Live, false)], ..Flush::default() });
        let read = |number, alone_from| {
            let in_memory = InMemory { site: SITE, day: DAY, by: CountedBy::Live, number, alone_from };
            kept.sums.snapshot().unwrap().read(&[browsers(SITE)], &[in_memory]).unwrap()
        };
        assert_eq!(read(2, 1).rows[0].len(), 0, "the first flush has a snapshot of what is in memory");
        assert!(!read(2, 2).rows[0].is_empty(), "what is stored is an earlier program's");
        assert_eq!((read(2, 0).adds, read(2, 0).rows[0].len()), (vec![true], 0), "{:?}", kept.sums);
        kept.apply(Flush { days: vec![state(&open, CountedBy::Live, true)], ..Flush::default() });
        let closed = read(2, 0);
        assert_eq!(closed.adds, vec![false], "the flush of that number has closed it");
        assert!(!closed.rows[0].is_empty());
        assert_eq!(read(3, 0).adds, [true], "what comes after the end is new");
    }
}

#[test]
fn what_is_past_the_budget_leaves_no_list_of_some_values_empty() {
    for kept in kinds() {
        let open = day_of(SITE, DAY, STORY);
        let days = vec![DayState { pair_cells: 0, ..state(&open, CountedBy::Live, true) }];
        kept.apply(Flush { days, ..Flush::default() });
        let cut = Cut { kept: Some(Test::Is(vec!["Google".to_owned()])), rows: RowsBy::Axis };
        let of_google = Ask { cut, ..ask(SITE, Grain::Day, Axis::Of(Dimension::Source), Some("/")) };
        let rows = kept.sums.snapshot().unwrap().read(&[of_google], &[]).unwrap().rows.remove(0);
        let missing = rows.iter().map(|row| row.doubt.as_ref().map_or(0, |doubt| doubt.missing.pageviews));
        assert_eq!(missing.collect::<Vec<_>>(), [1], "{:?}: {rows:?}", kept.sums);
    }
}

#[test]
fn what_broke_off_is_final_when_nobody_counts_it_any_more() {
    for mut kept in kinds() {
        let open = day_of(SITE, DAY, STORY);
        let left = |by| Flush { days: vec![state(&open, by, false)], ..Flush::default() };
        kept.apply(left(CountedBy::Import));
        kept.sums.end_counting(CountedBy::Import).unwrap();
        kept.apply(left(CountedBy::Import));
        assert_eq!(pageviews(&kept, &browsers(SITE)), 4, "the first is kept beside the second: {:?}", kept.sums);
        kept.apply(left(CountedBy::Live));
        kept.reopen();
        kept.apply(left(CountedBy::Live));
        assert_eq!(pageviews(&kept, &browsers(SITE)), 8);
        assert_eq!(kept.sums.last_flush().unwrap(), 4);
    }
}

#[test]
fn days_are_open_until_they_are_closed() {
    for mut kept in kinds() {
        let mut open = day_of(SITE, DAY, STORY);
        kept.apply(Flush { sums: vec![(SITE, DAY, open.drain().into())], ..Flush::default() });
        kept.reopen();
        assert_eq!(kept.sums.open_days().unwrap(), [(SITE, DAY)], "{:?}", kept.sums);
        let closed = DayState { snapshot: None, ..state(&open, CountedBy::Live, true) };
        kept.apply(Flush { days: vec![closed], ..Flush::default() });
        assert!(kept.sums.open_days().unwrap().is_empty());
        assert_eq!(pageviews(&kept, &ask(SITE, Grain::Month, Axis::Of(Dimension::Page), None)), 3);
    }
}

#[test]
fn old_hours_go_and_days_and_totals_stay() {
    for kept in kinds() {
        let mut open = day_of(SITE, DAY, STORY);
        let days = vec![state(&open, CountedBy::Live, true)];
        kept.apply(Flush { sums: vec![(SITE, DAY, open.drain().into())], days, ..Flush::default() });
        let hours = |axis| pageviews(&kept, &ask(SITE, Grain::Hour, axis, None));
        for (later, left) in [(limits::HOUR_DETAIL_DAYS, 3), (limits::HOUR_DETAIL_DAYS + 1, 0)] {
            kept.apply(Flush { today: vec![(SITE, Day(DAY.0 + later))], ..Flush::default() });
            assert_eq!([hours(Axis::Of(Dimension::Page)), hours(Axis::Total)], [left, 3], "{:?}", kept.sums);
        }
        for grain in [Grain::Day, Grain::Month] {
            assert_eq!(pageviews(&kept, &ask(SITE, grain, Axis::Of(Dimension::Page), None)), 3);
            let by_page = ask(SITE, grain, Axis::Of(Dimension::Browser), Some("/"));
            assert_eq!(pageviews(&kept, &by_page), 2, "months that are over have pairs");
        }
    }
}

#[test]
fn rejections_programs_and_mails_add_up() {
    for kept in kinds() {
        let rejected = |count| Rejected { site: SITE, day: DAY, reason: Rejection::Bot, count };
        let bot =
            |pages: &str| BotCount { site: SITE, day: DAY, family: "GPTBot".into(), pages: pages.into(), count: 2 };
        let kind = MailKind { act: Act::Opened, asker: Asker::Reader };
        let mail = MailSum { site: SITE, campaign: "june".into(), day: DAY, kind, count: 3, people: 1 };
        for _ in 0..2 {
            let (rejected, bots, mails) = (vec![rejected(2)], vec![bot("/"), bot("/a")], vec![mail.clone()]);
            let unvisited = vec![(SITE, DAY, 7)];
            kept.apply(Flush { rejected, bots, unvisited, mails, ..Flush::default() });
        }
        assert_eq!(kept.sums.snapshot().unwrap().rejected(SITE, DAY, DAY).unwrap(), vec![(Rejection::Bot, 4)]);
        assert_eq!(kept.sums.snapshot().unwrap().rejected(SITE, Day(0), Day(DAY.0 - 1)).unwrap(), vec![]);
        let unvisited = |last| kept.sums.snapshot().unwrap().unvisited(SITE, Day(0), last).unwrap();
        assert_eq!((unvisited(DAY), unvisited(Day(DAY.0 - 1))), (14, 0));
        let bots = kept.sums.snapshot().unwrap().bots(SITE, DAY, DAY).unwrap();
        assert_eq!((bots.len(), bots.iter().map(|bot| bot.count).sum::<u64>()), (2, 8));
        let mails = kept.sums.snapshot().unwrap().mails(SITE, DAY, DAY).unwrap();
        assert_eq!(mails, vec![MailSum { count: 6, people: 2, ..mail }]);
        let many = (0..limits::BOT_ROWS_PER_DAY_MAX + 5).map(|number| bot(&format!("/{number}")));
        kept.apply(Flush { bots: many.collect(), ..Flush::default() });
        let bots = kept.sums.snapshot().unwrap().bots(SITE, DAY, DAY).unwrap();
        assert_eq!(bots.len(), limits::BOT_ROWS_PER_DAY_MAX + 1);
        assert_eq!(bots.iter().find(|bot| &*bot.pages == OTHER_PAGES).map(|bot| bot.count), Some(14));
    }
}

#[test]
fn a_snapshot_stays_as_it_was_taken() {
    for kept in kinds() {
        let sums = |day: Day| vec![(SITE, day, day_of(SITE, day, STORY).drain().into())];
        let rejected = |count| Rejected { site: SITE, day: DAY, reason: Rejection::Bot, count };
        kept.apply(Flush { sums: sums(DAY), rejected: vec![rejected(2)], ..Flush::default() });
        let snapshot = kept.sums.snapshot().unwrap();
        let first = Day(DAY.0 - 1);
        let later = Flush { number: 2, sums: sums(first), rejected: vec![rejected(5)], ..Flush::default() };
        kept.sums.apply(&later).unwrap();
        let seen = |of: &dyn SumSnapshot| {
            let pages = ask(SITE, Grain::Day, Axis::Of(Dimension::Page), None);
            let rows = of.read(&[pages], &[]).unwrap().rows.remove(0);
            let views: i64 = rows.iter().map(|row| row.tally.pageviews).sum();
            (of.flush(), of.first_day(SITE).unwrap(), views, of.rejected(SITE, DAY, DAY).unwrap()[0].1)
        };
        assert_eq!(seen(&*snapshot), (1, Some(DAY), 3, 2), "{:?}", kept.sums);
        drop(snapshot);
        assert_eq!(seen(&*kept.sums.snapshot().unwrap()), (2, Some(first), 6, 7), "{:?}", kept.sums);
    }
}

#[test]
fn imports_and_batches_are_remembered() {
    for mut kept in kinds() {
        let imported = |bytes| Imported { site: SITE, head: Digest([7; 32]), head_bytes: 100, bytes };
        for bytes in [500, 900] {
            kept.apply(Flush { imported: vec![imported(bytes)], ..Flush::default() });
        }
        kept.apply(Flush { batches: vec![(Digest([1; 32]), DAY)], ..Flush::default() });
        kept.reopen();
        assert_eq!(kept.sums.imports(SITE).unwrap(), [imported(900)], "{:?}", kept.sums);
        assert!(kept.sums.imports(SiteId(2)).unwrap().is_empty());
        assert!(kept.sums.has_batch(Digest([1; 32])).unwrap() && !kept.sums.has_batch(Digest([2; 32])).unwrap());
        let later = Day(DAY.0 + limits::BATCH_DAYS + 1);
        kept.apply(Flush { batches: vec![(Digest([2; 32]), later)], ..Flush::default() });
        assert!(kept.sums.has_batch(Digest([1; 32])).unwrap(), "the clock may be wrong");
        let batches = vec![(Digest([2; 32]), later)];
        kept.apply(Flush { batches, believed: Some(later), ..Flush::default() });
        assert!(!kept.sums.has_batch(Digest([1; 32])).unwrap() && kept.sums.has_batch(Digest([2; 32])).unwrap());
    }
}

#[test]
fn the_position_of_the_journal_is_that_of_the_last_flush_that_had_one() {
    let position = |segment| JournalPosition { journal: JournalId([7; 16]), segment, offset: u64::from(u32::MAX) };
    for mut kept in kinds() {
        let database = kept.sums.journal_state().unwrap().database;
        let drained = |kept: &Kept| {
            let state = kept.sums.journal_state().unwrap();
            assert_eq!(state.database, database, "{:?}", kept.sums);
            state.drained
        };
        assert_eq!(drained(&kept), None);
        kept.apply(Flush { journal: JournalMark::UpTo(position(1)), ..Flush::default() });
        kept.apply(Flush { journal: JournalMark::UpTo(position(2)), ..Flush::default() });
        assert_eq!(drained(&kept), Some(position(2)));
        kept.apply(Flush::default());
        assert_eq!(drained(&kept), Some(position(2)), "one that says nothing of it leaves it");
        // A flush that was applied before changes nothing of it.
        kept.sums.apply(&Flush { number: 2, journal: JournalMark::UpTo(position(3)), ..Flush::default() }).unwrap();
        kept.resume();
        kept.sums.end_counting(CountedBy::Import).unwrap();
        kept.sums.end_counting(CountedBy::Live).unwrap();
        assert_eq!(drained(&kept), Some(position(2)), "{:?}", kept.sums);
        kept.apply(Flush { journal: JournalMark::Gone, ..Flush::default() });
        assert_eq!(drained(&kept), None, "no journal goes on with it: {:?}", kept.sums);
        kept.sums.set_journal(Some(position(4))).unwrap();
        assert_eq!(drained(&kept), Some(position(4)), "one that was begun: {:?}", kept.sums);
        kept.sums.set_journal(None).unwrap();
        assert_eq!(drained(&kept), None, "{:?}", kept.sums);
    }
    let [one, other] = [Kept::in_file(), Kept::in_file()].map(|kept| kept.sums.journal_state().unwrap().database);
    assert_ne!(one, other);
}

#[test]
fn names_are_known_from_the_flush_on_that_brought_them() {
    for kept in kinds() {
        let before = kept.sums.names_mark().unwrap();
        let mut open = day_of(SITE, DAY, STORY);
        kept.apply(Flush { sums: vec![(SITE, DAY, open.drain().into())], ..Flush::default() });
        let after = kept.sums.names_mark().unwrap();
        let known = |site, name: &str, mark| kept.sums.has_name(site, name, mark).unwrap();
        for name in ["/a", "plan", "pro", "Signup"] {
            assert_eq!([known(SITE, name, before), known(SITE, name, after)], [false, true], "{name} {:?}", kept.sums);
        }
        assert!(!known(SITE, "/b", after) && !known(SiteId(2), "/a", after));
        let with: BTreeSet<_> = kept.sums.names_with("ignu").unwrap().into_iter().collect();
        assert_eq!(with, BTreeSet::from([(SITE, "Signup".to_owned())]));
    }
}

#[test]
fn a_removed_site_is_gone_and_the_other_is_not() {
    for kept in kinds() {
        let other = SiteId(2);
        for site in [SITE, other] {
            let mut open = day_of(SITE, DAY, STORY);
            let days = vec![DayState { site, ..state(&open, CountedBy::Live, false) }];
            let rejected = vec![Rejected { site, day: DAY, reason: Rejection::Bot, count: 1 }];
            let imported = vec![Imported { site, head: Digest([7; 32]), head_bytes: 1, bytes: 1 }];
            let sums = vec![(site, DAY, open.drain().into())];
            kept.apply(Flush { sums, days, rejected, imported, ..Flush::default() });
        }
        let mark = kept.sums.names_mark().unwrap();
        kept.sums.remove_site(SITE).unwrap();
        for (site, left) in [(SITE, 0), (other, 3)] {
            for grain in [Grain::Hour, Grain::Day, Grain::Month] {
                assert_eq!(pageviews(&kept, &ask(site, grain, Axis::Total, None)), left, "{:?}", kept.sums);
            }
            assert_eq!(pageviews(&kept, &browsers(site)) > 0, left > 0);
            assert_eq!(kept.sums.snapshot().unwrap().rejected(site, DAY, DAY).unwrap().is_empty(), left == 0);
            assert_eq!(kept.sums.imports(site).unwrap().is_empty(), left == 0);
            assert_eq!(kept.sums.has_name(site, "/a", mark).unwrap(), left > 0);
        }
        assert_eq!(kept.sums.open_days().unwrap(), [(other, DAY)]);
        kept.sums.remove_site(SiteId(9)).unwrap();
    }
}

#[test]
fn of_more_keys_than_are_listed_the_first_by_name_are() {
    let name = |number: usize| Name::from(format!("key{number:04}"));
    let cell = |number| Cell { axis: Axis::Prop { key: name(number), event: None }, value: Name::from("x") };
    let tally = Tally { events: 1, ..Tally::ZERO };
    for kept in kinds() {
        // The last by name come first.
        let days = (0..limits::PROP_KEYS_LISTED + 2).rev().map(|number| (cell(number), tally)).collect();
        kept.apply(Flush { sums: vec![(SITE, DAY, Sums { hours: Vec::new(), days }.into())], ..Flush::default() });
        let keys = kept.sums.snapshot().unwrap().prop_keys(SITE, None, DAY, DAY).unwrap();
        let expected: BTreeSet<Name> = (0..limits::PROP_KEYS_LISTED).map(name).collect();
        assert_eq!(keys.into_iter().collect::<BTreeSet<_>>(), expected, "{:?}", kept.sums);
    }
}

/// A flush of made-up cells, for stores that need no visits.
pub fn cells(day: Day, pages: &[(u8, i64)]) -> (SiteId, Day, Sums) {
    let cell = |page: u8| Cell { axis: Axis::Of(Dimension::Page), value: Name::from(format!("/{page}")) };
    let tally = |pageviews| Tally { pageviews, ..Tally::ZERO };
    let hours = pages.iter().map(|(page, count)| (cell(*page), Hour(page % 24), tally(*count))).collect();
    let days = pages.iter().map(|(page, count)| (cell(*page), tally(*count))).collect();
    (SITE, day, Sums { hours, days })
}
