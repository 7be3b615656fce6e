//! What goes over the wire.

use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

use domain::Request;
use domain::ports::Transport;
use http::{HeaderName, Method};

use super::server::{OK, get, listen, plain, post, read_request, transport};

async fn written(request: Request) -> String {
    let (told, seen) = mpsc::channel();
    let address = listen(move |mut stream, _| {
        told.send(read_request(&mut stream)).ok();
        stream.write_all(OK).ok();
    });
    let reply = transport().send(&plain(address), &request, Duration::from_secs(10)).await;
    assert_eq!(reply.map(|reply| reply.status), Ok(200));
    let text = seen.recv().expect("the server's report").expect("a whole request");
    text.replace(&address.to_string(), "HOST")
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn a_request_is_written_with_its_headers_and_no_others() {
    let mut request = post("{\"amount\":1}");
    request.path = "/v1/orders?receipt=a%20b".to_owned();
    request.headers = vec![(HeaderName::from_static("idempotency-key"), "k1".to_owned())];
    let text = written(request).await;
    assert!(text.starts_with("POST /v1/orders?receipt=a%20b HTTP/1.1\r\n"), "{text}");
    let agent = concat!("user-agent: unified-gateway/", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        sorted(&text),
        [
            "",
            "authorization: Basic dGVzdA==",
            "content-length: 12",
            "content-type: application/json",
            "host: HOST",
            "idempotency-key: k1",
            agent,
            "{\"amount\":1}",
        ]
    );
}

#[tokio::test]
async fn a_read_has_no_body_and_says_nothing_of_one() {
    let text = written(get()).await;
    assert!(text.starts_with("GET /v1/orders HTTP/1.1\r\n"), "{text}");
    assert!(!text.contains("content-"), "{text}");
    assert!(!text.contains("transfer-encoding"), "{text}");
}

#[tokio::test]
async fn a_write_without_a_body_says_so() {
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        let text = written(Request { method, ..get() }).await;
        assert_eq!(text.matches("content-length: 0").count(), 1, "{text}");
        assert!(!text.contains("transfer-encoding"), "{text}");
    }
}
