//! Drafts: what is typed and not handed in. A draft follows the version of its program that is in force until it is submitted;
//! nothing that was typed is lost on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use casework::{Case, Draft, Refusal, Submission};
use chrono::NaiveDate;
use program::definition::{Name, Role, StateKind};
use program::{Program, Typed, says_evidence, with_evidence};
use serde_json::{Map, Value};
use store::{CaseKey, DraftKey, FieldSave, Lock, StoredDraft, Tx};
use uuid::Uuid;
use vocabulary::{Instant, Locale, wareki};

use crate::once::Wish;
use crate::service::Service;
use crate::view::{Application, Viewer};
use crate::{Error, Result};

/// What is typed but not handed in.
#[derive(Clone, Debug, Default)]
pub struct DraftView {
    pub form: Name,
    pub values: Map<String, Value>,
    pub documents: BTreeMap<Name, Vec<casework::DocumentRef>>,
    /// What was typed for fields that the version does not have any more.
    pub kept: Map<String, Value>,
    /// How often it was saved; 0 when nothing is typed yet.
    pub revision: i64,
}

/// What a page has shown of a draft whose fields it sends.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The draft's revision when the page was made.
    pub revision: i64,
    /// A name of the opened page, so that it is not taken for another one when an answer to it is lost.
    pub page: Option<String>,
    /// Fields that were told to be saved otherwise, between whose values nobody has chosen yet.
    pub unsettled: BTreeSet<Name>,
}

/// Who changes which draft, when, and from which opened page.
#[derive(Clone, Copy)]
struct Hand<'a> {
    application: &'a Application,
    form: &'a str,
    account: Uuid,
    now: Instant,
    page: Option<&'a str>,
}

/// What came of the fields that a page sent.
#[derive(Clone, Debug)]
pub struct SavedFields {
    /// The draft's revision now.
    pub revision: i64,
    /// What is kept of fields that another page has changed since, in place of what this one sent.
    pub newer: Map<String, Value>,
}

impl DraftView {
    fn of(form: Name, draft: StoredDraft) -> Self {
        let StoredDraft { typed, kept, revision, .. } = draft;
        Self { form, values: typed.values, documents: typed.documents, kept: kept.values, revision }
    }
}

pub(crate) fn closed() -> Refusal {
    Refusal::new(
        "program.closed",
        "この制度の新規の受付は終了しました。下書きの内容は保存されています",
        "This program takes no new applications any more; the draft stays saved",
    )
}

pub(crate) fn not_in_force(from: NaiveDate) -> Refusal {
    let [ja, en] = [Locale::Ja, Locale::En].map(|locale| wareki(from, locale));
    Refusal::new(
        "program.not_in_force",
        format!("この補助金は{ja}から申請できます"),
        format!("Applications for this program begin on {en}"),
    )
}

/// Why this action of a draft is not open to anybody: nobody applies on a closed version.
pub(crate) fn not_taken_in(application: &Application, action: &str) -> Option<Refusal> {
    let takes_in = application.program.action(action).is_some_and(|action| action.rule.form.is_some());
    (application.closed && takes_in).then(closed)
}

/// A case that nothing has happened to.
fn is_draft(case: &Case) -> bool {
    case.head.sequence == 0 && case.body.standing.kind == Some(StateKind::Drafting)
}

impl Service {
    /// Lets a draft follow the version of its program that is in force. Returns whether that
    /// one is closed.
    pub(crate) async fn follow(
        &self,
        reader: &store::Reader,
        case: &mut Case,
        newest: Option<store::NewestVersion>,
    ) -> Result<bool> {
        let Some(newest) = newest.filter(|_| is_draft(case)) else { return Ok(false) };
        let today = self.today();
        let (program, _) = self.compiled(reader, &newest.hash).await?;
        let (hash, closed) = if program.is_in_force(today) {
            (newest.hash, newest.closed)
        } else {
            let newest = reader.program_by_hash(&newest.hash).await?.ok_or(Error::NotFound)?;
            let found = self.in_force(reader, newest, today).await?;
            (found.hash, found.closed)
        };
        case.program_hash = hash;
        Ok(closed)
    }

