//! What keeps the visitor's account safe, on one page: second factor, password, where they are signed in, and tokens for
//! programs.

use askama::Template;
use poem::http::StatusCode;
use program::definition::Role;
use service::{ApiToken, Error, OwnAccess, PasskeyView, SCOPES, SessionView};

use super::{AccountForm, Input, again, fresh, present_password};
use crate::answer::{Answer, Session};
use crate::audit::access_label;
use crate::forms::{Choice, Said, Told};
use crate::text::Text;
use crate::visit::{Frame, Page, Visit, id};

pub(super) const HERE: &str = "/account/security";
/// Days that a token lives unless somebody says otherwise.
const TOKEN_DAYS: &str = "90";

#[derive(Template)]
#[template(path = "account/security.html")]
struct Security {
    frame: Frame,
    errors: Vec<Said>,
    email: String,
    second_factor: String,
    passkeys: Vec<PasskeyRow>,
    /// Whether more can be made here.
    takes_passkeys: bool,
    passkey_name: String,
    passkey_error: Vec<String>,
    providers: Vec<ProviderRow>,
    sessions: Vec<SessionRow>,
    accesses: Vec<AccessRow>,
    tokens: Vec<TokenRow>,
    scopes: Vec<Choice>,
    token_name: String,
    token_days: String,
    key: String,
}

struct PasskeyRow {
    id: String,
    name: String,
    made: String,
    used: String,
}

struct ProviderRow {
    name: String,
    label: String,
    /// When it was linked; none when it opens the account not.
    since: Option<String>,
}

struct SessionRow {
    id: String,
    opened: String,
    seen: String,
    address: String,
    agent: String,
    is_this: bool,
}

struct AccessRow {
    at: String,
    what: &'static str,
    address: String,
}

struct TokenRow {
    id: String,
    name: String,
    scopes: String,
    ends: String,
    used: String,
    /// Still works.
    works: bool,
    state: &'static str,
}

/// Something that is shown this once.
#[derive(Template)]
#[template(path = "account/once.html")]
pub(super) struct Once {
    pub frame: Frame,
    pub lead: &'static str,
    pub secrets: Vec<String>,
    pub back: &'static str,
}

pub(crate) async fn page(visit: &Visit<'_>) -> Page {
    shown(visit, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, status: StatusCode, told: &Told) -> Page {
    let (viewer, t, asked) = (visit.viewer()?, visit.t, visit.asked);
    let factor = visit.service.second_factor(viewer).await?;
    let second_factor = match factor.since {
        Some(since) => t.second_factor_since(&visit.time(since), factor.recovery_codes_left),
        None => t.second_factor_none().to_owned(),
    };
    let passkeys = visit.service.passkeys(viewer).await?;
    let providers = visit.service.providers_of(viewer).await?;
    let sessions = visit.service.sessions(viewer).await?;
    let tokens = visit.service.api_tokens(viewer).await?;
    let accesses = visit.service.own_accesses(viewer).await?;
    let access_row = |access: OwnAccess| AccessRow {
        at: visit.time(access.at),
        what: access_label(t, access.kind),
        address: access.address.unwrap_or_default(),
    };
    let chosen = |scope: &str| asked.fields.iter().any(|(name, value)| name == "scope" && value == scope);
    // Nobody but finance pays.
    let offered =
        SCOPES.into_iter().filter(|scope| *scope != "pay" || visit.is(&[Role::FinanceMaker, Role::FinanceChecker]));
    let scopes = offered.map(|scope| Choice {
        value: scope.to_owned(),
        label: scope_name(t, scope).to_owned(),
        chosen: chosen(scope),
    });
    let days = Some(asked.field("days")).filter(|days| !days.is_empty()).unwrap_or(TOKEN_DAYS);
    let place = |path: &str| match path {
        "passkey_name" => Some(("#passkey-name".to_owned(), t.passkey_name().to_owned())),
        "name" => Some(("#token-name".to_owned(), t.token_name().to_owned())),
        "days" => Some(("#token-days".to_owned(), t.token_days().to_owned())),
        "scopes" => Some(("#token-scopes".to_owned(), t.token_scopes().to_owned())),
        _ => None,
    };
    let errors = told.summary(place, visit.locale);
    let page = Security {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(t.security()) },
        errors,
        email: viewer.email.clone(),
        second_factor,
        passkeys: passkeys.into_iter().map(|passkey| passkey_row(visit, passkey)).collect(),
        takes_passkeys: visit.service.takes_passkeys(),
        passkey_name: asked.field("passkey_name").to_owned(),
        passkey_error: told.at("passkey_name", visit.locale),
        providers: providers
            .into_iter()
            .map(|(name, label, since)| ProviderRow {
                name: name.to_owned(),
                label: visit.say(label).to_owned(),
                since: since.map(|at| visit.time(at)),
            })
            .collect(),
        sessions: sessions.into_iter().map(|session| session_row(visit, session)).collect(),
        accesses: accesses.into_iter().map(access_row).collect(),
        tokens: tokens.into_iter().map(|token| token_row(visit, token)).collect(),
        scopes: scopes.into_iter().collect(),
        token_name: asked.field("name").to_owned(),
        token_days: days.to_owned(),
        key: visit.key(),
    };
    Ok(visit.page_with(status, &page))
}

/// The page again, with why not.
pub(super) async fn not_done(visit: &Visit<'_>, error: Error) -> Page {
    let told = match error {
        Error::BadInput { path, message } => Told::one(path, message),
        Error::Refused(reasons) => Told::of(reasons),
        error => return Err(error.into()),
    };
    shown(visit, StatusCode::UNPROCESSABLE_ENTITY, &told).await
}

