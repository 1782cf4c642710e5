//! The JSON Schemas of the definition files, made from their types, and what a file has against its schema, in words.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value as Json, json};
use vocabulary::Bilingual;

use crate::definition::{Archetype, Audience, Calls, Catalogue, HoldingAccount, Municipality, ProgramText, Scenarios};
use crate::finding::{Finding, suggested};
use crate::yaml::{Document, pointer_part};

/// The kinds of files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SchemaKind {
    Program,
    Archetype,
    Municipality,
    MunicipalityFragment,
    Calls,
    Scenarios,
    Catalogue,
}

impl SchemaKind {
    pub const ALL: [SchemaKind; 7] = [
        Self::Program,
        Self::Archetype,
        Self::Municipality,
        Self::MunicipalityFragment,
        Self::Calls,
        Self::Scenarios,
        Self::Catalogue,
    ];

    /// `program`, `archetype` …: the schema of programs is kept as `program.schema.json`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Archetype => "archetype",
            Self::Municipality => "municipality",
            Self::MunicipalityFragment => "municipality_fragment",
            Self::Calls => "calls",
            Self::Scenarios => "scenarios",
            Self::Catalogue => "catalogue",
        }
    }
}

/// The JSON Schema (2020-12) of a kind of file, for editors and for our own check.
#[must_use]
pub fn schema(kind: SchemaKind) -> Json {
    match kind {
        SchemaKind::Program => schema_of::<ProgramText>("Program"),
        SchemaKind::Archetype => schema_of::<Archetype>("Archetype"),
        SchemaKind::Municipality => schema_of::<Municipality>("Municipality"),
        SchemaKind::MunicipalityFragment => fragment_of(schema_of::<Municipality>("MunicipalityFragment")),
        SchemaKind::Calls => schema_of::<Calls>("Calls"),
        SchemaKind::Scenarios => schema_of::<Scenarios>("Scenarios"),
        SchemaKind::Catalogue => schema_of::<Catalogue>("Catalogue"),
    }
}

/// The same for files as they are written, for editors: what a municipality includes it need not say itself.
#[must_use]
pub fn schema_of_files(kind: SchemaKind) -> Json {
    const ALWAYS: [&str; 3] = ["municipality", "code", "name"];
    let mut schema = schema(kind);
    if kind == SchemaKind::Municipality
        && let Some(root) = schema.as_object_mut()
        && let Some(all) = root.insert("required".to_owned(), json!(ALWAYS))
    {
        root.insert("if".to_owned(), json!({ "not": { "required": ["include"] } }));
        root.insert("then".to_owned(), json!({ "required": all }));
    }
    schema
}

fn schema_of<T: JsonSchema>(title: &str) -> Json {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    // Named by `propertyNames` of maps, which the generator does not follow.
    let _ = (generator.subschema_for::<HoldingAccount>(), generator.subschema_for::<Audience>());
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    without_null(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), Json::from(title));
    }
    schema
}

/// A part of the whole: sections and their entries may be left out, and it names no municipality.
fn fragment_of(mut schema: Json) -> Json {
    const OWN: [&str; 4] = ["municipality", "include", "code", "name"];
    let Some(root) = schema.as_object_mut() else { return schema };
    root.remove("required");
    let properties = root.get_mut("properties").and_then(Json::as_object_mut);
    let sections: Vec<String> = properties.map_or_else(Vec::new, |properties| {
        properties.retain(|name, _| !OWN.contains(&name.as_str()));
        let types = properties.values().filter_map(|section| section.get("$ref")?.as_str()?.rsplit('/').next());
        types.map(str::to_owned).collect()
    });
    for section in sections {
        if let Some(kind) = root.get_mut("$defs").and_then(|types| types.get_mut(section)).and_then(Json::as_object_mut)
        {
            kind.remove("required");
        }
    }
    schema
}

