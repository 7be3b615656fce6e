//! Clients that bring their requests in drops: they are cut off, and everybody else is served meanwhile.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::support::{Stage, StageOptions};

/// Never waited for; a test that hangs should say where.
const PATIENCE: Duration = Duration::from_secs(60);

async fn start() -> Stage {
    let configure = |config: &mut gateway::Config| {
        config.listen.header_seconds = 1;
        config.listen.body_seconds = 2;
        config.listen.workers = 1;
    };
    Stage::start_with(StageOptions { configure, ..StageOptions::default() }).await
}

/// Writes `begin` at once and then a drop again and again, until the server closes the connection; returns what it answered.
fn drip(address: SocketAddr, begin: &str, drop: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
    stream.write_all(begin.as_bytes()).expect("written");
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    let rounds = PATIENCE.as_millis() / 20;
    for _ in 0..rounds {
        match stream.read(&mut buffer) {
            Ok(0) => return String::from_utf8(answer).expect("text"),
            Ok(bytes) => answer.extend_from_slice(&buffer[..bytes]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                // A connection that is closed on the other side is seen by the next reading.
                stream.write_all(drop.as_bytes()).ok();
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                return String::from_utf8(answer).expect("text");
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the connection is still open: {}", String::from_utf8_lossy(&answer));
}

async fn dripped(stage: &Stage, begin: &str, drop: &'static str) -> String {
    let (address, begin) = (stage.public, begin.to_owned());
    let dripping = tokio::task::spawn_blocking(move || drip(address, &begin, drop));
    // The one worker there is has time for others.
    while !dripping.is_finished() {
        stage.api.get("/health", &[]).await.expect(200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    dripping.await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_comes_in_drops_is_cut_off() {
    let stage = start().await;
    let answer = dripped(&stage, "GET /health HTTP/1.1\r\nhost: x\r\nx-drops: ", "x").await;
    assert_eq!(answer, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_opened_ahead_of_its_requests_can_be_used_after_a_heads_time() {
    let stage = start().await;
    let mut stream = TcpStream::connect(stage.public).expect("a connection");
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_head_that_comes_in_drops_is_cut_off_too() {
    let stage = start().await;
    let begin = "GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /health HTTP/1.1\r\nhost: x\r\nx-drops: ";
    let answer = dripped(&stage, begin, "x").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 1, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_in_drops_is_cut_off_with_a_408() {
    let stage = start().await;
    let account = stage.account("dripping").await;
    for (path, framing, drop) in [
        ("/v1/payments/orders", "content-length: 100000", "x"),
        ("/v1/payments/orders", "transfer-encoding: chunked", "1\r\nx\r\n"),
        ("/v1/proxy/razorpay/v1/orders", "content-length: 1000", "x"),
        ("/api/auth/sign-in", "content-length: 1000", "x"),
    ] {
        let key = &account.key;
        let begin = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nx-platform-key: {key}\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
        );
        let answer = dripped(&stage, &begin, drop).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path} {framing}: {answer}");
        assert!(answer.contains(r#""code":"request_timeout""#), "{answer}");
    }
    assert!(stage.effects("provider=razorpay").await.is_empty(), "nothing was done");
}
