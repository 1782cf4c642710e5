//! The studio: the definition and its scenarios as text, kept as a draft while somebody types, with what the check says of
//! it. Without scripts a button saves and checks.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use poem::Response;
use poem::http::StatusCode;
use program::{SchemaKind, schema_of_files};
use serde_json::{Map, Value as Json, json};
use service::{DefinitionText, Edition, Error};

use super::definition::Findings;
use super::{Desk, Head};
use crate::answer::Answer;
use crate::assets;
use crate::visit::{Frame, Page, Visit, Wrong};

#[derive(Template)]
#[template(path = "officer/edit.html")]
struct Edit {
    frame: Frame,
    head: Head,
    script: &'static str,
    action: String,
    keys: String,
    draft: String,
    /// Somebody else was faster: what is shown was typed and is not kept.
    is_stale: bool,
    checked: Checked,
    definition: String,
    scenarios: String,
    publish: String,
    compare: String,
}

/// What follows from saving: also by itself, for the script.
#[derive(Template)]
#[template(path = "officer/checked.html")]
struct Checked {
    t: crate::text::Text,
    revision: i64,
    saved: String,
    /// None when the files of the version were not kept.
    findings: Option<Findings>,
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    let draft = visit.service.program_draft(visit.viewer()?, &desk.name).await?;
    shown(visit, desk, StatusCode::OK, draft.text).await
}

/// Keeps what was typed and says what the check says of it.
pub(super) async fn save(visit: &Visit<'_>, desk: &Desk) -> Page {
    let asked = visit.asked;
    // Browsers send line breaks as in mails.
    let typed = |name: &str| asked.field(name).replace("\r\n", "\n");
    let text = DefinitionText { definition: typed("definition"), scenarios: typed("scenarios") };
    let from = asked.field("revision").parse().unwrap_or_default();
    let by_itself = asked.field("step") == "autosave";
    match visit.service.save_program_draft(visit.viewer()?, &desk.name, &text, from).await {
        Ok(_) if by_itself => Ok(visit.page(&checked(visit, desk).await?)),
        Ok(_) => shown(visit, desk, StatusCode::OK, text).await,
        Err(Error::Conflict) => shown(visit, desk, StatusCode::CONFLICT, text).await,
        Err(error) => Err(error.into()),
    }
}

async fn shown(visit: &Visit<'_>, desk: &Desk, status: StatusCode, text: DefinitionText) -> Page {
    let checked = checked(visit, desk).await?;
    let page = Edit {
        frame: visit.frame(desk.title(visit)),
        head: desk.head(visit, "edit"),
        script: assets::studio(),
        action: desk.href("edit"),
        keys: desk.href("edit/keys"),
        draft: format!("{}?version=draft", desk.href("definition")),
        is_stale: status == StatusCode::CONFLICT,
        checked,
        definition: text.definition,
        scenarios: text.scenarios,
        publish: desk.href("publish"),
        compare: format!("{}?from={}&to=draft", desk.href("differences"), desk.newest.version),
    };
    Ok(visit.page_with(status, &page))
}

async fn checked(visit: &Visit<'_>, desk: &Desk) -> Result<Checked, Wrong> {
    let viewer = visit.viewer()?;
    let draft = visit.service.program_draft(viewer, &desk.name).await?;
    let read = visit.service.read_definition(viewer, &desk.name, Edition::Draft).await?;
    let text = format!("{}?version=draft", desk.href("definition"));
    let saved = draft.saved.map(|(at, name)| visit.t.saved_by(&visit.time(at), &name));
    Ok(Checked {
        t: visit.t,
        revision: draft.revision,
        saved: saved.unwrap_or_default(),
        findings: read.map(|read| Findings::of(visit, &read, &text)),
    })
}

/// How deep keys are told of: nothing that is written stands deeper.
const DEEPEST: usize = 7;

/// For each place of a definition the keys that may stand there, with what they mean; `*` stands for any key or item.
static KEYS: LazyLock<String> = LazyLock::new(|| {
    let schema = schema_of_files(SchemaKind::Program);
    let mut found = BTreeMap::new();
    collect(&schema, &schema, "", 0, &mut found);
    json!(found).to_string()
});

fn collect(whole: &Json, part: &Json, place: &str, depth: usize, found: &mut BTreeMap<String, Map<String, Json>>) {
    if depth > DEEPEST {
        return;
    }
    if let Some(target) =
        part.get("$ref").and_then(Json::as_str).and_then(|to| whole.pointer(to.trim_start_matches('#')))
    {
        collect(whole, target, place, depth, found);
    }
    for several in ["anyOf", "oneOf", "allOf"] {
        for one in part.get(several).and_then(Json::as_array).into_iter().flatten() {
            collect(whole, one, place, depth, found);
        }
    }
    for (name, rule) in part.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let about = rule.get("description").cloned().unwrap_or_default();
        found.entry(place.to_owned()).or_default().insert(name.clone(), about);
        collect(whole, rule, &format!("{place}/{name}"), depth + 1, found);
    }
    for every in ["additionalProperties", "items"] {
        if let Some(rule) = part.get(every).filter(|rule| rule.is_object()) {
            collect(whole, rule, &format!("{place}/*"), depth + 1, found);
        }
    }
}

pub(super) fn keys() -> Answer {
    Answer::of(Response::builder().content_type("application/json").body(KEYS.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_for_every_place() {
        let keys: Json = serde_json::from_str(&KEYS).unwrap();
        assert!(keys[""].get("amount").is_some(), "{keys}");
        assert!(keys["/amount"].get("rate").is_some());
        assert!(keys["/amount/cap/*"].get("then").is_some());
        assert!(keys["/form/*"].get("label").is_some());
        assert!(keys["/form/*/label"].get("ja").is_some());
        assert!(KEYS.len() < 100_000, "{} bytes", KEYS.len());
    }
}
