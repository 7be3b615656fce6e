//! The passthrough: a provider's own request and answer, carried and not understood. The same for every provider.

use domain::{
    Effect, OperationKind, Outcome, ProxyOperation, ProxyReply, Reply, Request, Resource, RetrySafety,
};

use crate::single_call::SingleCall;
use crate::{Context, Exchange};

/// The header in which a provider that takes keys on every write wants them.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

struct Passthrough {
    request: ProxyOperation,
    retry: RetrySafety,
}

/// Plans a passthrough whose repeats are as safe as this.
pub(crate) fn plan(request: &ProxyOperation, retry: RetrySafety) -> Box<dyn Exchange> {
    Box::new(SingleCall { operation: Passthrough { request: request.clone(), retry }, build, read })
}

/// Returns what keeps a repeat from doing it twice, where `retry` is what the provider promises for requests with a key.
pub(crate) fn retry_safety(request: &ProxyOperation, retry: RetrySafety) -> RetrySafety {
    match retry {
        RetrySafety::Keyed if !request.has_header(IDEMPOTENCY_KEY) => RetrySafety::LookUpFirst,
        retry => retry,
    }
}

fn build(passthrough: &Passthrough, _: &Context<'_>) -> Request {
    let request = &passthrough.request;
    Request {
        method: request.method.clone(),
        path: request.path_and_query(),
        headers: request.headers.clone(),
        authorization: None,
        // The caller's own stands among the headers.
        content_type: None,
        body: request.body.clone(),
        effect: effect(request),
        retry: passthrough.retry,
    }
}

fn effect(request: &ProxyOperation) -> Effect {
    match request.kind() {
        OperationKind::ProxyRead => Effect::Read,
        _ => Effect::Write,
    }
}

/// Whatever the answer is, it is the provider's: what its status tells is looked at where the money is guarded.
fn read(passthrough: &Passthrough, _: &Context<'_>, reply: &Reply) -> Outcome {
    Outcome::Executed(Resource::Proxy(ProxyReply {
        path: passthrough.request.path.clone(),
        effect: effect(&passthrough.request),
        status: reply.status,
        headers: reply.headers.clone(),
        body: reply.body.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::Operation;
    use http::{HeaderName, Method};

    use super::*;
    use crate::testing::{context, credentials, reply};
    use crate::{ADAPTERS, Step, adapter};

    fn operation(method: Method, headers: &[(&'static str, &str)]) -> Operation {
        let header =
            |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), (*value).to_owned());
        Operation::Proxy(ProxyOperation {
            method,
            path: "/v1/things".into(),
            query: Some("a=b%20c".into()),
            headers: headers.iter().map(header).collect(),
            body: Bytes::from_static(b"x=1"),
        })
    }

    #[test]
    fn every_provider_carries_a_request_as_it_is() {
        for adapter in ADAPTERS {
            let name = adapter.descriptor().id.as_str();
            let credentials = credentials(name, &[]);
            let operation =
                operation(Method::PATCH, &[("content-type", "text/x-own"), ("prefer", "minimal")]);
            let mut exchange = crate::plan(adapter, &operation).expect("every provider can");
            let Step::Call(request) = exchange.begin(&context(&credentials)) else { panic!("a call") };
            assert_eq!((&request.method, &*request.path), (&Method::PATCH, "/v1/things?a=b%20c"), "{name}");
            assert_eq!((&*request.body, request.content_type), (&b"x=1"[..], None));
            let headers: Vec<_> =
                request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(headers, [("content-type", "text/x-own"), ("prefer", "minimal")]);
            assert_eq!(request.effect, Effect::Write);
            for status in [200, 302, 404, 500] {
                let step = exchange.resume(&context(&credentials), &reply(status, "own words"));
                let Step::Done(Outcome::Executed(Resource::Proxy(reply))) = step else { panic!("{step:?}") };
                assert_eq!(
                    (reply.status, &*reply.body, &*reply.path),
                    (status, &b"own words"[..], "/v1/things")
                );
            }
        }
    }

    #[test]
    fn a_repeat_is_safe_for_reads_and_where_the_provider_takes_the_callers_key() {
        let keyed = [("idempotency-key", "k1")];
        for (provider, method, headers, expected) in [
            ("stripe", Method::POST, &keyed[..], RetrySafety::Keyed),
            ("stripe", Method::POST, &[], RetrySafety::LookUpFirst),
            ("stripe", Method::GET, &[], RetrySafety::Harmless),
            ("razorpay", Method::POST, &keyed, RetrySafety::LookUpFirst),
            ("paypal", Method::POST, &keyed, RetrySafety::LookUpFirst),
            ("twilio", Method::DELETE, &keyed, RetrySafety::LookUpFirst),
        ] {
            let adapter = adapter(provider).expect("a provider");
            let operation = operation(method, headers);
            assert_eq!(crate::retry_safety(adapter, &operation), expected, "{provider} {operation:?}");
        }
    }
}
