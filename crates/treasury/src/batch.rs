//! Hides the life of a payment batch: who may do what when, so that no money leaves twice or by one person's hand.
//!
//! A batch is drafted whole and never edited; what was approved is what is exported, byte for byte. That the bank has
//! a file is a state of its own, which only recorded results leave. Sources: domain/payment.md 4.5, security.md A1,
//! domain/practice.md 4–6 and 14.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocabulary::{
    AccountKind, AccountNumber, BankAccount, BankCode, Bilingual, BranchCode, Calendar, Digest, FiscalYear, Instant,
    Invalid, Locale, MunicipalityCode, Overflow, Yen, day_in_japan, digest, wareki,
};

use crate::banks::BankMaster;
use crate::kana::{ORIGINATOR_NAME_BYTES, party_name, zengin_name};

/// 合計件数 has six digits.
pub const MAXIMUM_LINES: usize = 999_999;
/// 振込金額 has ten digits, in yen.
pub const MAXIMUM_AMOUNT: i64 = 9_999_999_999;
/// 合計金額 has twelve digits, in yen.
pub const MAXIMUM_TOTAL: i64 = 999_999_999_999;
/// From this share of the total on, in percent, the largest payee is pointed out before approval.
const NOTABLE_SHARE_PERCENT: u8 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    Drafted,
    Approved,
    /// The file was made; nobody said yet that the bank has it.
    Exported,
    /// The bank has the file. What became of the money is unknown until results are recorded.
    HandedOver,
    /// Every line was transferred.
    Confirmed,
    /// Every line has a result, and at least one came back.
    PartlyReturned,
    Cancelled,
}

impl BatchState {
    pub const ALL: [BatchState; 7] = [
        Self::Drafted,
        Self::Approved,
        Self::Exported,
        Self::HandedOver,
        Self::Confirmed,
        Self::PartlyReturned,
        Self::Cancelled,
    ];

    /// The same word as in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Approved => "approved",
            Self::Exported => "exported",
            Self::HandedOver => "handed_over",
            Self::Confirmed => "confirmed",
            Self::PartlyReturned => "partly_returned",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn label(self) -> Bilingual {
        let (ja, en) = match self {
            Self::Drafted => ("作成済（承認待ち）", "drafted, waiting for approval"),
            Self::Approved => ("承認済", "approved"),
            Self::Exported => ("データ作成済", "exported"),
            Self::HandedOver => ("金融機関へ引渡済", "handed over to the bank"),
            Self::Confirmed => ("振込確認済", "confirmed"),
            Self::PartlyReturned => ("一部返却あり", "partly returned"),
            Self::Cancelled => ("取消済", "cancelled"),
        };
        Bilingual::new(ja, en)
    }

    /// Whether its lines are live: a payment line is in at most one live batch.
    #[must_use]
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Cancelled)
    }
}

/// 委託者: the account the money leaves from, as the bank registered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Originator {
    /// 委託者コード, ten digits given by the bank.
    pub code: String,
    /// In kana, of any width until the batch is drafted; in the batch as the file has it, at most 40 bytes.
    pub name_kana: String,
    pub bank: BankCode,
    pub branch: BranchCode,
    /// 普通, 当座 or その他.
    pub kind: AccountKind,
    pub number: AccountNumber,
}

