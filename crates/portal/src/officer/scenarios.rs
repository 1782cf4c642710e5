//! Scenarios, played now: what came of each, and what of the program none of them tries.

use askama::Template;
use casework::coverage::PartKind;
use casework::scenario::ScenarioResult;
use program::Program;
use service::Edition;

use super::{Desk, Head};
use crate::forms::Choice;
use crate::text::Text;
use crate::visit::{Frame, Page, Visit};

/// Untried parts that a page lists.
const MOST_UNTRIED: usize = 60;

#[derive(Template)]
#[template(path = "officer/scenarios.html")]
struct Scenarios {
    frame: Frame,
    head: Head,
    editions: Vec<Choice>,
    action: String,
    /// Why nothing was played.
    instead: Option<&'static str>,
    rows: Vec<Row>,
    /// Of the draft: figures that its definition gives otherwise than the scenarios expect.
    figures: usize,
    revision: i64,
    counts: Vec<Counted>,
    untried: Vec<Untried>,
    more: Option<String>,
}

struct Row {
    name: String,
    passed: bool,
    failures: Vec<String>,
    states: String,
}

struct Counted {
    label: &'static str,
    tried: usize,
    all: usize,
}

struct Untried {
    kind: &'static str,
    label: String,
    is_required: bool,
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    let t = visit.t;
    let edition = desk.edition(visit, "version")?;
    let read = visit.service.read_definition(visit.viewer()?, &desk.name, edition).await?;
    let mut page = Scenarios {
        frame: visit.frame(desk.title(visit)),
        head: desk.head(visit, "scenarios"),
        editions: desk.editions(visit, edition).await?,
        action: desk.href("scenarios"),
        instead: None,
        rows: Vec::new(),
        figures: 0,
        revision: 0,
        counts: Vec::new(),
        untried: Vec::new(),
        more: None,
    };
    let Some(read) = read else {
        page.instead = Some(t.not_kept());
        return Ok(visit.page(&page));
    };
    let Some(program) = &read.program else {
        page.instead = Some(t.not_played());
        return Ok(visit.page(&page));
    };
    if read.scenarios.is_none() {
        page.instead = Some(t.no_scenarios());
        return Ok(visit.page(&page));
    }
    let rehearsal = visit.service.play_scenarios(&read).await?;
    page.rows = rehearsal.results.iter().map(|result| row(visit, program, result)).collect();
    if edition == Edition::Draft {
        let failures = rehearsal.results.iter().flat_map(|result| &result.failures);
        page.figures = failures.filter(|failure| failure.figure.is_some()).count();
        page.revision = visit.service.program_draft(visit.viewer()?, &desk.name).await?.revision;
    }
    for kind in PartKind::ALL {
        let of_kind: Vec<_> = rehearsal.parts.iter().filter(|part| part.kind == kind).collect();
        if !of_kind.is_empty() {
            let tried = of_kind.iter().filter(|part| part.tried).count();
            page.counts.push(Counted { label: kind_name(t, kind), tried, all: of_kind.len() });
        }
    }
    let mut untried: Vec<_> = rehearsal.parts.iter().filter(|part| !part.tried).collect();
    untried.sort_by_key(|part| !part.is_required());
    page.more = untried.len().checked_sub(MOST_UNTRIED).filter(|more| *more > 0).map(|more| t.how_many_more(more));
    let listed = untried.into_iter().take(MOST_UNTRIED).map(|part| Untried {
        kind: kind_name(t, part.kind),
        label: visit.say(&part.label).to_owned(),
        is_required: part.is_required(),
    });
    page.untried = listed.collect();
    Ok(visit.page(&page))
}

/// Whoever has seen what changes by the draft lets its scenarios expect that.
pub(super) async fn accept(visit: &Visit<'_>, desk: &Desk) -> Page {
    let revision = visit.asked.field("revision").parse().unwrap_or_default();
    visit.service.accept_figures(visit.viewer()?, &desk.name, revision).await?;
    Ok(visit.done(&format!("{}?version=draft", desk.href("scenarios")), "figures-accepted"))
}

fn row(visit: &Visit<'_>, program: &Program, result: &ScenarioResult) -> Row {
    let failures = result.failures.iter().map(|failure| visit.say(&failure.in_words(program)).to_owned());
    let label =
        |name: &String| program.state(name).map_or_else(|| name.clone(), |state| visit.say(&state.label).to_owned());
    Row {
        name: visit.say(&result.name).to_owned(),
        passed: result.failures.is_empty(),
        failures: failures.collect(),
        states: result.states.iter().map(label).collect::<Vec<_>>().join(" → "),
    }
}

fn kind_name(t: Text, kind: PartKind) -> &'static str {
    match kind {
        PartKind::Action => t.part_action(),
        PartKind::Transition => t.part_transition(),
        PartKind::Rule => t.part_rule(),
        PartKind::Need => t.part_need(),
        PartKind::Figure => t.part_figure(),
        PartKind::Limit => t.part_limit(),
    }
}
