//! The program as a process: what it prints, how it fails, how it stops, and what a `kill -9` leaves behind.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::support::{Client, eventually};

const PROGRAM: &str = env!("CARGO_BIN_EXE_unified-gateway");

/// A running `unified-gateway dev`.
struct Dev {
    child: Child,
    api: Client,
    admin: Client,
    control: SocketAddr,
    key: Option<String>,
    printed: String,
}

/// Returns the first of six ports in a row that nobody listens on.
fn free_ports() -> u16 {
    for _ in 0..50 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let first = listener.local_addr().expect("an address").port();
        drop(listener);
        let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if first < u16::MAX - 8 && (first..first + 8).all(is_free) {
            return first;
        }
    }
    panic!("no eight free ports in a row");
}

fn dev_command(folder: &Path, port: u16) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("dev").arg("--data-dir").arg(folder);
    command.args(["--port", &port.to_string(), "--admin-port", &(port + 1).to_string()]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

impl Dev {
    /// Starts and waits for the words that greet a newcomer.
    fn start(mut command: Command, port: u16, control: SocketAddr) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut printed = String::new();
        while !printed.contains("Ctrl-C stops it.") {
            let read = lines.read_line(&mut printed).expect("its output");
            assert!(read > 0, "it ended early: {printed}");
        }
        // Its output goes on being read, so that it never waits for us.
        std::thread::spawn(move || lines.read_to_end(&mut Vec::new()).ok());
        let key = printed.split_whitespace().find(|word| word.starts_with("unf_test_")).map(str::to_owned);
        let [api, admin] =
            [port, port + 1].map(|port| Client::new(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)));
        Self { child, api, admin, control, key, printed }
    }

    fn inside(folder: &Path) -> Self {
        let port = free_ports();
        let mut command = dev_command(folder, port);
        command.args(["--sandbox-port", &(port + 2).to_string()]);
        Self::start(command, port, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port + 2))
    }

    fn signal(&self, signal: &str) {
        let status =
            Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    async fn ended(&mut self) -> std::process::ExitStatus {
        let child = &mut self.child;
        eventually("the program ends", async || child.try_wait().expect("a child")).await
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_greets_with_a_line_that_works_and_keeps_its_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dev = Dev::inside(folder.path());
    let key = dev.key.clone().expect("a test key is printed");
    let curl: String =
        dev.printed.lines().skip_while(|line| !line.contains("curl")).take(2).collect::<Vec<_>>().join("\n");
    let output = Command::new("sh").args(["-c", &curl]).output().expect("a shell");
    let order: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("JSON from the printed line");
    assert_eq!(
        (order["provider"].as_str(), order["object"].as_str()),
        (Some("razorpay"), Some("order")),
        "{order}"
    );
    use std::os::unix::fs::PermissionsExt;
    let mode =
        std::fs::metadata(folder.path().join("master.key")).expect("a master key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    dev.signal("-TERM");
    assert!(dev.ended().await.success());

    let mut again = Dev::inside(folder.path());
    assert_eq!(again.key, None, "shown once");
    let id = order["transaction_id"].as_str().expect("an id");
    again.api.get(&format!("/v1/transactions/{id}"), &[("x-platform-key", key.as_str())]).await.expect(200);
    again.signal("-INT");
    assert!(again.ended().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_it_from_starting_is_one_plain_sentence_and_exit_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let fail = |command: &mut Command| {
        let output = command.stderr(Stdio::piped()).output().expect("the program runs");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words}");
        let told: Vec<_> = words.lines().filter(|line| line.starts_with("unified-gateway: ")).collect();
        assert_eq!(told.len(), 1, "one sentence: {words}");
        told[0].to_owned()
    };
    let port = free_ports();
    let sandbox_port = (port + 2).to_string();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a port");
    let words = fail(dev_command(folder.path(), port).args(["--sandbox-port", &sandbox_port]));
    assert!(words.contains(&format!("port {port} is taken")) && words.contains("--port"), "{words}");
    drop(taken);
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port + 4)).expect("a port");
    let words = fail(dev_command(folder.path(), port).args(["--sandbox-port", &sandbox_port]));
    assert!(words.contains(&format!("{}", port + 4)) && words.contains("taken"), "{words}");
    drop(taken);
    let words = fail(dev_command(Path::new("/proc/nowhere"), port).args(["--sandbox-port", &sandbox_port]));
    assert!(words.contains("/proc/nowhere"), "{words}");

    let port = free_ports();
    let sandbox_port = (port + 2).to_string();
    let mut dev = Dev::inside(folder.path());
    let words = fail(dev_command(folder.path(), port).args(["--sandbox-port", &sandbox_port]));
    assert!(words.contains("in use"), "a second process on the same folder: {words}");
    dev.signal("-TERM");
    dev.ended().await;
    let key_file = folder.path().join("master.key");
    let other = tempfile::tempdir().expect("a folder");
    let mut dev = Dev::inside(other.path());
    dev.signal("-TERM");
    dev.ended().await;
    std::fs::copy(other.path().join("master.key"), &key_file).expect("another key");
    let words = fail(dev_command(folder.path(), port).args(["--sandbox-port", &sandbox_port]));
    assert!(words.contains("master key"), "{words}");
    std::fs::remove_file(&key_file).expect("removed");
    let words = fail(dev_command(folder.path(), port).args(["--sandbox-port", &sandbox_port]));
    assert!(words.contains("no master key"), "{words}");
    let nobody = format!("127.0.0.1:{}", free_ports());
    let words = fail(dev_command(folder.path(), port).args(["--external-sandbox", &nobody]));
    assert!(words.contains("no sandbox answers"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gateway_sends_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Ipv4Addr::LOCALHOST.into();
    let first = free_ports();
    let options = sandbox::Options {
        host,
        port: first,
        seed: Some(7),
        record_calls: true,
        token_lifetime_seconds: 32_400,
    };
    let sandbox = sandbox::start(options).expect("a sandbox that outlives the gateway");
    let control = sandbox.addresses().control;
    let start = || {
        let port = free_ports();
        let mut command = dev_command(folder.path(), port);
        command.args(["--external-sandbox", &control.to_string()]);
        Dev::start(command, port, control)
    };
    let judge = Client::new(control);
    let dev = start();
    let key = dev.key.clone().expect("a test key");
    // The provider executes, and its answer never comes: the gateway dies while it waits.
    let fault = json!({"provider": "razorpay", "operation": "orders.create", "times": 1, "fault": {"kind": "execute_then_hang"}});
    let json_type = [("content-type", "application/json")];
    judge.send(http::Method::PUT, "/_control/faults", &json_type, fault.to_string()).await.expect(200);
    let api = dev.api.clone();
    let body = json!({"amount": "5.00", "currency": "INR"}).to_string();
    let waiting = tokio::spawn({
        let (key, body) = (key.clone(), body.clone());
        async move {
            let headers = [
                ("x-platform-key", key.as_str()),
                ("idempotency-key", "killed"),
                ("content-type", "application/json"),
            ];
            api.try_send(http::Method::POST, "/v1/payments/orders", &headers, body).await
        }
    });
    eventually("the order is made at the provider", async || {
        let effects =
            judge.get("/_control/effects?provider=razorpay&operation=orders.create", &[]).await.json();
        (effects["count"] == 1).then_some(())
    })
    .await;
    drop(dev);
    assert!(waiting.await.expect("joined").is_err(), "nobody answered");

    let dev = start();
    let headers = [("x-platform-key", key.as_str()), ("idempotency-key", "killed")];
    let order = dev.api.post_text("/v1/payments/orders", &headers, &body).await.expect(201).json();
    let effects = judge.get("/_control/effects?provider=razorpay&operation=orders.create", &[]).await.json();
    assert_eq!(effects["count"], 1, "looked up, not repeated");
    assert!(effects.to_string().contains(order["provider_order_id"].as_str().expect("an id")));
    assert_eq!(dev.control, control);
    sandbox.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn being_told_to_stop_loses_no_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dev = Dev::inside(folder.path());
    let key = dev.key.clone().expect("a test key");
    let judge = Client::new(dev.control);
    let slow = json!({"provider": "razorpay", "operation": "orders.create", "fault": {"latency_ms": 700}})
        .to_string();
    judge
        .send(http::Method::PUT, "/_control/faults", &[("content-type", "application/json")], slow)
        .await
        .expect(200);
    let requests: Vec<_> = (0..20)
        .map(|_| {
            let (api, key) = (dev.api.clone(), key.clone());
            tokio::spawn(async move {
                let body = json!({"amount": 5, "currency": "INR"});
                api.post("/v1/payments/orders", &[("x-platform-key", key.as_str())], &body).await.status
            })
        })
        .collect();
    eventually("the requests are under way", async || {
        let metrics = dev.admin.get("/metrics", &[]).await.text();
        metrics.lines().any(|line| line == "gateway_ledger_batch_rows_sum 20").then_some(())
    })
    .await;
    dev.signal("-TERM");
    for request in requests {
        assert_eq!(request.await.expect("joined"), 201);
    }
    assert!(dev.ended().await.success());
}

#[test]
fn help_teaches() {
    let help = |arguments: &[&str]| {
        let output = Command::new(PROGRAM).args(arguments).output().expect("the program runs");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text")
    };
    assert!(help(&["--help"]).contains("Examples:"));
    for option in ["--port", "--sandbox-port", "--admin-port", "--data-dir", "--external-sandbox", "--fresh"]
    {
        assert!(help(&["dev", "--help"]).contains(option), "{option}");
    }
    let document: serde_json::Value = serde_json::from_str(&help(&["openapi"])).expect("JSON");
    assert!(document["paths"].is_object());
}