/// Who did it, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    pub by: Uuid,
    pub at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReturnKind {
    /// 振込不能: never credited, e.g. no such account.
    TransferFailed,
    /// 組戻: sent or credited, and called back by us.
    Recalled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result", deny_unknown_fields)]
pub enum LineOutcome {
    Transferred,
    Returned { kind: ReturnKind, reason: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineResult {
    /// [`PaymentLine::id`]
    pub line: Uuid,
    pub outcome: LineOutcome,
}

/// One transfer. Everything the file says about it is frozen here when the batch is drafted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentLine {
    pub id: Uuid,
    /// 支出負担行為 that the payment settles; several payees may share one (差押え, 相続).
    pub obligation: Uuid,
    /// The year whose money it is.
    pub fiscal_year: FiscalYear,
    /// For people: 受付番号.
    pub application_number: String,
    pub payee: BankAccount,
    /// 受取人名, at most 30 bytes.
    pub payee_name_zengin: String,
    /// 被仕向銀行名, at most 15 bytes.
    pub bank_name_zengin: String,
    /// 被仕向支店名, at most 15 bytes.
    pub branch_name_zengin: String,
    /// 1 to 9,999,999,999 yen.
    pub amount: Yen,
    /// 顧客コード1: the line's number in the batch, from 1.
    pub customer_code: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<LineOutcome>,
    /// When the office learned of the outcome; decides whether returned money still belongs to the year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_recorded: Option<Trace>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    pub id: Uuid,
    pub municipality: MunicipalityCode,
    /// 振込指定日
    pub transfer_date: NaiveDate,
    pub originator: Originator,
    /// 仕向銀行名, at most 15 bytes.
    pub originator_bank_name_zengin: String,
    /// 仕向支店名, at most 15 bytes.
    pub originator_branch_name_zengin: String,
    pub lines: Vec<PaymentLine>,
    pub state: BatchState,
    pub made_by: Uuid,
    pub made_at: Instant,
    pub approved: Option<Trace>,
    /// [`content_digest`] of what was approved.
    pub approved_digest: Option<Digest>,
    /// How often the file was made; above 1, it was made again.
    pub exports_count: u32,
    pub last_exported: Option<Trace>,
    pub handed_over: Option<Trace>,
    pub cancelled: Option<Trace>,
    pub cancel_reason: Option<String>,
}

impl Batch {
    /// The person who approved it.
    #[must_use]
    pub fn approved_by(&self) -> Option<Uuid> {
        self.approved.map(|trace| trace.by)
    }

    /// Yen to be transferred.
    ///
    /// # Errors
    /// [`Overflow`] when the sum is out of range.
    pub fn total(&self) -> Result<Yen, Overflow> {
        Yen::total(self.lines.iter().map(|line| line.amount))
    }
}

/// What a person or a reconciliation wants to do with a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BatchAct {
    Approve,
    /// Make the file, for the first time or again.
    Export,
    /// State that the bank has the file.
    HandOver,
    Cancel {
        reason: String,
    },
    /// What the bank reported; lines may come in several acts.
    RecordResults(Vec<LineResult>),
}

/// Why not, in words for a person; `line` names the payment line meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {}", .message.en)]
pub struct BatchRefusal {
    /// Stable, e.g. `batch.maker_is_checker`.
    pub code: &'static str,
    pub message: Bilingual,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<Uuid>,
}

impl BatchRefusal {
    fn new(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, message: Bilingual::new(ja, en), line: None }
    }

    fn on(invalid: Invalid, line: &LineRequest) -> Self {
        let Invalid { code, message } = invalid;
        let name = &line.application_number;
        let message = Bilingual::new(format!("{name}: {}", message.ja), format!("{name}: {}", message.en));
        Self { code, message, line: Some(line.id) }
    }
}

impl From<Invalid> for BatchRefusal {
    fn from(invalid: Invalid) -> Self {
        Self { code: invalid.code, message: invalid.message, line: None }
    }
}

/// Something a person should look at; it stops nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchWarning {
    /// Stable, e.g. `batch.same_payee`.
    pub code: &'static str,
    pub message: Bilingual,
}

impl BatchWarning {
    fn new(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, message: Bilingual::new(ja, en) }
    }
}

/// What an allowed act leads to. Store all of it or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchStep {
    /// The batch afterwards.
    pub batch: Batch,
    /// The lines whose outcome is new: the cases behind them move.
    pub changed: Vec<LineResult>,
    /// The file was made before: it must be marked as a repeat wherever it is shown.
    pub repeat: bool,
    pub warnings: Vec<BatchWarning>,
}

/// What is asked to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRequest {
    pub id: Uuid,
    pub obligation: Uuid,
    pub fiscal_year: FiscalYear,
    pub application_number: String,
    pub payee: BankAccount,
    pub amount: Yen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRequest {
    pub id: Uuid,
    pub municipality: MunicipalityCode,
    pub transfer_date: NaiveDate,
    pub originator: Originator,
    /// In the order the file will have.
    pub lines: Vec<LineRequest>,
}

