-- アクセス記録: who signed in, who saw or took along documents, bank accounts and lists. One row for each municipality that
-- the person works for; none is named for applicants.
CREATE TABLE access_log (
    id {uuid} PRIMARY KEY,
    at {instant} NOT NULL,
    municipality text REFERENCES municipality (name),
    account {uuid} NOT NULL REFERENCES account (id),
    kind text NOT NULL CONSTRAINT access_log_kind CHECK (kind IN (
        'signed_in', 'document', 'payment_batch', 'bank_file', 'cases_exported', 'people_exported', 'history_exported')),
    subject {uuid},
    address text
){strict};
CREATE INDEX access_log_municipality ON access_log (municipality, at, id);

-- The history of all cases of a municipality, newest first.
CREATE INDEX event_at ON event (at, id);

--sqlite
CREATE TRIGGER access_log_unchanged BEFORE UPDATE ON access_log BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER access_log_kept BEFORE DELETE ON access_log BEGIN SELECT RAISE(ABORT, 'append only'); END;
--postgres
CREATE TRIGGER access_log_unchanged BEFORE UPDATE ON access_log FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER access_log_kept BEFORE DELETE ON access_log FOR EACH ROW EXECUTE FUNCTION append_only();
--end
