//! Deadlines as last days: spans, dates of a fiscal year, the earliest of several.

use std::str::FromStr;

use chrono::{Days, Months, NaiveDate};
use vocabulary::{Calendar, Invalid};

use crate::compiled::Program;
use crate::facts::CaseFacts;

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
        let count: u32 = count.parse().ok().filter(|n| (1..=LONGEST).contains(n)).ok_or_else(invalid)?;
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
        match self.unit {
            SpanUnit::Days => day.checked_add_days(Days::new(self.count.into())),
            SpanUnit::OfficeDays => Some(calendar.office_days_after(day, self.count)),
            SpanUnit::Months => day.checked_add_months(Months::new(self.count)),
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

impl Program {
    /// The last day of one of the program's deadlines; `None` while its fact is not there yet, and for unknown names.
    #[must_use]
    pub fn deadline(&self, name: &str, facts: &CaseFacts, calendar: &Calendar) -> Option<NaiveDate> {
        let _ = (name, facts, calendar);
        None
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
        let _ = (procedure, state, entered, facts, calendar);
        None
    }
}
