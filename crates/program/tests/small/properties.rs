//! What holds for whatever is written and whatever is claimed.

use program::{SourceFile, load};
use proptest::prelude::*;

use super::{FILES, application, facts, files, small, yen};

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
}
