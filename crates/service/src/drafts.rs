//! Drafts: what is typed and not handed in. A draft follows the newest version of its program until it is submitted;
//! nothing that was typed is lost on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use casework::{Case, Draft, Refusal};
use program::definition::{Name, StateKind};
use program::{Program, Typed};
use serde_json::{Map, Value};
use store::{CaseKey, DraftKey, Lock, StoredDraft, Tx};
use uuid::Uuid;
use vocabulary::Instant;

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
}

impl DraftView {
    fn of(form: Name, draft: StoredDraft) -> Self {
        let StoredDraft { typed, kept, .. } = draft;
        Self { form, values: typed.values, documents: typed.documents, kept: kept.values }
    }
}

pub(crate) fn closed() -> Refusal {
    Refusal::new(
        "program.closed",
        "この制度の新規の受付は終了しました。下書きの内容は保存されています",
        "This program takes no new applications any more; the draft stays saved",
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

/// Lets a draft follow the newest version of its program. Returns whether that is closed.
pub(crate) fn follow(case: &mut Case, newest: Option<store::NewestVersion>) -> bool {
    match newest {
        Some(newest) if is_draft(case) => {
            case.program_hash = newest.hash;
            newest.closed
        }
        _ => false,
    }
}

impl Service {
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

    /// Keeps what was typed; never refuses values, whatever they are.
    ///
    /// # Errors
    /// `NotFound` when the case is not the viewer's to write on.
    pub async fn save_draft(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: Option<&str>,
        values: Map<String, Value>,
        key: Option<&str>,
    ) -> Result<(Application, DraftView)> {
        self.require_scope(viewer, "apply")?;
        let (application, form) = self.for_draft(viewer, application, form).await?;
        let (case, account, now) = (application.case.id, viewer.person.id, self.now());
        let wish = Wish::new(viewer, key, "saveDraft", &(case, &form, &values), (case, now))?;
        let sent = self.sent(&application, &form, values).await?;
        self.once(&wish, &|tx| {
            let (application, form, sent) = (&application, &form, &sent);
            Box::pin(async move {
                // What is attached at the same time stays attached.
                tx.load_case(CaseKey::Id(case), Lock::Case).await?;
                let mut draft = self.draft_in(tx, application, form, account).await?.unwrap_or_default();
                draft.typed.values = sent.values.clone();
                draft.kept.values.extend(sent.kept.clone());
                keep(tx, application, form, account, draft, now).await
            })
        })
        .await?;
        let view = self.draft_of(viewer, &application, &form).await?.unwrap_or_default();
        Ok((application, DraftView { form, values: sent.values, ..view }))
    }

    /// Puts an uploaded file into a document slot of a form's draft.
    ///
    /// # Errors
    /// `NotFound` for a case or file that is not the viewer's; `BadInput` for an unknown slot.
    pub async fn attach_document(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: Option<&str>,
        slot: &str,
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
        let wish = Wish::new(viewer, key, "attachDocument", &(case, &form, slot, file.id), (case, now))?;
        self.once(&wish, &|tx| {
            let (application, form, reference) = (&application, &form, &reference);
            Box::pin(async move {
                // What is typed or attached at the same time stays.
                tx.load_case(CaseKey::Id(case), Lock::Case).await?;
                let mut draft = self.draft_in(tx, application, form, account).await?.unwrap_or_default();
                let files = draft.typed.documents.entry(slot.to_owned()).or_default();
                if !files.contains(reference) {
                    files.push(reference.clone());
                }
                tx.attach_file(reference.file, case, business).await?;
                keep(tx, application, form, account, draft, now).await
            })
        })
        .await?;
        let view = self.draft_of(viewer, &application, &form).await?.unwrap_or_default();
        Ok((application, DraftView { form, ..view }))
    }

    /// Keeps what was typed into some fields of a form beside what is typed in the others; never refuses values. Null
    /// empties a field.
    ///
    /// # Errors
    /// `NotFound` when the case is not the viewer's to write on.
    pub async fn save_fields(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: &str,
        values: Map<String, Value>,
    ) -> Result<()> {
        let change = |draft: &mut StoredDraft, sent: &Typed| {
            draft.typed.values.extend(sent.values.clone());
            draft.kept.values.extend(sent.kept.clone());
        };
        self.change_draft(viewer, application, form, values, &change).await
    }

    /// Takes a file out of a document slot of a form's draft. The file itself stays.
    ///
    /// # Errors
    /// `NotFound` when the case is not the viewer's to write on.
    pub async fn detach_document(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: &str,
        slot: &str,
        file: Uuid,
    ) -> Result<()> {
        let found = self.application(viewer, application).await?.ok_or(Error::NotFound)?;
        let mut rest = self.filled_in(viewer, &found, form).await?.documents.remove(slot).unwrap_or_default();
        rest.retain(|kept| kept.file != file);
        // An empty slot also takes the place of what was handed in before.
        let change =
            |draft: &mut StoredDraft, _: &Typed| _ = draft.typed.documents.insert(slot.to_owned(), rest.clone());
        self.change_draft(viewer, application, form, Map::new(), &change).await
    }

    async fn change_draft(
        &self,
        viewer: &Viewer,
        application: Uuid,
        form: &str,
        values: Map<String, Value>,
        change: &(dyn Fn(&mut StoredDraft, &Typed) + Sync),
    ) -> Result<()> {
        self.require_scope(viewer, "apply")?;
        let (application, form) = self.for_draft(viewer, application, Some(form)).await?;
        let (account, now) = (viewer.person.id, self.now());
        let sent = self.sent(&application, &form, values).await?;
        self.store()
            .write(|tx| {
                let (application, form, sent) = (&application, &form, &sent);
                Box::pin(async move {
                    // What another page of the form sends at the same time stays.
                    tx.load_case(CaseKey::Id(application.case.id), Lock::Case).await?;
                    let mut draft = self.draft_in(tx, application, form, account).await?.unwrap_or_default();
                    change(&mut draft, sent);
                    keep(tx, application, form, account, draft, now).await
                })
            })
            .await
    }

    /// What a form says now: where it is being corrected what was handed in, and over that what the viewer has typed.
    ///
    /// # Errors
    /// Faults only.
    pub async fn filled_in(&self, viewer: &Viewer, application: &Application, form: &str) -> Result<DraftView> {
        let body = &application.case.body;
        let corrected = body.unlocked.as_ref().is_some_and(|unlocked| unlocked.form == form);
        let earlier = body.forms.get(form).filter(|_| corrected);
        let mut view = DraftView { form: form.to_owned(), ..DraftView::default() };
        if let Some(earlier) = earlier {
            view.values.clone_from(&earlier.values);
            view.documents.clone_from(&earlier.documents);
        }
        if let Some(draft) = self.draft_of(viewer, application, form).await? {
            view.values.extend(draft.values);
            view.documents.extend(draft.documents);
            view.kept = draft.kept;
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

async fn keep(
    tx: &Tx<'_>,
    application: &Application,
    form: &str,
    account: Uuid,
    draft: StoredDraft,
    now: Instant,
) -> Result<()> {
    let key = DraftKey { application: application.case.id, form, account };
    let draft = StoredDraft { program_hash: Some(application.case.program_hash.clone()), ..draft };
    Ok(tx.save_draft(key, &draft, now).await?)
}

/// The draft in the words of the last of these versions, from the first of them.
fn carried(form: &str, draft: StoredDraft, versions: &[Arc<Program>]) -> StoredDraft {
    let StoredDraft { typed, kept, program_hash } = draft;
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
        typed: Draft { values: values.values, documents },
        kept: Draft { values: values.kept, documents: kept_documents },
        program_hash,
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
