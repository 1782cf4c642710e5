//! What changes every year, as a form: rates, caps, limits, deadlines, options, fields and documents. Each change is made in
//! the text of the draft, in place, so that comments and order stay.

use askama::Template;
use poem::http::StatusCode;
use program::definition::Archetype;
use program::{Program, Written};
use serde_json::{Value as Json, json};
use service::{DefinitionText, Error};
use vocabulary::{Bilingual, normalized_for_search};

use super::{Desk, Head, words};
use crate::forms::{Choice, Said, Told};
use crate::text::Text;
use crate::visit::{Frame, Page, Visit};

/// Before the names of inputs, which are JSON pointers into the definition.
const VALUE: &str = "v.";
/// Where the day stands from which the version counts.
const EFFECTIVE_FROM: &str = "/effective_from";
/// Types that a new field may have: those that need nothing more.
const TYPES: [&str; 6] = ["text", "long_text", "number", "yen", "date", "yes_no"];

#[derive(Template)]
#[template(path = "officer/changes.html")]
struct Changes {
    frame: Frame,
    head: Head,
    errors: Vec<Said>,
    action: String,
    revision: i64,
    /// None when the text cannot be read.
    groups: Option<Vec<Group>>,
    types: Vec<Choice>,
    forms: Vec<Choice>,
    /// Names and labels of those that its archetype knows.
    documents: Vec<(String, String)>,
    new: New,
}

/// What was typed for what is to be added.
struct New {
    field: String,
    field_ja: String,
    field_en: String,
    field_required: bool,
    document: String,
    document_ja: String,
    document_en: String,
    document_optional: bool,
}

struct Group {
    heading: &'static str,
    inputs: Vec<Input>,
    /// Things that can be removed as a whole, each with its inputs.
    parts: Vec<Part>,
}

struct Part {
    label: String,
    pointer: String,
    /// Removing was asked for.
    gone: bool,
    inputs: Vec<Input>,
}

struct Input {
    /// JSON pointer.
    pointer: String,
    label: String,
    value: String,
    kind: Kind,
    error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Figure,
    /// A figure in yen.
    Yen,
    Day,
    YesNo,
}

impl Input {
    fn is_figure(&self) -> bool {
        matches!(self.kind, Kind::Figure | Kind::Yen)
    }

    fn is_yen(&self) -> bool {
        self.kind == Kind::Yen
    }

    fn is_day(&self) -> bool {
        self.kind == Kind::Day
    }

    fn is_yes_no(&self) -> bool {
        self.kind == Kind::YesNo
    }
}

/// A definition whose values become inputs.
struct Reading<'a> {
    visit: &'a Visit<'a>,
    /// The newest version, which knows what options, parameters and documents are called, and what conditions mean.
    published: &'a Program,
    written: &'a Written,
    told: &'a Told,
    /// What was sent is shown.
    is_sent: bool,
}

