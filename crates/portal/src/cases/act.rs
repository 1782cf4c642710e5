//! Taking an action: a form in parts that keeps what is typed, its documents, and at the end the act itself.

use askama::Template;
use casework::DocumentRef;
use poem::http::StatusCode;
use program::Form;
use program::definition::Name;
use serde_json::Value;
use service::{DraftView, Error, Seen};
use uuid::Uuid;
use vocabulary::{Bilingual, Yen};

use super::confirm;
use super::desk::{Desk, Outcome, Step};
use super::one::ACTED;
use crate::answer::Answer;
use crate::forms::{
    Drawing, FieldBox, NewerBox, Part, REMOVE_ROW, Said, Told, VALUE, anchor, head, names_of_banks, of, proves,
    read_as, settle,
};
use crate::text::Text;
use crate::visit::{Frame, Page, Visit, Wrong, not_found};

/// Events that are told of when somebody else was faster.
const EVENTS: usize = 5;
/// Letters of the name of an opened page.
const LONGEST_KEY: usize = 64;

#[derive(Template)]
#[template(path = "cases/page.html")]
struct FieldsPage {
    frame: Frame,
    case: String,
    program: String,
    steps: Vec<Step>,
    errors: Vec<Said>,
    message: Option<String>,
    action: String,
    page: usize,
    /// Of the draft.
    revision: i64,
    /// The name of the opened page.
    key: String,
    autosave: bool,
    /// The names of the fields on it, with spaces between.
    names: String,
    /// HTML
    newer: String,
    fields: Vec<FieldBox>,
    /// HTML
    award: Option<String>,
}

#[derive(Template)]
#[template(path = "cases/documents.html")]
struct DocumentsPage {
    frame: Frame,
    case: String,
    program: String,
    steps: Vec<Step>,
    errors: Vec<Said>,
    action: String,
    key: String,
    slots: Vec<Slot>,
    next: String,
}

struct Slot {
    id: String,
    name: String,
    label: String,
    hint: Option<String>,
    remark: Option<String>,
    required: bool,
    locked: bool,
    errors: Vec<String>,
    files: Vec<Receipt>,
    /// Of the costs that its files prove.
    rows: Vec<RowShown>,
}

/// A file as it is kept.
struct Receipt {
    id: String,
    name: String,
    sha256: String,
    /// Which rows of costs it proves, in words.
    proves: Option<String>,
    /// Where that is changed.
    change: Option<String>,
    /// The rows to choose from, while it is being changed.
    rows: Vec<RowShown>,
}

/// A row of costs, beside which a file is to be chosen.
struct RowShown {
    /// From 0.
    number: usize,
    what: String,
    /// How many files prove it, in words; nothing while there is none.
    files: Option<String>,
    /// The first that has none, so that it is the one that the next file is probably for; or one that the file proves.
    chosen: bool,
}

/// What autosaving puts into the page.
#[derive(Template)]
#[template(path = "cases/fragment.html")]
struct Fragment {
    saved: String,
    /// Of the draft, with what the page has just sent.
    revision: i64,
    /// HTML
    newer: String,
    /// The fields that are asked for now, with spaces between.
    asked: String,
    /// Where the name of a bank or branch stands, and the name.
    banks: Vec<(String, String)>,
    /// HTML
    award: String,
}

pub(crate) async fn act_page(visit: &Visit<'_>, case: &str, action: &str) -> Page {
    let desk = Desk::open(visit, case, action).await?;
    if !desk.offered {
        return Ok(visit.done(&desk.case_href(), "not-offered"));
    }
    let page = desk.page(visit.asked.parameter("page"));
    show(visit, &desk, page, StatusCode::OK, Outcome::default()).await
}

pub(crate) async fn act(visit: &Visit<'_>, case: &str, action: &str) -> Page {
    let desk = Desk::open(visit, case, action).await?;
    match visit.asked.field("step") {
        "attach" => attach(visit, &desk).await,
        "detach" => detach(visit, &desk).await,
        "prove" => prove(visit, &desk).await,
        step @ ("next" | "stay" | "more" | "autosave") => save(visit, &desk, step).await,
        step if step.starts_with(REMOVE_ROW) => save(visit, &desk, step).await,
        _ => perform(visit, desk).await,
    }
}

