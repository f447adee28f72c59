//! In: what is known of a hit beside its page. Out: small numbers that stand for such a combination within one site and day.
//! Forgets: nothing by itself; the table is dropped with its day.

use std::collections::HashMap;

use super::{Dimension, Sym};

/// A combination: an index into the [`Contexts`] of one site and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Context(u32);

/// Host, event and the patterns that a hit lies in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Combination {
    hostname: Sym,
    event: Sym,
    patterns: Box<[Sym]>,
}

/// The combinations met on one day of one site: nearly all pageviews share one. Keys are numbers that we gave out, so the
/// hash needs no key.
#[derive(Debug, Clone, Default)]
pub struct Contexts {
    known: Vec<Combination>,
    numbers: HashMap<Combination, Context, foldhash::fast::RandomState>,
}

impl Contexts {
    /// The number of a combination, new if need be.
    pub fn of(&mut self, hostname: Sym, event: Sym, patterns: Box<[Sym]>) -> Context {
        let combination = Combination { hostname, event, patterns };
        if let Some(context) = self.numbers.get(&combination) {
            return *context;
        }
        let context = Context(self.known.len() as u32);
        self.known.push(combination.clone());
        self.numbers.insert(combination, context);
        context
    }

    /// How many combinations there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The host of a combination given out by this table.
    pub fn hostname(&self, context: Context) -> Sym {
        self.known[context.0 as usize].hostname
    }

    /// The event of a combination given out by this table.
    pub fn event(&self, context: Context) -> Sym {
        self.known[context.0 as usize].event
    }

    /// The patterns of a combination given out by this table.
    pub fn patterns(&self, context: Context) -> &[Sym] {
        &self.known[context.0 as usize].patterns
    }

    /// Whether a hit in this context has this value on a dimension of the hit, its page aside.
    pub fn has(&self, context: Context, dimension: Dimension, value: Sym) -> bool {
        match dimension {
            Dimension::Hostname => self.hostname(context) == value,
            Dimension::Event => self.event(context) == value,
            Dimension::Pattern => self.patterns(context).contains(&value),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_combination_has_one_number() {
        let mut contexts = Contexts::default();
        let view = contexts.of(Sym(1), Sym(2), Box::default());
        let watched = contexts.of(Sym(1), Sym(2), Box::new([Sym(7)]));
        assert_eq!(contexts.of(Sym(1), Sym(2), Box::default()), view);
        assert_ne!(view, watched);
        assert_eq!((contexts.hostname(watched), contexts.event(watched)), (Sym(1), Sym(2)));
        assert!(contexts.has(watched, Dimension::Pattern, Sym(7)) && !contexts.has(view, Dimension::Pattern, Sym(7)));
        assert!(contexts.has(view, Dimension::Event, Sym(2)) && !contexts.has(view, Dimension::Page, Sym(2)));
    }
}
