-- The key that summaries are signed with; one of the instance, made at first use.
CREATE TABLE instance_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  ed25519 BLOB NOT NULL -- 32 bytes, the seed of the private key
);

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
