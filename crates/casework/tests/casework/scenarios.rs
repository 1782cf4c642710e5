//! Every scenario of the shipped catalogue, through the same decisions that serve requests.

use crate::desk::catalogue;

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
