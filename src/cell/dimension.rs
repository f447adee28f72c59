//! What we split by: one row per dimension, from which everything else about dimensions is derived.
//!
//! Two things stand elsewhere, and do not compile while they are missing: what computes a hit's value (`Hit::value` in `hit.rs`), and
//! what readers call it (`page/words/dimensions.rs`).

mod lists;

use serde::{Deserialize, Serialize};

use super::{DIRECT, DIRECT_OR_NONE, NOT_SET, PAGEVIEW};
pub(super) use lists::GROUP_BOUNDS;
use lists::Pick;
pub use lists::{FIXED, OF_HITS, VISIT_ENDS};

/// What we split by. The numbers are stored, so they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are the field's own; docs/counting.md defines each")]
pub enum Dimension {
    Source = 1,
    Referrer = 2,
    Channel = 3,
    UtmSource = 4,
    UtmMedium = 5,
    UtmCampaign = 6,
    UtmContent = 7,
    UtmTerm = 8,
    Country = 9,
    Region = 10,
    City = 11,
    Browser = 12,
    BrowserVersion = 13,
    Os = 14,
    OsVersion = 15,
    Device = 16,
    Screen = 17,
    Language = 18,
    EntryPage = 19,
    ExitPage = 20,
    Page = 21,
    Hostname = 22,
    Event = 23,
    /// Patterns of pages that a site watches as goals; a hit may lie in several.
    Pattern = 24,
    /// Channel and source in one, so that both may be filtered together: a source may come by several channels.
    ChannelAndSource = 25,
    /// Properties that the owner has named, as `KEY` and value in one: hits that carry them by the values of other dimensions. By itself a
    /// property is an axis of its own.
    Property = 37,
    /// The first parts of a page's path. Counted of whole days alone, together with other dimensions and by itself.
    Section = 38,
    /// An event that brought money, and the currency, in one: sums of money by the values of other dimensions. A hit has it beside its
    /// event, whose name it keeps.
    Money = 39,
    /// Segments that the owner has declared, by their numbers: a visit or a hit may lie in several.
    Segment = 40,
    /// Steps of funnels that a visit has reached, as `FUNNEL:STEP`: how far the visits of segments came.
    ReachedStep = 41,
    /// The page before a pageview in its visit. Counted with pages alone.
    PreviousPage = 42,
    /// Is in no table but the copies of tests.
    #[cfg(test)]
    OfTests = 99,
}

