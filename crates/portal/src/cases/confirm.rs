//! The last page of an action: everything as the office will see it, all that is missing at once, and the button. Actions
//! without a form have this page only.

use askama::Template;
use indexmap::IndexMap;
use poem::http::{Method, StatusCode};
use program::FormField;
use program::definition::{FieldType, Name};
use serde_json::{Map, Value};
use service::{CheckItem, ReviewResult};

use super::desk::{Desk, Outcome, Step, amounts_so_far, approval, preview};
use super::one::{Submitted, submitted};
use crate::forms::{Drawing, FieldBox, Said, Told, field, head, read};
use crate::text::{self, Text};
use crate::visit::{Frame, Page, Visit, Wrong};

/// The reason that an internal return asks for.
const COMMENT: &str = "comment";

#[derive(Template)]
#[template(path = "cases/confirm.html")]
struct Confirm {
    frame: Frame,
    case: String,
    program: String,
    steps: Vec<Step>,
    stale: Option<String>,
    errors: Vec<Said>,
    /// What was to be corrected and is not changed.
    unchanged: Vec<String>,
    /// HTML: the award by the form, or the amounts of the case as they are.
    amounts: String,
    /// HTML
    facts: String,
    action: String,
    version: i64,
    /// Of the draft.
    revision: i64,
    key: String,
    fields: Vec<FieldBox>,
    button: String,
}

#[derive(Template)]
#[template(path = "forms/single.html")]
pub(crate) struct Single {
    pub frame: Frame,
    pub back: Option<(String, String)>,
    pub errors: Vec<Said>,
    pub stale: Option<String>,
    pub lead: Option<String>,
    /// HTML
    pub detail: String,
    pub action: String,
    pub hidden: Vec<(&'static str, String)>,
    pub fields: Vec<FieldBox>,
    pub button: String,
}

/// What was handed in, on the page of whoever signs for it.
#[derive(Template)]
#[template(path = "cases/submitted.html")]
struct SubmittedForms {
    t: Text,
    forms: Vec<Submitted>,
}

#[derive(Template)]
#[template(path = "cases/letters.html")]
struct Letters {
    t: Text,
    /// Title and text.
    letters: Vec<(String, String)>,
}

/// The forms that a pending decision is about, as HTML; nothing while none is pending or on pages of applicants.
fn signed_on(visit: &Visit<'_>, desk: &Desk) -> String {
    let pending = desk.application.case.body.pending.is_some() && visit.is_staff();
    if !pending {
        return String::new();
    }
    SubmittedForms { t: visit.t, forms: submitted(visit, &desk.application) }.to_string()
}

/// What the letters of a pending decision will say, as HTML; for whoever signs it.
async fn letters_then(visit: &Visit<'_>, desk: &Desk) -> Result<String, Wrong> {
    if desk.application.case.body.pending.is_none() || desk.action.name != casework::SIGN {
        return Ok(String::new());
    }
    let letters = visit.service.foreseen_letters(visit.viewer()?, &desk.application).await?;
    let letters: Vec<(String, String)> = letters.into_iter().map(|letter| (letter.title, letter.text)).collect();
    Ok(Letters { t: visit.t, letters }.to_string())
}

/// What was found doubtful about documents, to begin the marks of a correction with.
async fn doubts(
    visit: &Visit<'_>,
    desk: &Desk,
    inputs: &IndexMap<Name, FormField>,
) -> Result<Map<String, Value>, Wrong> {
    let Some(form) = desk.action.marks.as_ref().filter(|_| visit.is_staff()) else { return Ok(Map::new()) };
    let items = visit.service.checklist(visit.viewer()?, desk.application.case.id).await?;
    let doubt = |item: &CheckItem| {
        let checked = item.checked.as_ref().filter(|checked| checked.result == ReviewResult::Doubtful)?;
        let path = item.key.strip_prefix(form.as_str())?.strip_prefix('.').filter(|_| item.form == *form)?;
        path.starts_with("documents.").then(|| (path.to_owned(), Value::from(checked.remark.as_str())))
    };
    let marks: Map<String, Value> = items.iter().filter_map(doubt).collect();
    let input = inputs.iter().find(|(_, field)| field.rule.kind == FieldType::FieldMarks);
    let begun = input.filter(|_| !marks.is_empty()).map(|(name, _)| (name.clone(), Value::Object(marks)));
    Ok(begun.into_iter().collect())
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk, here: usize, status: StatusCode, outcome: Outcome) -> Page {
    let case = &desk.application.case;
    let mut inputs = desk.inputs.clone();
    if desk.action.needs_comment {
        inputs.insert(COMMENT.to_owned(), field(FieldType::LongText, text::reason(), true));
    }
    // What was typed stays when the page is shown again.
    let typed = if visit.asked.method == Method::POST {
        read(inputs.iter(), &visit.asked.fields)
    } else {
        doubts(visit, desk, &inputs).await?
    };
    let marks = desk
        .action
        .marks
        .as_ref()
        .and_then(|form| Some((desk.application.program.form(form)?, case.body.forms.get(form)?)));
    let drawing = Drawing {
        t: visit.t,
        values: &typed,
        told: &outcome.told,
        remarks: &[],
        asked: None,
        open: None,
        marked: marks,
    };
    let fields = drawing.fields(inputs.iter());
    let Some(form) = &desk.form else { return single(visit, desk, status, outcome, fields).await };
    let filled = desk.filled_in(visit).await?;
    let errors = if status == StatusCode::OK || status == StatusCode::CONFLICT {
        desk.said(visit, &missing(visit, desk, &inputs).await?)
    } else {
        desk.said(visit, &outcome.told)
    };
    let page = Confirm {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(desk.title(visit)) },
        case: desk.case_href(),
        program: desk.program(visit),
        steps: desk.steps(visit, here),
        stale: outcome.stale,
        errors,
        unchanged: desk.unchanged(visit, &filled),
        amounts: match desk.award(visit, &filled.values, &[]).await? {
            Some(award) => award.to_string(),
            None => amounts_so_far(visit, &desk.application, &desk.action.name, false).await?,
        },
        facts: preview(visit, form, &filled),
        action: desk.href(None),
        version: case.version,
        revision: filled.revision,
        key: visit.key(),
        fields,
        button: desk.button(visit),
    };
    Ok(visit.page_with(status, &page))
}

