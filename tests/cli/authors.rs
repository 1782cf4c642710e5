//! What somebody needs who writes a program: a start, what scenarios try, random lives.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use acceptance::binary::{Said, command, run};
use serde_json::Value;
use testkit::office::schema_folder;

const ANSWERS: [(&str, &str); 11] = [
    ("--archetype", "ex-ante-grant"),
    ("--municipality-ja", "見本町"),
    ("--municipality-en", "Mihon Town"),
    ("--code", "092134"),
    ("--title-ja", "見本補助金（試行）"),
    ("--title-en", "Sample Subsidy"),
    ("--grounds", "見本補助金交付要綱"),
    ("--rate", "2/3"),
    ("--cap", "300_000"),
    ("--opens", "2026-04-01"),
    ("--budget", "3,000,000"),
];

/// `program new` with these answers, some of them in place of the usual ones.
fn begin(folder: &Path, program: &str, others: &[(&str, &str)]) -> Said {
    let place = folder.display().to_string();
    let usual = ANSWERS.iter().filter(|(flag, _)| !others.iter().any(|(other, _)| other == flag));
    let answers = usual.chain(others).flat_map(|(flag, answer)| [*flag, *answer]);
    let begun = ["program", "new", program, "--into", &place];
    run(&begun.into_iter().chain(answers).collect::<Vec<_>>())
}

/// It is right, its scenarios try everything, and it can be published.
fn is_ready(folder: &Path, program: &str) {
    let path = folder.join("programs").join(format!("{program}.yaml")).display().to_string();
    let database = format!("sqlite://{}", folder.join("hojokin.db").display());
    let data = folder.display().to_string();
    let said = run(&["program", "check", &path]);
    // A shipped municipality has budget lines for its other programs.
    let known: &[&str] = if program.starts_with("mihon/") { &[] } else { &["warning[unused.budget_line]"] };
    let strange = |line: &&str| line.contains("warning[") && !known.iter().any(|known| line.contains(known));
    assert!(said.code == 0 && !said.out.lines().any(|line| strange(&line)), "{program}: {said:?}");
    let said = run(&["program", "test", &path]);
    assert!(
        said.code == 0 && said.out.trim_end().ends_with(" 0 failed; 0 actions that none tries"),
        "{program}: {said:?}"
    );
    assert_eq!(run(&["migrate", "--database", &database, "--data", &data]).code, 0);
    let said = run(&["program", "publish", &path, "--database", &database, "--data", &data]);
    assert!(
        said.code == 0 && said.out.contains(&format!("{program} is published as version 1")),
        "{program}: {said:?}"
    );
}

#[test]
fn a_new_program_is_ready_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for (program, others) in [
        ("mihon/plain", &[][..]),
        ("mihon/paid-first", &[("--archetype", "after-the-fact")]),
        (
            "mihon/more",
            &[
                ("--options", "inspection,early_start,change_request=false"),
                ("--category", "machine=機械装置費=Machines,fee=手数料=Fees"),
                ("--documents", "plan,quotation,tax_certificate"),
                ("--closes", "2026-12-25"),
                ("--minimum", "50000"),
                ("--round-down", "100"),
            ],
        ),
        ("hino/one-more", &[]),
    ] {
        let said = begin(folder.path(), program, others);
        assert_eq!(said.code, 0, "{program}: {said:?}");
        is_ready(folder.path(), program);
    }
    let calls = fs::read_to_string(folder.path().join("programs/mihon/calls.yaml")).unwrap();
    assert_eq!(calls.matches("  - program: mihon/").count(), 3, "{calls}");
}

#[test]
fn what_is_not_said_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut asked = command(&["program", "new", "--into", &folder.path().display().to_string()]);
    let mut child = asked.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let [archetype, ja, en, code, title_ja, title_en, grounds, rate, cap, opens, budget] =
        ANSWERS.map(|(_, said)| said);
    // What may be left out is asked for, too: unit, minimum, categories, documents, options, last day.
    let answers = [
        "mihon/asked",
        archetype,
        ja,
        en,
        code,
        title_ja,
        title_en,
        grounds,
        rate,
        cap,
        "",
        "",
        "",
        "plan, quotation",
        "inspection",
        opens,
        "2027-02-26",
        budget,
    ];
    child.stdin.take().unwrap().write_all(answers.join("\n").as_bytes()).unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!(said.code, 0, "{said:?}");
    is_ready(folder.path(), "mihon/asked");
    let text = fs::read_to_string(folder.path().join("programs/mihon/asked.yaml")).unwrap();
    assert!(
        text.contains("options: { inspection: true }") && text.contains("application: [plan, quotation]"),
        "{text}"
    );
}

