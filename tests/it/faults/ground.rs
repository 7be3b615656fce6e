//! The ground of a run: gateways as processes of their own, providers that outlive them, and a bad network in between.

use std::net::SocketAddr;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use testkit::fault_proxy::{FaultPlan, FaultProxy};
use tokio::sync::Mutex;

use super::plan::Plan;
use crate::support::{Account, Client, Installation, Node, Serve, plan_of_all};

/// Everything that a run needs.
pub(super) struct Ground {
    seats: Vec<Seat>,
    /// Four proxies, each in front of a provider.
    pub(super) network: [FaultProxy; 4],
    pub(super) control: Client,
    /// Where PayPal is, past the network.
    pub(super) paypal: SocketAddr,
    base: Base,
}

/// What the gateways stand on.
enum Base {
    /// PostgreSQL and Redis.
    Shared(Box<Installation>),
    /// The embedded store.
    Alone { folder: TempDir, _sandbox: Box<sandbox::Sandbox> },
}

/// A gateway's place: whoever is started in it has the folder of the one before.
struct Seat {
    name: &'static str,
    api: RwLock<Option<Client>>,
    process: Mutex<Option<Process>>,
}

enum Process {
    Node(Node),
    Serve(Serve),
}

const SETTINGS: [&str; 4] = [
    "GATEWAY_PROVIDERS__RAZORPAY__TEST_URL",
    "GATEWAY_PROVIDERS__PAYPAL__TEST_URL",
    "GATEWAY_PROVIDERS__STRIPE__TEST_URL",
    "GATEWAY_PROVIDERS__TWILIO__TEST_URL",
];

impl Ground {
    /// Starts two gateways on PostgreSQL and Redis.
    pub(super) async fn shared() -> Self {
        let installation = Installation::start_recorded().await;
        let (control, providers) = (installation.control.clone(), installation.providers());
        let ground = Self::new(&["one", "two"], control, providers, Base::Shared(Box::new(installation)));
        ground.start_all().await;
        ground
    }

    /// Starts one gateway on the embedded store.
    pub(super) async fn alone() -> Self {
        let sandbox = sandbox::start(sandbox::Options::local()).expect("a sandbox");
        let (control, providers) = (Client::new(sandbox.addresses().control), sandbox.addresses());
        let base =
            Base::Alone { folder: tempfile::tempdir().expect("a folder"), _sandbox: Box::new(sandbox) };
        let ground = Self::new(&["alone"], control, providers, base);
        ground.start_all().await;
        ground
    }

    fn new(names: &[&'static str], control: Client, providers: sandbox::Addresses, base: Base) -> Self {
        let seat = |name: &&'static str| Seat { name, api: RwLock::default(), process: Mutex::default() };
        let network = [providers.razorpay, providers.paypal, providers.stripe, providers.twilio]
            .map(|provider| FaultProxy::start(provider, FaultPlan::none()));
        Self { seats: names.iter().map(seat).collect(), network, control, paypal: providers.paypal, base }
    }

    /// Returns how many gateways there are.
    pub(super) const fn gateways(&self) -> usize {
        self.seats.len()
    }

    /// Returns the way to a gateway, while there is one in its place.
    pub(super) fn api(&self, place: usize) -> Option<Client> {
        self.seats[place % self.seats.len()].api.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the way to the first gateway, when all is well.
    pub(super) fn any(&self) -> Client {
        self.api(0).expect("a gateway")
    }

    /// Returns PostgreSQL and Redis, where there are any.
    pub(super) fn servers(&self) -> Option<&Installation> {
        match &self.base {
            Base::Shared(installation) => Some(installation),
            Base::Alone { .. } => None,
        }
    }

    /// Kills a gateway, as a machine that loses its power would.
    pub(super) async fn kill(&self, place: usize) {
        let seat = &self.seats[place];
        seat.set(None);
        match seat.process.lock().await.take() {
            Some(Process::Node(node)) => node.kill(),
            Some(Process::Serve(serve)) => serve.kill(),
            None => {}
        }
    }

    /// Starts a gateway in a place, and waits until it is ready.
    pub(super) async fn start(&self, place: usize) {
        let seat = &self.seats[place];
        let mut settings = Plan::settings();
        let urls = self.network.iter().map(|proxy| format!("http://{}", proxy.address()));
        settings.extend(SETTINGS.into_iter().zip(urls));
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, &**value)).collect();
        let (process, api) = match &self.base {
            Base::Shared(installation) => {
                let node = installation.node_with(seat.name, &settings).await;
                let api = node.api.clone();
                (Process::Node(node), api)
            }
            Base::Alone { folder, .. } => {
                let serve = Serve::start(folder.path(), &settings).await;
                let api = serve.api.clone();
                (Process::Serve(serve), api)
            }
        };
        *seat.process.lock().await = Some(process);
        seat.set(Some(api));
    }

    async fn start_all(&self) {
        // One after the other: the first one makes the installation's secrets.
        for place in 0..self.seats.len() {
            self.start(place).await;
        }
    }

    /// Lets the network and the providers misbehave.
    pub(super) async fn storm(&self, plan: &Plan) {
        for (number, proxy) in (0..).zip(&self.network) {
            proxy.follow(plan.network(number));
        }
        for fault in Plan::providers() {
            self.control.fault(&fault).await;
        }
    }

    /// Lets everything be well again, and waits until the gateways see it.
    pub(super) async fn calm(&self) {
        for proxy in &self.network {
            proxy.follow(FaultPlan::none());
        }
        self.control.no_faults().await;
        for place in 0..self.seats.len() {
            let api = self.api(place).expect("a gateway");
            let mut seen = Value::Null;
            for _ in 0..600 {
                seen = api.get("/health", &[]).await.json();
                if seen["status"] == "ok" {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(seen["status"], "ok", "a gateway does not recover: {seen}");
        }
    }

    /// Signs tenants up, each with credentials for all four providers and with limits that are out of the way.
    pub(super) async fn tenants(&self, count: usize) -> Vec<Account> {
        let mut accounts = Vec::new();
        for number in 0..count {
            accounts.push(Account::at(&self.any(), &format!("chaos{number}")).await);
        }
        match &self.base {
            Base::Shared(installation) => installation.plan_of_all("enterprise"),
            Base::Alone { folder, .. } => plan_of_all(folder.path(), "enterprise"),
        }
        for account in &mut accounts {
            account.take_wide_key(&self.any()).await;
        }
        accounts
    }
}

impl Seat {
    fn set(&self, api: Option<Client>) {
        *self.api.write().unwrap_or_else(PoisonError::into_inner) = api;
    }
}
