//! How an application begins: empty, or with what the business said in an earlier one: answers to fields of the same name and type, and
//! documents. Whatever has to be said anew each time is left out, and told.

use std::collections::BTreeMap;

use casework::{DocumentRef, Draft};
use chrono::NaiveDate;
use program::definition::{Field, FieldType, Name};
use program::{Form, FormField};
use serde_json::{Map, Value};
use store::{DraftKey, StoredDraft, StoredFile};
use uuid::Uuid;
use vocabulary::{Bilingual, day_in_japan};

use crate::drafts;
use crate::once::Wish;
use crate::service::Service;
use crate::view::{Application, Viewer};
use crate::{Error, Result};

/// The form that an application begins with.
const APPLICATION: &str = "application";
/// 誓約書: signed anew for each application.
const PLEDGE: &str = "pledge";
/// Applications that are looked at, the last changed first.
const LOOKED_AT: u32 = 30;
/// Applications that are offered at most.
const OFFERED: usize = 5;

/// An earlier application with what of it fits the form of another one.
#[derive(Clone, Debug)]
pub struct Reusable {
    pub application: Application,
    pub values: Map<String, Value>,
    pub documents: BTreeMap<Name, Vec<DocumentRef>>,
    /// Labels of the fields and documents that are taken over, in the order of the form.
    pub taken: Vec<Bilingual>,
    pub left_out: Vec<LeftOut>,
}

/// A field or document of the earlier application that is not taken over.
#[derive(Clone, Debug)]
pub struct LeftOut {
    pub label: Bilingual,
    pub reason: LeftOutReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOutReason {
    /// The form does not ask for it, or asks for something else under that name.
    NotAsked,
    /// A pledge or consent is given anew each time.
    Consent,
    /// A day that lies in the past; of tables, the days and the items that do not fit, while the rest is taken over.
    Past,
}

impl LeftOutReason {
    #[must_use]
    pub fn message(self) -> Bilingual {
        let (ja, en) = match self {
            Self::NotAsked => ("今回の様式では求められていません", "this form does not ask for it"),
            Self::Consent => ("誓約・同意は申請のたびに必要です", "pledges and consents are given anew each time"),
            Self::Past => ("過去の日付は引き継ぎません", "days in the past are not taken over"),
        };
        Bilingual::new(ja, en)
    }
}

impl Service {
    /// Starts a draft of a program for a business, on the newest version and the call that is open, or opens next.
    ///
    /// # Errors
    /// `NotFound` for a program or business that is not there for the viewer; `Refused` when there is no call.
    pub async fn start_application(
        &self,
        viewer: &Viewer,
        program: &str,
        business: Uuid,
        key: &str,
    ) -> Result<Application> {
        let (application, _) = self.start_from(viewer, program, business, None, key).await?;
        Ok(application)
    }

