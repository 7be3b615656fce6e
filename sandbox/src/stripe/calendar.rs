//! Billing periods: days and weeks by the clock, months and years by the calendar.

use time::{Date, Month, OffsetDateTime};

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// The unit of a billing period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interval {
    Day,
    Week,
    Month,
    Year,
}

impl Interval {
    /// Every word of `recurring[interval]`.
    pub(super) const NAMES: &'static [&'static str] = &["day", "week", "month", "year"];

    /// Returns the interval of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            "year" => Some(Self::Year),
            _ => None,
        }
    }

    /// Returns Stripe's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Returns how many of them fit into three years, which is the longest period.
    pub(super) fn most(self) -> i64 {
        match self {
            Self::Day => 1095,
            Self::Week => 156,
            Self::Month => 36,
            Self::Year => 3,
        }
    }

    /// Returns the time so many intervals after the anchor, in Unix seconds; a day that the month lacks is its last one.
    pub(super) fn after(self, anchor: i64, count: i64) -> i64 {
        match self {
            Self::Day => anchor.saturating_add(count.saturating_mul(DAY_SECONDS)),
            Self::Week => anchor.saturating_add(count.saturating_mul(DAY_SECONDS.saturating_mul(7))),
            Self::Month => months_after(anchor, count).unwrap_or(i64::MAX),
            Self::Year => months_after(anchor, count.saturating_mul(12)).unwrap_or(i64::MAX),
        }
    }
}

/// Returns the first midnight (UTC) that is not before the time.
pub(super) fn midnight_from(time: i64) -> i64 {
    let into_day = time.rem_euclid(DAY_SECONDS);
    if into_day == 0 { time } else { time.saturating_sub(into_day).saturating_add(DAY_SECONDS) }
}

/// None where the time is beyond the calendar.
fn months_after(anchor: i64, count: i64) -> Option<i64> {
    let moment = OffsetDateTime::from_unix_timestamp(anchor).ok()?;
    let months = i64::from(moment.year())
        .checked_mul(12)?
        .checked_add(i64::from(u8::from(moment.month())))?
        .checked_sub(1)?
        .checked_add(count)?;
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(months.rem_euclid(12)).ok()?.checked_add(1)?).ok()?;
    let day = moment.day().min(month.length(year));
    let date = Date::from_calendar_date(year, month, day).ok()?;
    Some(moment.replace_date(date).unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(interval: Interval, count: i64, expected: &str) {
        // 2026-01-31T10:00:00Z
        let after = interval.after(1_769_853_600, count);
        assert_eq!(crate::clock::rfc3339(after), expected);
    }

    #[test]
    fn months_keep_the_anchors_day_where_they_have_it() {
        check(Interval::Month, 1, "2026-02-28T10:00:00Z");
        check(Interval::Month, 2, "2026-03-31T10:00:00Z");
        check(Interval::Month, 12, "2027-01-31T10:00:00Z");
        check(Interval::Year, 2, "2028-01-31T10:00:00Z");
        check(Interval::Week, 1, "2026-02-07T10:00:00Z");
        check(Interval::Day, 30, "2026-03-02T10:00:00Z");
    }

    #[test]
    fn a_payout_arrives_at_midnight() {
        assert_eq!(midnight_from(1_700_172_800), 1_700_179_200);
        assert_eq!(midnight_from(1_700_179_200), 1_700_179_200);
    }
}
