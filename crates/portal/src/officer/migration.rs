//! Moving cases to another version: what would happen to each, and moving those that are chosen.

use askama::Template;
use poem::http::StatusCode;
use service::{Error, MigrationOutcome, MigrationView};
use uuid::Uuid;

use super::{Desk, Head};
use crate::forms::{Choice, Said, Told};
use crate::visit::{Frame, Page, Visit, not_found};

/// Cases on a page.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "officer/migration.html")]
struct Migration {
    frame: Frame,
    head: Head,
    errors: Vec<Said>,
    versions: Vec<Choice>,
    action: String,
    to: i32,
    rows: Vec<Row>,
    /// There is one that can be moved.
    movable: bool,
    next: Option<String>,
    key: String,
}

struct Row {
    id: String,
    number: String,
    version: String,
    outcome: &'static str,
    class: &'static str,
    may_move: bool,
    lines: Vec<String>,
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    let to = match visit.asked.parameter("to") {
        "" => desk.newest.version,
        number => number.parse().map_err(|_| not_found())?,
    };
    planned(visit, desk, to, StatusCode::OK, &Told::default()).await
}

async fn planned(visit: &Visit<'_>, desk: &Desk, to: i32, status: StatusCode, told: &Told) -> Page {
    let after = Uuid::try_parse(visit.asked.parameter("after")).ok();
    let plan = visit.service.migration_plan_for(visit.viewer()?, &desk.name, to, after, ROWS).await?;
    let full = usize::try_from(ROWS).is_ok_and(|rows| plan.len() == rows);
    let next = plan
        .last()
        .filter(|_| full)
        .map(|last| format!("{}?to={to}&after={}", desk.href("migration"), last.application));
    shown(visit, desk, to, (status, told), &plan, next).await
}

async fn shown(
    visit: &Visit<'_>,
    desk: &Desk,
    to: i32,
    (status, told): (StatusCode, &Told),
    cases: &[MigrationView],
    next: Option<String>,
) -> Page {
    let versions = desk.versions(visit).await?.into_iter().map(|view| Choice {
        value: view.version.to_string(),
        label: visit.t.version(view.version),
        chosen: view.version == to,
    });
    let errors = told.summary(|_| None, visit.locale);
    let page = Migration {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(desk.title(visit)) },
        head: desk.head(visit, "migration"),
        errors,
        versions: versions.collect(),
        action: desk.href("migration"),
        to,
        movable: cases.iter().any(|view| view.outcome == MigrationOutcome::Possible),
        rows: cases.iter().map(|view| row(visit, to, view)).collect(),
        next,
        key: visit.key(),
    };
    Ok(visit.page_with(status, &page))
}

fn row(visit: &Visit<'_>, to: i32, view: &MigrationView) -> Row {
    let t = visit.t;
    let (outcome, class) = match view.outcome {
        MigrationOutcome::Possible => (t.can_be_moved(), "good"),
        MigrationOutcome::Moved => (t.was_moved(), "good"),
        MigrationOutcome::Already => (t.is_there_already(), ""),
        MigrationOutcome::Refused => (t.stays(), "bad"),
    };
    let reasons = view.refusals.iter().map(|refusal| &refusal.message);
    let mut lines: Vec<String> = reasons.chain(&view.notes).map(|words| visit.say(words).to_owned()).collect();
    if lines.is_empty() && view.outcome == MigrationOutcome::Possible {
        lines.push(t.only_rules_change().to_owned());
    }
    Row {
        id: view.application.to_string(),
        number: view.number.clone().unwrap_or_else(|| view.application.to_string()),
        version: t.version(if view.outcome == MigrationOutcome::Moved { to } else { view.version }),
        outcome,
        class,
        may_move: view.outcome == MigrationOutcome::Possible,
        lines,
    }
}

/// Moves the chosen cases, each by itself, and says what came of each. Sent twice, each is moved once.
pub(super) async fn act(visit: &Visit<'_>, desk: &Desk) -> Page {
    let asked = visit.asked;
    let to = asked.field("to").parse().map_err(|_| not_found())?;
    let chosen = asked.fields.iter().filter(|(name, _)| name == "case");
    let chosen: Vec<Uuid> = chosen.filter_map(|(_, id)| Uuid::try_parse(id).ok()).collect();
    if chosen.is_empty() {
        let told = Told::one(None, super::words::nothing_chosen());
        return planned(visit, desk, to, StatusCode::UNPROCESSABLE_ENTITY, &told).await;
    }
    let target = (desk.name.as_str(), to);
    match visit.service.migrate_cases(visit.viewer()?, target, &chosen, false, asked.field("key")).await {
        Ok(moved) => shown(visit, desk, to, (StatusCode::OK, &Told::default()), &moved, None).await,
        Err(Error::IdempotencyConflict) => Ok(visit.done(&desk.href("migration"), "done-before")),
        Err(error) => Err(error.into()),
    }
}
