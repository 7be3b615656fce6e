//! Stripe's calls: each names the API version, and each that changes something carries an idempotency key.

use domain::{Effect, Request, RetrySafety};
use http::{HeaderName, Method};

use crate::form::{self, Form};
use crate::{Context, request};

/// The API version that every call names: the one whose specification the contract tests read.
pub(super) const API_VERSION: &str = "2023-08-16";
pub(super) const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Returns a read.
pub(super) fn read(path: String) -> Request {
    versioned(request::get(path))
}

/// Returns a write without a body that Stripe does once, however often it is sent with this key.
pub(super) fn write(path: String, key: &str) -> Request {
    let mut request = versioned(request::post(path, RetrySafety::Keyed));
    request.headers.push((IDEMPOTENCY_KEY, key.to_owned()));
    request
}

/// Returns a write of this form that Stripe does once, however often it is sent with this key and these bytes.
pub(super) fn write_form(path: String, key: &str, form: Form) -> Request {
    request::with_body(write(path, key), form::CONTENT_TYPE, form.finish())
}

/// Returns the making of something that does nothing by itself: a customer, a price. It has the key of this step, and is
/// labelled with the operation's: with the transaction, which is another one when the key comes again, its bytes would differ.
pub(super) fn prepare(path: &str, context: &Context<'_>, step: u8, form: Form) -> Request {
    let form = form.nested(&["metadata", "gateway_key"], context.provider_key);
    Request { effect: Effect::Prepare, ..write_form(path.to_owned(), &context.step_key(step), form) }
}

/// Returns a deletion, which takes no key: what is deleted cannot be deleted again.
pub(super) fn delete(path: String) -> Request {
    Request { method: Method::DELETE, ..versioned(request::post(path, RetrySafety::Harmless)) }
}

/// Returns a text that says something: Stripe reads an empty one as "unset".
pub(super) fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Returns as much of a text as Stripe takes. Only for words that decorate.
pub(super) fn cut(text: &str, max_chars: usize) -> String {
    text.chars().take(max_chars).collect()
}

/// Pins the API version, which else differs from account to account.
fn versioned(mut request: Request) -> Request {
    request.headers.push((STRIPE_VERSION, API_VERSION.to_owned()));
    request
}
