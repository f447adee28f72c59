//! The sums of what a condition lets pass, by the values of no, one or two axes, and by hour if that is wanted.
//!
//! From memory every answer is exact: each visitor, visit and hit counts once a value.

use super::column::Column;
use super::matching::{MatchedHit, Matching, RowKind};
use super::{CountedPlace, SessionSnapshot, Small, VisitorRows};
use crate::cell::{Axis, Condition, Dimension, Sym, Tally, Test};
use crate::counts::{Fast, Name};
use crate::limits;
use crate::site::Hour;
use crate::visit::{PropertyRow, VisitHour};

/// By what something is split: nothing is the whole.
#[derive(Debug, Clone, Copy)]
pub struct VisitSplit<'a> {
    /// At most two axes.
    pub axes: &'a [&'a Axis<Name>],
    /// Whether hours stay apart.
    pub by_hour: bool,
}

/// What is counted under some values.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchedRow {
    /// The hour, where hours stay apart.
    pub hour: Option<Hour>,
    /// The values by axis; empty where there is none.
    pub values: [Name; 2],
    /// The sums.
    pub tally: Tally,
}

/// The hour and the values under which something is counted.
type SplitKey = (Option<Hour>, [Sym; 2]);

/// Where the values of an axis are.
enum SplitColumn {
    /// There is one, which is empty.
    Whole,
    Of(Column),
    /// The value of a property; under one event, if there is one.
    Property(Option<Option<Sym>>),
    /// The event of a property.
    Event,
    /// The steps of a funnel that the visit has reached.
    Steps(u32),
}

/// An axis, or two, and the sums so far.
pub(in crate::counts) struct MatchedSums {
    columns: [SplitColumn; 2],
    kind: RowKind,
    by_hour: bool,
    by_page: bool,
    /// Which values keep their names; nothing for all. Others are counted together.
    kept: Option<Fast<Sym, ()>>,
    /// What the visitor at hand counts.
    places: Vec<CountedPlace<[Sym; 2]>>,
    hours: Vec<HourPlace>,
    sums: Fast<SplitKey, Small>,
    /// Of hours the visitors who were there for the first time on the day.
    first_visitors: Fast<SplitKey, u32>,
}

/// What a visit counts under some values in one hour.
struct HourPlace {
    values: [Sym; 2],
    visit: u8,
    hour: Hour,
    start: Hour,
    hits: Small,
    /// What belongs to the hour of the visit's start.
    whole: Small,
}

/// Whether memory knows the values of these axes for what a condition is about.
pub fn is_known(condition: &Condition<Name>, axes: &[&Axis<Name>]) -> bool {
    condition.is_known() && row_key(condition, axes).is_some()
}

/// The key of the property that has to be looked at, if there is one; nothing where something is asked for that is not kept together.
fn row_key<'a>(condition: &'a Condition<Name>, axes: &[&'a Axis<Name>]) -> Option<Option<&'a Name>> {
    use crate::cell::ConditionScope::{Hits, Property, Visits};
    let scope = condition.scope()?;
    let of_axis = |axis: &&'a Axis<Name>| match axis {
        Axis::Prop { key, .. } => Some(key),
        _ => None,
    };
    let of_condition = if let Property(key) = scope { Some(key) } else { None };
    let mut keys = axes.iter().filter_map(of_axis).chain(of_condition);
    let key = keys.next();
    let is_same = key.is_none_or(|key| keys.all(|other| other == key));
    let is_of_property = |axis: &&Axis<Name>| match axis {
        Axis::Of(dimension) => dimension.is_of_visit() || *dimension == Dimension::Event,
        _ => true,
    };
    let is_event = |filter: &&crate::cell::Filter<Name>| filter.axis == Axis::Of(Dimension::Event);
    let is_of_event = || scope != Hits || hit_tests(condition).iter().all(is_event);
    let is_kept = key.is_none() || axes.iter().all(is_of_property) && (scope == Visits || is_of_event());
    let is_counted = |axis: &&Axis<Name>| match axis {
        Axis::Total | Axis::Prop { .. } => true,
        Axis::Funnel(_) => axes.len() == 1,
        Axis::Of(dimension) => !matches!(dimension, Dimension::Segment | Dimension::ReachedStep),
        Axis::Revenue { .. } => false,
    };
    (is_same && is_kept && axes.iter().all(is_counted)).then_some(key)
}

