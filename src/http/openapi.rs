//! The OpenAPI 3.1 document, gathered from the handlers.

mod answers;

use std::sync::LazyLock;

use bytes::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use self::answers::Answers;
use super::{dashboard, docs, health, v1};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Unified API Gateway",
        description = "One API for Razorpay, PayPal, Stripe and Twilio. Your code shows a platform key; the dashboard shows a token. \
                       Amounts are exact decimals in major units. Every POST under /v1 takes an `Idempotency-Key`."
    ),
    paths(
        v1::orders::create, v1::orders::list::list, v1::orders::read, v1::orders::capture, v1::orders::cancel,
        v1::refunds::create, v1::refunds::read,
        v1::subscriptions::create, v1::subscriptions::read, v1::subscriptions::cancel,
        v1::payment_links::create, v1::payment_links::read,
        v1::payouts::create, v1::payouts::read,
        v1::sms::send, v1::sms::read, v1::calls::place, v1::calls::read, v1::transactions::read, v1::proxy::read, v1::proxy::write,
        dashboard::auth::sign_up, dashboard::auth::sign_in, dashboard::auth::jwks,
        dashboard::onboarding::parse, dashboard::onboarding::configure,
        dashboard::keys::list, dashboard::keys::create, dashboard::keys::rotate, dashboard::keys::revoke,
        dashboard::services::list, dashboard::events::list, dashboard::services::set_features, dashboard::routing::list, dashboard::routing::set,
        health::health, health::live, health::ready, docs::openapi,
    ),
    modifiers(&Schemes, &Answers)
)]
struct Api;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let key =
            ApiKey::Header(ApiKeyValue::with_description("X-Platform-Key", "`unf_test_…` or `unf_live_…`"));
        components.add_security_scheme("platform_key", SecurityScheme::ApiKey(key));
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

/// Returns the document as JSON.
pub fn openapi_document() -> String {
    // Names and numbers only: there is nothing in it that JSON could not hold.
    Api::openapi().to_json().unwrap_or_default()
}

/// Returns the document as it is answered with. It is gathered for the first who asks: that takes milliseconds, and depends on
/// nothing but the program.
pub(super) fn served_document() -> Bytes {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi_document().into());
    DOCUMENT.clone()
}

/// Returns the routes of the API for platform keys: `POST /v1/payments/orders`.
pub(crate) fn api_routes() -> Vec<String> {
    let mut routes = Vec::new();
    for (path, item) in Api::openapi().paths.paths {
        let methods = [
            ("GET", item.get.is_some()),
            ("POST", item.post.is_some()),
            ("PUT", item.put.is_some()),
            ("PATCH", item.patch.is_some()),
            ("DELETE", item.delete.is_some()),
        ];
        let there = methods.into_iter().filter(|(_, is_there)| *is_there && path.starts_with("/v1/"));
        routes.extend(there.map(|(method, _)| format!("{method} {path}")));
    }
    routes
}
