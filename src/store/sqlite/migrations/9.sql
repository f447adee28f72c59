-- Months that are being added up, block by block, and the last cell of two dimensions that is in their blocks.
CREATE TABLE months_begun (
  site INTEGER NOT NULL,
  month INTEGER NOT NULL,
  pair INTEGER NOT NULL,   -- as in `pairs`
  first INTEGER NOT NULL,
  second INTEGER NOT NULL,
  blocks INTEGER NOT NULL, -- how many are written
  PRIMARY KEY (site, month)
) WITHOUT ROWID;
-- Whether a month has its large tables in the order of their other value too.
ALTER TABLE months_added ADD COLUMN turned INTEGER NOT NULL DEFAULT 0;
INSERT INTO months_begun SELECT m.site, m.month, 65536, 0, 0,
  (SELECT coalesce(max(sequence) + 1, 0) FROM pairs WHERE site = m.site AND grain = 2 AND bucket = m.month)
  FROM months_added m;
