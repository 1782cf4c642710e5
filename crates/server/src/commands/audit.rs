//! `audit`: the history written out, and checked without any database.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, ErrorKind, Write};
use std::path::Path;

use serde_json::json;
use service::{Seal, verify_export};

use super::tell;
use crate::adapters::write_durably;
use crate::cli::{AuditCommand, Common};
use crate::outcome::{Failure, Outcome};
use crate::startup::Installation;

pub async fn run(common: &Common, command: &AuditCommand) -> Outcome {
    match command {
        AuditCommand::Export { file, seals } => export(common, file.as_deref(), seals.as_deref()).await,
        AuditCommand::Verify { file, seals } => verify(common, file, seals.as_deref()),
    }
}

async fn export(common: &Common, file: Option<&Path>, seals: Option<&Path>) -> Outcome {
    let installation = Installation::for_command(common).await?;
    let service = &installation.service;
    if let Some(path) = seals {
        service.seal().await?;
        let mut text = Vec::new();
        for seal in service.seals().await? {
            serde_json::to_writer(&mut text, &seal).map_err(|error| Failure::fault(error.to_string()))?;
            text.push(b'\n');
        }
        write_durably(path, &text).map_err(|error| named(path, &error))?;
    }
    let Some(path) = file else {
        let mut out = BufWriter::new(Pipe { out: std::io::stdout(), cut: false });
        let written = service.audit_export(&mut out).await;
        if out.get_ref().cut {
            return Err(Failure::NobodyReads);
        }
        written?;
        return Ok(out.flush()?);
    };
    let mut out = BufWriter::new(File::create(path).map_err(|error| named(path, &error))?);
    service.audit_export(&mut out).await?;
    let written = out.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(|file| file.sync_all());
    written.map_err(|error| named(path, &error))?;
    tell(common, &json!({ "file": path, "seals": seals }), || format!("written to {}", path.display()))
}

fn verify(common: &Common, file: &Path, seals: Option<&Path>) -> Outcome {
    let seals = seals.map(read_seals).transpose()?.unwrap_or_default();
    let mut unreadable = None;
    let lines = BufReader::new(File::open(file).map_err(|error| misnamed(file, &error))?).lines();
    let report = verify_export(
        lines.map_while(|line| match line {
            Ok(line) => Some(line),
            Err(error) => {
                unreadable = Some(error);
                None
            }
        }),
        &seals,
    );
    if let Some(error) = unreadable {
        return Err(misnamed(file, &error));
    }
    tell(common, &report, || {
        let mut lines = report.broken.clone();
        let (cases, events, seals) = (report.applications, report.events, report.seals);
        let verdict = if lines.is_empty() { "whole" } else { "BROKEN" };
        lines.push(format!("{cases} applications, {events} events, {seals} seals: {verdict}"));
        lines.join("\n")
    })?;
    if report.broken.is_empty() {
        Ok(())
    } else {
        let details = json!(report.broken);
        Err(Failure::Refused { message: "the history is not whole".to_owned(), details })
    }
}

/// Remembers that whoever read it has gone.
struct Pipe<W> {
    out: W,
    cut: bool,
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes);
        self.cut |= written.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
        written
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// One seal, or one a line.
fn read_seals(path: &Path) -> Outcome<Vec<Seal>> {
    let text = std::fs::read_to_string(path).map_err(|error| misnamed(path, &error))?;
    let seals = serde_json::Deserializer::from_str(&text).into_iter().collect::<Result<Vec<Seal>, _>>();
    seals.map_err(|error| Failure::misuse(format!("{} holds no seals: {error}", path.display())))
}

fn named(path: &Path, error: &std::io::Error) -> Failure {
    Failure::fault(format!("{}: {error}", path.display()))
}

fn misnamed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::misuse(format!("{}: {error}", path.display()))
}
