//! Which path leads where, and what must hold for every request that changes something.

use std::future::ready;
use std::pin::Pin;

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

type Answering<'v> = Pin<Box<dyn Future<Output = Page> + Send + 'v>>;

/// The answer to one request for a page.
pub async fn answer(service: &Service, asked: &Asked) -> Answer {
    if let Some(asset) = assets::at(&asked.path) {
        return asset;
    }
    let visit = Visit::new(service, asked);
    let page = match guard(&visit) {
        Ok(None) if must_enroll(&visit) => Ok(Answer::see(account::SECOND_FACTOR)),
        Ok(None) => route(&visit).await,
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

/// The page that is asked for. Each is a future of its own on the heap: all of them together are large.
fn route<'v>(visit: &'v Visit<'v>) -> Answering<'v> {
    let asked = visit.asked;
    let method = if asked.method == Method::HEAD { &Method::GET } else { &asked.method };
    match (method.as_str(), asked.segments().as_slice()) {
        ("GET", []) => Box::pin(start(visit)),
        ("POST", ["language"]) => Box::pin(ready(Ok(change_language(visit)))),
        ("GET", ["accessibility"]) => Box::pin(accessibility::page(visit)),

        // People
        ("GET", ["sign-in"]) => Box::pin(ready(Ok(account::sign_in_page(visit)))),
        ("POST", ["sign-in"]) => Box::pin(account::sign_in(visit)),
        ("POST", ["sign-in", "code"]) => Box::pin(account::code(visit)),
        ("POST", ["sign-in", "with", provider]) => Box::pin(account::begin_by_provider(visit, provider)),
        ("GET", ["sign-in", "with", provider]) => Box::pin(account::on_to_provider(visit, provider)),
        ("GET", ["sign-in", "from", provider]) => Box::pin(account::back_from_provider(visit, provider)),
        ("POST", ["sign-in", "passkey"]) => Box::pin(account::sign_in_by_passkey(visit)),
        ("POST", ["sign-in", "passkey", "request"]) => Box::pin(account::ask_for_passkey(visit)),
        ("POST", ["sign-in", "again"]) => Box::pin(account::sign_in_afresh(visit)),
        ("POST", ["sign-out"]) => Box::pin(account::sign_out(visit)),
        ("GET", ["sign-up"]) => Box::pin(ready(Ok(account::sign_up_page(visit)))),
        ("POST", ["sign-up"]) => Box::pin(account::sign_up(visit)),
        ("GET", ["verify-email"]) => Box::pin(ready(Ok(account::verify_email_page(visit)))),
        ("POST", ["verify-email"]) => Box::pin(account::verify_email(visit)),
        ("GET", ["password-reset"]) => Box::pin(ready(Ok(account::password_page(visit)))),
        ("POST", ["password-reset"]) => Box::pin(account::password(visit)),
        ("GET", ["invitations"]) => Box::pin(ready(Ok(account::invitation_page(visit)))),
        ("POST", ["invitations"]) => Box::pin(account::invitation(visit)),
        ("GET", ["account", "security"]) => Box::pin(account::security(visit)),
        ("POST", ["account", "security", "data"]) => Box::pin(account::export_own_data(visit)),
        ("POST", ["account", "security", "providers"]) => Box::pin(account::link_provider(visit)),
        ("POST", ["account", "security", "providers", "remove"]) => Box::pin(account::unlink_provider(visit)),
        ("POST", ["account", "security", "passkeys"]) => Box::pin(account::add_passkey(visit)),
        ("POST", ["account", "security", "passkeys", "request"]) => Box::pin(account::ask_to_make_passkey(visit)),
        ("POST", ["account", "security", "passkeys", "remove"]) => Box::pin(account::remove_passkey(visit)),
        ("POST", ["account", "security", "sessions"]) => Box::pin(account::end_session(visit)),
        ("POST", ["account", "security", "tokens"]) => Box::pin(account::make_token(visit)),
        ("POST", ["account", "security", "tokens", "revoke"]) => Box::pin(account::revoke_token(visit)),
        ("GET", ["account", "security", "email"]) => Box::pin(ready(account::change_email_page(visit))),
        ("POST", ["account", "security", "email"]) => Box::pin(account::change_email(visit)),
        ("GET", ["account", "security", "password"]) => Box::pin(account::change_password_page(visit)),
        ("POST", ["account", "security", "password"]) => Box::pin(account::change_password(visit)),
        ("GET", ["account", "security", "second-factor"]) => Box::pin(account::second_factor_page(visit)),
        ("POST", ["account", "security", "second-factor"]) => Box::pin(account::second_factor(visit)),

        // Applicants
        ("GET", ["programs"]) => Box::pin(programs::find(visit)),
        ("GET", ["programs", municipality, slug]) => Box::pin(programs::one(visit, municipality, slug)),
        ("GET", ["programs", municipality, slug, "check"]) => Box::pin(programs::check(visit, municipality, slug)),
        ("POST", ["programs", municipality, slug, "apply"]) => Box::pin(programs::apply(visit, municipality, slug)),
        ("GET", ["businesses"]) => Box::pin(businesses::list(visit)),
        ("GET", ["businesses", "new"]) => Box::pin(ready(businesses::new_page(visit))),
        ("POST", ["businesses", "new"]) => Box::pin(businesses::register(visit)),
        ("GET", ["businesses", id]) => Box::pin(businesses::correction_page(visit, id)),
        ("POST", ["businesses", id]) => Box::pin(businesses::correct(visit, id)),
        ("POST", ["businesses", id, "members"]) => Box::pin(businesses::members(visit, id)),

        // Cases, for everybody who may see them
        ("GET", ["applications.csv"]) => Box::pin(cases::export(visit, Format::Csv)),
        ("GET", ["applications.xlsx"]) => Box::pin(cases::export(visit, Format::Xlsx)),
        ("GET", ["applications"]) if visit.is_staff() => Box::pin(ready(Ok(Answer::see("/cases")))),
        ("GET", ["applications"]) => Box::pin(cases::list(visit)),
        ("GET", ["applications", id]) => Box::pin(cases::one(visit, id)),
        ("GET", ["applications", id, "review"]) => Box::pin(cases::review_page(visit, id)),
        ("POST", ["applications", id, "review"]) => Box::pin(cases::check(visit, id)),
        ("POST", ["applications", id, "discard"]) => Box::pin(cases::discard(visit, id)),
        ("POST", ["applications", id, "notes"]) => Box::pin(cases::note(visit, id)),
        ("GET", ["applications", id, "act", action]) => Box::pin(cases::act_page(visit, id, action)),
        ("POST", ["applications", id, "act", action]) => Box::pin(cases::act(visit, id, action)),

        // The office
        ("GET", ["tasks"]) => Box::pin(staff::tasks(visit)),
        ("GET", ["cases"]) => Box::pin(staff::list(visit)),
        ("GET", ["cases.csv"]) => Box::pin(staff::export(visit, Format::Csv)),
        ("GET", ["cases.xlsx"]) => Box::pin(staff::export(visit, Format::Xlsx)),
        ("POST", ["cases", "views"]) => Box::pin(staff::save_view(visit)),
        ("POST", ["cases", "views", "drop"]) => Box::pin(staff::drop_view(visit)),
        ("GET", ["cases", "paper"]) => Box::pin(staff::paper_page(visit)),
        ("POST", ["cases", "paper"]) => Box::pin(staff::start_on_paper(visit)),
        ("GET", ["cases", "together"]) => Box::pin(staff::together_page(visit)),
        ("POST", ["cases", "together"]) => Box::pin(staff::together(visit)),
        ("POST", ["applications", id, "assign"]) => Box::pin(staff::assign(visit, id)),

        // Its people
        ("GET", ["staff", "people"]) => Box::pin(administration::people(visit)),
        ("POST", ["staff", "people"]) => Box::pin(administration::invite(visit)),
        ("GET", ["staff", "people.csv"]) => Box::pin(administration::export(visit, Format::Csv)),
        ("GET", ["staff", "people.xlsx"]) => Box::pin(administration::export(visit, Format::Xlsx)),
        ("GET", ["staff", "people", id]) => Box::pin(administration::person(visit, id)),
        ("POST", ["staff", "people", id]) => Box::pin(administration::act(visit, id)),
        ("GET", ["staff", "offices"]) => Box::pin(administration::offices(visit)),

        // Auditors
        ("GET", ["audit"]) => Box::pin(audit::history(visit)),
        ("GET", ["audit.csv"]) => Box::pin(audit::export_history(visit, Format::Csv)),
        ("GET", ["audit.xlsx"]) => Box::pin(audit::export_history(visit, Format::Xlsx)),
        ("GET", ["audit", "access"]) => Box::pin(audit::accesses(visit)),
        ("GET", ["audit", "access.csv"]) => Box::pin(audit::export_accesses(visit, Format::Csv)),
        ("GET", ["audit", "access.xlsx"]) => Box::pin(audit::export_accesses(visit, Format::Xlsx)),
        ("GET", ["audit", "check"]) => Box::pin(audit::check_page(visit)),
        ("POST", ["audit", "check"]) => Box::pin(audit::check(visit)),

        // Selection, and what is public of it
        ("GET", ["panel"]) => Box::pin(panel::list(visit)),
        ("GET", ["panel", id]) => Box::pin(panel::case(visit, id)),
        ("POST", ["panel", id]) => Box::pin(panel::act(visit, id)),
        ("GET", ["rankings"]) => Box::pin(rankings::list(visit)),
        ("GET", ["rankings", call]) => Box::pin(rankings::one(visit, call)),
        ("POST", ["rankings", call]) => Box::pin(rankings::fix(visit, call)),
        ("GET", ["registry"]) => Box::pin(registry::list(visit)),
        ("GET", ["registry", municipality, slug]) => Box::pin(registry::one(visit, municipality, slug)),

        // Public money
        ("GET", ["finance"]) => Box::pin(finance::desk(visit)),
        ("POST", ["finance"]) => Box::pin(finance::make(visit)),
        ("GET", ["finance", "batches", id]) => Box::pin(finance::batch(visit, id)),
        ("GET", ["finance", "batches", id, "cover"]) => Box::pin(finance::cover(visit, id)),
        ("POST", ["finance", "batches", id]) => Box::pin(finance::act(visit, id)),
        ("GET", ["budgets.csv"]) => Box::pin(finance::export_budgets(visit, Format::Csv)),
        ("GET", ["budgets.xlsx"]) => Box::pin(finance::export_budgets(visit, Format::Xlsx)),
        ("GET", ["budgets"]) => Box::pin(finance::budgets(visit)),

        // Programs, for whoever writes them
        (method, ["staff", "programs", rest @ ..]) => {
            let rest = rest.to_vec();
            Box::pin(async move { officer::answer(visit, method, &rest).await })
        }

        // Partners
        ("GET", ["partner"]) => Box::pin(ready(Ok(partner::door(visit)))),
        ("POST", ["partner"]) => Box::pin(partner::case(visit)),

        _ => Box::pin(ready(Err(not_found()))),
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