    /// A person's draft of a form in the words of the version that the case is on.
    pub(crate) async fn draft_in(
        &self,
        reader: &store::Reader,
        application: &Application,
        form: &str,
        account: Uuid,
    ) -> Result<Option<StoredDraft>> {
        let case = &application.case;
        let Some(draft) = reader.draft(case.id, form, account).await? else { return Ok(None) };
        let typed_on = draft.program_hash.as_deref().unwrap_or(&application.stored_version);
        if typed_on == case.program_hash {
            return Ok(Some(draft));
        }
        let versions = self.versions_between(reader, &case.program, typed_on, &case.program_hash).await?;
        Ok(Some(carried(form, draft, &versions)))
    }

    /// Keeps what was typed; never refuses values, whatever they are. With `expected`, only when the draft still has that
    /// revision.
    ///
    /// # Errors
    /// `NotFound` when the case is not the viewer's to write on; `Conflict` when the draft has another revision.
    pub async fn save_draft(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: Option<&str>,
        values: Map<String, Value>,
        expected: Option<i64>,
        key: Option<&str>,
    ) -> Result<(Application, DraftView)> {
        self.require_scope(viewer, "apply")?;
        let (application, form) = self.for_draft(viewer, application, form).await?;
        let (case, account, now) = (application.case.id, viewer.person.id, self.now());
        let wish = Wish::new(viewer, key, "saveDraft", &(case, &form, &values, expected), (case, now))?;
        let sent = self.sent(&application, &form, values).await?;
        self.once(&wish, &|tx| {
            let (application, form, sent) = (&application, &form, &sent);
            Box::pin(async move {
                let change = |draft: &mut StoredDraft| {
                    if expected.is_some_and(|expected| expected != draft.revision) {
                        return Err(Error::Conflict);
                    }
                    draft.typed.values = sent.values.clone();
                    draft.kept.values.extend(sent.kept.clone());
                    Ok(())
                };
                self.change_in(tx, &Hand { application, form, account, now, page: None }, &change).await?;
                Ok(())
            })
        })
        .await?;
        let view = self.draft_of(viewer, &application, &form).await?.unwrap_or_default();
        Ok((application, DraftView { form, values: sent.values, ..view }))
    }

    /// Takes an application away that was never handed in, with what was typed and uploaded for it. Asked again with the
    /// same key, it is gone already.
    ///
    /// # Errors
    /// `NotFound` when the case is not the viewer's to write on; `Refused` once it was handed in.
    pub async fn discard_draft(&self, viewer: &Viewer, application: Uuid, key: &str) -> Result<()> {
        self.require_scope(viewer, "apply")?;
        let wish = Wish::new(viewer, key, "discardDraft", &application, (application, self.now()))?;
        self.once(&wish, &|tx| {
            Box::pin(async move {
                let found = tx.load_case(CaseKey::Id(application), Lock::Case).await?.ok_or(Error::NotFound)?;
                let case = found.case;
                if casework::acting_role(&viewer.actor(), &case, &[Role::Applicant]).is_none() {
                    return Err(Error::NotFound);
                }
                if !is_draft(&case) {
                    return Err(Error::Refused(vec![Refusal::new(
                        "draft.handed_in",
                        "提出した申請は削除できません。取りやめるときは、案件のページから取下げを行ってください",
                        "What was handed in cannot be deleted; withdraw it on the page of the case",
                    )]));
                }
                Ok(tx.discard_case(application).await?)
            })
        })
        .await
        .map(drop)
    }

