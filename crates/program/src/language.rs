//! The reference of the language, for authors: what files may say, from the schemas; what expressions may say, from the
//! tables of the language itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use crate::definition::{Archetype, TRADES};
use crate::expression::{Type, usages};
use crate::facts::{APPLICATION, Fields, scope};
use crate::reference::sample;
use crate::schema::{SchemaKind, schema};

const HEAD: &str = include_str!("reference/language.md");
const WRITTEN: &str = include_str!("expression/written.md");

/// Kinds of files, with the place of each.
const FILES: [(SchemaKind, &str); 5] = [
    (SchemaKind::Program, "programs/<municipality>/<slug>.yaml"),
    (SchemaKind::Calls, "programs/<municipality>/calls.yaml"),
    (SchemaKind::Scenarios, "….scenarios.yaml"),
    (SchemaKind::Archetype, "archetypes/<name>.yaml"),
    (SchemaKind::Municipality, "programs/<municipality>/municipality.yaml"),
];

/// What the names say that are there whatever the program; records whose fields are the archetype's, by their pattern.
const NAMES: [(&str, &str); 22] = [
    ("applicant.kind", "what kind of business applies"),
    ("applicant.size", "how large it is"),
    ("applicant.deemed_large", "みなし大企業"),
    ("applicant.established_here_on", "in business in this municipality since"),
    ("applicant.employees", "how many people it employs"),
    ("applicant.capital", "0 for a sole proprietor"),
    ("applicant.trade", "業種; its options are listed below"),
    ("call.places_left", "places that the call has left; missing for a call without a capacity"),
    ("call.budget_left", "what its budget line has left"),
    ("call.waiting", "cases that wait in line"),
    ("rank.place", "the rank among the cases of the call, from 1"),
    ("rank.within_budget", "whether money and places reach to it"),
    ("rank.known", "whether the call has been ranked"),
    ("score.mean", "the mean of the judges' totals"),
    ("score.passed", "whether every minimum is reached"),
    ("score.known", "whether the panel is closed"),
    ("today", "the day of the act"),
    ("applied_on", "収受日: when the application arrived, today before; a correction does not move it"),
    ("fiscal_year", "of the award"),
    ("amount.<name>", "Yen: an amount of the archetype, once it is frozen"),
    ("parameter.<name>", "a figure that the program gives"),
    ("input.<name>", "what is entered with the action, in its needs and amounts"),
];

/// The page for authors.
#[must_use]
pub fn language_page() -> String {
    let mut page = HEAD.to_owned();
    let files = FILES.map(|(kind, place)| (schema(kind), place));
    let mut types = Types::new();
    files.iter().for_each(|(schema, _)| collect(schema, schema, &mut types));
    for (schema, place) in &files {
        let about = described(schema).unwrap_or_default();
        add(&mut page, format_args!("\n## `{place}`\n\n{about}\n\n"));
        keys(&mut page, schema, &types);
    }
    add(&mut page, format_args!("\n## What keys hold\n"));
    for (name, rule) in types.iter().filter(|(name, rule)| has_section(rule) && plain_word(name).is_none()) {
        add(&mut page, format_args!("\n### {name}\n\n{}\n\n", described(rule).unwrap_or_default()));
        match rule.get("properties") {
            Some(_) => keys(&mut page, rule, &types),
            None => words(&mut page, rule, &types),
        }
    }
    expressions(&mut page);
    add(&mut page, format_args!("\n## A small catalogue, whole\n\nThe examples of the findings change these files.\n"));
    for file in sample() {
        add(&mut page, format_args!("\n`{}`:\n\n```yaml\n{}\n```\n", file.path, file.text.trim_end()));
    }
    page
}

/// Writing to a text cannot fail.
fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(text);
}

/// What schemas name, in the order in which they do.
type Types = IndexMap<String, Json>;

fn collect(whole: &Json, part: &Json, types: &mut Types) {
    match part {
        Json::Object(entries) => {
            if let Some((name, rule)) = referred(entries, whole)
                && !types.contains_key(name)
            {
                types.insert(name.to_owned(), rule.clone());
                collect(whole, rule, types);
            }
            entries.iter().filter(|(key, _)| *key != "$defs").for_each(|(_, value)| collect(whole, value, types));
        }
        Json::Array(items) => items.iter().for_each(|item| collect(whole, item, types)),
        _ => {}
    }
}

