-- The folder in memory in which the last journal was made: it is looked at whatever the configuration says later.
ALTER TABLE journal ADD COLUMN folder BLOB;
-- Pageviews and events that were counted without a visitor, because there was no room for one.
CREATE TABLE unvisited (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (site, day)
) WITHOUT ROWID;
