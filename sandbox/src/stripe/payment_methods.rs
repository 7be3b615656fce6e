//! Stripe's test payment methods, and what the bank does when one is confirmed.

use serde_json::{Value, json};

/// What the bank does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The card is charged.
    Succeeds,
    /// The card is refused, with `code` and `decline_code`.
    Declines(&'static str, &'static str),
    /// The payer must confirm with the bank first (3-D Secure).
    AsksPayer,
    /// A bank debit: money comes days later.
    DebitSucceeds,
    /// A bank debit that bounces days later.
    DebitFails,
}

/// A payment method that was made from a test token or from data.
#[derive(Clone, Debug)]
pub(super) struct PaymentMethod {
    pub(super) id: String,
    pub(super) brand: &'static str,
    pub(super) last4: &'static str,
    pub(super) verdict: Verdict,
    pub(super) created: i64,
    pub(super) is_live: bool,
    /// The customer that it is attached to.
    pub(super) customer: Option<String>,
}

/// How a refund to a payment method goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefundManner {
    /// The money is back at once.
    AtOnce,
    /// The money is back days later.
    Later,
    /// The refund succeeds, and is found to have failed days later.
    FailsLate,
}

/// The test tokens of the documentation page "Testing": name, brand, last four digits, verdict.
const TOKENS: [(&str, &str, &str, Verdict); 20] = [
    ("pm_card_visa", "visa", "4242", Verdict::Succeeds),
    ("pm_card_mastercard", "mastercard", "4444", Verdict::Succeeds),
    ("pm_card_amex", "amex", "8431", Verdict::Succeeds),
    ("pm_card_bypassPending", "visa", "0077", Verdict::Succeeds),
    ("pm_card_pendingRefund", "visa", "7726", Verdict::Succeeds),
    ("pm_card_refundFail", "visa", "5126", Verdict::Succeeds),
    ("pm_card_createDispute", "visa", "0259", Verdict::Succeeds),
    ("pm_card_chargeDeclined", "visa", "0002", Verdict::Declines("card_declined", "generic_decline")),
    ("pm_card_visa_chargeDeclined", "visa", "0002", Verdict::Declines("card_declined", "generic_decline")),
    (
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "visa",
        "9995",
        Verdict::Declines("card_declined", "insufficient_funds"),
    ),
    (
        "pm_card_chargeDeclinedInsufficientFunds",
        "visa",
        "9995",
        Verdict::Declines("card_declined", "insufficient_funds"),
    ),
    ("pm_card_visa_chargeDeclinedLostCard", "visa", "9987", Verdict::Declines("card_declined", "lost_card")),
    (
        "pm_card_visa_chargeDeclinedStolenCard",
        "visa",
        "9979",
        Verdict::Declines("card_declined", "stolen_card"),
    ),
    ("pm_card_chargeDeclinedExpiredCard", "visa", "0069", Verdict::Declines("expired_card", "")),
    ("pm_card_chargeDeclinedIncorrectCvc", "visa", "0127", Verdict::Declines("incorrect_cvc", "")),
    ("pm_card_chargeDeclinedProcessingError", "visa", "0119", Verdict::Declines("processing_error", "")),
    ("pm_card_threeDSecure2Required", "visa", "3220", Verdict::AsksPayer),
    ("pm_card_authenticationRequired", "visa", "3184", Verdict::AsksPayer),
    ("pm_usBankAccount_success", "us_bank_account", "6789", Verdict::DebitSucceeds),
    ("pm_usBankAccount_insufficientFunds", "us_bank_account", "2222", Verdict::DebitFails),
];

impl PaymentMethod {
    /// Returns the payment method of a test token; it still needs its id and time.
    pub(super) fn of_token(token: &str) -> Option<Self> {
        let (_, brand, last4, verdict) = TOKENS.iter().find(|(name, ..)| *name == token)?;
        Some(Self {
            id: String::new(),
            brand,
            last4,
            verdict: *verdict,
            created: 0,
            is_live: false,
            customer: None,
        })
    }