    /// Puts an uploaded file into a document slot of a form's draft, unless a file with the same content is there. With
    /// `rows`, counted from 0, it proves these rows of the costs that the slot is the evidence of.
    ///
    /// # Errors
    /// `NotFound` for a case or file that is not the viewer's; `BadInput` for an unknown slot or row.
    pub async fn attach_document(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: Option<&str>,
        (slot, rows): (&str, &[usize]),
        file: Uuid,
        key: &str,
    ) -> Result<(Application, DraftView)> {
        self.require_scope(viewer, "apply")?;
        let (application, form) = self.for_draft(viewer, application, form).await?;
        let known = application.program.form(&form).is_some_and(|form| form.documents.iter().any(|d| d.name == slot));
        if !known {
            return Err(Error::bad_input(
                "slot",
                "この様式にその書類欄はありません",
                "This form has no such document slot",
            ));
        }
        let file = self.own_file(viewer, file, application.case.id).await?;
        let (case, business) = (application.case.id, application.case.business.id);
        let (account, now) = (viewer.person.id, self.now());
        let reference = casework::DocumentRef { file: file.id, name: file.name, sha256: file.sha256 };
        let wish = Wish::new(viewer, key, "attachDocument", &(case, &form, slot, file.id, rows), (case, now))?;
        self.once(&wish, &|tx| {
            let (application, form, reference) = (&application, &form, &reference);
            Box::pin(async move {
                let change = |draft: &mut StoredDraft| {
                    let files = slot_of(draft, corrected(application, form), slot);
                    let there = files.iter().find(|kept| kept.sha256 == reference.sha256).map(|kept| kept.file);
                    if there.is_none() {
                        files.push(reference.clone());
                    }
                    prove(draft, application, (form, slot), (there.unwrap_or(reference.file), rows), false)?;
                    Ok(there.is_none())
                };
                let hand = Hand { application, form, account, now, page: None };
                if self.change_in(tx, &hand, &change).await?.0 {
                    tx.attach_file(reference.file, case, business).await?;
                }
                Ok(())
            })
        })
        .await?;
        let view = self.draft_of(viewer, &application, &form).await?.unwrap_or_default();
        Ok((application, DraftView { form, ..view }))
    }

    /// Keeps what was typed into some fields of a form beside what is typed in the others; never refuses values. Null
    /// empties a field. What another page has changed since this one was made, or what is not settled yet, stays as it is
    /// kept, and is returned where it differs.
    ///
    /// # Errors
    /// `NotFound` when the case is not the viewer's to write on.
    pub async fn save_fields(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: &str,
        values: Map<String, Value>,
        seen: &Seen,
    ) -> Result<SavedFields> {
        let change = |draft: &mut StoredDraft, sent: &Typed, earlier: Option<&Submission>| {
            // A higher revision is that of a draft that was handed in since.
            let seen_until = if seen.revision > draft.revision { 0 } else { seen.revision };
            let mut newer = Map::new();
            for (name, value) in &sent.values {
                let kept = said(&draft.typed.values, earlier, name);
                let unseen = draft
                    .changed
                    .get(name)
                    .is_some_and(|save| save.revision > seen_until && (save.page.is_none() || save.page != seen.page));
                if kept != value && (unseen || seen.unsettled.contains(name)) {
                    newer.insert(name.clone(), kept.clone());
                } else {
                    draft.typed.values.insert(name.clone(), value.clone());
                }
            }
            draft.kept.values.extend(sent.kept.clone());
            newer
        };
        let (newer, revision) =
            self.change_draft(viewer, application, form, values, seen.page.as_deref(), &change).await?;
        Ok(SavedFields { revision, newer })
    }

    /// What fields of a page are called now that may have been opened on an older version, by their names there. Those
    /// that have no place any more are left out.
    ///
    /// # Errors
    /// Faults only.
    pub async fn names_now(
        &self,
        application: &Application,
        form: &str,
        names: impl IntoIterator<Item = Name>,
    ) -> Result<BTreeMap<Name, Name>> {
        let as_values = names.into_iter().map(|name| (name.clone(), Value::from(name))).collect();
        let found = self.sent(application, form, as_values).await?.values.into_iter();
        let known = |name: &Name| application.program.form(form).is_some_and(|form| form.fields.contains_key(name));
        let found = found.filter(|(now, _)| known(now));
        Ok(found.filter_map(|(now, before)| Some((before.as_str()?.to_owned(), now))).collect())
    }

