//! A gateway and a sandbox in this process, on free ports, with a folder of their own.

use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway::{Config, Overrides, Stores};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::{Answer, Client};

/// What a test wants different from the default.
pub(crate) struct StageOptions {
    /// Changes the configuration.
    pub(crate) configure: fn(&mut Config),
    /// Another place than the sandbox for Razorpay.
    pub(crate) razorpay_url: Option<String>,
    /// Puts something in front of the store.
    pub(crate) wrap: Box<dyn FnOnce(Stores) -> Stores + Send>,
}

impl Default for StageOptions {
    fn default() -> Self {
        Self { configure: |_| {}, razorpay_url: None, wrap: Box::new(|stores| stores) }
    }
}

/// A running gateway with its providers.
pub(crate) struct Stage {
    /// The gateway's public port.
    pub(crate) api: Client,
    /// The same, for those who write to the socket themselves.
    pub(crate) public: SocketAddr,
    /// Its admin port.
    pub(crate) admin: Client,
    /// The sandbox's control port.
    pub(crate) control: Client,
    sandbox: Option<sandbox::Sandbox>,
    folder: TempDir,
    gateway: Option<RunningGateway>,
}

struct RunningGateway {
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

/// A tenant with a test key.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) token: String,
    pub(crate) key: String,
    /// The tenant's Razorpay key id: the merchant's name at the sandbox.
    pub(crate) razorpay_key_id: String,
    /// The tenant's PayPal credentials, as PayPal takes them.
    pub(crate) paypal_basic: String,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::start_with(StageOptions::default()).await
    }

    pub(crate) async fn start_with(options: StageOptions) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let sandbox = sandbox::start(sandbox::Options::local()).expect("a sandbox");
        let control = Client::new(sandbox.addresses().control);
        let (addresses, gateway) = run_gateway(&folder, sandbox.addresses(), options).await;
        let (public, admin) = addresses;
        Self {
            api: Client::new(public),
            public,
            admin: Client::new(admin),
            control,
            sandbox: Some(sandbox),
            folder,
            gateway: Some(gateway),
        }
    }

    /// Stops the gateway in order, and starts it again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop_gateway().await;
        let addresses = self.sandbox.as_ref().expect("a sandbox").addresses();
        let ((public, admin), gateway) = run_gateway(&self.folder, addresses, StageOptions::default()).await;
        self.public = public;
        (self.api, self.admin, self.gateway) = (Client::new(public), Client::new(admin), Some(gateway));
    }

    async fn stop_gateway(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            gateway.stop.send(()).ok();
            tokio::task::spawn_blocking(move || gateway.thread.join().expect("the gateway ends in order"))
                .await
                .expect("joined");
        }
    }

    /// Returns the folder with the gateway's data.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Signs a tenant up with credentials for all four providers; `name` makes it a tenant and a merchant of its own.
    pub(crate) async fn account(&self, name: &str) -> Account {
        Account::at(&self.api, name).await
    }

    /// Signs up, and returns the token.
    pub(crate) async fn sign_up(&self, name: &str) -> String {
        sign_up(&self.api, name).await
    }

    /// Creates an order.
    pub(crate) async fn order(&self, account: &Account, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers: Vec<_> =
            headers.iter().copied().chain([("x-platform-key", account.key.as_str())]).collect();
        self.api.post("/v1/payments/orders", &headers, body).await
    }

    /// Returns what really happened at the providers.
    pub(crate) async fn effects(&self, query: &str) -> Vec<Value> {
        let effects = self.control.get(&format!("/_control/effects?{query}"), &[]).await.expect(200).json();
        effects["items"]
            .as_array()
            .or_else(|| effects["effects"].as_array())
            .expect("a list of effects")
            .clone()
    }

    /// Returns where the simulated providers listen.
    pub(crate) fn providers(&self) -> sandbox::Addresses {
        self.sandbox.as_ref().expect("a sandbox").addresses()
    }

    /// Buys a token of the tenant's PayPal account, past the gateway. Returns the header's value.
    pub(crate) async fn paypal_token(&self, account: &Account) -> String {
        let headers = [
            ("authorization", account.paypal_basic.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let token = Client::new(self.providers().paypal)
            .send(http::Method::POST, "/v1/oauth2/token", &headers, "grant_type=client_credentials")
            .await
            .expect(200)
            .json();
        bearer(token["access_token"].as_str().expect("a token"))
    }

    /// Makes the sandbox misbehave.
    pub(crate) async fn fault(&self, fault: &Value) {
        self.control.fault(fault).await;
    }

    /// Makes the sandbox behave.
    pub(crate) async fn no_faults(&self) {
        self.control.no_faults().await;
    }
}

impl Account {
    /// Signs a tenant up at this gateway, as [`Stage::account`] does.
    pub(crate) async fn at(api: &Client, name: &str) -> Self {
        let token = sign_up(api, name).await;
        let body = json!({"env_text": env_of(name), "create_keys": true});
        let authorization = bearer(&token);
        let headers = [("authorization", authorization.as_str())];
        let configured = api.post("/api/onboarding/configure", &headers, &body).await.expect(200).json();
        let key = configured["api_keys"][0]["key"].as_str().expect("a key").to_owned();
        Self { token, key, razorpay_key_id: razorpay_key_id(name), paypal_basic: paypal_basic(name) }
    }

    /// Makes a key with limits of its own, which the tenant's plan allows.
    pub(crate) async fn limited_key(&self, api: &Client, per_minute: u32, per_day: u32) -> Value {
        let body = json!({"name": "limited", "environment": "test", "rate_limit_per_min": per_minute,
            "rate_limit_per_day": per_day});
        let headers = [("authorization", &*bearer(&self.token))];
        api.post("/api/keys", &headers, &body).await.expect(201).json()
    }

    /// Takes a key whose limits are out of the way; the tenant's plan must be `enterprise`.
    pub(crate) async fn take_wide_key(&mut self, api: &Client) {
        let key = self.limited_key(api, 600_000, 500_000_000).await;
        key["key"].as_str().expect("a key").clone_into(&mut self.key);
    }

    /// Puts JSON to the dashboard's API at this gateway.
    pub(crate) async fn put(&self, api: &Client, path: &str, body: &Value) -> Answer {
        let headers = [("authorization", &*bearer(&self.token)), ("content-type", "application/json")];
        api.send(http::Method::PUT, path, &headers, body.to_string()).await
    }

    /// Gets from the dashboard's API at this gateway.
    pub(crate) async fn get(&self, api: &Client, path: &str) -> Answer {
        api.get(path, &[("authorization", &*bearer(&self.token))]).await
    }
}

async fn sign_up(api: &Client, name: &str) -> String {
    let body = json!({"email": format!("{name}@example.com"), "password": "correct horse battery"});
    let signed_up = api.post("/api/auth/sign-up", &[], &body).await.expect(201).json();
    signed_up["token"].as_str().expect("a token").to_owned()
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            gateway.stop.send(()).ok();
            gateway.thread.join().ok();
        }
        if let Some(sandbox) = self.sandbox.take() {
            sandbox.stop();
        }
    }
}

