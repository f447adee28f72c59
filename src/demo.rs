//! Two made-up sites with a year of visits, and beacons as time passes.
//!
//! Days before today are counted by [`crate::counts`] as every day is, and stored in flushes before a collector starts on
//! the store. Today's visits go to the collector, so that it knows who is there now.

pub mod dice;
pub mod live;
mod past;
mod people;
mod plan;
pub mod sites;

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use anyhow::{Result, anyhow};

use crate::collector::Collector;
use crate::counts::Sums;
use crate::hit::Tools;
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Annotation, Day, Domain, Funnel, Goal, Moment, Schedule, Settings, Site, SiteId, Target};
use crate::store::{BotCount, DayState, Flush, Rejected, Stores, SumStore};
use dice::Dice;
use live::Live;
use past::Maker;
use sites::{SHAPES, SiteShape};

/// How long before `now` the first live visits have begun, so that somebody is there at once.
const HEAD_START_MS: i64 = 150_000;

/// What is to be made up.
#[derive(Debug, Clone, Copy)]
pub struct Demo {
    /// The same seed and time give the same figures.
    pub seed: u64,
    /// How many days before today have visits.
    pub days: u16,
    /// What time it is at the start.
    pub now: Moment,
}

/// A day that waits to be stored.
type MadeDay = (SiteId, Day, (Sums, DayState), Vec<Rejected>, Vec<BotCount>);

impl Demo {
    /// Adds the sites to an empty data folder, and stores their days before today. `goes_on` is told how much is done, from 0 to
    /// 1, and ends the work by saying no.
    ///
    /// # Errors
    /// The store fails, or it holds one of the sites.
    pub fn fill(&self, stores: &Stores, tools: &Tools, goes_on: impl FnMut(f64) -> bool) -> Result<()> {
        let since = self.now.plus(-i64::from(self.days) * 86_400_000);
        for shape in &SHAPES {
            let (domain, schedule) = (Domain::parse(shape.domain)?, Schedule::named(shape.zone)?);
            let settings = shape.settings(since, schedule.locate(self.now).day);
            stores.operators.add_site(&domain, &schedule, &settings, since)?;
        }
        let sites = stores.operators.sites()?;
        let makers = self.makers(&sites, tools)?;
        thread::scope(|scope| {
            let (done, made) = mpsc::sync_channel(limits::DEMO_DAYS_WAITING_MAX);
            for (maker, site) in &makers {
                let done = done.clone();
                scope.spawn(move || self.make_days(maker, site, &done));
            }
            drop(done);
            self.store_days(&*stores.sums, made, goes_on)
        })
    }

