//! Memory of resident tenants: bytes a tenant at 100,000 residents, and what one idle actix actor each would add.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program for people at a terminal: it prints, and stops at the first surprise"
)]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context};
use actors::{
    FetchedToken, LedgerSettings, LogSettings, ProviderSettings, Settings, SupervisionSettings,
    TenantSettings, TokenFailure, TokenSource, TreeParams,
};
use async_trait::async_trait;
use domain::ports::{
    Begun, Ledger, OrderFilter, Record, StoreError, StoredOrder, StoredTransaction, TenantDirectory,
    TransactionLog,
};
use domain::{
    ApiKey, Authentication, BaseUrls, CredentialField, Credentials, Descriptor, Detection, Environment,
    Feature, FeatureSetting, KeyHash, KeyId, LedgerEntry, OperationKind, PlanTier, ProviderId, RetrySafety,
    SealedField, SealedService, SealedTenant, SupportedOperation, Tenant, TenantId, Timestamp, TransactionId,
};
use resilience::{Backoff, BreakerPolicy, BreakerSettings, RetryBudgetSettings};
use testkit::{CountingEntropy, ManualClock};
use vault::{Binding, Keyring, Vault};

const RESIDENTS: u32 = 100_000;
const NOW: Timestamp = Timestamp::from_unix_seconds(1_756_455_561);
const MINUTE: Duration = Duration::from_secs(60);

static ACME: Descriptor = Descriptor {
    id: ProviderId::new("acme"),
    name: "Acme",
    base_urls: BaseUrls { test: "https://test.example", live: "https://live.example" },
    authentication: Authentication::Static,
    credentials: &[
        CredentialField { name: "key_id", label: "Key id", is_secret: false },
        CredentialField { name: "key_secret", label: "Key secret", is_secret: true },
    ],
    sufficient: &[&["key_id", "key_secret"]],
    detection: Detection { values: &[], names: &[], name_parts: &[] },
    operations: &[SupportedOperation { kind: OperationKind::OrdersCreate, retry: RetrySafety::Keyed }],
    takes_currency: |_| true,
};

/// Makes up every tenant that is asked for: one key, one service of two credentials.
#[derive(Debug)]
struct Endless {
    vault: Arc<Vault>,
}

impl Endless {
    fn service(&self, tenant: TenantId, data_key: &[u8]) -> SealedService {
        let data_key = self.vault.open_data_key(tenant, data_key).expect("just wrapped");
        let environment = Environment::Test;
        let seal = |field: &str, text: &str| SealedField {
            name: field.into(),
            sealed: data_key
                .seal(
                    &Binding { tenant, service: "acme", environment, field },
                    text,
                    &CountingEntropy::default(),
                )
                .expect("short"),
        };
        SealedService {
            tenant,
            service: "acme".into(),
            environment,
            fields: [
                seal("key_id", "rzp_test_1DP5mmOlF5G5ag"),
                seal("key_secret", "thisisasupersecret012345"),
            ]
            .into(),
            features: [FeatureSetting { feature: Feature::Payments, is_enabled: true, priority: 0 }].into(),
            last_verified_at: None,
            created_at: NOW,
            updated_at: NOW,
        }
    }
}

#[async_trait]
impl TenantDirectory for Endless {
    async fn owner_of_key(&self, key: KeyId) -> Result<Option<TenantId>, StoreError> {
        Ok(Some(TenantId::from_u128(key.as_u128())))
    }

