//! Files to programs: told apart by path, checked against their schema, archetypes and municipalities merged with what
//! they include, everything compiled, and every finding brought back to its line.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use vocabulary::Bilingual;

use crate::compiled::Program;
use crate::cross::{
    check_calls, check_catalogue, check_municipality, check_program, check_rows, check_unused, unknown,
};
use crate::definition::{Archetype, Call, Calls, Catalogue, Definition, Municipality, Name, ProgramText, Scenarios};
use crate::finding::{Finding, Severity, suggested};
use crate::lives::{asked_deadlines, check_names, check_samples, with_lives};
use crate::municipality;
use crate::resolve::{name_states_of_kinds, switch_options};
use crate::schema::{Checker, SchemaKind};
use crate::yaml::{self, Document, pointer_part};

/// How deep fragments may include fragments.
const DEEPEST_INCLUDE: usize = 4;

/// A file of the catalogue. What is no UTF-8 in it is [`char::REPLACEMENT_CHARACTER`], which is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    pub path: String,
    pub text: String,
}

/// What the files say. Everything that could be read is here, even when something else was wrong.
#[derive(Debug, Default)]
pub struct Loaded {
    pub programs: Vec<LoadedProgram>,
    pub municipalities: Vec<Municipality>,
    pub calls: Vec<Call>,
    /// The schemes that planning documents name, when their list is among the files.
    pub catalogue: Option<Catalogue>,
    /// What is wrong or strange.
    pub findings: Vec<Finding>,
    /// What the check leaves open.
    pub notes: Vec<Finding>,
    places: Places,
}

impl Loaded {
    /// What is said of a program's definition, with the line of the file that says it.
    #[must_use]
    pub fn placed(&self, program: &LoadedProgram, finding: Finding) -> Finding {
        let document = self.places.programs.get(&program.path);
        let whole = self.places.merged.get(&program.definition.program.archetype);
        match document.zip(whole) {
            Some((document, whole)) => place_in(&self.places.archetypes, whole, (&program.path, document), finding),
            None => in_file(&program.path, finding),
        }
    }

    /// The files that the program is understood from, beside its municipality: its own, its scenarios, its archetype
    /// with all fragments, and the lives of these. Their paths are those of a catalogue.
    #[must_use]
    pub fn sources(&self, program: &LoadedProgram) -> Vec<SourceFile> {
        let ProgramText { program: name, archetype, .. } = &program.definition.program;
        let Some(whole) = self.places.merged.get(archetype) else { return Vec::new() };
        let is_own = |folder: &str, slug: &str| name.split_once('/') == Some((folder, slug));
        let source = |file: &SourceFile| {
            let path = match place_of(&file.path)? {
                Place::Archetype(of) if whole.files.contains(of) => format!("archetypes/{of}.yaml"),
                Place::Lives(of) if whole.files.contains(of) => format!("archetypes/{of}.scenarios.yaml"),
                Place::Program(folder, slug) if is_own(folder, slug) => format!("programs/{name}.yaml"),
                Place::Scenarios(folder, slug) if is_own(folder, slug) => format!("programs/{name}.scenarios.yaml"),
                _ => return None,
            };
            Some(SourceFile { path, text: file.text.clone() })
        };
        self.places.files.iter().filter_map(source).collect()
    }
}

/// Where the parts of definitions are written.
#[derive(Debug, Default)]
struct Places {
    /// Everything that was read.
    files: Vec<SourceFile>,
    archetypes: IndexMap<Name, Read<Archetype>>,
    merged: BTreeMap<Name, Whole>,
    /// By the path of the file.
    programs: BTreeMap<String, Document>,
}

/// From a path in a definition to the line in the file that says it.
fn place_in(
    archetypes: &IndexMap<Name, Read<Archetype>>,
    whole: &Whole,
    (path, document): (&str, &Document),
    mut finding: Finding,
) -> Finding {
    if let Some(pointer) = finding.path.strip_prefix("/program") {
        pointer.to_owned().clone_into(&mut finding.path);
        return placed(path, document, finding);
    }
    let Some(pointer) = finding.path.strip_prefix("/archetype") else {
        return placed(path, document, finding);
    };
    let pointer = pointer.to_owned();
    let origin = whole.origin(&pointer).and_then(|name| archetypes.get(name));
    match origin {
        Some(read) => {
            finding.path = pointer;
            placed(&read.path, &read.document, finding)
        }
        None => in_file(path, finding),
    }
}

