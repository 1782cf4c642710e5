//! Evidence: seals over the history, exports that anybody can check, and notices that could not be delivered.

use casework::history::{Broken, Event, verify};
use std::collections::HashMap;

use casework::Head;
use program::definition::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocabulary::Instant;

use crate::service::Service;
use crate::view::Viewer;
use crate::{Error, Result};

/// The heads of all chains at one time, kept outside the database as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    pub id: Uuid,
    pub at: Instant,
    pub heads: Vec<SealedHead>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedHead {
    pub application: Uuid,
    pub sequence: i64,
    pub hash: String,
    pub at: Instant,
}

/// One line of an export (JSON Lines).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum AuditLine {
    /// An event, in the order of application and sequence.
    Event {
        event: Box<Event>,
    },
    /// Where a chain ends, from the case's own row.
    Head {
        head: SealedHead,
    },
    Seal {
        seal: Seal,
    },
    /// The last line; without it the file is cut.
    End {
        events: u64,
        heads: u64,
        digest: String,
    },
}

/// What an export shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    pub applications: u64,
    pub events: u64,
    pub seals: u64,
    /// Empty when everything is whole.
    pub broken: Vec<String>,
}

const PART: u32 = 1_000;

impl Service {
    /// Seals all chain heads: a row, and a document in the file store, outside the database.
    ///
    /// # Errors
    /// `Unavailable` when the file store is away: nothing is sealed then.
    pub async fn seal(&self) -> Result<Seal> {
        let mut heads = Vec::new();
        let mut after = None;
        loop {
            let part = self.reader().heads_after(after, PART).await?;
            let Some((last, _)) = part.last() else { break };
            after = Some(*last);
            heads.extend(part.into_iter().map(sealed_head));
        }
        let seal = Seal { id: self.inner.ids.next(), at: self.now(), heads };
        let document = serde_json::to_string(&seal).map_err(|error| Error::Fault(error.to_string()))?;
        let key = format!("seal-{}-{}.json", seal.at.format("%Y%m%dT%H%M%SZ"), seal.id.simple());
        self.inner.files.put(&key, document.as_bytes()).await.map_err(|error| {
            tracing::error!(%error, "a seal could not be kept outside the database");
            Error::Unavailable
        })?;
        let stored = store::StoredSeal {
            id: seal.id,
            at: seal.at,
            heads_digest: vocabulary::digest(document.as_bytes()),
            heads_count: i64::try_from(seal.heads.len()).unwrap_or(i64::MAX),
            document,
        };
        self.store()
            .write(|tx| {
                let stored = &stored;
                Box::pin(async move { Ok::<_, Error>(tx.keep_seal(stored).await?) })
            })
            .await?;
        Ok(seal)
    }

    /// Writes everything that is needed to check the history to `out`, line by line.
    ///
    /// # Errors
    /// Faults, and what `out` reports.
    pub async fn audit_export(&self, out: &mut (dyn std::io::Write + Send)) -> Result<()> {
        let mut running = Running { out, events: 0, heads: 0, digest: String::new() };
        let mut after: Option<(Uuid, i64)> = None;
        loop {
            let part = self.reader().events_after(after, PART).await?;
            let Some(last) = part.last() else { break };
            after = Some((last.application, last.sequence));
            for event in part {
                running.events += 1;
                running.line(&AuditLine::Event { event: Box::new(event) })?;
            }
        }
        let mut after = None;
        loop {
            let part = self.reader().heads_after(after, PART).await?;
            let Some((last, _)) = part.last() else { break };
            after = Some(*last);
            for head in part {
                running.heads += 1;
                running.line(&AuditLine::Head { head: sealed_head(head) })?;
            }
        }
        for stored in self.reader().seals().await? {
            let seal = serde_json::from_str(&stored.document).map_err(|error| Error::Fault(error.to_string()))?;
            running.line(&AuditLine::Seal { seal })?;
        }
        let end = AuditLine::End { events: running.events, heads: running.heads, digest: running.digest.clone() };
        running.line(&end)
    }

    /// Notices that were given up, newest first: for staff.
    ///
    /// # Errors
    /// `Forbidden` unless the viewer is staff somewhere.
    pub async fn dead_notices(&self, viewer: &Viewer, first: u32) -> Result<Vec<store::Message>> {
        let allowed = [Role::Clerk, Role::ProgramOfficer, Role::Administrator];
        if !viewer.person.roles.iter().any(|(_, role)| allowed.contains(role)) {
            return Err(Error::forbidden("職員だけが見られます", "Only staff see this"));
        }
        Ok(self.reader().dead_messages(first).await?)
    }

