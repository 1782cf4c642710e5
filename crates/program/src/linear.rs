//! What states hold and actions pay: amounts with + and − between them.

use std::collections::BTreeSet;

use crate::definition::Name;

/// `finalized - advance`: names of amounts with + and − between them, perhaps with a − before the first. `None` when it
/// is not written so.
pub(crate) fn linear(source: &str) -> Option<Vec<(bool, Name)>> {
    let mut terms = Vec::new();
    let (taken, source) = source.trim_start().strip_prefix('-').map_or((false, source), |rest| (true, rest));
    let mut sign = Some(!taken);
    for word in source.split_whitespace() {
        match (word, sign) {
            ("+", None) => sign = Some(true),
            ("-", None) => sign = Some(false),
            (name, Some(added)) if name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') => {
                terms.push((added, name.to_owned()));
                sign = None;
            }
            _ => return None,
        }
    }
    (sign.is_none()).then_some(terms)
}

/// The same without the amounts that are gone; `None` when nothing is left.
pub(crate) fn without(source: &str, gone: &BTreeSet<Name>) -> Option<String> {
    let terms = linear(source)?;
    if !terms.iter().any(|(_, name)| gone.contains(name)) {
        return Some(source.to_owned());
    }
    let mut left = String::new();
    for (added, name) in terms.into_iter().filter(|(_, name)| !gone.contains(name)) {
        let sign = match (left.is_empty(), added) {
            (true, true) => "",
            (true, false) => "-",
            (false, true) => " + ",
            (false, false) => " - ",
        };
        left.push_str(sign);
        left.push_str(&name);
    }
    (!left.is_empty()).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_names_with_signs_between() {
        let term = |added, name: &str| (added, name.to_owned());
        assert_eq!(linear("award"), Some(vec![term(true, "award")]));
        assert_eq!(linear("a - b + c"), Some(vec![term(true, "a"), term(false, "b"), term(true, "c")]));
        assert_eq!(linear("-refund"), Some(vec![term(false, "refund")]));
        assert_eq!(linear("- refund + a"), Some(vec![term(false, "refund"), term(true, "a")]));
        for wrong in ["", "-", "a -", "a b", "--a", "a * b", "A", "a + - b"] {
            assert_eq!(linear(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn amounts_that_are_gone_leave_the_others_as_they_were() {
        let gone = BTreeSet::from(["advance".to_owned(), "surplus".to_owned()]);
        assert_eq!(without("finalized - advance + surplus", &gone).as_deref(), Some("finalized"));
        assert_eq!(without("advance - finalized", &gone).as_deref(), Some("-finalized"));
        assert_eq!(without("award  -  other", &gone).as_deref(), Some("award  -  other"));
        assert_eq!(without("advance", &gone), None);
    }
}
