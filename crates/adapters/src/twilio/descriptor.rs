//! What Twilio is, as data.

use domain::{
    Authentication, BaseUrls, CredentialField, Descriptor, OperationKind, ProviderId, RetrySafety,
    SupportedOperation,
};

use super::{NAME, detection};

/// Twilio, described.
pub(super) static DESCRIPTOR: Descriptor = Descriptor {
    id: ProviderId::new("twilio"),
    name: NAME,
    // One host: test credentials are told from live ones by the account they belong to.
    base_urls: BaseUrls { test: "https://api.twilio.com", live: "https://api.twilio.com" },
    authentication: Authentication::Static,
    credentials: &[
        CredentialField { name: "account_sid", label: "Account SID", is_secret: false },
        CredentialField { name: "auth_token", label: "Auth token", is_secret: true },
        CredentialField { name: "api_key_sid", label: "API key SID", is_secret: false },
        CredentialField { name: "api_key_secret", label: "API key secret", is_secret: true },
        CredentialField { name: "from_number", label: "Sender number", is_secret: false },
        CredentialField { name: "messaging_service_sid", label: "Messaging service SID", is_secret: false },
    ],
    account: &["account_sid", "from_number", "messaging_service_sid"],
    sufficient: &[&["account_sid", "auth_token"], &["account_sid", "api_key_sid", "api_key_secret"]],
    detection: detection::DETECTION,
    operations: &[
        SupportedOperation::new(OperationKind::SmsSend, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::SmsGet, RetrySafety::Harmless),
        SupportedOperation::new(OperationKind::CallsPlace, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::CallsGet, RetrySafety::Harmless),
        SupportedOperation::new(OperationKind::ProxyWrite, RetrySafety::LookUpFirst),
        SupportedOperation::new(OperationKind::ProxyRead, RetrySafety::Harmless),
    ],
    takes_currency: |_, _| false,
};
