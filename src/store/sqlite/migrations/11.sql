-- The key that summaries are signed with; one of the instance, made at first use.
CREATE TABLE instance_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  ed25519 BLOB NOT NULL -- 32 bytes, the seed of the private key
);
-- What owners have taken out of the sums, by days and dimension; never which value.
CREATE TABLE taken_out (
  site INTEGER NOT NULL,
  first_day INTEGER NOT NULL,
  last_day INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- 0 is everything, 100 properties, 101 days by retention
  PRIMARY KEY (site, first_day, last_day, dimension)
) WITHOUT ROWID;
-- From which day on each kind of sums is there, where retention has removed older ones.
CREATE TABLE kept_from (
  site INTEGER NOT NULL,
  kind INTEGER NOT NULL, -- as in `RetainedKind`
  day INTEGER NOT NULL,
  PRIMARY KEY (site, kind)
) WITHOUT ROWID;
