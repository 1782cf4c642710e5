//! Judges (審査員): the cases before their panels, the points that they give by the program's own criteria, and stepping
//! aside where they have an interest.

use askama::Template;
use casework::Act;
use poem::http::StatusCode;
use program::Program;
use program::definition::{Effect, PanelStep};
use serde_json::{Map, Value};
use service::{Application, AvailableAction, Error};

use crate::answer::Answer;
use crate::asked::in_url;
use crate::forms::{Said, Told};
use crate::visit::{Frame, Page, Visit, Wrong, id, not_found};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "panel/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    id: String,
    number: String,
    program: String,
    business: String,
    /// The judge's own, with their weights; none before they score.
    total: Option<String>,
    deadline: String,
}

#[derive(Template)]
#[template(path = "panel/score.html")]
struct Score {
    frame: Frame,
    errors: Vec<Said>,
    id: String,
    number: String,
    program: String,
    business: String,
    criteria: Vec<Criterion>,
    most: u32,
    scored: Option<String>,
    key: String,
    /// The judge may score, or step aside, now.
    scores: bool,
    steps_aside: bool,
    reason: String,
    reason_error: Vec<String>,
}

struct Criterion {
    name: String,
    label: String,
    /// How many points, and how often they count.
    hint: String,
    value: String,
    errors: Vec<String>,
}

/// The judge's own points with their weights.
fn own_total(application: &Application, visit: &Visit<'_>) -> Option<u32> {
    let viewer = visit.asked.visitor.viewer.as_ref()?;
    let scoring = application.case.body.panel.as_ref()?.scores.get(&viewer.person.id)?;
    let rule = application.program.definition().program.panel.as_ref()?;
    let weighted = scoring.points.iter().filter_map(|(name, points)| {
        let criterion = rule.criteria.get(name)?;
        Some(points.saturating_mul(criterion.weight))
    });
    Some(weighted.fold(0, u32::saturating_add))
}

fn must_judge(visit: &Visit<'_>) -> Result<(), Wrong> {
    if visit.viewer()?.person.panels.is_empty() { Err(not_found()) } else { Ok(()) }
}

pub(crate) async fn list(visit: &Visit<'_>) -> Page {
    must_judge(visit)?;
    let viewer = visit.viewer()?;
    let after = Some(visit.asked.parameter("after")).filter(|after| !after.is_empty());
    let page = visit.service.tasks(viewer, ROWS, after).await?;
    let last = page.items.last().filter(|_| page.has_next);
    let next = last.map(|(cursor, _)| format!("/panel?after={}", in_url(cursor)));
    let before_panel = page.items.iter().filter(|(_, task)| casework::judges(&viewer.person, &task.application.case));
    let rows = before_panel.map(|(_, task)| {
        let case = &task.application.case;
        Row {
            id: case.id.to_string(),
            number: case.body.numbers.get(casework::numbers::APPLICATION).cloned().unwrap_or_default(),
            program: visit.say(&task.application.program.definition().program.title).to_owned(),
            business: case.business.name.clone(),
            total: own_total(&task.application, visit).map(|total| visit.t.points(total)),
            deadline: task.deadline.map(|day| visit.day(day)).unwrap_or_default(),
        }
    });
    let rows = rows.collect();
    Ok(visit.page(&List { frame: visit.frame(visit.t.panel()), rows, next }))
}

/// The action of the case that takes this step of its panel, if it is the visitor's to take now.
fn step<'a>(program: &Program, offered: &'a [AvailableAction], step: PanelStep) -> Option<&'a str> {
    let takes =
        |name: &str| program.action(name).is_some_and(|action| action.rule.effects.contains(&Effect::Panel(step)));
    offered.iter().find(|action| action.permitted && takes(&action.name)).map(|action| action.name.as_str())
}

async fn case_of(visit: &Visit<'_>, case: &str) -> Result<(Application, Vec<AvailableAction>), Wrong> {
    must_judge(visit)?;
    let viewer = visit.viewer()?;
    let found = visit.service.application(viewer, id(case)?).await?;
    let found = found.filter(|found| casework::judges(&viewer.person, &found.case)).ok_or_else(not_found)?;
    let offered = visit.service.available_actions(viewer, std::slice::from_ref(&found)).await?.pop();
    Ok((found, offered.unwrap_or_default()))
}

pub(crate) async fn case(visit: &Visit<'_>, case: &str) -> Page {
    let (found, offered) = case_of(visit, case).await?;
    Ok(shown(visit, (&found, &offered), StatusCode::OK, &Told::default()))
}

