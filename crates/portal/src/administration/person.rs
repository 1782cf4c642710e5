//! One member of staff: roles and positions with their periods, and the account.

use askama::Template;
use chrono::NaiveDate;
use poem::http::StatusCode;
use program::definition::Municipality;
use service::{AccountAct, ApiToken, Error, PositionHeld, SessionView, StaffRole};
use uuid::Uuid;
use vocabulary::day_in_japan;

use super::{administers, place_of, role_named, roles};
use crate::account::scope_name;
use crate::asked::in_url;
use crate::forms::{Choice, Said, Told};
use crate::standing::role_name;
use crate::visit::{Frame, Page, Visit, id};

#[derive(Template)]
#[template(path = "administration/person.html")]
struct Person {
    frame: Frame,
    errors: Vec<Said>,
    place: String,
    back: String,
    action: String,
    /// May change something.
    administers: bool,
    email: String,
    second_factor: bool,
    deactivated: Option<String>,
    roles: Vec<Period>,
    positions: Vec<Period>,
    sessions: Vec<Session>,
    tokens: Vec<Token>,
    new_roles: Vec<Choice>,
    new_positions: Vec<Choice>,
    from: String,
    until: String,
    acting: bool,
    key: String,
}

/// A role or a position for a time.
struct Period {
    name: String,
    label: String,
    from: String,
    until: String,
    /// Of a position: while the post is vacant.
    acting: bool,
    /// As the form sends it back.
    from_day: String,
    /// Has not ended.
    goes_on: bool,
}

struct Session {
    opened: String,
    seen: String,
    address: String,
    agent: String,
}

struct Token {
    id: String,
    name: String,
    scopes: String,
    used: String,
    works: bool,
}

pub(crate) async fn person(visit: &Visit<'_>, account: &str) -> Page {
    shown(visit, id(account)?, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, account: Uuid, status: StatusCode, told: &Told) -> Page {
    let (t, asked) = (visit.t, visit.asked);
    let place = place_of(visit).await?;
    let municipality = visit.service.municipality_named(&place.name).await?;
    let found = visit.service.staff_person(visit.viewer()?, &place.name, account).await?;
    let today = day_in_japan(visit.service.now());
    let anchor = |path: &str| match path {
        "until" => Some(("#until".to_owned(), t.last_day().to_owned())),
        "from" => Some(("#from".to_owned(), t.first_day().to_owned())),
        "role" => Some(("#role".to_owned(), t.role().to_owned())),
        "position" => Some(("#position".to_owned(), t.position().to_owned())),
        _ => None,
    };
    let errors = told.summary(anchor, visit.locale);
    let positions = municipality.positions.iter().map(|(name, position)| Choice {
        value: name.clone(),
        label: visit.say(&position.name).to_owned(),
        chosen: asked.field("position") == name,
    });
    let typed = |name: &str, otherwise: String| match asked.field(name) {
        "" => otherwise,
        typed => typed.to_owned(),
    };
    let page = Person {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(found.staff.name.clone()) },
        errors,
        back: format!("/staff/people?place={}", in_url(&place.name)),
        action: format!("/staff/people/{account}"),
        administers: administers(visit, &place),
        email: found.staff.email,
        second_factor: found.staff.has_second_factor,
        deactivated: found.staff.deactivated_at.map(|at| visit.time(at)),
        roles: found.roles.iter().map(|role| role_period(visit, role, today)).collect(),
        positions: found.positions.iter().map(|held| position_period(visit, &municipality, held, today)).collect(),
        sessions: found.sessions.into_iter().map(|found| session(visit, found)).collect(),
        tokens: found.tokens.into_iter().map(|found| token(visit, found)).collect(),
        new_roles: roles(visit, |role| asked.field("role") == role),
        new_positions: positions.collect(),
        from: typed("from", today.to_string()),
        until: typed("until", String::new()),
        acting: asked.field("acting") == "1",
        key: visit.key(),
        place: place.name,
    };
    Ok(visit.page_with(status, &page))
}

fn period(visit: &Visit<'_>, from: NaiveDate, until: Option<NaiveDate>, today: NaiveDate) -> Period {
    Period {
        name: String::new(),
        label: String::new(),
        from: visit.day(from),
        until: until.map(|last| visit.day(last)).unwrap_or_default(),
        acting: false,
        from_day: from.to_string(),
        goes_on: until.is_none_or(|last| last >= today),
    }
}

fn role_period(visit: &Visit<'_>, role: &StaffRole, today: NaiveDate) -> Period {
    Period {
        name: role.role.as_str().to_owned(),
        label: role_name(visit.t, role.role).to_owned(),
        ..period(visit, role.from_day, role.until_day, today)
    }
}

