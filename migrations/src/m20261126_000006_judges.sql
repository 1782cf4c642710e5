-- 審査員: whoever scores the cases of a call, for a period. A dismissal ends it at once, and the row stays.
CREATE TABLE judge (
    id {uuid} PRIMARY KEY,
    call {uuid} NOT NULL REFERENCES call (id),
    account {uuid} NOT NULL REFERENCES account (id),
    from_day {day} NOT NULL,
    until_day {day},
    appointed_by {uuid} REFERENCES account (id),
    appointed_at {instant} NOT NULL,
    dismissed_by {uuid} REFERENCES account (id),
    dismissed_at {instant},
    CONSTRAINT judge_period CHECK (until_day IS NULL OR until_day >= from_day)
){strict};
CREATE UNIQUE INDEX judge_standing ON judge (call, account) WHERE dismissed_at IS NULL;
CREATE INDEX judge_account ON judge (account);

-- 利害関係: a case that a judge keeps away from, whoever of the office or the judge declared it.
CREATE TABLE judge_recusal (
    application {uuid} NOT NULL REFERENCES application (id),
    account {uuid} NOT NULL REFERENCES account (id),
    reason text NOT NULL,
    declared_by {uuid} NOT NULL REFERENCES account (id),
    declared_at {instant} NOT NULL,
    PRIMARY KEY (account, application)
){strict};
CREATE INDEX judge_recusal_application ON judge_recusal (application);

--sqlite
CREATE TRIGGER judge_kept BEFORE DELETE ON judge BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER judge_recusal_unchanged BEFORE UPDATE ON judge_recusal BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER judge_recusal_kept BEFORE DELETE ON judge_recusal BEGIN SELECT RAISE(ABORT, 'append only'); END;
--postgres
CREATE TRIGGER judge_kept BEFORE DELETE ON judge FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER judge_recusal_unchanged BEFORE UPDATE ON judge_recusal FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER judge_recusal_kept BEFORE DELETE ON judge_recusal FOR EACH ROW EXECUTE FUNCTION append_only();
--end
