//! Budgets, payables and payment batches.

use async_graphql::{Context, ID, Object, SimpleObject};
use service::{BatchView, BudgetView, LedgerEntryView, PayableView};
use treasury::{LineOutcome, PaymentLine as Line, ReturnKind, Trace};

use crate::enums::{AccountKind, BatchState, Locale, TransferOutcome};
use crate::ids::Kind;
use crate::page::connection;
use crate::scalars::{Date, Yen};
use crate::scope::say;
use crate::text::Bilingual;

pub(crate) struct Budget(pub BudgetView);

/// A budget line in a fiscal year. A yen of the appropriation is in exactly one of its buckets.
#[Object]
impl Budget {
    async fn municipality(&self) -> &str {
        &self.0.municipality
    }
    async fn code(&self) -> &str {
        &self.0.code
    }
    async fn name(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.name, locale)
    }
    async fn name_bilingual(&self) -> Bilingual {
        (&self.0.name).into()
    }
    /// 会計・款・項・目・節
    async fn path(&self) -> &str {
        &self.0.path
    }
    async fn fiscal_year(&self) -> i32 {
        self.0.fiscal_year.0
    }
    async fn appropriated(&self) -> Yen {
        self.0.totals.appropriated.into()
    }
    /// Not claimed by anybody, with held money counted as used.
    async fn available(&self) -> Yen {
        self.0.totals.available(true).into()
    }
    async fn held(&self) -> Yen {
        self.0.totals.held.into()
    }
    /// 支出負担行為
    async fn committed(&self) -> Yen {
        self.0.totals.committed.into()
    }
    /// 額の確定
    async fn finalized(&self) -> Yen {
        self.0.totals.finalized.into()
    }
    /// 支出命令済
    async fn ordered(&self) -> Yen {
        self.0.totals.ordered.into()
    }
    async fn paid(&self) -> Yen {
        self.0.totals.paid.into()
    }
    /// The newest entries of the ledger.
    #[graphql(complexity = "5 + 50 * child_complexity")]
    async fn entries(&self) -> Vec<LedgerEntry> {
        self.0.entries.iter().cloned().map(LedgerEntry::from).collect()
    }
}

/// One double entry.
#[derive(SimpleObject)]
pub(crate) struct LedgerEntry {
    at: vocabulary::Instant,
    debit: String,
    credit: String,
    amount: Yen,
    kind: String,
    application_number: Option<String>,
}

impl From<LedgerEntryView> for LedgerEntry {
    fn from(entry: LedgerEntryView) -> Self {
        let LedgerEntryView { at, debit, credit, amount, kind, application_number } = entry;
        Self { at, debit, credit, amount: amount.into(), kind, application_number }
    }
}

/// A payment that waits for a batch.
#[derive(SimpleObject)]
pub(crate) struct Payable {
    id: ID,
    application_number: String,
    payee_name: String,
    amount: Yen,
    ordered_at: vocabulary::Instant,
}

impl From<PayableView> for Payable {
    fn from(payable: PayableView) -> Self {
        let PayableView { line, application_number, payee_name, amount, ordered_at, .. } = payable;
        Self { id: Kind::PaymentLine.id(line), application_number, payee_name, amount: amount.into(), ordered_at }
    }
}

pub(crate) struct PaymentBatch(Box<BatchView>);

impl From<BatchView> for PaymentBatch {
    fn from(view: BatchView) -> Self {
        Self(Box::new(view))
    }
}

