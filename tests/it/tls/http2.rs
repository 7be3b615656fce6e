//! HTTP/2 clients when the gateway is told to stop: they are told to leave, and lose nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Method, Request};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::Pair;
use crate::support::{Client, env_of, eventually};

/// A connection, and how it ends.
struct Session {
    requests: SendRequest<Bytes>,
    end: JoinHandle<Result<(), h2::Error>>,
}

impl Session {
    async fn open(pair: &Pair, address: SocketAddr) -> Self {
        let connector = TlsConnector::from(pair.config(&rustls::version::TLS13, &[b"h2"]));
        let socket = TcpStream::connect(address).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = connector.connect(name, socket).await.expect("a handshake");
        let (requests, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
        Self { requests, end: tokio::spawn(connection) }
    }

    /// Asks, and returns status and body.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        header: (&str, &str),
        body: &Value,
    ) -> Result<(u16, Value), h2::Error> {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://localhost{path}"))
            .header("content-type", "application/json")
            .header(header.0, header.1);
        let has_body = !body.is_null();
        let mut requests = self.requests.clone().ready().await?;
        let (answer, mut sent) = requests.send_request(request.body(()).expect("a request"), !has_body)?;
        if has_body {
            sent.send_data(body.to_string().into(), true)?;
        }
        let answer = answer.await?;
        let status = answer.status().as_u16();
        let (mut body, mut bytes) = (answer.into_body(), Vec::new());
        while let Some(piece) = body.data().await {
            bytes.extend_from_slice(&piece?);
        }
        Ok((status, serde_json::from_slice(&bytes).expect("JSON")))
    }
}

const NONE: (&str, &str) = ("x-none", "none");

/// Signs up over HTTP/2, and returns a key.
async fn key(session: &Session) -> String {
    let person = json!({"email": "h2@example.com", "password": "correct horse battery"});
    let (_, signed_up) =
        session.ask(Method::POST, "/api/auth/sign-up", NONE, &person).await.expect("an answer");
    let token = format!("Bearer {}", signed_up["token"].as_str().expect("a token"));
    let body = json!({"env_text": env_of("h2"), "create_keys": true});
    let header = ("authorization", token.as_str());
    let (_, answer) =
        session.ask(Method::POST, "/api/onboarding/configure", header, &body).await.expect("an answer");
    answer["api_keys"][0]["key"].as_str().expect("a key").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_in_drops_is_cut_off_and_the_connection_serves_others() {
    let mut pair = Pair::new();
    pair.renew();
    let serve = pair.serve(&[("GATEWAY_LISTEN__BODY_SECONDS", "2")]).await;
    let session = Session::open(&pair, serve.public).await;
    let request = Request::builder()
        .method(Method::POST)
        .uri("https://localhost/api/auth/sign-in")
        .header("content-type", "application/json")
        .body(())
        .expect("a request");
    let mut requests = session.requests.clone().ready().await.expect("a stream");
    let (answer, mut sent) = requests.send_request(request, false).expect("sent");
    let dripping = tokio::spawn(async move {
        while sent.send_data(Bytes::from_static(b"x"), false).is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    assert_eq!(answer.await.expect("an answer").status(), 408);
    let (status, _) = session.ask(Method::GET, "/health", NONE, &Value::Null).await.expect("an answer");
    assert_eq!(status, 200);
    dripping.await.expect("the stream is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_told_to_leave_and_what_is_under_way_is_answered() {
    let providers = sandbox::start(sandbox::Options::local()).expect("a sandbox");
    let razorpay = format!("http://{}", providers.addresses().razorpay);
    let mut pair = Pair::new();
    pair.renew();
    // Nobody could wait for the drain's end: connections that stay would fail the test.
    let variables = [
        ("GATEWAY_PROVIDERS__RAZORPAY__TEST_URL", razorpay.as_str()),
        ("GATEWAY_LISTEN__UNREADY_SECONDS", "3600"),
        ("GATEWAY_LISTEN__DRAIN_SECONDS", "3600"),
    ];
    let mut serve = pair.serve(&variables).await;
    let busy = Arc::new(Session::open(&pair, serve.public).await);
    let key = key(&busy).await;
    let idle = Session::open(&pair, serve.public).await;
    let (status, _) = idle.ask(Method::GET, "/health/live", NONE, &Value::Null).await.expect("an answer");
    assert_eq!(status, 200);
    let silent = Session::open(&pair, serve.public).await;

    let slow = json!({"provider": "razorpay", "operation": "orders.create", "fault": {"latency_ms": 2500}});
    Client::new(providers.addresses().control).fault(&slow).await;
    let requests: Vec<_> = (0..5)
        .map(|_| {
            let (busy, key) = (Arc::clone(&busy), key.clone());
            tokio::spawn(async move {
                let body = json!({"amount": 5, "currency": "INR"});
                busy.ask(Method::POST, "/v1/payments/orders", ("x-platform-key", &key), &body).await
            })
        })
        .collect();
    eventually("the requests are under way", async || {
        let metrics = serve.admin.get("/metrics", &[]).await.text();
        metrics.lines().any(|line| line == "gateway_ledger_batch_rows_sum 5").then_some(())
    })
    .await;

    serve.signal("-TERM");
    // Whoever has had an answer is told at once; a new client is served, and told behind its first answer.
    idle.end.await.expect("joined").expect("it left in order");
    let late = Session::open(&pair, serve.public).await;
    let (status, _) = late.ask(Method::GET, "/health/ready", NONE, &Value::Null).await.expect("an answer");
    assert_eq!(status, 503);
    late.end.await.expect("joined").expect("it left in order");
    let (status, _) = silent.ask(Method::GET, "/health/live", NONE, &Value::Null).await.expect("an answer");
    assert_eq!(status, 200, "it had not asked for anything, and was not sent away");

    let unused = Session::open(&pair, serve.public).await;
    serve.signal("-TERM");
    unused.end.await.expect("joined").expect("it left in order");
    for request in requests {
        let (status, order) = request.await.expect("joined").expect("an answer");
        assert_eq!(status, 201, "{order}");
    }
    assert!(serve.ended().await.success(), "{}", serve.log());
    providers.stop();
}