    /// As [`Service::start_application`], with what the business said in an earlier application where one is named.
    ///
    /// # Errors
    /// As [`Service::start_application`]; `BadInput` for an earlier application that is not one of the business.
    pub async fn start_from(
        &self,
        viewer: &Viewer,
        program: &str,
        business: Uuid,
        earlier: Option<Uuid>,
        key: &str,
    ) -> Result<(Application, Option<Reusable>)> {
        self.require_scope(viewer, "apply")?;
        if !viewer.person.memberships.contains(&business) {
            return Err(Error::NotFound);
        }
        let fixed = self.fix();
        let found = self.reader().business(business).await?.ok_or(Error::NotFound)?;
        let (version, new) = self.new_case(program, found, day_in_japan(fixed.now), &fixed).await?;
        if version.closed {
            return Err(Error::Refused(vec![drafts::closed()]));
        }
        let reusable = match (earlier, version.program.form(APPLICATION)) {
            (Some(earlier), Some(form)) => Some(self.reusable_from(viewer, earlier, business, form).await?),
            _ => None,
        };
        let (mut draft, mut files) = (None, Vec::new());
        if let Some(reusable) = &reusable {
            let (documents, copies) = self.files_for(viewer, reusable, &new, fixed.ids()).await?;
            files = copies;
            draft = Some(StoredDraft {
                typed: Draft { values: reusable.values.clone(), documents },
                program_hash: Some(new.program_hash.clone()),
                revision: 1,
                ..StoredDraft::default()
            });
        }
        let wish = Wish::new(viewer, key, "startApplication", &(program, business, earlier), (new.id, fixed.now))?;
        let account = viewer.person.id;
        let id = self
            .once(&wish, &|tx| {
                let (new, draft, files) = (&new, &draft, &files);
                Box::pin(async move {
                    tx.create_case(new, new.head.at).await?;
                    for file in files {
                        tx.create_file(file).await?;
                    }
                    if let Some(draft) = draft {
                        let key = DraftKey { application: new.id, form: APPLICATION, account };
                        tx.save_draft(key, draft, new.head.at).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        let application = self.application(viewer, id).await?.ok_or(Error::NotFound)?;
        Ok((application, reusable))
    }

    /// The earlier applications of a business whose answers fit the program, those that were last changed first.
    ///
    /// # Errors
    /// `NotFound` for a program or business that is not there for the viewer.
    pub async fn reusable(&self, viewer: &Viewer, program: &str, business: Uuid) -> Result<Vec<Reusable>> {
        if !viewer.person.memberships.contains(&business) {
            return Err(Error::NotFound);
        }
        let businesses = [business];
        let query = store::ListQuery {
            scope: store::Scope::Businesses(&businesses),
            filter: store::ListFilter::default(),
            order: store::ListOrder::Updated,
            after: None,
            first: LOOKED_AT,
        };
        let version = self.program(program, None).await?;
        let Some(form) = version.program.form(APPLICATION) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for (_, earlier) in self.page(self.reader().list(&query).await?).await?.items {
            let reusable = self.fitting(viewer, earlier, form).await?;
            found.extend(reusable.filter(|reusable| !reusable.taken.is_empty()));
            if found.len() == OFFERED {
                break;
            }
        }
        Ok(found)
    }

    /// What of one earlier application of the business fits the form.
    ///
    /// # Errors
    /// `BadInput` for an application that is not one of the business.
    pub(crate) async fn reusable_from(
        &self,
        viewer: &Viewer,
        earlier: Uuid,
        business: Uuid,
        form: &Form,
    ) -> Result<Reusable> {
        let found = self.application(viewer, earlier).await?;
        let found = found.filter(|application| application.case.business.id == business);
        let reusable = match found {
            Some(application) => self.fitting(viewer, application, form).await?,
            None => None,
        };
        reusable.ok_or_else(|| {
            Error::bad_input(
                "reuse",
                "引き継げる申請ではありません。同じ事業者の申請を選んでください",
                "Nothing can be taken over from it; choose an application of the same business",
            )
        })
    }

    /// Nothing when nothing was said in it.
    async fn fitting(&self, viewer: &Viewer, application: Application, form: &Form) -> Result<Option<Reusable>> {
        let (values, documents) = match application.case.body.forms.get(APPLICATION) {
            Some(handed_in) => (handed_in.values.clone(), handed_in.documents.clone()),
            None => match self.draft_of(viewer, &application, APPLICATION).await? {
                Some(draft) => (draft.values, draft.documents),
                None => return Ok(None),
            },
        };
        let Some(asked_then) = application.program.form(APPLICATION).cloned() else { return Ok(None) };
        let today = day_in_japan(self.now());
        let mut reusable = Reusable {
            application,
            values: Map::new(),
            documents: BTreeMap::new(),
            taken: Vec::new(),
            left_out: Vec::new(),
        };
        for (name, then) in &asked_then.fields {
            let Some(value) = values.get(name).filter(|value| !value.is_null()) else { continue };
            let label = then.rule.label.clone();
            match taken_over(then, form.fields.get(name), value, today) {
                Ok((value, part)) => {
                    reusable.values.insert(name.clone(), value);
                    reusable.left_out.extend(part.map(|reason| LeftOut { label: label.clone(), reason }));
                    reusable.taken.push(label);
                }
                Err(reason) => reusable.left_out.push(LeftOut { label, reason }),
            }
        }
        for slot in &asked_then.documents {
            let Some(files) = documents.get(&slot.name).filter(|files| !files.is_empty()) else { continue };
            let label = slot.label.clone();
            let asked = form.documents.iter().any(|asked| asked.name == slot.name);
            let reason = match asked {
                _ if slot.name == PLEDGE => Some(LeftOutReason::Consent),
                true => None,
                false => Some(LeftOutReason::NotAsked),
            };
            match reason {
                Some(reason) => reusable.left_out.push(LeftOut { label, reason }),
                None => {
                    reusable.documents.insert(slot.name.clone(), files.clone());
                    reusable.taken.push(label);
                }
            }
        }
        Ok(Some(reusable))
    }

    /// The stored files of what is taken over, as files of another case: the same content with the same receipt.
    ///
    /// # Errors
    /// Faults only.
    pub(crate) async fn files_for(
        &self,
        viewer: &Viewer,
        reusable: &Reusable,
        case: &casework::Case,
        fresh: impl Fn() -> Uuid,
    ) -> Result<(BTreeMap<Name, Vec<DocumentRef>>, Vec<StoredFile>)> {
        let ids: Vec<Uuid> = reusable.documents.values().flatten().map(|file| file.file).collect();
        let stored = self.reader().files(&ids).await?;
        let (mut documents, mut files) = (BTreeMap::<Name, Vec<DocumentRef>>::new(), Vec::new());
        for (slot, references) in &reusable.documents {
            for reference in references {
                let Some(file) = stored.iter().find(|file| file.id == reference.file) else { continue };
                let file = StoredFile {
                    id: fresh(),
                    owner: viewer.person.id,
                    application: Some(case.id),
                    business: Some(case.business.id),
                    ..file.clone()
                };
                documents.entry(slot.clone()).or_default().push(DocumentRef { file: file.id, ..reference.clone() });
                files.push(file);
            }
        }
        Ok((documents, files))
    }
}

/// The value as the form of now takes it over, with why a part of it is not; or why nothing of it is.
fn taken_over(
    then: &FormField,
    now: Option<&FormField>,
    value: &Value,
    today: NaiveDate,
) -> std::result::Result<(Value, Option<LeftOutReason>), LeftOutReason> {
    if then.rule.consent {
        return Err(LeftOutReason::Consent);
    }
    let now = now.map(|now| &now.rule).filter(|now| now.kind == then.rule.kind && !now.consent);
    let now = now.ok_or(LeftOutReason::NotAsked)?;
    let past = |day: &str| vocabulary::parse_day(day).is_some_and(|day| day < today);
    match (now.kind, value) {
        (FieldType::FieldMarks | FieldType::Business | FieldType::File, _) => Err(LeftOutReason::NotAsked),
        (FieldType::Date, Value::String(day)) if past(day) => Err(LeftOutReason::Past),
        (FieldType::Choice, Value::String(chosen)) if !now.choices.contains_key(chosen) => Err(LeftOutReason::NotAsked),
        (FieldType::Costs, Value::Array(rows)) => {
            let mut part = None;
            let rows = rows.iter().map(|row| Value::Object(row_taken_over(now, row, past, &mut part)));
            Ok((Value::Array(rows.collect()), part))
        }
        _ => Ok((value.clone(), None)),
    }
}

/// A row of a table without what its columns do not take; `part` says why something is missing.
fn row_taken_over(
    now: &Field,
    row: &Value,
    past: impl Fn(&str) -> bool,
    part: &mut Option<LeftOutReason>,
) -> Map<String, Value> {
    let mut taken = Map::new();
    for (column, value) in row.as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let among = |items: &program::definition::Items| items.choices.is_empty() || items.choices.contains_key(text);
        let reason = match column.as_str() {
            // Files of another case.
            "evidence" => continue,
            "category" if !now.categories.contains_key(text) => Some(LeftOutReason::NotAsked),
            "item" if !now.items.as_ref().is_some_and(among) => Some(LeftOutReason::NotAsked),
            "ordered_on" | "delivered_on" | "paid_on" if !now.actual => Some(LeftOutReason::NotAsked),
            "ordered_on" | "delivered_on" | "paid_on" if past(text) => Some(LeftOutReason::Past),
            "invoice_number" if !now.actual => Some(LeftOutReason::NotAsked),
            _ => None,
        };
        match reason {
            Some(reason) => *part = Some(reason),
            None => _ = taken.insert(column.clone(), value.clone()),
        }
    }
    taken
}
