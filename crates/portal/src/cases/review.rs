//! The office's view of a case: what was handed in beside the documents as pictures, the checklist, how it changed, what looks
//! like it, and the notes.

use std::cmp::Reverse;

use askama::Template;
use casework::DocumentRef;
use program::Form;
use program::definition::FieldType;
use serde_json::{Map, Value};
use service::{Application, CheckItem, Error, Finding, NoteView, ReviewResult, Similar, SimilarWhy};
use uuid::Uuid;
use vocabulary::Instant;

use super::one::{label_of, state_named};
use crate::forms::{Said, Told, anchor, differing_cells, facts, proves, shown};
use crate::visit::{Frame, Page, Visit, Wrong, id, not_found};

/// Before the key of an item, in the names of its inputs.
const RESULT: &str = "result.";
const REMARK: &str = "remark.";

#[derive(Template)]
#[template(path = "cases/review.html")]
struct Review {
    frame: Frame,
    case: String,
    program: String,
    number: String,
    business: String,
    key: String,
    /// The visitor handles the case, and does not only look at it.
    writes: bool,
    errors: Vec<Said>,
    forms: Vec<FormShown>,
    similar: Vec<SimilarShown>,
    notes: Vec<NoteShown>,
    /// What was typed and not taken.
    note: String,
}

/// A form with its documents and its part of the checklist.
struct FormShown {
    label: String,
    at: String,
    /// HTML
    facts: String,
    items: Vec<ItemShown>,
    revisions: Vec<Revision>,
}

struct ItemShown {
    key: String,
    id: String,
    label: String,
    files: Vec<FileShown>,
    /// What was found, by whom and when; none when nobody has looked.
    found: Option<String>,
    /// As it is chosen in the form.
    fine: bool,
    doubtful: bool,
    /// As it was found.
    was_fine: bool,
    old: bool,
    remark: String,
    error: Option<String>,
}

struct FileShown {
    id: String,
    name: String,
    /// By its ending a picture can be made of it.
    picture: bool,
    /// Which rows of costs it proves, in words.
    proves: Option<String>,
}

/// A form was handed in again.
struct Revision {
    at: String,
    by: String,
    /// Field, before, after.
    changes: Vec<(String, String, String)>,
}

struct SimilarShown {
    id: String,
    number: String,
    business: String,
    program: String,
    state: String,
    why: String,
}

pub(super) struct NoteShown {
    pub id: String,
    pub at: String,
    pub author: String,
    /// None when it was struck out.
    pub content: Option<String>,
    pub own: bool,
}

/// What was sent and refused.
#[derive(Default)]
struct Refused {
    findings: Vec<Finding>,
    told: Told,
    note: String,
    /// What is wrong with the note.
    message: Option<String>,
}

pub(crate) async fn page(visit: &Visit<'_>, case: &str) -> Page {
    show(visit, id(case)?, Refused::default()).await
}