    /// Takes a file out of a document slot of a form's draft, and with it what it proves. The file itself stays.
    ///
    /// # Errors
    /// `NotFound` when the case is not the viewer's to write on.
    pub async fn detach_document(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: Option<&str>,
        slot: &str,
        file: Uuid,
        key: Option<&str>,
    ) -> Result<Application> {
        self.require_scope(viewer, "apply")?;
        let (application, form) = self.for_draft(viewer, application, form).await?;
        let (case, account, now) = (application.case.id, viewer.person.id, self.now());
        let wish = Wish::new(viewer, key, "detachDocument", &(case, &form, slot, file), (case, now))?;
        self.once(&wish, &|tx| {
            let (application, form) = (&application, &form);
            Box::pin(async move {
                let change = |draft: &mut StoredDraft| {
                    let earlier = corrected(application, form);
                    // An empty slot also takes the place of what was handed in before.
                    slot_of(draft, earlier, slot).retain(|kept| kept.file != file);
                    let proves = application.program.form(form).and_then(|form| form.proved_by(slot));
                    let rows = proves.map(|(table, _)| (table, said(&draft.typed.values, earlier, table)));
                    if let Some((table, rows)) = rows.filter(|(_, rows)| by_rows(rows)) {
                        let gone = file.to_string();
                        let rest = |_, files: Vec<&str>| {
                            files.into_iter().filter(|file| *file != gone).map(str::to_owned).collect()
                        };
                        let rows = with_evidence(rows, rest);
                        draft.typed.values.insert(table.clone(), rows);
                    }
                    Ok(())
                };
                self.change_in(tx, &Hand { application, form, account, now, page: None }, &change).await.map(drop)
            })
        })
        .await?;
        Ok(application)
    }

    /// Says of a file in a document slot which rows of costs it proves, counted from 0: these and no others.
    ///
    /// # Errors
    /// `NotFound` when the case is not the viewer's to write on; `BadInput` for a row that there is not.
    pub async fn prove_rows(
        &self,
        viewer: &Viewer,
        application: Uuid,
        (form, slot): (&str, &str),
        file: Uuid,
        rows: &[usize],
    ) -> Result<()> {
        let found = self.application(viewer, application).await?.ok_or(Error::NotFound)?;
        let change = |draft: &mut StoredDraft, _: &Typed, _: Option<&Submission>| {
            prove(draft, &found, (form, slot), (file, rows), true)
        };
        self.change_draft(viewer, application, form, Map::new(), None, &change).await?.0
    }

    async fn change_draft<T: Send>(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: &str,
        values: Map<String, Value>,
        page: Option<&str>,
        change: &(dyn Fn(&mut StoredDraft, &Typed, Option<&Submission>) -> T + Sync),
    ) -> Result<(T, i64)> {
        self.require_scope(viewer, "apply")?;
        let (application, form) = self.for_draft(viewer, application, Some(form)).await?;
        let (account, now) = (viewer.person.id, self.now());
        let sent = self.sent(&application, &form, values).await?;
        self.store()
            .write(|tx| {
                let (application, form, sent) = (&application, &form, &sent);
                Box::pin(async move {
                    let earlier = corrected(application, form);
                    let change = |draft: &mut StoredDraft| Ok(change(draft, sent, earlier));
                    self.change_in(tx, &Hand { application, form, account, now, page }, &change).await
                })
            })
            .await
    }

    /// Changes a draft, under the lock of its case: what another page sends at the same time stays. Returns also the
    /// revision as which it is kept.
    async fn change_in<T: Send>(
        &self,
        tx: &Tx<'_>,
        hand: &Hand<'_>,
        change: &(dyn Fn(&mut StoredDraft) -> Result<T> + Sync),
    ) -> Result<(T, i64)> {
        let Hand { application, form, account, now, page } = *hand;
        let case = &application.case;
        tx.load_case(CaseKey::Id(case.id), Lock::Case).await?;
        let mut draft = self.draft_in(tx, application, form, account).await?.unwrap_or_default();
        let before = draft.typed.values.clone();
        let changed = change(&mut draft)?;
        draft.revision += 1;
        let (values, earlier) = (&draft.typed.values, corrected(application, form));
        let names = before.keys().chain(values.keys());
        let other = names.filter(|name| said(&before, earlier, name) != said(values, earlier, name));
        let save = FieldSave { revision: draft.revision, page: page.map(str::to_owned) };
        draft.changed.extend(other.map(|name| (name.clone(), save.clone())));
        draft.program_hash = Some(case.program_hash.clone());
        tx.save_draft(DraftKey { application: case.id, form, account }, &draft, now).await?;
        Ok((changed, draft.revision))
    }

