//! Before a connection is there: nothing was sent, whatever went wrong.

use std::net::TcpListener;
use std::time::Duration;

use domain::TransportFailure::NotSent;
use domain::Unsent;
use domain::ports::Transport;

use super::server::{
    OK, answering, call, check, listen, options, plain, post, read_request, secure, transport,
};
use crate::{HyperTransport, Options, endpoint};

const AMPLE: Duration = Duration::from_secs(10);
const BRIEF: Duration = Duration::from_secs(1);

fn hurried() -> HyperTransport {
    HyperTransport::new(Options { connect_timeout: BRIEF, ..options() }).expect("options")
}

#[tokio::test]
async fn a_refused_port_is_not_sent() {
    let unused = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    check(call(unused).await, NotSent(Unsent::Connect));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_not_sent() {
    let nowhere =
        endpoint(domain::ProviderId::new("razorpay"), "http://no-such-host.invalid:80").expect("an address");
    let outcome = transport().send(&nowhere, &post("{}"), AMPLE).await;
    check(outcome, NotSent(Unsent::Connect));
}

#[tokio::test]
async fn a_connection_that_takes_too_long_is_not_sent() {
    // The kernel accepts for a listener that never does: TCP is there, and TLS waits.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = secure("localhost", silent.local_addr().expect("an address"));
    check(hurried().send(&silent, &post("{}"), AMPLE).await, NotSent(Unsent::Connect));
}

/// A listener with no room for another connection: the kernel drops what asks for one, as a dead machine does.
#[tokio::test]
async fn a_machine_that_does_not_answer_is_not_sent() {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(BRIEF, tokio::net::TcpStream::connect(address)).await {
        waiting.push(stream.expect("a place in the queue"));
    }
    check(hurried().send(&plain(address), &post("{}"), AMPLE).await, NotSent(Unsent::Connect));
    check(transport().send(&plain(address), &post("{}"), BRIEF).await, NotSent(Unsent::Deadline));
}

#[tokio::test]
async fn a_deadline_that_passes_while_connecting_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = secure("localhost", listener.local_addr().expect("an address"));
    check(transport().send(&silent, &post("{}"), BRIEF).await, NotSent(Unsent::Deadline));
}

#[tokio::test]
async fn a_deadline_in_the_past_is_not_sent() {
    let (told, seen) = std::sync::mpsc::channel();
    let address = listen(move |mut stream, _| {
        told.send(read_request(&mut stream)).ok();
    });
    check(transport().send(&plain(address), &post("{}"), Duration::ZERO).await, NotSent(Unsent::Deadline));
    assert!(seen.try_recv().is_err(), "the server heard of it");
}

#[tokio::test]
async fn what_is_not_http_is_not_sent() {
    let address = answering(OK);
    let path = |path: &str| domain::Request { path: path.to_owned(), ..post("{}") };
    let header = |name: &'static str, value: &str| domain::Request {
        headers: vec![(http::HeaderName::from_static(name), value.to_owned())],
        ..post("{}")
    };
    for request in [
        path("v1/orders"),
        path(""),
        path("/a b"),
        path("/a\r\nX: y"),
        path("/a#b"),
        path("/\u{e9}"),
        header("x-note", "a\nb"),
        header("host", "elsewhere"),
        header("transfer-encoding", "chunked"),
        header("accept-encoding", "gzip"),
        header("authorization", "shown"),
        domain::Request { authorization: Some(domain::Secret::new("a\nb")), ..post("{}") },
        domain::Request { method: http::Method::CONNECT, ..post("{}") },
    ] {
        check(transport().send(&plain(address), &request, AMPLE).await, NotSent(Unsent::Malformed));
    }
}
