//! In: tests of dimensions and properties. Out: what is wanted of whole visits and their hits, joined by `and`, `or`, `not` and
//! `has_done`. Forgets: nothing; which visits it holds for is found out where they are, in `counts/snapshot/`.
//!
//! Negations stand at the tests: `not (a or b)` is kept as `not a and not b`. So a value that is not collected passes no test, whichever
//! way it is written.

mod text;

use super::{Axis, Dimension, Filter, Test};

pub(crate) use text::written;
pub use text::{NotACondition, TextCondition, WrittenTest};

/// What is wanted of visits and hits.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition<N> {
    /// A test of a dimension, or of a property under any event. It is of the visit or of the hit, as the dimension is.
    Is(Filter<N>),
    /// All of these hold; of the hit at hand, where they are of hits.
    All(Vec<Condition<N>>),
    /// One of these holds.
    Any(Vec<Condition<N>>),
    /// The visit has a hit for which this holds.
    Done(Box<Condition<N>>),
    /// The visit has none.
    NotDone(Box<Condition<N>>),
}

/// What a condition is about, and so what is counted under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionScope<'c, N> {
    /// Whole visits.
    Visits,
    /// Hits by their page, host, event and patterns.
    Hits,
    /// Hits that carry the property with this key, by its value and their event.
    Property(&'c N),
}

impl<N: PartialEq> Condition<N> {
    /// What holds where this does not.
    #[must_use]
    pub fn negated(self) -> Condition<N> {
        let each = |list: Vec<Condition<N>>| list.into_iter().map(Condition::negated).collect();
        match self {
            Condition::Is(Filter { axis, test }) => Condition::Is(Filter { axis, test: opposite(test) }),
            Condition::All(list) => Condition::Any(each(list)),
            Condition::Any(list) => Condition::All(each(list)),
            Condition::Done(inner) => Condition::NotDone(inner),
            Condition::NotDone(inner) => Condition::Done(inner),
        }
    }

    /// All of these; lists within become one, and a list of one its item.
    pub fn all(list: impl IntoIterator<Item = Condition<N>>) -> Condition<N> {
        let mut all = Vec::new();
        for item in list {
            match item {
                Condition::All(inner) => all.extend(inner),
                other => all.push(other),
            }
        }
        if all.len() == 1 { all.remove(0) } else { Condition::All(all) }
    }

    /// One of these; lists within become one, and a list of one its item.
    pub fn any(list: impl IntoIterator<Item = Condition<N>>) -> Condition<N> {
        let mut any = Vec::new();
        for item in list {
            match item {
                Condition::Any(inner) => any.extend(inner),
                other => any.push(other),
            }
        }
        if any.len() == 1 { any.remove(0) } else { Condition::Any(any) }
    }

