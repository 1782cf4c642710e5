//! Public money: budgets, payment batches, the bank file.

use std::collections::{BTreeMap, HashMap};

use casework::Business;
use program::definition::{ApplicantKind, BankProfile, LineEnd, Role};
use treasury::{BankMaster, Batch, BatchAct, LineOutcome, LineResult};
use uuid::Uuid;
use vocabulary::{BankCode, Bilingual, BranchCode};

use crate::desk::MOST_COUNTED;
use crate::once::Wish;
use crate::service::Service;
use crate::view::{
    Application, BatchView, BudgetView, FinanceTasks, LedgerEntryView, Page, PayableView, PaymentView, Viewer,
};
use crate::{Error, Result};

/// Entries of the ledger that a budget shows.
const NEWEST_ENTRIES: u32 = 100;
/// Lines that one batch can take (the trailer has six digits).
const MOST_LINES: u32 = 999_999;

/// The bank file, or what it would be.
#[derive(Clone, Debug)]
pub struct BankFile {
    pub name: String,
    pub bytes: Vec<u8>,
    /// It was handed out before; the bytes are the same.
    pub repeated: bool,
}

impl Service {
    /// The budget line that a program draws on in a fiscal year.
    ///
    /// # Errors
    /// `NotFound` for programs of other offices.
    pub async fn budget(&self, viewer: &Viewer, program: &str, fiscal_year: i32) -> Result<BudgetView> {
        let place = program.split_once('/').map_or("", |(place, _)| place);
        if !viewer.person.is_staff_of(place) {
            return Err(Error::NotFound);
        }
        let calls = self.reader().calls(Some(program)).await?;
        let call = calls.iter().find(|call| call.fiscal_year.0 == fiscal_year).ok_or(Error::NotFound)?;
        self.budget_view(call.budget_line.ok_or(Error::NotFound)?).await
    }

    /// The line that a case is paid from; none where no money hangs on it.
    ///
    /// # Errors
    /// `NotFound` unless the viewer works for the case's office.
    pub async fn budget_of_case(&self, viewer: &Viewer, application: &Application) -> Result<Option<BudgetView>> {
        if !viewer.person.is_staff_of(&application.case.municipality) {
            return Err(Error::NotFound);
        }
        match application.case.call.budget_line {
            Some(line) => self.budget_view(line).await.map(Some),
            None => Ok(None),
        }
    }

    async fn budget_view(&self, line: Uuid) -> Result<BudgetView> {
        let stored = self.reader().budget_line(line).await?.ok_or(Error::NotFound)?;
        let entries = self.reader().newest_entries(line, NEWEST_ENTRIES).await?;
        let word = |account: Option<treasury::Account>| account.map_or("", treasury::Account::as_str).to_owned();
        Ok(BudgetView {
            municipality: stored.line.municipality,
            code: stored.line.code,
            name: stored.line.name,
            path: stored.line.path,
            fiscal_year: stored.line.fiscal_year,
            totals: stored.totals,
            entries: entries
                .into_iter()
                .map(|entry| LedgerEntryView {
                    at: entry.at,
                    debit: word(entry.to),
                    credit: word(entry.from),
                    amount: entry.amount,
                    kind: entry.kind,
                    application_number: entry.application_number,
                })
                .collect(),
        })
    }

    /// Payments that were ordered and are in no batch yet.
    ///
    /// # Errors
    /// `NotFound` unless the viewer works in finance there.
    pub async fn payables(&self, viewer: &Viewer, municipality: &str) -> Result<Vec<PayableView>> {
        finance(viewer, municipality, &[Role::FinanceMaker, Role::FinanceChecker, Role::Auditor])?;
        let lines = self.reader().payable(municipality, MOST_LINES).await?;
        Ok(lines
            .into_iter()
            .map(|line| PayableView {
                line: line.id,
                application: line.application,
                application_number: line.application_number.unwrap_or_default(),
                payee_name: line.payee_name,
                holder: line.account.holder_kana,
                amount: line.amount,
                ordered_at: line.ordered_at,
            })
            .collect())
    }