async fn show(visit: &Visit<'_>, case: Uuid, refused: Refused) -> Page {
    let (t, viewer) = (visit.t, visit.viewer()?);
    let application = visit.service.application(viewer, case).await?.ok_or_else(not_found)?;
    let items = visit.service.checklist(viewer, case).await?;
    let submissions = visit.service.submissions(viewer, case).await?;
    let similar = visit.service.similar(viewer, case).await?;
    let body = &application.case.body;
    let forms = body.forms.iter().filter_map(|(name, submission)| {
        let form = application.program.form(name)?;
        let mut values = submission.values.clone();
        values.extend(body.amended.get(name).cloned().unwrap_or_default());
        let ours = items.iter().filter(|item| item.form == *name);
        let again = submissions.iter().filter(|one| one.form == *name).skip(1);
        let revisions = again.map(|one| Revision {
            at: visit.time(one.submission.at),
            by: one.by_name.clone(),
            changes: one.submission.changes.iter().flat_map(|change| changes_shown(visit, form, change)).collect(),
        });
        Some((
            submission.at,
            FormShown {
                label: visit.say(&form.label).to_owned(),
                at: visit.time(submission.at),
                facts: facts(t, form, &values, &submission.documents),
                items: ours.map(|item| item_shown(visit, item, &refused, (form, &values))).collect(),
                revisions: revisions.collect(),
            },
        ))
    });
    // What came last is what is looked at.
    let mut forms: Vec<(Instant, FormShown)> = forms.collect();
    forms.sort_by_key(|(at, _)| Reverse(*at));
    let forms: Vec<FormShown> = forms.into_iter().map(|(_, form)| form).collect();
    let place = |path: &str| {
        let item = items.iter().find(|item| item.key == path)?;
        Some((format!("#{}", anchor(path)), visit.say(&item.label).to_owned()))
    };
    let mut errors = refused.told.summary(place, visit.locale);
    errors.extend(
        refused.message.iter().map(|message| Said { anchor: Some("#note".to_owned()), ..Said::plain(message) }),
    );
    let has_errors = !errors.is_empty();
    let page = Review {
        frame: Frame { has_errors, ..visit.frame(t.review_page()) },
        case: format!("/applications/{case}"),
        program: visit.say(&application.program.definition().program.title).to_owned(),
        number: body.numbers.get("application").cloned().unwrap_or_default(),
        business: application.case.business.name.clone(),
        key: visit.key(),
        writes: viewer.person.handles_cases_of(&application.case.municipality),
        errors,
        forms,
        similar: similar.iter().map(|similar| similar_shown(visit, similar)).collect(),
        notes: notes(visit, &application).await?,
        note: refused.note,
    };
    Ok(if has_errors { visit.refused(&page) } else { visit.page(&page) })
}

/// The notes of a case, for its office; nobody else has any.
pub(super) async fn notes(visit: &Visit<'_>, application: &Application) -> Result<Vec<NoteShown>, Wrong> {
    let viewer = visit.viewer()?;
    if !viewer.person.is_staff_of(&application.case.municipality) {
        return Ok(Vec::new());
    }
    let notes = visit.service.notes(viewer, application.case.id).await?;
    let shown = |note: NoteView| NoteShown {
        id: note.id.to_string(),
        at: visit.time(note.at),
        author: note.author_name,
        own: note.own && note.content.is_some(),
        content: note.content,
    };
    Ok(notes.into_iter().map(shown).collect())
}

fn item_shown(
    visit: &Visit<'_>,
    item: &CheckItem,
    refused: &Refused,
    (form, values): (&Form, &Map<String, Value>),
) -> ItemShown {
    let t = visit.t;
    let checked = item.checked.as_ref();
    let slot = item.key.strip_prefix(&format!("{}.documents.", item.form));
    // What was found of an earlier submission is not found of this one.
    let kept = checked.filter(|checked| !checked.is_old).map(|checked| (Some(checked.result), checked.remark.clone()));
    let sent = refused.findings.iter().find(|finding| finding.item == item.key);
    let (result, remark) = sent.map(|finding| (finding.result, finding.remark.clone())).or(kept).unwrap_or_default();
    ItemShown {
        key: item.key.clone(),
        id: anchor(&item.key),
        label: visit.say(&item.label).to_owned(),
        files: item
            .files
            .iter()
            .map(|file| file_shown(file, slot.and_then(|slot| proves(t, form, slot, file, values))))
            .collect(),
        found: checked.map(|checked| {
            let result = match checked.result {
                ReviewResult::Fine => t.found_fine(),
                ReviewResult::Doubtful => t.found_doubtful(),
            };
            let remark = Some(&checked.remark).filter(|remark| !remark.is_empty());
            let remark = remark.map(|remark| format!(": {remark}")).unwrap_or_default();
            format!("{result}{remark} — {} {}", checked.by_name, visit.time(checked.at))
        }),
        fine: result == Some(ReviewResult::Fine),
        doubtful: result == Some(ReviewResult::Doubtful),
        was_fine: checked.is_some_and(|checked| checked.result == ReviewResult::Fine),
        old: checked.is_some_and(|checked| checked.is_old),
        remark,
        error: refused.told.at(&item.key, visit.locale).into_iter().next(),
    }
}

fn file_shown(file: &DocumentRef, proves: Option<String>) -> FileShown {
    let ending = file.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    FileShown {
        id: file.file.to_string(),
        name: file.name.clone(),
        picture: matches!(ending.as_str(), "pdf" | "png" | "jpg" | "jpeg"),
        proves,
    }
}

