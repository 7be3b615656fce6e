//! Paths that could become others, written to the socket as no client would.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use http::Method;

use super::{JSON, calls, carry};
use crate::support::Stage;

/// Writes a request's first line as it is; returns status and body.
fn raw(address: SocketAddr, key: &str, target: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
    let head = format!(
        "GET {target} HTTP/1.1\r\nhost: gateway\r\nx-platform-key: {key}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_could_become_another_is_refused_and_nothing_is_sent() {
    let stage = Stage::start().await;
    let account = stage.account("tricks").await;
    let before = calls(&stage, "").await.len();
    let address = stage.public;
    for tail in [
        "",
        "/",
        "//127.0.0.1:1/x",
        "v1//orders",
        "..",
        "../..",
        "v1/../../x",
        "v1/./orders",
        "%2e%2e/x",
        "v1/%2E%2E/x",
        ".%2e/x",
        "%252e%252e/x",
        "v1%2forders",
        "v1%2F..%2Fx",
        "v1%5c..%5cx",
        "http://127.0.0.1:1/x",
        "user@127.0.0.1:1/x",
        "v1/a%00b",
        "v1/a%0d%0ahost:x",
        "v1/a%0ab",
        "v1/%c0%ae%c0%ae/x",
        "v1/..;/x",
        "v1/%23x",
        "v1/%3fx=1",
        "v1/a%zz",
    ] {
        let (status, body) = raw(address, &account.key, &format!("/v1/proxy/razorpay/{tail}"));
        assert_eq!(status, 400, "{tail}: {body}");
        assert!(
            body.contains(r#""code":"invalid_field""#) && body.contains(r#""param":"path""#),
            "{tail}: {body}"
        );
    }
    // What is no address at all, an encoded provider, a target with a host, a route of ours by a detour.
    for target in [
        "/v1/proxy/razorpay/v1\\orders",
        "/v1/proxy/razorpay/v1/a b",
        "/v1/proxy/razorpay/v1/\u{e9}",
        "/v1/proxy/%72azorpay/v1/orders",
        "/v1/proxy/razorpay%2fv1/orders",
        "/v1/proxy//v1/orders",
        "/v1/proxy/../proxy/razorpay/v1/orders",
        "http://127.0.0.1:1/v1/proxy/razorpay/v1/orders",
        "/v1/proxy/razorpay",
    ] {
        let (status, body) = raw(address, &account.key, target);
        assert!((400..500).contains(&status), "{target}: {status} {body}");
    }
    assert_eq!(calls(&stage, "").await.len(), before, "nothing was sent");
    // The same by the plain way, so that the table above proves something.
    assert_eq!(raw(address, &account.key, "/v1/proxy/razorpay/v1/orders").0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_bounded_and_a_get_has_none() {
    let stage = Stage::start_with(crate::support::StageOptions {
        configure: |config| config.passthrough.body_bytes = 100_000,
        ..Default::default()
    })
    .await;
    let account = stage.account("bounded").await;
    let before = calls(&stage, "").await.len();
    let orders = |method| (method, "razorpay/v1/orders");
    let large = "x".repeat(100_001);
    let refused = carry(&stage, &account.key, orders(Method::POST), &[JSON], large.clone()).await.expect(413);
    assert_eq!(refused.code(), "request_too_large");
    let keyed = [JSON, ("idempotency-key", "large")];
    let larger = "x".repeat(256 * 1024 + 1);
    carry(&stage, &account.key, orders(Method::POST), &keyed, larger).await.expect(413);
    let with_body = carry(&stage, &account.key, orders(Method::GET), &[], "{}").await.expect(400);
    assert_eq!(with_body.json()["error"]["param"], "body");
    assert_eq!(calls(&stage, "").await.len(), before, "nothing was sent");
    // Of unknown length: it only shows on the way, and the provider never has it whole.
    let stream = TcpStream::connect(stage.public).expect("a connection");
    let key = account.key.clone();
    let answer = tokio::task::spawn_blocking(move || chunked(stream, &key, &large)).await.expect("joined");
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("request_too_large"), "{answer}");
    assert_eq!(stage.effects("provider=razorpay").await.len(), 0);
}

/// Sends a chunked body, as much of it as is taken, and returns the answer.
fn chunked(mut stream: TcpStream, key: &str, body: &str) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
    let head = format!(
        "POST /v1/proxy/razorpay/v1/orders HTTP/1.1\r\nhost: gateway\r\nx-platform-key: {key}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("written");
    let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    stream.write_all(chunk.as_bytes()).ok();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok();
    answer
}
