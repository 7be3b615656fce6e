//! What PayPal is, as data.

use domain::{
    Authentication, BaseUrls, CredentialField, Descriptor, OperationKind, ProviderId, RetrySafety,
    SupportedOperation,
};

use super::{NAME, amounts, detection};

/// PayPal, described.
pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    id: ProviderId::new("paypal"),
    name: NAME,
    base_urls: BaseUrls { test: "https://api-m.sandbox.paypal.com", live: "https://api-m.paypal.com" },
    authentication: Authentication::Token,
    credentials: &[
        CredentialField { name: "client_id", label: "Client id", is_secret: false },
        CredentialField { name: "client_secret", label: "Client secret", is_secret: true },
        CredentialField { name: "webhook_id", label: "Webhook id", is_secret: false },
    ],
    account: &["client_id"],
    sufficient: &[&["client_id", "client_secret"]],
    detection: detection::DETECTION,
    operations: &[
        // How long keys are kept: PayPal `reference/idempotency`, and for payouts the specification's `sender_batch_id` (2026).
        SupportedOperation::keyed(OperationKind::OrdersCreate, 6),
        SupportedOperation::new(OperationKind::OrdersGet, RetrySafety::Harmless),
        SupportedOperation::keyed(OperationKind::OrdersCapture, 6),
        // Voiding takes no key (PayPal's payments specification lists none): the authorisation's state guards it.
        SupportedOperation::new(OperationKind::OrdersCancel, RetrySafety::Harmless),
        SupportedOperation::keyed(OperationKind::RefundsCreate, 45 * 24),
        SupportedOperation::new(OperationKind::RefundsGet, RetrySafety::Harmless),
        SupportedOperation::keyed(OperationKind::SubscriptionsCreate, 72),
        SupportedOperation::new(OperationKind::SubscriptionsGet, RetrySafety::Harmless),
        SupportedOperation::new(OperationKind::SubscriptionsCancel, RetrySafety::Harmless),
        // Invoices take no key: their number is what they are looked up by.
        SupportedOperation::new(OperationKind::PaymentLinksCreate, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::PaymentLinksGet, RetrySafety::Harmless),
        // Keyed by `sender_batch_id`.
        SupportedOperation::keyed(OperationKind::PayoutsCreate, 30 * 24),
        SupportedOperation::new(OperationKind::PayoutsGet, RetrySafety::Harmless),
        SupportedOperation::new(OperationKind::ProxyWrite, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::ProxyRead, RetrySafety::Harmless),
    ],
    // One table for all that PayPal does.
    takes_currency: |_, currency| amounts::decimals(currency).is_some(),
};