    /// Returns the payment method of `payment_method_data[type]`; card data is taken for a good Visa.
    pub(super) fn of_type(kind: &str) -> Option<Self> {
        match kind {
            "card" => Self::of_token("pm_card_visa"),
            "us_bank_account" => Self::of_token("pm_usBankAccount_success"),
            _ => None,
        }
    }

    /// Returns `card` or `us_bank_account`.
    pub(super) fn kind(&self) -> &'static str {
        if self.brand == "us_bank_account" { "us_bank_account" } else { "card" }
    }

    /// Returns how a refund of a payment with it goes.
    pub(super) fn refund_manner(&self) -> RefundManner {
        match self.last4 {
            "7726" => RefundManner::Later,
            "5126" => RefundManner::FailsLate,
            _ if self.kind() != "card" => RefundManner::Later,
            _ => RefundManner::AtOnce,
        }
    }

    /// Tells whether a charge's money can be paid out at once.
    pub(super) fn bypasses_pending(&self) -> bool {
        self.last4 == "0077"
    }

    /// Returns the payment method as Stripe writes it.
    pub(super) fn to_json(&self) -> Value {
        let details = if self.kind() == "card" {
            json!({
                "brand": self.brand,
                "checks": {"address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass"},
                "country": "US", "exp_month": 8, "exp_year": 2034, "fingerprint": "gK0qksXq136kiXut", "funding": "credit",
                "generated_from": null, "last4": self.last4, "networks": {"available": [self.brand], "preferred": null},
                "three_d_secure_usage": {"supported": true}, "wallet": null,
            })
        } else {
            json!({
                "account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK",
                "financial_connections_account": null, "fingerprint": "FFDMA0jJDFjDf0aS", "last4": self.last4,
                "networks": {"preferred": "ach", "supported": ["ach"]}, "routing_number": "110000000", "status_details": {},
            })
        };
        json!({
            "id": self.id, "object": "payment_method", "billing_details": billing_details(), "created": self.created,
            "customer": self.customer, "livemode": self.is_live, "metadata": {}, "type": self.kind(), self.kind(): details,
        })
    }

    /// Returns `payment_method_details` of a charge.
    pub(super) fn charge_details(&self) -> Value {
        if self.kind() != "card" {
            return json!({
                "type": "us_bank_account",
                "us_bank_account": {
                    "account_holder_type": "individual", "account_type": "checking", "bank_name": "STRIPE TEST BANK",
                    "fingerprint": "FFDMA0jJDFjDf0aS", "last4": self.last4, "routing_number": "110000000",
                },
            });
        }
        json!({
            "type": "card",
            "card": {
                "brand": self.brand,
                "checks": {"address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass"},
                "country": "US", "exp_month": 8, "exp_year": 2034, "fingerprint": "gK0qksXq136kiXut", "funding": "credit",
                "installments": null, "last4": self.last4, "mandate": null, "network": self.brand,
                "network_token": {"used": false}, "three_d_secure": null, "wallet": null,
            },
        })
    }
}

/// Returns billing details of which nothing is known.
pub(super) fn billing_details() -> Value {
    json!({
        "address": {"city": null, "country": null, "line1": null, "line2": null, "postal_code": null, "state": null},
        "email": null, "name": null, "phone": null,
    })
}

/// Returns the payer's text for a decline.
pub(super) fn decline_message(code: &str, decline_code: &str) -> &'static str {
    match (code, decline_code) {
        ("expired_card", _) => "Your card has expired.",
        ("incorrect_cvc", _) => "Your card's security code is incorrect.",
        ("processing_error", _) => "An error occurred while processing your card. Try again in a little bit.",
        (_, "insufficient_funds") => "Your card has insufficient funds.",
        _ => "Your card was declined.",
    }
}
