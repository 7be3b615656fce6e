//! How long is waited before the next attempt, and how many there may be: deadline, the provider's own word, the budget.

use std::num::NonZeroU32;
use std::time::Duration;

use domain::{
    Attempt, Clock, Effect, NotSent, Request, RetrySafety, StreamFailure, TransportFailure, Unsent,
};
use resilience::{Backoff, Deadline};
use testkit::ScriptedTransport;

use super::attempts::{call, plenty, request};
use super::streams;
use crate::Tree;
use crate::doubles::{OTHER, PROVIDER, Stage};
use crate::provider::attempt::{Again, why_unsent};
use crate::provider::repeat::Told;

use Effect::{Prepare, Read, Write};
use RetrySafety::{Harmless, Keyed, LookUpFirst};
use TransportFailure::{Disconnected, TimedOut, Unreadable};

const NO_CONNECTION: TransportFailure = TransportFailure::NotSent(Unsent::Connect);
const UNAVAILABLE: Told = Ok(503);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Returns the wait before an attempt that follows this many failures, with `left` until the deadline.
fn wait(
    tree: &Tree,
    (request, told): (&Request, Told),
    (failures, left): (usize, Duration),
    asked_for: Option<Duration>,
) -> Option<Duration> {
    let handle = tree.providers.get(PROVIDER).unwrap();
    let again = Again { request, deadline: Deadline::after(handle.now(), left), failures };
    handle.wait_before_next(&again, told, asked_for)
}

/// What there is of retries when the provider is in order: one a call, whatever is asked here.
fn unbounded() -> Stage {
    let mut stage = Stage::new();
    stage.settings.providers.retry_budget.min_per_second = NonZeroU32::MAX;
    stage
}

#[actix_rt::test]
async fn only_what_cannot_be_done_twice_is_done_again_whatever_time_and_budget_are_left() {
    let tree = unbounded().start();
    for (told, may_any, may_keyed, may_look_up_first) in [
        // How it ended; a read; a write that cannot happen twice; one that can.
        (Err(NO_CONNECTION), true, true, true),
        (Err(TransportFailure::NotSent(Unsent::Tls)), true, true, true),
        (Err(TransportFailure::NotSent(Unsent::Deadline)), false, false, false),
        (Err(TransportFailure::NotSent(Unsent::Malformed)), false, false, false),
        (Err(TimedOut), true, true, false),
        (Err(Disconnected), true, true, false),
        (Err(Unreadable), true, true, false),
        (Ok(502), true, false, false),
        (Ok(503), true, false, false),
        (Ok(504), true, false, false),
        (Ok(500), false, false, false),
        (Ok(429), false, false, false),
        (Ok(409), false, false, false),
        (Ok(302), false, false, false),
        (Ok(200), false, false, false),
    ] {
        for (effect, retry, may) in [
            (Read, Harmless, may_any),
            (Read, LookUpFirst, may_any),
            (Write, Harmless, may_keyed),
            (Write, Keyed, may_keyed),
            (Prepare, Keyed, may_keyed),
            (Write, LookUpFirst, may_look_up_first),
            (Prepare, LookUpFirst, may_look_up_first),
        ] {
            let request = request(effect, retry);
            let waited = wait(&tree, (&request, told), (1, seconds(30)), None);
            assert_eq!(waited.is_some(), may, "{told:?} {effect:?} {retry:?}");
            assert_eq!(wait(&tree, (&request, told), (1, Duration::ZERO), None), None, "no time is left");
        }
    }
}

#[actix_rt::test]
async fn a_provider_that_asks_to_wait_is_left_alone_for_so_long_or_for_good() {
    let tree = unbounded().start();
    let read = request(Read, Harmless);
    let after = |asked_for| {
        wait(&tree, (&read, UNAVAILABLE), (1, seconds(30)), Some(Duration::from_millis(asked_for)))
    };
    assert_eq!(after(2_000), Some(seconds(2)), "longer than any wait of ours here");
    assert_eq!(after(29_999), Some(Duration::from_millis(29_999)));
    assert_eq!(after(30_000), None, "there would be no time for the call");
    assert_eq!(after(u64::MAX), None);
}

#[actix_rt::test]
async fn a_wait_is_anything_up_to_a_ceiling_that_doubles() {
    let mut stage = unbounded();
    stage.settings.providers.backoff = Backoff::try_new(Duration::from_millis(50), seconds(2)).unwrap();
    let tree = stage.start();
    let read = request(Read, Harmless);
    for (failures, ceiling_ms) in [(1, 50), (2, 100), (3, 200), (7, 2_000), (60, 2_000)] {
        for _ in 0..50 {
            let waited = wait(&tree, (&read, UNAVAILABLE), (failures, seconds(30)), None).unwrap();
            assert!(waited <= Duration::from_millis(ceiling_ms), "{failures} failures, {waited:?}");
            // Its own wait is a floor that the provider's word is above.
            let asked_for = Some(Duration::from_millis(ceiling_ms + 1));
            assert_eq!(wait(&tree, (&read, UNAVAILABLE), (failures, seconds(30)), asked_for), asked_for);
        }
        // Shorter than the shortest wait that would come after: nothing past the deadline.
        let left = Duration::from_nanos(1);
        let late = wait(&tree, (&read, UNAVAILABLE), (failures, left), None);
        assert!(late.is_none_or(|waited| waited < left));
    }
}

