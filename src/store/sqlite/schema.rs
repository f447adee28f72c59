//! In: a connection. Out: the same, with its pragmas set and its schema up to date. Forgets: nothing.
//!
//! Days that are not over and months have one row per cell, plain enough for any SQLite tool; views named after the panels
//! spell out names and dates. Days that are over are packed ([`crate::cell::packed`]): they are most of the file.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;
use crate::cell::Dimension;

/// Version of the schema, kept in `user_version`.
const VERSION: i64 = 6;

/// Code of the axis [`crate::cell::Axis::Total`] in the column `dimension`.
const TOTAL: u8 = 0;
/// Code of the axes [`crate::cell::Axis::Prop`]; which property it is stands in the column `prop`.
const PROP: u8 = 100;
/// Code of the axes [`crate::cell::Axis::Revenue`]; which one it is stands in the column `prop`.
const REVENUE: u8 = 101;
/// Code of the axes [`crate::cell::Axis::Funnel`]; the column `prop` holds its number.
const FUNNEL: u8 = 102;

/// The columns of a tally, in the order of [`crate::cell::Tally::columns`].
pub(in crate::store) const TALLY_COLUMNS: [&str; 10] = [
    "visitors",
    "visits",
    "pageviews",
    "events",
    "bounces",
    "seconds",
    "engaged_visits",
    "engaged_ms",
    "scroll",
    "revenue",
];

/// The columns of a tally in the first version.
const TALLY_1: usize = 9;

