//! The businesses that somebody acts for, registering one and putting right what is registered.

use askama::Template;
use casework::{Business, Refusal};
use chrono::NaiveDate;
use indexmap::IndexMap;
use poem::http::StatusCode;
use program::FormField;
use program::definition::{ApplicantFacts, BusinessSize, FieldType, Name, TRADES};
use serde_json::{Map, Value, json};
use service::{BusinessView, Error, Member, MemberRole, NewBusiness, Viewer};
use uuid::Uuid;
use vocabulary::Bilingual;

use crate::answer::Answer;
use crate::asked::own_path;
use crate::cases::Single;
use crate::forms::{Drawing, Said, Told, anchor, field, given, read};
use crate::text;
use crate::visit::{Frame, Page, Visit, Wrong, id, not_found};

#[derive(Template)]
#[template(path = "businesses.html")]
struct List {
    frame: Frame,
    errors: Vec<Said>,
    businesses: Vec<Shown>,
    /// What was typed for a new member.
    email: String,
    key: String,
}

struct Shown {
    id: String,
    name: String,
    /// Label and value.
    facts: Vec<(&'static str, String)>,
    members: Vec<MemberShown>,
    /// The visitor owns it, and says who else acts for it.
    owned: bool,
}

struct MemberShown {
    account: String,
    name: String,
    role: &'static str,
}

pub(crate) async fn list(visit: &Visit<'_>) -> Page {
    listed(visit, StatusCode::OK, &Told::default()).await
}

async fn listed(visit: &Visit<'_>, status: StatusCode, told: &Told) -> Page {
    let businesses = visit.service.businesses(visit.viewer()?).await?;
    let businesses = businesses.into_iter().map(|view| shown(visit, view)).collect::<Result<_, _>>()?;
    let errors = told.summary(|_| None, visit.locale);
    let frame = Frame { has_errors: !errors.is_empty(), ..visit.frame(visit.t.businesses()) };
    let email = visit.asked.field("email").to_owned();
    Ok(visit.page_with(status, &List { frame, errors, businesses, email, key: visit.key() }))
}

/// Who acts for a business: inviting somebody, and ending it.
pub(crate) async fn members(visit: &Visit<'_>, business: &str) -> Page {
    let (viewer, asked, business) = (visit.viewer()?, visit.asked, id(business)?);
    let (key, wrong) = (asked.field("key"), StatusCode::UNPROCESSABLE_ENTITY);
    let done = match asked.field("step") {
        "remove" => {
            let account = id(asked.field("account"))?;
            visit.service.remove_member(viewer, business, account, key).await.map(|()| "removed-member")
        }
        _ => {
            let role = if asked.field("role") == "delegate" { MemberRole::Delegate } else { MemberRole::Member };
            visit.service.invite_member(viewer, business, asked.field("email"), role, key).await.map(|()| "invited")
        }
    };
    match done {
        Ok(notice) => Ok(visit.done("/businesses", notice)),
        Err(Error::Refused(reasons)) => listed(visit, wrong, &Told::of(reasons)).await,
        Err(Error::BadInput { path, message }) => listed(visit, wrong, &Told::one(path, message)).await,
        Err(error) => Err(error.into()),
    }
}

fn role_name(visit: &Visit<'_>, role: MemberRole) -> &'static str {
    match role {
        MemberRole::Owner => visit.t.member_owner(),
        MemberRole::Member => visit.t.member(),
        MemberRole::Delegate => visit.t.member_delegate(),
    }
}

fn is_owned(viewer: &Viewer, view: &BusinessView) -> bool {
    let is_owner = |member: &Member| member.account == viewer.person.id && member.role == MemberRole::Owner;
    view.members.iter().any(is_owner)
}

fn shown(visit: &Visit<'_>, view: BusinessView) -> Result<Shown, Wrong> {
    let (t, viewer) = (visit.t, visit.viewer()?);
    let owned = is_owned(viewer, &view);
    let business = view.business;
    let facts = vec![
        (t.address(), business.address),
        (t.representative(), business.representative),
        (t.corporate_number(), business.corporate_number.unwrap_or_else(|| t.nothing().to_owned())),
    ];
    let members = view.members.into_iter().map(|member| MemberShown {
        account: member.account.to_string(),
        role: role_name(visit, member.role),
        name: member.name,
    });
    Ok(Shown { id: business.id.to_string(), name: business.name, facts, members: members.collect(), owned })
}

/// What is asked to register a business, drawn and read like every other form.
pub(crate) fn fields() -> IndexMap<Name, FormField> {
    let choice = |label: Bilingual, choices: [(&str, Bilingual); 4]| {
        let mut field = field(FieldType::Choice, label, true);
        let there = choices.into_iter().filter(|(name, _)| !name.is_empty());
        field.rule.choices = there.map(|(name, label)| (name.to_owned(), label)).collect();
        field
    };
    let [name, kana, address, representative, number, kind, size, large, since, employees, capital, trade] =
        text::business_labels();
    let hinted = |mut field: FormField| {
        field.rule.hint = Some(text::business_size_hint());
        field
    };
    let least = |mut field: FormField| {
        field.rule.min = Some(0);
        field
    };
    let rows = [
        ("kind", choice(kind, text::applicant_kinds())),
        ("name", field(FieldType::Text, name, true)),
        ("name_kana", field(FieldType::Text, kana, true)),
        ("corporate_number", field(FieldType::CorporateNumber, number, false)),
        ("representative", {
            let mut field = field(FieldType::Text, representative, true);
            field.rule.hint = Some(text::representative_hint());
            field
        }),
        ("address", field(FieldType::Text, address, true)),
        ("size", hinted(choice(size, text::business_sizes()))),
        ("deemed_large", field(FieldType::YesNo, large, true)),
        ("established_here_on", field(FieldType::Date, since, true)),
        ("employees", least(field(FieldType::Number, employees, false))),
        ("capital", least(field(FieldType::Yen, capital, false))),
        ("trade", {
            let mut field = field(FieldType::Choice, trade, true);
            let trades = TRADES.map(|(name, ja, en)| (name.to_owned(), Bilingual::new(ja, en)));
            field.rule.choices = trades.into_iter().collect();
            field
        }),
    ];
    rows.into_iter().map(|(name, field)| (name.to_owned(), field)).collect()
}

pub(crate) fn new_page(visit: &Visit<'_>) -> Page {
    visit.viewer()?;
    let sheet = Sheet::New { next: own_path(visit.asked.parameter("next")) };
    Ok(form(visit, StatusCode::OK, &Map::new(), &Told::default(), &sheet))
}

/// What the form about a business is for.
enum Sheet<'a> {
    New {
        /// Where it goes on.
        next: &'a str,
    },
    Correction(Uuid),
}

/// What is registered, to be put right; for owners.
pub(crate) async fn correction_page(visit: &Visit<'_>, business: &str) -> Page {
    let viewer = visit.viewer()?;
    let view = visit.service.business(viewer, id(business)?).await?;
    if !is_owned(viewer, &view) {
        return Err(not_found());
    }
    let sheet = Sheet::Correction(view.business.id);
    Ok(form(visit, StatusCode::OK, &registered(&view.business), &Told::default(), &sheet))
}

pub(crate) async fn correct(visit: &Visit<'_>, business: &str) -> Page {
    send(visit, &Sheet::Correction(id(business)?)).await
}

/// A business as the values of the form.
fn registered(business: &Business) -> Map<String, Value> {
    let facts = serde_json::to_value(&business.facts).ok();
    let mut values = match facts {
        Some(Value::Object(facts)) => facts,
        _ => Map::new(),
    };
    for (name, text) in [
        ("name", &business.name),
        ("name_kana", &business.name_kana),
        ("address", &business.address),
        ("representative", &business.representative),
    ] {
        values.insert(name.to_owned(), text.as_str().into());
    }
    values.insert("corporate_number".to_owned(), business.corporate_number.clone().into());
    values
}

fn form(visit: &Visit<'_>, status: StatusCode, values: &Map<String, Value>, told: &Told, sheet: &Sheet<'_>) -> Answer {
    let t = visit.t;
    let (title, lead, action, next) = match sheet {
        Sheet::New { next } => {
            (t.register_business(), t.register_business_lead(), "/businesses/new".to_owned(), Some(*next))
        }
        Sheet::Correction(business) => {
            (t.correct_business(), t.correct_business_lead(), format!("/businesses/{business}"), None)
        }
    };
    let button = if next.is_some() { t.register_business() } else { t.save() };
    let fields = fields();
    let drawing = Drawing { t, values, told, remarks: &[], asked: None, open: None, marked: None };
    let place = |path: &str| {
        let field = fields.get(path)?;
        Some((format!("#{}", anchor(path)), visit.say(&field.rule.label).to_owned()))
    };
    let errors = told.summary(place, visit.locale);
    let page = Single {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(title) },
        back: Some(("/businesses".to_owned(), t.businesses().to_owned())),
        errors,
        stale: None,
        lead: Some(lead.to_owned()),
        detail: String::new(),
        action,
        hidden: std::iter::once(("key", visit.key())).chain(next.map(|next| ("next", next.to_owned()))).collect(),
        fields: drawing.fields(fields.iter()),
        button: button.to_owned(),
    };
    visit.page_with(status, &page)
}

