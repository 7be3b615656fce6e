//! A stage: doubles, settings without waits, and sample tenants with really sealed credentials.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::ports::{Record, Withdrawal};
use domain::{
    ApiKey, Authentication, BaseUrls, CredentialField, Descriptor, Detection, Environment, Feature,
    FeatureSetting, KeyHash, KeyId, LedgerEntry, LedgerState, LookUps, OperationKind, PlanTier, ProviderId,
    RateLimits, SealedField, SealedService, SealedTenant, Settlement, SupportedOperation, Tenant, TenantId,
    Timestamp, TransactionId,
};
use resilience::{Backoff, BreakerPolicy, BreakerSettings, RetryBudgetSettings};
use testkit::{CountingEntropy, ManualClock};
use vault::{Binding, Keyring, Vault};

use super::{
    ChangesDouble, Committed, Directory, JournalDouble, LeasesDouble, LedgerDouble, LogDouble, TokenShop,
};
use crate::{
    LedgerSettings, LogSettings, ProviderSettings, ReconcilerSettings, Settings, SupervisionSettings,
    TenantSettings, Tree, TreeParams, start,
};

/// The provider of most tests.
pub(crate) const PROVIDER: ProviderId = ProviderId::new("acme");
/// Another one.
pub(crate) const OTHER: ProviderId = ProviderId::new("bolt");

const NOW: Timestamp = Timestamp::from_unix_seconds(1_756_455_561);

const fn descriptor(id: ProviderId) -> Descriptor {
    Descriptor {
        id,
        name: "Sample",
        base_urls: BaseUrls { test: "https://test.example", live: "https://live.example" },
        authentication: Authentication::Token,
        credentials: &[
            CredentialField { name: "key_id", label: "Key id", is_secret: false },
            CredentialField { name: "key_secret", label: "Key secret", is_secret: true },
        ],
        account: &[],
        sufficient: &[&["key_id", "key_secret"]],
        detection: Detection { values: &[], names: &[], name_parts: &[] },
        operations: const { &[SupportedOperation::keyed(OperationKind::OrdersCreate, 24)] },
        takes_currency: |_, _| true,
    }
}

static ACME: Descriptor = descriptor(PROVIDER);
static BOLT: Descriptor = descriptor(OTHER);

/// Everything a tree needs.
pub(crate) struct Stage {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) ledger: Arc<LedgerDouble>,
    pub(crate) log: Arc<LogDouble>,
    pub(crate) journal: Option<Arc<JournalDouble>>,
    pub(crate) tokens: Arc<TokenShop>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) leases: Option<Arc<LeasesDouble>>,
    pub(crate) changes: Option<Arc<ChangesDouble>>,
    pub(crate) settings: Settings,
}

impl Stage {
    /// Returns a stage with an empty directory.
    pub(crate) fn new() -> Self {
        let entropy = Arc::new(CountingEntropy::default());
        let order = Arc::<Mutex<Vec<Committed>>>::default();
        Self {
            clock: Arc::new(ManualClock::at(NOW)),
            directory: Arc::default(),
            ledger: Arc::new(LedgerDouble { order: Arc::clone(&order), ..LedgerDouble::default() }),
            log: Arc::new(LogDouble { order, ..LogDouble::default() }),
            journal: None,
            tokens: Arc::default(),
            vault: Arc::new(Vault::new(Keyring::generate(entropy.as_ref()), entropy)),
            leases: None,
            changes: None,
            settings: settings(),
        }
    }

    /// Lets the trees of this stage share limits.
    pub(crate) fn share_limits(&mut self) -> Arc<LeasesDouble> {
        let leases = Arc::new(LeasesDouble::new(Arc::clone(&self.clock)));
        self.leases = Some(Arc::clone(&leases));
        leases
    }

    /// Lets the trees of this stage hear of changes.
    pub(crate) fn hear_changes(&mut self) -> Arc<ChangesDouble> {
        let changes = Arc::new(ChangesDouble::default());
        self.changes = Some(Arc::clone(&changes));
        changes
    }

    /// Returns a stage with a journal.
    pub(crate) fn with_journal() -> Self {
        Self { journal: Some(Arc::default()), ..Self::new() }
    }

    /// Returns the journal.
    pub(crate) fn journal(&self) -> &JournalDouble {
        self.journal.as_ref().unwrap()
    }

