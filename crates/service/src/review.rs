//! What the office works out beside a case and keeps for itself: notes, the checklist (確認票), what was handed in when, and
//! what looks like another case. None of it moves the case; all of it is for its staff alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use casework::{Case, Refusal, Submission};
use program::definition::Name;
use store::{Note, ReviewCheck, ReviewResult};
use uuid::Uuid;
use vocabulary::{Bilingual, Instant};

use crate::once::Wish;
use crate::service::Service;
use crate::view::{Application, Viewer};
use crate::{ApplicationFilter, ApplicationOrder, Error, Result};

/// Letters of a note, of a remark, and notes of a case.
const LONGEST_NOTE: usize = 4_000;
const LONGEST_REMARK: usize = 400;
const MOST_NOTES: u64 = 500;
/// Cases that are told of.
const MOST_SIMILAR: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteView {
    pub id: Uuid,
    pub at: Instant,
    pub author_name: String,
    /// None when it was struck out.
    pub content: Option<String>,
    /// The viewer wrote it, and may strike it out.
    pub own: bool,
}

/// Something that whoever reviews looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckItem {
    /// `<form>.<item>` of the program's checklist, or `<form>.documents.<slot>`.
    pub key: String,
    pub form: Name,
    pub label: Bilingual,
    /// The files that were handed in, for documents.
    pub files: Vec<casework::DocumentRef>,
    pub checked: Option<CheckedView>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedView {
    pub by_name: String,
    pub at: Instant,
    pub result: ReviewResult,
    pub remark: String,
    /// What was looked at has been handed in anew since.
    pub is_old: bool,
}

/// A form as it was handed in at one time.
#[derive(Clone, Debug)]
pub struct SubmissionView {
    pub form: Name,
    pub by_name: String,
    pub submission: Submission,
}

/// Another case of the same office that has something in common with this one.
#[derive(Clone, Debug)]
pub struct Similar {
    pub application: Application,
    pub why: Vec<SimilarWhy>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SimilarWhy {
    /// The same business asks for the same program.
    SameProgram,
    /// The same business asks for another program in the same fiscal year.
    SameYear,
    /// Another business of the same address.
    SameAddress,
    /// Another business of the same representative.
    SameRepresentative,
    /// The same document, byte for byte, as this case calls it.
    SameDocument(String),
}

/// What somebody found of an item of the checklist; none for whoever has not looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub item: Name,
    pub result: Option<ReviewResult>,
    pub remark: String,
}

fn finding_refused(result: Option<ReviewResult>, remark: &str) -> Option<Refusal> {
    if remark.chars().count() > LONGEST_REMARK {
        return Some(Refusal::new("check.too_long", "所見は400文字までです", "A remark has at most 400 letters"));
    }
    match result {
        None if !remark.is_empty() => Some(Refusal::new(
            "check.no_result",
            "「確認済み」か「疑義あり」を選択してください",
            "Choose whether it is fine or doubtful",
        )),
        Some(ReviewResult::Doubtful) if remark.is_empty() => {
            Some(Refusal::new("check.no_remark", "疑義の内容を入力してください", "Say what the doubt is"))
        }
        _ => None,
    }
}

impl Service {
    /// Oldest first.
    ///
    /// # Errors
    /// `NotFound` unless the viewer works for the case's office.
    pub async fn notes(&self, viewer: &Viewer, application: Uuid) -> Result<Vec<NoteView>> {
        self.of_office(viewer, application).await?;
        let notes = self.reader().notes(application).await?;
        let names = self.names_of(notes.iter().map(|note| note.account).collect()).await?;
        let shown = notes.into_iter().map(|note| NoteView {
            id: note.id,
            at: note.at,
            author_name: names.get(&note.account).cloned().unwrap_or_default(),
            own: note.account == viewer.person.id,
            content: note.struck_at.is_none().then_some(note.content),
        });
        Ok(shown.collect())
    }

    /// # Errors
    /// `NotFound` unless the viewer works for the case's office, `Forbidden` for those who only look, `BadInput` for a note
    /// that is empty or too long.
    pub async fn add_note(&self, viewer: &Viewer, application: Uuid, content: &str, key: &str) -> Result<()> {
        self.at_work_on(viewer, application).await?;
        let content = content.trim().replace("\r\n", "\n");
        if !(1..=LONGEST_NOTE).contains(&content.chars().count()) {
            return Err(Error::bad_input(
                "note",
                "メモを1～4,000文字で入力してください",
                "A note has 1 to 4,000 letters",
            ));
        }
        if self.reader().count_notes(application).await? >= MOST_NOTES {
            return Err(Error::bad_input(
                "note",
                "この案件のメモは500件に達しています",
                "This case has 500 notes already",
            ));
        }
        let (id, at) = (self.inner.ids.next(), self.now());
        let wish = Wish::new(viewer, key, "addNote", &(application, &content), (id, at))?;
        let note = &Note { id, application, account: viewer.person.id, at, content, struck_at: None };
        self.once(&wish, &|tx| Box::pin(async move { Ok(tx.add_note(note).await?) })).await?;
        Ok(())
    }