/// Payments that go to the bank in one file.
#[Object]
impl PaymentBatch {
    pub(crate) async fn id(&self) -> ID {
        Kind::PaymentBatch.id(self.0.batch.id)
    }
    /// 全国地方公共団体コード
    async fn municipality_code(&self) -> &str {
        self.0.batch.municipality.as_str()
    }
    async fn version(&self) -> i64 {
        self.0.version
    }
    async fn state(&self) -> BatchState {
        self.0.batch.state.into()
    }
    async fn label(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.0.batch.state.label(), locale)
    }
    /// 振込指定日
    async fn transfer_date(&self) -> Date {
        self.0.batch.transfer_date.into()
    }
    async fn count(&self) -> usize {
        self.0.summary.count
    }
    async fn total(&self) -> Yen {
        self.0.summary.total.into()
    }
    async fn top_payee(&self) -> Option<TopPayee> {
        let top = self.0.summary.top_payee.as_ref()?;
        Some(TopPayee { name: top.name.clone(), amount: top.amount.into(), share_percent: top.share_percent })
    }
    /// What a checker should look at.
    async fn warnings(&self) -> Vec<Warning> {
        let warnings = self.0.summary.warnings.iter();
        warnings.map(|warning| Warning { code: warning.code, text: warning.message.clone() }).collect()
    }
    /// What an approval is for: SHA-256 over who pays whom how much from where and when.
    async fn digest(&self) -> &str {
        &self.0.summary.content_digest
    }
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn lines(&self) -> Vec<PaymentLine<'_>> {
        self.0.batch.lines.iter().map(PaymentLine).collect()
    }
    /// How often the file was made; above 1, it was made again.
    async fn exports_count(&self) -> u32 {
        self.0.batch.exports_count
    }
    async fn file_sha256(&self) -> Option<&str> {
        self.0.file_sha256.as_deref()
    }
    async fn file_url(&self) -> Option<String> {
        self.0.file_sha256.as_ref().map(|_| format!("/payment-batches/{}/file", self.0.batch.id))
    }
    async fn made(&self) -> Done {
        Done::from(Trace { by: self.0.batch.made_by, at: self.0.batch.made_at })
    }
    async fn approved(&self) -> Option<Done> {
        self.0.batch.approved.map(Done::from)
    }
    async fn exported(&self) -> Option<Done> {
        self.0.batch.last_exported.map(Done::from)
    }
    async fn handed_over(&self) -> Option<Done> {
        self.0.batch.handed_over.map(Done::from)
    }
    async fn cancelled(&self) -> Option<Done> {
        self.0.batch.cancelled.map(Done::from)
    }
    async fn cancel_reason(&self) -> Option<&str> {
        self.0.batch.cancel_reason.as_deref()
    }
}

connection!(PaymentBatchConnection, PaymentBatchEdge, PaymentBatch);

/// Who did it, and when.
#[derive(SimpleObject)]
pub(crate) struct Done {
    account: ID,
    at: vocabulary::Instant,
}

impl From<Trace> for Done {
    fn from(trace: Trace) -> Self {
        Self { account: Kind::Account.id(trace.by), at: trace.at }
    }
}

/// The payee that gets most.
#[derive(SimpleObject)]
pub(crate) struct TopPayee {
    name: String,
    amount: Yen,
    share_percent: u8,
}

pub(crate) struct Warning {
    code: &'static str,
    text: vocabulary::Bilingual,
}

/// Something that a person should look at; it stops nothing.
#[Object]
impl Warning {
    async fn code(&self) -> &str {
        self.code
    }
    async fn message(&self, ctx: &Context<'_>, locale: Option<Locale>) -> String {
        say(ctx, &self.text, locale)
    }
    async fn message_bilingual(&self) -> Bilingual {
        (&self.text).into()
    }
}

pub(crate) struct PaymentLine<'a>(&'a Line);

/// One transfer.
#[Object]
impl<'a> PaymentLine<'a> {
    async fn id(&self) -> ID {
        Kind::PaymentLine.id(self.0.id)
    }
    async fn application_number(&self) -> &str {
        &self.0.application_number
    }
    async fn fiscal_year(&self) -> i32 {
        self.0.fiscal_year.0
    }
    /// As the file has it.
    async fn payee_name(&self) -> &str {
        &self.0.payee_name_zengin
    }
    async fn bank_code(&self) -> &str {
        self.0.payee.bank.as_str()
    }
    async fn bank_name(&self) -> &str {
        &self.0.bank_name_zengin
    }
    async fn branch_code(&self) -> &str {
        self.0.payee.branch.as_str()
    }
    async fn branch_name(&self) -> &str {
        &self.0.branch_name_zengin
    }
    async fn account_kind(&self) -> AccountKind {
        self.0.payee.kind.into()
    }
    async fn account_number(&self) -> &str {
        self.0.payee.number.as_str()
    }
    async fn amount(&self) -> Yen {
        self.0.amount.into()
    }
    async fn outcome(&self) -> Option<TransferOutcome> {
        self.0.outcome.as_ref().map(|outcome| match outcome {
            LineOutcome::Transferred => TransferOutcome::Transferred,
            LineOutcome::Returned { kind: ReturnKind::TransferFailed, .. } => TransferOutcome::TransferFailed,
            LineOutcome::Returned { kind: ReturnKind::Recalled, .. } => TransferOutcome::Recalled,
        })
    }
    async fn return_reason(&self) -> Option<&str> {
        match self.0.outcome.as_ref()? {
            LineOutcome::Transferred => None,
            LineOutcome::Returned { reason, .. } => Some(reason),
        }
    }
}
