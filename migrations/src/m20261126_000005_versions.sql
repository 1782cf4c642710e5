-- Who published and closed a version, and when. Versions from before have nobody's name beside them.

CREATE TABLE program_event (
    program_hash text NOT NULL REFERENCES program_version (hash),
    kind text NOT NULL CONSTRAINT program_event_kind CHECK (kind IN ('published', 'closed')),
    at {instant} NOT NULL,
    actor {uuid} REFERENCES account (id),
    PRIMARY KEY (program_hash, kind)
){strict};

INSERT INTO program_event (program_hash, kind, at)
    SELECT hash, 'published', published_at FROM program_version;

-- The version in whose words a draft was typed, and what was typed for fields that this version does not have.
ALTER TABLE draft ADD COLUMN program_hash text REFERENCES program_version (hash);
ALTER TABLE draft ADD COLUMN kept text;

-- A closed version stays closed, and none is ever taken away.

--sqlite
CREATE TRIGGER program_event_unchanged BEFORE UPDATE ON program_event BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER program_event_kept BEFORE DELETE ON program_event BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER program_version_closed BEFORE UPDATE OF status ON program_version WHEN old.status = 'closed'
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER program_version_kept BEFORE DELETE ON program_version BEGIN SELECT RAISE(ABORT, 'append only'); END;
--postgres
CREATE TRIGGER program_event_unchanged BEFORE UPDATE ON program_event FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER program_event_kept BEFORE DELETE ON program_event FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER program_version_closed BEFORE UPDATE OF status ON program_version FOR EACH ROW
    WHEN (old.status = 'closed') EXECUTE FUNCTION append_only();
CREATE TRIGGER program_version_kept BEFORE DELETE ON program_version FOR EACH ROW EXECUTE FUNCTION append_only();
--end