/// Files leave out what is not there, so nothing may be `null`.
fn without_null(schema: &mut Json) {
    match schema {
        Json::Object(object) => {
            if let Some(Json::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Json::Array(options)) = object.get_mut("anyOf") {
                options.retain(|option| *option != json!({"type": "null"}));
                if let [Json::Object(only)] = options.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            object.values_mut().for_each(without_null);
        }
        Json::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// A schema ready to check files.
pub struct Checker {
    schema: Json,
    validator: Option<Validator>,
}

impl Checker {
    #[must_use]
    pub fn new(kind: SchemaKind) -> Self {
        let schema = schema(kind);
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).ok();
        Self { schema, validator }
    }

    /// Everything in the file that its schema does not know.
    #[must_use]
    pub fn check(&self, document: &Document) -> Vec<Finding> {
        // Without it the types still refuse what does not fit; a test makes sure that each schema is one.
        let Some(validator) = &self.validator else { return Vec::new() };
        let mut report = Report { schema: &self.schema, document, findings: Vec::new() };
        validator.iter_errors(&document.value).for_each(|error| report.add(&error));
        report.findings
    }
}

struct Report<'a> {
    schema: &'a Json,
    document: &'a Document,
    findings: Vec<Finding>,
}

impl Report<'_> {
    fn at_value(&mut self, code: &str, path: &str, message: Bilingual, hint: Option<Bilingual>) {
        let place = self.document.value_at(path);
        self.put(code, path, place, message, hint);
    }

    fn put(
        &mut self,
        code: &str,
        path: &str,
        place: Option<crate::yaml::Place>,
        message: Bilingual,
        hint: Option<Bilingual>,
    ) {
        let mut finding = Finding::error(code, path, message).hint(hint);
        finding.line = place.map(|place| place.line);
        finding.column = place.map(|place| place.column);
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    fn add(&mut self, error: &ValidationError<'_>) {
        let path = error.instance_path().as_str();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = self.known_keys(error);
                for key in unexpected {
                    self.unknown_key(path, key, known.iter().map(String::as_str));
                }
            }
            ValidationErrorKind::PropertyNames { error: inner } => {
                let key = error_word(inner);
                let options = words_of(inner);
                self.unknown_key(path, &key, options.iter().map(String::as_str));
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                let (ja, en) = (format!("「{key}」がありません"), format!("`{key}` is missing"));
                self.at_value("schema.missing_key", path, Bilingual::new(ja, en), None);
            }
            ValidationErrorKind::Type { kind } => self.wrong_type(path, kind, error.instance()),
            ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
                self.unknown_word(path, error.instance(), &words_of(error));
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.alternatives(path, error.instance(), context);
            }
            ValidationErrorKind::Pattern { .. } | ValidationErrorKind::Format { .. } => {
                let expected = self.description(error);
                let written = shown(error.instance());
                let (ja, en) =
                    (format!("「{written}」は書き方が違います"), format!("`{written}` is not written as it should be"));
                self.at_value("schema.format", path, Bilingual::new(ja, en), expected);
            }
            _ => {
                let text = error.to_string();
                let (ja, en) = (format!("定義に合いません（{text}）"), format!("This does not fit: {text}"));
                self.at_value("schema.value", path, Bilingual::new(ja, en), None);
            }
        }
    }

    fn unknown_key<'k>(&mut self, path: &str, key: &str, known: impl Iterator<Item = &'k str>) {
        let path = format!("{path}/{}", pointer_part(key));
        let place = self.document.key_at(&path);
        let message = Bilingual::new(format!("「{key}」という項目はありません"), format!("There is no `{key}` here"));
        let hint = suggested(key, known);
        self.put("schema.unknown_key", &path, place, message, hint);
    }

    fn unknown_word(&mut self, path: &str, instance: &Json, words: &[String]) {
        let written = shown(instance);
        let hint = suggested(&written, words.iter().map(String::as_str));
        let (ja, en) = (format!("「{written}」は使えません"), format!("`{written}` is not one of the words for this"));
        self.at_value("schema.unknown_word", path, Bilingual::new(ja, en), hint);
    }

    fn wrong_type(&mut self, path: &str, kind: &TypeKind, instance: &Json) {
        let expected = match kind {
            TypeKind::Single(kind) => kind.to_string(),
            TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" / "),
        };
        let (wanted, found) = (type_words(&expected), type_words(type_name(instance)));
        let (ja, en) = (
            format!("{}を書いてください（{}になっています）", wanted.ja, found.ja),
            format!("This must be {}, not {}", wanted.en, found.en),
        );
        let hint = (expected == "string" && !instance.is_object() && !instance.is_array()).then(|| {
            let written = shown(instance);
            Bilingual::new(
                format!("\"{written}\" と引用符で囲んでください"),
                format!("Write it in quotes: \"{written}\""),
            )
        });
        self.at_value("schema.type", path, Bilingual::new(ja, en), hint);
    }

    /// Of several ways to write a thing none fits: tells about the one that was meant.
    fn alternatives(&mut self, path: &str, instance: &Json, context: &[Vec<ValidationError<'static>>]) {
        let words: Vec<String> = context.iter().flatten().flat_map(words_of).collect();
        if !words.is_empty() && instance.is_string() {
            return self.unknown_word(path, instance, &words);
        }
        let tags: Vec<&str> = context.iter().flatten().filter_map(|error| missing_at(error, path)).collect();
        if let Json::Object(entries) = instance
            && !tags.is_empty()
            && !entries.keys().any(|key| tags.contains(&key.as_str()))
        {
            let unknown: Vec<&String> = entries.keys().collect();
            return unknown.into_iter().for_each(|key| self.unknown_key(path, key, tags.iter().copied()));
        }
        let likeness = |branch: &&Vec<ValidationError<'static>>| {
            let wrong_kind = branch.iter().any(|e| {
                e.instance_path().as_str() == path
                    && matches!(
                        e.kind(),
                        ValidationErrorKind::Type { .. }
                            | ValidationErrorKind::Required { .. }
                            | ValidationErrorKind::Enum { .. }
                    )
            });
            let depth = branch.iter().map(|e| e.instance_path().as_str().matches('/').count()).max();
            (!wrong_kind, depth)
        };
        let Some(best) = context.iter().max_by_key(likeness) else { return };
        if likeness(&best).0 {
            return best.iter().for_each(|error| self.add(error));
        }
        let kinds: Vec<&TypeKind> = context
            .iter()
            .flatten()
            .filter_map(|error| match error.kind() {
                ValidationErrorKind::Type { kind } if error.instance_path().as_str() == path => Some(kind),
                _ => None,
            })
            .collect();
        match kinds.first() {
            Some(kind) => self.wrong_type(path, kind, instance),
            None => best.iter().for_each(|error| self.add(error)),
        }
    }

    fn around(&self, error: &ValidationError<'_>) -> Option<&Json> {
        let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(parent)
    }

    fn known_keys(&self, error: &ValidationError<'_>) -> Vec<String> {
        let properties = self.around(error).and_then(|schema| schema.get("properties")).and_then(Json::as_object);
        properties.map(|map| map.keys().cloned().collect()).unwrap_or_default()
    }

    fn description(&self, error: &ValidationError<'_>) -> Option<Bilingual> {
        if matches!(error.kind(), ValidationErrorKind::Format { format } if format == "date") {
            return Some(Bilingual::new(
                "実在する日を「2026-04-01」のように書いてください",
                "A day that exists, e.g. 2026-04-01",
            ));
        }
        let text = self.around(error)?.get("description")?.as_str()?;
        Some(Bilingual::new(text, text))
    }
}