/// Makes calls that never reach the provider until one is not tried again; returns how many retries there were.
async fn retries_until_spent(tree: &Tree) -> usize {
    let mut retries = 0;
    loop {
        let transport = ScriptedTransport::default().fail(NO_CONNECTION).reply(200, "{}");
        match call(tree, &transport, &request(Write, LookUpFirst), plenty()).await.attempts.len() {
            1 => return retries,
            _ => retries += 1,
        }
    }
}

#[actix_rt::test]
async fn the_budget_is_one_for_all_calls_to_a_provider_and_comes_back_with_time_and_calls() {
    let mut stage = Stage::new();
    stage.settings.providers.retry_budget.percent_of_calls = 10;
    stage.settings.providers.retry_budget.min_per_second = NonZeroU32::new(3).unwrap();
    let tree = stage.start();
    assert_eq!(retries_until_spent(&tree).await, 3, "the least that there is a second");
    // Calls in pieces draw from the same.
    let transport = ScriptedTransport::default().fail(NO_CONNECTION).reply(200, "{}");
    let streamed = streams::call(&tree, &transport, &request(Read, Harmless), None).await;
    assert_eq!(streamed.attempts.len(), 1);
    // Another provider's are its own.
    let other = tree.providers.get(OTHER).unwrap();
    let read = request(Read, Harmless);
    let again = Again { request: &read, deadline: plenty(), failures: 1 };
    assert!(other.wait_before_next(&again, UNAVAILABLE, None).is_some());
    // Time.
    stage.clock.advance(seconds(2));
    assert_eq!(retries_until_spent(&tree).await, 3);
    // Calls that go well earn a retry for ten of them, a hundred at most; the clock stands.
    for calls in [50, 10_000] {
        for _ in 0..calls {
            let transport = ScriptedTransport::default().reply(200, "{}");
            call(&tree, &transport, &request(Write, Keyed), plenty()).await;
        }
        let retries = retries_until_spent(&tree).await;
        let earned = (calls / 10).min(100);
        // The calls that look for the end earn a little themselves.
        assert!((earned..=earned + earned / 4 + 2).contains(&retries), "{retries} after {calls} calls");
    }
}

#[actix_rt::test]
async fn what_is_not_used_is_not_taken_from_the_budget() {
    let mut stage = Stage::new();
    stage.settings.providers.retry_budget.percent_of_calls = 0;
    stage.settings.providers.retry_budget.min_per_second = NonZeroU32::MIN;
    let tree = stage.start();
    let (once, read) = (request(Write, LookUpFirst), request(Read, Harmless));
    for _ in 0..10 {
        assert_eq!(wait(&tree, (&once, Err(TimedOut)), (1, seconds(30)), None), None);
        assert_eq!(wait(&tree, (&read, UNAVAILABLE), (1, seconds(30)), Some(seconds(60))), None);
    }
    assert!(wait(&tree, (&read, UNAVAILABLE), (1, seconds(30)), None).is_some());
    assert_eq!(wait(&tree, (&read, UNAVAILABLE), (1, seconds(30)), None), None);
}

#[actix_rt::test]
async fn every_attempt_is_noted_with_the_wait_before_it() {
    let stage = Stage::new();
    let tree = stage.start();
    let transport = ScriptedTransport::default().fail(TimedOut).fail(NO_CONNECTION).reply(201, "{}");
    let report = call(&tree, &transport, &request(Write, Keyed), plenty()).await;
    let told: Vec<_> = report.attempts.iter().map(|attempt| attempt.told).collect();
    assert_eq!(told, [Err(TimedOut.into()), Err(NO_CONNECTION.into()), Ok(201)]);
    let first = report.attempts.first().unwrap();
    assert_eq!((first.provider, first.effect, first.waited), (PROVIDER, Write, Duration::ZERO));
    assert_eq!(stage.clock.monotonic(), Duration::ZERO);
}

#[test]
fn a_provider_is_to_blame_only_when_it_had_time() {
    let attempt = |unsent, ms| Attempt {
        provider: PROVIDER,
        effect: Write,
        told: Err(StreamFailure::Call(TransportFailure::NotSent(unsent))),
        waited: Duration::ZERO,
        duration: Duration::from_millis(ms),
    };
    for (attempts, expected) in [
        (vec![attempt(Unsent::Deadline, 999)], NotSent::DeadlinePassed),
        (vec![attempt(Unsent::Deadline, 1_000)], NotSent::Unreachable),
        (vec![attempt(Unsent::Connect, 1)], NotSent::Unreachable),
        (vec![attempt(Unsent::Connect, 1), attempt(Unsent::Deadline, 1)], NotSent::Unreachable),
    ] {
        assert_eq!(why_unsent(&attempts), expected, "{attempts:?}");
    }
}

#[actix_rt::test]
async fn a_streamed_write_is_sent_again_only_while_nothing_was_sent() {
    for (first, effect, retry, attempts) in [
        (NO_CONNECTION, Write, LookUpFirst, 2),
        (TimedOut, Write, Keyed, 1),
        (Disconnected, Write, Harmless, 1),
        (Unreadable, Read, Harmless, 2),
    ] {
        let tree = unbounded().start();
        let transport = ScriptedTransport::default().fail(first).reply(200, "{}");
        let report = streams::call(&tree, &transport, &request(effect, retry), None).await;
        assert_eq!(report.attempts.len(), attempts, "{first} {effect:?} {retry:?}");
    }
}
