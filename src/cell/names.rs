//! Small numbers for texts, within one site and day, as far as the budget of the day goes. The table is dropped with its day.
//!
//! Each dimension takes so many different values a day; any further one is [`OTHER`], so that totals stay exact and a flood of made-up
//! addresses fills no memory. A value that a second visitor brings is no chance, and gets in for half as much again:
//! pages that people read are counted by name though somebody floods the site.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::dimension::FIXED;
use super::filter::JOINT;
use super::tuples::NewTuples;
use super::{
    AttributeTuple, AttributeTuples, Blocks, DigestKey, Dimension, Folding, HitAttributeTable, NOT_SET, OTHER,
    TUPLES_PER_VISIT,
};
use crate::limits;

/// A name in memory: an index into the [`DayNames`] of one site and day. It says nothing outside of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sym(pub u32);

impl Sym {
    /// The empty text, which every table of names holds first.
    pub const EMPTY: Sym = Sym(0);
    /// [`OTHER`], which every table of names holds second.
    pub const OTHER: Sym = Sym(1);
    /// [`NOT_SET`], which every table of names holds third; half of all values are.
    pub const NOT_SET: Sym = Sym(2);
}

/// The event that a pageview is.
pub const PAGEVIEW: &str = "pageview";

/// What a name is used for. Each kind has a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// The value of a dimension.
    Value(Dimension),
    /// The key of a property.
    Key,
    /// A currency.
    Currency,
}

impl Use {
    /// The uses that are no dimension's.
    const OTHERS: [Use; 2] = [Use::Key, Use::Currency];
    const COUNT: usize = Dimension::COUNTED.len() + Use::OTHERS.len();

    /// Its place among all uses, which no other use has: dimensions are numbered by their rows.
    const fn number(self) -> usize {
        match self {
            Use::Value(dimension) => dimension.place(),
            Use::Key => Dimension::COUNTED.len(),
            Use::Currency => Dimension::COUNTED.len() + 1,
        }
    }

    const fn bit(self) -> UseBits {
        1 << self.number()
    }

    /// The value that is always taken in.
    fn always_counted(self) -> &'static str {
        match self {
            Use::Value(dimension) => dimension.row().always_counted,
            Use::Key | Use::Currency => NOT_SET,
        }
    }
}

/// Most names of a site's day: those of every use, the values of properties, and the few that count against no budget.
pub const NAMES_PER_DAY_MAX: usize = (Use::COUNT + 2) * (limits::VALUES_PER_DAY_MAX as usize * 3 / 2);

/// Digests of names, with the visitor who brought them.
type WaitingNames = HashMap<u64, u64, foldhash::fast::RandomState>;

/// One bit for each [`Use`].
type UseBits = u32;

/// No two uses share a number, and each has a bit.
const _: () = {
    let mut seen: UseBits = 0;
    let mut at = 0;
    while at < Use::COUNT {
        let use_ = match at < Dimension::COUNTED.len() {
            true => Use::Value(Dimension::COUNTED[at]),
            false => Use::OTHERS[at - Dimension::COUNTED.len()],
        };
        assert!(use_.number() < UseBits::BITS as usize, "there are more uses than bits: UseBits must be wider");
        assert!(use_.number() < Use::COUNT && seen & use_.bit() == 0, "two uses share a number");
        seen |= use_.bit();
        at += 1;
    }
};

/// The names met on one day of one site. Keys come from outside, so the map keeps the standard keyed hash.
#[derive(Debug, Serialize, Deserialize)]
pub struct DayNames {
    texts: Blocks<Arc<str>>,
    #[serde(skip)]
    syms: HashMap<Arc<str>, Sym>,
    /// For each name one bit for each [`Use`] that has taken it in.
    uses: Vec<UseBits>,
    /// How many names each use has taken in.
    taken: [u32; Use::COUNT],
    /// Values of properties, by key.
    props: HashSet<(Sym, Sym), foldhash::fast::RandomState>,
    /// Keys of properties by event, and their values.
    event_keys: HashSet<(Sym, Sym), foldhash::fast::RandomState>,
    event_props: HashSet<(Sym, Sym, Sym), foldhash::fast::RandomState>,
    /// Names each use takes in.
    values_max: u32,
    /// For each use, and at last for values of properties, what found no room.
    waiting: [WaitingNames; Use::COUNT + 1],
    digests: DigestKey,
    /// Pages that look personal.
    pub folding: Folding,
    /// Combinations of values that visits share.
    pub tuples: AttributeTuples,
    /// Combinations of values that hits share.
    pub hit_attributes: HitAttributeTable,
}

