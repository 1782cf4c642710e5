//! Letters and mails of an act: who gets which, and the data they are rendered with later, frozen now.
//!
//! Words in two languages stay `{ja, en}`; whoever renders picks the recipient's.

use program::ActionRef;
use program::definition::{Audience, Effect, Role};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use vocabulary::{Bilingual, Locale, day_in_japan};

use crate::act::{LetterIssued, MailOrdered, World};
use crate::case::{Case, FieldMark};

#[must_use]
pub(crate) const fn role_of(audience: Audience) -> Role {
    match audience {
        Audience::Applicant => Role::Applicant,
        Audience::Clerk => Role::Clerk,
        Audience::Reviewer => Role::Reviewer,
        Audience::Approver => Role::Approver,
        Audience::FinanceMaker => Role::FinanceMaker,
        Audience::FinanceChecker => Role::FinanceChecker,
        Audience::ProgramOfficer => Role::ProgramOfficer,
        Audience::Partner => Role::Partner,
    }
}

pub(crate) fn write(
    world: &World<'_>,
    after: &Case,
    procedure: Option<Uuid>,
    action: &ActionRef<'_>,
    letters: &[String],
    (input, marks): (&Map<String, Value>, &[FieldMark]),
) -> (Vec<LetterIssued>, Vec<MailOrdered>) {
    let archetype = &world.program.definition().archetype;
    if letters.is_empty() && action.rule.tells.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let mut data = standing(world, after, procedure);
    if let Value::Object(data) = &mut data {
        // What was left empty is null, so that a template can ask for it.
        let asked = action.rule.input.keys().map(|name| (name.clone(), Value::Null));
        data.insert("input".to_owned(), asked.chain(input.clone()).collect());
        data.insert("marks".to_owned(), marked(world, after, marks));
        data.insert("partner".to_owned(), told_partner(world, after, action));
    }
    let issued = letters
        .iter()
        .filter_map(|name| {
            let template = archetype.letters.get(name)?;
            let canonical = vocabulary::canonical_json(template).unwrap_or_default();
            let mut data = data.clone();
            if let Value::Object(data) = &mut data {
                data.insert("title".to_owned(), json!(template.title));
                data.insert("number_kind".to_owned(), json!(template.number));
                data.insert("appeal".to_owned(), appeal(world, template.appeal));
            }
            let template_hash = vocabulary::digest(canonical.as_bytes());
            Some(LetterIssued { id: (world.ids)(), name: name.clone(), data, template_hash })
        })
        .collect();
    let mails = action
        .rule
        .tells
        .iter()
        .map(|(to, name)| MailOrdered { id: (world.ids)(), name: name.clone(), to: *to, data: data.clone() })
        .collect();
    (issued, mails)
}

/// The partner that the action concerns: its name in the archetype, what people call it, and who it is.
fn told_partner(world: &World<'_>, after: &Case, action: &ActionRef<'_>) -> Value {
    let invited = action.rule.effects.iter().find_map(|effect| match effect {
        Effect::Invite(partner) => Some(partner),
        _ => None,
    });
    let Some(partner) = action.rule.acts_as.as_ref().or(invited) else { return Value::Null };
    let label = world.program.definition().archetype.partners.get(partner).map(|rule| &rule.label);
    json!({ "key": partner, "label": label, "name": after.body.partners.get(partner).map(|linked| &linked.name) })
}

/// A mail about the case as it stands, without an action.
pub(crate) fn mail(world: &World<'_>, case: &Case, procedure: Option<Uuid>, name: &str, to: Audience) -> MailOrdered {
    let mut data = standing(world, case, procedure);
    let unlocked = case.body.unlocked.as_ref();
    if let Value::Object(data) = &mut data {
        data.insert("input".to_owned(), json!({ "message": unlocked.map_or("", |unlocked| &unlocked.message) }));
        data.insert("marks".to_owned(), marked(world, case, unlocked.map_or(&[][..], |unlocked| &unlocked.marks)));
    }
    number(&mut data, case, procedure);
    MailOrdered { id: (world.ids)(), name: name.to_owned(), to, data }
}

