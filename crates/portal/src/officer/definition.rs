//! What a version is written as, with line numbers, and what the check says of it beside the text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use program::{Finding, KnownFinding, Severity, known_findings};
use service::ReadDefinition;

use super::{Desk, Head};
use crate::forms::Choice;
use crate::visit::{Frame, Page, Visit};

/// Findings of one severity that a page shows.
const MOST_FINDINGS: usize = 60;

/// What findings mean and how they are mended, by code.
static KNOWN: LazyLock<BTreeMap<String, KnownFinding>> = LazyLock::new(|| {
    let groups = known_findings().unwrap_or_default();
    groups.into_values().flat_map(|group| group.findings).collect()
});

#[derive(Template)]
#[template(path = "officer/definition.html")]
struct Definition {
    frame: Frame,
    head: Head,
    editions: Vec<Choice>,
    action: String,
    /// None when the files of the version were not kept.
    shown: Option<Shown>,
}

struct Shown {
    findings: Findings,
    texts: Vec<Text>,
}

/// A text with numbered lines.
struct Text {
    label: &'static str,
    /// Before the numbers of its lines in anchors.
    mark: &'static str,
    lines: Vec<Line>,
}

struct Line {
    number: u32,
    text: String,
    /// What is said of it, shortly.
    said: Vec<String>,
    is_wrong: bool,
}

/// All that the check says, as a list.
#[derive(Template)]
#[template(path = "officer/findings.html")]
pub(super) struct Findings {
    t: crate::text::Text,
    /// Errors and warnings.
    serious: Vec<Shape>,
    notes: Vec<Shape>,
    /// That were left out.
    more: Option<String>,
}

struct Shape {
    label: &'static str,
    class: &'static str,
    code: String,
    /// Where in which text.
    href: Option<String>,
    place: String,
    message: String,
    hint: Option<String>,
    /// What such a finding means, and how it is mended.
    about: Option<(String, String)>,
}

impl Findings {
    /// `text` is the page on which the lines are.
    pub(super) fn of(visit: &Visit<'_>, read: &ReadDefinition, text: &str) -> Self {
        let (notes, serious): (Vec<&Finding>, Vec<&Finding>) =
            read.findings.iter().partition(|finding| finding.severity == Severity::Note);
        let left_out = serious.len().saturating_sub(MOST_FINDINGS) + notes.len().saturating_sub(MOST_FINDINGS);
        let shapes = |findings: Vec<&Finding>| {
            findings.into_iter().take(MOST_FINDINGS).map(|finding| shape(visit, read, finding, text)).collect()
        };
        Self {
            t: visit.t,
            serious: shapes(serious),
            notes: shapes(notes),
            more: (left_out > 0).then(|| visit.t.how_many_more(left_out)),
        }
    }
}

fn shape(visit: &Visit<'_>, read: &ReadDefinition, finding: &Finding, text: &str) -> Shape {
    let t = visit.t;
    let (label, class) = match finding.severity {
        Severity::Error => (t.finding_error(), "bad"),
        Severity::Warning => (t.finding_warning(), "wait"),
        Severity::Note => (t.finding_note(), ""),
    };
    let mark = mark_of(read, finding);
    let line = finding.line.map(|line| t.line_number(line));
    let file = match mark {
        Some("d") => t.text_of_definition().to_owned(),
        Some(_) => t.text_of_scenarios().to_owned(),
        None => match &finding.file {
            Some(file) => format!("{} {file}", t.in_archetype()),
            None => finding.path.clone(),
        },
    };
    Shape {
        label,
        class,
        code: finding.code.clone(),
        href: mark.zip(finding.line).map(|(mark, line)| format!("{text}#{mark}{line}")),
        place: std::iter::once(file).chain(line).collect::<Vec<_>>().join(" "),
        message: visit.say(&finding.message).to_owned(),
        hint: finding.hint.as_ref().map(|hint| visit.say(hint).to_owned()),
        about: KNOWN
            .get(&finding.code)
            .map(|known| (visit.say(&known.means).to_owned(), visit.say(&known.mend).to_owned())),
    }
}

/// The text that a finding is about.
fn mark_of(read: &ReadDefinition, finding: &Finding) -> Option<&'static str> {
    let file = finding.file.as_deref()?;
    if file == read.definition_path() {
        return Some("d");
    }
    (file == read.scenarios_path()).then_some("s")
}

pub(super) async fn page(visit: &Visit<'_>, desk: &Desk) -> Page {
    let t = visit.t;
    let edition = desk.edition(visit, "version")?;
    let read = visit.service.read_definition(visit.viewer()?, &desk.name, edition).await?;
    let shown = read.map(|read| Shown {
        findings: Findings::of(visit, &read, ""),
        texts: vec![
            text(visit, &read, t.text_of_definition(), "d", &read.text.definition),
            text(visit, &read, t.text_of_scenarios(), "s", &read.text.scenarios),
        ],
    });
    let page = Definition {
        frame: visit.frame(desk.title(visit)),
        head: desk.head(visit, "definition"),
        editions: desk.editions(visit, edition).await?,
        action: desk.href("definition"),
        shown,
    };
    Ok(visit.page(&page))
}

fn text(visit: &Visit<'_>, read: &ReadDefinition, label: &'static str, mark: &'static str, text: &str) -> Text {
    let mut said: BTreeMap<u32, (Vec<String>, bool)> = BTreeMap::new();
    let of_text = read.findings.iter().filter(|finding| finding.severity != Severity::Note);
    for finding in of_text.filter(|finding| mark_of(read, finding) == Some(mark)) {
        let Some(line) = finding.line else { continue };
        let (words, is_wrong) = said.entry(line).or_default();
        words.push(visit.say(&finding.message).to_owned());
        *is_wrong |= finding.is_error();
    }
    let lines = (1..).zip(text.lines()).map(|(number, text)| {
        let (said, is_wrong) = said.remove(&number).unwrap_or_default();
        Line { number, text: text.to_owned(), said, is_wrong }
    });
    Text { label, mark, lines: lines.collect() }
}
