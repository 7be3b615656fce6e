//! What a transaction log promises about the ledger rows that it settles.

use bytes::Bytes;
use domain::ports::{Begun, Ledger, Record, TransactionLog};
use domain::{LedgerEntry, LedgerState, Settlement, TenantId};

use super::samples;

/// Runs the suite; both ports are of one store.
pub async fn passes(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    a_settled_row_replays_its_answer_byte_for_byte(ledger, log).await;
    a_settled_row_stays_as_it_is(ledger, log).await;
    an_unknown_row_can_be_settled(ledger, log).await;
    a_released_row_frees_its_key(ledger, log).await;
    a_settlement_of_no_row_is_harmless(log).await;
    a_foreign_tenant_settles_nothing(ledger, log).await;
    a_row_and_its_log_are_written_together(ledger, log).await;
    a_call_of_unknown_outcome_is_told_until_it_is_logged(ledger, log).await;
}

async fn a_call_of_unknown_outcome_is_told_until_it_is_logged(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let entry = begun(ledger, "lost").await;
    let find = async |tenant| log.find(tenant, entry.environment, entry.transaction).await.unwrap();
    settle(log, entry.tenant, &entry, samples::unknown()).await;
    let open = find(entry.tenant).await.unwrap();
    assert_eq!((&*open.status, open.operation, open.provider_ref), ("unknown", entry.operation, None));
    assert_eq!((open.request_payload, open.created_at), (entry.request.clone(), entry.started_at));
    assert_eq!(find(samples::id()).await, None, "another tenant");
    let order = domain::Transaction { id: entry.transaction, ..samples::order(entry.tenant) };
    let settlement = Some((entry.tenant, entry.transaction, settled(201, b"{}").0));
    log.record(vec![Record { transaction: Some(order), settlement, event: None }]).await.unwrap();
    assert_eq!(&*find(entry.tenant).await.unwrap().status, "success", "from here on the log tells it");
}

async fn begun(ledger: &dyn Ledger, key: &str) -> LedgerEntry {
    let entry = samples::entry(samples::id(), Some(key));
    assert_eq!(ledger.begin(vec![entry.clone()]).await.unwrap(), [Begun::Started]);
    entry
}

async fn settle(log: &dyn TransactionLog, tenant: TenantId, entry: &LedgerEntry, settlement: Settlement) {
    let settlement = Some((tenant, entry.transaction, settlement));
    log.record(vec![Record { transaction: None, settlement, event: None }]).await.unwrap();
}

async fn state(ledger: &dyn Ledger, entry: &LedgerEntry) -> Option<LedgerState> {
    let key = entry.idempotency_key.as_deref().unwrap();
    let found = ledger.find(entry.tenant, entry.environment, key).await.unwrap();
    if let Some(found) = &found {
        assert_eq!(LedgerEntry { state: LedgerState::Started, ..found.clone() }, *entry);
    }
    found.map(|found| found.state)
}

fn settled(status: u16, body: &'static [u8]) -> (Settlement, Option<LedgerState>) {
    let body = Bytes::from_static(body);
    (Settlement::Settled { status, body: body.clone() }, Some(LedgerState::Settled { status, body }))
}

async fn a_settled_row_replays_its_answer_byte_for_byte(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    for body in [b"{\"amount\": 500.00}\n\0\xff".as_slice(), b""] {
        let entry = begun(ledger, "replay").await;
        let (settlement, expected) = settled(201, body);
        settle(log, entry.tenant, &entry, settlement).await;
        assert_eq!(state(ledger, &entry).await, expected);
    }
}

async fn a_settled_row_stays_as_it_is(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let entry = begun(ledger, "final").await;
    let (first, expected) = settled(201, b"first");
    settle(log, entry.tenant, &entry, first).await;
    for late in [settled(402, b"late").0, samples::unknown(), Settlement::Released] {
        settle(log, entry.tenant, &entry, late).await;
        assert_eq!(state(ledger, &entry).await, expected);
    }
}

async fn an_unknown_row_can_be_settled(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let entry = begun(ledger, "unknown").await;
    settle(log, entry.tenant, &entry, samples::unknown()).await;
    assert_eq!(state(ledger, &entry).await, Some(LedgerState::Unknown));
    let (settlement, expected) = settled(200, b"found");
    settle(log, entry.tenant, &entry, settlement).await;
    assert_eq!(state(ledger, &entry).await, expected);
}

async fn a_released_row_frees_its_key(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let entry = begun(ledger, "free").await;
    settle(log, entry.tenant, &entry, Settlement::Released).await;
    assert_eq!(state(ledger, &entry).await, None);
    let next = samples::entry(entry.tenant, Some("free"));
    assert_eq!(ledger.begin(vec![next.clone()]).await.unwrap(), [Begun::Started]);
    settle(log, entry.tenant, &entry, Settlement::Released).await;
    assert_eq!(state(ledger, &next).await, Some(LedgerState::Started), "a late release frees no other row");
}

async fn a_settlement_of_no_row_is_harmless(log: &dyn TransactionLog) {
    let entry = samples::entry(samples::id(), None);
    for settlement in [settled(201, b"{}").0, samples::unknown(), Settlement::Released] {
        settle(log, entry.tenant, &entry, settlement).await;
    }
}

async fn a_foreign_tenant_settles_nothing(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let entry = begun(ledger, "mine").await;
    for settlement in [settled(201, b"{}").0, samples::unknown(), Settlement::Released] {
        settle(log, samples::id(), &entry, settlement).await;
        assert_eq!(state(ledger, &entry).await, Some(LedgerState::Started));
    }
}

async fn a_row_and_its_log_are_written_together(ledger: &dyn Ledger, log: &dyn TransactionLog) {
    let entry = begun(ledger, "both").await;
    let mut order = samples::order(entry.tenant);
    order.id = entry.transaction;
    let (settlement, expected) = settled(201, b"{}");
    let settlement = Some((entry.tenant, entry.transaction, settlement));
    log.record(vec![Record { transaction: Some(order.clone()), settlement, event: None }]).await.unwrap();
    assert_eq!(state(ledger, &entry).await, expected);
    let logged = log.find(order.tenant, order.environment, order.id).await.unwrap();
    assert_eq!(logged.map(|logged| logged.id), Some(entry.transaction));
}
