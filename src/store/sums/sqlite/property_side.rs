//! In: a question with a property on one side of a pair. Out: which numbers there are this property's. Forgets: nothing.
//!
//! The cells of all named properties of a day are in one table: their names are key and value in one, and the key alone stands for what
//! is past the budget.

use std::cell::RefCell;
use std::collections::HashMap;

use rusqlite::Connection;

use super::Result;
use super::names::TextCache;
use crate::cell::OTHER;
use crate::cell::packed::CellKey;
use crate::counts::Name;
use crate::counts::pairs::REST;
use crate::store::StoreError;
use crate::store::sums::ask::{Ask, ValueInPair};

/// The side of a question that is a property.
pub(super) struct PropertySide<'a> {
    key: &'a Name,
    is_axis: bool,
    /// What stands for values past the budget; [`REST`] if nothing does.
    rest: u32,
    connection: &'a Connection,
    texts: &'a TextCache,
    /// Whether numbers are the property's, as far as it is known.
    known: RefCell<HashMap<u32, bool, foldhash::fast::RandomState>>,
    failed: RefCell<Option<StoreError>>,
}

impl<'a> PropertySide<'a> {
    pub(super) fn of(
        connection: &'a Connection,
        ask: &'a Ask,
        texts: &'a TextCache,
    ) -> Result<Option<PropertySide<'a>>> {
        let Some((key, is_axis)) = ask.property_side() else { return Ok(None) };
        let rest = super::write::name_id(connection, ask.site, &ValueInPair::rest_of(key))?;
        let rest = rest.and_then(|id| u32::try_from(id).ok()).unwrap_or(REST);
        let (known, failed) = (RefCell::default(), RefCell::default());
        Ok(Some(PropertySide { key, is_axis, rest, connection, texts, known, failed }))
    }

    /// What stands for values past the budget, of the axis and of the filter's dimension.
    pub(super) fn rests(&self) -> (u32, u32) {
        if self.is_axis { (self.rest, REST) } else { (REST, self.rest) }
    }

    /// A cell of this property, with [`REST`] for values past the budget; nothing if it is another's.
    pub(super) fn own(&self, (value, by): CellKey) -> Option<CellKey> {
        let number = |number: u32| match number {
            REST => Some(REST),
            number if number == self.rest => Some(REST),
            number => self.is_own(number).then_some(number),
        };
        Some(if self.is_axis { (number(value)?, by) } else { (value, number(by)?) })
    }

    fn is_own(&self, number: u32) -> bool {
        *self.known.borrow_mut().entry(number).or_insert_with(|| {
            let text = self.texts.text(self.connection, number);
            let text = text.map_err(|error| *self.failed.borrow_mut() = Some(error));
            text.is_ok_and(|name| ValueInPair::of(self.key, &name) != ValueInPair::Others)
        })
    }

    /// What failed meanwhile.
    pub(super) fn check(&self) -> Result<()> {
        self.failed.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// The texts of a row without the key; nothing for rows of other properties.
    pub(super) fn shown(&self, value: Name, second: Option<Name>) -> Option<(Name, Option<Name>)> {
        let plain = |name: Name| match ValueInPair::of(self.key, &name) {
            ValueInPair::Value(value) => Some(value),
            ValueInPair::Rest => Some(Name::from(OTHER)),
            ValueInPair::Others => None,
        };
        match (self.is_axis, second) {
            (true, second) => Some((plain(value)?, second)),
            (false, Some(second)) => Some((value, Some(plain(second)?))),
            (false, None) => Some((value, None)),
        }
    }
}
