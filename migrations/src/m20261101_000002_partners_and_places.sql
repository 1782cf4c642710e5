-- A call need not have a budget line, and may have a number of places (定員). `taken` is changed by one conditional
-- update only, as the totals of a budget line are.
--sqlite
-- SQLite cannot take NOT NULL away from a column, so another one takes its place and its name.
ALTER TABLE call ADD COLUMN line {uuid} REFERENCES budget_line (id);
UPDATE call SET line = budget_line;
ALTER TABLE call DROP COLUMN budget_line;
ALTER TABLE call RENAME COLUMN line TO budget_line;
--postgres
ALTER TABLE call ALTER COLUMN budget_line DROP NOT NULL;
--end
ALTER TABLE call ADD COLUMN capacity {int} CONSTRAINT call_capacity CHECK (capacity >= 0);
ALTER TABLE call ADD COLUMN taken {int} NOT NULL DEFAULT 0 CONSTRAINT call_taken CHECK (taken >= 0);
ALTER TABLE call ADD COLUMN carry_over text;

-- Waiting in line since; the first of a call is the one that is taken on next.
ALTER TABLE application ADD COLUMN in_line_since {instant};
CREATE INDEX application_in_line ON application (call, in_line_since, id) WHERE in_line_since IS NOT NULL;
CREATE INDEX application_call ON application (call, state_kind, business);

-- 第三者: one link to one case. Only the SHA-256 of the newest token is kept, from the moment when its mail is written.
CREATE TABLE partner_link (
    id {uuid} PRIMARY KEY,
    application {uuid} NOT NULL REFERENCES application (id),
    partner text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    token_hash {bytes} UNIQUE,
    created_at {instant} NOT NULL,
    expires_at {instant} NOT NULL,
    ended_at {instant}
){strict};
CREATE INDEX partner_link_application ON partner_link (application);

-- 順位の確定: who ranked the cases of a call, when, by which lots, and what came of it.
CREATE TABLE ranking (
    id {uuid} PRIMARY KEY,
    call {uuid} NOT NULL REFERENCES call (id),
    ranked_by {uuid} NOT NULL REFERENCES account (id),
    at {instant} NOT NULL,
    seed text NOT NULL,
    content text NOT NULL,
    sha256 text NOT NULL
){strict};
CREATE INDEX ranking_call ON ranking (call, at);

--sqlite
CREATE TRIGGER ranking_unchanged BEFORE UPDATE ON ranking BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER ranking_kept BEFORE DELETE ON ranking BEGIN SELECT RAISE(ABORT, 'append only'); END;
--postgres
CREATE TRIGGER ranking_unchanged BEFORE UPDATE ON ranking FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ranking_kept BEFORE DELETE ON ranking FOR EACH ROW EXECUTE FUNCTION append_only();
--end
