CREATE TABLE access_log (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    municipality text,
    account uuid,
    kind text NOT NULL,
    subject uuid,
    address text,
    CONSTRAINT access_log_pkey PRIMARY KEY (id),
    CONSTRAINT access_log_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT access_log_municipality_fkey FOREIGN KEY (municipality) REFERENCES municipality(name),
    CONSTRAINT access_log_kind CHECK ((kind = ANY (ARRAY['signed_in'::text, 'document'::text, 'payment_batch'::text, 'bank_file'::text, 'cases_exported'::text, 'people_exported'::text, 'history_exported'::text, 'sign_in_failed'::text, 'sign_in_throttled'::text, 'own_data_exported'::text])))
);

CREATE TABLE account (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    locale text NOT NULL,
    password_hash text,
    email_verified_at timestamp with time zone,
    disabled_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT account_email_key UNIQUE (email),
    CONSTRAINT account_pkey PRIMARY KEY (id)
);

CREATE TABLE api_token (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    account uuid NOT NULL,
    name text NOT NULL,
    scopes text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_token_token_hash_key UNIQUE (token_hash),
    CONSTRAINT api_token_pkey PRIMARY KEY (id),
    CONSTRAINT api_token_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE application (
    id uuid NOT NULL,
    number text COLLATE "C",
    municipality text NOT NULL,
    program text NOT NULL,
    program_hash text NOT NULL,
    call uuid NOT NULL,
    fiscal_year integer NOT NULL,
    business uuid NOT NULL,
    state text NOT NULL,
    state_kind text NOT NULL,
    waits_on text,
    attention text,
    assignee uuid,
    version bigint NOT NULL,
    received_at timestamp with time zone,
    deadline_at timestamp with time zone,
    next_clock_at timestamp with time zone,
    received_sort timestamp with time zone NOT NULL,
    deadline_sort timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    head_sequence bigint NOT NULL,
    head_hash text NOT NULL,
    head_at timestamp with time zone NOT NULL,
    granted_yen bigint NOT NULL,
    body text NOT NULL,
    in_line_since timestamp with time zone,
    sealed_sequence bigint NOT NULL DEFAULT 0,
    CONSTRAINT application_number_key UNIQUE (number),
    CONSTRAINT application_pkey PRIMARY KEY (id),
    CONSTRAINT application_assignee_fkey FOREIGN KEY (assignee) REFERENCES account(id),
    CONSTRAINT application_business_fkey FOREIGN KEY (business) REFERENCES business(id),
    CONSTRAINT application_call_fkey FOREIGN KEY (call) REFERENCES call(id),
    CONSTRAINT application_municipality_fkey FOREIGN KEY (municipality) REFERENCES municipality(name),
    CONSTRAINT application_program_hash_fkey FOREIGN KEY (program_hash) REFERENCES program_version(hash),
    CONSTRAINT application_not_negative CHECK (((version >= 0) AND (granted_yen >= 0)))
);

CREATE TABLE budget_line (
    id uuid NOT NULL,
    municipality text NOT NULL,
    fiscal_year integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    path text NOT NULL,
    appropriated bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0,
    committed bigint NOT NULL DEFAULT 0,
    finalized bigint NOT NULL DEFAULT 0,
    ordered bigint NOT NULL DEFAULT 0,
    paid bigint NOT NULL DEFAULT 0,
    entries bigint NOT NULL DEFAULT 0,
    CONSTRAINT budget_line_municipality_fiscal_year_code_key UNIQUE (municipality, fiscal_year, code),
    CONSTRAINT budget_line_pkey PRIMARY KEY (id),
    CONSTRAINT budget_line_municipality_fkey FOREIGN KEY (municipality) REFERENCES municipality(name),
    CONSTRAINT budget_line_not_negative CHECK (((appropriated >= 0) AND (held >= 0) AND (committed >= 0) AND (finalized >= 0) AND (ordered >= 0) AND (paid >= 0))),
    CONSTRAINT budget_line_within_appropriation CHECK (((((committed + finalized) + ordered) + paid) <= appropriated))
);

CREATE TABLE business (
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    name_kana text NOT NULL,
    corporate_number text,
    address text NOT NULL,
    representative text NOT NULL,
    facts text NOT NULL,
    search_text text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT business_corporate_number_key UNIQUE (corporate_number),
    CONSTRAINT business_pkey PRIMARY KEY (id)
);

CREATE TABLE call (
    id uuid NOT NULL,
    program text NOT NULL,
    fiscal_year integer NOT NULL,
    call_window text NOT NULL,
    opens date NOT NULL,
    closes date,
    budget_line uuid,
    target text,
    capacity bigint,
    taken bigint NOT NULL DEFAULT 0,
    carry_over text,
    CONSTRAINT call_program_fiscal_year_call_window_key UNIQUE (program, fiscal_year, call_window),
    CONSTRAINT call_pkey PRIMARY KEY (id),
    CONSTRAINT call_budget_line_fkey FOREIGN KEY (budget_line) REFERENCES budget_line(id),
    CONSTRAINT call_capacity CHECK ((capacity >= 0)),
    CONSTRAINT call_taken CHECK ((taken >= 0))
);

CREATE TABLE counter (
    municipality text NOT NULL,
    kind text NOT NULL,
    fiscal_year integer NOT NULL,
    next bigint NOT NULL,
    CONSTRAINT counter_pkey PRIMARY KEY (municipality, kind, fiscal_year)
);

CREATE TABLE definition_text (
    sha256 text NOT NULL,
    content text NOT NULL,
    CONSTRAINT definition_text_pkey PRIMARY KEY (sha256)
);

CREATE TABLE demonstration (
    id uuid NOT NULL,
    finished boolean NOT NULL,
    CONSTRAINT demonstration_pkey PRIMARY KEY (id)
);

CREATE TABLE draft (
    application uuid NOT NULL,
    form text NOT NULL,
    account uuid NOT NULL,
    field_values text NOT NULL,
    documents text NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    program_hash text,
    kept text,
    revision bigint NOT NULL DEFAULT 0,
    changed text NOT NULL DEFAULT '{}'::text,
    CONSTRAINT draft_pkey PRIMARY KEY (application, form, account),
    CONSTRAINT draft_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT draft_application_fkey FOREIGN KEY (application) REFERENCES application(id),
    CONSTRAINT draft_program_hash_fkey FOREIGN KEY (program_hash) REFERENCES program_version(hash)
);

CREATE TABLE event (
    id uuid NOT NULL,
    application uuid NOT NULL,
    sequence bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor uuid NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    stage text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    facts text NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    comment text,
    CONSTRAINT event_application_sequence_key UNIQUE (application, sequence),
    CONSTRAINT event_pkey PRIMARY KEY (id),
    CONSTRAINT event_application_fkey FOREIGN KEY (application) REFERENCES application(id)
);

CREATE TABLE file (
    id uuid NOT NULL,
    owner uuid NOT NULL,
    application uuid,
    business uuid,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    uploaded_at timestamp with time zone NOT NULL,
    content_key text NOT NULL,
    CONSTRAINT file_pkey PRIMARY KEY (id),
    CONSTRAINT file_application_fkey FOREIGN KEY (application) REFERENCES application(id),
    CONSTRAINT file_business_fkey FOREIGN KEY (business) REFERENCES business(id),
    CONSTRAINT file_owner_fkey FOREIGN KEY (owner) REFERENCES account(id)
);

CREATE TABLE half_sign_in (
    token_hash bytea NOT NULL,
    account uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    authenticated_at timestamp with time zone,
    CONSTRAINT half_sign_in_pkey PRIMARY KEY (token_hash),
    CONSTRAINT half_sign_in_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE idempotency (
    account uuid NOT NULL,
    key text NOT NULL,
    operation text NOT NULL,
    input_digest text NOT NULL,
    subject uuid NOT NULL,
    result text,
    at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY (account, key)
);

CREATE TABLE identity (
    issuer text NOT NULL,
    subject text NOT NULL,
    account uuid NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    CONSTRAINT identity_account_issuer_key UNIQUE (account, issuer),
    CONSTRAINT identity_pkey PRIMARY KEY (issuer, subject),
    CONSTRAINT identity_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE identity_request (
    token_hash bytea NOT NULL,
    provider text NOT NULL,
    account uuid,
    next text NOT NULL,
    kept text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    links boolean NOT NULL DEFAULT false,
    CONSTRAINT identity_request_pkey PRIMARY KEY (token_hash),
    CONSTRAINT identity_request_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE installation_key (
    id integer NOT NULL,
    name text NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT installation_key_pkey PRIMARY KEY (id),
    CONSTRAINT installation_key_one CHECK ((id = 1))
);

CREATE TABLE judge (
    id uuid NOT NULL,
    call uuid NOT NULL,
    account uuid NOT NULL,
    from_day date NOT NULL,
    until_day date,
    appointed_by uuid,
    appointed_at timestamp with time zone NOT NULL,
    dismissed_by uuid,
    dismissed_at timestamp with time zone,
    CONSTRAINT judge_pkey PRIMARY KEY (id),
    CONSTRAINT judge_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT judge_appointed_by_fkey FOREIGN KEY (appointed_by) REFERENCES account(id),
    CONSTRAINT judge_call_fkey FOREIGN KEY (call) REFERENCES call(id),
    CONSTRAINT judge_dismissed_by_fkey FOREIGN KEY (dismissed_by) REFERENCES account(id),
    CONSTRAINT judge_period CHECK (((until_day IS NULL) OR (until_day >= from_day)))
);

CREATE TABLE judge_recusal (
    application uuid NOT NULL,
    account uuid NOT NULL,
    reason text NOT NULL,
    declared_by uuid NOT NULL,
    declared_at timestamp with time zone NOT NULL,
    CONSTRAINT judge_recusal_pkey PRIMARY KEY (account, application),
    CONSTRAINT judge_recusal_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT judge_recusal_application_fkey FOREIGN KEY (application) REFERENCES application(id),
    CONSTRAINT judge_recusal_declared_by_fkey FOREIGN KEY (declared_by) REFERENCES account(id)
);

CREATE TABLE known_place (
    account uuid NOT NULL,
    place bytea NOT NULL,
    until timestamp with time zone NOT NULL,
    CONSTRAINT known_place_pkey PRIMARY KEY (account, place),
    CONSTRAINT known_place_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE ledger_entry (
    budget_line uuid NOT NULL,
    sequence bigint NOT NULL,
    application uuid,
    event uuid,
    from_account text,
    to_account text,
    amount bigint NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    entered_by uuid NOT NULL,
    CONSTRAINT ledger_entry_pkey PRIMARY KEY (budget_line, sequence),
    CONSTRAINT ledger_entry_application_fkey FOREIGN KEY (application) REFERENCES application(id),
    CONSTRAINT ledger_entry_budget_line_fkey FOREIGN KEY (budget_line) REFERENCES budget_line(id),
    CONSTRAINT ledger_entry_event_fkey FOREIGN KEY (event) REFERENCES event(id),
    CONSTRAINT ledger_entry_amount CHECK ((amount > 0)),
    CONSTRAINT ledger_entry_sides CHECK ((((kind = 'appropriate'::text) AND (event IS NULL) AND ((from_account IS NULL) <> (to_account IS NULL))) OR ((kind <> 'appropriate'::text) AND (event IS NOT NULL) AND (application IS NOT NULL) AND (from_account IS NOT NULL) AND (to_account IS NOT NULL) AND (from_account <> to_account))))
);

CREATE TABLE letter (
    id uuid NOT NULL,
    application uuid NOT NULL,
    event uuid NOT NULL,
    name text NOT NULL,
    number text,
    data text NOT NULL,
    template_hash text NOT NULL,
    html text,
    sha256 text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT letter_pkey PRIMARY KEY (id),
    CONSTRAINT letter_application_fkey FOREIGN KEY (application) REFERENCES application(id),
    CONSTRAINT letter_event_fkey FOREIGN KEY (event) REFERENCES event(id)
);

CREATE TABLE membership (
    account uuid NOT NULL,
    business uuid NOT NULL,
    role text NOT NULL,
    ends_at timestamp with time zone,
    CONSTRAINT membership_pkey PRIMARY KEY (account, business),
    CONSTRAINT membership_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT membership_business_fkey FOREIGN KEY (business) REFERENCES business(id),
    CONSTRAINT membership_role CHECK ((role = ANY (ARRAY['owner'::text, 'member'::text, 'delegate'::text])))
);

CREATE TABLE municipality (
    name text NOT NULL,
    code text NOT NULL,
    definition text NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    CONSTRAINT municipality_code_key UNIQUE (code),
    CONSTRAINT municipality_pkey PRIMARY KEY (name)
);

CREATE TABLE note (
    id uuid NOT NULL,
    application uuid NOT NULL,
    account uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    content text NOT NULL,
    struck_at timestamp with time zone,
    CONSTRAINT note_pkey PRIMARY KEY (id),
    CONSTRAINT note_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT note_application_fkey FOREIGN KEY (application) REFERENCES application(id)
);

CREATE TABLE one_time_link (
    token_hash bytea NOT NULL,
    kind text NOT NULL,
    account uuid,
    email text,
    payload text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT one_time_link_pkey PRIMARY KEY (token_hash),
    CONSTRAINT one_time_link_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT one_time_link_kind CHECK ((kind = ANY (ARRAY['invitation'::text, 'password_reset'::text, 'email_verification'::text])))
);

CREATE TABLE outbox (
    id uuid NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    payload text NOT NULL,
    dedupe_key text NOT NULL,
    available_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    leased_by uuid,
    leased_until timestamp with time zone,
    sent_at timestamp with time zone,
    dead_at timestamp with time zone,
    last_error text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT outbox_dedupe_key_key UNIQUE (dedupe_key),
    CONSTRAINT outbox_pkey PRIMARY KEY (id)
);

CREATE TABLE partner_link (
    id uuid NOT NULL,
    application uuid NOT NULL,
    partner text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    token_hash bytea,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT partner_link_token_hash_key UNIQUE (token_hash),
    CONSTRAINT partner_link_pkey PRIMARY KEY (id),
    CONSTRAINT partner_link_application_fkey FOREIGN KEY (application) REFERENCES application(id)
);

CREATE TABLE passkey (
    id uuid NOT NULL,
    credential bytea NOT NULL,
    account uuid NOT NULL,
    name text NOT NULL,
    public_key bytea NOT NULL,
    state bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    CONSTRAINT passkey_credential_key UNIQUE (credential),
    CONSTRAINT passkey_pkey PRIMARY KEY (id),
    CONSTRAINT passkey_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE passkey_request (
    token_hash bytea NOT NULL,
    visitor_hash bytea NOT NULL,
    account uuid,
    state bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT passkey_request_pkey PRIMARY KEY (token_hash),
    CONSTRAINT passkey_request_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE payment_batch (
    id uuid NOT NULL,
    municipality text NOT NULL,
    state text NOT NULL,
    transfer_date date NOT NULL,
    body text NOT NULL,
    made_by uuid NOT NULL,
    made_at timestamp with time zone NOT NULL,
    approved_by uuid,
    file bytea,
    file_sha256 text,
    version bigint NOT NULL,
    CONSTRAINT payment_batch_pkey PRIMARY KEY (id),
    CONSTRAINT payment_batch_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES account(id),
    CONSTRAINT payment_batch_made_by_fkey FOREIGN KEY (made_by) REFERENCES account(id),
    CONSTRAINT payment_batch_municipality_fkey FOREIGN KEY (municipality) REFERENCES municipality(name),
    CONSTRAINT payment_batch_file CHECK (((file IS NULL) = (file_sha256 IS NULL))),
    CONSTRAINT payment_batch_two_persons CHECK (((approved_by IS NULL) OR (approved_by <> made_by)))
);

CREATE TABLE payment_line (
    id uuid NOT NULL,
    application uuid NOT NULL,
    municipality text NOT NULL,
    fiscal_year integer NOT NULL,
    obligation_number text,
    payment_order_number text,
    amount bigint NOT NULL,
    account text NOT NULL,
    payee_name text NOT NULL,
    batch uuid,
    state text NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    procedure uuid,
    blocked_at timestamp with time zone,
    CONSTRAINT payment_line_pkey PRIMARY KEY (id),
    CONSTRAINT payment_line_application_fkey FOREIGN KEY (application) REFERENCES application(id),
    CONSTRAINT payment_line_batch_fkey FOREIGN KEY (batch) REFERENCES payment_batch(id),
    CONSTRAINT payment_line_municipality_fkey FOREIGN KEY (municipality) REFERENCES municipality(name),
    CONSTRAINT payment_line_amount CHECK ((amount > 0)),
    CONSTRAINT payment_line_batch CHECK (((batch IS NULL) = (state = 'ordered'::text))),
    CONSTRAINT payment_line_state CHECK ((state = ANY (ARRAY['ordered'::text, 'in_batch'::text, 'paid'::text, 'returned'::text])))
);

CREATE TABLE position_holder (
    account uuid NOT NULL,
    municipality text NOT NULL,
    position text NOT NULL,
    from_day date NOT NULL,
    until_day date,
    acting boolean NOT NULL,
    CONSTRAINT position_holder_pkey PRIMARY KEY (account, municipality, "position", from_day),
    CONSTRAINT position_holder_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT position_holder_municipality_fkey FOREIGN KEY (municipality) REFERENCES municipality(name),
    CONSTRAINT position_holder_period CHECK (((until_day IS NULL) OR (until_day >= from_day)))
);

CREATE TABLE program_draft (
    program text COLLATE "C" NOT NULL,
    definition text NOT NULL,
    scenarios text NOT NULL,
    revision bigint NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    saved_by uuid NOT NULL,
    CONSTRAINT program_draft_pkey PRIMARY KEY (program),
    CONSTRAINT program_draft_saved_by_fkey FOREIGN KEY (saved_by) REFERENCES account(id),
    CONSTRAINT program_draft_revision CHECK ((revision >= 1))
);

CREATE TABLE program_event (
    program_hash text NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    actor uuid,
    CONSTRAINT program_event_pkey PRIMARY KEY (program_hash, kind),
    CONSTRAINT program_event_actor_fkey FOREIGN KEY (actor) REFERENCES account(id),
    CONSTRAINT program_event_program_hash_fkey FOREIGN KEY (program_hash) REFERENCES program_version(hash),
    CONSTRAINT program_event_kind CHECK ((kind = ANY (ARRAY['published'::text, 'closed'::text])))
);

CREATE TABLE program_source (
    program_hash text NOT NULL,
    path text COLLATE "C" NOT NULL,
    sha256 text NOT NULL,
    CONSTRAINT program_source_pkey PRIMARY KEY (program_hash, path),
    CONSTRAINT program_source_program_hash_fkey FOREIGN KEY (program_hash) REFERENCES program_version(hash),
    CONSTRAINT program_source_sha256_fkey FOREIGN KEY (sha256) REFERENCES definition_text(sha256)
);

CREATE TABLE program_version (
    hash text NOT NULL,
    program text NOT NULL,
    municipality text NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    canonical text NOT NULL,
    title_ja text NOT NULL,
    title_en text NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT program_version_program_version_key UNIQUE (program, version),
    CONSTRAINT program_version_pkey PRIMARY KEY (hash),
    CONSTRAINT program_version_municipality_fkey FOREIGN KEY (municipality) REFERENCES municipality(name),
    CONSTRAINT program_version_status CHECK ((status = ANY (ARRAY['published'::text, 'closed'::text])))
);

CREATE TABLE ranking (
    id uuid NOT NULL,
    call uuid NOT NULL,
    ranked_by uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    seed text NOT NULL,
    content text NOT NULL,
    sha256 text NOT NULL,
    CONSTRAINT ranking_pkey PRIMARY KEY (id),
    CONSTRAINT ranking_call_fkey FOREIGN KEY (call) REFERENCES call(id),
    CONSTRAINT ranking_ranked_by_fkey FOREIGN KEY (ranked_by) REFERENCES account(id)
);

CREATE TABLE recovery_code (
    code_hash bytea NOT NULL,
    account uuid NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_code_pkey PRIMARY KEY (code_hash),
    CONSTRAINT recovery_code_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE review_check (
    application uuid NOT NULL,
    item text NOT NULL,
    submission bigint NOT NULL,
    account uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    result text NOT NULL,
    remark text NOT NULL DEFAULT ''::text,
    CONSTRAINT review_check_pkey PRIMARY KEY (application, item),
    CONSTRAINT review_check_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT review_check_application_fkey FOREIGN KEY (application) REFERENCES application(id),
    CONSTRAINT review_check_result CHECK ((result = ANY (ARRAY['fine'::text, 'doubtful'::text])))
);

CREATE TABLE saved_view (
    id uuid NOT NULL,
    account uuid NOT NULL,
    name text NOT NULL,
    query text NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    CONSTRAINT saved_view_account_name_key UNIQUE (account, name),
    CONSTRAINT saved_view_pkey PRIMARY KEY (id),
    CONSTRAINT saved_view_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE seal (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    heads_digest text NOT NULL,
    heads_count bigint NOT NULL,
    document text NOT NULL,
    number bigint NOT NULL DEFAULT 0,
    kept_at timestamp with time zone,
    CONSTRAINT seal_pkey PRIMARY KEY (id)
);

CREATE TABLE search_gram (
    gram text COLLATE "C" NOT NULL,
    business uuid NOT NULL,
    CONSTRAINT search_gram_pkey PRIMARY KEY (gram, business),
    CONSTRAINT search_gram_business_fkey FOREIGN KEY (business) REFERENCES business(id) ON DELETE CASCADE
);

CREATE TABLE second_factor (
    account uuid NOT NULL,
    secret bytea NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint NOT NULL DEFAULT 0,
    sealed_by text,
    CONSTRAINT second_factor_pkey PRIMARY KEY (account),
    CONSTRAINT second_factor_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE sent_mail (
    id uuid NOT NULL,
    outbox uuid NOT NULL,
    application uuid,
    recipient text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    bytes bytea NOT NULL,
    sha256 text NOT NULL,
    message_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT sent_mail_message_id_key UNIQUE (message_id),
    CONSTRAINT sent_mail_outbox_recipient_key UNIQUE (outbox, recipient),
    CONSTRAINT sent_mail_pkey PRIMARY KEY (id),
    CONSTRAINT sent_mail_application_fkey FOREIGN KEY (application) REFERENCES application(id),
    CONSTRAINT sent_mail_outbox_fkey FOREIGN KEY (outbox) REFERENCES outbox(id)
);

CREATE TABLE session (
    token_hash bytea NOT NULL,
    account uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    authenticated_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    address text,
    agent text,
    strong boolean NOT NULL DEFAULT false,
    CONSTRAINT session_pkey PRIMARY KEY (token_hash),
    CONSTRAINT session_account_fkey FOREIGN KEY (account) REFERENCES account(id)
);

CREATE TABLE staff_role (
    account uuid NOT NULL,
    municipality text NOT NULL,
    role text NOT NULL,
    from_day date NOT NULL,
    until_day date,
    CONSTRAINT staff_role_pkey PRIMARY KEY (account, municipality, role, from_day),
    CONSTRAINT staff_role_account_fkey FOREIGN KEY (account) REFERENCES account(id),
    CONSTRAINT staff_role_municipality_fkey FOREIGN KEY (municipality) REFERENCES municipality(name),
    CONSTRAINT staff_role_period CHECK (((until_day IS NULL) OR (until_day >= from_day)))
);

CREATE TABLE submission (
    id uuid NOT NULL,
    application uuid NOT NULL,
    form text NOT NULL,
    sequence bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    submitted_by uuid NOT NULL,
    field_values text NOT NULL,
    documents text NOT NULL,
    changes text NOT NULL,
    salt bytea NOT NULL,
    CONSTRAINT submission_application_sequence_key UNIQUE (application, sequence),
    CONSTRAINT submission_pkey PRIMARY KEY (id),
    CONSTRAINT submission_application_fkey FOREIGN KEY (application) REFERENCES application(id)
);

CREATE TABLE throttle (
    bucket bytea NOT NULL,
    full_at bigint NOT NULL,
    CONSTRAINT throttle_pkey PRIMARY KEY (bucket)
);

CREATE INDEX access_log_account ON access_log USING btree (account, at, id);

CREATE INDEX access_log_municipality ON access_log USING btree (municipality, at, id);

CREATE INDEX api_token_account ON api_token USING btree (account);

CREATE INDEX application_assignee_deadline ON application USING btree (municipality, assignee, deadline_sort, id) WHERE ((received_at IS NOT NULL) AND (assignee IS NOT NULL));

CREATE INDEX application_assignee_received ON application USING btree (municipality, assignee, received_sort, id) WHERE ((received_at IS NOT NULL) AND (assignee IS NOT NULL));

CREATE INDEX application_assignee_updated ON application USING btree (municipality, assignee, updated_at, id) WHERE ((received_at IS NOT NULL) AND (assignee IS NOT NULL));

CREATE INDEX application_attention ON application USING btree (municipality, attention, deadline_sort, id) WHERE ((received_at IS NOT NULL) AND (attention IS NOT NULL));

CREATE INDEX application_business ON application USING btree (business, program, municipality, received_at, received_sort, deadline_sort, updated_at, id);

CREATE INDEX application_call ON application USING btree (call, state_kind, business);

CREATE INDEX application_clock ON application USING btree (next_clock_at) WHERE (next_clock_at IS NOT NULL);

CREATE INDEX application_deadline ON application USING btree (municipality, deadline_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_in_line ON application USING btree (call, in_line_since, id) WHERE (in_line_since IS NOT NULL);

CREATE INDEX application_kind_deadline ON application USING btree (municipality, state_kind, deadline_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_kind_received ON application USING btree (municipality, state_kind, received_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_kind_updated ON application USING btree (municipality, state_kind, updated_at, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_number_end ON application USING btree (replace(number, rtrim(number, replace(number, '-'::text, ''::text)), ''::text), number);

CREATE INDEX application_paper ON application USING btree (assignee, created_at, id) WHERE ((received_at IS NULL) AND (assignee IS NOT NULL));

CREATE INDEX application_program_deadline ON application USING btree (municipality, program, deadline_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_program_received ON application USING btree (municipality, program, received_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_program_updated ON application USING btree (municipality, program, updated_at, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_received ON application USING btree (municipality, received_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_running ON application USING btree (program_hash) WHERE ((received_at IS NOT NULL) AND (state_kind <> ALL (ARRAY['closed_paid'::text, 'closed_unpaid'::text])));

CREATE INDEX application_state_deadline ON application USING btree (municipality, state, deadline_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_state_received ON application USING btree (municipality, state, received_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_state_updated ON application USING btree (municipality, state, updated_at, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_unsealed ON application USING btree (id) WHERE (head_sequence > sealed_sequence);

CREATE INDEX application_updated ON application USING btree (municipality, updated_at, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_waits ON application USING btree (municipality, waits_on, deadline_sort, id) WHERE ((received_at IS NOT NULL) AND (waits_on IS NOT NULL));

CREATE INDEX application_year_deadline ON application USING btree (municipality, fiscal_year, deadline_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_year_received ON application USING btree (municipality, fiscal_year, received_sort, id) WHERE (received_at IS NOT NULL);

CREATE INDEX application_year_updated ON application USING btree (municipality, fiscal_year, updated_at, id) WHERE (received_at IS NOT NULL);

CREATE INDEX business_address ON business USING btree (address);

CREATE INDEX business_representative ON business USING btree (representative);

CREATE INDEX event_at ON event USING btree (at, id);

CREATE INDEX file_application ON file USING btree (application);

CREATE INDEX file_business ON file USING btree (business);

CREATE INDEX file_owner ON file USING btree (owner);

CREATE INDEX file_sha256 ON file USING btree (sha256) WHERE (application IS NOT NULL);

CREATE INDEX half_sign_in_expires ON half_sign_in USING btree (expires_at);

CREATE INDEX idempotency_at ON idempotency USING btree (at);

CREATE INDEX identity_request_expires ON identity_request USING btree (expires_at);

CREATE INDEX judge_account ON judge USING btree (account);

CREATE UNIQUE INDEX judge_standing ON judge USING btree (call, account) WHERE (dismissed_at IS NULL);

CREATE INDEX judge_recusal_application ON judge_recusal USING btree (application);

CREATE INDEX ledger_entry_application ON ledger_entry USING btree (application) WHERE (application IS NOT NULL);

CREATE INDEX letter_application ON letter USING btree (application);

CREATE INDEX membership_business ON membership USING btree (business);

CREATE INDEX note_application ON note USING btree (application, at, id);

CREATE INDEX one_time_link_expires ON one_time_link USING btree (expires_at);

CREATE INDEX outbox_dead ON outbox USING btree (dead_at) WHERE (dead_at IS NOT NULL);

CREATE INDEX outbox_due ON outbox USING btree (available_at) WHERE ((sent_at IS NULL) AND (dead_at IS NULL));

CREATE INDEX outbox_subject ON outbox USING btree (subject);

CREATE INDEX partner_link_application ON partner_link USING btree (application);

CREATE INDEX passkey_account ON passkey USING btree (account);

CREATE INDEX passkey_request_expires ON passkey_request USING btree (expires_at);

CREATE INDEX payment_batch_made ON payment_batch USING btree (municipality, made_at, id);

CREATE INDEX payment_line_application ON payment_line USING btree (application);

CREATE INDEX payment_line_in_batch ON payment_line USING btree (batch) WHERE (batch IS NOT NULL);

CREATE INDEX payment_line_payable ON payment_line USING btree (municipality, ordered_at, id) WHERE ((state = 'ordered'::text) AND (blocked_at IS NULL));

CREATE INDEX position_holder_holders ON position_holder USING btree (municipality, "position");

CREATE INDEX ranking_call ON ranking USING btree (call, at);

CREATE INDEX recovery_code_account ON recovery_code USING btree (account);

CREATE INDEX seal_at ON seal USING btree (at);

CREATE UNIQUE INDEX seal_number ON seal USING btree (number) WHERE (number > 0);

CREATE INDEX search_gram_business ON search_gram USING btree (business);

CREATE INDEX sent_mail_application ON sent_mail USING btree (application) WHERE (application IS NOT NULL);

CREATE INDEX sent_mail_recipient ON sent_mail USING btree (recipient, created_at);

CREATE INDEX session_account ON session USING btree (account);

CREATE INDEX session_expires ON session USING btree (expires_at);

CREATE INDEX staff_role_holders ON staff_role USING btree (municipality, role);

CREATE INDEX throttle_full ON throttle USING btree (full_at);

CREATE FUNCTION append_only() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;

CREATE TRIGGER access_log_kept BEFORE DELETE ON access_log FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER access_log_unchanged BEFORE UPDATE ON access_log FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER definition_text_kept BEFORE DELETE ON definition_text FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER definition_text_unchanged BEFORE UPDATE ON definition_text FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER event_kept BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER event_unchanged BEFORE UPDATE OF id, application, sequence, at, actor, role, action, stage, from_state, to_state, facts, previous, hash ON event FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER judge_kept BEFORE DELETE ON judge FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER judge_recusal_kept BEFORE DELETE ON judge_recusal FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER judge_recusal_unchanged BEFORE UPDATE ON judge_recusal FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER ledger_entry_kept BEFORE DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER ledger_entry_unchanged BEFORE UPDATE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER program_event_kept BEFORE DELETE ON program_event FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER program_event_unchanged BEFORE UPDATE ON program_event FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER program_source_kept BEFORE DELETE ON program_source FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER program_source_unchanged BEFORE UPDATE ON program_source FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER program_version_closed BEFORE UPDATE OF status ON program_version FOR EACH ROW WHEN ((old.status = 'closed'::text)) EXECUTE FUNCTION append_only();

CREATE TRIGGER program_version_kept BEFORE DELETE ON program_version FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER program_version_unchanged BEFORE UPDATE OF hash, program, version, canonical ON program_version FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER ranking_kept BEFORE DELETE ON ranking FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER ranking_unchanged BEFORE UPDATE ON ranking FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER seal_kept BEFORE DELETE ON seal FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER seal_unchanged BEFORE UPDATE OF id, at, heads_digest, heads_count, document, number ON seal FOR EACH ROW EXECUTE FUNCTION append_only();
