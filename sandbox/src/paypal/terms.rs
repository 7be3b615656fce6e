//! What a plan asks for: its billing cycles with their prices and dates, and what happens when a charge fails.

use serde_json::{Map, Value, json};
use time::{Date, Duration, Month, OffsetDateTime};

use super::money::Money;

/// The terms of a plan, or of a subscription that overrides some of them.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// In the order of their sequence: trials, then the regular one.
    pub(super) cycles: Vec<Cycle>,
    pub(super) preferences: Preferences,
}

/// One billing cycle of a plan.
#[derive(Clone, Debug)]
pub(super) struct Cycle {
    pub(super) is_trial: bool,
    pub(super) sequence: i64,
    pub(super) interval: Interval,
    /// How often it is executed; 0 is endless.
    pub(super) total: i64,
    /// Nothing for a free trial.
    pub(super) price: Money,
}

/// How far apart two charges are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) unit: IntervalUnit,
    pub(super) count: i64,
}

/// What an interval counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IntervalUnit {
    Day,
    Week,
    Month,
    Year,
}

/// What a plan says about payments.
#[derive(Clone, Debug)]
pub(super) struct Preferences {
    /// Whether the next charge takes what an earlier one could not.
    pub(super) bills_outstanding: bool,
    pub(super) setup_fee: Option<Money>,
    pub(super) setup_fee_failure_action: &'static str,
    /// After so many failed charges the subscription is suspended; 0 is never.
    pub(super) failure_threshold: i64,
}

impl IntervalUnit {
    /// Every unit with its word and the largest count.
    pub(super) const ALL: [(Self, &'static str, i64); 4] = [
        (Self::Day, "DAY", 365),
        (Self::Week, "WEEK", 52),
        (Self::Month, "MONTH", 12),
        (Self::Year, "YEAR", 1),
    ];

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(unit, ..)| *unit == self).map_or("", |(_, name, _)| name)
    }
}

impl Interval {
    /// Returns the moment so many intervals after another, in Unix seconds. A month without such a day ends it.
    pub(super) fn after(self, start: i64, times: i64) -> i64 {
        let count = self.count.saturating_mul(times);
        let days = |length: i64| start.saturating_add(Duration::DAY.whole_seconds().saturating_mul(length));
        match self.unit {
            IntervalUnit::Day => days(count),
            IntervalUnit::Week => days(count.saturating_mul(7)),
            IntervalUnit::Month => months_after(start, count).unwrap_or(i64::MAX),
            IntervalUnit::Year => months_after(start, count.saturating_mul(12)).unwrap_or(i64::MAX),
        }
    }
}

fn months_after(start: i64, months: i64) -> Option<i64> {
    let start = OffsetDateTime::from_unix_timestamp(start).ok()?;
    let month = i64::from(start.year())
        .checked_mul(12)?
        .checked_add(i64::from(u8::from(start.month())))?
        .checked_sub(1)?
        .checked_add(months)?;
    let year = i32::try_from(month.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(month.rem_euclid(12)).ok()?.checked_add(1)?).ok()?;
    let day = start.day().min(month.length(year));
    let date = Date::from_calendar_date(year, month, day).ok()?;
    Some(start.replace_date(date).unix_timestamp())
}

impl Terms {
    /// Returns the regular price of one unit, which also tells the currency.
    pub(super) fn price(&self) -> Money {
        let regular = self.cycles.iter().find(|cycle| !cycle.is_trial).or_else(|| self.cycles.first());
        regular.map_or_else(|| Money { currency: String::new(), minor: 0 }, |cycle| cycle.price.clone())
    }

    /// Returns the billing cycles as PayPal writes them.
    pub(super) fn cycles_json(&self, created: &str) -> Value {
        self.cycles.iter().map(|cycle| cycle.to_json(created)).collect()
    }

    /// Returns the payment preferences as PayPal writes them.
    pub(super) fn preferences_json(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("auto_bill_outstanding".to_owned(), json!(self.preferences.bills_outstanding));
        if let Some(fee) = &self.preferences.setup_fee {
            shown.insert("setup_fee".to_owned(), fee.to_json());
        }
        let action = self.preferences.setup_fee_failure_action;
        shown.insert("setup_fee_failure_action".to_owned(), json!(action));
        shown.insert("payment_failure_threshold".to_owned(), json!(self.preferences.failure_threshold));
        Value::Object(shown)
    }
}

impl Cycle {
    /// Returns PayPal's word for its kind.
    pub(super) fn tenure(&self) -> &'static str {
        if self.is_trial { "TRIAL" } else { "REGULAR" }
    }

    fn to_json(&self, created: &str) -> Value {
        let mut cycle = Map::new();
        if self.price.minor > 0 {
            let scheme = json!({
                "version": 1, "fixed_price": self.price.to_json(), "create_time": created, "update_time": created,
            });
            cycle.insert("pricing_scheme".to_owned(), scheme);
        }
        let frequency =
            json!({"interval_unit": self.interval.unit.name(), "interval_count": self.interval.count});
        cycle.insert("frequency".to_owned(), frequency);
        cycle.insert("tenure_type".to_owned(), json!(self.tenure()));
        cycle.insert("sequence".to_owned(), json!(self.sequence));
        cycle.insert("total_cycles".to_owned(), json!(self.total));
        Value::Object(cycle)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_date_that_a_month_does_not_have_is_its_last_day() {
        let start = datetime!(2027-12-31 10:00 UTC).unix_timestamp();
        let monthly = Interval { unit: IntervalUnit::Month, count: 1 };
        for (times, expected) in [
            (0, datetime!(2027-12-31 10:00 UTC)),
            (1, datetime!(2028-01-31 10:00 UTC)),
            (2, datetime!(2028-02-29 10:00 UTC)),
            (3, datetime!(2028-03-31 10:00 UTC)),
            (14, datetime!(2029-02-28 10:00 UTC)),
        ] {
            assert_eq!(monthly.after(start, times), expected.unix_timestamp(), "{times}");
        }
        let weekly = Interval { unit: IntervalUnit::Week, count: 2 };
        assert_eq!(weekly.after(start, 1), datetime!(2028-01-14 10:00 UTC).unix_timestamp());
        let yearly = Interval { unit: IntervalUnit::Year, count: 1 };
        assert_eq!(yearly.after(start, 2), datetime!(2029-12-31 10:00 UTC).unix_timestamp());
    }
}
