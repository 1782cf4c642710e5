CREATE TABLE "access_log" (
    id BLOB PRIMARY KEY,
    at TEXT NOT NULL,
    municipality text REFERENCES municipality (name),
    account BLOB REFERENCES account (id),
    kind text NOT NULL CONSTRAINT access_log_kind CHECK (kind IN (
        'signed_in', 'document', 'payment_batch', 'bank_file', 'cases_exported', 'people_exported', 'history_exported',
        'sign_in_failed', 'sign_in_throttled', 'own_data_exported')),
    subject BLOB,
    address text
) STRICT;

CREATE TABLE account (
    id BLOB PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    locale text NOT NULL,
    password_hash text,
    email_verified_at TEXT,
    disabled_at TEXT,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE api_token (
    id BLOB PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    account BLOB NOT NULL REFERENCES account (id),
    name text NOT NULL,
    scopes text NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    last_used_at TEXT,
    revoked_at TEXT
) STRICT;

CREATE TABLE application (
    id BLOB PRIMARY KEY,
    number TEXT UNIQUE,
    municipality text NOT NULL REFERENCES municipality (name),
    program text NOT NULL,
    program_hash text NOT NULL REFERENCES program_version (hash),
    call BLOB NOT NULL REFERENCES call (id),
    fiscal_year INTEGER NOT NULL,
    business BLOB NOT NULL REFERENCES business (id),
    state text NOT NULL,
    state_kind text NOT NULL,
    waits_on text,
    attention text,
    assignee BLOB REFERENCES account (id),
    version INTEGER NOT NULL,
    received_at TEXT,
    deadline_at TEXT,
    next_clock_at TEXT,
    received_sort TEXT NOT NULL,
    deadline_sort TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    head_sequence INTEGER NOT NULL,
    head_hash text NOT NULL,
    head_at TEXT NOT NULL,
    granted_yen INTEGER NOT NULL,
    body text NOT NULL, in_line_since TEXT, sealed_sequence INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT application_not_negative CHECK (version >= 0 AND granted_yen >= 0)
) STRICT;

CREATE TABLE budget_line (
    id BLOB PRIMARY KEY,
    municipality text NOT NULL REFERENCES municipality (name),
    fiscal_year INTEGER NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    path text NOT NULL,
    appropriated INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0,
    committed INTEGER NOT NULL DEFAULT 0,
    finalized INTEGER NOT NULL DEFAULT 0,
    ordered INTEGER NOT NULL DEFAULT 0,
    paid INTEGER NOT NULL DEFAULT 0,
    entries INTEGER NOT NULL DEFAULT 0,
    UNIQUE (municipality, fiscal_year, code),
    CONSTRAINT budget_line_not_negative CHECK (appropriated >= 0 AND held >= 0 AND committed >= 0 AND finalized >= 0
        AND ordered >= 0 AND paid >= 0),
    CONSTRAINT budget_line_within_appropriation CHECK (committed + finalized + ordered + paid <= appropriated)
) STRICT;

CREATE TABLE business (
    id BLOB PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,
    name_kana text NOT NULL,
    corporate_number text UNIQUE,
    address text NOT NULL,
    representative text NOT NULL,
    facts text NOT NULL,
    search_text text NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE call (
    id BLOB PRIMARY KEY,
    program text NOT NULL,
    fiscal_year INTEGER NOT NULL,
    call_window text NOT NULL,
    opens TEXT NOT NULL,
    closes TEXT,
    target text, budget_line BLOB REFERENCES budget_line (id), capacity INTEGER CONSTRAINT call_capacity CHECK (capacity >= 0), taken INTEGER NOT NULL DEFAULT 0 CONSTRAINT call_taken CHECK (taken >= 0), carry_over text,
    UNIQUE (program, fiscal_year, call_window)
) STRICT;

CREATE TABLE counter (
    municipality text NOT NULL,
    kind text NOT NULL,
    fiscal_year INTEGER NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (municipality, kind, fiscal_year)
) STRICT;

CREATE TABLE definition_text (
    sha256 text PRIMARY KEY,
    content text NOT NULL
) STRICT;

CREATE TABLE demonstration (
    id BLOB PRIMARY KEY,
    finished INTEGER NOT NULL
) STRICT;

CREATE TABLE draft (
    application BLOB NOT NULL REFERENCES application (id),
    form text NOT NULL,
    account BLOB NOT NULL REFERENCES account (id),
    field_values text NOT NULL,
    documents text NOT NULL,
    saved_at TEXT NOT NULL, program_hash text REFERENCES program_version (hash), kept text, revision INTEGER NOT NULL DEFAULT 0, changed text NOT NULL DEFAULT '{}',
    PRIMARY KEY (application, form, account)
) STRICT;

CREATE TABLE event (
    id BLOB PRIMARY KEY,
    application BLOB NOT NULL REFERENCES application (id),
    sequence INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor BLOB NOT NULL,
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
) STRICT;

CREATE TABLE file (
    id BLOB PRIMARY KEY,
    owner BLOB NOT NULL REFERENCES account (id),
    application BLOB REFERENCES application (id),
    business BLOB REFERENCES business (id),
    name text NOT NULL,
    media_type text NOT NULL,
    size INTEGER NOT NULL,
    sha256 text NOT NULL,
    uploaded_at TEXT NOT NULL,
    content_key text NOT NULL
) STRICT;

CREATE TABLE half_sign_in (
    token_hash BLOB PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
, authenticated_at TEXT) STRICT;

CREATE TABLE idempotency (
    account BLOB NOT NULL,
    key text NOT NULL,
    operation text NOT NULL,
    input_digest text NOT NULL,
    subject BLOB NOT NULL,
    result text,
    at TEXT NOT NULL,
    PRIMARY KEY (account, key)
) STRICT;

CREATE TABLE identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    account BLOB NOT NULL REFERENCES account (id),
    linked_at TEXT NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (account, issuer)
) STRICT;

CREATE TABLE identity_request (
    token_hash BLOB PRIMARY KEY,
    provider text NOT NULL,
    account BLOB REFERENCES account (id),
    next text NOT NULL,
    kept text NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
, links INTEGER NOT NULL DEFAULT FALSE) STRICT;

CREATE TABLE installation_key (
    id INTEGER PRIMARY KEY CONSTRAINT installation_key_one CHECK (id = 1),
    name text NOT NULL,
    since TEXT NOT NULL
) STRICT;

CREATE TABLE judge (
    id BLOB PRIMARY KEY,
    call BLOB NOT NULL REFERENCES call (id),
    account BLOB NOT NULL REFERENCES account (id),
    from_day TEXT NOT NULL,
    until_day TEXT,
    appointed_by BLOB REFERENCES account (id),
    appointed_at TEXT NOT NULL,
    dismissed_by BLOB REFERENCES account (id),
    dismissed_at TEXT,
    CONSTRAINT judge_period CHECK (until_day IS NULL OR until_day >= from_day)
) STRICT;

CREATE TABLE judge_recusal (
    application BLOB NOT NULL REFERENCES application (id),
    account BLOB NOT NULL REFERENCES account (id),
    reason text NOT NULL,
    declared_by BLOB NOT NULL REFERENCES account (id),
    declared_at TEXT NOT NULL,
    PRIMARY KEY (account, application)
) STRICT;

CREATE TABLE known_place (
    account BLOB NOT NULL REFERENCES account (id),
    place BLOB NOT NULL,
    until TEXT NOT NULL,
    PRIMARY KEY (account, place)
) STRICT;

CREATE TABLE ledger_entry (
    budget_line BLOB NOT NULL REFERENCES budget_line (id),
    sequence INTEGER NOT NULL,
    application BLOB REFERENCES application (id),
    event BLOB REFERENCES event (id),
    from_account text,
    to_account text,
    amount INTEGER NOT NULL CONSTRAINT ledger_entry_amount CHECK (amount > 0),
    kind text NOT NULL,
    at TEXT NOT NULL,
    entered_by BLOB NOT NULL,
    PRIMARY KEY (budget_line, sequence),
    CONSTRAINT ledger_entry_sides CHECK ((kind = 'appropriate' AND event IS NULL
            AND (from_account IS NULL) <> (to_account IS NULL))
        OR (kind <> 'appropriate' AND event IS NOT NULL AND application IS NOT NULL
            AND from_account IS NOT NULL AND to_account IS NOT NULL AND from_account <> to_account))
) STRICT;

CREATE TABLE letter (
    id BLOB PRIMARY KEY,
    application BLOB NOT NULL REFERENCES application (id),
    event BLOB NOT NULL REFERENCES event (id),
    name text NOT NULL,
    number text,
    data text NOT NULL,
    template_hash text NOT NULL,
    html text,
    sha256 text,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE membership (
    account BLOB NOT NULL REFERENCES account (id),
    business BLOB NOT NULL REFERENCES business (id),
    role text NOT NULL CONSTRAINT membership_role CHECK (role IN ('owner', 'member', 'delegate')),
    ends_at TEXT,
    PRIMARY KEY (account, business)
) STRICT;

CREATE TABLE municipality (
    name text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    definition text NOT NULL
, revision INTEGER NOT NULL DEFAULT 1) STRICT;

CREATE TABLE note (
    id BLOB PRIMARY KEY,
    application BLOB NOT NULL REFERENCES application (id),
    account BLOB NOT NULL REFERENCES account (id),
    at TEXT NOT NULL,
    content text NOT NULL,
    struck_at TEXT
) STRICT;

CREATE TABLE one_time_link (
    token_hash BLOB PRIMARY KEY,
    kind text NOT NULL CONSTRAINT one_time_link_kind
        CHECK (kind IN ('invitation', 'password_reset', 'email_verification')),
    account BLOB REFERENCES account (id),
    email text,
    payload text NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
) STRICT;

CREATE TABLE outbox (
    id BLOB PRIMARY KEY,
    kind text NOT NULL,
    subject BLOB NOT NULL,
    payload text NOT NULL,
    dedupe_key text NOT NULL UNIQUE,
    available_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    leased_by BLOB,
    leased_until TEXT,
    sent_at TEXT,
    dead_at TEXT,
    last_error text,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE partner_link (
    id BLOB PRIMARY KEY,
    application BLOB NOT NULL REFERENCES application (id),
    partner text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    token_hash BLOB UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;

CREATE TABLE passkey (
    id BLOB PRIMARY KEY,
    credential BLOB NOT NULL UNIQUE,
    account BLOB NOT NULL REFERENCES account (id),
    name text NOT NULL,
    public_key BLOB NOT NULL,
    state BLOB NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT
) STRICT;

CREATE TABLE passkey_request (
    token_hash BLOB PRIMARY KEY,
    visitor_hash BLOB NOT NULL,
    account BLOB REFERENCES account (id),
    state BLOB NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE payment_batch (
    id BLOB PRIMARY KEY,
    municipality text NOT NULL REFERENCES municipality (name),
    state text NOT NULL,
    transfer_date TEXT NOT NULL,
    body text NOT NULL,
    made_by BLOB NOT NULL REFERENCES account (id),
    made_at TEXT NOT NULL,
    approved_by BLOB REFERENCES account (id),
    file BLOB,
    file_sha256 text,
    version INTEGER NOT NULL,
    CONSTRAINT payment_batch_two_persons CHECK (approved_by IS NULL OR approved_by <> made_by),
    CONSTRAINT payment_batch_file CHECK ((file IS NULL) = (file_sha256 IS NULL))
) STRICT;

CREATE TABLE payment_line (
    id BLOB PRIMARY KEY,
    application BLOB NOT NULL REFERENCES application (id),
    municipality text NOT NULL REFERENCES municipality (name),
    fiscal_year INTEGER NOT NULL,
    obligation_number text,
    payment_order_number text,
    amount INTEGER NOT NULL CONSTRAINT payment_line_amount CHECK (amount > 0),
    account text NOT NULL,
    payee_name text NOT NULL,
    batch BLOB REFERENCES payment_batch (id),
    state text NOT NULL,
    ordered_at TEXT NOT NULL,
    settled_at TEXT, procedure BLOB, blocked_at TEXT,
    CONSTRAINT payment_line_state CHECK (state IN ('ordered', 'in_batch', 'paid', 'returned')),
    CONSTRAINT payment_line_batch CHECK ((batch IS NULL) = (state = 'ordered'))
) STRICT;

CREATE TABLE position_holder (
    account BLOB NOT NULL REFERENCES account (id),
    municipality text NOT NULL REFERENCES municipality (name),
    position text NOT NULL,
    from_day TEXT NOT NULL,
    until_day TEXT,
    acting INTEGER NOT NULL,
    PRIMARY KEY (account, municipality, position, from_day),
    CONSTRAINT position_holder_period CHECK (until_day IS NULL OR until_day >= from_day)
) STRICT;

CREATE TABLE program_draft (
    program TEXT PRIMARY KEY,
    definition text NOT NULL,
    scenarios text NOT NULL,
    revision INTEGER NOT NULL CONSTRAINT program_draft_revision CHECK (revision >= 1),
    saved_at TEXT NOT NULL,
    saved_by BLOB NOT NULL REFERENCES account (id)
) STRICT;

CREATE TABLE program_event (
    program_hash text NOT NULL REFERENCES program_version (hash),
    kind text NOT NULL CONSTRAINT program_event_kind CHECK (kind IN ('published', 'closed')),
    at TEXT NOT NULL,
    actor BLOB REFERENCES account (id),
    PRIMARY KEY (program_hash, kind)
) STRICT;

CREATE TABLE program_source (
    program_hash text NOT NULL REFERENCES program_version (hash),
    path TEXT NOT NULL,
    sha256 text NOT NULL REFERENCES definition_text (sha256),
    PRIMARY KEY (program_hash, path)
) STRICT;

CREATE TABLE program_version (
    hash text PRIMARY KEY,
    program text NOT NULL,
    municipality text NOT NULL REFERENCES municipality (name),
    version INTEGER NOT NULL,
    status text NOT NULL CONSTRAINT program_version_status CHECK (status IN ('published', 'closed')),
    canonical text NOT NULL,
    title_ja text NOT NULL,
    title_en text NOT NULL,
    published_at TEXT NOT NULL,
    UNIQUE (program, version)
) STRICT;

CREATE TABLE ranking (
    id BLOB PRIMARY KEY,
    call BLOB NOT NULL REFERENCES call (id),
    ranked_by BLOB NOT NULL REFERENCES account (id),
    at TEXT NOT NULL,
    seed text NOT NULL,
    content text NOT NULL,
    sha256 text NOT NULL
) STRICT;

CREATE TABLE recovery_code (
    code_hash BLOB PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id),
    used_at TEXT
) STRICT;

CREATE TABLE review_check (
    application BLOB NOT NULL REFERENCES application (id),
    item text NOT NULL,
    submission INTEGER NOT NULL,
    account BLOB NOT NULL REFERENCES account (id),
    at TEXT NOT NULL,
    result text NOT NULL CONSTRAINT review_check_result CHECK (result IN ('fine', 'doubtful')),
    remark text NOT NULL DEFAULT '',
    PRIMARY KEY (application, item)
) STRICT;

CREATE TABLE saved_view (
    id BLOB PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id),
    name text NOT NULL,
    query text NOT NULL,
    saved_at TEXT NOT NULL,
    UNIQUE (account, name)
) STRICT;

CREATE TABLE seal (
    id BLOB PRIMARY KEY,
    at TEXT NOT NULL,
    heads_digest text NOT NULL,
    heads_count INTEGER NOT NULL,
    document text NOT NULL
, number INTEGER NOT NULL DEFAULT 0, kept_at TEXT) STRICT;

CREATE TABLE search_gram (
    gram TEXT NOT NULL,
    business BLOB NOT NULL REFERENCES business (id) ON DELETE CASCADE,
    PRIMARY KEY (gram, business)
) STRICT;

CREATE TABLE second_factor (
    account BLOB PRIMARY KEY REFERENCES account (id),
    secret BLOB NOT NULL,
    begun_at TEXT NOT NULL,
    confirmed_at TEXT,
    last_step INTEGER NOT NULL DEFAULT 0
, sealed_by text) STRICT;

CREATE TABLE sent_mail (
    id BLOB PRIMARY KEY,
    outbox BLOB NOT NULL REFERENCES outbox (id),
    application BLOB REFERENCES application (id),
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    bytes BLOB NOT NULL,
    sha256 text NOT NULL,
    message_id text NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    UNIQUE (outbox, recipient)
) STRICT;

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id),
    created_at TEXT NOT NULL,
    authenticated_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
, address text, agent text, strong INTEGER NOT NULL DEFAULT FALSE) STRICT;

CREATE TABLE staff_role (
    account BLOB NOT NULL REFERENCES account (id),
    municipality text NOT NULL REFERENCES municipality (name),
    role text NOT NULL,
    from_day TEXT NOT NULL,
    until_day TEXT,
    PRIMARY KEY (account, municipality, role, from_day),
    CONSTRAINT staff_role_period CHECK (until_day IS NULL OR until_day >= from_day)
) STRICT;

CREATE TABLE submission (
    id BLOB PRIMARY KEY,
    application BLOB NOT NULL REFERENCES application (id),
    form text NOT NULL,
    sequence INTEGER NOT NULL,
    at TEXT NOT NULL,
    submitted_by BLOB NOT NULL,
    field_values text NOT NULL,
    documents text NOT NULL,
    changes text NOT NULL,
    salt BLOB NOT NULL,
    UNIQUE (application, sequence)
) STRICT;

CREATE TABLE throttle (
    bucket BLOB PRIMARY KEY,
    full_at INTEGER NOT NULL
) STRICT;

CREATE INDEX access_log_account ON access_log (account, at, id);

CREATE INDEX access_log_municipality ON access_log (municipality, at, id);

CREATE INDEX api_token_account ON api_token (account);

CREATE INDEX application_assignee_deadline ON application (municipality, assignee, deadline_sort, id) WHERE received_at IS NOT NULL AND assignee IS NOT NULL;

CREATE INDEX application_assignee_received ON application (municipality, assignee, received_sort, id) WHERE received_at IS NOT NULL AND assignee IS NOT NULL;

CREATE INDEX application_assignee_updated ON application (municipality, assignee, updated_at, id) WHERE received_at IS NOT NULL AND assignee IS NOT NULL;

CREATE INDEX application_attention ON application (municipality, attention, deadline_sort, id) WHERE received_at IS NOT NULL AND attention IS NOT NULL;

CREATE INDEX application_business ON application (business, program, municipality, received_at, received_sort, deadline_sort, updated_at, id);

CREATE INDEX application_call ON application (call, state_kind, business);

CREATE INDEX application_clock ON application (next_clock_at) WHERE next_clock_at IS NOT NULL;

CREATE INDEX application_deadline ON application (municipality, deadline_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_in_line ON application (call, in_line_since, id) WHERE in_line_since IS NOT NULL;

CREATE INDEX application_kind_deadline ON application (municipality, state_kind, deadline_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_kind_received ON application (municipality, state_kind, received_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_kind_updated ON application (municipality, state_kind, updated_at, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_number_end ON application ((replace(number, rtrim(number, replace(number, '-', '')), '')), number);

CREATE INDEX application_paper ON application (assignee, created_at, id) WHERE received_at IS NULL AND assignee IS NOT NULL;

CREATE INDEX application_program_deadline ON application (municipality, program, deadline_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_program_received ON application (municipality, program, received_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_program_updated ON application (municipality, program, updated_at, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_received ON application (municipality, received_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_running ON application (program_hash)
    WHERE received_at IS NOT NULL AND state_kind NOT IN ('closed_paid', 'closed_unpaid');

CREATE INDEX application_state_deadline ON application (municipality, state, deadline_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_state_received ON application (municipality, state, received_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_state_updated ON application (municipality, state, updated_at, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_unsealed ON application (id) WHERE head_sequence > sealed_sequence;

CREATE INDEX application_updated ON application (municipality, updated_at, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_waits ON application (municipality, waits_on, deadline_sort, id) WHERE received_at IS NOT NULL AND waits_on IS NOT NULL;

CREATE INDEX application_year_deadline ON application (municipality, fiscal_year, deadline_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_year_received ON application (municipality, fiscal_year, received_sort, id) WHERE received_at IS NOT NULL;

CREATE INDEX application_year_updated ON application (municipality, fiscal_year, updated_at, id) WHERE received_at IS NOT NULL;

CREATE INDEX business_address ON business (address);

CREATE INDEX business_representative ON business (representative);

CREATE INDEX event_at ON event (at, id);

CREATE INDEX file_application ON file (application);

CREATE INDEX file_business ON file (business);

CREATE INDEX file_owner ON file (owner);

CREATE INDEX file_sha256 ON file (sha256) WHERE application IS NOT NULL;

CREATE INDEX half_sign_in_expires ON half_sign_in (expires_at);

CREATE INDEX idempotency_at ON idempotency (at);

CREATE INDEX identity_request_expires ON identity_request (expires_at);

CREATE INDEX judge_account ON judge (account);

CREATE UNIQUE INDEX judge_standing ON judge (call, account) WHERE dismissed_at IS NULL;

CREATE INDEX judge_recusal_application ON judge_recusal (application);

CREATE INDEX ledger_entry_application ON ledger_entry (application) WHERE application IS NOT NULL;

CREATE INDEX letter_application ON letter (application);

CREATE INDEX membership_business ON membership (business);

CREATE INDEX note_application ON note (application, at, id);

CREATE INDEX one_time_link_expires ON one_time_link (expires_at);

CREATE INDEX outbox_dead ON outbox (dead_at) WHERE dead_at IS NOT NULL;

CREATE INDEX outbox_due ON outbox (available_at) WHERE sent_at IS NULL AND dead_at IS NULL;

CREATE INDEX outbox_subject ON outbox (subject);

CREATE INDEX partner_link_application ON partner_link (application);

CREATE INDEX passkey_account ON passkey (account);

CREATE INDEX passkey_request_expires ON passkey_request (expires_at);

CREATE INDEX payment_batch_made ON payment_batch (municipality, made_at, id);

CREATE INDEX payment_line_application ON payment_line (application);

CREATE INDEX payment_line_in_batch ON payment_line (batch) WHERE batch IS NOT NULL;

CREATE INDEX payment_line_payable ON payment_line (municipality, ordered_at, id) WHERE state = 'ordered' AND blocked_at IS NULL;

CREATE INDEX position_holder_holders ON position_holder (municipality, position);

CREATE INDEX ranking_call ON ranking (call, at);

CREATE INDEX recovery_code_account ON recovery_code (account);

CREATE INDEX seal_at ON seal (at);

CREATE UNIQUE INDEX seal_number ON seal (number) WHERE number > 0;

CREATE INDEX search_gram_business ON search_gram (business);

CREATE INDEX sent_mail_application ON sent_mail (application) WHERE application IS NOT NULL;

CREATE INDEX sent_mail_recipient ON sent_mail (recipient, created_at);

CREATE INDEX session_account ON session (account);

CREATE INDEX session_expires ON session (expires_at);

CREATE INDEX staff_role_holders ON staff_role (municipality, role);

CREATE INDEX throttle_full ON throttle (full_at);

CREATE TRIGGER access_log_kept BEFORE DELETE ON access_log BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER access_log_unchanged BEFORE UPDATE ON access_log BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER definition_text_kept BEFORE DELETE ON definition_text BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER definition_text_unchanged BEFORE UPDATE ON definition_text BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER event_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER event_unchanged BEFORE UPDATE OF id, application, sequence, at, actor, role, action, stage, from_state,
    to_state, facts, previous, hash ON event BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER judge_kept BEFORE DELETE ON judge BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER judge_recusal_kept BEFORE DELETE ON judge_recusal BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER judge_recusal_unchanged BEFORE UPDATE ON judge_recusal BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER ledger_entry_kept BEFORE DELETE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER ledger_entry_unchanged BEFORE UPDATE ON ledger_entry BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER program_event_kept BEFORE DELETE ON program_event BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER program_event_unchanged BEFORE UPDATE ON program_event BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER program_source_kept BEFORE DELETE ON program_source BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER program_source_unchanged BEFORE UPDATE ON program_source BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER program_version_closed BEFORE UPDATE OF status ON program_version WHEN old.status = 'closed'
    BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER program_version_kept BEFORE DELETE ON program_version BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER program_version_unchanged BEFORE UPDATE OF hash, program, version, canonical ON program_version
    BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER ranking_kept BEFORE DELETE ON ranking BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER ranking_unchanged BEFORE UPDATE ON ranking BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER seal_kept BEFORE DELETE ON seal BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER seal_unchanged BEFORE UPDATE OF id, at, heads_digest, heads_count, document, number ON seal
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
