//! TLS on the public port: what is spoken, and how a new certificate comes into use.

mod http2;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use tempfile::TempDir;

use crate::support::{PROGRAM, Serve, eventually};

/// A folder with a pair of files, and every certificate that was ever in it.
struct Pair {
    folder: TempDir,
    trusted: RootCertStore,
}

impl Pair {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), trusted: RootCertStore::empty() }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Puts another pair in place.
    fn renew(&mut self) -> CertificateDer<'static> {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(self.certificate(), pair.cert.pem()).expect("written");
        std::fs::write(self.key(), pair.signing_key.serialize_pem()).expect("written");
        let certificate = pair.cert.der().clone();
        self.trusted.add(certificate.clone()).expect("trusted");
        certificate
    }

    async fn serve(&self, variables: &[(&str, &str)]) -> Serve {
        let (certificate, key) = (self.certificate(), self.key());
        let mut all = vec![
            ("GATEWAY_LISTEN__TLS__CERTIFICATE", certificate.to_str().expect("a path")),
            ("GATEWAY_LISTEN__TLS__KEY", key.to_str().expect("a path")),
            ("GATEWAY_LISTEN__UNREADY_SECONDS", "0"),
            ("GATEWAY_LISTEN__DRAIN_SECONDS", "2"),
        ];
        all.extend(variables);
        Serve::start(&self.folder.path().join("data"), &all).await
    }

    fn connect(
        &self,
        address: SocketAddr,
        version: &'static SupportedProtocolVersion,
    ) -> std::io::Result<Client> {
        self.connect_with(address, version, &[])
    }

    fn config(&self, version: &'static SupportedProtocolVersion, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_root_certificates(self.trusted.clone())
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Arc::new(config)
    }

    /// Shakes hands.
    fn connect_with(
        &self,
        address: SocketAddr,
        version: &'static SupportedProtocolVersion,
        protocols: &[&[u8]],
    ) -> std::io::Result<Client> {
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(self.config(version, protocols), name).expect("a connection");
        let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Client(stream))
    }
}

struct Client(StreamOwned<ClientConnection, TcpStream>);

impl Client {
    /// Asks whether the process lives, and keeps the connection.
    fn ask(&mut self) -> String {
        self.0.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut piece = [0; 1024];
            let read = self.0.read(&mut piece).expect("an answer");
            assert!(read > 0, "closed: {}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&piece[..read]);
        }
        String::from_utf8(answer).expect("text")
    }

    fn shown(&self) -> CertificateDer<'static> {
        self.0.conn.peer_certificates().expect("a chain")[0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_tls_1_3_is_spoken() {
    let mut pair = Pair::new();
    let certificate = pair.renew();
    let serve = pair.serve(&[]).await;
    let mut client = pair.connect(serve.public, &rustls::version::TLS13).expect("a handshake");
    assert_eq!(client.0.conn.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(client.shown(), certificate);
    assert!(client.ask().starts_with("HTTP/1.1 200 OK"));
    assert!(pair.connect(serve.public, &rustls::version::TLS12).is_err(), "TLS 1.2 is refused");
    assert!(
        serve.api.try_send(http::Method::GET, "/health/live", &[], "").await.is_err(),
        "plain HTTP is refused"
    );
    for (offered, taken) in
        [([&b"h2"[..], b"http/1.1"], &b"h2"[..]), ([b"http/1.1", b"http/1.0"], b"http/1.1")]
    {
        let client = pair.connect_with(serve.public, &rustls::version::TLS13, &offered).expect("a handshake");
        assert_eq!(client.0.conn.alpn_protocol(), Some(taken));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_for_new_connections_and_a_broken_one_for_none() {
    let mut pair = Pair::new();
    let first = pair.renew();
    let serve = pair.serve(&[("GATEWAY_LISTEN__TLS__RELOAD_SECONDS", "0")]).await;
    let mut kept = pair.connect(serve.public, &rustls::version::TLS13).expect("a handshake");
    assert_eq!(kept.shown(), first);

    let second = pair.renew();
    serve.signal("-HUP");
    eventually("the new one is shown", async || {
        let client = pair.connect(serve.public, &rustls::version::TLS13).expect("a handshake");
        (client.shown() == second).then_some(())
    })
    .await;
    assert!(kept.ask().starts_with("HTTP/1.1 200 OK"), "an open connection goes on");

    let key = std::fs::read_to_string(pair.key()).expect("a key");
    let line = key.lines().nth(1).expect("a line of it").to_owned();
    std::fs::write(pair.key(), key.replace("-----END", "-----ENDE")).expect("written");
    serve.signal("-HUP");
    let log = eventually("it is told", async || {
        let log = serve.log();
        log.contains("the certificate in use is kept").then_some(log)
    })
    .await;
    assert!(log.contains("holds no private key") && !log.contains(&line), "{log}");
    let client = pair.connect(serve.public, &rustls::version::TLS13).expect("a handshake");
    assert_eq!(client.shown(), second);
    assert!(kept.ask().starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_change_are_noticed_without_a_signal() {
    let mut pair = Pair::new();
    pair.renew();
    let serve = pair.serve(&[("GATEWAY_LISTEN__TLS__RELOAD_SECONDS", "1")]).await;
    let second = pair.renew();
    eventually("the new one is shown", async || {
        let client = pair.connect(serve.public, &rustls::version::TLS13).expect("a handshake");
        (client.shown() == second).then_some(())
    })
    .await;
}

#[test]
fn a_pair_that_cannot_be_used_keeps_it_from_starting_and_is_no_riddle() {
    let mut pair = Pair::new();
    pair.renew();
    let other = std::fs::read_to_string(pair.key()).expect("a key");
    pair.renew();
    let check = |key: Option<&str>, words: &str| {
        match key {
            Some(key) => std::fs::write(pair.key(), key).expect("written"),
            None => std::fs::remove_file(pair.key()).expect("removed"),
        }
        for name in ["serve", "check-config"] {
            let mut command = Command::new(PROGRAM);
            command.arg(name).arg("--data-dir").arg(pair.folder.path().join("data"));
            command.args(["--listen", "127.0.0.1:0"]).env("GATEWAY_LISTEN__ADMIN", "127.0.0.1:0");
            command.env("GATEWAY_LISTEN__TLS__CERTIFICATE", pair.certificate());
            let output = command.env("GATEWAY_LISTEN__TLS__KEY", pair.key()).output().expect("it runs");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{name}: {told}");
            assert!(told.starts_with("unified-gateway: ") && told.contains(words), "{name}: {told}");
        }
    };
    check(Some(&other), "do not belong together");
    check(Some("not a key"), "holds no private key in PEM");
    check(None, "key.pem cannot be read");
}
