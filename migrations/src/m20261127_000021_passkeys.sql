-- パスキー (WebAuthn): the public half of a key that only its owner's device opens. The state has the counter of its uses, by
-- which a copy is noticed; both are as the library writes them.
CREATE TABLE passkey (
    id {uuid} PRIMARY KEY,
    credential {bytes} NOT NULL UNIQUE,
    account {uuid} NOT NULL REFERENCES account (id),
    name text NOT NULL,
    public_key {bytes} NOT NULL,
    state {bytes} NOT NULL,
    created_at {instant} NOT NULL,
    last_used_at {instant}
){strict};
CREATE INDEX passkey_account ON passkey (account);

-- A browser was asked for a passkey and has not answered yet: once, with the token of which only SHA-256 is here, from the forms
-- of the same visitor. The account is of whoever makes a passkey; nobody's, where one is to be shown.
CREATE TABLE passkey_request (
    token_hash {bytes} PRIMARY KEY,
    visitor_hash {bytes} NOT NULL,
    account {uuid} REFERENCES account (id),
    state {bytes} NOT NULL,
    expires_at {instant} NOT NULL
){strict};
CREATE INDEX passkey_request_expires ON passkey_request (expires_at);
