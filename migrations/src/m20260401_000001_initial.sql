-- Words in braces are types that differ between the engines, see types.rs.
-- JSON is text on both: what is read is byte for byte what was written, keys in order; no query looks inside.
-- Money is whole yen. Instants are UTC to the microsecond.

-- ----------------------------------------------------------------------------------------------------------------
-- Municipalities and people

CREATE TABLE municipality (
    name text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    definition text NOT NULL
){strict};

CREATE TABLE account (
    id {uuid} PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    locale text NOT NULL,
    password_hash text,
    email_verified_at {instant},
    disabled_at {instant},
    created_at {instant} NOT NULL
){strict};

CREATE TABLE staff_role (
    account {uuid} NOT NULL REFERENCES account (id),
    municipality text NOT NULL REFERENCES municipality (name),
    role text NOT NULL,
    from_day {day} NOT NULL,
    until_day {day},
    PRIMARY KEY (account, municipality, role, from_day),
    CONSTRAINT staff_role_period CHECK (until_day IS NULL OR until_day >= from_day)
){strict};
CREATE INDEX staff_role_holders ON staff_role (municipality, role);

-- until_day is the last day.
CREATE TABLE position_holder (
    account {uuid} NOT NULL REFERENCES account (id),
    municipality text NOT NULL REFERENCES municipality (name),
    position text NOT NULL,
    from_day {day} NOT NULL,
    until_day {day},
    acting {flag} NOT NULL,
    PRIMARY KEY (account, municipality, position, from_day),
    CONSTRAINT position_holder_period CHECK (until_day IS NULL OR until_day >= from_day)
){strict};
CREATE INDEX position_holder_holders ON position_holder (municipality, position);

CREATE TABLE business (
    id {uuid} PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,
    name_kana text NOT NULL,
    corporate_number text UNIQUE,
    address text NOT NULL,
    representative text NOT NULL,
    facts text NOT NULL,
    search_text text NOT NULL,
    created_at {instant} NOT NULL
){strict};

-- Two neighboring characters of the search text: finds parts of Japanese words, which have no spaces between them.
CREATE TABLE search_gram (
    gram {key} NOT NULL,
    business {uuid} NOT NULL REFERENCES business (id) ON DELETE CASCADE,
    PRIMARY KEY (gram, business)
){strict};
CREATE INDEX search_gram_business ON search_gram (business);

CREATE TABLE membership (
    account {uuid} NOT NULL REFERENCES account (id),
    business {uuid} NOT NULL REFERENCES business (id),
    role text NOT NULL CONSTRAINT membership_role CHECK (role IN ('owner', 'member', 'delegate')),
    ends_at {instant},
    PRIMARY KEY (account, business)
){strict};
CREATE INDEX membership_business ON membership (business);

-- A token itself is never stored, only its SHA-256.
CREATE TABLE session (
    token_hash {bytes} PRIMARY KEY,
    account {uuid} NOT NULL REFERENCES account (id),
    created_at {instant} NOT NULL,
    authenticated_at {instant} NOT NULL,
    last_seen_at {instant} NOT NULL,
    expires_at {instant} NOT NULL
){strict};
CREATE INDEX session_account ON session (account);
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE api_token (
    id {uuid} PRIMARY KEY,
    token_hash {bytes} NOT NULL UNIQUE,
    account {uuid} NOT NULL REFERENCES account (id),
    name text NOT NULL,
    scopes text NOT NULL,
    created_at {instant} NOT NULL,
    expires_at {instant} NOT NULL,
    last_used_at {instant},
    revoked_at {instant}
){strict};
CREATE INDEX api_token_account ON api_token (account);

CREATE TABLE one_time_link (
    token_hash {bytes} PRIMARY KEY,
    kind text NOT NULL CONSTRAINT one_time_link_kind
        CHECK (kind IN ('invitation', 'password_reset', 'email_verification')),
    account {uuid} REFERENCES account (id),
    email text,
    payload text NOT NULL,
    created_at {instant} NOT NULL,
    expires_at {instant} NOT NULL,
    used_at {instant}
){strict};
CREATE INDEX one_time_link_expires ON one_time_link (expires_at);

-- ----------------------------------------------------------------------------------------------------------------
-- Programs, calls, budget

CREATE TABLE program_version (
    hash text PRIMARY KEY,
    program text NOT NULL,
    municipality text NOT NULL REFERENCES municipality (name),
    version {small} NOT NULL,
    status text NOT NULL CONSTRAINT program_version_status CHECK (status IN ('published', 'closed')),
    canonical text NOT NULL,
    title_ja text NOT NULL,
    title_en text NOT NULL,
    published_at {instant} NOT NULL,
    UNIQUE (program, version)
){strict};

