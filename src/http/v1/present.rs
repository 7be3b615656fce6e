//! Wording what came of an operation: the object, or the error with its transaction.

use std::borrow::Cow;

use bytes::Bytes;
use domain::ports::StoredTransaction;
use domain::{Metadata, NextAction, Outcome, Resource};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::events;
use super::metadata::{MetadataView, stored_metadata};
use crate::http::error::ApiError;
use crate::pipeline::{Completion, News, Present};

/// What the caller attached to an object.
pub(super) enum Attached {
    /// In this request.
    Now {
        /// The caller's own id.
        reference: Option<Box<str>>,
        /// The caller's own pairs.
        metadata: Metadata,
        /// The order that the object belongs to, as the caller named it.
        order_id: Option<Box<str>>,
    },
    /// In the request that created the object, if that was here.
    Then(Option<Box<StoredTransaction>>),
}

/// What the caller attached, as it is written.
pub(super) struct Caller<'a> {
    /// The caller's own id.
    pub(super) reference: Option<&'a str>,
    /// The caller's own pairs.
    pub(super) metadata: MetadataView<'a>,
    /// The order that the object belongs to.
    pub(super) order_id: Option<Cow<'a, str>>,
}

/// Writes a noun's body; `None` when the resource is another noun's.
pub(super) type WriteBody = fn(&Completion<'_>, &Resource, Caller<'_>) -> Option<serde_json::Result<Vec<u8>>>;

/// Words what came of an operation on one noun.
pub(super) struct Wording {
    /// HTTP status when the provider did it.
    pub(super) status: u16,
    /// What the caller attached.
    pub(super) attached: Attached,
    /// How the noun is written.
    pub(super) write: WriteBody,
}

impl Attached {
    /// Returns what this request attaches.
    pub(super) fn now(reference: Option<&str>, metadata: &Metadata) -> Self {
        Self::Now { reference: reference.map(Into::into), metadata: metadata.clone(), order_id: None }
    }

    /// Returns what was attached when the object was created, if that was here.
    pub(super) fn then(created: Option<StoredTransaction>) -> Self {
        Self::Then(created.map(Box::new))
    }

    /// Returns the caller's own id of the object.
    pub(super) fn reference(&self) -> Option<&str> {
        match self {
            Self::Now { reference, .. } => reference.as_deref(),
            Self::Then(created) => created.as_ref().and_then(|created| created.reference.as_deref()),
        }
    }

    fn caller(&self) -> Caller<'_> {
        let reference = self.reference();
        match self {
            Self::Now { metadata, order_id, .. } => Caller {
                reference,
                metadata: MetadataView::Own(metadata),
                order_id: order_id.as_deref().map(Cow::Borrowed),
            },
            Self::Then(created) => {
                let created = created.as_deref();
                Caller {
                    reference,
                    metadata: stored_metadata(created),
                    order_id: created.and_then(stored_order_id),
                }
            }
        }
    }
}

/// Returns the order that an object was created for.
fn stored_order_id(created: &StoredTransaction) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Stored<'a> {
        #[serde(borrow)]
        order_id: Option<Cow<'a, str>>,
    }
    serde_json::from_slice::<Stored<'_>>(&created.response_payload).ok()?.order_id
}

impl Present for Wording {
    fn present(&self, completion: &Completion<'_>) -> (u16, Bytes) {
        let written = match completion.outcome {
            Outcome::Executed(resource) => (self.write)(completion, resource, self.attached.caller()),
            Outcome::Rejected(_) | Outcome::NotSent(_) | Outcome::Unknown(_) => None,
        };
        match written {
            Some(Ok(body)) => (self.status, Bytes::from(body)),
            Some(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an answer cannot be written");
                error_answer(&ApiError::internal())
            }
            None => error_answer(&error_of(completion)),
        }
    }

    fn tell(&self, news: &News<'_>) -> Bytes {
        events::write(news)
    }
}

fn error_of(completion: &Completion<'_>) -> ApiError {
    let provider = completion.provider;
    let error = match completion.outcome {
        // Another noun than the one that was asked for: the adapter is at fault.
        Outcome::Executed(_) => ApiError::internal(),
        Outcome::Rejected(rejection) => ApiError::rejected(rejection, provider),
        Outcome::NotSent(reason) => ApiError::not_sent(*reason, provider),
        Outcome::Unknown(reason) => ApiError::unknown_outcome(*reason, provider, completion.is_repeatable),
    };
    error.with_transaction(completion.transaction)
}

fn error_answer(error: &ApiError) -> (u16, Bytes) {
    (error.status(), Bytes::from(error.to_json()))
}

/// That another provider served than the one whose turn it was, which certainly did nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailoverBody {
    /// Whose turn it was.
    #[schema(example = "razorpay")]
    from: &'static str,
    /// Why it did not serve: a code of the errors.
    #[schema(example = "provider_unreachable")]
    reason: &'static str,
}

impl FailoverBody {
    /// Returns what is told of a failover, if there was one.
    pub(super) fn of(completion: &Completion<'_>) -> Option<Self> {
        completion.failover.map(|failover| Self { from: failover.from.as_str(), reason: failover.reason })
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