/// Tests of hits outside of `has_done`.
fn hit_tests(condition: &Condition<Name>) -> Vec<&crate::cell::Filter<Name>> {
    match condition {
        Condition::Is(filter) => {
            let is_of_visit = matches!(filter.axis, Axis::Of(dimension) if dimension.is_of_visit());
            if is_of_visit { Vec::new() } else { vec![filter] }
        }
        Condition::All(list) | Condition::Any(list) => list.iter().flat_map(hit_tests).collect(),
        Condition::Done(_) | Condition::NotDone(_) => Vec::new(),
    }
}

impl SessionSnapshot {
    /// The sums of what a condition lets pass, for each of some splits. `passes` tests a value of a name, and `goes_on` is told before so
    /// many rows are looked at. Of what is not known ([`is_known`]) there is nothing.
    ///
    /// # Errors
    /// Those of `passes` and `goes_on`.
    pub fn matching<E>(
        &self,
        condition: &Condition<Name>,
        splits: &[VisitSplit],
        mut passes: impl FnMut(&Test, &str) -> Result<bool, E>,
        goes_on: impl FnMut(usize) -> Result<(), E>,
    ) -> Result<Vec<Vec<MatchedRow>>, E> {
        let mut found: Vec<Vec<MatchedRow>> = splits.iter().map(|_| Vec::new()).collect();
        let (of_properties, others): (Vec<usize>, Vec<usize>) = (0..splits.len())
            .filter(|place| is_known(condition, splits[*place].axes))
            .partition(|place| row_key(condition, splits[*place].axes).flatten().is_some());
        let mut goes_on = goes_on;
        for places in [others, of_properties] {
            let mut sums: Vec<MatchedSums> =
                places.iter().map(|place| self.split_sums(condition, splits[*place])).collect();
            let kind = sums.first().and_then(MatchedSums::kind_of_properties);
            let Some(matching) = self.compiled(condition, kind, &mut passes)?.filter(|_| !sums.is_empty()) else {
                continue;
            };
            self.add_matching(&matching, &mut sums, &mut goes_on)?;
            for (place, sums) in places.into_iter().zip(sums) {
                found[place] = sums.rows(self);
            }
        }
        Ok(found)
    }

    /// The sums of one split, which are nothing yet.
    pub(in crate::counts) fn split_sums(&self, condition: &Condition<Name>, split: VisitSplit) -> MatchedSums {
        let key = row_key(condition, split.axes).flatten();
        let own_event = split.axes.iter().find_map(|axis| match axis {
            Axis::Prop { event: Some(event), .. } => Some(self.name(event)),
            _ => None,
        });
        let by_event = own_event.is_some()
            || condition.tests_hits_by(Dimension::Event)
            || split.axes.contains(&&Axis::Of(Dimension::Event));
        let columns = [0, 1].map(|at| self.split_column(split.axes.get(at).copied(), key.is_some()));
        let is_of_hits = |column: &SplitColumn| matches!(column, SplitColumn::Of(column) if column.is_of_places());
        let asks = |of: Dimension| split.axes.contains(&&Axis::Of(of)) || condition.tests_hits_by(of);
        let tests_hits = !hit_tests(condition).is_empty();
        let kind = match key {
            Some(key) => RowKind::Properties { key: self.name(key), by_event },
            None if asks(Dimension::Money) => RowKind::Paid,
            None if tests_hits || columns.iter().any(is_of_hits) => RowKind::Places,
            None => RowKind::Visits,
        };
        let by_page = (asks(Dimension::Page) || asks(Dimension::Section)) && !asks(Dimension::PreviousPage);
        let (places, hours, sums, first_visitors) = (Vec::new(), Vec::new(), Fast::default(), Fast::default());
        MatchedSums { columns, kind, by_hour: split.by_hour, by_page, kept: None, places, hours, sums, first_visitors }
    }

