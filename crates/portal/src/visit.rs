//! One visit: who asks, in which language, and the frame around every page.

use askama::Template;
use poem::http::StatusCode;
use program::definition::Role;
use service::{Error, Service, Viewer};
use uuid::Uuid;
use vocabulary::{Bilingual, FiscalYear, Instant, Locale, digest};

use crate::answer::{Answer, Cookie, nonce};
use crate::asked::{Asked, in_url};
use crate::assets;
use crate::text::{Text, notice};

/// The window of a call that is the only one of its year.
pub(crate) const ONLY_WINDOW: &str = "year";

/// Why there is no page; [`crate::routes`] makes a kind page of it.
#[derive(Debug)]
pub(crate) enum Wrong {
    Service(Error),
    /// The form was made for another session, or is too old.
    FormOver,
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self::Service(error)
    }
}

pub(crate) fn not_found() -> Wrong {
    Wrong::Service(Error::NotFound)
}

pub(crate) type Page = Result<Answer, Wrong>;

pub(crate) struct Visit<'a> {
    pub service: &'a Service,
    pub asked: &'a Asked,
    pub locale: Locale,
    pub t: Text,
}

/// What the layout needs for every page.
pub(crate) struct Frame {
    pub t: Text,
    pub title: String,
    pub language: &'static str,
    pub other_language: &'static str,
    pub other_language_name: &'static str,
    pub nonce: String,
    pub csrf: String,
    pub style: &'static str,
    pub script: &'static str,
    /// Where the visitor is, for coming back.
    pub here: String,
    pub places: Vec<Place>,
    /// Of whoever is signed in.
    pub name: Option<String>,
    pub notice: Option<String>,
    /// Said in the title too, which is what screen readers say first.
    pub has_errors: bool,
}

/// An entry of the menu.
pub(crate) struct Place {
    pub href: &'static str,
    pub label: &'static str,
    pub here: bool,
}

impl<'a> Visit<'a> {
    pub fn new(service: &'a Service, asked: &'a Asked) -> Self {
        let secure = asked.visitor.secure;
        let chosen = asked.cookie(Cookie::Language.name(secure)).and_then(language);
        let own = asked.visitor.viewer.as_ref().map(|viewer| viewer.locale);
        let locale = chosen.or(asked.visitor.accepted).or(own).unwrap_or_default();
        Self { service, asked, locale, t: Text(locale) }
    }