impl Default for DayNames {
    fn default() -> Self {
        DayNames::with_budget(limits::VALUES_PER_DAY)
    }
}

impl DayNames {
    /// No names yet; each use takes in `values_max` of them.
    pub fn with_budget(values_max: u32) -> DayNames {
        let texts = ["", OTHER, NOT_SET].map(Arc::from);
        DayNames {
            syms: texts.iter().cloned().zip((0..).map(Sym)).collect(),
            uses: vec![0; texts.len()],
            texts: texts.into_iter().collect(),
            taken: [0; Use::COUNT],
            props: HashSet::default(),
            event_keys: HashSet::default(),
            event_props: HashSet::default(),
            values_max,
            waiting: Default::default(),
            digests: DigestKey::default(),
            folding: Folding::default(),
            tuples: AttributeTuples::default(),
            hit_attributes: HitAttributeTable::default(),
        }
    }

    /// All of it but what is found out again by [`DayNames::restored`].
    pub fn image(&self) -> DayNames {
        DayNames {
            texts: self.texts.clone(),
            syms: HashMap::new(),
            uses: self.uses.clone(),
            props: self.props.clone(),
            event_keys: self.event_keys.clone(),
            event_props: self.event_props.clone(),
            waiting: self.waiting.clone(),
            digests: self.digests.clone(),
            folding: self.folding.image(),
            tuples: self.tuples.image(),
            hit_attributes: self.hit_attributes.image(),
            ..*self
        }
    }

    /// The names of an image, to be counted with.
    pub fn restored(mut self, folding: Folding) -> DayNames {
        self.syms = self.texts.iter().cloned().zip((0..).map(Sym)).collect();
        self.folding = folding.restored(self.folding);
        (self.tuples, self.hit_attributes) = (self.tuples.restored(), self.hit_attributes.restored());
        self
    }

    /// The number of `text` as the value of a dimension; [`Sym::OTHER`] past the budget. `who` tells visitors apart.
    pub fn value(&mut self, dimension: Dimension, text: &str, who: u64) -> Sym {
        self.admit(Use::Value(dimension), text, who)
    }

    /// The number of a page's name, see [`Folding`]; [`Sym::OTHER`] past the budget. `who` tells visitors apart.
    pub fn page(&mut self, page: &str, who: u64) -> Sym {
        let name = self.folding.name("", page, who);
        self.admit(Use::Value(Dimension::Page), &name, who)
    }

    /// The numbers that a page may have been shown under: its own, that of its fold, and [`Sym::OTHER`].
    pub fn shown(&self, page: &str) -> [Sym; 3] {
        let folded = self.folding.folded(page).map_or(Sym::OTHER, |folded| self.known(Dimension::Page, &folded));
        [self.known(Dimension::Page, page), folded, Sym::OTHER]
    }

    /// The number of `text` in a use; [`Sym::OTHER`] past its budget. `who` tells visitors apart.
    pub fn admit(&mut self, of: Use, text: &str, who: u64) -> Sym {
        if text == NOT_SET {
            return Sym::NOT_SET;
        }
        let (place, bit) = (of.number(), of.bit());
        let found = self.syms.get(text).copied();
        if let Some(sym) = found.filter(|sym| self.uses[sym.0 as usize] & bit != 0) {
            return sym;
        }
        if of == Use::Currency && self.taken[place] >= limits::CURRENCIES_PER_DAY {
            return Sym::OTHER;
        }
        if text != of.always_counted() {
            if !self.has_room(self.taken[place], place, text, who) {
                return Sym::OTHER;
            }
            self.taken[place] += 1;
        }
        let sym = found.unwrap_or_else(|| self.add(text));
        self.uses[sym.0 as usize] |= bit;
        sym
    }

    /// The number of `text` as the value of a dimension that takes in nothing new: [`Sym::OTHER`] if it is not there yet.
    pub fn known(&self, dimension: Dimension, text: &str) -> Sym {
        let is_taken = |sym: &Sym| self.uses[sym.0 as usize] & Use::Value(dimension).bit() != 0;
        self.find(text).filter(is_taken).unwrap_or(Sym::OTHER)
    }

    /// The numbers of a property's key and value, each [`Sym::OTHER`] past its budget.
    pub fn prop(&mut self, key: &str, value: &str, who: u64) -> (Sym, Sym) {
        // A value may be a page, as that of a 404 is; keys keep lists of their own.
        let value = &*self.folding.name(key, value, who);
        let key_sym = self.admit(Use::Key, key, who);
        let found = self.syms.get(value).copied();
        if let Some(sym) = found.filter(|sym| self.props.contains(&(key_sym, *sym))) {
            return (key_sym, sym);
        }
        let taken = u32::try_from(self.props.len()).unwrap_or(u32::MAX);
        if key_sym == Sym::OTHER || !self.has_room(taken, Use::COUNT, (key, value), who) {
            return (key_sym, Sym::OTHER);
        }
        let sym = found.unwrap_or_else(|| self.add(value));
        self.props.insert((key_sym, sym));
        (key_sym, sym)
    }

