//! A gateway, its providers and its tenants, all in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;

use bytes::Bytes;
use domain::ports::NewTenant;
use domain::{
    ApiKey, Environment, Feature, FeatureSetting, KeyId, PlanTier, RateLimits, SealedField, SealedService,
    Tenant, TenantId,
};
use gateway::{Config, Overrides, Running};
use http::Method;
use tempfile::TempDir;
use tokio::sync::oneshot;
use vault::{Binding, PlatformKey};

use crate::load::{Api, Ask};

/// So much that no load reaches them.
const LIMITS: RateLimits = RateLimits { per_minute: u32::MAX, per_day: u32::MAX };

/// A running gateway, its providers, and keys of as many tenants as were asked for.
pub(crate) struct Rig {
    pub(crate) api: Api,
    control: Api,
    keys: Vec<String>,
    sandbox: Option<sandbox::Sandbox>,
    gateway: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    _folder: TempDir,
}

impl Rig {
    pub(crate) async fn start(configure: fn(&mut Config), tenants: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = sandbox::Options { record_calls: false, ..sandbox::Options::local() };
        let sandbox = sandbox::start(options).unwrap();
        let addresses = sandbox.addresses();
        let free = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
        let overrides =
            Overrides { public: Some(free), admin: Some(free), folder: Some(folder.path().to_owned()) };
        let mut config = Config::load(None, &overrides).unwrap();
        config.listen.workers = 2;
        gateway::point_at_sandbox(&mut config, addresses);
        configure(&mut config);
        let (stop, stopped) = oneshot::channel();
        let (started, is_up) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_rt::System::new().block_on(async move {
                let telemetry = telemetry::Telemetry::local().unwrap();
                let running = gateway::start(config, telemetry, |stores| stores).await.unwrap();
                let mut keys = Vec::new();
                for number in 0..tenants {
                    keys.push(add_tenant(&running, number).await);
                }
                started.send((running.public, keys)).unwrap();
                stopped.await.ok();
                running.stop().await;
            });
        });
        let (public, keys) = is_up.await.unwrap();
        Self {
            api: Api::new(public),
            control: Api::new(addresses.control),
            keys,
            sandbox: Some(sandbox),
            gateway: Some((stop, thread)),
            _folder: folder,
        }
    }

    /// Returns a tenant's key.
    pub(crate) fn key(&self, number: usize) -> &str {
        &self.keys[number]
    }

    /// Returns a tenant's name at Razorpay.
    pub(crate) fn merchant(&self, number: usize) -> String {
        merchant(number)
    }

    /// Makes a provider misbehave, towards one merchant or all.
    pub(crate) async fn fault(&self, provider: &str, merchant: Option<&str>, fault: &str) {
        let merchant = merchant.map(|name| format!(r#""merchant": "{name}", "#)).unwrap_or_default();
        let body = format!(r#"{{"provider": "{provider}", {merchant}"fault": {fault}}}"#);
        let answer = self.command(Method::PUT, body.into()).await;
        assert_eq!(answer.0, 200, "{:?}", answer.1);
    }

    /// Makes the providers behave.
    pub(crate) async fn calm_down(&self) {
        assert_eq!(self.command(Method::DELETE, Bytes::new()).await.0, 200);
    }

    async fn command(&self, method: Method, body: Bytes) -> (u16, Bytes) {
        let ask = Ask { method, path: "/_control/faults".into(), key: String::new(), body };
        self.control.send(&ask).await
    }

    /// Makes an order; returns its id here and at Stripe.
    pub(crate) async fn make_order(&self, key: &str) -> (String, String) {
        let (status, body) = self.api.send(&Ask::order("stripe", key)).await;
        assert_eq!(status, 201, "{body:?}");
        let text = String::from_utf8(body.to_vec()).unwrap();
        let field = |name: &str| {
            let (_, rest) = text.split_once(&format!(r#""{name}":""#)).unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        (field("transaction_id"), field("provider_order_id"))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.gateway.take() {
            stop.send(()).ok();
            thread.join().ok();
        }
        if let Some(sandbox) = self.sandbox.take() {
            sandbox.stop();
        }
    }
}

fn merchant(number: usize) -> String {
    format!("rzp_test_Merchant{number:06}")
}

async fn add_tenant(running: &Running, number: usize) -> String {
    let gateway = &running.gateway;
    let (now, entropy) = (gateway.clock.now(), &*gateway.entropy);
    let id = TenantId::generate(now, entropy);
    let wrapped = gateway.vault.new_data_key(id).unwrap();
    let services = services(running, id, (&wrapped, number));
    let tenant = Tenant {
        id,
        email: format!("tenant{number}@example.com").into(),
        full_name: None,
        company_name: None,
        plan: PlanTier::Enterprise,
        is_active: true,
        implicit_idempotency_seconds: None,
        created_at: now,
    };
    let new = NewTenant { tenant, password_hash: "none".into(), data_key: wrapped };
    gateway.stores.tenants.insert(new).await.unwrap();
    gateway.stores.services.put(services).await.unwrap();
    let key = PlatformKey::generate(Environment::Test, KeyId::generate(now, entropy), entropy);
    let api_key = ApiKey {
        id: key.id,
        tenant: id,
        name: "load".into(),
        environment: key.environment,
        hash: gateway.pepper.hash_key(&key.present()),
        retired: None,
        scopes: Box::default(),
        limits: LIMITS,
        allowed_ips: Box::default(),
        created_at: now,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    };
    gateway.stores.keys.insert(api_key).await.unwrap();
    key.text().expose().to_owned()
}

/// Returns a tenant's services at Razorpay and Stripe, each as a merchant of its own.
fn services(running: &Running, tenant: TenantId, (wrapped, number): (&[u8], usize)) -> Vec<SealedService> {
    let gateway = &running.gateway;
    let (now, entropy) = (gateway.clock.now(), &*gateway.entropy);
    let data_key = gateway.vault.open_data_key(tenant, wrapped).unwrap();
    let environment = Environment::Test;
    let razorpay = vec![("key_id", merchant(number)), ("key_secret", format!("{number:024}"))];
    let stripe = vec![("secret_key", format!("sk_test_{number:048}"))];
    let sealed = [("razorpay", 0, razorpay), ("stripe", 1, stripe)].map(|(service, priority, fields)| {
        let seal = |(field, text): &(&str, String)| SealedField {
            name: (*field).into(),
            sealed: data_key.seal(&Binding { tenant, service, environment, field }, text, entropy).unwrap(),
        };
        let feature = |feature| FeatureSetting::new(feature, true, priority);
        SealedService {
            tenant,
            service: service.into(),
            environment,
            fields: fields.iter().map(seal).collect(),
            features: [feature(Feature::Payments), feature(Feature::Proxy)].into(),
            last_verified_at: None,
            created_at: now,
            updated_at: now,
        }
    });
    sealed.into()
}
