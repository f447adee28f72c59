//! Lists of dimensions, made of the table while the program is compiled.

use super::{Dimension, TABLE, ValueGroup, ValueOf};
use crate::cell::dimension::DimensionRow;

/// Which rows of the table make a list, while the program is compiled.
pub(super) enum Pick {
    Counted,
    Listed,
    FirstHit(ValueGroup),
    VisitEnd,
    Hit,
}

impl Pick {
    const fn takes(&self, row: &DimensionRow) -> bool {
        match (self, row.value_of) {
            (Pick::Counted, of) => !matches!(
                of,
                ValueOf::Segments | ValueOf::Steps | ValueOf::Paid | ValueOf::Properties | ValueOf::Sections
            ),
            (Pick::Listed, _) => row.is_listed(),
            (Pick::FirstHit(group), ValueOf::FirstHit(of)) => of as u8 == *group as u8,
            (Pick::VisitEnd, ValueOf::VisitEnd) | (Pick::Hit, ValueOf::Hit) => true,
            _ => false,
        }
    }

    pub(super) const fn count(&self) -> usize {
        let (mut at, mut count) = (0, 0);
        while at < TABLE.len() {
            count += self.takes(&TABLE[at]) as usize;
            at += 1;
        }
        count
    }

    /// Puts those that are taken into a list from a place on.
    const fn put_into<const N: usize>(&self, mut list: [Dimension; N], mut place: usize) -> [Dimension; N] {
        let mut at = 0;
        while at < TABLE.len() {
            if self.takes(&TABLE[at]) {
                list[place] = TABLE[at].dimension;
                place += 1;
            }
            at += 1;
        }
        list
    }

    pub(super) const fn list<const N: usize>(&self) -> [Dimension; N] {
        self.put_into([TABLE[0].dimension; N], 0)
    }
}

/// Where each group begins in [`FIXED`], and the end of the last.
pub(in crate::cell) const GROUP_BOUNDS: [usize; ValueGroup::ALL.len() + 1] = {
    let mut bounds = [0; ValueGroup::ALL.len() + 1];
    let mut at = 0;
    while at < ValueGroup::ALL.len() {
        bounds[at + 1] = bounds[at] + Pick::FirstHit(ValueGroup::ALL[at]).count();
        at += 1;
    }
    bounds
};

/// The dimensions that are fixed at the first hit of a visit, group by group, in the order in which a visit keeps their values.
pub const FIXED: [Dimension; GROUP_BOUNDS[ValueGroup::ALL.len()]] = {
    let mut fixed = [TABLE[0].dimension; GROUP_BOUNDS[ValueGroup::ALL.len()]];
    let mut at = 0;
    while at < ValueGroup::ALL.len() {
        fixed = Pick::FirstHit(ValueGroup::ALL[at]).put_into(fixed, GROUP_BOUNDS[at]);
        at += 1;
    }
    fixed
};

/// The dimensions whose value of a visit follows from its first or last page.
pub const VISIT_ENDS: [Dimension; Pick::VisitEnd.count()] = Pick::VisitEnd.list();

/// The dimensions of which each hit has one value, its page aside.
pub const OF_HITS: [Dimension; Pick::Hit.count()] = Pick::Hit.list();
