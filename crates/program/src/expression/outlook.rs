//! What can be said of conditions before any case is known: whether they can hold together.
//!
//! Decided are choices, yes and no, `has`, and names compared with numbers, amounts, days and words that are written out:
//! each is a set of values, for what is ordered a set of intervals. Two names that are compared with each other are decided
//! while nothing else is said of them. Of everything else (functions, rows, arithmetic) only the same text is known to have
//! the same value, so a contradiction is still seen, but that it can hold is [`Outlook::NotDecided`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use vocabulary::Yen;

use super::Expression;
use super::node::{Node, NodeKind};
use super::parser::Comparison;
use super::types::Type;
use super::value::Value;

/// Whether conditions can have the outcomes that are asked for, all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    Possible,
    Impossible,
    NotDecided,
}

/// Ways in which conditions may come about; beyond it nothing is decided.
const MOST_WAYS: usize = 64;

/// Looks at conditions with the outcomes that they shall have. Linear in their length, times [`MOST_WAYS`].
#[must_use]
pub fn outlook(conditions: &[(&Expression, bool)]) -> Outlook {
    let mut ways = vec![Way::new()];
    for (condition, outcome) in conditions {
        let reader = Reader { source: &condition.0.source };
        let Some(next) = reader.ways(&condition.0.root, *outcome).and_then(|more| both(&ways, &more)) else {
            return Outlook::NotDecided;
        };
        ways = next;
    }
    match (ways.is_empty(), ways.iter().any(is_certain)) {
        (true, _) => Outlook::Impossible,
        (false, true) => Outlook::Possible,
        (false, false) => Outlook::NotDecided,
    }
}

/// What something is said of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// The value of a fact.
    Name(String),
    /// Whether an optional fact is there.
    Has(String),
    /// How the first compares with the second: `<`, `=` or `>`.
    Pair(Term, Term),
    /// Whatever is not looked into, by its text.
    Opaque(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Term {
    Name(String),
    Opaque(String),
}

/// One way in which conditions come about: every subject with the values that it may have; none of them is empty.
type Way = BTreeMap<Subject, Values>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    Words(BTreeSet<String>),
    /// Every word but these.
    OtherWords(BTreeSet<String>),
    /// Closed intervals, rising, apart from each other.
    Numbers(Vec<(i128, i128)>),
}

impl Values {
    fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Words(words.into_iter().map(str::to_owned).collect())
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Words(words) => words.is_empty(),
            Self::OtherWords(_) => false,
            Self::Numbers(intervals) => intervals.is_empty(),
        }
    }

    fn common(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Words(these), Self::Words(those)) => Self::Words(these.intersection(those).cloned().collect()),
            (Self::Words(these), Self::OtherWords(not)) | (Self::OtherWords(not), Self::Words(these)) => {
                Self::Words(these.difference(not).cloned().collect())
            }
            (Self::OtherWords(these), Self::OtherWords(those)) => {
                Self::OtherWords(these.union(those).cloned().collect())
            }
            (Self::Numbers(these), Self::Numbers(those)) => Self::Numbers(
                these
                    .iter()
                    .flat_map(|(low, high)| those.iter().map(|(from, to)| (*low.max(from), *high.min(to))))
                    .filter(|(low, high)| low <= high)
                    .collect(),
            ),
            // One text is of one type; should it not be, nothing is concluded.
            (these, _) => these.clone(),
        }
    }
}

/// A way is known to be possible when its subjects are facts that have nothing to do with each other.
fn is_certain(way: &Way) -> bool {
    let mut said_of: BTreeMap<&str, usize> = BTreeMap::new();
    for subject in way.keys() {
        match subject {
            Subject::Name(name) => *said_of.entry(name).or_default() += 1,
            Subject::Pair(Term::Name(first), Term::Name(second)) => {
                *said_of.entry(first).or_default() += 1;
                *said_of.entry(second).or_default() += 1;
            }
            Subject::Has(_) => {}
            Subject::Pair(..) | Subject::Opaque(_) => return false,
        }
    }
    let alone = |name: &str| said_of.get(name).copied().unwrap_or_default() == 1;
    way.keys().all(|subject| match subject {
        Subject::Pair(Term::Name(first), Term::Name(second)) => alone(first) && alone(second),
        _ => true,
    })
}

