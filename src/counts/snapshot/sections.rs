//! The sections of a day's pages, found out from the names of the day when they are asked for: no hit has one.

use std::sync::Arc;

use crate::cell::section::section;
use crate::cell::{Blocks, Sym};
use crate::counts::{Fast, Name};

/// The sections of a day's pages.
#[derive(Debug, Clone, Default)]
pub(in crate::counts) struct DaySections {
    /// Those whose names are no other names of the day. They are numbered behind these.
    pub(super) names: Vec<Name>,
    /// By the number of a name: the section of the page, if it is one. Nothing where no sections are counted.
    pub(in crate::counts) of_pages: Arc<[Sym]>,
}

impl DaySections {
    /// Those of so many parts of a path.
    pub(super) fn of(texts: &Blocks<Name>, depth: u32) -> DaySections {
        if depth == 0 {
            return DaySections::default();
        }
        let named = |(number, text): (u32, &Name)| (Sym(number), text.clone());
        let pages: Vec<(Sym, Name)> = (0..).zip(texts.iter()).map(named).collect();
        let mut known: Fast<&str, Sym> = Fast::default();
        for (page, text) in pages.iter().filter(|(_, text)| section(text, depth).len() == text.len()) {
            known.insert(text, *page);
        }
        let (mut names, mut of_pages) = (Vec::new(), Vec::with_capacity(pages.len()));
        for (_, text) in &pages {
            let found = section(text, depth);
            let next = Sym((pages.len() + names.len()) as u32);
            let of_page = *known.entry(found).or_insert_with(|| {
                names.push(Name::from(found));
                next
            });
            of_pages.push(of_page);
        }
        DaySections { names, of_pages: of_pages.into() }
    }
}
