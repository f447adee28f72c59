//! In: the changes that hits make. Out: sums per cell, ready to be stored or asked. Forgets: the single visit; what
//! leaves this module are sums with the names of their cells.

mod displacing;
pub mod snapshot;
mod key;
pub mod recent_activity;
pub mod pairs;
pub mod shares;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::mem;
use std::sync::Arc;

use crate::cell::{AttributeTuple, Axis, Cell, DayNames, Folding, Sym, Tally};
use crate::hit::token::{Network, Token};
use crate::hit::{Hit, Kind};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Budget, Day, Hour, Moment, SiteId};
use crate::visit::{self, Book, Visitor};
use displacing::{UnknownHits, UnknownProperty};
use key::SumKey;
pub use recent_activity::RecentVisitors;
use shares::NetworkCounts;
pub use shares::{Newcomer, Room, Shares};
pub use snapshot::SessionSnapshot;

/// A name as it leaves memory.
pub type Name = Arc<str>;

/// A map by small integers that we gave out, so that the hash needs no key.
type Fast<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// Sums that are not stored yet, of one site and day. Those of tuples are spread over their cells when they are asked for.
#[derive(Debug, Default, Clone)]
pub struct Counts {
    /// Whether only the totals are kept by hour.
    without_hours: bool,
    hours: Fast<SumKey, (Cell<Sym>, Hour, Tally)>,
    day_visitors: Fast<SumKey, (Cell<Sym>, i64)>,
    tuple_hours: Fast<(AttributeTuple, Hour), Tally>,
    tuple_day_visitors: Fast<AttributeTuple, i64>,
}

impl Book for Counts {
    fn hour(&mut self, cell: Cell<Sym>, hour: Hour, tally: Tally) {
        let hour = if cell.axis == Axis::Total { hour } else { self.kept(hour) };
        self.hours.entry(SumKey::of(cell, hour)).or_insert((cell, hour, Tally::ZERO)).2 += tally;
    }

    fn day_visitors(&mut self, cell: Cell<Sym>, by: i64) {
        self.day_visitors.entry(SumKey::of(cell, Hour(0))).or_insert((cell, 0)).1 += by;
    }

    fn tuple_hour(&mut self, tuple: AttributeTuple, hour: Hour, tally: Tally) {
        *self.tuple_hours.entry((tuple, self.kept(hour))).or_default() += tally;
    }

    fn tuple_day_visitors(&mut self, tuple: AttributeTuple, by: i64) {
        *self.tuple_day_visitors.entry(tuple).or_default() += by;
    }
}

impl Counts {
    fn new(without_hours: bool) -> Counts {
        Counts { without_hours, ..Counts::default() }
    }

    /// The hour under which a dimension is kept: where hours are not, those of a cell share one entry.
    fn kept(&self, hour: Hour) -> Hour {
        if self.without_hours { Hour(0) } else { hour }
    }

    /// Whether there is nothing to store. Whatever is in a tuple is in the total too.
    pub fn is_empty(&self) -> bool {
        self.hours.is_empty() && self.day_visitors.is_empty()
    }

    /// How many sums wait to be stored.
    pub fn len(&self) -> usize {
        self.hours.len() + self.tuple_hours.len()
    }

    /// A copy of the sums of some axes, tuples spread.
    fn of_axes(&self, wanted: &HashSet<Axis<Sym>>, names: &DayNames) -> Counts {
        let wants = |axis: Axis<Sym>| wanted.contains(&axis);
        let hours = self.hours.iter().filter(|(_, (cell, _, _))| wants(cell.axis));
        let visitors = self.day_visitors.iter().filter(|(_, (cell, _))| wants(cell.axis));
        let mut counts = Counts {
            hours: hours.map(|(key, sum)| (*key, *sum)).collect(),
            day_visitors: visitors.map(|(key, sum)| (*key, *sum)).collect(),
            ..Counts::new(self.without_hours)
        };
        counts.spread(&self.tuple_hours, &self.tuple_day_visitors, names, wants);
        counts
    }

