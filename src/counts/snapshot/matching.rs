//! Which visits and hits of a snapshot a condition lets pass: its tests are tried once on each name, and then looked up by number.

use super::filtered::PassingValues;
use super::{SessionSnapshot, VisitorRows};
use crate::cell::{Axis, Condition, ConditionScope, Dimension, Sym, Test};
use crate::counts::Name;
use crate::visit::{PageVisitRow, PropertyRow};

/// A condition as it is asked of the visits of one snapshot.
pub(in crate::counts) struct Matching {
    check: ValueCheck,
    /// What visits must have done, what stands within others first.
    deeds: Vec<Deed>,
    /// What the condition is about by itself.
    pub(super) kind: RowKind,
}

/// A `has_done`.
struct Deed {
    check: ValueCheck,
    kind: RowKind,
}

/// Which rows of a visitor are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::counts) enum RowKind {
    Visits,
    Places,
    /// Places where visits paid.
    Paid,
    /// Hits with the property of this key, which may be unknown on the day; each with its event, or all events together.
    Properties {
        key: Option<Sym>,
        by_event: bool,
    },
}

/// One row of a visitor.
#[derive(Clone, Copy)]
pub(super) enum MatchedHit<'r> {
    Visit,
    Place(&'r PageVisitRow),
    Property(&'r PropertyRow),
}

enum ValueCheck {
    /// Of the visit or of the place.
    Value(PassingValues),
    /// Of a property's event, by name.
    Event(Vec<bool>),
    /// Of a property's value, by name.
    Property(Vec<bool>),
    All(Vec<ValueCheck>),
    Any(Vec<ValueCheck>),
    /// The deed at this place was done, or was not.
    Deed(usize, bool),
}

impl RowKind {
    /// The rows that tell what a condition is about, nothing if none do.
    fn of(condition: &Condition<Name>, snapshot: &SessionSnapshot) -> Option<RowKind> {
        Some(match condition.scope()? {
            ConditionScope::Visits => RowKind::Visits,
            ConditionScope::Hits => RowKind::Places,
            ConditionScope::Property(key) => {
                RowKind::Properties { key: snapshot.name(key), by_event: condition.tests_hits_by(Dimension::Event) }
            }
        })
    }

    /// Hands out the rows of a visit.
    pub(super) fn each<'r>(self, rows: &'r VisitorRows, visit: usize) -> impl Iterator<Item = MatchedHit<'r>> {
        let places = match self {
            RowKind::Places => &rows.places[..],
            RowKind::Paid => &rows.paid,
            _ => &[],
        };
        let of_places = places.iter().filter(move |row| usize::from(row.visit) == visit);
        let properties = rows.properties.iter().filter(move |row| usize::from(row.visit) == visit && self.takes(row));
        let whole = (self == RowKind::Visits).then_some(MatchedHit::Visit);
        whole.into_iter().chain(of_places.map(MatchedHit::Place)).chain(properties.map(MatchedHit::Property))
    }

    fn takes(self, row: &PropertyRow) -> bool {
        match self {
            RowKind::Properties { key, by_event } => key == Some(row.key) && row.event.is_some() == by_event,
            _ => false,
        }
    }
}

impl SessionSnapshot {
    /// The number of a name that the day knows. Names that gave way are not there any more.
    pub(super) fn name(&self, text: &str) -> Option<Sym> {
        (0..).map(Sym).zip(self.texts.iter()).find(|(_, name)| &***name == text).map(|(name, _)| name)
    }

    /// A condition, asked of this snapshot; `passes` tests a value. Nothing where a part of it is not known
    /// ([`Condition::is_known`]).
    pub(in crate::counts) fn compiled<E>(
        &self,
        condition: &Condition<Name>,
        kind: Option<RowKind>,
        passes: &mut dyn FnMut(&Test, &str) -> Result<bool, E>,
    ) -> Result<Option<Matching>, E> {
        let (mut deeds, own) = (Vec::new(), RowKind::of(condition, self));
        let Some(own) = own.filter(|_| condition.is_known()) else { return Ok(None) };
        let kind = kind.unwrap_or(own);
        let check = self.check(condition, kind, &mut deeds, passes)?;
        Ok(Some(Matching { check, deeds, kind: own }))
    }