async fn show(visit: &Visit<'_>, desk: &Desk, page: usize, status: StatusCode, outcome: Outcome) -> Page {
    match (desk.part(page), &desk.form) {
        (Some(Part::Fields(names)), Some(_)) => fields_page(visit, desk, page, names, status, outcome).await,
        (Some(Part::Documents), Some(_)) => documents_page(visit, desk, page, status, outcome).await,
        _ => confirm::page(visit, desk, page, status, outcome).await,
    }
}

async fn fields_page(
    visit: &Visit<'_>,
    desk: &Desk,
    page: usize,
    names: &[Name],
    status: StatusCode,
    outcome: Outcome,
) -> Page {
    let Some(form) = &desk.form else { return Err(not_found()) };
    let filled = desk.filled_in(visit).await?;
    let case = desk.application.case.id;
    let newer = NewerBox::of(visit.t, form, &filled.values, &outcome.unsaved);
    let mut values = filled.values.clone();
    values.extend(outcome.unsaved);
    let asked = visit.service.asked(visit.viewer()?, case, &form.name, &values).await?;
    // A table of real costs begins with what was planned.
    let planned = asked.planned.keys().any(|name| names.contains(name));
    values.extend(asked.planned);
    let message = outcome.message.or_else(|| planned.then(|| visit.t.begins_as_planned().to_owned()));
    let open = desk.open_fields(&asked.fields);
    let drawing = Drawing {
        t: visit.t,
        values: &values,
        told: &outcome.told,
        remarks: desk.remarks(),
        asked: Some(&asked.fields),
        open: open.as_ref(),
        marked: None,
    };
    let fields = drawing.fields(of(&form.fields, names));
    let errors = desk.said(visit, &outcome.told);
    let page = FieldsPage {
        frame: Frame { has_errors: !errors.is_empty() || !newer.is_empty(), ..visit.frame(desk.title(visit)) },
        case: desk.case_href(),
        program: desk.program(visit),
        steps: desk.steps(visit, page),
        errors,
        message,
        action: desk.href(None),
        page,
        revision: filled.revision,
        key: visit.key(),
        autosave: true,
        names: names.join(" "),
        newer: newer.to_string(),
        fields,
        award: desk.award(visit, &values, names).await?.map(|award| award.to_string()),
    };
    Ok(visit.page_with(status, &page))
}

async fn documents_page(visit: &Visit<'_>, desk: &Desk, page: usize, status: StatusCode, outcome: Outcome) -> Page {
    let Some(form) = &desk.form else { return Err(not_found()) };
    let filled = desk.filled_in(visit).await?;
    let case = desk.application.case.id;
    let asked = visit.service.asked(visit.viewer()?, case, &form.name, &filled.values).await?;
    let open = desk.open_fields(&asked.fields);
    let wanted = form.documents.iter().filter(|slot| {
        asked.documents.contains(&slot.name) || filled.documents.get(&slot.name).is_some_and(|files| !files.is_empty())
    });
    let slots = wanted.map(|slot| {
        let path = format!("documents.{}", slot.name);
        let remarks = desk.remarks().iter().filter(|mark| mark.field == path);
        let remarks: Vec<&str> = remarks.map(|mark| mark.remark.as_str()).collect();
        let handed_in = filled.documents.get(&slot.name).is_some_and(|files| !files.is_empty());
        Slot {
            id: anchor(&path),
            name: slot.name.clone(),
            label: visit.say(&slot.label).to_owned(),
            hint: slot.hint.as_ref().map(|hint| visit.say(hint).to_owned()),
            remark: (!remarks.is_empty()).then(|| remarks.join("\n")),
            required: !slot.optional,
            locked: handed_in && open.as_ref().is_some_and(|open| !open.contains(&path)),
            errors: outcome.told.within(&path, visit.locale),
            files: receipts(visit, desk, form, &filled, (&slot.name, page)),
            rows: rows_to_prove(visit.t, form, &filled, &slot.name, None),
        }
    });
    let errors = desk.said(visit, &outcome.told);
    let page = DocumentsPage {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(desk.title(visit)) },
        case: desk.case_href(),
        program: desk.program(visit),
        steps: desk.steps(visit, page),
        errors,
        action: desk.href(Some(page)),
        key: visit.key(),
        slots: slots.collect(),
        next: desk.href(Some(page + 1)),
    };
    Ok(visit.page_with(status, &page))
}

