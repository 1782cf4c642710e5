//! How an expression came to its value, as applicants and letters show it.

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use super::evaluate::Context;
use super::fault::Blocked;
use super::node::{Fold, Node, NodeKind, Rows};
use super::value::Value;
use super::wording::{called, said};

/// Rows shown below a function over rows; those that decide come first.
const MOST_ROWS: usize = 20;

/// A part of an expression with the value it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The part as it is written in the definition; a row is written `costs[1]`.
    pub text: String,
    /// The same as people read it: `「事業開始予定日」が「交付決定通知日」より後`; a row is written `「経費」 1行目`.
    #[serde(default)]
    pub words: Bilingual,
    /// Its value in words; for a comparison also what was compared: `いいえ（30,000円）`,
    /// `いいえ（「発注日」令和8年3月10日、「通知日」令和8年4月1日）`.
    pub value: Bilingual,
    /// For a condition, whether it holds; missing when it could not be told, and for other values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Explanation>,
}

impl Context<'_> {
    pub(super) fn explain(&self, node: &Node) -> Explanation {
        let result = self.evaluate(node);
        let children = match &node.kind {
            NodeKind::Literal(_) | NodeKind::Name(_) | NodeKind::Has(..) => Vec::new(),
            NodeKind::And(terms) => self.explain_terms(terms, true),
            NodeKind::Or(terms) => self.explain_terms(terms, false),
            // What is denied is told as what must hold.
            NodeKind::Not(inner) => self.explain(inner).children,
            NodeKind::Negative(inner) => vec![self.explain(inner)],
            // The values of names stand beside the comparison.
            NodeKind::Compare(_, left, right) => {
                self.explain_all([&**left, &**right].into_iter().filter(|side| !matches!(side.kind, NodeKind::Name(_))))
            }
            NodeKind::In(value, _) => self.explain_all([&**value]),
            NodeKind::Chain(first, rest) => {
                self.explain_all(std::iter::once(&**first).chain(rest.iter().map(|(_, term)| term)))
            }
            NodeKind::OrElse(value, default) => match self.evaluate(value) {
                Ok(Value::None) => self.explain_all([&**value, &**default]),
                _ => self.explain_all([&**value]),
            },
            NodeKind::Least(nodes) | NodeKind::Greatest(nodes) | NodeKind::Call(_, nodes) => self.explain_all(nodes),
            NodeKind::Rows(rows) => self.explain_rows(rows),
        };
        let text = self.text(&node.span);
        Explanation {
            words: said(node, self.wording),
            text,
            value: match &node.kind {
                NodeKind::Compare(_, left, right) => self.shown_comparison(left, right, &result),
                _ => shown(&result, node),
            },
            holds: match result {
                Ok(Value::Bool(truth)) => Some(truth),
                _ => None,
            },
            children,
        }
    }

    /// What is written out needs no line of its own.
    fn explain_all<'n>(&self, nodes: impl IntoIterator<Item = &'n Node>) -> Vec<Explanation> {
        nodes.into_iter().filter(|node| !node.is_literal()).map(|node| self.explain(node)).collect()
    }

    /// Of `and` (`outcome` true) or `or`: once a term has decided, those that are not known do not matter.
    fn explain_terms(&self, terms: &[Node], outcome: bool) -> Vec<Explanation> {
        let mut decided = false;
        let mut shown = Vec::new();
        for term in terms {
            let mut explanation = self.explain(term);
            if decided && explanation.holds.is_none() {
                explanation.value = Bilingual::new("確認不要", "Not needed");
                explanation.children.clear();
            }
            decided |= explanation.holds == Some(!outcome);
            shown.push(explanation);
        }
        shown
    }

    fn shown_comparison(&self, left: &Node, right: &Node, result: &Result<Value, Blocked>) -> Bilingual {
        let is_literal = right.is_literal();
        // Which is which is told where there are two.
        let side = |node: &Node| {
            let value = shown(&self.evaluate(node), node);
            match &node.kind {
                NodeKind::Name(path) if !is_literal => {
                    let name = called(path, self.wording);
                    Bilingual::new(format!("{}{}", name.ja, value.ja), format!("{}: {}", name.en, value.en))
                }
                _ => value,
            }
        };
        let (left, right) = (side(left), side(right));
        let outcome = match result {
            Ok(value) => value.shown(),
            Err(_) => Bilingual::new("判定できません", "Cannot be told"),
        };
        if is_literal {
            return Bilingual::new(format!("{}（{}）", outcome.ja, left.ja), format!("{} ({})", outcome.en, left.en));
        }
        Bilingual::new(
            format!("{}（{}、{}）", outcome.ja, left.ja, right.ja),
            format!("{} ({}; {})", outcome.en, left.en, right.en),
        )
    }

    /// One row: its value, its condition, or its value unless the condition leaves it out.
    fn explain_row(&self, rows: &Rows, text: String, words: Bilingual) -> Option<Explanation> {
        match (&rows.value, &rows.condition) {
            (None, None) => None,
            (Some(part), None) | (None, Some(part)) => Some(Explanation { text, words, ..self.explain(part) }),
            (Some(value), Some(condition)) => {
                let condition = self.explain(condition);
                let holds = condition.holds;
                let value = self.explain(value);
                let (shown, children) = match holds {
                    Some(true) => (value.value.clone(), vec![condition, value]),
                    Some(false) => (Bilingual::new("対象外", "Left out"), vec![condition]),
                    None => (condition.value.clone(), vec![condition]),
                };
                Some(Explanation { text, words, value: shown, holds, children })
            }
        }
    }

    fn explain_rows(&self, rows: &Rows) -> Vec<Explanation> {
        let list = self.text(&rows.list_span);
        let words = called(&rows.list, self.wording);
        let Ok(records) = self.rows(rows) else {
            return vec![Explanation { text: list, words, value: not_given(), holds: None, children: Vec::new() }];
        };
        let mut shown: Vec<Explanation> = records
            .iter()
            .zip(1..)
            .filter_map(|(row, number)| {
                let row_words =
                    Bilingual::new(format!("{} {number}行目", words.ja), format!("{} row {number}", words.en));
                self.in_row(row).explain_row(rows, format!("{list}[{number}]"), row_words)
            })
            .collect();
        match rows.fold {
            Fold::All => shown.sort_by_key(|row| row.holds == Some(true)),
            _ => shown.sort_by_key(|row| row.holds == Some(false)),
        }
        let left_out = shown.len().saturating_sub(MOST_ROWS);
        shown.truncate(MOST_ROWS);
        if left_out > 0 {
            shown.push(Explanation {
                text: "…".to_owned(),
                words: Bilingual::new("…", "…"),
                value: Bilingual::new(format!("ほか{left_out}件"), format!("{left_out} more")),
                holds: None,
                children: Vec::new(),
            });
        }
        shown
    }
}

fn not_given() -> Bilingual {
    Value::None.shown()
}

fn shown(result: &Result<Value, Blocked>, node: &Node) -> Bilingual {
    match result {
        Ok(value) => value.shown_as(&node.r#type),
        Err(blocked) if blocked.code == "missing_fact" && matches!(node.kind, NodeKind::Name(_)) => not_given(),
        Err(blocked) if blocked.code == "missing_fact" => Bilingual::new("未確定", "Not known yet"),
        Err(blocked) => blocked.message.clone(),
    }
}
