//! Expressions as people read them: what a condition asks for, in words.

use std::collections::BTreeMap;

use vocabulary::Bilingual;

use super::node::{Fold, Node, NodeKind, Path, Plain, Rows};
use super::parser::{Arithmetic, Comparison};
use super::types::{Scope, Type};
use super::value::Value;

/// What the names of one expression are called.
pub(super) type Wording = BTreeMap<String, Bilingual>;

/// The labels of the names that the source mentions.
pub(super) fn wording(source: &str, scope: &Scope) -> Wording {
    let mut wording = Wording::new();
    for name in parts(source).filter_map(|part| part.name()) {
        // Of `costs.net` also the table, and the part as it is called in a row.
        let part = name.rsplit('.').next().unwrap_or(name);
        let table = name.split('.').next().unwrap_or(name);
        for called in [name, part, table] {
            if let Some(label) = scope.label(called) {
                wording.insert(called.to_owned(), label.clone());
            }
        }
    }
    wording
}

/// What a condition asks for, or how a value comes about.
pub(super) fn said(node: &Node, wording: &Wording) -> Bilingual {
    match &node.kind {
        NodeKind::Name(path) if *node.r#type.present() == Type::Bool => affirmed(&called(path, wording), true),
        NodeKind::Name(path) => called(path, wording),
        NodeKind::Literal(value @ Value::Choice(_)) => quoted(&value.shown_as(&node.r#type)),
        NodeKind::Literal(value) => value.shown_as(&node.r#type),
        NodeKind::Has(path, _) => {
            let name = called(path, wording);
            Bilingual::new(format!("{}の記入がある", name.ja), format!("{} is filled in", name.en))
        }
        NodeKind::Not(inner) => denied(inner, wording),
        NodeKind::And(terms) => joined(terms, wording, said, AND),
        NodeKind::Or(terms) => joined(terms, wording, said, OR),
        NodeKind::Compare(comparison, left, right) => compared(*comparison, left, right, wording),
        NodeKind::In(value, options) => {
            let (value, options) = (said(value, wording), listed(options, wording));
            Bilingual::new(
                format!("{}が{}のいずれか", value.ja, options.ja),
                format!("{} is one of {}", value.en, options.en),
            )
        }
        NodeKind::Negative(inner) => {
            let inner = said(inner, wording);
            Bilingual::new(format!("−{}", inner.ja), format!("−{}", inner.en))
        }
        NodeKind::Chain(first, rest) => rest.iter().fold(said(first, wording), |before, (sign, term)| {
            let sign = match sign {
                Arithmetic::Plus => '＋',
                Arithmetic::Minus => '−',
                Arithmetic::Times => '×',
                Arithmetic::Over => '÷',
            };
            let term = in_brackets_if(matches!(term.kind, NodeKind::Chain(..)), said(term, wording));
            Bilingual::new(format!("{} {sign} {}", before.ja, term.ja), format!("{} {sign} {}", before.en, term.en))
        }),
        NodeKind::OrElse(value, default) => {
            let (value, default) = (said(value, wording), said(default, wording));
            Bilingual::new(
                format!("{}（記入がなければ{}）", value.ja, default.ja),
                format!("{} ({} if it is not filled in)", value.en, default.en),
            )
        }
        NodeKind::Least(nodes) => extreme(nodes, wording, ("最も小さい値", "the least of")),
        NodeKind::Greatest(nodes) => extreme(nodes, wording, ("最も大きい値", "the greatest of")),
        NodeKind::Call(function, arguments) => computed(*function, arguments, wording),
        NodeKind::Rows(rows) => over_rows(rows, wording),
    }
}

const AND: (&str, &str) = ("、かつ", " and ");
const OR: (&str, &str) = ("、または", " or ");

/// A name by its label; as it is written where it has none.
pub(super) fn called(path: &Path, wording: &Wording) -> Bilingual {
    let dotted = path.dotted();
    wording.get(&dotted).map_or_else(|| Bilingual::new(dotted.clone(), dotted), quoted)
}

fn quoted(words: &Bilingual) -> Bilingual {
    Bilingual::new(format!("「{}」", words.ja), format!("“{}”", words.en))
}

fn in_brackets_if(wanted: bool, words: Bilingual) -> Bilingual {
    if wanted { Bilingual::new(format!("（{}）", words.ja), format!("({})", words.en)) } else { words }
}

fn affirmed(words: &Bilingual, outcome: bool) -> Bilingual {
    let (ja, en) = if outcome { ("はい", "yes") } else { ("いいえ", "no") };
    Bilingual::new(format!("{}が「{ja}」", words.ja), format!("{} is {en}", words.en))
}

/// What must hold for a condition not to.
fn denied(node: &Node, wording: &Wording) -> Bilingual {
    match &node.kind {
        NodeKind::Name(path) => affirmed(&called(path, wording), false),
        NodeKind::Not(inner) => said(inner, wording),
        NodeKind::Has(path, _) => {
            let name = called(path, wording);
            Bilingual::new(format!("{}の記入がない", name.ja), format!("{} is not filled in", name.en))
        }
        NodeKind::In(value, options) => {
            let (value, options) = (said(value, wording), listed(options, wording));
            Bilingual::new(
                format!("{}が{}のいずれでもない", value.ja, options.ja),
                format!("{} is none of {}", value.en, options.en),
            )
        }
        NodeKind::Compare(comparison, left, right) => compared(comparison.opposite(), left, right, wording),
        NodeKind::And(terms) => joined(terms, wording, denied, OR),
        NodeKind::Or(terms) => joined(terms, wording, denied, AND),
        NodeKind::Rows(rows) if matches!((rows.fold, &rows.condition), (Fold::Any | Fold::All, Some(_))) => {
            let condition = rows.condition.as_ref().map(|condition| denied(condition, wording)).unwrap_or_default();
            in_rows(&called(&rows.list, wording), &condition, rows.fold == Fold::All)
        }
        _ => {
            let words = said(node, wording);
            Bilingual::new(format!("次に当たらない（{}）", words.ja), format!("not ({})", words.en))
        }
    }
}

fn joined(
    terms: &[Node],
    wording: &Wording,
    say: fn(&Node, &Wording) -> Bilingual,
    (ja, en): (&str, &str),
) -> Bilingual {
    let term =
        |term: &Node| in_brackets_if(matches!(term.kind, NodeKind::And(_) | NodeKind::Or(_)), say(term, wording));
    let terms: Vec<Bilingual> = terms.iter().map(term).collect();
    together(&terms, ja, en)
}

fn listed(nodes: &[Node], wording: &Wording) -> Bilingual {
    let nodes: Vec<Bilingual> = nodes.iter().map(|node| said(node, wording)).collect();
    together(&nodes, "、", ", ")
}

fn together(words: &[Bilingual], ja: &str, en: &str) -> Bilingual {
    let side = |side: fn(&Bilingual) -> &String, between: &str| {
        words.iter().map(|words| side(words).as_str()).collect::<Vec<_>>().join(between)
    };
    Bilingual::new(side(|words| &words.ja, ja), side(|words| &words.en, en))
}

fn compared(comparison: Comparison, left: &Node, right: &Node, wording: &Wording) -> Bilingual {
    if let (true, NodeKind::Literal(Value::Bool(wanted))) = (comparison.is_equality(), &right.kind) {
        let is_wanted = *wanted == (comparison == Comparison::Equal);
        return if is_wanted { said(left, wording) } else { denied(left, wording) };
    }
    let is_day = *left.r#type.present() == Type::Date;
    let (ja, en) = match (comparison, is_day) {
        (Comparison::Equal, _) => ("", "is"),
        (Comparison::NotEqual, _) => ("以外", "is not"),
        (Comparison::Less, false) => ("未満", "is less than"),
        (Comparison::AtMost, false) => ("以下", "is at most"),
        (Comparison::Greater, false) => ("を超える", "is more than"),
        (Comparison::AtLeast, false) => ("以上", "is at least"),
        (Comparison::Less, true) => ("より前", "is before"),
        (Comparison::AtMost, true) => ("以前", "is on or before"),
        (Comparison::Greater, true) => ("より後", "is after"),
        (Comparison::AtLeast, true) => ("以後", "is on or after"),
    };
    let (left, right) = (said(left, wording), said(right, wording));
    Bilingual::new(format!("{}が{}{ja}", left.ja, right.ja), format!("{} {en} {}", left.en, right.en))
}

fn extreme(nodes: &[Node], wording: &Wording, (ja, en): (&str, &str)) -> Bilingual {
    let nodes = listed(nodes, wording);
    Bilingual::new(format!("{}のうち{ja}", nodes.ja), format!("{en} {}", nodes.en))
}

fn computed(function: Plain, arguments: &[Node], wording: &Wording) -> Bilingual {
    let words: Vec<Bilingual> = arguments.iter().map(|argument| said(argument, wording)).collect();
    let none = Bilingual::default();
    let of = |place: usize| words.get(place).unwrap_or(&none);
    let (a, b, c) = (of(0), of(1), of(2));
    let (ja, en) = match function {
        Plain::RoundDown => (
            format!("{} × {}（{}未満切捨て）", a.ja, b.ja, c.ja),
            format!("{} × {}, cut to whole {}", a.en, b.en, c.en),
        ),
        Plain::YearsBetween => {
            (format!("{}から{}までの満年数", a.ja, b.ja), format!("whole years from {} to {}", a.en, b.en))
        }
        Plain::MonthsBetween => {
            (format!("{}から{}までの満月数", a.ja, b.ja), format!("whole months from {} to {}", a.en, b.en))
        }
        Plain::DaysBetween => (format!("{}から{}までの日数", a.ja, b.ja), format!("days from {} to {}", a.en, b.en)),
        Plain::AddDays => (format!("{}の{}後", a.ja, b.ja), format!("{} after {}", b.en, a.en)),
        Plain::AddMonths => (format!("{}の{}か月後", a.ja, b.ja), format!("{} months after {}", b.en, a.en)),
        Plain::AddYears => (format!("{}の{}年後", a.ja, b.ja), format!("{} years after {}", b.en, a.en)),
        Plain::FiscalYear => (format!("{}の属する年度", a.ja), format!("the fiscal year of {}", a.en)),
        Plain::EndOfFiscalYear => {
            (format!("{}の属する年度の末日", a.ja), format!("the end of the fiscal year of {}", a.en))
        }
        Plain::MonthDay => {
            (format!("{}の{}月{}日", a.ja, b.ja, c.ja), format!("day {} of month {} in {}", c.en, b.en, a.en))
        }
        Plain::Contains => (format!("{}に{}を含む", a.ja, b.ja), format!("{} contains {}", a.en, b.en)),
        Plain::StartsWith => (format!("{}が{}で始まる", a.ja, b.ja), format!("{} begins with {}", a.en, b.en)),
        Plain::Length => (format!("{}の文字数", a.ja), format!("characters of {}", a.en)),
    };
    Bilingual::new(ja, en)
}

/// In one row at least, or in every one.
fn in_rows(list: &Bilingual, condition: &Bilingual, in_one: bool) -> Bilingual {
    let (ja, en) =
        if in_one { ("いずれかの行で", "in a row of") } else { ("すべての行で", "in every row of") };
    Bilingual::new(format!("{}の{ja}、{}", list.ja, condition.ja), format!("{en} {}, {}", list.en, condition.en))
}

fn over_rows(rows: &Rows, wording: &Wording) -> Bilingual {
    let list = called(&rows.list, wording);
    let condition = rows.condition.as_ref().map(|condition| said(condition, wording));
    if let (Fold::Any | Fold::All, Some(condition)) = (rows.fold, &condition) {
        return in_rows(&list, condition, rows.fold == Fold::Any);
    }
    let of = condition.map_or(list.clone(), |condition| {
        Bilingual::new(
            format!("{}のうち（{}）に当たる行", list.ja, condition.ja),
            format!("the rows of {} where {}", list.en, condition.en),
        )
    });
    let value = rows.value.as_ref().map(|value| said(value, wording)).unwrap_or_default();
    let (ja, en) = match rows.fold {
        Fold::Sum => ("の合計", "the total of"),
        Fold::Least => ("の最小", "the least"),
        Fold::Greatest => ("の最大", "the greatest"),
        Fold::Count | Fold::Any | Fold::All => {
            return Bilingual::new(format!("{}の行数", of.ja), format!("the number of rows in {}", of.en));
        }
    };
    Bilingual::new(format!("{}の{}{ja}", of.ja, value.ja), format!("{en} {} in {}", value.en, of.en))
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
    use crate::expression::{ChoiceSet, Expression, RecordType};

    /// Every kind of node, each as a sentence that needs no knowledge of the language.
    #[test]
    fn conditions_are_sentences() {
        let sizes = ChoiceSet::labeled([
            ("micro", Bilingual::new("小規模事業者", "Micro business")),
            ("sme", Bilingual::new("中小企業者", "SME")),
        ]);
        let row = RecordType::new([("net", Type::Yen), ("paid_on", Type::Date)]);
        let mut scope = Scope::new();
        for (name, kind, ja, en) in [
            ("starts_on", Type::Date.optional(), "開始予定日", "Start"),
            ("notice", Type::Date, "通知日", "Notice"),
            ("size", Type::Choice(sizes), "規模", "Size"),
            ("large", Type::Bool, "みなし大企業", "Deemed large"),
            ("people", Type::Int, "従業員数", "Employees"),
            ("aid", Type::Yen.optional(), "他の補助金", "Other aid"),
            ("trade", Type::Text, "業種", "Trade"),
            ("costs", Type::List(row), "経費", "Costs"),
        ] {
            scope = scope.with(name, kind).called(name, &Bilingual::new(ja, en));
        }
        for (name, ja, en) in [("net", "税抜額", "Net"), ("paid_on", "支払日", "Paid on")] {
            scope = scope.called(name, &Bilingual::new(ja, en));
        }
        for (source, ja, en) in [
            ("large", "「みなし大企業」が「はい」", "“Deemed large” is yes"),
            ("not large", "「みなし大企業」が「いいえ」", "“Deemed large” is no"),
            ("large == false", "「みなし大企業」が「いいえ」", "“Deemed large” is no"),
            ("has(starts_on)", "「開始予定日」の記入がある", "“Start” is filled in"),
            ("not has(starts_on)", "「開始予定日」の記入がない", "“Start” is not filled in"),
            ("size == micro", "「規模」が「小規模事業者」", "“Size” is “Micro business”"),
            ("not size == micro", "「規模」が「小規模事業者」以外", "“Size” is not “Micro business”"),
            (
                "size in [micro, sme]",
                "「規模」が「小規模事業者」、「中小企業者」のいずれか",
                "“Size” is one of “Micro business”, “SME”",
            ),
            ("people <= 20", "「従業員数」が20以下", "“Employees” is at most 20"),
            ("not people <= 20", "「従業員数」が20を超える", "“Employees” is more than 20"),
            ("notice >= 2026-04-01", "「通知日」が令和8年4月1日以後", "“Notice” is on or after 1 April 2026"),
            (
                "large or people > 5 and people < 9",
                "「みなし大企業」が「はい」、または（「従業員数」が5を超える、かつ「従業員数」が9未満）",
                "“Deemed large” is yes or (“Employees” is more than 5 and “Employees” is less than 9)",
            ),
            (
                "or_else(aid, 0) + 1_000 == 5_000",
                "「他の補助金」（記入がなければ0円） ＋ 1,000円が5,000円",
                "“Other aid” (¥0 if it is not filled in) ＋ ¥1,000 is ¥5,000",
            ),
            (
                "years_between(notice, 2026-04-01) >= 1",
                "「通知日」から令和8年4月1日までの満年数が1以上",
                "whole years from “Notice” to 1 April 2026 is at least 1",
            ),
            ("contains(trade, 'IT')", "「業種」に「IT」を含む", "“Trade” contains “IT”"),
            (
                "sum(costs.net) > 0",
                "「経費」の「税抜額」の合計が0円を超える",
                "the total of “Net” in “Costs” is more than ¥0",
            ),
            (
                "all(costs, paid_on >= notice)",
                "「経費」のすべての行で、「支払日」が「通知日」以後",
                "in every row of “Costs”, “Paid on” is on or after “Notice”",
            ),
            (
                "not any(costs, net > 5 and paid_on < notice)",
                "「経費」のすべての行で、「税抜額」が5円以下、または「支払日」が「通知日」以後",
                "in every row of “Costs”, “Net” is at most ¥5 or “Paid on” is on or after “Notice”",
            ),
            (
                "count_where(costs, net > 5) == 2",
                "「経費」のうち（「税抜額」が5円を超える）に当たる行の行数が2",
                "the number of rows in the rows of “Costs” where “Net” is more than ¥5 is 2",
            ),
        ] {
            let words = Expression::compile(source, &scope, &Type::Bool).unwrap().words();
            assert_eq!((words.ja.as_str(), words.en.as_str()), (ja, en), "{source}");
        }
    }

    #[test]
    fn what_has_no_label_is_called_as_it_is_written() {
        let scope = Scope::new().with("size", Type::Int);
        let words = Expression::compile("size > 1", &scope, &Type::Bool).unwrap().words();
        assert_eq!((words.ja.as_str(), words.en.as_str()), ("sizeが1を超える", "size is more than 1"));
    }
}
