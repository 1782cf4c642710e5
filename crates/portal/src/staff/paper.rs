//! 代理入力: what comes on paper is typed in for the business, from here on in the pages that applicants have.

use std::iter::once;

use askama::Template;
use casework::Refusal;
use indexmap::IndexMap;
use poem::http::StatusCode;
use program::FormField;
use program::definition::{FieldType, Name, Role};
use serde_json::{Map, Value};
use service::{Error, OnPaper, PaperApplicant};
use vocabulary::parse_day;

use crate::businesses::{business, fields, own_name};
use crate::forms::{Drawing, FieldBox, Said, Told, anchor, field, given, read};
use crate::text;
use crate::visit::{Frame, Page, Visit, Wrong, not_found};

const PROGRAM: &str = "program";
const RECEIVED_ON: &str = "received_on";
const NUMBER: &str = "corporate_number";
/// Programs to choose from.
const MOST_PROGRAMS: usize = 1_000;

#[derive(Template)]
#[template(path = "staff/paper.html")]
struct Paper {
    frame: Frame,
    errors: Vec<Said>,
    /// Address and words.
    drafts: Vec<(String, String)>,
    fields: Vec<FieldBox>,
    key: String,
}

/// The paper, and whose it is.
async fn asked(visit: &Visit<'_>) -> Result<IndexMap<Name, FormField>, Wrong> {
    let viewer = visit.viewer()?;
    let clerk = viewer.municipalities().into_iter().filter(|place| viewer.person.has_role(place, Role::Clerk));
    let mut program = field(FieldType::Choice, text::paper_program(), true);
    for place in clerk {
        let found = visit.service.programs(Some(&place), None, MOST_PROGRAMS, None).await?;
        let choices = found.items.into_iter().filter(|(_, version)| !version.closed);
        program
            .rule
            .choices
            .extend(choices.map(|(name, version)| (name, version.program.definition().program.title.clone())));
    }
    if program.rule.choices.is_empty() {
        return Err(not_found());
    }
    let day = field(FieldType::Date, text::paper_day(), true);
    Ok(once((PROGRAM.to_owned(), program)).chain(once((RECEIVED_ON.to_owned(), day))).chain(fields()).collect())
}

pub(crate) async fn page(visit: &Visit<'_>) -> Page {
    show(visit, StatusCode::OK, &Map::new(), &Told::default()).await
}

async fn show(visit: &Visit<'_>, status: StatusCode, values: &Map<String, Value>, told: &Told) -> Page {
    let t = visit.t;
    let fields = asked(visit).await?;
    let drawing = Drawing { t, values, told, remarks: &[], asked: None, open: None, marked: None };
    let place = |path: &str| {
        let field = fields.get(path)?;
        Some((format!("#{}", anchor(path)), visit.say(&field.rule.label).to_owned()))
    };
    let errors = told.summary(place, visit.locale);
    let drafts = visit.service.typed_in(visit.viewer()?).await?;
    let draft = |draft: service::Application| {
        let title = visit.say(&draft.program.definition().program.title).to_owned();
        (format!("/applications/{}", draft.case.id), format!("{} — {title}", draft.case.business.name))
    };
    let page = Paper {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(t.paper()) },
        errors,
        drafts: drafts.into_iter().map(draft).collect(),
        fields: drawing.fields(fields.iter()),
        key: visit.key(),
    };
    Ok(visit.page_with(status, &page))
}

pub(crate) async fn start(visit: &Visit<'_>) -> Page {
    let (viewer, wrong) = (visit.viewer()?, StatusCode::UNPROCESSABLE_ENTITY);
    let all = asked(visit).await?;
    let values = read(all.iter(), &visit.asked.fields);
    let text = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    // A number alone is enough for whoever is registered.
    let is_known = !text(NUMBER).is_empty() && text("name").is_empty();
    let wanted = |name: &str| !is_known || [PROGRAM, RECEIVED_ON, NUMBER].contains(&name);
    let rules = all.iter().filter(|(name, _)| wanted(name)).map(|(name, field)| (name.clone(), field.rule.clone()));
    let typed = given(values.clone()).into_iter().filter(|(name, _)| wanted(name)).collect();
    let check = program::check_fields(&rules.collect(), &typed);
    if !check.is_clean() {
        let told = Told::of(check.faults.into_iter().map(Refusal::from).collect());
        return show(visit, wrong, &values, &told).await;
    }
    let clean = |name: &str| check.clean.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let applicant = match is_known {
        true => PaperApplicant::Registered(clean(NUMBER)),
        false => PaperApplicant::New(business(&check.clean)?),
    };
    let received_on = parse_day(&clean(RECEIVED_ON)).unwrap_or_default();
    let paper = OnPaper { program: clean(PROGRAM), received_on, applicant };
    match visit.service.start_on_paper(viewer, paper, visit.asked.field("key")).await {
        Ok(application) => {
            let offered = visit.service.available_actions(viewer, std::slice::from_ref(&application)).await?;
            let form = offered.iter().flatten().find(|action| action.permitted && action.form.is_some());
            let case = format!("/applications/{}", application.case.id);
            let form = form.map_or_else(|| case.clone(), |action| format!("{case}/act/{}", action.name));
            Ok(visit.done(&form, "paper-begun"))
        }
        Err(Error::BadInput { path, message }) => {
            show(visit, wrong, &values, &Told::one(path.map(|path| own_name(&path)), message)).await
        }
        Err(Error::Refused(mut refusals)) => {
            for refusal in &mut refusals {
                refusal.path = refusal.path.as_deref().map(own_name);
            }
            show(visit, wrong, &values, &Told::of(refusals)).await
        }
        Err(error) => Err(error.into()),
    }
}
