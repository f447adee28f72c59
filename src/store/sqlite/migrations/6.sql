-- Pages for readers who are not signed in.
CREATE TABLE shares (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  name TEXT NOT NULL,   -- 'public' is the page whose address is the site's name
  hash BLOB UNIQUE,     -- digest of a secret link; none for the public page
  password TEXT,        -- a slow digest (argon2id), or none
  until_ms INTEGER,     -- when it ends, if it does
  embed TEXT NOT NULL,  -- hosts in whose pages it may stand, with a space between
  added_ms INTEGER NOT NULL,
  UNIQUE (site, name)
);