    /// The number of a small number as a name, such as a funnel's step; it counts against no budget.
    pub fn number(&mut self, number: u32) -> Sym {
        let text = number.to_string();
        self.find(&text).unwrap_or_else(|| self.add(&text))
    }

    /// The tuples of a visit with these values of [`FIXED`]. `who` tells visitors apart.
    pub fn tuples(&mut self, values: &[Sym; FIXED.len()], who: u64) -> [AttributeTuple; TUPLES_PER_VISIT] {
        let mut tuples = std::mem::take(&mut self.tuples);
        let of_visit = tuples.of(values, |channel, source| {
            let (channel, source) = (self.text(channel).clone(), self.text(source).clone());
            self.channel_and_source(&channel, &source, who)
        });
        self.tuples = tuples;
        of_visit
    }

    /// For each tuple that has a value that is gone, the one that has [`Sym::OTHER`] in its place.
    pub fn tuples_without(&mut self, is_gone: impl Fn(Dimension, Sym) -> bool) -> NewTuples {
        let mut tuples = std::mem::take(&mut self.tuples);
        let new = tuples.without(is_gone, |channel, source| {
            let (channel, source) = (self.text(channel).clone(), self.text(source).clone());
            self.channel_and_source(&channel, &source, 0)
        });
        self.tuples = tuples;
        new
    }

    /// The number of a channel and source in one; [`Sym::OTHER`] past the budget. A source that finds no room waits in it as well,
    /// so that both get in with the second visitor.
    pub fn channel_and_source(&mut self, channel: &str, source: &str, who: u64) -> Sym {
        self.admit(Use::Value(Dimension::ChannelAndSource), &format!("{channel}{JOINT}{source}"), who)
    }

    /// Whether a property is counted under its event as well as over all events together.
    pub fn is_under_event(&mut self, event: Sym, (key, value): (Sym, Sym)) -> bool {
        let cell = (event, key, value);
        if self.event_props.contains(&cell) {
            return true;
        }
        let has_key = self.event_keys.contains(&(event, key)) || self.event_keys.len() < limits::EVENT_KEYS_PER_DAY;
        if !has_key || self.event_props.len() >= self.values_max as usize {
            return false;
        }
        self.event_keys.insert((event, key));
        self.event_props.insert(cell)
    }

    /// Whether one more name is taken in where there are `taken` already. `place` is that of its use.
    fn has_room(&mut self, taken: u32, place: usize, name: impl std::hash::Hash, who: u64) -> bool {
        if taken < self.values_max {
            return true;
        }
        if taken >= self.values_max + self.values_max / 2 {
            return false;
        }
        if self.waiting.iter().map(HashMap::len).sum::<usize>() >= limits::WAITING_NAMES_MAX
            && let Some(fullest) = self.waiting.iter_mut().max_by_key(|names| names.len())
        {
            // That one is flooded; the others keep what waits in them.
            *fullest = HashMap::default();
        }
        let digest = self.digests.of(name);
        *self.waiting[place].entry(digest).or_insert(who) != who
    }

    fn add(&mut self, text: &str) -> Sym {
        let sym = Sym(u32::try_from(self.texts.len()).expect("budgets keep names far below 2^32"));
        let text: Arc<str> = Arc::from(text);
        self.texts.push(text.clone());
        self.uses.push(0);
        self.syms.insert(text, sym);
        sym
    }

    /// The number of `text`, if it was met.
    pub fn find(&self, text: &str) -> Option<Sym> {
        self.syms.get(text).copied()
    }

    /// The text of a number given out by this table.
    pub fn text(&self, sym: Sym) -> &Arc<str> {
        &self.texts[sym.0 as usize]
    }

