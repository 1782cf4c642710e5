//! `payments`: batches from the order to the transfer, and the bank's file, written and checked.

use std::path::Path;

use chrono::NaiveDate;
use serde_json::json;
use service::BatchView;
use treasury::{BankMaster, LineOutcome, LineResult, PaymentLine, zengin};
use uuid::Uuid;
use vocabulary::{Calendar, Clock as _, day_in_japan};

use super::tell;
use crate::adapters::{SystemClock, write_durably};
use crate::cli::{Common, PaymentsCommand};
use crate::demonstration;
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

/// Bytes; a full file of 999,999 lines has 120 MB.
const LARGEST_FILE: u64 = 200 * 1024 * 1024;

pub async fn run(common: &Common, command: &PaymentsCommand) -> Outcome {
    match command {
        PaymentsCommand::Batch { municipality, on, actor } => make(common, municipality, *on, actor).await,
        PaymentsCommand::Approve { batch, actor } => step(common, batch, actor, Step::Approve).await,
        PaymentsCommand::Export { file, batch, actor } => export(common, file, batch, actor).await,
        PaymentsCommand::HandOver { batch, actor } => step(common, batch, actor, Step::HandOver).await,
        PaymentsCommand::Settle { batch, actor } => step(common, batch, actor, Step::Settle).await,
        PaymentsCommand::Check { file } => check(common, file),
    }
}

/// What is done to a whole batch besides writing its file.
#[derive(Clone, Copy)]
enum Step {
    Approve,
    HandOver,
    Settle,
}

async fn make(common: &Common, municipality: &str, on: Option<NaiveDate>, actor: &str) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let service = &installation.service;
    let viewer = service.viewer_by_email(actor).await?;
    let day = match on {
        Some(day) => day,
        None => {
            let calendar = service.municipality_named(municipality).await?.calendar.clone();
            calendar.bank_day_after(calendar.bank_day_after(day_in_japan(service.now())))
        }
    };
    let batch = service.create_payment_batch(&viewer, municipality, day, None, &installation.fresh_key()).await?;
    told(common, &batch)
}

async fn step(common: &Common, batch: &str, actor: &str, step: Step) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let service = &installation.service;
    let viewer = service.viewer_by_email(actor).await?;
    let (id, key) = (key_of(batch)?, installation.fresh_key());
    let view = match step {
        Step::Approve => service.approve_payment_batch(&viewer, id, None, &key).await?,
        Step::HandOver => service.hand_over_payment_batch(&viewer, id, &key).await?,
        Step::Settle => {
            let lines = service.payment_batch(&viewer, id).await?.batch.lines;
            let transferred = |line: &PaymentLine| LineResult { line: line.id, outcome: LineOutcome::Transferred };
            service.record_transfer_results(&viewer, id, lines.iter().map(transferred).collect(), &key).await?
        }
    };
    told(common, &view)
}

fn told(common: &Common, view: &BatchView) -> Outcome {
    let BatchView { batch, summary, .. } = view;
    let answer = json!({
        "batch": batch.id, "state": batch.state, "transferDate": batch.transfer_date, "count": summary.count,
        "total": summary.total,
    });
    tell(common, &answer, || {
        let (count, total) = (summary.count, summary.total);
        format!("{}: {}, {count} payments, ¥{total}, on {}", batch.id, batch.state.as_str(), batch.transfer_date)
    })
}

fn key_of(batch: &str) -> Outcome<Uuid> {
    graphql::key_of(batch).ok_or_else(|| Failure::misuse("a batch is named by its id"))
}

async fn export(common: &Common, file: &Path, batch: &str, actor: &str) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let viewer = installation.service.viewer_by_email(actor).await?;
    let (id, key) = (key_of(batch)?, installation.fresh_key());
    let (view, bank_file) = installation.service.export_payment_batch(&viewer, id, &key).await?;
    write_durably(file, &bank_file.bytes).map_err(|error| Failure::fault(format!("{}: {error}", file.display())))?;
    let sha256 = vocabulary::digest(&bank_file.bytes);
    let answer = json!({
        "file": file, "sha256": sha256, "count": view.summary.count, "total": view.summary.total,
        "repeated": bank_file.repeated,
    });
    tell(common, &answer, || {
        let again =
            if bank_file.repeated { "\nAGAIN: this file was made before. Do not hand it over twice." } else { "" };
        let (count, total) = (view.summary.count, view.summary.total);
        format!("{}: {count} payments, ¥{total}, SHA-256 {sha256}{again}", file.display())
    })
}

fn check(common: &Common, file: &Path) -> Outcome {
    let unreadable = |error: std::io::Error| Failure::misuse(format!("{}: {error}", file.display()));
    let size = std::fs::metadata(file).map_err(unreadable)?.len();
    if size > LARGEST_FILE {
        return Err(Failure::misuse(format!("{} is too large to be a transfer file", file.display())));
    }
    let bytes = std::fs::read(file).map_err(unreadable)?;
    // Where somebody practices, it is the day there.
    let now = demonstration::clock(&common.data).map_or_else(|| SystemClock.now(), |clock| clock.now());
    let today = day_in_japan(now);
    let report = zengin::read(&bytes, BankMaster::embedded(), &Calendar::default(), today);
    tell(common, &report, || {
        let mut lines: Vec<String> = report
            .findings
            .iter()
            .map(|finding| {
                let place = format!("record {} position {}", finding.record, finding.position);
                format!("{:?} {place}: {}: {}", finding.severity, finding.code, finding.message.en)
            })
            .collect();
        let (errors, warnings) = (report.errors, report.warnings);
        lines.push(format!("{} payments, ¥{}, {errors} errors, {warnings} warnings", report.count, report.total));
        lines.join("\n")
    })?;
    if report.is_acceptable() { Ok(()) } else { Err(Failure::refused(format!("{} errors", report.errors))) }
}
