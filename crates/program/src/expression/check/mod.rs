//! Names, types and optional values: the parsed tree to the typed one, with every fault that can be told.

mod calls;
mod names;
mod operators;

use std::collections::BTreeSet;

use vocabulary::{Bilingual, Rate, Yen};

use super::fault::{Fault, codes};
use super::node::{Node, NodeKind};
use super::parser::{Span, Tree, TreeKind};
use super::types::{RecordType, Scope, Type};
use super::value::Value;

pub(super) struct Checked {
    pub node: Option<Node>,
    pub names: BTreeSet<String>,
}

pub(super) fn check(tree: &Tree, source: &str, scope: &Scope, expected: &Type, faults: &mut Vec<Fault>) -> Checked {
    let mut checker = Checker {
        source,
        scope,
        faults,
        names: BTreeSet::new(),
        present: BTreeSet::new(),
        row: None,
        path_to_row: None,
    };
    let node = checker.demand(tree, expected);
    Checked { node, names: checker.names }
}

/// `None` where something was reported.
struct Checker<'a> {
    source: &'a str,
    scope: &'a Scope,
    faults: &'a mut Vec<Fault>,
    names: BTreeSet<String>,
    /// Dotted names that a surrounding `has` guards.
    present: BTreeSet<String>,
    /// Inside a function over rows: the fields of a row.
    row: Option<RecordType>,
    path_to_row: Option<String>,
}

