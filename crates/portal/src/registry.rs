//! 公開: what businesses agreed to publish, for everybody.

use askama::Template;
use service::{Error, ProgramVersion, RegistryEntry};
use vocabulary::Bilingual;

use crate::asked::in_url;
use crate::visit::{Frame, Page, Visit};

/// Programs that are looked through, and entries of a page.
const MOST_PROGRAMS: usize = 1_000;
const ROWS: usize = 30;

#[derive(Template)]
#[template(path = "registry/list.html")]
struct List {
    frame: Frame,
    /// Name, title and municipality.
    programs: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "registry/one.html")]
struct One {
    frame: Frame,
    place: String,
    entries: Vec<Entry>,
    next: Option<String>,
}

struct Entry {
    number: String,
    /// Label and value.
    fields: Vec<(String, String)>,
}

fn publishes(version: &ProgramVersion) -> bool {
    version.program.definition().archetype.states.values().any(|state| state.published)
}

pub(crate) async fn list(visit: &Visit<'_>) -> Page {
    let found = visit.service.programs(None, None, MOST_PROGRAMS, None).await?;
    let mut programs = Vec::new();
    for (name, version) in found.items.into_iter().filter(|(_, version)| publishes(version)) {
        let place = visit.service.municipality_named(version.program.municipality()).await?;
        let title = visit.say(&version.program.definition().program.title).to_owned();
        programs.push((name, title, visit.say(&place.name).to_owned()));
    }
    Ok(visit.page(&List { frame: visit.frame(visit.t.registry()), programs }))
}

pub(crate) async fn one(visit: &Visit<'_>, municipality: &str, slug: &str) -> Page {
    let name = format!("{municipality}/{slug}");
    let version = visit.service.program(&name, None).await?;
    if !publishes(&version) {
        return Err(Error::NotFound.into());
    }
    let place = visit.service.municipality_named(municipality).await?;
    let after = Some(visit.asked.parameter("after")).filter(|after| !after.is_empty());
    let found = visit.service.registry(&name, ROWS, after).await?;
    let last = found.items.last().filter(|_| found.has_next);
    let next = last.map(|(cursor, _)| format!("/registry/{name}?after={}", in_url(cursor)));
    let title = visit.say(&version.program.definition().program.title).to_owned();
    let entries = found.items.into_iter().map(|(_, entry)| shown(visit, entry)).collect();
    let place = visit.say(&place.name).to_owned();
    Ok(visit.page(&One { frame: visit.frame(title), place, entries, next }))
}

fn shown(visit: &Visit<'_>, entry: RegistryEntry) -> Entry {
    let fields = entry.fields.into_iter();
    let said = |text: &Bilingual| visit.say(text).to_owned();
    Entry {
        number: entry.number.unwrap_or_default(),
        fields: fields.map(|field| (said(&field.label), said(&field.value))).collect(),
    }
}
