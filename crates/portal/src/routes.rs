//! Which path leads where, and what must hold for every request that changes something.

use poem::http::{Method, StatusCode};
use service::{Error, Service};
use vocabulary::{Bilingual, Locale, digest};

use crate::accessibility;
use crate::account;
use crate::administration;
use crate::answer::{Answer, Cookie};
use crate::asked::{Asked, own_path};
use crate::assets;
use crate::audit;
use crate::businesses;
use crate::cases;
use crate::finance;
use crate::officer;
use crate::panel;
use crate::partner;
use crate::programs;
use crate::rankings;
use crate::registry;
use crate::sheet::Format;
use crate::staff;
use crate::text::Text;
use crate::visit::{Message, Page, Visit, Wrong, language, not_found};

/// Forms that people send before they have a session.
const WITHOUT_SESSION: [&str; 7] =
    ["sign-in", "sign-up", "verify-email", "password-reset", "invitations", "partner", "language"];

/// The answer to one request for a page.
pub async fn answer(service: &Service, asked: &Asked) -> Answer {
    if let Some(asset) = assets::at(&asked.path) {
        return asset;
    }
    let visit = Visit::new(service, asked);
    let page = match guard(&visit) {
        Ok(None) if must_enroll(&visit) => Ok(Answer::see(account::SECOND_FACTOR)),
        Ok(None) => Box::pin(route(&visit)).await,
        Ok(Some(instead)) => Ok(instead),
        Err(wrong) => Err(wrong),
    };
    let page = match page {
        Err(Wrong::Service(Error::SignInAgain)) => account::afresh_page(&visit).await,
        page => page,
    };
    page.unwrap_or_else(|wrong| explained(&visit, &wrong))
}

/// Staff who need a second factor and have none come to the page that sets it up, wherever they go.
fn must_enroll(visit: &Visit<'_>) -> bool {
    let lacks = visit.asked.visitor.viewer.as_ref().is_some_and(|viewer| viewer.lacks_second_factor);
    lacks && !matches!(visit.asked.segments().first(), Some(&("account" | "sign-in" | "sign-out" | "language")))
}

/// Unsafe methods come from our own pages, with the token of the visitor's forms.
fn guard(visit: &Visit<'_>) -> Result<Option<Answer>, Wrong> {
    let asked = visit.asked;
    if asked.method.is_safe() {
        return Ok(None);
    }
    if !asked.visitor.is_own_page {
        return Err(Wrong::Service(Error::forbidden(
            "他のサイトからの要求は受け付けられません",
            "Requests from another site are not accepted",
        )));
    }
    let first = asked.segments().first().copied().unwrap_or_default();
    if asked.visitor.viewer.is_none() && !WITHOUT_SESSION.contains(&first) {
        // The session ended while somebody was typing: what was typed goes on behind the sign-in.
        return Ok(Some(account::sign_in_again(visit)));
    }
    // Digests of the same length are compared, so that time tells nothing.
    let matches = digest(asked.field("csrf").as_bytes()) == digest(visit.form_token().as_bytes());
    if matches { Ok(None) } else { Err(Wrong::FormOver) }
}

