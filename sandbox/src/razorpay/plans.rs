//! Razorpay plans: create, get, list, and how long their cycles are.

use serde_json::{Map, Value, json};
use time::{Date, Month, OffsetDateTime};

use crate::{desk::Change, routes::Route};

use super::{
    Call, Handler, currencies,
    fields::{self, Fields, transaction_of},
    lists::{ListQuery, collection},
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/plans", operation: "plans.create", handler: create },
    Route { method: "GET", path: "/v1/plans", operation: "plans.list", handler: list },
    Route { method: "GET", path: "/v1/plans/{id}", operation: "plans.get", handler: get },
];

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// The least interval of a daily plan.
const LEAST_DAYS: i64 = 7;
/// The longest that a subscription runs, in years.
const MOST_YEARS: i64 = 100;

/// A plan; it never changes.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) id: String,
    period: Period,
    interval: i64,
    item_id: String,
    pub(super) name: String,
    description: Option<String>,
    /// The price of one cycle and unit.
    pub(super) amount: i64,
    pub(super) currency: String,
    notes: Value,
    created_at: i64,
}

#[derive(Clone, Copy, Debug)]
enum Period {
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    Yearly,
}

impl Period {
    const NAMES: [&'static str; 5] = ["daily", "weekly", "monthly", "quarterly", "yearly"];

    fn named(name: &str) -> Option<Self> {
        [Self::Daily, Self::Weekly, Self::Monthly, Self::Quarterly, Self::Yearly]
            .into_iter()
            .find(|period| period.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }

    fn per_year(self) -> i64 {
        match self {
            Self::Daily => 365,
            Self::Weekly => 52,
            Self::Monthly => 12,
            Self::Quarterly => 4,
            Self::Yearly => 1,
        }
    }
}

impl Plan {
    /// Returns the largest number of cycles that a subscription may have.
    pub(super) fn most_cycles(&self) -> i64 {
        MOST_YEARS.saturating_mul(self.period.per_year()) / self.interval.max(1)
    }

    /// Returns when this many cycles after a moment are over, both in Unix seconds.
    pub(super) fn after(&self, start: i64, cycles: i64) -> i64 {
        let count = self.interval.saturating_mul(cycles);
        match self.period {
            Period::Daily => start.saturating_add(count.saturating_mul(DAY_SECONDS)),
            Period::Weekly => start.saturating_add(count.saturating_mul(7 * DAY_SECONDS)),
            Period::Monthly => add_months(start, count),
            Period::Quarterly => add_months(start, count.saturating_mul(3)),
            Period::Yearly => add_months(start, count.saturating_mul(12)),
        }
    }

    /// Returns the rhythm for a person: `every 2 months`.
    pub(super) fn rhythm(&self) -> String {
        let unit = match self.period {
            Period::Daily => "day",
            Period::Weekly => "week",
            Period::Monthly => "month",
            Period::Quarterly => "quarter",
            Period::Yearly => "year",
        };
        if self.interval == 1 { format!("every {unit}") } else { format!("every {} {unit}s", self.interval) }
    }

    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "entity": "plan",
            "interval": self.interval,
            "period": self.period.name(),
            "item": {
                "id": self.item_id,
                "active": true,
                "name": self.name,
                "description": self.description,
                "amount": self.amount,
                "unit_amount": self.amount,
                "currency": self.currency,
                "type": "plan",
                "unit": null,
                "tax_inclusive": false,
                "hsn_code": null,
                "sac_code": null,
                "tax_rate": null,
                "tax_id": null,
                "tax_group_id": null,
                "created_at": self.created_at,
                "updated_at": self.created_at,
            },
            "notes": self.notes,
            "created_at": self.created_at,
        })
    }
}

/// Adds months by the calendar; a day that the month does not have becomes its last one.
fn add_months(seconds: i64, months: i64) -> i64 {
    let add = || {
        let moment = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        let counted = i64::from(moment.year())
            .checked_mul(12)?
            .checked_add(i64::from(u8::from(moment.month())))?
            .checked_sub(1)?
            .checked_add(months)?;
        let year = i32::try_from(counted.div_euclid(12)).ok()?;
        let month = Month::try_from(u8::try_from(counted.rem_euclid(12)).ok()?.checked_add(1)?).ok()?;
        let date = Date::from_calendar_date(year, month, moment.day().min(month.length(year))).ok()?;
        Some(moment.replace_date(date).unix_timestamp())
    };
    add().unwrap_or(i64::MAX)
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let body = fields::object(&call.incoming.body)?;
    let plan = read_plan(&body)?;
    let plan = Plan {
        id: format!("plan_{}", call.desk.random.base62(14)),
        item_id: format!("item_{}", call.desk.random.base62(14)),
        created_at: call.desk.now(),
        ..plan
    };
    call.desk.report(Change {
        operation: "plans.create",
        merchant: &call.merchant.key_id,
        id: &plan.id,
        amount: json!(plan.amount),
        currency: Some(&plan.currency),
        reference: transaction_of(&plan.notes),
    });
    let answer = plan.to_json();
    call.merchant.plans.insert(&plan.id.clone(), plan);
    Ok(answer)
}

fn read_plan(body: &Map<String, Value>) -> Result<Plan, Refusal> {
    let fields = Fields::of(body, "", &["period", "interval", "item", "notes"])?;
    let period = fields.required_choice("period", &Period::NAMES)?;
    let period = Period::named(period).ok_or_else(|| fields.missing("period"))?;
    let interval = fields.required_integer("interval")?;
    let least = if matches!(period, Period::Daily) { LEAST_DAYS } else { 1 };
    if interval < least {
        return Err(fields.wrong("interval", &format!("must be at least {least}.")));
    }
    let item = fields.required_object("item")?;
    let item = Fields::of(item, "item.", &["name", "amount", "currency", "description"])?;
    let (amount, currency) = (item.required_integer("amount")?, item.required_text("currency")?);
    currencies::check_amount(amount, currency)?;
    Ok(Plan {
        id: String::new(),
        period,
        interval,
        item_id: String::new(),
        name: item.required_text("name")?.to_owned(),
        description: item.text("description", 2048)?.map(str::to_owned),
        amount,
        currency: currency.to_owned(),
        notes: fields.notes()?,
        created_at: 0,
    })
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    fields::check_id(call.id, "plan_")?;
    call.merchant.plans.get(call.id).map(Plan::to_json).ok_or_else(Refusal::unknown_id)
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let query = ListQuery::read(call.incoming, &[])?;
    let plans = query.page(call.merchant.plans.newest(), |plan| plan.created_at);
    let items: Vec<Value> = plans.into_iter().map(Plan::to_json).collect();
    Ok(collection(&items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_the_calendar() {
        for (start, months, end) in [
            (1_767_607_200, 1, 1_770_285_600),  // 5 January to 5 February
            (1_769_817_600, 1, 1_772_236_800),  // 31 January to 28 February 2026
            (1_706_659_200, 1, 1_709_164_800),  // 31 January to 29 February 2024
            (1_767_607_200, 12, 1_799_143_200), // a year
            (1_767_607_200, -1, 1_764_928_800), // 5 December
        ] {
            assert_eq!(add_months(start, months), end, "{start} + {months}");
        }
        assert_eq!(add_months(i64::MAX, 1), i64::MAX);
    }
}