/// A batch ready to be approved by somebody else, or everything that is wrong with it.
///
/// # Errors
/// Every refusal found: the date (`batch.not_a_bank_day`, `batch.date_passed`, `batch.accounts_closed`), the originator,
/// the number of lines, amounts, payees' names and banks, lines that stand there twice.
pub fn draft(
    request: DraftRequest,
    made_by: Uuid,
    now: Instant,
    calendar: &Calendar,
    master: &BankMaster,
) -> Result<Batch, Vec<BatchRefusal>> {
    let mut refusals = refused_dates(&request, day_in_japan(now), calendar);
    refusals.extend(refused_sums(&request.lines));
    refusals.extend(repeated_lines(&request.lines));

    let originator = checked_originator(request.originator, master);
    let mut lines = Vec::with_capacity(request.lines.len());
    for (line, customer_code) in request.lines.into_iter().zip(1u64..) {
        match checked_line(line, customer_code, master) {
            Ok(line) => lines.push(line),
            Err(refusal) => refusals.push(refusal),
        }
    }
    let (originator, bank_name, branch_name) = match originator {
        Ok(originator) if refusals.is_empty() => originator,
        Ok(_) => return Err(refusals),
        Err(refusal) => {
            refusals.insert(0, refusal);
            return Err(refusals);
        }
    };
    Ok(Batch {
        id: request.id,
        municipality: request.municipality,
        transfer_date: request.transfer_date,
        originator,
        originator_bank_name_zengin: bank_name,
        originator_branch_name_zengin: branch_name,
        lines,
        state: BatchState::Drafted,
        made_by,
        made_at: now,
        approved: None,
        approved_digest: None,
        exports_count: 0,
        last_exported: None,
        handed_over: None,
        cancelled: None,
        cancel_reason: None,
    })
}

fn refused_dates(request: &DraftRequest, today: NaiveDate, calendar: &Calendar) -> Vec<BatchRefusal> {
    let date = request.transfer_date;
    let mut refusals = Vec::new();
    if !calendar.is_bank_day(date) {
        let (before, after) = (calendar.bank_day_until(date), calendar.bank_day_after(date));
        refusals.push(BatchRefusal::new(
            "batch.not_a_bank_day",
            format!(
                "振込指定日（{}）は銀行休業日です。{}か{}を指定してください",
                in_ja(date),
                in_ja(before),
                in_ja(after)
            ),
            format!("Banks are closed on {date}. Choose {before} or {after}"),
        ));
    }
    if date < today {
        refusals.push(BatchRefusal::new(
            "batch.date_passed",
            format!("振込指定日（{}）は過ぎています。今日以降の銀行営業日を指定してください", in_ja(date)),
            format!("The transfer date {date} has passed. Choose a bank day from today on"),
        ));
    }
    let years: BTreeSet<FiscalYear> = request.lines.iter().map(|line| line.fiscal_year).collect();
    for year in years.into_iter().filter(|year| date > year.account_closing()) {
        let last = calendar.bank_day_until(year.account_closing());
        let (ja, en) = (year.name(vocabulary::Locale::Ja), year.name(vocabulary::Locale::En));
        refusals.push(BatchRefusal::new(
            "batch.accounts_closed",
            format!(
                "{ja}の予算は{}までしか振り込めません（出納閉鎖 {}）。振込日を早めるか、過年度支出として支出命令をやり直してください",
                in_ja(last),
                in_ja(year.account_closing())
            ),
            format!(
                "Money of {en} can be transferred until {last} (its accounts close on {}). Choose an earlier date, or \
                 order the payment again as an expense of a past year",
                year.account_closing()
            ),
        ));
    }
    refusals
}