/// All dimensions. Lists of them are in this order.
const TABLE: [DimensionRow; 31] = {
    use Card::{Events, Pages, Places, Sources, Technology};
    use Dimension::*;
    use UnknownValue::{Hidden, HiddenAlone};
    use ValueOf::{
        FirstHit, Hit, Joint, PageBefore, PageHit, Paid, Patterns, Properties, Sections, Segments, Steps, VisitEnd,
    };
    [
        DimensionRow::new(Source, "source", "visit:source", FirstHit(ValueGroup::Origin))
            .missing(DIRECT_OR_NONE)
            .tab(Sources, 1),
        DimensionRow::new(Referrer, "referrer", "visit:referrer", FirstHit(ValueGroup::Origin))
            .missing(DIRECT_OR_NONE)
            .tab(Sources, 3)
            .told_by_source(),
        DimensionRow::new(Channel, "channel", "visit:channel", FirstHit(ValueGroup::Origin))
            .missing(DIRECT)
            .tab(Sources, 2)
            .told_by_source(),
        DimensionRow::new(UtmSource, "utm_source", "visit:utm_source", FirstHit(ValueGroup::Origin))
            .tab(Sources, 5)
            .unknown(Hidden)
            .told_by_source(),
        DimensionRow::new(UtmMedium, "utm_medium", "visit:utm_medium", FirstHit(ValueGroup::Origin))
            .tab(Sources, 6)
            .unknown(Hidden)
            .told_by_source(),
        DimensionRow::new(UtmCampaign, "utm_campaign", "visit:utm_campaign", FirstHit(ValueGroup::Origin))
            .tab(Sources, 4)
            .unknown(Hidden)
            .told_by_source(),
        DimensionRow::new(UtmContent, "utm_content", "visit:utm_content", FirstHit(ValueGroup::Origin))
            .tab(Sources, 7)
            .unknown(Hidden)
            .told_by_source(),
        DimensionRow::new(UtmTerm, "utm_term", "visit:utm_term", FirstHit(ValueGroup::Origin))
            .tab(Sources, 8)
            .unknown(Hidden)
            .told_by_source(),
        DimensionRow::new(Country, "country", "visit:country", FirstHit(ValueGroup::Place)).tab(Places, 1),
        DimensionRow::new(Region, "region", "visit:region", FirstHit(ValueGroup::Place))
            .implies(&[Country])
            .tab(Places, 3)
            .unknown(HiddenAlone),
        DimensionRow::new(City, "city", "visit:city", FirstHit(ValueGroup::Place))
            .implies(&[Region, Country])
            .tab(Places, 4)
            .unknown(HiddenAlone),
        DimensionRow::new(Browser, "browser", "visit:browser", FirstHit(ValueGroup::Client)).tab(Technology, 1),
        DimensionRow::new(BrowserVersion, "browser_version", "visit:browser_version", FirstHit(ValueGroup::Client))
            .implies(&[Browser])
            .tab(Technology, 2),
        DimensionRow::new(Os, "os", "visit:os", FirstHit(ValueGroup::Client)).tab(Technology, 3),
        DimensionRow::new(OsVersion, "os_version", "visit:os_version", FirstHit(ValueGroup::Client))
            .implies(&[Os])
            .tab(Technology, 4),
        DimensionRow::new(Device, "device", "visit:device", FirstHit(ValueGroup::Client)).tab(Technology, 5),
        DimensionRow::new(Screen, "screen", "visit:screen", FirstHit(ValueGroup::Client))
            .tab(Technology, 6)
            .unknown(HiddenAlone),
        DimensionRow::new(Language, "language", "visit:language", FirstHit(ValueGroup::Client))
            .tab(Places, 5)
            .unknown(HiddenAlone),
        DimensionRow::new(EntryPage, "entry_page", "visit:entry_page", VisitEnd).tab(Pages, 2).told_by_page(),
        DimensionRow::new(ExitPage, "exit_page", "visit:exit_page", VisitEnd).tab(Pages, 3).told_by_page(),
        DimensionRow::new(Page, "page", "event:page", PageHit).tab(Pages, 1),
        DimensionRow::new(Hostname, "hostname", "event:hostname", Hit).tab(Pages, 5),
        DimensionRow::new(Event, "event", "event:name", Hit).always_counted(PAGEVIEW).tab(Events, 1),
        DimensionRow::new(Pattern, "pattern", "event:goal", Patterns),
        DimensionRow::new(ChannelAndSource, "channel_and_source", "visit:channel_and_source", Joint)
            .implies(&[Channel, Source])
            .missing("Direct\u{1f}Direct / None"),
        DimensionRow::new(PreviousPage, "previous_page", "event:previous_page", PageBefore),
        DimensionRow::new(Segment, "segment", "segment", Segments),
        DimensionRow::new(ReachedStep, "funnel_step", "visit:funnel_step", Steps),
        DimensionRow::new(Money, "money", "event:money", Paid).implies(&[Event]),
        DimensionRow::new(Property, "property", "event:property", Properties),
        DimensionRow::new(Section, "section", "event:section", Sections),
    ]
};

/// What is known of a dimension.
#[derive(Debug, Clone, Copy)]
pub struct DimensionRow {
    /// Which one, whose number is stored.
    pub dimension: Dimension,
    /// The plain name: what a panel, the command line and an export call it.
    pub name: &'static str,
    /// The name in the API, as Plausible has it: `visit:source`, `event:page`.
    pub api_name: &'static str,
    /// What has a value of it.
    pub value_of: ValueOf,
    /// The value of hits and visits that have none.
    pub missing: &'static str,
    /// The value that is counted by name on a full day too.
    pub always_counted: &'static str,
    /// The dimensions whose value this one's value tells, the nearest first. Filters on them are one filter, and a small value is
    /// folded with what it is a part of.
    pub implies: &'static [Dimension],
    /// Its panel on the page of a site, and the place there. Readers do not know dimensions without one.
    pub tab: Option<(Card, u8)>,
    /// What a panel does with the missing value.
    pub unknown: UnknownValue,
    /// Whether everybody is told its values where a site is open.
    pub is_for_all: bool,
}

