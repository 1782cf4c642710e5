//! A small catalogue, put right and put wrong.

mod amounts;
mod catalogue;
mod changes;
mod days;
mod forms;
mod hostile;
mod lives;
mod municipalities;
mod properties;
mod reference;
mod text;
mod versions;
mod wrong;

use chrono::NaiveDate;
use program::definition::{ApplicantFacts, ApplicantKind, BusinessSize};
use program::{CaseFacts, Program, SourceFile, load};
use serde_json::{Map, Value, json};
use vocabulary::Yen;

const FILES: [(&str, &str); 5] = [
    ("archetypes/small.yaml", include_str!("../../src/reference/sample/small.yaml")),
    ("archetypes/shared.yaml", include_str!("../../src/reference/sample/shared.yaml")),
    ("programs/town/machines.yaml", include_str!("../../src/reference/sample/machines.yaml")),
    ("programs/town/municipality.yaml", include_str!("../../src/reference/sample/municipality.yaml")),
    ("programs/town/calls.yaml", include_str!("../../src/reference/sample/calls.yaml")),
];

fn files() -> Vec<SourceFile> {
    FILES.iter().map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
}

/// The catalogue with one text of one file replaced.
fn files_with(path: &str, from: &str, to: &str) -> Vec<SourceFile> {
    let mut files = files();
    let file = files.iter_mut().find(|file| file.path.ends_with(path)).unwrap();
    assert!(file.text.contains(from), "{path} has no {from:?}");
    file.text = file.text.replacen(from, to, 1);
    files
}

fn small() -> Program {
    small_with("", "")
}

/// The program with a part of its own file replaced.
fn small_with(from: &str, to: &str) -> Program {
    let mut loaded = load(&files_with("machines.yaml", from, to));
    let findings: Vec<String> = loaded.findings.iter().map(ToString::to_string).collect();
    loaded.programs.remove(0).program.unwrap_or_else(|| panic!("{}", findings.join("\n")))
}

fn day(text: &str) -> NaiveDate {
    vocabulary::parse_day(text).unwrap()
}

fn yen(amount: i64) -> Yen {
    Yen::new(amount).unwrap()
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn facts() -> CaseFacts {
    let applicant = ApplicantFacts {
        kind: ApplicantKind::Company,
        size: BusinessSize::Sme,
        deemed_large: false,
        established_here_on: day("2015-04-01"),
        employees: 10,
        capital: yen(10_000_000),
        trade: "manufacturing".to_owned(),
    };
    CaseFacts::of_applicant(applicant, day("2026-05-11"))
}

/// An application whose cost of the booth is this, in yen without tax.
fn application(net: i64) -> Map<String, Value> {
    map(json!({
        "contact": "山田", "pledge": true, "from": "2026-09-01", "to": "2026-09-03",
        "costs": [{"category": "booth", "what": "小間", "supplier": "主催者", "net": net, "tax": net / 10}],
    }))
}
