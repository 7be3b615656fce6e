//! An order on the wire. Nothing in it is promised. Source: `checkout_orders_v2`, 2024-02-03.

use domain::Money;
use serde::Deserialize;

use crate::json;
use crate::paypal::amounts::WireAmount;
use crate::paypal::links::WireLink;

/// An order.
#[derive(Deserialize)]
pub(super) struct WireOrder {
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) intent: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "json::nullable")]
    pub(super) purchase_units: Vec<WireUnit>,
    #[serde(default, deserialize_with = "json::nullable")]
    pub(super) links: Vec<WireLink>,
}

/// A part of an order; the gateway's have one.
#[derive(Deserialize)]
pub(super) struct WireUnit {
    #[serde(default, deserialize_with = "json::lenient")]
    amount: Option<WireAmount>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) custom_id: Option<String>,
    #[serde(default, deserialize_with = "json::nullable")]
    pub(super) payments: WirePayments,
}

/// What was done with the money.
#[derive(Default, Deserialize)]
pub(super) struct WirePayments {
    #[serde(default, deserialize_with = "json::nullable")]
    pub(super) authorizations: Vec<WirePayment>,
    #[serde(default, deserialize_with = "json::nullable")]
    pub(super) captures: Vec<WirePayment>,
    #[serde(default, deserialize_with = "json::nullable")]
    refunds: Vec<WirePayment>,
}

/// An authorisation, a capture or a refund.
#[derive(Deserialize)]
pub(super) struct WirePayment {
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    amount: Option<WireAmount>,
}

impl WirePayment {
    /// Returns its amount, where it is told and is one.
    pub(super) fn amount(&self) -> Option<Money> {
        self.amount.as_ref()?.money()
    }

    fn has_status(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }
}

impl WireOrder {
    /// Returns the sum of its parts, `None` when an amount is missing, when there is none, or when they do not add up to
    /// one.
    pub(super) fn total(&self) -> Option<Money> {
        let mut total: Option<Money> = None;
        for unit in &self.purchase_units {
            let amount = unit.amount.as_ref()?.money()?;
            total = Some(match total {
                None => amount,
                Some(sum) if sum.currency() == amount.currency() => {
                    Money::from_minor(sum.minor().checked_add(amount.minor())?, sum.currency()).ok()?
                }
                Some(_) => return None,
            });
        }
        total
    }

    /// Returns what went back of an order of this amount: the completed refunds, or the captures that PayPal calls refunded
    /// where that is more, since a reversal by PayPal itself need not stand among the refunds.
    pub(super) fn refunded(&self, of: Money) -> Money {
        let sum = |payments: &dyn Fn(&WireUnit) -> Vec<Money>| {
            let all = self.purchase_units.iter().flat_map(payments);
            let in_currency = all.filter(|money| money.currency() == of.currency());
            in_currency.map(Money::minor).try_fold(0_i64, i64::checked_add).unwrap_or_default()
        };
        let with_status = |payments: &[WirePayment], status: &str| -> Vec<Money> {
            let matching = payments.iter().filter(|payment| payment.has_status(status));
            matching.filter_map(WirePayment::amount).collect()
        };
        let refunds = sum(&|unit| with_status(&unit.payments.refunds, "COMPLETED"));
        let captures = sum(&|unit| with_status(&unit.payments.captures, "REFUNDED"));
        Money::from_minor(refunds.max(captures), of.currency()).unwrap_or(Money::zero(of.currency()))
    }
}