fn referred<'a>(entries: &'a Map<String, Json>, whole: &'a Json) -> Option<(&'a str, &'a Json)> {
    let name = entries.get("$ref")?.as_str()?.rsplit('/').next()?;
    Some((name, whole.pointer("/$defs")?.get(name)?))
}

/// Maps of keys and lists of words have; what is one of several is written out where it stands.
fn has_section(rule: &Json) -> bool {
    rule.get("properties").is_some() || rule.get("enum").is_some() || rule.get("oneOf").is_some()
}

/// One line, without the bar that ends a cell.
fn described(rule: &Json) -> Option<String> {
    let text = rule.get("description")?.as_str()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|"))
}

fn keys(page: &mut String, rule: &Json, types: &Types) {
    let required: BTreeSet<&str> = texts(rule.get("required")).collect();
    add(page, format_args!("| key | holds | when absent | says |\n|---|---|---|---|\n"));
    for (key, value) in rule.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let absent = match value.get("default") {
            _ if required.contains(key.as_str()) => "*required*".to_owned(),
            Some(default) if !is_empty(default) => {
                format!("`{}`", default.as_str().map_or(default.to_string(), str::to_owned))
            }
            _ if value.get("type").is_some_and(|kind| kind == "boolean") => "`false`".to_owned(),
            _ => "–".to_owned(),
        };
        let says = described(value).unwrap_or_default();
        add(page, format_args!("| `{key}` | {} | {absent} | {says} |\n", holds(value, types)));
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Object(entries) => entries.values().all(is_empty),
        Json::Array(items) => items.is_empty(),
        Json::String(text) => text.is_empty(),
        _ => false,
    }
}

fn texts(value: Option<&Json>) -> impl Iterator<Item = &str> {
    value.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

/// What stands behind a key, in words.
fn holds(rule: &Json, types: &Types) -> String {
    if let Some(name) = rule.get("$ref").and_then(Json::as_str).and_then(|path| path.rsplit('/').next()) {
        return named(name, types);
    }
    if let Some(ways) = rule.get("anyOf").and_then(Json::as_array) {
        return ways.iter().map(|way| holds(way, types)).collect::<Vec<_>>().join(" or ");
    }
    let kind = rule.get("type").and_then(Json::as_str);
    match (kind, rule.get("additionalProperties"), rule.get("format").and_then(Json::as_str)) {
        (Some("object"), Some(value @ Json::Object(_)), _) => {
            let name = rule.get("propertyNames").map_or("name".to_owned(), |names| holds(names, types));
            format!("{name} → {}", holds(value, types))
        }
        (Some("object"), ..) => "values by name".to_owned(),
        (Some("array"), ..) => {
            format!("list of {}", rule.get("items").map_or("values".to_owned(), |item| holds(item, types)))
        }
        (Some("string"), _, Some("date")) => "day".to_owned(),
        (Some("string"), ..) => "text".to_owned(),
        (Some("integer"), ..) => "whole number".to_owned(),
        (Some("boolean"), ..) => "`true` or `false`".to_owned(),
        _ => "value".to_owned(),
    }
}

/// A type by its name, with the way to its section. What has no section is said in words.
fn named(name: &str, types: &Types) -> String {
    match (plain_word(name), types.get(name)) {
        (Some(word), _) => word.to_owned(),
        (None, Some(rule)) if has_section(rule) => format!("[{name}](#{})", name.to_lowercase()),
        (None, Some(rule)) => holds(rule, types),
        (None, None) => name.to_owned(),
    }
}

/// What the head of the page explains.
fn plain_word(name: &str) -> Option<&'static str> {
    Some(match name {
        "Bilingual" => "words",
        "Yen" => "yen",
        "Rate" => "rate",
        _ => return None,
    })
}