/// What has a value of a dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueOf {
    /// A visit, by its first hit.
    FirstHit(ValueGroup),
    /// A visit, by values of its first hit that are counted in one.
    Joint,
    /// A visit, by its first or its last page.
    VisitEnd,
    /// A hit, which may have time and scrolling too.
    PageHit,
    /// A hit.
    Hit,
    /// A hit, of which it may have several.
    Patterns,
    /// A pageview, by the one before it in its visit; the first of a visit is `(not set)`.
    PageBefore,
    /// What a condition of the owner lets pass, which is found out from whole visits when a day ends.
    Segments,
    /// A visit, of which it may have several.
    Steps,
    /// A hit that brought money.
    Paid,
    /// A hit that carries some, one of each key.
    Properties,
    /// A hit, by its page, which is found out when a day ends.
    Sections,
}

/// Values of a visit's first hit that often come together, so that visits share them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueGroup {
    /// What the visit came from.
    Origin,
    /// Where the visitor is.
    Place,
    /// What the visitor uses.
    Client,
}

impl ValueGroup {
    /// All groups.
    pub const ALL: [ValueGroup; 3] = [ValueGroup::Origin, ValueGroup::Place, ValueGroup::Client];
}

/// Panels that share a place on the page of a site; one of them is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Card {
    /// What visits came from.
    Sources,
    /// What they read.
    Pages,
    /// What they read before and after a page.
    Paths,
    /// Where they were.
    Places,
    /// With what.
    Technology,
    /// What they did.
    Events,
    /// What the owner hopes for.
    Goals,
}

/// What a panel does with the missing value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownValue {
    /// It is a row like others.
    Shown,
    /// It is no row: most visits have no campaign, and a row that says so would hide the others.
    Hidden,
    /// It is no row where there is no other: nothing is set up that would tell.
    HiddenAlone,
}

impl DimensionRow {
    pub(crate) const fn new(
        dimension: Dimension,
        name: &'static str,
        api_name: &'static str,
        value_of: ValueOf,
    ) -> DimensionRow {
        let (missing, always_counted) = (NOT_SET, NOT_SET);
        let (implies, tab, unknown, is_for_all): (&[Dimension], _, _, _) = (&[], None, UnknownValue::Shown, true);
        DimensionRow { dimension, name, api_name, value_of, missing, always_counted, implies, tab, unknown, is_for_all }
    }

    pub(crate) const fn missing(self, missing: &'static str) -> DimensionRow {
        DimensionRow { missing, always_counted: missing, ..self }
    }

    pub(crate) const fn always_counted(self, always_counted: &'static str) -> DimensionRow {
        DimensionRow { always_counted, ..self }
    }

    pub(crate) const fn implies(self, implies: &'static [Dimension]) -> DimensionRow {
        DimensionRow { implies, ..self }
    }

    pub(crate) const fn tab(self, card: Card, place: u8) -> DimensionRow {
        DimensionRow { tab: Some((card, place)), ..self }
    }

    pub(crate) const fn unknown(self, unknown: UnknownValue) -> DimensionRow {
        DimensionRow { unknown, ..self }
    }

    /// A referrer is part of a source by its name, so is a value of `utm_source`, whose links have the other keys; and a channel is
    /// a sum of sources. One taken from another would leave what was folded, so of where visits came from everybody is told the
    /// sources alone.
    pub(crate) const fn told_by_source(self) -> DimensionRow {
        DimensionRow { is_for_all: false, ..self }
    }

    /// Views of a page bound how often it was first or last: of pages with 5 and 10 views in 14 visits, 5 and 9 or 4 and 10 were
    /// first; only the latter would be folded at 5, and so be told. So of pages everybody is told the views alone.
    pub(crate) const fn told_by_page(self) -> DimensionRow {
        DimensionRow { is_for_all: false, ..self }
    }

    /// Whether readers know it.
    pub const fn is_listed(&self) -> bool {
        self.tab.is_some()
    }

    /// Whether a whole visit has one value of it, rather than each hit.
    pub const fn is_of_visit(&self) -> bool {
        matches!(self.value_of, ValueOf::FirstHit(_) | ValueOf::Joint | ValueOf::VisitEnd)
    }
}

/// A table of dimensions.
#[derive(Debug, Clone, Copy)]
pub struct Dimensions<'a>(pub &'a [DimensionRow]);

/// All dimensions.
pub const DIMENSIONS: Dimensions<'static> = Dimensions(&TABLE);

