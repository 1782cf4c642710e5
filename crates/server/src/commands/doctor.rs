//! `doctor`: whether this installation can work, one line a matter.

use serde::Serialize;
use service::{Provider, ProviderFault};
use treasury::BankMaster;
use vocabulary::Clock as _;

use super::tell;
use crate::adapters::{SmtpMail, SystemClock, write_durably};
use crate::catalogue;
use crate::cli::{Common, SiteArgs};
use crate::outcome::{Failure, Outcome};
use crate::providers;
use crate::startup::Installation;

#[derive(Serialize)]
struct Finding {
    matter: &'static str,
    ok: bool,
    says: String,
}

pub async fn run(common: &Common, site: &SiteArgs) -> Outcome {
    let mut findings = Vec::new();
    let mut found = |matter, outcome: Result<String, String>| {
        let ok = outcome.is_ok();
        findings.push(Finding { matter, ok, says: outcome.unwrap_or_else(|error| error) });
    };
    found("data folder", data_folder(common));
    found("programs in the binary", shipped_programs());
    found("banks", Ok(format!("{} banks known", BankMaster::embedded().banks().count())));
    found("clock", clock());
    match Installation::open(common, site, false).await {
        Ok(installation) => {
            found("settings", Ok(installation.base_url.clone()));
            let answer = installation.store.ping().await.map(|()| "answers".to_owned());
            found("database", answer.map_err(|error| error.to_string()));
            found("migrations", migrations(&installation).await);
            found("mail", mail(&installation).await);
            found("key of the installation", key(&installation).await);
            for provider in providers::read(site).unwrap_or_default() {
                found("provider of identities", reached(&provider).await);
            }
        }
        Err(Failure::Misuse(text)) => found("settings", Err(text)),
        Err(failure) => found("database", Err(format!("{failure:?}"))),
    }
    let ill = findings.iter().filter(|finding| !finding.ok).count();
    tell(common, &findings, || {
        let line = |finding: &Finding| {
            format!("{:4} {}: {}", if finding.ok { "ok" } else { "FAIL" }, finding.matter, finding.says)
        };
        findings.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    if ill == 0 { Ok(()) } else { Err(Failure::fault(format!("{ill} matters need attention"))) }
}

fn data_folder(common: &Common) -> Result<String, String> {
    let probe = common.data.join(".doctor");
    let written = write_durably(&probe, b"hojokin").and_then(|()| std::fs::remove_file(&probe));
    let shown = common.data.display();
    written.map(|()| format!("{shown} can be written")).map_err(|error| format!("{shown}: {error}"))
}

fn shipped_programs() -> Result<String, String> {
    let loaded = catalogue::read(&[]).map_err(|failure| format!("{failure:?}"))?;
    let errors: Vec<String> =
        loaded.findings.iter().filter(|finding| finding.is_error()).map(ToString::to_string).collect();
    if errors.is_empty() { Ok(format!("{} programs", loaded.programs.len())) } else { Err(errors.join("; ")) }
}

/// A clock before this release was written is wrong.
fn clock() -> Result<String, String> {
    let now = SystemClock.now();
    let earliest = vocabulary::parse_day("2026-01-01").map(vocabulary::start_of_day);
    if earliest.is_some_and(|earliest| now < earliest) {
        return Err(format!("{now} cannot be right"));
    }
    Ok(format!("{} in Japan", vocabulary::time_in_japan(now)))
}

async fn migrations(installation: &Installation) -> Result<String, String> {
    let pending = installation.store.pending_migrations().await.map_err(|error| error.to_string())?;
    if pending.is_empty() {
        Ok("up to date".to_owned())
    } else {
        Err(format!("run `hojokin migrate`: {}", pending.join(", ")))
    }
}

async fn key(installation: &Installation) -> Result<String, String> {
    match installation.service.check_keys().await {
        Ok(()) => Ok("fits this database".to_owned()),
        Err(error) => Err(format!("{:?}", Failure::from(error))),
    }
}

async fn reached(provider: &Provider) -> Result<String, String> {
    let Provider { name, issuer, .. } = provider;
    match provider.client.check().await {
        Ok(()) => Ok(format!("{name} answers as {issuer}")),
        Err(ProviderFault::Away(why) | ProviderFault::Refused(why)) => Err(format!("{name}: {why}")),
    }
}

async fn mail(installation: &Installation) -> Result<String, String> {
    let Some(url) = &installation.smtp_url else {
        return Ok(format!("no SMTP server; mails become files in {}", installation.mail_folder().display()));
    };
    match SmtpMail::new(url)?.check().await {
        Ok(true) => Ok("the SMTP server answers".to_owned()),
        Ok(false) => Err("the SMTP server does not greet".to_owned()),
        Err(error) => Err(error),
    }
}
