//! Stripe charges: made by confirming an intent; get and list.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::routes::Route;

use super::{
    Call, Handler, bank, expansion, pages,
    parameters::{Kind, Parameter, Parameters},
    payment_methods::{self, PaymentMethod},
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "GET", path: "/v1/charges", operation: "charges.list", handler: list },
    Route { method: "GET", path: "/v1/charges/{id}", operation: "charges.get", handler: get },
];

const GET: &[Parameter] = &[("expand", Kind::List)];

const LIST: &[Parameter] = &[
    ("created", Kind::IntegerOr(pages::RANGE)),
    ("customer", Kind::Text(5000)),
    ("ending_before", Kind::Text(5000)),
    ("expand", Kind::List),
    ("limit", Kind::Integer),
    ("payment_intent", Kind::Text(5000)),
    ("starting_after", Kind::Text(5000)),
    ("transfer_group", Kind::Text(5000)),
];

const EXPANDABLE: &[&str] = &["balance_transaction", "customer", "invoice", "payment_intent", "refunds"];

/// A charge.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) id: String,
    pub(super) intent: String,
    pub(super) amount: i64,
    pub(super) amount_captured: i64,
    pub(super) amount_refunded: i64,
    pub(super) currency: String,
    pub(super) status: ChargeStatus,
    pub(super) is_captured: bool,
    pub(super) is_live: bool,
    pub(super) created: i64,
    pub(super) description: Option<String>,
    pub(super) metadata: Map<String, Value>,
    /// `code`, `decline_code` and `message` of a failed charge.
    pub(super) failure: Option<(&'static str, &'static str)>,
    pub(super) method: Option<PaymentMethod>,
    pub(super) customer: Option<String>,
    pub(super) invoice: Option<String>,
    /// When its money is available; none before it is captured.
    pub(super) available_on: Option<i64>,
}

/// A charge's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChargeStatus {
    Pending,
    Succeeded,
    Failed,
}

impl ChargeStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

impl Charge {
    /// Returns what can still be refunded.
    pub(super) fn refundable(&self) -> i64 {
        self.amount_captured.saturating_sub(self.amount_refunded)
    }

    /// Returns the charge as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let is_failed = self.status == ChargeStatus::Failed;
        let method = self.method.as_ref();
        let tail = self.id.strip_prefix("ch_").unwrap_or(&self.id);
        let mut charge = json!({
            "id": self.id, "object": "charge", "amount": self.amount, "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded, "application": null, "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": (self.status == ChargeStatus::Succeeded && self.is_captured).then(|| format!("txn_{tail}")),
            "billing_details": payment_methods::billing_details(), "calculated_statement_descriptor": "SANDBOX",
            "captured": self.is_captured, "created": self.created, "currency": self.currency, "customer": self.customer,
            "description": self.description, "disputed": false, "failure_balance_transaction": null,
            "failure_code": self.failure.map(|(code, _)| code),
            "failure_message": self.failure.map(|(code, decline)| payment_methods::decline_message(code, decline)),
            "fraud_details": {}, "invoice": self.invoice, "livemode": self.is_live, "metadata": self.metadata,
            "on_behalf_of": null, "paid": !is_failed, "payment_intent": self.intent,
            "payment_method": method.map(|method| method.id.clone()),
        });
        let rest = json!({
            "outcome": {
                "network_status": if is_failed { "declined_by_network" } else { "approved_by_network" },
                "reason": self.failure.map(|(code, decline)| if decline.is_empty() { code } else { decline }),
                "risk_level": "normal",
                "seller_message": if is_failed { "The bank did not return any further details with this decline." } else { "Payment complete." },
                "type": if is_failed { "issuer_declined" } else { "authorized" },
            },
            "payment_method_details": method.map(PaymentMethod::charge_details), "receipt_email": null,
            "receipt_number": null, "receipt_url": null,
            "refunded": self.amount_refunded > 0 && self.amount_refunded == self.amount_captured, "review": null,
            "shipping": null, "source_transfer": null, "statement_descriptor": null,
            "statement_descriptor_suffix": null, "status": self.status.name(), "transfer_data": null,
            "transfer_group": null,
        });
        if let (Value::Object(all), Value::Object(rest)) = (&mut charge, rest) {
            all.extend(rest);
        }
        charge
    }
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), GET)?;
    expansion::check(&given, EXPANDABLE, "")?;
    let missing = || Refusal::no_such(StatusCode::NOT_FOUND, "charge", call.id, "id");
    let intent = call.account.charges.get(call.id).ok_or_else(missing)?.intent.clone();
    bank::settle(call.desk, call.account, &intent);
    let mut shown = call.account.charges.get(call.id).ok_or_else(missing)?.to_json();
    expansion::expand(call.account, &mut shown, &given);
    Ok(shown)
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let given = Parameters::checked(std::mem::take(&mut call.parameters), LIST)?;
    expansion::check(&given, EXPANDABLE, "data.")?;
    let charges = call.account.charges.newest();
    let fitting = charges
        .filter(|charge| pages::is_in_range(charge.created, &given, "created"))
        .filter(|charge| pages::fits(charge.customer.as_deref(), &given, "customer"))
        .filter(|charge| pages::fits(Some(&charge.intent), &given, "payment_intent"))
        .filter(|_| given.text("transfer_group").is_none());
    let page = pages::page(&given, "charge", fitting, |charge| &charge.id)?;
    let data = page.items.into_iter().map(Charge::to_json).collect();
    Ok(expansion::list(call.account, &given, "/v1/charges", (data, page.has_more)))
}
