//! Rules of real outlines: programs that try each, and the table that says where.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use program::{Loaded, SchemaKind, SourceFile, load, schema};

use crate::desk::files;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The shipped catalogue, and beside it the programs that only try rules.
fn sources() -> &'static [SourceFile] {
    static SOURCES: OnceLock<Vec<SourceFile>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let mut found = Vec::new();
        for folder in
            ["schema/archetypes", "schema/municipalities", "schema/programs", "crates/casework/tests/rules/programs"]
        {
            files(&root().join(folder), &mut found);
        }
        // The lives of the archetypes are played by the catalogue; here a program has only what it tries.
        found.retain(|file| !(file.path.contains("/archetypes/") && file.path.ends_with(".scenarios.yaml")));
        found
    })
}

fn loaded() -> &'static Loaded {
    static LOADED: OnceLock<Loaded> = OnceLock::new();
    LOADED.get_or_init(|| load(sources()))
}

#[test]
fn every_program_that_tries_rules_is_sound_and_its_scenarios_pass() {
    let here = |file: &Option<String>| file.as_ref().is_some_and(|file| file.contains("/mihon/"));
    let findings = loaded().findings.iter().filter(|finding| here(&finding.file));
    let findings: Vec<String> = findings.map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    let mut failures = Vec::new();
    for found in loaded().programs.iter().filter(|found| found.path.contains("/mihon/")) {
        let (program, scenarios) = (found.program.as_ref().unwrap(), found.scenarios.as_ref().unwrap());
        let place = loaded().municipalities.iter().find(|place| place.municipality == "mihon").unwrap();
        for result in casework::scenario::run(program, place, &loaded().calls, scenarios) {
            failures.extend(result.failures.iter().map(|f| format!("{}: {}: {f}", program.name(), result.name.en)));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

struct Row {
    /// What is written in the program, as it stands there.
    written: Vec<String>,
    /// A program, or a file of tests.
    place: String,
    /// The scenario in English, or the test.
    name: String,
}

fn table() -> Vec<Row> {
    let text = std::fs::read_to_string(root().join("docs/reference/rules.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with('|')).map(|line| line.trim_matches('|'));
    let rows = rows.filter(|line| !line.starts_with("---") && !line.trim_start().starts_with("rule |"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(" | ").collect();
        let [_, written, proof] = cells[..] else { panic!("three columns: {line}") };
        let (place, name) = proof.trim().split_once("`: ").unwrap_or_else(|| panic!("`place`: name in {line}"));
        Row {
            written: written.split('`').skip(1).step_by(2).map(str::to_owned).collect(),
            place: place.trim_start_matches('`').to_owned(),
            name: name.to_owned(),
        }
    };
    rows.map(row).collect()
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn every_row_of_the_table_is_proven() {
    let mut wrong = Vec::new();
    for row in table() {
        let Row { written, place, name } = &row;
        let text = if place.ends_with(".rs") {
            let text = std::fs::read_to_string(root().join(place)).unwrap_or_default();
            if !text.contains(&format!("fn {name}()")) {
                wrong.push(format!("{place} has no test {name}"));
            }
            text
        } else {
            let found = loaded().programs.iter().find(|found| found.definition.program.program == *place);
            let scenarios = found.and_then(|found| found.scenarios.as_ref());
            if !scenarios.is_some_and(|all| all.scenarios.iter().any(|scenario| scenario.name.en == *name)) {
                wrong.push(format!("{place} has no scenario {name:?}"));
            }
            let path = found.map(|found| found.path.as_str()).unwrap_or_default();
            sources().iter().find(|file| file.path == path).map(|file| file.text.clone()).unwrap_or_default()
        };
        let text = without_space(&text.replace("\\n", "\n"));
        for part in written.iter().filter(|part| !text.contains(&without_space(part))) {
            wrong.push(format!("{place} does not say {part:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_key_of_a_rule_is_in_the_table() {
    let written: String = table().iter().flat_map(|row| row.written.clone()).collect::<Vec<_>>().join("\n");
    let definitions = schema(SchemaKind::Program);
    let mut missing = BTreeSet::new();
    for rule in ["AwardRule", "Limits", "SameLimit", "MinorChange", "PaymentRules", "AdvanceRule"] {
        let keys = definitions["$defs"][rule]["properties"].as_object().unwrap().keys();
        missing.extend(keys.filter(|key| !written.contains(&format!("{key}:"))).map(|key| format!("{rule}.{key}")));
    }
    assert!(missing.is_empty(), "{missing:?}");
}
