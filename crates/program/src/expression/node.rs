//! The typed tree: what the check leaves and the evaluation walks. Its depth is that of the parsed tree.

use std::collections::BTreeSet;

use super::parser::{Arithmetic, Comparison, Span};
use super::types::Type;
use super::value::Value;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub kind: NodeKind,
    pub r#type: Type,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Literal(Value),
    Name(Path),
    Has(Path, Type),
    Not(Box<Node>),
    Negative(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<Node>),
    Chain(Box<Node>, Vec<(Arithmetic, Node)>),
    OrElse(Box<Node>, Box<Node>),
    Least(Vec<Node>),
    Greatest(Vec<Node>),
    Call(Plain, Vec<Node>),
    Rows(Box<Rows>),
}

/// A function of plain values: all arguments are evaluated first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    RoundDown,
    YearsBetween,
    MonthsBetween,
    DaysBetween,
    AddDays,
    AddMonths,
    AddYears,
    FiscalYear,
    EndOfFiscalYear,
    MonthDay,
    Contains,
    StartsWith,
    Length,
}

/// A function over the rows of one list.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub fold: Fold,
    pub list: Path,
    pub list_span: Span,
    pub list_type: Type,
    /// Evaluated in each row that the condition lets through.
    pub value: Option<Node>,
    pub condition: Option<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Count,
    Sum,
    Any,
    All,
    Least,
    Greatest,
}

/// A dotted name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub root: String,
    pub fields: Vec<String>,
    /// Read from the row of the surrounding function over rows instead of from the facts.
    pub in_row: bool,
}

impl Path {
    pub(super) fn dotted(&self) -> String {
        let mut dotted = self.root.clone();
        for field in &self.fields {
            dotted.push('.');
            dotted.push_str(field);
        }
        dotted
    }

    /// `decision` and `decision.notice_date` for the latter.
    fn prefixes(&self) -> BTreeSet<String> {
        let mut prefixes = BTreeSet::from([self.root.clone()]);
        let mut dotted = self.root.clone();
        for field in &self.fields {
            dotted.push('.');
            dotted.push_str(field);
            prefixes.insert(dotted.clone());
        }
        prefixes
    }
}

impl Node {
    /// The names that are certainly present when this condition has the given outcome.
    pub(super) fn present_when(&self, outcome: bool) -> BTreeSet<String> {
        match &self.kind {
            NodeKind::Has(path, _) if outcome => path.prefixes(),
            NodeKind::Not(inner) => inner.present_when(!outcome),
            NodeKind::And(terms) if outcome => all_of(terms, outcome),
            NodeKind::Or(terms) if !outcome => all_of(terms, outcome),
            NodeKind::And(terms) | NodeKind::Or(terms) => common_to(terms, outcome),
            _ => BTreeSet::new(),
        }
    }

    pub(super) const fn is_literal(&self) -> bool {
        matches!(self.kind, NodeKind::Literal(_))
    }

    /// A whole number that is written out, or computed from such: it may also serve as an amount or a rate.
    pub(super) fn is_constant_int(&self) -> bool {
        self.r#type == Type::Int
            && match &self.kind {
                NodeKind::Literal(_) => true,
                NodeKind::Negative(inner) => inner.is_constant_int(),
                NodeKind::Chain(first, rest) => {
                    first.is_constant_int() && rest.iter().all(|(_, term)| term.is_constant_int())
                }
                _ => false,
            }
    }
}

fn all_of(terms: &[Node], outcome: bool) -> BTreeSet<String> {
    terms.iter().flat_map(|term| term.present_when(outcome)).collect()
}

fn common_to(terms: &[Node], outcome: bool) -> BTreeSet<String> {
    terms
        .iter()
        .map(|term| term.present_when(outcome))
        .reduce(|common, these| common.intersection(&these).cloned().collect())
        .unwrap_or_default()
}
