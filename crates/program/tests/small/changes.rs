//! 軽微な変更: what a change request may ask for.

use program::Program;
use serde_json::{Value, json};

use super::{application, facts, map, small, small_with, yen};

fn program(change: &str) -> Program {
    small_with("deadlines:\n", &format!("change: {change}\ndeadlines:\n"))
}

fn costs(rows: &[(&str, i64)]) -> Value {
    let row = |(category, net): &(&str, i64)| json!({"category": category, "what": "x", "net": net, "tax": 0});
    rows.iter().map(row).collect()
}

/// The codes that a change of the plan is refused with. The plan has 200,000 yen of booth and 40,000 of samples.
fn refused(program: &Program, rows: &[(&str, i64)], more: Value) -> Vec<String> {
    let mut facts = facts();
    let mut plan = application(0);
    plan.insert("costs".to_owned(), costs(&[("booth", 200_000), ("samples", 40_000)]));
    facts.forms.insert("application".to_owned(), plan);
    facts.amounts.insert("award".to_owned(), yen(120_000));
    let mut values = map(json!({ "costs": costs(rows) }));
    values.extend(map(more));
    let check = program.check_form("change", &values, None, &facts);
    check.faults.into_iter().map(|fault| fault.code).collect()
}

#[test]
fn within_a_fifth_of_the_lower_category_no_approval_is_needed() {
    let program = program("{ moved_at_most: 1/5 }");
    let codes = |booth, samples| refused(&program, &[("booth", booth), ("samples", samples)], json!({}));
    assert_eq!(codes(192_000, 48_000), ["change.minor"], "8,000 are a fifth of 40,000");
    assert_eq!(codes(191_999, 48_001), Vec::<String>::new(), "one yen more");
    assert_eq!(codes(208_000, 32_000), ["change.minor"], "in the other direction");
    assert_eq!(codes(200_000, 40_000), Vec::<String>::new(), "the content changes, not the costs");
    assert_eq!(codes(160_000, 40_000), ["change.minor"], "only the booth: a fifth of itself");
    assert_eq!(codes(240_000, 40_000), Vec::<String>::new(), "the award would rise");
}

#[test]
fn what_falls_away_needs_approval_and_what_comes_new_may_be_forbidden() {
    let dropped = &[("booth", 200_000)][..];
    let added = &[("booth", 195_000), ("samples", 40_000), ("travel", 1)][..];
    let open = |change: &str| {
        let mut files = super::files_with("machines.yaml", "en: Travel }, when: abroad }", "en: Travel } }");
        let text = &mut files.iter_mut().find(|file| file.path.ends_with("machines.yaml")).unwrap().text;
        *text = text.replacen("deadlines:\n", &format!("change: {change}\ndeadlines:\n"), 1);
        program::load(&files).programs.remove(0).program.unwrap()
    };
    let approval = open("{ moved_at_most: 1/5 }");
    assert_eq!(refused(&approval, dropped, json!({})), Vec::<String>::new());
    assert_eq!(refused(&approval, added, json!({})), Vec::<String>::new());
    let forbid = open("{ moved_at_most: 1/5, new_category: forbid }");
    assert_eq!(refused(&forbid, dropped, json!({})), Vec::<String>::new());
    assert_eq!(refused(&forbid, added, json!({})), ["change.new_category"]);
    assert_eq!(refused(&small(), added, json!({})), ["category.closed"], "what the form itself refuses is said first");
}

#[test]
fn a_condition_of_the_program_needs_approval_whatever_moves() {
    let mut files = super::files_with(
        "machines.yaml",
        "deadlines:\n",
        "change: { moved_at_most: 1/5, approval_when: content }\ndeadlines:\n",
    );
    let text = &mut files.iter_mut().find(|file| file.path.ends_with("small.yaml")).unwrap().text;
    *text = text.replacen(
        "    label: { ja: 変更申請書, en: Change request }\n    fields:\n",
        "    label: { ja: 変更申請書, en: Change request }\n    fields:\n      content: { type: yes_no, label: { ja: 内容も変わる, en: The content too } }\n",
        1,
    );
    let program = program::load(&files).programs.remove(0).program.unwrap();
    let minor = [("booth", 192_000), ("samples", 48_000)];
    assert_eq!(refused(&program, &minor, json!({ "content": false })), ["change.minor"]);
    assert_eq!(refused(&program, &minor, json!({ "content": true })), Vec::<String>::new());
}
