//! Several gateways, each a process of its own, on one PostgreSQL and one Redis.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock};

use serde_json::Value;
use tempfile::TempDir;
use testkit::servers::{Postgres, Redis};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Account, Answer, Client, PROGRAM, eventually, free_ports};

/// The login role of the gateways.
const ROLE: &str = "unified_gateway";

/// What the gateways share.
pub(crate) struct Installation {
    pub(crate) postgres: Postgres,
    pub(crate) redis: Redis,
    /// The sandbox's control port.
    pub(crate) control: Client,
    pub(crate) database: String,
    sandbox: Option<sandbox::Sandbox>,
    folder: TempDir,
    _turn: OwnedSemaphorePermit,
}

/// A running `unified-gateway serve`.
pub(crate) struct Node {
    child: Child,
    pub(crate) api: Client,
}

impl Installation {
    /// Starts servers and providers, and makes the schema. No gateway yet. One at a time: three gateways and their servers
    /// keep a small machine busy, and what is measured in seconds must not wait for others.
    pub(crate) async fn start() -> Self {
        Self::start_with(false).await
    }

    /// As `start`, with providers that keep what happened one by one.
    pub(crate) async fn start_recorded() -> Self {
        Self::start_with(true).await
    }

    async fn start_with(record_calls: bool) -> Self {
        static TURN: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));
        let turn = Arc::clone(&TURN).acquire_owned().await.expect("a turn");
        let options = sandbox::Options { record_calls, ..sandbox::Options::local() };
        let sandbox = sandbox::start(options).expect("a sandbox");
        let postgres = Postgres::start();
        let database = postgres.create_database();
        let installation = Self {
            control: Client::new(sandbox.addresses().control),
            redis: Redis::start(),
            database,
            postgres,
            sandbox: Some(sandbox),
            folder: tempfile::tempdir().expect("a folder"),
            _turn: turn,
        };
        let migrated = installation.command("migrate", "migrate").status().expect("the program starts");
        assert!(migrated.success(), "the schema cannot be made");
        installation
    }

    /// Starts a gateway of this name and waits until it is ready. A name that was used before has its folder again.
    pub(crate) async fn node(&self, name: &str) -> Node {
        self.node_with(name, &[]).await
    }

    /// As `node`, with these settings over the tests' own.
    pub(crate) async fn node_with(&self, name: &str, settings: &[(&str, &str)]) -> Node {
        let port = free_ports();
        let mut command = self.command(name, "serve");
        let loopback = |port: u16| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        command.env("GATEWAY_LISTEN__PUBLIC", loopback(port).to_string());
        command.env("GATEWAY_LISTEN__ADMIN", loopback(port + 1).to_string());
        command.envs(settings.iter().copied());
        let mut child = command.spawn().expect("the program starts");
        let said = BufReader::new(child.stdout.take().expect("its output"));
        show(name.to_owned(), said);
        let mut node = Node { child, api: Client::new(loopback(port)) };
        eventually("a gateway is ready", async || {
            if let Some(status) = node.child.try_wait().expect("a child") {
                panic!("{name} ended: {status}");
            }
            let ready = node.api.try_send(http::Method::GET, "/health/ready", &[], "").await;
            ready.ok().filter(|answer| answer.status.is_success())
        })
        .await;
        node
    }

    /// Starts a gateway that is to end at once with code 2; returns its one sentence.
    pub(crate) fn fails_to_start(&self, name: &str, settings: &[(&str, &str)]) -> String {
        let mut command = self.command(name, "serve");
        command.env("GATEWAY_LISTEN__PUBLIC", "127.0.0.1:0").env("GATEWAY_LISTEN__ADMIN", "127.0.0.1:0");
        command.envs(settings.iter().copied()).stderr(Stdio::piped());
        let ended = command.output().expect("the program starts");
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        String::from_utf8_lossy(&ended.stderr).into_owned()
    }

    /// Returns the folder that holds the gateways' folders.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts three gateways.
    pub(crate) async fn three_nodes(&self) -> [Node; 3] {
        self.three_nodes_with(&[]).await
    }

    /// As `three_nodes`, with these settings over the tests' own.
    pub(crate) async fn three_nodes_with(&self, settings: &[(&str, &str)]) -> [Node; 3] {
        // The first one makes the installation's secrets.
        let first = self.node_with("one", settings).await;
        let (second, third) =
            futures_util::join!(self.node_with("two", settings), self.node_with("three", settings));
        [first, second, third]
    }

    /// Gives all tenants another plan. It holds for what they ask for from then on.
    pub(crate) fn plan_of_all(&self, plan: &str) {
        self.sql(&format!("UPDATE users SET plan_tier = '{plan}'"));
    }

    /// Makes a key with limits of its own; `plan` is what the tenant must have for it.
    pub(crate) async fn key_with_limits(
        &self,
        node: &Node,
        account: &Account,
        (plan, per_minute, per_day): (&str, u32, u32),
    ) -> Value {
        self.plan_of_all(plan);
        account.limited_key(&node.api, per_minute, per_day).await
    }

    /// Returns where the simulated providers listen.
    pub(crate) fn providers(&self) -> sandbox::Addresses {
        self.sandbox.as_ref().expect("a sandbox").addresses()
    }

    /// Returns how many effects of this kind there were at a provider.
    pub(crate) async fn effects(&self, provider: &str, operation: &str) -> u64 {
        let path = format!("/_control/effects?provider={provider}&operation={operation}");
        self.control.get(&path, &[]).await.expect(200).json()["count"].as_u64().expect("a count")
    }

    /// Runs SQL as the superuser.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.postgres.psql(&self.database, sql)
    }

    fn command(&self, name: &str, what: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        let providers = self.providers();
        let owner = self.postgres.url("postgres", &self.database);
        let url = self.postgres.url(ROLE, &self.database);
        let folder = self.folder.path().join(name);
        let mut settings = BTreeMap::from([
            ("STORE__ENGINE", "postgres".to_owned()),
            ("STORE__FOLDER", text(&folder)),
            ("STORE__POSTGRES__URL", url),
            ("STORE__POSTGRES__OWNER_URL", owner),
            ("CACHE__ENGINE", "redis".to_owned()),
            ("CACHE__REDIS__URL", self.redis.url()),
            ("VAULT__MASTER_KEY_FILE", text(&self.folder.path().join("master.key"))),
            ("LISTEN__WORKERS", "1".to_owned()),
            ("LISTEN__UNREADY_SECONDS", "0".to_owned()),
            ("CALLS__DEADLINE_MS", "5000".to_owned()),
            ("CALLS__QUIET_MS", "0".to_owned()),
            // A busy machine is no stalled Redis.
            ("CACHE__REDIS__TIMEOUT_MS", "500".to_owned()),
            ("TELEMETRY__FILTER", "warn".to_owned()),
        ]);
        let urls = [
            ("PROVIDERS__RAZORPAY__TEST_URL", providers.razorpay),
            ("PROVIDERS__PAYPAL__TEST_URL", providers.paypal),
            ("PROVIDERS__STRIPE__TEST_URL", providers.stripe),
            ("PROVIDERS__TWILIO__TEST_URL", providers.twilio),
        ];
        settings.extend(urls.map(|(setting, address)| (setting, format!("http://{address}"))));
        command.arg(what).stdout(Stdio::piped()).stderr(Stdio::inherit());
        command.envs(settings.into_iter().map(|(setting, value)| (format!("GATEWAY_{setting}"), value)));
        command
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            sandbox.stop();
        }
    }
}