    /// What was ordered to be paid in a case, and how far each payment is, oldest first.
    ///
    /// # Errors
    /// `NotFound` for a case that the viewer may not know of.
    pub async fn payments_of(&self, viewer: &Viewer, application: Uuid) -> Result<Vec<PaymentView>> {
        self.application(viewer, application).await?.ok_or(Error::NotFound)?;
        let lines = self.reader().payments_of_case(application).await?;
        let batches: Vec<Uuid> = lines.iter().filter_map(|line| line.batch).collect();
        let days = self.reader().transfer_days(&batches).await?;
        let view = |line: store::OrderedPayment| PaymentView {
            amount: line.amount,
            state: line.state,
            ordered_at: line.ordered_at,
            transfer_date: line.batch.and_then(|batch| days.get(&batch).copied()),
        };
        Ok(lines.into_iter().map(view).collect())
    }

    /// What waits for those who work in finance, in all their offices together.
    ///
    /// # Errors
    /// Faults only.
    pub async fn finance_tasks(&self, viewer: &Viewer) -> Result<FinanceTasks> {
        let mut tasks = FinanceTasks::default();
        for place in viewer.municipalities() {
            if viewer.person.has_role(&place, Role::FinanceMaker) {
                tasks.payable += self.reader().count_payable(&place, MOST_COUNTED).await?;
            }
            if finance(viewer, &place, &[Role::FinanceMaker, Role::FinanceChecker]).is_ok() {
                tasks.batches.extend(self.reader().batches_under_way(&place).await?);
            }
        }
        Ok(tasks)
    }

    /// Puts ordered payments into a new batch: those named, or all.
    ///
    /// # Errors
    /// `Refused` with everything that is wrong with the lines or the transfer date.
    pub async fn create_payment_batch(
        &self,
        viewer: &Viewer,
        municipality: &str,
        transfer_date: chrono::NaiveDate,
        lines: Option<Vec<Uuid>>,
        key: &str,
    ) -> Result<BatchView> {
        self.require_scope(viewer, "pay")?;
        finance(viewer, municipality, &[Role::FinanceMaker])?;
        let place = self.municipality(self.reader(), municipality).await?;
        let (id, now, account) = (self.inner.ids.next(), self.now(), viewer.person.id);
        let input = (municipality, transfer_date, &lines);
        let wish = Wish::new(viewer, key, "createPaymentBatch", &input, (id, now))?;
        let batch = self
            .once(&wish, &|tx| {
                let (lines, place) = (&lines, &place);
                Box::pin(async move {
                    let wanted = |line: &store::OrderedPayment| lines.as_ref().is_none_or(|ids| ids.contains(&line.id));
                    let payable: Vec<_> = tx.payable(municipality, MOST_LINES).await?.into_iter().filter(wanted).collect();
                    let missing = lines.as_ref().map_or(0, Vec::len).saturating_sub(payable.len());
                    if missing > 0 && lines.is_some() {
                        return Err(Error::Refused(vec![casework::Refusal::new(
                            "batch.line_taken",
                            "指定した支払の一部は、すでに別の振込データに入っているか、存在しません。一覧を更新してください",
                            "Some of these payments are in another batch already, or do not exist; reload the list",
                        )]));
                    }
                    let taken: Vec<Uuid> = payable.iter().map(|line| line.id).collect();
                    without_interest(tx, viewer, &taken).await?;
                    let request = treasury::DraftRequest {
                        id,
                        municipality: place.code.clone(),
                        transfer_date,
                        originator: originator(&place.bank)?,
                        lines: payable.iter().map(line_request).collect(),
                    };
                    let batch = treasury::draft(request, account, now, &place.calendar, BankMaster::embedded())
                        .map_err(batch_refusals)?;
                    Ok(tx.create_batch(&batch, municipality).await?)
                })
            })
            .await?;
        self.batch_as_it_is(viewer, batch).await
    }

