-- The key of the installation by which a secret is sealed; none for secrets from before there were keys, which the next start
-- seals. The key itself is never in the database.
ALTER TABLE second_factor ADD COLUMN sealed_by text;

-- The key that seals now, so that a server with another one notices before it makes what the others cannot open. One row.
CREATE TABLE installation_key (
    id {small} PRIMARY KEY CONSTRAINT installation_key_one CHECK (id = 1),
    name text NOT NULL,
    since {instant} NOT NULL
){strict};
