//! In: texts. Out: small integers that stand for them within one site and day. Forgets: nothing by itself; the whole
//! table is dropped with its day.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Facets, NOT_SET};

/// A name in memory: an index into the [`Names`] of one site and day. It says nothing outside of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sym(pub u32);

impl Sym {
    /// The empty text, which every table of names holds first.
    pub const EMPTY: Sym = Sym(0);
}

/// The names met on one day of one site. Keys come from outside, so the map keeps the standard keyed hash.
#[derive(Debug)]
pub struct Names {
    texts: Vec<Arc<str>>,
    syms: HashMap<Arc<str>, Sym>,
    /// Combinations of these names.
    pub facets: Facets,
    /// The number of [`NOT_SET`], which half of all values are.
    not_set: Option<Sym>,
}

impl Default for Names {
    fn default() -> Self {
        let empty: Arc<str> = Arc::from("");
        let syms = HashMap::from([(empty.clone(), Sym::EMPTY)]);
        Names { texts: vec![empty], syms, facets: Facets::default(), not_set: None }
    }
}

impl Names {
    /// The number of `text`, new if need be.
    pub fn sym(&mut self, text: &str) -> Sym {
        if text == NOT_SET {
            let not_set = self.not_set.unwrap_or_else(|| self.look_up(NOT_SET));
            self.not_set = Some(not_set);
            return not_set;
        }
        self.look_up(text)
    }

    fn look_up(&mut self, text: &str) -> Sym {
        if let Some(sym) = self.syms.get(text) {
            return *sym;
        }
        let sym = Sym(u32::try_from(self.texts.len()).expect("fewer than 2^32 names fit into memory"));
        let text: Arc<str> = Arc::from(text);
        self.texts.push(text.clone());
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

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether only the empty text is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number() {
        let mut names = Names::default();
        let google = names.sym("Google");
        assert_eq!(names.sym("Google"), google);
        assert_eq!(&**names.text(google), "Google");
        assert_eq!(names.find("Bing"), None);
        assert_eq!(names.sym(""), Sym::EMPTY);
        assert_eq!(names.len(), 2);
    }
}
