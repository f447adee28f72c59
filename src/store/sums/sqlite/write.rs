//! In: a flush. Out: one transaction. Forgets: the order in which names came: those that a flush brings get their
//! numbers in alphabetical order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params, params_from_iter};

use super::at_rest::AtRest;
use super::packed::{CellList, FUNNEL, PROP, REVENUE};
use super::{Result, compaction, forgotten_rows, leftovers, read, releases, retaining};
use crate::cell::{Axis, Sym, Tally};
use crate::counts::pairs::PairTable;
use crate::counts::{Name, Sums};
use crate::limits;
use crate::site::{Day, LocalHour, SiteId};
use crate::store::sqlite::{HOUR_COLUMNS, TALLY_COLUMNS};
use crate::store::{BotCount, Flush, Grain, JournalId, JournalMark, OTHER_PAGES, StoreError};

/// Gives the names of a flush that has snapshots their numbers, which its pairs are made by, in a transaction of its own: to make pairs
/// takes long. Nothing if the flush is stored already.
pub(super) fn number_names<'a>(connection: &mut Connection, flush: &'a Flush) -> Result<Option<SiteIds<'a>>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if read::last_flush(&transaction)? >= flush.number {
        return Ok(None);
    }
    let mut names: BTreeMap<SiteId, BTreeSet<&str>> = BTreeMap::new();
    for state in &flush.days {
        if let Some(snapshot) = &state.snapshot {
            let of_pairs = snapshot.names_in_pairs().into_iter();
            let text = |name: Sym| snapshot.text(name).map(|text| &**text);
            let joined = snapshot.joined_names().map(|name| &**name);
            names.entry(state.site).or_default().extend(of_pairs.filter_map(text).chain(joined));
        }
    }
    for (site, _, sums) in &flush.sums {
        names.entry(*site).or_default().extend(texts(sums));
    }
    let mut ids = SiteIds::new();
    for (site, names) in names {
        ids_of(&mut ids, site).add(&transaction, names)?;
    }
    transaction.commit()?;
    Ok(Some(ids))
}

pub(super) fn apply<'a>(
    connection: &mut Connection,
    flush: &'a Flush,
    mut ids: SiteIds<'a>,
    pairs: Vec<Option<Vec<PairTable>>>,
) -> Result<SiteIds<'a>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if read::last_flush(&transaction)? >= flush.number {
        return Ok(ids);
    }
    let over = flush.days.iter().filter(|state| state.is_over).map(|state| (state.site, state.day));
    // The last sums of days that end, which are packed at once and never become rows.
    let mut last: BTreeMap<(SiteId, Day), Vec<&Sums>> = over.map(|of| (of, Vec::new())).collect();
    for (site, day, sums) in &flush.sums {
        match last.get_mut(&(*site, *day)) {
            Some(last) => last.push(sums),
            None => add_sums(&transaction, ids_of(&mut ids, *site), *day, sums, None)?,
        }
    }
    flush.publishing.iter().try_for_each(|begun| releases::begin(&transaction, begun))?;
    for (state, pairs) in flush.days.iter().zip(pairs) {
        let (ids, mut cells) = (ids_of(&mut ids, state.site), DayCells::new());
        for sums in last.remove(&(state.site, state.day)).into_iter().flatten() {
            add_sums(&transaction, ids, state.day, sums, Some(&mut cells))?;
        }
        let at_rest = flush.at_rest(state.site).filter(|_| state.is_over);
        let at_rest = at_rest.map(|least| AtRest::of(&transaction, state.site, state.day, least)).transpose()?;
        compaction::store_day(&transaction, state, (pairs, cells), at_rest.as_ref(), flush.number)?;
        releases::end(&transaction, state)?;
    }
    add_counts(&transaction, flush)?;
    for (site, today) in flush.today.iter().filter(|_| !flush.is_doubted) {
        prune_hours(&transaction, *site, flush.first_hours(*site, *today))?;
    }
    forgotten_rows::forget(&transaction, &flush.forgotten)?;
    set_journal(&transaction, flush.journal, flush.number)?;
    transaction.execute("UPDATE flushes SET number = ?", [flush.number as i64])?;
    transaction.commit()?;
    Ok(ids)
}

