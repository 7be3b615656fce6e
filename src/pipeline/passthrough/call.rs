//! The call itself: authorised by the adapter, and with a new token once, where the body is there to be sent again.

use actors::{ProviderHandle, Seat, StreamAnswer, StreamCall, StreamReport};
use domain::{
    Attempt, Effect, NotSent, Outcome, Rejection, RejectionClass, Reply, Request, StreamedReply, Upload,
};

use super::answer::{Taken, in_one_piece, in_pieces, take};
use crate::app::Worker;
use crate::pipeline::exchange::{Job, REQUEST_ID};
use crate::pipeline::token::token_for;

/// The code of a call that a token kept from being made.
pub(super) const TOKEN_REFUSED: &str = "provider_token_refused";

/// What a call came to.
pub(super) struct Called {
    /// The answer, or what became of the call.
    pub(super) answer: Result<StreamedReply, Outcome>,
    /// The call's place among the provider's.
    pub(super) seat: Option<Seat>,
    /// Every request that went to the provider, or was tried, in order.
    pub(super) attempts: Vec<Attempt>,
}

/// Makes a call.
pub(super) async fn call_provider(
    worker: &Worker,
    job: &Job<'_>,
    mut request: Request,
    mut upload: Option<Upload>,
) -> Called {
    let answer = Err(Outcome::NotSent(NotSent::Unreachable));
    let mut called = Called { answer, seat: None, attempts: Vec::new() };
    let Some(provider) = worker.gateway.providers.get(job.service.provider) else { return called };
    request.headers.push((REQUEST_ID, job.call.meta.request_id.to_string()));
    let is_repeatable = upload.is_none();
    let mut may_repeat = is_repeatable;
    loop {
        let token = match token_for(&worker.gateway, provider, job).await {
            Ok(token) => token,
            Err(outcome) => {
                called.answer = Err(outcome);
                return called;
            }
        };
        if request.effect == Effect::Write && !job.call.meta.leaves_fair_chance(&worker.gateway) {
            called.answer = Err(Outcome::NotSent(NotSent::DeadlinePassed));
            return called;
        }
        let secret = token.as_ref().map(|token| token.secret());
        job.adapter.authorize(&mut request, &job.service.credentials, secret);
        let report = stream(worker, job, provider, (&request, upload.take())).await;
        called.attempts.extend(report.attempts);
        called.seat = report.seat;
        let reply = match report.answer {
            StreamAnswer::Replied(reply) => reply,
            other => {
                called.answer = Err(outcome_of(&other));
                return called;
            }
        };
        let (reply, is_refused) = match &token {
            Some(_) if reply.status == 401 => judge(job, reply).await,
            _ => (reply, false),
        };
        match token {
            Some(token) if is_refused => provider.invalidate(&token),
            _ => {
                called.answer = Ok(reply);
                return called;
            }
        }
        // A refused token did nothing: a new one and a repeat are safe, by us where the body is still there.
        if !may_repeat {
            called.answer = if is_repeatable { Ok(reply) } else { Err(Outcome::Rejected(token_refused())) };
            return called;
        }
        may_repeat = false;
    }
}

async fn stream(
    worker: &Worker,
    job: &Job<'_>,
    provider: &ProviderHandle,
    (request, upload): (&Request, Option<Upload>),
) -> StreamReport {
    let environment = job.call.principal.environment;
    let Some(endpoint) = worker.gateway.endpoints.of(job.service.provider, environment) else {
        let answer = StreamAnswer::NotSent(NotSent::Unreachable);
        return StreamReport { answer, attempts: Vec::new(), seat: None };
    };
    let call = StreamCall {
        transport: &*worker.transport,
        endpoint,
        request,
        upload,
        operation: job.call.operation.kind(),
        deadline: job.call.meta.deadline,
    };
    provider.stream(call).await
}

/// Looks into a 401 whether it refuses the token; gives the answer back as it was.
async fn judge(job: &Job<'_>, reply: StreamedReply) -> (StreamedReply, bool) {
    let StreamedReply { status, headers, length, pieces } = reply;
    match take(pieces).await {
        Taken::Whole(body) => {
            let whole = Reply { status, headers, body };
            let is_refused = job.adapter.refuses_token(&whole);
            let Reply { headers, body, .. } = whole;
            (StreamedReply { status, headers, length, pieces: in_one_piece(body) }, is_refused)
        }
        Taken::More { start, rest } => {
            (StreamedReply { status, headers, length, pieces: in_pieces(start, Ok(rest)) }, false)
        }
        Taken::Broken(failure) => {
            let pieces = in_pieces(bytes::Bytes::new(), Err(failure));
            (StreamedReply { status, headers, length, pieces }, false)
        }
    }
}

fn outcome_of(answer: &StreamAnswer) -> Outcome {
    match answer {
        StreamAnswer::NotSent(reason) => Outcome::NotSent(*reason),
        StreamAnswer::Unknown(reason) => Outcome::Unknown(*reason),
        StreamAnswer::Incomplete | StreamAnswer::Replied(_) => Outcome::Rejected(incomplete()),
    }
}

/// The caller's body never became whole.
fn incomplete() -> Rejection {
    Rejection::new(
        RejectionClass::InvalidRequest,
        "request_incomplete",
        "The body broke off, or was not through in time; the provider has had no whole request.",
    )
}

fn token_refused() -> Rejection {
    Rejection::new(
        RejectionClass::Unavailable,
        TOKEN_REFUSED,
        "The provider no longer took the gateway's token, and the body is not there to be sent again. Nothing was done; the \
         next request goes with a new token.",
    )
}
