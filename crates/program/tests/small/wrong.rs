//! Each finding, from a catalogue with one thing wrong, and the line that it points at.

use program::{Finding, Severity, load};

use super::{files, files_with};

fn findings(path: &str, from: &str, to: &str) -> Vec<Finding> {
    load(&files_with(path, from, to)).findings
}

#[test]
fn the_small_catalogue_is_sound() {
    let loaded = load(&files());
    assert_eq!(loaded.findings, []);
    assert_eq!((loaded.programs.len(), loaded.municipalities.len(), loaded.calls.len()), (1, 1, 1));
    let program = loaded.programs[0].program.as_ref().unwrap();
    assert_eq!((program.municipality(), program.slug(), program.initial()), ("town", "machines", "draft"));
    assert_eq!(program.action("approve_change").unwrap().procedure, Some("change"));
    assert_eq!(program.procedure_initial("change"), Some("requested"));
}

/// File, what is replaced, by what, the code that must be found.
const WRONG: &[(&str, &str, &str, &str)] = &[
    // schema
    ("machines.yaml", "legal_nature: contract", "legal_natur: contract", "schema.unknown_key"),
    ("machines.yaml", "legal_nature: contract\n", "", "schema.missing_key"),
    ("machines.yaml", "legal_nature: contract", "legal_nature: contrakt", "schema.unknown_word"),
    ("machines.yaml", "grounds: { document: 要綱 }", "grounds: 要綱", "schema.type"),
    ("machines.yaml", "{ document: 要綱 }", "{ document: 12 }", "schema.type"),
    ("machines.yaml", "rate: 1/2", "rate: 0.5", "schema.format"),
    ("machines.yaml", "round_down: 1_000", "round_down: 1,000", "schema.type"),
    ("machines.yaml", "required: true, when: abroad", "required: yes, when: abroad", "schema.type"),
    (
        "small.yaml",
        "freeze: request ]\n    tells: { applicant",
        "freez: request ]\n    tells: { applicant",
        "schema.unknown_key",
    ),
    ("small.yaml", "[ lock, freeze", "[ locked, freeze", "schema.unknown_word"),
    ("small.yaml", "tells: { reviewer: notice }", "tells: { reviewers: notice }", "schema.unknown_key"),
    ("small.yaml", "holds: { held: request }", "holds: { reserved: request }", "schema.unknown_key"),
    ("small.yaml", "by: reviewer", "by: reviewr", "schema.unknown_word"),
    ("small.yaml", "by: reviewer", "by: [clerk, reviewr]", "schema.unknown_word"),
    ("calls.yaml", "opens: 2026-04-01", "opens: 2026-04-31", "schema.format"),
    ("municipality.yaml", "\"132128\"", "132128", "schema.type"),
    ("municipality.yaml", "\"132128\"", "\"132129\"", "schema.value"),
    // yaml
    ("machines.yaml", "legal_nature: contract", "legal_nature: contract\nlegal_nature: contract", "yaml.duplicate_key"),
    ("machines.yaml", "legal_nature: contract", "legal_nature: [contract", "yaml.syntax"),
    // files
    ("machines.yaml", "program: town/machines", "program: town/tools", "load.name"),
    ("small.yaml", "archetype: small", "archetype: smal", "load.name"),
    ("small.yaml", "include: [shared]", "include: [shraed]", "include.missing"),
    ("shared.yaml", "title:", "include: [small]\ntitle:", "include.cycle"),
    ("machines.yaml", "archetype: small", "archetype: smal", "reference.archetype"),
    // references
    ("small.yaml", "to: submitted\n    form", "to: submited\n    form", "reference.state"),
    ("small.yaml", "from: [submitted, correcting]", "from: [submitted, corecting]", "reference.state"),
    ("small.yaml", "not_who: [grant, finalize]", "not_who: [grants]", "reference.action"),
    (
        "small.yaml",
        "- when: amount.request > 0",
        "- option: none\n        when: amount.request > 0",
        "reference.option",
    ),
    ("small.yaml", "kind: in_project\n", "kind: in_project\n    published: true\n", "publish.nothing"),
    ("small.yaml", "then: remind }", "then: remind_me }", "reference.action"),
    ("small.yaml", "form: report\n    none", "form: reports\n    none", "reference.form"),
    ("small.yaml", "amount: award, form: change", "amount: award, form: changes", "reference.form"),
    ("small.yaml", "none_open: [change]", "none_open: [changes]", "reference.procedure"),
    ("small.yaml", "open: change ]", "open: chang ]", "reference.procedure"),
    ("small.yaml", "letter: rejection", "letter: rejecting", "reference.letter"),
    ("small.yaml", "tells: { reviewer: notice }", "tells: { reviewer: notic }", "reference.mail"),
    ("small.yaml", "reminder: reminder", "reminder: remainder", "reference.mail"),
    ("small.yaml", "pay: finalized", "pay: finalised", "reference.amount"),
    ("small.yaml", "holds: { committed: award }", "holds: { committed: awards }", "reference.amount"),
    ("small.yaml", "at_most: request", "at_most: requested", "reference.amount"),
    ("small.yaml", "record: decision.notice_date", "record: decision.date", "reference.fact"),
    ("small.yaml", "option: changes\n    states", "option: change\n    states", "reference.option"),
    ("small.yaml", "until: report", "until: reports", "reference.deadline"),
    ("small.yaml", "deadline: { at: report,", "deadline: { at: reports,", "reference.deadline"),
    ("small.yaml", "unlock: marks", "unlock: mark", "reference.input"),
    ("machines.yaml", "intake:", "options: { change: true }\nintake:", "reference.option"),
    ("machines.yaml", "  report: [receipts]", "  report: [receipt]", "reference.document"),
    ("machines.yaml", "  report: [receipts]", "  reports: [receipts]", "reference.form"),
    ("machines.yaml", "at: report", "at: reports", "reference.form"),
    ("machines.yaml", "each: costs", "each: cost", "reference.field"),
    ("machines.yaml", "field: ordered_on", "field: orderd_on", "reference.field"),
    ("machines.yaml", "field: to\n", "field: too\n", "reference.field"),
    ("machines.yaml", "tax: excluded", "tax: excluded\n  share: own_share", "expression.unknown_name"),
    ("machines.yaml", "other_aid: deduct", "other_aid: forbid_pending", "reference.field"),
    (
        "machines.yaml",
        "amount:\n",
        "limits: { same: [ { field: product, lifetime: 3 } ] }\namount:\n",
        "reference.field",
    ),
    ("machines.yaml", "tax: excluded", "costs: cost\n  tax: excluded", "reference.field"),
    ("small.yaml", "like: costs, actual", "like: cost, actual", "reference.field"),
    (
        "small.yaml",
        "approval: decision\n    effects: [ freeze",
        "approval: decisions\n    effects: [ freeze",
        "reference.route",
    ),
    ("small.yaml", "number: application", "number: decision", "reference.number"),
    ("calls.yaml", "program: town/machines", "program: town/machine", "reference.program"),
    ("calls.yaml", "budget_line: machines", "budget_line: machine", "reference.budget_line"),
    ("municipality.yaml", "deputies: [chief]", "deputies: [cheif]", "reference.position"),
    ("municipality.yaml", "office: industry, deputies", "office: industri, deputies", "reference.office"),
    // machines
    ("small.yaml", "kind: drafting", "kind: with_office", "machine.initial"),
    ("small.yaml", "kind: with_applicant", "kind: drafting", "machine.initial"),
    ("small.yaml", "kind: closed_paid, holds", "kind: closed_unpaid, holds", "machine.good_end"),
    ("small.yaml", "from: submitted\n    to: correcting", "from: submitted\n    to: submitted", "machine.unreachable"),
    ("small.yaml", "to: paid\n", "to: reported\n", "machine.no_end"),
    ("small.yaml", "from: [submitted, correcting]", "from: [submitted, paid]", "machine.end_has_way_out"),
    ("small.yaml", "holds: { paid: finalized }", "holds: { ordered: finalized }", "machine.end_holds"),
    ("small.yaml", "kind: closed_unpaid }", "kind: closed_unpaid, waits_on: clerk }", "machine.end_waits"),
    ("small.yaml", "    to: paid\n", "", "machine.no_way_out"),
    (
        "small.yaml",
        "kind: with_office\n    waits_on: reviewer\n    holds: { held",
        "kind: with_office\n    holds: { held",
        "machine.waits_on",
    ),
    (
        "small.yaml",
        "kind: with_office\n    waits_on: reviewer\n    holds: { held",
        "kind: with_office\n    waits_on: clerk\n    holds: { held",
        "machine.waits_in_vain",
    ),
    ("small.yaml", "holds: { held: request }", "holds: { held: request * 2 }", "holds.form"),
    ("small.yaml", "service_level: 10 }", "service_level: 10, holds: { held: awrd } }", "reference.amount"),
    ("small.yaml", "effects: [ open: change ]\n    ", "", "procedure.unopened"),
    ("small.yaml", "      approve_change:", "      submit:", "action.duplicate"),
    // money
    ("small.yaml", "freeze: request ]\n    tells: { app", "lock ]\n    tells: { app", "money.not_frozen"),
    ("small.yaml", "effects: [ freeze: finalized, letter", "effects: [ letter", "money.not_frozen"),
    ("small.yaml", "holds: { committed: award }", "holds: { committed: award + finalized }", "money.not_frozen"),
    ("small.yaml", "freeze: award, record", "record", "money.not_frozen"),
    // clocks
    (
        "small.yaml",
        "from: correcting\n    effects: [ task",
        "from: correcting\n    to: timeless\n    effects: [ task",
        "reference.state",
    ),
    ("small.yaml", "    deadline: { at: report, then: remind_report }\n", "", "state.deadline"),
    ("small.yaml", "{ at: report, then", "{ at: report, within: 3 days, then", "state.deadline"),
    ("small.yaml", "within: 14 days", "within: 14 dayz", "span.format"),
    ("small.yaml", "remind: [7 days, 1 day]", "remind: [14 days, 1 day]", "deadline.remind"),
    ("small.yaml", "reminder: reminder, ", "", "deadline.reminder"),
    ("small.yaml", "then: remind }", "then: resubmit }", "deadline.then"),
    (
        "small.yaml",
        "from: correcting\n    effects: [ task",
        "from: [correcting, submitted]\n    effects: [ task",
        "action.no_clock",
    ),
    (
        "small.yaml",
        "from: [submitted, correcting]",
        "after_deadline: true\n    from: [submitted, correcting]",
        "action.after_deadline",
    ),
    ("small.yaml", "    service_level: 20\n", "", "state.service_level"),
    ("small.yaml", "remind: [7 days, 1 day]", "remind: [1 months]", "deadline.remind"),
    (
        "small.yaml",
        "    by: clock\n    from: correcting\n",
        "    by: clock\n    from: correcting\n    to: rejected\n",
        "clock.ends",
    ),
    (
        "small.yaml",
        "    by: clock\n    from: granted\n    tells: { applicant: notice }",
        "    by: clock\n    from: granted\n    tells: {}",
        "clock.silent",
    ),
    (
        "small.yaml",
        "waits_on: reviewer\n    holds: { held",
        "waits_on: clerk\n    holds: { held",
        "machine.waits_in_vain",
    ),
    // people and decisions
    ("small.yaml", "label: { ja: 不交付, en: Reject }", "label: { ja: 交付決定, en: Grant }", "action.same_label"),
    ("small.yaml", "by: reviewer", "by: []", "action.by"),
    ("small.yaml", "    out_of_turn: true\n", "", "action.out_of_turn"),
    (
        "small.yaml",
        "    form: report\n    none",
        "    out_of_turn: true\n    form: report\n    none",
        "action.out_of_turn",
    ),
    ("small.yaml", "        approval: decision\n        effects", "        effects", "action.four_eyes"),
    (
        "small.yaml",
        "    approval: decision\n    effects: [ freeze: finalized",
        "    not_who: [grant]\n    effects: [ freeze: finalized",
        "action.decision_approval",
    ),
    (
        "small.yaml",
        "        needs:\n          - when: amount.award > 0\n            else: { ja: 交付決定額がありません, en: There is no award }\n",
        "",
        "action.decision_guard",
    ),
    ("small.yaml", "by: reviewer", "by: [reviewer, auditor]", "action.by"),
    (
        "small.yaml",
        "from: granted\n    to: reported",
        "from: granted\n    to: reported\n    approval: decision",
        "action.approval",
    ),
    ("small.yaml", "reason: { type: long_text", "why: { type: long_text", "action.reason"),
    ("small.yaml", "    effects: [ letter: rejection ]\n", "", "action.adverse_letter"),
    ("small.yaml", "tells: { applicant: notice }\n    adverse", "tells: {}\n    adverse", "action.untold"),
    (
        "small.yaml",
        "award: { type: yen, label: { ja: 決定額, en: Award } }",
        "award: { type: text, label: { ja: 決定額, en: Award } }",
        "effect.input",
    ),
    // fields, figures, names
    (
        "machines.yaml",
        "choices: { east: { ja: 東, en: East }, west: { ja: 西, en: West } } }",
        "required: true }",
        "field.choices",
    ),
    ("machines.yaml", "min: 1, max: 10", "min: 11, max: 10", "field.range"),
    ("machines.yaml", "required: true, when: abroad", "consent: true, when: abroad", "field.consent"),
    ("small.yaml", "like: costs }", "actual: true }", "field.categories"),
    ("machines.yaml", "when: abroad }\n  place", "when: has(people) }\n  place", "field.order"),
    ("machines.yaml", "  people:", "  today:", "name.collision"),
    ("machines.yaml", "  people:", "  report:", "name.collision"),
    ("machines.yaml", "  people:", "  decision:", "name.collision"),
    ("machines.yaml", "  people:", "  People:", "name.format"),
    ("small.yaml", "at_most: request }", "at_most: finalized }", "amount.order"),
    ("machines.yaml", "rate: 1/2", "rate: 3/2", "award.rate"),
    ("machines.yaml", "round_down: 1_000", "round_down: 0", "award.round_down"),
    ("machines.yaml", "{ then: 200_000 }", "{ then: 0 }", "award.cap"),
    ("machines.yaml", "fiscal_year_cap: 500_000", "fiscal_year_cap: [ { when: abroad, then: 1 } ]", "award.cases"),
    ("machines.yaml", "tax: excluded", "tax: [ { when: abroad, then: included } ]", "award.cases"),
    ("machines.yaml", "fiscal_year_cap: 500_000", "item_cap: 1_000", "award.items"),
    (
        "machines.yaml",
        "deadlines:\n",
        "payment: { advance: { share: 3/2, round_down: 1_000 } }\ndeadlines:\n",
        "award.rate",
    ),
    (
        "machines.yaml",
        "deadlines:\n",
        "payment: { advance: { share: 1/2, round_down: 0 } }\ndeadlines:\n",
        "award.round_down",
    ),
    ("machines.yaml", "deadlines:\n", "change: { moved_at_most: 6/5 }\ndeadlines:\n", "change.share"),
    (
        "machines.yaml",
        "deadlines:\n",
        "change: { moved_at_most: 1/5, approval_when: from }\ndeadlines:\n",
        "expression.type_mismatch",
    ),
    (
        "machines.yaml",
        "travel: { label: { ja: 旅費, en: Travel }, when",
        "travel: { label: { ja: 旅費, en: Travel }, share: people, when",
        "expression.type_mismatch",
    ),
    (
        "machines.yaml",
        "people: { type: number",
        "people: { items: { label: { ja: 人, en: P } }, type: number",
        "field.categories",
    ),
    ("machines.yaml", ", { then: 200_000 } ]", " ]", "award.cases"),
    ("machines.yaml", "title: { ja: 機械の補助金, en:", "title: { ja: 機械の補助金, en: \"\" } #", "words.missing"),
    ("small.yaml", "{ ja: 再提出, en: Resubmit }", "{ ja: \" \", en: Resubmit }", "words.missing"),
    // deadlines
    ("machines.yaml", "within: 30 days, after", "within: 30days, after", "span.format"),
    ("machines.yaml", "date: 03-31", "date: 03-32", "deadline.date"),
    ("machines.yaml", "date: 03-31", "date: 03-31, after: completed_on", "deadline.shape"),
    ("machines.yaml", "after: completed_on", "after: complete_on", "expression.unknown_name"),
    // expressions
    ("machines.yaml", "when: to >= from", "when: too >= from", "expression.unknown_name"),
    ("machines.yaml", "when: applicant.size != large", "when: applicant.size != huge", "expression.unknown_choice"),
    ("machines.yaml", "when: to >= from", "when: to", "expression.type_mismatch"),
    // municipality and calls
    ("municipality.yaml", "up_to: 100_000, ", "", "municipality.bands"),
    ("municipality.yaml", "{ steps: [ { position: manager, mode: approve } ] }", "{ steps: [] }", "municipality.steps"),
    ("municipality.yaml", "deputies: [chief]", "deputies: [manager]", "municipality.deputy"),
    ("calls.yaml", "opens: 2026-04-01", "opens: 2026-04-01\n    closes: 2026-03-01", "calls.dates"),
];

