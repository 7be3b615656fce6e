//! What a person does about an unknown outcome: has it looked up now, or says what the provider showed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{
    Event, LedgerEntry, Money, RequestId, Settlement, Transaction, TransactionId, TransactionStatus,
};

use super::{LEASE_MARGIN, Rebuilt, Reconciler};
use crate::app::Gateway;
use crate::auth::Principal;
use crate::pipeline::guard::Unsettled;
use crate::pipeline::news::{Subject, event};

/// Rows that are looked through for one transaction.
const MOST_ROWS: u32 = 10_000;

/// What a person found out at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FoundByHand {
    /// It was carried out: the provider's id of what it made or changed.
    Executed {
        /// The id.
        provider_id: Box<str>,
    },
    /// It was not, and never will be.
    NotExecuted,
}

/// What is said of an outcome that a person settled.
#[derive(Debug)]
pub(crate) struct HandWording {
    /// HTTP status that repeats of the idempotency key get.
    pub status: u16,
    /// The answer that they get.
    pub kept: Bytes,
    /// The same as the log keeps it.
    pub logged: Bytes,
    /// The error's code.
    pub code: &'static str,
}

/// Why nothing was done by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandRefusal {
    /// No transaction of this id is of unknown outcome.
    #[error("no such transaction is of unknown outcome")]
    NotUnknown,
    /// It is being looked up this moment.
    #[error("the transaction is being looked up")]
    BeingLookedUp,
    /// The store is away.
    #[error("the store is away")]
    StoreAway,
    /// The log's queue is full.
    #[error("overloaded")]
    Overloaded,
}

/// Takes an unknown row over from whoever would look it up.
async fn take(
    gateway: &Arc<Gateway>,
    transaction: TransactionId,
) -> Result<(LedgerEntry, Unsettled), HandRefusal> {
    let rows = gateway.ledger.list_unknown(false, MOST_ROWS).await.map_err(|_told| HandRefusal::StoreAway)?;
    let row = rows.into_iter().find(|row| row.transaction == transaction).ok_or(HandRefusal::NotUnknown)?;
    let permit = gateway.log.reserve().map_err(|_refused| HandRefusal::Overloaded)?;
    let now = gateway.clock.now();
    match gateway.ledger.take_over(row.tenant, transaction, now, now.after(LEASE_MARGIN)).await {
        Ok(true) => Ok((row.clone(), Unsettled::repeated(gateway, permit, &row))),
        Ok(false) => Err(HandRefusal::BeingLookedUp),
        Err(_told) => Err(HandRefusal::StoreAway),
    }
}

/// Makes an unknown row due now, also one that nobody looks up any more. It keeps its count of look-ups.
///
/// # Errors
/// [`HandRefusal`]: nothing was changed.
pub(crate) async fn look_up_now(
    gateway: &Arc<Gateway>,
    transaction: TransactionId,
) -> Result<(), HandRefusal> {
    let (_, unsettled) = take(gateway, transaction).await?;
    unsettled.postpone(Duration::ZERO);
    // Written when this returns, unless the store is away: then it is written when that is back.
    gateway.log.flush().await.ok();
    Ok(())
}

impl Reconciler {
    /// Settles an unknown row by what a person found out at the provider.
    ///
    /// # Errors
    /// [`HandRefusal`]: nothing was changed.
    pub(crate) async fn settle_by_hand(
        &self,
        transaction: TransactionId,
        found: &FoundByHand,
    ) -> Result<(), HandRefusal> {
        let gateway = &self.worker.gateway;
        let (row, unsettled) = take(gateway, transaction).await?;
        let rebuilt = self.rebuilt(&row).await;
        let words = self.rebuild.by_hand(&row, found);
        let logged = logged(gateway, &row, rebuilt.as_ref(), (found, &words));
        let settlement = match found {
            FoundByHand::Executed { .. } => Settlement::Settled { status: words.status, body: words.kept },
            FoundByHand::NotExecuted => Settlement::Released,
        };
        tracing::warn!(%transaction, tenant.id = %row.tenant, provider = &*row.provider, ?found, "an unknown outcome was settled by hand");
        let event = unsettled.news(&settlement).map(|kind| -> Event {
            let now = (logged.status, Some((words.status, &logged.response_payload)));
            event(gateway, kind, Subject::of_row(&row), now, |news| self.rebuild.tell(news))
        });
        unsettled.record(Some(logged), settlement, event);
        gateway.log.flush().await.ok();
        Ok(())
    }

    /// Returns a row's call where it can be built again; without it the log only knows less.
    async fn rebuilt(&self, row: &LedgerEntry) -> Option<Rebuilt> {
        let tenant = self.worker.gateway.tenants.by_id(row.tenant).await.ok()??;
        let principal = Principal { tenant, key: row.key, environment: row.environment };
        self.rebuild.rebuild(&self.worker, principal, row, self.meta(row)).await.ok()
    }
}

/// Returns the log row of a transaction that a person settled.
fn logged(
    gateway: &Gateway,
    row: &LedgerEntry,
    rebuilt: Option<&Rebuilt>,
    (found, words): (&FoundByHand, &HandWording),
) -> Transaction {
    let call = rebuilt.map(|rebuilt| &rebuilt.call);
    let amount = call.and_then(|call| call.operation.amount());
    let provider_ref = match found {
        FoundByHand::Executed { provider_id } => Some(provider_id.clone()),
        FoundByHand::NotExecuted => None,
    };
    Transaction {
        id: row.transaction,
        tenant: row.tenant,
        key: row.key,
        environment: row.environment,
        operation: row.operation,
        subject: call.and_then(|call| call.subject),
        provider: Some(row.provider.clone()),
        provider_ref,
        endpoint: call.map_or("", |call| call.endpoint),
        status: match found {
            FoundByHand::Executed { .. } => TransactionStatus::Success,
            FoundByHand::NotExecuted => TransactionStatus::Failed,
        },
        object_status: None,
        provider_status: None,
        response_status: words.status,
        error_code: Some(words.code.into()),
        amount_minor: amount.map(Money::minor),
        currency: amount.map(|amount| amount.currency().code()),
        reference: call.and_then(|call| call.reference.clone()),
        // Of what cannot be read again nobody knows what has to be masked.
        request_payload: call.map_or_else(Bytes::new, |call| telemetry::redact_payload(&call.body, &[])),
        response_payload: telemetry::redact_payload(&words.logged, &[]),
        duration: Duration::ZERO,
        provider_duration: Duration::ZERO,
        attempts: 0,
        attempt_lines: row.look_ups.attempt_lines.clone(),
        request_id: RequestId::generate(gateway.clock.now(), &*gateway.entropy).to_string().into(),
        ip: None,
        user_agent: None,
        created_at: row.started_at,
    }
}