/// Adds what is no cell.
fn add_counts(transaction: &Transaction, flush: &Flush) -> Result<()> {
    add_rejected(transaction, flush)?;
    flush.believed.map_or(Ok(()), |day| retaining::set_believed(transaction, day))?;
    flush.bots.iter().try_for_each(|bot| add_bot(transaction, bot))?;
    add_imported(transaction, flush)?;
    add_mails(transaction, flush)?;
    // Names of figures that were too small to be at rest are to be swept.
    flush.at_rest.iter().try_for_each(|(site, _)| leftovers::mark(transaction, *site))?;
    add_batches(transaction, flush)
}

fn add_imported(transaction: &Transaction, flush: &Flush) -> Result<()> {
    for imported in &flush.imported {
        let sql = "INSERT INTO imports VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET bytes = excluded.bytes";
        let (head_bytes, bytes) = (imported.head_bytes as i64, imported.bytes as i64);
        transaction.prepare_cached(sql)?.execute(params![imported.site.0, imported.head.0, head_bytes, bytes])?;
    }
    Ok(())
}

fn add_mails(transaction: &Transaction, flush: &Flush) -> Result<()> {
    for mail in &flush.mails {
        let sql = "INSERT INTO mails VALUES (?, ?, ?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET count = count + excluded.count, people = people + excluded.people";
        let (kind, count, people) = (mail.kind.code(), mail.count as i64, mail.people as i64);
        transaction.prepare_cached(sql)?.execute(params![
            mail.site.0,
            mail.campaign,
            mail.day.0,
            kind,
            count,
            people
        ])?;
    }
    Ok(())
}

/// Notes the batches that are counted now, and forgets those that nobody sends again.
fn add_batches(transaction: &Transaction, flush: &Flush) -> Result<()> {
    if let Some(id) = &flush.follows {
        transaction.prepare_cached("DELETE FROM batches WHERE id = ?")?.execute([id.0])?;
    }
    // A file that can't be removed is found at every start, and one whose folder was missing at a later one.
    for id in flush.known_by() {
        transaction.prepare_cached("INSERT OR IGNORE INTO batches VALUES (?, ?)")?.execute(params![id.0, i32::MAX])?;
    }
    for (id, day) in &flush.batches {
        transaction.prepare_cached("INSERT OR IGNORE INTO batches VALUES (?, ?)")?.execute(params![id.0, day.0])?;
    }
    if let Some(old) = flush.old_batches() {
        transaction.prepare_cached("DELETE FROM batches WHERE day < ?")?.execute([old.0])?;
    }
    Ok(())
}

/// Notes what is said of the journal as of a flush.
pub(super) fn set_journal(connection: &Connection, mark: JournalMark, flush: u64) -> Result<()> {
    let position = match mark {
        JournalMark::AsBefore => return Ok(()),
        JournalMark::UpTo(position) => {
            leave_journal(connection, Some(position.journal))?;
            position
        }
        JournalMark::Gone => {
            leave_journal(connection, None)?;
            connection.prepare_cached("UPDATE journal SET id = NULL WHERE id IS NOT NULL")?.execute([])?;
            return Ok(());
        }
    };
    let sql = "UPDATE journal SET id = ?, segment = ?, \"offset\" = ?, flush = ?";
    let [segment, offset, flush] = [position.segment, position.offset, flush].map(|number| number as i64);
    connection.prepare_cached(sql)?.execute(params![position.journal.0, segment, offset, flush])?;
    Ok(())
}

/// Remembers how far the sums were with a journal if another one, or none, goes on with them: spilled sums may be in it as well.
fn leave_journal(connection: &Connection, next: Option<JournalId>) -> Result<()> {
    let left = read::journal_state(connection)?.drained.filter(|drained| next != Some(drained.journal));
    if let Some(left) = left {
        let sql = "INSERT OR IGNORE INTO batches VALUES (?, ?)";
        connection.prepare_cached(sql)?.execute(params![left.as_id().0, i32::MAX])?;
    }
    Ok(())
}

/// Keeps the folder of a journal.
pub(super) fn set_journal_folder(connection: &Connection, folder: &Path) -> Result<()> {
    connection.execute("UPDATE journal SET folder = ?", [folder.as_os_str().as_bytes()])?;
    Ok(())
}

fn add_rejected(transaction: &Transaction, flush: &Flush) -> Result<()> {
    let sql = "INSERT INTO rejections VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count";
    let mut insert = transaction.prepare_cached(sql)?;
    for rejected in &flush.rejected {
        let count = rejected.count as i64;
        insert.execute(params![rejected.site.0, rejected.day.0, rejected.reason.code(), count])?;
    }
    let sql = "INSERT INTO unvisited VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count";
    let mut insert = transaction.prepare_cached(sql)?;
    for (site, day, count) in &flush.unvisited {
        insert.execute(params![site.0, day.0, *count as i64])?;
    }
    Ok(())
}

