//! In: pageviews of logs that are of one site, and why others are none. Out: the site's sums and rejections, in batches. Forgets:
//! each line at once; each day's salt and visitors when the log is an hour past its end.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::SiteSummary;
use crate::beacon::Beacon;
use crate::collector::{BookedRows, Collector, RejectionSums, SumsBatch, new_salt};
use crate::counts::{DaySegments, OpenDay, Room};
use crate::hit::token::Salt;
use crate::hit::{self, Arrival, Dropped, Hit};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Day, Moment, Site};
use crate::store::{CountedBy, DayState};

/// A day of the import.
struct OpenImportDay {
    salt: Salt,
    day: OpenDay,
    /// Number of the line that last used it.
    used: u64,
}

/// A day and its bounds, so that most lines need no calendar.
#[derive(Clone, Copy)]
struct Bounds {
    day: Day,
    from: Moment,
    until: Moment,
}

/// A site that lines of an import are counted for.
pub(super) struct ImportTarget {
    pub(super) site: Arc<Site>,
    days: HashMap<Day, OpenImportDay, foldhash::fast::RandomState>,
    /// Days that were closed; one that comes again has a new salt.
    closed: HashSet<Day>,
    now: Bounds,
    /// The first day whose hours are kept by single dimensions.
    first_hours: Day,
    /// What waits to be stored. Rejections wait in `books`.
    batch: SumsBatch,
    books: RejectionSums,
    pub(super) lines: u64,
    pub(super) counted: u64,
    reasons: HashMap<Rejection, u64>,
    /// The first and the last day that something was counted for.
    pub(super) span: Option<(Day, Day)>,
    pub(super) repeated: BTreeSet<Day>,
}

impl ImportTarget {
    pub(super) fn of(site: Arc<Site>, now: Moment) -> ImportTarget {
        let today = site.schedule.locate(now).day;
        ImportTarget {
            days: HashMap::default(),
            closed: HashSet::new(),
            now: bounds(&site, today),
            first_hours: Day(today.0 - site.settings.retention.hour_days(today)),
            batch: SumsBatch::default(),
            books: RejectionSums::default(),
            lines: 0,
            counted: 0,
            reasons: HashMap::new(),
            span: None,
            repeated: BTreeSet::new(),
            site,
        }
    }

    /// The site's day of a moment.
    pub(super) fn day_of(&mut self, at: Moment) -> Day {
        if at < self.now.from || at >= self.now.until {
            self.now = bounds(&self.site, self.site.schedule.locate(at).day);
        }
        self.now.day
    }

    /// Notes a reason, and books it for the next batch.
    pub(super) fn reject(&mut self, dropped: Dropped) {
        self.note(dropped.reason);
        self.books.add(self.site.id, self.now.day, dropped.reason, dropped.bot);
    }

    /// Notes a reason that is booked elsewhere.
    pub(super) fn note(&mut self, reason: Rejection) {
        *self.reasons.entry(reason).or_default() += 1;
    }

    /// The hit of a beacon under a salt of the import's own.
    pub(super) fn hit(&mut self, beacon: Beacon, at: Moment, line: u64, collector: &Collector) -> Result<Hit, Dropped> {
        let local = self.site.schedule.locate(at);
        if !self.days.contains_key(&local.day) {
            self.open_day(local.day, line, collector)?;
        }
        let open = self.days.get_mut(&local.day).ok_or(Rejection::TooMany)?;
        open.used = line;
        hit::make(beacon, &self.site, Arrival { at, local }, &open.salt, collector.tools())
    }

    /// Counts a hit; says how many more visitors there are, or less where what they had has become alike.
    pub(super) fn count(&mut self, hit: &Hit, room: Room) -> Result<isize, Dropped> {
        let open = self.days.get_mut(&hit.local.day).ok_or(Rejection::TooMany)?;
        let before = open.day.visitors();
        let mut given = Room::Visitor;
        open.day.take(hit, || {
            given = room;
            room
        })?;
        if given == Room::NoVisitor && hit.token.is_some() {
            self.books.add_unvisited(self.site.id, hit.local.day);
        }
        if open.day.wants_displacement() {
            open.day.displace_lightest();
        }
        let more = open.day.visitors() as isize - before as isize;
        self.batch.counted += 1;
        self.note_counted(hit.local.day);
        Ok(more)
    }

    /// Notes that something was counted.
    pub(super) fn note_counted(&mut self, day: Day) {
        self.counted += 1;
        let (first, last) = self.span.unwrap_or((day, day));
        self.span = Some((first.min(day), last.max(day)));
    }