    /// By another person than made it.
    ///
    /// # Errors
    /// `Refused` when the state or the person does not fit, or the content is not what the viewer saw; `SignInAgain`.
    pub async fn approve_payment_batch(
        &self,
        viewer: &Viewer,
        id: Uuid,
        seen_digest: Option<&str>,
        key: &str,
    ) -> Result<BatchView> {
        self.batch_act(viewer, id, &BatchAct::Approve, seen_digest, key).await
    }

    /// Writes the bank file, once; again gives the same bytes, marked as a repeat.
    ///
    /// # Errors
    /// `Refused` unless the batch is approved; `SignInAgain`.
    pub async fn export_payment_batch(&self, viewer: &Viewer, id: Uuid, key: &str) -> Result<(BatchView, BankFile)> {
        let batch = self.batch_act(viewer, id, &BatchAct::Export, None, key).await?;
        // Before the file leaves the house, the history is sealed outside the database.
        self.seal().await?;
        let file = self.payment_file(viewer, id).await?;
        Ok((batch, file))
    }

    /// # Errors
    /// `Refused` unless it was exported.
    pub async fn hand_over_payment_batch(&self, viewer: &Viewer, id: Uuid, key: &str) -> Result<BatchView> {
        self.batch_act(viewer, id, &BatchAct::HandOver, None, key).await
    }

    /// # Errors
    /// `Refused` once it was handed over.
    pub async fn cancel_payment_batch(
        &self,
        viewer: &Viewer,
        id: Uuid,
        reason: String,
        key: &str,
    ) -> Result<BatchView> {
        self.batch_act(viewer, id, &BatchAct::Cancel { reason }, None, key).await
    }

    /// What the bank did with each line; moves the cases.
    ///
    /// # Errors
    /// `Refused` before it was handed over, or for lines that are not in it.
    pub async fn record_transfer_results(
        &self,
        viewer: &Viewer,
        id: Uuid,
        results: Vec<LineResult>,
        key: &str,
    ) -> Result<BatchView> {
        self.batch_act(viewer, id, &BatchAct::RecordResults(results), None, key).await
    }

    /// `seen` is the digest of the content as the viewer was shown it.
    async fn batch_act(
        &self,
        viewer: &Viewer,
        id: Uuid,
        act: &BatchAct,
        seen: Option<&str>,
        key: &str,
    ) -> Result<BatchView> {
        self.require_scope(viewer, "pay")?;
        if matches!(act, BatchAct::Approve | BatchAct::Export) {
            self.require_fresh(viewer)?;
        }
        let (now, account) = (self.now(), viewer.person.id);
        let wish = Wish::new(viewer, key, "batch", &(id, act, seen), (id, now))?;
        let before = self.batch_as_it_is(viewer, id).await?;
        let roles: &[Role] = match act {
            BatchAct::Approve => &[Role::FinanceChecker],
            _ => &[Role::FinanceMaker, Role::FinanceChecker],
        };
        finance(viewer, &before.municipality, roles)?;
        let place = self.municipality(self.reader(), &before.municipality).await?;
        // One event for each line at most, fixed before the transaction.
        let events: Vec<Uuid> = before.batch.lines.iter().map(|_| self.inner.ids.next()).collect();
        self.once(&wish, &|tx| {
            let (place, events) = (&place, &events);
            Box::pin(async move {
                let stored = tx.batch(id, true).await?.ok_or(Error::NotFound)?;
                let lines: Vec<Uuid> = stored.batch.lines.iter().map(|line| line.id).collect();
                without_interest(tx, viewer, &lines).await?;
                if let Some(seen) = seen {
                    as_seen(&stored.batch, seen)?;
                }
                if matches!(act, BatchAct::Approve | BatchAct::Export) {
                    refuse_blocked(&tx.blocked_lines(id).await?)?;
                }
                let step = treasury::decide(&stored.batch, account, act, now).map_err(|r| batch_refusals(vec![r]))?;
                let file = match act {
                    BatchAct::Export => Some(bank_file(&step.batch, &place.bank)?),
                    _ => None,
                };
                tx.save_batch(&step.batch, stored.version, file.as_ref()).await?;
                if let BatchAct::Cancel { .. } = act {
                    tx.release_lines(id).await?;
                }
                for (result, event) in step.changed.iter().zip(events) {
                    self.settle(tx, result, now, *event).await?;
                }
                Ok(())
            })
        })
        .await?;
        self.batch_as_it_is(viewer, id).await
    }

