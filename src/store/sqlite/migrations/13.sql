-- Of a link that shows a segment alone: the number of the segment at its site.
ALTER TABLE shares ADD COLUMN segment INTEGER;