/// Adds to a row about bots. A day that has all the rows it may have gets no new ones: what is left counts as other pages.
fn add_bot(transaction: &Transaction, bot: &BotCount) -> Result<()> {
    let sql = "UPDATE bots SET count = count + ?5 WHERE site = ?1 AND day = ?2 AND family = ?3 AND pages = ?4";
    let (site, day, count) = (bot.site.0, bot.day.0, bot.count as i64);
    if transaction.prepare_cached(sql)?.execute(params![site, day, &*bot.family, &*bot.pages, count])? > 0 {
        return Ok(());
    }
    let rows = "SELECT count(*) FROM bots WHERE site = ? AND day = ?";
    let rows: i64 = transaction.prepare_cached(rows)?.query_row(params![site, day], |row| row.get(0))?;
    let of_family = "SELECT count(*) FROM bots WHERE site = ? AND day = ? AND family = ? AND pages != ?";
    let of_family: i64 = transaction
        .prepare_cached(of_family)?
        .query_row(params![site, day, &*bot.family, OTHER_PAGES], |row| row.get(0))?;
    let has_room = rows < limits::BOT_ROWS_PER_DAY_MAX as i64 || of_family < limits::BOT_ROWS_OF_FAMILY as i64;
    let pages = if has_room { &*bot.pages } else { OTHER_PAGES };
    let sql = "INSERT INTO bots VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count";
    transaction.prepare_cached(sql)?.execute(params![site, day, &*bot.family, pages, count])?;
    Ok(())
}

/// The columns `dimension` and `prop` of an axis.
pub(super) type AxisKey = (u8, i64);

/// Cells of a day, by grain and axis; a key may be there several times.
pub(super) type DayCells = BTreeMap<(Grain, AxisKey), CellList>;

/// Numbers of names by site.
pub(super) type SiteIds<'a> = BTreeMap<SiteId, Ids<'a>>;

fn ids_of<'a, 'b>(ids: &'b mut SiteIds<'a>, site: SiteId) -> &'b mut Ids<'a> {
    ids.entry(site).or_insert_with(|| Ids::of(site))
}

/// Adds a day's sums: to its rows while it runs, to `ending` when it ends.
fn add_sums<'a>(
    transaction: &Transaction,
    ids: &mut Ids<'a>,
    day: Day,
    sums: &'a Sums,
    mut ending: Option<&mut DayCells>,
) -> Result<()> {
    let site = ids.site;
    if !texts(sums).all(|text| ids.known(text).is_some()) {
        ids.add(transaction, texts(sums).collect::<BTreeSet<_>>())?;
    }
    let mut rows: BTreeMap<(Grain, AxisKey, i32), Vec<(i64, Tally)>> = BTreeMap::new();
    let mut totals = BTreeMap::new();
    for (cell, hour, tally) in &sums.hours {
        let bucket = LocalHour { day, hour: *hour }.number();
        match ids.columns(transaction, &cell.axis)? {
            None => *totals.entry((Grain::Hour, bucket)).or_default() += *tally,
            Some(axis) => rows.entry((Grain::Hour, axis, bucket)).or_default().push((ids.name(&cell.value), *tally)),
        }
    }
    for (cell, tally) in &sums.days {
        match ids.columns(transaction, &cell.axis)? {
            None => {
                *totals.entry((Grain::Day, day.0)).or_default() += *tally;
                *totals.entry((Grain::Month, day.month().0)).or_default() += *tally;
            }
            Some(axis) => rows.entry((Grain::Day, axis, day.0)).or_default().push((ids.name(&cell.value), *tally)),
        }
    }
    // The order of what is counted is another each time; rows in key order touch each page of the tree once.
    totals.into_iter().try_for_each(|((grain, bucket), sum)| add_total(transaction, site, grain, bucket, sum))?;
    for ((grain, axis, bucket), cells) in rows {
        match &mut ending {
            Some(ending) => end_cells(ending, (grain, axis), bucket, cells)?,
            None => add_cells(transaction, site, grain, axis, bucket, cells)?,
        }
    }
    Ok(())
}

