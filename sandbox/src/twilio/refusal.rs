//! Twilio's error bodies.

use http::StatusCode;
use serde_json::json;

use crate::exchange::Answer;

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: u32,
    message: String,
    /// Said on 401 only.
    detail: Option<&'static str>,
}

impl Refusal {
    /// Returns a refusal with one of Twilio's codes; the status is 400.
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into(), detail: None }
    }

    /// Returns a refusal with one of Twilio's codes and this status, 500 where it is none.
    pub(super) fn with_status(status: u16, code: u32, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            detail: (status == StatusCode::UNAUTHORIZED).then_some(""),
            ..Self::new(code, message)
        }
    }

    /// Returns the answer to a request without credentials.
    pub(super) fn no_credentials() -> Self {
        Self::unauthorized("Authentication Error - No credentials provided", "")
    }

    /// Returns the answer to a user name that is no SID of Twilio's.
    pub(super) fn unknown_user() -> Self {
        Self::unauthorized(
            "Authentication Error - invalid username",
            "Your AccountSid or AuthToken was incorrect.",
        )
    }

    /// Returns the answer to a known user with a wrong token, or another's account.
    pub(super) fn wrong_secret() -> Self {
        Self::unauthorized("Authenticate", "")
    }

    /// Returns the answer to an unknown resource.
    pub(super) fn not_found(path: &str) -> Self {
        let message = format!("The requested resource {path} was not found");
        Self { status: StatusCode::NOT_FOUND, ..Self::new(20404, message) }
    }

    fn unauthorized(message: &str, detail: &'static str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, detail: Some(detail), ..Self::new(20003, message) }
    }

    /// Returns the answer as it goes out.
    pub(super) fn to_answer(&self) -> Answer {
        let more_info = format!("https://www.twilio.com/docs/errors/{}", self.code);
        let status = self.status.as_u16();
        let body = match self.detail {
            Some(detail) => json!({
                "code": self.code, "detail": detail, "message": self.message, "more_info": more_info, "status": status,
            }),
            None => {
                json!({"code": self.code, "message": self.message, "more_info": more_info, "status": status})
            }
        };
        Answer::json(self.status, &body)
    }
}
