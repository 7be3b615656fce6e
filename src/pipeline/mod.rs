//! The data plane: one operation from admission to its answer. admit → begin (ledger) → exchange → settle → record.
//! Picks no status code and speaks no HTTP: what an answer looks like is the caller's [`Present`].

mod admission;
mod answers;
mod attempts;
mod deadline;
mod exchange;
mod failover;
mod flights;
mod guard;
mod idempotency;
mod ledger;
mod look_up;
mod news;
mod passthrough;
mod reconcile;
mod record;
mod resume;
mod routing;
mod settle;
mod token;
mod turns;
mod verify;
mod withdraw;

use std::net::IpAddr;
use std::time::Duration;

use adapters::Adapter;
use bytes::Bytes;
use domain::{Environment, Operation, Outcome, ProviderId, Rejection, Timestamp, TransactionId};
use resilience::Deadline;

pub(crate) use failover::Failover;
pub(crate) use flights::Flights;
pub(crate) use idempotency::IdempotencyKey;
pub(crate) use news::{News, Subject};
pub(crate) use passthrough::{Answered, Passed, PassedBody, SMALL_BODY_BYTES, is_kept_in_log, pass};
pub(crate) use reconcile::{
    FoundByHand, HandRefusal, HandWording, NotRebuilt, Rebuild, Rebuilt, Reconciler, look_up_now,
};
pub(crate) use routing::{Endpoints, EndpointsError};
pub(crate) use turns::Turns;
pub(crate) use verify::{TokenExchange, verify_credentials};

use crate::app::{Gateway, Worker};
use crate::auth::Principal;

/// One request for an operation.
#[derive(Debug)]
pub(crate) struct Call {
    /// Who asks.
    pub principal: Principal,
    /// For what.
    pub operation: Operation,
    /// At which provider; the tenant's routing decides when absent.
    pub provider: Option<ProviderId>,
    /// The transaction that created the object, for operations on one.
    pub subject: Option<TransactionId>,
    /// Method and route: `POST /v1/payments/orders`.
    pub endpoint: &'static str,
    /// The id in the path, empty where the route has none.
    pub target: Box<str>,
    /// The caller's idempotency key.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The body as it came.
    pub body: Bytes,
    /// About the request itself.
    pub meta: Meta,
}

/// About a request, for the log.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    /// Its id.
    pub request_id: Box<str>,
    /// The caller's address.
    pub ip: Option<IpAddr>,
    /// The caller's `User-Agent`.
    pub user_agent: Option<Box<str>>,
    /// When it came.
    pub at: Timestamp,
    /// When it came, by the monotonic clock.
    pub arrived: Duration,
    /// When its answer is due.
    pub deadline: Deadline,
}

/// What an operation led to, before it is put into words.
#[derive(Debug)]
pub(crate) struct Completion<'a> {
    /// This transaction.
    pub transaction: TransactionId,
    /// The transaction that created the object: this one, unless it reads or changes an object.
    pub subject: TransactionId,
    /// The provider that served.
    pub provider: ProviderId,
    /// Test or live.
    pub environment: Environment,
    /// When the object was created.
    pub created_at: Timestamp,
    /// Whether the caller gave an idempotency key: a repeat of an unknown outcome is safe then.
    pub is_repeatable: bool,
    /// What happened.
    pub outcome: &'a Outcome,
    /// Whether another provider served than the one whose turn it was, and why.
    pub failover: Option<Failover>,
}

/// Puts a completion into the caller's words: HTTP status and body.
pub(crate) trait Present: Send + Sync {
    /// Returns the answer.
    fn present(&self, completion: &Completion<'_>) -> (u16, Bytes);

    /// Returns what the log keeps of an answer's body.
    fn logged(&self, body: &Bytes) -> Bytes {
        body.clone()
    }

    /// Returns what repeats of the idempotency key get, where it is not the answer itself.
    fn kept(&self, _completion: &Completion<'_>, _body: &Bytes) -> Option<(u16, Bytes)> {
        None
    }

    /// Returns the payload of an event.
    fn tell(&self, news: &News<'_>) -> Bytes;
}

/// The answer to a call.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Bytes,
    /// Whether it is the stored answer of an earlier request.
    pub origin: Origin,
    /// The provider's share of the time.
    pub provider_time: Duration,
    /// How long the provider asks to wait.
    pub retry_after: Option<Duration>,
    /// The provider that served, for the log line.
    pub provider: Option<ProviderId>,
    /// The transaction's outcome, for the log line.
    pub outcome: &'static str,
}

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This request.
    Fresh,
    /// An earlier request with the same idempotency key.
    Replayed,
}