#[test]
fn every_fault_is_found_and_has_a_line() {
    let mut missed = Vec::new();
    for (path, from, to, code) in WRONG {
        let found = findings(path, from, to);
        let hit = found.iter().find(|finding| finding.code == *code);
        match hit {
            None => missed.push(format!("{code} for {to:?}: found {:?}", codes(&found))),
            Some(finding) => {
                if finding.line.is_none() && *code != "schema.value" {
                    missed.push(format!("{code} has no line: {finding}"));
                }
                if finding.message.ja.is_empty() || finding.message.en.is_empty() {
                    missed.push(format!("{code} has no words"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "\n{}", missed.join("\n"));
}

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_finding_says_where_and_what_was_meant() {
    let shown =
        |path, from, to| findings(path, from, to).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(
        [
            shown("machines.yaml", "legal_nature: contract", "legal_natur: contract"),
            shown("small.yaml", "to: submitted\n    form", "to: submited\n    form"),
            shown("small.yaml", "freeze: request ]", "freez: request ]"),
            shown("small.yaml", "[ lock, freeze", "[ locks, freeze"),
            shown("machines.yaml", "when: to >= from", "when: to >= form_date"),
            shown("machines.yaml", "rate: 1/2", "rate: 0.5"),
            shown("machines.yaml", "cap: [ { when: abroad, then: 300_000 }", "cap: [ { wen: abroad, then: 300_000 }"),
            shown("machines.yaml", "{ name: receipts, optional: true }", "{ name: receipts, optional: maybe }"),
            shown("shared.yaml", "mails:", "mail:"),
            shown("calls.yaml", "opens: 2026-04-01", "opens: 2026-02-30"),
        ]
        .join("\n\n")
    );
}

#[test]
fn what_is_declared_and_unused_is_a_warning_only() {
    for (path, from, to, code) in [
        (
            "shared.yaml",
            "mails:\n",
            "mails:\n  spare: { subject: { ja: 件名, en: S }, body: { ja: 本文, en: B } }\n",
            "unused.mail",
        ),
        (
            "small.yaml",
            "letters:\n",
            "letters:\n  spare: { title: { ja: 題, en: T }, body: { ja: 本文, en: B } }\n",
            "unused.letter",
        ),
        (
            "small.yaml",
            "\nforms:\n",
            "  spare: { label: { ja: 額, en: A }, from: report }\n\nforms:\n",
            "unused.amount",
        ),
        ("machines.yaml", "deadlines:\n", "deadlines:\n  spare: { date: 03-31 }\n", "unused.deadline"),
    ] {
        let loaded = load(&files_with(path, from, to));
        assert_eq!(codes(&loaded.findings), [code]);
        assert!(loaded.findings.iter().all(|finding| finding.severity == Severity::Warning));
        assert!(loaded.programs[0].program.is_some());
    }
}

#[test]
fn all_findings_come_at_once() {
    let mut files = files_with("machines.yaml", "rate: 1/2", "rate: 3/2");
    let program = files.iter_mut().find(|file| file.path.ends_with("machines.yaml")).unwrap();
    program.text =
        program.text.replacen("when: to >= from", "when: too >= from", 1).replacen("at: report", "at: reports", 1);
    let found = load(&files).findings;
    for code in ["award.rate", "expression.unknown_name", "reference.form"] {
        assert!(codes(&found).contains(&code), "{code}");
    }
}

#[test]
fn options_take_their_parts_out() {
    let loaded = load(&files_with("machines.yaml", "intake:", "options: { changes: false }\nintake:"));
    assert_eq!(loaded.findings, []);
    let program = loaded.programs[0].program.as_ref().unwrap();
    assert!(program.procedure("change").is_none() && program.action("request_change").is_none());
    assert_eq!(program.action("report").unwrap().rule.none_open, Vec::<String>::new());
    let off = load(&files_with("small.yaml", "  reported:\n", "  reported:\n    option: changes\n"));
    assert_eq!(off.findings, []);
}

#[test]
fn an_option_may_not_leave_an_action_without_its_state() {
    let mut files = files_with("small.yaml", "  reported:\n", "  reported:\n    option: changes\n");
    let program = files.iter_mut().find(|file| file.path.ends_with("machines.yaml")).unwrap();
    program.text = program.text.replacen("intake:", "options: { changes: false }\nintake:", 1);
    assert!(codes(&load(&files).findings).contains(&"option.dangling"));
}

#[test]
fn the_clock_alone_does_not_go_round() {
    let mut files = files_with(
        "small.yaml",
        "  remind:\n",
        "  chase:\n    label: { ja: 追う, en: Chase }\n    by: clock\n    from: waiting\n    to: correcting\n    tells: {}\n  remind:\n",
    );
    let archetype = files.iter_mut().find(|file| file.path.ends_with("small.yaml")).unwrap();
    archetype.text = archetype
        .text
        .replacen("    by: clock\n    from: correcting\n", "    by: clock\n    from: correcting\n    to: waiting\n", 1)
        .replacen(
            "  granted:\n",
            "  waiting: { label: { ja: 待ち, en: Waiting }, kind: with_office, waits_on: clock, deadline: { within: 3 days, then: chase } }\n  granted:\n",
            1,
        );
    assert!(codes(&load(&files).findings).contains(&"machine.automatic_cycle"));
}

#[test]
fn a_place_is_part_of_what_a_file_is() {
    let mut files = files();
    files[0].path = "somewhere/small.yaml".to_owned();
    assert!(codes(&load(&files).findings).contains(&"load.place"));
    let mut twice = super::files();
    twice.push(program::SourceFile {
        path: "programs/town/gone.scenarios.yaml".to_owned(),
        text: "scenarios: []".to_owned(),
    });
    assert_eq!(codes(&load(&twice).findings), ["reference.program"]);
}

#[test]
fn whoever_publishes_asks_for_a_consent() {
    let mut files = files_with("small.yaml", "kind: in_project\n", "kind: in_project\n    published: true\n");
    for file in &mut files {
        file.text = file.text.replace("consent: true", "consent: false");
    }
    let findings = load(&files).findings;
    let found = findings.iter().find(|finding| finding.code == "publish.consent").expect("the finding");
    assert!(found.line.is_some() && found.file.as_ref().is_some_and(|file| file.ends_with("small.yaml")), "{found:?}");
}
