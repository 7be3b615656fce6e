//! The issues of PayPal's specification with their status and text, and the header that asks for one.

use std::collections::HashMap;

use http::StatusCode;
use serde_json::Value;

use crate::exchange::Incoming;

use super::{api::Api, payout_refusal::PayoutRefusal, refusal::Refusal};

/// Taken from PayPal's OpenAPI files `checkout_orders_v2`, `payments_payment_v2`, `catalogs_products_v1`,
/// `billing_subscriptions_v1` and `invoicing_v2` (February 2024, Apache-2.0). `api` stands where one of them has another text
/// than the rest. `DUPLICATE_INVOICE_NUMBER` is in none of them.
const SOURCE: &str = include_str!("issues.json");

/// Every documented issue.
#[derive(Debug)]
pub(super) struct Issues {
    by_name: HashMap<String, Vec<Issue>>,
}

#[derive(Clone, Debug)]
struct Issue {
    status: u16,
    description: String,
    /// The only API that says it so.
    api: Option<String>,
}

impl Issues {
    /// Reads the table.
    pub(super) fn load() -> Self {
        let mut by_name: HashMap<String, Vec<Issue>> = HashMap::new();
        let rows: Vec<Value> = serde_json::from_str(SOURCE).unwrap_or_default();
        for row in &rows {
            let name = row.get("issue").and_then(Value::as_str).unwrap_or_default();
            let status = row.get("status").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
            let description = row.get("description").and_then(Value::as_str).unwrap_or_default();
            let issue = Issue {
                status: status.unwrap_or(422),
                description: description.to_owned(),
                api: row.get("api").and_then(Value::as_str).map(str::to_owned),
            };
            by_name.entry(name.to_owned()).or_default().push(issue);
        }
        // An issue of two statuses is a business rule first.
        for issues in by_name.values_mut() {
            issues.sort_by_key(|issue| u16::MAX.saturating_sub(issue.status));
        }
        Self { by_name }
    }

    /// Returns status and text of an issue, in the words of the API where it has its own.
    pub(super) fn of(&self, name: &str, api: Api) -> Option<(StatusCode, &str)> {
        let issues = self.by_name.get(name)?;
        let own = issues.iter().find(|issue| issue.api.as_deref() == Some(api.name()));
        let issue =
            own.or_else(|| issues.iter().find(|issue| issue.api.is_none())).or_else(|| issues.first())?;
        Some((StatusCode::from_u16(issue.status).ok()?, issue.description.as_str()))
    }

    /// Returns the refusal that `PayPal-Mock-Response: {"mock_application_codes":"…"}` asks for.
    pub(super) fn mocked(&self, incoming: &Incoming) -> Option<Refusal> {
        let header = incoming.header("paypal-mock-response")?;
        let wanted = serde_json::from_str::<Value>(header)
            .ok()
            .and_then(|value| value.get("mock_application_codes").and_then(first_text));
        match wanted {
            Some(name)
                if Api::of(&incoming.path) == Api::Payouts && PayoutRefusal::named(&name).is_some() =>
            {
                PayoutRefusal::named(&name).map(Refusal::from)
            }
            Some(name) if self.by_name.contains_key(&name) => Some(Refusal::issue(name)),
            Some(name) => Some(Refusal::named(&name).unwrap_or_else(|| unknown_mock(header))),
            None => Some(unknown_mock(header)),
        }
    }
}

fn first_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}

fn unknown_mock(header: &str) -> Refusal {
    Refusal::issue("INVALID_PARAMETER_VALUE").at_header("PayPal-Mock-Response").with_value(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_what_the_simulation_refuses_with() {
        let issues = Issues::load();
        for (name, status) in [
            ("INVALID_RESOURCE_ID", 404),
            ("MISSING_REQUIRED_PARAMETER", 400),
            ("ORDER_NOT_APPROVED", 422),
            ("ORDER_ALREADY_CAPTURED", 422),
            ("INSTRUMENT_DECLINED", 422),
            ("PREVIOUS_REQUEST_IN_PROGRESS", 409),
            ("PERMISSION_DENIED", 403),
        ] {
            let (code, description) = issues.of(name, Api::Orders).unwrap();
            assert_eq!(code.as_u16(), status, "{name}");
            assert!(!description.is_empty(), "{name}");
        }
    }

    #[test]
    fn an_api_says_an_issue_in_its_own_words() {
        let issues = Issues::load();
        let text = |api| issues.of("MISSING_REQUIRED_PARAMETER", api).unwrap().1;
        assert_eq!(text(Api::Orders), "A required parameter is missing.");
        assert_eq!(text(Api::Subscriptions), "A required field is missing.");
    }
}
