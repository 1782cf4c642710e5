//! The list of findings says what the checks say: no code is missing, none is left over, each example has its finding.

use std::collections::BTreeSet;
use std::path::Path;

use program::{Finding, KnownFinding, SourceFile, findings_page, known_findings, load};

/// Codes of templates are raised where templates are known, what no scenario tries where scenarios are played; both are
/// tried there.
const ELSEWHERE: [&str; 2] = ["template.", "scenario.untried"];

fn is_elsewhere(code: &str) -> bool {
    ELSEWHERE.iter().any(|raised| code.starts_with(raised))
}

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
        if is_elsewhere(&code) {
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

/// A code is a literal like `machine.no_end`: of one of the families that are listed, wherever findings are raised, or
/// whatever a finding is raised with.
#[test]
fn every_code_in_the_sources_is_listed_and_every_listed_code_is_there() {
    let listed = listed();
    let families: BTreeSet<&str> = listed.iter().filter_map(|code| code.split('.').next()).collect();
    let mut sources = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read(&root, &mut sources);
    let raises = |text: &str| ["Finding::", "error(", "report("].iter().any(|call| text.contains(call));
    let of_family = |text: &str| text.split_once('.').is_some_and(|(family, _)| families.contains(family));
    let mut in_sources = BTreeSet::new();
    for (name, text) in &sources {
        // Between quotes, with what stands before: a call that raises a finding, or a literal that looks like a code.
        let parts: Vec<&str> = text.split('"').collect();
        for pair in parts.chunks_exact(2) {
            let [before, literal] = pair else { continue };
            let is_code = literal.split_once('.').is_some_and(|(family, rest)| is_word(family) && is_word(rest))
                && !literal.ends_with(".yaml");
            let call = before.trim_end();
            let is_raised = ["Finding::error(", "Finding::warning(", "Finding::note(", " error("]
                .iter()
                .any(|raise| call.ends_with(raise.trim_start()));
            if is_code && (is_raised || (of_family(literal) && raises(text) && !speaks_of_values(name))) {
                in_sources.insert((*literal).to_owned());
            }
        }
    }
    // Stored text that is not canonical was not written by an author; a plan to migrate is about cases, not files.
    in_sources.retain(|code| code != "canonical.format" && !code.starts_with("versions."));
    let here: BTreeSet<String> = listed.into_iter().filter(|code| !is_elsewhere(code)).collect();
    let unlisted: Vec<_> = in_sources.difference(&here).collect();
    assert!(unlisted.is_empty(), "add to crates/program/src/reference/findings.yaml: {unlisted:?}");
    let unraised: Vec<_> = here.difference(&in_sources).filter(|code| !constants(&sources).contains(*code)).collect();
    assert!(unraised.is_empty(), "nothing raises {unraised:?}");
}

/// Faults of what an applicant fills in have codes of the same shape.
fn speaks_of_values(name: &str) -> bool {
    ["forms.rs", "values.rs", "parts.rs", "facts.rs"].contains(&name)
}

/// Codes of expressions and spans stand in tables of their own.
fn constants(sources: &[(String, String)]) -> BTreeSet<String> {
    let tables = sources.iter().filter(|(name, _)| ["fault.rs", "span.rs"].contains(&name.as_str()));
    tables.flat_map(|(_, text)| text.split('"').map(str::to_owned)).collect()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

fn read(path: &Path, into: &mut Vec<(String, String)>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            read(&entry.unwrap().path(), into);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        into.push((name, std::fs::read_to_string(path).unwrap()));
    }
}

#[test]
fn the_page_shows_every_code_with_its_message() {
    let page = findings_page(found).unwrap();
    for code in listed() {
        assert!(page.contains(&format!("### `{code}`")), "{code}");
        assert!(is_elsewhere(&code) || page.contains(&format!("[{code}]: ")), "{code} has no message");
    }
}