    /// All texts, by number.
    pub fn texts(&self) -> &Blocks<Arc<str>> {
        &self.texts
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether no name was taken in.
    pub fn is_empty(&self) -> bool {
        self.len() == 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Dimension = Dimension::Page;

    #[test]
    fn a_name_has_one_number() {
        let mut names = DayNames::default();
        assert!(names.is_empty());
        let google = names.value(Dimension::Source, "Google", 1);
        assert_eq!(names.value(Dimension::Source, "Google", 2), google);
        assert_eq!(names.value(Dimension::UtmSource, "Google", 2), google);
        assert_eq!(&**names.text(google), "Google");
        assert_eq!(names.find("Bing"), None);
        assert_eq!((names.find(""), names.find(OTHER)), (Some(Sym::EMPTY), Some(Sym::OTHER)));
        assert_eq!(names.value(PAGE, NOT_SET, 1), Sym::NOT_SET);
        assert_eq!(names.len(), 4);
    }

    #[test]
    fn past_the_budget_values_are_other_but_missing_ones_are_not() {
        let mut names = DayNames::with_budget(2);
        let kept = ["/a", "/b"].map(|page| names.value(PAGE, page, 1));
        assert_eq!(names.value(PAGE, "/c", 1), Sym::OTHER);
        assert_eq!(["/a", "/b"].map(|page| names.value(PAGE, page, 2)), kept);
        assert_eq!(names.find("/c"), None, "what is not taken in takes no room");
        // A name that another dimension has taken in is no exception.
        names.value(Dimension::Event, "/d", 1);
        assert_eq!(names.value(PAGE, "/d", 1), Sym::OTHER);
        let source = ["a", "b", "c"].map(|source| names.value(Dimension::Source, source, 1));
        assert_eq!(source[2], Sym::OTHER);
        assert_ne!(names.value(Dimension::Source, Dimension::Source.missing(), 1), Sym::OTHER);
    }

    #[test]
    fn what_a_second_visitor_brings_gets_in() {
        let mut names = DayNames::with_budget(4);
        for page in 0..1_000 {
            names.value(PAGE, &format!("/flood/{page}"), page);
        }
        assert_eq!(names.value(PAGE, "/honest", 1), Sym::OTHER);
        assert_eq!(names.value(PAGE, "/honest", 1), Sym::OTHER);
        let honest = names.value(PAGE, "/honest", 2);
        assert_eq!(&**names.text(honest), "/honest");
        assert_eq!(names.value(PAGE, "/honest", 1), honest);
        // Room for half as much again, and then no more.
        for (page, who) in (0..100).flat_map(|page| [(page, 1), (page, 2)]) {
            names.value(PAGE, &format!("/pairs/{page}"), who);
        }
        assert_eq!(names.len(), 3 + 4 + 2);
    }

    #[test]
    fn a_flood_of_one_use_leaves_what_waits_for_another() {
        let mut names = DayNames::with_budget(4);
        let sources = ["a", "b", "c", "d"].map(|source| names.value(Dimension::Source, source, 1));
        assert!(!sources.contains(&Sym::OTHER));
        assert_eq!(names.value(Dimension::Source, "honest", 1), Sym::OTHER);
        for page in 0..=2 * limits::WAITING_NAMES_MAX {
            names.value(PAGE, &format!("/flood/{page}"), 3);
        }
        assert!(names.waiting.iter().map(HashMap::len).sum::<usize>() <= limits::WAITING_NAMES_MAX);
        assert_ne!(names.value(Dimension::Source, "honest", 2), Sym::OTHER);
    }

    #[test]
    fn a_channel_and_source_gets_in_with_its_second_visitor() {
        let mut names = DayNames::with_budget(2);
        let visit = |names: &mut DayNames, channel: &str, source: &str, who| {
            let mut values = [Sym::NOT_SET; FIXED.len()];
            for (dimension, text) in [(Dimension::Channel, channel), (Dimension::Source, source)] {
                values[dimension.place_in_fixed().unwrap()] = names.value(dimension, text, who);
            }
            let tuples = names.tuples(&values, who);
            names.tuples.values.value(tuples, Dimension::ChannelAndSource)
        };
        for source in ["a", "b"] {
            assert_ne!(visit(&mut names, "Referral", source, 1), Sym::OTHER);
        }
        // Both parts are known by now.
        assert_eq!(visit(&mut names, "Social", "a", 1), Sym::OTHER);
        assert_eq!(visit(&mut names, "Social", "a", 1), Sym::OTHER);
        let joined = visit(&mut names, "Social", "a", 2);
        assert_eq!(&**names.text(joined), "Social\u{1f}a");
        assert_eq!(visit(&mut names, "Social", "a", 1), joined);
    }

    #[test]
    fn properties_share_a_budget_over_all_keys() {
        let mut names = DayNames::with_budget(2);
        let (plan, pro) = names.prop("plan", "pro", 1);
        assert_eq!(names.prop("plan", "pro", 1), (plan, pro));
        names.prop("size", "pro", 1);
        assert_eq!(names.prop("plan", "free", 1), (plan, Sym::OTHER));
        assert_eq!(names.prop("third", "x", 1), (Sym::OTHER, Sym::OTHER));
    }
}
