-- Which database this is, and up to where the records of the journal in memory are in the sums.
CREATE TABLE journal (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  "database" BLOB NOT NULL, -- random
  id BLOB,                  -- of the journal, or none
  segment INTEGER NOT NULL,
  "offset" INTEGER NOT NULL,
  flush INTEGER NOT NULL    -- the last one that had a position
);
INSERT INTO journal VALUES (1, randomblob(16), NULL, 0, 0, 0);