pub(crate) async fn register(visit: &Visit<'_>) -> Page {
    send(visit, &Sheet::New { next: own_path(visit.asked.field("next")) }).await
}

async fn send(visit: &Visit<'_>, sheet: &Sheet<'_>) -> Page {
    let viewer = visit.viewer()?;
    let fields = fields();
    let values = read(fields.iter(), &visit.asked.fields);
    let rules = fields.iter().map(|(name, field)| (name.clone(), field.rule.clone())).collect();
    let check = program::check_fields(&rules, &given(values.clone()));
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    if !check.is_clean() {
        let told = Told::of(check.faults.into_iter().map(Refusal::from).collect());
        return Ok(form(visit, wrong, &values, &told, sheet));
    }
    let (said, key) = (business(&check.clean)?, visit.asked.field("key"));
    let (kept, next, notice) = match sheet {
        Sheet::New { next } => {
            let next = if *next == "/" { "/businesses" } else { next };
            (visit.service.register_business(viewer, said, key).await, next, "registered")
        }
        Sheet::Correction(id) => {
            (visit.service.correct_business(viewer, *id, said, key).await, "/businesses", "business-corrected")
        }
    };
    match kept {
        Ok(_) => Ok(visit.done(next, notice)),
        // Sent twice from one page: the first is the one.
        Err(Error::IdempotencyConflict) => Ok(visit.done(next, "done-before")),
        Err(Error::BadInput { path, message }) => {
            Ok(form(visit, wrong, &values, &Told::one(path.map(|path| own_name(&path)), message), sheet))
        }
        Err(Error::Refused(mut refusals)) => {
            for refusal in &mut refusals {
                refusal.path = refusal.path.as_deref().map(own_name);
            }
            Ok(form(visit, wrong, &values, &Told::of(refusals), sheet))
        }
        Err(error) => Err(error.into()),
    }
}

