-- Users by name, to whom sign-ins belong. Before, there was one operator without a name: what was given out belongs to the first owner.
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  folded TEXT NOT NULL UNIQUE, -- the name in small letters, to find it by
  role TEXT NOT NULL,
  all_sites INTEGER NOT NULL,  -- whether it is all sites that may be read, or those in `users_sites`
  password TEXT,               -- a slow digest (argon2id), or none
  added_ms INTEGER NOT NULL,
  last_day INTEGER             -- of the last sign-in, in UTC
);
INSERT INTO users (id, name, folded, role, all_sites, added_ms) VALUES (1, 'owner', 'owner', 'owner', 1, 0);
CREATE TABLE users_sites (
  user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  PRIMARY KEY (user, site)
) WITHOUT ROWID;
ALTER TABLE sign_in_links RENAME TO sign_in_links_4;
CREATE TABLE sign_in_links (
  hash BLOB PRIMARY KEY,
  user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  until_ms INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO sign_in_links SELECT hash, 1, until_ms FROM sign_in_links_4;
DROP TABLE sign_in_links_4;
ALTER TABLE logins RENAME TO logins_4;
CREATE TABLE logins (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE,
  user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  day INTEGER NOT NULL,      -- when the browser was signed in, in UTC
  until_ms INTEGER NOT NULL
);
CREATE INDEX logins_user ON logins (user);
INSERT INTO logins (hash, user, day, until_ms) SELECT hash, 1, (until_ms - 2592000000) / 86400000, until_ms FROM logins_4;
DROP TABLE logins_4;
UPDATE users SET last_day = (SELECT max(day) FROM logins);
