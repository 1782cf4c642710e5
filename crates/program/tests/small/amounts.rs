//! Awards and holdings: figures from real outlines (domain/real-rules 2.5).

use program::definition::HoldingAccount;
use program::{Award, CaseFacts, Program};
use serde_json::{Map, Value, json};
use vocabulary::Yen;

use super::{application, facts, map, small, small_with, yen};

fn award_of(program: &Program, application: Map<String, Value>, change: impl FnOnce(&mut CaseFacts)) -> Award {
    let mut facts = facts();
    facts.forms.insert("application".to_owned(), application);
    change(&mut facts);
    program.award("application", None, &facts).unwrap()
}

fn award(program: &Program, net: i64) -> (i64, bool) {
    let award = award_of(program, application(net), |_| {});
    (award.amount.get(), award.eligible)
}

const AMOUNT: &str = "  rate: 1/2\n  round_down: 1_000\n  cap: [ { when: abroad, then: 300_000 }, { then: 200_000 } ]\n  fiscal_year_cap: 500_000\n  minimum: 10_000\n";

fn with_rule(rule: &str) -> Program {
    small_with(AMOUNT, rule)
}

#[test]
fn figures_of_real_outlines_come_out_to_the_yen() {
    let shimonoseki = small_with(
        &format!("  tax: excluded\n  other_aid: deduct\n{AMOUNT}"),
        "  tax: included\n  other_aid: deduct\n  rate: 1/2\n  round_down: 1_000\n  cap: 50_000\n",
    );
    assert_eq!(award(&shimonoseki, 100_000), (50_000, true), "110,000 with tax");
    let izumo = with_rule("  rate: 1/2\n  round_down: 1_000\n  cap: 500_000\n  minimum: 50_000\n");
    assert_eq!(award(&izumo, 90_000), (0, false));
    assert_eq!(award(&izumo, 1_000_999), (500_000, true));
    assert_eq!(award(&izumo, 100_000), (50_000, true));
    let toda = with_rule("  rate: 1/2\n  round_down: 1_000\n  cap: 500_000\n");
    assert_eq!(award(&toda, 876_543), (438_000, true));
    assert_eq!(award(&toda, 1_999), (0, false), "nothing is left of it");
    assert_eq!(award(&with_rule("  rate: 7/10\n  round_down: 1_000\n  cap: 500_000\n"), 90_000), (63_000, true));
    assert_eq!(award(&with_rule("  rate: 5/6\n  round_down: 1_000\n  cap: 500_000\n"), 2_400), (2_000, true));
    assert_eq!(award(&with_rule("  rate: 1/3\n  round_down: 1\n  cap: 500_000\n"), 300_000), (100_000, true));
}

#[test]
fn categories_have_caps_and_conditions() {
    let mut values = application(240_000);
    let row = |category: &str, net: i64| json!({"category": category, "what": "x", "net": net, "tax": 0});
    let costs = values.get_mut("costs").unwrap().as_array_mut().unwrap();
    costs.extend([row("samples", 30_000), row("samples", 50_000), row("travel", 100_000)]);
    let here = award_of(&small(), values.clone(), |_| {});
    assert_eq!(here.amount, yen(145_000), "240,000 + 50,000 (capped); travel does not count here");
    let codes: Vec<&str> = here.steps.iter().map(|step| step.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "category",
            "category",
            "category_cap",
            "category",
            "category_closed",
            "eligible",
            "rate",
            "round_down",
            "cap",
            "fiscal_year_cap",
            "minimum",
            "award"
        ]
    );
    assert!(here.steps[2].label.ja.ends_with("の上限") && here.steps[2].label.en.starts_with("Cap: "));
    values.insert("abroad".to_owned(), json!(true));
    let abroad = award_of(&small(), values, |_| {});
    assert_eq!(abroad.amount, yen(195_000));
    let cap = abroad.steps.iter().find(|step| step.code == "cap").unwrap();
    assert_eq!(cap.value.ja, "300,000円");
    assert!(cap.explanation.is_some());
}

#[test]
fn other_aid_is_taken_off_before_the_rate_and_shares_are_exact() {
    let with_aid = |aid: i64| {
        let mut values = application(300_000);
        values.insert("other_aid".to_owned(), json!(aid));
        award_of(&small(), values, |_| {}).amount.get()
    };
    assert_eq!((with_aid(0), with_aid(101_000), with_aid(400_000)), (150_000, 99_000, 0));
    let mut files =
        super::files_with("machines.yaml", "  tax: excluded", "  tax: excluded\n  share: own\n  revenue: takings");
    let text = &mut files.iter_mut().find(|file| file.path.ends_with("machines.yaml")).unwrap().text;
    *text = text.replacen(
        "  people:",
        "  own: { type: rate, label: { ja: 持分, en: Share }, required: true }\n  takings: { type: yen, label: { ja: 収入, en: Takings } }\n  people:",
        1,
    );
    let joint = program::load(&files).programs.remove(0).program.unwrap();
    let mut values = application(100_000);
    values.insert("own".to_owned(), json!("1/3"));
    values.insert("takings".to_owned(), json!(3_333));
    // 100,000/3 − 3,333 = 30,000 1/3; half of it 15,000 1/6
    assert_eq!(award_of(&joint, values, |_| {}).amount, yen(15_000));
}