    async fn load(&self, id: TenantId) -> Result<Option<SealedTenant>, StoreError> {
        let data_key = self.vault.new_data_key(id).expect("short");
        let tenant = Tenant {
            id,
            email: format!("owner-{}@company.example", id.as_u128()).into(),
            full_name: Some("Ada Lovelace".into()),
            company_name: Some("Analytical Engines Ltd".into()),
            plan: PlanTier::Free,
            is_active: true,
            implicit_idempotency_seconds: None,
            created_at: NOW,
        };
        let key = ApiKey {
            id: KeyId::from_u128(id.as_u128()),
            tenant: id,
            name: "Default".into(),
            environment: Environment::Test,
            hash: KeyHash([7; 32]),
            retired: None,
            scopes: Box::default(),
            limits: PlanTier::Free.key_limits(),
            allowed_ips: Box::default(),
            created_at: NOW,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        let services = vec![self.service(id, &data_key)];
        Ok(Some(SealedTenant { tenant, data_key, keys: vec![key], services }))
    }
}

/// Stands where a store would; nothing here is used.
#[derive(Debug)]
struct Unused;

#[async_trait]
impl Ledger for Unused {
    async fn begin(&self, _: Vec<LedgerEntry>) -> Result<Vec<Begun>, StoreError> {
        Ok(Vec::new())
    }
    async fn find(&self, _: TenantId, _: Environment, _: &str) -> Result<Option<LedgerEntry>, StoreError> {
        Ok(None)
    }
    async fn take_over(
        &self,
        _: TenantId,
        _: TransactionId,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }
    async fn expire_leases(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
    async fn prune(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }
}

#[async_trait]
impl TransactionLog for Unused {
    async fn record(&self, _: Vec<Record>) -> Result<(), StoreError> {
        Ok(())
    }
    async fn find(
        &self,
        _: TenantId,
        _: Environment,
        _: TransactionId,
    ) -> Result<Option<StoredTransaction>, StoreError> {
        Ok(None)
    }
    async fn list_orders(&self, _: TenantId, _: OrderFilter) -> Result<Vec<StoredOrder>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl TokenSource for Unused {
    async fn fetch(&self, _: ProviderId, _: &Credentials) -> Result<FetchedToken, TokenFailure> {
        Err(TokenFailure::Unreachable)
    }
}

fn settings() -> Settings {
    let backoff = Backoff::try_new(Duration::from_millis(50), MINUTE).expect("sound");
    let breaker = BreakerPolicy::try_new(BreakerSettings {
        consecutive_failures: 5,
        failure_percent: 50,
        min_samples: 20,
        window: MINUTE,
        first_open_for: Duration::from_secs(5),
        max_open_for: MINUTE,
    })
    .expect("sound");
    Settings {
        supervision: SupervisionSettings { restarts: 10, within: MINUTE, pause: MINUTE },
        tenants: TenantSettings {
            threads: 1,
            loads: 64,
            searches: 64,
            load_timeout: MINUTE,
            idle: 10 * MINUTE,
            forget: 1440 * MINUTE,
            sweep_every: MINUTE,
            unknown_keys: 10_000,
            unknown_for: MINUTE,
            calls_per_service: 64,
            breaker,
        },
        providers: ProviderSettings {
            token_purchases: 8,
            token_timeout: MINUTE,
            renew_before: MINUTE,
            calls: 64,
            attempts: 3,
            attempt_timeout: MINUTE,
            backoff,
            retry_budget: RetryBudgetSettings { percent_of_calls: 20, min_per_second: NonZeroU32::MIN },
        },
        ledger: LedgerSettings { queue: 64, batch: 64, timeout: MINUTE },
        log: LogSettings { queue: 64, batch: 64, linger: MINUTE, timeout: MINUTE, backoff },
        stop_grace: MINUTE,
    }
}

/// Returns the process's resident memory in bytes.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number");
    kib * 1024
}

fn report(what: &str, before: u64) {
    let bytes = resident_bytes().saturating_sub(before) / u64::from(RESIDENTS);
    println!("{what}: {bytes} bytes each at {RESIDENTS}");
}

struct Idle;
impl Actor for Idle {
    type Context = Context<Self>;
}

fn key(number: u32) -> KeyId {
    // Spread like real ids.
    KeyId::from_u128(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

fn main() {
    actix_rt::System::new().block_on(async {
        let entropy = Arc::new(CountingEntropy::default());
        let vault = Arc::new(Vault::new(Keyring::generate(entropy.as_ref()), entropy));
        let tree = actors::start(TreeParams {
            clock: Arc::new(ManualClock::at(NOW)),
            entropy: Arc::new(CountingEntropy::default()),
            directory: Arc::new(Endless { vault: Arc::clone(&vault) }),
            vault,
            ledger: Arc::new(Unused),
            log: Arc::new(Unused),
            tokens: Arc::new(Unused),
            descriptors: vec![&ACME],
            catalog: Arc::new(telemetry::Catalog::silent()),
            settings: settings(),
        })
        .expect("settings are sound");
        tree.tenants.by_key(key(0)).await.expect("loads");

        let before = resident_bytes();
        for number in 1..=RESIDENTS {
            tree.tenants.by_key(key(number)).await.expect("loads").expect("is there");
        }
        report("resident tenant", before);

        let before = resident_bytes();
        let idle: Vec<actix::Addr<Idle>> = (0..RESIDENTS).map(|_| Idle.start()).collect();
        tokio::task::yield_now().await;
        report("idle actix actor, for comparison", before);
        drop(idle);
        tree.stop().await;
    });
}
