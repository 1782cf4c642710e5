//! The sandbox: the application of a draft as an applicant would meet it, with the award and its reasons. Nothing that is
//! typed here is kept.

use askama::Template;
use casework::Refusal;
use poem::http::{Method, StatusCode};
use program::definition::{ApplicantFacts, ApplicantKind, BusinessSize};
use program::{CaseFacts, Program};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use service::{Edition, ReadDefinition};
use vocabulary::{Yen, day_in_japan, parse_day};

use super::{Desk, Head};
use crate::forms::{AwardBox, AwardShown, Choice, Drawing, FieldBox, Said, Told, anchor, head, read};
use crate::text::{applicant_kinds, business_sizes};
use crate::visit::{Frame, Page, Visit};

/// The form that every case begins with.
const FORM: &str = "application";

#[derive(Template)]
#[template(path = "officer/try.html")]
struct Trial {
    frame: Frame,
    head: Head,
    errors: Vec<Said>,
    action: String,
    shown: Option<Shown>,
}

struct Shown {
    kinds: Vec<Choice>,
    sizes: Vec<Choice>,
    since: String,
    fields: Vec<FieldBox>,
    /// Fields that are asked for, with spaces between.
    asked: String,
    documents: Vec<String>,
    /// HTML
    award: String,
    /// It was checked, and nothing is wrong.
    is_right: bool,
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    let asked = visit.asked;
    let read = visit.service.read_definition(visit.viewer()?, &desk.name, Edition::Draft).await?;
    let found = read.as_ref().and_then(|read| read.program.as_ref().map(|program| (read, program)));
    let is_checked = asked.method == Method::POST && asked.field("step") == "check";
    let (told, shown) = match found {
        Some((read, program)) => tried(visit, read, program, is_checked),
        None => (Told::default(), None),
    };
    let form = found.and_then(|(_, program)| program.form(FORM));
    let place = |path: &str| {
        let field = form.and_then(|form| form.fields.get(head(path)));
        field.map(|field| (format!("#{}", anchor(path)), visit.say(&field.rule.label).to_owned()))
    };
    let errors = told.summary(place, visit.locale);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Trial {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(desk.title(visit)) },
        head: desk.head(visit, "edit/try"),
        errors,
        action: desk.href("edit/try"),
        shown,
    };
    Ok(visit.page_with(status, &page))
}

/// What the form says to what was typed; on the first visit to the sample of its scenarios.
fn tried(visit: &Visit<'_>, read: &ReadDefinition, program: &Program, is_checked: bool) -> (Told, Option<Shown>) {
    let Some(form) = program.form(FORM) else { return (Told::default(), None) };
    let today = day_in_japan(visit.service.now());
    let values: Map<String, Json> = if visit.asked.method == Method::POST {
        self::read(form.fields.iter(), &visit.asked.fields)
    } else {
        let sample = read.scenarios.as_ref().and_then(|all| all.samples.get(FORM));
        sample.cloned().unwrap_or_else(|| program.sample(FORM, today))
    };
    let mut facts = CaseFacts::of_applicant(applicant(visit, read), today);
    let check = program.check_form(FORM, &values, None, &facts);
    let (fields, documents) = program.asked(FORM, &values, &facts);
    let (asked, documents): (Vec<String>, Vec<String>) = (
        fields.into_iter().map(str::to_owned).collect(),
        documents.into_iter().map(|document| visit.say(&document.label).to_owned()).collect(),
    );
    let told =
        Told::of(if is_checked { check.faults.iter().cloned().map(Refusal::from).collect() } else { Vec::new() });
    let is_right = is_checked && check.is_clean();
    facts.forms.insert(FORM.to_owned(), check.clean);
    let award = program.definition().program.amount.as_ref().map(|_| {
        let award = program.award(FORM, None, &facts).ok();
        AwardBox { t: visit.t, award: award.map(|award| AwardShown::of(&award, visit.locale)), unfinished: false }
            .to_string()
    });
    let drawing = Drawing {
        t: visit.t,
        values: &values,
        told: &told,
        remarks: &[],
        asked: Some(&asked),
        open: None,
        marked: None,
    };
    let choices = |known: &[(&str, vocabulary::Bilingual)], chosen: &str| {
        let known = known.iter().filter(|(value, _)| !value.is_empty());
        let choice = |(value, label): &(&str, vocabulary::Bilingual)| Choice {
            chosen: *value == chosen,
            value: (*value).to_owned(),
            label: visit.say(label).to_owned(),
        };
        known.map(choice).collect()
    };
    let shown = Shown {
        kinds: choices(&applicant_kinds(), &word(&facts.applicant.kind)),
        sizes: choices(&business_sizes(), &word(&facts.applicant.size)),
        since: facts.applicant.established_here_on.to_string(),
        fields: drawing.fields(form.fields.iter()),
        asked: asked.join(" "),
        documents,
        award: award.unwrap_or_default(),
        is_right,
    };
    (told, Some(shown))
}

/// Whoever the scenarios let apply, with what was chosen over it.
fn applicant(visit: &Visit<'_>, read: &ReadDefinition) -> ApplicantFacts {
    let today = day_in_japan(visit.service.now());
    let scenarios = read.scenarios.as_ref();
    let sample = scenarios.and_then(|all| {
        all.sample_applicant.clone().or_else(|| all.scenarios.iter().find_map(|one| one.applicant.clone()))
    });
    let mut facts = sample.unwrap_or(ApplicantFacts {
        kind: ApplicantKind::Company,
        size: BusinessSize::Sme,
        deemed_large: false,
        established_here_on: today,
        employees: 0,
        capital: Yen::ZERO,
        trade: String::new(),
    });
    let typed = |name: &str| visit.asked.field(name);
    facts.kind = chosen(typed("kind")).unwrap_or(facts.kind);
    facts.size = chosen(typed("size")).unwrap_or(facts.size);
    facts.established_here_on = parse_day(typed("since")).unwrap_or(facts.established_here_on);
    facts
}

fn chosen<T: DeserializeOwned>(typed: &str) -> Option<T> {
    serde_json::from_value(json!(typed)).ok()
}

fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