fn refused_sums(lines: &[LineRequest]) -> Option<BatchRefusal> {
    if lines.is_empty() {
        return Some(BatchRefusal::new(
            "batch.empty",
            "支払が1件もありません。支払を1件以上選んでください",
            "There is nothing to pay. Choose at least one payment",
        ));
    }
    if lines.len() > MAXIMUM_LINES {
        return Some(BatchRefusal::new(
            "batch.too_many_lines",
            format!("1つの振込データは{MAXIMUM_LINES}件までです。分けてください"),
            format!("One file holds at most {MAXIMUM_LINES} payments. Split the batch"),
        ));
    }
    let total = Yen::total(lines.iter().map(|line| line.amount));
    if total.is_ok_and(|total| total.get() <= MAXIMUM_TOTAL) {
        return None;
    }
    Some(BatchRefusal::new(
        "batch.total_too_large",
        "合計金額が12桁を超えます。振込データを分けてください",
        "The total has more than twelve digits. Split the batch",
    ))
}

/// A line may stand here once; so may an obligation, unless it is split among different accounts.
fn repeated_lines(lines: &[LineRequest]) -> Vec<BatchRefusal> {
    let mut ids = BTreeSet::new();
    let mut payments = BTreeSet::new();
    let mut refusals = Vec::new();
    for line in lines {
        let new_id = ids.insert(line.id);
        let new_payment = payments.insert((line.obligation, account_key(&line.payee)));
        if !(new_id && new_payment) {
            let invalid = Invalid::new(
                "batch.paid_twice",
                "同じ支出負担行為・同じ口座への支払が2回入っています。一方を外してください",
                "The same obligation is paid twice to the same account. Take one of the lines out",
            );
            refusals.push(BatchRefusal::on(invalid, line));
        }
    }
    refusals
}

fn checked_originator(
    originator: Originator,
    master: &BankMaster,
) -> Result<(Originator, String, String), BatchRefusal> {
    let wrong = |ja: String, en: String| BatchRefusal::new("batch.originator", ja, en);
    if originator.code.len() != 10 || !originator.code.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong(
            "委託者コードは数字10桁です。金融機関から通知されたコードを設定してください".to_owned(),
            "The originator's code has ten digits. Set the code the bank gave you".to_owned(),
        ));
    }
    if originator.kind == AccountKind::Savings {
        return Err(wrong(
            "振込元の口座は普通・当座・その他のいずれかです（貯蓄預金は使えません）".to_owned(),
            "Money can be sent from an ordinary, checking or other account, not from a savings account".to_owned(),
        ));
    }
    let name_kana = party_name(&originator.name_kana, ORIGINATOR_NAME_BYTES).map_err(|invalid| {
        wrong(format!("委託者名: {}", invalid.message.ja), format!("Originator: {}", invalid.message.en))
    })?;
    let (bank, branch) = (originator.bank.as_str(), originator.branch.as_str());
    let (Some(known_bank), Some(known_branch)) = (master.bank(bank), master.branch(bank, branch)) else {
        return Err(wrong(
            format!("振込元の金融機関・支店 {bank}-{branch} が見つかりません。設定を確認してください"),
            format!("There is no bank and branch {bank}-{branch} to send from. Check the settings"),
        ));
    };
    let names = (known_bank.kana.to_owned(), known_branch.kana.to_owned());
    Ok((Originator { name_kana, ..originator }, names.0, names.1))
}

fn checked_line(line: LineRequest, customer_code: u64, master: &BankMaster) -> Result<PaymentLine, BatchRefusal> {
    if line.amount < Yen::new(1).unwrap_or_default() || line.amount.get() > MAXIMUM_AMOUNT {
        let invalid = Invalid::new(
            "batch.amount",
            format!("金額 {} 円は振り込めません。1円以上99億9,999万9,999円以下にしてください", line.amount),
            format!("{} yen cannot be transferred. An amount is 1 to 9,999,999,999 yen", line.amount),
        );
        return Err(BatchRefusal::on(invalid, &line));
    }
    let payee_name_zengin = zengin_name(&line.payee.holder_kana).map_err(|invalid| BatchRefusal::on(invalid, &line))?;
    master.check(&line.payee).map_err(|invalid| BatchRefusal::on(invalid, &line))?;
    let (bank, branch) = (line.payee.bank.as_str(), line.payee.branch.as_str());
    Ok(PaymentLine {
        payee_name_zengin,
        bank_name_zengin: master.bank(bank).map_or_else(String::new, |bank| bank.kana.to_owned()),
        branch_name_zengin: master.branch(bank, branch).map_or_else(String::new, |branch| branch.kana.to_owned()),
        id: line.id,
        obligation: line.obligation,
        fiscal_year: line.fiscal_year,
        application_number: line.application_number,
        payee: line.payee,
        amount: line.amount,
        customer_code,
        outcome: None,
        outcome_recorded: None,
    })
}

