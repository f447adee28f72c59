//! In: changes of sums. Out: the same, shared with whoever stores or reads them, who makes them sums with names on their own
//! time. Forgets: what is handed out to be stored.
//!
//! Changes lie in layers. Whoever reads takes the layers as they are, and what comes meanwhile goes into a new one; layers that
//! nobody reads any more become one again.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Counts, Fast, Name, OpenDay, Sums};
use crate::cell::{AttributeTuple, Axis, Blocks, Cell, Sym, Tally, TupleValues};
use crate::limits;
use crate::site::Hour;
use crate::visit::Book;

/// Changes of sums in the order in which they came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Layers {
    without_hours: bool,
    layers: Vec<Arc<Counts>>,
}

impl Layers {
    pub(super) fn new(without_hours: bool) -> Layers {
        Layers { without_hours, layers: Vec::new() }
    }

    /// Nothing yet, to be booked in and added by [`Layers::add`].
    pub(super) fn fresh(&self) -> Counts {
        Counts::new(self.without_hours)
    }

    /// Where the next changes go.
    pub(super) fn book(&mut self) -> &mut Counts {
        if self.layers.last_mut().is_none_or(|last| Arc::get_mut(last).is_none()) {
            self.layers.push(Arc::new(self.fresh()));
        }
        if self.layers.iter().filter(|layer| Arc::strong_count(layer) == 1).count() > 1
            || self.layers.len() > limits::LAYERS_MAX
        {
            self.join();
        }
        let last = self.layers.len() - 1;
        // Nobody else has it, so that nothing is copied.
        Arc::make_mut(&mut self.layers[last])
    }

    /// Adds changes that were booked elsewhere.
    pub(super) fn add(&mut self, mut changes: Counts) {
        changes.drop_zeros();
        self.layers.push(Arc::new(changes));
    }

    /// How many sums wait; those of several layers count several times.
    pub(super) fn len(&self) -> usize {
        self.layers.iter().map(|layer| layer.len()).sum()
    }

    pub(super) fn take(&mut self) -> Vec<Arc<Counts>> {
        std::mem::take(&mut self.layers)
    }

    /// Makes one layer of those that nobody reads. Of too many layers the small ones become one, read or not.
    fn join(&mut self) {
        let (mut free, mut layers) = (None::<Counts>, Vec::with_capacity(self.layers.len() + 1));
        for layer in std::mem::take(&mut self.layers) {
            match Arc::try_unwrap(layer) {
                Ok(layer) => {
                    free = Some(match free.take() {
                        Some(larger) if larger.len() >= layer.len() => larger.with(&layer),
                        Some(smaller) => layer.with(&smaller),
                        None => layer,
                    });
                }
                Err(shared) => layers.push(shared),
            }
        }
        if layers.len() >= limits::LAYERS_MAX {
            layers.sort_by_key(|layer| std::cmp::Reverse(layer.len()));
            let small = layers.split_off(limits::LAYERS_MAX / 2);
            free = Some(small.iter().fold(free.unwrap_or_else(|| self.fresh()), |free, layer| free.with(layer)));
        }
        layers.extend(free.map(Arc::new));
        self.layers = layers;
    }
}

/// What is not stored yet of one site and day. It costs little to make; the sums are made by whoever wants them.
#[derive(Debug, Clone)]
pub struct UnstoredSums {
    without_hours: bool,
    layers: Vec<Arc<Counts>>,
    texts: Blocks<Name>,
    tuples: TupleValues,
}

impl OpenDay {
    /// Hands out what is not stored yet, and starts anew.
    pub fn take_unstored(&mut self) -> UnstoredSums {
        let layers = self.unstored.take();
        let unstored = self.with_names(layers);
        self.names.free_retired();
        unstored
    }

    /// Hands out what is not stored yet as sums, and starts anew.
    pub fn drain(&mut self) -> Sums {
        self.take_unstored().all()
    }