    /// Adds the sums of tuples to those of their cells, as far as `wants` asks for them.
    fn spread(
        &mut self,
        hours: &Fast<(AttributeTuple, Hour), Tally>,
        day_visitors: &Fast<AttributeTuple, i64>,
        names: &DayNames,
        wants: impl Fn(Axis<Sym>) -> bool,
    ) {
        let cells = |tuple: AttributeTuple| {
            let cells =
                names.tuples.values.of(tuple).map(|(dimension, value)| Cell { axis: Axis::Of(dimension), value });
            cells.filter(|cell| wants(cell.axis))
        };
        for ((tuple, hour), tally) in hours {
            cells(*tuple).for_each(|cell| self.hour(cell, *hour, *tally));
        }
        for (tuple, by) in day_visitors {
            cells(*tuple).for_each(|cell| self.day_visitors(cell, *by));
        }
    }

    /// All sums, with their names. Cells without any change are left out.
    fn sums(mut self, names: &DayNames) -> Sums {
        let (tuple_hours, tuple_visitors) = (mem::take(&mut self.tuple_hours), mem::take(&mut self.tuple_day_visitors));
        self.spread(&tuple_hours, &tuple_visitors, names, |_| true);
        let named = |cell: &Cell<Sym>| Cell { axis: named(cell.axis, names), value: names.text(cell.value).clone() };
        let mut days: Fast<Cell<Sym>, Tally> = HashMap::default();
        let mut hours = Vec::new();
        for (cell, hour, tally) in self.hours.values() {
            // Visitors of hours do not add up to visitors of the day; those are counted beside them.
            *days.entry(*cell).or_default() += Tally { visitors: 0, ..*tally };
            let has_hours = !self.without_hours || cell.axis == Axis::Total;
            if has_hours && !tally.is_zero() {
                hours.push((named(cell), *hour, *tally));
            }
        }
        for (cell, visitors) in self.day_visitors.values() {
            days.entry(*cell).or_default().visitors += visitors;
        }
        let days = days.iter().filter(|(_, t)| !t.is_zero()).map(|(cell, tally)| (named(cell), *tally)).collect();
        Sums { hours, days }
    }
}

fn named(axis: Axis<Sym>, names: &DayNames) -> Axis<Name> {
    let text = |sym: Sym| names.text(sym).clone();
    match axis {
        Axis::Total => Axis::Total,
        Axis::Of(dimension) => Axis::Of(dimension),
        Axis::Prop { key, event } => Axis::Prop { key: text(key), event: event.map(text) },
        Axis::Revenue { event, within } => {
            Axis::Revenue { event: text(event), within: within.map(|(key, currency)| (text(key), text(currency))) }
        }
        Axis::Funnel(funnel) => Axis::Funnel(funnel),
    }
}

/// A key of properties that came on a day.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PropKey {
    /// The day.
    pub day: Day,
    /// The event it came with; nothing stands for all events together.
    pub event: Option<Name>,
    /// The key.
    pub key: Name,
}

/// Sums of one site and day, by hour and over the day. Months are sums of days.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// By hour; visitors are those of the hour.
    pub hours: Vec<(Cell<Name>, Hour, Tally)>,
    /// Over the day; visitors are those of the day.
    pub days: Vec<(Cell<Name>, Tally)>,
}

impl Sums {
    /// The keys of properties in them, as those of a day.
    pub fn prop_keys(&self, day: Day) -> HashSet<PropKey> {
        let key = |(cell, _): &(Cell<Name>, Tally)| match &cell.axis {
            Axis::Prop { key, event } => Some(PropKey { day, event: event.clone(), key: key.clone() }),
            _ => None,
        };
        self.days.iter().filter_map(key).collect()
    }
}