    /// Returns a stage with a store of its own and the journal as it is now: what a process finds that starts after this one
    /// was killed.
    pub(crate) fn after_a_crash(&self) -> Self {
        let journal = Some(Arc::new(self.journal().reopened()));
        Self { journal, settings: self.settings.clone(), ..Self::new() }
    }

    /// Starts a tree.
    pub(crate) fn start(&self) -> Tree {
        start(TreeParams {
            clock: Arc::clone(&self.clock) as _,
            entropy: Arc::new(CountingEntropy::default()),
            directory: Arc::clone(&self.directory) as _,
            vault: Arc::clone(&self.vault),
            ledger: Arc::clone(&self.ledger) as _,
            log: Arc::clone(&self.log) as _,
            journal: self.journal.as_ref().map(|journal| Arc::clone(journal) as _),
            tokens: Arc::clone(&self.tokens) as _,
            descriptors: vec![&ACME, &BOLT],
            leases: self.leases.clone().map(|leases| leases as _),
            changes: self.changes.clone().map(|changes| changes as _),
            catalog: Arc::new(telemetry::Catalog::silent()),
            settings: self.settings.clone(),
        })
        .unwrap()
    }

    /// Adds a tenant with one key and one service.
    pub(crate) fn add_tenant(&self, number: u32) -> (TenantId, KeyId) {
        let tenant = tenant_id(number);
        let data_key = self.vault.new_data_key(tenant).unwrap();
        let sealed = SealedTenant {
            tenant: Tenant {
                id: tenant,
                email: format!("{number}@example.com").into(),
                full_name: None,
                company_name: None,
                plan: PlanTier::Free,
                is_active: true,
                implicit_idempotency_seconds: None,
                created_at: NOW,
            },
            services: vec![self.service(tenant, &data_key, PROVIDER.as_str())],
            data_key,
            keys: Vec::new(),
        };
        self.directory.tenants.lock().unwrap().insert(tenant, sealed);
        let key = key_id(number);
        self.add_key(tenant, key);
        (tenant, key)
    }

