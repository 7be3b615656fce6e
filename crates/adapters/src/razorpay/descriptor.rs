//! What Razorpay is, as data.

use domain::{
    Authentication, BaseUrls, CredentialField, Currency, Descriptor, Feature, OperationKind, ProviderId,
    RetrySafety, SupportedOperation,
};

use super::{NAME, amounts, detection};

/// Razorpay, described.
pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    id: ProviderId::new("razorpay"),
    name: NAME,
    // One host: the key decides whether money moves.
    base_urls: BaseUrls { test: "https://api.razorpay.com", live: "https://api.razorpay.com" },
    authentication: Authentication::Static,
    credentials: &[
        CredentialField { name: "key_id", label: "Key id", is_secret: false },
        CredentialField { name: "key_secret", label: "Key secret", is_secret: true },
        CredentialField { name: "webhook_secret", label: "Webhook secret", is_secret: true },
        CredentialField { name: "account_number", label: "RazorpayX account number", is_secret: false },
    ],
    account: &["key_id", "account_number"],
    sufficient: &[&["key_id", "key_secret"]],
    detection: detection::DETECTION,
    operations: &[
        // Of refunds and links nobody says how long their keys are kept: these are looked up. Payouts: `payout-idempotency` (2026).
        SupportedOperation::new(OperationKind::OrdersCreate, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::OrdersGet, RetrySafety::Harmless),
        SupportedOperation::new(OperationKind::OrdersCapture, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::RefundsCreate, RetrySafety::Keyed),
        SupportedOperation::new(OperationKind::RefundsGet, RetrySafety::Harmless),
        SupportedOperation::new(OperationKind::SubscriptionsCreate, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::SubscriptionsGet, RetrySafety::Harmless),
        SupportedOperation::new(OperationKind::SubscriptionsCancel, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::PaymentLinksCreate, RetrySafety::Keyed),
        SupportedOperation::new(OperationKind::PaymentLinksGet, RetrySafety::Harmless),
        SupportedOperation::keyed(OperationKind::PayoutsCreate, 7 * 24),
        SupportedOperation::new(OperationKind::PayoutsGet, RetrySafety::Harmless),
        SupportedOperation::new(OperationKind::ProxyWrite, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::ProxyRead, RetrySafety::Harmless),
    ],
    takes_currency,
};

/// Payouts are made within India only.
fn takes_currency(operation: OperationKind, currency: Currency) -> bool {
    match operation.feature() {
        Feature::Payouts => currency == Currency::INR,
        _ => amounts::unit(currency).is_some(),
    }
}
