//! In: the visitors of a day, without tokens. Out: sums of any two dimensions, for a table or for one question. Forgets: the
//! single visit; a snapshot lives as long as a question or a flush, in memory only, or in the journal's image until the flush is
//! stored.
//!
//! A snapshot shares its visitors with the day that it is of. Whoever asks walks over them one by one, so that a question
//! needs room for its answer alone.

mod column;
mod properties;
mod matching;
mod split;
mod filtered;
mod meeting;
mod small;
mod sections;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::cell::{AttributeValues, Axis, Blocks, Dimension, Sym, Tally, TupleValues, ValueOf};
use crate::visit::{PageVisitRow, PropertyRow, ReachedSteps, UnknownCount, UnknownHit, VisitHour, VisitRow, Visitor};

use super::{DaySegments, Name, OpenDay};
pub(super) use column::Column;
pub use meeting::MetValues;
pub(super) use properties::DayProperties;
use sections::DaySections;
pub(super) use small::Small;
pub(super) use split::MatchedSums;
pub use split::{MatchedRow, VisitSplit, is_known};

/// The visitors of one site and day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionSnapshot {
    /// The texts of names, by number.
    pub texts: Blocks<Name>,
    pub(super) tuples: TupleValues,
    hit_attributes: AttributeValues,
    pub(super) visitors: Blocks<Visitor>,
    /// Hits without a token, and how many of each.
    unknown: Blocks<(UnknownHit, UnknownCount)>,
    /// The segments that are counted of it. An image does without: they are what the site declares when it is read.
    #[serde(skip)]
    pub segments: DaySegments,
    /// The named properties that anybody came with, once somebody asks.
    #[serde(skip)]
    properties: OnceLock<DayProperties>,
    #[serde(skip)]
    sections: OnceLock<DaySections>,
}

/// One visitor's visits and where these have been, or hits without a token that are alike.
#[derive(Default)]
pub(super) struct VisitorRows {
    pub(super) visits: Vec<VisitRow>,
    pub(super) places: Vec<PageVisitRow>,
    /// Where visits paid, if that is asked for.
    pub(super) paid: Vec<PageVisitRow>,
    /// Of these three only what a condition or a split asks for.
    properties: Vec<PropertyRow>,
    hours: Vec<VisitHour>,
    steps: Vec<ReachedSteps>,
    /// Whether there is a visitor, and visits.
    pub(super) is_known: bool,
}

/// What a visit counts under a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedPlace<K> {
    pub(super) key: K,
    pub(super) visit: u8,
    /// Visits and visitors are counted when places are put together.
    pub(super) tally: Small,
}

impl OpenDay {
    /// The day's visits as they are now, without the tokens, from which any two dimensions can be summed. It costs a pointer for
    /// each thousand visitors.
    pub fn snapshot(&self) -> SessionSnapshot {
        SessionSnapshot {
            texts: self.names.texts().clone(),
            tuples: self.names.tuples.values.clone(),
            hit_attributes: self.names.hit_attributes.known.clone(),
            visitors: self.visitors.clone(),
            unknown: self.unknown.hits().clone(),
            segments: DaySegments::default(),
            properties: OnceLock::new(),
            sections: OnceLock::new(),
        }
    }
}

impl SessionSnapshot {
    /// Whether nobody came.
    pub fn is_empty(&self) -> bool {
        self.visitors.is_empty() && self.unknown.is_empty()
    }

    /// The same with the segments and sections that count on its day.
    pub fn with_segments(self, segments: DaySegments) -> SessionSnapshot {
        SessionSnapshot { segments, properties: OnceLock::new(), sections: OnceLock::new(), ..self }
    }

    /// The sections of its pages.
    pub(super) fn sections(&self) -> &DaySections {
        self.sections.get_or_init(|| DaySections::of(&self.texts, self.segments.section_depth()))
    }

    /// The text of a name.
    pub fn text(&self, name: Sym) -> Option<&Name> {
        let place = name.0 as usize;
        self.texts.get(place).or_else(|| self.sections().names.get(place - self.texts.len()))
    }

    /// The texts of all names by number, those of sections last.
    pub(super) fn all_texts(&self) -> impl Iterator<Item = &Name> + Clone {
        self.texts.iter().chain(&self.sections().names)
    }

    /// How many these are.
    pub(super) fn names(&self) -> usize {
        self.texts.len() + self.sections().names.len()
    }

    /// All visits and hits that it has; nothing of it is distinct over days.
    pub fn whole(&self) -> Tally {
        let mut sum = Small::default();
        self.each(
            |_| false,
            |rows| {
                sum.visitors += u32::from(rows.is_known);
                sum.visits += if rows.is_known { rows.visits.len() as u32 } else { 0 };
                rows.visits.iter().for_each(|visit| sum.add(Small::of_visit(visit)));
            },
        );
        sum.tally()
    }

    /// Whether it has hits without a token, whose properties are not known one by one.
    pub fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// How many visitors it has.
    pub fn visitors(&self) -> usize {
        self.visitors.len()
    }

    /// The first visit of each visitor.
    pub(super) fn first_visits(&self) -> impl Iterator<Item = VisitRow> {
        self.visitors.iter().filter_map(|visitor| visitor.visits().next())
    }

    /// The values of a dimension.
    pub(super) fn column(&self, dimension: Dimension) -> Column {
        match dimension {
            Dimension::Section if self.segments.section_depth() > 0 => {
                Column::Section(self.sections().of_pages.clone())
            }
            _ => Column::of(dimension, &self.tuples, &self.hit_attributes),
        }
    }

