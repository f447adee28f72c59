-- The key that summaries are signed with; one of the instance, made at first use.
CREATE TABLE instance_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  ed25519 BLOB NOT NULL -- 32 bytes, the seed that it is made of
);

-- Days that began while their site publishes, and what became of the release of each, which is made once.
CREATE TABLE releases (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  epsilon INTEGER NOT NULL, -- in thousandths
  state INTEGER NOT NULL, -- 0 the day runs, 1 it is published; else why it is not: 2 visitors lost, 3 none told apart, 4 switched off, 5 taken out
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
-- Versions of the notices of sites: what visitors were told from a moment on, in each language, and the facts behind it, as JSON.
CREATE TABLE notices (
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  number INTEGER NOT NULL, -- from 1 on
  from_ms INTEGER NOT NULL,
  cause TEXT NOT NULL, -- first, settings or program
  program TEXT NOT NULL, -- the version of the program that made it
  facts TEXT NOT NULL,
  texts TEXT NOT NULL,
  PRIMARY KEY (site, number)
) WITHOUT ROWID;

-- Changes that wait until the notice of their site has announced them for long enough: commands as JSON, without secrets.
CREATE TABLE announced_changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  announced_ms INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  command TEXT NOT NULL
);

-- How many requests about their rights visitors have made of a site, by day and kind; nothing else of them.
CREATE TABLE rights_requests (
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  day INTEGER NOT NULL, -- days since 1970-01-01 on the site's calendar
  kind TEXT NOT NULL,
  requests INTEGER NOT NULL,
  PRIMARY KEY (site, day, kind)
) WITHOUT ROWID;

-- From when on a share is open; nothing for at once.
ALTER TABLE shares ADD COLUMN from_ms INTEGER;