/// What a change says: a table's cells, the files of a document, or one value.
fn changes_shown(visit: &Visit<'_>, form: &Form, change: &casework::Change) -> Vec<(String, String, String)> {
    let label = label_of(visit, Some(form), &change.path);
    let (before, after) = (&change.before, &change.after);
    match form.fields.get(&change.path) {
        Some(field) if field.rule.kind == FieldType::Costs => {
            let cells = differing_cells(visit.t, &field.rule, before, after).into_iter();
            cells.map(|(cell, before, after)| (format!("{label} {cell}"), before, after)).collect()
        }
        Some(field) => {
            let text = |value| shown(visit.t, &field.rule, Some(value));
            vec![(label, text(before), text(after))]
        }
        None => {
            let names = |files: &Value| {
                let files = files.as_array().into_iter().flatten();
                let names: Vec<&str> = files.filter_map(|file| file.get("name")?.as_str()).collect();
                if names.is_empty() { visit.t.nothing().to_owned() } else { names.join(", ") }
            };
            vec![(label, names(before), names(after))]
        }
    }
}

fn similar_shown(visit: &Visit<'_>, similar: &Similar) -> SimilarShown {
    let (t, case) = (visit.t, &similar.application.case);
    let why = similar.why.iter().map(|why| match why {
        SimilarWhy::SameProgram => t.same_program().to_owned(),
        SimilarWhy::SameYear => t.same_year().to_owned(),
        SimilarWhy::SameAddress => t.same_address().to_owned(),
        SimilarWhy::SameRepresentative => t.same_representative().to_owned(),
        SimilarWhy::SameDocument(name) => t.same_document(name),
    });
    SimilarShown {
        id: case.id.to_string(),
        number: case.body.numbers.get("application").cloned().unwrap_or_default(),
        business: case.business.name.clone(),
        program: visit.say(&similar.application.program.definition().program.title).to_owned(),
        state: state_named(visit, &similar.application.program, &case.state),
        why: why.collect::<Vec<_>>().join(" / "),
    }
}

/// Something was found of an item of the checklist.
pub(crate) async fn check(visit: &Visit<'_>, case: &str) -> Page {
    let (viewer, case) = (visit.viewer()?, id(case)?);
    let findings = findings(visit);
    match visit.service.check_items(viewer, case, &findings).await {
        Ok(()) => Ok(visit.done(&format!("/applications/{case}/review"), "checked")),
        Err(Error::Refused(refusals)) => {
            show(visit, case, Refused { findings, told: Told::of(refusals), ..Refused::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What was chosen and written beside the items of a form.
fn findings(visit: &Visit<'_>) -> Vec<Finding> {
    let remarks = visit.asked.fields.iter().filter_map(|(name, remark)| Some((name.strip_prefix(REMARK)?, remark)));
    let finding = |(item, remark): (&str, &String)| {
        let result = match visit.asked.field(&format!("{RESULT}{item}")) {
            "fine" => Some(ReviewResult::Fine),
            "doubtful" => Some(ReviewResult::Doubtful),
            _ => None,
        };
        Finding { item: item.to_owned(), result, remark: remark.clone() }
    };
    remarks.map(finding).collect()
}

/// A note is written or struck out, on whichever page it stands.
pub(crate) async fn note(visit: &Visit<'_>, case: &str) -> Page {
    let (asked, viewer, case) = (visit.asked, visit.viewer()?, id(case)?);
    let back = format!("/applications/{case}/review#notes");
    if asked.field("step") == "strike" {
        visit.service.strike_note(viewer, case, id(asked.field("note"))?).await?;
        return Ok(visit.done(&back, "struck"));
    }
    let text = asked.field("text");
    match visit.service.add_note(viewer, case, text, asked.field("key")).await {
        // The same form was sent twice: the first note is the one.
        Ok(()) | Err(Error::IdempotencyConflict) => Ok(visit.done(&back, "noted")),
        Err(Error::BadInput { message, .. }) => {
            let message = Some(visit.say(&message).to_owned());
            show(visit, case, Refused { note: text.to_owned(), message, ..Refused::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}
