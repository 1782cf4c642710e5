//! The functions of the language, as a table.

use super::node::{Fold, Plain};
use super::types::Type;

#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    Plain {
        call: Plain,
        parameters: &'static [Type],
        result: &'static Type,
    },
    Has,
    OrElse,
    /// `min`, `max`: of two or more values, or of one field over all rows.
    Extreme(Fold),
    /// The arguments after the list: a value of each row, a condition on each row.
    Rows {
        fold: Fold,
        value: bool,
        condition: bool,
    },
}

pub(super) struct Entry {
    pub name: &'static str,
    /// How it is written, for hints.
    pub usage: &'static str,
    pub function: Function,
}

const fn plain(
    name: &'static str,
    usage: &'static str,
    call: Plain,
    parameters: &'static [Type],
    result: &'static Type,
) -> Entry {
    Entry { name, usage, function: Function::Plain { call, parameters, result } }
}

const fn rows(name: &'static str, usage: &'static str, fold: Fold, value: bool, condition: bool) -> Entry {
    Entry { name, usage, function: Function::Rows { fold, value, condition } }
}

pub(super) static FUNCTIONS: [Entry; 23] = [
    Entry { name: "has", usage: "has(name)", function: Function::Has },
    Entry { name: "or_else", usage: "or_else(name, default)", function: Function::OrElse },
    Entry { name: "min", usage: "min(a, b, …)", function: Function::Extreme(Fold::Least) },
    Entry { name: "max", usage: "max(a, b, …)", function: Function::Extreme(Fold::Greatest) },
    rows("sum", "sum(rows.field)", Fold::Sum, true, false),
    rows("count", "count(rows)", Fold::Count, false, false),
    rows("any", "any(rows, condition)", Fold::Any, false, true),
    rows("all", "all(rows, condition)", Fold::All, false, true),
    rows("sum_where", "sum_where(rows, value, condition)", Fold::Sum, true, true),
    rows("count_where", "count_where(rows, condition)", Fold::Count, false, true),
    plain(
        "round_down",
        "round_down(amount, rate, unit)",
        Plain::RoundDown,
        &[Type::Yen, Type::Rate, Type::Yen],
        &Type::Yen,
    ),
    plain("years_between", "years_between(from, to)", Plain::YearsBetween, &[Type::Date, Type::Date], &Type::Int),
    plain("months_between", "months_between(from, to)", Plain::MonthsBetween, &[Type::Date, Type::Date], &Type::Int),
    plain("days_between", "days_between(from, to)", Plain::DaysBetween, &[Type::Date, Type::Date], &Type::Days),
    plain("add_days", "add_days(date, 10 days)", Plain::AddDays, &[Type::Date, Type::Days], &Type::Date),
    plain("add_months", "add_months(date, 3)", Plain::AddMonths, &[Type::Date, Type::Int], &Type::Date),
    plain("add_years", "add_years(date, 1)", Plain::AddYears, &[Type::Date, Type::Int], &Type::Date),
    plain("fiscal_year", "fiscal_year(date)", Plain::FiscalYear, &[Type::Date], &Type::Int),
    plain("end_of_fiscal_year", "end_of_fiscal_year(date)", Plain::EndOfFiscalYear, &[Type::Date], &Type::Date),
    plain(
        "month_day",
        "month_day(fiscal_year, 3, 31)",
        Plain::MonthDay,
        &[Type::Int, Type::Int, Type::Int],
        &Type::Date,
    ),
    plain("contains", "contains(text, 'word')", Plain::Contains, &[Type::Text, Type::Text], &Type::Bool),
    plain("starts_with", "starts_with(text, 'word')", Plain::StartsWith, &[Type::Text, Type::Text], &Type::Bool),
    plain("length", "length(text)", Plain::Length, &[Type::Text], &Type::Int),
];

pub(super) fn find(name: &str) -> Option<&'static Entry> {
    FUNCTIONS.iter().find(|entry| entry.name == name)
}

/// What other languages call it.
pub(super) fn our_name(foreign: &str) -> Option<&'static str> {
    Some(match foreign {
        "round" | "floor" | "trunc" | "truncate" | "round_up" | "ceil" => "round_down",
        "len" | "size" => "length",
        "exists" | "some" => "any",
        "every" => "all",
        "coalesce" | "default" | "if_none" => "or_else",
        "present" | "defined" | "is_set" => "has",
        "total" => "sum",
        "minimum" | "least" => "min",
        "maximum" | "greatest" => "max",
        _ => return None,
    })
}