fn missing_at<'e>(error: &'e ValidationError<'_>, path: &str) -> Option<&'e str> {
    match error.kind() {
        ValidationErrorKind::Required { property } if error.instance_path().as_str() == path => property.as_str(),
        _ => None,
    }
}

/// The words that would have been right.
fn words_of(error: &ValidationError<'_>) -> Vec<String> {
    let word = |value: &Json| value.as_str().map(str::to_owned);
    match error.kind() {
        ValidationErrorKind::Enum { options } => options.as_array().into_iter().flatten().filter_map(word).collect(),
        ValidationErrorKind::Constant { expected_value } => word(expected_value).into_iter().collect(),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().flatten().flat_map(words_of).collect()
        }
        _ => Vec::new(),
    }
}

fn error_word(error: &ValidationError<'_>) -> String {
    shown(error.instance())
}

fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

const fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "integer",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn type_words(name: &str) -> Bilingual {
    match name {
        "string" => Bilingual::new("文字列", "text"),
        "integer" | "number" => Bilingual::new("整数", "an integer"),
        "boolean" => Bilingual::new("true か false", "true or false"),
        "array" => Bilingual::new("リスト", "a list"),
        "object" => Bilingual::new("項目のまとまり（キー: 値）", "a map of keys and values"),
        "null" => Bilingual::new("空", "nothing"),
        other => Bilingual::new(other, other),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn yaml_files(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                yaml_files(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                into.push(path);
            }
        }
    }

    /// By the place of a file, as the table of the reference says it.
    fn kind_of(path: &Path) -> SchemaKind {
        let path = path.to_string_lossy();
        match () {
            () if path.ends_with(".scenarios.yaml") => SchemaKind::Scenarios,
            () if path.contains("/archetypes/") => SchemaKind::Archetype,
            () if path.contains("/municipalities/") => SchemaKind::MunicipalityFragment,
            () if path.ends_with("/catalogue.yaml") => SchemaKind::Catalogue,
            () if path.ends_with("/calls.yaml") => SchemaKind::Calls,
            () if path.ends_with("/municipality.yaml") => SchemaKind::Municipality,
            () => SchemaKind::Program,
        }
    }

    /// Editors read the files of `schema/`, not our types.
    #[test]
    fn every_shipped_file_fits_the_schema_that_editors_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
        let validators = SchemaKind::ALL.map(|kind| {
            let text = fs::read_to_string(root.join(format!("{}.schema.json", kind.as_str()))).unwrap();
            let schema: Json = serde_json::from_str(&text).unwrap();
            (kind, jsonschema::options().should_validate_formats(true).build(&schema).unwrap())
        });
        let mut files = vec![root.join("catalogue.yaml")];
        ["archetypes", "municipalities", "programs"].iter().for_each(|part| yaml_files(&root.join(part), &mut files));
        let mut wrong = Vec::new();
        for path in &files {
            let (document, faults) = crate::yaml::parse(&fs::read_to_string(path).unwrap());
            assert!(faults.is_empty(), "{}: {faults:?}", path.display());
            let (_, validator) = validators.iter().find(|(kind, _)| *kind == kind_of(path)).unwrap();
            let value = document.unwrap().value;
            let errors = validator.iter_errors(&value).map(|error| format!("{}: {error}", path.display()));
            wrong.extend(errors);
        }
        assert!(wrong.is_empty() && files.len() > 100, "{wrong:#?}");
    }
}
