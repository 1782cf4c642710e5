//! Programs and the schemes that planning documents name.

use program::{Loaded, SourceFile, catalogue_tables, load};

use super::{files, files_with};

const SCHEMES: &str = "
documents: { plan: 町の計画 }
kinds:
  G1: { label: { ja: 補助, en: Grant }, archetype: small }
  S1: { label: { ja: 相談, en: Advice }, archetype: advice }
  T0: { label: { ja: 評価, en: Evaluated } }
rows:
  T-1: { municipality: town, kind: G1, document: plan, place: 第1章, title: { ja: 機械, en: Machines } }
  T-2: { municipality: town, kind: G1, document: plan, place: 第2章, title: { ja: 工具, en: Tools } }
  T-3: { municipality: town, kind: S1, document: plan, place: 第3章, title: { ja: 相談, en: Advice } }
  T-4: { municipality: town, kind: T0, document: plan, place: 第4章, title: { ja: 調査, en: Survey } }
  V-1: { municipality: village, kind: G1, document: plan, place: 第5章, title: { ja: 機械, en: Machines } }
";

fn with_schemes(mut catalogue: Vec<SourceFile>, schemes: &str) -> Loaded {
    catalogue.push(SourceFile { path: "catalogue.yaml".to_owned(), text: schemes.to_owned() });
    load(&catalogue)
}

/// The small program, which says that it is these rows.
fn being(rows: &str) -> Vec<SourceFile> {
    files_with("machines.yaml", "legal_nature: contract", &format!("legal_nature: contract\ncatalogue: [{rows}]"))
}

fn codes(loaded: &Loaded) -> Vec<(&str, Option<&str>, Option<u32>)> {
    loaded.findings.iter().map(|found| (found.code.as_str(), found.file.as_deref(), found.line)).collect()
}

#[test]
fn a_program_is_the_rows_that_it_names() {
    let loaded = with_schemes(being("T-1, T-2"), SCHEMES);
    assert_eq!(loaded.findings, []);
    let without = load(&being("T-1, T-2"));
    assert_eq!(without.findings, [], "without a list of schemes nothing is asked of the numbers");
    assert_eq!(catalogue_tables(&without), None);
}

#[test]
fn what_a_row_does_not_fit_is_said_where_it_is_named() {
    let program = Some("programs/town/machines.yaml");
    let at = |code| vec![(code, program, Some(6))];
    assert_eq!(codes(&with_schemes(being("T-9"), SCHEMES)), at("reference.catalogue"));
    assert_eq!(codes(&with_schemes(being("V-1"), SCHEMES)), at("catalogue.municipality"));
    assert_eq!(codes(&with_schemes(being("T-3"), SCHEMES)), at("catalogue.archetype"));
    assert_eq!(codes(&with_schemes(being("T-4"), SCHEMES)), at("catalogue.archetype"));
    assert_eq!(codes(&with_schemes(being("T-1, T-1"), SCHEMES)), at("catalogue.twice"));
    let mut two = being("T-1");
    let first = two.iter().find(|file| file.path.ends_with("machines.yaml")).unwrap();
    let text = first.text.replace("town/machines", "town/tools");
    two.push(SourceFile { path: "programs/town/tools.yaml".to_owned(), text });
    let loaded = with_schemes(two, SCHEMES);
    assert_eq!(codes(&loaded), [("catalogue.twice", Some("programs/town/tools.yaml"), Some(6))]);
    assert!(loaded.findings[0].message.en.contains("town/machines"), "{}", loaded.findings[0]);
}

#[test]
fn the_list_of_schemes_is_checked_too() {
    let wrong = SCHEMES.replacen("kind: G1, document: plan", "kind: G9, document: plam", 1);
    let found = with_schemes(files(), &wrong);
    let here = Some("catalogue.yaml");
    assert_eq!(codes(&found), [("reference.kind", here, Some(8)), ("reference.document", here, Some(8))]);
    assert_eq!(found.findings[1].hint.as_ref().map(|hint| hint.en.as_str()), Some("Did you mean `plan`?"));
}

#[test]
fn the_tables_say_how_every_scheme_stands() {
    let tables = catalogue_tables(&with_schemes(being("T-1"), SCHEMES)).unwrap();
    let lines: Vec<&str> = tables.lines().filter(|line| line.starts_with("| ")).collect();
    let expected = [
        "| kind | schemes | written |",
        "| G1 補助 Grant | 3 | 1 |",
        "| S1 相談 Advice | 1 | 0 |",
        "| T0 評価 Evaluated | 1 | 0 |",
        "| all | 5 | 1 |",
        "| row | title | archetype | definition | scenarios | status |",
        "| T-1 | 機械<br>Machines | G1 small | [machines](town/machines.yaml) |  | written |",
        "| T-2 | 工具<br>Tools | G1 small |  |  | not written |",
        "| T-3 | 相談<br>Advice | S1 advice |  |  | not written |",
        "| T-4 | 調査<br>Survey | T0 |  |  | evaluated only |",
        "| row | title | archetype | definition | scenarios | status |",
        "| V-1 | 機械<br>Machines | G1 small |  |  | not written |",
    ];
    assert_eq!(lines, expected);
    let unlisted = catalogue_tables(&with_schemes(files(), SCHEMES)).unwrap();
    let last = unlisted.lines().last();
    let machines = "| 要綱 | 機械の補助金<br>Machine subsidy | small | [machines](town/machines.yaml) |  | written |";
    assert_eq!(last, Some(machines));
}