impl Reading<'_> {
    fn value(&self, pointer: &str) -> Option<&Json> {
        self.written.value().pointer(pointer)
    }

    /// An input for what is there on one line.
    fn input(&self, pointer: &str, label: &str) -> Option<Input> {
        let value = self.value(pointer).filter(|_| self.written.may_set(pointer))?;
        let kind = match value {
            Json::Bool(_) => Kind::YesNo,
            Json::Number(_) if is_yen(pointer) => Kind::Yen,
            Json::Number(_) => Kind::Figure,
            _ => Kind::Text,
        };
        let now = shown(value);
        let name = format!("{VALUE}{pointer}");
        let typed = self.is_sent && self.visit.asked.fields.iter().any(|(field, _)| *field == name);
        Some(Input {
            label: label.to_owned(),
            value: if typed { self.visit.asked.field(&name).to_owned() } else { now },
            kind,
            error: self.told.at(pointer, self.visit.locale).into_iter().next(),
            pointer: pointer.to_owned(),
        })
    }

    /// 施行日, which need not be there.
    fn effective_from(&self) -> Input {
        let label = self.visit.t.effective_from_hint();
        let written = self.input(EFFECTIVE_FROM, label).map(|input| Input { kind: Kind::Day, ..input });
        written.unwrap_or_else(|| Input {
            pointer: EFFECTIVE_FROM.to_owned(),
            label: label.to_owned(),
            value: self.visit.asked.field(&format!("{VALUE}{EFFECTIVE_FROM}")).to_owned(),
            kind: Kind::Day,
            error: self.told.at(EFFECTIVE_FROM, self.visit.locale).into_iter().next(),
        })
    }

    /// The words of both languages.
    fn words(&self, pointer: &str, label: &str) -> Vec<Input> {
        let t = self.visit.t;
        let languages = [("ja", t.in_ja()), ("en", t.in_en())];
        languages
            .into_iter()
            .filter_map(|(language, name)| self.input(&format!("{pointer}/{language}"), &format!("{label} ({name})")))
            .collect()
    }

    /// A value, or one for each case.
    fn cases(&self, pointer: &str, label: &str) -> Vec<Input> {
        let Some(Json::Array(cases)) = self.value(pointer) else {
            return self.input(pointer, label).into_iter().collect();
        };
        let of_case = |(place, case): (usize, &Json)| {
            let when = case.get("when").and_then(Json::as_str);
            let words = when.and_then(|when| self.published.condition_in_words(when));
            let when = match (&words, when) {
                (Some(words), _) => self.visit.say(words),
                (None, Some(written)) => written,
                (None, None) => self.visit.t.otherwise(),
            };
            self.input(&format!("{pointer}/{place}/then"), &format!("{label}: {when}"))
        };
        cases.iter().enumerate().filter_map(of_case).collect()
    }

    /// Every value on one line in a map, by the name that its key has.
    fn each<'n>(&self, pointer: &str, named: impl Fn(&str) -> Option<&'n Bilingual>) -> Vec<Input> {
        let input = |child: String| {
            let key = child.rsplit('/').next().unwrap_or_default();
            self.input(&child, named(key).map_or(key, |label| self.visit.say(label)))
        };
        self.written.children(pointer).into_iter().filter_map(input).collect()
    }

    fn group(heading: &'static str, inputs: Vec<Input>) -> Group {
        Group { heading, inputs, parts: Vec::new() }
    }

    fn groups(&self) -> Vec<Group> {
        let t = self.visit.t;
        let mut names = self.words("/title", t.name_of());
        names.extend(self.words("/summary", t.summary_of()));
        names.push(self.effective_from());
        let money = [
            ("rate", t.rate()),
            ("cap", t.cap()),
            ("item_cap", t.item_cap()),
            ("fiscal_year_cap", t.year_cap()),
            ("lifetime_cap", t.lifetime_cap()),
            ("minimum", t.minimum_award()),
            ("round_down", t.round_down_to()),
        ];
        let mut money: Vec<Input> =
            money.iter().flat_map(|(key, label)| self.cases(&format!("/amount/{key}"), label)).collect();
        money.extend(self.input("/change/moved_at_most", t.moved_at_most()));
        let limits = [("per_fiscal_year", t.per_fiscal_year()), ("lifetime", t.ever())];
        let limits = limits.iter().filter_map(|(key, label)| self.input(&format!("/limits/{key}"), label)).collect();
        let mut deadlines = Vec::new();
        for pointer in self.written.children("/deadlines") {
            let name = pointer.rsplit('/').next().unwrap_or_default().to_owned();
            self.deadline(&pointer, &name, &mut deadlines);
        }
        let Archetype { options, parameters, .. } = &self.published.definition().archetype;
        let options = self.each("/options", |key| options.get(key).map(|rule| &rule.label));
        let parameters = self.each("/parameters", |key| parameters.get(key).map(|rule| &rule.label));
        let mut groups = vec![
            Self::group(t.group_names(), names),
            Self::group(t.group_money(), money),
            Self::group(t.group_limits(), limits),
            Self::group(t.group_deadlines(), deadlines),
            Self::group(t.group_options(), options),
            Self::group(t.group_parameters(), parameters),
            Group { heading: t.group_fields(), inputs: Vec::new(), parts: self.fields() },
            Group { heading: t.group_documents(), inputs: Vec::new(), parts: self.documents() },
        ];
        groups.retain(|group| !group.inputs.is_empty() || !group.parts.is_empty());
        groups
    }

    fn deadline(&self, pointer: &str, name: &str, inputs: &mut Vec<Input>) {
        let name = self.visit.t.deadline_named(name);
        for (key, label) in [("within", self.visit.t.span_of_time()), ("date", self.visit.t.day_of_year())] {
            inputs.extend(self.input(&format!("{pointer}/{key}"), &format!("{name}: {label}")));
        }
        for child in self.written.children(&format!("{pointer}/earliest_of")) {
            self.deadline(&child, &name, inputs);
        }
    }

    fn part(&self, pointer: String, label: String, inputs: Vec<Input>) -> Part {
        let removed = |(name, value): &(String, String)| name == "remove" && *value == pointer;
        let gone = self.is_sent && self.visit.asked.fields.iter().any(removed);
        Part { label, pointer, gone, inputs }
    }

    fn fields(&self) -> Vec<Part> {
        let t = self.visit.t;
        let forms = std::iter::once("/form".to_owned()).chain(self.written.children("/forms"));
        let fields = forms.flat_map(|form| self.written.children(&form)).map(|pointer| {
            let mut inputs = self.words(&format!("{pointer}/label"), t.name_of());
            inputs.extend(self.words(&format!("{pointer}/hint"), t.hint_of()));
            let rest = [("required", t.must_fill_in()), ("max", t.longest()), ("min", t.least())];
            inputs.extend(rest.iter().filter_map(|(key, label)| self.input(&format!("{pointer}/{key}"), label)));
            for category in self.written.children(&format!("{pointer}/categories")) {
                let name = self.label_of(&category);
                inputs.extend(self.words(&format!("{category}/label"), &name));
                inputs.extend(self.input(&format!("{category}/cap"), &format!("{name}: {}", t.cap())));
            }
            let label = self.label_of(&pointer);
            self.part(pointer, label, inputs)
        });
        fields.collect()
    }

    fn documents(&self) -> Vec<Part> {
        let forms = self.written.children("/documents").into_iter();
        let documents = forms.flat_map(|form| self.written.children(&form)).map(|pointer| {
            let value = self.value(&pointer);
            let name = value.and_then(|value| value.as_str().or_else(|| value.get("name")?.as_str()));
            let form = pointer.split('/').nth(2).unwrap_or_default();
            let form = self.published.form(form).map_or(form, |form| self.visit.say(&form.label));
            let name = name.unwrap_or_default();
            let known =
                self.published.definition().archetype.documents.get(name).map(|kind| self.visit.say(&kind.label));
            let label =
                format!("{form}: {}", known.map_or_else(|| name.to_owned(), |label| format!("{label} ({name})")));
            let mut inputs = self.words(&format!("{pointer}/label"), self.visit.t.name_of());
            inputs.extend(self.input(&format!("{pointer}/optional"), self.visit.t.may_be_left_out()));
            self.part(pointer, label, inputs)
        });
        documents.collect()
    }

    /// What people call a field, and its key.
    fn label_of(&self, pointer: &str) -> String {
        let key = pointer.rsplit('/').next().unwrap_or_default();
        let language = if self.visit.locale == vocabulary::Locale::Ja { "ja" } else { "en" };
        let label = self.value(&format!("{pointer}/label/{language}")).and_then(Json::as_str);
        label.map_or_else(|| key.to_owned(), |label| format!("{label} ({key})"))
    }
}