    fn split_column(&self, axis: Option<&Axis<Name>>, of_property: bool) -> SplitColumn {
        match axis {
            None | Some(Axis::Total | Axis::Revenue { .. }) => SplitColumn::Whole,
            Some(Axis::Of(Dimension::Event)) if of_property => SplitColumn::Event,
            Some(Axis::Of(dimension)) => SplitColumn::Of(self.column(*dimension)),
            Some(Axis::Prop { event, .. }) => SplitColumn::Property(event.as_ref().map(|event| self.name(event))),
            Some(Axis::Funnel(funnel)) => SplitColumn::Steps(*funnel),
        }
    }

    /// Adds what passes to the sums of splits, which all look at the same kind of rows or at visits and places.
    pub(in crate::counts) fn add_matching<E>(
        &self,
        matching: &Matching,
        splits: &mut [MatchedSums],
        goes_on: &mut dyn FnMut(usize) -> Result<(), E>,
    ) -> Result<(), E> {
        let (places, properties) = matching.wants();
        let is_of = |wanted: fn(&MatchedSums) -> bool| splits.iter().any(wanted);
        let wanted = WantedRows {
            places: places || is_of(|split| split.kind == RowKind::Places),
            paid: is_of(|split| split.kind == RowKind::Paid),
            properties: properties || is_of(|split| matches!(split.kind, RowKind::Properties { .. })),
            hours: is_of(|split| split.by_hour),
            steps: is_of(|split| matches!(split.columns[0], SplitColumn::Steps(_))),
        };
        let (mut done, mut looked, mut failed) = (Vec::new(), 0, Ok(()));
        self.each_wanted(wanted, |rows| {
            looked += rows.visits.len() + rows.places.len() + rows.properties.len();
            if looked >= limits::ROWS_BETWEEN_LOOKS {
                failed = goes_on(std::mem::take(&mut looked));
            }
            matching.find_deeds(rows, &mut done);
            splits.iter_mut().for_each(|split| split.take(rows, matching, &done));
            failed.is_ok()
        });
        failed.and_then(|()| goes_on(looked))
    }

    /// Looks at one visitor after the other, and then at hits without a token, until it is told to stop.
    fn each_wanted(&self, wanted: WantedRows, mut look: impl FnMut(&VisitorRows) -> bool) {
        let mut rows = VisitorRows { is_known: true, ..VisitorRows::default() };
        for visitor in self.visitors.iter() {
            rows.clear();
            rows.visits.extend(visitor.visits());
            rows.places.extend(wanted.places.then(|| visitor.page_visits()).into_iter().flatten());
            rows.paid.extend(wanted.paid.then(|| visitor.paid()).into_iter().flatten());
            rows.properties.extend(wanted.properties.then(|| visitor.properties()).into_iter().flatten());
            rows.hours.extend(wanted.hours.then(|| visitor.visit_hours()).into_iter().flatten());
            rows.steps.extend(wanted.steps.then(|| visitor.steps()).into_iter().flatten());
            if !look(&rows) {
                return;
            }
        }
        rows.is_known = false;
        for (hit, count) in self.unknown.iter().filter(|(_, count)| count.hits > 0) {
            rows.clear();
            rows.take_unknown(hit, *count);
            if !look(&rows) {
                return;
            }
        }
    }
}

/// What of a visitor is looked at beside the visits.
#[derive(Debug, Clone, Copy)]
struct WantedRows {
    places: bool,
    paid: bool,
    properties: bool,
    hours: bool,
    steps: bool,
}

impl MatchedSums {
    /// The same, where only some values of the first axis keep their names.
    pub(in crate::counts) fn keeping(self, values: impl IntoIterator<Item = Sym>) -> MatchedSums {
        MatchedSums { kept: Some(values.into_iter().map(|value| (value, ())).collect()), ..self }
    }

