-- The key that summaries are signed with; one of the instance, made at first use.
CREATE TABLE instance_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  ed25519 BLOB NOT NULL -- 32 bytes, the seed of the private key
);

-- Days that began while their site publishes, and what became of the release of each, which is made once.
CREATE TABLE releases (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  epsilon INTEGER NOT NULL, -- in thousandths
  state INTEGER NOT NULL, -- 0 the day runs, 1 it is published; else why it is not: 2 visitors lost, 3 none told apart, 4 switched off
  visitors INTEGER, -- with noise; NULL unless it is published
  PRIMARY KEY (site, day)
) WITHOUT ROWID;
-- What a release tells of a dimension: how many values its list has.
CREATE TABLE released_dimensions (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  dimension INTEGER NOT NULL,
  listed INTEGER NOT NULL,
  PRIMARY KEY (site, day, dimension)
) WITHOUT ROWID;
-- Visitors of the values that are published, with noise.
CREATE TABLE released_values (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  dimension INTEGER NOT NULL,
  value TEXT NOT NULL,
  visitors INTEGER NOT NULL,
  PRIMARY KEY (site, day, dimension, value)
) WITHOUT ROWID;
-- The last signed summary of an audit, which sites may publish.
CREATE TABLE audit_summary (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  signed TEXT NOT NULL -- JSON: the summary, the public key, the signature
);
-- What owners have taken out of the sums, by days and dimension; never which value.
CREATE TABLE taken_out (
  site INTEGER NOT NULL,
  first_day INTEGER NOT NULL,
  last_day INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- 0 is everything, 100 properties
  PRIMARY KEY (site, first_day, last_day, dimension)
) WITHOUT ROWID;
-- From which day on each kind of sums is there, where retention has removed older ones.
CREATE TABLE kept_from (
  site INTEGER NOT NULL,
  kind INTEGER NOT NULL, -- as in `RetainedKind`
  day INTEGER NOT NULL,
  PRIMARY KEY (site, kind)
) WITHOUT ROWID;
