//! Which days offices and banks work. Holidays are data; only the rules of the week and the year's end are here.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

/// National holidays (国民の祝日) as the Cabinet Office publishes them, and what the municipality adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Days besides Saturdays, Sundays and the turn of the year.
    pub holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    fn is_weekday(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.holidays.contains(&day)
    }

    /// Offices also rest from 29 December to 3 January.
    #[must_use]
    pub fn is_office_day(&self, day: NaiveDate) -> bool {
        let year_end = (day.month() == 12 && day.day() >= 29) || (day.month() == 1 && day.day() <= 3);
        self.is_weekday(day) && !year_end
    }

    /// Banks also rest from 31 December to 3 January.
    #[must_use]
    pub fn is_bank_day(&self, day: NaiveDate) -> bool {
        let year_end = (day.month() == 12 && day.day() == 31) || (day.month() == 1 && day.day() <= 3);
        self.is_weekday(day) && !year_end
    }

    /// The `count`-th office day after `from`, the first day not counted (初日不算入).
    #[must_use]
    pub fn office_days_after(&self, from: NaiveDate, count: u32) -> NaiveDate {
        following(from).filter(|day| self.is_office_day(*day)).take(count as usize).last().unwrap_or(from)
    }

    /// That day, or the next office day.
    #[must_use]
    pub fn office_day_from(&self, day: NaiveDate) -> NaiveDate {
        if self.is_office_day(day) { day } else { self.office_days_after(day, 1) }
    }

    /// The first bank day strictly after `day`.
    #[must_use]
    pub fn bank_day_after(&self, day: NaiveDate) -> NaiveDate {
        following(day).find(|day| self.is_bank_day(*day)).unwrap_or(day)
    }

    /// That day, or the bank day before it: transfer days move forward when they fall on a holiday.
    #[must_use]
    pub fn bank_day_until(&self, day: NaiveDate) -> NaiveDate {
        (0..31)
            .filter_map(|back| day.checked_sub_days(Days::new(back)))
            .find(|day| self.is_bank_day(*day))
            .unwrap_or(day)
    }
}

fn following(day: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    (1..=4_000).filter_map(move |ahead| day.checked_add_days(Days::new(ahead)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bank_day_for_fiscal_year_2025_is_29_may_2026() {
        let calendar = Calendar::default();
        let closing = crate::FiscalYear(2025).account_closing();
        assert_eq!(calendar.bank_day_until(closing), NaiveDate::from_ymd_opt(2026, 5, 29).unwrap());
    }

    #[test]
    fn banks_work_on_30_december_and_offices_do_not() {
        let day = NaiveDate::from_ymd_opt(2026, 12, 30).unwrap();
        assert!(Calendar::default().is_bank_day(day));
        assert!(!Calendar::default().is_office_day(day));
        assert_eq!(Calendar::default().office_day_from(day), NaiveDate::from_ymd_opt(2027, 1, 4).unwrap());
    }
}
