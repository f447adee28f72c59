-- A database of schema version 1: two days of imported hits and one that runs.
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
INSERT INTO "days" VALUES(1,0,0,20605,0,2,2,3,1,1,60,1,5000,50);
INSERT INTO "days" VALUES(1,0,0,20606,0,2,2,3,1,1,60,1,5000,50);
INSERT INTO "days" VALUES(1,0,0,20607,0,2,2,3,1,1,60,1,5000,50);
INSERT INTO "days" VALUES(1,1,0,20605,5,2,2,3,1,1,60,1,5000,50);
INSERT INTO "days" VALUES(1,1,0,20606,5,2,2,3,1,1,60,1,5000,50);
INSERT INTO "days" VALUES(1,1,0,20607,5,2,2,3,1,1,60,1,5000,50);
INSERT INTO "days" VALUES(1,21,0,20605,12,2,2,3,1,1,60,1,5000,50);
INSERT INTO "days" VALUES(1,21,0,20605,13,1,1,1,0,1,0,0,0,0);
INSERT INTO "days" VALUES(1,21,0,20606,12,2,2,3,1,1,60,1,5000,50);
INSERT INTO "days" VALUES(1,21,0,20606,13,1,1,1,0,1,0,0,0,0);
INSERT INTO "days" VALUES(1,21,0,20607,12,2,2,3,1,1,60,1,5000,50);
INSERT INTO "days" VALUES(1,21,0,20607,13,1,1,1,0,1,0,0,0,0);
INSERT INTO "days" VALUES(1,100,1,20605,23,1,1,0,1,0,0,0,0,0);
INSERT INTO "days" VALUES(1,100,1,20606,23,1,1,0,1,0,0,0,0,0);
INSERT INTO "days" VALUES(1,100,1,20607,23,1,1,0,1,0,0,0,0,0);
CREATE TABLE flushes (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT INTO "flushes" VALUES(1,77);
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
INSERT INTO "hours" VALUES(1,0,0,494529,0,2,2,3,1,1,60,1,5000,50);
INSERT INTO "hours" VALUES(1,0,0,494553,0,2,2,3,1,1,60,1,5000,50);
INSERT INTO "hours" VALUES(1,0,0,494577,0,2,2,3,1,1,60,1,5000,50);
INSERT INTO "hours" VALUES(1,1,0,494529,5,2,2,3,1,1,60,1,5000,50);
INSERT INTO "hours" VALUES(1,1,0,494553,5,2,2,3,1,1,60,1,5000,50);
INSERT INTO "hours" VALUES(1,1,0,494577,5,2,2,3,1,1,60,1,5000,50);
INSERT INTO "hours" VALUES(1,21,0,494529,12,2,2,3,1,1,60,1,5000,50);
INSERT INTO "hours" VALUES(1,21,0,494529,13,1,1,1,0,1,0,0,0,0);
INSERT INTO "hours" VALUES(1,21,0,494553,12,2,2,3,1,1,60,1,5000,50);
INSERT INTO "hours" VALUES(1,21,0,494553,13,1,1,1,0,1,0,0,0,0);
INSERT INTO "hours" VALUES(1,21,0,494577,12,2,2,3,1,1,60,1,5000,50);
INSERT INTO "hours" VALUES(1,21,0,494577,13,1,1,1,0,1,0,0,0,0);
INSERT INTO "hours" VALUES(1,100,1,494529,23,1,1,0,1,0,0,0,0,0);
INSERT INTO "hours" VALUES(1,100,1,494553,23,1,1,0,1,0,0,0,0,0);
INSERT INTO "hours" VALUES(1,100,1,494577,23,1,1,0,1,0,0,0,0,0);
CREATE TABLE imports (
  site INTEGER NOT NULL,
  head BLOB NOT NULL,          -- digest of the log's beginning, addresses left out
  head_bytes INTEGER NOT NULL, -- how long that beginning is
  bytes INTEGER NOT NULL,      -- how much of the log is counted
  PRIMARY KEY (site, head)
) WITHOUT ROWID;
INSERT INTO "imports" VALUES(1,X'0404040404040404040404040404040404040404040404040404040404040404',100,500);
CREATE TABLE logins (hash BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "logins" VALUES(X'0202020202020202020202020202020202020202020202020202020202020202',1801000000000);
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
INSERT INTO "months" VALUES(1,0,0,24317,0,6,6,9,3,3,180,3,15000,150);
INSERT INTO "months" VALUES(1,21,0,24317,12,6,6,9,3,3,180,3,15000,150);
CREATE TABLE names (id INTEGER PRIMARY KEY, site INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (site, text));
INSERT INTO "names" VALUES(1,1,'(not set)');
INSERT INTO "names" VALUES(2,1,'/b');
INSERT INTO "names" VALUES(3,1,'Direct');
INSERT INTO "names" VALUES(4,1,'DirectDirect / None');
INSERT INTO "names" VALUES(5,1,'Direct / None');
INSERT INTO "names" VALUES(6,1,'Firefox');
INSERT INTO "names" VALUES(7,1,'Firefox 128');
INSERT INTO "names" VALUES(8,1,'Linux');
INSERT INTO "names" VALUES(9,1,'desktop');
INSERT INTO "names" VALUES(10,1,'example.com');
INSERT INTO "names" VALUES(11,1,'pageview');
INSERT INTO "names" VALUES(12,1,'/');
INSERT INTO "names" VALUES(13,1,'/a');
INSERT INTO "names" VALUES(14,1,'Chrome');
INSERT INTO "names" VALUES(15,1,'Chrome 126');
INSERT INTO "names" VALUES(16,1,'Google');
INSERT INTO "names" VALUES(17,1,'Organic Search');
INSERT INTO "names" VALUES(18,1,'Organic SearchGoogle');
INSERT INTO "names" VALUES(19,1,'Windows');
INSERT INTO "names" VALUES(20,1,'Windows 10/11');
INSERT INTO "names" VALUES(21,1,'google.com');
INSERT INTO "names" VALUES(22,1,'plan');
INSERT INTO "names" VALUES(23,1,'pro');
INSERT INTO "names" VALUES(24,1,'Signup');
CREATE TABLE props (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  event INTEGER NOT NULL, -- a name, or 0 for every event
  key INTEGER NOT NULL,   -- a name
  UNIQUE (site, event, key)
);
INSERT INTO "props" VALUES(1,1,24,22);
CREATE TABLE rejections (
  site INTEGER NOT NULL, -- 0 is the instance
  day INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (site, day, reason)
) WITHOUT ROWID;
INSERT INTO "rejections" VALUES(1,20605,1,1);
CREATE TABLE sign_in_links (hash BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "sign_in_links" VALUES(X'0101010101010101010101010101010101010101010101010101010101010101',1800000600000);
CREATE TABLE sites (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  domain TEXT NOT NULL UNIQUE,
  timezone TEXT NOT NULL,
  next_timezone TEXT,
  next_from_ms INTEGER,
  settings TEXT NOT NULL,
  added_ms INTEGER NOT NULL
);
INSERT INTO "sites" VALUES(1,'example.com','Etc/UTC',NULL,NULL,'{"address":"hash","hosts":[],"aliases":[],"campaigns":{},"counter":false,"small_counts_k":5,"opt_out":true,"goals":[],"funnels":[],"funnels_made":0,"budget":{"values":10000,"pair_cells":2000000}}',0);
CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE,
  site INTEGER REFERENCES sites (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  added_ms INTEGER NOT NULL
);
INSERT INTO "tokens" VALUES(1,X'0303030303030303030303030303030303030303030303030303030303030303',NULL,'read',0);
PRAGMA user_version = 1;
