//! Wording what came of an operation: the object, or the error with its transaction.

use bytes::Bytes;
use domain::{NextAction, Outcome};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::error::ApiError;
use crate::pipeline::Completion;

/// Returns the error that a completion is, or `None` when the provider did it.
pub(super) fn error_of(completion: &Completion<'_>) -> Option<ApiError> {
    let provider = completion.provider;
    let error = match completion.outcome {
        Outcome::Executed(_) => return None,
        Outcome::Rejected(rejection) => ApiError::rejected(rejection, provider),
        Outcome::NotSent(reason) => ApiError::not_sent(*reason, provider),
        Outcome::Unknown(reason) => ApiError::unknown_outcome(*reason, provider, completion.is_repeatable),
    };
    Some(error.with_transaction(completion.transaction))
}

/// Returns status and body of an error.
pub(super) fn error_answer(error: &ApiError) -> (u16, Bytes) {
    (error.status(), Bytes::from(error.to_json()))
}

/// Returns status and body of an object.
pub(super) fn object_answer(status: u16, body: &impl Serialize) -> (u16, Bytes) {
    match serde_json::to_vec(body) {
        Ok(body) => (status, Bytes::from(body)),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an answer cannot be written");
            error_answer(&ApiError::internal())
        }
    }
}

/// How the payer goes on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum NextActionBody<'a> {
    /// Open the address in the payer's browser.
    Redirect {
        /// The address.
        url: &'a str,
    },
    /// Open Razorpay Checkout with these.
    RazorpayCheckout {
        /// The key id, which is public.
        key_id: &'a str,
        /// The order.
        order_id: &'a str,
    },
    /// Confirm with Stripe's front-end library and these.
    StripeClientSecret {
        /// For the payer's browser only.
        client_secret: &'a str,
        /// The publishable key, where the gateway knows it.
        #[serde(skip_serializing_if = "Option::is_none")]
        publishable_key: Option<&'a str>,
    },
}

impl<'a> From<&'a NextAction> for NextActionBody<'a> {
    fn from(action: &'a NextAction) -> Self {
        match action {
            NextAction::Redirect { url } => Self::Redirect { url },
            NextAction::RazorpayCheckout { key_id, order_id } => Self::RazorpayCheckout { key_id, order_id },
            NextAction::StripeClientSecret { client_secret, publishable_key } => {
                Self::StripeClientSecret { client_secret, publishable_key: publishable_key.as_deref() }
            }
        }
    }
}
