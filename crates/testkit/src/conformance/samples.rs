//! Rows to store: each call gives ids that no call gave before, and that sort by the order of the calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::ports::NewTenant;
use domain::{
    ApiKey, Currency, Environment, Event, EventKind, Feature, FeatureSetting, Id, IdKind, KeyHash, KeyId,
    LedgerEntry, LedgerState, LookUps, OperationKind, PlanTier, RateLimits, RetiredSecret, Scope,
    SealedField, SealedService, Settlement, Tenant, TenantId, Timestamp, Transaction, TransactionId,
    TransactionStatus,
};

static CALLS: AtomicU64 = AtomicU64::new(1);
const START_MS: u64 = 1_756_455_561_000;

fn count() -> u64 {
    CALLS.fetch_add(1, Ordering::SeqCst)
}

/// Returns a new id.
pub fn id<K: IdKind>() -> Id<K> {
    let call = count();
    Id::from_u128((u128::from(START_MS + call) << 80) | u128::from(call))
}

/// Returns a moment after a fixed start.
pub const fn moment(seconds: u64) -> Timestamp {
    Timestamp::from_unix_ms(START_MS + seconds * 1000)
}

/// Returns 32 bytes that no call gave before.
pub fn digest() -> [u8; 32] {
    let mut bytes = [7_u8; 32];
    for (slot, byte) in bytes.iter_mut().zip(count().to_be_bytes()) {
        *slot = byte;
    }
    bytes
}

/// Returns a tenant with every field filled in.
pub fn tenant() -> NewTenant {
    let id: TenantId = id();
    NewTenant {
        tenant: Tenant {
            id,
            email: format!("{id}@example.com").into(),
            full_name: Some("Ada Lovelace".into()),
            company_name: Some("Engines & Söhne".into()),
            plan: PlanTier::Pro,
            is_active: true,
            implicit_idempotency_seconds: Some(3_600),
            created_at: moment(1),
        },
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into(),
        data_key: Box::new([1, 2, 3, 0, 255]),
    }
}

/// Returns a key with every field filled in, apart from those that end it.
pub fn key(tenant: TenantId) -> ApiKey {
    ApiKey {
        id: id(),
        tenant,
        name: "checkout, \"main\"".into(),
        environment: Environment::Live,
        hash: KeyHash(digest()),
        retired: Some(RetiredSecret { hash: KeyHash(digest()), works_until: moment(900) }),
        scopes: Box::new([Scope::PaymentsWrite, Scope::SmsRead]),
        limits: RateLimits { per_minute: 600, per_day: u32::MAX },
        allowed_ips: Box::new([("10.1.0.0".parse().unwrap(), 16), ("2001:db8::".parse().unwrap(), 32)]),
        created_at: moment(2),
        expires_at: Some(moment(100_000)),
        revoked_at: None,
        last_used_at: Some(moment(3)),
    }
}

/// Returns a service with every field filled in.
pub fn service(tenant: TenantId, name: &str) -> SealedService {
    SealedService {
        tenant,
        service: name.into(),
        environment: Environment::Test,
        fields: Box::new([
            SealedField { name: "key_secret".into(), sealed: Box::new([9, 0, 8]) },
            SealedField { name: "key_id".into(), sealed: Box::new([]) },
        ]),
        features: Box::new([
            FeatureSetting::new(Feature::Sms, false, 7),
            FeatureSetting {
                falls_back: true,
                currency_places: Box::new([(Currency::INR, 1)]),
                ..FeatureSetting::new(Feature::Payments, true, 0)
            },
        ]),
        last_verified_at: Some(moment(5)),
        created_at: moment(4),
        updated_at: moment(6),
    }
}

/// Returns a ledger entry that starts at moment 10, with a lease until 40 and an answer that is replayed until 86,410.
pub fn entry(tenant: TenantId, idempotency_key: Option<&str>) -> LedgerEntry {
    LedgerEntry {
        transaction: id(),
        tenant,
        key: id(),
        environment: Environment::Test,
        idempotency_key: idempotency_key.map(Into::into),
        operation: OperationKind::OrdersCreate,
        fingerprint: digest(),
        provider: "razorpay".into(),
        provider_key: "unf_8f2e".into(),
        target: "order_N1".into(),
        request: Bytes::from_static(b"{\"amount\": 500.00, \"currency\": \"INR\"}"),
        started_at: moment(10),
        lease_until: moment(40),
        replay_until: moment(86_410),
        serial: None,
        look_ups: LookUps { next: Some(moment(40)), ..LookUps::default() },
        state: LedgerState::Started,
    }
}

/// Returns what makes a row of unknown outcome of a sample, to be looked up at moment 40 as the sample is.
pub fn unknown() -> Settlement {
    Settlement::Unknown(entry(id(), None).look_ups)
}

/// Returns an event that a transaction of unknown outcome is settled.
pub fn event(tenant: TenantId, transaction: TransactionId) -> Event {
    Event {
        id: id(),
        tenant,
        environment: Environment::Test,
        kind: EventKind::TransactionSettled,
        transaction,
        payload: Bytes::from_static(b"{\"type\": \"transaction.settled\"}"),
        created_at: moment(25),
    }
}

/// Returns a created order with every field filled in.
pub fn order(tenant: TenantId) -> Transaction {
    Transaction {
        id: id(),
        tenant,
        key: KeyId::from_u128(11),
        environment: Environment::Test,
        operation: OperationKind::OrdersCreate,
        subject: None,
        provider: Some("razorpay".into()),
        provider_ref: Some("order_N1".into()),
        endpoint: "POST /v1/payments/orders",
        status: TransactionStatus::Success,
        object_status: Some("created"),
        provider_status: Some("fresh".into()),
        response_status: 201,
        error_code: None,
        amount_minor: Some(50_000),
        currency: Some("INR"),
        reference: Some("inv-7".into()),
        request_payload: Bytes::from_static(b"{\"amount\": 500.00}"),
        response_payload: Bytes::from_static(b"{\"status\": \"created\"}"),
        duration: Duration::from_micros(12_345),
        provider_duration: Duration::from_micros(12_000),
        attempts: 1,
        attempt_lines: Bytes::from_static(b"[{\"provider\":\"razorpay\",\"status\":200}]"),
        request_id: "req-1".into(),
        ip: Some("192.0.2.7".parse().unwrap()),
        user_agent: Some("unified-sdk/1".into()),
        created_at: moment(20),
    }
}

/// Returns a later transaction on `order` that told `status`.
pub fn later(order: &Transaction, operation: OperationKind, status: Option<&'static str>) -> Transaction {
    Transaction {
        id: id(),
        operation,
        subject: Some(order.id),
        endpoint: "GET /v1/payments/orders/{id}",
        object_status: status,
        response_status: 200,
        ..order.clone()
    }
}
