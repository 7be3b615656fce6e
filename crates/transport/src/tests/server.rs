//! Servers that do one thing wrong, and calls to them. Servers are threads on blocking sockets, so that nothing they do
//! depends on the client's runtime.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::ports::Transport;
use domain::{Effect, Endpoint, ProviderId, Reply, Request, RetrySafety, Secret, TransportFailure};
use http::Method;
use rcgen::{CertificateParams, KeyPair};

use crate::{HyperTransport, Options, endpoint};

/// No test waits longer for a peer that went astray.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
pub(super) const MAX_REPLY_BYTES: usize = 64 * 1024;
pub(super) const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub(super) fn options() -> Options {
    Options {
        connect_timeout: PATIENCE,
        pool_idle_timeout: Duration::from_secs(30),
        max_idle_per_host: 8,
        max_reply_bytes: MAX_REPLY_BYTES,
        extra_roots_pem: None,
    }
}

pub(super) fn transport() -> HyperTransport {
    HyperTransport::new(options()).expect("options of the test")
}

/// Runs `serve` on each connection, one after the other, with the connection's number from 0 on.
pub(super) fn listen(mut serve: impl FnMut(TcpStream, usize) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let stream = stream.expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
            serve(stream, number);
        }
    });
    address
}

/// A server that reads a request, writes `answer`, and closes.
pub(super) fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = answer.into();
    listen(move |mut stream, _| {
        if read_request(&mut stream).is_some() {
            stream.write_all(&answer).ok();
        }
    })
}

/// A server that reads a request, writes `answer`, and then says nothing until the client goes.
pub(super) fn answering_and_waiting(answer: &'static [u8]) -> SocketAddr {
    listen(move |mut stream, _| {
        if read_request(&mut stream).is_some() {
            stream.write_all(answer).ok();
            stream.read_to_end(&mut Vec::new()).ok();
        }
    })
}

/// Returns the next request with its body, `None` when the client goes before it is whole.
pub(super) fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let declared = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= declared.map_or(0, |length| length.parse().expect("a length")) {
                return Some(text);
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

pub(super) fn post(body: &'static str) -> Request {
    Request {
        method: Method::POST,
        path: "/v1/orders".to_owned(),
        headers: Vec::new(),
        authorization: Some(Secret::new("Basic dGVzdA==")),
        content_type: Some("application/json"),
        body: Bytes::from_static(body.as_bytes()),
        effect: Effect::Write,
        retry: RetrySafety::LookUpFirst,
    }
}

pub(super) fn get() -> Request {
    Request { method: Method::GET, content_type: None, body: Bytes::new(), effect: Effect::Read, ..post("") }
}

pub(super) fn plain(address: SocketAddr) -> Endpoint {
    endpoint(ProviderId::new("razorpay"), &format!("http://{address}")).expect("an address")
}

/// Calls once, with time enough for everything but a peer that hangs.
pub(super) async fn call(address: SocketAddr) -> Result<Reply, TransportFailure> {
    transport().send(&plain(address), &post("{}"), PATIENCE).await
}

/// Calls once, with little time: enough for a busy machine to connect and to send.
pub(super) async fn call_briefly(address: SocketAddr) -> Result<Reply, TransportFailure> {
    transport().send(&plain(address), &post("{}"), Duration::from_secs(1)).await
}

/// A certificate for `localhost`, and a server that speaks TLS with it.
pub(super) struct TlsServer {
    pub(super) address: SocketAddr,
    pub(super) certificate_pem: Vec<u8>,
}

/// A session on a server's side.
pub(super) type TlsStream = rustls::StreamOwned<rustls::ServerConnection, TcpStream>;

/// Who a server says it is.
pub(super) struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Identity {
    pub(super) fn valid() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn expired() -> Self {
        Self::with(|params| params.not_after = rcgen::date_time_ymd(2001, 1, 1))
    }

    fn with(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        change(&mut params);
        Self { certificate: params.self_signed(&key).expect("a certificate"), key }
    }
}

/// A server that answers every request like this.
pub(super) fn listen_tls(answer: &'static [u8]) -> TlsServer {
    serve_tls(&Identity::valid(), move |stream| {
        while read_request(stream).is_some() {
            stream.write_all(answer).ok();
            stream.flush().ok();
        }
    })
}

/// Runs `serve` in each session, one after the other.
pub(super) fn serve_tls(
    identity: &Identity,
    mut serve: impl FnMut(&mut TlsStream) + Send + 'static,
) -> TlsServer {
    let config = Arc::new(server_config(identity));
    let address = listen(move |stream, _| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a session");
        serve(&mut rustls::StreamOwned::new(connection, stream));
    });
    TlsServer { address, certificate_pem: identity.certificate.pem().into_bytes() }
}

fn server_config(Identity { certificate, key }: &Identity) -> rustls::ServerConfig {
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate with its key")
}

pub(super) fn secure(host: &str, address: SocketAddr) -> Endpoint {
    endpoint(ProviderId::new("razorpay"), &format!("https://{host}:{}", address.port())).expect("an address")
}

/// Asserts that a call ended in this failure.
#[track_caller]
pub(super) fn check(outcome: Result<Reply, TransportFailure>, expected: TransportFailure) {
    assert_eq!(outcome.map(|reply| reply.status), Err(expected));
}