    /// What it is about; nothing where hits would have to be known by a property and by something that is not kept with it.
    pub fn scope(&self) -> Option<ConditionScope<'_, N>> {
        let mut axes = Vec::new();
        self.hit_axes(&mut axes);
        let mut keys = axes.iter().filter_map(|axis| match axis {
            Axis::Prop { key, .. } => Some(key),
            _ => None,
        });
        let Some(key) = keys.next() else {
            return Some(if axes.is_empty() { ConditionScope::Visits } else { ConditionScope::Hits });
        };
        let is_kept = |axis: &&Axis<N>| match axis {
            Axis::Prop { key: other, .. } => other == key,
            axis => **axis == Axis::Of(Dimension::Event),
        };
        let is_of_property = axes.iter().all(is_kept) && !self.may_hold_without_property();
        is_of_property.then_some(ConditionScope::Property(key))
    }

    /// Whether its hits, and those of each `has_done`, are known by what is kept together.
    pub fn is_known(&self) -> bool {
        self.scope().is_some() && self.has_known_parts()
    }

    fn has_known_parts(&self) -> bool {
        match self {
            Condition::Is(_) => true,
            Condition::All(list) | Condition::Any(list) => list.iter().all(Condition::has_known_parts),
            Condition::Done(inner) | Condition::NotDone(inner) => inner.is_known(),
        }
    }

    /// Whether a test outside of `has_done` is of this dimension.
    pub fn tests_hits_by(&self, dimension: Dimension) -> bool {
        let mut axes = Vec::new();
        self.hit_axes(&mut axes);
        axes.contains(&&Axis::Of(dimension))
    }

    /// Whether it may hold for a hit that carries no property.
    fn may_hold_without_property(&self) -> bool {
        match self {
            Condition::Is(filter) => !matches!(filter.axis, Axis::Prop { .. }),
            Condition::All(list) => list.iter().all(Condition::may_hold_without_property),
            Condition::Any(list) => list.iter().any(Condition::may_hold_without_property),
            Condition::Done(_) | Condition::NotDone(_) => true,
        }
    }

    /// The axes of hits that are tested outside of `has_done`.
    fn hit_axes<'c>(&'c self, axes: &mut Vec<&'c Axis<N>>) {
        match self {
            Condition::Is(Filter { axis: Axis::Of(dimension), .. }) if dimension.is_of_visit() => {}
            Condition::Is(filter) => axes.push(&filter.axis),
            Condition::All(list) | Condition::Any(list) => list.iter().for_each(|item| item.hit_axes(axes)),
            Condition::Done(_) | Condition::NotDone(_) => {}
        }
    }

    /// Its tests, in order.
    pub fn tests(&self) -> Vec<&Filter<N>> {
        match self {
            Condition::Is(filter) => vec![filter],
            Condition::All(list) | Condition::Any(list) => list.iter().flat_map(Condition::tests).collect(),
            Condition::Done(inner) | Condition::NotDone(inner) => inner.tests(),
        }
    }

    /// How many lists and `has_done` stand within each other at the most.
    pub fn depth(&self) -> usize {
        match self {
            Condition::Is(_) => 0,
            Condition::All(list) | Condition::Any(list) => {
                1 + list.iter().map(Condition::depth).max().unwrap_or_default()
            }
            Condition::Done(inner) | Condition::NotDone(inner) => 1 + inner.depth(),
        }
    }
}

fn opposite(test: Test) -> Test {
    match test {
        Test::Not(test) => *test,
        test => Test::Not(Box::new(test)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TextCondition {
        Condition::read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn what_is_tested_tells_what_is_counted() {
        for (text, expected) in [
            ("device=mobile and country=DE", Some("visits")),
            ("has_done page=/pricing and not has_done event=Signup", Some("visits")),
            ("page=/pricing and country=DE", Some("hits")),
            ("country=DE or page=/pricing", Some("hits")),
            ("prop:plan=pro", Some("property")),
            ("prop:plan=pro and event=Signup and country=DE", Some("property")),
            ("not prop:plan=pro", Some("property")),
            // Which pages a property came with is not kept, nor which properties came together.
            ("prop:plan=pro and page=/", None),
            ("prop:plan=pro and prop:size=L", None),
            // Hits without the property would be hits of the page.
            ("prop:plan=pro or country=DE", None),
        ] {
            let condition = read(text);
            let scope = condition.scope().map(|scope| match scope {
                ConditionScope::Visits => "visits",
                ConditionScope::Hits => "hits",
                ConditionScope::Property(_) => "property",
            });
            assert_eq!(scope, expected, "{text}");
            assert_eq!(condition.is_known(), expected.is_some(), "{text}");
        }
        assert!(!read("has_done (prop:plan=pro and page=/)").is_known());
    }

    #[test]
    fn negations_stand_at_the_tests() {
        assert_eq!(read("not (country=DE or has_done page=/)"), read("country!=DE and has_not_done page=/"));
        assert_eq!(read("not not country=DE"), read("country=DE"));
        assert_eq!(read("not country!=DE"), read("country=DE"));
        assert_eq!(read("not has_not_done page=/"), read("has_done page=/"));
    }
}
