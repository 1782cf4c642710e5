//! `payments`: the bank's file, written and checked.

use std::path::Path;

use serde_json::json;
use treasury::{BankMaster, zengin};
use vocabulary::{Calendar, Clock as _, day_in_japan};

use super::tell;
use crate::adapters::{SystemClock, write_durably};
use crate::cli::{Common, PaymentsCommand};
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

/// Bytes; a full file of 999,999 lines has 120 MB.
const LARGEST_FILE: u64 = 200 * 1024 * 1024;

pub async fn run(common: &Common, command: &PaymentsCommand) -> Outcome {
    match command {
        PaymentsCommand::Export { file, batch, actor } => export(common, file, batch, actor).await,
        PaymentsCommand::Check { file } => check(common, file),
    }
}

async fn export(common: &Common, file: &Path, batch: &str, actor: &str) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let viewer = installation.service.viewer_by_email(actor).await?;
    let id = graphql::key_of(batch).ok_or_else(|| Failure::misuse("--batch is the id of a payment batch"))?;
    let key = installation.fresh_key();
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
    let today = day_in_japan(SystemClock.now());
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
