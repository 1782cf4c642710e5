//! The statements of the hot path, word for word. The text is constant, so it is parsed and planned once a connection.
//!
//! `$n` is understood by both engines. Where PostgreSQL can do in one statement what SQLite needs two for, there are
//! both; a round trip costs more there than the statement.

/// What nobody else may change until the transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    Nothing,
    Case,
}

/// Of the newest version of a case's program, while nothing has happened to the case: it may have to follow.
macro_rules! newest {
    ($column:literal) => {
        concat!(
            ", CASE WHEN a.head_sequence = 0 THEN (SELECT v.",
            $column,
            " FROM program_version v WHERE v.program = a.program ORDER BY v.version DESC LIMIT 1) END"
        )
    };
}

macro_rules! case_columns {
    () => {
        concat!(
            "a.id, a.version, a.municipality, a.program, a.program_hash, a.state, a.body, a.head_sequence, \
             a.head_hash, a.head_at, c.id, c.fiscal_year, c.opens, c.closes, c.budget_line, b.id, b.name, b.name_kana, \
             b.address, b.representative, b.corporate_number, b.facts, a.assignee, a.updated_at, a.created_at, \
             m.revision",
            newest!("hash"),
            newest!("status")
        )
    };
}

/// What a case points to is always there. LEFT keeps SQLite from beginning with one of these tables, which costs it the
/// index that a list is ordered by.
macro_rules! case_tables {
    () => {
        " FROM application a LEFT JOIN call c ON c.id = a.call LEFT JOIN business b ON b.id = a.business \
         LEFT JOIN municipality m ON m.name = a.municipality"
    };
}

macro_rules! load_case {
    ($key:literal, $lock:literal) => {
        concat!("SELECT ", case_columns!(), case_tables!(), " WHERE a.", $key, " = $1", $lock)
    };
}

/// In the order that `cases::stored_case_at` takes them.
pub const CASE_COLUMNS: &str = case_columns!();
pub const CASE_TABLES: &str = case_tables!();

pub fn load_case(by_id: bool, lock: Lock) -> &'static str {
    match (by_id, lock) {
        (true, Lock::Nothing) => load_case!("id", ""),
        (true, Lock::Case) => load_case!("id", " FOR UPDATE OF a"),
        (false, Lock::Nothing) => load_case!("number", ""),
        (false, Lock::Case) => load_case!("number", " FOR UPDATE OF a"),
    }
}

pub const LOCK_BUSINESS: &str = "SELECT id FROM business WHERE id = $1 FOR NO KEY UPDATE";

pub fn cases_by_ids(list: &str) -> String {
    format!("SELECT {CASE_COLUMNS}{CASE_TABLES} WHERE a.id IN {list}")
}

pub const CREATE_CASE: &str = "INSERT INTO application (id, number, municipality, program, program_hash, call, \
    fiscal_year, business, state, state_kind, waits_on, attention, version, received_at, deadline_at, next_clock_at, \
    received_sort, deadline_sort, updated_at, created_at, head_sequence, head_hash, head_at, granted_yen, body, \
    in_line_since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19, \
    $20, $21, $22, $23, $24, $25)";

macro_rules! move_case {
    () => {
        "UPDATE application SET number = $3, business = $4, state = $5, state_kind = $6, waits_on = $7, \
         attention = $8, version = $9, received_at = $10, deadline_at = $11, next_clock_at = $12, received_sort = $13, \
         deadline_sort = $14, updated_at = $15, head_sequence = $16, head_hash = $17, head_at = $18, granted_yen = $19, \
         body = $20, in_line_since = $21, program_hash = $22 WHERE id = $1 AND version = $2"
    };
}

macro_rules! event_columns {
    () => {
        "INSERT INTO event (id, application, sequence, at, actor, role, action, stage, from_state, to_state, facts, \
         previous, hash, comment) "
    };
}

macro_rules! event_of_moved {
    () => {
        concat!(
            event_columns!(),
            "SELECT $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36 FROM moved"
        )
    };
}

