//! Which program is which scheme of the planning documents, as tables.

use std::collections::BTreeMap;

use indexmap::IndexSet;

use crate::definition::{Catalogue, CatalogueRow};
use crate::load::{Loaded, LoadedProgram};

const HEAD: &str = "\
# Programs

Written by `cargo xtask generate` from [`../catalogue.yaml`](../catalogue.yaml), which lists the schemes that planning
documents name, and from the programs. Scenarios are counted with the lives of the archetype; all of them pass whenever the
tests do. What a program takes from its document and what is a sample stands in its file, under `grounds` and
`sample_figures`.";

/// The catalogue in Markdown: for every scheme its kind, the program that it is, how many scenarios prove it, and how it
/// stands; then the programs that are none of them. `None` without a catalogue among the files.
#[must_use]
pub fn catalogue_tables(loaded: &Loaded) -> Option<String> {
    let catalogue = loaded.catalogue.as_ref()?;
    let rows = |program: &LoadedProgram| program.definition.program.catalogue.clone();
    let programs: BTreeMap<String, &LoadedProgram> =
        loaded.programs.iter().flat_map(|program| rows(program).into_iter().map(move |row| (row, program))).collect();
    let mut lines = vec![HEAD.to_owned(), String::new()];
    lines.extend(kinds(catalogue, &programs));
    let places: IndexSet<&str> = catalogue.rows.values().map(|row| row.municipality.as_str()).collect();
    for place in places {
        lines.extend(heading(loaded, place));
        lines.extend(table("row"));
        let here = catalogue.rows.iter().filter(|(_, row)| row.municipality == place);
        lines.extend(here.map(|(number, row)| {
            let kind = catalogue.kinds.get(&row.kind).and_then(|kind| kind.archetype.as_deref());
            let kind = kind.map_or_else(|| row.kind.clone(), |archetype| format!("{} {archetype}", row.kind));
            let [definition, scenarios, status] = proof(catalogue, row, programs.get(number).copied());
            let title = format!("{}<br>{}", row.title.ja, row.title.en);
            format!("| {number} | {title} | {kind} | {definition} | {scenarios} | {status} |")
        }));
    }
    let others = loaded.programs.iter().filter(|program| rows(program).is_empty());
    let others: Vec<&LoadedProgram> = others.collect();
    if !others.is_empty() {
        lines.extend([String::new(), "## Written from a published outline".to_owned(), String::new()]);
        lines.extend(table("grounds"));
        lines.extend(others.into_iter().map(|program| {
            let text = &program.definition.program;
            let title = format!("{}<br>{}", text.title.ja, text.title.en);
            let [definition, scenarios, status] = of_program(program);
            let grounds = &text.grounds.document;
            format!("| {grounds} | {title} | {} | {definition} | {scenarios} | {status} |", text.archetype)
        }));
    }
    Some(lines.join("\n"))
}

/// How many schemes there are of each kind, and how many of them are programs.
fn kinds(catalogue: &Catalogue, programs: &BTreeMap<String, &LoadedProgram>) -> Vec<String> {
    let mut lines = vec!["| kind | schemes | written |".to_owned(), "|---|---|---|".to_owned()];
    let count = |kind: Option<&str>| {
        let of_kind = catalogue.rows.iter().filter(|(_, row)| kind.is_none_or(|kind| row.kind == kind));
        let numbers: Vec<&String> = of_kind.map(|(number, _)| number).collect();
        let written = numbers.iter().filter(|number| programs.contains_key(**number)).count();
        (numbers.len(), written)
    };
    for (code, kind) in &catalogue.kinds {
        let (schemes, written) = count(Some(code));
        lines.push(format!("| {code} {} {} | {schemes} | {written} |", kind.label.ja, kind.label.en));
    }
    let (schemes, written) = count(None);
    lines.push(format!("| all | {schemes} | {written} |"));
    lines
}

fn heading(loaded: &Loaded, place: &str) -> [String; 3] {
    let municipality = loaded.municipalities.iter().find(|found| found.municipality == place);
    let name = municipality.map_or_else(|| place.to_owned(), |found| format!("{} {}", found.name.ja, found.name.en));
    [String::new(), format!("## {name}"), String::new()]
}

fn table(first: &str) -> [String; 2] {
    let head = format!("| {first} | title | archetype | definition | scenarios | status |");
    [head, "|---|---|---|---|---|---|".to_owned()]
}

/// Definition, scenarios and status of a scheme.
fn proof(catalogue: &Catalogue, row: &CatalogueRow, program: Option<&LoadedProgram>) -> [String; 3] {
    let is_for_programs = catalogue.kinds.get(&row.kind).is_none_or(|kind| kind.archetype.is_some());
    match program {
        Some(program) => of_program(program),
        None if is_for_programs => [String::new(), String::new(), "not written".to_owned()],
        None => [String::new(), String::new(), "evaluated only".to_owned()],
    }
}

fn of_program(program: &LoadedProgram) -> [String; 3] {
    let name = &program.definition.program.program;
    let slug = name.split_once('/').map_or(name.as_str(), |(_, slug)| slug);
    let scenarios = program.scenarios.as_ref().map_or_else(String::new, |told| {
        let count = told.scenarios.len();
        format!("[{count}]({name}.scenarios.yaml)")
    });
    let status = if program.program.is_some() { "written" } else { "wrong" };
    [format!("[{slug}]({name}.yaml)"), scenarios, status.to_owned()]
}
