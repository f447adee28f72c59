-- What keeps hits from being counted twice, and the sums of mail campaigns.
CREATE TABLE batches (
  id BLOB PRIMARY KEY,  -- digest of a batch's id and its sender's token
  day INTEGER NOT NULL  -- when it came, in UTC
) WITHOUT ROWID;
CREATE TABLE keys (name TEXT PRIMARY KEY, secret BLOB NOT NULL) WITHOUT ROWID; -- what links in mails are signed with
CREATE TABLE mails (
  site INTEGER NOT NULL,
  campaign TEXT NOT NULL, -- a declared name, or (unknown)
  day INTEGER NOT NULL,
  kind INTEGER NOT NULL,  -- what happened, and who asked for it
  count INTEGER NOT NULL,
  people INTEGER NOT NULL, -- distinct within the day
  PRIMARY KEY (site, campaign, day, kind)
) WITHOUT ROWID;