    /// Adds a key.
    pub(crate) fn add_key(&self, tenant: TenantId, id: KeyId) {
        let key = ApiKey {
            id,
            tenant,
            name: "sample".into(),
            environment: Environment::Test,
            hash: hash_of(id),
            retired: None,
            scopes: Box::default(),
            limits: day_limits(10),
            allowed_ips: Box::default(),
            created_at: NOW,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        self.directory.owners.lock().unwrap().insert(hash_of(id), tenant);
        self.directory.change(tenant, |sealed| sealed.keys.push(key));
    }

    /// Gives all keys of a tenant these limits.
    pub(crate) fn limit(&self, tenant: TenantId, limits: RateLimits) {
        self.directory.change(tenant, |sealed| sealed.keys.iter_mut().for_each(|key| key.limits = limits));
    }

    /// Revokes a key as the store shows it: it is left out.
    pub(crate) fn revoke_key(&self, tenant: TenantId, id: KeyId) {
        self.directory.change(tenant, |sealed| sealed.keys.retain(|key| key.id != id));
    }

    /// Seals credentials for a service.
    pub(crate) fn service(&self, tenant: TenantId, data_key: &[u8], service: &str) -> SealedService {
        self.service_with(tenant, data_key, (service, "open sesame"))
    }

    /// Seals these credentials for a service.
    pub(crate) fn service_with(
        &self,
        tenant: TenantId,
        data_key: &[u8],
        (service, secret): (&str, &str),
    ) -> SealedService {
        let data_key = self.vault.open_data_key(tenant, data_key).unwrap();
        let environment = Environment::Test;
        let seal = |field: &str, text: &str| SealedField {
            name: field.into(),
            sealed: data_key
                .seal(&Binding { tenant, service, environment, field }, text, &CountingEntropy::default())
                .unwrap(),
        };
        SealedService {
            tenant,
            service: service.into(),
            environment,
            fields: [seal("key_id", "public"), seal("key_secret", secret)].into(),
            features: [FeatureSetting::new(Feature::Payments, true, 0)].into(),
            last_verified_at: None,
            created_at: NOW,
            updated_at: NOW,
        }
    }
}

/// Returns a tenant's id.
pub(crate) fn tenant_id(number: u32) -> TenantId {
    TenantId::from_u128(u128::from(number))
}

/// Returns the id of a tenant's first key.
pub(crate) fn key_id(number: u32) -> KeyId {
    KeyId::from_u128(u128::from(number) + 1_000_000)
}

/// Returns the hash of a sample key's secret.
pub(crate) fn hash_of(key: KeyId) -> KeyHash {
    let mut bytes = [7; 32];
    bytes[..16].copy_from_slice(&key.as_u128().to_be_bytes());
    KeyHash(bytes)
}

/// Returns limits of which only the day's matters.
const fn day_limits(per_day: u32) -> RateLimits {
    RateLimits { per_minute: 1_000, per_day }
}

/// Returns an entry of a tenant, with an idempotency key or none.
pub(crate) fn ledger_entry(number: u32, idempotency_key: Option<&str>) -> LedgerEntry {
    LedgerEntry {
        transaction: TransactionId::from_u128(u128::from(number)),
        tenant: tenant_id(1),
        key: key_id(1),
        environment: Environment::Test,
        idempotency_key: idempotency_key.map(Into::into),
        operation: OperationKind::OrdersCreate,
        fingerprint: [0; 32],
        provider: PROVIDER.as_str().into(),
        provider_key: "k".into(),
        target: Box::default(),
        request: bytes::Bytes::new(),
        started_at: NOW,
        lease_until: NOW.after(Duration::from_secs(60)),
        replay_until: NOW.after(Duration::from_secs(86_400)),
        serial: None,
        look_ups: LookUps { next: Some(NOW.after(Duration::from_secs(60))), ..LookUps::default() },
        state: LedgerState::Started,
    }
}

/// Returns a record that the log double knows by its number.
pub(crate) fn record(number: u128) -> Record {
    Record {
        transaction: None,
        settlement: Some((tenant_id(1), TransactionId::from_u128(number), Settlement::Released)),
        event: None,
    }
}

/// Returns what takes back [`ledger_entry`], and is told by [`record`].
pub(crate) fn withdrawal(number: u32, idempotency_key: Option<&str>) -> Withdrawal {
    let state = LedgerState::Settled { status: 503, body: "nothing was sent".into() };
    let row = LedgerEntry { state, ..ledger_entry(number, idempotency_key) };
    Withdrawal { row, is_begun: false, record: record(u128::from(number)) }
}

/// Waits that the entropy of tests makes next to nothing.
fn backoff() -> Backoff {
    Backoff::try_new(Duration::from_millis(1), Duration::from_millis(1)).unwrap()
}

fn settings() -> Settings {
    let minute = Duration::from_secs(60);
    let breaker = BreakerSettings {
        consecutive_failures: 3,
        failure_percent: 50,
        min_samples: 100,
        window: minute,
        first_open_for: Duration::from_secs(5),
        max_open_for: minute,
    };
    Settings {
        supervision: SupervisionSettings { restarts: 10, within: minute, pause: minute },
        tenants: TenantSettings {
            threads: 1,
            loads: 64,
            searches: 64,
            load_timeout: minute,
            idle: 10 * minute,
            forget: Duration::from_secs(86_400),
            sweep_every: Duration::from_secs(3_600),
            unknown_keys: 4,
            unknown_for: minute,
            endpoints: Arc::from([]),
            calls_per_service: 4,
            calls_per_tenant: 6,
            breaker: BreakerPolicy::try_new(breaker).unwrap(),
        },
        providers: ProviderSettings {
            token_purchases: 8,
            token_timeout: minute,
            renew_before: minute,
            calls: 2,
            attempts: 3,
            attempt_timeout: Duration::from_secs(10),
            fair_chance: Duration::ZERO,
            backoff: backoff(),
            breaker: BreakerPolicy::try_new(breaker).unwrap(),
            retry_budget: RetryBudgetSettings {
                percent_of_calls: 20,
                min_per_second: NonZeroU32::new(100).unwrap(),
            },
        },
        ledger: LedgerSettings {
            queue: 2_000,
            batch: 256,
            timeout: minute,
            probe_every: Duration::from_millis(1),
        },
        reconciler: ReconcilerSettings { every: Duration::from_millis(1), at_once: 4 },
        log: LogSettings {
            queue: 64,
            batch: 16,
            linger: Duration::ZERO,
            timeout: minute,
            backoff: backoff(),
        },
        stop_grace: minute,
    }
}
