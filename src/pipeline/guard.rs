//! A begun operation that must not be forgotten: dropped without a record (a panic), it says that the outcome is unknown.

use actors::LogPermit;
use domain::ports::Record;
use domain::{Settlement, TenantId, Transaction, TransactionId};

/// A ledger row that this request began and has not settled.
#[derive(Debug)]
pub(super) struct Unsettled {
    permit: Option<LogPermit>,
    tenant: TenantId,
    transaction: TransactionId,
}

impl Unsettled {
    /// Takes care of a begun row.
    pub(super) const fn new(permit: LogPermit, tenant: TenantId, transaction: TransactionId) -> Self {
        Self { permit: Some(permit), tenant, transaction }
    }

    /// Logs the transaction, where there is something to log, and settles its row, both in one commit.
    pub(super) fn record(mut self, transaction: Option<Transaction>, settlement: Settlement) {
        self.write(transaction, settlement);
    }

    fn write(&mut self, transaction: Option<Transaction>, settlement: Settlement) {
        if let Some(permit) = self.permit.take() {
            permit.record(Record {
                transaction,
                settlement: Some((self.tenant, self.transaction, settlement)),
                event: None,
            });
        }
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        self.write(None, Settlement::Unknown(domain::LookUps::default()));
    }
}