fn position_period(visit: &Visit<'_>, municipality: &Municipality, held: &PositionHeld, today: NaiveDate) -> Period {
    let named = municipality.positions.get(&held.position);
    Period {
        name: held.position.clone(),
        label: named.map_or_else(|| held.position.clone(), |position| visit.say(&position.name).to_owned()),
        acting: held.acting,
        ..period(visit, held.from_day, held.until_day, today)
    }
}

fn session(visit: &Visit<'_>, found: SessionView) -> Session {
    Session {
        opened: visit.time(found.opened_at),
        seen: visit.time(found.last_seen_at),
        address: found.address.unwrap_or_default(),
        agent: found.agent.unwrap_or_default(),
    }
}

fn token(visit: &Visit<'_>, found: ApiToken) -> Token {
    let scopes: Vec<&str> = found.scopes.iter().map(|scope| scope_name(visit.t, scope)).collect();
    Token {
        id: found.id.to_string(),
        name: found.name,
        scopes: scopes.join(visit.t.comma()),
        used: found.last_used_at.map(|at| visit.time(at)).unwrap_or_default(),
        works: found.revoked_at.is_none() && found.expires_at > visit.service.now(),
    }
}

/// A day as a form sends it.
fn day(path: &'static str, text: &str) -> Result<NaiveDate, Error> {
    let missing = || Error::bad_input(path, "日付を入力してください", "Enter a day");
    vocabulary::parse_day(text.trim()).ok_or_else(missing)
}

fn last_day(text: &str) -> Result<Option<NaiveDate>, Error> {
    Some(text).filter(|text| !text.trim().is_empty()).map(|text| day("until", text)).transpose()
}

pub(crate) async fn act(visit: &Visit<'_>, account: &str) -> Page {
    let account = id(account)?;
    let asked = visit.asked;
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match take(visit, account).await {
        Ok(()) | Err(Error::IdempotencyConflict) => {
            let here = format!("/staff/people/{account}?place={}", in_url(asked.field("place")));
            Ok(visit.done(&here, "done"))
        }
        Err(Error::Refused(reasons)) => shown(visit, account, wrong, &Told::of(reasons)).await,
        Err(Error::BadInput { path, message }) => shown(visit, account, wrong, &Told::one(path, message)).await,
        Err(error) => Err(error.into()),
    }
}

async fn take(visit: &Visit<'_>, account: Uuid) -> Result<(), Error> {
    let (asked, service) = (visit.asked, visit.service);
    let viewer = visit.asked.visitor.viewer.as_ref().ok_or(Error::Unauthenticated)?;
    let (place, key) = (asked.field("place"), asked.field("key"));
    let municipality = place.to_owned();
    let no_role = || Error::bad_input("role", "役割を選んでください", "Choose a role");
    let held = |from_day, until_day, acting| PositionHeld {
        account,
        municipality: municipality.clone(),
        position: asked.field("position").to_owned(),
        from_day,
        until_day,
        acting,
    };
    let act = match asked.field("step") {
        "give_role" => {
            let role = role_named(asked.field("role")).ok_or_else(no_role)?;
            let (from_day, until_day) = (day("from", asked.field("from"))?, last_day(asked.field("until"))?);
            let given = StaffRole { account, municipality: municipality.clone(), role, from_day, until_day };
            return service.assign_role(viewer, given, key).await;
        }
        "end_role" => {
            let role = role_named(asked.field("role")).ok_or_else(no_role)?;
            return service.end_role(viewer, account, place, role, key).await;
        }
        "give_position" => {
            let (from, until) = (day("from", asked.field("from"))?, last_day(asked.field("until"))?);
            return service.hold_position(viewer, held(from, until, asked.field("acting") == "1"), key).await;
        }
        "end_position" => {
            // A position ends with a day, which is today at the earliest.
            let (from, today) = (day("from", asked.field("from"))?, day_in_japan(service.now()));
            let ended = held(from, Some(today.max(from)), asked.field("acting") == "1");
            return service.hold_position(viewer, ended, key).await;
        }
        "deactivate" => AccountAct::Deactivate,
        "reactivate" => AccountAct::Reactivate,
        "end_sessions" => AccountAct::EndSessions,
        "reset_second_factor" => AccountAct::ResetSecondFactor,
        _ => AccountAct::RevokeToken(Uuid::try_parse(asked.field("token")).map_err(|_| Error::NotFound)?),
    };
    service.change_account(viewer, (place, account), &act, key).await
}
