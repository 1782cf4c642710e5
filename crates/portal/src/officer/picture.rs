//! The states of a program and the actions between them: as a picture, and as a table that says the same.

use std::sync::Arc;

use askama::Template;
use indexmap::IndexMap;
use poem::Response;
use program::Program;
use program::definition::{Action, Name, State};
use service::Edition;

use super::{Desk, Head};
use crate::answer::Answer;
use crate::forms::Choice;
use crate::standing::role_name;
use crate::visit::{Frame, Page, Visit, Wrong};

#[derive(Template)]
#[template(path = "officer/diagram.html")]
struct Diagram {
    frame: Frame,
    head: Head,
    editions: Vec<Choice>,
    action: String,
    /// The picture; none while the definition has errors.
    picture: Option<String>,
    machines: Vec<Machine>,
}

struct Machine {
    label: String,
    rows: Vec<Row>,
}

/// One way out of a state.
struct Row {
    from: String,
    action: String,
    by: String,
    to: String,
}

/// The program of that edition, as far as it is right.
async fn program(visit: &Visit<'_>, desk: &Desk, edition: Edition) -> Result<Option<Known>, Wrong> {
    Ok(match edition {
        Edition::Version(version) => {
            Some(Known::Published(visit.service.program(&desk.name, Some(version)).await?.program))
        }
        Edition::Draft => {
            let read = visit.service.read_definition(visit.viewer()?, &desk.name, edition).await?;
            read.filter(|read| read.program.is_some()).map(Known::Written)
        }
    })
}

enum Known {
    Published(Arc<Program>),
    Written(Arc<service::ReadDefinition>),
}

impl Known {
    fn program(&self) -> Option<&Program> {
        match self {
            Self::Published(program) => Some(program),
            Self::Written(read) => read.program.as_ref(),
        }
    }
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    let edition = desk.edition(visit, "version")?;
    let known = program(visit, desk, edition).await?;
    let machines = known.as_ref().and_then(Known::program).map(|program| machines(visit, program)).unwrap_or_default();
    let query = match edition {
        Edition::Draft => "draft".to_owned(),
        Edition::Version(version) => version.to_string(),
    };
    let page = Diagram {
        frame: visit.frame(desk.title(visit)),
        head: desk.head(visit, "diagram"),
        editions: desk.editions(visit, edition).await?,
        action: desk.href("diagram"),
        picture: (!machines.is_empty()).then(|| format!("{}?version={query}", desk.href("diagram.svg"))),
        machines,
    };
    Ok(visit.page(&page))
}

fn machines(visit: &Visit<'_>, program: &Program) -> Vec<Machine> {
    let archetype = &program.definition().archetype;
    let own = Machine {
        label: visit.say(&program.definition().program.title).to_owned(),
        rows: rows(visit, &archetype.states, &archetype.actions),
    };
    let beside = archetype.procedures.values().map(|rule| Machine {
        label: visit.say(&rule.label).to_owned(),
        rows: rows(visit, &rule.states, &rule.actions),
    });
    std::iter::once(own).chain(beside).collect()
}

fn rows(visit: &Visit<'_>, states: &IndexMap<Name, State>, actions: &IndexMap<Name, Action>) -> Vec<Row> {
    let label = |name: &Name| states.get(name).map_or_else(|| name.clone(), |state| visit.say(&state.label).to_owned());
    let mut rows = Vec::new();
    for action in actions.values() {
        let from: Vec<String> = action.from.as_slice().iter().map(label).collect();
        let by: Vec<&str> = action.by.as_slice().iter().map(|role| role_name(visit.t, *role)).collect();
        rows.push(Row {
            from: from.join(visit.t.comma()),
            action: visit.say(&action.label).to_owned(),
            by: by.join(visit.t.comma()),
            to: action.to.as_ref().map(label).unwrap_or_default(),
        });
    }
    rows
}

pub(super) async fn svg(visit: &Visit<'_>, desk: &Desk) -> Page {
    let known = program(visit, desk, desk.edition(visit, "version")?).await?;
    let program = known.as_ref().and_then(Known::program).ok_or_else(crate::visit::not_found)?;
    let picture = program::svg(program, visit.locale);
    Ok(Answer::of(Response::builder().content_type("image/svg+xml").body(picture)))
}