/// Each way of the first with each of the second. `None` when they become too many.
fn both(first: &[Way], second: &[Way]) -> Option<Vec<Way>> {
    let mut ways = Vec::new();
    for these in first {
        for those in second {
            let Some(way) = joined(these, those) else { continue };
            if !ways.contains(&way) {
                ways.push(way);
            }
            if ways.len() > MOST_WAYS {
                return None;
            }
        }
    }
    Some(ways)
}

fn joined(these: &Way, those: &Way) -> Option<Way> {
    let mut way = these.clone();
    for (subject, values) in those {
        let common = way.get(subject).map_or_else(|| values.clone(), |known| known.common(values));
        if common.is_empty() {
            return None;
        }
        way.insert(subject.clone(), common);
    }
    Some(way)
}

/// Something is so in any case, or in none.
fn constant(is_so: bool) -> Vec<Way> {
    if is_so { vec![Way::new()] } else { Vec::new() }
}

fn one(subject: Subject, values: Values) -> Vec<Way> {
    if values.is_empty() { Vec::new() } else { vec![Way::from([(subject, values)])] }
}

fn truth(subject: Subject, outcome: bool) -> Vec<Way> {
    one(subject, Values::words([word(outcome)]))
}

const fn word(outcome: bool) -> &'static str {
    if outcome { "true" } else { "false" }
}

struct Reader<'a> {
    source: &'a str,
}

