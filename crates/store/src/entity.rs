//! The tables, as sea-orm sees them. What the columns mean is said where they are made, in `migrations`.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

type Instant = DateTime<Utc>;
type Bytes = Vec<u8>;

/// `table "table" (primary key) { other columns }`
macro_rules! entities {
    ($($module:ident $table:tt ($($key:ident: $key_type:ty),+) { $($field:ident: $type:ty),* $(,)? })*) => {$(
        pub mod $module {
            use super::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $(#[sea_orm(primary_key, auto_increment = false)] pub $key: $key_type,)+
                $(pub $field: $type,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    )*};
}

entities! {
    municipality "municipality" (name: String) { code: String, definition: String, revision: i64 }

    account "account" (id: Uuid) {
        email: String, name: String, locale: String, password_hash: Option<String>,
        email_verified_at: Option<Instant>, disabled_at: Option<Instant>, created_at: Instant,
    }
    staff_role "staff_role" (account: Uuid, municipality: String, role: String, from_day: NaiveDate) {
        until_day: Option<NaiveDate>,
    }
    position_holder "position_holder" (account: Uuid, municipality: String, position: String, from_day: NaiveDate) {
        until_day: Option<NaiveDate>, acting: bool,
    }
    business "business" (id: Uuid) {
        kind: String, name: String, name_kana: String, corporate_number: Option<String>, address: String,
        representative: String, facts: String, search_text: String, created_at: Instant,
    }
    search_gram "search_gram" (gram: String, business: Uuid) {}
    membership "membership" (account: Uuid, business: Uuid) { role: String, ends_at: Option<Instant> }

    session "session" (token_hash: Bytes) {
        account: Uuid, created_at: Instant, authenticated_at: Instant, last_seen_at: Instant, expires_at: Instant,
        address: Option<String>, agent: Option<String>, strong: bool,
    }
    identity "identity" (issuer: String, subject: String) { account: Uuid, linked_at: Instant }
    identity_request "identity_request" (token_hash: Bytes) {
        provider: String, account: Option<Uuid>, links: bool, next: String, kept: String, created_at: Instant,
        expires_at: Instant,
    }
    second_factor "second_factor" (account: Uuid) {
        secret: Bytes, begun_at: Instant, confirmed_at: Option<Instant>, last_step: i64,
        sealed_by: Option<String>,
    }
    installation_key "installation_key" (id: i32) { name: String, since: Instant }
    recovery_code "recovery_code" (code_hash: Bytes) { account: Uuid, used_at: Option<Instant> }
    half_sign_in "half_sign_in" (token_hash: Bytes) {
        account: Uuid, created_at: Instant, expires_at: Instant, authenticated_at: Option<Instant>,
    }
    passkey "passkey" (id: Uuid) {
        credential: Bytes, account: Uuid, name: String, public_key: Bytes, state: Bytes, created_at: Instant,
        last_used_at: Option<Instant>,
    }
    passkey_request "passkey_request" (token_hash: Bytes) {
        visitor_hash: Bytes, account: Option<Uuid>, state: Bytes, expires_at: Instant,
    }
    api_token "api_token" (id: Uuid) {
        token_hash: Bytes, account: Uuid, name: String, scopes: String, created_at: Instant, expires_at: Instant,
        last_used_at: Option<Instant>, revoked_at: Option<Instant>,
    }
    one_time_link "one_time_link" (token_hash: Bytes) {
        kind: String, account: Option<Uuid>, email: Option<String>, payload: String, created_at: Instant,
        expires_at: Instant, used_at: Option<Instant>,
    }

    program_version "program_version" (hash: String) {
        program: String, municipality: String, version: i32, status: String, canonical: String, title_ja: String,
        title_en: String, published_at: Instant,
    }
    program_event "program_event" (program_hash: String, kind: String) { at: Instant, actor: Option<Uuid> }
    budget_line "budget_line" (id: Uuid) {
        municipality: String, fiscal_year: i32, code: String, name: String, path: String, appropriated: i64,
        held: i64, committed: i64, finalized: i64, ordered: i64, paid: i64, entries: i64,
    }
    call "call" (id: Uuid) {
        program: String, fiscal_year: i32, call_window: String, opens: NaiveDate, closes: Option<NaiveDate>,
        budget_line: Option<Uuid>, target: Option<String>, capacity: Option<i64>, taken: i64,
        carry_over: Option<String>,
    }

    application "application" (id: Uuid) {
        number: Option<String>, municipality: String, program: String, program_hash: String, call: Uuid,
        fiscal_year: i32, business: Uuid, state: String, state_kind: String, waits_on: Option<String>,
        attention: Option<String>, assignee: Option<Uuid>, version: i64, received_at: Option<Instant>,
        deadline_at: Option<Instant>, next_clock_at: Option<Instant>, received_sort: Instant, deadline_sort: Instant,
        updated_at: Instant, created_at: Instant, head_sequence: i64, head_hash: String, head_at: Instant,
        granted_yen: i64, body: String, in_line_since: Option<Instant>,
    }
    partner_link "partner_link" (id: Uuid) {
        application: Uuid, partner: String, name: String, email: String, token_hash: Option<Bytes>,
        created_at: Instant, expires_at: Instant, ended_at: Option<Instant>,
    }
    ranking "ranking" (id: Uuid) {
        call: Uuid, ranked_by: Uuid, at: Instant, seed: String, content: String, sha256: String,
    }
    judge "judge" (id: Uuid) {
        call: Uuid, account: Uuid, from_day: NaiveDate, until_day: Option<NaiveDate>, appointed_by: Option<Uuid>,
        appointed_at: Instant, dismissed_by: Option<Uuid>, dismissed_at: Option<Instant>,
    }
    judge_recusal "judge_recusal" (account: Uuid, application: Uuid) {
        reason: String, declared_by: Uuid, declared_at: Instant,
    }
    submission "submission" (id: Uuid) {
        application: Uuid, form: String, sequence: i64, at: Instant, submitted_by: Uuid, field_values: String,
        documents: String, changes: String, salt: Bytes,
    }
    draft "draft" (application: Uuid, form: String, account: Uuid) {
        field_values: String, documents: String, saved_at: Instant, program_hash: Option<String>,
        kept: Option<String>, revision: i64, changed: String,
    }
    file "file" (id: Uuid) {
        owner: Uuid, application: Option<Uuid>, business: Option<Uuid>, name: String, media_type: String, size: i64,
        sha256: String, uploaded_at: Instant, content_key: String,
    }
    event "event" (id: Uuid) {
        application: Uuid, sequence: i64, at: Instant, actor: Uuid, role: String, action: String, stage: String,
        from_state: String, to_state: String, facts: String, previous: String, hash: String, comment: Option<String>,
    }
    letter "letter" (id: Uuid) {
        application: Uuid, event: Uuid, name: String, number: Option<String>, data: String, template_hash: String,
        html: Option<String>, sha256: Option<String>, created_at: Instant,
    }

    ledger_entry "ledger_entry" (budget_line: Uuid, sequence: i64) {
        application: Option<Uuid>, event: Option<Uuid>, from_account: Option<String>, to_account: Option<String>,
        amount: i64, kind: String, at: Instant, entered_by: Uuid,
    }
    payment_batch "payment_batch" (id: Uuid) {
        municipality: String, state: String, transfer_date: NaiveDate, body: String, made_by: Uuid, made_at: Instant,
        approved_by: Option<Uuid>, file: Option<Bytes>, file_sha256: Option<String>, version: i64,
    }
    payment_line "payment_line" (id: Uuid) {
        application: Uuid, municipality: String, fiscal_year: i32, obligation_number: Option<String>,
        payment_order_number: Option<String>, amount: i64, account: String, payee_name: String, batch: Option<Uuid>,
        state: String, ordered_at: Instant, settled_at: Option<Instant>, procedure: Option<Uuid>,
        blocked_at: Option<Instant>,
    }

    outbox "outbox" (id: Uuid) {
        kind: String, subject: Uuid, payload: String, dedupe_key: String, available_at: Instant, attempts: i32,
        leased_by: Option<Uuid>, leased_until: Option<Instant>, sent_at: Option<Instant>, dead_at: Option<Instant>,
        last_error: Option<String>, created_at: Instant,
    }
    sent_mail "sent_mail" (id: Uuid) {
        outbox: Uuid, application: Option<Uuid>, recipient: String, subject: String, body: String, bytes: Bytes,
        sha256: String, message_id: String, created_at: Instant, sent_at: Option<Instant>,
    }
    idempotency "idempotency" (account: Uuid, key: String) {
        operation: String, input_digest: String, subject: Uuid, result: Option<String>, at: Instant,
    }
    access_log "access_log" (id: Uuid) {
        at: Instant, municipality: Option<String>, account: Option<Uuid>, kind: String, subject: Option<Uuid>,
        address: Option<String>,
    }
    saved_view "saved_view" (id: Uuid) { account: Uuid, name: String, query: String, saved_at: Instant }
    note "note" (id: Uuid) {
        application: Uuid, account: Uuid, at: Instant, content: String, struck_at: Option<Instant>,
    }
    review_check "review_check" (application: Uuid, item: String) {
        submission: i64, account: Uuid, at: Instant, result: String, remark: String,
    }
    demonstration "demonstration" (id: Uuid) { finished: bool }
    seal "seal" (id: Uuid) {
        at: Instant, heads_digest: String, heads_count: i64, document: String, number: i64, kept_at: Option<Instant>,
    }
}