/// What makes an account the same account; the spelling of the holder does not.
type AccountKey<'a> = (&'a BankCode, &'a BranchCode, AccountKind, &'a AccountNumber);

fn account_key(account: &BankAccount) -> AccountKey<'_> {
    (&account.bank, &account.branch, account.kind, &account.number)
}

/// Whether `actor` may do this to the batch now, and what it leads to.
///
/// # Errors
/// A [`BatchRefusal`] with what to do instead; nothing has changed then.
pub fn decide(batch: &Batch, actor: Uuid, act: &BatchAct, now: Instant) -> Result<BatchStep, BatchRefusal> {
    let trace = Trace { by: actor, at: now };
    match act {
        BatchAct::Approve => approve(batch, trace),
        BatchAct::Export => export(batch, trace),
        BatchAct::HandOver => hand_over(batch, trace),
        BatchAct::Cancel { reason } => cancel(batch, reason, trace),
        BatchAct::RecordResults(results) => record(batch, results, trace),
    }
}

fn step(batch: Batch) -> BatchStep {
    BatchStep { batch, changed: Vec::new(), repeat: false, warnings: Vec::new() }
}

fn refuse_past_date(batch: &Batch, now: Instant) -> Result<(), BatchRefusal> {
    if day_in_japan(now) <= batch.transfer_date {
        return Ok(());
    }
    Err(BatchRefusal::new(
        "batch.date_passed",
        format!(
            "振込指定日（{}）を過ぎています。この振込データを取り消し、新しい振込日で作り直してください",
            in_ja(batch.transfer_date)
        ),
        format!("The transfer date {} has passed. Cancel this batch and draft a new one", batch.transfer_date),
    ))
}

fn approve(batch: &Batch, trace: Trace) -> Result<BatchStep, BatchRefusal> {
    if batch.state != BatchState::Drafted {
        return Err(wrong_state(
            batch,
            "承認できるのは承認待ちの振込データだけです",
            "Only a drafted batch is approved",
        ));
    }
    if trace.by == batch.made_by {
        return Err(BatchRefusal::new(
            "batch.maker_is_checker",
            "自分が作成した振込データは承認できません。別の職員に承認を依頼してください",
            "You made this batch and cannot approve it. Ask a colleague to check it",
        ));
    }
    refuse_past_date(batch, trace.at)?;
    Ok(step(Batch {
        state: BatchState::Approved,
        approved: Some(trace),
        approved_digest: Some(content_digest(batch)),
        ..batch.clone()
    }))
}

fn export(batch: &Batch, trace: Trace) -> Result<BatchStep, BatchRefusal> {
    match batch.state {
        BatchState::Approved => refuse_past_date(batch, trace.at)?,
        BatchState::Exported | BatchState::HandedOver => {}
        BatchState::Drafted => {
            return Err(BatchRefusal::new(
                "batch.not_approved",
                "承認されていないため、データを作成できません。先に別の職員の承認を受けてください",
                "The batch is not approved, so no file is made. A colleague has to approve it first",
            ));
        }
        BatchState::Confirmed | BatchState::PartlyReturned | BatchState::Cancelled => {
            return Err(wrong_state(
                batch,
                "この振込データは終わっています。返却分は新しい振込データで支払ってください",
                "This batch is over. Pay what came back with a new batch",
            ));
        }
    }
    if batch.approved_digest.as_deref() != Some(content_digest(batch).as_str()) {
        return Err(BatchRefusal::new(
            "batch.content_changed",
            "承認後に内容が変わっています。引き渡さずにシステム管理者に連絡し、この振込データを取り消してください",
            "The content is not what was approved. Hand nothing over, tell your administrator and cancel this batch",
        ));
    }
    let repeat = batch.exports_count > 0;
    let mut warnings = Vec::new();
    if batch.state == BatchState::HandedOver {
        warnings.push(BatchWarning::new(
            "batch.already_handed_over",
            "このデータはすでに金融機関へ引き渡し済みです。もう一度引き渡すと二重に振り込まれます",
            "The bank already has this file. Handing it over again pays everybody twice",
        ));
    } else if repeat {
        warnings.push(BatchWarning::new(
            "batch.repeated_export",
            "再作成したデータです（内容は前回と同じ）。先に作成したデータを引き渡していないか確認してください",
            "This is the same file made again. Make sure that the earlier one was not handed over",
        ));
    }
    let state = if batch.state == BatchState::HandedOver { BatchState::HandedOver } else { BatchState::Exported };
    let exports_count = batch.exports_count.saturating_add(1);
    let batch = Batch { state, exports_count, last_exported: Some(trace), ..batch.clone() };
    Ok(BatchStep { repeat, warnings, ..step(batch) })
}