#[derive(Debug)]
pub struct LoadedProgram {
    pub path: String,
    /// As it is written, the archetype merged.
    pub definition: Definition,
    /// There when nothing is wrong with it.
    pub program: Option<Program>,
    /// Its own, and behind them the lives of its archetype that its options leave possible.
    pub scenarios: Option<Scenarios>,
}

/// Reads the files of a catalogue.
///
/// * `…/archetypes/<name>.yaml`: archetypes and their fragments; `<name>.scenarios.yaml`: lives of the programs on them
/// * `…/municipalities/<name>.yaml`: fragments that municipalities include
/// * `…/programs/<municipality>/municipality.yaml` and `calls.yaml`
/// * `…/programs/<municipality>/<slug>.yaml` and `<slug>.scenarios.yaml`
/// * `…/catalogue.yaml`: the schemes that planning documents name
#[must_use]
pub fn load(files: &[SourceFile]) -> Loaded {
    load_checking(files, |_| Vec::new())
}

/// As [`load`], and asks for what else there is to say of each program that is right so far, e.g. of its letters. The
/// paths of these findings are those of the definition.
#[must_use]
pub fn load_checking(files: &[SourceFile], also: impl Fn(&Program) -> Vec<Finding>) -> Loaded {
    let mut loader = Loader::default();
    for file in files {
        loader.read(file);
    }
    let mut loaded = loader.finish(&also);
    loaded.places.files = files.to_vec();
    loaded
}

