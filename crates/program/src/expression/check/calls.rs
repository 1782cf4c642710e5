//! Functions: their arguments, and the rows that some of them go over.

use super::super::fault::{Fault, codes};
use super::super::functions::{self, Entry, FUNCTIONS, Function};
use super::super::node::{Fold, Node, NodeKind, Plain, Rows};
use super::super::parser::{Span, Tree, TreeKind};
use super::super::types::Type;
use super::super::value::Value;
use super::Checker;
use super::names::Found;

/// The field of `sum(costs.net)`, and where the name of the list ends.
type Column = (Vec<(String, Span)>, usize);

impl Checker<'_> {
    pub(super) fn call(
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
            None => fault.suggest(last, FUNCTIONS.iter().map(|entry| entry.name)),
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
    fn list(&mut self, tree: &Tree, one_column: bool, entry: &Entry) -> Option<(Found, Option<Column>)> {
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
