//! Who pays, as callers write it.

use std::borrow::Cow;

use domain::Customer;
use serde::Deserialize;
use utoipa::ToSchema;

use super::fields::read_text;
use crate::http::error::ApiError;

const MAX_CUSTOMER_CHARS: usize = 254;

/// Who pays, as far as you know.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerBody<'a> {
    /// The provider's id of the customer.
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    email: Option<Cow<'a, str>>,
    #[serde(borrow)]
    phone: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

/// Reads who pays; `email` is short for the customer's.
///
/// # Errors
/// `invalid_field` names the part that is wrong.
pub(super) fn read_customer(
    body: Option<CustomerBody<'_>>,
    email: Option<&str>,
) -> Result<Option<Customer>, ApiError> {
    if body.is_none() && email.is_none() {
        return Ok(None);
    }
    let body = body.unwrap_or_default();
    let given = body.email.as_deref();
    if let (Some(one), Some(other)) = (email, given)
        && one != other
    {
        let message = "`customer_email` and `customer.email` are two different addresses; give one.";
        return Err(ApiError::field("invalid_field", "customer_email", message));
    }
    let email_param = if given.is_some() { "customer.email" } else { "customer_email" };
    let email = read_text(email_param, given.or(email), MAX_CUSTOMER_CHARS)?;
    if email.as_deref().is_some_and(|email| !looks_like_email(email)) {
        return Err(ApiError::field("invalid_field", email_param, "This is not an e-mail address."));
    }
    Ok(Some(Customer {
        id: read_text("customer.id", body.id.as_deref(), MAX_CUSTOMER_CHARS)?,
        email,
        phone: read_text("customer.phone", body.phone.as_deref(), MAX_CUSTOMER_CHARS)?,
        name: read_text("customer.name", body.name.as_deref(), MAX_CUSTOMER_CHARS)?,
    }))
}

/// Returns whether a text can be an e-mail address.
pub(super) fn looks_like_email(text: &str) -> bool {
    let is_clean = !text.chars().any(|character| character.is_whitespace() || character.is_control());
    is_clean
        && text
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !domain.contains('@'))
}
