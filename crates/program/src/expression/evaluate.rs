//! The typed tree and the facts to a value. Exact: everything is computed in 128 bits and checked.

use std::cmp::Ordering;

use chrono::{Datelike, Days, Months, NaiveDate};
use vocabulary::{FiscalYear, Rate, Yen};

use super::fault::Blocked;
use super::node::{Fold, Node, NodeKind, Path, Plain, Rows};
use super::parser::{Arithmetic, Comparison, Span};
use super::types::Type;
use super::value::{Facts, Record, Value};
use super::wording::Wording;

/// What an evaluation reads.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub source: &'a str,
    pub wording: &'a Wording,
    pub facts: &'a dyn Facts,
    /// The row of the surrounding function over rows.
    pub row: Option<&'a Record>,
}

/// A code of [`Blocked`], before it is known where.
type Problem = &'static str;
const OVERFLOW: Problem = "overflow";
const WRONG_FACT: Problem = "wrong_fact";

impl<'a> Context<'a> {
    pub(super) fn text(&self, span: &Span) -> String {
        self.source.chars().skip(span.start).take(span.len()).collect()
    }

    fn blocked(&self, problem: Problem, span: &Span) -> Blocked {
        Blocked::new(problem, self.text(span))
    }

    pub(super) fn evaluate(&self, node: &Node) -> Result<Value, Blocked> {
        match &node.kind {
            NodeKind::Literal(value) => Ok(value.clone()),
            NodeKind::Name(path) => self.read(path, &node.r#type).cloned(),
            NodeKind::Has(path, declared) => {
                let value = self.read(path, &declared.clone().optional())?;
                Ok(Value::Bool(*value != Value::None))
            }
            NodeKind::Not(inner) => Ok(Value::Bool(!self.holds(inner)?)),
            NodeKind::Negative(inner) => {
                negative(&self.evaluate(inner)?).map_err(|problem| self.blocked(problem, &node.span))
            }
            NodeKind::And(terms) => self.first_with(terms, false).map(|found| Value::Bool(!found)),
            NodeKind::Or(terms) => self.first_with(terms, true).map(Value::Bool),
            NodeKind::Compare(comparison, left, right) => {
                compare(*comparison, &self.evaluate(left)?, &self.evaluate(right)?)
                    .map(Value::Bool)
                    .map_err(|problem| self.blocked(problem, &node.span))
            }
            NodeKind::In(value, options) => {
                let value = self.evaluate(value)?;
                for option in options {
                    if self.evaluate(option)? == value {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            NodeKind::Chain(first, rest) => {
                let mut sofar = self.evaluate(first)?;
                for (sign, term) in rest {
                    sofar = combine(&sofar, *sign, &self.evaluate(term)?)
                        .map_err(|problem| self.blocked(problem, &(node.span.start..term.span.end)))?;
                }
                Ok(sofar)
            }
            NodeKind::OrElse(value, default) => match self.evaluate(value)? {
                Value::None => self.evaluate(default),
                value => Ok(value),
            },
            NodeKind::Least(nodes) => self.extreme(nodes, Ordering::Less, &node.span),
            NodeKind::Greatest(nodes) => self.extreme(nodes, Ordering::Greater, &node.span),
            NodeKind::Call(call, arguments) => {
                let arguments =
                    arguments.iter().map(|argument| self.evaluate(argument)).collect::<Result<Vec<_>, _>>()?;
                apply(*call, &arguments).map_err(|problem| self.blocked(problem, &node.span))
            }
            NodeKind::Rows(rows) => self.fold(rows, node),
        }
    }

    /// The fact itself. A missing optional one is [`Value::None`].
    fn read(&self, path: &Path, kind: &Type) -> Result<&'a Value, Blocked> {
        let root = if path.in_row { self.row.and_then(|row| row.get(&path.root)) } else { self.facts.get(&path.root) };
        let mut found = root;
        for field in &path.fields {
            found = match found {
                Some(Value::Record(record)) => record.get(field),
                Some(Value::None) | None => None,
                Some(_) => return Err(Blocked::new(WRONG_FACT, path.dotted())),
            };
        }
        match found.unwrap_or(&Value::None) {
            value if value.fits(kind) => Ok(value),
            Value::None => Err(Blocked::new("missing_fact", path.dotted())),
            _ => Err(Blocked::new(WRONG_FACT, path.dotted())),
        }
    }

    pub(super) fn holds(&self, node: &Node) -> Result<bool, Blocked> {
        match self.evaluate(node)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(self.blocked(WRONG_FACT, &node.span)),
        }
    }

    /// Whether a term has this outcome; what comes after the first that does is not looked at.
    fn first_with(&self, terms: &[Node], outcome: bool) -> Result<bool, Blocked> {
        for term in terms {
            if self.holds(term)? == outcome {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn extreme(&self, nodes: &[Node], wanted: Ordering, span: &Span) -> Result<Value, Blocked> {
        let mut best = Value::None;
        for node in nodes {
            best = better(best, self.evaluate(node)?, wanted).map_err(|problem| self.blocked(problem, span))?;
        }
        Ok(best)
    }

    pub(super) fn rows(&self, rows: &Rows) -> Result<&'a [Record], Blocked> {
        match self.read(&rows.list, &rows.list_type)? {
            Value::List(records) => Ok(records),
            _ => Err(Blocked::new(WRONG_FACT, rows.list.dotted())),
        }
    }

    pub(super) fn in_row(&self, row: &'a Record) -> Self {
        Self { row: Some(row), ..*self }
    }

    fn fold(&self, rows: &Rows, node: &Node) -> Result<Value, Blocked> {
        let problem_here = |problem| self.blocked(problem, &node.span);
        let mut result = match rows.fold {
            Fold::Count => Value::Int(0),
            Fold::Any => Value::Bool(false),
            Fold::All => Value::Bool(true),
            Fold::Least | Fold::Greatest => Value::None,
            Fold::Sum => zero(&node.r#type).map_err(problem_here)?,
        };
        for row in self.rows(rows)? {
            let here = self.in_row(row);
            let holds = rows.condition.as_ref().map_or(Ok(true), |condition| here.holds(condition))?;
            if rows.fold == Fold::All && !holds {
                return Ok(Value::Bool(false));
            }
            if !holds {
                continue;
            }
            let value = rows.value.as_ref().map_or(Ok(Value::Int(1)), |value| here.evaluate(value))?;
            result = match rows.fold {
                Fold::Any => return Ok(Value::Bool(true)),
                Fold::All => result,
                Fold::Count | Fold::Sum => combine(&result, Arithmetic::Plus, &value).map_err(problem_here)?,
                Fold::Least => better(result, value, Ordering::Less).map_err(problem_here)?,
                Fold::Greatest => better(result, value, Ordering::Greater).map_err(problem_here)?,
            };
        }
        Ok(result)
    }
}

fn zero(kind: &Type) -> Result<Value, Problem> {
    Ok(match kind {
        Type::Int => Value::Int(0),
        Type::Yen => Value::Yen(Yen::ZERO),
        Type::Days => Value::Days(0),
        Type::Rate => Value::Rate(rate(0, 1)?),
        _ => return Err(WRONG_FACT),
    })
}

fn better(best: Value, next: Value, wanted: Ordering) -> Result<Value, Problem> {
    Ok(if best == Value::None || order(&next, &best)? == wanted { next } else { best })
}

fn int(number: i128) -> Result<i64, Problem> {
    i64::try_from(number).map_err(|_| OVERFLOW)
}

fn yen(number: i128) -> Result<Value, Problem> {
    Yen::new(int(number)?).map(Value::Yen).map_err(|_| OVERFLOW)
}

/// In lowest terms.
fn rate(numerator: i128, denominator: i128) -> Result<Rate, Problem> {
    if denominator == 0 {
        return Err("division_by_zero");
    }
    let (mut a, mut b) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let common = i128::try_from(a.max(1)).map_err(|_| OVERFLOW)?;
    let (numerator, denominator) = (int(numerator / common)?, int(denominator / common)?);
    if numerator == i64::MIN || denominator == i64::MIN {
        return Err(OVERFLOW);
    }
    Rate::new(numerator, denominator).map_err(|_| OVERFLOW)
}

fn parts(rate: Rate) -> (i128, i128) {
    (i128::from(rate.numerator()), i128::from(rate.denominator()))
}

fn negative(value: &Value) -> Result<Value, Problem> {
    match value {
        Value::Int(number) => number.checked_neg().map(Value::Int).ok_or(OVERFLOW),
        Value::Days(days) => days.checked_neg().map(Value::Days).ok_or(OVERFLOW),
        Value::Yen(amount) => yen(-i128::from(amount.get())),
        Value::Rate(part) => rate(-parts(*part).0, parts(*part).1).map(Value::Rate),
        _ => Err(WRONG_FACT),
    }
}

fn order(left: &Value, right: &Value) -> Result<Ordering, Problem> {
    Ok(match (left, right) {
        (Value::Int(left), Value::Int(right)) | (Value::Days(left), Value::Days(right)) => left.cmp(right),
        (Value::Yen(left), Value::Yen(right)) => left.cmp(right),
        (Value::Rate(left), Value::Rate(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        _ => return Err(WRONG_FACT),
    })
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, Problem> {
    Ok(match comparison {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => order(left, right)?.is_lt(),
        Comparison::AtMost => order(left, right)?.is_le(),
        Comparison::Greater => order(left, right)?.is_gt(),
        Comparison::AtLeast => order(left, right)?.is_ge(),
    })
}

fn combine(left: &Value, sign: Arithmetic, right: &Value) -> Result<Value, Problem> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) if sign == Arithmetic::Over => {
            rate(i128::from(*left), i128::from(*right)).map(Value::Rate)
        }
        (Value::Yen(left), Value::Yen(right)) if sign == Arithmetic::Over => {
            rate(i128::from(left.get()), i128::from(right.get())).map(Value::Rate)
        }
        (Value::Int(left), Value::Int(right)) => whole(*left, sign, *right).and_then(int).map(Value::Int),
        (Value::Days(left), Value::Days(right) | Value::Int(right)) | (Value::Int(left), Value::Days(right)) => {
            whole(*left, sign, *right).and_then(int).map(Value::Days)
        }
        (Value::Yen(left), Value::Yen(right)) => whole(left.get(), sign, right.get()).and_then(yen),
        (Value::Yen(amount), Value::Int(count)) | (Value::Int(count), Value::Yen(amount)) => {
            whole(amount.get(), sign, *count).and_then(yen)
        }
        (Value::Rate(left), Value::Rate(right)) => fraction(*left, sign, *right).map(Value::Rate),
        (Value::Rate(part), Value::Int(count)) | (Value::Int(count), Value::Rate(part)) => {
            let (numerator, denominator) = parts(*part);
            rate(numerator * i128::from(*count), denominator).map(Value::Rate)
        }
        (Value::Date(day), Value::Days(days)) | (Value::Days(days), Value::Date(day)) => {
            let days = if sign == Arithmetic::Minus { days.checked_neg().ok_or(OVERFLOW)? } else { *days };
            days_after(*day, days).map(Value::Date)
        }
        (Value::Date(left), Value::Date(right)) => Ok(Value::Days((*left - *right).num_days())),
        _ => Err(WRONG_FACT),
    }
}

fn whole(left: i64, sign: Arithmetic, right: i64) -> Result<i128, Problem> {
    let (left, right) = (i128::from(left), i128::from(right));
    match sign {
        Arithmetic::Plus => Ok(left + right),
        Arithmetic::Minus => Ok(left - right),
        Arithmetic::Times => Ok(left * right),
        Arithmetic::Over => Err(WRONG_FACT),
    }
}

fn fraction(left: Rate, sign: Arithmetic, right: Rate) -> Result<Rate, Problem> {
    let ((a, b), (c, d)) = (parts(left), parts(right));
    match sign {
        Arithmetic::Plus => rate(a * d + c * b, b * d),
        Arithmetic::Minus => rate(a * d - c * b, b * d),
        Arithmetic::Times => rate(a * c, b * d),
        Arithmetic::Over => Err(WRONG_FACT),
    }
}

// ------------------------------------------------------------------------------------------------------ functions

fn apply(call: Plain, arguments: &[Value]) -> Result<Value, Problem> {
    match (call, arguments) {
        (Plain::RoundDown, [Value::Yen(amount), Value::Rate(rate), Value::Yen(unit)]) => {
            if unit.get() < 1 {
                return Err("unit");
            }
            amount.times_rounded_down(*rate, *unit).map(Value::Yen).map_err(|_| OVERFLOW)
        }
        (Plain::YearsBetween, [Value::Date(from), Value::Date(to)]) => Ok(Value::Int(full_months(*from, *to) / 12)),
        (Plain::MonthsBetween, [Value::Date(from), Value::Date(to)]) => Ok(Value::Int(full_months(*from, *to))),
        (Plain::DaysBetween, [Value::Date(from), Value::Date(to)]) => Ok(Value::Days((*to - *from).num_days())),
        (Plain::AddDays, [Value::Date(day), Value::Days(days)]) => days_after(*day, *days).map(Value::Date),
        (Plain::AddMonths, [Value::Date(day), Value::Int(months)]) => months_after(*day, *months).map(Value::Date),
        (Plain::AddYears, [Value::Date(day), Value::Int(years)]) => {
            months_after(*day, years.checked_mul(12).ok_or(OVERFLOW)?).map(Value::Date)
        }
        (Plain::FiscalYear, [Value::Date(day)]) => Ok(Value::Int(i64::from(FiscalYear::of(*day).0))),
        (Plain::EndOfFiscalYear, [Value::Date(day)]) => {
            let year = FiscalYear::of(*day);
            year.day(3, 31).map(Value::Date).ok_or(OVERFLOW)
        }
        (Plain::MonthDay, [Value::Int(year), Value::Int(month), Value::Int(day)]) => {
            const YEARS: std::ops::RangeInclusive<i64> = 1..=9_998;
            let year = i32::try_from(*year).ok().filter(|year| YEARS.contains(&i64::from(*year))).ok_or(OVERFLOW)?;
            let (month, day) = u32::try_from(*month).ok().zip(u32::try_from(*day).ok()).ok_or("no_such_day")?;
            FiscalYear(year).day(month, day).map(Value::Date).ok_or("no_such_day")
        }
        (Plain::Contains, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.contains(part.as_str()))),
        (Plain::StartsWith, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.starts_with(part.as_str()))),
        (Plain::Length, [Value::Text(text)]) => {
            i64::try_from(text.chars().count()).map(Value::Int).map_err(|_| OVERFLOW)
        }
        _ => Err(WRONG_FACT),
    }
}

/// Completed months from one day to another; negative when `to` is earlier. A month that has no such day is complete
/// on the first of the next: from 31 January it takes until 1 March (民法143条2項: the period ends with the month).
fn full_months(from: NaiveDate, to: NaiveDate) -> i64 {
    if to < from {
        return -full_months_forward(to, from);
    }
    full_months_forward(from, to)
}

fn full_months_forward(from: NaiveDate, to: NaiveDate) -> i64 {
    let index = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month());
    index(to) - index(from) - i64::from(to.day() < from.day())
}

fn days_after(day: NaiveDate, days: i64) -> Result<NaiveDate, Problem> {
    let distance = Days::new(days.unsigned_abs());
    let moved = if days < 0 { day.checked_sub_days(distance) } else { day.checked_add_days(distance) };
    moved.ok_or(OVERFLOW)
}

/// The same day of another month, or its last day.
fn months_after(day: NaiveDate, months: i64) -> Result<NaiveDate, Problem> {
    let distance = Months::new(u32::try_from(months.unsigned_abs()).map_err(|_| OVERFLOW)?);
    let moved = if months < 0 { day.checked_sub_months(distance) } else { day.checked_add_months(distance) };
    moved.ok_or(OVERFLOW)
}
