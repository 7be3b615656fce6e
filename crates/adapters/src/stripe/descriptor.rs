//! What Stripe is, as data.

use domain::{
    Authentication, BaseUrls, CredentialField, Descriptor, OperationKind, ProviderId, RetrySafety,
    SupportedOperation,
};

use super::{NAME, amounts, detection};

/// Stripe, described.
pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    id: ProviderId::new("stripe"),
    name: NAME,
    // One host: the key decides whether money moves.
    base_urls: BaseUrls { test: "https://api.stripe.com", live: "https://api.stripe.com" },
    authentication: Authentication::Static,
    credentials: &[
        CredentialField { name: "secret_key", label: "Secret key", is_secret: true },
        CredentialField { name: "publishable_key", label: "Publishable key", is_secret: false },
        CredentialField { name: "webhook_secret", label: "Webhook signing secret", is_secret: true },
    ],
    // What else the secret key tells of its account is not documented.
    account: &["secret_key"],
    sufficient: &[&["secret_key"]],
    detection: detection::DETECTION,
    operations: &[
        // "At least 24 hours": Stripe `api/idempotent_requests` (2026).
        SupportedOperation::keyed(OperationKind::OrdersCreate, 24),
        SupportedOperation::new(OperationKind::OrdersGet, RetrySafety::Harmless),
        SupportedOperation::keyed(OperationKind::OrdersCapture, 24),
        SupportedOperation::keyed(OperationKind::OrdersCancel, 24),
        SupportedOperation::keyed(OperationKind::RefundsCreate, 24),
        SupportedOperation::new(OperationKind::RefundsGet, RetrySafety::Harmless),
        SupportedOperation::keyed(OperationKind::SubscriptionsCreate, 24),
        SupportedOperation::new(OperationKind::SubscriptionsGet, RetrySafety::Harmless),
        // Ended once, it cannot be ended again.
        SupportedOperation::new(OperationKind::SubscriptionsCancel, RetrySafety::Harmless),
        SupportedOperation::keyed(OperationKind::PaymentLinksCreate, 24),
        SupportedOperation::new(OperationKind::PaymentLinksGet, RetrySafety::Harmless),
        SupportedOperation::keyed(OperationKind::PayoutsCreate, 24),
        SupportedOperation::new(OperationKind::PayoutsGet, RetrySafety::Harmless),
        // Every POST takes the key; GET and DELETE are idempotent by definition (Stripe `api/idempotent_requests`, 2026).
        SupportedOperation::keyed(OperationKind::ProxyWrite, 24),
        SupportedOperation::new(OperationKind::ProxyRead, RetrySafety::Harmless),
    ],
    // An operation may ask for whole units (payouts of HUF and TWD); none leaves a currency out.
    takes_currency: |_, currency| amounts::unit(currency).is_some(),
};