    /// As [`Service::dead_notices`], for whoever runs the server.
    ///
    /// # Errors
    /// Faults only.
    pub async fn outbox(&self) -> Result<(store::OutboxDepth, Vec<store::Message>)> {
        Ok((self.reader().outbox_depth().await?, self.reader().dead_messages(100).await?))
    }

    /// Sets given-up notices going again, all or one.
    ///
    /// # Errors
    /// Faults only.
    pub async fn retry_notices(&self, message: Option<Uuid>) -> Result<u64> {
        let now = self.now();
        self.store().write(|tx| Box::pin(async move { Ok::<_, Error>(tx.revive_messages(message, now).await?) })).await
    }
}

fn sealed_head((application, head): (Uuid, Head)) -> SealedHead {
    SealedHead { application, sequence: head.sequence, hash: head.hash, at: head.at }
}

struct Running<'a> {
    out: &'a mut (dyn std::io::Write + Send),
    events: u64,
    heads: u64,
    /// SHA-256 over the digest so far and the next line.
    digest: String,
}

impl Running<'_> {
    fn line(&mut self, line: &AuditLine) -> Result<()> {
        let text = serde_json::to_string(line).map_err(|error| Error::Fault(error.to_string()))?;
        self.digest = vocabulary::digest(format!("{}{text}", self.digest).as_bytes());
        writeln!(self.out, "{text}").map_err(|error| Error::Fault(error.to_string()))
    }
}

/// Checks an export, without any database, and more seals from outside if there are any.
#[must_use]
pub fn verify_export(lines: impl Iterator<Item = String>, outside: &[Seal]) -> AuditReport {
    let mut check = Check { seals: outside.to_vec(), ..Check::default() };
    for (number, text) in (1u64..).zip(lines) {
        check.line(number, &text);
    }
    check.finish()
}

#[derive(Default)]
struct Check {
    report: AuditReport,
    chain: Vec<Event>,
    chains: Vec<(Uuid, Vec<Event>)>,
    heads: Vec<SealedHead>,
    seals: Vec<Seal>,
    digest: String,
    ended: bool,
}

impl Check {
    fn line(&mut self, number: u64, text: &str) {
        let line: AuditLine = match serde_json::from_str(text) {
            Ok(line) => line,
            Err(error) => {
                self.report.broken.push(format!("line {number} cannot be read: {error}"));
                return;
            }
        };
        let before = std::mem::take(&mut self.digest);
        self.digest = vocabulary::digest(format!("{before}{text}").as_bytes());
        match line {
            AuditLine::Event { event } => {
                self.report.events += 1;
                if self.chain.first().is_some_and(|first| first.application != event.application) {
                    self.close_chain();
                }
                self.chain.push(*event);
            }
            AuditLine::Head { head } => self.heads.push(head),
            AuditLine::Seal { seal } => self.seals.push(seal),
            AuditLine::End { events, heads, digest } => {
                self.ended = true;
                let counted = (self.report.events, self.heads.len() as u64);
                if counted != (events, heads) {
                    let (found, _) = counted;
                    self.report.broken.push(format!("the export says {events} events, {found} are in it"));
                }
                if digest != before {
                    self.report
                        .broken
                        .push("the export is not the one that was written: its digest differs".to_owned());
                }
            }
        }
    }

    fn close_chain(&mut self) {
        let events = std::mem::take(&mut self.chain);
        if let Some(last) = events.last() {
            self.chains.push((last.application, events));
        }
    }

    fn finish(mut self) -> AuditReport {
        self.close_chain();
        if !self.ended {
            self.report.broken.push("the export has no last line: its end is missing".to_owned());
        }
        self.report.seals = self.seals.len() as u64;
        let mut sealed: HashMap<Uuid, Vec<Head>> = HashMap::new();
        for head in self.heads.iter().chain(self.seals.iter().flat_map(|seal| &seal.heads)) {
            sealed.entry(head.application).or_default().push(head.head());
        }
        for (application, events) in &self.chains {
            self.report.applications += 1;
            let heads = sealed.remove(application).unwrap_or_default();
            let mut broken: Vec<Broken> = verify(*application, events, &heads);
            broken.dedup();
            self.report.broken.extend(broken.iter().map(ToString::to_string));
        }
        for (application, heads) in sealed {
            if heads.iter().any(|head| head.sequence > 0) {
                self.report.broken.push(format!("application {application}: all its events are missing"));
            }
        }
        self.report.broken.dedup();
        self.report
    }
}

impl SealedHead {
    fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash.clone(), at: self.at }
    }
}
