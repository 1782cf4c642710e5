//! Deadlines as last days: spans, dates of a fiscal year, the earliest of several.

use chrono::NaiveDate;
use vocabulary::{Calendar, FiscalYear};

use crate::compiled::Program;
use crate::definition::{DateOf, FirstDay, OnHoliday};
use crate::expression::Value;
use crate::facts::{APPLICATION, CaseFacts};
use crate::parts::{CompiledDeadline, When};
use crate::span::{Span, digits, span_from};

/// When the clock of a state rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDue {
    pub last_day: NaiveDate,
    /// Days on which to remind, in order.
    pub reminders: Vec<NaiveDate>,
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
