//! 本人のデータの持ち出し: everything that is kept of a person, for that person to look at or to take elsewhere. Its shape is
//! described in `docs/own-data.md`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use casework::history::Stage;
use program::definition::Role;
use serde_json::{Value, json};
use store::{AccessKind, StoredFile};
use uuid::Uuid;
use vocabulary::Instant;

use crate::service::Service;
use crate::throttle::Bucket;
use crate::view::{Application, Viewer};
use crate::{Error, Result};

/// Applications that are read at once.
const BATCH: u32 = 100;
/// Events that are read at once.
const EVENTS: usize = 500;
/// Bytes and files that one archive takes (ZIP without its extension for large ones).
const LARGEST: i64 = 3_500_000_000;
const MOST_FILES: usize = 60_000;

/// What is kept of a person.
#[derive(Clone, Debug)]
pub struct OwnData {
    pub made_at: Instant,
    pub document: Value,
    /// Whose bytes [`Service::own_file_of`] gives, one after the other.
    pub files: Vec<OwnFile>,
    /// The same person without what they may at an office: what they see there is not theirs.
    viewer: Viewer,
}

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFile {
    /// In the archive.
    pub path: String,
    kind: OwnFileKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnFileKind {
    Document(Uuid),
    Letter(Uuid),
}

/// Files under way, each once.
#[derive(Default)]
struct Files {
    listed: Vec<OwnFile>,
    described: Vec<Value>,
    paths: BTreeMap<Uuid, String>,
    bytes: i64,
}

impl Service {
    /// Everything that is kept of the viewer: account, memberships, the applications of their businesses with what was
    /// handed in, decided and sent, and the files. That they took it along is written down.
    ///
    /// # Errors
    /// `SignInAgain`; `Forbidden` for tokens; `RateLimited`; `Refused` when it is too much for one archive.
    pub async fn own_data(&self, viewer: &Viewer) -> Result<OwnData> {
        self.require_session(viewer)?;
        self.require_fresh(viewer)?;
        self.take_tries(&[Bucket::mails("own_data", &viewer.email)]).await?;
        let mut own = viewer.clone();
        own.person.roles.clear();
        own.person.positions.clear();
        own.person.panels.clear();
        let made_at = self.now();
        let mut files = Files::default();
        let applications = self.own_applications(&own, &mut files).await?;
        for stored in self.reader().files_of_owner(own.person.id).await? {
            // Of a case of others nobody takes anything along, whoever entered it.
            if stored.application.is_none() {
                files.add(&stored);
            }
        }
        if files.bytes > LARGEST || files.listed.len() > MOST_FILES {
            return Err(Error::Refused(vec![casework::Refusal::new(
                "own_data.too_large",
                "データが多いため、一度に保存できません。窓口へご相談ください",
                "This is too much for one file; please ask the office",
            )]));
        }
        let document = json!({
            "format": "hojokin/own-data",
            "version": 1,
            "made_at": made_at,
            "account": self.own_account(viewer).await?,
            "businesses": self.own_businesses(&own).await?,
            "applications": applications,
            "mails": self.own_mails(viewer).await?,
            "files": files.described,
        });
        self.note_access(viewer, AccessKind::OwnDataExported, None, viewer.device()).await?;
        Ok(OwnData { made_at, document, files: files.listed, viewer: own })
    }

    /// The bytes of one of the files.
    ///
    /// # Errors
    /// `NotFound` when it is not theirs any more; `Unavailable`.
    pub async fn own_file_of(&self, own: &OwnData, file: &OwnFile) -> Result<Vec<u8>> {
        match file.kind {
            OwnFileKind::Document(id) => self.download(&own.viewer, id).await.map(|(_, bytes)| bytes),
            OwnFileKind::Letter(id) => {
                let letter = self.letter(&own.viewer, id).await?;
                Ok(letter.html.unwrap_or_default().into_bytes())
            }
        }
    }

    async fn own_account(&self, viewer: &Viewer) -> Result<Value> {
        let id = viewer.person.id;
        let account = self.reader().account(id).await?.ok_or(Error::NotFound)?;
        let identities = self.reader().identities(id).await?;
        let identities = identities.into_iter().map(|identity| {
            json!({ "issuer": identity.issuer, "subject": identity.subject, "linked_at": identity.linked_at })
        });
        let sessions = self.sessions(viewer).await?.into_iter().map(|session| {
            json!({
                "opened_at": session.opened_at, "last_seen_at": session.last_seen_at, "address": session.address,
                "agent": session.agent,
            })
        });
        let passkeys = self.passkeys(viewer).await?.into_iter().map(|passkey| {
            json!({
                "name": passkey.name, "created_at": passkey.created_at, "last_used_at": passkey.last_used_at,
            })
        });
        let tokens = self.api_tokens(viewer).await?.into_iter().map(|token| {
            json!({
                "name": token.name, "scopes": token.scopes, "created_at": token.created_at, "expires_at": token.expires_at,
                "last_used_at": token.last_used_at, "revoked_at": token.revoked_at,
            })
        });
        let accesses = self.own_accesses(viewer).await?.into_iter();
        let accesses =
            accesses.map(|access| json!({ "at": access.at, "kind": access.kind, "address": access.address }));
        let named = |(place, what): &(String, String)| json!({ "municipality": place, "name": what });
        let roles = viewer.person.roles.iter().map(|(place, role)| named(&(place.clone(), role.as_str().to_owned())));
        Ok(json!({
            "id": id,
            "email": account.email,
            "name": account.name,
            "language": account.locale,
            "email_verified_at": account.email_verified_at,
            "created_at": account.created_at,
            "second_factor_since": self.second_factor(viewer).await?.since,
            "passkeys": passkeys.collect::<Vec<_>>(),
            "identities": identities.collect::<Vec<_>>(),
            "roles": roles.collect::<Vec<_>>(),
            "positions": viewer.person.positions.iter().map(named).collect::<Vec<_>>(),
            "sessions": sessions.collect::<Vec<_>>(),
            "api_tokens": tokens.collect::<Vec<_>>(),
            "accesses": accesses.collect::<Vec<_>>(),
        }))
    }

    /// Of the members only the person's own part: the others' data is theirs.
    async fn own_businesses(&self, own: &Viewer) -> Result<Vec<Value>> {
        let views = self.businesses(own).await?.into_iter();
        let shown = views.map(|view| {
            let role = view.members.iter().find(|member| member.account == own.person.id).map(|member| member.role);
            json!({ "business": view.business, "your_role": role })
        });
        Ok(shown.collect())
    }

    /// Of the account; those of a case stand with it.
    async fn own_mails(&self, viewer: &Viewer) -> Result<Vec<Value>> {
        let mails = self.reader().mails_to(&viewer.email).await?.into_iter();
        let shown = mails.map(|mail| {
            json!({ "subject": mail.subject, "text": mail.text, "queued_at": mail.created_at, "sent_at": mail.sent_at })
        });
        Ok(shown.collect())
    }

    async fn own_applications(&self, own: &Viewer, files: &mut Files) -> Result<Vec<Value>> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let query = store::ListQuery {
                scope: store::Scope::Businesses(&own.person.memberships),
                filter: store::ListFilter::default(),
                order: store::ListOrder::default(),
                after,
                first: BATCH,
            };
            let page = self.reader().list(&query).await?;
            after = page.rows.last().map(|row| row.cursor).filter(|_| page.has_next);
            let ids: Vec<Uuid> = page.rows.iter().map(|row| row.stored.case.id).collect();
            let drafts = self.reader().drafts_of(own.person.id, &ids).await?;
            for (_, application) in self.page(page).await?.items {
                let typed = drafts.iter().filter(|(id, ..)| *id == application.case.id);
                let typed = typed
                    .map(|(_, form, values, saved_at)| json!({ "form": form, "values": values, "saved_at": saved_at }));
                let mut shown = self.own_application(own, &application, files).await?;
                shown["drafts"] = typed.collect();
                found.push(shown);
            }
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    async fn own_application(&self, own: &Viewer, application: &Application, files: &mut Files) -> Result<Value> {
        let case = &application.case;
        let (mut events, mut handed_in, mut after) = (Vec::new(), HashSet::new(), None::<String>);
        loop {
            let page = self.history(own, case.id, EVENTS, after.as_deref()).await?;
            after = page.items.last().filter(|_| page.has_next).map(|(cursor, _)| cursor.clone());
            for (_, view) in page.items {
                let event = view.event;
                if event.role == Role::Applicant && event.stage == Stage::Performed {
                    handed_in.insert(event.sequence);
                }
                events.push(json!({
                    "sequence": event.sequence, "at": event.at, "action": event.action, "label": view.label,
                    "by": view.actor_name, "from": event.from, "to": event.to, "comment": event.comment,
                }));
            }
            if after.is_none() {
                break;
            }
        }
        let mut submissions = Vec::new();
        for stored in self.reader().submissions(case.id).await? {
            // What the office filled in itself is not the applicant's.
            if !handed_in.contains(&stored.sequence) {
                continue;
            }
            let submission = stored.submission;
            let ids: BTreeSet<Uuid> = submission.documents.values().flatten().map(|document| document.file).collect();
            for file in self.reader().files(&ids.into_iter().collect::<Vec<_>>()).await? {
                files.add(&file);
            }
            let documents = submission.documents.iter().map(|(slot, documents)| {
                let paths = documents.iter().filter_map(|document| files.paths.get(&document.file));
                (slot.clone(), paths.map(|path| json!(path)).collect::<Value>())
            });
            submissions.push(json!({
                "form": stored.form, "at": submission.at, "by_you": submission.by == own.person.id,
                "values": submission.values, "documents": documents.collect::<serde_json::Map<_, _>>(),
            }));
        }
        let mails = self.messages_of(own, &[case.id]).await?.remove(&case.id).unwrap_or_default();
        let mails = mails.into_iter().map(|mail| {
            json!({ "subject": mail.subject, "text": mail.text, "queued_at": mail.queued_at, "sent_at": mail.sent_at })
        });
        let letters = self.letters_of(&[case.id]).await?.remove(&case.id).unwrap_or_default();
        let letters = letters.into_iter().map(|letter| {
            let path = letter.html.is_some().then(|| files.add_letter(letter.id, &letter.name));
            json!({
                "name": letter.name, "title": letter.title, "number": letter.number, "issued_at": letter.issued_at,
                "file": path, "sha256": letter.sha256,
            })
        });
        let letters: Vec<Value> = letters.collect();
        let state = application.program.state(&case.state).map(|state| state.label.clone());
        Ok(json!({
            "id": case.id,
            "numbers": case.body.numbers,
            "program": case.program,
            "fiscal_year": case.call.fiscal_year,
            "business": case.business.id,
            "state": { "name": case.state, "label": state },
            "created_at": application.created_at,
            "received_at": application.received_at,
            "granted_yen": case.granted().ok(),
            "submissions": submissions,
            "history": events,
            "letters": letters,
            "mails": mails.collect::<Vec<_>>(),
        }))
    }
}

impl Files {
    fn add(&mut self, stored: &StoredFile) {
        if self.paths.contains_key(&stored.id) {
            return;
        }
        let path = format!("documents/{:05}-{}", self.listed.len() + 1, plain(&stored.name));
        self.described.push(json!({
            "path": path, "name": stored.name, "media_type": stored.media_type, "size": stored.size,
            "sha256": stored.sha256, "uploaded_at": stored.uploaded_at,
        }));
        self.bytes = self.bytes.saturating_add(stored.size);
        self.paths.insert(stored.id, path.clone());
        self.listed.push(OwnFile { path, kind: OwnFileKind::Document(stored.id) });
    }

    fn add_letter(&mut self, id: Uuid, name: &str) -> String {
        let path = format!("letters/{:05}-{}.html", self.listed.len() + 1, plain(name));
        self.listed.push(OwnFile { path: path.clone(), kind: OwnFileKind::Letter(id) });
        path
    }
}

/// A name that is one part of a path everywhere.
fn plain(name: &str) -> String {
    let safe = |c: char| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c };
    name.chars().map(safe).take(100).collect()
}