    /// # Errors
    /// `Unauthenticated` when nobody is signed in.
    pub fn viewer(&self) -> Result<&'a Viewer, Wrong> {
        self.asked.visitor.viewer.as_ref().ok_or(Wrong::Service(Error::Unauthenticated))
    }

    pub fn is_staff(&self) -> bool {
        let viewer = self.asked.visitor.viewer.as_ref();
        viewer.is_some_and(|viewer| viewer.person.roles.iter().any(|(_, role)| role.is_staff()))
    }

    /// Has a part in the cases of some office.
    pub fn handles_cases(&self) -> bool {
        let viewer = self.asked.visitor.viewer.as_ref();
        viewer.is_some_and(|viewer| viewer.person.roles.iter().any(|(_, role)| role.handles_cases()))
    }

    /// Has one of these roles somewhere.
    pub fn is(&self, roles: &[Role]) -> bool {
        let viewer = self.asked.visitor.viewer.as_ref();
        viewer.is_some_and(|viewer| viewer.person.roles.iter().any(|(_, role)| roles.contains(role)))
    }

    pub fn say<'t>(&self, text: &'t Bilingual) -> &'t str {
        text.get(self.locale)
    }

    pub fn day(&self, day: chrono::NaiveDate) -> String {
        vocabulary::wareki(day, self.locale)
    }

    pub fn time(&self, at: Instant) -> String {
        vocabulary::wareki_time(at, self.locale)
    }

    /// 募集回: the year, and which of its calls, where it is not the only one.
    pub fn call(&self, year: FiscalYear, window: &str) -> String {
        let year = year.name(self.locale);
        if window == ONLY_WINDOW { year } else { format!("{year} {window}") }
    }

    /// The token that a form of this visitor must send.
    pub fn form_token(&self) -> String {
        match &self.asked.visitor.viewer {
            Some(viewer) => viewer.form_token(),
            None => digest(format!("form\n{}", self.form_secret()).as_bytes()),
        }
    }

    /// What binds forms to a browser without a session.
    fn form_secret(&self) -> String {
        let kept = self.asked.cookie(Cookie::Form.name(self.asked.visitor.secure));
        kept.map_or_else(|| self.asked.fresh("form"), str::to_owned)
    }

    /// An idempotency key for the next thing that the visitor may do.
    pub fn key(&self) -> String {
        self.asked.fresh("key").chars().take(32).collect()
    }

    pub fn frame(&self, title: impl Into<String>) -> Frame {
        let (language, other_language, other_language_name) = match self.locale {
            Locale::Ja => ("ja", "en", "English"),
            Locale::En => ("en", "ja", "日本語"),
        };
        Frame {
            t: self.t,
            title: title.into(),
            language,
            other_language,
            other_language_name,
            nonce: nonce(self.asked),
            csrf: self.form_token(),
            style: assets::style(),
            script: assets::script(),
            here: self.asked.here(),
            places: self.places(),
            name: self.asked.visitor.viewer.as_ref().map(|viewer| viewer.person.name.clone()),
            notice: self.noted().and_then(|code| notice(self.t, code)).map(str::to_owned),
            has_errors: false,
        }
    }

    /// What was done just now, by the code that [`Visit::done`] was given.
    pub fn noted(&self) -> Option<&str> {
        self.asked.cookie(Cookie::Notice.name(self.asked.visitor.secure))
    }

    /// The menu: one row for each kind of people.
    fn places(&self) -> Vec<Place> {
        let t = self.t;
        let judges = self.asked.visitor.viewer.as_ref().is_some_and(|viewer| !viewer.person.panels.is_empty());
        let finance = [Role::FinanceMaker, Role::FinanceChecker, Role::Auditor];
        let (staff, applicant) = (self.is_staff(), self.asked.visitor.viewer.is_some() && !self.is_staff());
        let rows: &[(&'static str, &'static str, bool)] = &[
            ("/tasks", t.tasks(), staff),
            ("/cases", t.cases(), staff),
            ("/finance", t.payments(), self.is(&finance)),
            ("/budgets", t.budgets(), staff),
            ("/staff/programs", t.programs_of_office(), self.is(&[Role::ProgramOfficer])),
            ("/rankings", t.rankings(), self.is(&[Role::ProgramOfficer])),
            ("/staff/people", t.people(), self.is(&[Role::Administrator, Role::Auditor])),
            ("/audit", t.audit(), self.is(&[Role::Auditor])),
            ("/panel", t.panel(), judges),
            ("/programs", t.find_program(), true),
            ("/registry", t.registry(), !staff),
            ("/applications", t.my_applications(), applicant),
            ("/businesses", t.businesses(), applicant),
        ];
        rows.iter()
            .filter(|(_, _, shown)| *shown)
            .map(|(href, label, _)| Place { href, label, here: self.asked.path.starts_with(href) })
            .collect()
    }

    pub fn page(&self, page: &impl Template) -> Answer {
        self.page_with(StatusCode::OK, page)
    }

    /// A page that says what is wrong with what was sent.
    pub fn refused(&self, page: &impl Template) -> Answer {
        self.page_with(StatusCode::UNPROCESSABLE_ENTITY, page)
    }

    pub fn page_with(&self, status: StatusCode, page: &impl Template) -> Answer {
        let mut answer = Answer::page(self.asked, status, page);
        let secure = self.asked.visitor.secure;
        if self.asked.visitor.viewer.is_none() && self.asked.cookie(Cookie::Form.name(secure)).is_none() {
            answer = answer.with_cookie(self.asked, Cookie::Form, &self.form_secret());
        }
        if self.asked.cookie(Cookie::Notice.name(secure)).is_some() {
            answer = answer.with_cookie(self.asked, Cookie::Notice, "");
        }
        answer
    }

    /// What went wrong, in words, and what to do about it.
    pub fn why_not(&self, error: &Error) -> Vec<String> {
        let t = self.t;
        let line = match error {
            Error::Refused(refusals) => {
                return refusals.iter().map(|refusal| self.say(&refusal.message).to_owned()).collect();
            }
            Error::Stale(_) | Error::Conflict | Error::IdempotencyConflict => t.load_again(),
            Error::Unauthenticated => t.session_ended(),
            Error::SignInAgain => t.sign_in_afresh_lead(),
            Error::Forbidden(message) | Error::BadInput { message, .. } => self.say(message),
            Error::NotFound => t.not_found_lead(),
            Error::RateLimited { retry_after_seconds } => return vec![t.try_again_in(*retry_after_seconds)],
            Error::Unavailable | Error::Contention => t.unavailable_lead(),
            Error::Fault(_) => t.fault_lead(),
        };
        vec![line.to_owned()]
    }

    /// On to another page, which says that something was done.
    pub fn done(&self, path: &str, notice: &str) -> Answer {
        Answer::see(path).with_cookie(self.asked, Cookie::Notice, notice)
    }

    pub fn sign_in_and_return(&self) -> Answer {
        Answer::see(&format!("/sign-in?next={}", in_url(&self.asked.here())))
    }
}

pub(crate) fn language(text: &str) -> Option<Locale> {
    match text {
        "ja" => Some(Locale::Ja),
        "en" => Some(Locale::En),
        _ => None,
    }
}

/// An identifier in a path.
///
/// # Errors
/// `NotFound` for anything else.
pub(crate) fn id(text: &str) -> Result<Uuid, Wrong> {
    Uuid::try_parse(text).map_err(|_| not_found())
}

/// Words on a page of their own.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct Message {
    pub frame: Frame,
    pub lines: Vec<String>,
    pub link: Option<(String, String)>,
}