async fn route(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    let method = if asked.method == Method::HEAD { &Method::GET } else { &asked.method };
    match (method.as_str(), asked.segments().as_slice()) {
        ("GET", []) => start(visit).await,
        ("POST", ["language"]) => Ok(change_language(visit)),
        ("GET", ["accessibility"]) => accessibility::page(visit).await,

        // People
        ("GET", ["sign-in"]) => Ok(account::sign_in_page(visit)),
        ("POST", ["sign-in"]) => account::sign_in(visit).await,
        ("POST", ["sign-in", "code"]) => account::code(visit).await,
        ("POST", ["sign-in", "with", provider]) => account::begin_by_provider(visit, provider).await,
        ("GET", ["sign-in", "with", provider]) => account::on_to_provider(visit, provider).await,
        ("GET", ["sign-in", "from", provider]) => account::back_from_provider(visit, provider).await,
        ("POST", ["sign-in", "passkey"]) => account::sign_in_by_passkey(visit).await,
        ("POST", ["sign-in", "passkey", "request"]) => account::ask_for_passkey(visit).await,
        ("POST", ["sign-in", "again"]) => account::sign_in_afresh(visit).await,
        ("POST", ["sign-out"]) => account::sign_out(visit).await,
        ("GET", ["sign-up"]) => Ok(account::sign_up_page(visit)),
        ("POST", ["sign-up"]) => account::sign_up(visit).await,
        ("GET", ["verify-email"]) => Ok(account::verify_email_page(visit)),
        ("POST", ["verify-email"]) => account::verify_email(visit).await,
        ("GET", ["password-reset"]) => Ok(account::password_page(visit)),
        ("POST", ["password-reset"]) => account::password(visit).await,
        ("GET", ["invitations"]) => Ok(account::invitation_page(visit)),
        ("POST", ["invitations"]) => account::invitation(visit).await,
        ("GET", ["account", "security"]) => account::security(visit).await,
        ("POST", ["account", "security", "data"]) => account::export_own_data(visit).await,
        ("POST", ["account", "security", "providers"]) => account::link_provider(visit).await,
        ("POST", ["account", "security", "providers", "remove"]) => account::unlink_provider(visit).await,
        ("POST", ["account", "security", "passkeys"]) => account::add_passkey(visit).await,
        ("POST", ["account", "security", "passkeys", "request"]) => account::ask_to_make_passkey(visit).await,
        ("POST", ["account", "security", "passkeys", "remove"]) => account::remove_passkey(visit).await,
        ("POST", ["account", "security", "sessions"]) => account::end_session(visit).await,
        ("POST", ["account", "security", "tokens"]) => account::make_token(visit).await,
        ("POST", ["account", "security", "tokens", "revoke"]) => account::revoke_token(visit).await,
        ("GET", ["account", "security", "password"]) => account::change_password_page(visit).await,
        ("POST", ["account", "security", "password"]) => account::change_password(visit).await,
        ("GET", ["account", "security", "second-factor"]) => account::second_factor_page(visit).await,
        ("POST", ["account", "security", "second-factor"]) => account::second_factor(visit).await,

        // Applicants
        ("GET", ["programs"]) => programs::find(visit).await,
        ("GET", ["programs", municipality, slug]) => programs::one(visit, municipality, slug).await,
        ("GET", ["programs", municipality, slug, "check"]) => programs::check(visit, municipality, slug).await,
        ("POST", ["programs", municipality, slug, "apply"]) => programs::apply(visit, municipality, slug).await,
        ("GET", ["businesses"]) => businesses::list(visit).await,
        ("GET", ["businesses", "new"]) => businesses::new_page(visit),
        ("POST", ["businesses", "new"]) => businesses::register(visit).await,
        ("GET", ["businesses", id]) => businesses::correction_page(visit, id).await,
        ("POST", ["businesses", id]) => businesses::correct(visit, id).await,
        ("POST", ["businesses", id, "members"]) => businesses::members(visit, id).await,

        // Cases, for everybody who may see them
        ("GET", ["applications"]) if visit.is_staff() => Ok(Answer::see("/cases")),
        ("GET", ["applications"]) => cases::list(visit).await,
        ("GET", ["applications", id]) => cases::one(visit, id).await,
        ("GET", ["applications", id, "review"]) => cases::review_page(visit, id).await,
        ("POST", ["applications", id, "review"]) => cases::check(visit, id).await,
        ("POST", ["applications", id, "notes"]) => cases::note(visit, id).await,
        ("GET", ["applications", id, "act", action]) => cases::act_page(visit, id, action).await,
        ("POST", ["applications", id, "act", action]) => cases::act(visit, id, action).await,

        // The office
        ("GET", ["tasks"]) => staff::tasks(visit).await,
        ("GET", ["cases"]) => staff::list(visit).await,
        ("GET", ["cases.csv"]) => staff::export(visit, Format::Csv).await,
        ("GET", ["cases.xlsx"]) => staff::export(visit, Format::Xlsx).await,
        ("POST", ["cases", "views"]) => staff::save_view(visit).await,
        ("POST", ["cases", "views", "drop"]) => staff::drop_view(visit).await,
        ("GET", ["cases", "paper"]) => staff::paper_page(visit).await,
        ("POST", ["cases", "paper"]) => staff::start_on_paper(visit).await,
        ("GET", ["cases", "together"]) => staff::together_page(visit).await,
        ("POST", ["cases", "together"]) => staff::together(visit).await,
        ("POST", ["applications", id, "assign"]) => staff::assign(visit, id).await,

        // Its people
        ("GET", ["staff", "people"]) => administration::people(visit).await,
        ("POST", ["staff", "people"]) => administration::invite(visit).await,
        ("GET", ["staff", "people.csv"]) => administration::export(visit, Format::Csv).await,
        ("GET", ["staff", "people.xlsx"]) => administration::export(visit, Format::Xlsx).await,
        ("GET", ["staff", "people", id]) => administration::person(visit, id).await,
        ("POST", ["staff", "people", id]) => administration::act(visit, id).await,
        ("GET", ["staff", "offices"]) => administration::offices(visit).await,

        // Auditors
        ("GET", ["audit"]) => audit::history(visit).await,
        ("GET", ["audit.csv"]) => audit::export_history(visit, Format::Csv).await,
        ("GET", ["audit.xlsx"]) => audit::export_history(visit, Format::Xlsx).await,
        ("GET", ["audit", "access"]) => audit::accesses(visit).await,
        ("GET", ["audit", "access.csv"]) => audit::export_accesses(visit, Format::Csv).await,
        ("GET", ["audit", "access.xlsx"]) => audit::export_accesses(visit, Format::Xlsx).await,
        ("GET", ["audit", "check"]) => audit::check_page(visit).await,
        ("POST", ["audit", "check"]) => audit::check(visit).await,

        // Selection, and what is public of it
        ("GET", ["panel"]) => panel::list(visit).await,
        ("GET", ["panel", id]) => panel::case(visit, id).await,
        ("POST", ["panel", id]) => panel::act(visit, id).await,
        ("GET", ["rankings"]) => rankings::list(visit).await,
        ("GET", ["rankings", call]) => rankings::one(visit, call).await,
        ("POST", ["rankings", call]) => rankings::fix(visit, call).await,
        ("GET", ["registry"]) => registry::list(visit).await,
        ("GET", ["registry", municipality, slug]) => registry::one(visit, municipality, slug).await,

        // Public money
        ("GET", ["finance"]) => finance::desk(visit).await,
        ("POST", ["finance"]) => finance::make(visit).await,
        ("GET", ["finance", "batches", id]) => finance::batch(visit, id).await,
        ("POST", ["finance", "batches", id]) => finance::act(visit, id).await,
        ("GET", ["budgets"]) => finance::budgets(visit).await,

        // Programs, for whoever writes them
        (method, ["staff", "programs", rest @ ..]) => officer::answer(visit, method, rest).await,

        // Partners
        ("GET", ["partner"]) => Ok(partner::door(visit)),
        ("POST", ["partner"]) => partner::case(visit).await,

        _ => Err(not_found()),
    }
}

