//! HTTP: every route on one screen. Statuses are picked in `error`, and JSON is read and written here and nowhere else.

mod amount;
mod dashboard;
mod docs;
mod error;
mod extract;
mod health;
mod json;
mod limits;
mod observe;
mod openapi;
mod shed;
mod time;
mod unsettled;
mod v1;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig, delete, get, patch, post, put};
use async_trait::async_trait;
use domain::{Endpoint, Reply, Request, TransportFailure, Unsent};

pub(crate) use health::LastLook;
use json::MostBodyBytes;
pub(crate) use openapi::api_routes;
pub use openapi::openapi_document;
pub(crate) use v1::Rebuilder;

/// Largest body of a request to the API, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;
/// Largest body of an upload: a whole `.env`, JSON-escaped.
const MAX_UPLOAD_BYTES: usize = 1024 * 1024;

/// A provider's own API: all of a path goes to it.
const PROXY: &str = "/v1/proxy/{provider}/{path:.*}";

/// The routes of the public port.
pub(crate) fn public_routes(config: &mut ServiceConfig) {
    config.service(
        web::scope("")
            .wrap(from_fn(shed::shed))
            .wrap(from_fn(observe::observe))
            // Unified API, by platform key
            .route("/v1/payments/orders", post().to(v1::orders::create))
            .route("/v1/payments/orders", get().to(v1::orders::list::list))
            .route("/v1/payments/orders/{id}", get().to(v1::orders::read))
            .route("/v1/payments/orders/{id}/capture", post().to(v1::orders::capture))
            .route("/v1/payments/orders/{id}/cancel", post().to(v1::orders::cancel))
            .route("/v1/payments/refunds", post().to(v1::refunds::create))
            .route("/v1/payments/refunds/{id}", get().to(v1::refunds::read))
            .route("/v1/subscriptions", post().to(v1::subscriptions::create))
            .route("/v1/subscriptions/{id}", get().to(v1::subscriptions::read))
            .route("/v1/subscriptions/{id}/cancel", post().to(v1::subscriptions::cancel))
            .route("/v1/payment-links", post().to(v1::payment_links::create))
            .route("/v1/payment-links/{id}", get().to(v1::payment_links::read))
            .route("/v1/payouts", post().to(v1::payouts::create))
            .route("/v1/payouts/{id}", get().to(v1::payouts::read))
            .route("/v1/sms", post().to(v1::sms::send))
            .route("/v1/sms/{id}", get().to(v1::sms::read))
            .route("/v1/calls", post().to(v1::calls::place))
            .route("/v1/calls/{id}", get().to(v1::calls::read))
            .route("/v1/transactions/{id}", get().to(v1::transactions::read))
            .route(PROXY, get().to(v1::proxy::read))
            .route(PROXY, post().to(v1::proxy::write))
            .route(PROXY, put().to(v1::proxy::write))
            .route(PROXY, patch().to(v1::proxy::write))
            .route(PROXY, delete().to(v1::proxy::write))
            // Dashboard API, by a person's token
            .route("/api/auth/sign-up", post().to(dashboard::auth::sign_up))
            .route("/api/auth/sign-in", post().to(dashboard::auth::sign_in))
            .service(
                web::scope("/api/onboarding")
                    .app_data(MostBodyBytes(MAX_UPLOAD_BYTES))
                    .route("/parse", post().to(dashboard::onboarding::parse))
                    .route("/configure", post().to(dashboard::onboarding::configure))
                    .default_service(web::to(error::route_not_found)),
            )
            .route("/api/keys", get().to(dashboard::keys::list))
            .route("/api/keys", post().to(dashboard::keys::create))
            .route("/api/keys/{id}/rotate", put().to(dashboard::keys::rotate))
            .route("/api/keys/{id}", delete().to(dashboard::keys::revoke))
            .route("/api/services", get().to(dashboard::services::list))
            .route("/api/webhooks/events", get().to(dashboard::events::list))
            .route("/api/services/{service}/features", put().to(dashboard::services::set_features))
            .route("/api/routing", get().to(dashboard::routing::list))
            .route("/api/routing", put().to(dashboard::routing::set))
            // Public
            .route("/health", get().to(health::health))
            .route("/health/live", get().to(health::live))
            .route("/health/ready", get().to(health::ready))
            .route("/.well-known/jwks.json", get().to(dashboard::auth::jwks))
            .route("/openapi.json", get().to(docs::openapi))
            .configure(docs::routes)
            .default_service(web::to(error::route_not_found)),
    );
}

/// The routes of the admin port.
pub(crate) fn admin_routes(config: &mut ServiceConfig) {
    config
        .route("/metrics", get().to(health::metrics))
        .route("/unsettled", get().to(unsettled::list))
        .route("/unsettled/{transaction}/look-up", post().to(unsettled::look_up))
        .route("/unsettled/{transaction}/settle", post().to(unsettled::settle))
        .route("/health", get().to(health::health))
        .route("/health/live", get().to(health::live))
        .route("/health/ready", get().to(health::ready));
}

/// Stands in for a worker's transport on a machine that cannot make one: every call is refused, none is lost.
#[derive(Debug)]
pub(crate) struct NoTransport;

#[async_trait]
impl domain::ports::Transport for NoTransport {
    async fn send(
        &self,
        _: &Endpoint,
        _: &Request,
        _: std::time::Duration,
    ) -> Result<Reply, TransportFailure> {
        Err(TransportFailure::NotSent(Unsent::Connect))
    }
}
