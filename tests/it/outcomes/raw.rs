//! Failures below HTTP, by a provider that is a bare socket: refused, without TLS, closed at the wrong moment, lying about lengths.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Scene, StageOptions, eventually, text};

const ORDERS: &str = "/v1/payments/orders";

/// A provider that reads a request whole and then does something else than it should.
struct Raw {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
}

impl Raw {
    /// Runs `serve` with each write and its number from 0 on; a connection goes on as long as that says so. Reads, by which
    /// credentials are verified, are answered.
    fn start(serve: impl Fn(&mut TcpStream, u64) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(AtomicU64::new(0));
        let (count, serve) = (Arc::clone(&requests), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
                let (count, serve) = (Arc::clone(&count), Arc::clone(&serve));
                std::thread::spawn(move || {
                    while let Some(request) = read_request(&mut stream) {
                        if request.starts_with("GET ") {
                            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").ok();
                        } else if !serve(&mut stream, count.fetch_add(1, Ordering::SeqCst)) {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, requests }
    }

    fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |stream, _| {
            stream.write_all(&answer).ok();
            false
        })
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Reads one request; `None` when there is none.
fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a length")) {
                return Some(text.into_owned());
            }
        }
    }
}

/// An order as Razorpay answers with it.
fn order() -> Vec<u8> {
    let body = json!({"id": "order_1", "amount": 50_000, "currency": "INR", "status": "created"}).to_string();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn at(razorpay_url: String) -> Scene {
    let configure = |config: &mut gateway::Config| config.calls.deadline_ms = 3_000;
    let options = StageOptions { configure, razorpay_url: Some(razorpay_url), ..StageOptions::default() };
    Scene::start_with("bare", options).await
}

async fn create(scene: &Scene, key: &str) -> Answer {
    let body = json!({"amount": "500.00", "currency": "INR", "provider": "razorpay"});
    scene.post_once(key, ORDERS, &body).await
}

#[track_caller]
fn check(told: &Answer, status: u16, code: &str) -> Value {
    assert_eq!((told.status.as_u16(), &*told.code()), (status, code), "{}", told.text());
    told.json()["error"].clone()
}

/// Waits for the log's row, and returns its lines.
async fn lines(scene: &Scene, error: &Value) -> Vec<Value> {
    let path = format!("/v1/transactions/{}", text(error, "transaction_id"));
    eventually("the transaction has its attempts", async || {
        let answer = scene.get(&path).await;
        let lines =
            (answer.status == 200).then(|| answer.json()["attempts"].as_array().cloned().expect("lines"));
        lines.filter(|lines| !lines.is_empty())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_no_connection_was_sent_nothing_and_was_asked_again() {
    let unused = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    // It speaks no TLS: that is found out before anything is sent.
    let plain = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let plain_port = plain.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in plain.incoming() {
            stream.expect("a connection").write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").ok();
        }
    });
    for (url, failure) in
        [(format!("http://{unused}"), "no_connection"), (format!("https://127.0.0.1:{plain_port}"), "no_tls")]
    {
        let scene = at(url).await;
        let first = check(&create(&scene, "k").await, 502, "provider_unreachable");
        assert_eq!(first["retryable"], true);
        let lines = lines(&scene, &first).await;
        assert_eq!(lines.len(), 3, "{lines:?}");
        for line in &lines {
            assert_eq!((&line["outcome"], &line["failure"]), (&json!("not_sent"), &json!(failure)), "{line}");
            assert_eq!(line["status"], Value::Null);
        }
        assert_eq!(lines[0]["waited_ms"].to_string(), "0.0", "no wait before the first");
        // The key is free: the next request is a transaction of its own.
        let second = check(&create(&scene, "k").await, 502, "provider_unreachable");
        assert_ne!(first["transaction_id"], second["transaction_id"]);
    }
}

/// The moment at which HTTP libraries send again by themselves.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_on_a_kept_connection_that_ends_is_not_sent_again() {
    let raw = Raw::start(|stream, number| {
        let is_first = number == 0;
        if is_first {
            stream.write_all(&order()).ok();
        }
        is_first
    });
    let scene = at(raw.url()).await;
    // Workers have connections of their own: both requests go over one when there is one connection of the caller's.
    create(&scene, "first").await.expect(201);
    let lost = check(&create(&scene, "second").await, 504, "provider_timeout");
    assert_eq!(raw.requests(), 2);
    let lines = lines(&scene, &lost).await;
    assert_eq!((lines.len(), &lines[0]["failure"]), (1, &json!("disconnected")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_trusted_to_be_whole_is_unknown_and_asked_for_once() {
    let order = String::from_utf8(order()).expect("text");
    let (head, body) = order.split_once("\r\n\r\n").expect("a body");
    let line = "HTTP/1.1 200 OK\r\nContent-Type: application/json";
    for (answer, status, code, failure) in [
        (String::new(), 504, "provider_timeout", "disconnected"),
        ("HTTP/1.1 200 OK\r\nContent-".to_owned(), 504, "provider_timeout", "disconnected"),
        (head.to_owned(), 504, "provider_timeout", "disconnected"),
        (format!("{line}\r\nContent-Length: 4000\r\n\r\n{body}"), 504, "provider_timeout", "disconnected"),
        (
            format!("{line}\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{{"),
            504,
            "provider_timeout",
            "disconnected",
        ),
        (
            format!("{line}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{body}"),
            502,
            "provider_error",
            "unreadable",
        ),
        (
            format!("{line}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{body}"),
            502,
            "provider_error",
            "unreadable",
        ),
        (format!("{line}\r\nContent-Length: 2147483648\r\n\r\n{body}"), 502, "provider_error", "unreadable"),
        (
            format!("{line}\r\n{}\r\n{body}", "X-Flood: 1\r\n".repeat(9_000)),
            502,
            "provider_error",
            "unreadable",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_owned(),
            502,
            "provider_error",
            "unreadable",
        ),
    ] {
        let raw = Raw::answering(answer.clone());
        let scene = at(raw.url()).await;
        let told = check(&create(&scene, "k").await, status, code);
        assert_eq!((raw.requests(), &told["retryable"]), (1, &json!(true)), "{answer}");
        let lines = lines(&scene, &told).await;
        assert_eq!(
            (&lines[0]["outcome"], &lines[0]["failure"]),
            (&json!("unknown"), &json!(failure)),
            "{answer}"
        );
    }
}

/// A length that is too short makes half an object, which is nothing that anyone may read.
#[tokio::test(flavor = "multi_thread")]
async fn half_an_object_tells_nothing() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"id\":\"order_1\"}",
        "HTTP/1.1 204 No Content\r\n\r\n",
    ] {
        let raw = Raw::answering(answer);
        let scene = at(raw.url()).await;
        let told = check(&create(&scene, "k").await, 502, "provider_error");
        assert_eq!(raw.requests(), 1, "{answer}");
        assert_eq!(lines(&scene, &told).await[0]["failure"], Value::Null, "it was whole, and said nothing");
    }
}

/// Interim answers and a head that comes in pieces are no reason to give up.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_its_time_is_one() {
    let raw = Raw::start(|stream, _| {
        stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n").ok();
        let order = order();
        for piece in order.chunks(7) {
            stream.write_all(piece).ok();
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    });
    let scene = at(raw.url()).await;
    let made = create(&scene, "k").await.expect(201);
    assert_eq!(made.json()["provider_order_id"], "order_1");
    assert_eq!(raw.requests(), 1);
}
