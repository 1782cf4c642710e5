//! Operators: which types meet, and what to write when they do not.

use super::super::fault::{Fault, codes};
use super::super::node::{Node, NodeKind};
use super::super::parser::{Arithmetic, Comparison, Span, Tree, TreeKind};
use super::super::types::Type;
use super::super::value::Value;
use super::Checker;

impl Checker<'_> {
    pub(super) fn negative(&mut self, inner: &Tree, span: Span) -> Option<Node> {
        let inner = self.check(inner, None)?;
        let r#type = inner.r#type.clone();
        if r#type.is_optional() {
            self.optional(&inner);
            return None;
        }
        if !matches!(r#type, Type::Int | Type::Yen | Type::Rate | Type::Days) {
            self.mismatch(&inner, &Type::Int);
            return None;
        }
        Some(Node { kind: NodeKind::Negative(Box::new(inner)), r#type, span })
    }

    /// `and` (`outcome` true) or `or`: a term is only reached when all terms before it had that outcome.
    pub(super) fn logic(&mut self, terms: &[Tree], outcome: bool, span: Span) -> Option<Node> {
        let outside = self.present.clone();
        let mut nodes = Vec::new();
        for term in terms {
            let node = self.demand(term, &Type::Bool);
            if let Some(node) = &node {
                self.present.extend(node.present_when(outcome));
            }
            nodes.push(node);
        }
        self.present = outside;
        let nodes = nodes.into_iter().collect::<Option<Vec<Node>>>()?;
        let kind = if outcome { NodeKind::And(nodes) } else { NodeKind::Or(nodes) };
        Some(Node { kind, r#type: Type::Bool, span })
    }

    /// A word that means nothing by itself: the other side tells what it is.
    pub(super) fn follows(&self, tree: &Tree) -> bool {
        match &tree.kind {
            TreeKind::Literal(Value::Text(_)) => true,
            TreeKind::Name(parts) => matches!(parts.as_slice(), [(word, _)] if self.type_of_word(word).is_none()),
            _ => false,
        }
    }

    pub(super) fn compare(&mut self, comparison: Comparison, left: &Tree, right: &Tree, span: Span) -> Option<Node> {
        let (left, right) = if self.follows(left) && !self.follows(right) {
            let right = self.check(right, None);
            (self.beside(left, right.as_ref()), right)
        } else {
            let left = self.check(left, None);
            let right = self.beside(right, left.as_ref());
            (left, right)
        };
        let (left, right) = (self.definite(left), self.definite(right));
        let (left, right) = self.unified(left, right)?;
        let fault = match &left.r#type {
            kind if kind.is_ordered() => None,
            Type::Bool | Type::Text | Type::Choice(_) if comparison.is_equality() => None,
            Type::List(_) | Type::Record(_) => Some("比べることはできません。項目を指定してください"),
            _ => Some("大小を比べることはできません"),
        };
        if let Some(ja) = fault {
            let kind = left.r#type.described();
            self.report(Fault::new(
                codes::TYPE_MISMATCH,
                span,
                format!("{}は{ja}", kind.ja),
                format!("Values of type {} cannot be compared with `{}`", kind.en, comparison.sign()),
            ));
            return None;
        }
        Some(Node { kind: NodeKind::Compare(comparison, Box::new(left), Box::new(right)), r#type: Type::Bool, span })
    }

    /// Checks one side beside the other. A bare word beside something faulty may be an option: it is let pass.
    pub(super) fn beside(&mut self, tree: &Tree, other: Option<&Node>) -> Option<Node> {
        match other {
            None if self.follows(tree) => None,
            other => self.check(tree, other.map(|other| &other.r#type)),
        }
    }

    /// The node if it cannot be missing.
    pub(super) fn definite(&mut self, node: Option<Node>) -> Option<Node> {
        let node = node?;
        if node.r#type.is_optional() {
            self.optional(&node);
            return None;
        }
        Some(node)
    }

    /// Both with the same type.
    fn unified(&mut self, left: Option<Node>, right: Option<Node>) -> Option<(Node, Node)> {
        let (left, right) = (left?, right?);
        let left = match self.coerced(left, &right.r#type) {
            Ok(left) => return Some((left, right)),
            Err(left) => left,
        };
        let right = match self.coerced(right, &left.r#type) {
            Ok(right) => return Some((left, right)),
            Err(right) => right,
        };
        let (first, second) = (left.r#type.described(), right.r#type.described());
        let mut fault = Fault::new(
            codes::TYPE_MISMATCH,
            left.span.start..right.span.end.max(left.span.end),
            format!("{}と{}を比べることはできません", first.ja, second.ja),
            format!("{} and {} cannot be compared", first.en, second.en),
        );
        fault.hint = self.conversion(&right, &left.r#type).or_else(|| self.conversion(&left, &right.r#type));
        self.report(fault);
        None
    }

    pub(super) fn is_in(&mut self, value: &Tree, options: &[Tree], span: Span) -> Option<Node> {
        let value = self.check(value, None);
        let value = self.definite(value);
        let Some(value) = value else {
            for option in options {
                self.beside(option, None);
            }
            return None;
        };
        if options.is_empty() {
            self.report(
                Fault::new(codes::ARGUMENTS, span, "リストが空です", "The list is empty")
                    .hint("「in [a, b]」のように書いてください", "Write `in [a, b]`"),
            );
            return None;
        }
        if matches!(value.r#type, Type::List(_) | Type::Record(_)) {
            self.mismatch(&value, &Type::Text);
            return None;
        }
        let options: Vec<_> = options.iter().map(|option| self.demand(option, &value.r#type)).collect();
        let options = options.into_iter().collect::<Option<Vec<Node>>>()?;
        Some(Node { kind: NodeKind::In(Box::new(value), options), r#type: Type::Bool, span })
    }

    pub(super) fn chain(&mut self, first: &Tree, rest: &[(Arithmetic, Tree)], span: Span) -> Option<Node> {
        let first = self.check(first, None);
        let first = self.definite(first);
        let rest: Vec<_> = rest
            .iter()
            .map(|(sign, term)| {
                let term = self.check(term, None);
                (*sign, self.definite(term))
            })
            .collect();
        let mut sofar = first?;
        for (sign, term) in rest {
            sofar = self.joined(sofar, sign, term?)?;
        }
        sofar.span = span;
        Some(sofar)
    }

    /// One more term at the end of a chain.
    fn joined(&mut self, left: Node, sign: Arithmetic, right: Node) -> Option<Node> {
        let (left, right) = if sign.is_additive() { self.alike(left, right) } else { (left, right) };
        let span = left.span.start..right.span.end;
        let Some(r#type) = combined(sign, &left.r#type, &right.r#type) else {
            self.report(self.cannot_combine(&left, sign, &right));
            return None;
        };
        let kind = match left.kind {
            NodeKind::Chain(first, mut rest) if belongs(&rest, sign) => {
                rest.push((sign, right));
                NodeKind::Chain(first, rest)
            }
            kind => {
                let left = Node { kind, r#type: left.r#type, span: left.span };
                NodeKind::Chain(Box::new(left), vec![(sign, right)])
            }
        };
        Some(Node { kind, r#type, span })
    }

    fn alike(&self, left: Node, right: Node) -> (Node, Node) {
        let left = self.coerced(left, &right.r#type).unwrap_or_else(|left| left);
        let right = self.coerced(right, &left.r#type).unwrap_or_else(|right| right);
        (left, right)
    }

    fn cannot_combine(&self, left: &Node, sign: Arithmetic, right: &Node) -> Fault {
        let (first, second) = (left.r#type.described(), right.r#type.described());
        let (left_text, right_text) = (self.text(&left.span), self.text(&right.span));
        let span = left.span.start..right.span.end;
        let by_rate = match (sign, &left.r#type, &right.r#type) {
            (Arithmetic::Times, Type::Yen, Type::Rate) => Some((&left_text, right_text.clone())),
            (Arithmetic::Times, Type::Rate, Type::Yen) => Some((&right_text, left_text.clone())),
            (Arithmetic::Over, Type::Yen, Type::Int) if right.is_literal() => {
                Some((&left_text, format!("1/{right_text}")))
            }
            _ => None,
        };
        if let Some((amount, rate)) = by_rate {
            let example = format!("round_down({amount}, {rate}, 1_000)");
            return Fault::new(
                codes::YEN_TIMES_RATE,
                span,
                "金額に率を掛けるときは端数の扱いを決める必要があります",
                "An amount times a rate has a fraction of a yen: the rounding must be named",
            )
            .hint(
                format!("千円未満切捨てなら「{example}」と書いてください"),
                format!("Write `{example}` to truncate to 1,000 yen"),
            );
        }
        let fault = Fault::new(
            codes::TYPE_MISMATCH,
            span,
            format!("{} {} {} は計算できません", first.ja, sign.sign(), second.ja),
            format!("{} {} {} cannot be computed", first.en, sign.sign(), second.en),
        );
        match (&left.r#type, &right.r#type) {
            (Type::Date, Type::Int) if sign.is_additive() => fault.hint(
                format!("日数は「{right_text} days」と書いてください"),
                format!("Write a number of days as `{right_text} days`"),
            ),
            (Type::Date, Type::Date) => {
                fault.hint("日付どうしは引き算だけができます", "Two dates can only be subtracted")
            }
            (Type::List(_), _) => {
                fault.hint(format!("「sum({left_text}.…)」と書いてください"), format!("Write `sum({left_text}.…)`"))
            }
            (_, Type::List(_)) => {
                fault.hint(format!("「sum({right_text}.…)」と書いてください"), format!("Write `sum({right_text}.…)`"))
            }
            (Type::Text, Type::Text) => {
                fault.hint("文字列をつなぐことはできません", "Texts cannot be joined; templates put texts together")
            }
            _ => fault,
        }
    }
}

fn belongs(chain: &[(Arithmetic, Node)], sign: Arithmetic) -> bool {
    chain.iter().all(|(other, _)| other.is_additive() == sign.is_additive())
}

/// The type of the result, if the two can be combined.
fn combined(sign: Arithmetic, left: &Type, right: &Type) -> Option<Type> {
    use Arithmetic::{Minus, Over, Plus, Times};
    Some(match (left, sign, right) {
        (Type::Int, Plus | Minus | Times, Type::Int) => Type::Int,
        (Type::Int, Over, Type::Int) | (Type::Yen, Over, Type::Yen) => Type::Rate,
        (Type::Yen, Plus | Minus, Type::Yen) | (Type::Yen, Times, Type::Int) | (Type::Int, Times, Type::Yen) => {
            Type::Yen
        }
        (Type::Rate, Plus | Minus | Times, Type::Rate)
        | (Type::Rate, Times, Type::Int)
        | (Type::Int, Times, Type::Rate) => Type::Rate,
        (Type::Days, Plus | Minus, Type::Days)
        | (Type::Days, Times, Type::Int)
        | (Type::Int, Times, Type::Days)
        | (Type::Date, Minus, Type::Date) => Type::Days,
        (Type::Date, Plus | Minus, Type::Days) | (Type::Days, Plus, Type::Date) => Type::Date,
        _ => return None,
    })
}
