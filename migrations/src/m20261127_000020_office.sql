-- 保存した表示条件: lists of cases as one member of staff wants to see them again.
CREATE TABLE saved_view (
    id {uuid} PRIMARY KEY,
    account {uuid} NOT NULL REFERENCES account (id),
    name text NOT NULL,
    query text NOT NULL,
    saved_at {instant} NOT NULL,
    UNIQUE (account, name)
){strict};

-- メモ: what the office writes beside a case for itself. It is no part of the history, is never told to the applicant, and
-- a note that was a mistake is struck out, not taken away.
CREATE TABLE note (
    id {uuid} PRIMARY KEY,
    application {uuid} NOT NULL REFERENCES application (id),
    account {uuid} NOT NULL REFERENCES account (id),
    at {instant} NOT NULL,
    content text NOT NULL,
    struck_at {instant}
){strict};
CREATE INDEX note_application ON note (application, at, id);

-- 確認票: which items of the checklist somebody looked at, on which submission of the form, and what came of it.
CREATE TABLE review_check (
    application {uuid} NOT NULL REFERENCES application (id),
    item text NOT NULL,
    submission {int} NOT NULL,
    account {uuid} NOT NULL REFERENCES account (id),
    at {instant} NOT NULL,
    result text NOT NULL CONSTRAINT review_check_result CHECK (result IN ('fine', 'doubtful')),
    remark text NOT NULL DEFAULT '',
    PRIMARY KEY (application, item)
){strict};

-- What came on paper and is being typed in: drafts that a member of staff takes care of.
CREATE INDEX application_paper ON application (assignee, created_at, id) WHERE received_at IS NULL AND assignee IS NOT NULL;

-- The same document handed in with another case, whatever it is called there.
CREATE INDEX file_sha256 ON file (sha256) WHERE application IS NOT NULL;
-- Businesses of one address or representative.
CREATE INDEX business_address ON business (address);
CREATE INDEX business_representative ON business (representative);