    /// What is not stored yet, as it is now.
    pub fn unstored(&self) -> UnstoredSums {
        self.with_names(self.unstored.layers.clone())
    }

    fn with_names(&self, layers: Vec<Arc<Counts>>) -> UnstoredSums {
        let (texts, tuples) = (self.names.texts().clone(), self.names.tuples.values.clone());
        UnstoredSums { without_hours: self.unstored.without_hours, layers, texts, tuples }
    }

    /// All that those count for who are remembered, money aside: what has been handed out and what is not stored yet add up to
    /// it, unless there was no room to remember somebody.
    pub fn contributions(&self) -> Sums {
        let mut counts = self.unstored.fresh();
        self.visitors.iter().for_each(|visitor| visitor.contributions(&self.names, &mut counts));
        self.unknown.hits().iter().for_each(|(hit, count)| hit.contributions(count.hits, &self.names, &mut counts));
        self.unknown.props.iter().for_each(|(of, count)| counts.hour(of.cell, of.hour, of.tally(*count)));
        self.with_names(vec![Arc::new(counts)]).all()
    }
}

impl UnstoredSums {
    /// All sums, with their names. Cells without any change are left out.
    pub fn all(&self) -> Sums {
        self.sums(|_| true)
    }

    /// The sums of some axes.
    pub fn of_axes<'a>(&self, axes: impl Iterator<Item = &'a Axis<Name>>) -> Sums {
        let axes: Vec<&Axis<Name>> = axes.collect();
        let mut numbers: HashMap<&str, Option<Sym>> =
            axes.iter().flat_map(|axis| names_of(axis)).map(|name| (name, None)).collect();
        if !numbers.is_empty() {
            for (number, text) in (0..).zip(self.texts.iter()) {
                numbers.entry(text).and_modify(|sym| *sym = sym.or(Some(Sym(number))));
            }
        }
        let find = |text: &Name| numbers.get(&**text).copied().flatten();
        let wanted: HashSet<Axis<Sym>> = axes.iter().filter_map(|axis| found(axis, find)).collect();
        self.sums(|axis| wanted.contains(&axis))
    }

    fn sums(&self, wants: impl Fn(Axis<Sym>) -> bool) -> Sums {
        let mut counts = Counts::new(self.without_hours);
        for layer in &self.layers {
            let hours = layer.hours.values().filter(|(cell, ..)| wants(cell.axis));
            hours.for_each(|(cell, hour, tally)| counts.hour(*cell, *hour, *tally));
            self.spread(layer, &wants, &mut counts);
        }
        self.named(&counts)
    }

    /// Adds the sums of tuples to those of their cells, as far as `wants` asks for them.
    fn spread(&self, layer: &Counts, wants: &impl Fn(Axis<Sym>) -> bool, counts: &mut Counts) {
        let cells = |tuple| {
            let cells = self.tuples.of(tuple).map(|(dimension, value)| Cell { axis: Axis::Of(dimension), value });
            cells.filter(|cell| wants(cell.axis))
        };
        for ((tuple, hour), tally) in &layer.tuple_hours {
            cells(*tuple).for_each(|cell| counts.hour(cell, *hour, *tally));
        }
    }

    fn named(&self, counts: &Counts) -> Sums {
        let text = |sym: Sym| self.texts[sym.0 as usize].clone();
        let named = |cell: &Cell<Sym>| Cell { axis: named(cell.axis, text), value: text(cell.value) };
        // Room that grows is copied, and wiped where it was.
        let hours_room = if self.without_hours { 0 } else { counts.hours.len() };
        let mut hours = Vec::with_capacity(hours_room);
        let mut days: Fast<Cell<Sym>, Tally> = HashMap::default();
        // Most of what waits is of an hour or two.
        days.reserve(counts.hours.len() / 2);
        for (cell, hour, tally) in counts.hours.values() {
            *days.entry(*cell).or_default() += tally.of_day();
            let has_hours = !self.without_hours || cell.axis == Axis::Total;
            if has_hours && !tally.is_zero() {
                hours.push((named(cell), *hour, *tally));
            }
        }
        let mut named_days = Vec::with_capacity(days.len());
        named_days.extend(days.iter().filter(|(_, t)| !t.is_zero()).map(|(cell, tally)| (named(cell), *tally)));
        Sums { hours, days: named_days }
    }
}

