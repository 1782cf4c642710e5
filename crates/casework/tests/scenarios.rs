//! Every scenario of the shipped catalogue, through the same decisions that serve requests.

use std::path::Path;

use program::{Loaded, SourceFile, load};

fn files(folder: &Path, into: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            into.push(SourceFile {
                text: std::fs::read_to_string(&path).unwrap(),
                path: path.to_string_lossy().into_owned(),
            });
        }
    }
}

fn catalogue() -> Loaded {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
    let mut found = Vec::new();
    files(&root.join("archetypes"), &mut found);
    files(&root.join("programs"), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    load(&found)
}

#[test]
fn the_catalogue_has_no_findings() {
    let errors: Vec<String> = catalogue().findings.iter().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn every_scenario_passes() {
    let loaded = catalogue();
    let mut failures = Vec::new();
    let mut count = 0;
    for found in &loaded.programs {
        let (Some(program), Some(scenarios)) = (&found.program, &found.scenarios) else {
            failures.push(format!("{}: no program or no scenarios", found.path));
            continue;
        };
        let place = loaded.municipalities.iter().find(|place| place.municipality == program.municipality()).unwrap();
        for result in casework::scenario::run(program, place, &loaded.calls, scenarios) {
            count += 1;
            failures.extend(result.failures.iter().map(|f| format!("{}: {}: {f}", program.name(), result.name.ja)));
        }
    }
    assert!(failures.is_empty(), "{} failures of {count} scenarios\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 20, "only {count} scenarios");
}
