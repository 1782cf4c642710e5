//! Evidence: seals over the history, exports that anybody can check, and notices that could not be delivered.

use casework::history::{Broken, Event, verify};
use std::collections::HashMap;

use casework::Head;
use program::definition::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vocabulary::{Bilingual, Instant, day_in_japan};

use crate::service::Service;
use crate::view::Viewer;
use crate::{Error, Result};

/// The heads of the chains that have moved since the seal before, kept outside the database as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    pub id: Uuid,
    /// Counts the seals from 1; 0 for those from before there was a chain, which hold all heads.
    #[serde(default)]
    pub number: i64,
    pub at: Instant,
    /// SHA-256 of the document of the seal before.
    #[serde(default)]
    pub previous: Option<String>,
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
/// Heads of one seal: some megabytes.
const MOST_HEADS: u32 = 20_000;

/// When a seal is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    /// Unless there is one of today, or a later day.
    Daily,
}

impl Service {
    /// Seals what has moved: rows, and documents in the file store, outside the database. Returns the last one made.
    ///
    /// # Errors
    /// `Unavailable` when the file store is away; its documents are kept there by the next call.
    pub async fn seal(&self) -> Result<Option<Seal>> {
        self.seal_when(When::Always).await
    }

    /// The same once a day, whoever of several asks first.
    ///
    /// # Errors
    /// As [`Service::seal`].
    pub(crate) async fn seal_daily(&self) -> Result<Option<Seal>> {
        self.seal_when(When::Daily).await
    }

    async fn seal_when(&self, when: When) -> Result<Option<Seal>> {
        let mut last = self.next_seal(when).await?;
        while last.as_ref().is_some_and(|seal| seal.heads.len() == MOST_HEADS as usize) {
            last = self.next_seal(When::Always).await?.or(last);
        }
        for stored in self.reader().seals_to_keep().await? {
            self.keep_outside(&stored).await?;
        }
        Ok(last)
    }

    async fn next_seal(&self, when: When) -> Result<Option<Seal>> {
        let (id, now) = (self.inner.ids.next(), self.now());
        self.store()
            .write(|tx| {
                Box::pin(async move {
                    tx.lock_seals().await?;
                    let newest = tx.newest_seal().await?;
                    let is_there = newest.as_ref().is_some_and(|seal| day_in_japan(seal.at) >= day_in_japan(now));
                    if when == When::Daily && is_there {
                        return Ok(None);
                    }
                    let heads = tx.unsealed_heads(MOST_HEADS).await?;
                    let sealed: Vec<Uuid> = heads.iter().map(|(application, _)| *application).collect();
                    let seal = Seal {
                        id,
                        number: newest.as_ref().map_or(0, |seal| seal.number) + 1,
                        at: newest.as_ref().map_or(now, |seal| seal.at.max(now)),
                        previous: newest.map(|seal| seal.digest),
                        heads: heads.into_iter().map(sealed_head).collect(),
                    };
                    let document = seal.document()?;
                    let stored = store::StoredSeal {
                        id,
                        number: seal.number,
                        at: seal.at,
                        digest: vocabulary::digest(document.as_bytes()),
                        heads_count: i64::try_from(seal.heads.len()).unwrap_or(i64::MAX),
                        document,
                    };
                    tx.keep_seal(&stored, &sealed).await?;
                    Ok::<_, Error>(Some(seal))
                })
            })
            .await
    }

    async fn keep_outside(&self, stored: &store::StoredSeal) -> Result<()> {
        self.inner.files.put(&outside_key(stored), stored.document.as_bytes()).await.map_err(|error| {
            tracing::error!(%error, "a seal could not be kept outside the database");
            Error::Unavailable
        })?;
        let (id, now) = (stored.id, self.now());
        self.store().write(|tx| Box::pin(async move { Ok::<_, Error>(tx.seal_is_kept(id, now).await?) })).await
    }

    /// All seals, oldest first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn seals(&self) -> Result<Vec<Seal>> {
        let read = |stored: store::StoredSeal| {
            serde_json::from_str(&stored.document).map_err(|error| Error::Fault(error.to_string()))
        };
        self.reader().seals().await?.into_iter().map(read).collect()
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
        for seal in self.seals().await? {
            running.line(&AuditLine::Seal { seal })?;
        }
        let end = AuditLine::End { events: running.events, heads: running.heads, digest: running.digest.clone() };
        running.line(&end)
    }

    /// Whether the seals follow each other, and their copies outside of the database are the same.
    pub(crate) async fn check_seals(&self) -> Result<Vec<Bilingual>> {
        let mut check = Check { seals: self.seals().await?, ..Check::default() };
        check.check_seals();
        let told = |why: String| Bilingual::new(format!("封印の連鎖が壊れています（{why}）"), why);
        let mut broken: Vec<Bilingual> = check.report.broken.into_iter().map(told).collect();
        for stored in self.reader().seals().await?.into_iter().filter(|stored| stored.number > 0) {
            let outside = self.inner.files.get(&outside_key(&stored)).await;
            if outside.is_ok_and(|bytes| vocabulary::digest(&bytes) == stored.digest) {
                continue;
            }
            broken.push(Bilingual::new(
                format!("封印{}の控えが、データベースの外にないか、違っています", stored.number),
                format!("the copy of seal {} outside of the database is missing or differs", stored.number),
            ));
        }
        Ok(broken)
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

impl Seal {
    /// As it is kept, and digested by the seal after it.
    fn document(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::Fault(error.to_string()))
    }
}

/// The name of a seal's copy outside of the database.
fn outside_key(stored: &store::StoredSeal) -> String {
    format!("seal-{:08}-{}.json", stored.number, stored.id.simple())
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

    /// Each seal has the digest of the one before, and none is missing.
    fn check_seals(&mut self) {
        self.seals.sort_by_key(|seal| (seal.number, seal.at));
        self.seals.dedup();
        self.report.seals = self.seals.len() as u64;
        let mut expected = 1;
        let mut before: Option<String> = None;
        for seal in self.seals.iter().filter(|seal| seal.number > 0) {
            let number = seal.number;
            if number < expected {
                self.report.broken.push(format!("seal {number} is there twice, and the two differ"));
            }
            if number > expected {
                self.report.broken.push(format!("seal {expected} is missing"));
                before = None;
            }
            if before.is_some() && before != seal.previous {
                self.report.broken.push(format!("seal {number} does not follow the seal before it: one was changed"));
            }
            before = seal.document().ok().map(|document| vocabulary::digest(document.as_bytes()));
            expected = number + 1;
        }
    }

    fn finish(mut self) -> AuditReport {
        self.close_chain();
        if !self.ended {
            self.report.broken.push("the export has no last line: its end is missing".to_owned());
        }
        self.check_seals();
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
