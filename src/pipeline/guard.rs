//! A begun operation that must not be forgotten: dropped without a record (a panic), it says that the outcome is unknown, and
//! when it is to be looked up.

use std::sync::Arc;
use std::time::Duration;

use actors::LogPermit;
use bytes::Bytes;
use domain::ports::{Record, Withdrawal};
use domain::{
    Event, EventKind, LedgerEntry, LedgerState, LookUps, Settlement, TenantId, Transaction, TransactionId,
};

use crate::app::Gateway;

/// A ledger row that is in this task's care and not settled.
#[derive(Debug)]
pub(super) struct Unsettled {
    gateway: Arc<Gateway>,
    permit: Option<LogPermit>,
    tenant: TenantId,
    transaction: TransactionId,
    before: Before,
}

/// How the row was looked up before.
#[derive(Debug)]
enum Before {
    /// It was begun just now.
    Never,
    /// A caller's repeat took it over: count and schedule stay as they are.
    Repeated(LookUps),
    /// It is being looked up because that is due: one more, if it is in vain.
    Due(LookUps),
}

impl Unsettled {
    /// Takes care of a row that was begun just now.
    pub(super) fn begun(
        gateway: &Arc<Gateway>,
        permit: LogPermit,
        (tenant, transaction): (TenantId, TransactionId),
    ) -> Self {
        Self::new(gateway, permit, (tenant, transaction), Before::Never)
    }

    /// Takes care of a row that a caller's repeat took over.
    pub(super) fn repeated(gateway: &Arc<Gateway>, permit: LogPermit, row: &LedgerEntry) -> Self {
        let look_ups = row.look_ups.clone();
        let before = Before::Repeated(match row.state {
            // Its owner died, so that nobody has said yet when to look.
            LedgerState::Started => in_vain(gateway, look_ups.done, &look_ups.attempt_lines),
            LedgerState::Unknown | LedgerState::Settled { .. } => look_ups,
        });
        Self::new(gateway, permit, (row.tenant, row.transaction), before)
    }

    /// Takes care of a row that is due to be looked up.
    pub(super) fn due(gateway: &Arc<Gateway>, permit: LogPermit, row: &LedgerEntry) -> Self {
        let before = Before::Due(row.look_ups.clone());
        Self::new(gateway, permit, (row.tenant, row.transaction), before)
    }

    fn new(
        gateway: &Arc<Gateway>,
        permit: LogPermit,
        (tenant, transaction): (TenantId, TransactionId),
        before: Before,
    ) -> Self {
        Self { gateway: Arc::clone(gateway), permit: Some(permit), tenant, transaction, before }
    }

    /// Returns when to look next, if what was tried just now was in vain.
    pub(super) fn next(&self) -> LookUps {
        match &self.before {
            Before::Never => in_vain(&self.gateway, 0, &Bytes::new()),
            Before::Repeated(look_ups) => look_ups.clone(),
            Before::Due(look_ups) => {
                in_vain(&self.gateway, look_ups.done.saturating_add(1), &look_ups.attempt_lines)
            }
        }
    }

    /// Returns the same when no look-up can ever tell: a person has to look.
    pub(super) fn nobody(&self) -> LookUps {
        LookUps { next: None, ..self.next() }
    }

    /// Returns what the tenant is to be told when the row is settled like this: only what was unknown can become known.
    pub(super) fn news(&self, settlement: &Settlement) -> Option<EventKind> {
        let had_next = match &self.before {
            Before::Never => return None,
            Before::Repeated(look_ups) => look_ups.next.is_some(),
            // It was taken because it was due.
            Before::Due(_) => true,
        };
        match settlement {
            Settlement::Settled { .. } | Settlement::Released => Some(EventKind::TransactionSettled),
            Settlement::Unknown(look_ups) if look_ups.next.is_none() && had_next => {
                Some(EventKind::TransactionNeedsAttention)
            }
            Settlement::Unknown(_) => None,
        }
    }

    /// Puts the look-up off: nobody could ask the provider, which says nothing about the call, and does not count.
    pub(super) fn postpone(mut self, wait: Duration) {
        let next = self.gateway.clock.now().after(wait);
        let before = match std::mem::replace(&mut self.before, Before::Never) {
            Before::Never => LookUps::default(),
            Before::Repeated(look_ups) | Before::Due(look_ups) => look_ups,
        };
        self.write(None, Settlement::Unknown(LookUps { next: Some(next), ..before }), None);
    }

    /// Has the row withdrawn as soon as the store answers.
    pub(super) fn withdraw(mut self, withdrawal: Withdrawal) {
        if let Some(permit) = self.permit.take() {
            permit.withdraw(withdrawal);
        }
    }

    /// Logs the transaction, where there is something to log, settles its row, and tells the tenant, all in one commit.
    pub(super) fn record(
        mut self,
        transaction: Option<Transaction>,
        settlement: Settlement,
        event: Option<Event>,
    ) {
        self.write(transaction, settlement, event);
    }

    fn write(&mut self, transaction: Option<Transaction>, settlement: Settlement, event: Option<Event>) {
        if let Some(permit) = self.permit.take() {
            let settlement = Some((self.tenant, self.transaction, settlement));
            permit.record(Record { transaction, settlement, event });
        }
    }
}

/// Returns what is left of the schedule after so many look-ups in vain.
fn in_vain(gateway: &Gateway, done: u8, attempt_lines: &Bytes) -> LookUps {
    let wait = gateway.schedule.wait(done);
    let next = wait.map(|wait| gateway.clock.now().after(wait));
    LookUps { done, next, attempt_lines: attempt_lines.clone() }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        if self.permit.is_some() {
            let next = self.next();
            self.write(None, Settlement::Unknown(next), None);
        }
    }
}
