//! Accounts: opening one, proving an address, a new password, taking an invitation; signing in and out, and what keeps the
//! account safe.

mod own_data;
mod passkeys;
mod provider;
mod second_factor;
mod security;
mod sign_in;

pub(crate) use own_data::export as export_own_data;
pub(crate) use passkeys::{
    add as add_passkey, ask as ask_for_passkey, ask_to_make as ask_to_make_passkey, remove as remove_passkey,
    sign_in as sign_in_by_passkey,
};
pub(crate) use provider::{
    back as back_from_provider, begin as begin_by_provider, link as link_provider, onward as on_to_provider,
    unlink as unlink_provider,
};
pub(crate) use second_factor::{HERE as SECOND_FACTOR, act as second_factor, page as second_factor_page};
pub(crate) use security::{
    change_email, change_password, email_page as change_email_page, end_session, make_token, page as security,
    password_page as change_password_page, revoke_token, scope_name,
};
pub(crate) use sign_in::{afresh_page, again as sign_in_afresh, code, sign_in, sign_in_again, sign_in_page, sign_out};

use askama::Template;
use poem::http::StatusCode;
use service::Error;

use crate::answer::Answer;
use crate::asked::{in_url, own_path};
use crate::forms::{Said, Told};
use crate::text::Text;
use crate::visit::{Frame, Message, Page, Visit};

/// A small form about an account.
#[derive(Template)]
#[template(path = "account/form.html")]
struct AccountForm {
    frame: Frame,
    errors: Vec<Said>,
    lead: String,
    action: &'static str,
    button: &'static str,
    /// Where else the visitor can show who they are.
    providers: Vec<ProviderButton>,
    /// And whether by a passkey.
    by_passkey: bool,
    /// Hidden fields, of whichever form is sent.
    waiting: Vec<(String, String)>,
    inputs: Vec<Input>,
}

struct ProviderButton {
    /// In its path.
    name: String,
    label: String,
}

struct Input {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    autocomplete: &'static str,
    hint: Option<&'static str>,
    value: String,
    errors: Vec<String>,
    described: String,
}

impl Input {
    fn new(name: &'static str, label: &'static str, kind: &'static str, autocomplete: &'static str) -> Self {
        Self {
            name,
            label,
            kind,
            autocomplete,
            hint: None,
            value: String::new(),
            errors: Vec::new(),
            described: String::new(),
        }
    }

