//! What holds for whatever is written and whatever is claimed.

use program::{Award, Program, SourceFile, load};
use proptest::prelude::*;
use serde_json::json;

use super::{FILES, application, facts, files, small, small_with, yen};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn loading_never_panics_on_any_text(text in "\\PC{0,300}", place in 0..FILES.len()) {
        let mut files = files();
        files[place].text = text;
        let _ = load(&files);
    }

    #[test]
    fn loading_never_panics_on_broken_files(
        place in 0..FILES.len(),
        at in any::<prop::sample::Index>(),
        length in 0..40_usize,
        insert in "[-a-z0-9:{}\\[\\],'\"\n _|>&*!?]{0,12}",
    ) {
        let mut files = files();
        let chars: Vec<char> = files[place].text.chars().collect();
        let start = at.index(chars.len());
        let end = (start + length).min(chars.len());
        files[place].text = chars[..start].iter().copied().chain(insert.chars()).chain(chars[end..].iter().copied()).collect();
        let loaded = load(&files);
        for program in &loaded.programs {
            let has_error = loaded.findings.iter().any(|finding| finding.is_error());
            prop_assert!(program.program.is_some() || has_error);
        }
    }

    #[test]
    fn loading_never_panics_when_lines_change_places(a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let mut files = files();
        let mut lines: Vec<&str> = FILES[0].1.lines().collect();
        let (a, b) = (a.index(lines.len()), b.index(lines.len()));
        lines.swap(a, b);
        files[0] = SourceFile { path: files[0].path.clone(), text: lines.join("\n") };
        let _ = load(&files);
    }

    #[test]
    fn an_award_is_bounded_rounded_and_never_falls_with_the_costs(
        net in 0..2_000_000_i64,
        more in 0..100_000_i64,
        granted in 0..600_000_i64,
        at_most in prop::option::of(0..300_000_i64),
    ) {
        let program = small();
        let award = |net: i64| {
            let mut facts = facts();
            facts.granted_this_year = yen(granted);
            facts.forms.insert("application".to_owned(), application(net));
            program.award("application", at_most.map(yen), &facts).unwrap()
        };
        let (lower, higher) = (award(net), award(net + more));
        prop_assert!(lower.amount <= higher.amount);
        for award in [&lower, &higher] {
            prop_assert!(award.amount <= yen(200_000));
            prop_assert!(at_most.is_none_or(|most| award.amount <= yen(most)));
            prop_assert!(award.amount.get() + granted <= 500_000.max(granted));
            prop_assert!(award.amount.is_zero() || award.amount >= yen(10_000));
            prop_assert_eq!(award.eligible, !award.amount.is_zero());
            let cut = [at_most.unwrap_or(i64::MAX), 500_000 - granted];
            prop_assert!(award.amount.get() % 1_000 == 0 || cut.contains(&award.amount.get()));
            prop_assert_eq!(award.steps.last().and_then(|step| step.amount), Some(award.amount));
        }
    }

    #[test]
    fn any_rule_comes_to_what_its_figures_say(
        rule in any_rule(),
        rows in prop::collection::vec((0..2_usize, 0..3_000_000_i64), 1..6),
        exhibitors in 1..10_i64,
        granted in 0..400_000_i64,
    ) {
        let program = rule.program();
        let award = award_of(&program, &rows, exhibitors, granted);
        prop_assert_eq!(award.amount.get(), rule.by_hand(&rows, exhibitors, granted));
        prop_assert_eq!(award.eligible, !award.amount.is_zero());
        prop_assert_eq!(award.steps.last().and_then(|step| step.amount), Some(award.amount));
        prop_assert!(award.steps.iter().all(|step| !step.label.ja.is_empty() && !step.label.en.is_empty()));
        let cut = [rule.cap, rule.fiscal_year_cap - granted];
        let is_cut = cut.contains(&award.amount.get()) || rule.item_cap % rule.unit != 0;
        prop_assert!(award.amount.get() % rule.unit == 0 || is_cut);
    }

    #[test]
    fn more_costs_never_give_less_and_more_exhibitors_never_give_more(
        rule in any_rule(),
        rows in prop::collection::vec((0..2_usize, 0..3_000_000_i64), 1..6),
        row in any::<prop::sample::Index>(),
        more in 0..500_000_i64,
        exhibitors in 1..10_i64,
    ) {
        let program = rule.program();
        let before = award_of(&program, &rows, exhibitors, 0).amount;
        let mut dearer = rows.clone();
        dearer[row.index(rows.len())].1 += more;
        prop_assert!(before <= award_of(&program, &dearer, exhibitors, 0).amount);
        prop_assert!(before >= award_of(&program, &rows, exhibitors + 1, 0).amount);
    }

    #[test]
    fn an_advance_is_never_more_than_its_share(
        share in (1..=10_i64).prop_flat_map(|d| (1..=d, Just(d))),
        unit in prop::sample::select(vec![1_i64, 10, 100, 1_000]),
        award in 0..10_000_000_i64,
    ) {
        let advance = format!("payment: {{ advance: {{ share: {}/{}, round_down: {unit} }} }}\ndeadlines:\n", share.0, share.1);
        let program = small_with("deadlines:\n", &advance);
        let limit = program.advance_limit(yen(award), &facts()).unwrap().unwrap().amount.get();
        prop_assert_eq!(limit % unit, 0);
        prop_assert!(limit * share.1 <= award * share.0 && (limit + unit) * share.1 > award * share.0);
    }
}

