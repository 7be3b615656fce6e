//! What is particular to PostgreSQL in the log: days, sums, repeats that are new in part, and texts that it refuses.

use std::time::Duration;

use bytes::Bytes;
use domain::ports::{Begun, Ledger, OrderFilter, Record, StoreEngine, TransactionLog};
use domain::{
    Environment, LedgerEntry, OperationKind, Settlement, Timestamp, Transaction, TransactionStatus,
};
use testkit::conformance::samples::{self, moment};

use crate::support::{COUNTED_SQL, Database};

fn logged(transaction: &Transaction) -> Record {
    Record { transaction: Some(transaction.clone()), settlement: None, event: None }
}

#[tokio::test]
async fn a_batch_is_summed_up_by_the_minute() {
    let database = Database::new().await.with_partitions();
    let store = database.open();
    let tenant = samples::id();
    let order = |ms| Transaction { duration: Duration::from_millis(ms), ..samples::order(tenant) };
    let failed = Transaction { status: TransactionStatus::Failed, attempts: 3, ..order(10) };
    let unknown = Transaction { status: TransactionStatus::Unknown, ..order(60_000) };
    let next_minute = Transaction { created_at: moment(100), ..order(1) };
    let bare = Transaction {
        operation: OperationKind::OrdersGet,
        provider: None,
        amount_minor: None,
        currency: None,
        ..order(25)
    };
    let batch = [&order(10), &order(11), &failed, &unknown, &next_minute, &bare].map(logged);
    store.record(batch.to_vec()).await.unwrap();
    let sums = database.psql(
        "SELECT operation, service_name, currency, calls, failures, unknowns, attempts, amount_minor,
            duration_us / 1000, within_10_ms, within_25_ms, over_10000_ms
        FROM usage_rollups ORDER BY operation, minute",
    );
    let expected = [
        "orders.create|razorpay|INR|4|1|1|6|100000|60031|2|1|1",
        "orders.create|razorpay|INR|1|0|0|1|50000|1|1|0|0",
        "orders.get|||1|0|0|1|0|25|0|1|0",
    ];
    assert_eq!(sums.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn sums_of_amounts_pass_what_an_amount_can_be() {
    let database = Database::new().await.with_partitions();
    let store = database.open();
    let tenant = samples::id();
    let huge = || Transaction { amount_minor: Some(i64::MAX), ..samples::order(tenant) };
    store.record(vec![logged(&huge()), logged(&huge())]).await.unwrap();
    store.record(vec![logged(&huge())]).await.unwrap();
    assert_eq!(database.psql("SELECT amount_minor FROM usage_rollups"), "27670116110564327421");
}

#[tokio::test]
async fn a_repeat_that_is_new_in_part_counts_what_is_new() {
    for database in [Database::new().await, Database::new().await.with_partitions()] {
        let store = database.open();
        let tenant = samples::id();
        let [first, second, third] = [(); 3].map(|()| samples::order(tenant));
        let entry = samples::entry(tenant, Some("repeated"));
        store.begin(vec![entry.clone()]).await.unwrap();
        store.record(vec![logged(&first), logged(&second)]).await.unwrap();
        let answer = Settlement::Settled { status: 201, body: Bytes::new() };
        let settlement = Some((tenant, entry.transaction, answer));
        let last = Record { settlement, ..logged(&third) };
        store.record(vec![logged(&second), last, logged(&first)]).await.unwrap();
        assert_eq!(database.psql("SELECT count(*) FROM transaction_logs"), "3");
        assert_eq!(database.psql(COUNTED_SQL), "3");
        assert_eq!(database.psql("SELECT state FROM ledger"), "settled");
    }
}

#[tokio::test]
async fn rows_of_any_day_are_kept_and_move_when_their_day_gets_its_partition() {
    let database = Database::new().await;
    let store = database.open();
    let tenant = samples::id();
    let days = [0, 100_000, 900_000].map(|seconds| Transaction {
        id: domain::Id::from_u128(u128::from(moment(seconds).unix_ms()) << 80),
        created_at: moment(seconds),
        ..samples::order(tenant)
    });
    let in_default = "SELECT count(*) FROM partitions.transaction_logs_default";
    store.record(days.iter().map(logged).collect()).await.unwrap();
    assert_eq!(database.psql(in_default), "3");
    store.tend(moment(0)).await.unwrap();
    assert_eq!(database.psql(in_default), "1");
    for day in &days {
        assert!(TransactionLog::find(&store, tenant, Environment::Test, day.id).await.unwrap().is_some());
    }
    let new = Transaction { created_at: moment(5), ..samples::order(tenant) };
    store.record(vec![logged(&new)]).await.unwrap();
    assert_eq!(database.psql("SELECT count(*) FROM partitions.transaction_logs_20250829"), "2");
}

#[tokio::test]
async fn a_day_whose_partition_went_is_still_written() {
    let database = Database::new().await.with_partitions();
    let store = database.open();
    let tenant = samples::id();
    store.record(vec![logged(&samples::order(tenant))]).await.unwrap();
    database.psql("DROP TABLE partitions.transaction_logs_20250829");
    store.record(vec![logged(&samples::order(tenant))]).await.unwrap();
    store.record(vec![logged(&samples::order(tenant))]).await.unwrap();
    assert_eq!(database.psql("SELECT count(*) FROM partitions.transaction_logs_default"), "2");
}

#[tokio::test]
async fn orders_of_many_days_are_listed_in_one_order() {
    let database = Database::new().await;
    let store = database.open();
    let tenant = samples::id();
    let days = [0, 3_600, 100_000, 400_000, 2_000_000].map(|seconds| Transaction {
        id: domain::Id::from_u128(u128::from(moment(seconds).unix_ms()) << 80),
        created_at: moment(seconds),
        ..samples::order(tenant)
    });
    store.record(days.iter().map(logged).collect()).await.unwrap();
    let list = async |starting_after, limit| {
        let environment = Environment::Test;
        let filter = OrderFilter {
            environment,
            starting_after,
            status: None,
            provider: None,
            created_from: None,
            created_before: None,
            limit,
        };
        let orders = store.list_orders(tenant, filter).await.unwrap();
        orders.into_iter().map(|order| order.id).collect::<Vec<_>>()
    };
    let [a, b, c, d, e] = days.map(|day| day.id);
    assert_eq!(list(None, 10).await, [e, d, c, b, a]);
    assert_eq!(list(None, 2).await, [e, d]);
    assert_eq!(list(Some(d), 2).await, [c, b]);
    assert_eq!(list(Some(b), 2).await, [a]);
}

#[tokio::test]
async fn days_past_their_retention_go() {
    let database = Database::new().await.with_partitions();
    let store = database.open();
    let order = samples::order(samples::id());
    store.record(vec![logged(&order)]).await.unwrap();
    let days = |count: u64| moment(20).after(Duration::from_secs(count * 86_400));
    store.tend(days(30)).await.unwrap();
    assert!(TransactionLog::find(&store, order.tenant, order.environment, order.id).await.unwrap().is_some());
    store.tend(days(32)).await.unwrap();
    assert_eq!(TransactionLog::find(&store, order.tenant, order.environment, order.id).await.unwrap(), None);
    assert_eq!(database.psql(COUNTED_SQL), "1", "sums are kept longer");
}

#[tokio::test]
async fn a_text_with_a_nul_spoils_no_batch() {
    for database in [Database::new().await, Database::new().await.with_partitions()] {
        let store = database.open();
        let tenant = samples::id();
        let odd = Transaction {
            reference: Some("inv\0 7".into()),
            user_agent: Some("\0".into()),
            request_payload: Bytes::from_static(b"\0"),
            ..samples::order(tenant)
        };
        let plain = samples::order(tenant);
        store.record(vec![logged(&odd), logged(&plain)]).await.unwrap();
        let found = TransactionLog::find(&store, tenant, odd.environment, odd.id).await.unwrap().unwrap();
        assert_eq!(found.reference.as_deref(), Some("inv\u{fffd} 7"));
        assert_eq!(found.request_payload, odd.request_payload);
        assert!(TransactionLog::find(&store, tenant, plain.environment, plain.id).await.unwrap().is_some());

        let entry = samples::entry(tenant, Some("k\0"));
        let twin = samples::entry(tenant, Some("k\0"));
        let begun = store.begin(vec![entry.clone(), twin.clone()]).await.unwrap();
        let kept = LedgerEntry { idempotency_key: Some("k\u{fffd}".into()), ..entry };
        assert_eq!(begun, [Begun::Started, Begun::Existing(Box::new(kept.clone()))]);
        assert_eq!(store.begin(vec![twin]).await.unwrap(), [Begun::Existing(Box::new(kept.clone()))]);
        let found = Ledger::find(&store, tenant, kept.environment, "k\0").await.unwrap();
        assert_eq!(found, Some(kept));
    }
}

#[tokio::test]
async fn moments_that_no_calendar_has_are_kept_as_the_last_one() {
    let database = Database::new().await;
    let store = database.open();
    let endless = LedgerEntry {
        lease_until: Timestamp::from_unix_ms(u64::MAX),
        ..samples::entry(samples::id(), Some("endless"))
    };
    assert_eq!(store.begin(vec![endless.clone()]).await.unwrap(), [Begun::Started]);
    let found = Ledger::find(&store, endless.tenant, endless.environment, "endless").await.unwrap().unwrap();
    assert!(found.lease_until > Timestamp::from_unix_ms(u64::from(u32::MAX) * 1000));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_keeps_no_other_from_being_looked_up() {
    let database = Database::new().await.with_partitions();
    let store = database.open();
    let entries = ["later", "now"].map(|key| samples::entry(samples::id(), Some(key)));
    store.begin(entries.to_vec()).await.unwrap();
    database.psql("UPDATE ledger SET operation = 'orders.teleport' WHERE idempotency_key = 'later'");
    let (now, until) = (moment(1_000_000), moment(2_000_000));
    assert_eq!(store.take_due(now, until, 10).await.unwrap(), [entries[1].clone()]);
    let unsettled = store.unsettled().await.unwrap();
    assert_eq!((unsettled.needs_attention, unsettled.waiting), (0, 1), "it is looked at again later");
    assert_eq!(store.list_unknown(false, 10).await.unwrap(), []);
    assert_eq!(store.take_due(until, moment(3_000_000), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn rows_of_the_version_before_are_read_and_due_when_their_leases_are_over() {
    let database = Database::new().await.with_partitions();
    let store = database.open();
    let order = samples::order(samples::id());
    let entry = samples::entry(order.tenant, Some("earlier"));
    // Without the columns that a node of that version does not know.
    let id = |id: u128| format!("{id:032x}");
    let (tenant, transaction) = (id(order.tenant.as_u128()), id(order.id.as_u128()));
    database.psql(&format!(
        "INSERT INTO ledger (transaction_id, user_id, api_key_id, environment, idempotency_key, operation, fingerprint,
            service_name, provider_key, target, started_at, lease_until, replay_until, state, request_payload)
        VALUES ('{transaction}', '{tenant}', '{tenant}', 'test', 'earlier', 'orders.create',
            decode(repeat('00', 32), 'hex'), 'stripe', '', '', now(), now(), now(), 'started', '');
        INSERT INTO transaction_logs (user_id, transaction_id, api_key_id, environment, operation, endpoint, status,
            response_status, duration_us, provider_duration_us, attempts, request_id, created_at, request_payload,
            response_payload)
        VALUES ('{tenant}', '{transaction}', '{tenant}', 'test', 'orders.create', '', 'success', 201, 1, 1, 1, '',
            to_timestamp({}), '', '')",
        order.created_at.unix_seconds()
    ));
    let logged =
        TransactionLog::find(&store, order.tenant, order.environment, order.id).await.unwrap().unwrap();
    assert_eq!(logged.attempt_lines, Bytes::new());
    let listed = Ledger::find(&store, order.tenant, entry.environment, "earlier").await.unwrap().unwrap();
    assert_eq!((listed.serial, listed.look_ups.done), (None, 0));
    let before = Timestamp::from_unix_ms(listed.lease_until.unix_ms() - 1000);
    let after = listed.lease_until.after(Duration::from_secs(1));
    assert_eq!(store.take_due(before, after, 10).await.unwrap(), []);
    let due = store.take_due(after, after, 10).await.unwrap();
    assert_eq!(due.iter().map(|row| row.transaction).collect::<Vec<_>>(), [order.id]);
}

#[tokio::test]
async fn an_event_goes_with_the_batch_that_is_refused() {
    let database = Database::new().await.with_partitions();
    database.psql("ALTER TABLE partitions.transaction_logs_20250829 ADD CHECK (reference <> 'inv-7')");
    let store = database.open();
    let order = samples::order(samples::id());
    let record = Record { event: Some(samples::event(order.tenant, order.id)), ..logged(&order) };
    store.record(vec![record.clone()]).await.unwrap_err();
    let events = "SELECT (SELECT count(*) FROM webhook_events), (SELECT count(*) FROM webhook_event_ids)";
    assert_eq!(database.psql(events), "0|0");
    let paid = Transaction { reference: None, ..order };
    store.record(vec![Record { event: record.event, ..logged(&paid) }]).await.unwrap();
    assert_eq!(database.psql(events), "1|1");
    let words = "SELECT service_name, event_type, processed, related_txn_id IS NOT NULL FROM webhook_events";
    assert_eq!(database.psql(words), "gateway|transaction.settled|f|t");
}

#[tokio::test]
async fn no_error_tells_what_a_row_holds() {
    let database = Database::new().await.with_partitions();
    database.psql("ALTER TABLE ledger ADD CHECK (target <> 'order_N1')");
    database.psql("ALTER TABLE partitions.transaction_logs_20250829 ADD CHECK (reference <> 'inv-7')");
    let store = database.open();
    let order = samples::order(samples::id());
    let begun = store.begin(vec![samples::entry(order.tenant, Some("held"))]).await.unwrap_err();
    let recorded = store.record(vec![logged(&order)]).await.unwrap_err();
    for error in [begun, recorded] {
        let mut told = format!("{error:?} {error}");
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            told.push_str(&error.to_string());
            cause = error.source();
        }
        assert!(told.contains("23514"), "{told}");
        for held in ["order_N1", "inv-7", "unf_8f2e", "500.00"] {
            assert!(!told.contains(held), "{told}");
        }
    }
}
