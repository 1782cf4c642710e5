-- Whence a session was opened, so that its owner knows it again: the client's address, and what the browser calls itself.
ALTER TABLE session ADD COLUMN address text;
ALTER TABLE session ADD COLUMN agent text;

-- 二段階認証: the secret that an authenticator app shares with us. It counts from its confirmation on; last_step is the
-- time step of the newest code that was taken, so that no code is taken twice.
CREATE TABLE second_factor (
    account {uuid} PRIMARY KEY REFERENCES account (id),
    secret {bytes} NOT NULL,
    begun_at {instant} NOT NULL,
    confirmed_at {instant},
    last_step {int} NOT NULL DEFAULT 0
){strict};

-- For whoever has lost the device; SHA-256, as the codes have 80 bits that nobody foresees.
CREATE TABLE recovery_code (
    code_hash {bytes} PRIMARY KEY,
    account {uuid} NOT NULL REFERENCES account (id),
    used_at {instant}
){strict};
CREATE INDEX recovery_code_account ON recovery_code (account);

-- The password was right, and the code is still to come.
CREATE TABLE half_sign_in (
    token_hash {bytes} PRIMARY KEY,
    account {uuid} NOT NULL REFERENCES account (id),
    created_at {instant} NOT NULL,
    expires_at {instant} NOT NULL
){strict};
CREATE INDEX half_sign_in_expires ON half_sign_in (expires_at);
