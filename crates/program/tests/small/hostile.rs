//! Files that are too much, or meant badly: each gets a clear finding, and reading them ends.

use std::fmt::Write as _;

use program::{Finding, SourceFile, load};

use super::{files, files_with};

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// The catalogue with the text of the program replaced.
fn program_is(text: String) -> Vec<SourceFile> {
    let mut files = files();
    let file = files.iter_mut().find(|file| file.path.ends_with("machines.yaml")).unwrap();
    file.text = text;
    files
}

fn program_text() -> String {
    files().into_iter().find(|file| file.path.ends_with("machines.yaml")).unwrap().text
}

#[test]
fn fifty_mistakes_are_fifty_findings() {
    let mut rules = String::from("\nmust:\n");
    for number in 0..50 {
        writeln!(rules, "  - when: unknown_{number} >= from\n    else: {{ ja: 誤り, en: Wrong }}").unwrap();
    }
    let loaded = load(&files_with("machines.yaml", "\nmust:\n", &rules));
    let wrong: Vec<_> = loaded.findings.iter().filter(|finding| finding.code == "expression.unknown_name").collect();
    assert_eq!(wrong.len(), 50, "{:?}", codes(&loaded.findings));
    let lines: std::collections::BTreeSet<_> = wrong.iter().map(|finding| finding.line).collect();
    assert_eq!(lines.len(), 50);
}

#[test]
fn mistakes_of_many_kinds_are_all_said_at_once() {
    let mut files = files();
    for (path, from, to) in [
        ("small.yaml", "    service_level: 20\n", ""),
        ("small.yaml", "    out_of_turn: true\n", ""),
        ("small.yaml", "not_who: [grant, finalize]", "not_who: [grants]"),
        ("small.yaml", "letter: rejection", "letter: rejecting"),
        ("small.yaml", "reminder: reminder", "reminder: remainder"),
        ("machines.yaml", "rate: 1/2", "rate: 3/2"),
        ("machines.yaml", "when: to >= from", "when: too >= from"),
        ("machines.yaml", "{ then: 200_000 }", "{ then: 0 }"),
        ("machines.yaml", "min: 1, max: 10", "min: 11, max: 10"),
        ("municipality.yaml", "deputies: [chief]", "deputies: [cheif]"),
        ("calls.yaml", "fiscal_year: 2026", "fiscal_year: 2036"),
    ] {
        let file = files.iter_mut().find(|file| file.path.ends_with(path)).unwrap();
        assert!(file.text.contains(from), "{from}");
        file.text = file.text.replacen(from, to, 1);
    }
    let loaded = load(&files);
    for code in [
        "state.service_level",
        "action.out_of_turn",
        "reference.action",
        "reference.letter",
        "reference.mail",
        "award.rate",
        "expression.unknown_name",
        "award.cap",
        "field.range",
        "reference.position",
        "calls.calendar",
    ] {
        assert!(codes(&loaded.findings).contains(&code), "{code}: {:?}", codes(&loaded.findings));
    }
}

#[test]
fn a_file_of_ten_megabytes_is_not_even_parsed() {
    let comment = "# 要綱の写し\n".repeat(10 * 1_048_576 / 18);
    let loaded = load(&program_is(program_text() + &comment));
    assert!(codes(&loaded.findings).contains(&"yaml.too_large"));
}

#[test]
fn ten_thousand_states_are_too_many_values() {
    let mut states = String::from("states:\n");
    for number in 0..10_000 {
        writeln!(states, "  s{number}: {{ label: {{ ja: 状, en: S }}, kind: with_office, waits_on: reviewer }}")
            .unwrap();
    }
    let loaded = load(&files_with("small.yaml", "states:\n", &states));
    assert!(codes(&loaded.findings).contains(&"yaml.too_many_nodes"), "{:?}", codes(&loaded.findings));
}