/// Caps, minimums and what amounts are rounded down to are yen; of fields, the caps of categories.
fn is_yen(pointer: &str) -> bool {
    pointer.starts_with("/amount/") || pointer.ends_with("/cap")
}

/// As people type it.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    shown_page(visit, desk, StatusCode::OK, &Told::default()).await
}

async fn shown_page(visit: &Visit<'_>, desk: &Desk, status: StatusCode, told: &Told) -> Page {
    let (t, asked) = (visit.t, visit.asked);
    let draft = visit.service.program_draft(visit.viewer()?, &desk.name).await?;
    let is_sent = !asked.fields.is_empty();
    let written = Written::read(&draft.text.definition);
    let groups = written
        .as_ref()
        .map(|written| Reading { visit, published: &desk.newest.program, written, told, is_sent }.groups());
    let labels: Vec<(String, String)> = groups
        .iter()
        .flatten()
        .flat_map(|group| group.inputs.iter().chain(group.parts.iter().flat_map(|part| &part.inputs)))
        .map(|input| (input.pointer.clone(), input.label.clone()))
        .collect();
    let place = |path: &str| {
        let known = labels.iter().find(|(pointer, _)| pointer == path);
        known
            .map(|(pointer, label)| (format!("#{VALUE}{pointer}"), label.clone()))
            .or_else(|| matches!(path, "field" | "document").then(|| (format!("#{path}"), t.key_of_new().to_owned())))
    };
    let errors = told.summary(place, visit.locale);
    let choice = |value: &str, label: &str, chosen: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        chosen: value == chosen,
    };
    let types = TYPES.into_iter().map(|kind| choice(kind, type_name(t, kind), asked.field("field_type")));
    let forms = written.as_ref().map(|written| written.children("/documents")).unwrap_or_default();
    let forms = forms.iter().map(|pointer| {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        let label = desk.newest.program.form(name).map_or(name, |form| visit.say(&form.label));
        choice(name, label, asked.field("document_form"))
    });
    let known = desk.newest.program.definition().archetype.documents.iter();
    let typed = |name: &str| asked.field(name).to_owned();
    let page = Changes {
        frame: Frame { has_errors: !errors.is_empty(), ..visit.frame(desk.title(visit)) },
        head: desk.head(visit, "edit/changes"),
        errors,
        action: desk.href("edit/changes"),
        revision: draft.revision,
        types: types.collect(),
        forms: forms.collect(),
        documents: known.map(|(name, kind)| (name.clone(), visit.say(&kind.label).to_owned())).collect(),
        new: New {
            field: typed("field"),
            field_ja: typed("field_ja"),
            field_en: typed("field_en"),
            field_required: asked.field("field_required") == "yes",
            document: typed("document"),
            document_ja: typed("document_ja"),
            document_en: typed("document_en"),
            document_optional: asked.field("document_optional") == "yes",
        },
        groups,
    };
    Ok(visit.page_with(status, &page))
}

