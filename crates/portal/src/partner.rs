//! 第三者: whoever holds a partner's link sees what is meant for them of one case, and answers. The token comes behind the
//! `#` of the link, which browsers keep to themselves; the page sends it on in a form, never in an address.

use askama::Template;
use casework::Act;
use poem::http::StatusCode;
use serde_json::{Map, Value};
use service::{AvailableAction, Error, PARTNER_TOKEN, PartnerCase, PartnerViewer};

use crate::answer::Answer;
use crate::forms::{Drawing, FieldBox, Said, Told, anchor, given, head, read};
use crate::text;
use crate::visit::{Frame, Page, Visit};

#[derive(Template)]
#[template(path = "partner.html")]
struct Door {
    frame: Frame,
    errors: Vec<Said>,
}

#[derive(Template)]
#[template(path = "partner_case.html")]
struct Shown {
    frame: Frame,
    place: String,
    label: String,
    name: String,
    errors: Vec<Said>,
    /// Label and value.
    facts: Vec<(&'static str, String)>,
    /// Kind, name and digest.
    documents: Vec<(String, String, String)>,
    actions: Vec<Offered>,
    token: String,
    version: i64,
    key: String,
}

struct Offered {
    name: String,
    label: String,
    permitted: bool,
    reasons: Vec<String>,
    fields: Vec<FieldBox>,
}

pub(crate) fn door(visit: &Visit<'_>) -> Answer {
    visit.page(&Door { frame: visit.frame(visit.t.partner_title()), errors: Vec::new() })
}

/// The case, and what the partner does in it.
pub(crate) async fn case(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    // People without scripts paste the whole link.
    let token = asked.field("token").trim().rsplit('#').next().unwrap_or_default();
    let viewer = match token.starts_with(PARTNER_TOKEN) {
        true => visit.service.partner_by_token(token).await,
        false => Err(Error::Unauthenticated),
    };
    let viewer = match viewer {
        Ok(viewer) => viewer,
        Err(Error::Unauthenticated) => {
            let errors = vec![Said::plain(visit.t.partner_link_over())];
            let frame = Frame { has_errors: true, ..visit.frame(visit.t.partner_title()) };
            return Ok(visit.page_with(StatusCode::UNAUTHORIZED, &Door { frame, errors }));
        }
        Err(error) => return Err(error.into()),
    };
    let case = visit.service.partner_case(&viewer).await?;
    if asked.field("step") != "perform" {
        return Ok(shown(visit, &case, token, StatusCode::OK, (Told::default(), "")));
    }
    perform(visit, &viewer, case, token).await
}

async fn perform(visit: &Visit<'_>, viewer: &PartnerViewer, case: PartnerCase, token: &str) -> Page {
    let asked = visit.asked;
    let action = asked.field("action");
    let act = Act {
        action: action.to_owned(),
        expected_version: asked.field("version").parse().unwrap_or(case.version),
        values: given(sent(visit, case.actions.iter().find(|offered| offered.name == action))),
        ..Act::default()
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match visit.service.act_as_partner(viewer, act, asked.field("key")).await {
        // Sent twice it was done once, and both see the same.
        Ok(case) => Ok(done(visit, &case, token)),
        Err(Error::IdempotencyConflict) => Ok(done(visit, &visit.service.partner_case(viewer).await?, token)),
        Err(Error::Conflict) => {
            let now = visit.service.partner_case(viewer).await?;
            let told = Told::one(None, text::changed_meanwhile());
            Ok(shown(visit, &now, token, StatusCode::CONFLICT, (told, action)))
        }
        Err(Error::Refused(reasons)) => Ok(shown(visit, &case, token, wrong, (Told::of(reasons), action))),
        Err(Error::BadInput { path, message }) => {
            Ok(shown(visit, &case, token, wrong, (Told::one(path, message), action)))
        }
        Err(error) => Err(error.into()),
    }
}

fn sent(visit: &Visit<'_>, action: Option<&AvailableAction>) -> Map<String, Value> {
    let form = action.and_then(|action| action.form.as_ref());
    form.map(|form| read(form.fields.iter(), &visit.asked.fields)).unwrap_or_default()
}

fn done(visit: &Visit<'_>, case: &PartnerCase, token: &str) -> Answer {
    let mut page = page(visit, case, token, (Told::default(), ""));
    page.frame.notice = Some(visit.t.done().to_owned());
    visit.page(&page)
}

fn shown(visit: &Visit<'_>, case: &PartnerCase, token: &str, status: StatusCode, said: (Told, &str)) -> Answer {
    visit.page_with(status, &page(visit, case, token, said))
}

/// `taken` is the action that was refused; what was typed into its form stays.
fn page(visit: &Visit<'_>, case: &PartnerCase, token: &str, (told, taken): (Told, &str)) -> Shown {
    let t = visit.t;
    let none = (Map::new(), Told::default());
    let place = |path: &str| {
        let form = case.actions.iter().find(|action| action.name == taken)?.form.as_ref()?;
        let field = form.fields.get(head(path))?;
        Some((format!("#{}", anchor(path)), visit.say(&field.rule.label).to_owned()))
    };
    let offered = |action: &AvailableAction| {
        let own = (sent(visit, Some(action)), told.clone());
        let (values, told) = if action.name == taken { &own } else { &none };
        let drawing = Drawing { t, values, told, remarks: &[], asked: None, open: None, marked: None };
        Offered {
            name: action.name.clone(),
            label: visit.say(&action.label).to_owned(),
            permitted: action.permitted,
            reasons: action.reasons.iter().map(|reason| visit.say(&reason.message).to_owned()).collect(),
            fields: action.form.as_ref().map(|form| drawing.fields(form.fields.iter())).unwrap_or_default(),
        }
    };
    let errors = told.summary(place, visit.locale);
    let mut facts = vec![
        (t.number(), case.number.clone().unwrap_or_default()),
        (t.business(), case.business.clone()),
        (t.state(), visit.say(&case.state).to_owned()),
    ];
    facts.extend(case.deadline.map(|day| (t.deadline(), visit.day(day))));
    facts.push((t.link_until(), visit.day(vocabulary::day_in_japan(case.expires_at))));
    let documents =
        case.documents.iter().map(|file| (visit.say(&file.kind).to_owned(), file.name.clone(), file.sha256.clone()));
    Shown {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(visit.say(&case.program)) },
        place: visit.say(&case.municipality).to_owned(),
        label: visit.say(&case.label).to_owned(),
        name: case.name.clone(),
        errors,
        facts,
        documents: documents.collect(),
        actions: case.actions.iter().map(offered).collect(),
        token: token.to_owned(),
        version: case.version,
        key: visit.key(),
    }
}