/// Where a file stands in the catalogue.
#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    Archetype(&'a str),
    Lives(&'a str),
    Fragment(&'a str),
    Municipality(&'a str),
    Calls(&'a str),
    Scenarios(&'a str, &'a str),
    Program(&'a str, &'a str),
    Catalogue,
}

fn place_of(path: &str) -> Option<Place<'_>> {
    let mut parts = path.rsplit(['/', '\\']);
    let name = parts.next()?.strip_suffix(".yaml")?;
    let folder = parts.next().unwrap_or_default();
    if folder == "archetypes" {
        return Some(name.strip_suffix(".scenarios").map_or(Place::Archetype(name), Place::Lives));
    }
    if folder == "municipalities" {
        return Some(Place::Fragment(name));
    }
    if parts.next() != Some("programs") {
        return (name == "catalogue").then_some(Place::Catalogue);
    }
    Some(match name {
        "municipality" => Place::Municipality(folder),
        "calls" => Place::Calls(folder),
        _ => match name.strip_suffix(".scenarios") {
            Some(slug) => Place::Scenarios(folder, slug),
            None => Place::Program(folder, name),
        },
    })
}

/// A municipality's own file.
struct Written {
    folder: Name,
    path: String,
    document: Document,
}

/// A file that was read, with the places of its parts.
#[derive(Debug)]
struct Read<T> {
    path: String,
    document: Document,
    value: T,
}

#[derive(Default)]
struct Loader {
    checkers: BTreeMap<SchemaKind, Checker>,
    archetypes: IndexMap<Name, Read<Archetype>>,
    programs: Vec<Read<ProgramText>>,
    fragments: BTreeMap<Name, Json>,
    /// As they are written, before their fragments are put below them.
    written: Vec<Written>,
    municipalities: IndexMap<Name, Read<Municipality>>,
    calls: Vec<Read<Calls>>,
    catalogue: Option<Read<Catalogue>>,
    scenarios: IndexMap<String, Read<Scenarios>>,
    /// By the archetype or fragment.
    lives: IndexMap<Name, Read<Scenarios>>,
    findings: Vec<Finding>,
    /// Archetypes and programs that were there but could not be read: nothing more is said about their absence.
    unreadable: BTreeSet<String>,
}

impl Loader {
    fn read(&mut self, file: &SourceFile) {
        let Some(place) = place_of(&file.path) else {
            let message = Bilingual::new(
                "このファイルの場所は決められていません",
                "This is not a place for a file of the catalogue",
            );
            let hint = Bilingual::new(
                "archetypes/<名前>.yaml、municipalities/<名前>.yaml、programs/<自治体>/<名前>.yaml のどれかに置いてください",
                "Put it at archetypes/<name>.yaml, municipalities/<name>.yaml or programs/<municipality>/<name>.yaml",
            );
            self.findings.push(in_file(&file.path, Finding::warning("load.place", "", message).hint(Some(hint))));
            return;
        };
        match place {
            Place::Archetype(name) => match self.decode::<Archetype>(file, SchemaKind::Archetype) {
                Some(read) => {
                    self.expect_name(&read, "/archetype", &read.value.archetype, name);
                    _ = self.archetypes.insert(name.to_owned(), read);
                }
                None => _ = self.unreadable.insert(name.to_owned()),
            },
            Place::Lives(name) => {
                if let Some(read) = self.decode::<Scenarios>(file, SchemaKind::Scenarios) {
                    self.lives.insert(name.to_owned(), read);
                }
            }
            Place::Fragment(name) => {
                let document = self.parse(file);
                match document.filter(|document| self.fits(&file.path, document, SchemaKind::MunicipalityFragment)) {
                    Some(document) => _ = self.fragments.insert(name.to_owned(), document.value),
                    None => _ = self.unreadable.insert(name.to_owned()),
                }
            }
            Place::Municipality(folder) => {
                let document = self.parse(file);
                let written = |document| Written { folder: folder.to_owned(), path: file.path.clone(), document };
                self.written.extend(document.map(written));
            }
            Place::Calls(_) => {
                let read = self.decode::<Calls>(file, SchemaKind::Calls);
                self.calls.extend(read);
            }
            Place::Catalogue => self.catalogue = self.decode::<Catalogue>(file, SchemaKind::Catalogue),
            Place::Scenarios(folder, slug) => {
                if let Some(read) = self.decode::<Scenarios>(file, SchemaKind::Scenarios) {
                    self.scenarios.insert(format!("{folder}/{slug}"), read);
                }
            }
            Place::Program(folder, slug) => {
                let name = format!("{folder}/{slug}");
                match self.decode::<ProgramText>(file, SchemaKind::Program) {
                    Some(read) => {
                        self.expect_name(&read, "/program", &read.value.program, &name);
                        self.programs.push(read);
                    }
                    None => _ = self.unreadable.insert(name),
                }
            }
        }
    }

    /// Text to value: YAML, then schema, then types.
    fn decode<T: DeserializeOwned>(&mut self, file: &SourceFile, kind: SchemaKind) -> Option<Read<T>> {
        let document = self.parse(file)?;
        self.understand(&file.path, document, kind)
    }

    /// `None` when it is not the YAML that we read.
    fn parse(&mut self, file: &SourceFile) -> Option<Document> {
        let (document, findings) = yaml::parse(&file.text);
        let readable = !findings.iter().any(|finding| finding.code == "yaml.syntax");
        self.findings.extend(findings.into_iter().map(|finding| in_file(&file.path, finding)));
        document.filter(|_| readable)
    }

    fn understand<T: DeserializeOwned>(&mut self, path: &str, document: Document, kind: SchemaKind) -> Option<Read<T>> {
        if !self.fits(path, &document, kind) {
            return None;
        }
        match serde_json::from_value::<T>(document.value.clone()) {
            Ok(value) => Some(Read { path: path.to_owned(), document, value }),
            Err(error) => {
                let (ja, en) = (format!("値に誤りがあります（{error}）"), format!("A value is wrong: {error}"));
                self.findings.push(in_file(path, Finding::error("schema.value", "", Bilingual::new(ja, en))));
                None
            }
        }
    }

    /// Whether nothing is wrong with a file so far.
    fn fits(&mut self, path: &str, document: &Document, kind: SchemaKind) -> bool {
        let checker = self.checkers.entry(kind).or_insert_with(|| Checker::new(kind));
        let findings = checker.check(document);
        let is_sound = document.is_sound && findings.is_empty();
        self.findings.extend(findings.into_iter().map(|finding| in_file(path, finding)));
        is_sound
    }

    fn expect_name<T>(&mut self, read: &Read<T>, pointer: &str, written: &str, expected: &str) {
        if written != expected {
            let message = Bilingual::new(
                format!("ファイルの名前によると「{expected}」のはずです"),
                format!("By the name of the file this is `{expected}`"),
            );
            let finding = Finding::error("load.name", pointer, message);
            self.findings.push(placed(&read.path, &read.document, finding));
        }
    }

    fn finish(mut self, also: &dyn Fn(&Program) -> Vec<Finding>) -> Loaded {
        let mut loaded = Loaded::default();
        let mut unused = Unused::default();
        let mut included = BTreeSet::new();
        for name in self.archetypes.keys() {
            included.extend(self.archetypes.get(name).into_iter().flat_map(|read| read.value.include.clone()));
        }
        let merged = self.merge_all(&included);
        self.check_lives(&merged);
        self.complete_municipalities();
        let mut taken = BTreeMap::new();
        let programs = std::mem::take(&mut self.programs);
        for read in programs {
            let Some(whole) = merged.get(&read.value.archetype) else {
                self.unknown_archetype(&read);
                self.unreadable.insert(read.value.program);
                continue;
            };
            let definition = Definition { archetype: whole.archetype.clone(), program: read.value.clone() };
            let name = definition.program.program.clone();
            let (program, mut findings) = Program::check(definition.clone());
            if let Some(municipality) = self.municipalities.get(name.split('/').next().unwrap_or_default()) {
                // A municipality need not have what only options ask for that are off.
                let mut resolved = definition.clone();
                switch_options(&mut resolved);
                findings.extend(check_program(&resolved, &municipality.value));
            }
            if let Some(catalogue) = &self.catalogue {
                findings.extend(check_rows(&definition.program, &catalogue.value, &mut taken));
            }
            findings.extend(program.iter().flat_map(also));
            let program = program.filter(|_| !findings.iter().any(Finding::is_error));
            let placed = findings
                .into_iter()
                .map(|finding| place_in(&self.archetypes, whole, (&read.path, &read.document), finding))
                .collect();
            self.findings.extend(unused.keep_apart(whole, placed));
            let scenarios = self.scenarios_of(whole, &name, program.as_ref().map_or(&definition, Program::definition));
            loaded.places.programs.insert(read.path.clone(), read.document);
            loaded.programs.push(LoadedProgram { path: read.path, definition, program, scenarios });
        }
        self.findings.extend(unused.everywhere());
        self.check_around(&loaded);
        loaded.municipalities = self.municipalities.into_values().map(|read| read.value).collect();
        loaded.calls = self.calls.into_iter().flat_map(|read| read.value.calls).collect();
        loaded.catalogue = self.catalogue.map(|read| read.value);
        drop_repeats(&mut self.findings);
        (loaded.notes, loaded.findings) = self.findings.into_iter().partition(|f| f.severity == Severity::Note);
        loaded.places.merged = merged;
        loaded.places.archetypes = self.archetypes;
        loaded
    }

    /// A program's scenarios with the lives of its archetype and fragments.
    fn scenarios_of(&mut self, whole: &Whole, name: &str, definition: &Definition) -> Option<Scenarios> {
        let own = self.scenarios.shift_remove(name)?;
        let lives = self.lives.iter().filter(|(of, _)| whole.files.contains(*of)).map(|(_, read)| &read.value);
        let all = with_lives(definition, &own.value, &lives.collect::<Vec<_>>());
        let deadlines: Vec<&str> = definition.program.deadlines.keys().map(String::as_str).collect();
        let mut found = check_names(&whole.archetype, &deadlines, &own.value);
        found.extend(check_samples(&all));
        self.findings.extend(found.into_iter().map(|finding| placed(&own.path, &own.document, finding)));
        Some(all)
    }

    /// What the lives of archetypes name. Those of a fragment are known where it is included.
    fn check_lives(&mut self, merged: &BTreeMap<Name, Whole>) {
        for (name, read) in &self.lives {
            let wholes: Vec<&Whole> = merged.values().filter(|whole| whole.files.contains(name)).collect();
            let found = match wholes.first() {
                Some(whole) => {
                    let deadlines: Vec<&str> = asked_deadlines(&whole.archetype).collect();
                    check_names(&whole.archetype, &deadlines, &read.value)
                }
                None if self.unreadable.contains(name) || self.archetypes.contains_key(name) => Vec::new(),
                None => {
                    let known = self.archetypes.keys().map(String::as_str);
                    vec![unknown("reference.archetype", "", ("類型", "archetype"), name, known)]
                }
            };
            self.findings.extend(found.into_iter().map(|finding| placed(&read.path, &read.document, finding)));
        }
    }

    /// Municipalities, calls and the catalogue, and scenarios without a program.
    fn check_around(&mut self, loaded: &Loaded) {
        let mut findings = Vec::new();
        for read in self.municipalities.values() {
            let found = check_municipality(&read.value);
            let unused = self.unused_of(read, loaded);
            let found = found.into_iter().chain(unused);
            findings.extend(found.map(|finding| placed(&read.path, &read.document, finding)));
        }
        let known: BTreeSet<&str> = loaded.programs.iter().map(|p| p.definition.program.program.as_str()).collect();
        let unread: BTreeSet<&str> = self.unreadable.iter().map(String::as_str).collect();
        for read in &self.calls {
            let municipality = |name: &str| self.municipalities.get(name).map(|read| &read.value);
            let found = check_calls(&read.value, &known, &unread, municipality);
            findings.extend(found.into_iter().map(|finding| placed(&read.path, &read.document, finding)));
        }
        if let Some(read) = &self.catalogue {
            let found = check_catalogue(&read.value);
            findings.extend(found.into_iter().map(|finding| placed(&read.path, &read.document, finding)));
        }
        for (name, read) in &self.scenarios {
            if !known.contains(name.as_str()) && !unread.contains(name.as_str()) {
                let message =
                    Bilingual::new(format!("制度「{name}」がありません"), format!("There is no program `{name}`"));
                findings.push(in_file(&read.path, Finding::error("reference.program", "", message)));
            }
        }
        self.findings.extend(findings);
    }

    /// What a municipality's own file declares for nothing; not said of one that has no programs yet, or while files have
    /// faults.
    fn unused_of(&self, read: &Read<Municipality>, loaded: &Loaded) -> Vec<Finding> {
        let of_place = |program: &str| program.split('/').next() == Some(read.value.municipality.as_str());
        let programs = loaded.programs.iter().map(|read| &read.definition);
        let programs: Vec<_> = programs.filter(|definition| of_place(&definition.program.program)).collect();
        if programs.is_empty() || self.findings.iter().any(Finding::is_error) {
            return Vec::new();
        }
        let calls = self.calls.iter().flat_map(|read| &read.value.calls).filter(|call| of_place(&call.program));
        let unused = check_unused(&read.value, &programs, &calls.collect::<Vec<_>>());
        unused.into_iter().filter(|finding| read.document.says(&finding.path)).collect()
    }

    fn unknown_archetype(&mut self, read: &Read<ProgramText>) {
        let name = &read.value.archetype;
        if self.unreadable.contains(name) || self.archetypes.contains_key(name) {
            return;
        }
        let known = self.archetypes.keys().map(String::as_str);
        let message = Bilingual::new(format!("類型「{name}」がありません"), format!("There is no archetype `{name}`"));
        let finding = Finding::error("reference.archetype", "/archetype", message).hint(suggested(name, known));
        self.findings.push(placed(&read.path, &read.document, finding));
    }

    // -- municipalities

    /// Puts under each municipality what it includes, then understands it.
    fn complete_municipalities(&mut self) {
        for Written { folder, path, mut document } in std::mem::take(&mut self.written) {
            let mut complete = true;
            for (i, name) in municipality::included(&document.value).into_iter().enumerate() {
                match self.fragments.get(&name) {
                    Some(fragment) => municipality::put_below(&mut document.value, fragment),
                    None => {
                        complete = false;
                        if !self.unreadable.contains(&name) {
                            let finding = no_fragment(&name, i, self.fragments.keys());
                            self.findings.push(placed(&path, &document, finding));
                        }
                    }
                }
            }
            let read = complete.then(|| self.understand::<Municipality>(&path, document, SchemaKind::Municipality));
            if let Some(mut read) = read.flatten() {
                self.expect_name(&read, "/municipality", &read.value.municipality, &folder);
                municipality::name_itself(&mut read.value);
                self.municipalities.insert(folder, read);
            }
        }
    }

    // -- archetypes

    fn merge_all(&mut self, included: &BTreeSet<Name>) -> BTreeMap<Name, Whole> {
        let wanted: BTreeSet<&Name> = self.programs.iter().map(|read| &read.value.archetype).collect();
        let names = self.archetypes.keys().filter(|name| wanted.contains(name) || !included.contains(*name));
        let names: Vec<Name> = names.cloned().collect();
        let mut merged = BTreeMap::new();
        for name in names {
            let mut findings = Vec::new();
            if let Some(mut whole) = self.merge(&name, &mut Vec::new(), &mut findings) {
                name_states_of_kinds(&mut whole.archetype);
                merged.insert(name, whole);
            }
            self.findings.extend(findings);
        }
        merged
    }

    /// An archetype with its fragments below it. `None` when one of them is missing.
    fn merge(&self, name: &str, above: &mut Vec<Name>, findings: &mut Vec<Finding>) -> Option<Whole> {
        let read = self.archetypes.get(name)?;
        let mut whole = Whole { archetype: read.value.clone(), origins: BTreeMap::new(), files: BTreeSet::new() };
        whole.archetype.include.clear();
        whole.files.insert(name.to_owned());
        each_section(&mut whole.archetype, &mut Owned { of: name, origins: &mut whole.origins });
        above.push(name.to_owned());
        let mut complete = true;
        for (i, fragment) in read.value.include.iter().enumerate() {
            let pointer = format!("/include/{i}");
            let problem = if above.contains(fragment) {
                Some(("include.cycle", Bilingual::new("取り込みが循環しています", "This includes itself in the end")))
            } else if above.len() > DEEPEST_INCLUDE {
                let message = Bilingual::new("取り込みが深すぎます", "Includes are nested too deep");
                Some(("include.too_deep", message))
            } else if self.archetypes.contains_key(fragment) {
                None
            } else if self.unreadable.contains(fragment) {
                complete = false;
                continue;
            } else {
                findings.push(placed(&read.path, &read.document, no_fragment(fragment, i, self.archetypes.keys())));
                complete = false;
                continue;
            };
            if let Some((code, message)) = problem {
                findings.push(placed(&read.path, &read.document, Finding::error(code, pointer, message)));
                complete = false;
                continue;
            }
            match self.merge(fragment, above, findings) {
                Some(below) => whole.put_below(below),
                None => complete = false,
            }
        }
        above.pop();
        complete.then_some(whole)
    }
}

/// What is to be included is not there.
fn no_fragment<'a>(name: &str, i: usize, known: impl Iterator<Item = &'a Name>) -> Finding {
    let message = Bilingual::new(format!("「{name}」がありません"), format!("There is no `{name}`"));
    let hint = suggested(name, known.map(String::as_str));
    Finding::error("include.missing", format!("/include/{i}"), message).hint(hint)
}

fn in_file(path: &str, finding: Finding) -> Finding {
    Finding { file: Some(path.to_owned()), ..finding }
}

fn placed(path: &str, document: &Document, finding: Finding) -> Finding {
    let place = match (finding.within, finding.offset) {
        (Some((line, column)), _) => document.line_inside(&finding.path, line, column),
        (None, Some(offset)) => document.inside(&finding.path, offset),
        (None, None) => document.key_at(&finding.path),
    };
    let (line, column) = (place.map(|place| place.line), place.map(|place| place.column));
    in_file(path, Finding { line, column, ..finding })
}

/// Programs of one archetype have the findings of the archetype in common.
fn drop_repeats(findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    findings.retain(|f| seen.insert((f.file.clone(), f.path.clone(), f.offset, f.code.clone(), f.message.en.clone())));
}

/// An archetype with its fragments.
#[derive(Debug)]
struct Whole {
    archetype: Archetype,
    /// `/states/under_review` → the archetype or fragment that says it.
    origins: BTreeMap<String, Name>,
    files: BTreeSet<Name>,
}

impl Whole {
    fn put_below(&mut self, below: Whole) {
        let mut below = below;
        let Archetype {
            options,
            facts,
            parameters,
            amounts,
            forms,
            documents,
            states,
            actions,
            procedures,
            partners,
            letters,
            mails,
            ..
        } = &mut self.archetype;
        let from = &mut below.archetype;
        fill(options, &mut from.options);
        fill(facts, &mut from.facts);
        fill(parameters, &mut from.parameters);
        fill(amounts, &mut from.amounts);
        fill(forms, &mut from.forms);
        fill(documents, &mut from.documents);
        fill(states, &mut from.states);
        fill(actions, &mut from.actions);
        fill(procedures, &mut from.procedures);
        fill(partners, &mut from.partners);
        fill(letters, &mut from.letters);
        fill(mails, &mut from.mails);
        for (pointer, name) in below.origins {
            self.origins.entry(pointer).or_insert(name);
        }
        self.files.extend(below.files);
    }

    fn origin(&self, pointer: &str) -> Option<&Name> {
        let end = pointer.match_indices('/').nth(2).map_or(pointer.len(), |(at, _)| at);
        let whole = self.files.iter().next();
        pointer.get(..end).and_then(|entry| self.origins.get(entry)).or_else(|| self.origins.get("")).or(whole)
    }
}

fn fill<T>(into: &mut IndexMap<Name, T>, from: &mut IndexMap<Name, T>) {
    for (name, value) in from.drain(..) {
        into.entry(name).or_insert(value);
    }
}

struct Owned<'a> {
    of: &'a str,
    origins: &'a mut BTreeMap<String, Name>,
}