/// The program with one more row in each of these places of its file.
fn with_parts(parts: &[(&str, &str)]) -> Program {
    let mut files = super::files();
    let text = &mut files.iter_mut().find(|file| file.path.ends_with("machines.yaml")).unwrap().text;
    for (from, to) in parts {
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
    }
    let mut loaded = program::load(&files);
    let findings: Vec<String> = loaded.findings.iter().map(ToString::to_string).collect();
    loaded.programs.remove(0).program.unwrap_or_else(|| panic!("{}", findings.join("\n")))
}

const PEOPLE: &str = "people: { type: number, label: { ja: 人数, en: People }, min: 1, max: 10 }";

#[test]
fn a_share_of_a_category_counts_exactly_and_before_its_cap() {
    let required = PEOPLE.replace("min: 1", "required: true, min: 1");
    let program = with_parts(&[
        (PEOPLE, &required),
        (
            "samples: { label: { ja: サンプル, en: Samples }, cap: 50_000 }",
            "samples: { label: { ja: サンプル, en: Samples }, cap: 50_000, share: \"min(people, 2) / people\" }",
        ),
        ("round_down: 1_000", "round_down: 1"),
    ]);
    let of = |people: i64, samples: i64| {
        let mut values = application(100_000);
        values.insert("people".to_owned(), json!(people));
        let row = json!({"category": "samples", "what": "x", "net": samples, "tax": 0});
        values.get_mut("costs").unwrap().as_array_mut().unwrap().push(row);
        award_of(&program, values, |_| {})
    };
    // 100,000 + 40,000 × 2/3 = 126,666 2/3; half of it 63,333 1/3
    assert_eq!(of(3, 40_000).amount, yen(63_333));
    assert_eq!(of(2, 40_000).amount, yen(70_000), "both count");
    assert_eq!(of(3, 90_000).amount, yen(75_000), "60,000 of it, up to 50,000");
    let steps = of(3, 90_000).steps;
    let share = steps.iter().find(|step| step.code == "category_share").unwrap();
    assert_eq!((share.value.ja.as_str(), share.amount), ("2/3", Some(yen(60_000))));
    assert!(share.explanation.is_some());
}

#[test]
fn tax_counts_by_case_and_is_shown() {
    let program = with_parts(&[("tax: excluded", "tax: [ { when: abroad, then: included }, { then: excluded } ]")]);
    let of = |abroad: bool| {
        let mut values = application(100_000);
        values.insert("abroad".to_owned(), json!(abroad));
        let award = award_of(&program, values, |_| {});
        let tax = award.steps.iter().find(|step| step.code == "tax").unwrap().value.ja.clone();
        (award.amount.get(), tax)
    };
    assert_eq!((of(false), of(true)), ((50_000, "税抜".to_owned()), (55_000, "税込".to_owned())));
}

#[test]
fn each_item_is_computed_rounded_and_capped_by_itself() {
    let program = with_parts(&[
        ("other_aid: deduct", "other_aid: forbid"),
        (
            "    required: true\n    categories:",
            "    required: true\n    items: { label: { ja: 会場, en: Place }, choices: { east: { ja: 東, en: East }, west: { ja: 西, en: West } } }\n    categories:",
        ),
        ("  cap: [", "  item_cap: [ { when: item == east, then: 30_000 }, { then: 20_000 } ]\n  cap: ["),
    ]);
    let of = |rows: &[(&str, i64)]| {
        let mut values = application(0);
        let row =
            |(item, net): &(&str, i64)| json!({"category": "booth", "item": item, "what": "x", "net": net, "tax": 0});
        values.insert("costs".to_owned(), rows.iter().map(row).collect());
        award_of(&program, values, |_| {})
    };
    assert_eq!(of(&[("east", 100_000), ("west", 100_000)]).amount, yen(50_000));
    assert_eq!(of(&[("east", 20_000), ("east", 100_000)]).amount, yen(30_000), "two rows of one item");
    assert_eq!(of(&[("east", 25_999), ("west", 25_999)]).amount, yen(24_000), "12,000 each, not 25,000");
    let codes: Vec<String> = of(&[("west", 9), ("east", 60_001)]).steps.into_iter().map(|step| step.code).collect();
    assert_eq!(
        codes,
        [
            "item",
            "category",
            "eligible",
            "rate",
            "round_down",
            "item_cap",
            "item",
            "category",
            "eligible",
            "rate",
            "round_down",
            "item_cap",
            "items",
            "cap",
            "fiscal_year_cap",
            "minimum",
            "award"
        ]
    );
}

