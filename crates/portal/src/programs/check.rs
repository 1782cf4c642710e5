//! A quick check before anybody signs up: whether whoever asks may apply, and why not. Nothing that is typed is kept.

use askama::Template;
use casework::Refusal;
use indexmap::IndexMap;
use poem::http::StatusCode;
use program::definition::{ApplicantRules, Name};
use program::{FormField, check_fields};
use serde_json::Map;

use super::href;
use crate::businesses;
use crate::forms::{Drawing, FieldBox, Said, Told, VALUE, anchor, given, read};
use crate::visit::{Frame, Page, Visit};

#[derive(Template)]
#[template(path = "programs/check.html")]
struct Check {
    frame: Frame,
    program: String,
    href: String,
    errors: Vec<Said>,
    fields: Vec<FieldBox>,
    /// What stands in the way; none before anything was asked.
    reasons: Option<Vec<Said>>,
}

pub(crate) async fn check(visit: &Visit<'_>, municipality: &str, slug: &str) -> Page {
    let version = visit.service.program(&format!("{municipality}/{slug}"), None).await?;
    let text = &version.program.definition().program;
    let fields = asked_of(&text.applicant);
    let sent = &visit.asked.query;
    let is_sent = sent.iter().any(|(name, _)| name == "sent" || name.starts_with(VALUE));
    let values = if is_sent { read(fields.iter(), sent) } else { Map::new() };
    let (mut told, mut reasons) = (Told::default(), None);
    if is_sent {
        let rules = fields.iter().map(|(name, field)| (name.clone(), field.rule.clone())).collect();
        let checked = check_fields(&rules, &given(values.clone()));
        if checked.is_clean() {
            let found = visit.service.quick_check(&version.program, businesses::applicant(&checked.clean)?);
            reasons = Some(Told::of(found).summary(|_| None, visit.locale));
        } else {
            told = Told::of(checked.faults.into_iter().map(Refusal::from).collect());
        }
    }
    let place = |path: &str| {
        let field = fields.get(path)?;
        Some((format!("#{}", anchor(path)), visit.say(&field.rule.label).to_owned()))
    };
    let errors = told.summary(place, visit.locale);
    let drawing =
        Drawing { t: visit.t, values: &values, told: &told, remarks: &[], asked: None, open: None, marked: None };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Check {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(visit.t.quick_check()) },
        program: visit.say(&text.title).to_owned(),
        href: href(&version),
        errors,
        fields: drawing.fields(fields.iter()),
        reasons,
    };
    Ok(visit.page_with(status, &page))
}

/// What is asked of a business when it registers, as far as the conditions of the program speak of it.
fn asked_of(rules: &ApplicantRules) -> IndexMap<Name, FormField> {
    let speak_of = |name: &str| rules.must.iter().any(|need| need.when.contains(&format!("applicant.{name}")));
    let fields = businesses::fields().into_iter().filter(|(name, _)| name == "kind" || speak_of(name));
    fields
        .map(|(name, mut field)| {
            field.rule.required = true;
            (name, field)
        })
        .collect()
}
