//! Stripe charges: made by confirming an intent, shown by expanding `latest_charge`.

use serde_json::{Map, Value, json};

use super::payment_methods::{self, PaymentMethod};

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
            "captured": self.is_captured, "created": self.created, "currency": self.currency, "customer": null,
            "description": self.description, "disputed": false, "failure_balance_transaction": null,
            "failure_code": self.failure.map(|(code, _)| code),
            "failure_message": self.failure.map(|(code, decline)| payment_methods::decline_message(code, decline)),
            "fraud_details": {}, "invoice": null, "livemode": self.is_live, "metadata": self.metadata,
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
            "refunded": self.amount_refunded > 0 && self.amount_refunded == self.amount, "review": null,
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
