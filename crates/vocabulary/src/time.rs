//! Instants are UTC to the microsecond; days are days in Japan, which has had no summer time since 1952.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};

use crate::Locale;

pub type Instant = DateTime<Utc>;

/// The only source of the present.
pub trait Clock: Send + Sync + 'static {
    /// Truncated to the microsecond, the finest that both databases keep.
    fn now(&self) -> Instant;
}

/// Drops what the databases would drop.
#[must_use]
pub fn to_microseconds(instant: Instant) -> Instant {
    instant.with_nanosecond(instant.nanosecond() / 1_000 * 1_000).unwrap_or(instant)
}

const JAPAN_OFFSET_SECONDS: i64 = 9 * 60 * 60;

/// The calendar day in Japan.
#[must_use]
pub fn day_in_japan(instant: Instant) -> NaiveDate {
    (instant + TimeDelta::seconds(JAPAN_OFFSET_SECONDS)).date_naive()
}

/// 00:00 in Japan of that day.
#[must_use]
pub fn start_of_day(day: NaiveDate) -> Instant {
    Utc.from_utc_datetime(&day.and_time(NaiveTime::MIN)) - TimeDelta::seconds(JAPAN_OFFSET_SECONDS)
}

/// The first instant that is no longer that day: a deadline on the day holds for everything before it.
#[must_use]
pub fn end_of_day(day: NaiveDate) -> Instant {
    start_of_day(day.checked_add_days(Days::new(1)).unwrap_or(day))
}

/// `2026-04-01`, and nothing else.
#[must_use]
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// A day as official documents write it: 令和8年4月1日, 令和元年5月1日; in English, 1 April 2026.
#[must_use]
pub fn wareki(day: NaiveDate, locale: Locale) -> String {
    if locale == Locale::En {
        return day.format("%-d %B %Y").to_string();
    }
    let era = [("令和", (2019, 5, 1)), ("平成", (1989, 1, 8)), ("昭和", (1926, 12, 25))]
        .into_iter()
        .find(|(_, (y, m, d))| (day.year(), day.month(), day.day()) >= (*y, *m, *d));
    let Some((era, (first_year, _, _))) = era else {
        return format!("{}年{}月{}日", day.year(), day.month(), day.day());
    };
    let year = day.year() - first_year + 1;
    let year = if year == 1 { "元".to_owned() } else { year.to_string() };
    format!("{era}{year}年{}月{}日", day.month(), day.day())
}

/// The same with the time in Japan: 令和8年4月1日 9:30; 1 April 2026, 09:30.
#[must_use]
pub fn wareki_time(instant: Instant, locale: Locale) -> String {
    let day = wareki(day_in_japan(instant), locale);
    let time = instant + TimeDelta::seconds(JAPAN_OFFSET_SECONDS);
    match locale {
        Locale::Ja => format!("{day} {}", time.format("%-H:%M")),
        Locale::En => format!("{day}, {}", time.format("%H:%M")),
    }
}

/// The instant shown as a time in Japan, `2026-04-01 09:30`: for files and logs.
#[must_use]
pub fn time_in_japan(instant: Instant) -> String {
    match FixedOffset::east_opt(i32::try_from(JAPAN_OFFSET_SECONDS).unwrap_or(0)) {
        Some(offset) => instant.with_timezone(&offset).format("%Y-%m-%d %H:%M").to_string(),
        None => instant.format("%Y-%m-%d %H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_day(text).unwrap()
    }

    #[test]
    fn eras_begin_on_their_first_day() {
        assert_eq!(wareki(day("2019-04-30"), Locale::Ja), "平成31年4月30日");
        assert_eq!(wareki(day("2019-05-01"), Locale::Ja), "令和元年5月1日");
        assert_eq!(wareki(day("2026-04-01"), Locale::Ja), "令和8年4月1日");
        assert_eq!(wareki(day("1989-01-07"), Locale::Ja), "昭和64年1月7日");
    }

    #[test]
    fn a_day_ends_at_midnight_in_japan() {
        let last = end_of_day(day("2026-03-31")) - TimeDelta::microseconds(1);
        assert_eq!(day_in_japan(last), day("2026-03-31"));
        assert_eq!(day_in_japan(end_of_day(day("2026-03-31"))), day("2026-04-01"));
    }
}
