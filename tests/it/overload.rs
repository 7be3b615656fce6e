//! A gateway that has too much to do, or a tenant that has: who is refused, and in which order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gateway::Config;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::support::{Account, Answer, Stage, StageOptions, bearer, eventually};

/// A provider that takes orders and never answers, until it is dropped and all its connections are broken.
struct Hanging {
    url: String,
    /// How many orders it has taken.
    taken: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Hanging {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let accepting = tokio::spawn(async move {
            // Ends with this task, and with it every connection.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&count)));
            }
        });
        Self { url, taken, accepting }
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Answers whoever reads, so that credentials can be verified, and nobody who writes: those are counted.
async fn serve(mut stream: TcpStream, taken: Arc<AtomicUsize>) {
    let mut request = Vec::new();
    let mut is_counted = false;
    loop {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) if request.starts_with(b"GET") && request.ends_with(b"\r\n\r\n") => {
                let answer =
                    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}";
                stream.write_all(answer).await.ok();
                request.clear();
            }
            Ok(_) if request.starts_with(b"POST") && !is_counted => {
                taken.fetch_add(1, Ordering::SeqCst);
                is_counted = true;
            }
            Ok(_) => {}
        }
    }
}

async fn stage_with(hanging: &Hanging, configure: fn(&mut Config)) -> Stage {
    let razorpay_url = Some(hanging.url.clone());
    Stage::start_with(StageOptions { configure, razorpay_url, ..StageOptions::default() }).await
}

/// Lets this many requests in, and leaves them time to hang.
fn places(config: &mut Config, places: u32) {
    (config.calls.in_flight, config.calls.in_flight_least) = (places, places);
    config.calls.deadline_ms = 60_000;
}

fn order(provider: &str) -> Value {
    let currency = if provider == "razorpay" { "INR" } else { "USD" };
    json!({"provider": provider, "amount": "20.00", "currency": currency})
}

const ORDERS: &str = "/v1/payments/orders";

