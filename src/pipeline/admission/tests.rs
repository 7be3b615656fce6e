//! Which outcomes speak against a provider, which against credentials, and which against nobody.

use bytes::Bytes;
use domain::{Effect, ProxyReply, Rejection};
use http::HeaderMap;

use super::*;

const SUCCESS: Verdict = Verdict::Success;
const IGNORED: Verdict = Verdict::Ignored;

const fn failure(fault: Fault) -> Verdict {
    Verdict::Failure(fault)
}

fn rejected(class: RejectionClass) -> Outcome {
    Outcome::Rejected(Rejection::new(class, "sample", ""))
}

#[test]
fn a_refusal_speaks_for_the_provider_unless_it_says_that_it_is_out_of_order() {
    for (class, expected) in [
        (RejectionClass::InvalidRequest, SUCCESS),
        (RejectionClass::NotFound, SUCCESS),
        (RejectionClass::Conflict, SUCCESS),
        (RejectionClass::Declined, SUCCESS),
        (RejectionClass::Refused, SUCCESS),
        (RejectionClass::RateLimited, IGNORED),
        (RejectionClass::Credentials, failure(Fault::CredentialsRefused)),
        (RejectionClass::Unavailable, failure(Fault::ProviderError)),
    ] {
        assert_eq!(verdict(&rejected(class)), expected, "{class:?}");
    }
}

#[test]
fn what_got_no_answer_tells_how() {
    for (outcome, expected) in [
        (Outcome::NotSent(NotSent::Unreachable), failure(Fault::Unreachable)),
        (Outcome::NotSent(NotSent::CircuitOpen), IGNORED),
        (Outcome::NotSent(NotSent::Overloaded), IGNORED),
        (Outcome::NotSent(NotSent::DeadlinePassed), IGNORED),
        (Outcome::NotSent(NotSent::NeverArrived), IGNORED),
        (Outcome::NotSent(NotSent::NotBegun), IGNORED),
        (Outcome::Unknown(Unknown::TimedOut), failure(Fault::TimedOut)),
        (Outcome::Unknown(Unknown::Disconnected), failure(Fault::Disconnected)),
        (Outcome::Unknown(Unknown::Unreadable { status: 503 }), failure(Fault::ProviderError)),
        (Outcome::Unknown(Unknown::Unreadable { status: 499 }), IGNORED),
        (Outcome::Unknown(Unknown::Unreadable { status: 400 }), IGNORED),
        (Outcome::Unknown(Unknown::Unreadable { status: 302 }), failure(Fault::Unreadable)),
        (Outcome::Unknown(Unknown::Unreadable { status: 200 }), failure(Fault::Unreadable)),
        (Outcome::Unknown(Unknown::Unreadable { status: 0 }), failure(Fault::Unreadable)),
    ] {
        assert_eq!(verdict(&outcome), expected, "{outcome:?}");
    }
}

#[test]
fn an_answer_that_is_carried_tells_by_its_status() {
    for (status, expected) in [
        (200, SUCCESS),
        (302, SUCCESS),
        (400, SUCCESS),
        (401, IGNORED),
        (403, SUCCESS),
        (404, SUCCESS),
        (408, IGNORED),
        (409, SUCCESS),
        (429, IGNORED),
        (500, failure(Fault::ProviderError)),
        (503, failure(Fault::ProviderError)),
    ] {
        for effect in [Effect::Read, Effect::Write] {
            let (path, headers, body) = (Box::default(), HeaderMap::new(), Bytes::new());
            let reply = ProxyReply { path, effect, status, headers, body };
            assert_eq!(verdict(&Outcome::Executed(Resource::Proxy(reply))), expected, "{status} {effect:?}");
        }
    }
}

fn ran(outcome: Outcome, waits_ms: &[u64]) -> Ran {
    let attempt = |wait: &u64| domain::Attempt {
        provider: ProviderId::new("stripe"),
        effect: Effect::Write,
        told: Ok(200),
        waited: Duration::ZERO,
        duration: Duration::from_millis(*wait),
    };
    Ran::first(outcome, waits_ms.iter().map(attempt).collect())
}

#[test]
fn a_provider_that_was_not_asked_or_had_no_time_is_neither_praised_nor_blamed() {
    const FAIR: Duration = Duration::from_millis(500);
    let refused = || rejected(RejectionClass::InvalidRequest);
    let late = || Outcome::Unknown(Unknown::TimedOut);
    for (outcome, waits_ms, expected) in [
        (refused(), &[][..], IGNORED),
        (refused(), &[3][..], SUCCESS),
        // A token that was refused is bought without an attempt.
        (rejected(RejectionClass::Credentials), &[][..], failure(Fault::CredentialsRefused)),
        // A search that has no time span to look in.
        (Outcome::Unknown(Unknown::Unreadable { status: 0 }), &[][..], IGNORED),
        (late(), &[499][..], IGNORED),
        (late(), &[500][..], failure(Fault::TimedOut)),
        (late(), &[2_000, 20][..], IGNORED),
        (Outcome::Unknown(Unknown::Disconnected), &[1][..], failure(Fault::Disconnected)),
    ] {
        let ran = ran(outcome, waits_ms);
        assert_eq!(verdict_of(&ran, FAIR), expected, "{ran:?}");
    }
}