/// The figures of an award rule.
#[derive(Clone, Debug)]
struct Figures {
    rate: (i64, i64),
    unit: i64,
    item_cap: i64,
    cap: i64,
    fiscal_year_cap: i64,
    minimum: i64,
}

fn any_rule() -> impl Strategy<Value = Figures> {
    let rate = (1..=12_i64).prop_flat_map(|denominator| (1..=denominator, Just(denominator)));
    let unit = prop::sample::select(vec![1_i64, 10, 100, 1_000]);
    (rate, unit, 1..300_000_i64, 1..500_000_i64, 1..600_000_i64, 1..60_000_i64).prop_map(
        |(rate, unit, item_cap, cap, fiscal_year_cap, minimum)| Figures {
            rate,
            unit,
            item_cap,
            // Below them every award would be nothing, which is refused.
            cap: cap.max(unit).max(minimum),
            fiscal_year_cap,
            minimum,
        },
    )
}

const ITEMS: [&str; 2] = ["東京展", "大阪展"];

impl Figures {
    fn program(&self) -> Program {
        let mut files = files();
        let text = &mut files.iter_mut().find(|file| file.path.ends_with("machines.yaml")).unwrap().text;
        let start = text.find("amount:").unwrap();
        let end = text.find("deadlines:").unwrap();
        let (numerator, denominator) = self.rate;
        let amount = format!(
            "amount:\n  tax: excluded\n  other_aid: forbid\n  share: 1 / people\n  rate: {numerator}/{denominator}\n  \
             round_down: {}\n  item_cap: {}\n  cap: {}\n  fiscal_year_cap: {}\n  minimum: {}\n",
            self.unit, self.item_cap, self.cap, self.fiscal_year_cap, self.minimum
        );
        text.replace_range(start..end, &amount);
        *text = text.replacen("min: 1, max: 10 }", "required: true, min: 1, max: 10 }", 1);
        *text =
            text.replacen("    categories:\n", "    items: { label: { ja: 展示会, en: Show } }\n    categories:\n", 1);
        let mut loaded = load(&files);
        loaded.programs.remove(0).program.unwrap()
    }

    /// Without fractions: each item's costs × rate over the exhibitors, in whole units.
    fn by_hand(&self, rows: &[(usize, i64)], exhibitors: i64, granted: i64) -> i64 {
        let (numerator, denominator) = self.rate;
        let of_item = |item: usize| {
            let costs: i64 = rows.iter().filter(|(other, _)| *other == item).map(|(_, net)| net).sum();
            let parts = denominator * exhibitors * self.unit;
            (costs * numerator / parts * self.unit).min(self.item_cap)
        };
        let sum: i64 = (0..ITEMS.len()).map(of_item).sum();
        let amount = sum.min(self.cap).min((self.fiscal_year_cap - granted).max(0));
        if amount < self.minimum { 0 } else { amount }
    }
}

fn award_of(program: &Program, rows: &[(usize, i64)], exhibitors: i64, granted: i64) -> Award {
    let row = |(item, net): &(usize, i64)| json!({ "category": "booth", "item": ITEMS[*item], "what": "小間", "net": net, "tax": net / 10 });
    let mut values = application(0);
    values.insert("people".to_owned(), json!(exhibitors));
    values.insert("costs".to_owned(), rows.iter().map(row).collect());
    let mut facts = facts();
    facts.granted_this_year = yen(granted);
    facts.forms.insert("application".to_owned(), values);
    program.award("application", None, &facts).unwrap()
}