fn hand_over(batch: &Batch, trace: Trace) -> Result<BatchStep, BatchRefusal> {
    match batch.state {
        BatchState::Exported => {
            Ok(step(Batch { state: BatchState::HandedOver, handed_over: Some(trace), ..batch.clone() }))
        }
        BatchState::HandedOver | BatchState::Confirmed | BatchState::PartlyReturned => Err(BatchRefusal::new(
            "batch.already_handed_over",
            "すでに金融機関へ引き渡し済みです。もう一度引き渡した場合は、直ちに金融機関へ連絡して片方を止めてください",
            "The bank already has this file. If it was handed over again, call the bank at once and stop one of the two",
        )),
        BatchState::Drafted | BatchState::Approved | BatchState::Cancelled => Err(wrong_state(
            batch,
            "引き渡せるのは、承認後に作成したデータだけです。先にデータを作成してください",
            "Only an approved batch with its file made is handed over. Export it first",
        )),
    }
}

fn cancel(batch: &Batch, reason: &str, trace: Trace) -> Result<BatchStep, BatchRefusal> {
    match batch.state {
        BatchState::Drafted | BatchState::Approved | BatchState::Exported => {}
        BatchState::HandedOver | BatchState::Confirmed | BatchState::PartlyReturned => {
            return Err(BatchRefusal::new(
                "batch.already_handed_over",
                "金融機関へ引き渡した後は取り消せません。金融機関に組戻しを依頼し、結果を登録してください",
                "The bank has the file, so it cannot be cancelled. Ask the bank for a recall and record the results",
            ));
        }
        BatchState::Cancelled => {
            return Err(wrong_state(batch, "すでに取り消されています", "The batch is cancelled already"));
        }
    }
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(BatchRefusal::new(
            "batch.reason_missing",
            "取消しの理由を入力してください",
            "Say why the batch is cancelled",
        ));
    }
    let mut warnings = Vec::new();
    if batch.state == BatchState::Exported {
        warnings.push(BatchWarning::new(
            "batch.file_exists",
            "作成済みのデータが残っています。金融機関へ渡さず、必ず廃棄してください",
            "A file of this batch exists. Destroy it; it must not reach the bank",
        ));
    }
    let batch = Batch {
        state: BatchState::Cancelled,
        cancelled: Some(trace),
        cancel_reason: Some(reason.to_owned()),
        ..batch.clone()
    };
    Ok(BatchStep { warnings, ..step(batch) })
}

