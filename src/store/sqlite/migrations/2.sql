-- What is over is packed; pairs of dimensions, money, funnels; totals have a table of their own.
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
CREATE TABLE site_totals (
  site INTEGER NOT NULL,
  grain INTEGER NOT NULL,  -- 0 hours, 1 days, 2 months
  bucket INTEGER NOT NULL,
  visitors INTEGER NOT NULL,
  visits INTEGER NOT NULL,
  pageviews INTEGER NOT NULL,
  events INTEGER NOT NULL,
  bounces INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  engaged_visits INTEGER NOT NULL,
  engaged_ms INTEGER NOT NULL,
  scroll INTEGER NOT NULL,
  revenue INTEGER NOT NULL,
  PRIMARY KEY (site, grain, bucket)
) WITHOUT ROWID;
INSERT INTO site_totals SELECT site, 0, bucket, visitors, visits, pageviews, events, bounces, seconds, engaged_visits, engaged_ms, scroll, 0 FROM hours WHERE dimension = 0;
DELETE FROM hours WHERE dimension = 0;
ALTER TABLE hours ADD COLUMN revenue INTEGER NOT NULL DEFAULT 0;
INSERT INTO site_totals SELECT site, 1, bucket, visitors, visits, pageviews, events, bounces, seconds, engaged_visits, engaged_ms, scroll, 0 FROM days WHERE dimension = 0;
DELETE FROM days WHERE dimension = 0;
ALTER TABLE days ADD COLUMN revenue INTEGER NOT NULL DEFAULT 0;
INSERT INTO site_totals SELECT site, 2, bucket, visitors, visits, pageviews, events, bounces, seconds, engaged_visits, engaged_ms, scroll, 0 FROM months WHERE dimension = 0;
DELETE FROM months WHERE dimension = 0;
ALTER TABLE months ADD COLUMN revenue INTEGER NOT NULL DEFAULT 0;
-- Months are added up anew when their days are packed, at the next start.
DELETE FROM months;
DROP VIEW IF EXISTS by_source;
CREATE VIEW by_source AS SELECT s.domain, c.month, n.text AS source, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 1
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 1
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_referrer;
CREATE VIEW by_referrer AS SELECT s.domain, c.month, n.text AS referrer, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 2
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 2
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_channel;
CREATE VIEW by_channel AS SELECT s.domain, c.month, n.text AS channel, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 3
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 3
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_utm_source;
CREATE VIEW by_utm_source AS SELECT s.domain, c.month, n.text AS utm_source, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 4
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 4
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_utm_medium;
CREATE VIEW by_utm_medium AS SELECT s.domain, c.month, n.text AS utm_medium, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 5
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 5
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_utm_campaign;
CREATE VIEW by_utm_campaign AS SELECT s.domain, c.month, n.text AS utm_campaign, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 6
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 6
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_utm_content;
CREATE VIEW by_utm_content AS SELECT s.domain, c.month, n.text AS utm_content, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 7
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 7
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_utm_term;
CREATE VIEW by_utm_term AS SELECT s.domain, c.month, n.text AS utm_term, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 8
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 8
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_country;
CREATE VIEW by_country AS SELECT s.domain, c.month, n.text AS country, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 9
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 9
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_region;
CREATE VIEW by_region AS SELECT s.domain, c.month, n.text AS region, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 10
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 10
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_city;
CREATE VIEW by_city AS SELECT s.domain, c.month, n.text AS city, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 11
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 11
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_browser;
CREATE VIEW by_browser AS SELECT s.domain, c.month, n.text AS browser, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 12
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 12
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_browser_version;
CREATE VIEW by_browser_version AS SELECT s.domain, c.month, n.text AS browser_version, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 13
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 13
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_os;
CREATE VIEW by_os AS SELECT s.domain, c.month, n.text AS os, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 14
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 14
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_os_version;
CREATE VIEW by_os_version AS SELECT s.domain, c.month, n.text AS os_version, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 15
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 15
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_device;
CREATE VIEW by_device AS SELECT s.domain, c.month, n.text AS device, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 16
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 16
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_screen;
CREATE VIEW by_screen AS SELECT s.domain, c.month, n.text AS screen, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 17
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 17
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_language;
CREATE VIEW by_language AS SELECT s.domain, c.month, n.text AS language, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 18
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 18
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_entry_page;
CREATE VIEW by_entry_page AS SELECT s.domain, c.month, n.text AS entry_page, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 19
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 19
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_exit_page;
CREATE VIEW by_exit_page AS SELECT s.domain, c.month, n.text AS exit_page, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 20
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 20
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_page;
CREATE VIEW by_page AS SELECT s.domain, c.month, n.text AS page, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 21
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 21
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_hostname;
CREATE VIEW by_hostname AS SELECT s.domain, c.month, n.text AS hostname, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 22
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 22
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS by_event;
CREATE VIEW by_event AS SELECT s.domain, c.month, n.text AS event, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 23
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 23
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
DROP VIEW IF EXISTS totals;
CREATE VIEW totals AS SELECT s.domain, date(c.bucket * 86400, 'unixepoch') AS day, c.visitors, c.visits, c.pageviews, c.events, c.bounces, c.seconds, c.engaged_visits, c.engaged_ms, c.scroll, c.revenue FROM site_totals c JOIN sites s ON s.id = c.site WHERE c.grain = 1;