    /// Strikes out a note of the viewer's own. One that was struck out before is no error.
    ///
    /// # Errors
    /// `NotFound` for notes of others.
    pub async fn strike_note(&self, viewer: &Viewer, application: Uuid, note: Uuid) -> Result<()> {
        self.at_work_on(viewer, application).await?;
        let own = |found: &Note| found.id == note && found.account == viewer.person.id;
        if !self.reader().notes(application).await?.iter().any(own) {
            return Err(Error::NotFound);
        }
        let (account, now) = (viewer.person.id, self.now());
        self.store()
            .write(|tx| Box::pin(async move { Ok::<_, Error>(tx.strike_note(application, note, account, now).await?) }))
            .await?;
        Ok(())
    }

    /// What whoever reviews looks at: the documents that were handed in, and what the program asks to be checked.
    ///
    /// # Errors
    /// `NotFound` unless the viewer works for the case's office.
    pub async fn checklist(&self, viewer: &Viewer, application: Uuid) -> Result<Vec<CheckItem>> {
        let found = self.of_office(viewer, application).await?;
        let checks = self.reader().review_checks(application).await?;
        let names = self.names_of(checks.iter().map(|check| check.account).collect()).await?;
        let submitted = self.submitted_at(&found.case).await?;
        let mut items = items(&found);
        for item in &mut items {
            item.checked = checks.iter().find(|check| check.item == item.key).map(|check| CheckedView {
                by_name: names.get(&check.account).cloned().unwrap_or_default(),
                at: check.at,
                result: check.result,
                remark: check.remark.clone(),
                is_old: submitted.get(&item.form).is_some_and(|newest| *newest > check.submission),
            });
        }
        Ok(items)
    }

