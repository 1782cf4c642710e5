//! The list of findings says what the checks say: no code is missing, none is left over, each example has its finding.

use std::collections::BTreeSet;
use std::path::Path;

use program::{Finding, KnownFinding, SourceFile, findings_page, known_findings, load};

/// Codes of templates are raised where templates are known, and tried there.
const ELSEWHERE: &str = "template.";

fn found(files: &[SourceFile]) -> Vec<Finding> {
    let loaded = load(files);
    loaded.findings.into_iter().chain(loaded.notes).collect()
}

fn listed() -> BTreeSet<String> {
    known_findings().unwrap().into_values().flat_map(|group| group.findings.into_keys()).collect()
}

#[test]
fn every_example_has_its_finding_with_a_place() {
    let mut wrong = Vec::new();
    for (code, known) in known_findings().unwrap().into_values().flat_map(|group| group.findings) {
        if code.starts_with(ELSEWHERE) {
            continue;
        }
        for count in 1..=known.example.len() {
            let upto = |count| KnownFinding { example: known.example[..count].to_vec(), ..known.clone() }.files();
            if upto(count) == upto(count - 1) {
                wrong.push(format!("{code}: change {count} changes nothing"));
            }
        }
        let found = found(&known.files());
        match found.iter().find(|finding| finding.code == code) {
            None => wrong.push(format!("{code} is not found, but {:?}", codes(&found))),
            Some(finding) if finding.line.is_none() && !has_no_place(&code) => {
                wrong.push(format!("{code} has no line: {finding}"));
            }
            Some(_) => {}
        }
        let words = [&known.means.ja, &known.means.en, &known.mend.ja, &known.mend.en];
        assert!(words.iter().all(|words| !words.trim().is_empty()), "{code} has no words");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is wrong with the file as a whole.
fn has_no_place(code: &str) -> bool {
    ["yaml.too_large", "load.place", "schema.value"].contains(&code)
}

fn codes(findings: &[Finding]) -> BTreeSet<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// A literal like `machine.no_end` in the sources, of one of the groups of codes that are listed.
#[test]
fn every_code_in_the_sources_is_listed_and_every_listed_code_is_there() {
    let listed = listed();
    let families: BTreeSet<&str> = listed.iter().filter_map(|code| code.split('.').next()).collect();
    let mut sources = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for name in ["yaml.rs", "schema.rs", "load.rs", "cross.rs", "compile.rs", "span.rs", "check", "expression/fault.rs"]
    {
        read(&root.join(name), &mut sources);
    }
    let in_sources: BTreeSet<String> = sources
        .iter()
        .flat_map(|text| text.split('"').skip(1).step_by(2))
        .filter(|literal| {
            literal.split_once('.').is_some_and(|(family, rest)| families.contains(family) && is_word(rest))
        })
        .filter(|literal| !literal.ends_with(".yaml") && !literal.ends_with(".rs"))
        .map(str::to_owned)
        .collect();
    let here: BTreeSet<String> = listed.into_iter().filter(|code| !code.starts_with(ELSEWHERE)).collect();
    let unlisted: Vec<_> = in_sources.difference(&here).collect();
    assert!(unlisted.is_empty(), "add to crates/program/src/reference/findings.yaml: {unlisted:?}");
    let unraised: Vec<_> = here.difference(&in_sources).collect();
    assert!(unraised.is_empty(), "nothing raises {unraised:?}");
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn read(path: &Path, into: &mut Vec<String>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            read(&entry.unwrap().path(), into);
        }
    } else {
        into.push(std::fs::read_to_string(path).unwrap());
    }
}

#[test]
fn the_page_shows_every_code_with_its_message() {
    let page = findings_page(|files| found(files)).unwrap();
    for code in listed() {
        assert!(page.contains(&format!("### `{code}`")), "{code}");
        assert!(code.starts_with(ELSEWHERE) || page.contains(&format!("[{code}]: ")), "{code} has no message");
    }
}