/// As many as fit into a file, in one long chain, each by the clock: the searches are linear.
#[test]
fn a_chain_of_states_as_long_as_a_file_may_be_is_searched() {
    const LONG: usize = 1_400;
    let (mut states, mut actions) = (String::from("states:\n"), String::from("actions:\n"));
    for number in 0..LONG {
        let next = (number + 1) % LONG;
        writeln!(states, "  s{number}: {{ label: {{ ja: 状, en: S }}, kind: with_office, waits_on: clock, deadline: {{ within: 1 day, then: a{number} }} }}").unwrap();
        writeln!(
            actions,
            "  a{number}: {{ label: {{ ja: 進, en: A }}, by: clock, from: s{number}, to: s{next}, tells: {{}} }}"
        )
        .unwrap();
    }
    let mut files = files_with("small.yaml", "states:\n", &states);
    let file = files.iter_mut().find(|file| file.path.ends_with("small.yaml")).unwrap();
    file.text = file.text.replacen("actions:\n", &actions, 1);
    let loaded = load(&files);
    for code in ["machine.automatic_cycle", "machine.unreachable", "machine.no_end"] {
        let count = loaded.findings.iter().filter(|finding| finding.code == code).count();
        assert_eq!(count, LONG, "{code}");
    }
}

#[test]
fn an_expression_nested_a_thousand_deep_is_refused() {
    for deep in ["(".repeat(400) + "to" + &")".repeat(400), "not ".repeat(240) + "abroad"] {
        let loaded = load(&files_with("machines.yaml", "when: to >= from", &format!("when: {deep}")));
        assert!(codes(&loaded.findings).contains(&"expression.too_deep"), "{:?}", codes(&loaded.findings));
    }
    let deep = "(".repeat(1_000) + "to" + &")".repeat(1_000);
    let loaded = load(&files_with("machines.yaml", "when: to >= from", &format!("when: {deep}")));
    assert!(codes(&loaded.findings).contains(&"expression.too_long"));
}

/// Nothing is expanded, so there is nothing to blow up.
#[test]
fn anchors_and_aliases_are_refused_before_they_multiply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let before = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", [before.as_str(); 9].join(", ")).unwrap();
    }
    let loaded = load(&program_is(bomb));
    assert!(codes(&loaded.findings).contains(&"yaml.anchor"));
    assert!(loaded.findings.len() <= 100, "{}", loaded.findings.len());
}

#[test]
fn fragments_that_include_each_other_end() {
    let mut files = files_with("small.yaml", "include: [shared]", "include: [shared, a]");
    for (name, next) in [("a", "b"), ("b", "c"), ("c", "a")] {
        files.push(SourceFile {
            path: format!("archetypes/{name}.yaml"),
            text: format!("archetype: {name}\ninclude: [{next}, {next}]\ntitle: {{ ja: 部品, en: Part }}\n"),
        });
    }
    assert!(codes(&load(&files).findings).contains(&"include.cycle"));
}

#[test]
fn shift_jis_tabs_marks_and_repeated_keys_are_said_with_their_place() {
    let shift_jis = [b"program: town/machines\ntitle: ".as_slice(), &[0x8B, 0x40, 0x8A, 0x42], b"\n"].concat();
    let text = String::from_utf8_lossy(&shift_jis).into_owned();
    for (text, code, line) in [
        (text, "yaml.encoding", 2),
        (program_text().replacen("tax: excluded", "tax:\texcluded", 1), "yaml.tab", 41),
        (format!("\u{feff}{}", program_text()), "yaml.bom", 1),
        (program_text().replacen("rate: 1/2", "rate: 1/2\n  rate: 1/3", 1), "yaml.duplicate_key", 44),
    ] {
        let loaded = load(&program_is(text));
        let found = loaded.findings.iter().find(|finding| finding.code == code);
        assert_eq!(found.and_then(|finding| finding.line), Some(line), "{code}: {:?}", codes(&loaded.findings));
    }
}
