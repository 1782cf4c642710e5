//! Publishing the draft: what it would change, what stands in the way, and doing it once.

use askama::Template;
use poem::http::StatusCode;
use service::Error;

use super::differences::Listed;
use super::{Desk, Head};
use crate::forms::{Said, Told};
use crate::visit::{Frame, Page, Visit};

#[derive(Template)]
#[template(path = "officer/publish.html")]
struct Publish {
    frame: Frame,
    head: Head,
    /// What was refused just now.
    errors: Vec<Said>,
    /// Why there is nothing to publish.
    instead: Option<&'static str>,
    /// Where the draft is written.
    edit: String,
    saved: String,
    rests_on: String,
    list: Option<Listed>,
    /// From which day it counts.
    effective_from: String,
    /// A version that would never come into force.
    passes_over: Option<String>,
    obstacles: Vec<Said>,
    /// Where they are played with the draft.
    scenarios: String,
    action: String,
    revision: i64,
    key: String,
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    shown(visit, desk, StatusCode::OK, &Told::default()).await
}

async fn shown(visit: &Visit<'_>, desk: &Desk, status: StatusCode, told: &Told) -> Page {
    let (t, viewer) = (visit.t, visit.viewer()?);
    let draft = visit.service.program_draft(viewer, &desk.name).await?;
    let errors = told.summary(|_| None, visit.locale);
    let mut page = Publish {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(desk.title(visit)) },
        head: desk.head(visit, "publish"),
        errors,
        instead: None,
        edit: desk.href("edit"),
        saved: String::new(),
        rests_on: t.rests_on(desk.newest.version),
        list: None,
        effective_from: String::new(),
        passes_over: None,
        obstacles: Vec::new(),
        scenarios: format!("{}?version=draft", desk.href("scenarios")),
        action: desk.href("publish"),
        revision: draft.revision,
        key: visit.key(),
    };
    let Some((at, name)) = draft.saved else {
        page.instead = Some(t.no_draft_yet());
        return Ok(visit.page_with(status, &page));
    };
    page.saved = t.saved_by(&visit.time(at), &name);
    match visit.service.publication(viewer, &desk.name).await? {
        Some(publication) => {
            let has_definition = publication.read.program.is_some();
            page.list = has_definition.then(|| Listed::of(visit, &publication.differences));
            page.effective_from = match publication.effective_from {
                Some(day) => t.in_force_from(&visit.day(day)),
                None if has_definition => t.in_force_at_once().to_owned(),
                None => String::new(),
            };
            page.passes_over = publication.passes_over.map(|(version, day)| t.passes_over(version, &visit.day(day)));
            page.obstacles = Told::of(publication.obstacles).summary(|_| None, visit.locale);
        }
        None => page.instead = Some(t.not_kept()),
    }
    Ok(visit.page_with(status, &page))
}

/// Publishes the draft that the page has shown, or drops it. Pressing twice publishes once.
pub(super) async fn act(visit: &Visit<'_>, desk: &Desk) -> Page {
    let (viewer, asked) = (visit.viewer()?, visit.asked);
    let revision = asked.field("revision").parse().unwrap_or_default();
    if asked.field("step") == "drop" {
        visit.service.drop_program_draft(viewer, &desk.name, revision).await?;
        return Ok(visit.done(&desk.href(""), "dropped"));
    }
    match visit.service.publish_program_draft(viewer, &desk.name, revision, asked.field("key")).await {
        Ok(_) => Ok(visit.done(&desk.href(""), "published")),
        Err(Error::IdempotencyConflict) => Ok(visit.done(&desk.href(""), "done-before")),
        Err(Error::Refused(reasons)) => shown(visit, desk, StatusCode::UNPROCESSABLE_ENTITY, &Told::of(reasons)).await,
        Err(error) => Err(error.into()),
    }
}