fn record(batch: &Batch, results: &[LineResult], trace: Trace) -> Result<BatchStep, BatchRefusal> {
    if !matches!(batch.state, BatchState::HandedOver | BatchState::Confirmed | BatchState::PartlyReturned) {
        return Err(wrong_state(
            batch,
            "結果を登録できるのは、金融機関へ引き渡した振込データだけです",
            "Results are recorded for a batch that was handed over to the bank",
        ));
    }
    let mut wanted = BTreeMap::new();
    for result in results {
        if wanted.insert(result.line, &result.outcome).is_some_and(|other| *other != result.outcome) {
            return Err(on_line(
                result.line,
                "batch.result_contradicts",
                "同じ支払に異なる結果が入力されています。どちらか一方にしてください",
                "Two different results are given for one payment. Keep one",
            ));
        }
    }
    let mut batch = batch.clone();
    let mut changed = Vec::new();
    for line in &mut batch.lines {
        let Some(outcome) = wanted.remove(&line.id) else { continue };
        if line.outcome.as_ref() != Some(outcome) {
            refuse_result(batch.transfer_date, line, outcome, trace.at)?;
            line.outcome = Some(outcome.clone());
            line.outcome_recorded = Some(trace);
            changed.push(LineResult { line: line.id, outcome: outcome.clone() });
        }
    }
    if let Some((unknown, _)) = wanted.first_key_value() {
        return Err(on_line(
            *unknown,
            "batch.unknown_line",
            "この振込データにない支払です。選び直してください",
            "This payment is not in the batch. Choose another",
        ));
    }
    if changed.is_empty() {
        return Err(BatchRefusal::new(
            "batch.nothing_new",
            "新しい結果がありません（入力された結果は登録済みです）",
            "There is no new result; everything given is recorded already",
        ));
    }
    batch.state = state_of(&batch.lines);
    Ok(BatchStep { changed, ..step(batch) })
}

fn refuse_result(
    transfer_date: NaiveDate,
    line: &PaymentLine,
    outcome: &LineOutcome,
    now: Instant,
) -> Result<(), BatchRefusal> {
    if matches!(line.outcome, Some(LineOutcome::Returned { .. })) {
        return Err(on_line(
            line.id,
            "batch.already_returned",
            "この支払は返却済みです。改めて支払う場合は新しい振込データに入れてください",
            "This payment came back already. To pay again, put it into a new batch",
        ));
    }
    match outcome {
        LineOutcome::Transferred | LineOutcome::Returned { kind: ReturnKind::TransferFailed, .. }
            if day_in_japan(now) < transfer_date =>
        {
            Err(on_line(
                line.id,
                "batch.too_early",
                format!(
                    "振込指定日（{}）の前に、振込の結果は登録できません。当日以降に登録してください",
                    in_ja(transfer_date)
                ),
                format!("Nothing is transferred before {transfer_date}. Record it on that day or later"),
            ))
        }
        LineOutcome::Returned { reason, .. } if reason.trim().is_empty() => Err(on_line(
            line.id,
            "batch.reason_missing",
            "返却の理由を入力してください（例: 該当口座なし、名義相違）",
            "Say why it came back, e.g. no such account, other holder",
        )),
        _ => Ok(()),
    }
}

fn in_ja(day: NaiveDate) -> String {
    wareki(day, Locale::Ja)
}

/// The money is unknown as long as one line is.
fn state_of(lines: &[PaymentLine]) -> BatchState {
    if lines.iter().any(|line| line.outcome.is_none()) {
        BatchState::HandedOver
    } else if lines.iter().all(|line| line.outcome == Some(LineOutcome::Transferred)) {
        BatchState::Confirmed
    } else {
        BatchState::PartlyReturned
    }
}

fn on_line(line: Uuid, code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> BatchRefusal {
    BatchRefusal { line: Some(line), ..BatchRefusal::new(code, ja, en) }
}

fn wrong_state(batch: &Batch, ja: &str, en: &str) -> BatchRefusal {
    let now = batch.state.label();
    BatchRefusal::new("batch.wrong_state", format!("{ja}（現在: {}）", now.ja), format!("{en} (now: {})", now.en))
}

/// The payee that gets most, all its lines together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopPayee {
    pub name: String,
    pub amount: Yen,
    /// Of the total, rounded down.
    pub share_percent: u8,
}

/// What the approver sees first, and the digest of what the approval is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchSummary {
    pub count: usize,
    pub total: Yen,
    pub top_payee: Option<TopPayee>,
    pub warnings: Vec<BatchWarning>,
    pub content_digest: Digest,
}