    fn makers<'a>(&self, sites: &'a [Site], tools: &Tools) -> Result<Vec<(Maker<'a>, &'a Site)>> {
        let of_site = |site: &'a Site| {
            let shape = shape_of(site)?;
            Some(Maker::new(shape, site, self.seed, tools).map(|maker| (maker, site)))
        };
        let makers: Result<_, Rejection> = sites.iter().filter_map(of_site).collect();
        makers.map_err(|reason| anyhow!("a made-up visit is refused as {}", reason.label()))
    }

    fn make_days(&self, maker: &Maker, site: &Site, done: &SyncSender<MadeDay>) {
        let today = site.schedule.locate(self.now).day;
        for days_ago in (1..=i32::from(self.days)).rev() {
            let day = Day(today.0 - days_ago);
            let rejected = maker.rejected(day, days_ago);
            let bots = maker.bots(&rejected);
            let made = (site.id, day, maker.sums(day, days_ago), rejected, bots);
            // Nobody waits for it any more when the work was ended.
            if done.send(made).is_err() {
                return;
            }
        }
    }

    fn store_days(
        &self,
        store: &dyn SumStore,
        made: Receiver<MadeDay>,
        mut goes_on: impl FnMut(f64) -> bool,
    ) -> Result<()> {
        let all = usize::from(self.days) * SHAPES.len();
        let mut stored = 0;
        let mut number = store.last_flush()?;
        let mut flush = Flush::default();
        for (site, day, (sums, state), rejected, bots) in made {
            flush.sums.push((site, day, sums.into()));
            flush.days.push(state);
            flush.rejected.extend(rejected);
            flush.bots.extend(bots);
            stored += 1;
            if flush.sums.len() == limits::DEMO_FLUSH_DAYS || stored == all {
                number += 1;
                store.apply(&Flush { number, ..std::mem::take(&mut flush) })?;
            }
            if !goes_on(stored as f64 / all as f64) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Gives the collector what came today until now.
    ///
    /// # Errors
    /// The store fails.
    pub fn begin_today(&self, collector: &Collector) -> Result<()> {
        let sites: Vec<Site> = collector.directory().all().iter().map(|site| (**site).clone()).collect();
        for (maker, site) in self.makers(&sites, collector.tools())? {
            let today = site.schedule.locate(self.now).day;
            for visit in maker.visits(today, 0) {
                let mut hits = Vec::with_capacity(visit.steps.len());
                maker.play(&visit, today, self.now, |hit| hits.push(hit));
                hits.into_iter().for_each(|hit| _ = collector.take(hit));
            }
            let passed_ms = (self.now.0 - site.schedule.start_of(today).0) as f64;
            for rejected in maker.rejected(today, 0) {
                let count = (rejected.count as f64 * passed_ms / 86_400_000.0) as usize;
                collector.refuse(&vec![site.domain.to_string(); count], rejected.reason);
            }
        }
        Ok(())
    }

    /// The visits to come, of each site.
    pub fn live(&self, collector: &Collector) -> Vec<Live> {
        let since = self.now.plus(-HEAD_START_MS);
        let live = |site: &Site| {
            let dice = Dice::new(self.seed, [u64::from(site.id.0), self.now.0 as u64]);
            Some(Live::new(shape_of(site)?, site.clone(), dice, since))
        };
        collector.directory().all().iter().filter_map(|site| live(site)).collect()
    }
}

impl SiteShape {
    /// What its owner watches, declared at `since`, and noted until `today`.
    fn settings(&self, since: Moment, today: Day) -> Settings {
        let goal = |(name, target): &(&str, &str)| Goal {
            name: (*name).to_owned(),
            target: Target::read(target),
            since_ms: since.0,
        };
        let (name, steps) = self.funnel;
        let steps = steps.iter().map(|step| Target::read(step)).collect();
        let funnel = Funnel { number: 1, name: name.to_owned(), steps, since_ms: since.0 };
        let goals = self.goals.iter().map(goal).collect();
        let note = |(id, (days_ago, text)): (u32, &(i32, &str))| Annotation {
            id,
            day: Day(today.0 - days_ago),
            hour: None,
            text: (*text).to_owned(),
        };
        let annotations: Vec<Annotation> = (1..).zip(self.notes).map(note).collect();
        let annotations_made = annotations.len() as u32;
        Settings { goals, funnels: vec![funnel], funnels_made: 1, annotations, annotations_made, ..Settings::default() }
    }
}

fn shape_of(site: &Site) -> Option<&'static SiteShape> {
    SHAPES.iter().find(|shape| shape.domain == site.domain.as_str())
}

/// The dice of a site's day.
fn dice_of(seed: u64, site: SiteId, day: Day) -> Dice {
    Dice::new(seed, [u64::from(site.0), u64::from(day.0.unsigned_abs())])
}