/// One day of one site while it is open: who was there, and what is not stored yet.
#[derive(Debug)]
pub struct OpenDay {
    /// The site.
    pub site: SiteId,
    /// The day.
    pub day: Day,
    names: DayNames,
    /// Boxed, because a growing table is half empty.
    visitors: HashMap<Token, Box<Visitor>, BuildHasherDefault<TokenHasher>>,
    /// Hits of a site that keeps no tokens, as far as they are alike.
    unknown: UnknownHits,
    /// The same, of each property by itself.
    unknown_props: Fast<UnknownProperty, u32>,
    counts: Counts,
    /// How many places all visitors together have been at.
    places: usize,
    /// The same by network, once there are many.
    crowd: Option<Box<NetworkCounts>>,
    /// When the last hit came.
    last_hit: Moment,
    /// When names last gave way.
    displaced: Option<Moment>,
    /// Whether anything came since [`OpenDay::mark_stored`].
    has_changed: bool,
    /// The last snapshot, until a hit comes: questions that come together share it.
    snapshot: Option<Arc<SessionSnapshot>>,
}

impl OpenDay {
    /// A day on which nothing has happened yet.
    pub fn new(site: SiteId, day: Day, budget: Budget) -> OpenDay {
        OpenDay {
            site,
            day,
            names: DayNames::with_budget(budget.values),
            visitors: HashMap::default(),
            unknown: UnknownHits::default(),
            unknown_props: Fast::default(),
            counts: Counts::default(),
            places: 0,
            crowd: None,
            last_hit: Moment(i64::MIN),
            displaced: None,
            has_changed: false,
            snapshot: None,
        }
    }

    /// The same, but only the totals are kept by hour, as for days that are long over.
    pub fn without_hours(site: SiteId, day: Day, budget: Budget) -> OpenDay {
        OpenDay { counts: Counts::new(true), ..OpenDay::new(site, day, budget) }
    }

    /// The same, where pages that look personal are counted together.
    pub fn folding(mut self, folding: Folding) -> OpenDay {
        self.names.folding = folding;
        self
    }

    /// Counts a hit of this site and day. `room` is asked when the hit is of somebody new.
    ///
    /// # Errors
    /// [`Rejection::NoVisit`]; nothing is changed then.
    pub fn take(&mut self, hit: &Hit, room: impl FnOnce() -> Room) -> Result<(), Rejection> {
        self.last_hit = self.last_hit.max(hit.at);
        let Some(token) = hit.token else { return self.take_unknown(hit, room) };
        let is_full = self.is_full(hit.network);
        if let Some(visitor) = self.visitors.get_mut(&token) {
            let before = visitor.places();
            visitor.take(hit, is_full, &mut self.names, &mut self.counts)?;
            let places = visitor.places() - before;
            self.note_places(hit.network, places);
        } else if matches!(hit.kind, Kind::Engagement { .. }) {
            return Err(Rejection::NoVisit);
        } else if room() == Room::Visitor {
            let mut visitor = Box::new(Visitor::new());
            visitor.take(hit, is_full, &mut self.names, &mut self.counts)?;
            self.note_places(hit.network, visitor.places());
            self.visitors.insert(token, visitor);
        } else {
            visit::take_stranger(hit, &mut self.names, &mut self.counts)?;
        }
        self.changed();
        Ok(())
    }

    /// Hits without a token are counted even where no room is left to remember of what kind they were: then they are
    /// missing from cells of two dimensions alone.
    fn take_unknown(&mut self, hit: &Hit, room: impl FnOnce() -> Room) -> Result<(), Rejection> {
        if room() == Room::NoVisitor {
            visit::take_stranger(hit, &mut self.names, &mut self.counts)?;
        } else {
            let (alike, props) = visit::take_unknown(hit, &mut self.names, &mut self.counts)?;
            *self.unknown.entry(alike).or_default() += 1;
            for cell in props {
                let property = UnknownProperty { cell, hour: alike.hour, is_view: alike.is_view };
                *self.unknown_props.entry(property).or_default() += 1;
            }
        }
        self.changed();
        Ok(())
    }

    /// Whether few more places are remembered of a visitor: the day has so many, or those of the visitor's network are too many.
    fn is_full(&self, network: Option<Network>) -> bool {
        let of_network = self.crowd.as_ref().zip(network).map_or(0, |(crowd, network)| crowd.of(network));
        self.places >= limits::PLACES_PER_DAY || of_network >= limits::PLACES_PER_NETWORK
    }

