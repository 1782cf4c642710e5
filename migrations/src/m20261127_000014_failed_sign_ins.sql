-- Tries to sign in that failed, or came too often; and what somebody took along of their own data. Nobody is named where the
-- address that was typed has no account.
--sqlite
CREATE TABLE access_log_wider (
    id {uuid} PRIMARY KEY,
    at {instant} NOT NULL,
    municipality text REFERENCES municipality (name),
    account {uuid} REFERENCES account (id),
    kind text NOT NULL CONSTRAINT access_log_kind CHECK (kind IN (
        'signed_in', 'document', 'payment_batch', 'bank_file', 'cases_exported', 'people_exported', 'history_exported',
        'sign_in_failed', 'sign_in_throttled', 'own_data_exported')),
    subject {uuid},
    address text
){strict};
INSERT INTO access_log_wider SELECT id, at, municipality, account, kind, subject, address FROM access_log;
DROP TABLE access_log;
ALTER TABLE access_log_wider RENAME TO access_log;
CREATE INDEX access_log_municipality ON access_log (municipality, at, id);
CREATE TRIGGER access_log_unchanged BEFORE UPDATE ON access_log BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER access_log_kept BEFORE DELETE ON access_log BEGIN SELECT RAISE(ABORT, 'append only'); END;
--postgres
ALTER TABLE access_log ALTER COLUMN account DROP NOT NULL;
ALTER TABLE access_log DROP CONSTRAINT access_log_kind;
ALTER TABLE access_log ADD CONSTRAINT access_log_kind CHECK (kind IN (
    'signed_in', 'document', 'payment_batch', 'bank_file', 'cases_exported', 'people_exported', 'history_exported',
    'sign_in_failed', 'sign_in_throttled', 'own_data_exported'));
--end
-- What happened to one's own account, newest first.
CREATE INDEX access_log_account ON access_log (account, at, id);
-- What was sent to one person.
CREATE INDEX sent_mail_recipient ON sent_mail (recipient, created_at);
