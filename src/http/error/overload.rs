//! Errors of a gateway that keeps itself, its providers and its tenants upright: what it does not do now, and what to do about it.

use std::time::Duration;

use actix_web::http::StatusCode;
use actors::Barrier;
use domain::ProviderId;
use resilience::Shed;

use super::{ApiError, ErrorType};

impl ApiError {
    /// Something stands between a call and its provider.
    pub fn not_admitted(barrier: Barrier, provider: ProviderId) -> Self {
        let (code, message) = match barrier {
            Barrier::ProviderCircuit => (
                "circuit_open",
                format!(
                    "{provider} has been failing at this operation; nothing was sent. Repeat it after `Retry-After`: one call is \
                     let through then, to see whether it works again. GET /api/services shows how it stands."
                ),
            ),
            Barrier::CredentialsCircuit => (
                "circuit_open",
                format!(
                    "{provider} has refused your credentials several times in a row; nothing was sent. Correct them with POST \
                     /api/onboarding/configure, which takes effect at once. Otherwise a call is let through after `Retry-After` to \
                     see whether they are taken again."
                ),
            ),
            Barrier::ProviderFull => (
                "overloaded",
                format!("As many calls to {provider} are under way as the gateway makes; nothing was sent."),
            ),
            Barrier::ServiceFull => (
                "overloaded",
                format!(
                    "As many of your calls to {provider} are under way as one tenant may have; nothing was sent. Repeat it when \
                     some are answered."
                ),
            ),
            Barrier::TenantFull => (
                "overloaded",
                "As many of your calls are under way as one tenant may have; nothing was sent. Repeat it when some are answered."
                    .to_owned(),
            ),
        };
        let mut error =
            Self::new(ErrorType::ProviderUnavailable, StatusCode::SERVICE_UNAVAILABLE, code, message);
        error.body.provider = Some(provider.as_str());
        error
    }
}

impl ApiError {
    /// The gateway has too much to do; it may be asked again in a second.
    pub fn overloaded(message: &'static str) -> Self {
        let mut error =
            Self::new(ErrorType::ProviderUnavailable, StatusCode::SERVICE_UNAVAILABLE, "overloaded", message);
        error.retry_after = Some(Duration::from_secs(1));
        error
    }
}

impl From<Shed> for ApiError {
    fn from(shed: Shed) -> Self {
        let mut error = Self::overloaded(
            "The gateway has too much to do, and leaves out what can wait longest; nothing was done.",
        );
        error.retry_after = Some(shed.retry_after);
        error
    }
}
