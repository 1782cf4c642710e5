//! The catalogue in `schema/` loads without a finding, and says which schemes it covers.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use program::{Severity, SourceFile, load};

fn yaml_files(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            into.push(path);
        }
    }
}

fn catalogue() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
    let mut paths = Vec::new();
    for folder in ["archetypes", "municipalities", "programs"] {
        yaml_files(&root.join(folder), &mut paths);
    }
    paths.push(root.join("catalogue.yaml"));
    paths.sort();
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().display().to_string();
    paths.iter().map(|path| SourceFile { path: name(path), text: fs::read_to_string(path).unwrap() }).collect()
}

#[test]
fn every_program_of_the_catalogue_is_sound() {
    let loaded = load(&catalogue());
    let findings: Vec<String> = loaded.findings.iter().map(ToString::to_string).collect();
    let errors = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    assert_eq!(errors, 0, "\n{}", findings.join("\n"));
    assert!(!loaded.programs.is_empty());
    for program in &loaded.programs {
        assert!(program.program.is_some(), "{}", program.path);
    }
}

#[test]
fn every_scheme_with_money_and_three_of_each_other_kind_are_programs() {
    let loaded = load(&catalogue());
    let programs = loaded.programs.iter().map(|found| &found.definition.program);
    let written: BTreeSet<&String> = programs.flat_map(|program| &program.catalogue).collect();
    let catalogue = loaded.catalogue.as_ref().unwrap();
    assert_eq!(catalogue.rows.len(), 135);
    for code in catalogue.kinds.keys() {
        let (found, missing): (Vec<_>, Vec<_>) = catalogue
            .rows
            .iter()
            .filter(|(_, row)| row.kind == *code)
            .map(|(number, _)| number)
            .partition(|number| written.contains(number));
        match code.chars().next() {
            Some('G') => assert!(missing.is_empty(), "{code}: {missing:?}"),
            Some('S') => assert!(found.len() >= 3, "{code}: only {found:?}"),
            _ => assert!(found.is_empty(), "{code} is only evaluated: {found:?}"),
        }
    }
    let unproven: Vec<&str> = loaded
        .programs
        .iter()
        .filter(|found| found.scenarios.as_ref().is_none_or(|told| told.scenarios.is_empty()))
        .map(|found| found.path.as_str())
        .collect();
    assert!(unproven.is_empty(), "without scenarios: {unproven:?}");
}