CREATE TABLE budget_line (
    id {uuid} PRIMARY KEY,
    municipality text NOT NULL REFERENCES municipality (name),
    fiscal_year {small} NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    path text NOT NULL,
    appropriated {int} NOT NULL DEFAULT 0,
    held {int} NOT NULL DEFAULT 0,
    committed {int} NOT NULL DEFAULT 0,
    finalized {int} NOT NULL DEFAULT 0,
    ordered {int} NOT NULL DEFAULT 0,
    paid {int} NOT NULL DEFAULT 0,
    entries {int} NOT NULL DEFAULT 0,
    UNIQUE (municipality, fiscal_year, code),
    CONSTRAINT budget_line_not_negative CHECK (appropriated >= 0 AND held >= 0 AND committed >= 0 AND finalized >= 0
        AND ordered >= 0 AND paid >= 0),
    -- Held money counts as used only where the call says so; the update that holds it checks that.
    CONSTRAINT budget_line_within_appropriation CHECK (committed + finalized + ordered + paid <= appropriated)
){strict};

CREATE TABLE call (
    id {uuid} PRIMARY KEY,
    program text NOT NULL,
    fiscal_year {small} NOT NULL,
    call_window text NOT NULL,
    opens {day} NOT NULL,
    closes {day},
    budget_line {uuid} NOT NULL REFERENCES budget_line (id),
    target text,
    UNIQUE (program, fiscal_year, call_window)
){strict};

-- ----------------------------------------------------------------------------------------------------------------
-- Cases

CREATE TABLE application (
    id {uuid} PRIMARY KEY,
    number {key} UNIQUE,
    municipality text NOT NULL REFERENCES municipality (name),
    program text NOT NULL,
    program_hash text NOT NULL REFERENCES program_version (hash),
    call {uuid} NOT NULL REFERENCES call (id),
    fiscal_year {small} NOT NULL,
    business {uuid} NOT NULL REFERENCES business (id),
    state text NOT NULL,
    state_kind text NOT NULL,
    waits_on text,
    attention text,
    assignee {uuid} REFERENCES account (id),
    version {int} NOT NULL,
    received_at {instant},
    deadline_at {instant},
    next_clock_at {instant},
    -- For sorting: a draft comes before everything received, a case without a deadline after all that have one.
    received_sort {instant} NOT NULL,
    deadline_sort {instant} NOT NULL,
    updated_at {instant} NOT NULL,
    created_at {instant} NOT NULL,
    head_sequence {int} NOT NULL,
    head_hash text NOT NULL,
    head_at {instant} NOT NULL,
    -- What the case holds beyond a reservation: counts against the limits of its business.
    granted_yen {int} NOT NULL,
    body text NOT NULL,
    CONSTRAINT application_not_negative CHECK (version >= 0 AND granted_yen >= 0)
){strict};

