//! The office's view of a case: what was handed in beside the documents as pictures, the checklist, how it changed, what looks
//! like it, and the notes.

use askama::Template;
use casework::DocumentRef;
use program::Form;
use program::definition::{FieldType, Name};
use serde_json::Value;
use service::{Application, CheckItem, Error, NoteView, ReviewResult, Similar, SimilarWhy};
use uuid::Uuid;
use vocabulary::time_in_japan;

use super::one::{label_of, state_named};
use crate::forms::{Said, anchor, facts, shown};
use crate::visit::{Frame, Page, Visit, Wrong, id, not_found};

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
    fine: bool,
    doubtful: bool,
    old: bool,
    remark: String,
    error: Option<String>,
}

struct FileShown {
    id: String,
    name: String,
    /// By its ending a picture can be made of it.
    picture: bool,
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
    item: String,
    remark: String,
    note: String,
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
        let again = submissions.iter().filter(|one| one.form == *name && !one.submission.changes.is_empty());
        let revisions = again.map(|one| Revision {
            at: time_in_japan(one.submission.at),
            by: one.by_name.clone(),
            changes: one.submission.changes.iter().map(|change| change_shown(visit, form, change)).collect(),
        });
        Some(FormShown {
            label: visit.say(&form.label).to_owned(),
            at: time_in_japan(submission.at),
            facts: facts(t, form, &values, &submission.documents),
            items: ours.map(|item| item_shown(visit, item, &refused)).collect(),
            revisions: revisions.collect(),
        })
    });
    let forms: Vec<FormShown> = forms.collect();
    let errors: Vec<Said> = match (&refused.message, refused.item.as_str()) {
        (None, _) => Vec::new(),
        (Some(message), "") => vec![Said { anchor: Some("#note".to_owned()), ..Said::plain(message) }],
        (Some(message), item) => vec![Said { anchor: Some(format!("#{}", anchor(item))), ..Said::plain(message) }],
    };
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
        at: time_in_japan(note.at),
        author: note.author_name,
        own: note.own && note.content.is_some(),
        content: note.content,
    };
    Ok(notes.into_iter().map(shown).collect())
}

fn item_shown(visit: &Visit<'_>, item: &CheckItem, refused: &Refused) -> ItemShown {
    let t = visit.t;
    let error = refused.message.clone().filter(|_| refused.item == item.key);
    let checked = item.checked.as_ref();
    let is = |result: ReviewResult| match &error {
        Some(_) => result == ReviewResult::Doubtful,
        None => checked.is_some_and(|checked| checked.result == result),
    };
    let remark = checked.map(|checked| checked.remark.clone()).unwrap_or_default();
    ItemShown {
        key: item.key.clone(),
        id: anchor(&item.key),
        label: visit.say(&item.label).to_owned(),
        files: item.files.iter().map(file_shown).collect(),
        found: checked.map(|checked| {
            let result = match checked.result {
                ReviewResult::Fine => t.found_fine(),
                ReviewResult::Doubtful => t.found_doubtful(),
            };
            let remark = Some(&checked.remark).filter(|remark| !remark.is_empty());
            let remark = remark.map(|remark| format!(": {remark}")).unwrap_or_default();
            format!("{result}{remark} — {} {}", checked.by_name, time_in_japan(checked.at))
        }),
        fine: is(ReviewResult::Fine),
        doubtful: is(ReviewResult::Doubtful),
        old: checked.is_some_and(|checked| checked.is_old),
        remark: if error.is_some() { refused.remark.clone() } else { remark },
        error,
    }
}

fn file_shown(file: &DocumentRef) -> FileShown {
    let ending = file.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    FileShown {
        id: file.file.to_string(),
        name: file.name.clone(),
        picture: matches!(ending.as_str(), "pdf" | "png" | "jpg" | "jpeg"),
    }
}

fn change_shown(visit: &Visit<'_>, form: &Form, change: &casework::Change) -> (String, String, String) {
    let name: &str = change.path.split(['[', '.']).next().unwrap_or_default();
    let field = form.fields.get(name).filter(|_| name == change.path);
    let text = |value: &Value| match field {
        Some(field) if field.rule.kind != FieldType::Costs => shown(visit.t, &field.rule, Some(value)),
        _ if value.is_null() => visit.t.nothing().to_owned(),
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    };
    let mut label = label_of(visit, Some(form), &change.path);
    let inside = change.path.strip_prefix(name).filter(|rest| !rest.is_empty() && name != "documents");
    if let Some(inside) = inside {
        label.push_str(&format!(" {inside}"));
    }
    (label, text(&change.before), text(&change.after))
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
    let (asked, viewer, case) = (visit.asked, visit.viewer()?, id(case)?);
    let item: Name = asked.field("item").to_owned();
    let result = match asked.field("result") {
        "fine" => ReviewResult::Fine,
        "doubtful" => ReviewResult::Doubtful,
        _ => {
            let message = Some(visit.t.choose_result().to_owned());
            return show(visit, case, Refused { item, message, ..Refused::default() }).await;
        }
    };
    let remark = asked.field("remark");
    match visit.service.check_item(viewer, case, &item, result, remark).await {
        Ok(()) => Ok(visit.done(&format!("/applications/{case}/review#{}", anchor(&item)), "checked")),
        Err(Error::BadInput { message, .. }) => {
            let message = Some(visit.say(&message).to_owned());
            show(visit, case, Refused { item, remark: remark.to_owned(), message, ..Refused::default() }).await
        }
        Err(error) => Err(error.into()),
    }
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
