//! Spans of time as rules write them.

use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate};
use vocabulary::{Calendar, Invalid};

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

/// A number without a sign.
pub(crate) fn digits(text: &str) -> Option<u32> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}
