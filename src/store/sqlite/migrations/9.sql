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