fn receipts(
    visit: &Visit<'_>,
    desk: &Desk,
    form: &Form,
    filled: &DraftView,
    (slot, page): (&str, usize),
) -> Vec<Receipt> {
    let receipt = |file: &DocumentRef| {
        let id = file.file.to_string();
        let proves = proves(visit.t, form, slot, file, &filled.values);
        let changing = visit.asked.parameter("file") == id;
        Receipt {
            change: proves
                .as_ref()
                .map(|_| format!("{}&file={id}#{}", desk.href(Some(page)), anchor(&format!("documents.{slot}")))),
            rows: if changing { rows_to_prove(visit.t, form, filled, slot, Some(&id)) } else { Vec::new() },
            name: file.name.clone(),
            sha256: file.sha256.clone(),
            proves,
            id,
        }
    };
    filled.documents.get(slot).into_iter().flatten().map(receipt).collect()
}

/// The rows of the costs that a slot's files prove, to choose those of a new file, or of one that is there.
fn rows_to_prove(t: Text, form: &Form, filled: &DraftView, slot: &str, of: Option<&str>) -> Vec<RowShown> {
    let files = filled.documents.get(slot).map(Vec::as_slice).unwrap_or_default();
    let proved = files.iter().map(|file| form.rows_proved_by(slot, &file.file.to_string(), &filled.values));
    let proved: Vec<Vec<usize>> = proved.collect();
    let mut waits = of.is_none();
    let own = of.map(|file| form.rows_proved_by(slot, file, &filled.values)).unwrap_or_default();
    let rows = form.proved_by(slot).and_then(|(table, _)| filled.values.get(table)?.as_array());
    let row = |(number, row): (usize, &Value)| {
        let text = |part: &str| row.get(part).and_then(Value::as_str).unwrap_or_default().to_owned();
        let yen = |part: &str| row.get(part).and_then(Value::as_i64).unwrap_or_default();
        let gross = Yen::new(yen("net").saturating_add(yen("tax"))).map(|yen| yen.to_string()).unwrap_or_default();
        let files = proved.iter().filter(|rows| rows.contains(&number)).count();
        let next = waits && files == 0;
        waits &= !next;
        let files = (files > 0).then(|| t.files_attached(files));
        let chosen = next || own.contains(&number);
        RowShown { number, what: t.row_to_prove(number + 1, &text("what"), &text("supplier"), &gross), files, chosen }
    };
    rows.into_iter().flatten().enumerate().map(row).collect()
}

/// Keeps one page of the form. What another page has saved since this one was opened is asked about first. Going on, the page is shown again while something on it is wrong or more is asked.
async fn save(visit: &Visit<'_>, desk: &Desk, step: &str) -> Page {
    let viewer = visit.viewer()?;
    let page = desk.page(visit.asked.field("page"));
    let (Some(form), Some(Part::Fields(names))) = (&desk.form, desk.part(page)) else { return Err(not_found()) };
    let case = desk.application.case.id;
    let before = desk.filled_in(visit).await?;
    let asked_before = visit.service.asked(viewer, case, &form.name, &before.values).await?.fields;
    let open = desk.open_fields(&asked_before);
    let may_change = |name: &str| open.as_ref().is_none_or(|open| open.contains(name));
    // A page that was opened on another version has other fields, or other names for them.
    let on_page = visit.asked.field("fields").split_whitespace().map(str::to_owned);
    let on_page = visit.service.names_now(&desk.application, &form.name, on_page).await?;
    let may_be_sent = form.fields.iter().filter(|(name, _)| may_change(name));
    let mut typed = visit.asked.fields.clone();
    if let Some(row) = step.strip_prefix(REMOVE_ROW) {
        typed.retain(|(name, _)| !name.strip_prefix(VALUE).is_some_and(|name| name.starts_with(&format!("{row}."))));
    }
    let mut sent = read_as(may_be_sent, &on_page, &typed);
    let unsettled = settle(&mut sent, &on_page, visit.asked, step == "autosave");
    let opened = visit.asked.field("opened");
    let seen = Seen {
        revision: visit.asked.field("revision").parse().unwrap_or_default(),
        page: (1..=LONGEST_KEY).contains(&opened.len()).then(|| opened.to_owned()),
        unsettled,
    };
    let saved = visit.service.save_fields(viewer, case, &form.name, sent.clone(), &seen).await?;
    let (revision, newer) = (saved.revision, saved.newer);
    sent.retain(|name, _| newer.contains_key(name));

    let filled = desk.filled_in(visit).await?;
    let asked = visit.service.asked(viewer, case, &form.name, &filled.values).await?.fields;
    if step == "autosave" {
        let newer = NewerBox::of(visit.t, form, &newer, &sent);
        let saved = match newer.is_empty() {
            true => visit.t.saved_at(&visit.time(visit.service.now())),
            false => visit.t.saved_but_newer().to_owned(),
        };
        let award = desk.award(visit, &filled.values, names).await?.map(|award| award.to_string()).unwrap_or_default();
        let banks = names_of_banks(visit.t, of(&form.fields, names), &filled.values);
        let (newer, asked) = (newer.to_string(), asked.join(" "));
        return Ok(visit.page(&Fragment { saved, revision, newer, asked, banks, award }));
    }
    if !sent.is_empty() {
        let message = Some(visit.t.saved_but_newer().to_owned());
        let outcome = Outcome { message, unsaved: sent, ..Outcome::default() };
        return show(visit, desk, page, StatusCode::CONFLICT, outcome).await;
    }
    let here = |name: &&Name| names.contains(name);
    let more = asked.iter().filter(here).any(|name| !asked_before.contains(name));
    let message = |text: &str| Outcome { message: Some(text.to_owned()), ..Outcome::default() };
    if more {
        return show(visit, desk, page, StatusCode::OK, message(visit.t.more_questions())).await;
    }
    if step != "next" {
        return Ok(visit.done(&desk.href(Some(page)), "saved"));
    }
    let refusals = visit.service.rehearse(viewer, case, &desk.bare_act()).await?;
    let on_this_page = |path: &str| names.iter().any(|name| name == head(path));
    let refusals: Vec<_> =
        refusals.into_iter().filter(|refusal| refusal.path.as_deref().is_some_and(on_this_page)).collect();
    if refusals.is_empty() {
        return Ok(Answer::see(&desk.href(Some(page + 1))));
    }
    let outcome = Outcome { told: Told::of(refusals), ..message(visit.t.saved_with_faults()) };
    show(visit, desk, page, StatusCode::UNPROCESSABLE_ENTITY, outcome).await
}

