//! Signing in, in one half or two; again, where a fresh sign-in is asked for; and out. Whatever was being sent waits in
//! the page meanwhile.

use askama::Template;
use poem::http::StatusCode;
use service::{Error, NewSession, SignIn};

use super::{AccountForm, again as form_again, code_input, fresh, fresh_with, present_password};
use crate::answer::{Answer, Session};
use crate::asked::own_path;
use crate::forms::Said;
use crate::visit::{Frame, Page, Visit};

/// Before the names of fields that wait behind a sign-in.
const KEPT: &str = "kept.";

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignInForm {
    frame: Frame,
    errors: Vec<Said>,
    email: String,
    next: String,
    /// What was being sent when the session had ended.
    kept: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "account/resume.html")]
struct Resume {
    frame: Frame,
    next: String,
    kept: Vec<(String, String)>,
}

pub(crate) fn sign_in_page(visit: &Visit<'_>) -> Answer {
    let next = own_path(visit.asked.parameter("next")).to_owned();
    let frame = visit.frame(visit.t.sign_in());
    visit.page(&SignInForm { frame, errors: Vec::new(), email: String::new(), next, kept: Vec::new() })
}

/// The session ended before a form was sent: what was typed waits in the page.
pub(crate) fn sign_in_again(visit: &Visit<'_>) -> Answer {
    let frame = visit.frame(visit.t.sign_in());
    let (email, next, kept) = (String::new(), visit.asked.here(), sent(visit));
    visit.page_with(StatusCode::UNAUTHORIZED, &SignInForm { frame, errors: Vec::new(), email, next, kept })
}

/// What the form that was refused has sent.
fn sent(visit: &Visit<'_>) -> Vec<(String, String)> {
    visit.asked.fields.iter().filter(|(name, _)| name != "csrf").cloned().collect()
}

fn kept(visit: &Visit<'_>) -> Vec<(String, String)> {
    let fields = visit.asked.fields.iter();
    fields.filter_map(|(name, value)| Some((name.strip_prefix(KEPT)?.to_owned(), value.clone()))).collect()
}

/// Where it goes on, and what waits for that, as the hidden fields of another form.
fn waiting(next: &str, kept: Vec<(String, String)>) -> Vec<(String, String)> {
    let kept = kept.into_iter().map(|(name, value)| (format!("{KEPT}{name}"), value));
    std::iter::once(("next".to_owned(), next.to_owned())).chain(kept).collect()
}

pub(crate) async fn sign_in(visit: &Visit<'_>) -> Page {
    let (asked, email) = (visit.asked, visit.asked.field("email"));
    match visit.service.sign_in(email, asked.field("password"), asked.device()).await {
        Ok(SignIn::Done(session)) => Ok(opened(visit, *session)),
        Ok(SignIn::HalfDone(half)) => Ok(fresh(visit, code_form(visit, &half))),
        Err(Error::Unauthenticated) => Ok(refused(visit, email, visit.t.wrong_password())),
        Err(error) => Err(error.into()),
    }
}

fn refused(visit: &Visit<'_>, email: &str, why: &str) -> Answer {
    let frame = Frame { has_errors: true, ..visit.frame(visit.t.sign_in()) };
    let (email, next) = (email.to_owned(), own_path(visit.asked.field("next")).to_owned());
    let page = SignInForm { frame, errors: vec![Said::plain(why)], email, next, kept: kept(visit) };
    visit.page_with(StatusCode::UNAUTHORIZED, &page)
}

/// Goes on where the visitor was, with what was typed.
fn opened(visit: &Visit<'_>, session: NewSession) -> Answer {
    let (next, kept) = (own_path(visit.asked.field("next")), kept(visit));
    let answer = if kept.is_empty() {
        Answer::see(next)
    } else {
        let frame = Frame {
            csrf: session.viewer.form_token(),
            name: Some(session.viewer.person.name.clone()),
            ..visit.frame(visit.t.resume())
        };
        visit.page(&Resume { frame, next: next.to_owned(), kept })
    };
    answer.with_session(Session::Opened(Box::new(session)))
}

fn code_form(visit: &Visit<'_>, half: &str) -> AccountForm {
    let t = visit.t;
    let mut hidden = waiting(own_path(visit.asked.field("next")), kept(visit));
    hidden.push(("half".to_owned(), half.to_owned()));
    AccountForm {
        frame: visit.frame(t.second_factor()),
        errors: Vec::new(),
        lead: t.code_lead().to_owned(),
        action: "/sign-in/code",
        button: t.sign_in(),
        hidden,
        inputs: vec![code_input(t)],
    }
}

/// The second half: the code.
pub(crate) async fn code(visit: &Visit<'_>) -> Page {
    let (asked, half) = (visit.asked, visit.asked.field("half"));
    match visit.service.complete_sign_in(half, asked.field("code"), asked.device()).await {
        Ok(session) => Ok(opened(visit, session)),
        Err(Error::Unauthenticated) => Ok(refused(visit, "", visit.t.sign_in_over())),
        Err(error) => form_again(visit, code_form(visit, half), error),
    }
}

async fn afresh_form(visit: &Visit<'_>, hidden: Vec<(String, String)>) -> Result<AccountForm, Error> {
    let t = visit.t;
    let mut inputs = vec![present_password(t)];
    if let Some(viewer) = &visit.asked.visitor.viewer
        && visit.service.second_factor(viewer).await?.since.is_some()
    {
        inputs.push(code_input(t));
    }
    Ok(AccountForm {
        frame: visit.frame(t.sign_in_afresh()),
        errors: Vec::new(),
        lead: t.sign_in_afresh_lead().to_owned(),
        action: "/sign-in/again",
        button: t.go_on(),
        hidden,
        inputs,
    })
}

/// The sign-in is too old for what was asked for: the visitor shows again who they are, and it goes on from there.
pub(crate) async fn afresh_page(visit: &Visit<'_>) -> Page {
    let form = afresh_form(visit, waiting(&visit.asked.here(), sent(visit))).await?;
    Ok(fresh_with(visit, StatusCode::FORBIDDEN, form))
}

pub(crate) async fn again(visit: &Visit<'_>) -> Page {
    let (viewer, asked) = (visit.viewer()?, visit.asked);
    let (password, code) = (asked.field("password"), asked.field("code"));
    match visit.service.sign_in_again(viewer, password, code, asked.device()).await {
        Ok(session) => Ok(opened(visit, session)),
        Err(error) => {
            let hidden = waiting(own_path(asked.field("next")), kept(visit));
            form_again(visit, afresh_form(visit, hidden).await?, error)
        }
    }
}

pub(crate) async fn sign_out(visit: &Visit<'_>) -> Page {
    visit.service.sign_out(visit.viewer()?).await?;
    Ok(Answer::see("/").with_session(Session::Closed))
}
