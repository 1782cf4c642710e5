-- Counts what the municipality has said of itself, so that whoever keeps it in memory notices a change.
ALTER TABLE municipality ADD COLUMN revision {int} NOT NULL DEFAULT 1;

-- Tries that were used up, by the digest of whose they are. Microseconds of Unix time at which all are there again.
CREATE TABLE throttle (
    bucket {bytes} PRIMARY KEY,
    full_at {int} NOT NULL
){strict};
CREATE INDEX throttle_full ON throttle (full_at);

-- From where somebody has signed in, as a digest: what others guess elsewhere does not keep them out there.
CREATE TABLE known_place (
    account {uuid} NOT NULL REFERENCES account (id),
    place {bytes} NOT NULL,
    until {instant} NOT NULL,
    PRIMARY KEY (account, place)
){strict};

-- Seals form a chain: each has the digest of the document before it and holds the heads that have moved since. What came
-- before this migration has no number and holds all heads.
ALTER TABLE seal ADD COLUMN number {int} NOT NULL DEFAULT 0;
-- When its document was durable outside of the database.
ALTER TABLE seal ADD COLUMN kept_at {instant};
CREATE UNIQUE INDEX seal_number ON seal (number) WHERE number > 0;

ALTER TABLE application ADD COLUMN sealed_sequence {int} NOT NULL DEFAULT 0;
CREATE INDEX application_unsealed ON application (id) WHERE head_sequence > sealed_sequence;

CREATE TABLE demonstration (
    id {uuid} PRIMARY KEY,
    finished {flag} NOT NULL
){strict};

--sqlite
DROP TRIGGER seal_unchanged;
CREATE TRIGGER seal_unchanged BEFORE UPDATE OF id, at, heads_digest, heads_count, document, number ON seal
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER seal_kept BEFORE DELETE ON seal BEGIN SELECT RAISE(ABORT, 'append only'); END;
--postgres
DROP TRIGGER seal_unchanged ON seal;
CREATE TRIGGER seal_unchanged BEFORE UPDATE OF id, at, heads_digest, heads_count, document, number ON seal
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER seal_kept BEFORE DELETE ON seal FOR EACH ROW EXECUTE FUNCTION append_only();
--end
