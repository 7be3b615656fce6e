//! The two ports: their sockets, and what is served on each.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, Version};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, Error, HttpServer};
use rustls::ServerConfig;
use tokio::net::TcpSocket;

use super::RunError;
use super::lag;
use super::pace::Requests;
use super::serve::{self, Limits};
use super::state::{Phase, ServerState};
use crate::app::{self, Gateway, Worker};
use crate::http;

/// Connections that may wait to be accepted: a burst of a thousand clients must not meet a closed door.
const BACKLOG: u32 = 4096;

/// A port that is ours and refuses connections until it listens.
#[derive(Debug)]
pub(super) struct Port {
    socket: TcpSocket,
    wanted: SocketAddr,
    option: &'static str,
}

impl Port {
    /// Takes the port; `option` is how a person sets another one.
    ///
    /// # Errors
    /// [`RunError::PortTaken`] or [`RunError::Listen`].
    pub(super) fn take(wanted: SocketAddr, option: &'static str) -> Result<Self, RunError> {
        let socket = if wanted.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let bind = |socket: TcpSocket| {
            socket.set_reuseaddr(true)?;
            socket.bind(wanted)?;
            Ok(socket)
        };
        let socket = socket.and_then(bind).map_err(|source| refused(wanted, option, source))?;
        Ok(Self { socket, wanted, option })
    }

    /// Returns the port's address; a free one was found for port 0.
    pub(super) fn address(&self) -> Result<SocketAddr, RunError> {
        self.socket.local_addr().map_err(RunError::Output)
    }

    fn listen(self) -> Result<TcpListener, RunError> {
        let Self { socket, wanted, option } = self;
        let listener = socket.listen(BACKLOG).and_then(tokio::net::TcpListener::into_std);
        listener.map_err(|source| refused(wanted, option, source))
    }
}

fn refused(address: SocketAddr, option: &'static str, source: io::Error) -> RunError {
    match source.kind() {
        io::ErrorKind::AddrInUse => RunError::PortTaken { port: address.port(), option },
        _ => RunError::Listen { address, source },
    }
}

/// Serves the API; over TLS where there is a certificate.
///
/// # Errors
/// [`RunError`].
pub(super) fn serve_public(
    port: Port,
    gateway: &Arc<Gateway>,
    state: &Arc<ServerState>,
    tls: Option<ServerConfig>,
) -> Result<ServerHandle, RunError> {
    let address = port.address()?;
    let listen = &gateway.config.listen;
    let (drain, workers) = (listen.drain_seconds, listen.workers);
    let shared = Arc::clone(gateway);
    let (leaving, state) = (state.leaving(), Data::from(Arc::clone(state)));
    // Fails here rather than in a worker, where nobody would see why.
    app::transport(&gateway.config)?;
    let app = move || {
        // Runs on the worker's thread, once: so does what it spawns.
        actix_rt::spawn(lag::watch(Arc::clone(&shared)));
        let transport = app::transport(&shared.config).unwrap_or_else(|_| Arc::new(http::NoTransport));
        let worker = Worker { gateway: Arc::clone(&shared), transport };
        App::new()
            .wrap(from_fn(say_goodbye))
            .wrap(from_fn(keep_pace))
            .configure(application(worker, state.clone()))
    };
    let listener = port.listen()?;
    let limits = Limits {
        workers,
        drain,
        connections: gateway.config.listen.connections,
        head: gateway.config.listen.header(),
        answer: gateway.config.calls.deadline(),
    };
    let server = serve::serve(listener, tls, leaving, app, limits);
    server.map(spawn).map_err(|source| RunError::Listen { address, source })
}

/// Returns the public port's application on one worker thread.
pub(super) fn application(worker: Worker, state: Data<ServerState>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.app_data(Data::new(worker)).app_data(state).configure(http::public_routes);
    }
}

/// Serves metrics and health, as soon as it returns, from before there is a gateway until after its last request.
///
/// # Errors
/// [`RunError`].
pub(super) async fn serve_admin(port: Port, state: &Arc<ServerState>) -> Result<ServerHandle, RunError> {
    let address = port.address()?;
    let state = Data::from(Arc::clone(state));
    let server = HttpServer::new(move || App::new().app_data(state.clone()).configure(http::admin_routes))
        .workers(1)
        .tcp_nodelay(true)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(port.listen()?)
        .map_err(|source| RunError::Listen { address, source })?
        .run();
    let handle = spawn(server);
    // Answered by a server that runs, and means nothing to one that was never paused.
    handle.resume().await;
    Ok(handle)
}

fn spawn(server: Server) -> ServerHandle {
    let handle = server.handle();
    actix_rt::spawn(server);
    handle
}

/// Tells a connection that a request is under way, so that it is not taken for an idle one.
async fn keep_pace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let under_way = request.conn_data::<Rc<Requests>>().map(Requests::begin);
    let response = next.call(request).await;
    drop(under_way);
    response
}

/// Closes a client's connection behind its answer while the gateway is told to stop, so that the next request goes elsewhere.
async fn say_goodbye(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let state = request.app_data::<Data<ServerState>>().cloned();
    let mut response = next.call(request).await?;
    let is_draining = state.is_some_and(|state| state.phase() == Phase::Draining);
    // HTTP/2 has no such header, and its own farewell.
    if is_draining && response.request().version() < Version::HTTP_2 {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}