impl<'a> Dimensions<'a> {
    /// Those that readers know.
    pub fn listed(self) -> impl Iterator<Item = &'a DimensionRow> {
        self.0.iter().filter(|row| row.is_listed())
    }

    /// The one that readers know by this plain name.
    pub fn by_name(self, name: &str) -> Option<&'a DimensionRow> {
        self.listed().find(|row| row.name == name)
    }

    /// The one that readers know by this name in the API.
    pub fn by_api_name(self, name: &str) -> Option<&'a DimensionRow> {
        self.listed().find(|row| row.api_name == name)
    }

    /// The plain names of those that readers know.
    pub fn names(self) -> Vec<&'a str> {
        self.listed().map(|row| row.name).collect()
    }

    /// The panels of a card, each with its place.
    pub fn tabs(self, card: Card) -> impl Iterator<Item = (u8, &'a DimensionRow)> {
        self.listed().filter_map(move |row| row.tab.filter(|(of, _)| *of == card).map(|(_, place)| (place, row)))
    }

    /// The one that each of these is or is implied by.
    pub fn finest(self, of: &[Dimension]) -> Option<&'a DimensionRow> {
        let tells_all = |row: &&DimensionRow| of.iter().all(|one| *one == row.dimension || row.implies.contains(one));
        // What readers do not know stands in only where it joins what they know.
        let is_asked = |row: &&DimensionRow| of.contains(&row.dimension) || row.value_of == ValueOf::Joint;
        self.0.iter().filter(is_asked).find(tells_all)
    }
}

/// Codes from here on are no dimension's: the store has its own there.
pub const DIMENSION_CODES_END: u8 = 100;

/// For each code the place of its row.
const PLACES: [u8; DIMENSION_CODES_END as usize] = {
    let mut places = [u8::MAX; DIMENSION_CODES_END as usize];
    let mut at = 0;
    while at < TABLE.len() {
        let code = TABLE[at].dimension as usize;
        assert!(code > 0 && places[code] == u8::MAX, "two dimensions share a code");
        places[code] = at as u8;
        at += 1;
    }
    places
};

impl Dimension {
    /// All dimensions that readers know.
    pub const ALL: [Dimension; Pick::Listed.count()] = Pick::Listed.list();

    /// All that is counted hit by hit: those that readers know, and those that answer their filters and goals. Their rows come first.
    pub const COUNTED: [Dimension; Pick::Counted.count()] = Pick::Counted.list();

    /// All that pairs are counted of, segments, money and named properties aside.
    pub fn in_pairs() -> impl Iterator<Item = Dimension> + Clone {
        Dimension::COUNTED.into_iter().chain([Dimension::Section])
    }

    /// The dimension that filters and conditions call so: one that readers know, or sections.
    pub fn to_filter_by(name: &str) -> Option<Dimension> {
        let section = Dimension::Section;
        Dimension::from_name(name).or_else(|| (section.name() == name).then_some(section))
    }

    /// The place of its row.
    pub(crate) const fn place(self) -> usize {
        PLACES[self as usize] as usize
    }

    /// What is known of it.
    pub const fn row(self) -> &'static DimensionRow {
        &TABLE[self.place()]
    }

    /// The code as stored.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The dimension with this code.
    pub fn from_code(code: u8) -> Option<Dimension> {
        let place = PLACES.get(usize::from(code))?;
        TABLE.get(usize::from(*place)).map(|row| row.dimension)
    }

    /// See [`DimensionRow::name`].
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The dimension that readers know by this plain name.
    pub fn from_name(name: &str) -> Option<Dimension> {
        DIMENSIONS.by_name(name).map(|row| row.dimension)
    }

    /// See [`DimensionRow::api_name`].
    pub const fn api_name(self) -> &'static str {
        self.row().api_name
    }

    /// See [`DimensionRow::is_of_visit`].
    pub const fn is_of_visit(self) -> bool {
        self.row().is_of_visit()
    }

    /// See `DimensionRow::missing`.
    pub const fn missing(self) -> &'static str {
        self.row().missing
    }

    /// See `DimensionRow::implies`.
    pub const fn implies(self) -> &'static [Dimension] {
        self.row().implies
    }

    /// The place of a fixed dimension in [`FIXED`].
    pub fn place_in_fixed(self) -> Option<usize> {
        const PLACES_IN_FIXED: [u8; TABLE.len()] = {
            let mut places = [u8::MAX; TABLE.len()];
            let mut at = 0;
            while at < FIXED.len() {
                places[FIXED[at].place()] = at as u8;
                at += 1;
            }
            places
        };
        Some(usize::from(PLACES_IN_FIXED[self.place()])).filter(|place| *place < FIXED.len())
    }
}

#[cfg(test)]
mod tests;
