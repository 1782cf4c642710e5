//! Lives of an archetype that its programs share, and names in scenario files.

use program::{Finding, Loaded, SourceFile, load};

use super::files_with;

const LIVES: &str = "
samples:
  reason: { reason: 理由 }
scenarios:
  - name: { ja: 提出, en: Handed in }
    steps: [ { by: applicant, do: submit, sample: application, expect: { state: submitted } } ]
  - name: { ja: 変更, en: A change }
    steps: [ { after: 3 days, by: applicant, do: request_change, sample: change } ]
  - name: { ja: 変更なし, en: Without changes }
    options: { changes: false }
    steps: [ { by: applicant, do: submit, sample: application } ]
";

const OWN: &str = "
sample_applicant: { kind: company, size: sme, established_here_on: 2015-04-01 }
samples:
  application: { from: 2026-06-01 }
  change: {}
scenarios:
  - name: { ja: 固有, en: Its own }
    steps: [ { by: applicant, do: submit, sample: application } ]
";

/// The small catalogue with these scenario files; the program's options as written.
fn loaded(lives: &str, own: &str, options: &str) -> Loaded {
    let mut files = files_with("machines.yaml", "intake:", &format!("{options}intake:"));
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    files.push(file("archetypes/small.scenarios.yaml", lives));
    files.push(file("programs/town/machines.scenarios.yaml", own));
    load(&files)
}

fn names(loaded: &Loaded) -> Vec<&str> {
    let scenarios = loaded.programs[0].scenarios.as_ref().unwrap();
    scenarios.scenarios.iter().map(|scenario| scenario.name.en.as_str()).collect()
}

#[test]
fn a_program_has_its_own_scenarios_and_the_lives_that_its_options_leave_possible() {
    let all = loaded(LIVES, OWN, "");
    assert_eq!(all.findings, []);
    assert_eq!(names(&all), ["Its own", "Handed in", "A change"]);
    assert!(all.programs[0].scenarios.as_ref().unwrap().samples.contains_key("reason"));
    let off = loaded(LIVES, OWN, "options: { changes: false }\n");
    assert_eq!(names(&off), ["Its own", "Handed in", "Without changes"]);
}

#[test]
fn lives_need_samples_and_somebody_who_applies() {
    let said = loaded(LIVES, "scenarios: []\n", "");
    let codes: Vec<&str> = said.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["scenario.applicant", "scenario.sample", "scenario.sample"]);
}

#[test]
fn a_name_that_the_archetype_does_not_know_is_found_at_its_place() {
    for (from, to, code) in [
        ("do: submit", "do: sumbit", "reference.action"),
        ("by: applicant", "by: aplicant", "reference.role"),
        ("state: submitted", "state: submited", "reference.state"),
        ("state: submitted", "amounts: { requst: 1_000 }", "reference.amount"),
        ("state: submitted", "holds: { held: requst }", "reference.amount"),
        ("state: submitted", "mails: [hello]", "reference.mail"),
        ("state: submitted", "letters: [hello]", "reference.letter"),
        ("state: submitted", "procedures: { chnge: requested }", "reference.procedure"),
        ("after: 3 days", "past: reprot", "reference.deadline"),
        ("after: 3 days", "after: 9999 days", "scenario.span"),
        ("after: 3 days", "after: three days", "schema.format"),
        ("changes: false", "chnges: false", "reference.option"),
    ] {
        let found = loaded(&LIVES.replacen(from, to, 1), OWN, "").findings;
        let at = |finding: &&Finding| finding.code == code && finding.line.is_some();
        let finding = found.iter().find(at).unwrap_or_else(|| panic!("{to}: {found:?}"));
        assert_eq!(finding.file.as_deref(), Some("archetypes/small.scenarios.yaml"));
    }
}

#[test]
fn lives_of_no_archetype_are_found() {
    let mut files = files_with("machines.yaml", "", "");
    files.push(SourceFile { path: "archetypes/smal.scenarios.yaml".to_owned(), text: LIVES.to_owned() });
    let found = load(&files).findings;
    let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["reference.archetype"]);
}
