//! The beginning and the end of a node, as its balancer sees them.

use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::{Account, Client, Serve, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn until_everything_is_up_the_admin_port_says_so_and_the_public_port_refuses() {
    let folder = tempfile::tempdir().expect("a folder");
    // A key that comes late: the start waits for it.
    let pipe = folder.path().join("late.key");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let variables = [("GATEWAY_VAULT__MASTER_KEY_FILE", pipe.to_str().expect("a path"))];
    let serve = Serve::begin(folder.path(), &variables);
    eventually("the admin port answers", async || {
        serve.admin.try_send(http::Method::GET, "/health/live", &[], "").await.ok()
    })
    .await
    .expect(200);
    for path in ["/health/ready", "/health"] {
        let answer = serve.admin.get(path, &[]).await.expect(503).json();
        assert_eq!(answer["status"], "starting", "{path}");
    }
    serve.admin.get("/metrics", &[]).await.expect(200);
    assert!(TcpStream::connect(serve.public).is_err(), "nobody is there to answer");
    std::fs::write(&pipe, format!("late:{}\n", "A".repeat(43) + "=")).expect("a key");
    eventually("it is ready", async || serve.is_ready().await.then_some(())).await;
    let answer = serve.api.get("/health/ready", &[]).await.expect(200).json();
    assert_eq!(answer["status"], "ok");
    assert_eq!(serve.admin.get("/health", &[]).await.expect(200).json()["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_is_not_ready_and_serves_on_until_told_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut serve = Serve::start(folder.path(), &[("GATEWAY_LISTEN__UNREADY_SECONDS", "3600")]).await;
    let kept = serve.api.get("/health/live", &[]).await.expect(200);
    assert_eq!(kept.header("connection"), None, "connections are kept while it serves");
    serve.signal("-TERM");
    eventually("it is not ready", async || (!serve.is_ready().await).then_some(())).await;
    for client in [&serve.api, &serve.admin] {
        let answer = client.get("/health/ready", &[]).await.expect(503).json();
        assert_eq!(answer["status"], "draining");
    }
    // On a new connection each.
    for _ in 0..3 {
        let answer = Client::new(serve.public).get("/v1/transactions/txn_1", &[]).await.expect(401);
        assert_eq!(answer.header("connection"), Some("close"), "the next request goes elsewhere");
    }
    serve.admin.get("/health", &[]).await.expect(200);
    serve.signal("-TERM");
    assert!(serve.ended().await.success());
}

/// A balancer that looks every few milliseconds, and clients that send through it until it says no.
#[tokio::test(flavor = "multi_thread")]
async fn requests_under_way_while_it_is_told_to_stop_get_their_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let providers = sandbox::start(sandbox::Options::local()).expect("a sandbox");
    let razorpay = format!("http://{}", providers.addresses().razorpay);
    let variables = [
        ("GATEWAY_PROVIDERS__RAZORPAY__TEST_URL", razorpay.as_str()),
        ("GATEWAY_LISTEN__UNREADY_SECONDS", "3"),
    ];
    let mut serve = Serve::start(folder.path(), &variables).await;
    let key = Account::at(&serve.api, "leaving").await.key;
    // Longer than it stays unready: answers come when connections are refused already.
    let slow = json!({"provider": "razorpay", "operation": "orders.create", "fault": {"latency_ms": 4500}});
    Client::new(providers.addresses().control).fault(&slow).await;

    let is_welcome = Arc::new(AtomicBool::new(true));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (api, key, is_welcome) = (serve.api.clone(), key.clone(), Arc::clone(&is_welcome));
            tokio::spawn(async move {
                let mut under_way = Vec::new();
                while is_welcome.load(Ordering::SeqCst) {
                    let (api, key) = (api.clone(), key.clone());
                    under_way.push(tokio::spawn(async move {
                        let body = json!({"amount": 5, "currency": "INR"});
                        api.post("/v1/payments/orders", &[("x-platform-key", key.as_str())], &body)
                            .await
                            .status
                    }));
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                under_way
            })
        })
        .collect();
    eventually("requests are under way", async || {
        let metrics = serve.admin.get("/metrics", &[]).await.text();
        let begun = metrics.lines().find_map(|line| line.strip_prefix("gateway_ledger_batch_rows_sum "));
        begun.is_some_and(|rows| rows != "0").then_some(())
    })
    .await;
    serve.signal("-TERM");
    eventually("it is not ready", async || (!serve.is_ready().await).then_some(())).await;
    is_welcome.store(false, Ordering::SeqCst);
    let mut answered = 0;
    for client in clients {
        for request in client.await.expect("joined") {
            assert_eq!(request.await.expect("an answer"), 201);
            answered += 1;
        }
    }
    assert!(answered >= 4, "{answered}");
    assert!(serve.ended().await.success(), "{}", serve.log());
    providers.stop();
}