    /// The kind of rows that it looks at, if these are of properties: what tests events is asked of these then.
    pub(in crate::counts) fn kind_of_properties(&self) -> Option<RowKind> {
        Some(self.kind).filter(|kind| matches!(kind, RowKind::Properties { .. }))
    }

    /// Takes what of a visitor passes.
    fn take(&mut self, rows: &VisitorRows, matching: &Matching, done: &[bool]) {
        for visit in 0..rows.visits.len() {
            // What is split by places or properties of visits passes with its visit.
            let by_visit = matching.kind == RowKind::Visits;
            if by_visit && !matching.passes(rows, visit, MatchedHit::Visit, done) {
                continue;
            }
            let passes = |hit: &MatchedHit| by_visit || matching.passes(rows, visit, *hit, done);
            if let SplitColumn::Steps(funnel) = self.columns[0] {
                if self.kind.each(rows, visit).any(|hit| passes(&hit)) {
                    self.take_steps(rows, visit, funnel);
                }
                continue;
            }
            for hit in self.kind.each(rows, visit).filter(passes) {
                self.take_hit(rows, visit, hit);
            }
        }
        self.add_up(rows);
    }

    fn take_steps(&mut self, rows: &VisitorRows, visit: usize, funnel: u32) {
        let reached = rows.steps.iter().filter(|step| step.funnel == funnel && usize::from(step.visit) == visit);
        for step in reached.flat_map(|reached| 1..=reached.steps) {
            self.put(rows, visit, rows.visits[visit].start, [Sym(step.into()), Sym::EMPTY], Small::default());
        }
    }

    fn take_hit(&mut self, rows: &VisitorRows, visit: usize, hit: MatchedHit) {
        let [first, second] = [0, 1].map(|at| self.columns[at].values(rows, visit, hit));
        for one in &first {
            for other in &second {
                let one = if self.keeps(*one) { *one } else { Sym::OTHER };
                self.take_values(rows, visit, hit, [one, *other]);
            }
        }
    }

