-- The files that a version was made of: program, scenarios, archetype with its fragments. Many versions share most of them,
-- so each text is kept once. Versions from before have none until they are published from their files again.

CREATE TABLE definition_text (
    sha256 text PRIMARY KEY,
    content text NOT NULL
){strict};

CREATE TABLE program_source (
    program_hash text NOT NULL REFERENCES program_version (hash),
    path {key} NOT NULL,
    sha256 text NOT NULL REFERENCES definition_text (sha256),
    PRIMARY KEY (program_hash, path)
){strict};

-- What the program officers of a municipality are writing: the next version of a program. The revision tells two writers
-- apart.
CREATE TABLE program_draft (
    program {key} PRIMARY KEY,
    definition text NOT NULL,
    scenarios text NOT NULL,
    revision {int} NOT NULL CONSTRAINT program_draft_revision CHECK (revision >= 1),
    saved_at {instant} NOT NULL,
    saved_by {uuid} NOT NULL REFERENCES account (id)
){strict};

--sqlite
CREATE TRIGGER definition_text_unchanged BEFORE UPDATE ON definition_text BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER definition_text_kept BEFORE DELETE ON definition_text BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER program_source_unchanged BEFORE UPDATE ON program_source BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER program_source_kept BEFORE DELETE ON program_source BEGIN SELECT RAISE(ABORT, 'append only'); END;
--postgres
CREATE TRIGGER definition_text_unchanged BEFORE UPDATE ON definition_text FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER definition_text_kept BEFORE DELETE ON definition_text FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER program_source_unchanged BEFORE UPDATE ON program_source FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER program_source_kept BEFORE DELETE ON program_source FOR EACH ROW EXECUTE FUNCTION append_only();
--end