/// Puts in the numbers once they are known; those of the procedure over those of the case.
pub(crate) fn number(data: &mut Value, case: &Case, procedure: Option<Uuid>) {
    let number = case.body.numbers.get("application").cloned().unwrap_or_default();
    let mut numbers = case.body.numbers.clone();
    numbers.extend(procedure.and_then(|id| case.procedure(id)).map(|own| own.numbers.clone()).unwrap_or_default());
    if let Value::Object(data) = data {
        data.insert("numbers".to_owned(), json!(numbers));
        if let Some(Value::Object(case)) = data.get_mut("case") {
            case.insert("number".to_owned(), json!(number));
        }
    }
}

/// What letters and mails say of the case; of a procedure they say its own amounts, dates and deadline with it.
fn standing(world: &World<'_>, case: &Case, procedure: Option<Uuid>) -> Value {
    let program = &world.program.definition().program;
    let today = day_in_japan(world.now);
    let state = world.program.state(&case.state).map(|state| state.label.clone()).unwrap_or_default();
    let beside = procedure.and_then(|id| case.procedure(id));
    let own = beside.map(|beside| beside.amounts.iter()).into_iter().flatten();
    let amounts: Map<String, Value> =
        case.body.amounts.iter().chain(own).map(|(name, frozen)| (name.clone(), json!(frozen.yen))).collect();
    let mut dates = case.body.dates.clone();
    dates.extend(beside.map(|beside| beside.dates.clone()).unwrap_or_default());
    let deadline = match beside {
        Some(beside) if beside.open => beside.deadline.as_ref(),
        _ => case.body.deadline.as_ref(),
    };
    let office = world.municipality.offices.values().next();
    let year = case.charged(procedure).fiscal_year;
    json!({
        "today": today,
        "case": { "id": case.id, "number": "", "state": state, "fiscal_year": Bilingual::new(year.name(Locale::Ja), year.name(Locale::En)) },
        "program": { "title": program.title },
        "business": {
            "name": case.business.name, "address": case.business.address, "representative": case.business.representative,
        },
        "procedure": beside.and_then(|beside| world.program.procedure(&beside.name)).map(|rule| &rule.label),
        "amounts": amounts,
        "dates": dates,
        "deadline": deadline.map(|deadline| deadline.day),
        "issuer": world.municipality.letter_head.issuer,
        "municipality": world.municipality.name,
        "office": {
            "name": office.map(|office| office.name.clone()).unwrap_or_default(),
            "phone": office.and_then(|office| office.phone.clone()).unwrap_or_default(),
            "email": office.and_then(|office| office.email.clone()).unwrap_or_default(),
        },
    })
}

fn appeal(world: &World<'_>, carried: bool) -> Value {
    let disposition = world.program.definition().program.legal_nature == program::definition::LegalNature::Disposition;
    if carried && disposition { json!(world.municipality.letter_head.appeal) } else { Value::Null }
}

fn marked(world: &World<'_>, case: &Case, marks: &[FieldMark]) -> Value {
    let label = |field: &str| {
        let (root, slot) = field.split_once('.').unwrap_or((field, ""));
        let root = root.split('[').next().unwrap_or(root);
        case.body
            .forms
            .keys()
            .filter_map(|form| world.program.form(form))
            .find_map(|form| {
                let field = form.fields.get(root).map(|field| field.rule.label.clone());
                let document = form.documents.iter().find(|document| root == "documents" && document.name == slot);
                field.or_else(|| document.map(|document| document.label.clone()))
            })
            .unwrap_or_else(|| Bilingual::new(field, field))
    };
    marks.iter().map(|mark| json!({ "label": label(&mark.field), "remark": mark.remark })).collect()
}
