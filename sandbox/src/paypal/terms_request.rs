//! Reading a plan's terms from a request, and what a subscription overrides of them.

use serde_json::Value;

use super::{
    fields,
    money::{Money, Place, Rule},
    refusal::Refusal,
    terms::{Cycle, Interval, IntervalUnit, Preferences, Terms},
};

/// The most billing cycles that a request may list.
const MOST_CYCLES: usize = 12;
/// The most trials before the regular cycle.
const MOST_TRIALS: usize = 2;

/// Returns the terms of the request that creates a plan.
pub(super) fn read_terms(body: &Value) -> Result<Terms, Refusal> {
    let given = array(body, "billing_cycles", "")?.ok_or_else(|| fields::missing("/billing_cycles"))?;
    let mut cycles = Vec::with_capacity(given.len());
    for (index, cycle) in given.iter().enumerate() {
        cycles.push(read_cycle(cycle, &format!("/billing_cycles/{index}"))?);
    }
    cycles.sort_by_key(|cycle| cycle.sequence);
    check_order(&cycles)?;
    let preferences = body.get("payment_preferences").filter(|preferences| preferences.is_object());
    let preferences = preferences.ok_or_else(|| fields::missing("/payment_preferences"))?;
    let terms = Terms { preferences: read_preferences(preferences, "/payment_preferences", None)?, cycles };
    check_currency(&terms)?;
    Ok(terms)
}

/// Returns the plan's terms with what the subscription's `plan` changes in them.
pub(super) fn override_terms(terms: &Terms, plan: &Value) -> Result<Terms, Refusal> {
    fields::without(plan, "/plan", &["taxes"])?;
    let mut changed = terms.clone();
    for (index, given) in array(plan, "billing_cycles", "/plan")?.into_iter().flatten().enumerate() {
        let path = format!("/plan/billing_cycles/{index}");
        let sequence = fields::number(given, "sequence", &path, 1..=99)?
            .ok_or_else(|| fields::missing(format!("{path}/sequence")))?;
        let cycle = changed.cycles.iter_mut().find(|cycle| cycle.sequence == sequence).ok_or_else(|| {
            Refusal::issue("INVALID_BILLING_CYCLE_SEQUENCE")
                .at(format!("{path}/sequence"))
                .saying("The provided billing cycle sequence is not available.")
        })?;
        let least = if cycle.is_trial { 1 } else { 0 };
        cycle.total = fields::number(given, "total_cycles", &path, least..=999)?.unwrap_or(cycle.total);
        if let Some(price) = read_price(given, &path, cycle.is_trial)? {
            cycle.price = price;
        }
    }
    if let Some(given) = plan.get("payment_preferences").filter(|given| given.is_object()) {
        let path = "/plan/payment_preferences";
        changed.preferences = read_preferences(given, path, Some(&terms.preferences))?;
    }
    let currency = terms.price().currency;
    if changed.price().currency != currency || check_currency(&changed).is_err() {
        return Err(Refusal::issue("CURRENCY_MISMATCH")
            .at("/plan")
            .saying("The currency code is different from the plan's currency code."));
    }
    Ok(changed)
}

fn array<'v>(object: &'v Value, name: &str, path: &str) -> Result<Option<&'v Vec<Value>>, Refusal> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) if !items.is_empty() && items.len() <= MOST_CYCLES => Ok(Some(items)),
        Some(_) => Err(Refusal::issue("INVALID_PARAMETER_SYNTAX").at(format!("{path}/{name}"))),
    }
}

fn read_cycle(cycle: &Value, path: &str) -> Result<Cycle, Refusal> {
    let required = |name: &str| fields::missing(format!("{path}/{name}"));
    let tenure = fields::word(cycle, "tenure_type", path, &["REGULAR", "TRIAL"])?;
    let is_trial = tenure.ok_or_else(|| required("tenure_type"))? == "TRIAL";
    let sequence = fields::number(cycle, "sequence", path, 1..=99)?.ok_or_else(|| required("sequence"))?;
    let total = fields::number(cycle, "total_cycles", path, 0..=999)?.unwrap_or(1);
    if is_trial && total == 0 {
        return Err(Refusal::issue("INVALID_TRIAL_BILLING_TOTAL_CYCLES").at(format!("{path}/total_cycles")));
    }
    let frequency = cycle.get("frequency").filter(|frequency| frequency.is_object());
    let frequency = frequency.ok_or_else(|| required("frequency"))?;
    let price = match read_price(cycle, path, is_trial)? {
        Some(price) => price,
        // Takes the regular cycle's currency once all cycles are read.
        None if is_trial => Money { currency: String::new(), minor: 0 },
        None => return Err(required("pricing_scheme")),
    };
    Ok(Cycle { is_trial, sequence, interval: read_interval(frequency, path)?, total, price })
}