    /// The values of a dimension or of a named property; nothing for what is counted by itself alone.
    fn axis_column(&self, axis: &Axis<Name>) -> Option<Column> {
        Some(match axis {
            Axis::Of(dimension) => self.column(*dimension),
            Axis::Prop { key, event: None } => match self.name(key) {
                Some(key) => Column::Property(key, self.hit_attributes.clone()),
                None => Column::Nowhere,
            },
            _ => return None,
        })
    }

    /// Looks at one visitor after the other, and then at hits without a token; at where visits have been only if that is wanted
    /// of these.
    pub(super) fn each(&self, wants_places: impl Fn(&[VisitRow]) -> bool, mut look: impl FnMut(&VisitorRows)) {
        let mut rows = VisitorRows { is_known: true, ..VisitorRows::default() };
        for visitor in self.visitors.iter() {
            rows.clear();
            rows.visits.extend(visitor.visits());
            if wants_places(&rows.visits) {
                rows.places.extend(visitor.page_visits());
            }
            look(&rows);
        }
        rows.is_known = false;
        for (hit, count) in self.unknown.iter().filter(|(_, count)| count.hits > 0) {
            rows.clear();
            rows.take_unknown(hit, *count);
            look(&rows);
        }
    }

    /// Whether any hit brought money.
    pub(super) fn has_paid(&self) -> bool {
        let is_paid = |hit: &UnknownHit| hit.money != Sym::EMPTY;
        self.visitors.iter().any(Visitor::has_paid) || self.unknown.iter().any(|(hit, _)| is_paid(hit))
    }

    /// Looks at one visitor after the other who paid, and then at hits without a token that did: at visits, and where they paid.
    pub(super) fn each_paid(&self, mut look: impl FnMut(&VisitorRows)) {
        let mut rows = VisitorRows { is_known: true, ..VisitorRows::default() };
        for visitor in self.visitors.iter().filter(|visitor| visitor.has_paid()) {
            rows.clear();
            rows.visits.extend(visitor.visits());
            rows.paid.extend(visitor.paid());
            look(&rows);
        }
        rows.is_known = false;
        let paid = |(hit, count): &&(UnknownHit, UnknownCount)| count.hits > 0 && hit.money != Sym::EMPTY;
        for (hit, count) in self.unknown.iter().filter(paid) {
            rows.clear();
            rows.take_unknown(hit, *count);
            look(&rows);
        }
    }
}

impl VisitorRows {
    fn clear(&mut self) {
        self.visits.clear();
        self.places.clear();
        self.paid.clear();
        self.properties.clear();
        self.hours.clear();
        self.steps.clear();
    }

    fn take_unknown(&mut self, hit: &UnknownHit, UnknownCount { hits: count, thousandths }: UnknownCount) {
        let UnknownHit { tuples, page, attributes, is_view, hour, money } = *hit;
        let (pageviews, events) = if is_view { (count, 0) } else { (0, count) };
        // There is no visit that would have a first and a last page.
        let (entry, exit) = (Sym::EMPTY, Sym::EMPTY);
        let start = hour;
        self.visits.push(VisitRow { tuples, entry, exit, pageviews, events, seconds: 0, is_bounce: false, start });
        let place = PageVisitRow {
            visit: 0,
            page,
            attributes,
            before: Sym::EMPTY,
            count,
            is_view,
            is_engaged: false,
            ms: 0,
            scroll: 0,
            hour,
            money: Sym::EMPTY,
            thousandths: 0,
        };
        self.places.push(place);
        self.paid.extend((money != Sym::EMPTY).then_some(PageVisitRow { money, thousandths, ..place }));
    }

    /// The hits that are counted: of money those that paid.
    pub(super) fn hits(&self, of_money: bool) -> &[PageVisitRow] {
        if of_money { &self.paid } else { &self.places }
    }

    pub(super) fn visit_of(&self, place: &PageVisitRow) -> &VisitRow {
        &self.visits[usize::from(place.visit)]
    }

    /// The places of a visitor, each key once: `add` is told what is counted under it.
    pub(super) fn add_up<K: Ord + Copy>(&self, places: &mut Vec<CountedPlace<K>>, mut add: impl FnMut(K, Small)) {
        places.sort_unstable_by_key(|place| (place.key, place.visit));
        for of_key in places.chunk_by(|a, b| a.key == b.key) {
            let mut sum = Small::default();
            of_key.iter().for_each(|place| sum.add(place.tally));
            if self.is_known {
                sum.visits = of_key.chunk_by(|a, b| a.visit == b.visit).count() as u32;
                sum.visitors = 1;
            }
            add(of_key[0].key, sum);
        }
        places.clear();
    }
}

/// Whether time and scrolling are counted of what lies on these dimensions: a page has them, however it was reached, and whatever one of
/// its views carried, and a section has those of its pages.
pub(super) fn times_pages(dimensions: &[Dimension]) -> bool {
    let without = [Dimension::PreviousPage, Dimension::Property];
    let is_of_page = |of: &Dimension| matches!(of, Dimension::Page | Dimension::Section);
    dimensions.iter().any(is_of_page) && !dimensions.iter().any(|dimension| without.contains(dimension))
}

/// Whether only visits have a value on it, and not hits without one.
pub(super) fn is_of_pages(dimension: Dimension) -> bool {
    dimension.row().value_of == ValueOf::VisitEnd
}
