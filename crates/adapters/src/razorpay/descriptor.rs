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
    sufficient: &[&["key_id", "key_secret"]],
    detection: detection::DETECTION,
    operations: &[
        can(OperationKind::OrdersCreate, RetrySafety::LookUpFirst),
        can(OperationKind::OrdersGet, RetrySafety::Harmless),
        can(OperationKind::OrdersCapture, RetrySafety::LookUpFirst),
        can(OperationKind::RefundsCreate, RetrySafety::Keyed),
        can(OperationKind::RefundsGet, RetrySafety::Harmless),
        can(OperationKind::SubscriptionsCreate, RetrySafety::LookUpFirst),
        can(OperationKind::SubscriptionsGet, RetrySafety::Harmless),
        can(OperationKind::SubscriptionsCancel, RetrySafety::LookUpFirst),
        can(OperationKind::PaymentLinksCreate, RetrySafety::Keyed),
        can(OperationKind::PaymentLinksGet, RetrySafety::Harmless),
        can(OperationKind::PayoutsCreate, RetrySafety::Keyed),
        can(OperationKind::PayoutsGet, RetrySafety::Harmless),
        can(OperationKind::ProxyWrite, RetrySafety::LookUpFirst),
        can(OperationKind::ProxyRead, RetrySafety::Harmless),
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

const fn can(kind: OperationKind, retry: RetrySafety) -> SupportedOperation {
    SupportedOperation { kind, retry }
}
