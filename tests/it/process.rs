//! The program as a process: what it prints, how it fails, how it stops.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{Client, Dev, PROGRAM, dev_command, eventually, free_ports};

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
async fn being_told_to_stop_loses_no_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dev = Dev::inside(folder.path());
    let key = dev.key.clone().expect("a test key");
    let judge = Client::new(dev.control);
    let slow = json!({"provider": "razorpay", "operation": "orders.create", "fault": {"latency_ms": 700}});
    judge.fault(&slow).await;
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
    for command in ["serve", "check-config", "migrate"] {
        assert!(help(&[command, "--help"]).contains("Examples:"), "{command}");
    }
    for option in ["--port", "--sandbox-port", "--admin-port", "--data-dir", "--external-sandbox", "--fresh"]
    {
        assert!(help(&["dev", "--help"]).contains(option), "{option}");
    }
    let document: serde_json::Value = serde_json::from_str(&help(&["openapi"])).expect("JSON");
    assert!(document["paths"].is_object());
}