    /// Moves the case of a line as its money went.
    async fn settle(
        &self,
        tx: &store::Tx<'_>,
        result: &LineResult,
        now: vocabulary::Instant,
        event: Uuid,
    ) -> Result<()> {
        let paid = matches!(result.outcome, LineOutcome::Transferred);
        tx.settle_line(result.line, !paid, now).await?;
        let payment = tx.payments(&[result.line]).await?.pop().ok_or(Error::NotFound)?;
        let application = payment.application;
        let found = tx.load_case(store::CaseKey::Id(application), store::Lock::Case).await?.ok_or(Error::NotFound)?;
        let before = self.view(tx, found).await?;
        let action = treasury_action(&before, payment.procedure, paid).map(str::to_owned).ok_or_else(|| {
            Error::Refused(vec![casework::Refusal::new(
                "batch.case_moved",
                "支払を待つ状態ではない案件が含まれています。案件を確認してください",
                "A case of this batch does not wait for its payment any more; look at the case",
            )])
        })?;
        let comment = match &result.outcome {
            LineOutcome::Transferred => None,
            LineOutcome::Returned { reason, .. } => Some(reason.clone()),
        };
        let act = casework::Act {
            action,
            expected_version: before.case.version,
            comment,
            procedure: payment.procedure,
            ..casework::Act::default()
        };
        self.machine_act(tx, &casework::Actor::Treasury, application, &act, now, event).await
    }

    /// The stored bytes of the bank file.
    ///
    /// # Errors
    /// `NotFound` before the export.
    pub async fn payment_file(&self, viewer: &Viewer, id: Uuid) -> Result<BankFile> {
        let batch = self.batch_as_it_is(viewer, id).await?;
        finance(viewer, &batch.municipality, &[Role::FinanceMaker, Role::FinanceChecker])?;
        let bytes = self.reader().batch_file(id).await?.ok_or(Error::NotFound)?.bytes;
        self.note_access(viewer, store::AccessKind::BankFile, Some(id), viewer.device()).await?;
        Ok(BankFile { name: payment_file_name(&batch), bytes, repeated: batch.batch.exports_count > 1 })
    }

    /// # Errors
    /// `NotFound` unless the viewer works in finance, or audits, there.
    pub async fn payment_batch(&self, viewer: &Viewer, id: Uuid) -> Result<BatchView> {
        let batch = self.batch_as_it_is(viewer, id).await?;
        // The accounts of its payees are there to be seen.
        self.note_access(viewer, store::AccessKind::PaymentBatch, Some(id), viewer.device()).await?;
        Ok(batch)
    }

    /// Names of those who made, approved, exported and handed over the batch.
    ///
    /// # Errors
    /// Faults only.
    pub async fn people_of_batch(&self, view: &BatchView) -> Result<BTreeMap<Uuid, String>> {
        let batch = &view.batch;
        let traces = [batch.approved, batch.last_exported, batch.handed_over].into_iter().flatten();
        let people: Vec<Uuid> = std::iter::once(batch.made_by).chain(traces.map(|trace| trace.by)).collect();
        let accounts = self.reader().accounts(&people).await?;
        Ok(accounts.into_iter().map(|account| (account.id, account.name)).collect())
    }

    /// The businesses of cases that wait for their payment, or are in a batch.
    ///
    /// # Errors
    /// `NotFound` unless the viewer works in finance, or audits, there.
    pub async fn businesses_paid(
        &self,
        viewer: &Viewer,
        municipality: &str,
        cases: &[Uuid],
    ) -> Result<HashMap<Uuid, Business>> {
        finance(viewer, municipality, &[Role::FinanceMaker, Role::FinanceChecker, Role::Auditor])?;
        Ok(self.reader().businesses_of_cases(cases).await?)
    }

