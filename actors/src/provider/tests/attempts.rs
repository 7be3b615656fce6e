//! What is tried again, and what never is.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::Transport;
use domain::{
    Clock, Effect, Endpoint, NotSent, OperationKind, Reply, Request, RetrySafety, TransportFailure, Unknown,
    Unsent,
};
use futures_util::FutureExt;
use resilience::Deadline;
use testkit::{ManualClock, ScriptedTransport};

use crate::doubles::{PROVIDER, Stage};
use crate::{Answer, AttemptCall, AttemptReport, Tree};

use Effect::{Read, Write};
use RetrySafety::{Harmless, Keyed, LookUpFirst};
use TransportFailure::{Disconnected, TimedOut, Unreadable};

const NO_CONNECTION: TransportFailure = TransportFailure::NotSent(Unsent::Connect);

pub(super) fn request(effect: Effect, retry: RetrySafety) -> Request {
    Request {
        method: http::Method::POST,
        path: "/v1/orders".to_owned(),
        headers: Vec::new(),
        authorization: None,
        content_type: None,
        body: Bytes::new(),
        effect,
        retry,
    }
}

fn endpoint() -> Endpoint {
    Endpoint { provider: PROVIDER, is_tls: true, authority: "acme.example".into() }
}

pub(super) async fn call(
    tree: &Tree,
    transport: &dyn Transport,
    request: &Request,
    deadline: Deadline,
) -> AttemptReport {
    let call = AttemptCall {
        transport,
        endpoint: &endpoint(),
        request,
        operation: OperationKind::OrdersCreate,
        deadline,
    };
    tree.providers.get(PROVIDER).unwrap().attempt(call).await
}

/// Makes a call that fails once in this way and would succeed the second time; returns the number of attempts.
async fn attempts_after(first: Result<u16, TransportFailure>, effect: Effect, retry: RetrySafety) -> usize {
    let tree = Stage::new().start();
    let script = match first {
        Ok(status) => ScriptedTransport::default().reply(status, "{}"),
        Err(failure) => ScriptedTransport::default().fail(failure),
    };
    let transport = script.reply(200, "{}");
    let report = call(&tree, &transport, &request(effect, retry), plenty()).await;
    assert_eq!(report.attempts.len(), transport.requests().len());
    transport.requests().len()
}

pub(super) fn plenty() -> Deadline {
    Deadline::after(Duration::ZERO, Duration::from_secs(30))
}

#[actix_rt::test]
async fn what_never_reached_the_provider_is_sent_again_whatever_it_is() {
    for (effect, retry) in [(Read, Harmless), (Write, Harmless), (Write, Keyed), (Write, LookUpFirst)] {
        for unsent in [Unsent::Connect, Unsent::Tls] {
            assert_eq!(attempts_after(Err(TransportFailure::NotSent(unsent)), effect, retry).await, 2);
        }
        for unsent in [Unsent::Deadline, Unsent::Malformed] {
            assert_eq!(attempts_after(Err(TransportFailure::NotSent(unsent)), effect, retry).await, 1);
        }
    }
}

#[actix_rt::test]
async fn nothing_is_sent_again_that_would_have_no_time_for_an_answer() {
    let mut stage = Stage::new();
    stage.settings.providers.fair_chance = Duration::from_secs(20);
    let tree = stage.start();
    for (seconds, attempts) in [(19, 1), (30, 2)] {
        let transport = ScriptedTransport::default().fail(NO_CONNECTION).reply(200, "{}");
        let deadline = Deadline::after(Duration::ZERO, Duration::from_secs(seconds));
        let report = call(&tree, &transport, &request(Write, Keyed), deadline).await;
        assert_eq!(report.attempts.len(), attempts, "{seconds} s");
    }
}

#[actix_rt::test]
async fn an_unknown_outcome_is_sent_again_only_where_a_repeat_cannot_do_it_twice() {
    for failure in [TimedOut, Disconnected, Unreadable] {
        for (effect, retry, attempts) in [
            (Read, Harmless, 2),
            (Read, LookUpFirst, 2),
            (Write, Harmless, 2),
            (Write, Keyed, 2),
            (Write, LookUpFirst, 1),
        ] {
            assert_eq!(
                attempts_after(Err(failure), effect, retry).await,
                attempts,
                "{failure:?} {effect:?} {retry:?}"
            );
        }
    }
}

#[actix_rt::test]
async fn a_whole_reply_is_asked_for_again_only_by_reads_of_a_gateway_out_of_order() {
    for (status, effect, retry, attempts) in [
        (502, Read, Harmless, 2),
        (503, Read, Harmless, 2),
        (504, Read, Harmless, 2),
        (500, Read, Harmless, 1),
        (429, Read, Harmless, 1),
        (404, Read, Harmless, 1),
        (503, Write, Keyed, 1),
        (502, Write, Harmless, 1),
        (429, Write, Keyed, 1),
    ] {
        assert_eq!(
            attempts_after(Ok(status), effect, retry).await,
            attempts,
            "{status} {effect:?} {retry:?}"
        );
    }
}