fn shown(
    visit: &Visit<'_>,
    (found, offered): (&Application, &[AvailableAction]),
    status: StatusCode,
    told: &Told,
) -> Answer {
    let (t, asked, definition) = (visit.t, visit.asked, found.program.definition());
    let own = visit.asked.visitor.viewer.as_ref().and_then(|viewer| {
        let panel = found.case.body.panel.as_ref()?;
        panel.scores.get(&viewer.person.id)
    });
    let rule = definition.program.panel.as_ref();
    let criteria = rule.into_iter().flat_map(|rule| &rule.criteria).map(|(name, criterion)| {
        let given = own.and_then(|own| own.points.get(name)).map(ToString::to_string).unwrap_or_default();
        let typed = asked.fields.iter().find(|(field, _)| field.strip_prefix("p.") == Some(name));
        Criterion {
            name: name.clone(),
            label: visit.say(&criterion.label).to_owned(),
            hint: t.criterion_hint(criterion.max, criterion.weight, criterion.minimum),
            value: typed.map_or(given, |(_, typed)| typed.clone()),
            errors: told.at(name, visit.locale),
        }
    });
    let criteria: Vec<Criterion> = criteria.collect();
    let most = rule.into_iter().flat_map(|rule| rule.criteria.values());
    let most = most.fold(0_u32, |sum, criterion| sum.saturating_add(criterion.max.saturating_mul(criterion.weight)));
    let place = |path: &str| {
        let criterion = criteria.iter().find(|criterion| criterion.name == path);
        let named = criterion.map(|criterion| (format!("#p-{path}"), criterion.label.clone()));
        named.or_else(|| (path == "reason").then(|| ("#reason".to_owned(), t.interest().to_owned())))
    };
    let errors = told.summary(place, visit.locale);
    let page = Score {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(t.score_case()) },
        errors,
        id: found.case.id.to_string(),
        number: found.case.body.numbers.get(casework::numbers::APPLICATION).cloned().unwrap_or_default(),
        program: visit.say(&definition.program.title).to_owned(),
        business: found.case.business.name.clone(),
        most,
        scored: own_total(found, visit).map(|total| t.points(total)),
        key: visit.key(),
        scores: step(&found.program, offered, PanelStep::Score).is_some(),
        steps_aside: step(&found.program, offered, PanelStep::Conflict).is_some(),
        reason: asked.field("reason").to_owned(),
        reason_error: told.at("reason", visit.locale),
        criteria,
    };
    visit.page_with(status, &page)
}

/// Points as they were typed: numbers where they are some, so that what is wrong is said by the program's own check.
fn points(visit: &Visit<'_>) -> Map<String, Value> {
    let fields = visit.asked.fields.iter().filter_map(|(name, value)| Some((name.strip_prefix("p.")?, value.trim())));
    let value = |text: &str| text.parse::<u32>().map_or_else(|_| Value::from(text), Value::from);
    fields.filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), value(text))).collect()
}

/// Points, or stepping aside. Pressing twice is one of them.
pub(crate) async fn act(visit: &Visit<'_>, case: &str) -> Page {
    let (found, offered) = case_of(visit, case).await?;
    let asked = visit.asked;
    let steps_aside = asked.field("step") == "conflict";
    let (taken, values, notice) = if steps_aside {
        let reason = ("reason".to_owned(), Value::from(asked.field("reason").trim()));
        (PanelStep::Conflict, Map::from_iter([reason]), "stepped-aside")
    } else {
        (PanelStep::Score, points(visit), "scored")
    };
    let Some(action) = step(&found.program, &offered, taken) else {
        return Ok(visit.done("/panel", "not-offered"));
    };
    let act = Act {
        action: action.to_owned(),
        // Other judges score meanwhile; what one is shown of the case stays the same.
        expected_version: found.case.version,
        values,
        ..Act::default()
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match visit.service.act(visit.viewer()?, found.case.id, act, asked.field("key")).await {
        Ok(_) | Err(Error::IdempotencyConflict) => Ok(visit.done("/panel", notice)),
        Err(Error::Refused(reasons)) => Ok(shown(visit, (&found, &offered), wrong, &Told::of(reasons))),
        Err(Error::BadInput { path, message }) => {
            Ok(shown(visit, (&found, &offered), wrong, &Told::one(path, message)))
        }
        Err(error) => Err(error.into()),
    }
}
