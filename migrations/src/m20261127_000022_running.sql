-- How many cases are under way on a version is counted without reading them.
CREATE INDEX application_running ON application (program_hash)
    WHERE received_at IS NOT NULL AND state_kind NOT IN ('closed_paid', 'closed_unpaid');
