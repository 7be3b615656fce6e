//! Before anything else is known of a request: whether there is a place for one of its kind. Neither its key nor its body is
//! looked at, and a refusal costs a few microseconds.
//!
//! A place is kept until the handler has answered; of a streamed answer, until its head: what comes behind is bounded by the
//! provider's own places.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use resilience::{RequestClass, Shedder};

use super::error::ApiError;
use crate::app::Worker;

/// Lets a request in, or refuses it at once.
pub(super) async fn shed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let class = class_of(request.method(), request.match_info().as_str());
    let (Some(class), Some(worker)) = (class, request.app_data::<Data<Worker>>()) else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    match Shedder::try_enter(&worker.gateway.shedder, class) {
        Ok(place) => {
            let answered = next.call(request).await;
            drop(place);
            answered.map(ServiceResponse::map_into_left_body)
        }
        Err(refused) => {
            worker.gateway.catalog.request_shed(class.as_str());
            Ok(request.into_response(ApiError::from(refused).response()).map_into_right_body())
        }
    }
}

/// Returns what kind of request it is; none for those that are never refused: whoever asks how the gateway is must be told.
fn class_of(method: &Method, path: &str) -> Option<RequestClass> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    if path == "/health" || path.starts_with("/health/") {
        return None;
    }
    let Some(path) = path.strip_prefix("/v1/") else {
        // The dashboard, and the reference.
        return Some(if is_read { RequestClass::Analytics } else { RequestClass::Write });
    };
    Some(match path {
        _ if path.starts_with("proxy/") => RequestClass::Passthrough,
        _ if !is_read => RequestClass::Write,
        _ if is_list(path) => RequestClass::Analytics,
        _ => RequestClass::Read,
    })
}

/// Returns whether a path names a noun and no object of it.
fn is_list(path: &str) -> bool {
    let noun = path.strip_prefix("payments/").unwrap_or(path);
    !noun.trim_end_matches('/').contains('/')
}

#[cfg(test)]
mod tests {
    use RequestClass::{Analytics, Passthrough, Read, Write};

    use super::*;

    #[track_caller]
    fn check(method: &Method, path: &str, expected: Option<RequestClass>) {
        assert_eq!(class_of(method, path), expected, "{method} {path}");
    }

    #[test]
    fn each_request_is_of_the_class_of_what_it_is_for() {
        check(&Method::GET, "/health", None);
        check(&Method::GET, "/health/ready", None);
        check(&Method::GET, "/healthy", Some(Analytics));
        check(&Method::GET, "/api/services", Some(Analytics));
        check(&Method::GET, "/docs/", Some(Analytics));
        check(&Method::DELETE, "/api/keys/key_1", Some(Write));
        check(&Method::POST, "/api/auth/sign-in", Some(Write));
        check(&Method::GET, "/v1/payments/orders", Some(Analytics));
        check(&Method::GET, "/v1/subscriptions/", Some(Analytics));
        check(&Method::GET, "/v1/payments/orders/order_1", Some(Read));
        check(&Method::HEAD, "/v1/sms/SM1", Some(Read));
        check(&Method::GET, "/v1/transactions/txn_1", Some(Read));
        check(&Method::POST, "/v1/payments/orders", Some(Write));
        check(&Method::POST, "/v1/payments/orders/order_1/capture", Some(Write));
        check(&Method::GET, "/v1/proxy/stripe/v1/charges", Some(Passthrough));
        check(&Method::POST, "/v1/proxy/stripe/v1/charges", Some(Passthrough));
    }
}
