//! The municipal fiscal year: 1 April to 31 March; its accounts close on 31 May (地方自治法 208条, 235条の5).

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::Locale;

/// Named by the year in which it begins: 令和8年度 is 2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct FiscalYear(pub i32);

impl FiscalYear {
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self(if day.month() >= 4 { day.year() } else { day.year() - 1 })
    }

    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        ymd(self.0, 4, 1)
    }

    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        ymd(self.0 + 1, 3, 31)
    }

    /// 出納閉鎖: the last day on which the year's money may be paid.
    #[must_use]
    pub fn account_closing(self) -> NaiveDate {
        ymd(self.0 + 1, 5, 31)
    }

    /// The day `month`-`day` inside this fiscal year.
    #[must_use]
    pub fn day(self, month: u32, day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(if month >= 4 { self.0 } else { self.0 + 1 }, month, day)
    }

    /// 令和8年度, or FY2026.
    #[must_use]
    pub fn name(self, locale: Locale) -> String {
        match (locale, self.0 - 2018) {
            (Locale::En, _) => format!("FY{}", self.0),
            (Locale::Ja, 1) => "令和元年度".to_owned(),
            (Locale::Ja, year) if year > 1 => format!("令和{year}年度"),
            (Locale::Ja, _) => format!("{}年度", self.0),
        }
    }
}

fn ymd(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MAX)
}

impl fmt::Display for FiscalYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_on_the_first_of_april() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(FiscalYear::of(day(2026, 3, 31)), FiscalYear(2025));
        assert_eq!(FiscalYear::of(day(2026, 4, 1)), FiscalYear(2026));
        assert_eq!(FiscalYear(2025).account_closing(), day(2026, 5, 31));
        assert_eq!(FiscalYear(2026).name(Locale::Ja), "令和8年度");
    }
}
