//! What a site is like just now, and the parts of pages that say it.

use super::{Arrivals, SiteView};
use crate::cell::Dimension;
use crate::counts::recent_activity::{Ranked, RecentActivity};
use crate::page::cards::Tab;
use crate::page::live::{HalfHour, LiveList, LiveRow, Now};
use crate::page::words::Words;
use crate::report::Records;
use crate::site::{AddressMode, Moment, Site};
use crate::store::StoreError;

const MINUTE_MS: i64 = 60_000;

/// What a site is like just now.
#[derive(Debug, Clone)]
pub struct Pulse {
    /// Its last half hour.
    pub recent: RecentActivity,
    /// What has arrived, while nothing was ever counted.
    pub arrivals: Option<Arrivals>,
}

impl Pulse {
    /// That of a site, whose last half hour is in memory.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn of(site: &Site, recent: RecentActivity, records: &dyn Records) -> Result<Pulse, StoreError> {
        let is_new = records.first_day(site.id)?.is_none();
        let arrivals = is_new.then(|| Arrivals::of(site, recent.at, records)).transpose()?;
        Ok(Pulse { recent, arrivals })
    }
}

/// The last half hour.
pub fn half_hour(site: &Site, pulse: &Pulse, words: &'static Words) -> HalfHour {
    let (address, recent) = (site.settings.address, &pulse.recent);
    let is_measured = address != AddressMode::None;
    let today = SiteView::read(site, &[("period".to_owned(), "today".to_owned())], recent.at, words).ok();
    let list = |dimension: Dimension, ranked: &Ranked| {
        let href = |value: &str| today.as_ref().and_then(|view| view.of_value(&Tab::Of(dimension), value));
        let rows = ranked.rows.iter();
        let rows =
            rows.map(|(value, visitors)| LiveRow { value: value.clone(), visitors: *visitors, href: href(value) });
        LiveList { dimension, rows: rows.collect(), values: ranked.values }
    };
    let people = &recent.people;
    let lists = [
        (Dimension::Page, &people.pages),
        (Dimension::Source, &people.sources),
        (Dimension::Country, &people.countries),
    ];
    let last = recent.pageviews.len() as i64 - 1;
    let minutes = (0..).zip(&recent.pageviews);
    HalfHour {
        words,
        address,
        now: is_measured.then_some(people.now),
        visitors: is_measured.then_some(people.visitors),
        minutes: minutes
            .map(|(place, many)| (clock(site, recent.at.plus((place - last) * MINUTE_MS)), *many))
            .collect(),
        lists: lists.into_iter().filter(|_| is_measured).map(|(dimension, ranked)| list(dimension, ranked)).collect(),
    }
}

/// How many visitors there are now.
pub fn now(site: &Site, pulse: &Pulse, words: &'static Words) -> Now {
    let address = site.settings.address;
    Now { words, address, now: (address != AddressMode::None).then_some(pulse.recent.people.now) }
}

/// The time of day at a site, by the minute.
fn clock(site: &Site, at: Moment) -> String {
    // Every moment that a clock can show is within the range of timestamps.
    let time = site.schedule.zone_at(at).to_datetime(jiff::Timestamp::from_millisecond(at.0).unwrap_or_default());
    format!("{:02}:{:02}", time.hour(), time.minute())
}