/// Count, total, largest payee and everything a checker should look at.
///
/// # Errors
/// [`Overflow`] when the total is out of range, which a drafted batch's never is.
pub fn summary(batch: &Batch) -> Result<BatchSummary, Overflow> {
    let total = batch.total()?;
    let mut payees: BTreeMap<AccountKey<'_>, (usize, Yen, &str)> = BTreeMap::new();
    for line in &batch.lines {
        let payee = payees.entry(account_key(&line.payee)).or_insert((0, Yen::ZERO, &line.payee_name_zengin));
        payee.0 = payee.0.saturating_add(1);
        payee.1 = payee.1.plus(line.amount)?;
    }
    let mut top_payee: Option<TopPayee> = None;
    for (_, amount, name) in payees.values() {
        if top_payee.as_ref().is_none_or(|top| *amount > top.amount) {
            let share = amount.times(100)?.get().checked_div(total.get()).unwrap_or(0);
            let share_percent = u8::try_from(share).unwrap_or(100);
            top_payee = Some(TopPayee { name: (*name).to_owned(), amount: *amount, share_percent });
        }
    }
    let mut warnings = Vec::new();
    if let Some(top) = top_payee.as_ref().filter(|top| payees.len() > 1 && top.share_percent >= NOTABLE_SHARE_PERCENT) {
        let TopPayee { name, amount, share_percent } = top;
        warnings.push(BatchWarning::new(
            "batch.top_payee",
            format!("{name} への支払 {amount} 円が合計の{share_percent}%を占めます。金額と口座を確認してください"),
            format!("{name} gets {amount} yen, {share_percent}% of the total. Check the amount and the account"),
        ));
    }
    for (count, amount, name) in payees.values().filter(|(count, ..)| *count > 1) {
        warnings.push(BatchWarning::new(
            "batch.same_payee",
            format!("{name} の同じ口座への支払が{count}件あります（計 {amount} 円）。重複でないか確認してください"),
            format!("{count} payments go to the same account of {name} ({amount} yen). Make sure none is a duplicate"),
        ));
    }
    let mut accounts_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, _, name) in payees.values() {
        let count = accounts_of.entry(name).or_default();
        *count = count.saturating_add(1);
    }
    for (name, count) in accounts_of.into_iter().filter(|(_, count)| *count > 1) {
        warnings.push(BatchWarning::new(
            "batch.same_name",
            format!("{name} という名義の異なる口座が{count}件あります。同名の別人と取り違えていないか確認してください"),
            format!("{count} different accounts have the holder {name}. Make sure that nobody is mistaken for another"),
        ));
    }
    Ok(BatchSummary { count: batch.lines.len(), total, top_payee, warnings, content_digest: content_digest(batch) })
}

/// SHA-256 over everything the approval is for: who pays whom how much from where and when. The state, the traces and
/// the results are not part of it, so it stays the same for the batch's whole life.
#[must_use]
pub fn content_digest(batch: &Batch) -> Digest {
    // Every value with its length, so that no two contents have the same text.
    let mut text = String::from("hojokin payment batch 1\n");
    let mut field = |value: &str| {
        let _ = write!(text, "{}:{value},", value.len());
    };
    field(&batch.id.to_string());
    field(&batch.municipality.to_string());
    field(&batch.transfer_date.to_string());
    let originator = &batch.originator;
    field(&originator.code);
    field(&originator.name_kana);
    field(originator.bank.as_str());
    field(&batch.originator_bank_name_zengin);
    field(originator.branch.as_str());
    field(&batch.originator_branch_name_zengin);
    field(&originator.kind.zengin_code().to_string());
    field(originator.number.as_str());
    field(&batch.lines.len().to_string());
    for line in &batch.lines {
        field(&line.id.to_string());
        field(&line.obligation.to_string());
        field(&line.fiscal_year.to_string());
        field(&line.application_number);
        field(line.payee.bank.as_str());
        field(&line.bank_name_zengin);
        field(line.payee.branch.as_str());
        field(&line.branch_name_zengin);
        field(&line.payee.kind.zengin_code().to_string());
        field(line.payee.number.as_str());
        field(&line.payee.holder_kana);
        field(&line.payee_name_zengin);
        field(&line.amount.get().to_string());
        field(&line.customer_code.to_string());
    }
    digest(text.as_bytes())
}

#[cfg(test)]
mod tests;
