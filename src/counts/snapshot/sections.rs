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
        let mut known: Fast<&str, Sym> = Fast::default();
        let is_whole = |(_, text): &(u32, &Name)| section(text, depth).len() == text.len();
        known.extend((0..).zip(texts.iter()).filter(is_whole).map(|(number, text)| (&**text, Sym(number))));
        let (mut names, mut of_pages) = (Vec::new(), Vec::with_capacity(texts.len()));
        for text in texts.iter() {
            let (found, next) = (section(text, depth), Sym((texts.len() + names.len()) as u32));
            let of_page = *known.entry(found).or_insert_with(|| {
                names.push(Name::from(found));
                next
            });
            of_pages.push(of_page);
        }
        DaySections { names, of_pages: of_pages.into() }
    }
}
