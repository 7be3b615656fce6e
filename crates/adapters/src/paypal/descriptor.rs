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
    sufficient: &[&["client_id", "client_secret"]],
    detection: detection::DETECTION,
    operations: &[
        SupportedOperation { kind: OperationKind::OrdersCreate, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::OrdersGet, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::OrdersCapture, retry: RetrySafety::Keyed },
        // Voiding takes no key (PayPal's payments specification lists none): the authorisation's state guards it.
        SupportedOperation { kind: OperationKind::OrdersCancel, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::RefundsCreate, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::RefundsGet, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::SubscriptionsCreate, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::SubscriptionsGet, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::SubscriptionsCancel, retry: RetrySafety::Harmless },
        // Invoices take no key: their number is what they are looked up by.
        SupportedOperation { kind: OperationKind::PaymentLinksCreate, retry: RetrySafety::LookUpFirst },
        SupportedOperation { kind: OperationKind::PaymentLinksGet, retry: RetrySafety::Harmless },
        // Keyed by `sender_batch_id`.
        SupportedOperation { kind: OperationKind::PayoutsCreate, retry: RetrySafety::Keyed },
        SupportedOperation { kind: OperationKind::PayoutsGet, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::ProxyWrite, retry: RetrySafety::LookUpFirst },
        SupportedOperation { kind: OperationKind::ProxyRead, retry: RetrySafety::Harmless },
    ],
    // One table for all that PayPal does.
    takes_currency: |_, currency| amounts::decimals(currency).is_some(),
};