pub const MOVE_CASE: &str = move_case!();
pub const INSERT_EVENT: &str =
    concat!(event_columns!(), "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");
/// Changes nothing when the version is another one.
pub const MOVE_CASE_WITH_EVENT: &str = concat!("WITH moved AS (", move_case!(), " RETURNING id) ", event_of_moved!());

macro_rules! submission_columns {
    () => {
        "INSERT INTO submission (application, id, form, sequence, at, submitted_by, field_values, documents, changes, \
         salt) "
    };
}

pub const DELETE_DRAFT: &str = "DELETE FROM draft WHERE application = $1 AND form = $2 AND account = $3";
pub const SUBMIT: &str = concat!(submission_columns!(), "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
/// As [`MOVE_CASE_WITH_EVENT`], and with it the form is taken in: its draft goes, its submission comes.
pub const MOVE_CASE_WITH_SUBMISSION: &str = concat!(
    "WITH moved AS (",
    move_case!(),
    " RETURNING id), happened AS (",
    event_of_moved!(),
    "), used AS (DELETE FROM draft WHERE application = $1 AND form = $38 AND account = $41) ",
    submission_columns!(),
    "SELECT id, $37, $38, $39, $40, $41, $42, $43, $44, $45 FROM moved"
);

pub const DRAFT: &str = "SELECT field_values, documents, kept, program_hash, revision, changed FROM draft \
    WHERE application = $1 AND form = $2 AND account = $3";

pub fn insert_letters(rows: &str) -> String {
    format!("INSERT INTO letter (id, application, event, name, number, data, template_hash, created_at) VALUES {rows}")
}

/// Both in one: a letter never comes without its message.
pub fn issue_and_enqueue(letters: &str, messages: &str) -> String {
    format!("WITH issued AS ({}) {}", insert_letters(letters), enqueue(messages))
}

pub fn enqueue(rows: &str) -> String {
    format!(
        "INSERT INTO outbox (id, kind, subject, payload, dedupe_key, available_at, created_at) VALUES {rows} \
         ON CONFLICT (dedupe_key) DO NOTHING"
    )
}

/// SUM of bigint is NUMERIC on PostgreSQL.
macro_rules! granted {
    ($case:literal) => {
        concat!(
            "SELECT fiscal_year, granted_yen, ",
            $case,
            " FROM application WHERE business = $1 AND program = $2 AND id <> $3 AND granted_yen > 0 ORDER BY fiscal_year, id"
        )
    };
}

pub const GRANTED: &str = granted!("''");
pub const GRANTED_WITH_CASE: &str = granted!("body");

pub const HOLDERS: &str = "SELECT h.position, h.account FROM position_holder h JOIN account a ON a.id = h.account \
    WHERE h.municipality = $1 AND h.from_day <= $2 AND (h.until_day IS NULL OR h.until_day >= $2) \
    AND a.disabled_at IS NULL ORDER BY h.position, h.acting, h.from_day, h.account";

pub const PUT_MUNICIPALITY: &str = "INSERT INTO municipality (name, code, definition) VALUES ($1, $2, $3) \
    ON CONFLICT (name) DO UPDATE SET code = excluded.code, definition = excluded.definition, \
    revision = municipality.revision + 1";
pub const MUNICIPALITY_REVISION: &str = "SELECT revision FROM municipality WHERE name = $1";

/// Handed in, on another version of their program than $2, in the order of their ids.
pub const ON_OTHER_VERSIONS: &str = "SELECT id FROM application WHERE program = $1 AND program_hash <> $2 \
    AND municipality = $3 AND received_at IS NOT NULL AND id > $4 ORDER BY id LIMIT $5";

pub const DUE_CASES: &str = "SELECT id FROM application WHERE next_clock_at IS NOT NULL AND next_clock_at <= $1 ORDER BY next_clock_at LIMIT $2";

/// Cases that have a document of this one, byte for byte.
pub const SAME_DOCUMENTS: &str = "SELECT o.application, MIN(f.name) FROM file f JOIN file o ON o.sha256 = f.sha256 \
    AND o.application IS NOT NULL AND o.application <> f.application WHERE f.application = $1 GROUP BY o.application, \
    f.sha256 ORDER BY o.application LIMIT $2";

/// Drafts that somebody of the office types in, newest first.
pub const TYPED_IN: &str = "SELECT id FROM application WHERE assignee = $1 AND received_at IS NULL \
    ORDER BY created_at DESC, id DESC LIMIT $2";

pub const ASSIGN: &str = "UPDATE application SET assignee = $2 WHERE id = $1";

pub const CLAIM_KEY: &str = "INSERT INTO idempotency (account, key, operation, input_digest, subject, at) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account, key) DO NOTHING";
pub const CLAIMED_KEY: &str =
    "SELECT operation, input_digest, subject, result FROM idempotency WHERE account = $1 AND key = $2";

pub fn next_numbers(rows: &str) -> String {
    format!(
        "INSERT INTO counter (municipality, kind, fiscal_year, next) VALUES {rows} \
         ON CONFLICT (municipality, kind, fiscal_year) DO UPDATE SET next = counter.next + 1 RETURNING kind, next - 1"
    )
}

macro_rules! post {
    () => {
        "UPDATE budget_line SET held = held + $2, committed = committed + $3, finalized = finalized + $4, \
         ordered = ordered + $5, paid = paid + $6, entries = entries + $7 WHERE id = $1 AND held + $2 >= 0 \
         AND committed + $3 >= 0 AND finalized + $4 >= 0 AND ordered + $5 >= 0 AND paid + $6 >= 0 \
         AND ($8 <= 0 OR (CASE WHEN $9 THEN held ELSE 0 END) + committed + finalized + ordered + paid + $8 \
         <= appropriated)"
    };
}

macro_rules! entry_columns {
    () => {
        "INSERT INTO ledger_entry (budget_line, sequence, application, event, from_account, to_account, amount, kind, \
         at, entered_by) "
    };
}

/// Moves money on a line if it is there; returns the number of the last entry.
pub const POST: &str = concat!(post!(), " RETURNING entries");

pub fn insert_entries(rows: &str) -> String {
    format!(concat!(entry_columns!(), "VALUES {}"), rows)
}

/// Both in one: `entries` are rows of (n, from, to, amount, kind), parameters from 14 on.
pub fn post_with_entries(entries: &str) -> String {
    format!(
        concat!(
            "WITH line AS (",
            post!(),
            " RETURNING id, entries) ",
            entry_columns!(),
            "SELECT line.id, line.entries - $7 + entry.n, $10, $11, entry.from_account, entry.to_account, \
             entry.amount, entry.kind, $12, $13 FROM line, (VALUES {}) AS entry (n, from_account, to_account, amount, \
             kind)"
        ),
        entries
    )
}

macro_rules! person {
    ($credential:literal) => {
        concat!(
            "WITH who AS (",
            $credential,
            ") SELECT 'account' AS kind, id, name AS a, email AS b, locale AS c, scopes AS d, created_at AS t1, \
             authenticated_at AS t2, last_seen_at AS t3, expires_at AS t4 FROM who \
             UNION ALL SELECT 'role', r.account, r.municipality, r.role, NULL, NULL, NULL, NULL, NULL, NULL \
             FROM staff_role r JOIN who ON who.id = r.account \
             WHERE r.from_day <= $3 AND (r.until_day IS NULL OR r.until_day >= $3) \
             UNION ALL SELECT 'position', h.account, h.municipality, h.position, NULL, NULL, NULL, NULL, NULL, NULL \
             FROM position_holder h JOIN who ON who.id = h.account \
             WHERE h.from_day <= $3 AND (h.until_day IS NULL OR h.until_day >= $3) \
             UNION ALL SELECT 'membership', m.business, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL \
             FROM membership m JOIN who ON who.id = m.account WHERE m.ends_at IS NULL OR m.ends_at > $2 \
             UNION ALL SELECT 'panel', j.call, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL \
             FROM judge j JOIN who ON who.id = j.account WHERE j.dismissed_at IS NULL \
             AND j.from_day <= $3 AND (j.until_day IS NULL OR j.until_day >= $3) \
             UNION ALL SELECT 'recusal', k.application, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL \
             FROM judge_recusal k JOIN who ON who.id = k.account"
        )
    };
}

/// $1 credential, $2 now, $3 today in Japan. One row for the account, then one for each thing it may.
pub const PERSON_BY_SESSION: &str = person!(
    "SELECT a.id, a.name, a.email, a.locale, CAST(NULL AS text) AS scopes, s.created_at, s.authenticated_at, \
     s.last_seen_at, s.expires_at FROM session s JOIN account a ON a.id = s.account \
     WHERE s.token_hash = $1 AND s.expires_at > $2 AND a.disabled_at IS NULL"
);
pub const PERSON_BY_TOKEN: &str = person!(
    "SELECT a.id, a.name, a.email, a.locale, s.scopes, s.created_at, s.created_at AS authenticated_at, \
     COALESCE(s.last_used_at, s.created_at) AS last_seen_at, s.expires_at FROM api_token s \
     JOIN account a ON a.id = s.account \
     WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.revoked_at IS NULL AND a.disabled_at IS NULL"
);
pub const PERSON_BY_ACCOUNT: &str = person!(
    "SELECT a.id, a.name, a.email, a.locale, CAST(NULL AS text) AS scopes, a.created_at, \
     a.created_at AS authenticated_at, a.created_at AS last_seen_at, a.created_at AS expires_at FROM account a \
     WHERE a.id = $1 AND a.created_at <= $2 AND a.disabled_at IS NULL"
);

pub const APPROPRIATE: &str = "UPDATE budget_line SET appropriated = appropriated + $2, entries = entries + 1 \
    WHERE id = $1 AND appropriated + $2 >= committed + finalized + ordered + paid RETURNING entries";

/// Refuses more than the case, or its procedure, holds: the case is locked, so nobody adds a line between the sum and
/// the insert.
pub const ORDER_PAYMENT: &str = "INSERT INTO payment_line (id, application, municipality, fiscal_year, \
    obligation_number, payment_order_number, amount, account, payee_name, batch, state, ordered_at, procedure) \
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, 'ordered', $10, $12 \
    WHERE (SELECT COALESCE(SUM(amount), 0) FROM payment_line WHERE application = $2 \
    AND procedure IS NOT DISTINCT FROM $12 AND state <> 'returned' \
    AND NOT (state = 'ordered' AND blocked_at IS NOT NULL)) + $7 <= $11";

pub const BLOCK_PAYMENTS: &str = "UPDATE payment_line SET blocked_at = $2 \
    WHERE application = $1 AND state IN ('ordered', 'in_batch') AND blocked_at IS NULL";

pub fn paid_to(businesses: &str, lines: &str) -> String {
    format!(
        "SELECT p.id FROM payment_line p JOIN application a ON a.id = p.application WHERE a.business IN {businesses} \
         AND p.id IN {lines} LIMIT 1"
    )
}

pub const MAILS_TO: &str = "SELECT m.id, m.recipient, m.subject, m.body, m.created_at, m.sent_at, o.dead_at \
    FROM sent_mail m JOIN outbox o ON o.id = m.outbox WHERE m.recipient = $1 AND m.application IS NULL ORDER BY m.created_at, m.id";
pub const MAILS_OF_CASE: &str = "SELECT m.id, m.recipient, m.subject, m.body, m.created_at, m.sent_at, o.dead_at \
    FROM sent_mail m JOIN outbox o ON o.id = m.outbox WHERE m.application = $1 ORDER BY m.created_at, m.id";

pub const LOCK_SEALS: &str = "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) AS locked";
macro_rules! unsealed {
    () => {
        "SELECT id, head_sequence, head_hash, head_at FROM application WHERE head_sequence > sealed_sequence \
         ORDER BY id LIMIT $1"
    };
}
pub const UNSEALED: &str = unsealed!();
pub const LOCK_UNSEALED: &str = concat!(unsealed!(), " FOR NO KEY UPDATE");

pub fn heads_are_sealed(list: &str) -> String {
    format!("UPDATE application SET sealed_sequence = head_sequence WHERE id IN {list}")
}

/// $1 bucket, $2 now, $3 what one try costs. Returns when the bucket is full again.
pub const TAKE_TRY: &str = "INSERT INTO throttle (bucket, full_at) VALUES ($1, CAST($2 AS bigint) + CAST($3 AS bigint)) \
    ON CONFLICT (bucket) DO UPDATE SET full_at = CASE WHEN throttle.full_at > CAST($2 AS bigint) THEN throttle.full_at \
    ELSE CAST($2 AS bigint) END + CAST($3 AS bigint) RETURNING full_at";
pub const GIVE_BACK_TRY: &str = "UPDATE throttle SET full_at = full_at - $2 WHERE bucket = $1";
pub const REMEMBER_PLACE: &str = "INSERT INTO known_place (account, place, until) VALUES ($1, $2, $3) \
    ON CONFLICT (account, place) DO UPDATE SET until = excluded.until";
pub const KNOWN_PLACE: &str = "SELECT 1 FROM known_place WHERE account = $1 AND place = $2 AND until > $3";
pub const FORGET_FULL: &str = "DELETE FROM throttle WHERE full_at < $1";
pub const FORGET_PLACES: &str = "DELETE FROM known_place WHERE until < $1";

/// $1 municipality, $2 from, $3 and $4 the cursor after which it goes on, $5 how many; more conditions in `rest`.
pub fn happenings(rest: &str) -> String {
    format!(
        "SELECT e.id, e.application, e.sequence, e.at, e.actor, e.role, e.action, e.stage, e.from_state, e.to_state, \
         a.number, a.program_hash, CAST(CASE WHEN a.body LIKE '%\"paper\":{{\"received_on\"%' THEN 1 ELSE 0 END AS BIGINT) \
         FROM event e JOIN application a ON a.id = e.application WHERE a.municipality = $1 \
         AND e.at >= $2 AND (e.at < $3 OR (e.at = $3 AND e.id < $4)){rest} ORDER BY e.at DESC, e.id DESC LIMIT $5"
    )
}

pub const COUNT_CHAINS: &str = "SELECT COUNT(*) FROM application WHERE municipality = $1 AND head_sequence > 0";

/// Leaves a factor that is in force alone.
pub const BEGIN_SECOND_FACTOR: &str = "INSERT INTO second_factor (account, secret, begun_at, sealed_by) \
    VALUES ($1, $2, $3, $4) ON CONFLICT (account) DO UPDATE \
    SET secret = excluded.secret, begun_at = excluded.begun_at, sealed_by = excluded.sealed_by \
    WHERE second_factor.confirmed_at IS NULL";

pub const SET_KEY_RESULT: &str = "UPDATE idempotency SET result = $3 WHERE account = $1 AND key = $2";

pub const NUMBERED: &str =
    "SELECT id FROM application WHERE number >= $1 AND number < $2 ORDER BY number DESC LIMIT $3";

/// By what follows the last hyphen, as the index has it.
pub const NUMBERED_AT_THE_END: &str = "SELECT id FROM application \
    WHERE replace(number, rtrim(number, replace(number, '-', '')), '') = $1 AND number LIKE '%' || $2 \
    ORDER BY number DESC LIMIT $3";

/// Changes nothing when the call has no place left, whoever else takes one at the same time.
pub const TAKE_PLACES: &str = "UPDATE call SET taken = taken + $2 WHERE id = $1 AND taken + $2 >= 0 \
    AND ($2 <= 0 OR capacity IS NULL OR taken + $2 <= capacity)";

/// $3 is the moment since when a case waits itself; those before it count.
pub const WAITING: &str = "SELECT COUNT(*) FROM application WHERE call = $1 AND in_line_since IS NOT NULL AND id <> $2 \
    AND (in_line_since < $3 OR (in_line_since = $3 AND id < $2))";

pub const FIRST_IN_LINE: &str = "SELECT id FROM application WHERE call = $1 AND in_line_since IS NOT NULL \
    ORDER BY in_line_since, id LIMIT 1";

/// Handed in and not decided about or at an end, as far as the kind of the state tells.
pub const WAITING_CASES_OF_CALL: &str = "SELECT id FROM application WHERE call = $1 AND received_at IS NOT NULL \
    AND state_kind IN ('with_office', 'with_applicant') ORDER BY id";

/// Nothing when the account judges for the call already.
pub const APPOINT_JUDGE: &str = "INSERT INTO judge (id, call, account, from_day, until_day, appointed_by, appointed_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (call, account) WHERE dismissed_at IS NULL DO NOTHING";
pub const DISMISS_JUDGE: &str =
    "UPDATE judge SET dismissed_at = $2, dismissed_by = $3 WHERE id = $1 AND dismissed_at IS NULL";
pub const RECUSE_JUDGE: &str = "INSERT INTO judge_recusal (account, application, reason, declared_by, declared_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, application) DO NOTHING";
pub const RECUSALS_OF_CALL: &str = "SELECT k.account, k.application, a.number, k.reason, k.declared_by, k.declared_at \
    FROM judge_recusal k JOIN application a ON a.id = k.application WHERE a.call = $1 ORDER BY k.declared_at, k.application";

/// Cases and distinct businesses of a call: handed in, decided for, and ended well. A report that is being looked at is
/// with the office again; what the case holds tells that it was decided for.
pub const REACHED: &str = "SELECT COUNT(*), COUNT(DISTINCT business), \
    COUNT(CASE WHEN granted_yen > 0 OR state_kind IN ('in_project', 'awaiting_payment', 'closed_paid') THEN 1 END), \
    COUNT(DISTINCT CASE WHEN granted_yen > 0 OR state_kind IN ('in_project', 'awaiting_payment', 'closed_paid') \
    THEN business END), \
    COUNT(CASE WHEN state_kind = 'closed_paid' THEN 1 END), \
    COUNT(DISTINCT CASE WHEN state_kind = 'closed_paid' THEN business END) \
    FROM application WHERE call = $1 AND received_at IS NOT NULL";

pub const KEEP_DEFINITION_TEXT: &str =
    "INSERT INTO definition_text (sha256, content) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
pub const KEEP_PROGRAM_SOURCE: &str = "INSERT INTO program_source (program_hash, path, sha256) VALUES ($1, $2, $3)";
pub const PROGRAM_SOURCES: &str = "SELECT s.path, t.content FROM program_source s \
    JOIN definition_text t ON t.sha256 = s.sha256 WHERE s.program_hash = $1 ORDER BY s.path";

pub const PROGRAM_DRAFT: &str = "SELECT d.definition, d.scenarios, d.revision, d.saved_at, a.name FROM program_draft d \
    JOIN account a ON a.id = d.saved_by WHERE d.program = $1";
pub const PROGRAMS_WITH_DRAFT: &str = "SELECT program FROM program_draft ORDER BY program";
/// Nothing when somebody else has begun one in the meantime.
pub const BEGIN_PROGRAM_DRAFT: &str = "INSERT INTO program_draft (program, definition, scenarios, revision, saved_at, \
    saved_by) VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT (program) DO NOTHING";
/// Nothing when it is not at revision $6 any more.
pub const CHANGE_PROGRAM_DRAFT: &str = "UPDATE program_draft SET definition = $2, scenarios = $3, revision = revision + 1, \
    saved_at = $4, saved_by = $5 WHERE program = $1 AND revision = $6";
pub const DROP_PROGRAM_DRAFT: &str = "DELETE FROM program_draft WHERE program = $1 AND revision = $2";

/// Handed in and not at an end, for each version.
pub const RUNNING_BY_VERSION: &str = "SELECT v.hash, (SELECT COUNT(*) FROM (SELECT 1 FROM application \
    WHERE program_hash = v.hash AND received_at IS NOT NULL AND state_kind NOT IN ('closed_paid', 'closed_unpaid') \
    LIMIT $2) running) FROM program_version v WHERE v.program = $1";