impl Reader<'_> {
    /// The ways in which a condition has that outcome. `None` when there are too many.
    fn ways(&self, node: &Node, outcome: bool) -> Option<Vec<Way>> {
        Some(match &node.kind {
            NodeKind::Literal(Value::Bool(value)) => constant(*value == outcome),
            NodeKind::Name(path) => truth(Subject::Name(path.dotted()), outcome),
            NodeKind::Has(path, declared) if declared.is_optional() => truth(Subject::Has(path.dotted()), outcome),
            NodeKind::Has(..) => constant(outcome),
            NodeKind::Not(inner) => return self.ways(inner, !outcome),
            NodeKind::And(terms) => return self.all(terms.iter().map(|term| self.ways(term, outcome)), outcome),
            NodeKind::Or(terms) => return self.all(terms.iter().map(|term| self.ways(term, outcome)), !outcome),
            NodeKind::Compare(comparison, left, right) => return self.compared(*comparison, left, right, outcome),
            NodeKind::In(value, options) => {
                let each = options.iter().map(|option| self.compared(Comparison::Equal, value, option, outcome));
                return self.all(each, !outcome);
            }
            _ => truth(Subject::Opaque(self.text(node)), outcome),
        })
    }

    /// Of several parts all, or any.
    fn all(&self, parts: impl Iterator<Item = Option<Vec<Way>>>, every: bool) -> Option<Vec<Way>> {
        let mut ways = if every { vec![Way::new()] } else { Vec::new() };
        for part in parts {
            if every {
                ways = both(&ways, &part?)?;
            } else {
                ways.extend(part?);
            }
        }
        (ways.len() <= MOST_WAYS).then_some(ways)
    }

    fn compared(&self, comparison: Comparison, left: &Node, right: &Node, outcome: bool) -> Option<Vec<Way>> {
        let comparison = if outcome { comparison } else { comparison.opposite() };
        if let NodeKind::OrElse(value, default) = &left.kind
            && let NodeKind::Name(path) = &value.kind
            && value.r#type.is_optional()
        {
            let there =
                both(&truth(Subject::Has(path.dotted()), true), &self.simply_compared(comparison, value, right))?;
            let missing =
                both(&truth(Subject::Has(path.dotted()), false), &self.simply_compared(comparison, default, right))?;
            return Some([there, missing].concat());
        }
        Some(match (number(left), number(right)) {
            (Some(_), None) => self.simply_compared(comparison.turned(), right, left),
            _ => self.simply_compared(comparison, left, right),
        })
    }

    fn simply_compared(&self, comparison: Comparison, left: &Node, right: &Node) -> Vec<Way> {
        if let Some(limit) = number(right) {
            if let Some(value) = number(left) {
                return constant(comparison.admits(value.cmp(&limit)));
            }
            let subject = match &left.kind {
                NodeKind::Name(path) => Subject::Name(path.dotted()),
                _ => Subject::Opaque(self.text(left)),
            };
            let within = comparison.interval(limit);
            let sensible = Values::Numbers(vec![range_of(&left.r#type)]);
            return one(subject, Values::Numbers(within).common(&sensible));
        }
        for (value, other) in [(left, right), (right, left)] {
            if let (NodeKind::Name(path), Some(word)) = (&value.kind, written_word(other)) {
                return one(Subject::Name(path.dotted()), words_like(comparison, &word, &value.r#type));
            }
        }
        if let (Some(first), Some(second)) = (written_word(left), written_word(right)) {
            return constant((first == second) == (comparison == Comparison::Equal));
        }
        let (first, second) = (self.term(left), self.term(right));
        let (first, second, comparison) =
            if first <= second { (first, second, comparison) } else { (second, first, comparison.turned()) };
        if first == second {
            return constant(comparison.admits(std::cmp::Ordering::Equal));
        }
        one(Subject::Pair(first, second), Values::words(comparison.signs().iter().copied()))
    }

    fn term(&self, node: &Node) -> Term {
        match &node.kind {
            NodeKind::Name(path) => Term::Name(path.dotted()),
            _ => Term::Opaque(self.text(node)),
        }
    }

    fn text(&self, node: &Node) -> String {
        let text: String = self.source.chars().skip(node.span.start).take(node.span.len()).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The words that compare so with one that is written out.
fn words_like(comparison: Comparison, word: &str, kind: &Type) -> Values {
    let is_equal = comparison == Comparison::Equal;
    match kind.present() {
        Type::Choice(set) => Values::words(set.names().filter(|name| (*name == word) == is_equal)),
        Type::Bool => Values::words(["true", "false"].into_iter().filter(|name| (*name == word) == is_equal)),
        _ if is_equal => Values::words([word]),
        _ => Values::OtherWords(BTreeSet::from([word.to_owned()])),
    }
}

fn written_word(node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Literal(Value::Choice(word) | Value::Text(word)) => Some(word.clone()),
        NodeKind::Literal(Value::Bool(value)) => Some(word(*value).to_owned()),
        _ => None,
    }
}

/// A number, amount, day or number of days that is written out.
fn number(node: &Node) -> Option<i128> {
    match &node.kind {
        NodeKind::Literal(Value::Int(number) | Value::Days(number)) => Some((*number).into()),
        NodeKind::Literal(Value::Yen(yen)) => Some(yen.get().into()),
        NodeKind::Literal(Value::Date(day)) => Some(day.num_days_from_ce().into()),
        NodeKind::Negative(inner) => number(inner).map(|number| -number),
        _ => None,
    }
}

/// The values that a type has; amounts of forms and of the case are never below zero.
fn range_of(kind: &Type) -> (i128, i128) {
    match kind.present() {
        Type::Yen => (0, Yen::MAX.get().into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

impl Comparison {
    /// With the sides exchanged.
    const fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
            same => same,
        }
    }

    const fn signs(self) -> &'static [&'static str] {
        match self {
            Self::Equal => &["="],
            Self::NotEqual => &["<", ">"],
            Self::Less => &["<"],
            Self::AtMost => &["<", "="],
            Self::Greater => &[">"],
            Self::AtLeast => &["=", ">"],
        }
    }

    fn admits(self, order: std::cmp::Ordering) -> bool {
        let sign = match order {
            std::cmp::Ordering::Less => "<",
            std::cmp::Ordering::Equal => "=",
            std::cmp::Ordering::Greater => ">",
        };
        self.signs().contains(&sign)
    }

    /// The numbers that compare so with a limit.
    fn interval(self, limit: i128) -> Vec<(i128, i128)> {
        let (lowest, highest) = (i64::MIN.into(), i64::MAX.into());
        match self {
            Self::Equal => vec![(limit, limit)],
            Self::NotEqual => vec![(lowest, limit - 1), (limit + 1, highest)],
            Self::Less => vec![(lowest, limit - 1)],
            Self::AtMost => vec![(lowest, limit)],
            Self::Greater => vec![(limit + 1, highest)],
            Self::AtLeast => vec![(limit, highest)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ChoiceSet, Scope};
    use super::*;

    fn scope() -> Scope {
        Scope::new()
            .with("place", Type::Choice(ChoiceSet::new(["east", "west", "north"])))
            .with("abroad", Type::Bool)
            .with("people", Type::Int)
            .with("price", Type::Yen)
            .with("discount", Type::Yen.optional())
            .with("from", Type::Date)
            .with("to", Type::Date)
            .with("name", Type::Text)
    }

    fn of(conditions: &[(&str, bool)]) -> Outlook {
        let compiled: Vec<_> = conditions
            .iter()
            .map(|(source, outcome)| (Expression::compile(source, &scope(), &Type::Bool).unwrap(), *outcome))
            .collect();
        outlook(&compiled.iter().map(|(condition, outcome)| (condition, *outcome)).collect::<Vec<_>>())
    }

    #[test]
    fn choices_booleans_and_intervals_are_decided() {
        for (source, holds, fails) in [
            ("abroad", Outlook::Possible, Outlook::Possible),
            ("abroad and not abroad", Outlook::Impossible, Outlook::Possible),
            ("abroad or not abroad", Outlook::Possible, Outlook::Impossible),
            ("place == east and place == west", Outlook::Impossible, Outlook::Possible),
            ("place in [east, west, north]", Outlook::Possible, Outlook::Impossible),
            ("place not in [east, west] and place != north", Outlook::Impossible, Outlook::Possible),
            ("people > 3 and people < 4", Outlook::Impossible, Outlook::Possible),
            ("people >= 3 or 3 > people", Outlook::Possible, Outlook::Impossible),
            ("people != 3 and people >= 3 and people <= 3", Outlook::Impossible, Outlook::Possible),
            ("price >= 0", Outlook::Possible, Outlook::Impossible),
            ("price < 0", Outlook::Impossible, Outlook::Possible),
            ("from > 2026-04-01 and from < 2026-04-02", Outlook::Impossible, Outlook::Possible),
            ("name == 'a' and name == 'b'", Outlook::Impossible, Outlook::Possible),
            ("name != 'a' and name != 'b'", Outlook::Possible, Outlook::Possible),
            ("or_else(discount, 5) > 5 and not has(discount)", Outlook::Impossible, Outlook::Possible),
            ("to >= from", Outlook::Possible, Outlook::Possible),
            ("to < from and from < to", Outlook::Impossible, Outlook::Possible),
            ("to == to", Outlook::Possible, Outlook::Impossible),
        ] {
            assert_eq!((of(&[(source, true)]), of(&[(source, false)])), (holds, fails), "{source}");
        }
    }

    #[test]
    fn what_is_not_looked_into_is_not_claimed_but_contradicts_itself() {
        assert_eq!(of(&[("years_between(from, to) >= 1", true)]), Outlook::NotDecided);
        assert_eq!(of(&[("years_between(from, to) >= 1 and years_between(from, to) < 1", true)]), Outlook::Impossible);
        assert_eq!(of(&[("contains(name, 'a') and not contains(name, 'a')", true)]), Outlook::Impossible);
        assert_eq!(of(&[("to >= from and from >= 2026-04-01", true)]), Outlook::NotDecided);
    }

    #[test]
    fn alternatives_cover_all_cases_when_they_cannot_all_fail() {
        let covers = |sources: &[&str]| of(&sources.iter().map(|source| (*source, false)).collect::<Vec<_>>());
        assert_eq!(covers(&["people <= 5", "people in [6, 7]", "people > 7"]), Outlook::Impossible);
        assert_eq!(covers(&["people <= 5", "people > 6"]), Outlook::Possible);
        assert_eq!(covers(&["place == east", "place == west", "place == north"]), Outlook::Impossible);
    }

    #[test]
    fn too_many_ways_are_not_decided() {
        let names = (0..9).map(|n| format!("f{n}")).collect::<Vec<_>>();
        let scope = names.iter().fold(Scope::new(), |scope, name| scope.with(name.as_str(), Type::Bool));
        let either =
            names.iter().map(|name| format!("({name} or not {name} and f0)")).collect::<Vec<_>>().join(" and ");
        let many = Expression::compile(&either, &scope, &Type::Bool).unwrap();
        assert_eq!(outlook(&[(&many, true)]), Outlook::NotDecided);
    }
}
