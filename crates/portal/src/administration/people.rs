//! The list of people, their invitations, and the list as a file.

use askama::Template;
use poem::http::StatusCode;
use program::definition::Municipality;
use service::{AccessKind, Error, InvitationView, StaffView};

use super::{administers, place_of, role_named, roles};
use crate::answer::Answer;
use crate::asked::in_url;
use crate::forms::{Choice, Said, Told};
use crate::place::Place;
use crate::sheet::{Format, Sheet};
use crate::standing::role_name;
use crate::visit::{Frame, Page, Visit, Wrong};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "administration/people.html")]
struct People {
    frame: Frame,
    errors: Vec<Said>,
    email_error: Vec<String>,
    place: String,
    places: Vec<Choice>,
    administers: bool,
    words: String,
    roles: Vec<Choice>,
    states: Vec<Choice>,
    rows: Vec<Row>,
    next: Option<String>,
    /// That asks for this list again.
    query: String,
    invitations: Vec<Invitation>,
    /// Of the form that invites.
    email: String,
    invited_as: Vec<Choice>,
    key: String,
}

struct Row {
    account: String,
    name: String,
    email: String,
    roles: String,
    positions: String,
    second_factor: bool,
    deactivated: bool,
}

struct Invitation {
    id: String,
    email: String,
    roles: String,
    until: String,
}

/// Whom the filters let through.
fn fits(visit: &Visit<'_>, staff: &StaffView) -> bool {
    let asked = visit.asked;
    let words = asked.parameter("q").trim().to_lowercase();
    let found = |text: &str| text.to_lowercase().contains(&words);
    let state = match asked.parameter("state") {
        "deactivated" => staff.deactivated_at.is_some(),
        "all" => true,
        _ => staff.deactivated_at.is_none(),
    };
    let role = role_named(asked.parameter("role")).is_none_or(|role| staff.roles.contains(&role));
    state && role && (found(&staff.name) || found(&staff.email))
}

fn row(visit: &Visit<'_>, municipality: &Municipality, staff: StaffView) -> Row {
    let named = |position: &String| {
        let found = municipality.positions.get(position);
        found.map_or_else(|| position.clone(), |position| visit.say(&position.name).to_owned())
    };
    Row {
        account: staff.account.to_string(),
        roles: joined(visit, staff.roles.iter().map(|role| role_name(visit.t, *role).to_owned())),
        positions: joined(visit, staff.positions.iter().map(named)),
        name: staff.name,
        email: staff.email,
        second_factor: staff.has_second_factor,
        deactivated: staff.deactivated_at.is_some(),
    }
}

fn joined(visit: &Visit<'_>, words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(visit.t.comma())
}

async fn found(visit: &Visit<'_>, place: &Place) -> Result<Vec<Row>, Wrong> {
    let municipality = visit.service.municipality_named(&place.name).await?;
    let mut staff = visit.service.staff(visit.viewer()?, &place.name).await?;
    staff.retain(|staff| fits(visit, staff));
    Ok(staff.into_iter().map(|staff| row(visit, &municipality, staff)).collect())
}

pub(crate) async fn people(visit: &Visit<'_>) -> Page {
    shown(visit, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, status: StatusCode, told: &Told) -> Page {
    let (t, asked) = (visit.t, visit.asked);
    let place = place_of(visit).await?;
    let rows = found(visit, &place).await?;
    let page: usize = asked.parameter("page").parse().unwrap_or_default();
    let has_next = rows.len() > (page + 1).saturating_mul(ROWS);
    let kept = asked.query.iter().filter(|(name, value)| name != "page" && !value.is_empty());
    let query: Vec<String> = kept.map(|(name, value)| format!("{}={}", in_url(name), in_url(value))).collect();
    let query = query.join("&");
    let invitations = visit.service.invitations(visit.viewer()?, &place.name).await?;
    let invitation = |found: InvitationView| Invitation {
        id: found.id,
        email: found.email,
        roles: joined(visit, found.roles.iter().map(|role| role_name(t, *role).to_owned())),
        until: visit.time(found.expires_at),
    };
    let states = [("", t.active_people()), ("deactivated", t.deactivated()), ("all", t.all())];
    let states = states.map(|(value, label)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: asked.parameter("state") == value,
    });
    let ticked = |role: &str| asked.fields.iter().any(|(name, value)| name == "roles" && value == role);
    let anchor = |path: &str| match path {
        "email" => Some(("#email".to_owned(), t.email().to_owned())),
        "roles" => Some(("#roles".to_owned(), t.roles().to_owned())),
        _ => None,
    };
    let errors = told.summary(anchor, visit.locale);
    let page = People {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(t.people()) },
        errors,
        email_error: told.at("email", visit.locale),
        administers: administers(visit, &place),
        words: asked.parameter("q").to_owned(),
        roles: roles(visit, |role| asked.parameter("role") == role),
        states: states.into_iter().collect(),
        rows: rows.into_iter().skip(page.saturating_mul(ROWS)).take(ROWS).collect(),
        next: has_next.then(|| format!("/staff/people?{query}&page={}", page + 1)),
        query,
        invitations: invitations.into_iter().map(invitation).collect(),
        email: asked.field("email").to_owned(),
        invited_as: roles(visit, ticked),
        key: visit.key(),
        places: place.choices,
        place: place.name,
    };
    Ok(visit.page_with(status, &page))
}

pub(crate) async fn export(visit: &Visit<'_>, format: Format) -> Page {
    let t = visit.t;
    let place = place_of(visit).await?;
    let device = visit.asked.device();
    visit.service.note_access(visit.viewer()?, AccessKind::PeopleExported, None, device).await?;
    let mut file = Sheet::new([t.name(), t.email(), t.roles(), t.posts(), t.second_factor(), t.state()]);
    for row in found(visit, &place).await? {
        let second_factor = if row.second_factor { t.set_up() } else { t.not_set_up() };
        let state = if row.deactivated { t.deactivated() } else { t.active_people() };
        file.line([row.name, row.email, row.roles, row.positions, second_factor.to_owned(), state.to_owned()]);
    }
    file.answer("people", format)
}

/// Invites a colleague, or takes an invitation back.
pub(crate) async fn invite(visit: &Visit<'_>) -> Page {
    let (viewer, asked, service) = (visit.viewer()?, visit.asked, visit.service);
    let (place, key) = (asked.field("place"), asked.field("key"));
    let back = format!("/staff/people?place={}", in_url(place));
    let done = match asked.field("step") {
        "withdraw" => service.withdraw_invitation(viewer, place, asked.field("invitation"), key).await,
        _ => {
            let roles = asked.fields.iter().filter(|(name, _)| name == "roles");
            let roles: Vec<_> = roles.filter_map(|(_, word)| role_named(word)).collect();
            service.invite_staff(viewer, place, asked.field("email"), &roles, key).await
        }
    };
    let notice = if asked.field("step") == "withdraw" { "invitation-withdrawn" } else { "invited" };
    match done {
        Ok(()) | Err(Error::IdempotencyConflict) => Ok(visit.done(&back, notice)),
        Err(error) => again(visit, error).await,
    }
}

async fn again(visit: &Visit<'_>, error: Error) -> Result<Answer, Wrong> {
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        Error::Refused(reasons) => shown(visit, wrong, &Told::of(reasons)).await,
        Error::BadInput { path, message } => shown(visit, wrong, &Told::one(path, message)).await,
        error => Err(error.into()),
    }
}