    async fn batch_as_it_is(&self, viewer: &Viewer, id: Uuid) -> Result<BatchView> {
        let stored = self.reader().batch(id, false).await?.ok_or(Error::NotFound)?;
        finance(viewer, &stored.municipality, &[Role::FinanceMaker, Role::FinanceChecker, Role::Auditor])?;
        batch_view(stored)
    }

    /// # Errors
    /// Faults only.
    pub async fn payment_batches(&self, viewer: &Viewer, first: usize, after: Option<&str>) -> Result<Page<BatchView>> {
        let places: Vec<String> = viewer
            .municipalities()
            .into_iter()
            .filter(|place| finance(viewer, place, &[Role::FinanceMaker, Role::FinanceChecker, Role::Auditor]).is_ok())
            .collect();
        let after = after.map(str::parse).transpose().map_err(|_| {
            Error::bad_input("after", "位置の指定が正しくありません", "This is not a cursor of this list")
        })?;
        let limit = u32::try_from(first).unwrap_or(u32::MAX).saturating_add(1);
        let mut stored = self.reader().batches(&places, after, limit).await?;
        let has_next = stored.len() > first;
        stored.truncate(first);
        let items = stored
            .into_iter()
            .map(|stored| Ok((stored.batch.id.to_string(), batch_view(stored)?)))
            .collect::<Result<_>>()?;
        Ok(Page { items, has_next })
    }
}

/// 利害関係: nobody pays out to a business that they act for.
async fn without_interest(tx: &store::Tx<'_>, viewer: &Viewer, lines: &[Uuid]) -> Result<()> {
    if tx.pays_to(lines, &viewer.person.memberships).await? {
        return Err(Error::Refused(vec![casework::conflict_of_interest()]));
    }
    Ok(())
}

fn as_seen(batch: &Batch, seen: &str) -> Result<()> {
    let summary = treasury::summary(batch).map_err(|error| Error::Fault(error.to_string()))?;
    if summary.content_digest == seen {
        return Ok(());
    }
    Err(Error::Refused(vec![casework::Refusal::new(
        "batch.content_changed",
        "画面に表示された内容から変わっています。最新の内容を確認してください",
        "The content is not what you saw; look at it as it is now",
    )]))
}

/// A payment whose account was blocked after the batch took it must not reach the bank.
fn refuse_blocked(lines: &[Uuid]) -> Result<()> {
    let blocked = lines.iter().map(|line| {
        let refusal = casework::Refusal::new(
            "batch.line_blocked",
            "振込先口座が使えなくなった支払が含まれています。この振込データを取り消し、その支払を除いて作り直してください",
            "The account of a payment in this batch was blocked; cancel the batch and make it anew without that payment",
        );
        refusal.at(format!("lines.{line}"))
    });
    let refusals: Vec<_> = blocked.collect();
    if refusals.is_empty() { Ok(()) } else { Err(Error::Refused(refusals)) }
}

/// A pure function of the stored batch: exporting again makes the same bytes.
fn bank_file(batch: &Batch, profile: &BankProfile) -> Result<store::BatchFile> {
    let line_end = match profile.line_end {
        LineEnd::None => treasury::zengin::LineEnd::None,
        LineEnd::Crlf => treasury::zengin::LineEnd::CrLf,
    };
    let profile = treasury::zengin::Profile { line_end, ..treasury::zengin::Profile::default() };
    let bytes = treasury::zengin::write(batch, &profile)
        .map_err(|invalid| Error::Refused(vec![refusal_of(invalid.code, invalid.message)]))?;
    Ok(store::BatchFile { sha256: vocabulary::digest(&bytes), bytes })
}