/// The file comes in, and its receipt is shown: name and digest as they are kept.
async fn attach(visit: &Visit<'_>, desk: &Desk) -> Page {
    let (viewer, asked) = (visit.viewer()?, visit.asked);
    let Some(form) = &desk.form else { return Err(not_found()) };
    let (case, slot, page) = (desk.application.case.id, asked.field("slot"), desk.page(asked.parameter("page")));
    let shown = asked.field("shown").parse::<usize>().unwrap_or_default();
    let kept = match &asked.file {
        Some(file) => match visit.service.upload(viewer, &file.name, file.bytes.clone()).await {
            Ok(stored) => {
                let key = asked.field("key");
                // None in particular is all of them.
                let (chosen, filled) = (chosen_rows(visit), desk.filled_in(visit).await?);
                let table = form.proved_by(slot).and_then(|(table, _)| filled.values.get(table)?.as_array());
                let rows = if chosen.is_empty() { (0..table.map_or(0, Vec::len)).collect() } else { chosen };
                let place = (slot, rows.as_slice());
                let attached =
                    visit.service.attach_document(viewer, case, Some(&form.name), place, stored.id, key).await;
                attached.map(|(_, draft)| outcome_of_upload(draft.documents.get(slot), stored.id, shown))
            }
            Err(error) => Err(error),
        },
        None => Err(Error::bad_input("file", "ファイルを選んでください", "Choose a file")),
    };
    match kept {
        Ok(notice) => Ok(visit.done(&desk.href(Some(page)), notice)),
        // The same form was sent twice: the first file is the one.
        Err(Error::IdempotencyConflict) => Ok(visit.done(&desk.href(Some(page)), "uploaded")),
        Err(Error::BadInput { message, .. }) => refused_at(visit, desk, page, slot, message).await,
        Err(error) => Err(error.into()),
    }
}

/// What is said of a file in a slot of which the page has shown so many: another window may have been faster.
fn outcome_of_upload(files: Option<&Vec<DocumentRef>>, file: Uuid, shown: usize) -> &'static str {
    let files = files.map(Vec::as_slice).unwrap_or_default();
    match files.iter().any(|kept| kept.file == file) {
        false => "uploaded-before",
        true if files.len() > shown + 1 => "uploaded-beside",
        true => "uploaded",
    }
}

