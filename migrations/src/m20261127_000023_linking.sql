-- Whoever is signed in goes to a provider so that it opens their account from now on.
ALTER TABLE identity_request ADD COLUMN links {flag} NOT NULL DEFAULT FALSE;