/// Returns `Bearer …`.
pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn razorpay_key_id(name: &str) -> String {
    format!("rzp_test_{}", padded(name, 14))
}

fn paypal_basic(name: &str) -> String {
    let (id, secret) = (hex_of(&format!("4{name}"), 79), hex_of(&format!("5{name}"), 79));
    format!("Basic {}", STANDARD.encode(format!("A{id}:E{secret}")))
}

fn padded(name: &str, chars: usize) -> String {
    name.bytes().cycle().filter(u8::is_ascii_alphanumeric).take(chars).map(char::from).collect()
}

fn hex_of(name: &str, chars: usize) -> String {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    digits.chars().cycle().take(chars).collect()
}

/// Returns a `.env` with test credentials for all four providers.
pub(crate) fn env_of(name: &str) -> String {
    format!(
        "RAZORPAY_KEY_ID={}\nRAZORPAY_KEY_SECRET={}\nRAZORPAYX_ACCOUNT_NUMBER=7878780080316316\nSTRIPE_SECRET_KEY=sk_test_{}\nSTRIPE_PUBLISHABLE_KEY=pk_test_{}\n\
         PAYPAL_CLIENT_ID=A{}\nPAYPAL_CLIENT_SECRET=E{}\nPAYPAL_MODE=sandbox\nTWILIO_ACCOUNT_SID=AC{}\n\
         TWILIO_AUTH_TOKEN={}\nTWILIO_PHONE_NUMBER=+15005550006\n",
        razorpay_key_id(name),
        hex_of(&format!("1{name}"), 24),
        hex_of(&format!("2{name}"), 48),
        hex_of(&format!("3{name}"), 48),
        hex_of(&format!("4{name}"), 79),
        hex_of(&format!("5{name}"), 79),
        hex_of(&format!("6{name}"), 32),
        hex_of(&format!("7{name}"), 32),
    )
}

async fn run_gateway(
    folder: &TempDir,
    providers: sandbox::Addresses,
    options: StageOptions,
) -> ((SocketAddr, SocketAddr), RunningGateway) {
    let free = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
    let overrides =
        Overrides { public: Some(free), admin: Some(free), folder: Some(folder.path().to_owned()) };
    let mut config = Config::load(None, &overrides).expect("a configuration");
    config.listen.workers = 2;
    config.listen.drain_seconds = 5;
    config.calls.deadline_ms = 5_000;
    gateway::point_at_sandbox(&mut config, providers);
    config.calls.quiet_ms = 0;
    if let (Some(url), Some(razorpay)) = (options.razorpay_url, config.providers.get_mut("razorpay")) {
        razorpay.test_url = url;
    }
    (options.configure)(&mut config);
    let (stop, stopped) = oneshot::channel();
    let (started, addresses) = oneshot::channel();
    let wrap = options.wrap;
    let thread = std::thread::spawn(move || {
        actix_rt::System::new().block_on(async move {
            let telemetry = telemetry::Telemetry::local().expect("telemetry");
            let running = gateway::start(config, telemetry, wrap).await.expect("a gateway");
            started.send((running.public, running.admin)).expect("somebody waits");
            stopped.await.ok();
            running.stop().await;
        });
    });
    (addresses.await.expect("the gateway starts"), RunningGateway { stop, thread })
}
