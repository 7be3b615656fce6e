//! Before a connection is there: nothing was sent, whatever went wrong.

use std::io::Write;
use std::net::TcpListener;
use std::time::Duration;

use domain::TransportFailure::NotSent;
use domain::Unsent;
use domain::ports::Transport;

use super::server::{
    OK, answering, call, check, listen, listen_tls, options, plain, post, read_request, secure, transport,
};
use crate::{BuildError, HyperTransport, Options, endpoint};

const AMPLE: Duration = Duration::from_secs(10);
const BRIEF: Duration = Duration::from_millis(150);

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
    let hurried = HyperTransport::new(Options { connect_timeout: BRIEF, ..options() }).expect("options");
    check(hurried.send(&silent, &post("{}"), AMPLE).await, NotSent(Unsent::Deadline));
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
async fn a_server_without_tls_is_not_sent() {
    let garbage = listen(|mut stream, _| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").ok();
        read_request(&mut stream);
    });
    check(transport().send(&secure("localhost", garbage), &post("{}"), AMPLE).await, NotSent(Unsent::Tls));
}

#[tokio::test]
async fn a_server_that_closes_during_the_handshake_is_not_sent() {
    let closing = listen(|stream, _| {
        stream.peek(&mut [0]).ok();
    });
    check(transport().send(&secure("localhost", closing), &post("{}"), AMPLE).await, NotSent(Unsent::Tls));
}

#[tokio::test]
async fn a_certificate_of_nobody_known_is_not_sent() {
    let server = listen_tls(OK);
    let outcome = transport().send(&secure("localhost", server.address), &post("{}"), AMPLE).await;
    check(outcome, NotSent(Unsent::Tls));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_sent() {
    let server = listen_tls(OK);
    let trusting = Options { extra_roots_pem: Some(server.certificate_pem), ..options() };
    let trusting = HyperTransport::new(trusting).expect("options");
    let outcome = trusting.send(&secure("127.0.0.1", server.address), &post("{}"), AMPLE).await;
    check(outcome, NotSent(Unsent::Tls));
}

#[tokio::test]
async fn an_additional_authority_is_trusted() {
    let server = listen_tls(OK);
    let trusting = Options { extra_roots_pem: Some(server.certificate_pem), ..options() };
    let trusting = HyperTransport::new(trusting).expect("options");
    for _ in 0..2 {
        let reply = trusting.send(&secure("localhost", server.address), &post("{}"), AMPLE).await;
        assert_eq!(reply.map(|reply| reply.body), Ok("ok".into()));
    }
}

#[test]
fn what_is_no_certificate_builds_no_transport() {
    let build = |pem: &str| {
        HyperTransport::new(Options { extra_roots_pem: Some(pem.as_bytes().to_vec()), ..options() }).err()
    };
    assert!(matches!(build("nothing"), Some(BuildError::ExtraRoots(None))));
    let broken = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
    assert!(matches!(build(broken), Some(BuildError::ExtraRoots(Some(_)))));
    let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(build(other), Some(BuildError::Tls(_))));
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
