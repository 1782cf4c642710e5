//! Signing in, in one half or two; again, where a fresh sign-in is asked for; and out. Whatever was being sent waits in
//! the page meanwhile.

use askama::Template;
use poem::http::StatusCode;
use service::{Error, NewSession, SignIn};
use vocabulary::Bilingual;

use super::{AccountForm, ProviderButton, again as form_again, code_input, fresh, fresh_with, present_password};
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
    providers: Vec<ProviderButton>,
    by_passkey: bool,
    /// Where it goes on, and what was being sent when the session had ended.
    waiting: Vec<(String, String)>,
}

/// What goes on after a sign-in.
pub(super) struct Waiting {
    next: String,
    kept: Vec<(String, String)>,
}

impl Waiting {
    pub fn new(next: &str, kept: Vec<(String, String)>) -> Self {
        Self { next: own_path(next).to_owned(), kept }
    }

    /// What the form of a sign-in carries along.
    pub fn of(visit: &Visit<'_>) -> Self {
        let fields = visit.asked.fields.iter();
        let kept = fields.filter_map(|(name, value)| Some((name.strip_prefix(KEPT)?.to_owned(), value.clone())));
        Self::new(visit.asked.field("next"), kept.collect())
    }

    /// The form that was just refused.
    fn sent(visit: &Visit<'_>) -> Self {
        let mut kept: Vec<_> = visit.asked.fields.iter().filter(|(name, _)| name != "csrf").cloned().collect();
        if kept.is_empty() {
            // A button alone: it is pressed again, and no page asked for.
            kept.push(("again".to_owned(), "yes".to_owned()));
        }
        Self::new(&visit.asked.here(), kept)
    }

    /// As the hidden fields of another form.
    fn hidden(self) -> Vec<(String, String)> {
        let kept = self.kept.into_iter().map(|(name, value)| (format!("{KEPT}{name}"), value));
        std::iter::once(("next".to_owned(), self.next)).chain(kept).collect()
    }

    pub fn parts(self) -> (String, Vec<(String, String)>) {
        (self.next, self.kept)
    }
}

#[derive(Template)]
#[template(path = "account/resume.html")]
struct Resume {
    frame: Frame,
    next: String,
    kept: Vec<(String, String)>,
}

pub(crate) fn sign_in_page(visit: &Visit<'_>) -> Answer {
    let waiting = Waiting::new(visit.asked.parameter("next"), Vec::new());
    visit.page(&form(visit, String::new(), waiting))
}

/// The session ended before a form was sent: what was typed waits in the page.
pub(crate) fn sign_in_again(visit: &Visit<'_>) -> Answer {
    visit.page_with(StatusCode::UNAUTHORIZED, &form(visit, String::new(), Waiting::sent(visit)))
}

fn form(visit: &Visit<'_>, email: String, waiting: Waiting) -> SignInForm {
    let frame = visit.frame(visit.t.sign_in());
    let providers = visit.service.providers().map(|provider| button(visit, provider)).collect();
    let by_passkey = visit.service.takes_passkeys();
    SignInForm { frame, errors: Vec::new(), email, providers, by_passkey, waiting: waiting.hidden() }
}

fn button(visit: &Visit<'_>, (name, label): (&str, &Bilingual)) -> ProviderButton {
    ProviderButton { name: name.to_owned(), label: visit.t.sign_in_with(visit.say(label)) }
}

pub(crate) async fn sign_in(visit: &Visit<'_>) -> Page {
    let (asked, email) = (visit.asked, visit.asked.field("email"));
    match visit.service.sign_in(email, asked.field("password"), asked.device()).await {
        Ok(signed_in) => Ok(shown(visit, signed_in, Waiting::of(visit))),
        Err(Error::Unauthenticated) => Ok(refused(visit, email, vec![visit.t.wrong_password()], Waiting::of(visit))),
        Err(error) => Err(error.into()),
    }
}

/// Who it is was shown, or the first half of that.
pub(super) fn shown(visit: &Visit<'_>, signed_in: SignIn, waiting: Waiting) -> Answer {
    match signed_in {
        SignIn::Done(session) => opened(visit, *session, waiting),
        SignIn::HalfDone(half) => fresh(visit, code_form(visit, &half, waiting)),
    }
}

