//! HTTP on a port, over TLS or plain: the protocol that both sides want, patience with slow clients, and a farewell in time.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpService, Protocol, Request, Response};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::farewell::{Farewell, Leaving};
use super::pace::{Paced, Patience};

/// How long an idle connection of a client is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

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
    /// Connections of a worker, at most; more wait to be accepted.
    pub(super) connections: usize,
    /// How long the head of a request may take to come.
    pub(super) head: Duration,
    /// How long an answer may take, its body included.
    pub(super) answer: Duration,
}

impl Limits {
    fn patience(&self) -> Patience {
        // An answer may be on its way, seen by nobody, for as long as its request has time.
        Patience { tick: self.head, idle: KEEP_ALIVE.max(self.answer.saturating_add(self.head)) }
    }
}

/// Serves an application, over TLS where there is a certificate. What `HttpServer` does, but for the farewell of its HTTP/2
/// connections and the patience with all.
///
/// # Errors
/// The system's, when it does not listen.
pub(super) fn serve<F, I, S, B>(
    listener: TcpListener,
    tls: Option<ServerConfig>,
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
    let mut server = Server::build()
        .shutdown_timeout(limits.drain)
        .max_concurrent_connections(limits.connections)
        .disable_signals();
    if limits.workers > 0 {
        server = server.workers(limits.workers);
    }
    let stopping = server.graceful_shutdown_signal();
    let patience = limits.patience();
    let server = match tls {
        Some(mut tls) => {
            tls.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
            server.listen("public", listener, move || {
                let http = service(app(), stopping.clone());
                let mut acceptor = Acceptor::new(tls.clone());
                acceptor.set_handshake_timeout(HANDSHAKE);
                let leaving = leaving.clone();
                acceptor
                    .map_init_err(|_| ())
                    .map_err(TlsError::into_service_error)
                    .and_then(move |stream| {
                        let leaving = leaving.clone();
                        async move { Ok(greeted(stream, leaving, patience)) }
                    })
                    .and_then(http.map_err(TlsError::Service))
            })?
        }
        None => server.listen("public", listener, move || {
            let http = service(app(), stopping.clone());
            fn_service(move |stream: TcpStream| async move {
                // As with TLS, below.
                stream.set_nodelay(true).ok();
                let peer = stream.peer_addr().ok();
                Ok((Paced::new(stream, patience, None), Protocol::Http1, peer))
            })
            .and_then(http)
        })?,
    };
    Ok(server.run())
}

/// Returns what answers on a connection of any kind.
fn service<T, I, S, B>(
    app: I,
    stopping: GracefulShutdownSignal,
) -> impl ServiceFactory<Greeted<T>, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let app = app.into_factory().map_err(|error| error.into().error_response());
    HttpService::build()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        })
        .keep_alive(KEEP_ALIVE)
        // The server's own clock for the first head runs from the accepting, and answers 408 on a connection that a client has
        // opened ahead of its requests: the one sent at that moment would be lost. `Paced` sees to that head, as to all others.
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(DISCONNECT)
        .on_connect_ext(|connection: &Paced<T>, data: &mut Extensions| {
            data.insert(connection.requests());
        })
        .finish(map_config(app, |()| AppConfig::default()))
}

/// A connection, what is spoken on it, and with whom.
type Greeted<T> = (Paced<T>, Protocol, Option<std::net::SocketAddr>);

fn greeted(
    stream: TlsStream<TcpStream>,
    leaving: Leaving,
    patience: Patience,
) -> Greeted<Farewell<TlsStream<TcpStream>>> {
    let (tcp, tls) = stream.get_ref();
    let is_http_2 = tls.alpn_protocol() == Some(HTTP_2);
    // Answers are written whole; waiting to fill a packet costs some 40 ms each. A socket that refuses is slow, not broken.
    tcp.set_nodelay(true).ok();
    let peer = tcp.peer_addr().ok();
    if is_http_2 {
        // Of this connection alone: it may have to go before the others.
        let closed = leaving.closed.child_token();
        let leaving = Leaving { closed: closed.clone(), ..leaving };
        (Paced::new(Farewell::http2(stream, leaving), patience, Some(closed)), Protocol::Http2, peer)
    } else {
        (Paced::new(Farewell::none(stream), patience, None), Protocol::Http1, peer)
    }
}
