-- Programs that came, by day, family and group of pages.
CREATE TABLE bots (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  family TEXT NOT NULL,
  pages TEXT NOT NULL, -- the first part of the paths, or (other)
  count INTEGER NOT NULL,
  PRIMARY KEY (site, day, family, pages)
) WITHOUT ROWID;
CREATE VIEW by_bot AS SELECT s.domain, date(b.day * 86400, 'unixepoch') AS day, b.family, b.pages, b.count
  FROM bots b JOIN sites s ON s.id = b.site;