    /// What a form says now: where it is being corrected what was handed in, and over that what the viewer has typed.
    ///
    /// # Errors
    /// Faults only.
    pub async fn filled_in(&self, viewer: &Viewer, application: &Application, form: &str) -> Result<DraftView> {
        let mut view = DraftView { form: form.to_owned(), ..DraftView::default() };
        if let Some(earlier) = corrected(application, form) {
            view.values.clone_from(&earlier.values);
            view.documents.clone_from(&earlier.documents);
        }
        if let Some(draft) = self.draft_of(viewer, application, form).await? {
            view.values.extend(draft.values);
            view.documents.extend(draft.documents);
            view.kept = draft.kept;
            view.revision = draft.revision;
        }
        Ok(view)
    }

    /// What a page sent, in the words of the version that the case is on.
    async fn sent(&self, application: &Application, form: &str, values: Map<String, Value>) -> Result<Typed> {
        let (case, started_on) = (&application.case, &application.stored_version);
        if *started_on == case.program_hash {
            return Ok(Typed { values, ..Typed::default() });
        }
        let versions = self.versions_between(self.reader(), &case.program, started_on, &case.program_hash).await?;
        Ok(sent(form, values, &versions))
    }

    /// The viewer's draft of a form.
    ///
    /// # Errors
    /// Faults only.
    pub async fn draft_of(&self, viewer: &Viewer, application: &Application, form: &str) -> Result<Option<DraftView>> {
        let found = self.draft_in(self.reader(), application, form, viewer.person.id).await?;
        Ok(found.map(|draft| DraftView::of(form.to_owned(), draft)))
    }

    /// The case with the viewer's draft of a form as it is now; empty when nothing is typed.
    ///
    /// # Errors
    /// `NotFound` when the case is not the viewer's to write on.
    pub async fn current_draft(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: Option<&str>,
    ) -> Result<(Application, DraftView)> {
        let (application, form) = self.for_draft(viewer, application, form).await?;
        let draft = self.draft_of(viewer, &application, &form).await?;
        Ok((application, draft.unwrap_or_else(|| DraftView { form, ..DraftView::default() })))
    }

    pub(crate) async fn for_draft(&self, viewer: &Viewer, id: Uuid, form: Option<&str>) -> Result<(Application, Name)> {
        let application = self.application(viewer, id).await?.ok_or(Error::NotFound)?;
        let form = match form {
            Some(form) => form.to_owned(),
            None => self.next_form(viewer, &application).unwrap_or_else(|| "application".to_owned()),
        };
        if application.program.form(&form).is_none() {
            return Err(Error::bad_input("form", "その様式はこの制度にありません", "This program has no such form"));
        }
        Ok((application, form))
    }

    /// The form of the first action that the viewer could take now.
    fn next_form(&self, viewer: &Viewer, application: &Application) -> Option<Name> {
        let actor = viewer.actor();
        let here = |name: &Name| *name == application.case.state;
        application
            .program
            .actions()
            .filter(|action| action.procedure.is_none() && action.rule.from.as_slice().iter().any(here))
            .filter(|action| casework::acting_role(&actor, &application.case, action.rule.by.as_slice()).is_some())
            .find_map(|action| action.rule.form.clone())
    }
}

/// The files of a slot; in a correction it begins with what was handed in.
fn slot_of<'d>(
    draft: &'d mut StoredDraft,
    earlier: Option<&Submission>,
    slot: &str,
) -> &'d mut Vec<casework::DocumentRef> {
    let handed_in = earlier.and_then(|earlier| earlier.documents.get(slot));
    draft.typed.documents.entry(slot.to_owned()).or_insert_with(|| handed_in.cloned().unwrap_or_default())
}

