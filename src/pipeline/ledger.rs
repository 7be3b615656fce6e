//! The way of an operation with a side effect: a row in the ledger before the call, the outcome behind it.

use actors::Fallback;
use domain::ports::{self, KeptAnswer};
use domain::{
    LedgerEntry, LedgerState, Outcome, ProviderId, RejectionClass, RetrySafety, Settlement, TransactionId,
    Unknown,
};

use super::exchange::Job;
use super::failover::{Chosen, Served, admit_first, run_through};
use super::guard::Unsettled;
use super::idempotency::Guard;
use super::settle::{conclude, is_undone};
use super::turns::{self, Turn};
use super::withdraw::{take_back, take_back_unconfirmed};
use super::{Answer, Call, Present, Refusal, answers, routing};
use crate::app::Worker;

/// How long past a request's deadline its ledger row still counts as worked on.
const LEASE_MARGIN: std::time::Duration = std::time::Duration::from_secs(5);

/// Why an operation was not done here and now.
pub(super) enum Stop {
    /// It was refused, or came to nothing and cannot be said to.
    Refused(Refusal),
    /// The idempotency key has a row already.
    Exists(Box<LedgerEntry>),
    /// The ledger is away, and the answer of the idempotency key is in the cache.
    Kept(KeptAnswer),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Begins an operation in the ledger, does it, and records what became of it.
pub(super) async fn execute(
    worker: &Worker,
    call: &Call,
    present: &dyn Present,
    guard: Option<&Guard>,
    fingerprint: [u8; 32],
) -> Result<Answer, Stop> {
    let gateway = &worker.gateway;
    let begun = begin(worker, call, present, guard, fingerprint).await?;
    let Begun { chosen, transaction, provider_key, unsettled, turn } = begun;
    if let Some(guard) = guard.filter(|_| gateway.ledger.is_store_away())
        && let Some(kept) = answers::find(worker, call, guard).await
    {
        // Begun in this node's journal, while another node has the answer.
        unsettled.record(None, Settlement::Released, None);
        return Err(Stop::Kept(kept));
    }
    // Dies in here: the row stays `started`; whoever comes next looks up what became of the call.
    let served = run_through(worker, call, (transaction, provider_key), chosen).await;
    let Served { service, adapter, provider_key, mut ran } = served;
    if gateway.ledger.is_store_away() && tells_of_a_twin(&ran.outcome) {
        // Another node that cannot see the ledger either has made this call: that is not to be told as a refusal.
        ran.outcome = Outcome::Unknown(Unknown::Unreadable { status: 409 });
    }
    let started_at = call.meta.at;
    let job = Job { call, adapter, service: &service, transaction, provider_key: &provider_key, started_at };
    if is_undone(&ran.outcome) {
        let key = (service.provider, provider_key.clone());
        let row = entry(worker, call, guard, fingerprint, (transaction, key));
        let told = take_back(gateway, &job, ran, (unsettled, row), present).await;
        drop(turn);
        return Ok(told?);
    }
    let promise = guard.map(|guard| (guard, fingerprint));
    let answer = conclude(worker, &job, ran, (unsettled, promise), present);
    // Dies here: the row is settled, or as good as: the journal has it. Whoever is next in line begins.
    drop(turn);
    Ok(answer)
}

/// An operation whose row is committed: its call may be made.
struct Begun {
    chosen: Chosen,
    transaction: TransactionId,
    provider_key: Box<str>,
    unsettled: Unsettled,
    turn: Option<Turn>,
}

/// Begins an operation in the ledger: when its turn has come, where it has to wait for one.
async fn begin(
    worker: &Worker,
    call: &Call,
    present: &dyn Present,
    guard: Option<&Guard>,
    fingerprint: [u8; 32],
) -> Result<Begun, Stop> {
    let gateway = &worker.gateway;
    let mut route = routing::choose(call)?;
    let serial = turns::serial_of(&call.operation, route.adapter);
    let mut turn = match &serial {
        Some(serial) => Some(turns::take(worker, call, guard, serial).await?),
        None => None,
    };
    loop {
        if !call.meta.leaves_fair_chance(gateway) {
            return Err(Refusal::Late { provider: route.service.provider }.into());
        }
        // Reserved first: what is begun can always be recorded.
        let permit = gateway.log.reserve().map_err(|_refused| Refusal::Overloaded)?;
        let chosen = admit_first(gateway, call, route)?;
        let transaction = TransactionId::generate(call.meta.at, &*gateway.entropy);
        let provider_key = chosen.route.provider_key(gateway, call, transaction);
        let new_entry = || {
            let key = (chosen.route.service.provider, provider_key.clone());
            entry(worker, call, guard, fingerprint, (transaction, key))
        };
        let entry = LedgerEntry { serial: serial.clone(), ..new_entry() };
        // Dies here: the key is free, or the row is `started` and its call was never made; a look-up tells.
        let left = call.meta.deadline.remaining(gateway.clock.monotonic()).unwrap_or_default();
        let fallback = fallback(call, &chosen, serial.as_deref());
        let begun = gateway.ledger.begin_within(left, entry, fallback).await;
        let tenant = call.principal.tenant.tenant().id;
        let row = match begun {
            Ok(ports::Begun::Started) => {
                if let Some(turn) = &turn {
                    turn.note(transaction);
                }
                let unsettled = Unsettled::begun(gateway, permit, (tenant, transaction));
                return Ok(Begun { chosen, transaction, provider_key, unsettled, turn });
            }
            Ok(ports::Begun::Existing(row)) => return Err(Stop::Exists(row)),
            Ok(ports::Begun::Occupied(row)) => row,
            Err(why) if why.may_have_begun() => {
                let way = (call, &chosen.route);
                return Err(take_back_unconfirmed(gateway, way, present, (permit, new_entry())).into());
            }
            Err(_refused) => return Err(Refusal::LedgerUnavailable.into()),
        };
        // Neither a place in the log nor one at the provider is held while others are at work.
        drop((permit, chosen));
        let Some(turn) = &mut turn else {
            return Err(Refusal::Internal("beginning what needs no turn").into());
        };
        turn.wait_behind(worker, call, &row).await?;
        route = routing::choose(call)?;
    }
}

/// Returns whether the provider has met this key with another body. Ours tell the transaction, so a twin's has.
fn tells_of_a_twin(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected(rejection) if rejection.class == RejectionClass::KeyReused)
}