fn named(axis: Axis<Sym>, text: impl Fn(Sym) -> Name) -> Axis<Name> {
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

/// The names in an axis.
fn names_of(axis: &Axis<Name>) -> impl Iterator<Item = &str> {
    let names = match axis {
        Axis::Total | Axis::Of(_) | Axis::Funnel(_) => [None, None, None],
        Axis::Prop { key, event } => [Some(key), event.as_ref(), None],
        Axis::Revenue { event, within: None } => [Some(event), None, None],
        Axis::Revenue { event, within: Some((key, currency)) } => [Some(event), Some(key), Some(currency)],
    };
    names.into_iter().flatten().map(|name| &**name)
}

/// An axis by the numbers of its names; nothing if one was never met.
fn found(axis: &Axis<Name>, find: impl Fn(&Name) -> Option<Sym>) -> Option<Axis<Sym>> {
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

/// Without the keys, which are made of the rows.
impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let rows = CountsRows {
            without_hours: self.without_hours,
            hours: self.hours.values().copied().collect(),
            tuple_hours: self.tuple_hours.iter().map(|((tuple, hour), tally)| (*tuple, *hour, *tally)).collect(),
        };
        rows.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let rows = CountsRows::deserialize(from)?;
        let mut counts = Counts::new(rows.without_hours);
        rows.hours.into_iter().for_each(|(cell, hour, tally)| counts.hour(cell, hour, tally));
        rows.tuple_hours.into_iter().for_each(|(tuple, hour, tally)| counts.tuple_hour(tuple, hour, tally));
        Ok(counts)
    }
}

/// [`Counts`] as it is kept in an image.
#[derive(Serialize, Deserialize)]
struct CountsRows {
    without_hours: bool,
    hours: Vec<(Cell<Sym>, Hour, Tally)>,
    tuple_hours: Vec<(AttributeTuple, Hour, Tally)>,
}

impl Counts {
    /// Both together.
    fn with(mut self, other: &Counts) -> Counts {
        self.add(other);
        self
    }

    fn add(&mut self, other: &Counts) {
        other.hours.values().for_each(|(cell, hour, tally)| self.hour(*cell, *hour, *tally));
        other.tuple_hours.iter().for_each(|((tuple, hour), tally)| self.tuple_hour(*tuple, *hour, *tally));
    }

    /// Drops what changes nothing.
    fn drop_zeros(&mut self) {
        self.hours.retain(|_, (.., tally)| !tally.is_zero());
        self.tuple_hours.retain(|_, tally| !tally.is_zero());
    }
}

/// Sums that are made of changes when somebody first wants them.
#[derive(Debug, Clone)]
pub struct LazySums {
    made: OnceLock<Sums>,
    of: Option<UnstoredSums>,
}

impl LazySums {
    /// How many sums, without making them.
    pub fn len(&self) -> usize {
        match (&self.of, self.made.get()) {
            (Some(unstored), _) => unstored.layers.iter().map(|layer| layer.len()).sum(),
            (None, made) => made.map_or(0, |sums| sums.hours.len().max(sums.days.len())),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Sums> for LazySums {
    fn from(sums: Sums) -> LazySums {
        LazySums { made: sums.into(), of: None }
    }
}

impl From<UnstoredSums> for LazySums {
    fn from(unstored: UnstoredSums) -> LazySums {
        LazySums { made: OnceLock::new(), of: Some(unstored) }
    }
}

impl Deref for LazySums {
    type Target = Sums;

    fn deref(&self) -> &Sums {
        self.made.get_or_init(|| self.of.as_ref().map(UnstoredSums::all).unwrap_or_default())
    }
}