    fn open_day(&mut self, day: Day, line: u64, collector: &Collector) -> Result<(), Rejection> {
        // Without randomness there can be no token, and nothing else may stand for a visitor.
        let salt = new_salt().map_err(|_| Rejection::TooMany)?;
        if self.closed.contains(&day) || collector.has_visitors(self.site.id, day) {
            self.repeated.insert(day);
        }
        let budget = self.site.settings.budget;
        let opened = match day < self.first_hours {
            true => OpenDay::without_hours(self.site.id, day, budget),
            false => OpenDay::new(self.site.id, day, budget),
        };
        let opened = opened.folding(collector.folding(self.site.id));
        self.days.insert(day, OpenImportDay { salt, day: opened, used: line });
        Ok(())
    }

    /// Closes the days that the log is an hour past at a moment, unless lines of them came since the line `looked`. Says how
    /// many visitors are forgotten.
    pub(super) fn close_past(&mut self, at: Moment, looked: u64) -> usize {
        let is_past = |day: Day| self.site.schedule.end_of(day).plus(limits::IMPORT_GRACE_MS) <= at;
        let unused = self.days.iter().filter(|(_, open)| open.used <= looked).map(|(day, _)| *day);
        let past: Vec<Day> = unused.filter(|day| is_past(*day)).collect();
        past.into_iter().map(|day| self.close(day)).sum()
    }

    /// Closes all days. Says how many visitors are forgotten.
    pub(super) fn close_all(&mut self) -> usize {
        let all: Vec<Day> = self.days.keys().copied().collect();
        all.into_iter().map(|day| self.close(day)).sum()
    }

    fn close(&mut self, day: Day) -> usize {
        let Some(mut open) = self.days.remove(&day) else { return 0 };
        self.closed.insert(day);
        self.batch.days.push(state(&self.site, &open.day, true));
        if open.day.pending() > 0 {
            self.batch.sums.push((self.site.id, day, open.day.drain()));
        }
        open.day.visitors()
    }

    /// How many days are open.
    pub(super) fn days(&self) -> usize {
        self.days.len()
    }

    /// Cells that wait to be stored.
    pub(super) fn waiting(&self) -> usize {
        let closed: usize = self.batch.sums.iter().map(|(_, _, sums)| sums.hours.len() + sums.days.len()).sum();
        closed + self.days.values().map(|open| open.day.pending()).sum::<usize>()
    }

    /// Visitors of days that are over and wait to be stored.
    pub(super) fn closed_visitors(&self) -> usize {
        self.batch.days.iter().filter_map(|state| state.snapshot.as_ref()).map(|snapshot| snapshot.visitors()).sum()
    }

    /// Hands out what waits.
    pub(super) fn drain(&mut self) -> SumsBatch {
        let mut batch = std::mem::take(&mut self.batch);
        for open in self.days.values().filter(|open| open.day.has_changed()) {
            batch.days.push(state(&self.site, &open.day, false));
        }
        for (day, open) in self.days.iter_mut().filter(|(_, open)| open.day.pending() > 0) {
            batch.sums.push((self.site.id, *day, open.day.drain()));
            open.day.mark_stored();
        }
        let BookedRows { rejected, bots, unvisited } = std::mem::take(&mut self.books).rows();
        (batch.rejected, batch.bots, batch.unvisited) = (rejected, bots, unvisited);
        batch
    }

    /// What became of its lines.
    pub(super) fn summary(&self) -> SiteSummary {
        SiteSummary {
            site: self.site.domain.as_str().to_owned(),
            lines: self.lines,
            counted: self.counted,
            rejected: by_count(&self.reasons),
        }
    }

    /// Adds its reasons to those of others.
    pub(super) fn add_reasons(&self, all: &mut HashMap<Rejection, u64>) {
        for (reason, count) in &self.reasons {
            *all.entry(*reason).or_default() += count;
        }
    }
}

/// Reasons by their labels, most frequent first.
pub(super) fn by_count(reasons: &HashMap<Rejection, u64>) -> Vec<(String, u64)> {
    let mut reasons: Vec<_> = reasons.iter().map(|(reason, count)| (*reason, *count)).collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
    reasons.into_iter().map(|(reason, count)| (reason.label().to_owned(), count)).collect()
}

/// The pairs of a day so far.
fn state(site: &Site, day: &OpenDay, is_over: bool) -> DayState {
    DayState {
        site: site.id,
        day: day.day,
        by: CountedBy::Import,
        snapshot: Some(Arc::new(day.snapshot().with_segments(DaySegments::of(site, day.day)))),
        pair_cells: site.settings.budget.pair_cells,
        is_over,
        release: None,
    }
}

fn bounds(site: &Site, day: Day) -> Bounds {
    Bounds { day, from: site.schedule.start_of(day), until: site.schedule.end_of(day) }
}
