//! How a batch of ledger rows ends, in the transaction that logs what ended them.

use std::collections::BTreeMap;

use domain::ports::Record;
use domain::{LookUps, Settlement, TenantId, TransactionId};

use crate::batch::{Arrays, ColumnType};
use crate::columns::Column;
use crate::error::Failure;
use crate::store::Statement;

/// Takes the rows in the order of their keys, whatever plan the server has for the statements after it.
const LOCK_SQL: &str = "SELECT FROM ledger JOIN unnest($1, $2) AS ending (transaction_id, user_id)
        USING (transaction_id, user_id)
    WHERE ledger.state <> 'settled' ORDER BY transaction_id, user_id FOR UPDATE OF ledger";

const SETTLE_SQL: &str = "UPDATE ledger SET state = 'settled', response_status = ending.response_status,
        response_payload = ending.response_payload
    FROM unnest($1, $2, $3, $4) AS ending (transaction_id, user_id, response_status, response_payload)
    WHERE ledger.transaction_id = ending.transaction_id AND ledger.user_id = ending.user_id
        AND ledger.state <> 'settled'";

const MARK_UNKNOWN_SQL: &str = "UPDATE ledger SET state = 'unknown', look_ups = ending.look_ups,
        look_up_at = ending.look_up_at, attempt_lines = ending.attempt_lines
    FROM unnest($1, $2, $3, $4, $5) AS ending (transaction_id, user_id, look_ups, look_up_at, attempt_lines)
    WHERE ledger.transaction_id = ending.transaction_id AND ledger.user_id = ending.user_id
        AND ledger.state <> 'settled'";

const RELEASE_SQL: &str = "DELETE FROM ledger USING unnest($1, $2) AS ending (transaction_id, user_id)
    WHERE ledger.transaction_id = ending.transaction_id AND ledger.user_id = ending.user_id
        AND ledger.state <> 'settled'";

/// The ends of a batch's ledger rows, as statements take them.
#[derive(Debug)]
pub(crate) struct Settlements {
    all: Arrays<2>,
    settled: Arrays<4>,
    unknown: Arrays<5>,
    released: Arrays<2>,
}

impl Settlements {
    /// Returns what becomes of each row when the settlements are done one after the other: a row that is settled stays as it
    /// is, and one that is gone stays gone.
    pub(crate) fn of(records: &[Record]) -> Result<Self, Failure> {
        let mut ends: BTreeMap<(TransactionId, TenantId), &Settlement> = BTreeMap::new();
        for (tenant, transaction, settlement) in
            records.iter().filter_map(|record| record.settlement.as_ref())
        {
            let end = ends.entry((*transaction, *tenant)).or_insert(settlement);
            if matches!(**end, Settlement::Unknown(_)) {
                *end = settlement;
            }
        }
        let key = [ColumnType::UUID, ColumnType::UUID];
        let mut settlements = Self {
            all: Arrays::new(key.clone()),
            settled: Arrays::new([ColumnType::UUID, ColumnType::UUID, ColumnType::INT4, ColumnType::BYTEA]),
            unknown: Arrays::new([
                ColumnType::UUID,
                ColumnType::UUID,
                ColumnType::INT2,
                ColumnType::TIMESTAMPTZ,
                ColumnType::BYTEA,
            ]),
            released: Arrays::new(key),
        };
        for ((transaction, tenant), end) in ends {
            settlements.push(transaction, tenant, end)?;
        }
        Ok(settlements)
    }

    fn push(
        &mut self,
        transaction: TransactionId,
        tenant: TenantId,
        end: &Settlement,
    ) -> Result<(), Failure> {
        let (transaction, tenant) = (Column(transaction), Column(tenant));
        self.all.push(&[&transaction, &tenant])?;
        match end {
            Settlement::Settled { status, body } => {
                self.settled.push(&[&transaction, &tenant, &i32::from(*status), &&**body])
            }
            Settlement::Unknown(LookUps { done, next, attempt_lines }) => self.unknown.push(&[
                &transaction,
                &tenant,
                &i16::from(*done),
                &next.map(Column),
                &&**attempt_lines,
            ]),
            Settlement::Released => self.released.push(&[&transaction, &tenant]),
        }
    }

    /// Returns whether no row ends.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.len() == 0
    }

    /// Returns the statements that end the rows; none when there are none. Two nodes that end the same rows at the same time
    /// take them in one order when they take them in order first, which costs half as much again: done where there is more than
    /// one statement, and where the server chose another order for one and had to end it (`in_order`).
    pub(crate) fn statements(&self, in_order: bool) -> Vec<Statement<'_>> {
        let mut statements = Vec::new();
        let kinds = [self.settled.len(), self.unknown.len(), self.released.len()];
        let is_mixed = kinds.into_iter().filter(|rows| *rows > 0).count() > 1;
        if is_mixed || (in_order && !self.is_empty()) {
            statements.push(Statement::new(LOCK_SQL, self.all.parameters()));
        }
        if self.settled.len() > 0 {
            statements.push(Statement::new(SETTLE_SQL, self.settled.parameters()));
        }
        if self.unknown.len() > 0 {
            statements.push(Statement::new(MARK_UNKNOWN_SQL, self.unknown.parameters()));
        }
        if self.released.len() > 0 {
            statements.push(Statement::new(RELEASE_SQL, self.released.parameters()));
        }
        statements
    }
}
