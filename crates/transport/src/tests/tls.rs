//! TLS: whoever is not the provider for certain is sent nothing, and an answer that was cut off is none.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use domain::TransportFailure::{Disconnected, NotSent};
use domain::ports::Transport;
use domain::{Reply, TransportFailure, Unsent};

use super::server::{
    Identity, OK, TlsServer, check, listen, listen_tls, options, post, read_request, secure, serve_tls,
    transport,
};
use crate::{BuildError, HyperTransport, Options};

const AMPLE: Duration = Duration::from_secs(10);

/// Calls a server whose certificate is trusted, by this name.
async fn call_trusting(server: &TlsServer, host: &str) -> Result<Reply, TransportFailure> {
    let trusting = Options { extra_roots_pem: Some(server.certificate_pem.clone()), ..options() };
    let trusting = HyperTransport::new(trusting).expect("options");
    trusting.send(&secure(host, server.address), &post("{}"), AMPLE).await
}

/// Calls a server that answers a handshake like this.
async fn call_odd(answer: &'static [u8]) -> Result<Reply, TransportFailure> {
    let address = listen(move |mut stream, _| {
        let hello = stream.read(&mut [0; 4096]).unwrap_or_default();
        assert!(hello > 0, "a client says hello");
        stream.write_all(answer).ok();
        stream.read_to_end(&mut Vec::new()).ok();
    });
    transport().send(&secure("localhost", address), &post("{}"), AMPLE).await
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
    check(call_trusting(&server, "127.0.0.1").await, NotSent(Unsent::Tls));
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

#[tokio::test]
async fn a_certificate_that_has_expired_is_not_sent() {
    let server = serve_tls(&Identity::expired(), |stream| {
        read_request(stream);
    });
    check(call_trusting(&server, "localhost").await, NotSent(Unsent::Tls));
}

#[tokio::test]
async fn an_older_protocol_is_not_sent() {
    // A ServerHello of TLS 1.1, and the alert `protocol_version` (RFC 5246, 7.2).
    let mut hello = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02".to_vec();
    hello.extend_from_slice(&[7; 32]);
    hello.extend_from_slice(b"\x00\x00\x2f\x00");
    check(call_odd(hello.leak()).await, NotSent(Unsent::Tls));
    check(call_odd(b"\x15\x03\x01\x00\x02\x02\x46").await, NotSent(Unsent::Tls));
}

/// Without TLS's own good-bye the end of the connection is not the end of the answer: anyone on the way can cut a wire.
#[tokio::test]
async fn an_answer_that_was_cut_off_is_a_disconnection() {
    for answer in ["HTTP/1.0 200 OK\r\n\r\n{\"id\":", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", ""]
    {
        let server = serve_tls(&Identity::valid(), move |stream| {
            read_request(stream);
            stream.write_all(answer.as_bytes()).ok();
            stream.flush().ok();
            // The socket goes, and the session says nothing.
            stream.get_ref().shutdown(std::net::Shutdown::Both).ok();
        });
        check(call_trusting(&server, "localhost").await, Disconnected);
    }
}

#[tokio::test]
async fn garbage_in_the_session_is_a_disconnection() {
    let server = serve_tls(&Identity::valid(), |stream| {
        read_request(stream);
        let mut socket: &TcpStream = stream.get_ref();
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").ok();
    });
    check(call_trusting(&server, "localhost").await, Disconnected);
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