/// 0 for Monday.
fn weekday(day: Day) -> i32 {
    day.0 - day.monday().0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::{Axis, Dimension, Tally};
    use crate::counts::Name;
    use crate::hit::agent::Agents;
    use crate::hit::place::Places;
    use crate::store::{self, Ask, SumRow};

    /// 2026-06-10 12:00 UTC, a Wednesday.
    const NOW: Moment = Moment(1_781_092_800_000);
    const DAYS: u16 = 3;

    fn tools() -> Tools {
        Tools { agents: Agents::new(), places: Places::none() }
    }

    fn filled(seed: u64) -> (tempfile::TempDir, Stores) {
        let folder = tempfile::tempdir().unwrap();
        let store = store::open(&folder.path().join("headcount.db")).unwrap();
        Demo { seed, days: DAYS, now: NOW }.fill(&store, &tools(), |_| true).unwrap();
        (folder, store)
    }

    fn rows(store: &Stores, site: u32, axis: Axis<Name>) -> Vec<SumRow> {
        let ask = Ask { axis, last: i32::MAX, by_bucket: true, ..Ask::totals_of_day(SiteId(site), Day(0)) };
        let mut rows = store.sums.snapshot().unwrap().read(&[ask], &[]).unwrap().rows.remove(0);
        rows.sort_by_key(|row| (row.bucket, row.value.clone()));
        rows
    }

    fn all(store: &Stores) -> Vec<SumRow> {
        let axes = Dimension::ALL.map(Axis::Of).into_iter().chain([Axis::Total]);
        axes.flat_map(|axis| [rows(store, 1, axis.clone()), rows(store, 2, axis)]).flatten().collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_sums_and_another_does_not() {
        let (_a, first) = filled(1);
        let (_b, again) = filled(1);
        let (_c, other) = filled(2);
        assert_eq!(all(&first), all(&again));
        assert_ne!(all(&first), all(&other));
        assert_eq!(first.sums.last_flush().unwrap(), 1, "flushes are numbered, so that the writer goes on from them");
    }

    #[test]
    fn figures_are_those_of_a_site_that_lives() {
        let (_folder, store) = filled(1);
        for site in store.operators.sites().unwrap() {
            let today = site.schedule.locate(NOW).day;
            let totals = rows(&store, site.id.0, Axis::Total);
            let days: Vec<i32> = totals.iter().map(|row| row.bucket).collect();
            assert_eq!(days, (1..=i32::from(DAYS)).rev().map(|ago| today.0 - ago).collect::<Vec<_>>());
            for SumRow { tally, .. } in &totals {
                let Tally { visitors, visits, pageviews, events, bounces, seconds, .. } = *tally;
                assert!((300..3_000).contains(&visits) && visitors < visits && visits < pageviews, "{tally:?}");
                assert!((visits * 3 / 10..visits * 8 / 10).contains(&bounces), "{tally:?}");
                assert!(events > 0 && (30..300).contains(&(seconds / visits)), "{tally:?}");
            }
            let rejected = store.sums.snapshot().unwrap().rejected(site.id, Day(0), today).unwrap();
            assert!(rejected.iter().any(|(reason, count)| *reason == Rejection::Bot && *count > 30));
        }
    }

    #[test]
    fn nothing_is_unknown_that_trackers_tell() {
        let (_folder, store) = filled(1);
        for dimension in [Dimension::Country, Dimension::Browser, Dimension::Os, Dimension::Device, Dimension::Screen] {
            for row in rows(&store, 1, Axis::Of(dimension)) {
                assert_ne!(&*row.value, dimension.missing(), "{dimension:?}");
            }
        }
        let channels = rows(&store, 1, Axis::Of(Dimension::Channel));
        for channel in ["Organic Search", "Paid Search", "Organic Social", "Email", "Direct", "AI Assistants"] {
            assert!(channels.iter().any(|row| &*row.value == channel), "{channel}");
        }
    }

    #[test]
    fn whoever_says_no_ends_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let store = store::open(&folder.path().join("headcount.db")).unwrap();
        let mut asked = 0;
        let demo = Demo { seed: 1, days: 200, now: NOW };
        demo.fill(&store, &tools(), |_| {
            asked += 1;
            asked < 2
        })
        .unwrap();
        assert_eq!((asked, store.sums.last_flush().unwrap()), (2, 0));
    }
}