/// Notes for every entry of an archetype's own who says it.
fn each_section(archetype: &mut Archetype, owned: &mut Owned<'_>) {
    owned.origins.insert(String::new(), owned.of.to_owned());
    let Archetype {
        options,
        facts,
        parameters,
        amounts,
        forms,
        documents,
        states,
        actions,
        procedures,
        partners,
        letters,
        mails,
        ..
    } = archetype;
    let mut note = |section: &str, names: Vec<&Name>| {
        for name in names {
            owned.origins.insert(format!("/{section}/{}", pointer_part(name)), owned.of.to_owned());
        }
    };
    note("options", options.keys().collect());
    note("facts", facts.keys().collect());
    note("parameters", parameters.keys().collect());
    note("amounts", amounts.keys().collect());
    note("forms", forms.keys().collect());
    note("documents", documents.keys().collect());
    note("states", states.keys().collect());
    note("actions", actions.keys().collect());
    note("procedures", procedures.keys().collect());
    note("partners", partners.keys().collect());
    note("letters", letters.keys().collect());
    note("mails", mails.keys().collect());
}

/// A letter in a fragment is unused only when no archetype with the fragment uses it.
#[derive(Default)]
struct Unused {
    with_file: BTreeMap<String, u32>,
    found: BTreeMap<(String, String), (u32, Option<Finding>)>,
}

impl Unused {
    /// Takes out what may still be used elsewhere, and counts it.
    fn keep_apart(&mut self, whole: &Whole, findings: Vec<Finding>) -> Vec<Finding> {
        for name in &whole.files {
            *self.with_file.entry(name.clone()).or_default() += 1;
        }
        let (unused, rest): (Vec<_>, Vec<_>) = findings.into_iter().partition(|f| f.code.starts_with("unused."));
        for finding in unused {
            let origin = whole.origin(&finding.path).cloned().unwrap_or_default();
            let entry = self.found.entry((origin, finding.path.clone())).or_default();
            *entry = (entry.0 + 1, Some(finding));
        }
        rest
    }

    fn everywhere(self) -> Vec<Finding> {
        let with_file = self.with_file;
        let all = self.found.into_iter().filter(|((name, _), (count, _))| with_file.get(name) == Some(count));
        all.filter_map(|(_, (_, finding))| finding).collect()
    }
}
