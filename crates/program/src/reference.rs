//! Every finding that there is: what it means, how to mend it, and a catalogue that has it. The page for authors is made
//! from here, and the tests hold it against what the checks say.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::Deserialize;
use vocabulary::Bilingual;

use crate::finding::Finding;
use crate::load::SourceFile;
use crate::yaml;

const FINDINGS: &str = include_str!("reference/findings.yaml");
const HEAD: &str = include_str!("reference/head.md");

/// A small catalogue without a finding; each example changes it.
const SAMPLE: [(&str, &str); 5] = [
    ("archetypes/small.yaml", include_str!("reference/sample/small.yaml")),
    ("archetypes/shared.yaml", include_str!("reference/sample/shared.yaml")),
    ("programs/town/machines.yaml", include_str!("reference/sample/machines.yaml")),
    ("programs/town/municipality.yaml", include_str!("reference/sample/municipality.yaml")),
    ("programs/town/calls.yaml", include_str!("reference/sample/calls.yaml")),
];

/// Findings of one subject.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingGroup {
    pub title: Bilingual,
    /// What is asked, and how far it is decided.
    pub about: Bilingual,
    /// By code.
    pub findings: IndexMap<String, KnownFinding>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFinding {
    pub means: Bilingual,
    /// What to do about it.
    pub mend: Bilingual,
    /// Changes of the sample that bring it about.
    pub example: Vec<Change>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// A file of the sample, or a new one.
    pub file: String,
    /// The text of the sample; absent for a new file.
    pub instead_of: Option<String>,
    pub write: String,
    /// How often it is written.
    pub times: Option<usize>,
}

/// All findings, by group.
///
/// # Errors
/// What is wrong with the list itself.
pub fn known_findings() -> Result<IndexMap<String, FindingGroup>, String> {
    let (document, faults) = yaml::parse(FINDINGS);
    if let Some(fault) = faults.first() {
        return Err(fault.to_string());
    }
    let value = document.map(|document| document.value).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// The files of the sample.
#[must_use]
pub fn sample() -> Vec<SourceFile> {
    SAMPLE.iter().map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
}

impl KnownFinding {
    /// The sample with the example's changes.
    #[must_use]
    pub fn files(&self) -> Vec<SourceFile> {
        let mut files = sample();
        for change in &self.example {
            let text = change.write.repeat(change.times.unwrap_or(1));
            let file = files.iter_mut().find(|file| is_file(&file.path, &change.file));
            match (file, &change.instead_of) {
                (Some(file), Some(instead_of)) => file.text = file.text.replacen(instead_of, &text, 1),
                (Some(file), None) => file.text = text,
                (None, _) => files.push(SourceFile { path: change.file.clone(), text }),
            }
        }
        files
    }
}

fn is_file(path: &str, name: &str) -> bool {
    path == name || path.rsplit('/').next() == Some(name)
}

/// The page for authors. `check` gives all findings of a catalogue, notes included.
///
/// # Errors
/// What is wrong with the list itself.
pub fn findings_page(check: impl Fn(&[SourceFile]) -> Vec<Finding>) -> Result<String, String> {
    let mut page = HEAD.to_owned();
    for group in known_findings()?.values() {
        let FindingGroup { title, about, findings } = group;
        add(&mut page, format_args!("\n## {} · {}\n\n{}\n{}\n", title.en, title.ja, about.en, about.ja));
        for (code, known) in findings {
            add(&mut page, format_args!("\n### `{code}`\n\n{} {}\n\n", known.means.en, known.mend.en));
            add(&mut page, format_args!("{}{}\n\n", known.means.ja, known.mend.ja));
            for change in &known.example {
                show(&mut page, change);
            }
            let found = check(&known.files());
            if let Some(finding) = found.iter().find(|finding| finding.code == *code) {
                add(&mut page, format_args!("```text\n{finding}\n```\n"));
            }
        }
    }
    Ok(page)
}

/// Writing to a text cannot fail.
fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(text);
}

fn show(page: &mut String, change: &Change) {
    let times = change.times.map(|times| format!(" ({times}×)")).unwrap_or_default();
    match &change.instead_of {
        Some(instead_of) => {
            add(page, format_args!("In `{}`{times}:\n\n```diff\n", change.file));
            for line in instead_of.trim_end_matches('\n').lines() {
                add(page, format_args!("- {}\n", visible(line)));
            }
        }
        None => add(page, format_args!("A new file `{}`:\n\n```diff\n", change.file)),
    }
    for line in change.write.trim_end_matches('\n').lines() {
        add(page, format_args!("+ {}\n", visible(line)));
    }
    add(page, format_args!("```\n\n"));
}

/// Characters that nobody sees are written out.
fn visible(line: &str) -> String {
    line.replace('\t', "→").replace('\u{feff}', "<BOM>")
}
