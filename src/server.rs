//! Starting and stopping: the order in which things begin and end.

mod error;
mod farewell;
mod lag;
mod listen;
mod pace;
mod serve;
mod signals;
mod state;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{Data, ServiceConfig};
use actors::Tree;
use domain::ports::Transport;

use self::listen::{Port, application, serve_admin, serve_public};
use self::signals::StopSignals;
use self::tls::Certificate;
use crate::app::{self, Gateway, Worker};
use crate::config::{Config, LogFormat};
use crate::stores::Stores;
use crate::{control, upkeep};

pub use error::RunError;
pub(crate) use state::{Phase, ServerState};
pub(crate) use tls::Files as TlsFiles;

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
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let unready = config.listen.unready();
    actix_rt::System::new().block_on(async move {
        let mut signals = StopSignals::listen(config.listen.tls.certificate.is_some())?;
        let begin = async {
            let running = start(config, telemetry, |stores| stores).await?;
            welcome(&running).await?;
            Ok::<_, RunError>(running)
        };
        let running = tokio::select! {
            running = begin => running?,
            () = signals.told() => {
                tracing::info!("stopped before everything was up");
                return Ok(());
            }
        };
        signals.told().await;
        running.refuse_work();
        tracing::info!(unready_seconds = unready.as_secs(), "stopping: not ready any more, still serving");
        tokio::select! {
            () = tokio::time::sleep(unready) => {}
            () = signals.told() => {}
        }
        tracing::info!("stopping: no new connections, requests under way finish");
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
    let public = Port::take(config.listen.public, "--port (dev) or --listen (serve)")?;
    let admin = Port::take(config.listen.admin, "--admin-port (dev) or the setting listen.admin (serve)")?;
    let (public_address, admin_address) = (public.address()?, admin.address()?);
    let certificate = TlsFiles::of(&config.listen.tls).map(Certificate::open).transpose()?;
    let tls = certificate.as_ref().map(Certificate::server).transpose()?;
    let state = Arc::new(ServerState::new(telemetry));
    // Whoever starts it asks how far it is; the public port refuses everybody until there is somebody to answer.
    let admin = serve_admin(admin, &state).await?;
    let (gateway, tree) = app::build(config, &state.telemetry, wrap).await?;
    let public = serve_public(public, &gateway, &state, tls)?;
    if let Some(certificate) = certificate {
        let every = Duration::from_secs(gateway.config.listen.tls.reload_seconds);
        actix_rt::spawn(certificate.watch(every));
    }
    actix_rt::spawn(control::keep_telling(Arc::clone(&gateway)));
    actix_rt::spawn(upkeep::run(Arc::clone(&gateway), state.telemetry.clone()));
    gateway.catalog.started_at(gateway.clock.now().unix_seconds());
    state.serve(Arc::clone(&gateway));
    tracing::info!(public = %public_address, admin = %admin_address, "listening");
    let servers = [public, admin];
    Ok(Running { gateway, public: public_address, admin: admin_address, state, servers, tree })
}

impl Running {
    /// Returns the public port's application over this way to the providers, for callers without a socket in between.
    pub fn routes(&self, transport: Arc<dyn Transport>) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let worker = Worker { gateway: Arc::clone(&self.gateway), transport };
        application(worker, Data::from(Arc::clone(&self.state)))
    }

    /// Tells whoever asks that requests should go elsewhere. Those that come are served.
    pub fn refuse_work(&self) {
        self.state.drain();
    }

    /// Stops in order: not ready, no new connections, requests and operations under way, batches, the cache (which tells the
    /// other nodes that this one has left), the store.
    pub async fn stop(self) {
        self.state.close();
        let [public, admin] = self.servers;
        // Both take as long as calls to providers do.
        let drain = Duration::from_secs(self.gateway.config.listen.drain_seconds);
        futures_util::join!(public.stop(true), self.tree.stop_looking(drain));
        self.gateway.tasks.close();
        self.gateway.tasks.wait().await;
        upkeep::write_key_uses(&self.gateway).await;
        self.tree.stop().await;
        admin.stop(true).await;
        self.gateway.caches.engine.close().await;
        self.gateway.stores.engine.close().await;
    }
}
