-- Sections of pages are counted from the day on that comes after those which a site has.
UPDATE sites SET settings = json_set(settings, '$.sections', json_object('depth', 1, 'since', (
  SELECT max(bucket) + 1 FROM site_totals WHERE site = sites.id AND grain = 1
))) WHERE EXISTS (SELECT 1 FROM site_totals WHERE site = sites.id AND grain = 1);