#[actix_rt::test]
async fn attempts_end_at_their_number_and_the_last_one_is_the_answer() {
    let tree = Stage::new().start();
    let transport = ScriptedTransport::default().fail(NO_CONNECTION).fail(NO_CONNECTION).fail(NO_CONNECTION);
    let report = call(&tree, &transport, &request(Write, LookUpFirst), plenty()).await;
    assert!(matches!(report.answer, Answer::NotSent(NotSent::Unreachable)));
    assert_eq!((report.attempts.len(), report.earlier_unknown), (3, None));
}

#[actix_rt::test]
async fn once_unknown_a_write_stays_unknown_until_it_is_answered() {
    let tree = Stage::new().start();
    let transport = ScriptedTransport::default().fail(TimedOut).fail(NO_CONNECTION).fail(NO_CONNECTION);
    let report = call(&tree, &transport, &request(Write, Keyed), plenty()).await;
    assert!(matches!(report.answer, Answer::Unknown(Unknown::TimedOut)));
    let transport = ScriptedTransport::default().fail(Disconnected).reply(429, "{}");
    let report = call(&tree, &transport, &request(Write, Keyed), plenty()).await;
    assert!(matches!(report.answer, Answer::Replied(Reply { status: 429, .. })));
    assert_eq!(report.earlier_unknown, Some(Unknown::Disconnected));
}

#[actix_rt::test]
async fn nothing_is_sent_when_no_time_is_left() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.clock.advance(Duration::from_secs(30));
    let transport = ScriptedTransport::default();
    let report = call(&tree, &transport, &request(Write, Keyed), plenty()).await;
    assert!(matches!(report.answer, Answer::NotSent(NotSent::DeadlinePassed)));
    assert!(report.attempts.is_empty());
}

#[actix_rt::test]
async fn retries_end_with_the_budget() {
    let mut stage = Stage::new();
    stage.settings.providers.retry_budget.percent_of_calls = 0;
    stage.settings.providers.retry_budget.min_per_second = std::num::NonZeroU32::MIN;
    let tree = stage.start();
    let transport = ScriptedTransport::default().fail(NO_CONNECTION).fail(NO_CONNECTION).fail(NO_CONNECTION);
    assert_eq!(call(&tree, &transport, &request(Read, Harmless), plenty()).await.attempts.len(), 2);
    assert_eq!(call(&tree, &transport, &request(Read, Harmless), plenty()).await.attempts.len(), 1);
}

/// Takes all the time it is given, then fails.
#[derive(Debug)]
struct SlowTransport {
    clock: Arc<ManualClock>,
    timeouts: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Transport for SlowTransport {
    async fn send(&self, _: &Endpoint, _: &Request, timeout: Duration) -> Result<Reply, TransportFailure> {
        self.timeouts.lock().unwrap().push(timeout);
        self.clock.advance(timeout);
        Err(TimedOut)
    }
}

#[actix_rt::test]
async fn an_attempt_that_another_may_follow_leaves_it_time_and_one_that_is_alone_takes_all() {
    for (retry, seconds) in [(Keyed, vec![10, 10, 5]), (LookUpFirst, vec![25])] {
        let stage = Stage::new();
        let tree = stage.start();
        let transport = SlowTransport { clock: Arc::clone(&stage.clock), timeouts: Mutex::default() };
        let deadline = Deadline::after(stage.clock.monotonic(), Duration::from_secs(25));
        let report = call(&tree, &transport, &request(Write, retry), deadline).await;
        let expected: Vec<Duration> = seconds.into_iter().map(Duration::from_secs).collect();
        assert_eq!(*transport.timeouts.lock().unwrap(), expected);
        assert!(matches!(report.answer, Answer::Unknown(Unknown::TimedOut)));
        assert_eq!(report.provider_duration(), Duration::from_secs(25));
    }
}

/// Never answers.
#[derive(Debug)]
struct SilentTransport;

#[async_trait]
impl Transport for SilentTransport {
    async fn send(&self, _: &Endpoint, _: &Request, _: Duration) -> Result<Reply, TransportFailure> {
        std::future::pending().await
    }
}

#[actix_rt::test]
async fn calls_beyond_the_bound_are_not_sent_and_one_that_is_dropped_gives_its_seat_back() {
    let tree = Stage::new().start();
    let request = request(Write, Keyed);
    {
        let mut first = Box::pin(call(&tree, &SilentTransport, &request, plenty()));
        let mut second = Box::pin(call(&tree, &SilentTransport, &request, plenty()));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        let report = call(&tree, &ScriptedTransport::default(), &request, plenty()).await;
        assert!(matches!(report.answer, Answer::NotSent(NotSent::Overloaded)));
    }
    let transport = ScriptedTransport::default().reply(200, "{}");
    let report = call(&tree, &transport, &request, plenty()).await;
    assert!(matches!(report.answer, Answer::Replied(_)));
}
