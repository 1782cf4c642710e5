//! Programs for whoever writes them (制度所管課): the versions of each, what the check and the scenarios say, what a version
//! changes, publishing, closing and moving cases; and the studio, in which the next version is written. For everybody else there are no such pages.

mod calls;
mod changes;
mod definition;
mod differences;
mod list;
mod migration;
mod picture;
mod publish;
mod scenarios;
mod studio;
mod texts;
mod trial;
mod versions;
mod words;

use program::definition::Role;
use service::{Edition, ProgramVersion, VersionView};

use crate::forms::Choice;
use crate::visit::{Page, Visit, Wrong, not_found};

pub(crate) async fn answer(visit: &Visit<'_>, method: &str, path: &[&str]) -> Page {
    let (municipality, slug, rest) = match path {
        [] if method == "GET" => return list::page(visit).await,
        [municipality, slug, rest @ ..] => (*municipality, *slug, rest),
        _ => return Err(not_found()),
    };
    let desk = Desk::open(visit, municipality, slug).await?;
    match (method, rest) {
        ("GET", []) => versions::page(visit, &desk).await,
        ("POST", ["close"]) => versions::close(visit, &desk).await,
        ("GET", ["definition"]) => definition::page(visit, &desk).await,
        ("GET", ["diagram"]) => picture::page(visit, &desk).await,
        ("GET", ["diagram.svg"]) => picture::svg(visit, &desk).await,
        ("GET", ["scenarios"]) => scenarios::page(visit, &desk).await,
        ("POST", ["scenarios"]) => scenarios::accept(visit, &desk).await,
        ("GET", ["differences"]) => differences::page(visit, &desk).await,
        ("GET", ["edit"]) => studio::page(visit, &desk).await,
        ("POST", ["edit"]) => studio::save(visit, &desk).await,
        ("GET", ["edit", "keys"]) => Ok(studio::keys()),
        ("GET", ["edit", "changes"]) => changes::page(visit, &desk).await,
        ("POST", ["edit", "changes"]) => changes::change(visit, &desk).await,
        ("GET" | "POST", ["edit", "try"]) => trial::page(visit, &desk).await,
        ("GET", ["publish"]) => publish::page(visit, &desk).await,
        ("POST", ["publish"]) => publish::act(visit, &desk).await,
        ("GET", ["texts"]) => texts::page(visit, &desk).await,
        ("GET", ["calls"]) => calls::page(visit, &desk).await,
        ("POST", ["calls"]) => calls::change(visit, &desk).await,
        ("POST", ["calls", "rests"]) => calls::rest(visit, &desk).await,
        ("GET", ["migration"]) => migration::page(visit, &desk).await,
        ("POST", ["migration"]) => migration::act(visit, &desk).await,
        _ => Err(not_found()),
    }
}

/// A program on an officer's desk.
struct Desk {
    /// `<municipality>/<slug>`
    name: String,
    newest: ProgramVersion,
    /// Of the municipality.
    place: String,
}

/// What stands above every page of a program.
struct Head {
    place: String,
    name: String,
    groups: Vec<TabGroup>,
}

/// Pages that belong together.
struct TabGroup {
    label: &'static str,
    tabs: Vec<Tab>,
}

struct Tab {
    href: String,
    label: &'static str,
    here: bool,
}

impl Desk {
    /// # Errors
    /// `NotFound` for everybody but program officers of the municipality, `Unauthenticated` for nobody.
    async fn open(visit: &Visit<'_>, municipality: &str, slug: &str) -> Result<Self, Wrong> {
        if !visit.viewer()?.person.has_role(municipality, Role::ProgramOfficer) {
            return Err(not_found());
        }
        let name = format!("{municipality}/{slug}");
        let newest = visit.service.newest_program(&name).await?;
        let place = visit.service.municipality_named(municipality).await?;
        Ok(Self { name, newest, place: visit.say(&place.name).to_owned() })
    }

    /// The path of one of its pages; the first one is "".
    fn href(&self, page: &str) -> String {
        let slash = if page.is_empty() { "" } else { "/" };
        format!("/staff/programs/{}{slash}{page}", self.name)
    }

    fn title(&self, visit: &Visit<'_>) -> String {
        visit.say(&self.newest.program.definition().program.title).to_owned()
    }

    fn head(&self, visit: &Visit<'_>, here: &str) -> Head {
        let t = visit.t;
        let group = |label: &'static str, rows: [(&'static str, &'static str); 4]| {
            let tabs = rows.map(|(page, label)| Tab { href: self.href(page), label, here: page == here });
            TabGroup { label, tabs: tabs.into_iter().collect() }
        };
        let next = [
            ("edit/changes", t.tab_changes()),
            ("edit", t.tab_edit()),
            ("edit/try", t.tab_try()),
            ("publish", t.tab_publish()),
        ];
        let look = [
            ("definition", t.tab_definition()),
            ("diagram", t.tab_diagram()),
            ("scenarios", t.tab_scenarios()),
            ("texts", t.tab_texts()),
        ];
        let run = [
            ("", t.tab_versions()),
            ("differences", t.tab_differences()),
            ("calls", t.tab_calls()),
            ("migration", t.tab_migration()),
        ];
        let groups = vec![group(t.tabs_run(), run), group(t.tabs_next(), next), group(t.tabs_look(), look)];
        Head { place: self.place.clone(), name: self.name.clone(), groups }
    }

    async fn versions(&self, visit: &Visit<'_>) -> Result<Vec<VersionView>, Wrong> {
        Ok(visit.service.program_versions(Some(visit.viewer()?), &self.name).await?)
    }

    /// The one that the address names by this parameter; the newest version when it names none.
    fn edition(&self, visit: &Visit<'_>, parameter: &str) -> Result<Edition, Wrong> {
        match visit.asked.parameter(parameter) {
            "" => Ok(Edition::Version(self.newest.version)),
            "draft" => Ok(Edition::Draft),
            number => number.parse().map(Edition::Version).map_err(|_| not_found()),
        }
    }

    /// All versions, the newest first, and before them the draft.
    async fn editions(&self, visit: &Visit<'_>, chosen: Edition) -> Result<Vec<Choice>, Wrong> {
        let draft = Choice {
            value: "draft".to_owned(),
            label: visit.t.draft_of_next().to_owned(),
            chosen: chosen == Edition::Draft,
        };
        let versions = self.versions(visit).await?.into_iter().map(|view| Choice {
            value: view.version.to_string(),
            label: visit.t.version(view.version),
            chosen: chosen == Edition::Version(view.version),
        });
        Ok(std::iter::once(draft).chain(versions).collect())
    }
}