/// Adds cells of one axis and bucket to those that are packed at once. Those of hours have the hour as their second number.
fn end_cells(ending: &mut DayCells, axis: (Grain, AxisKey), bucket: i32, cells: Vec<(i64, Tally)>) -> Result<()> {
    let second = if axis.0 == Grain::Hour { bucket.rem_euclid(24) as u32 } else { 0 };
    let to = ending.entry(axis).or_default();
    to.reserve(cells.len());
    for (value, tally) in cells {
        to.push(((u32::try_from(value).map_err(|_| StoreError::Full)?, second), tally));
    }
    Ok(())
}

fn add_total(connection: &Connection, site: SiteId, grain: Grain, bucket: i32, tally: Tally) -> Result<()> {
    let key = [i64::from(site.0), super::packed::grain_code(grain), i64::from(bucket)];
    let sql = adding("site_totals", &["site", "grain", "bucket"], &HOUR_COLUMNS);
    connection.prepare_cached(&sql)?.execute(params_from_iter(key.into_iter().chain(tally.columns())))?;
    Ok(())
}

/// What adds a row of sums to the one that is there.
fn adding(table: &str, key: &[&str], sums: &[&str]) -> String {
    let columns = [key, sums].concat();
    let (names, marks) = (columns.join(", "), vec!["?"; columns.len()].join(", "));
    let added = sums.iter().map(|column| format!("{column} = {column} + excluded.{column}")).collect::<Vec<_>>();
    format!("INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO UPDATE SET {}", added.join(", "))
}

/// Adds cells of one axis in one bucket, given by the numbers of their values.
pub(super) fn add_cells(
    connection: &Connection,
    site: SiteId,
    grain: Grain,
    (dimension, prop): AxisKey,
    bucket: i32,
    mut cells: Vec<(i64, Tally)>,
) -> Result<()> {
    // Rows in key order touch each page of the tree once.
    cells.sort_unstable_by_key(|(value, _)| *value);
    let sums = columns_of(grain);
    let sql = adding(table(grain), &["site", "dimension", "prop", "bucket", "value"], sums);
    let mut statement = connection.prepare_cached(&sql)?;
    for (value, tally) in cells {
        let key = [i64::from(site.0), dimension.into(), prop, bucket.into(), value];
        statement.execute(params_from_iter(key.iter().chain(&tally.columns()[..sums.len()])))?;
    }
    Ok(())
}

/// The columns of the tallies of a grain.
pub(super) fn columns_of(grain: Grain) -> &'static [&'static str] {
    if grain == Grain::Hour { &HOUR_COLUMNS } else { &TALLY_COLUMNS }
}

/// The table of a grain.
pub(super) fn table(grain: Grain) -> &'static str {
    match grain {
        Grain::Hour => "hours",
        Grain::Day => "days",
        Grain::Month => "months",
    }
}

/// Numbers of the names and axes that a flush brings for one site.
pub(super) struct Ids<'a> {
    site: SiteId,
    names: HashMap<&'a str, i64, foldhash::fast::RandomState>,
    axes: HashMap<[i64; 3], i64>,
}

impl<'a> Ids<'a> {
    fn of(site: SiteId) -> Ids<'a> {
        Ids { site, names: HashMap::default(), axes: HashMap::new() }
    }

    fn add(&mut self, connection: &Connection, texts: impl IntoIterator<Item = &'a str>) -> Result<()> {
        texts.into_iter().try_for_each(|text| self.number(connection, text).map(|_| ()))
    }

    /// The number of a name that was met.
    pub(super) fn known(&self, text: &str) -> Option<i64> {
        self.names.get(text).copied()
    }

    /// The number of a name, new if need be.
    fn number(&mut self, connection: &Connection, text: &'a str) -> Result<i64> {
        if let Some(number) = self.names.get(text) {
            return Ok(*number);
        }
        let number = name(connection, self.site, text)?;
        self.names.insert(text, number);
        Ok(number)
    }

    /// The columns of an axis; nothing for the total.
    fn columns(&mut self, transaction: &Transaction, axis: &'a Axis<Name>) -> Result<Option<AxisKey>> {
        let optional = |ids: &Ids, name: &'a Option<Name>| name.as_deref().map_or(0, |name| ids.name(name));
        Ok(Some(match axis {
            Axis::Total => return Ok(None),
            Axis::Of(dimension) => (dimension.code(), 0),
            Axis::Prop { key, event } => {
                let columns = [optional(self, event), self.name(key), 0];
                (PROP, self.axis(transaction, columns)?)
            }
            Axis::Revenue { event, within } => {
                let (key, currency) = within.as_ref().map_or((0, 0), |(k, c)| (self.name(k), self.name(c)));
                let columns = [self.name(event), key, currency];
                (REVENUE, self.axis(transaction, columns)?)
            }
            Axis::Funnel(funnel) => (FUNNEL, i64::from(*funnel)),
        }))
    }

    /// The numbers of the names.
    pub(super) fn names(&self) -> impl Iterator<Item = i64> {
        self.names.values().copied()
    }

    /// The numbers of the axes.
    pub(super) fn axes(&self) -> impl Iterator<Item = i64> {
        self.axes.values().copied()
    }

    fn name(&self, text: &str) -> i64 {
        self.known(text).unwrap_or(0)
    }

    fn axis(&mut self, transaction: &Transaction, columns: [i64; 3]) -> Result<i64> {
        if let Some(id) = self.axes.get(&columns) {
            return Ok(*id);
        }
        let id = match axis_id(transaction, self.site, columns)? {
            Some(id) => id,
            None => {
                let [event, key, currency] = columns;
                let sql = "INSERT INTO axes (site, event, key, currency) VALUES (?, ?, ?, ?)";
                transaction.prepare_cached(sql)?.execute(params![self.site.0, event, key, currency])?;
                transaction.last_insert_rowid()
            }
        };
        self.axes.insert(columns, id);
        Ok(id)
    }
}