fn passkey_row(visit: &Visit<'_>, passkey: PasskeyView) -> PasskeyRow {
    PasskeyRow {
        id: passkey.id.to_string(),
        name: passkey.name,
        made: visit.time(passkey.created_at),
        used: passkey.last_used_at.map(|at| visit.time(at)).unwrap_or_default(),
    }
}

fn session_row(visit: &Visit<'_>, session: SessionView) -> SessionRow {
    SessionRow {
        id: session.id,
        opened: visit.time(session.opened_at),
        seen: visit.time(session.last_seen_at),
        address: session.address.unwrap_or_default(),
        agent: session.agent.unwrap_or_default(),
        is_this: session.is_this,
    }
}

fn token_row(visit: &Visit<'_>, token: ApiToken) -> TokenRow {
    let t = visit.t;
    let (works, state) = match token.revoked_at {
        Some(_) => (false, t.token_revoked()),
        None if token.expires_at <= visit.service.now() => (false, t.token_over()),
        None => (true, t.token_works()),
    };
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope_name(t, scope)).collect();
    TokenRow {
        id: token.id.to_string(),
        name: token.name,
        scopes: scopes.join(t.comma()),
        ends: visit.time(token.expires_at),
        used: token.last_used_at.map(|at| visit.time(at)).unwrap_or_default(),
        works,
        state,
    }
}

pub(crate) fn scope_name(t: Text, scope: &str) -> &'static str {
    match scope {
        "read" => t.scope_read(),
        "apply" => t.scope_apply(),
        "act" => t.scope_act(),
        "pay" => t.scope_pay(),
        _ => "",
    }
}

/// One session, or all of them: then the visitor signs in anew.
pub(crate) async fn end_session(visit: &Visit<'_>) -> Page {
    let (viewer, asked) = (visit.viewer()?, visit.asked);
    if asked.field("session") == "all" {
        visit.service.sign_out_everywhere(viewer).await?;
        return Ok(Answer::see("/sign-in").with_session(Session::Closed));
    }
    match visit.service.end_session(viewer, asked.field("session"), asked.field("key")).await {
        Ok(()) | Err(Error::IdempotencyConflict | Error::NotFound) => Ok(visit.done(HERE, "session-ended")),
        Err(error) => Err(error.into()),
    }
}

/// A token for programs, shown this once.
pub(crate) async fn make_token(visit: &Visit<'_>) -> Page {
    let (viewer, asked, t) = (visit.viewer()?, visit.asked, visit.t);
    let scopes = asked.fields.iter().filter(|(name, _)| name == "scope").map(|(_, value)| value.clone()).collect();
    let days = asked.field("days").trim().parse().unwrap_or_default();
    let key = Some(asked.field("key"));
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match visit.service.create_api_token(viewer, asked.field("name"), scopes, days, key).await {
        Ok(token) => {
            let frame = visit.frame(t.token_made());
            Ok(visit.page(&Once { frame, lead: t.token_made_lead(), secrets: vec![token], back: HERE }))
        }
        Err(Error::BadInput { path, message }) => shown(visit, wrong, &Told::one(path, message)).await,
        Err(Error::Refused(reasons)) => shown(visit, wrong, &Told::of(reasons)).await,
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn revoke_token(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    let token = id(asked.field("token"))?;
    match visit.service.revoke_api_token(visit.viewer()?, token, Some(asked.field("key"))).await {
        Ok(()) | Err(Error::IdempotencyConflict | Error::NotFound) => Ok(visit.done(HERE, "token-revoked")),
        Err(error) => Err(error.into()),
    }
}

async fn password_form(visit: &Visit<'_>) -> Result<AccountForm, Error> {
    let t = visit.t;
    let has_factor = match &visit.asked.visitor.viewer {
        Some(viewer) => visit.service.second_factor(viewer).await?.since.is_some(),
        None => false,
    };
    let hint = if has_factor { t.password_hint_short() } else { t.password_hint() };
    Ok(AccountForm {
        frame: visit.frame(t.change_password()),
        errors: Vec::new(),
        lead: t.change_password_lead().to_owned(),
        action: "/account/security/password",
        button: t.change_password(),
        providers: Vec::new(),
        by_passkey: false,
        waiting: Vec::new(),
        inputs: vec![
            present_password(t),
            Input::new("new_password", t.new_password(), "password", "new-password").hinted(hint),
        ],
    })
}

pub(crate) async fn password_page(visit: &Visit<'_>) -> Page {
    visit.viewer()?;
    Ok(fresh(visit, password_form(visit).await?))
}

pub(crate) async fn change_password(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    let (present, new) = (asked.field("password"), asked.field("new_password"));
    match visit.service.change_password(visit.viewer()?, present, new).await {
        Ok(()) => Ok(visit.done(HERE, "password-changed")),
        Err(error) => again(visit, password_form(visit).await?, error),
    }
}

fn email_form(visit: &Visit<'_>) -> AccountForm {
    let t = visit.t;
    AccountForm {
        frame: visit.frame(t.change_email()),
        errors: Vec::new(),
        lead: t.change_email_lead().to_owned(),
        action: "/account/security/email",
        button: t.change_email(),
        providers: Vec::new(),
        by_passkey: false,
        waiting: Vec::new(),
        inputs: vec![Input::new("email", t.new_email(), "email", "email"), present_password(t)],
    }
}

pub(crate) fn email_page(visit: &Visit<'_>) -> Page {
    visit.viewer()?;
    Ok(fresh(visit, email_form(visit)))
}

pub(crate) async fn change_email(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    match visit.service.change_email(visit.viewer()?, asked.field("password"), asked.field("email"), HERE).await {
        Ok(()) => Ok(visit.done(HERE, "email-change-sent")),
        Err(error) => again(visit, email_form(visit), error),
    }
}