    fn check<E>(
        &self,
        condition: &Condition<Name>,
        kind: RowKind,
        deeds: &mut Vec<Deed>,
        passes: &mut dyn FnMut(&Test, &str) -> Result<bool, E>,
    ) -> Result<ValueCheck, E> {
        Ok(match condition {
            Condition::Is(filter) => {
                let of = if let Axis::Of(dimension) = filter.axis { dimension } else { Dimension::Event };
                let by_name = self.passing(of, |text| passes(&filter.test, text))?;
                match &filter.axis {
                    Axis::Of(Dimension::Event) if matches!(kind, RowKind::Properties { .. }) => {
                        ValueCheck::Event(by_name)
                    }
                    Axis::Of(dimension) => {
                        ValueCheck::Value(PassingValues { column: self.column(*dimension), passes: by_name })
                    }
                    _ => ValueCheck::Property(by_name),
                }
            }
            Condition::All(list) | Condition::Any(list) => {
                let mut checks = Vec::with_capacity(list.len());
                for item in list {
                    checks.push(self.check(item, kind, deeds, passes)?);
                }
                if matches!(condition, Condition::All(_)) { ValueCheck::All(checks) } else { ValueCheck::Any(checks) }
            }
            Condition::Done(inner) | Condition::NotDone(inner) => {
                let kind = RowKind::of(inner, self).unwrap_or(RowKind::Visits);
                let check = self.check(inner, kind, deeds, passes)?;
                deeds.push(Deed { check, kind });
                ValueCheck::Deed(deeds.len() - 1, matches!(condition, Condition::Done(_)))
            }
        })
    }
}

impl Matching {
    /// Which of a visitor's rows are looked at: places, and properties.
    pub(super) fn wants(&self) -> (bool, bool) {
        let kinds = || self.deeds.iter().map(|deed| deed.kind).chain([self.kind]);
        let of_properties = |kind: RowKind| matches!(kind, RowKind::Properties { .. });
        (kinds().any(|kind| kind == RowKind::Places), kinds().any(of_properties))
    }

    /// What each visit of a visitor has done, visit by visit.
    pub(super) fn find_deeds(&self, rows: &VisitorRows, done: &mut Vec<bool>) {
        done.clear();
        for visit in 0..rows.visits.len() {
            let begin = done.len();
            for deed in &self.deeds {
                let is_done = {
                    let before = &done[begin..];
                    let holds = |hit| deed.check.holds((rows, visit), hit, before);
                    deed.kind.each(rows, visit).any(holds)
                };
                done.push(is_done);
            }
        }
    }

    /// Whether a row of a visit passes, when [`Matching::find_deeds`] has looked at its visitor.
    pub(super) fn passes(&self, rows: &VisitorRows, visit: usize, hit: MatchedHit, done: &[bool]) -> bool {
        let many = self.deeds.len();
        // Hits without a token are of no visit that would have done anything.
        if !rows.is_known && many > 0 && !self.check.without_deeds((rows, visit), hit) {
            return false;
        }
        self.check.holds((rows, visit), hit, &done[visit * many..(visit + 1) * many])
    }
}

impl ValueCheck {
    fn holds(&self, (rows, visit): (&VisitorRows, usize), hit: MatchedHit, done: &[bool]) -> bool {
        let at = (rows, visit);
        match (self, hit) {
            (ValueCheck::All(list), _) => list.iter().all(|check| check.holds(at, hit, done)),
            (ValueCheck::Any(list), _) => list.iter().any(|check| check.holds(at, hit, done)),
            (ValueCheck::Deed(place, is_wanted), _) => done[*place] == *is_wanted,
            (ValueCheck::Value(values), MatchedHit::Place(place)) if values.column.is_of_places() => {
                values.has_place(place)
            }
            (ValueCheck::Value(values), _) => values.has_visit(&rows.visits[visit]),
            (ValueCheck::Event(by_name), MatchedHit::Property(row)) => {
                row.event.is_some_and(|event| is_in(by_name, event))
            }
            (ValueCheck::Property(by_name), MatchedHit::Property(row)) => is_in(by_name, row.value),
            (ValueCheck::Event(_) | ValueCheck::Property(_), _) => false,
        }
    }

    /// The same where neither having done something nor not having done it holds.
    fn without_deeds(&self, at: (&VisitorRows, usize), hit: MatchedHit) -> bool {
        match self {
            ValueCheck::All(list) => list.iter().all(|check| check.without_deeds(at, hit)),
            ValueCheck::Any(list) => list.iter().any(|check| check.without_deeds(at, hit)),
            ValueCheck::Deed(..) => false,
            check => check.holds(at, hit, &[]),
        }
    }
}

fn is_in(by_name: &[bool], name: Sym) -> bool {
    by_name.get(name.0 as usize).copied().unwrap_or(false)
}