    fn keeps(&self, value: Sym) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept.contains_key(&value))
    }

    fn take_values(&mut self, rows: &VisitorRows, visit: usize, hit: MatchedHit, values: [Sym; 2]) {
        match hit {
            MatchedHit::Visit if self.by_hour => self.put_hours(rows, visit, values),
            MatchedHit::Visit => {
                let row = &rows.visits[visit];
                self.put(rows, visit, row.start, values, Small::of_visit(row));
            }
            MatchedHit::Place(place) => {
                self.put(rows, visit, place.hour, values, Small::of_page_visit(place, self.by_page));
            }
            MatchedHit::Property(row) => self.put(rows, visit, row.hour, values, of_property(row)),
        }
    }

    fn put_hours(&mut self, rows: &VisitorRows, visit: usize, values: [Sym; 2]) {
        let row = &rows.visits[visit];
        if !rows.is_known {
            return self.put(rows, visit, row.start, values, Small::of_visit(row));
        }
        let mut whole = Small { pageviews: 0, events: 0, ..Small::of_visit(row) };
        let number = visit as u8;
        for VisitHour { hour, pageviews, events, .. } in rows.hours.iter().filter(|hour| hour.visit == number) {
            let (hits, start) = (Small { pageviews: *pageviews, events: *events, ..Small::default() }, row.start);
            let whole = std::mem::take(&mut whole);
            self.hours.push(HourPlace { values, visit: number, hour: *hour, start, hits, whole });
        }
    }

    fn put(&mut self, rows: &VisitorRows, visit: usize, hour: Hour, values: [Sym; 2], tally: Small) {
        let number = visit as u8;
        if !self.by_hour {
            return self.places.push(CountedPlace { key: values, visit: number, tally });
        }
        let Small { pageviews, events, revenue, .. } = tally;
        let hits = Small { pageviews, events, revenue, ..Small::default() };
        let (whole, start) = (Small { pageviews: 0, events: 0, revenue: 0, ..tally }, rows.visits[visit].start);
        self.hours.push(HourPlace { values, visit: number, hour, start, hits, whole });
    }

    /// Adds the visitor at hand, who counts once a value.
    fn add_up(&mut self, rows: &VisitorRows) {
        let sums = &mut self.sums;
        rows.add_up(&mut self.places, |values, sum| sums.entry((None, values)).or_default().add(sum));
        self.hours.sort_unstable_by_key(|place| (place.values, place.hour));
        let mut known = None;
        for of_hour in self.hours.chunk_by(|a, b| (a.values, a.hour) == (b.values, b.hour)) {
            let mut sum = Small::default();
            of_hour.iter().for_each(|place| sum.add(place.hits));
            sum.visitors = u32::from(rows.is_known && sum.pageviews + sum.events > 0);
            if sum.visitors > 0 && known != Some(of_hour[0].values) {
                known = Some(of_hour[0].values);
                *self.first_visitors.entry((Some(of_hour[0].hour), of_hour[0].values)).or_default() += 1;
            }
            sums.entry((Some(of_hour[0].hour), of_hour[0].values)).or_default().add(sum);
        }
        self.hours.sort_unstable_by_key(|place| (place.values, place.visit));
        for of_visit in self.hours.chunk_by(|a, b| (a.values, a.visit) == (b.values, b.visit)) {
            let mut sum = Small { visits: rows.is_known.into(), ..Small::default() };
            of_visit.iter().for_each(|place| sum.add(place.whole));
            sums.entry((Some(of_visit[0].start), of_visit[0].values)).or_default().add(sum);
        }
        self.hours.clear();
    }

    /// The sums by the values of the first axis, in no order.
    pub(in crate::counts) fn by_first(self) -> impl Iterator<Item = (Sym, Small)> {
        self.sums.into_iter().map(|((_, [value, _]), sum)| (value, sum))
    }

    fn rows(self, snapshot: &SessionSnapshot) -> Vec<MatchedRow> {
        let is_of_steps = matches!(self.columns[0], SplitColumn::Steps(_));
        let text = |name: Sym| match is_of_steps && name != Sym::EMPTY {
            true => Name::from(name.0.to_string()),
            false => snapshot.text(name).cloned().unwrap_or_default(),
        };
        let row = |((hour, values), sum): (SplitKey, Small)| {
            let first_visitors = self.first_visitors.get(&(hour, values)).copied().unwrap_or_default();
            let tally = Tally { first_visitors: first_visitors.into(), ..sum.tally() };
            MatchedRow { hour, values: values.map(text), tally }
        };
        self.sums.into_iter().map(row).collect()
    }
}

impl SplitColumn {
    /// The values of a row; none for what has none.
    fn values(&self, rows: &VisitorRows, visit: usize, hit: MatchedHit) -> smallvec::SmallVec<[Sym; 2]> {
        let mut values = smallvec::SmallVec::new();
        match (self, hit) {
            (SplitColumn::Whole | SplitColumn::Steps(_), _) => values.push(Sym::EMPTY),
            (SplitColumn::Of(column), MatchedHit::Place(place)) if column.is_of_places() => {
                values.extend(column.of_place(place).filter(|value| *value != Sym::EMPTY));
            }
            (SplitColumn::Of(column), _) => {
                values.extend(Some(column.of_visit(&rows.visits[visit])).filter(|value| *value != Sym::EMPTY));
            }
            (SplitColumn::Property(None), MatchedHit::Property(row)) => values.push(row.value),
            (SplitColumn::Property(Some(event)), MatchedHit::Property(row)) => {
                values.extend(Some(row.value).filter(|_| row.event.is_some() && row.event == *event));
            }
            (SplitColumn::Event, MatchedHit::Property(row)) => values.extend(row.event),
            (SplitColumn::Property(_) | SplitColumn::Event, _) => {}
        }
        values
    }
}

fn of_property(row: &PropertyRow) -> Small {
    let (pageviews, events) = if row.is_view { (row.count, 0) } else { (0, row.count) };
    Small { pageviews, events, ..Small::default() }
}