fn type_name(t: Text, kind: &str) -> &'static str {
    match kind {
        "long_text" => t.type_long_text(),
        "number" => t.type_number(),
        "yen" => t.type_yen(),
        "date" => t.type_date(),
        "yes_no" => t.type_yes_no(),
        _ => t.type_text(),
    }
}

/// Writes the changes into the draft. What cannot be changed here is said beside its input, and nothing is changed then.
pub(super) async fn change(visit: &Visit<'_>, desk: &Desk) -> Page {
    let viewer = visit.viewer()?;
    let draft = visit.service.program_draft(viewer, &desk.name).await?;
    let from = visit.asked.field("revision").parse().unwrap_or_default();
    if from != draft.revision {
        // The pointers of the page are those of another text.
        return Err(Error::Conflict.into());
    }
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(written) = Written::read(&draft.text.definition) else {
        return shown_page(visit, desk, wrong, &Told::default()).await;
    };
    let changed = match changed(visit, written) {
        Ok(changed) => changed,
        Err(told) => return shown_page(visit, desk, wrong, &told).await,
    };
    let text = DefinitionText { definition: changed.text(), scenarios: draft.text.scenarios };
    let errors = visit.service.new_errors(viewer, &desk.name, &text).await?;
    if !errors.is_empty() {
        return shown_page(visit, desk, wrong, &Told::of(errors)).await;
    }
    visit.service.save_program_draft(viewer, &desk.name, &text, from).await?;
    Ok(visit.done(&desk.href("edit/changes"), "changed-text"))
}