/// All that stands in the way, by the decision itself; what is asked on this very page is not missing yet.
async fn missing(visit: &Visit<'_>, desk: &Desk, inputs: &IndexMap<Name, FormField>) -> Result<Told, Wrong> {
    let mut refusals = visit.service.rehearse(visit.viewer()?, desk.application.case.id, &desk.bare_act()).await?;
    refusals.retain(|refusal| refusal.path.as_deref().is_none_or(|path| !inputs.contains_key(head(path))));
    Ok(Told::of(refusals))
}

/// An action without a form: its own inputs, or just a button.
async fn single(visit: &Visit<'_>, desk: &Desk, status: StatusCode, outcome: Outcome, fields: Vec<FieldBox>) -> Page {
    let case = &desk.application.case;
    let mut errors = desk.said(visit, &outcome.told);
    if errors.is_empty() {
        errors = desk.action.reasons.iter().map(|reason| Said::plain(visit.say(&reason.message))).collect();
    }
    let page = Single {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(desk.title(visit)) },
        back: Some((desk.case_href(), visit.t.back_to_case().to_owned())),
        errors,
        stale: outcome.stale,
        lead: Some(format!("{} · {}", desk.program(visit), case.business.name)),
        detail: if desk.drafts() {
            amounts_so_far(visit, &desk.application, &desk.action.name, true).await?
        } else {
            let letters = letters_then(visit, desk).await?;
            format!("{}{letters}{}", approval(visit, &desk.application).await?, signed_on(visit, desk))
        },
        action: desk.href(None),
        hidden: vec![("version", case.version.to_string()), ("key", visit.key())],
        fields,
        button: if desk.drafts() { visit.t.draft_it(&desk.button(visit)) } else { desk.button(visit) },
    };
    Ok(visit.page_with(status, &page))
}
