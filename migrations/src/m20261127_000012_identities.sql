-- 外部ID連携 (OpenID Connect): which account a subject of an issuer is. An account has one subject of each issuer, so that an
-- address which was given to somebody else opens no account of before.
CREATE TABLE identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    account {uuid} NOT NULL REFERENCES account (id),
    linked_at {instant} NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (account, issuer)
){strict};

-- A browser that went to a provider and is not back yet. What it has to bring back is computed from the token in its cookie,
-- of which only SHA-256 is here. The account is of whoever is signed in and shows it again; kept is what was being sent.
CREATE TABLE identity_request (
    token_hash {bytes} PRIMARY KEY,
    provider text NOT NULL,
    account {uuid} REFERENCES account (id),
    next text NOT NULL,
    kept text NOT NULL,
    created_at {instant} NOT NULL,
    expires_at {instant} NOT NULL
){strict};
CREATE INDEX identity_request_expires ON identity_request (expires_at);

-- When the first half was shown; a password is shown the moment that the half begins.
ALTER TABLE half_sign_in ADD COLUMN authenticated_at {instant};

-- The provider has asked for a second factor itself.
ALTER TABLE session ADD COLUMN strong {flag} NOT NULL DEFAULT FALSE;
