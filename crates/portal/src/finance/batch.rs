//! One batch (振込データ): what is in it, what a checker should look at, and its way to the bank and back; and the cover sheet
//! (送付票) that goes with its file.

use std::collections::HashMap;

use askama::Template;
use casework::Business;
use poem::http::StatusCode;
use program::definition::Role;
use service::{BatchView, Error, other_holders, payment_file_name};
use treasury::{BatchState, LineOutcome, LineResult, PaymentLine, ReturnKind};
use uuid::Uuid;
use vocabulary::{Bilingual, Instant};

use super::{places, state_name};
use crate::forms::{Said, Told};
use crate::visit::{Frame, Page, Visit, id, not_found};

#[derive(Template)]
#[template(path = "finance/batch.html")]
struct Shown {
    frame: Frame,
    errors: Vec<Said>,
    office: String,
    state: &'static str,
    /// Label and value.
    facts: Vec<(&'static str, String)>,
    /// What the batch waits for, and from whom.
    next: Option<&'static str>,
    warnings: Vec<String>,
    lines: Vec<Line>,
    digest: String,
    /// The bank's file, once it was made.
    file: Option<File>,
    /// What the visitor may do now, in order.
    steps: Vec<(&'static str, &'static str)>,
    may_cancel: bool,
    takes_results: bool,
    action: String,
    key: String,
}

/// 送付票: one sheet to print, that goes to the bank with the file.
#[derive(Template)]
#[template(path = "finance/cover.html")]
struct Cover {
    frame: Frame,
    office: String,
    back: String,
    /// Label and value.
    facts: Vec<(&'static str, String)>,
    file: String,
    sha256: String,
    digest: String,
}

struct File {
    href: String,
    cover: String,
    sha256: String,
    /// It was made more than once: to be handed over once all the same.
    repeated: bool,
}

struct Line {
    id: String,
    case: String,
    number: String,
    business: String,
    payee: String,
    account: String,
    amount: String,
    outcome: String,
    /// Nothing is known of it yet.
    open: bool,
    /// As it was typed, when the page is shown again.
    chosen: String,
    reason: String,
}

pub(crate) async fn batch(visit: &Visit<'_>, batch: &str) -> Page {
    places(visit)?;
    let view = visit.service.payment_batch(visit.viewer()?, id(batch)?).await?;
    shown(visit, &view, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, view: &BatchView, status: StatusCode, told: &Told) -> Page {
    let (t, batch, person) = (visit.t, &view.batch, &visit.viewer()?.person);
    let place = visit.service.municipality_named(&view.municipality).await?;
    let makes = person.has_role(&view.municipality, Role::FinanceMaker);
    let checks = person.has_role(&view.municipality, Role::FinanceChecker) && batch.made_by != person.id;
    let steps = match batch.state {
        BatchState::Drafted if checks => vec![("approve", t.approve_batch())],
        BatchState::Approved if makes => vec![("export", t.export_batch())],
        BatchState::Exported if makes => vec![("hand_over", t.hand_over_batch()), ("export", t.export_again())],
        _ => Vec::new(),
    };
    let waits = matches!(batch.state, BatchState::Drafted | BatchState::Approved | BatchState::Exported);
    let mut facts = totals(visit, view);
    facts.extend(
        view.summary
            .top_payee
            .as_ref()
            .map(|top| (t.top_payee(), format!("{} {} {} ({} %)", top.name, top.amount, t.yen(), top.share_percent))),
    );
    facts.extend(traces(visit, view).await?);
    facts.extend(batch.cancel_reason.iter().map(|reason| (t.batch_cancelled(), reason.clone())));
    let next = match batch.state {
        BatchState::Drafted if checks => Some(t.batch_next_check()),
        BatchState::Drafted => Some(t.batch_next_approval()),
        BatchState::Approved => Some(t.batch_next_export()),
        BatchState::Exported => Some(t.batch_next_hand_over()),
        BatchState::HandedOver => Some(t.batch_next_results()),
        BatchState::PartlyReturned => Some(t.batch_next_returned()),
        BatchState::Confirmed | BatchState::Cancelled => None,
    };
    let cases: Vec<Uuid> = batch.lines.iter().map(|line| line.obligation).collect();
    let businesses = visit.service.businesses_paid(visit.viewer()?, &view.municipality, &cases).await?;
    let warnings = view.summary.warnings.iter().map(|warning| warning.message.clone());
    let warnings: Vec<Bilingual> = warnings.chain(other_holders(batch, &businesses)).collect();
    let errors = told.summary(|_| None, visit.locale);
    let page = Shown {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(t.batch()) },
        errors,
        office: visit.say(&place.name).to_owned(),
        state: state_name(t, batch.state),
        facts,
        next,
        warnings: warnings.iter().map(|warning| visit.say(warning).to_owned()).collect(),
        lines: batch.lines.iter().map(|line| shown_line(visit, line, &businesses)).collect(),
        digest: view.summary.content_digest.clone(),
        file: view.file_sha256.clone().map(|sha256| File {
            href: format!("/payment-batches/{}/file", batch.id),
            cover: format!("/finance/batches/{}/cover", batch.id),
            sha256,
            repeated: batch.exports_count > 1,
        }),
        steps,
        may_cancel: waits && (makes || checks),
        takes_results: batch.state == BatchState::HandedOver && makes,
        action: format!("/finance/batches/{}", batch.id),
        key: visit.key(),
    };
    Ok(visit.page_with(status, &page))
}

fn totals(visit: &Visit<'_>, view: &BatchView) -> Vec<(&'static str, String)> {
    let t = visit.t;
    vec![
        (t.transfer_date(), visit.day(view.batch.transfer_date)),
        (t.count(), t.cases_counted(u32::try_from(view.summary.count).unwrap_or(u32::MAX))),
        (t.total(), format!("{} {}", view.summary.total, t.yen())),
    ]
}

/// Who made, approved, exported and handed it over, and when.
async fn traces(visit: &Visit<'_>, view: &BatchView) -> Result<Vec<(&'static str, String)>, Error> {
    let (t, batch) = (visit.t, &view.batch);
    let people = visit.service.people_of_batch(view).await?;
    let done = |label, by: Uuid, at: Instant| {
        let name = people.get(&by).map(String::as_str).unwrap_or_default();
        (label, format!("{} {name}", visit.time(at)))
    };
    let mut traces = vec![done(t.batch_drafted(), batch.made_by, batch.made_at)];
    traces.extend(batch.approved.map(|trace| done(t.batch_approved(), trace.by, trace.at)));
    traces.extend(batch.last_exported.map(|trace| done(t.batch_exported(), trace.by, trace.at)));
    traces.extend(batch.handed_over.map(|trace| done(t.batch_handed_over(), trace.by, trace.at)));
    Ok(traces)
}

/// Once the bank's file was made.
pub(crate) async fn cover(visit: &Visit<'_>, batch: &str) -> Page {
    places(visit)?;
    let view = visit.service.payment_batch(visit.viewer()?, id(batch)?).await?;
    let sha256 = view.file_sha256.clone().ok_or_else(not_found)?;
    let place = visit.service.municipality_named(&view.municipality).await?;
    let mut facts = totals(visit, &view);
    facts.extend(traces(visit, &view).await?);
    Ok(visit.page(&Cover {
        frame: visit.frame(visit.t.cover_sheet()),
        office: visit.say(&place.name).to_owned(),
        back: format!("/finance/batches/{}", view.batch.id),
        facts,
        file: payment_file_name(&view),
        sha256,
        digest: view.summary.content_digest.clone(),
    }))
}

fn shown_line(visit: &Visit<'_>, line: &PaymentLine, businesses: &HashMap<Uuid, Business>) -> Line {
    let t = visit.t;
    let outcome = match &line.outcome {
        None => String::new(),
        Some(LineOutcome::Transferred) => t.transferred().to_owned(),
        Some(LineOutcome::Returned { kind: ReturnKind::TransferFailed, reason }) => {
            format!("{} {reason}", t.transfer_failed())
        }
        Some(LineOutcome::Returned { kind: ReturnKind::Recalled, reason }) => format!("{} {reason}", t.recalled()),
    };
    let payee = &line.payee;
    Line {
        id: line.id.to_string(),
        case: format!("/applications/{}", line.obligation),
        number: line.application_number.clone(),
        business: businesses.get(&line.obligation).map(|business| business.name.clone()).unwrap_or_default(),
        payee: line.payee_name_zengin.clone(),
        account: format!(
            "{} {} ({}-{}) {} {}",
            line.bank_name_zengin,
            line.branch_name_zengin,
            payee.bank.as_str(),
            payee.branch.as_str(),
            t.account_kind(
                &serde_json::to_value(payee.kind)
                    .ok()
                    .and_then(|kind| Some(kind.as_str()?.to_owned()))
                    .unwrap_or_default()
            ),
            payee.number.as_str()
        ),
        amount: line.amount.to_string(),
        open: line.outcome.is_none(),
        chosen: visit.asked.field(&format!("outcome.{}", line.id)).to_owned(),
        reason: visit.asked.field(&format!("reason.{}", line.id)).to_owned(),
        outcome,
    }
}

/// One step of the batch. Pressing twice is one step.
pub(crate) async fn act(visit: &Visit<'_>, batch: &str) -> Page {
    places(visit)?;
    let (viewer, asked, service) = (visit.viewer()?, visit.asked, visit.service);
    let (batch, key) = (id(batch)?, asked.field("key"));
    let view = service.payment_batch(viewer, batch).await?;
    let done = match asked.field("step") {
        "approve" => service.approve_payment_batch(viewer, batch, Some(asked.field("digest")), key).await.map(drop),
        "export" => service.export_payment_batch(viewer, batch, key).await.map(drop),
        "hand_over" => service.hand_over_payment_batch(viewer, batch, key).await.map(drop),
        "cancel" => {
            let reason = asked.field("reason").trim().to_owned();
            service.cancel_payment_batch(viewer, batch, reason, key).await.map(drop)
        }
        step => match results(visit, &view, step == "all_transferred") {
            Ok(results) => service.record_transfer_results(viewer, batch, results, key).await.map(drop),
            Err(error) => Err(error),
        },
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match done {
        Ok(()) | Err(Error::IdempotencyConflict) => {
            let notice = match asked.field("step") {
                step @ ("approve" | "export" | "hand_over" | "cancel") => format!("batch-{step}"),
                _ => "batch-results".to_owned(),
            };
            Ok(visit.done(&format!("/finance/batches/{batch}"), &notice))
        }
        Err(Error::Refused(reasons)) => shown(visit, &view, wrong, &Told::of(reasons)).await,
        Err(Error::BadInput { path, message }) => shown(visit, &view, wrong, &Told::one(path, message)).await,
        Err(error) => Err(error.into()),
    }
}

/// What the bank did with the lines of which something was said; with all others, too, when `rest` of them was transferred.
fn results(visit: &Visit<'_>, view: &BatchView, rest: bool) -> Result<Vec<LineResult>, Error> {
    let mut results = Vec::new();
    for line in view.batch.lines.iter().filter(|line| line.outcome.is_none()) {
        let reason = visit.asked.field(&format!("reason.{}", line.id)).trim().to_owned();
        let kind = match visit.asked.field(&format!("outcome.{}", line.id)) {
            said if said == "transferred" || (rest && said.is_empty()) => {
                results.push(LineResult { line: line.id, outcome: LineOutcome::Transferred });
                continue;
            }
            "failed" => ReturnKind::TransferFailed,
            "recalled" => ReturnKind::Recalled,
            _ => continue,
        };
        if reason.is_empty() {
            return Err(Error::bad_input(
                "reason",
                "振込不能・組戻には、銀行が示した理由を入力してください",
                "Enter the bank's reason for each line that came back",
            ));
        }
        results.push(LineResult { line: line.id, outcome: LineOutcome::Returned { kind, reason } });
    }
    Ok(results)
}