/// The page again, with what is wrong beside a document slot.
async fn refused_at(visit: &Visit<'_>, desk: &Desk, page: usize, slot: &str, message: Bilingual) -> Page {
    let told = Told::one(Some(format!("documents.{slot}")), message);
    show(visit, desk, page, StatusCode::UNPROCESSABLE_ENTITY, Outcome { told, ..Outcome::default() }).await
}

fn chosen_rows(visit: &Visit<'_>) -> Vec<usize> {
    let rows = visit.asked.fields.iter().filter(|(name, _)| name == "row");
    rows.filter_map(|(_, row)| row.parse().ok()).collect()
}

/// Another choice of the rows that a file proves.
async fn prove(visit: &Visit<'_>, desk: &Desk) -> Page {
    let asked = visit.asked;
    let Some(form) = &desk.form else { return Err(not_found()) };
    let file = Uuid::try_parse(asked.field("file")).map_err(|_| not_found())?;
    let (case, place) = (desk.application.case.id, (form.name.as_str(), asked.field("slot")));
    let page = desk.page(asked.parameter("page"));
    match visit.service.prove_rows(visit.viewer()?, case, place, file, &chosen_rows(visit)).await {
        Ok(()) => Ok(visit.done(&desk.href(Some(page)), "saved")),
        // The table has lost rows since the page was made.
        Err(Error::BadInput { message, .. }) => refused_at(visit, desk, page, place.1, message).await,
        Err(error) => Err(error.into()),
    }
}

async fn detach(visit: &Visit<'_>, desk: &Desk) -> Page {
    let asked = visit.asked;
    let Some(form) = &desk.form else { return Err(not_found()) };
    let file = Uuid::try_parse(asked.field("file")).map_err(|_| not_found())?;
    let case = desk.application.case.id;
    let (viewer, slot) = (visit.viewer()?, asked.field("slot"));
    visit.service.detach_document(viewer, case, Some(&form.name), slot, file, None).await?;
    Ok(visit.done(&desk.href(Some(desk.page(asked.parameter("page")))), "removed"))
}

/// The act itself. Sent twice it is done once, and both see the same.
async fn perform(visit: &Visit<'_>, desk: Desk) -> Page {
    let act = desk.act(visit);
    let (case, expected) = (desk.application.case.id, act.expected_version);
    let last = desk.parts.len();
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    // Nothing is handed in that its page has not shown.
    let shown = visit.asked.field("revision").parse::<i64>().ok();
    let current = desk.offered && expected == desk.application.case.version;
    if let Some(shown) = shown.filter(|_| current && desk.form.is_some())
        && shown != desk.filled_in(visit).await?.revision
    {
        let stale = Some(visit.t.draft_changed().to_owned());
        return show(visit, &desk, last, StatusCode::CONFLICT, Outcome { stale, ..Outcome::default() }).await;
    }
    match visit.service.act(visit.viewer()?, case, act, visit.asked.field("key")).await {
        Ok(_) => Ok(visit.done(&desk.case_href(), &format!("{ACTED}{}", desk.action.name))),
        Err(Error::IdempotencyConflict) => Ok(visit.done(&desk.case_href(), "done-before")),
        // Whose action it is not learns nothing of it.
        Err(Error::Refused(reasons)) if reasons.iter().any(|reason| reason.code == "action.forbidden") => {
            Err(not_found())
        }
        Err(Error::Refused(reasons)) => {
            show(visit, &desk, last, wrong, Outcome { told: Told::of(reasons), ..Outcome::default() }).await
        }
        Err(Error::BadInput { path, message }) => {
            show(visit, &desk, last, wrong, Outcome { told: Told::one(path, message), ..Outcome::default() }).await
        }
        Err(Error::Stale(now)) => {
            let stale = Some(meanwhile(visit, case, expected).await?);
            let desk = Desk::of(visit, *now, &desk.action.name).await?;
            show(visit, &desk, last, StatusCode::CONFLICT, Outcome { stale, ..Outcome::default() }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What was done since the version that the visitor had seen.
async fn meanwhile(visit: &Visit<'_>, case: Uuid, version: i64) -> Result<String, Wrong> {
    let after = version.to_string();
    let events = visit.service.history(visit.viewer()?, case, EVENTS, Some(&after)).await?;
    let lines = events
        .items
        .iter()
        .map(|(_, view)| format!("{} — {} {}", visit.say(&view.label), view.actor_name, visit.time(view.event.at)));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