/// Returns what may take the ledger's place while the store is away. A twin on another node, or of an hour ago, must come with the
/// same key of the provider's: that follows from the caller's key, but not where the request itself stands for one, nor where another
/// provider may serve, or have served, than the one whose turn it is. And no journal can tell nodes apart that change one order.
fn fallback(call: &Call, chosen: &Chosen, serial: Option<&str>) -> Fallback {
    if serial.is_some() || chosen.may_fail_over(call) {
        return Fallback::None;
    }
    let is_implicit = call.idempotency_key.is_none()
        && call.principal.tenant.tenant().implicit_idempotency_seconds.is_some();
    match adapters::retry_safety(chosen.route.adapter, &call.operation) {
        RetrySafety::Keyed | RetrySafety::Harmless if !is_implicit => Fallback::Journal,
        RetrySafety::Keyed | RetrySafety::Harmless | RetrySafety::LookUpFirst => Fallback::None,
    }
}

fn entry(
    worker: &Worker,
    call: &Call,
    guard: Option<&Guard>,
    fingerprint: [u8; 32],
    (transaction, (provider, provider_key)): (TransactionId, (ProviderId, Box<str>)),
) -> LedgerEntry {
    let calls = &worker.gateway.config.calls;
    let replay = guard.map_or_else(|| calls.replay(), |guard| guard.replay);
    LedgerEntry {
        transaction,
        tenant: call.principal.tenant.tenant().id,
        key: call.principal.key,
        environment: call.principal.environment,
        idempotency_key: guard.map(|guard| guard.key.clone()),
        operation: call.operation.kind(),
        fingerprint,
        provider: provider.as_str().into(),
        provider_key,
        target: call.target.clone(),
        request: call.body.clone(),
        started_at: call.meta.at,
        lease_until: call.meta.at.after(calls.deadline()).after(LEASE_MARGIN),
        replay_until: call.meta.at.after(replay),
        serial: None,
        look_ups: domain::LookUps::default(),
        state: LedgerState::Started,
    }
}
