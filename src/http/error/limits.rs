//! Errors of those who ask too often: which limit refused, in words and for the headers.

use actix_web::http::StatusCode;
use actors::KeyExhausted;
use domain::QuotaWindow;

use super::{ApiError, ErrorType};
use crate::http::limits::Spent;
use crate::limits::{AddressExhausted, AddressLimit, GuessRefused};

impl From<KeyExhausted> for ApiError {
    fn from(exhausted: KeyExhausted) -> Self {
        let left = &exhausted.left;
        let (code, limit, what) = match exhausted.which {
            Some(QuotaWindow::Minute) => ("key_minute_limit", left.key.minute.limit, "requests a minute"),
            Some(QuotaWindow::Day) => ("key_day_limit", left.key.day.limit, "requests a day"),
            None => {
                let limit = left.endpoint.map_or(0, |endpoint| endpoint.limit);
                ("endpoint_limit", limit, "requests of this kind a minute")
            }
        };
        Self::too_often(code, format!("This key allows {limit} {what}.")).after(exhausted.retry_after)
    }
}

impl From<AddressExhausted> for ApiError {
    fn from(exhausted: AddressExhausted) -> Self {
        let AddressExhausted { which, limit, retry_after } = exhausted;
        let (name, what) = match which {
            // The headers tell of it with every answer.
            AddressLimit::Requests => (None, "requests a minute"),
            AddressLimit::UnknownKeys => (Some("unknown-keys"), "unknown keys a minute"),
            AddressLimit::SignUps => (Some("sign-ups"), "accounts an hour"),
        };
        let mut error = Self::too_often("ip_limit", format!("One address may send {limit} {what}."));
        error.spent = name
            .map(|name| Box::new(Spent { name, limit, window: which.window(), reset_after: retry_after }));
        error.after(retry_after)
    }
}

impl From<GuessRefused> for ApiError {
    fn from(refused: GuessRefused) -> Self {
        let GuessRefused { free, forget_after, retry_after } = refused;
        let message =
            "Signing in has failed too often; this time nobody looked whether the password is right.";
        let mut error = Self::too_often("too_many_attempts", message);
        error.spent = Some(Box::new(Spent {
            name: "sign-ins",
            limit: free.into(),
            window: forget_after,
            reset_after: retry_after,
        }));
        error.after(retry_after)
    }
}

impl ApiError {
    fn too_often(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorType::RateLimit, StatusCode::TOO_MANY_REQUESTS, code, message)
    }

    /// Returns the limit of which nothing is left, where it is one that only refusals tell of.
    pub(in crate::http) fn spent(&self) -> Option<Spent> {
        self.spent.as_deref().copied()
    }
}
