//! Words for people are there in both languages; names are written as names.

use serde_json::Value as Json;

use super::error;
use crate::definition::Definition;
use crate::finding::Finding;
use crate::yaml::pointer_part;

pub(super) fn check(definition: &Definition, findings: &mut Vec<Finding>) {
    let Ok(whole) = serde_json::to_value(definition) else { return };
    check_languages("", &whole, findings);
    check_names(definition, findings);
    check_program_name(definition, findings);
}

/// Whatever has both languages has words in both.
fn check_languages(path: &str, value: &Json, findings: &mut Vec<Finding>) {
    match value {
        Json::Object(entries) => {
            if let (2, Some(Json::String(ja)), Some(Json::String(en))) =
                (entries.len(), entries.get("ja"), entries.get("en"))
            {
                for (language, text) in [("ja", ja), ("en", en)] {
                    if text.trim().is_empty() {
                        let path = format!("{path}/{language}");
                        let (ja, en) = ("文言がありません", "Words are missing here");
                        findings.push(error("words.missing", path, ja, en));
                    }
                }
                return;
            }
            for (key, value) in entries {
                check_languages(&format!("{path}/{}", pointer_part(key)), value, findings);
            }
        }
        Json::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                check_languages(&format!("{path}/{i}"), item, findings);
            }
        }
        _ => {}
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn check_names(definition: &Definition, findings: &mut Vec<Finding>) {
    let archetype = &definition.archetype;
    let program = &definition.program;
    let mut add = |path: &str, keys: Vec<&String>| {
        for name in keys.into_iter().filter(|name| !is_name(name)) {
            findings.push(not_a_name(format!("{path}/{}", pointer_part(name)), name));
        }
    };
    add("/archetype/options", archetype.options.keys().collect());
    add("/archetype/amounts", archetype.amounts.keys().collect());
    add("/archetype/forms", archetype.forms.keys().collect());
    add("/archetype/documents", archetype.documents.keys().collect());
    add("/archetype/states", archetype.states.keys().collect());
    add("/archetype/actions", archetype.actions.keys().collect());
    add("/archetype/procedures", archetype.procedures.keys().collect());
    add("/archetype/partners", archetype.partners.keys().collect());
    add("/archetype/letters", archetype.letters.keys().collect());
    add("/archetype/mails", archetype.mails.keys().collect());
    add("/program/form", program.form.keys().collect());
    add("/program/deadlines", program.deadlines.keys().collect());
    for (form, rule) in &archetype.forms {
        add(&format!("/archetype/forms/{}/fields", pointer_part(form)), rule.fields.keys().collect());
    }
    for (form, fields) in &program.forms {
        add(&format!("/program/forms/{}", pointer_part(form)), fields.keys().collect());
    }
    let dotted = archetype.facts.keys().filter(|fact| !fact.split('.').all(is_name));
    findings.extend(dotted.map(|fact| not_a_name(format!("/archetype/facts/{}", pointer_part(fact)), fact)));
}

fn not_a_name(path: String, name: &str) -> Finding {
    error(
        "name.format",
        path,
        format!("「{name}」: 名前は英小文字・数字・下線で書いてください"),
        format!("`{name}`: names are lower-case words with underscores"),
    )
}

fn check_program_name(definition: &Definition, findings: &mut Vec<Finding>) {
    let name = &definition.program.program;
    let is_slug = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !name.split_once('/').is_some_and(|(municipality, slug)| is_slug(municipality) && is_slug(slug)) {
        findings.push(error(
            "program.name",
            "/program/program",
            "「自治体/名前」を英小文字・数字・ハイフンで書いてください",
            "Write `<municipality>/<slug>` in lower-case letters, digits and hyphens",
        ));
    }
}