fn told(path: &str, message: Bilingual) -> Told {
    Told::one(Some(path.to_owned()), message)
}

fn changed(visit: &Visit<'_>, mut written: Written) -> Result<Written, Told> {
    let asked = visit.asked;
    for (name, typed) in &asked.fields {
        let Some(pointer) = name.strip_prefix(VALUE) else { continue };
        let typed = typed.trim();
        if pointer == EFFECTIVE_FROM {
            written = effective_from(&written, typed)?;
            continue;
        }
        let Some(before) = written.value().pointer(pointer) else { continue };
        if shown(before) == typed {
            continue;
        }
        let value = read(before, typed).map_err(|message| told(pointer, message))?;
        written = written.set(pointer, &value).ok_or_else(|| told(pointer, words::not_in_place()))?;
    }
    // From the last to the first, so that the places of those before stay.
    let removed = asked.fields.iter().rev().filter(|(name, _)| name == "remove");
    for (_, pointer) in removed {
        written = written.remove(pointer).ok_or_else(|| told(pointer, words::not_in_place()))?;
    }
    let typed = |name: &str| asked.field(name).trim();
    if !typed("field").is_empty() {
        let kind = TYPES.into_iter().find(|kind| *kind == typed("field_type")).unwrap_or("text");
        let label = json!({ "ja": typed("field_ja"), "en": typed("field_en") });
        let mut field = json!({ "type": kind, "label": label });
        if typed("field_required") == "yes" {
            field["required"] = json!(true);
        }
        written = added(&written, "/form", "field", typed("field"), &field)?;
    }
    if !typed("document").is_empty() {
        let name = key(typed("document")).ok_or_else(|| told("document", words::wrong_name()))?;
        let mut document = json!({ "name": name });
        if !typed("document_ja").is_empty() {
            document["label"] = json!({ "ja": typed("document_ja"), "en": typed("document_en") });
        }
        if typed("document_optional") == "yes" {
            document["optional"] = json!(true);
        }
        let list = format!("/documents/{}", typed("document_form"));
        written = written.add_item(&list, &document).ok_or_else(|| told("document", words::not_in_place()))?;
    }
    Ok(written)
}

/// With that day, or without one when nothing is typed.
fn effective_from(written: &Written, typed: &str) -> Result<Written, Told> {
    let there = written.value().pointer(EFFECTIVE_FROM);
    if there.map(shown).unwrap_or_default() == typed {
        return Ok(written.clone());
    }
    if typed.is_empty() {
        return written.remove(EFFECTIVE_FROM).ok_or_else(|| told(EFFECTIVE_FROM, words::not_in_place()));
    }
    let day = vocabulary::parse_day(typed).ok_or_else(|| told(EFFECTIVE_FROM, words::wrong_day()))?;
    let day = json!(day.to_string());
    let changed = match there {
        Some(_) => written.set(EFFECTIVE_FROM, &day),
        None => written.add_entry("", "effective_from", &day),
    };
    changed.ok_or_else(|| told(EFFECTIVE_FROM, words::not_in_place()))
}

fn added(written: &Written, map: &str, path: &str, name: &str, value: &Json) -> Result<Written, Told> {
    let name = key(name).ok_or_else(|| told(path, words::wrong_name()))?;
    written.add_entry(map, name, value).ok_or_else(|| told(path, words::not_in_place()))
}

/// A name as definitions have them.
fn key(name: &str) -> Option<&str> {
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    is_name.then_some(name)
}

/// What was typed in the place of a value of this type.
fn read(before: &Json, typed: &str) -> Result<Json, Bilingual> {
    if typed.is_empty() {
        return Err(words::empty_value());
    }
    match before {
        Json::Bool(_) => Ok(Json::Bool(typed == "yes")),
        Json::Number(_) => {
            let figure = normalized_for_search(typed).replace([',', '_'], "");
            figure.parse::<i64>().map(Json::from).map_err(|_| words::wrong_number())
        }
        _ => Ok(Json::from(typed)),
    }
}
