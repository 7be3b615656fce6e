//! What Razorpay is, as data.

use domain::{
    Authentication, BaseUrls, CredentialField, Descriptor, OperationKind, ProviderId, RetrySafety,
    SupportedOperation,
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
        SupportedOperation { kind: OperationKind::OrdersCreate, retry: RetrySafety::LookUpFirst },
        SupportedOperation { kind: OperationKind::OrdersGet, retry: RetrySafety::Harmless },
        SupportedOperation { kind: OperationKind::OrdersCapture, retry: RetrySafety::LookUpFirst },
    ],
    takes_currency: |_, currency| amounts::unit(currency).is_some(),
};