    fn note_places(&mut self, network: Option<Network>, places: usize) {
        self.places += places;
        // Fewer than that are no flood, whoever brings them.
        if places > 0
            && self.places > limits::PLACES_PER_NETWORK as usize / 2
            && let Some(network) = network
        {
            self.crowd.get_or_insert_default().add(network, places as u32);
        }
    }

    fn changed(&mut self) {
        self.has_changed = true;
        self.snapshot = None;
    }

    /// How many visitors are remembered; of a site that keeps no tokens, how many kinds of hits and properties.
    pub fn visitors(&self) -> usize {
        self.visitors.len() + self.unknown.len() + self.unknown_props.len()
    }

    /// Whether anything came since [`OpenDay::mark_stored`].
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// Takes note that what its snapshot says now is on its way to the store.
    pub fn mark_stored(&mut self) {
        self.has_changed = false;
    }

    /// A copy of the day's visits, without the tokens, from which any two dimensions can be summed.
    pub fn snapshot(&self) -> SessionSnapshot {
        let mut snapshot = SessionSnapshot::new(&self.names, self.visitors.len() + self.unknown.len());
        for visitor in self.visitors.values() {
            snapshot.add(visitor.visits(), visitor.page_visits());
        }
        for (alike, count) in &self.unknown {
            snapshot.add_unknown(*alike, *count);
        }
        snapshot
    }

    /// The same, shared by all who ask until the next hit comes.
    pub fn shared_snapshot(&mut self) -> Arc<SessionSnapshot> {
        let made = self.snapshot.take().unwrap_or_else(|| Arc::new(self.snapshot()));
        self.snapshot = Some(made.clone());
        made
    }

    /// How many cells wait to be stored.
    pub fn pending(&self) -> usize {
        self.counts.len()
    }

    /// How many visitors were here within the last [`limits::NOW_WINDOW_MS`].
    pub fn visitors_now(&self, now: Moment) -> usize {
        let since = now.plus(-limits::NOW_WINDOW_MS);
        self.visitors.values().filter(|visitor| visitor.last_hit() > since).count()
    }

    /// Hands out what is not stored yet, and starts anew.
    pub fn drain(&mut self) -> Sums {
        let fresh = Counts::new(self.counts.without_hours);
        let sums = mem::replace(&mut self.counts, fresh).sums(&self.names);
        self.names.free_retired();
        sums
    }

    /// A copy of what is not stored yet, of some axes.
    pub fn peek<'a>(&self, axes: impl Iterator<Item = &'a Axis<Name>>) -> Sums {
        let wanted: HashSet<Axis<Sym>> = axes.filter_map(|axis| self.find(axis)).collect();
        self.counts.of_axes(&wanted, &self.names).sums(&self.names)
    }

    /// A copy of all that is not stored yet.
    pub fn peek_all(&self) -> Sums {
        self.counts.clone().sums(&self.names)
    }

    /// Drops the visitors; sums that are not stored stay.
    pub fn forget_visitors(&mut self) {
        self.visitors = HashMap::default();
        (self.unknown, self.unknown_props) = (Fast::default(), Fast::default());
        (self.places, self.crowd, self.snapshot) = (0, None, None);
    }

    fn find(&self, axis: &Axis<Name>) -> Option<Axis<Sym>> {
        let find = |text: &Name| self.names.find(text);
        // Nothing is not the same as a name that was never met.
        let find_some = |text: &Option<Name>| text.as_ref().map_or(Some(None), |text| find(text).map(Some));
        Some(match axis {
            Axis::Total => Axis::Total,
            Axis::Of(dimension) => Axis::Of(*dimension),
            Axis::Prop { key, event } => Axis::Prop { key: find(key)?, event: find_some(event)? },
            Axis::Revenue { event, within: None } => Axis::Revenue { event: find(event)?, within: None },
            Axis::Revenue { event, within: Some((key, currency)) } => {
                Axis::Revenue { event: find(event)?, within: Some((find(key)?, find(currency)?)) }
            }
            Axis::Funnel(funnel) => Axis::Funnel(*funnel),
        })
    }
}

/// Tokens are uniform already, and nobody can choose them; their bits are the hash.
#[derive(Default)]
pub struct TokenHasher(u64);

impl Hasher for TokenHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }
}