fn read_interval(frequency: &Value, path: &str) -> Result<Interval, Refusal> {
    let path = format!("{path}/frequency");
    let names = IntervalUnit::ALL.map(|(_, name, _)| name);
    let given = fields::word(frequency, "interval_unit", &path, &names)?;
    let given = given.ok_or_else(|| fields::missing(format!("{path}/interval_unit")))?;
    let found = IntervalUnit::ALL.into_iter().find(|(_, name, _)| *name == given);
    let (unit, _, most) =
        found.ok_or_else(|| Refusal::issue("INVALID_PARAMETER_VALUE").at(format!("{path}/interval_unit")))?;
    let count = fields::number(frequency, "interval_count", &path, 1..=most)?.unwrap_or(1);
    Ok(Interval { unit, count })
}

fn read_price(cycle: &Value, path: &str, is_trial: bool) -> Result<Option<Money>, Refusal> {
    let Some(scheme) = cycle.get("pricing_scheme").filter(|scheme| scheme.is_object()) else {
        return Ok(None);
    };
    let path = format!("{path}/pricing_scheme");
    fields::without(scheme, &path, &["pricing_model", "tiers"])?;
    let path = format!("{path}/fixed_price");
    let given = scheme.get("fixed_price").ok_or_else(|| fields::missing(path.clone()))?;
    let rule = if is_trial { Rule::NotNegative } else { Rule::Positive };
    Money::read(given, Place { path: &path, rule, no_decimals: "DECIMALS_NOT_SUPPORTED" }).map(Some)
}

fn read_preferences(given: &Value, path: &str, plan: Option<&Preferences>) -> Result<Preferences, Refusal> {
    let fee_path = format!("{path}/setup_fee");
    let place = Place { path: &fee_path, rule: Rule::NotNegative, no_decimals: "DECIMALS_NOT_SUPPORTED" };
    let fee = given.get("setup_fee").filter(|fee| !fee.is_null());
    let fee = fee.map(|fee| Money::read(fee, place)).transpose()?;
    let bills = fields::flag(given, "auto_bill_outstanding", path)?;
    let action = fields::word(given, "setup_fee_failure_action", path, &["CONTINUE", "CANCEL"])?;
    let threshold = fields::number(given, "payment_failure_threshold", path, 0..=999)?;
    Ok(Preferences {
        bills_outstanding: bills.unwrap_or_else(|| plan.is_none_or(|plan| plan.bills_outstanding)),
        setup_fee: fee.or_else(|| plan.and_then(|plan| plan.setup_fee.clone())),
        setup_fee_failure_action: action
            .or_else(|| plan.map(|plan| plan.setup_fee_failure_action))
            .unwrap_or("CANCEL"),
        failure_threshold: threshold.or_else(|| plan.map(|plan| plan.failure_threshold)).unwrap_or(0),
    })
}

/// Trials first, then one regular cycle, numbered from 1 without a gap.
fn check_order(cycles: &[Cycle]) -> Result<(), Refusal> {
    let refuse = |issue: &str| Err(Refusal::issue(issue).at("/billing_cycles"));
    let trials = cycles.iter().filter(|cycle| cycle.is_trial).count();
    let free = cycles.iter().filter(|cycle| cycle.is_trial && cycle.price.minor == 0).count();
    match cycles.len().saturating_sub(trials) {
        0 => return refuse("MISSING_REGULAR_BILLING_CYCLE"),
        1 => {}
        _ => return refuse("MULTIPLE_REGULAR_BILLING_CYCLES_NOT_SUPPORTED"),
    }
    if trials > MOST_TRIALS {
        return refuse("MORE_THAN_TWO_TRIAL_BILLING_CYCLE_NOT_SUPPORTED");
    }
    if free > 1 {
        return refuse("MULTIPLE_FREE_TRIAL_BILLING_CYCLES_NOT_SUPPORTED");
    }
    let is_consecutive = cycles.iter().zip(1_i64..).all(|(cycle, number)| cycle.sequence == number);
    if !is_consecutive {
        return refuse("INVALID_BILLING_CYCLE_SEQUENCE");
    }
    if cycles.last().is_some_and(|cycle| cycle.is_trial) {
        return Err(Refusal::issue("INVALID_BILLING_CYCLE_SEQUENCE")
            .at("/billing_cycles")
            .saying("Trial Billing cycle should precede regular billing cycle."));
    }
    Ok(())
}

fn check_currency(terms: &Terms) -> Result<(), Refusal> {
    let currency = terms.price().currency;
    let prices = terms.cycles.iter().map(|cycle| &cycle.price).chain(&terms.preferences.setup_fee);
    match prices.into_iter().find(|price| !price.currency.is_empty() && price.currency != currency) {
        None => Ok(()),
        Some(other) => {
            Err(Refusal::issue("CURRENCY_MISMATCH").at("/billing_cycles").with_value(&other.currency))
        }
    }
}