    /// Says of items what came of looking at them, all or none. What was recorded before and is the same stays as it is.
    ///
    /// # Errors
    /// `NotFound` for an item that there is not; `Refused` with each that says nothing, or a doubt without a word about it,
    /// at its key.
    pub async fn check_items(&self, viewer: &Viewer, application: Uuid, said: &[Finding]) -> Result<()> {
        let found = self.at_work_on(viewer, application).await?;
        let known = self.checklist(viewer, application).await?;
        let submitted = self.submitted_at(&found.case).await?;
        let (mut checks, mut refusals) = (Vec::new(), Vec::new());
        for Finding { item, result, remark } in said {
            let known = known.iter().find(|known| known.key == *item).ok_or(Error::NotFound)?;
            let remark = remark.trim();
            let before = known.checked.as_ref().filter(|before| !before.is_old);
            if before.is_some_and(|before| Some(before.result) == *result && before.remark == remark) {
                continue;
            }
            match (result, finding_refused(*result, remark)) {
                (_, Some(refusal)) => refusals.push(Refusal { path: Some(item.clone()), ..refusal }),
                (Some(result), None) => checks.push(ReviewCheck {
                    application,
                    item: item.clone(),
                    submission: submitted.get(&known.form).copied().unwrap_or_default(),
                    account: viewer.person.id,
                    at: self.now(),
                    result: *result,
                    remark: remark.to_owned(),
                }),
                (None, None) => {}
            }
        }
        if refusals.is_empty() && said.iter().all(|finding| finding.result.is_none()) {
            refusals.push(Refusal::new(
                "check.nothing",
                "確認した項目に「確認済み」か「疑義あり」を選択してください",
                "Choose for what you have looked at whether it is fine or doubtful",
            ));
        }
        if !refusals.is_empty() {
            return Err(Error::Refused(refusals));
        }
        self.store()
            .write(|tx| {
                let checks = &checks;
                Box::pin(async move {
                    for check in checks {
                        tx.check_item(check).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Every form of a case each time it was handed in, oldest first.
    ///
    /// # Errors
    /// `NotFound` for a case that the viewer may not know of.
    pub async fn submissions(&self, viewer: &Viewer, application: Uuid) -> Result<Vec<SubmissionView>> {
        self.application(viewer, application).await?.ok_or(Error::NotFound)?;
        let all = self.reader().submissions(application).await?;
        let names = self.names_of(all.iter().map(|stored| stored.submission.by).collect()).await?;
        let shown = all.into_iter().map(|stored| SubmissionView {
            form: stored.form,
            by_name: names.get(&stored.submission.by).cloned().unwrap_or_default(),
            submission: stored.submission,
        });
        Ok(shown.collect())
    }

    /// Other cases of the office that the same people may have handed in (重複の確認): of the business, of its address or
    /// representative, or with the same documents.
    ///
    /// # Errors
    /// `NotFound` unless the viewer works for the case's office.
    pub async fn similar(&self, viewer: &Viewer, application: Uuid) -> Result<Vec<Similar>> {
        let this = self.of_office(viewer, application).await?;
        let case = &this.case;
        let mut found: BTreeMap<Uuid, (Application, BTreeSet<SimilarWhy>)> = BTreeMap::new();
        let mut add = |other: Application, why: SimilarWhy| {
            found.entry(other.case.id).or_insert_with(|| (other, BTreeSet::new())).1.insert(why);
        };
        for other in self.cases_of(viewer, case.business.id).await? {
            if other.case.program == case.program {
                add(other, SimilarWhy::SameProgram);
            } else if other.case.call.fiscal_year == case.call.fiscal_year {
                add(other, SimilarWhy::SameYear);
            }
        }
        for alike in self.reader().alike(&case.business).await? {
            let same = |other: &Application| other.case.program == case.program;
            for other in self.cases_of(viewer, alike.business).await?.into_iter().filter(same) {
                if alike.address {
                    add(other.clone(), SimilarWhy::SameAddress);
                }
                if alike.representative {
                    add(other, SimilarWhy::SameRepresentative);
                }
            }
        }
        for same in self.reader().same_documents(application).await? {
            if let Some(other) = self.application(viewer, same.application).await? {
                add(other, SimilarWhy::SameDocument(same.name));
            }
        }
        let others = found.into_values().filter(|(other, _)| {
            other.case.id != case.id && other.case.municipality == case.municipality && other.received_at.is_some()
        });
        let mut others: Vec<Similar> =
            others.map(|(application, why)| Similar { application, why: why.into_iter().collect() }).collect();
        others.sort_by_key(|similar| std::cmp::Reverse((similar.application.received_at, similar.application.case.id)));
        others.truncate(MOST_SIMILAR);
        Ok(others)
    }

    async fn cases_of(&self, viewer: &Viewer, business: Uuid) -> Result<Vec<Application>> {
        let filter = ApplicationFilter { business: Some(business), ..ApplicationFilter::default() };
        let page = self.applications(viewer, filter, ApplicationOrder::Received, MOST_SIMILAR, None).await?;
        Ok(page.items.into_iter().map(|(_, application)| application).collect())
    }

    /// A case for those who work in its office.
    async fn of_office(&self, viewer: &Viewer, application: Uuid) -> Result<Application> {
        let found = self.application(viewer, application).await?.ok_or(Error::NotFound)?;
        let is_theirs = viewer.person.is_staff_of(&found.case.municipality);
        if is_theirs { Ok(found) } else { Err(Error::NotFound) }
    }

    /// A case for those who have a part in it, not for those who only look.
    async fn at_work_on(&self, viewer: &Viewer, application: Uuid) -> Result<Application> {
        self.require_scope(viewer, "act")?;
        let found = self.of_office(viewer, application).await?;
        if !viewer.person.handles_cases_of(&found.case.municipality) {
            return Err(Error::forbidden(
                "監査・システム管理の担当者は、案件に書き込めません",
                "Auditors and administrators write nothing into cases",
            ));
        }
        if viewer.person.memberships.contains(&found.case.business.id) {
            return Err(Error::Refused(vec![casework::conflict_of_interest()]));
        }
        Ok(found)
    }

    /// Form → the number of the event that took it in last.
    async fn submitted_at(&self, case: &Case) -> Result<HashMap<Name, i64>> {
        let all = self.reader().submissions(case.id).await?;
        Ok(all.into_iter().map(|stored| (stored.form, stored.sequence)).collect())
    }
}

/// The checklist of a case, nothing looked at yet.
fn items(application: &Application) -> Vec<CheckItem> {
    let (program, case) = (&application.program, &application.case);
    let mut items = Vec::new();
    for (form, submission) in &case.body.forms {
        let Some(rule) = program.form(form) else { continue };
        let item = |key: String, label: &Bilingual, files: Vec<casework::DocumentRef>| CheckItem {
            key: format!("{form}.{key}"),
            form: form.clone(),
            label: label.clone(),
            files,
            checked: None,
        };
        for slot in &rule.documents {
            if let Some(files) = submission.documents.get(&slot.name).filter(|files| !files.is_empty()) {
                items.push(item(format!("documents.{}", slot.name), &slot.label, files.clone()));
            }
        }
        for (name, label) in program.definition().program.checklist.get(form).into_iter().flatten() {
            items.push(item(name.clone(), label, Vec::new()));
        }
    }
    items
}
