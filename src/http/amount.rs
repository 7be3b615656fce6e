//! Amounts on the wire: read from the number's own text, written with the currency's decimals. No float in between.

use domain::{AmountNumber, Currency, Money};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::error::ApiError;

/// An amount in major units, as it is written: `500.00`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount(pub Money);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

/// The schema of an amount: a number or its text.
#[derive(Debug)]
pub(super) struct AmountSchema;

impl PartialSchema for AmountSchema {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Number)).build();
        let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build();
        let description =
            "Major units, exact: 500.00 or \"500.00\". Never more decimals than the currency has.";
        OneOfBuilder::new().item(number).item(text).description(Some(description)).into()
    }
}

impl ToSchema for AmountSchema {}

/// Reads a currency.
///
/// # Errors
/// `unsupported_currency`.
pub(super) fn read_currency(code: &str) -> Result<Currency, ApiError> {
    Currency::parse(code).map_err(|_refused| {
        ApiError::field(
            "unsupported_currency",
            "currency",
            "This is not an ISO 4217 currency code, like INR or USD.",
        )
    })
}

/// Reads an amount from the text of a JSON number, or of a JSON string that holds one.
///
/// # Errors
/// `amount_too_precise` or `invalid_field`, with `param` `amount`.
pub(super) fn read_amount(raw: &RawValue, currency: Currency) -> Result<Money, ApiError> {
    let text = number_text(raw);
    Money::parse(text, currency).map_err(|problem| ApiError::amount(problem, &shown(text)))
}

/// Reads an amount whose currency only the provider knows.
///
/// # Errors
/// `invalid_field`, with `param` `amount`.
pub(super) fn read_amount_number(raw: &RawValue) -> Result<AmountNumber, ApiError> {
    let text = number_text(raw);
    AmountNumber::parse(text).map_err(|problem| ApiError::amount(problem, &shown(text)))
}

/// Returns a number's own text, without the quotes of one that stands in a string.
fn number_text(raw: &RawValue) -> &str {
    let raw = raw.get();
    raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw)
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
