-- Sites, what operators have given out, names, and cells of running days.
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
CREATE TABLE hours (
  site INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- 100 is a property, 101 money, 102 a funnel
  prop INTEGER NOT NULL,      -- which property, money or funnel, or 0
  bucket INTEGER NOT NULL,
  value INTEGER NOT NULL,     -- a name
  visitors INTEGER NOT NULL,
  visits INTEGER NOT NULL,
  pageviews INTEGER NOT NULL,
  events INTEGER NOT NULL,
  bounces INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  engaged_visits INTEGER NOT NULL,
  engaged_ms INTEGER NOT NULL,
  scroll INTEGER NOT NULL,
  PRIMARY KEY (site, dimension, prop, bucket, value)
) WITHOUT ROWID;
CREATE TABLE days (
  site INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- 100 is a property, 101 money, 102 a funnel
  prop INTEGER NOT NULL,      -- which property, money or funnel, or 0
  bucket INTEGER NOT NULL,
  value INTEGER NOT NULL,     -- a name
  visitors INTEGER NOT NULL,
  visits INTEGER NOT NULL,
  pageviews INTEGER NOT NULL,
  events INTEGER NOT NULL,
  bounces INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  engaged_visits INTEGER NOT NULL,
  engaged_ms INTEGER NOT NULL,
  scroll INTEGER NOT NULL,
  PRIMARY KEY (site, dimension, prop, bucket, value)
) WITHOUT ROWID;
CREATE TABLE months (
  site INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- 100 is a property, 101 money, 102 a funnel
  prop INTEGER NOT NULL,      -- which property, money or funnel, or 0
  bucket INTEGER NOT NULL,
  value INTEGER NOT NULL,     -- a name
  visitors INTEGER NOT NULL,
  visits INTEGER NOT NULL,
  pageviews INTEGER NOT NULL,
  events INTEGER NOT NULL,
  bounces INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  engaged_visits INTEGER NOT NULL,
  engaged_ms INTEGER NOT NULL,
  scroll INTEGER NOT NULL,
  PRIMARY KEY (site, dimension, prop, bucket, value)
) WITHOUT ROWID;
