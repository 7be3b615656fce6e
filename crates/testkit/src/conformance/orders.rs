//! What a transaction log promises about its list of orders.

use domain::ports::{OrderFilter, TransactionLog};
use domain::{Environment, OperationKind, TenantId, Transaction, TransactionId, TransactionStatus};

use super::samples::{self, moment};
use super::transactions::{record, stored};

/// Runs the suite.
pub async fn passes(log: &dyn TransactionLog) {
    orders_are_listed_newest_first_in_pages(log).await;
    only_orders_that_were_created_are_listed(log).await;
    each_filter_keeps_what_it_names(log).await;
    the_latest_status_is_shown_and_filtered_by(log).await;
    a_foreign_tenant_sees_nothing(log).await;
}

fn all() -> OrderFilter {
    OrderFilter {
        environment: Environment::Test,
        starting_after: None,
        status: None,
        provider: None,
        created_from: None,
        created_before: None,
        limit: 100,
    }
}

async fn write(log: &dyn TransactionLog, transactions: &[&Transaction]) {
    log.record(transactions.iter().map(|transaction| record(transaction)).collect()).await.unwrap();
}

async fn ids(log: &dyn TransactionLog, tenant: TenantId, filter: OrderFilter) -> Vec<TransactionId> {
    log.list_orders(tenant, filter).await.unwrap().iter().map(|order| order.id).collect()
}

async fn orders_are_listed_newest_first_in_pages(log: &dyn TransactionLog) {
    let tenant = samples::id();
    let (a, b, c) = (samples::order(tenant), samples::order(tenant), samples::order(tenant));
    write(log, &[&b, &c, &a]).await;
    assert_eq!(log.list_orders(tenant, all()).await.unwrap(), [stored(&c), stored(&b), stored(&a)]);
    assert_eq!(ids(log, tenant, OrderFilter { limit: 2, ..all() }).await, [c.id, b.id]);
    let after = |id| OrderFilter { starting_after: Some(id), ..all() };
    assert_eq!(ids(log, tenant, after(b.id)).await, [a.id]);
    assert_eq!(ids(log, tenant, after(a.id)).await, []);
    assert_eq!(ids(log, tenant, OrderFilter { limit: 0, ..all() }).await, []);
}

async fn only_orders_that_were_created_are_listed(log: &dyn TransactionLog) {
    let tenant = samples::id();
    let order = samples::order(tenant);
    let failed = Transaction { status: TransactionStatus::Failed, ..samples::order(tenant) };
    let unknown = Transaction { status: TransactionStatus::Unknown, ..samples::order(tenant) };
    let read = samples::later(&order, OperationKind::OrdersGet, Some("created"));
    let sms = Transaction { operation: OperationKind::SmsSend, ..samples::order(tenant) };
    write(log, &[&order, &failed, &unknown, &read, &sms]).await;
    assert_eq!(ids(log, tenant, all()).await, [order.id]);
}

async fn each_filter_keeps_what_it_names(log: &dyn TransactionLog) {
    let tenant = samples::id();
    let live = Transaction { environment: Environment::Live, ..samples::order(tenant) };
    let early = Transaction { created_at: moment(100), ..samples::order(tenant) };
    let paypal =
        Transaction { provider: Some("paypal".into()), created_at: moment(200), ..samples::order(tenant) };
    let late = Transaction { created_at: moment(300), ..samples::order(tenant) };
    write(log, &[&live, &early, &paypal, &late]).await;
    let listed = async |filter| ids(log, tenant, filter).await;
    assert_eq!(listed(OrderFilter { environment: Environment::Live, ..all() }).await, [live.id]);
    assert_eq!(listed(OrderFilter { provider: Some("paypal".into()), ..all() }).await, [paypal.id]);
    assert_eq!(listed(OrderFilter { provider: Some("stripe".into()), ..all() }).await, []);
    let from = OrderFilter { created_from: Some(moment(200)), ..all() };
    assert_eq!(listed(from.clone()).await, [late.id, paypal.id]);
    let before = OrderFilter { created_before: Some(moment(200)), ..all() };
    assert_eq!(listed(before).await, [early.id]);
    let between = OrderFilter { created_before: Some(moment(300)), ..from };
    assert_eq!(listed(between).await, [paypal.id]);
}

async fn the_latest_status_is_shown_and_filtered_by(log: &dyn TransactionLog) {
    let tenant = samples::id();
    let (open, paid) = (samples::order(tenant), samples::order(tenant));
    let authorized = samples::later(&paid, OperationKind::OrdersGet, Some("authorized"));
    let captured = samples::later(&paid, OperationKind::OrdersCapture, Some("succeeded"));
    write(log, &[&open, &paid, &captured, &authorized]).await;
    let shown = Transaction { object_status: Some("succeeded"), ..paid.clone() };
    assert_eq!(log.list_orders(tenant, all()).await.unwrap(), [stored(&shown), stored(&open)]);
    let with = |status: &str| OrderFilter { status: Some(status.into()), ..all() };
    assert_eq!(ids(log, tenant, with("succeeded")).await, [paid.id]);
    assert_eq!(ids(log, tenant, with("created")).await, [open.id]);
    assert_eq!(ids(log, tenant, with("authorized")).await, []);
}

async fn a_foreign_tenant_sees_nothing(log: &dyn TransactionLog) {
    let (tenant, stranger) = (samples::id(), samples::id());
    let order = samples::order(tenant);
    let forged = Transaction {
        tenant: stranger,
        ..samples::later(&order, OperationKind::OrdersCancel, Some("canceled"))
    };
    write(log, &[&order, &forged]).await;
    assert_eq!(ids(log, stranger, all()).await, []);
    assert_eq!(log.list_orders(tenant, all()).await.unwrap(), [stored(&order)]);
}
