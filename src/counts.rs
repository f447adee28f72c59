//! In: the changes that hits make. Out: sums per cell, ready to be stored or asked. Forgets: the single visit; what
//! leaves this module are sums with the names of their cells.

mod displacing;
mod image;
pub mod snapshot;
mod key;
mod token_table;
mod unknown_hits;
mod unstored;
pub mod recent_activity;
pub mod pairs;
mod segments;
pub mod published;
pub mod shares;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::cell::{AttributeTuple, Axis, Blocks, Cell, DayNames, Folding, FoldingStart, SiteHistory, Sym, Tally};
use crate::hit::token::Network;
use crate::hit::{Hit, Kind};
use crate::limits;
use crate::rejection::Rejection;
use crate::site::{Budget, Day, Hour, Moment, SiteId};
use crate::visit::{self, Book, Visitor};
pub use displacing::{Displacement, DisplacementSearch};
pub use image::DayImage;
use key::SumKey;
pub use recent_activity::RecentVisitors;
pub use segments::DaySegments;
use shares::NetworkCounts;
pub use shares::{Newcomer, Room, RoomTaken, Shares};
pub use snapshot::{MetValues, SessionSnapshot};
use token_table::TokenTable;
use unknown_hits::UnknownHits;
use unstored::Layers;
pub use unstored::{LazySums, UnstoredSums};

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
    tuple_hours: Fast<(AttributeTuple, Hour), Tally>,
}

impl Book for Counts {
    fn hour(&mut self, cell: Cell<Sym>, hour: Hour, tally: Tally) {
        if is_of_nothing(cell) {
            return;
        }
        let hour = if cell.axis == Axis::Total { hour } else { self.kept(hour) };
        self.hours.entry(SumKey::of(cell, hour)).or_insert((cell, hour, Tally::ZERO)).2 += tally;
    }

    fn tuple_hour(&mut self, tuple: AttributeTuple, hour: Hour, tally: Tally) {
        *self.tuple_hours.entry((tuple, self.kept(hour))).or_default() += tally;
    }
}

/// Whether a cell is of a dimension that has no value: its site does not collect it.
fn is_of_nothing(cell: Cell<Sym>) -> bool {
    cell.value == Sym::EMPTY && matches!(cell.axis, Axis::Of(_))
}

impl Counts {
    fn new(without_hours: bool) -> Counts {
        Counts { without_hours, ..Counts::default() }
    }

    /// The hour under which a dimension is kept: where hours are not, those of a cell share one entry.
    fn kept(&self, hour: Hour) -> Hour {
        if self.without_hours { Hour(0) } else { hour }
    }

    /// How many sums wait to be stored.
    fn len(&self) -> usize {
        self.hours.len() + self.tuple_hours.len()
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
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sums {
    /// By hour; visitors are those of the hour, and the day's are all first visitors.
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
    /// The tokens of the visitors, in their order; no snapshot knows.
    tokens: TokenTable,
    visitors: Blocks<Visitor>,
    /// Hits of a site that keeps no tokens, as far as they are alike.
    unknown: UnknownHits,
    unstored: Layers,
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
}

/// What a day is opened with, and keeps until it is over, whatever becomes of its site's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayOpening {
    /// How many values of each dimension have room.
    pub values: u32,
    /// Whether only the totals are kept by hour.
    pub without_hours: bool,
    /// What its pages are folded by.
    pub folding: FoldingStart,
}

impl OpenDay {
    /// A day that is opened so. `history` knows the site beside its day.
    pub fn opened(site: SiteId, day: Day, opening: DayOpening, history: Arc<dyn SiteHistory>) -> OpenDay {
        let budget = Budget { values: opening.values, ..Budget::default() };
        let new = if opening.without_hours { OpenDay::without_hours } else { OpenDay::new };
        new(site, day, budget).folding(Folding::by(opening.folding, history))
    }

    /// A day on which nothing has happened yet.
    pub fn new(site: SiteId, day: Day, budget: Budget) -> OpenDay {
        OpenDay {
            site,
            day,
            names: DayNames::with_budget(budget.values),
            tokens: TokenTable::default(),
            visitors: Blocks::default(),
            unknown: UnknownHits::default(),
            unstored: Layers::new(false),
            places: 0,
            crowd: None,
            last_hit: Moment(i64::MIN),
            displaced: None,
            has_changed: false,
        }
    }

    /// The same, but only the totals are kept by hour, as for days that are long over.
    pub fn without_hours(site: SiteId, day: Day, budget: Budget) -> OpenDay {
        OpenDay { unstored: Layers::new(true), ..OpenDay::new(site, day, budget) }
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
        let known = self.tokens.place(token).and_then(|place| self.visitors.entry_mut(place));
        if let Some(visitor) = known {
            let before = visitor.places();
            visitor.take(hit, is_full, &mut self.names, self.unstored.book())?;
            let places = visitor.places() - before;
            self.note_places(hit.network, places);
        } else if matches!(hit.kind, Kind::Engagement { .. }) {
            return Err(Rejection::NoVisit);
        } else if room() == Room::Visitor {
            let mut visitor = Visitor::new();
            visitor.take(hit, is_full, &mut self.names, self.unstored.book())?;
            self.note_places(hit.network, visitor.places());
            self.visitors.push(visitor);
            self.tokens.push(token);
        } else {
            visit::take_stranger(hit, &mut self.names, self.unstored.book())?;
        }
        self.has_changed = true;
        Ok(())
    }

    /// Hits without a token are counted even where no room is left to remember of what kind they were: then they are
    /// missing from cells of two dimensions alone.
    fn take_unknown(&mut self, hit: &Hit, room: impl FnOnce() -> Room) -> Result<(), Rejection> {
        if room() == Room::NoVisitor {
            visit::take_stranger(hit, &mut self.names, self.unstored.book())?;
        } else {
            let (alike, thousandths, props) = visit::take_unknown(hit, &mut self.names, self.unstored.book())?;
            self.unknown.take(alike, thousandths, &props);
        }
        self.has_changed = true;
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

    /// How many visitors are remembered; of a site that keeps no tokens, how many kinds of hits and properties.
    pub fn visitors(&self) -> usize {
        self.visitors.len() + self.unknown.len()
    }

    /// The same apart.
    pub fn taken(&self) -> RoomTaken {
        RoomTaken { visitors: self.visitors.len(), kinds: self.unknown.len() }
    }

    /// Whether anything came since [`OpenDay::mark_stored`].
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// Takes note that what its snapshot says now is on its way to the store.
    pub fn mark_stored(&mut self) {
        self.has_changed = false;
    }

    /// How many cells wait to be stored.
    pub fn pending(&self) -> usize {
        self.unstored.len()
    }

    /// Drops the visitors, and who brought which name; sums that are not stored stay.
    pub fn forget_visitors(&mut self) {
        self.names.forget_bringers();
        (self.tokens, self.visitors) = (TokenTable::default(), Blocks::default());
        (self.unknown, self.places, self.crowd) = (UnknownHits::default(), 0, None);
    }
}