/// The API's name of an input, `nameKana`, as ours: `name_kana`.
pub(crate) fn own_name(path: &str) -> String {
    let letters =
        path.chars().map(|c| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.into() });
    letters.collect()
}

/// # Errors
/// When clean values are none, which does not happen.
pub(crate) fn business(clean: &Map<String, Value>) -> Result<NewBusiness, Wrong> {
    let text = |name: &str| clean.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let corporate_number = Some(text("corporate_number")).filter(|number| !number.is_empty());
    Ok(NewBusiness {
        name: text("name"),
        name_kana: text("name_kana"),
        address: text("address"),
        representative: text("representative"),
        corporate_number,
        facts: applicant(clean)?,
    })
}

/// What programs ask of applicants, from clean values; whatever is not asked is nothing.
///
/// # Errors
/// For more employees than a business has.
pub(crate) fn applicant(clean: &Map<String, Value>) -> Result<ApplicantFacts, Wrong> {
    let value = |name: &str, nothing: Value| clean.get(name).cloned().unwrap_or(nothing);
    let facts = json!({
        "kind": value("kind", Value::Null),
        "size": value("size", json!(BusinessSize::Sme)),
        "deemed_large": value("deemed_large", json!(false)),
        "established_here_on": value("established_here_on", json!(NaiveDate::MIN)),
        "employees": value("employees", json!(0)),
        "capital": value("capital", json!(0)),
        "trade": value("trade", json!("")),
    });
    serde_json::from_value(facts).map_err(|_| {
        Wrong::Service(Error::bad_input(
            "employees",
            "従業員数が正しくありません",
            "The number of employees is not right",
        ))
    })
}
