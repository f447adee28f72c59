-- Months whose days keep no cells of two dimensions any more: the month has their sums. What comes later for such a day stays with it.
CREATE TABLE months_alone (
  site INTEGER NOT NULL,
  month INTEGER NOT NULL,
  done INTEGER NOT NULL, -- whether all of its days' cells are gone
  PRIMARY KEY (site, month)
) WITHOUT ROWID;
