//! What benches share: made-up tenants with a test key and a Razorpay service each, and the tree of actors that serves them.

use std::sync::Arc;
use std::time::Duration;

use actors::{
    FetchedToken, LedgerSettings, LogSettings, ProviderSettings, ReconcilerSettings, Settings,
    SupervisionSettings, TenantHandle, TenantSettings, TokenFailure, TokenSource, Tree, TreeParams,
};
use adapters::{ADAPTERS, Adapter};
use async_trait::async_trait;
use domain::ports::{StoreError, TenantDirectory};
use domain::{
    ApiKey, Credentials, Entropy, Environment, Feature, FeatureSetting, KeyHash, KeyId, PlanTier, ProviderId,
    RateLimits, SealedField, SealedService, SealedTenant, Tenant, TenantId, Timestamp,
};
use gateway::SystemClock;
use resilience::{Backoff, BreakerPolicy, BreakerSettings, RetryBudgetSettings};
use store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use testkit::CountingEntropy;
use vault::{Binding, Keyring, Pepper, PlatformKey, Vault};

/// How many tenants are made resident.
pub(crate) const TENANTS: u32 = 100_000;

/// The provider of every tenant's service.
pub(crate) const PROVIDER: ProviderId = ProviderId::new("razorpay");

const NOW: Timestamp = Timestamp::from_unix_seconds(1_756_455_561);
const MINUTE: Duration = Duration::from_secs(60);
/// So much that no bench reaches them.
const LIMITS: RateLimits = RateLimits { per_minute: u32::MAX, per_day: u32::MAX };

/// A tree over a directory that makes up every tenant that is asked for.
pub(crate) struct Stage {
    /// The actors.
    pub(crate) tree: Tree,
    pepper: Arc<Pepper>,
    /// What ledger and log write to.
    _folder: TempDir,
}

impl Stage {
    /// Starts the actors. Called inside a running actix system.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { folder: folder.path().to_path_buf(), readers: 1, queue: 64 };
        let store = Arc::new(SqliteStore::open(options).unwrap());
        let entropy = Arc::new(CountingEntropy::default());
        let pepper = Arc::new(Pepper::from_bytes(&*Pepper::generate_bytes(&*entropy)).unwrap());
        let keyring = Keyring::generate(&*entropy);
        let vault = Arc::new(Vault::new(keyring, Arc::clone(&entropy) as Arc<dyn Entropy>));
        let tree = actors::start(TreeParams {
            clock: Arc::new(SystemClock::start()),
            entropy,
            directory: Arc::new(Endless { vault: Arc::clone(&vault), pepper: Arc::clone(&pepper) }),
            vault,
            ledger: Arc::clone(&store) as _,
            log: store,
            journal: None,
            tokens: Arc::new(NoTokens),
            descriptors: ADAPTERS.into_iter().map(Adapter::descriptor).collect(),
            leases: None,
            changes: None,
            catalog: Arc::new(telemetry::Catalog::silent()),
            settings: settings(),
        })
        .unwrap();
        Self { tree, pepper, _folder: folder }
    }

    /// Makes the tenants with these numbers resident, one after the other.
    pub(crate) async fn load(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.tree.tenants.by_key(key_id(number), hash_of(key_id(number))).await.unwrap().unwrap();
        }
    }

    /// Returns whose key this is, from memory only, after checking it against its hash.
    pub(crate) fn authenticate(&self, text: &str) -> Option<(TenantHandle, KeyId)> {
        let presented = PlatformKey::parse(text).ok()?;
        let tenant = self.tree.tenants.resident(presented.id)?;
        let is_right = self.pepper.matches(&presented, &tenant.key(presented.id)?.key.hash);
        is_right.then_some((tenant, presented.id))
    }
}

