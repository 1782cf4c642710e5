//! The reference of the archetypes, for authors: every name that a program on one may write, with what it is called.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use indexmap::IndexMap;
use vocabulary::Bilingual;

use crate::definition::{Action, Archetype, DocumentKind, Field, Name, ProgramText, Role};
use crate::facts::word;
use crate::load::LoadedProgram;
use crate::start::usual_deadline;

const HEAD: &str = include_str!("reference/archetypes.md");

/// The page for authors, of every archetype on which there is a program.
#[must_use]
pub fn archetypes_page(programs: &[LoadedProgram]) -> String {
    let mut page = HEAD.to_owned();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for found in programs {
        let archetype = &found.definition.archetype;
        if seen.insert(&archetype.archetype) {
            let all = programs.iter().map(|found| &found.definition.program);
            let examples: Vec<&ProgramText> = all.filter(|text| text.archetype == archetype.archetype).collect();
            describe(&mut page, archetype, &examples);
        }
    }
    page
}

fn describe(page: &mut String, archetype: &Archetype, examples: &[&ProgramText]) {
    let Archetype { title, options, parameters, forms, procedures, partners, .. } = archetype;
    add(page, format_args!("\n## `{}` · {} · {}\n", archetype.archetype, title.ja, title.en));
    let options = options.iter().map(|(name, rule)| [code(name), both(&rule.label), rule.default.to_string()]);
    table(page, "Options", ["`options`", "switches", "unless said"], options);
    let parameters =
        parameters.iter().map(|(name, rule)| [code(name), both(&rule.label), with_option(rule.option.as_ref())]);
    table(page, "Figures that the program gives", ["`parameters`", "what it is", "only with the option"], parameters);
    table(page, "Deadlines", ["`deadlines`", "of", "most programs write"], deadlines(archetype, examples));
    let documents = archetype.documents.iter().map(|(name, kind)| [code(name), document(kind), String::new()]);
    table(page, "Documents that a form may ask for", ["`documents`", "", ""], documents);
    let beside = procedures.values().flat_map(|procedure| &procedure.forms);
    let fields = forms.iter().chain(beside).map(|(name, form)| {
        let fields = form.fields.iter().map(|(name, field)| input(name, field)).collect::<Vec<_>>();
        [code(name), both(&form.label), fields.join("; ")]
    });
    table(page, "Forms, with the fields that every program has", ["`forms`", "", "fields"], fields);
    let facts = archetype.all_facts().map(|(name, rule)| [code(name), both(&rule.label), String::new()]);
    table(page, "Dates that expressions read", ["name", "", ""], facts);
    let amounts = archetype
        .all_amounts()
        .map(|(name, rule)| [format!("`amount.{name}`"), both(&rule.label), with_option(rule.option.as_ref())]);
    table(page, "Amounts that expressions read", ["name", "", "only with the option"], amounts);
    let partners = partners.iter().map(|(name, rule)| [code(name), both(&rule.label), String::new()]);
    table(page, "Partners", ["name", "", ""], partners);
    let own = archetype.actions.iter().map(|(name, action)| (None, name, action));
    let beside = procedures.iter().flat_map(|(procedure, rule)| {
        rule.actions.iter().map(move |(name, action)| (Some((procedure, rule.option.as_ref())), name, action))
    });
    let actions = own.chain(beside).map(|(procedure, name, rule)| {
        let option = rule.option.as_ref().or(procedure.and_then(|(_, option)| option));
        [code(name), both(&rule.label), said_of(rule, procedure.map(|(procedure, _)| procedure), option)]
    });
    table(page, "Actions, with what is entered", ["`do`", "", "by whom, with what"], actions);
}

fn said_of(action: &Action, procedure: Option<&Name>, option: Option<&Name>) -> String {
    let by: Vec<&str> = action.by.as_slice().iter().map(|role: &Role| role.as_str()).collect();
    let form = action.form.as_ref().map(|form| format!("form {}", code(form)));
    let entered = (!action.input.is_empty())
        .then(|| action.input.iter().map(|(name, field)| input(name, field)).collect::<Vec<_>>().join("; "));
    let route = action.approval.as_ref().map(|route| format!("approved by route `{route}`"));
    let procedure = procedure.map(|name| format!("in procedure {}", code(name)));
    let option = option.map(|name| format!("option {}", code(name)));
    let parts = [Some(by.join(", ")), form, entered, route, procedure, option];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// Every deadline that a state or an action asks the program for.
fn deadlines<'a>(archetype: &'a Archetype, examples: &'a [&ProgramText]) -> impl Iterator<Item = [String; 3]> + 'a {
    let mut asked: IndexMap<&str, Vec<String>> = IndexMap::new();
    for (name, of) in archetype.asked_deadlines(|_| true) {
        asked.entry(name).or_default().push(both(of));
    }
    asked.into_iter().map(move |(name, of)| {
        let usual = usual_deadline(name, archetype, examples).map(|rule| format!("`{name}: {rule}`"));
        [code(name), of.join("; "), usual.unwrap_or_default()]
    })
}

fn input(name: &str, field: &Field) -> String {
    let required = if field.required { ", required" } else { "" };
    format!("`{name}` {} ({}{required})", both(&field.label), word(&field.kind))
}

fn document(kind: &DocumentKind) -> String {
    both(&kind.label)
}

fn with_option(option: Option<&Name>) -> String {
    option.map(|name| code(name)).unwrap_or_default()
}

fn both(text: &Bilingual) -> String {
    if text.ja == text.en { text.ja.clone() } else { format!("{} · {}", text.ja, text.en) }
}

fn code(name: &str) -> String {
    format!("`{name}`")
}

/// Nothing when there are no rows; without a column in which nothing stands.
fn table(page: &mut String, title: &str, heads: [&str; 3], rows: impl Iterator<Item = [String; 3]>) {
    let rows: Vec<[String; 3]> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let is_wide = rows.iter().any(|[_, _, last]| !last.is_empty());
    let line = |[first, second, third]: [&str; 3]| {
        if is_wide { format!("| {first} | {second} | {third} |\n") } else { format!("| {first} | {second} |\n") }
    };
    add(page, format_args!("\n### {title}\n\n{}{}", line(heads), line(["---"; 3])));
    for row in &rows {
        add(page, format_args!("{}", line(row.each_ref().map(String::as_str))));
    }
}

/// Writing to a text cannot fail.
fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(text);
}
