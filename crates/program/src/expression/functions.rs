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
    /// For the reference.
    about: &'static str,
    pub function: Function,
}

/// A function as it is written, for the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub written: &'static str,
    /// Types of what it takes, and of what it gives, where they are always the same.
    pub types: Option<String>,
    pub about: &'static str,
}

/// Every function of the language.
pub fn usages() -> impl Iterator<Item = Usage> {
    FUNCTIONS.iter().map(|entry| {
        let types = match &entry.function {
            Function::Plain { parameters, result, .. } => {
                let parameters: Vec<String> = parameters.iter().map(ToString::to_string).collect();
                Some(format!("{} → {result}", parameters.join(", ")))
            }
            _ => None,
        };
        Usage { written: entry.usage, types, about: entry.about }
    })
}

const fn plain(
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    call: Plain,
    parameters: &'static [Type],
    result: &'static Type,
) -> Entry {
    Entry { name, usage, about, function: Function::Plain { call, parameters, result } }
}

const fn rows(
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    fold: Fold,
    value: bool,
    condition: bool,
) -> Entry {
    Entry { name, usage, about, function: Function::Rows { fold, value, condition } }
}

pub(super) static FUNCTIONS: [Entry; 23] = [
    Entry {
        name: "has",
        usage: "has(name)",
        about: "whether a value that may be missing is there",
        function: Function::Has,
    },
    Entry {
        name: "or_else",
        usage: "or_else(name, default)",
        about: "the value, or the default where it is missing",
        function: Function::OrElse,
    },
    Entry {
        name: "min",
        usage: "min(a, b, …)",
        about: "the least of two or more values, or of one field over all rows",
        function: Function::Extreme(Fold::Least),
    },
    Entry {
        name: "max",
        usage: "max(a, b, …)",
        about: "the greatest of two or more values, or of one field over all rows",
        function: Function::Extreme(Fold::Greatest),
    },
    rows("sum", "sum(rows.field)", "one field added up over all rows", Fold::Sum, true, false),
    rows("count", "count(rows)", "how many rows there are", Fold::Count, false, false),
    rows("any", "any(rows, condition)", "whether the condition holds in a row at least", Fold::Any, false, true),
    rows(
        "all",
        "all(rows, condition)",
        "whether the condition holds in every row; without rows it does",
        Fold::All,
        false,
        true,
    ),
    rows(
        "sum_where",
        "sum_where(rows, value, condition)",
        "a value added up over the rows in which the condition holds",
        Fold::Sum,
        true,
        true,
    ),
    rows(
        "count_where",
        "count_where(rows, condition)",
        "in how many rows the condition holds",
        Fold::Count,
        false,
        true,
    ),
    plain(
        "round_down",
        "round_down(amount, rate, unit)",
        "amount × rate, truncated to whole units of so many yen",
        Plain::RoundDown,
        &[Type::Yen, Type::Rate, Type::Yen],
        &Type::Yen,
    ),
    plain(
        "years_between",
        "years_between(from, to)",
        "completed years from the first day to the second",
        Plain::YearsBetween,
        &[Type::Date, Type::Date],
        &Type::Int,
    ),
    plain(
        "months_between",
        "months_between(from, to)",
        "completed months from the first day to the second",
        Plain::MonthsBetween,
        &[Type::Date, Type::Date],
        &Type::Int,
    ),
    plain(
        "days_between",
        "days_between(from, to)",
        "days from the first day to the second",
        Plain::DaysBetween,
        &[Type::Date, Type::Date],
        &Type::Days,
    ),
    plain(
        "add_days",
        "add_days(date, 10 days)",
        "the day so many days later",
        Plain::AddDays,
        &[Type::Date, Type::Days],
        &Type::Date,
    ),
    plain(
        "add_months",
        "add_months(date, 3)",
        "the day so many months later; the last of the month where it has no such day",
        Plain::AddMonths,
        &[Type::Date, Type::Int],
        &Type::Date,
    ),
    plain(
        "add_years",
        "add_years(date, 1)",
        "the day so many years later; 28 February for the 29th",
        Plain::AddYears,
        &[Type::Date, Type::Int],
        &Type::Date,
    ),
    plain(
        "fiscal_year",
        "fiscal_year(date)",
        "年度 of a day: the year in which it begins on 1 April",
        Plain::FiscalYear,
        &[Type::Date],
        &Type::Int,
    ),
    plain(
        "end_of_fiscal_year",
        "end_of_fiscal_year(date)",
        "31 March of the fiscal year that the day is in",
        Plain::EndOfFiscalYear,
        &[Type::Date],
        &Type::Date,
    ),
    plain(
        "month_day",
        "month_day(fiscal_year, 3, 31)",
        "the day of a month within a fiscal year",
        Plain::MonthDay,
        &[Type::Int, Type::Int, Type::Int],
        &Type::Date,
    ),
    plain(
        "contains",
        "contains(text, 'word')",
        "whether the word stands in the text, compared exactly",
        Plain::Contains,
        &[Type::Text, Type::Text],
        &Type::Bool,
    ),
    plain(
        "starts_with",
        "starts_with(text, 'word')",
        "whether the text begins with the word, compared exactly",
        Plain::StartsWith,
        &[Type::Text, Type::Text],
        &Type::Bool,
    ),
    plain("length", "length(text)", "characters of a text", Plain::Length, &[Type::Text], &Type::Int),
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
