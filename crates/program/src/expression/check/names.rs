//! Names: found in the row and the scope, narrowed by the guards around them.

use crate::finding::did_you_mean;

use super::super::fault::{Fault, codes};
use super::super::functions;
use super::super::node::{Node, NodeKind, Path};
use super::super::parser::Span;
use super::super::types::{ChoiceSet, RecordType, Type};
use super::super::value::Value;
use super::Checker;

/// A name, found.
pub(super) struct Found {
    pub(super) path: Path,
    pub(super) declared: Type,
    /// With the guards taken into account.
    pub(super) narrowed: Type,
    /// Set when the name leads through a list: where the list ends, counted in parts.
    pub(super) column_at: Option<usize>,
}

impl Checker<'_> {
    pub(super) fn name(&mut self, parts: &[(String, Span)], guide: Option<&Type>, span: Span) -> Option<Node> {
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

    pub(super) fn option(&mut self, word: &str, set: &ChoiceSet, span: Span) -> Option<Node> {
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
        self.report(Fault { hint: did_you_mean(word, set.names()), ..fault });
        None
    }

    pub(super) fn type_of_word(&self, word: &str) -> Option<&Type> {
        self.row.as_ref().and_then(|row| row.get(word)).or_else(|| self.scope.get(word))
    }

    pub(super) fn find(&mut self, parts: &[(String, Span)]) -> Option<Found> {
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
            self.report(fault.suggest(field, record.fields().map(|(name, _)| name)));
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
            fault.suggest(name, known().map(|(known, _)| known))
        };
        self.report(fault);
    }
}
