-- Which save of a draft a page has seen, and with which save each field came to say what it says: of two pages that were
-- open at the same time neither overwrites unseen what the other saved.
ALTER TABLE draft ADD COLUMN revision {int} NOT NULL DEFAULT 0;
ALTER TABLE draft ADD COLUMN changed text NOT NULL DEFAULT '{}';
