//! Listening and stopping: the public and the admin listener, and the order in which things end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, HttpServer};
use actors::Tree;
use domain::ports::Transport;
use tokio::net::TcpSocket;

use crate::app::{self, BuildError, Gateway, Stores, Worker};
use crate::config::{Config, ConfigError, LogFormat};
use crate::{http, upkeep};

/// How long an idle connection of a client is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Connections that may wait to be accepted: a burst of a thousand clients must not meet a closed door.
const BACKLOG: u32 = 4096;

/// The gateway cannot run. One plain sentence each.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A setting is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Something that it is made of is not there.
    #[error("{0}")]
    Build(#[from] BuildError),
    /// Somebody else listens there.
    #[error("port {port} is taken: stop the program that has it, or set another one with {option}")]
    PortTaken {
        /// Which.
        port: u16,
        /// How to set another.
        option: &'static str,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The sandbox does not start.
    #[error("{0}")]
    Sandbox(#[from] sandbox::StartError),
    /// Nobody answers where a sandbox is said to be.
    #[error("no sandbox answers at {0}: start one with `sandbox --port {port}`", port = .0.port())]
    NoSandbox(SocketAddr),
    /// Old data cannot be removed.
    #[error("cannot remove {path}: {source}")]
    Forget {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Logs or metrics cannot be set up.
    #[error("cannot set up telemetry: {0}")]
    Telemetry(String),
    /// The demo tenant cannot be made.
    #[error("cannot make the demo tenant: {0}")]
    Demo(String),
    /// The terminal is gone.
    #[error("cannot write: {0}")]
    Output(#[source] io::Error),
}

/// A gateway that listens.
#[derive(Debug)]
pub struct Running {
    /// What all requests share.
    pub gateway: Arc<Gateway>,
    /// Where the API listens.
    pub public: SocketAddr,
    /// Where metrics and health listen.
    pub admin: SocketAddr,
    state: Arc<ServerState>,
    servers: [ServerHandle; 2],
    tree: Tree,
}

/// What the health checks and the metrics page need beside the gateway.
#[derive(Debug)]
pub(crate) struct ServerState {
    /// Whether the gateway is on its way out.
    pub is_draining: AtomicBool,
    /// Metrics.
    pub telemetry: telemetry::Telemetry,
}

/// Runs a gateway until it is told to stop (SIGTERM, SIGINT), and ends it in order.
///
/// # Errors
/// [`RunError`] when it cannot start.
pub(crate) fn run(
    config: Config,
    welcome: impl AsyncFnOnce(&Running) -> Result<(), RunError>,
) -> Result<(), RunError> {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let format = match config.telemetry.format {
        LogFormat::Json => telemetry::Format::Json,
        LogFormat::Pretty => telemetry::Format::Pretty,
    };
    telemetry::init(format, &config.telemetry.filter)
        .map_err(|error| RunError::Telemetry(error.to_string()))?;
    let telemetry = telemetry::install().map_err(|error| RunError::Telemetry(error.to_string()))?;
    actix_rt::System::new().block_on(async move {
        let running = start(config, telemetry, |stores| stores).await?;
        welcome(&running).await?;
        told_to_stop().await;
        tracing::info!("stopping: requests under way finish first");
        running.stop().await;
        Ok(())
    })
}

/// Puts a gateway together and listens. Called inside a running actix system.
///
/// # Errors
/// [`RunError`].
pub async fn start(
    config: Config,
    telemetry: telemetry::Telemetry,
    wrap: impl FnOnce(Stores) -> Stores,
) -> Result<Running, RunError> {
    // Ports first: a second start on the same machine should say that, not that the folder is in use.
    let public = listen(config.listen.public, "--port (dev) or --listen (serve)")?;
    let admin = listen(config.listen.admin, "--admin-port (dev) or the setting listen.admin (serve)")?;
    let (public_address, admin_address) = (local(&public)?, local(&admin)?);
    let (gateway, tree) = app::build(config, &telemetry, wrap).await?;
    let state = Arc::new(ServerState { is_draining: AtomicBool::new(false), telemetry });
    let servers = [serve_public(public, &gateway, &state)?, serve_admin(admin, &gateway, &state)?];
    actix_rt::spawn(upkeep::run(Arc::clone(&gateway), state.telemetry.clone()));
    gateway.catalog.started_at(gateway.clock.now().unix_seconds());
    tracing::info!(public = %public_address, admin = %admin_address, "listening");
    Ok(Running { gateway, public: public_address, admin: admin_address, state, servers, tree })
}

impl Running {
    /// Returns the public port's application over this way to the providers, for callers without a socket in between.
    pub fn routes(&self, transport: Arc<dyn Transport>) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let worker = Worker { gateway: Arc::clone(&self.gateway), transport };
        application(worker, Data::from(Arc::clone(&self.state)))
    }

    /// Stops in order: not ready, no new connections, requests and operations under way, batches, the store.
    pub async fn stop(self) {
        self.state.is_draining.store(true, Ordering::SeqCst);
        let [public, admin] = self.servers;
        public.stop(true).await;
        self.gateway.tasks.close();
        self.gateway.tasks.wait().await;
        upkeep::write_key_uses(&self.gateway).await;
        self.tree.stop().await;
        admin.stop(true).await;
        self.gateway.stores.engine.clone().close().await;
    }
}

fn serve_public(
    listener: TcpListener,
    gateway: &Arc<Gateway>,
    state: &Arc<ServerState>,
) -> Result<ServerHandle, RunError> {
    let address = local(&listener)?;
    let listen = &gateway.config.listen;
    let (drain, workers) = (listen.drain_seconds, listen.workers);
    let shared = Arc::clone(gateway);
    let state = Data::from(Arc::clone(state));
    // Fails here rather than in a worker, where nobody would see why.
    app::transport(&gateway.config)?;
    let mut server = HttpServer::new(move || {
        let transport = app::transport(&shared.config).unwrap_or_else(|_| Arc::new(http::NoTransport));
        let worker = Worker { gateway: Arc::clone(&shared), transport };
        App::new().configure(application(worker, state.clone()))
    })
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(Duration::from_secs(15))
    .shutdown_timeout(drain)
    .disable_signals();
    if workers > 0 {
        server = server.workers(workers);
    }
    let server = server.listen(listener).map_err(|source| RunError::Listen { address, source })?.run();
    let handle = server.handle();
    actix_rt::spawn(server);
    Ok(handle)
}

/// Returns the public port's application on one worker thread.
fn application(worker: Worker, state: Data<ServerState>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.app_data(Data::new(worker)).app_data(state).configure(http::public_routes);
    }
}

fn serve_admin(
    listener: TcpListener,
    gateway: &Arc<Gateway>,
    state: &Arc<ServerState>,
) -> Result<ServerHandle, RunError> {
    let address = local(&listener)?;
    let gateway = Data::from(Arc::clone(gateway));
    let state = Data::from(Arc::clone(state));
    let server = HttpServer::new(move || {
        App::new().app_data(gateway.clone()).app_data(state.clone()).configure(http::admin_routes)
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)
    .map_err(|source| RunError::Listen { address, source })?
    .run();
    let handle = server.handle();
    actix_rt::spawn(server);
    Ok(handle)
}

fn listen(address: SocketAddr, option: &'static str) -> Result<TcpListener, RunError> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let bind = |socket: TcpSocket| {
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    socket.and_then(bind).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => RunError::PortTaken { port: address.port(), option },
        _ => RunError::Listen { address, source },
    })
}

fn local(listener: &TcpListener) -> Result<SocketAddr, RunError> {
    listener.local_addr().map_err(RunError::Output)
}

/// Waits for SIGTERM or SIGINT.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        tokio::signal::ctrl_c().await.ok();
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