impl Node {
    /// Creates an order with a key of a tenant.
    pub(crate) async fn order(&self, key: &str, idempotency_key: &str, body: &Value) -> Answer {
        let headers = [("x-platform-key", key), ("idempotency-key", idempotency_key)];
        self.api.post("/v1/payments/orders", &headers, body).await
    }

    /// Asks for a transaction that is not there: the cheapest request that counts.
    pub(crate) async fn ask(&self, key: &str) -> Answer {
        self.api.get("/v1/transactions/txn_00000000000000000000000000", &[("x-platform-key", key)]).await
    }

    /// Waits until it knows that one of its servers (`store`, `cache`) is away; returns its health.
    pub(crate) async fn misses(&self, server: &str) -> Value {
        eventually("a gateway says what it misses", async || {
            let health = self.api.get("/health", &[]).await.expect(200).json();
            (health["checks"][server] == "away").then_some(health)
        })
        .await
    }

    /// Stops it in order, and waits for its end.
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
        let child = &mut self.child;
        let ended = eventually("a gateway ends", async || child.try_wait().expect("a child")).await;
        assert!(ended.success(), "{ended}");
    }

    /// Kills it, as a machine that loses its power would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("its end");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Shows what a gateway says, with the output of a test that fails.
#[expect(clippy::print_stdout, reason = "a gateway's log is what explains a failure")]
fn show(name: String, said: BufReader<std::process::ChildStdout>) {
    std::thread::spawn(move || {
        for line in said.lines().map_while(Result::ok) {
            println!("{name}: {line}");
        }
    });
}

fn text(path: &Path) -> String {
    path.to_str().expect("a plain path").to_owned()
}