/// All texts of the sums, some of them more than once.
fn texts(sums: &Sums) -> impl Iterator<Item = &str> {
    let cells = sums.hours.iter().map(|(cell, _, _)| cell).chain(sums.days.iter().map(|(cell, _)| cell));
    cells.flat_map(|cell| {
        let value = (cell.axis != Axis::Total).then_some(&*cell.value);
        let (name, within) = match &cell.axis {
            Axis::Prop { key, event } => ([Some(&**key), event.as_deref()], None),
            Axis::Revenue { event, within } => ([Some(&**event), None], within.as_ref()),
            _ => ([None, None], None),
        };
        let within = within.into_iter().flat_map(|(key, currency)| [&**key, &**currency]);
        value.into_iter().chain(name.into_iter().flatten()).chain(within)
    })
}

/// The number of a name, new if need be.
pub(super) fn name(connection: &Connection, site: SiteId, text: &str) -> Result<i64> {
    if let Some(id) = name_id(connection, site, text)? {
        return Ok(id);
    }
    connection.prepare_cached("INSERT INTO names (site, text) VALUES (?, ?)")?.execute(params![site.0, text])?;
    Ok(connection.last_insert_rowid())
}

/// The number of a name, if the store has met it.
pub(super) fn name_id(connection: &Connection, site: SiteId, text: &str) -> Result<Option<i64>> {
    let sql = "SELECT id FROM names WHERE site = ? AND text = ?";
    Ok(connection.prepare_cached(sql)?.query_row(params![site.0, text], |row| row.get(0)).optional()?)
}

/// The number of an axis with these columns `event`, `key` and `currency`, if the store has met it.
pub(super) fn axis_id(connection: &Connection, site: SiteId, [event, key, currency]: [i64; 3]) -> Result<Option<i64>> {
    let sql = "SELECT id FROM axes WHERE site = ? AND event = ? AND key = ? AND currency = ?";
    Ok(connection.prepare_cached(sql)?.query_row(params![site.0, event, key, currency], |row| row.get(0)).optional()?)
}

/// Removes hours. Where the days or months of some went before, names that only those had are to be swept.
fn prune_hours(transaction: &Transaction, site: SiteId, first: Day) -> Result<()> {
    let whole = retaining::first_whole(transaction, site)?;
    if whole.map_or(Ok(0), |day| delete_hours(transaction, site, first.min(day)))? > 0 {
        leftovers::mark(transaction, site)?;
    }
    delete_hours(transaction, site, first)?;
    Ok(())
}

fn delete_hours(transaction: &Transaction, site: SiteId, first: Day) -> Result<usize> {
    let sql = "DELETE FROM hours WHERE site = ? AND bucket < ?";
    let rows = transaction.prepare_cached(sql)?.execute(params![site.0, first.0 * 24])?;
    let sql = "DELETE FROM packed WHERE site = ? AND grain = 0 AND bucket < ?";
    Ok(rows + transaction.prepare_cached(sql)?.execute(params![site.0, first.0])?)
}