-- Lists of the office never show drafts, so its indexes leave them out. One index for each filter and each order.
CREATE INDEX application_received ON application (municipality, received_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_deadline ON application (municipality, deadline_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_updated ON application (municipality, updated_at, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_program_received ON application (municipality, program, received_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_program_deadline ON application (municipality, program, deadline_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_program_updated ON application (municipality, program, updated_at, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_state_received ON application (municipality, state, received_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_state_deadline ON application (municipality, state, deadline_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_state_updated ON application (municipality, state, updated_at, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_kind_received ON application (municipality, state_kind, received_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_kind_deadline ON application (municipality, state_kind, deadline_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_kind_updated ON application (municipality, state_kind, updated_at, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_year_received ON application (municipality, fiscal_year, received_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_year_deadline ON application (municipality, fiscal_year, deadline_sort, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_year_updated ON application (municipality, fiscal_year, updated_at, id) WHERE received_at IS NOT NULL;
CREATE INDEX application_assignee_received ON application (municipality, assignee, received_sort, id) WHERE received_at IS NOT NULL AND assignee IS NOT NULL;
CREATE INDEX application_assignee_deadline ON application (municipality, assignee, deadline_sort, id) WHERE received_at IS NOT NULL AND assignee IS NOT NULL;
CREATE INDEX application_assignee_updated ON application (municipality, assignee, updated_at, id) WHERE received_at IS NOT NULL AND assignee IS NOT NULL;
-- A business has few cases; they are sorted when they are found.
CREATE INDEX application_business ON application (business, program);
CREATE INDEX application_waits ON application (municipality, waits_on, deadline_sort, id) WHERE received_at IS NOT NULL AND waits_on IS NOT NULL;
CREATE INDEX application_attention ON application (municipality, attention, deadline_sort, id) WHERE received_at IS NOT NULL AND attention IS NOT NULL;
CREATE INDEX application_clock ON application (next_clock_at) WHERE next_clock_at IS NOT NULL;

-- sequence is that of the event that took the form in.
CREATE TABLE submission (
    id {uuid} PRIMARY KEY,
    application {uuid} NOT NULL REFERENCES application (id),
    form text NOT NULL,
    sequence {int} NOT NULL,
    at {instant} NOT NULL,
    submitted_by {uuid} NOT NULL,
    field_values text NOT NULL,
    documents text NOT NULL,
    changes text NOT NULL,
    salt {bytes} NOT NULL,
    UNIQUE (application, sequence)
){strict};

CREATE TABLE draft (
    application {uuid} NOT NULL REFERENCES application (id),
    form text NOT NULL,
    account {uuid} NOT NULL REFERENCES account (id),
    field_values text NOT NULL,
    documents text NOT NULL,
    saved_at {instant} NOT NULL,
    PRIMARY KEY (application, form, account)
){strict};

CREATE TABLE file (
    id {uuid} PRIMARY KEY,
    owner {uuid} NOT NULL REFERENCES account (id),
    application {uuid} REFERENCES application (id),
    business {uuid} REFERENCES business (id),
    name text NOT NULL,
    media_type text NOT NULL,
    size {int} NOT NULL,
    sha256 text NOT NULL,
    uploaded_at {instant} NOT NULL,
    content_key text NOT NULL
){strict};
CREATE INDEX file_application ON file (application);
CREATE INDEX file_business ON file (business);
CREATE INDEX file_owner ON file (owner);

CREATE TABLE event (
    id {uuid} PRIMARY KEY,
    application {uuid} NOT NULL REFERENCES application (id),
    sequence {int} NOT NULL,
    at {instant} NOT NULL,
    actor {uuid} NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    stage text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    facts text NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    comment text,
    UNIQUE (application, sequence)
){strict};

CREATE TABLE letter (
    id {uuid} PRIMARY KEY,
    application {uuid} NOT NULL REFERENCES application (id),
    event {uuid} NOT NULL REFERENCES event (id),
    name text NOT NULL,
    number text,
    data text NOT NULL,
    template_hash text NOT NULL,
    html text,
    sha256 text,
    created_at {instant} NOT NULL
){strict};
CREATE INDEX letter_application ON letter (application);

-- ----------------------------------------------------------------------------------------------------------------
-- Money

-- sequence counts the entries of a line without a gap. A yen leaves from_account and arrives in to_account;
-- an appropriation comes from outside, a cut goes there.
CREATE TABLE ledger_entry (
    budget_line {uuid} NOT NULL REFERENCES budget_line (id),
    sequence {int} NOT NULL,
    application {uuid} REFERENCES application (id),
    event {uuid} REFERENCES event (id),
    from_account text,
    to_account text,
    amount {int} NOT NULL CONSTRAINT ledger_entry_amount CHECK (amount > 0),
    kind text NOT NULL,
    at {instant} NOT NULL,
    entered_by {uuid} NOT NULL,
    PRIMARY KEY (budget_line, sequence),
    CONSTRAINT ledger_entry_sides CHECK ((kind = 'appropriate' AND event IS NULL
            AND (from_account IS NULL) <> (to_account IS NULL))
        OR (kind <> 'appropriate' AND event IS NOT NULL AND application IS NOT NULL
            AND from_account IS NOT NULL AND to_account IS NOT NULL AND from_account <> to_account))
){strict};
CREATE INDEX ledger_entry_application ON ledger_entry (application) WHERE application IS NOT NULL;

CREATE TABLE counter (
    municipality text NOT NULL,
    kind text NOT NULL,
    fiscal_year {small} NOT NULL,
    next {int} NOT NULL,
    PRIMARY KEY (municipality, kind, fiscal_year)
){strict};

CREATE TABLE payment_batch (
    id {uuid} PRIMARY KEY,
    municipality text NOT NULL REFERENCES municipality (name),
    state text NOT NULL,
    transfer_date {day} NOT NULL,
    body text NOT NULL,
    made_by {uuid} NOT NULL REFERENCES account (id),
    made_at {instant} NOT NULL,
    approved_by {uuid} REFERENCES account (id),
    file {bytes},
    file_sha256 text,
    version {int} NOT NULL,
    CONSTRAINT payment_batch_two_persons CHECK (approved_by IS NULL OR approved_by <> made_by),
    CONSTRAINT payment_batch_file CHECK ((file IS NULL) = (file_sha256 IS NULL))
){strict};
CREATE INDEX payment_batch_made ON payment_batch (municipality, made_at, id);

-- An order to pay is one line, and a line is in at most one batch: it has only one place to name it.
CREATE TABLE payment_line (
    id {uuid} PRIMARY KEY,
    application {uuid} NOT NULL REFERENCES application (id),
    municipality text NOT NULL REFERENCES municipality (name),
    fiscal_year {small} NOT NULL,
    obligation_number text,
    payment_order_number text,
    amount {int} NOT NULL CONSTRAINT payment_line_amount CHECK (amount > 0),
    account text NOT NULL,
    payee_name text NOT NULL,
    batch {uuid} REFERENCES payment_batch (id),
    state text NOT NULL,
    ordered_at {instant} NOT NULL,
    settled_at {instant},
    CONSTRAINT payment_line_state CHECK (state IN ('ordered', 'in_batch', 'paid', 'returned')),
    CONSTRAINT payment_line_batch CHECK ((batch IS NULL) = (state = 'ordered'))
){strict};
CREATE INDEX payment_line_application ON payment_line (application);
CREATE INDEX payment_line_payable ON payment_line (municipality, ordered_at, id) WHERE state = 'ordered';
CREATE INDEX payment_line_in_batch ON payment_line (batch) WHERE batch IS NOT NULL;

-- ----------------------------------------------------------------------------------------------------------------
-- What leaves the house, and what must happen once

CREATE TABLE outbox (
    id {uuid} PRIMARY KEY,
    kind text NOT NULL,
    subject {uuid} NOT NULL,
    payload text NOT NULL,
    dedupe_key text NOT NULL UNIQUE,
    available_at {instant} NOT NULL,
    attempts {small} NOT NULL DEFAULT 0,
    leased_by {uuid},
    leased_until {instant},
    sent_at {instant},
    dead_at {instant},
    last_error text,
    created_at {instant} NOT NULL
){strict};
CREATE INDEX outbox_due ON outbox (available_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_dead ON outbox (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_subject ON outbox (subject);

CREATE TABLE sent_mail (
    id {uuid} PRIMARY KEY,
    outbox {uuid} NOT NULL REFERENCES outbox (id),
    application {uuid} REFERENCES application (id),
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    bytes {bytes} NOT NULL,
    sha256 text NOT NULL,
    message_id text NOT NULL UNIQUE,
    created_at {instant} NOT NULL,
    sent_at {instant},
    UNIQUE (outbox, recipient)
){strict};
CREATE INDEX sent_mail_application ON sent_mail (application) WHERE application IS NOT NULL;

CREATE TABLE idempotency (
    account {uuid} NOT NULL,
    key text NOT NULL,
    operation text NOT NULL,
    input_digest text NOT NULL,
    subject {uuid} NOT NULL,
    result text,
    at {instant} NOT NULL,
    PRIMARY KEY (account, key)
){strict};
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE seal (
    id {uuid} PRIMARY KEY,
    at {instant} NOT NULL,
    heads_digest text NOT NULL,
    heads_count {int} NOT NULL,
    document text NOT NULL
){strict};
CREATE INDEX seal_at ON seal (at);

-- ----------------------------------------------------------------------------------------------------------------
-- History and ledger only grow. A comment may be erased: the chain holds its digest only.

--sqlite
CREATE TRIGGER event_unchanged BEFORE UPDATE OF id, application, sequence, at, actor, role, action, stage, from_state,
    to_state, facts, previous, hash ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER event_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER ledger_entry_unchanged BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER ledger_entry_kept BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER seal_unchanged BEFORE UPDATE ON seal BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER program_version_unchanged BEFORE UPDATE OF hash, program, version, canonical ON program_version
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
--postgres
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;
CREATE TRIGGER event_unchanged BEFORE UPDATE OF id, application, sequence, at, actor, role, action, stage, from_state,
    to_state, facts, previous, hash ON event FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER event_kept BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_entry_unchanged BEFORE UPDATE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_entry_kept BEFORE DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER seal_unchanged BEFORE UPDATE ON seal FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER program_version_unchanged BEFORE UPDATE OF hash, program, version, canonical ON program_version
    FOR EACH ROW EXECUTE FUNCTION append_only();
--end