pub(super) fn refused(visit: &Visit<'_>, email: &str, reasons: Vec<&str>, waiting: Waiting) -> Answer {
    let mut page = form(visit, email.to_owned(), waiting);
    page.frame.has_errors = true;
    page.errors = reasons.into_iter().map(Said::plain).collect();
    visit.page_with(StatusCode::UNAUTHORIZED, &page)
}

/// Goes on where the visitor was, with what was typed.
pub(super) fn opened(visit: &Visit<'_>, session: NewSession, waiting: Waiting) -> Answer {
    let Waiting { next, kept } = waiting;
    let answer = if kept.is_empty() {
        Answer::see(&next)
    } else {
        let frame = Frame {
            csrf: session.viewer.form_token(),
            name: Some(session.viewer.person.name.clone()),
            ..visit.frame(visit.t.resume())
        };
        visit.page(&Resume { frame, next, kept })
    };
    answer.with_session(Session::Opened(Box::new(session)))
}

fn code_form(visit: &Visit<'_>, half: &str, waiting: Waiting) -> AccountForm {
    let t = visit.t;
    let mut waiting = waiting.hidden();
    waiting.push(("half".to_owned(), half.to_owned()));
    AccountForm {
        frame: visit.frame(t.second_factor()),
        errors: Vec::new(),
        lead: t.code_lead().to_owned(),
        action: "/sign-in/code",
        button: t.sign_in(),
        providers: Vec::new(),
        by_passkey: visit.service.takes_passkeys(),
        waiting,
        inputs: vec![code_input(t)],
    }
}

/// The second half: the code.
pub(crate) async fn code(visit: &Visit<'_>) -> Page {
    let (asked, half) = (visit.asked, visit.asked.field("half"));
    match visit.service.complete_sign_in(half, asked.field("code"), asked.device()).await {
        Ok(session) => Ok(opened(visit, session, Waiting::of(visit))),
        Err(Error::Unauthenticated) => Ok(refused(visit, "", vec![visit.t.sign_in_over()], Waiting::of(visit))),
        Err(error) => form_again(visit, code_form(visit, half, Waiting::of(visit)), error),
    }
}

async fn afresh_form(visit: &Visit<'_>, waiting: Waiting) -> Result<AccountForm, Error> {
    let t = visit.t;
    let (mut inputs, mut providers, mut by_passkey) = (vec![present_password(t)], Vec::new(), false);
    if let Some(viewer) = &visit.asked.visitor.viewer {
        if visit.service.second_factor(viewer).await?.since.is_some() {
            inputs.push(code_input(t));
        }
        by_passkey = visit.service.takes_passkeys() && !visit.service.passkeys(viewer).await?.is_empty();
        let known_by = visit.service.providers_of(viewer).await?;
        let known_by = known_by.into_iter().filter(|(_, _, since)| since.is_some());
        providers = known_by.map(|(name, label, _)| button(visit, (name, label))).collect();
    }
    Ok(AccountForm {
        frame: visit.frame(t.sign_in_afresh()),
        errors: Vec::new(),
        lead: t.sign_in_afresh_lead().to_owned(),
        action: "/sign-in/again",
        button: t.go_on(),
        providers,
        by_passkey,
        waiting: waiting.hidden(),
        inputs,
    })
}

/// The sign-in is too old for what was asked for: the visitor shows again who they are, and it goes on from there.
pub(crate) async fn afresh_page(visit: &Visit<'_>) -> Page {
    let form = afresh_form(visit, Waiting::sent(visit)).await?;
    Ok(fresh_with(visit, StatusCode::FORBIDDEN, form))
}

pub(crate) async fn again(visit: &Visit<'_>) -> Page {
    let (viewer, asked) = (visit.viewer()?, visit.asked);
    let (password, code) = (asked.field("password"), asked.field("code"));
    match visit.service.sign_in_again(viewer, password, code, asked.device()).await {
        Ok(session) => Ok(opened(visit, session, Waiting::of(visit))),
        Err(error) => form_again(visit, afresh_form(visit, Waiting::of(visit)).await?, error),
    }
}

pub(crate) async fn sign_out(visit: &Visit<'_>) -> Page {
    visit.service.sign_out(visit.viewer()?).await?;
    Ok(Answer::see("/").with_session(Session::Closed))
}