/// The lines of a batch whose account has another holder than the business is called; people may call theirs as they like.
#[must_use]
pub fn other_holders(batch: &Batch, businesses: &HashMap<Uuid, Business>) -> Vec<Bilingual> {
    let is_other = |line: &&treasury::PaymentLine| {
        let business = businesses.get(&line.obligation);
        business.is_some_and(|business| {
            business.facts.kind != ApplicantKind::SoleProprietor
                && !treasury::is_holder(&line.payee_name_zengin, &business.name_kana)
        })
    };
    let told = |line: &treasury::PaymentLine| {
        let (number, holder) = (&line.application_number, &line.payee_name_zengin);
        Bilingual::new(
            format!("{number}: 口座名義「{holder}」が事業者名と異なります。通帳の写しを確認してください"),
            format!("{number}: the account's holder {holder} is not what the business is called; look at the passbook"),
        )
    };
    batch.lines.iter().filter(is_other).map(told).collect()
}

/// What the bank's file of a batch is called.
#[must_use]
pub fn payment_file_name(view: &BatchView) -> String {
    let day = view.batch.transfer_date.format("%Y%m%d");
    format!("furikomi-{}-{day}-{}.txt", view.municipality, short(view.batch.id))
}

fn short(id: Uuid) -> String {
    id.simple().to_string().chars().skip(24).collect()
}

fn finance(viewer: &Viewer, municipality: &str, roles: &[Role]) -> Result<()> {
    if !viewer.person.is_staff_of(municipality) {
        return Err(Error::NotFound);
    }
    if roles.iter().any(|role| viewer.person.has_role(municipality, *role)) {
        return Ok(());
    }
    Err(Error::forbidden("出納の権限がありません", "This takes a finance role"))
}

/// The machine's action for money of the case, or of one of its procedures, that has moved or has come back: told apart
/// by the kind of state it leads to.
fn treasury_action(application: &Application, procedure: Option<Uuid>, paid: bool) -> Option<&str> {
    let (program, case) = (&application.program, &application.case);
    let (machine, state) = match procedure {
        None => (None, &case.state),
        Some(id) => {
            let beside = case.procedure(id)?;
            (Some(beside.name.as_str()), &beside.state)
        }
    };
    program
        .actions()
        .filter(|action| action.procedure == machine && action.rule.by.as_slice().contains(&Role::Treasury))
        .filter(|action| action.rule.from.as_slice().contains(state))
        .find(|action| program.pays(*action) == paid)
        .map(|action| action.name)
}

fn originator(profile: &BankProfile) -> Result<treasury::Originator> {
    let fault = |invalid: vocabulary::Invalid| Error::Refused(vec![refusal_of(invalid.code, invalid.message)]);
    Ok(treasury::Originator {
        code: profile.originator_code.clone(),
        name_kana: profile.originator_name.clone(),
        bank: BankCode::try_from(profile.bank.clone()).map_err(fault)?,
        branch: BranchCode::try_from(profile.branch.clone()).map_err(fault)?,
        kind: profile.account_kind,
        number: vocabulary::AccountNumber::try_from(profile.account_number.clone()).map_err(fault)?,
    })
}

fn line_request(line: &store::OrderedPayment) -> treasury::LineRequest {
    treasury::LineRequest {
        id: line.id,
        obligation: line.application,
        fiscal_year: line.fiscal_year,
        application_number: line.application_number.clone().unwrap_or_default(),
        payee: line.account.clone(),
        amount: line.amount,
    }
}

fn refusal_of(code: &str, message: vocabulary::Bilingual) -> casework::Refusal {
    casework::Refusal { message, ..casework::Refusal::new(code, "", "") }
}

fn batch_refusals(refusals: Vec<treasury::BatchRefusal>) -> Error {
    Error::Refused(
        refusals
            .into_iter()
            .map(|refusal| casework::Refusal {
                path: refusal.line.map(|line| format!("lines.{line}")),
                ..refusal_of(refusal.code, refusal.message)
            })
            .collect(),
    )
}

fn batch_view(stored: store::StoredBatch) -> Result<BatchView> {
    let summary = treasury::summary(&stored.batch).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(BatchView {
        summary,
        municipality: stored.municipality,
        version: stored.version,
        file_sha256: stored.file_sha256,
        batch: stored.batch,
    })
}
