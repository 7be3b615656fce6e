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
    sufficient: &[&["secret_key"]],
    detection: detection::DETECTION,
    operations: &[
        SupportedOperation { kind: OperationKind::OrdersCreate, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::OrdersGet, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::OrdersCapture, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::OrdersCancel, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::RefundsCreate, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::RefundsGet, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::SubscriptionsCreate, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::SubscriptionsGet, retry: RetrySafety::Harmless },
        // Ended once, it cannot be ended again.
        SupportedOperation { kind: OperationKind::SubscriptionsCancel, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::PaymentLinksCreate, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::PaymentLinksGet, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::PayoutsCreate, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::PayoutsGet, retry: RetrySafety::Harmless },
        // Every POST takes the key; GET and DELETE are idempotent by definition (Stripe `api/idempotent_requests`, 2026).
        SupportedOperation { kind: OperationKind::ProxyWrite, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::ProxyRead, retry: RetrySafety::Harmless },
    ],
    // An operation may ask for whole units (payouts of HUF and TWD); none leaves a currency out.
    takes_currency: |_, currency| amounts::unit(currency).is_some(),
};