/// Begins a request whose body is still to come; the gateway has read its head, and waits.
async fn begin(stage: &Stage, path: &str, key: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(stage.public).await.expect("a connection");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nx-platform-key: {key}\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    // Written when the handler has been asked, and has asked for the body.
    let mut told = [0; 25];
    stream.read_exact(&mut told).await.expect("an answer to the head");
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

/// Sends the body, and returns the answer as it was written.
async fn finish(mut stream: TcpStream, body: &str) -> String {
    stream.write_all(body.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Returns how many writes are under way.
async fn writes(stage: &Stage) -> usize {
    let metrics = stage.admin.get("/metrics", &[]).await.text();
    let line =
        metrics.lines().find_map(|line| line.strip_prefix("gateway_requests_in_flight{class=\"writes\"} "));
    line.map_or(0, |number| number.parse().expect("a number"))
}

/// Begins orders that hang until so many are under way. The gauge alone does not tell: it is some milliseconds old, and may have
/// counted a request that has ended since.
async fn fill(
    (stage, provider): (&Stage, &Hanging),
    account: &Account,
    hanging: &mut JoinSet<()>,
    places: usize,
) {
    while hanging.len() < places {
        let (api, key) = (stage.api.clone(), account.key.clone());
        hanging.spawn(async move {
            let headers = [("x-platform-key", key.as_str())];
            api.post("/v1/payments/orders", &headers, &order("razorpay")).await;
        });
    }
    let taken = || provider.taken.load(Ordering::SeqCst);
    eventually("the orders are taken", async || (taken() == places).then_some(())).await;
    eventually("the places are taken", async || (writes(stage).await == places).then_some(())).await;
}

#[track_caller]
fn is_refused(answer: &Answer) -> bool {
    if answer.status == 503 {
        assert_eq!(answer.code(), "overloaded");
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(answer.header("x-request-id").is_some());
    }
    answer.status == 503
}

/// Asks for something of each class, the one that can wait longest first; returns which are refused.
async fn refused(stage: &Stage, account: &Account, made: &str) -> [bool; 4] {
    let (token, key) = (bearer(&account.token), [("x-platform-key", account.key.as_str())]);
    let analytics = stage.api.get("/api/services", &[("authorization", &token)]).await;
    let passthrough = stage.api.get("/v1/proxy/stripe/v1/charges", &key).await;
    let read = stage.api.get(&format!("/v1/transactions/{made}"), &key).await;
    let write = stage.api.post("/v1/payments/orders", &key, &order("stripe")).await;
    [&analytics, &passthrough, &read, &write].map(is_refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_wait_longest_is_refused_first() {
    let provider = Hanging::start().await;
    let stage = stage_with(&provider, |config| places(config, 20)).await;
    let account = stage.account("crowded").await;
    let made = stage.order(&account, &[], &order("stripe")).await.expect(201).json();
    let made = made["transaction_id"].as_str().expect("an id");
    let mut hanging = JoinSet::new();
    for (places, expected) in [
        (9, [false, false, false, false]),
        (10, [true, false, false, false]),
        (14, [true, true, false, false]),
        (17, [true, true, true, false]),
        (20, [true, true, true, true]),
    ] {
        fill((&stage, &provider), &account, &mut hanging, places).await;
        assert_eq!(refused(&stage, &account, made).await, expected, "{places} under way");
    }
    // Before anybody is asked who they are, and before a body is read.
    let nobody = [("x-platform-key", "unf_test_nobody")];
    assert!(is_refused(&stage.api.post("/v1/payments/orders", &nobody, &json!({})).await));
    // Whoever asks how it is, is told.
    stage.api.get("/health", &[]).await.expect(200);
    stage.api.get("/health/live", &[]).await.expect(200);
    let metrics = stage.admin.get("/metrics", &[]).await.expect(200).text();
    for line in [
        r#"gateway_requests_shed_total{class="analytics"} 4"#,
        r#"gateway_requests_shed_total{class="passthrough"} 3"#,
        r#"gateway_requests_shed_total{class="reads"} 2"#,
        r#"gateway_requests_shed_total{class="writes"} 2"#,
        "gateway_in_flight_limit 20",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    drop(provider);
    hanging.join_all().await;
    assert_eq!(refused(&stage, &account, made).await, [false; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_take_no_place_from_those_who_are_served() {
    let provider = Hanging::start().await;
    let stage = stage_with(&provider, |config| places(config, 4)).await;
    let account = stage.account("prompt").await;
    let body = order("stripe").to_string();
    // More of them than places, and nobody knows yet whose they are.
    let mut slow = Vec::new();
    for _ in 0..7 {
        slow.push(begin(&stage, ORDERS, "unf_test_nobody", &body).await);
    }
    slow.push(begin(&stage, ORDERS, &account.key, &body).await);
    stage.order(&account, &[], &order("stripe")).await.expect(201);
    let answer = finish(slow.pop().expect("a request"), &body).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    let answer = finish(slow.pop().expect("a request"), &body).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    drop(slow);

    // Whole at last, a request needs a place like every other.
    let late = begin(&stage, ORDERS, &account.key, &body).await;
    let mut hanging = JoinSet::new();
    fill((&stage, &provider), &account, &mut hanging, 4).await;
    let answer = finish(late, &body).await.to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 503 ") && answer.contains(r#""code":"overloaded""#), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n") && answer.contains("x-request-id: "), "{answer}");
    let metrics = stage.admin.get("/metrics", &[]).await.expect(200).text();
    // Beside it those whose clients have gone, if they came to their ends meanwhile.
    assert!(metrics.contains(r#"gateway_requests_shed_total{class="writes"} "#), "{metrics}");
    drop(provider);
    hanging.join_all().await;
    stage.order(&account, &[], &order("stripe")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_of_the_passthrough_take_no_place_either() {
    let provider = Hanging::start().await;
    let stage = stage_with(&provider, |config| places(config, 4)).await;
    let account = stage.account("slowpassing").await;
    stage.order(&account, &[], &order("stripe")).await.expect(201);
    let body = order("stripe").to_string();
    // Two are let in at once.
    let mut slow = Vec::new();
    for _ in 0..4 {
        slow.push(begin(&stage, "/v1/proxy/stripe/v1/customers", &account.key, &body).await);
    }
    for stream in slow {
        // The provider's own answer, to a body of a kind that it does not take.
        let answer = finish(stream, &body).await;
        assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("x-transaction-id: "), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_calls_hang_leaves_places_to_the_others() {
    let provider = Hanging::start().await;
    let stage = stage_with(&provider, |config| {
        (config.calls.provider_in_flight, config.calls.tenant_provider_percent) = (6, 50);
        config.calls.tenant_in_flight = 4;
        config.calls.deadline_ms = 60_000;
    })
    .await;
    let (greedy, modest) = (stage.account("greedy").await, stage.account("modest").await);
    let mut hanging = JoinSet::new();
    fill((&stage, &provider), &greedy, &mut hanging, 3).await;
    let refused = stage.order(&greedy, &[], &order("razorpay")).await.expect(503);
    assert!(is_refused(&refused) && refused.text().contains("your calls to razorpay"), "{}", refused.text());
    // At others it has one place left.
    stage.order(&greedy, &[], &order("stripe")).await.expect(201);
    // There is a place for the other tenant: its call is under way like theirs.
    fill((&stage, &provider), &modest, &mut hanging, 4).await;
    drop(provider);
    hanging.join_all().await;
}