/// Returns the id of a tenant's key, spread like real ones.
pub(crate) fn key_id(number: u32) -> KeyId {
    KeyId::from_u128(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// Returns a hash that begins with the key's id, which is all that [`Endless`] goes by.
fn hash_of(key: KeyId) -> KeyHash {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&key.as_u128().to_be_bytes());
    KeyHash(bytes)
}

/// Returns the key with this id, the same each time.
pub(crate) fn platform_key(id: KeyId) -> PlatformKey {
    PlatformKey::generate(Environment::Test, id, &Repeating(id.as_u128()))
}

/// Returns a tenant.
pub(crate) fn tenant(id: TenantId) -> Tenant {
    Tenant {
        id,
        email: format!("owner-{:012x}@company.example", id.as_u128() & 0xffff_ffff_ffff).into(),
        full_name: Some("Ada Lovelace".into()),
        company_name: Some("Analytical Engines Ltd".into()),
        plan: PlanTier::Free,
        is_active: true,
        implicit_idempotency_seconds: None,
        created_at: NOW,
    }
}

/// Returns a key as the store keeps it.
pub(crate) fn api_key(key: &PlatformKey, tenant: TenantId, pepper: &Pepper) -> ApiKey {
    ApiKey {
        id: key.id,
        tenant,
        name: "test key".into(),
        environment: key.environment,
        hash: pepper.hash_key(&key.present()),
        retired: None,
        scopes: Box::default(),
        limits: LIMITS,
        allowed_ips: Box::default(),
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

/// Returns a Razorpay service of two sealed credentials.
pub(crate) fn razorpay(vault: &Vault, tenant: TenantId, wrapped: &[u8]) -> SealedService {
    let data_key = vault.open_data_key(tenant, wrapped).unwrap();
    let (service, environment) = (PROVIDER.as_str(), Environment::Test);
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
        fields: [seal("key_id", "rzp_test_1DP5mmOlF5G5ag"), seal("key_secret", "thisisasupersecret012345")]
            .into(),
        features: [FeatureSetting::new(Feature::Payments, true, 0)].into(),
        last_verified_at: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

/// Makes up every tenant: one key, one service.
#[derive(Debug)]
struct Endless {
    vault: Arc<Vault>,
    pepper: Arc<Pepper>,
}

#[async_trait]
impl TenantDirectory for Endless {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, StoreError> {
        let [id @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = hash.0;
        Ok(Some(TenantId::from_u128(u128::from_be_bytes(id))))
    }

    async fn load(&self, id: TenantId) -> Result<Option<SealedTenant>, StoreError> {
        let data_key = self.vault.new_data_key(id).unwrap();
        let key = platform_key(KeyId::from_u128(id.as_u128()));
        Ok(Some(SealedTenant {
            tenant: tenant(id),
            keys: vec![api_key(&key, id, &self.pepper)],
            services: vec![razorpay(&self.vault, id, &data_key)],
            data_key,
        }))
    }
}

/// Razorpay takes no tokens.
#[derive(Debug)]
struct NoTokens;

#[async_trait]
impl TokenSource for NoTokens {
    async fn fetch(&self, _: ProviderId, _: &Credentials) -> Result<FetchedToken, TokenFailure> {
        Err(TokenFailure::Unreachable)
    }
}

/// Bytes that follow from a number.
#[derive(Debug)]
struct Repeating(u128);

impl Entropy for Repeating {
    fn fill(&self, bytes: &mut [u8]) {
        for (slot, byte) in bytes.iter_mut().zip(self.0.to_be_bytes().into_iter().cycle()) {
            *slot = byte;
        }
    }
}

fn settings() -> Settings {
    let backoff = Backoff::try_new(Duration::from_millis(50), MINUTE).unwrap();
    let breaker = BreakerSettings {
        consecutive_failures: 5,
        failure_percent: 50,
        min_samples: 20,
        window: MINUTE,
        first_open_for: Duration::from_secs(1),
        max_open_for: MINUTE,
    };
    Settings {
        supervision: SupervisionSettings { restarts: 10, within: MINUTE, pause: MINUTE },
        tenants: TenantSettings {
            threads: 1,
            loads: 64,
            searches: 64,
            load_timeout: MINUTE,
            // Nobody leaves while a bench runs.
            idle: 1440 * MINUTE,
            forget: 1440 * MINUTE,
            sweep_every: 10 * MINUTE,
            unknown_keys: 10_000,
            unknown_for: MINUTE,
            endpoints: Arc::from([]),
            calls_per_service: 64,
            calls_per_tenant: 64,
            breaker: BreakerPolicy::try_new(breaker).unwrap(),
        },
        providers: ProviderSettings {
            token_purchases: 8,
            token_timeout: MINUTE,
            renew_before: MINUTE,
            calls: 64,
            attempts: 3,
            attempt_timeout: MINUTE,
            fair_chance: Duration::ZERO,
            backoff,
            breaker: BreakerPolicy::try_new(breaker).unwrap(),
            retry_budget: RetryBudgetSettings {
                percent_of_calls: 20,
                min_per_second: std::num::NonZeroU32::MIN,
            },
        },
        ledger: LedgerSettings { queue: 64, batch: 64, timeout: MINUTE, probe_every: MINUTE },
        reconciler: ReconcilerSettings { every: MINUTE, at_once: 1 },
        log: LogSettings { queue: 64, batch: 64, linger: MINUTE, timeout: MINUTE, backoff },
        stop_grace: MINUTE,
    }
}
