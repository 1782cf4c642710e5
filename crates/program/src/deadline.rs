//! Deadlines as last days: spans, dates of a fiscal year, the earliest of several.

use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate};
use vocabulary::{Calendar, FiscalYear, Invalid};

use crate::compiled::Program;
use crate::definition::{DateOf, FirstDay, OnHoliday};
use crate::expression::{Expression, Value};
use crate::facts::{APPLICATION, CaseFacts};

/// `30 days`, `10 office_days`, `2 months`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub count: u32,
    pub unit: SpanUnit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanUnit {
    Days,
    OfficeDays,
    Months,
}

impl FromStr for Span {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        const LONGEST: u32 = 3_650;
        let invalid = || {
            Invalid::new(
                "span.format",
                "期間は「30 days」「10 office_days」「2 months」のように書いてください",
                "Write a span as `30 days`, `10 office_days` or `2 months`",
            )
        };
        let (count, unit) = text.split_once(' ').ok_or_else(invalid)?;
        let count = digits(count).filter(|n| (1..=LONGEST).contains(n)).ok_or_else(invalid)?;
        let unit = match unit {
            "day" | "days" => SpanUnit::Days,
            "office_day" | "office_days" => SpanUnit::OfficeDays,
            "month" | "months" => SpanUnit::Months,
            _ => return Err(invalid()),
        };
        Ok(Self { count, unit })
    }
}

impl Span {
    /// The last day of the span when the day it runs from is not counted (初日不算入, 民法140条).
    #[must_use]
    pub fn after(self, day: NaiveDate, calendar: &Calendar) -> Option<NaiveDate> {
        self.beginning(day.succ_opt()?, calendar)
    }

    /// The last day of the span when `first` is its first day.
    #[must_use]
    pub fn beginning(self, first: NaiveDate, calendar: &Calendar) -> Option<NaiveDate> {
        match self.unit {
            SpanUnit::Days => first.checked_add_days(Days::new(self.count.saturating_sub(1).into())),
            SpanUnit::OfficeDays => Some(calendar.office_days_after(first.pred_opt()?, self.count)),
            // 民法143条2項: the day before the corresponding day, or the last of a month that has no such day.
            SpanUnit::Months => {
                let corresponding = first.checked_add_months(Months::new(self.count))?;
                if corresponding.day() == first.day() { corresponding.pred_opt() } else { Some(corresponding) }
            }
        }
    }

    /// The day this long before, for reminders.
    #[must_use]
    pub fn before(self, day: NaiveDate, calendar: &Calendar) -> Option<NaiveDate> {
        match self.unit {
            SpanUnit::Days => day.checked_sub_days(Days::new(self.count.into())),
            SpanUnit::OfficeDays => (1..=4_000)
                .filter_map(|back| day.checked_sub_days(Days::new(back)))
                .filter(|day| calendar.is_office_day(*day))
                .nth(usize::try_from(self.count.saturating_sub(1)).unwrap_or(usize::MAX)),
            SpanUnit::Months => day.checked_sub_months(Months::new(self.count)),
        }
    }
}

/// The last day of a span from `day`, the first day not counted. `None` when the text is no span.
#[must_use]
pub fn span_from(span: &str, day: NaiveDate, calendar: &Calendar) -> Option<NaiveDate> {
    span.parse::<Span>().ok()?.after(day, calendar)
}

/// When the clock of a state rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDue {
    pub last_day: NaiveDate,
    /// Days on which to remind, in order.
    pub reminders: Vec<NaiveDate>,
}

/// A deadline understood.
#[derive(Debug)]
pub(crate) struct CompiledDeadline {
    pub rule: When,
    pub first_day: FirstDay,
    pub on_holiday: OnHoliday,
}

#[derive(Debug)]
pub(crate) enum When {
    After { span: Span, fact: Expression },
    Date { month: u32, day: u32, of: DateOf },
    EarliestOf(Vec<CompiledDeadline>),
}

impl CompiledDeadline {
    fn last_day(&self, program: &Program, facts: &CaseFacts, calendar: &Calendar) -> Option<NaiveDate> {
        let last_day = match &self.rule {
            When::After { span, fact } => {
                let mut roots = program.view(facts).submitted(APPLICATION);
                program.complete(&mut roots);
                let Ok(Value::Date(day)) = fact.evaluate(&roots) else { return None };
                match self.first_day {
                    FirstDay::Excluded => span.after(day, calendar)?,
                    FirstDay::Included => span.beginning(day, calendar)?,
                }
            }
            When::Date { month, day, of } => {
                let year = match of {
                    DateOf::AwardFiscalYear => facts.award_fiscal_year,
                    DateOf::NextFiscalYear => FiscalYear(facts.award_fiscal_year.0.saturating_add(1)),
                };
                // 29 February of a year that has none is the last of February.
                year.day(*month, *day).or_else(|| year.day(*month, day.saturating_sub(1)))?
            }
            When::EarliestOf(rules) => rules.iter().filter_map(|rule| rule.last_day(program, facts, calendar)).min()?,
        };
        Some(match self.on_holiday {
            OnHoliday::Stays => last_day,
            OnHoliday::NextOfficeDay => calendar.office_day_from(last_day),
        })
    }
}

/// A number without a sign.
fn digits(text: &str) -> Option<u32> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// `03-31`
pub(crate) fn month_and_day(text: &str) -> Option<(u32, u32)> {
    const LEAP_YEAR: i32 = 2024;
    let (month, day) = text.split_once('-')?;
    let two_digits = |part: &str| digits(part).filter(|_| part.len() == 2);
    let (month, day) = (two_digits(month)?, two_digits(day)?);
    NaiveDate::from_ymd_opt(LEAP_YEAR, month, day).map(|_| (month, day))
}

impl Program {
    /// The last day of one of the program's deadlines; `None` while its fact is not there yet, and for unknown names.
    /// Of several, the earliest that is known.
    #[must_use]
    pub fn deadline(&self, name: &str, facts: &CaseFacts, calendar: &Calendar) -> Option<NaiveDate> {
        self.deadlines.get(name)?.last_day(self, facts, calendar)
    }

    /// The clock of a state (of the case, or of the named procedure) that was entered on `entered`.
    #[must_use]
    pub fn state_due(
        &self,
        procedure: Option<&str>,
        state: &str,
        entered: NaiveDate,
        facts: &CaseFacts,
        calendar: &Calendar,
    ) -> Option<StateDue> {
        let state = match procedure {
            Some(procedure) => self.procedure(procedure)?.states.get(state),
            None => self.state(state),
        }?;
        let clock = state.deadline.as_ref()?;
        let last_day = match (&clock.at, &clock.within) {
            (Some(name), _) => self.deadline(name, facts, calendar)?,
            (None, Some(span)) => span_from(span, entered, calendar)?,
            (None, None) => return None,
        };
        let spans = clock.remind.iter().filter_map(|span| span.parse::<Span>().ok());
        let mut reminders: Vec<NaiveDate> =
            spans.filter_map(|span| span.before(last_day, calendar)).filter(|day| *day > entered).collect();
        reminders.sort_unstable();
        reminders.dedup();
        Some(StateDue { last_day, reminders })
    }
}
