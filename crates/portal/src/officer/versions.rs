//! The versions of a program: who published which, what runs on it; and the draft of the next one.

use std::cmp::Ordering;

use askama::Template;
use poem::http::StatusCode;
use service::{Error, ProgramEventKind, VersionEventView};

use super::{Desk, Head};
use crate::forms::{Said, Told};
use crate::visit::{Frame, Page, Visit};

/// Letters of a digest that tell versions apart.
const TELLING: usize = 12;

#[derive(Template)]
#[template(path = "officer/versions.html")]
struct Versions {
    frame: Frame,
    head: Head,
    errors: Vec<Said>,
    rows: Vec<Row>,
    /// When and by whom the draft was saved.
    draft: Option<String>,
    has_errors: bool,
    newest: i32,
    public: String,
    cases: String,
    href: String,
    key: String,
}

struct Row {
    version: i32,
    label: String,
    state: &'static str,
    good: bool,
    hash: String,
    whole_hash: String,
    /// 施行日, where the version says one.
    effective_from: Option<String>,
    published: String,
    closed: Option<String>,
    running: String,
    may_close: bool,
    before: Option<i32>,
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    shown(visit, desk, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, desk: &Desk, status: StatusCode, told: &Told) -> Page {
    let (t, viewer) = (visit.t, visit.viewer()?);
    let running = visit.service.running_by_version(viewer, &desk.name).await?;
    let newest = desk.newest.version;
    let in_force = visit.service.program(&desk.name, None).await?.version;
    let rows = desk.versions(visit).await?.into_iter().map(|view| {
        let (state, good) = match view.version.cmp(&in_force) {
            _ if view.closed => (t.closed_state(), false),
            Ordering::Equal => (t.published_state(), true),
            Ordering::Greater => (t.not_in_force_yet(), false),
            Ordering::Less => (t.superseded(), false),
        };
        let event = |kind| view.events.iter().find(|event| event.kind == kind).map(|event| told_of(visit, event));
        Row {
            version: view.version,
            label: t.version(view.version),
            state,
            good,
            hash: view.hash.chars().take(TELLING).collect(),
            effective_from: view.effective_from.map(|day| visit.day(day)),
            published: event(ProgramEventKind::Published).unwrap_or_default(),
            closed: event(ProgramEventKind::Closed),
            running: t.cases_counted(running.get(&view.hash).copied().unwrap_or_default()),
            may_close: !view.closed,
            before: (view.version > 1).then(|| view.version - 1),
            whole_hash: view.hash,
        }
    });
    let rows = rows.collect();
    let draft = visit.service.program_draft(viewer, &desk.name).await?;
    let has_errors = match &draft.saved {
        Some(_) => {
            let read = visit.service.read_definition(viewer, &desk.name, service::Edition::Draft).await?;
            read.is_some_and(|read| read.program.is_none())
        }
        None => false,
    };
    let errors = told.summary(|_| None, visit.locale);
    let page = Versions {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(desk.title(visit)) },
        head: desk.head(visit, ""),
        errors,
        rows,
        draft: draft.saved.map(|(at, name)| t.saved_by(&visit.time(at), &name)),
        has_errors,
        newest,
        public: format!("/programs/{}", desk.name),
        cases: format!("/cases?program={}", desk.name),
        href: desk.href(""),
        key: visit.key(),
    };
    Ok(visit.page_with(status, &page))
}

fn told_of(visit: &Visit<'_>, event: &VersionEventView) -> String {
    let by = event.actor_name.as_deref().unwrap_or_else(|| visit.t.by_installation());
    format!("{} — {by}", visit.time(event.at))
}

/// A version takes no new applications any more. Pressing twice closes once.
pub(super) async fn close(visit: &Visit<'_>, desk: &Desk) -> Page {
    let asked = visit.asked;
    let version = asked.field("version").parse().ok();
    match visit.service.close_program(visit.viewer()?, &desk.name, version, asked.field("key")).await {
        Ok(_) => Ok(visit.done(&desk.href(""), "done")),
        Err(Error::IdempotencyConflict) => Ok(visit.done(&desk.href(""), "done-before")),
        Err(Error::Refused(reasons)) => shown(visit, desk, StatusCode::UNPROCESSABLE_ENTITY, &Told::of(reasons)).await,
        Err(error) => Err(error.into()),
    }
}