impl Checker<'_> {
    fn report(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    fn text(&self, span: &Span) -> String {
        self.source.chars().skip(span.start).take(span.len()).collect()
    }

    /// The node, if it can stand where `expected` is wanted.
    fn demand(&mut self, tree: &Tree, expected: &Type) -> Option<Node> {
        let node = self.check(tree, Some(expected))?;
        self.fit(node, expected)
    }

    /// `guide` is the type of what it meets: it only decides what a bare or quoted word means.
    fn check(&mut self, tree: &Tree, guide: Option<&Type>) -> Option<Node> {
        let span = tree.span.clone();
        match &tree.kind {
            TreeKind::Literal(Value::Text(text)) => match guide.map(Type::present) {
                Some(Type::Choice(set)) => self.option(text, set, span),
                _ => Some(Node { kind: NodeKind::Literal(Value::Text(text.clone())), r#type: Type::Text, span }),
            },
            TreeKind::Literal(value) => {
                Some(Node { r#type: literal_type(value)?, kind: NodeKind::Literal(value.clone()), span })
            }
            TreeKind::Name(parts) => self.name(parts, guide, span),
            TreeKind::Call { name, name_span, arguments } => self.call(name, name_span, arguments, guide, span),
            TreeKind::Not(inner) => {
                let inner = self.demand(inner, &Type::Bool)?;
                Some(Node { kind: NodeKind::Not(Box::new(inner)), r#type: Type::Bool, span })
            }
            TreeKind::Negative(inner) => self.negative(inner, span),
            TreeKind::And(terms) => self.logic(terms, true, span),
            TreeKind::Or(terms) => self.logic(terms, false, span),
            TreeKind::Compare(comparison, left, right) => self.compare(*comparison, left, right, span),
            TreeKind::In(value, options) => self.is_in(value, options, span),
            TreeKind::Chain(first, rest) => self.chain(first, rest, span),
            TreeKind::Broken => None,
        }
    }

    fn fit(&mut self, node: Node, expected: &Type) -> Option<Node> {
        match self.coerced(node, expected) {
            Ok(node) => Some(node),
            Err(node) if node.r#type.is_optional() && !expected.is_optional() => {
                self.optional(&node);
                None
            }
            Err(node) => {
                self.mismatch(&node, expected);
                None
            }
        }
    }

    /// A whole number that is written out may also be an amount or a rate, and a value may serve as an optional one.
    fn coerced(&self, node: Node, expected: &Type) -> Result<Node, Node> {
        match expected {
            _ if node.r#type == *expected => Ok(node),
            Type::Optional(inner) if !node.r#type.is_optional() => self.coerced(node, inner),
            Type::Yen | Type::Rate if node.is_constant_int() => constant_as(node, expected),
            _ => Err(node),
        }
    }

    fn optional(&mut self, node: &Node) {
        let text = self.text(&node.span);
        let default = match node.r#type.present() {
            Type::Yen | Type::Int => "0",
            Type::Bool => "false",
            Type::Text => "''",
            _ => "…",
        };
        let fault = Fault::new(
            codes::OPTIONAL,
            node.span.clone(),
            format!("「{text}」は未入力のことがあります"),
            format!("`{text}` may be missing"),
        );
        let or_else = format!("or_else({text}, {default})");
        self.report(if matches!(node.kind, NodeKind::Name(_)) {
            fault.hint(
                format!("「has({text}) and …」か「{or_else}」と書いてください"),
                format!("Guard it with `has({text}) and …`, or write `{or_else}`"),
            )
        } else {
            fault.hint(format!("「{or_else}」と書いてください"), format!("Write `{or_else}`"))
        });
    }

    fn mismatch(&mut self, node: &Node, expected: &Type) {
        let (wanted, found) = (expected.described(), node.r#type.described());
        let text = self.text(&node.span);
        let mut fault = Fault::new(
            codes::TYPE_MISMATCH,
            node.span.clone(),
            format!("「{text}」は{}です。{}が必要です", found.ja, wanted.ja),
            format!("`{text}` is {}, but {} is needed", found.en, wanted.en),
        );
        fault.hint = self.conversion(node, expected);
        self.report(fault);
    }

    /// How to get from what is there to what is wanted.
    fn conversion(&self, node: &Node, wanted: &Type) -> Option<Bilingual> {
        let text = self.text(&node.span);
        let write = |example: String| {
            Some(Bilingual::new(format!("「{example}」と書いてください"), format!("Write `{example}`")))
        };
        match (&node.r#type, wanted.present()) {
            (Type::List(_), Type::Bool) => write(format!("count({text}) > 0")),
            (Type::List(_), Type::Int) => write(format!("count({text})")),
            (Type::List(_), Type::Yen) => write(format!("sum({text}.…)")),
            (Type::Int, Type::Days) if node.is_constant_int() => write(format!("{text} days")),
            (Type::Int, Type::Days) => write(format!("{text} * 1 day")),
            (Type::Days, Type::Int) if node.is_literal() => {
                write(text.trim_end_matches(|c: char| c.is_alphabetic() || c.is_whitespace()).to_owned())
            }
            (Type::Text, Type::Date) if node.is_literal() => write("2026-04-01".to_owned()),
            (Type::Record(record), _) => {
                let fits = record.fields().find(|(_, kind)| kind.present() == wanted.present())?;
                write(format!("{text}.{}", fits.0))
            }
            (Type::Yen | Type::Int, Type::Bool) => write(format!("{text} > 0")),
            (_, Type::Bool) => {
                Some(Bilingual::new("「a == b」のような条件を書いてください", "Write a condition, such as `a == b`"))
            }
            _ => None,
        }
    }
}

fn literal_type(value: &Value) -> Option<Type> {
    Some(match value {
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Rate(_) => Type::Rate,
        Value::Text(_) => Type::Text,
        Value::Date(_) => Type::Date,
        Value::Days(_) => Type::Days,
        Value::Yen(_) | Value::Choice(_) | Value::List(_) | Value::Record(_) | Value::None => return None,
    })
}

/// A whole number that is written out, as an amount or as a rate.
fn constant_as(node: Node, wanted: &Type) -> Result<Node, Node> {
    let Node { kind, r#type, span } = node;
    let converted = match kind {
        NodeKind::Literal(Value::Int(number)) => {
            let value = match wanted {
                Type::Yen => Yen::new(number).ok().map(Value::Yen),
                _ => Rate::new(number, 1).ok().map(Value::Rate),
            };
            value.map(NodeKind::Literal).ok_or(NodeKind::Literal(Value::Int(number)))
        }
        NodeKind::Negative(inner) => match constant_as(*inner, wanted) {
            Ok(inner) => Ok(NodeKind::Negative(Box::new(inner))),
            Err(inner) => Err(NodeKind::Negative(Box::new(inner))),
        },
        // In a product, one factor is the amount and the others count it.
        NodeKind::Chain(first, rest) if !rest.iter().all(|(sign, _)| sign.is_additive()) => {
            match constant_as(*first, wanted) {
                Ok(first) => Ok(NodeKind::Chain(Box::new(first), rest)),
                Err(first) => Err(NodeKind::Chain(Box::new(first), rest)),
            }
        }
        NodeKind::Chain(first, rest) => {
            let terms: Result<Vec<_>, _> =
                rest.iter().map(|(sign, term)| Ok((*sign, constant_as(term.clone(), wanted)?))).collect();
            match (constant_as((*first).clone(), wanted), terms) {
                (Ok(first), Ok(terms)) => Ok(NodeKind::Chain(Box::new(first), terms)),
                (_, Ok::<_, Node>(_) | Err(_)) => Err(NodeKind::Chain(first, rest)),
            }
        }
        other => Err(other),
    };
    match converted {
        Ok(kind) => Ok(Node { kind, r#type: wanted.clone(), span }),
        Err(kind) => Err(Node { kind, r#type, span }),
    }
}
