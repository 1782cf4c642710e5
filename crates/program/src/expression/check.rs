//! Names, types and optional values: the parsed tree to the typed one, with every fault that can be told.

use std::collections::BTreeSet;

use vocabulary::{Bilingual, Rate, Yen};

use super::fault::{Fault, codes};
use super::functions::{self, Entry, FUNCTIONS, Function};
use super::node::{Fold, Node, NodeKind, Path, Plain, Rows};
use super::parser::{Arithmetic, Comparison, Span, Tree, TreeKind};
use super::types::{ChoiceSet, RecordType, Scope, Type};
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

/// A name, found.
struct Found {
    path: Path,
    declared: Type,
    /// With the guards taken into account.
    narrowed: Type,
    /// Set when the name leads through a list: where the list ends, counted in parts.
    column_at: Option<usize>,
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

    // ------------------------------------------------------------------------------------------ fitting one type

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

    // ------------------------------------------------------------------------------------------------- names

    fn name(&mut self, parts: &[(String, Span)], guide: Option<&Type>, span: Span) -> Option<Node> {
        if let ([(word, _)], Some(Type::Choice(set))) = (parts, guide.map(Type::present)) {
            let named = self.type_of_word(word);
            if set.contains(word) && named.is_some_and(|kind| matches!(kind.present(), Type::Choice(_))) {
                self.report(
                    Fault::new(
                        codes::AMBIGUOUS_NAME,
                        span,
                        format!("「{word}」は選択肢の名前でも項目の名前でもあります"),
                        format!("`{word}` is both an option and the name of a choice"),
                    )
                    .hint(
                        format!("選択肢なら引用符で囲んで「'{word}'」と書いてください"),
                        format!("Write '{word}' in quotes if you mean the option"),
                    ),
                );
                return None;
            }
            if set.contains(word) || named.is_none() {
                return self.option(word, set, span);
            }
        }
        let found = self.find(parts)?;
        if found.column_at.is_some() {
            let text = self.text(&span);
            self.report(
                Fault::new(
                    codes::TYPE_MISMATCH,
                    span,
                    format!("「{text}」は行ごとの値で、1つの値ではありません"),
                    format!("`{text}` is one value for each row, not a single value"),
                )
                .hint(
                    format!("「sum({text})」のように行をまとめてください"),
                    format!("Combine the rows, e.g. `sum({text})`"),
                ),
            );
            return None;
        }
        Some(Node { kind: NodeKind::Name(found.path), r#type: found.narrowed, span })
    }

    fn option(&mut self, word: &str, set: &ChoiceSet, span: Span) -> Option<Node> {
        if set.contains(word) {
            let kind = NodeKind::Literal(Value::Choice(word.to_owned()));
            return Some(Node { kind, r#type: Type::Choice(set.clone()), span });
        }
        let options = set.names().collect::<Vec<_>>().join(", ");
        let fault = Fault::new(
            codes::UNKNOWN_CHOICE,
            span,
            format!("「{word}」という選択肢はありません(選択肢: {options})"),
            format!("`{word}` is none of the options: {options}"),
        );
        self.report(fault.did_you_mean(word, set.names()));
        None
    }

    fn type_of_word(&self, word: &str) -> Option<&Type> {
        self.row.as_ref().and_then(|row| row.get(word)).or_else(|| self.scope.get(word))
    }

    fn find(&mut self, parts: &[(String, Span)]) -> Option<Found> {
        let ((root, root_span), fields) = parts.split_first()?;
        let in_row = self.row.as_ref().and_then(|row| row.get(root));
        let in_scope = self.scope.get(root);
        let clash = match in_row {
            Some(_) => in_scope.is_some(),
            None => self.scope.root(root).is_some() && self.scope.row_field(root).is_some(),
        };
        if clash {
            self.ambiguous(root, root_span);
            return None;
        }
        let path = Path { root: root.clone(), fields: Vec::new(), in_row: in_row.is_some() };
        let Some(declared) = in_row.or(in_scope).cloned() else {
            self.unknown_name(root, root_span, fields);
            return None;
        };
        let mut found = Found { path, narrowed: declared.clone(), declared, column_at: None };
        self.narrow(&mut found);
        for (field, span) in fields {
            self.step(&mut found, field, span)?;
        }
        let dotted = found.path.dotted();
        self.names.insert(match &self.path_to_row {
            Some(list) if found.path.in_row => format!("{list}.{dotted}"),
            _ => dotted,
        });
        Some(found)
    }

    fn narrow(&self, found: &mut Found) {
        if found.narrowed.is_optional() && self.present.contains(&found.path.dotted()) {
            found.narrowed = found.narrowed.present().clone();
        }
    }

    /// From a record to one of its fields; from a list to one field of all its rows.
    fn step(&mut self, found: &mut Found, field: &str, span: &Span) -> Option<()> {
        let record = match found.declared.present() {
            Type::Record(record) => record.clone(),
            Type::List(row) => {
                found.column_at = Some(found.path.fields.len() + 1);
                row.clone()
            }
            other => {
                let (owner, kind) = (found.path.dotted(), other.described());
                self.report(Fault::new(
                    codes::UNKNOWN_NAME,
                    span.clone(),
                    format!("「{owner}」は{}で、「{field}」という項目はありません", kind.ja),
                    format!("`{owner}` is {} and has no field `{field}`", kind.en),
                ));
                return None;
            }
        };
        let Some(kind) = record.get(field) else {
            let owner = found.path.dotted();
            let fault = Fault::new(
                codes::UNKNOWN_NAME,
                span.clone(),
                format!("「{owner}」に「{field}」という項目はありません"),
                format!("`{owner}` has no field `{field}`"),
            );
            self.report(fault.did_you_mean(field, record.fields().map(|(name, _)| name)));
            return None;
        };
        let through_optional = |outer: &Type| if outer.is_optional() { kind.clone().optional() } else { kind.clone() };
        found.declared = through_optional(&found.declared);
        found.narrowed = through_optional(&found.narrowed);
        found.path.fields.push(field.to_owned());
        self.narrow(found);
        Some(())
    }

    fn ambiguous(&mut self, name: &str, span: &Span) {
        self.report(
            Fault::new(
                codes::AMBIGUOUS_NAME,
                span.clone(),
                format!("「{name}」は行の項目でも式全体の名前でもあります"),
                format!("`{name}` is both a field of the row and a name outside it"),
            )
            .hint("どちらかの名前を変えてください", "Rename one of the two"),
        );
    }

    fn unknown_name(&mut self, name: &str, span: &Span, fields: &[(String, Span)]) {
        let fault = Fault::new(
            codes::UNKNOWN_NAME,
            span.clone(),
            format!("「{name}」という名前はありません"),
            format!("There is no name `{name}`"),
        );
        let known = || self.row.iter().flat_map(RecordType::fields).chain(self.scope.names());
        let fault = if let Some(entry) = functions::find(name).filter(|_| fields.is_empty()) {
            fault.hint(
                format!("関数は「{}」のように使います", entry.usage),
                format!("`{name}` is a function: `{}`", entry.usage),
            )
        } else if matches!(name, "today" | "now") {
            fault.hint(
                "今日の日付ではなく、手続きの日付を使ってください",
                "Use a date of the case, e.g. `received_on`: a rule must not change from day to day",
            )
        } else if let Some(longer) = known().find_map(|(outer, kind)| match kind.present() {
            Type::Record(record) if record.get(name).is_some() => Some(format!("{outer}.{name}")),
            _ => None,
        }) {
            fault.hint(format!("「{longer}」のことですか"), format!("Did you mean `{longer}`?"))
        } else {
            fault.did_you_mean(name, known().map(|(known, _)| known))
        };
        self.report(fault);
    }

    // ------------------------------------------------------------------------------------------------- operators

    fn negative(&mut self, inner: &Tree, span: Span) -> Option<Node> {
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
    fn logic(&mut self, terms: &[Tree], outcome: bool, span: Span) -> Option<Node> {
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
    fn follows(&self, tree: &Tree) -> bool {
        match &tree.kind {
            TreeKind::Literal(Value::Text(_)) => true,
            TreeKind::Name(parts) => matches!(parts.as_slice(), [(word, _)] if self.type_of_word(word).is_none()),
            _ => false,
        }
    }

    fn compare(&mut self, comparison: Comparison, left: &Tree, right: &Tree, span: Span) -> Option<Node> {
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
    fn beside(&mut self, tree: &Tree, other: Option<&Node>) -> Option<Node> {
        match other {
            None if self.follows(tree) => None,
            other => self.check(tree, other.map(|other| &other.r#type)),
        }
    }

    /// The node if it cannot be missing.
    fn definite(&mut self, node: Option<Node>) -> Option<Node> {
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

    fn is_in(&mut self, value: &Tree, options: &[Tree], span: Span) -> Option<Node> {
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

    fn chain(&mut self, first: &Tree, rest: &[(Arithmetic, Tree)], span: Span) -> Option<Node> {
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

    // ------------------------------------------------------------------------------------------------- functions

    fn call(
        &mut self,
        name: &str,
        name_span: &Span,
        arguments: &[Tree],
        guide: Option<&Type>,
        span: Span,
    ) -> Option<Node> {
        let Some(entry) = functions::find(name) else {
            self.unknown_function(name, name_span, arguments);
            return None;
        };
        match entry.function {
            Function::Has => self.has(entry, arguments, span),
            Function::OrElse => self.or_else(entry, arguments, guide, span),
            Function::Extreme(fold) => self.extreme(entry, fold, arguments, span),
            Function::Rows { fold, value, condition } => self.rows(entry, (fold, value, condition), arguments, span),
            Function::Plain { call, parameters, result } => {
                if arguments.len() != parameters.len() {
                    self.wrong_count(entry, span);
                    return None;
                }
                let arguments: Vec<_> =
                    arguments.iter().zip(parameters).map(|(argument, kind)| self.demand(argument, kind)).collect();
                let arguments = arguments.into_iter().collect::<Option<Vec<Node>>>()?;
                self.refuse_senseless_literals(call, &arguments)?;
                Some(Node { kind: NodeKind::Call(call, arguments), r#type: result.clone(), span })
            }
        }
    }

    fn unknown_function(&mut self, name: &str, span: &Span, arguments: &[Tree]) {
        let fault = Fault::new(
            codes::UNKNOWN_FUNCTION,
            span.clone(),
            format!("「{name}」という関数はありません"),
            format!("There is no function `{name}`"),
        );
        let last = name.rsplit('.').next().unwrap_or(name);
        let ours = functions::find(last).map(|entry| entry.name).or_else(|| functions::our_name(last));
        self.report(match ours.and_then(functions::find) {
            Some(entry) => {
                fault.hint(format!("「{}」と書いてください", entry.usage), format!("Write `{}`", entry.usage))
            }
            None => fault.did_you_mean(last, FUNCTIONS.iter().map(|entry| entry.name)),
        });
        // What is inside an unknown function may be in the scope of a row: only what looks definite is checked.
        for argument in arguments.iter().filter(|argument| !self.follows(argument)).collect::<Vec<_>>() {
            self.check_without_row_names(argument);
        }
    }

    /// Checks for faults that stand whatever the surrounding function means.
    fn check_without_row_names(&mut self, tree: &Tree) {
        let before = self.faults.len();
        self.check(tree, None);
        let kept: Vec<Fault> = self
            .faults
            .drain(before..)
            .filter(|fault| matches!(fault.code, codes::UNKNOWN_FUNCTION | codes::YEN_TIMES_RATE))
            .collect();
        self.faults.extend(kept);
    }

    fn wrong_count(&mut self, entry: &Entry, span: Span) {
        self.report(
            Fault::new(
                codes::ARGUMENTS,
                span,
                format!("関数「{}」の引数の数が合いません", entry.name),
                format!("`{}` takes other arguments", entry.name),
            )
            .hint(format!("「{}」と書いてください", entry.usage), format!("Write `{}`", entry.usage)),
        );
    }

    /// A month 13 or a rounding unit of 0 that is written out.
    fn refuse_senseless_literals(&mut self, call: Plain, arguments: &[Node]) -> Option<()> {
        let fault = match (call, arguments) {
            (Plain::RoundDown, [_, _, Node { kind: NodeKind::Literal(Value::Yen(unit)), span, .. }])
                if unit.get() < 1 =>
            {
                Fault::new(
                    codes::ARGUMENTS,
                    span.clone(),
                    "端数処理の単位は1円以上です",
                    "The rounding unit must be at least 1 yen",
                )
                .hint("円未満切捨てなら「1」と書いてください", "Write `1` to truncate to whole yen")
            }
            (
                Plain::MonthDay,
                [
                    _,
                    Node { kind: NodeKind::Literal(Value::Int(month)), span: start, .. },
                    Node { kind: NodeKind::Literal(Value::Int(day)), span: end, .. },
                ],
            ) if !is_day_of_some_year(*month, *day) => no_such_month_day(start.start..end.end, *month, *day),
            _ => return Some(()),
        };
        self.report(fault);
        None
    }

    fn has(&mut self, entry: &Entry, arguments: &[Tree], span: Span) -> Option<Node> {
        let [argument] = arguments else {
            self.wrong_count(entry, span);
            return None;
        };
        let TreeKind::Name(parts) = &argument.kind else {
            if self.check(argument, None).is_some() {
                self.report(
                    Fault::new(
                        codes::ARGUMENTS,
                        argument.span.clone(),
                        "has には項目の名前を書いてください",
                        "`has` takes the name of a fact",
                    )
                    .hint("has(name)", "Write `has(name)`"),
                );
            }
            return None;
        };
        let found = self.find(parts)?;
        if found.column_at.is_some() || matches!(found.declared, Type::List(_)) {
            let text = self.text(&argument.span);
            let list = text.split('.').next().unwrap_or(&text);
            self.report(
                Fault::new(
                    codes::OPTIONAL,
                    argument.span.clone(),
                    format!("「{text}」は明細で、行がなくても必ず存在します"),
                    format!("`{text}` is a list: it is there even when it has no rows"),
                )
                .hint(format!("「count({list}) > 0」と書いてください"), format!("Write `count({list}) > 0`")),
            );
            return None;
        }
        Some(Node { kind: NodeKind::Has(found.path, found.declared), r#type: Type::Bool, span })
    }

    /// A default for something that is never missing is harmless: a field may be required in one program only.
    fn or_else(&mut self, entry: &Entry, arguments: &[Tree], guide: Option<&Type>, span: Span) -> Option<Node> {
        let [value, default] = arguments else {
            self.wrong_count(entry, span);
            return None;
        };
        let value = self.check(value, guide);
        let default = self.beside(default, value.as_ref());
        let (value, default) = (value?, default?);
        let wanted =
            if default.r#type.is_optional() { value.r#type.clone().optional() } else { value.r#type.present().clone() };
        let default = self.fit(default, &wanted)?;
        Some(Node { kind: NodeKind::OrElse(Box::new(value), Box::new(default)), r#type: wanted, span })
    }

    fn extreme(&mut self, entry: &Entry, fold: Fold, arguments: &[Tree], span: Span) -> Option<Node> {
        if arguments.len() == 1 {
            return self.rows(entry, (fold, true, false), arguments, span);
        }
        if arguments.is_empty() {
            self.wrong_count(entry, span);
            return None;
        }
        let nodes: Vec<_> = arguments
            .iter()
            .map(|argument| {
                let node = self.check(argument, None);
                self.definite(node)
            })
            .collect();
        let nodes = nodes.into_iter().collect::<Option<Vec<Node>>>()?;
        let leading = nodes.iter().find(|node| !node.is_constant_int()).or(nodes.first())?;
        let wanted = leading.r#type.clone();
        if !wanted.is_ordered() {
            let leading = leading.clone();
            self.mismatch(&leading, &Type::Int);
            return None;
        }
        let nodes: Vec<_> = nodes.into_iter().map(|node| self.fit(node, &wanted)).collect();
        let nodes = nodes.into_iter().collect::<Option<Vec<Node>>>()?;
        let kind = if fold == Fold::Least { NodeKind::Least(nodes) } else { NodeKind::Greatest(nodes) };
        Some(Node { kind, r#type: wanted, span })
    }

    fn rows(
        &mut self,
        entry: &Entry,
        (fold, with_value, with_condition): (Fold, bool, bool),
        arguments: &[Tree],
        span: Span,
    ) -> Option<Node> {
        if self.row.is_some() || self.scope.has_row() {
            self.nested_rows(span);
            return None;
        }
        let one_column = with_value && !with_condition;
        let wanted = if one_column { 1 } else { 1 + usize::from(with_value) + usize::from(with_condition) };
        let Some((list, others)) = arguments.split_first().filter(|_| arguments.len() == wanted) else {
            self.wrong_count(entry, span);
            return None;
        };
        let (found, column) = self.list(list, one_column, entry)?;
        let Type::List(row) = &found.narrowed else { return None };
        let list_span = column.as_ref().map_or_else(|| list.span.clone(), |(_, end)| list.span.start..*end);
        self.path_to_row = Some(found.path.dotted());
        self.row = Some(row.clone());
        let checked = match column {
            Some((column, _)) => Some((self.column(fold, column), None)),
            None => self.in_row(fold, others, with_value),
        };
        self.row = None;
        self.path_to_row = None;
        let (value, condition) = checked?;
        if (with_value && value.is_none()) || (with_condition && condition.is_none()) {
            return None;
        }
        let r#type = match (fold, &value) {
            (Fold::Any | Fold::All, _) => Type::Bool,
            (Fold::Count, _) => Type::Int,
            (Fold::Sum, Some(value)) => value.r#type.clone(),
            (Fold::Least | Fold::Greatest, Some(value)) => value.r#type.clone().optional(),
            (_, None) => return None,
        };
        let rows = Rows { fold, list: found.path, list_span, list_type: found.narrowed, value, condition };
        Some(Node { kind: NodeKind::Rows(Box::new(rows)), r#type, span })
    }

    /// The list that a function goes over; for `sum(costs.net)` also the name of the field and where the list ends.
    #[expect(clippy::type_complexity, reason = "used once, right here")]
    fn list(
        &mut self,
        tree: &Tree,
        one_column: bool,
        entry: &Entry,
    ) -> Option<(Found, Option<(Vec<(String, Span)>, usize)>)> {
        let TreeKind::Name(parts) = &tree.kind else {
            if matches!(tree.kind, TreeKind::Broken) {
                return None;
            }
            self.not_a_list(tree, entry);
            return None;
        };
        let found = self.find(parts)?;
        let (list, column) = match found.column_at {
            Some(at) if one_column => parts.split_at_checked(at)?,
            None if !one_column => (parts.as_slice(), [].as_slice()),
            _ => {
                self.not_a_list(tree, entry);
                return None;
            }
        };
        let found = self.find(list)?;
        if found.column_at.is_some() {
            self.nested_rows(tree.span.clone());
            return None;
        }
        if let Type::Optional(inner) = &found.narrowed
            && matches!(**inner, Type::List(_))
        {
            let text = self.text(&tree.span);
            let dotted = found.path.dotted();
            self.report(
                Fault::new(
                    codes::OPTIONAL,
                    tree.span.clone(),
                    format!("「{text}」は未入力のことがあります"),
                    format!("`{text}` may be missing"),
                )
                .hint(
                    format!("「has({dotted}) and …」と書いてください"),
                    format!("Guard it with `has({dotted}) and …`"),
                ),
            );
            return None;
        }
        if !matches!(found.narrowed, Type::List(_)) {
            self.not_a_list(tree, entry);
            return None;
        }
        let end = list.last().map_or(tree.span.end, |(_, span)| span.end);
        Some((found, one_column.then(|| (column.to_vec(), end))))
    }

    fn nested_rows(&mut self, span: Span) {
        self.report(
            Fault::new(
                codes::NESTED_ROWS,
                span,
                "行の条件の中で、ほかの行をまとめることはできません",
                "Rows cannot be combined inside a condition on a row",
            )
            .hint("条件の外に出してください", "Move it out of the condition"),
        );
    }

    fn not_a_list(&mut self, tree: &Tree, entry: &Entry) {
        let text = self.text(&tree.span);
        self.report(
            Fault::new(
                codes::NOT_A_LIST,
                tree.span.clone(),
                format!("関数「{}」は行のある明細に使います。「{text}」はそうではありません", entry.name),
                format!("`{}` goes over rows, and `{text}` is not what it goes over", entry.name),
            )
            .hint(format!("「{}」と書いてください", entry.usage), format!("Write `{}`", entry.usage)),
        );
    }

    /// The field of `sum(costs.net)`, `min(costs.paid_on)`.
    fn column(&mut self, fold: Fold, column: Vec<(String, Span)>) -> Option<Node> {
        let span = column.first()?.1.start..column.last()?.1.end;
        let node = self.name(&column, None, span)?;
        self.foldable(fold, node)
    }

    fn foldable(&mut self, fold: Fold, node: Node) -> Option<Node> {
        let node = self.definite(Some(node))?;
        let fine = if fold == Fold::Sum {
            matches!(node.r#type, Type::Int | Type::Yen | Type::Days | Type::Rate)
        } else {
            node.r#type.is_ordered()
        };
        if !fine {
            self.mismatch(&node, &Type::Yen);
            return None;
        }
        Some(node)
    }

    /// The condition is read first: what it guards, the value may use.
    #[expect(clippy::type_complexity, reason = "used once, right above")]
    fn in_row(&mut self, fold: Fold, arguments: &[Tree], with_value: bool) -> Option<(Option<Node>, Option<Node>)> {
        let (value, condition) = match (arguments, with_value) {
            ([], _) => return Some((None, None)),
            ([condition], false) => (None, condition),
            ([value, condition], true) => (Some(value), condition),
            _ => return None,
        };
        let outside = self.present.clone();
        let condition = self.demand(condition, &Type::Bool);
        if let Some(condition) = &condition {
            self.present.extend(condition.present_when(true));
        }
        let value = value.and_then(|value| self.check(value, None)).and_then(|value| self.foldable(fold, value));
        self.present = outside;
        Some((value, condition))
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

fn is_day_of_some_year(month: i64, day: i64) -> bool {
    const LEAP_YEAR: i32 = 2024;
    match (u32::try_from(month), u32::try_from(day)) {
        (Ok(month), Ok(day)) => chrono::NaiveDate::from_ymd_opt(LEAP_YEAR, month, day).is_some(),
        _ => false,
    }
}

fn no_such_month_day(span: Span, month: i64, day: i64) -> Fault {
    Fault::new(
        codes::DATE,
        span,
        format!("{month}月{day}日という日はありません"),
        format!("There is no day {day} in month {month}"),
    )
    .hint("month_day(年度, 3, 31) は3月31日です", "`month_day(fiscal_year, 3, 31)` is 31 March")
}