/// Why a call has no answer of its own: nothing was sent or stored for it, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No enabled provider of the tenant does it.
    #[error("no provider is configured for {feature} in {environment}")]
    NoProvider {
        /// The feature.
        feature: domain::Feature,
        /// The environment.
        environment: Environment,
    },
    /// The tenant has switched the feature off at the provider.
    #[error("feature not enabled")]
    FeatureNotEnabled {
        /// The feature.
        feature: domain::Feature,
        /// The provider asked for.
        provider: ProviderId,
    },
    /// The provider cannot do it.
    #[error("{provider} cannot do {operation}")]
    NotSupported {
        /// The provider.
        provider: ProviderId,
        /// What it cannot do.
        operation: &'static str,
        /// Those that can.
        able: Vec<&'static str>,
    },
    /// None of the tenant's providers takes the currency.
    #[error("no provider takes {0}")]
    CurrencyNotTaken(domain::Currency),
    /// The provider would refuse it as it stands.
    #[error("refused before it was sent")]
    Planned {
        /// Which provider.
        provider: ProviderId,
        /// Why.
        rejection: Box<Rejection>,
    },
    /// A circuit is open, or as many calls as allowed are under way.
    #[error("not admitted")]
    CircuitOpen {
        /// Which provider.
        provider: ProviderId,
        /// Which of the two.
        reason: domain::NotSent,
        /// What stands in the way.
        barrier: actors::Barrier,
        /// When to try again.
        retry_after: Duration,
    },
    /// Too little time is left for the provider to answer: its body came slowly, or others were waited for.
    #[error("no time left")]
    Late {
        /// Which provider would have been called.
        provider: ProviderId,
    },
    /// The log's queue is full.
    #[error("overloaded")]
    Overloaded,
    /// The ledger cannot be written.
    #[error("ledger unavailable")]
    LedgerUnavailable,
    /// Nothing was done, and the ledger did not say that the operation is taken back: somebody may look it up before.
    #[error("not confirmed")]
    NotConfirmed {
        /// Which.
        transaction: TransactionId,
        /// Whether the caller gave an idempotency key.
        is_repeatable: bool,
    },
    /// The idempotency key was used for something else.
    #[error("idempotency key reused")]
    KeyReused,
    /// The first request with this idempotency key is still under way.
    #[error("idempotency key in use")]
    KeyInUse {
        /// When to ask again.
        retry_after: Duration,
    },
    /// Another operation on the same object is under way.
    #[error("another operation is under way")]
    InProgress {
        /// Which one, where it is known.
        transaction: Option<TransactionId>,
        /// When to ask again.
        retry_after: Duration,
    },
    /// What became of an earlier operation on the same object is not known yet.
    #[error("the outcome of {transaction} is not known")]
    Unsettled {
        /// Which one.
        transaction: TransactionId,
        /// When it is known, perhaps.
        retry_after: Duration,
    },
    /// The gateway is at fault.
    #[error("internal error while {0}")]
    Internal(&'static str),
}

/// Does an operation and returns its answer.
///
/// Operations with a side effect run as a task of their own, which a client that goes away does not cut short.
///
/// # Errors
/// [`Refusal`] when nothing was sent, or nothing was done and that is not certain ([`Refusal::NotConfirmed`]).
pub(crate) async fn execute(
    worker: &Worker,
    call: Call,
    present: Box<dyn Present>,
) -> Result<Answer, Refusal> {
    if !call.operation.kind().has_side_effect() {
        return read(worker, call, &*present).await;
    }
    let own = worker.clone();
    let task = worker
        .gateway
        .tasks
        .spawn_local(async move { idempotency::execute_once(&own, call, &*present).await });
    task.await.unwrap_or(Err(Refusal::Internal("running the operation")))
}

/// An operation's way, chosen: provider, adapter, and the steps that lead through.
struct Route {
    service: routing::Service,
    adapter: &'static dyn Adapter,
    exchange: Box<dyn adapters::Exchange>,
}

impl Route {
    /// Returns the provider's idempotency key for a call on this way.
    fn provider_key(&self, gateway: &Gateway, call: &Call, transaction: TransactionId) -> Box<str> {
        idempotency::provider_key(gateway, call, (self.adapter, &self.service.credentials), transaction)
    }
}

/// Reads from a provider: no ledger, and nothing to repeat.
async fn read(worker: &Worker, call: Call, present: &dyn Present) -> Result<Answer, Refusal> {
    let gateway = &worker.gateway;
    let route = routing::choose(&call)?;
    let admission = admission::admit(gateway, &call, route.service.provider)?;
    let permit = gateway.log.reserve().map_err(|_refused| Refusal::Overloaded)?;
    let transaction = TransactionId::generate(call.meta.at, &*gateway.entropy);
    let job = exchange::Job {
        call: &call,
        adapter: route.adapter,
        service: &route.service,
        transaction,
        provider_key: "",
        started_at: call.meta.at,
    };
    let ran = exchange::run(worker, &job, route.exchange).await;
    admission.settle_run(gateway, &ran);
    let completion = Completion {
        transaction,
        subject: call.subject.unwrap_or(transaction),
        provider: route.adapter.descriptor().id,
        environment: call.principal.environment,
        created_at: call.subject.map_or(call.meta.at, TransactionId::created_at),
        is_repeatable: true,
        outcome: &ran.outcome,
        failover: None,
    };
    let (status, body) = present.present(&completion);
    permit.record(record::read(gateway, &job, &ran, status, &body));
    let provider = completion.provider;
    Ok(ran.into_answer(status, body, provider))
}

/// Returns the amount of an operation or its outcome, for the log.
fn amount_of(operation: &Operation, outcome: &Outcome) -> Option<domain::Money> {
    match outcome {
        Outcome::Executed(resource) => resource.amount().or(operation.amount()),
        _ => operation.amount(),
    }
}
