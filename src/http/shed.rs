//! Before anything else is known of a request: whether there is a place for one of its kind. Neither its key nor its body is
//! looked at, and a refusal costs a few microseconds.
//!
//! A place is kept until the handler has answered; of a streamed answer, until its head: what comes behind is bounded by the
//! provider's own places. While a body that is read whole is still coming, its request has none: nobody knows yet who asks, and
//! strangers with slow bodies would take the places of everybody else.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};
use resilience::{Place, RequestClass, Shed, Shedder};

use super::error::ApiError;
use crate::app::{Gateway, Worker};

/// A request's place, in its extensions: whoever only waits for its body gives it back meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Admission(Rc<Seat>);

#[derive(Debug)]
struct Seat {
    gateway: Arc<Gateway>,
    class: RequestClass,
    place: RefCell<Option<Place>>,
}

impl Admission {
    /// Returns a request of this class that has no place yet.
    fn new(gateway: &Arc<Gateway>, class: RequestClass) -> Self {
        Self(Rc::new(Seat { gateway: Arc::clone(gateway), class, place: RefCell::default() }))
    }

    /// Gives the place back, if there is one.
    pub(super) fn leave(&self) {
        drop(self.0.place.take());
    }

    /// Takes a place, if there is none yet.
    ///
    /// # Errors
    /// [`Shed`], which is counted, when there is none for its class.
    pub(super) fn enter(&self) -> Result<(), Shed> {
        let Seat { gateway, class, place } = &*self.0;
        let mut place = place.borrow_mut();
        if place.is_none() {
            let entered = Shedder::try_enter(&gateway.shedder, *class);
            *place = Some(entered.inspect_err(|_refused| gateway.catalog.request_shed(class.as_str()))?);
        }
        Ok(())
    }
}

/// Lets a request in, or refuses it at once.
pub(super) async fn shed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let class = class_of(request.method(), request.match_info().as_str());
    let (Some(class), Some(worker)) = (class, request.app_data::<Data<Worker>>()) else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    let admission = Admission::new(&worker.gateway, class);
    match admission.enter() {
        Ok(()) => {
            request.extensions_mut().insert(admission.clone());
            let answered = next.call(request).await;
            // The extensions live as long as the request, which a streamed answer may hold.
            admission.leave();
            answered.map(ServiceResponse::map_into_left_body)
        }
        Err(refused) => Ok(request.into_response(ApiError::from(refused).response()).map_into_right_body()),
    }
}

/// Returns what kind of request it is; none for those that are never refused: whoever asks how the gateway is must be told.
fn class_of(method: &Method, path: &str) -> Option<RequestClass> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    if matches!(path, "/health" | "/health/live" | "/health/ready") {
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
        check(&Method::GET, "/health/", Some(Analytics));
        check(&Method::GET, "/health/readiness", Some(Analytics));
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