    const fn hinted(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// A form again, with what was wrong beside its inputs and everything typed but passwords.
fn again(visit: &Visit<'_>, mut form: AccountForm, error: Error) -> Page {
    let told = match error {
        Error::BadInput { path, message } => Told::one(path, message),
        Error::Refused(refusals) => Told::of(refusals),
        error => return Err(error.into()),
    };
    for input in &mut form.inputs {
        input.errors = told.at(input.name, visit.locale);
        if input.kind != "password" {
            visit.asked.field(input.name).clone_into(&mut input.value);
        }
        let mut ids: Vec<String> = input.hint.iter().map(|_| format!("{}-hint", input.name)).collect();
        ids.extend((!input.errors.is_empty()).then(|| format!("{}-error", input.name)));
        input.described = ids.join(" ");
    }
    let place = |path: &str| {
        let input = form.inputs.iter().find(|input| input.name == path)?;
        Some((format!("#{path}"), input.label.to_owned()))
    };
    form.errors = told.summary(place, visit.locale);
    form.frame.has_errors = true;
    Ok(visit.refused(&form))
}

/// A form as it is first shown.
fn fresh(visit: &Visit<'_>, form: AccountForm) -> Answer {
    fresh_with(visit, StatusCode::OK, form)
}

fn fresh_with(visit: &Visit<'_>, status: StatusCode, mut form: AccountForm) -> Answer {
    for input in form.inputs.iter_mut().filter(|input| input.hint.is_some()) {
        input.described = format!("{}-hint", input.name);
    }
    visit.page_with(status, &form)
}

fn message(visit: &Visit<'_>, title: &'static str, line: &'static str, link: Option<(&str, &str)>) -> Answer {
    let link = link.map(|(href, label)| (href.to_owned(), label.to_owned()));
    visit.page(&Message { frame: visit.frame(title), lines: vec![line.to_owned()], link })
}

/// `next` is where it goes on behind the sign-in.
fn sign_up_form(visit: &Visit<'_>, next: &str) -> AccountForm {
    let t = visit.t;
    AccountForm {
        frame: visit.frame(t.sign_up()),
        errors: Vec::new(),
        lead: t.sign_up_lead().to_owned(),
        action: "/sign-up",
        button: t.sign_up(),
        providers: Vec::new(),
        by_passkey: false,
        waiting: vec![("next".to_owned(), own_path(next).to_owned())],
        inputs: vec![
            Input::new("email", t.email(), "email", "email"),
            Input::new("name", t.your_name(), "text", "name"),
            Input::new("password", t.password(), "password", "new-password").hinted(t.password_hint()),
        ],
    }
}

fn present_password(t: Text) -> Input {
    Input::new("password", t.present_password(), "password", "current-password")
}

/// A code of an app, or a recovery code.
fn code_input(t: Text) -> Input {
    Input::new("code", t.code(), "text", "one-time-code").hinted(t.code_hint())
}

fn new_password(t: Text) -> Input {
    Input::new("password", t.new_password(), "password", "new-password").hinted(t.password_hint())
}

pub(crate) fn sign_up_page(visit: &Visit<'_>) -> Answer {
    fresh(visit, sign_up_form(visit, visit.asked.parameter("next")))
}

pub(crate) async fn sign_up(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    let (email, name, password) = (asked.field("email"), asked.field("name"), asked.field("password"));
    let next = own_path(asked.field("next"));
    match visit.service.sign_up(email, name, password, visit.locale, Some(next)).await {
        Ok(()) => Ok(message(visit, visit.t.mail_sent(), visit.t.mail_sent_lead(), None)),
        Err(error) => again(visit, sign_up_form(visit, next), error),
    }
}

/// Opening a link changes nothing yet, as programs that look at mails open links too.
pub(crate) fn verify_email_page(visit: &Visit<'_>) -> Answer {
    fresh(visit, verify_form(visit, visit.asked.parameter("token")))
}

fn verify_form(visit: &Visit<'_>, token: &str) -> AccountForm {
    let t = visit.t;
    AccountForm {
        frame: visit.frame(t.verify_email()),
        errors: Vec::new(),
        lead: t.verify_email_lead().to_owned(),
        action: "/verify-email",
        button: t.verify_email(),
        providers: Vec::new(),
        by_passkey: false,
        waiting: vec![("token".to_owned(), token.to_owned())],
        inputs: Vec::new(),
    }
}

pub(crate) async fn verify_email(visit: &Visit<'_>) -> Page {
    let token = visit.asked.field("token");
    match visit.service.verify_email(token).await {
        Ok(next) => {
            let sign_in = format!("/sign-in?next={}", in_url(own_path(&next.unwrap_or_default())));
            let link = Some((sign_in.as_str(), visit.t.sign_in()));
            Ok(message(visit, visit.t.verified(), visit.t.verified_lead(), link))
        }
        Err(error) => again(visit, verify_form(visit, token), error),
    }
}

fn reset_request_form(visit: &Visit<'_>) -> AccountForm {
    let t = visit.t;
    AccountForm {
        frame: visit.frame(t.forgot_password()),
        errors: Vec::new(),
        lead: t.forgot_password_lead().to_owned(),
        action: "/password-reset",
        button: t.send_mail(),
        providers: Vec::new(),
        by_passkey: false,
        waiting: Vec::new(),
        inputs: vec![Input::new("email", t.email(), "email", "username")],
    }
}

fn reset_form(visit: &Visit<'_>, token: &str) -> AccountForm {
    let t = visit.t;
    AccountForm {
        frame: visit.frame(t.set_password()),
        errors: Vec::new(),
        lead: t.set_password_lead().to_owned(),
        action: "/password-reset",
        button: t.set_password(),
        providers: Vec::new(),
        by_passkey: false,
        waiting: vec![("token".to_owned(), token.to_owned())],
        inputs: vec![new_password(t)],
    }
}

/// With the token of a mail: the new password; without one: the mail.
pub(crate) fn password_page(visit: &Visit<'_>) -> Answer {
    match visit.asked.parameter("token") {
        "" => fresh(visit, reset_request_form(visit)),
        token => fresh(visit, reset_form(visit, token)),
    }
}

pub(crate) async fn password(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    match asked.field("token") {
        "" => match visit.service.request_password_reset(asked.field("email")).await {
            Ok(()) => Ok(message(visit, visit.t.mail_sent(), visit.t.mail_sent_lead(), None)),
            Err(error) => again(visit, reset_request_form(visit), error),
        },
        token => match visit.service.reset_password(token, asked.field("password")).await {
            Ok(()) => {
                let link = Some(("/sign-in", visit.t.sign_in()));
                Ok(message(visit, visit.t.password_set(), visit.t.password_set_lead(), link))
            }
            Err(error) => again(visit, reset_form(visit, token), error),
        },
    }
}

fn invitation_form(visit: &Visit<'_>, token: &str) -> AccountForm {
    let t = visit.t;
    let password =
        Input::new("password", t.password(), "password", "new-password").hinted(t.invitation_password_hint());
    AccountForm {
        frame: visit.frame(t.invitation()),
        errors: Vec::new(),
        lead: t.invitation_lead().to_owned(),
        action: "/invitations",
        button: t.accept(),
        providers: Vec::new(),
        by_passkey: false,
        waiting: vec![("token".to_owned(), token.to_owned())],
        inputs: vec![Input::new("name", t.your_name(), "text", "name"), password],
    }
}

pub(crate) fn invitation_page(visit: &Visit<'_>) -> Answer {
    fresh(visit, invitation_form(visit, visit.asked.parameter("token")))
}

pub(crate) async fn invitation(visit: &Visit<'_>) -> Page {
    let asked = visit.asked;
    let (token, password) = (asked.field("token"), Some(asked.field("password")).filter(|text| !text.is_empty()));
    match visit.service.accept_invitation(token, asked.field("name"), password).await {
        Ok(()) => {
            let link = Some(("/sign-in", visit.t.sign_in()));
            Ok(message(visit, visit.t.accepted(), visit.t.verified_lead(), link))
        }
        Err(error) => again(visit, invitation_form(visit, token), error),
    }
}
