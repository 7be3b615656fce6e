//! What a transaction log promises about single transactions.

use std::time::Duration;

use bytes::Bytes;
use domain::ports::{Record, StoredTransaction, TransactionLog};
use domain::{Environment, OperationKind, Transaction, TransactionStatus};

use super::samples;

/// Runs the suite.
pub async fn passes(log: &dyn TransactionLog) {
    a_transaction_is_read_back_as_it_was_logged(log).await;
    a_transaction_with_nothing_optional_is_read_back(log).await;
    a_repeat_is_harmless_and_changes_nothing(log).await;
    a_large_batch_is_logged_whole(log).await;
    the_newest_later_transaction_tells_the_status(log).await;
    a_foreign_tenant_or_environment_finds_nothing(log).await;
}

/// Returns a log record without a ledger row.
pub(super) fn record(transaction: &Transaction) -> Record {
    Record { transaction: Some(transaction.clone()), settlement: None, event: None }
}

/// Returns how a transaction is read back.
pub(super) fn stored(of: &Transaction) -> StoredTransaction {
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap();
    StoredTransaction {
        id: of.id,
        environment: of.environment,
        operation: of.operation,
        subject: of.subject,
        provider: of.provider.clone(),
        provider_ref: of.provider_ref.clone(),
        endpoint: of.endpoint.into(),
        status: of.status.as_str().into(),
        object_status: of.object_status.map(Into::into),
        provider_status: of.provider_status.clone(),
        response_status: of.response_status,
        error_code: of.error_code.clone(),
        amount_minor: of.amount_minor,
        currency: of.currency.map(Into::into),
        reference: of.reference.clone(),
        request_payload: of.request_payload.clone(),
        response_payload: of.response_payload.clone(),
        duration_us: micros(of.duration),
        provider_duration_us: micros(of.provider_duration),
        attempts: of.attempts,
        attempt_lines: of.attempt_lines.clone(),
        request_id: of.request_id.clone(),
        created_at: of.created_at,
    }
}

async fn find(log: &dyn TransactionLog, transaction: &Transaction) -> Option<StoredTransaction> {
    log.find(transaction.tenant, transaction.environment, transaction.id).await.unwrap()
}

async fn a_transaction_is_read_back_as_it_was_logged(log: &dyn TransactionLog) {
    let order = samples::order(samples::id());
    let capture = samples::later(&order, OperationKind::OrdersCapture, Some("succeeded"));
    log.record(vec![record(&capture)]).await.unwrap();
    assert_eq!(find(log, &capture).await, Some(stored(&capture)));
    assert_eq!(find(log, &order).await, None);
    log.record(vec![record(&order)]).await.unwrap();
    let updated = Transaction { object_status: Some("succeeded"), ..order.clone() };
    assert_eq!(
        find(log, &order).await,
        Some(stored(&updated)),
        "the order in which they came does not matter"
    );
}

async fn a_transaction_with_nothing_optional_is_read_back(log: &dyn TransactionLog) {
    let bare = Transaction {
        environment: Environment::Live,
        operation: OperationKind::SmsSend,
        provider: None,
        provider_ref: None,
        status: TransactionStatus::Failed,
        object_status: None,
        provider_status: None,
        response_status: 422,
        error_code: Some("invalid_field".into()),
        amount_minor: None,
        currency: None,
        reference: None,
        request_payload: Bytes::new(),
        response_payload: Bytes::from_static(b"\0\xff"),
        ip: None,
        user_agent: None,
        attempts: 0,
        attempt_lines: Bytes::new(),
        ..samples::order(samples::id())
    };
    log.record(vec![record(&bare)]).await.unwrap();
    assert_eq!(find(log, &bare).await, Some(stored(&bare)));
}

async fn a_repeat_is_harmless_and_changes_nothing(log: &dyn TransactionLog) {
    let order = samples::order(samples::id());
    let forged = Transaction { amount_minor: Some(1), ..order.clone() };
    log.record(vec![record(&order), record(&order)]).await.unwrap();
    log.record(vec![record(&forged), record(&samples::order(order.tenant))]).await.unwrap();
    log.record(Vec::new()).await.unwrap();
    assert_eq!(find(log, &order).await, Some(stored(&order)));
}

async fn a_large_batch_is_logged_whole(log: &dyn TransactionLog) {
    let tenant = samples::id();
    let orders: Vec<_> = (0..1024).map(|_| samples::order(tenant)).collect();
    log.record(orders.iter().map(record).collect()).await.unwrap();
    for order in orders.iter().step_by(97).chain(orders.last()) {
        assert_eq!(find(log, order).await, Some(stored(order)));
    }
}

async fn the_newest_later_transaction_tells_the_status(log: &dyn TransactionLog) {
    let order = samples::order(samples::id());
    let read = samples::later(&order, OperationKind::OrdersGet, Some("authorized"));
    let capture = samples::later(&order, OperationKind::OrdersCapture, Some("succeeded"));
    let refused = samples::later(&order, OperationKind::OrdersCancel, None);
    let status = async || find(log, &order).await.unwrap().object_status;
    log.record(vec![record(&order)]).await.unwrap();
    assert_eq!(status().await.as_deref(), Some("created"));
    log.record(vec![record(&capture), record(&refused)]).await.unwrap();
    assert_eq!(status().await.as_deref(), Some("succeeded"));
    log.record(vec![record(&read)]).await.unwrap();
    assert_eq!(status().await.as_deref(), Some("succeeded"), "an older one that comes late changes nothing");
}

async fn a_foreign_tenant_or_environment_finds_nothing(log: &dyn TransactionLog) {
    let order = samples::order(samples::id());
    let stranger = samples::id();
    let forged = Transaction {
        tenant: stranger,
        ..samples::later(&order, OperationKind::OrdersCancel, Some("canceled"))
    };
    log.record(vec![record(&order), record(&forged)]).await.unwrap();
    assert_eq!(log.find(stranger, order.environment, order.id).await.unwrap(), None);
    assert_eq!(log.find(order.tenant, Environment::Live, order.id).await.unwrap(), None);
    assert_eq!(find(log, &order).await, Some(stored(&order)), "a stranger's transaction tells no status");
}