pub(super) fn prepare_writer(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // Only an empty file takes this one, so it comes first.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

pub(super) fn prepare_reader(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "query_only", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        let sentence = "a newer version of headcount wrote this database; install that version or restore a backup";
        return Err(StoreError::Other(sentence.into()));
    }
    if version < 1 {
        transaction.execute_batch(&first_schema())?;
    }
    if version < 2 {
        transaction.execute_batch(&second_schema())?;
    }
    if version < 3 {
        transaction.execute_batch(BOTS)?;
    }
    if version < 4 {
        transaction.execute_batch(ARRIVALS)?;
    }
    if version < 5 {
        transaction.execute_batch(&people())?;
    }
    if version < 6 {
        transaction.execute_batch(SHARES)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

fn first_schema() -> String {
    let mut sql = String::from(OPERATORS);
    sql.push_str(NAMES);
    for table in ["hours", "days", "months"] {
        sql.push_str(&cells(table));
    }
    sql
}

/// Closed days packed, pairs of dimensions, money and funnels.
fn second_schema() -> String {
    let mut sql = String::from(PACKED);
    let numbers = TALLY_COLUMNS.map(|column| format!("  {column} INTEGER NOT NULL,\n")).concat();
    sql.push_str(&format!(
        "CREATE TABLE site_totals (
  site INTEGER NOT NULL,
  grain INTEGER NOT NULL,  -- 0 hours, 1 days, 2 months
  bucket INTEGER NOT NULL,
{numbers}  PRIMARY KEY (site, grain, bucket)
) WITHOUT ROWID;\n"
    ));
    for (grain, table) in ["hours", "days", "months"].into_iter().enumerate() {
        let old = TALLY_COLUMNS[..TALLY_1].join(", ");
        sql.push_str(&format!(
            "INSERT INTO site_totals SELECT site, {grain}, bucket, {old}, 0 FROM {table} WHERE dimension = {TOTAL};
             DELETE FROM {table} WHERE dimension = {TOTAL};
             ALTER TABLE {table} ADD COLUMN revenue INTEGER NOT NULL DEFAULT 0;\n"
        ));
    }
    // Months are added up anew when their days are packed, at the next start.
    sql.push_str("DELETE FROM months;\n");
    for dimension in Dimension::ALL {
        sql.push_str(&format!("DROP VIEW IF EXISTS by_{};\n", dimension.name()));
        sql.push_str(&view(dimension));
    }
    let totals = TALLY_COLUMNS.map(|column| format!(", c.{column}")).concat();
    sql.push_str(&format!(
        "DROP VIEW IF EXISTS totals;
         CREATE VIEW totals AS SELECT s.domain, date(c.bucket * 86400, 'unixepoch') AS day{totals} \
         FROM site_totals c JOIN sites s ON s.id = c.site WHERE c.grain = 1;\n"
    ));
    sql
}

/// What is packed. A row of `packed` holds all cells of one dimension in one bucket; those of `pairs` hold the cells of any two
/// dimensions, several tables to a row.
const PACKED: &str = "
CREATE TABLE packed (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  grain INTEGER NOT NULL,     -- 0 the hours of a day, 1 a day, 2 a month
  dimension INTEGER NOT NULL,
  prop INTEGER NOT NULL,      -- as in `days`
  bucket INTEGER NOT NULL,    -- a day, or a month
  cells BLOB NOT NULL
);
CREATE UNIQUE INDEX packed_key ON packed (site, grain, dimension, prop, bucket);
CREATE TABLE pairs (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  grain INTEGER NOT NULL,       -- 1 a day, 2 a month
  bucket INTEGER NOT NULL,
  part INTEGER NOT NULL,        -- 0 for good, 1 of the running collector, 2 of a running import
  first_table INTEGER NOT NULL, -- the first pair in it: its second dimension times 256, and its first
  sequence INTEGER NOT NULL,
  cells BLOB NOT NULL
);
CREATE UNIQUE INDEX pairs_key ON pairs (site, grain, bucket, part, first_table, sequence);
CREATE INDEX pairs_running ON pairs (site, bucket) WHERE part <> 0;
CREATE TABLE months_added (site INTEGER NOT NULL, month INTEGER NOT NULL, PRIMARY KEY (site, month)) WITHOUT ROWID;
CREATE TABLE days_closed (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  number INTEGER NOT NULL, -- the last flush that closed it
  PRIMARY KEY (site, day)
) WITHOUT ROWID;
CREATE TABLE axes (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  event INTEGER NOT NULL,    -- a name, or 0 for every event
  key INTEGER NOT NULL,      -- a name: the key of a property; 0 for money by its currencies
  currency INTEGER NOT NULL, -- a name: that of money by a property, or 0
  UNIQUE (site, event, key, currency)
);
INSERT INTO axes SELECT id, site, event, key, 0 FROM props;
DROP TABLE props;
";

/// Sites, people and keys.
const OPERATORS: &str = "
CREATE TABLE sites (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  domain TEXT NOT NULL UNIQUE,
  timezone TEXT NOT NULL,
  next_timezone TEXT,
  next_from_ms INTEGER,
  settings TEXT NOT NULL,
  added_ms INTEGER NOT NULL
);
CREATE TABLE sign_in_links (hash BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE logins (hash BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE,
  site INTEGER REFERENCES sites (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  added_ms INTEGER NOT NULL
);
";

/// Names, properties, rejections, and how far flushes have come.
const NAMES: &str = "
CREATE TABLE flushes (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT INTO flushes VALUES (1, 0);
CREATE TABLE names (id INTEGER PRIMARY KEY, site INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (site, text));
CREATE TABLE props (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  event INTEGER NOT NULL, -- a name, or 0 for every event
  key INTEGER NOT NULL,   -- a name
  UNIQUE (site, event, key)
);
CREATE TABLE imports (
  site INTEGER NOT NULL,
  head BLOB NOT NULL,          -- digest of the log's beginning, addresses left out
  head_bytes INTEGER NOT NULL, -- how long that beginning is
  bytes INTEGER NOT NULL,      -- how much of the log is counted
  PRIMARY KEY (site, head)
) WITHOUT ROWID;
CREATE TABLE rejections (
  site INTEGER NOT NULL, -- 0 is the instance
  day INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (site, day, reason)
) WITHOUT ROWID;
";

/// What keeps hits from being counted twice, and the sums of mail campaigns.
const ARRIVALS: &str = "
CREATE TABLE batches (
  id BLOB PRIMARY KEY,  -- digest of a batch's id and its sender's token
  day INTEGER NOT NULL  -- when it came, in UTC
) WITHOUT ROWID;
CREATE TABLE keys (name TEXT PRIMARY KEY, secret BLOB NOT NULL) WITHOUT ROWID; -- what links in mails are signed with
CREATE TABLE mails (
  site INTEGER NOT NULL,
  campaign TEXT NOT NULL, -- a declared name, or (unknown)
  day INTEGER NOT NULL,
  kind INTEGER NOT NULL,  -- what happened, and who asked for it
  count INTEGER NOT NULL,
  people INTEGER NOT NULL, -- distinct within the day
  PRIMARY KEY (site, campaign, day, kind)
) WITHOUT ROWID;
";

/// Programs that came, by day, family and group of pages (version 3).
const BOTS: &str = "
CREATE TABLE bots (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  family TEXT NOT NULL,
  pages TEXT NOT NULL, -- the first part of the paths, or (other)
  count INTEGER NOT NULL,
  PRIMARY KEY (site, day, family, pages)
) WITHOUT ROWID;
CREATE VIEW by_bot AS SELECT s.domain, date(b.day * 86400, 'unixepoch') AS day, b.family, b.pages, b.count
  FROM bots b JOIN sites s ON s.id = b.site;
";

/// Pages for readers who are not signed in (version 6).
const SHARES: &str = "
CREATE TABLE shares (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  name TEXT NOT NULL,   -- 'public' is the page whose address is the site's name
  hash BLOB UNIQUE,     -- digest of a secret link; none for the public page
  password TEXT,        -- a slow digest (argon2id), or none
  until_ms INTEGER,     -- when it ends, if it does
  embed TEXT NOT NULL,  -- hosts in whose pages it may stand, with a space between
  added_ms INTEGER NOT NULL,
  UNIQUE (site, name)
);
";

/// Users by name, to whom sign-ins belong (version 5). Before it there was one operator without a name: what was given out
/// belongs to the first owner.
fn people() -> String {
    let lasts = crate::limits::LOGIN_MS;
    format!(
        "
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  folded TEXT NOT NULL UNIQUE, -- the name in small letters, to find it by
  role TEXT NOT NULL,
  all_sites INTEGER NOT NULL,  -- whether it is all sites that may be read, or those in `users_sites`
  password TEXT,               -- a slow digest (argon2id), or none
  added_ms INTEGER NOT NULL,
  last_day INTEGER             -- of the last sign-in, in UTC
);
INSERT INTO users (id, name, folded, role, all_sites, added_ms) VALUES (1, 'owner', 'owner', 'owner', 1, 0);
CREATE TABLE users_sites (
  user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  PRIMARY KEY (user, site)
) WITHOUT ROWID;
ALTER TABLE sign_in_links RENAME TO sign_in_links_4;
CREATE TABLE sign_in_links (
  hash BLOB PRIMARY KEY,
  user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  until_ms INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO sign_in_links SELECT hash, 1, until_ms FROM sign_in_links_4;
DROP TABLE sign_in_links_4;
ALTER TABLE logins RENAME TO logins_4;
CREATE TABLE logins (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE,
  user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  day INTEGER NOT NULL,      -- when the browser was signed in, in UTC
  until_ms INTEGER NOT NULL
);
CREATE INDEX logins_user ON logins (user);
INSERT INTO logins (hash, user, day, until_ms) SELECT hash, 1, (until_ms - {lasts}) / 86400000, until_ms FROM logins_4;
DROP TABLE logins_4;
UPDATE users SET last_day = (SELECT max(day) FROM logins);
"
    )
}

fn cells(table: &str) -> String {
    let numbers = TALLY_COLUMNS[..TALLY_1].iter().map(|column| format!("  {column} INTEGER NOT NULL,\n"));
    let numbers: String = numbers.collect();
    format!(
        "CREATE TABLE {table} (
  site INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- {PROP} is a property, {REVENUE} money, {FUNNEL} a funnel
  prop INTEGER NOT NULL,      -- which property, money or funnel, or 0
  bucket INTEGER NOT NULL,
  value INTEGER NOT NULL,     -- a name
{numbers}  PRIMARY KEY (site, dimension, prop, bucket, value)
) WITHOUT ROWID;\n"
    )
}

/// A view of the months of a dimension with words instead of numbers.
fn view(dimension: Dimension) -> String {
    let numbers = TALLY_COLUMNS.map(|column| format!(", sum(c.{column}) AS {column}")).concat();
    let (name, code) = (dimension.name(), dimension.code());
    // Days that are not packed yet are in no month.
    format!(
        "CREATE VIEW by_{name} AS SELECT s.domain, c.month, n.text AS {name}{numbers} FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = {code}
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = {code}
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_made_once_and_newer_ones_are_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        let views: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'view'", [], |r| r.get(0)).unwrap();
        // One for each dimension, that of the totals, and that of programs.
        assert_eq!(views as usize, Dimension::ALL.len() + 2);
        connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
        let refused = migrate(&mut connection).unwrap_err();
        assert!(refused.to_string().contains("newer version"), "{refused}");
    }
}