/// Where people begin.
async fn start(visit: &Visit<'_>) -> Page {
    if visit.is_staff() { staff::tasks(visit).await } else { programs::find(visit).await }
}

fn change_language(visit: &Visit<'_>) -> Answer {
    let chosen = language(visit.asked.field("to")).map_or("ja", |locale| match locale {
        Locale::Ja => "ja",
        Locale::En => "en",
    });
    Answer::see(own_path(visit.asked.field("back"))).with_cookie(visit.asked, Cookie::Language, chosen)
}

/// A kind page for whatever went wrong.
fn explained(visit: &Visit<'_>, wrong: &Wrong) -> Answer {
    let error = match wrong {
        Wrong::FormOver => {
            let lines = vec![visit.t.form_over().to_owned()];
            return problem(visit, StatusCode::FORBIDDEN, visit.t.form_over_title(), lines);
        }
        Wrong::Service(error) => error,
    };
    if matches!(error, Error::Unauthenticated) && visit.asked.method.is_safe() {
        return visit.sign_in_and_return();
    }
    let t = visit.t;
    let (status, title) = match error {
        Error::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, t.not_possible()),
        Error::Stale(_) | Error::Conflict => (StatusCode::CONFLICT, t.changed_meanwhile()),
        Error::IdempotencyConflict => (StatusCode::CONFLICT, t.done_before()),
        Error::Unauthenticated => (StatusCode::UNAUTHORIZED, t.sign_in()),
        Error::SignInAgain => (StatusCode::FORBIDDEN, t.sign_in_afresh()),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, t.not_possible()),
        Error::NotFound => (StatusCode::NOT_FOUND, t.not_found()),
        Error::BadInput { .. } => (StatusCode::BAD_REQUEST, t.not_possible()),
        Error::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, t.too_many()),
        Error::Unavailable | Error::Contention => (StatusCode::SERVICE_UNAVAILABLE, t.unavailable()),
        Error::Fault(why) => {
            tracing::error!(request_id = %visit.asked.visitor.request_id, why, "a page failed");
            (StatusCode::INTERNAL_SERVER_ERROR, t.fault())
        }
    };
    problem(visit, status, title, visit.why_not(error))
}

fn problem(visit: &Visit<'_>, status: StatusCode, title: &str, mut lines: Vec<String>) -> Answer {
    if status != StatusCode::NOT_FOUND {
        lines.push(number_to_quote(visit.t, &visit.asked.visitor.request_id));
    }
    let link = Some(("/".to_owned(), visit.t.to_start().to_owned()));
    visit.page_with(status, &Message { frame: visit.frame(title), lines, link })
}

/// A page for what went wrong outside of the pages: a path that nobody knows, a handler that failed.
#[must_use]
pub fn failed(service: &Service, asked: &Asked, status: StatusCode, why: Option<&Bilingual>) -> Answer {
    let visit = Visit::new(service, asked);
    let t = visit.t;
    let (title, lead) = match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => (t.not_found(), t.not_found_lead()),
        status if status.is_client_error() => (t.not_possible(), t.load_again()),
        _ => (t.fault(), t.fault_lead()),
    };
    problem(&visit, status, title, vec![why.map_or(lead, |why| visit.say(why)).to_owned()])
}

fn number_to_quote(t: Text, request_id: &str) -> String {
    format!("{}{request_id}", t.number_to_quote())
}
