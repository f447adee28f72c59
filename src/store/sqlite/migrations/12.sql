-- Of hours: how many visitors were there for the first time of their day. Hours that were counted before have 0.
ALTER TABLE hours ADD COLUMN first_visitors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site_totals ADD COLUMN first_visitors INTEGER NOT NULL DEFAULT 0;