/// The words that may be written, or the forms that a value may take.
fn words(page: &mut String, rule: &Json, types: &Types) {
    add(page, format_args!("| written | says |\n|---|---|\n"));
    for word in texts(rule.get("enum")) {
        add(page, format_args!("| `{word}` | |\n"));
    }
    for way in rule.get("oneOf").and_then(Json::as_array).into_iter().flatten() {
        let says = described(way).unwrap_or_default();
        match way.get("const").and_then(Json::as_str) {
            Some(word) => add(page, format_args!("| `{word}` | {says} |\n")),
            None => {
                texts(way.get("enum")).for_each(|word| add(page, format_args!("| `{word}` | {says} |\n")));
                for (key, value) in way.get("properties").and_then(Json::as_object).into_iter().flatten() {
                    add(page, format_args!("| `{key}:` {} | {says} |\n", taken(value, types)));
                }
            }
        }
    }
}

/// What stands behind the key of one of several forms.
fn taken(value: &Json, types: &Types) -> String {
    match value.get("properties").and_then(Json::as_object) {
        Some(parts) => {
            let parts: Vec<String> =
                parts.iter().map(|(key, value)| format!("`{key}:` {}", holds(value, types))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        None => holds(value, types),
    }
}

fn expressions(page: &mut String) {
    add(page, format_args!("\n## Expressions\n\n{}", WRITTEN.trim_end()));
    add(page, format_args!("\n\n### Functions\n\n| written | types | gives |\n|---|---|---|\n"));
    for usage in usages() {
        let types = usage.types.as_deref().unwrap_or("–");
        add(page, format_args!("| `{}` | {types} | {} |\n", usage.written, usage.about));
    }
    add(
        page,
        format_args!(
            "\n### Names\n\nFields of the form and of the application have their bare names, other forms `<form>.<field>`; facts \
         of the archetype have theirs, e.g. `decision.notice_date`. Inside of rows, the row's fields are in reach, too.\n\n\
         | name | type | says |\n|---|---|---|\n"
        ),
    );
    let known = known_names();
    for (name, says) in NAMES {
        let kind = known.get(name).map_or("–".to_owned(), ToString::to_string);
        add(page, format_args!("| `{name}` | {kind} | {says} |\n"));
    }
    add(
        page,
        format_args!("\n### Trades\n\nThe options of `applicant.trade`.\n\n| option | 業種 | |\n|---|---|---|\n"),
    );
    for (name, ja, en) in TRADES {
        add(page, format_args!("| `{name}` | {ja} | {en} |\n"));
    }
}

/// Names with their types, of a case without any program.
fn known_names() -> IndexMap<String, Type> {
    let archetype = Archetype::default();
    let scope = scope(&archetype, &Fields::default(), APPLICATION, &[], &IndexMap::new());
    let mut names = IndexMap::new();
    for (name, kind) in scope.names() {
        match kind {
            Type::Record(fields) => {
                names.extend(fields.fields().map(|(field, kind)| (format!("{name}.{field}"), kind.clone())));
            }
            kind => _ = names.insert(name.to_owned(), kind.clone()),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_always_there_is_told_and_no_other() {
        let told: BTreeSet<&str> = NAMES.iter().map(|(name, _)| *name).filter(|name| !name.contains('<')).collect();
        let known = known_names();
        assert_eq!(told, known.keys().map(String::as_str).collect());
    }

    #[test]
    fn every_key_and_every_word_says_what_it_means() {
        let page = language_page();
        let silent: Vec<&str> = page.lines().filter(|line| line.starts_with("| `") && line.ends_with("|  |")).collect();
        assert!(silent.is_empty(), "without words: {silent:#?}");
        let unnamed: Vec<&str> = page.lines().filter(|line| line.ends_with("` | |")).collect();
        assert!(unnamed.is_empty(), "without words: {unnamed:#?}");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let page = language_page();
        for link in page.split("](#").skip(1) {
            let name = link.split(')').next().unwrap_or_default();
            let is_there = |line: &str| {
                line.strip_prefix("##").is_some_and(|title| title.trim_start_matches('#').trim().to_lowercase() == name)
            };
            assert!(page.lines().any(is_there), "#{name}");
        }
    }
}
