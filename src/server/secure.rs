//! HTTP over TLS: handshake, the protocol that both sides want, and a farewell in time.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::Server;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use rustls::ServerConfig;
use tokio::net::TcpStream;

use super::farewell::{Farewell, Leaving};
use super::listen::{KEEP_ALIVE, REQUEST_HEAD};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a client may take to close a connection that is done.
const DISCONNECT: Duration = Duration::from_secs(1);
const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// How much, and how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Worker threads; 0: one for each core.
    pub(super) workers: usize,
    /// How long requests under way may take when the server stops, in seconds.
    pub(super) drain: u64,
}

/// Serves an application over TLS. What `HttpServer` does, but for the farewell of its HTTP/2 connections.
///
/// # Errors
/// The system's, when it does not listen.
pub(super) fn serve<F, I, S, B>(
    listener: TcpListener,
    mut tls: ServerConfig,
    leaving: Leaving,
    app: F,
    limits: Limits,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    tls.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
    let mut server = Server::build().shutdown_timeout(limits.drain).disable_signals();
    if limits.workers > 0 {
        server = server.workers(limits.workers);
    }
    let stopping = server.graceful_shutdown_signal();
    let server = server.listen("public", listener, move || {
        let stopping = stopping.clone();
        let leaving = leaving.clone();
        let app = app().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(REQUEST_HEAD)
            .client_disconnect_timeout(DISCONNECT)
            .finish(map_config(app, |()| AppConfig::default()));
        let mut acceptor = Acceptor::new(tls.clone());
        acceptor.set_handshake_timeout(HANDSHAKE);
        acceptor
            .map_init_err(|_| ())
            .map_err(TlsError::into_service_error)
            .and_then(move |stream| {
                let leaving = leaving.clone();
                async move { Ok(greeted(stream, leaving)) }
            })
            .and_then(http.map_err(TlsError::Service))
    })?;
    Ok(server.run())
}

type Greeted = (Farewell<TlsStream<TcpStream>>, Protocol, Option<std::net::SocketAddr>);

fn greeted(stream: TlsStream<TcpStream>, leaving: Leaving) -> Greeted {
    let (tcp, tls) = stream.get_ref();
    let is_http_2 = tls.alpn_protocol() == Some(HTTP_2);
    // Answers are written whole; waiting to fill a packet costs some 40 ms each. A socket that refuses is slow, not broken.
    tcp.set_nodelay(true).ok();
    let peer = tcp.peer_addr().ok();
    if is_http_2 {
        (Farewell::http2(stream, leaving), Protocol::Http2, peer)
    } else {
        (Farewell::none(stream), Protocol::Http1, peer)
    }
}