#[test]
fn caps_by_case_count_what_was_granted() {
    let program = with_parts(&[(
        "fiscal_year_cap: 500_000",
        "fiscal_year_cap: [ { when: applicant.kind == group, then: 750_000 }, { then: 250_000 } ]",
    )]);
    let of = |kind: program::definition::ApplicantKind| {
        let award = award_of(&program, application(900_000), |facts| {
            facts.applicant.kind = kind;
            facts.granted_this_year = yen(200_000);
        });
        award.amount.get()
    };
    use program::definition::ApplicantKind::{Company, Group};
    assert_eq!((of(Company), of(Group)), (50_000, 200_000));
}

#[test]
fn an_advance_is_a_share_of_the_award_rounded_down_and_explained() {
    let rule = "payment: { advance: { share: [ { when: abroad, then: 8/10 }, { then: 5/10 } ], round_down: 1_000 } }\n";
    let program = with_parts(&[("deadlines:\n", &format!("{rule}deadlines:\n"))]);
    let of = |abroad: bool, award: i64| {
        let mut facts = facts();
        let mut values = application(400_000);
        values.insert("abroad".to_owned(), json!(abroad));
        facts.forms.insert("application".to_owned(), values);
        program.advance_limit(yen(award), &facts).unwrap().unwrap()
    };
    assert_eq!(of(false, 123_456).amount, yen(61_000));
    assert_eq!(of(true, 123_456).amount, yen(98_000));
    assert!(!of(false, 1_999).eligible, "nothing is left of it");
    let codes: Vec<String> = of(true, 100_000).steps.into_iter().map(|step| step.code).collect();
    assert_eq!(codes, ["base", "share", "round_down", "advance"]);
    assert_eq!(small().advance_limit(yen(100_000), &facts()).unwrap(), None);
}

#[test]
fn what_was_granted_before_and_what_is_fixed_bounds_the_award() {
    let program = small();
    let granted =
        |year: i64| award_of(&program, application(400_000), |facts| facts.granted_this_year = yen(year)).amount.get();
    assert_eq!((granted(0), granted(350_000), granted(495_000), granted(900_000)), (200_000, 150_000, 0, 0));
    let lifetime = with_rule("  rate: 1/2\n  round_down: 1_000\n  cap: 500_000\n  lifetime_cap: 120_500\n");
    let award = award_of(&lifetime, application(400_000), |facts| facts.granted_ever = yen(100_000));
    assert_eq!(award.amount, yen(20_500), "caps are not rounded");
    let mut facts = facts();
    facts.forms.insert("application".to_owned(), application(400_000));
    assert_eq!(program.award("application", Some(yen(123_456)), &facts).unwrap().amount, yen(123_456));
}

#[test]
fn the_report_is_computed_from_its_own_rows_and_reads_the_application() {
    let program = small();
    let mut facts = facts();
    let mut values = application(400_000);
    values.insert("abroad".to_owned(), json!(true));
    facts.forms.insert("application".to_owned(), values);
    assert_eq!(program.award("report", None, &facts).unwrap_err().code, "missing_fact");
    let row = json!({"category": "booth", "what": "x", "supplier": "y", "net": 700_000, "tax": 0,
                     "ordered_on": "2026-06-01", "delivered_on": "2026-06-02", "paid_on": "2026-06-03"});
    facts.forms.insert("report".to_owned(), map(json!({"costs": [row], "other_aid": 20_000})));
    assert_eq!(program.award("report", None, &facts).unwrap().amount, yen(300_000), "the cap abroad");
    assert_eq!(program.award("report", Some(yen(200_000)), &facts).unwrap().amount, yen(200_000));
    assert_eq!(program.award("nothing", None, &facts).unwrap_err().code, "no_award");
}

#[test]
fn holdings_are_sums_of_frozen_amounts() {
    let program = small();
    let amounts = [("award".to_owned(), yen(50_000))].into();
    let granted = program.holdings(None, "granted", &amounts).unwrap();
    assert_eq!(granted, [(HoldingAccount::Committed, yen(50_000))].into());
    assert_eq!(program.holdings(None, "submitted", &amounts).unwrap_err().code, "missing_amount");
    assert!(program.holdings(None, "draft", &amounts).unwrap().is_empty());
    let zero = [("award".to_owned(), Yen::ZERO)].into();
    assert!(program.holdings(None, "granted", &zero).unwrap().is_empty());
    let without_hold = small_with("hold: request", "hold: none");
    assert!(without_hold.holdings(None, "submitted", &[("request".to_owned(), yen(1))].into()).unwrap().is_empty());
}
