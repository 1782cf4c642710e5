//! Expressions as people read them: names by their labels, operators in words. For reading only: precedence is as it is
//! written.

use std::collections::BTreeMap;

use vocabulary::Bilingual;

use super::types::{RecordType, Scope, Type};

/// What the names of one expression are called.
pub(super) type Wording = BTreeMap<String, Bilingual>;

/// Operators and functions, in Japanese; English reads them as they are written.
const WORDS: [(&str, &str); 22] = [
    ("and", "かつ"),
    ("or", "または"),
    ("not", "次に当たらない:"),
    ("in", "が次のいずれか:"),
    ("true", "はい"),
    ("false", "いいえ"),
    ("has", "記入がある"),
    ("or_else", "記入がなければ次の値"),
    ("min", "最も小さい額・数"),
    ("max", "最も大きい額・数"),
    ("sum", "合計"),
    ("sum_where", "条件に合う行の合計"),
    ("count", "行の数"),
    ("count_where", "条件に合う行の数"),
    ("any", "いずれかの行で"),
    ("all", "すべての行で"),
    ("round_down", "割合を掛けて端数を切捨て"),
    ("years_between", "年数"),
    ("months_between", "月数"),
    ("days_between", "日数"),
    ("days", "日"),
    ("length", "文字数"),
];

/// The labels of the names, and of the options of choices, that the source mentions.
pub(super) fn wording(source: &str, scope: &Scope) -> Wording {
    let mentioned: Vec<&str> = parts(source).filter_map(|part| part.name()).collect();
    let mut wording = Wording::new();
    let mut options: Vec<(String, Bilingual)> = Vec::new();
    for name in &mentioned {
        if let Some(label) = scope.label(name) {
            wording.insert((*name).to_owned(), label.clone());
        }
        if let Some(kind) = kind_of(scope, name) {
            gather_options(kind, &mut options);
        }
    }
    for (name, label) in options {
        if mentioned.contains(&name.as_str()) {
            wording.entry(name).or_insert(label);
        }
    }
    wording
}

fn kind_of<'s>(scope: &'s Scope, dotted: &str) -> Option<&'s Type> {
    let mut steps = dotted.split('.');
    let mut kind = scope.get(steps.next()?)?;
    for step in steps {
        let (Type::Record(fields) | Type::List(fields)) = kind.present() else { return None };
        kind = fields.get(step)?;
    }
    Some(kind)
}

fn gather_options(kind: &Type, into: &mut Vec<(String, Bilingual)>) {
    let mut of_fields = |fields: &RecordType| fields.fields().for_each(|(_, kind)| gather_options(kind, into));
    match kind.present() {
        Type::List(row) => of_fields(row),
        Type::Choice(options) => {
            into.extend(options.names().filter_map(|name| Some((name.to_owned(), options.label(name)?.clone()))));
        }
        _ => {}
    }
}

/// A part of an expression's text in words.
pub(super) fn worded(text: &str, wording: &Wording) -> Bilingual {
    let mut words = Bilingual::default();
    for part in parts(text) {
        let label = part.name().and_then(|name| wording.get(name));
        let word = part.name().and_then(|name| WORDS.iter().find(|(word, _)| *word == name));
        match (label, word) {
            (Some(label), _) => {
                words.ja.push_str(&format!("「{}」", label.ja));
                words.en.push_str(&format!("“{}”", label.en));
            }
            (None, Some((word, ja))) => {
                words.ja.push_str(ja);
                words.en.push_str(word);
            }
            (None, None) => {
                words.ja.push_str(part.0);
                words.en.push_str(part.0);
            }
        }
    }
    words
}

/// A dotted name, a quoted text, or what is between.
struct Part<'a>(&'a str);

impl<'a> Part<'a> {
    fn name(&self) -> Option<&'a str> {
        self.0.starts_with(|first: char| first.is_ascii_alphabetic()).then_some(self.0)
    }
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match first {
            '\'' | '"' => rest.get(1..).and_then(|after| after.find(first)).map_or(rest.len(), |close| close + 2),
            first if of_name(first) => rest.find(|letter| !of_name(letter)).unwrap_or(rest.len()),
            _ => rest.find(|letter| of_name(letter) || letter == '\'' || letter == '"').unwrap_or(rest.len()),
        };
        let (part, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(Part(part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::ChoiceSet;

    #[test]
    fn names_and_options_are_called_as_people_call_them() {
        let sizes = ChoiceSet::labeled([("micro", Bilingual::new("小規模事業者", "Micro business"))]);
        let scope = Scope::new()
            .with("starts_on", Type::Date)
            .with("size", Type::Choice(sizes))
            .called("starts_on", &Bilingual::new("事業開始予定日", "Starts on"));
        let source = "not has(starts_on) or size == micro and starts_on > 2026-04-01 and trade != 'starts_on'";
        let words = worded(source, &wording(source, &scope));
        assert_eq!(
            words.ja,
            "次に当たらない: 記入がある(「事業開始予定日」) または size == 「小規模事業者」 かつ 「事業開始予定日」 > 2026-04-01 かつ trade != 'starts_on'"
        );
        assert_eq!(
            words.en,
            "not has(“Starts on”) or size == “Micro business” and “Starts on” > 2026-04-01 and trade != 'starts_on'"
        );
    }

    #[test]
    fn whatever_the_text_it_ends() {
        for text in ["", "'", "あ\"い", "....", "1_000 × ２", "a'b"] {
            assert_eq!(worded(text, &Wording::new()).en, text);
        }
    }
}
