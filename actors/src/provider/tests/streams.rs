//! Streamed calls: how often they are sent, and how long they keep their seat.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use domain::ports::Transport;
use domain::{
    CutShort, Effect, Endpoint, OperationKind, Pieces, Request, RetrySafety, TransportFailure, Unsent, Upload,
};
use resilience::Deadline;
use testkit::ScriptedTransport;

use crate::doubles::{PROVIDER, Stage};
use crate::{StreamAnswer, StreamCall, StreamReport, Tree};

const NO_CONNECTION: TransportFailure = TransportFailure::NotSent(Unsent::Connect);

fn request(effect: Effect) -> Request {
    Request {
        method: http::Method::POST,
        path: "/v1/orders".to_owned(),
        headers: Vec::new(),
        authorization: None,
        content_type: None,
        body: Bytes::new(),
        effect,
        retry: RetrySafety::LookUpFirst,
    }
}

pub(super) async fn call(
    tree: &Tree,
    transport: &dyn Transport,
    request: &Request,
    upload: Option<Upload>,
) -> StreamReport {
    let endpoint = Endpoint { provider: PROVIDER, is_tls: true, authority: "acme.example".into() };
    let deadline = Deadline::after(Duration::ZERO, Duration::from_secs(30));
    let operation = OperationKind::ProxyWrite;
    let call = StreamCall { transport, endpoint: &endpoint, request, upload, operation, deadline };
    tree.providers.get(PROVIDER).unwrap().stream(call).await
}

/// Never asked for: the scripted transport sends no bodies in pieces.
struct Nothing;

impl Pieces<CutShort> for Nothing {
    fn poll_piece(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutShort>>> {
        Poll::Ready(None)
    }
}

#[actix_rt::test]
async fn what_is_whole_is_sent_again_as_any_call_is() {
    for (first, effect, attempts) in [
        (NO_CONNECTION, Effect::Read, 2),
        (NO_CONNECTION, Effect::Write, 2),
        (TransportFailure::Disconnected, Effect::Read, 2),
        (TransportFailure::Disconnected, Effect::Write, 1),
        (TransportFailure::TimedOut, Effect::Write, 1),
    ] {
        let tree = Stage::new().start();
        let transport = ScriptedTransport::default().fail(first).reply(200, "{}");
        let report = call(&tree, &transport, &request(effect), None).await;
        assert_eq!(report.attempts.len(), attempts, "{first} {effect:?}");
        assert_eq!(transport.requests().len(), attempts);
    }
}

#[actix_rt::test]
async fn what_is_sent_as_it_comes_is_sent_once() {
    let tree = Stage::new().start();
    let upload = Upload { length: Some(3), pieces: Box::new(Nothing) };
    let report = call(&tree, &ScriptedTransport::default(), &request(Effect::Read), Some(upload)).await;
    assert!(matches!(report.answer, StreamAnswer::NotSent(_)));
    assert_eq!(report.attempts.len(), 1);
}

#[actix_rt::test]
async fn an_answer_under_way_keeps_its_seat() {
    let tree = Stage::new().start();
    let free = async || tree.providers.get(PROVIDER).unwrap().observe().await.free_calls;
    let before = free().await;
    let transport = ScriptedTransport::default().reply(200, "{}");
    let mut report = call(&tree, &transport, &request(Effect::Write), None).await;
    let StreamAnswer::Replied(mut reply) = report.answer else { panic!("an answer") };
    assert_eq!((reply.status, reply.length), (200, Some(2)));
    assert_eq!(free().await, before - 1);
    let piece = std::future::poll_fn(|context| reply.pieces.poll_piece(context)).await;
    assert_eq!(piece, Some(Ok(Bytes::from_static(b"{}"))));
    drop(report.seat.take());
    assert_eq!(free().await, before);
}