#[test]
fn answers_that_make_no_program_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (others, code, said_why) in [
        (&[("--archetype", "ex-ante")][..], 2, "there is no archetype `ex-ante`"),
        (&[("--archetype", "contest")], 2, "begin with a copy of"),
        (&[("--rate", "0.5")], 2, "--rate"),
        (&[("--rate", "3/2")], 2, "award.rate"),
        (&[("--cap", "many")], 2, "--cap"),
        (&[("--code", "092139")], 2, "--code"),
        (&[("--documents", "plans")], 2, "Did you mean `plan`?"),
        (&[("--options", "inspections")], 2, "Did you mean `inspection`?"),
        (&[("--category", "machine")], 2, "--category"),
        (&[("--opens", "")], 2, "--opens is needed"),
    ] {
        let said = begin(folder.path(), "mihon/wrong", others);
        assert_eq!(said.code, code, "{others:?}: {said:?}");
        assert!(said.err.contains(said_why), "{others:?}: {said:?}");
        assert!(!folder.path().join("programs").exists(), "{others:?}");
    }
    assert_eq!(begin(folder.path(), "mihon", &[]).code, 2);
    assert_eq!(begin(folder.path(), "mihon/right", &[]).code, 0);
    let before = fs::read_to_string(folder.path().join("programs/mihon/right.yaml")).unwrap();
    let said = begin(folder.path(), "mihon/right", &[("--rate", "1/2")]);
    assert!(said.code == 1 && said.err.contains("is there already"), "{said:?}");
    assert_eq!(before, fs::read_to_string(folder.path().join("programs/mihon/right.yaml")).unwrap());
}

#[test]
fn what_scenarios_try_is_counted_and_what_they_do_not_is_said() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(begin(folder.path(), "mihon/tried", &[]).code, 0);
    let path = folder.path().join("programs/mihon/tried.yaml").display().to_string();
    // Nobody applies from outside.
    let text = fs::read_to_string(&path).unwrap();
    let more = text.replace(
        "limits:",
        "    - when: applicant.employees <= 100\n      else: { ja: 従業員が多すぎます, en: Too many employees }\nlimits:",
    );
    assert_ne!(more, text);
    fs::write(&path, more).unwrap();
    let said = run(&["program", "test", "--coverage", &path]);
    assert!(said.code == 0 && said.out.contains("No scenario tries \"Too many employees\""), "{said:?}");
    assert!(said.out.contains("tried.yaml:") && said.out.contains("warning[scenario.untried]"), "{said:?}");
    let said = run(&["program", "test", "--coverage", "--json", &path]);
    let found: Value = serde_json::from_str(&said.out).unwrap();
    let parts = found[0]["coverage"].as_array().unwrap();
    let rule = parts.iter().find(|part| part["label"]["en"] == "Too many employees").unwrap();
    assert_eq!((&rule["kind"], &rule["tried"]), (&"rule".into(), &false.into()));
    assert!(parts.iter().any(|part| part["kind"] == "transition" && part["tried"] == true));
    assert!(found[0]["scenarios"].as_array().unwrap().iter().all(|played| played["passed"] == true));

    // An action that nothing comes to.
    let scenarios = folder.path().join("programs/mihon/tried.scenarios.yaml");
    fs::remove_file(&scenarios).unwrap();
    fs::create_dir(folder.path().join("archetypes")).unwrap();
    let kind = fs::read_to_string(schema_folder().join("archetypes/ex-ante-grant.yaml")).unwrap();
    fs::write(folder.path().join("archetypes/ex-ante-grant.yaml"), kind).unwrap();
    fs::write(
        &scenarios,
        "sample_applicant: { kind: company, size: sme, established_here_on: 2015-04-01 }\nscenarios: []\n",
    )
    .unwrap();
    fs::write(folder.path().join("archetypes/ex-ante-grant.scenarios.yaml"), "scenarios: []\n").unwrap();
    let database = format!("sqlite://{}", folder.path().join("hojokin.db").display());
    let data = folder.path().display().to_string();
    assert_eq!(run(&["migrate", "--database", &database, "--data", &data]).code, 0);
    let said = run(&["program", "publish", &path, "--database", &database, "--data", &data]);
    assert!(said.code == 1 && said.err.contains("scenario.untried"), "{said:?}");
}

#[test]
fn random_lives_are_the_same_for_the_same_seed() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(begin(folder.path(), "mihon/lived", &[]).code, 0);
    let path = folder.path().join("programs/mihon/lived.yaml").display().to_string();
    let live = |seed: &str| run(&["program", "simulate", "-n", "12", "--seed", seed, "--json", &path]);
    let (one, again, other) = (live("5"), live("5"), live("6"));
    assert_eq!((one.code, &one.out), (0, &again.out), "{one:?}");
    assert_ne!(one.out, other.out);
    let found: Value = serde_json::from_str(&one.out).unwrap();
    let summary = &found[0]["summary"];
    assert_eq!((&summary["lives"], &summary["broken"]), (&12.into(), &Value::Array(Vec::new())));
    let said = run(&["program", "simulate", "-n", "3", &path]);
    assert!(said.code == 0 && said.out.starts_with("mihon/lived: 3 lives (seed 1), "), "{said:?}");
}

#[test]
fn a_program_is_gone_through_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(begin(folder.path(), "mihon/explored", &[]).code, 0);
    let path = folder.path().join("programs/mihon/explored.yaml").display().to_string();
    let explored = run(&["program", "explore", "--json", &path]);
    assert_eq!(explored.code, 0, "{explored:?}");
    let found: Value = serde_json::from_str(&explored.out).unwrap();
    assert_eq!(found[0]["faults"], Value::Array(Vec::new()));
    assert!(found[0]["situations"].as_u64() > Some(20), "{found}");
    let said = run(&["program", "explore", &path]);
    assert!(said.code == 0 && said.out.starts_with("mihon/explored: "), "{said:?}");
}