/// Whether a table says row by row what proves it.
fn by_rows(table: &Value) -> bool {
    table.as_array().into_iter().flatten().filter_map(Value::as_object).any(says_evidence)
}

/// Says of the rows of the table that a slot's files prove which of them this file proves: those it proved and these, or
/// these alone.
fn prove(
    draft: &mut StoredDraft,
    application: &Application,
    (form, slot): (&str, &str),
    (file, proved): (Uuid, &[usize]),
    alone: bool,
) -> Result<()> {
    if proved.is_empty() && !alone {
        return Ok(());
    }
    let table = application.program.form(form).and_then(|form| form.proved_by(slot)).map(|(name, _)| name);
    let rows = table.map(|table| said(&draft.typed.values, corrected(application, form), table));
    let count = rows.and_then(Value::as_array).map_or(0, Vec::len);
    let (Some(table), Some(rows)) = (table, rows.filter(|_| proved.iter().all(|row| *row < count))) else {
        return Err(Error::bad_input(
            "rows",
            "その経費の行はありません。経費の表を保存してから添付してください",
            "There is no such row of costs; save the table first, then attach",
        ));
    };
    let file = file.to_string();
    let rows = with_evidence(rows, |row, files| {
        let stays = files.contains(&file.as_str()) && !alone;
        let is_proved = stays || proved.contains(&row);
        let others = files.into_iter().filter(|other| *other != file);
        others.chain(is_proved.then_some(file.as_str())).map(str::to_owned).collect()
    });
    draft.typed.values.insert(table.clone(), rows);
    Ok(())
}

/// What was handed in of a form, while it is being corrected.
fn corrected<'a>(application: &'a Application, form: &str) -> Option<&'a Submission> {
    let body = &application.case.body;
    let unlocked = body.unlocked.as_ref().is_some_and(|unlocked| unlocked.form == form);
    body.forms.get(form).filter(|_| unlocked)
}

/// What a field says: as it is typed, or as it was handed in; null when it is empty.
fn said<'a>(typed: &'a Map<String, Value>, earlier: Option<&'a Submission>, name: &str) -> &'a Value {
    typed.get(name).or_else(|| earlier?.values.get(name)).unwrap_or(&Value::Null)
}

/// The draft in the words of the last of these versions, from the first of them.
fn carried(form: &str, draft: StoredDraft, versions: &[Arc<Program>]) -> StoredDraft {
    let StoredDraft { typed, kept, program_hash, revision, .. } = draft;
    let values = Typed { values: typed.values, kept: kept.values };
    let values = versions.windows(2).fold(values, |values, pair| match pair {
        [before, after] => values.carried(form, before, after),
        _ => values,
    });
    let last = versions.last().and_then(|program| program.form(form));
    let asked = |slot: &Name| last.is_none_or(|form| form.documents.iter().any(|document| document.name == *slot));
    let documents = typed.documents.into_iter().chain(kept.documents);
    let (documents, kept_documents) = documents.partition(|(slot, _)| asked(slot));
    StoredDraft {
        // A page of the version before knows fields by other names.
        changed: values.values.keys().map(|name| (name.clone(), FieldSave { revision, page: None })).collect(),
        typed: Draft { values: values.values, documents },
        kept: Draft { values: values.kept, documents: kept_documents },
        program_hash,
        revision,
    }
}

/// What a page sent that may have been opened on an older version: what the form knows stays, what an older version
/// called otherwise finds its place.
fn sent(form: &str, values: Map<String, Value>, versions: &[Arc<Program>]) -> Typed {
    let last = versions.last().and_then(|program| program.form(form));
    let (known, other): (Map<_, _>, Map<_, _>) =
        values.into_iter().partition(|(name, _)| last.is_some_and(|form| form.fields.contains_key(name)));
    let other = StoredDraft { typed: Draft { values: other, ..Draft::default() }, ..StoredDraft::default() };
    let other = carried(form, other, versions);
    let mut typed = Typed { values: known, kept: other.kept.values };
    for (name, value) in other.typed.values {
        if typed.values.contains_key(&name) {
            typed.kept.insert(name, value);
        } else {
            typed.values.insert(name, value);
        }
    }
    typed
}
