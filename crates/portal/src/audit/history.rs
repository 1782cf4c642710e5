//! The history of all cases, newest first; as pages and as a file.

use askama::Template;
use casework::history::Stage;
use service::{AccessKind, HappeningView};
use vocabulary::time_in_japan;

use super::{BATCH, MOST_ROWS, ROWS, after, place_of, query, sought};
use crate::asked::in_url;
use crate::forms::Choice;
use crate::sheet::{Format, Sheet};
use crate::standing::role_name;
use crate::text::Text;
use crate::visit::{Frame, Page, Visit};

#[derive(Template)]
#[template(path = "audit/history.html")]
struct History {
    frame: Frame,
    places: Vec<Choice>,
    place: String,
    from: String,
    until: String,
    person: String,
    number: String,
    rows: Vec<Row>,
    next: Option<String>,
    /// That asks for this list again.
    query: String,
}

struct Row {
    at: String,
    application: String,
    number: String,
    sequence: i64,
    action: String,
    stage: &'static str,
    /// The stage says more than the action does.
    noted: bool,
    who: String,
    role: &'static str,
    way: String,
}

fn stage_name(t: Text, stage: Stage) -> &'static str {
    match stage {
        Stage::Performed => t.stage_performed(),
        Stage::Drafted => t.drafted(),
        Stage::Signed => t.stage_signed(),
        Stage::ReturnedInternally => t.stage_returned(),
        Stage::TakenBack => t.stage_taken_back(),
        Stage::Reminded => t.stage_reminded(),
        Stage::Migrated => t.stage_migrated(),
    }
}

fn row(visit: &Visit<'_>, found: HappeningView) -> Row {
    let (from, to) = (visit.say(&found.from), visit.say(&found.to));
    let (action, stage) = (visit.say(&found.action).to_owned(), stage_name(visit.t, found.stage));
    Row {
        at: visit.time(found.at),
        application: found.application.to_string(),
        number: found.number.unwrap_or_else(|| visit.t.without_number().to_owned()),
        sequence: found.sequence,
        noted: found.stage != Stage::Performed && action != stage,
        action,
        stage,
        who: found.actor.unwrap_or_else(|| visit.t.machine().to_owned()),
        role: if found.on_behalf { visit.t.on_behalf() } else { role_name(visit.t, found.role) },
        way: if from == to { to.to_owned() } else { format!("{from} → {to}") },
    }
}

pub(crate) async fn history(visit: &Visit<'_>) -> Page {
    let place = place_of(visit).await?;
    let sought = sought(visit);
    let found = visit.service.happenings(visit.viewer()?, &place.name, &sought, (ROWS, after(visit))).await?;
    let query = query(visit);
    let last = found.items.last().filter(|_| found.has_next);
    let page = History {
        frame: visit.frame(visit.t.audit()),
        from: sought.from.to_string(),
        until: sought.until.to_string(),
        person: sought.person.unwrap_or_default(),
        number: sought.number.unwrap_or_default(),
        next: last.map(|(cursor, _)| format!("/audit?{query}&after={}", in_url(cursor))),
        query,
        rows: found.items.into_iter().map(|(_, found)| row(visit, found)).collect(),
        places: place.choices,
        place: place.name,
    };
    Ok(visit.page(&page))
}

pub(crate) async fn export(visit: &Visit<'_>, format: Format) -> Page {
    let t = visit.t;
    let (viewer, place, sought) = (visit.viewer()?, place_of(visit).await?, sought(visit));
    visit.service.note_access(viewer, AccessKind::HistoryExported, None, visit.asked.device()).await?;
    let mut file =
        Sheet::new([t.when(), t.number(), t.sequence(), t.what(), t.kind_of_step(), t.who(), t.role(), t.state()]);
    let (mut count, mut after) = (0, None::<String>);
    while count < MOST_ROWS {
        let found = visit.service.happenings(viewer, &place.name, &sought, (BATCH, after.as_deref())).await?;
        count += found.items.len();
        after = found.items.last().filter(|_| found.has_next).map(|(cursor, _)| cursor.clone());
        for (_, found) in found.items {
            let at = time_in_japan(found.at);
            let row = row(visit, found);
            let (stage, role) = (row.stage.to_owned(), row.role.to_owned());
            file.line([at, row.number, row.sequence.to_string(), row.action, stage, row.who, role, row.way]);
        }
        if after.is_none() {
            break;
        }
    }
    file.answer("history", format)
}
