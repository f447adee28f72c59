//! In: an order to forget. Out: which cells go, by the numbers of their names. Forgets: the texts.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};

use super::Result;
use super::packed::{PROP, REVENUE};
use super::pairs::{self, TURNED};
use super::write::AxisKey;
use crate::cell::packed::CellKey;
use crate::cell::{Dimension, ForgottenValues};
use crate::counts::pairs::Pair;
use crate::site::SiteId;
use crate::store::Forgetting;

type IdSet = HashSet<u32, foldhash::fast::RandomState>;

/// Cells that go.
pub(super) enum GoneCells {
    /// All that were counted on the days meant.
    All,
    /// Those of some values.
    Of(GoneIds),
}

/// Numbers of values that go.
#[derive(Default)]
pub(super) struct GoneIds {
    /// By the code of their dimension.
    values: HashMap<u8, IdSet>,
    /// Properties and money that go with all their values.
    axes: HashSet<i64>,
    /// Properties and money of which some values go.
    of_axes: HashMap<i64, IdSet>,
}

impl GoneCells {
    /// Which cells an order is about.
    pub(super) fn of(connection: &Connection, order: &Forgetting) -> Result<GoneCells> {
        let Some(values) = &order.values else { return Ok(GoneCells::All) };
        let texts = texts(connection, order.site)?;
        let mut gone = GoneIds::default();
        for (id, text) in &texts {
            let dimensions = Dimension::in_pairs().chain([Dimension::Money, Dimension::Property]);
            for dimension in dimensions.filter(|dimension| values.takes(*dimension, text)) {
                gone.values.entry(dimension.code()).or_default().insert(*id);
            }
        }
        gone.add_axes(connection, order.site, values, &texts)?;
        Ok(GoneCells::Of(gone))
    }

    /// Whether an axis may have values that go.
    pub(super) fn touches(&self, (dimension, prop): AxisKey) -> bool {
        let GoneCells::Of(gone) = self else { return true };
        let is_named = matches!(dimension, PROP | REVENUE);
        gone.values.contains_key(&dimension)
            || is_named && (gone.axes.contains(&prop) || gone.of_axes.contains_key(&prop))
    }

    /// Whether a cell goes.
    pub(super) fn takes(&self, (dimension, prop): AxisKey, value: u32) -> bool {
        let GoneCells::Of(gone) = self else { return true };
        let has = |ids: Option<&IdSet>| ids.is_some_and(|ids| ids.contains(&value));
        let is_named = matches!(dimension, PROP | REVENUE);
        has(gone.values.get(&dimension)) || is_named && (gone.axes.contains(&prop) || has(gone.of_axes.get(&prop)))
    }

    /// What goes of a table of pairs; nothing if it has nothing that goes.
    pub(super) fn of_table(&self, table: u32) -> Option<GoneOfTable<'_>> {
        let GoneCells::Of(gone) = self else { return Some(GoneOfTable { first: None, second: None, is_all: true }) };
        let codes = [(table & 0xff) as u8, (table >> 8 & 0xff) as u8];
        let [first, second] = codes.map(|code| gone.values.get(&code));
        let [a, b] = codes.map(Dimension::from_code);
        let is_turned = a.zip(b).is_some_and(|(first, second)| pairs::is_turned(Pair { first, second }));
        let (first, second) = if is_turned != (table & TURNED != 0) { (second, first) } else { (first, second) };
        (first.is_some() || second.is_some()).then_some(GoneOfTable { first, second, is_all: false })
    }
}

/// Which numbers go on either side of a table, in the order of its keys.
pub(super) struct GoneOfTable<'a> {
    first: Option<&'a IdSet>,
    second: Option<&'a IdSet>,
    is_all: bool,
}

impl GoneOfTable<'_> {
    /// Whether a cell goes.
    pub(super) fn takes(&self, (a, b): CellKey) -> bool {
        let has = |ids: Option<&IdSet>, id: u32| ids.is_some_and(|ids| ids.contains(&id));
        self.is_all || has(self.first, a) || has(self.second, b)
    }
}

impl GoneIds {
    fn add_axes(
        &mut self,
        connection: &Connection,
        site: SiteId,
        values: &ForgottenValues,
        texts: &HashMap<u32, String>,
    ) -> Result<()> {
        let mut statement = connection.prepare_cached("SELECT id, event, key FROM axes WHERE site = ?")?;
        let mut rows = statement.query(params![site.0])?;
        while let Some(row) = rows.next()? {
            let (id, event, key): (i64, u32, u32) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let key = texts.get(&key);
            let has_event = texts.get(&event).is_some_and(|event| values.takes(Dimension::Event, event));
            if has_event || key.is_some_and(|key| values.takes_key(key)) {
                self.axes.insert(id);
            } else if let Some(key) = key {
                let of_key = texts.iter().filter(|(_, text)| values.takes_property(key, text));
                let ids: IdSet = of_key.map(|(id, _)| *id).collect();
                if !ids.is_empty() {
                    self.of_axes.insert(id, ids);
                }
            }
        }
        Ok(())
    }
}

fn texts(connection: &Connection, site: SiteId) -> Result<HashMap<u32, String>> {
    let mut statement = connection.prepare_cached("SELECT id, text FROM names WHERE site = ?")?;
    let found = statement.query_map([site.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
