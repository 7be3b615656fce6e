//! One connection to Redis after the other: each is a new client, which nothing of the last one's state can keep from working.
//!
//! The client's own reconnecting is off. It does not always notice that a server went away, and after some errors it ends
//! for good; a task that opens a new client whenever the last one is lost has neither fault.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::ClientLike;
use fred::types::config::{Config, ConnectionConfig, PerformanceConfig, TlsConfig, UnresponsiveConfig};
use fred::types::{Builder, ConnectHandle, RespVersion};
use telemetry::Catalog;
use tokio::sync::Notify;

use crate::address::Address;
use crate::{Options, OptionsError, tls};

/// Longest time for a connection, its TLS and its greeting.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// How often a connection is asked whether it lives, and how long it may take to say so: together less than the second within
/// which a node has to know that it hears nothing.
const ASK_EVERY: Duration = Duration::from_millis(400);
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_millis(500);
/// How long until the next try, from the first failure to many.
const TRY_AGAIN_AFTER: [Duration; 4] = [
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
];
/// Messages that wait for the listening task.
const MESSAGES: usize = 4_096;

/// How connections are made.
pub(crate) fn builder(options: &Options) -> Result<Builder, OptionsError> {
    let address = Address::parse(&options.url)?;
    let mut config = Config {
        server: address.server,
        username: address.username,
        password: address.password,
        database: address.database,
        version: RespVersion::RESP3,
        fail_fast: true,
        ..Config::default()
    };
    if address.is_encrypted {
        config.tls = Some(TlsConfig::from(tls::client_config(options.ca_pem.as_deref())?));
    }
    let mut builder = Builder::from_config(config);
    builder
        .set_performance_config(PerformanceConfig {
            default_command_timeout: options.timeout,
            broadcast_channel_capacity: MESSAGES,
            ..PerformanceConfig::default()
        })
        .set_connection_config(ConnectionConfig {
            connection_timeout: CONNECT_WITHIN,
            internal_command_timeout: CONNECT_WITHIN,
            // Nothing is sent twice: whoever asked has given up by then. Following a cluster's redirection is the second.
            max_command_attempts: 2,
            unresponsive: UnresponsiveConfig {
                max_timeout: Some(ANSWER_WITHIN + ASK_EVERY),
                interval: ASK_EVERY,
            },
            ..ConnectionConfig::default()
        });
    Ok(builder)
}

/// An open connection. Dropping it closes it.
pub(crate) struct Open<C> {
    pub(crate) client: C,
    task: ConnectHandle,
}

impl<C> Drop for Open<C> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<C: ClientLike> Open<C> {
    /// Connects a new client.
    pub(crate) async fn new(client: C) -> Option<Self> {
        let mut open = Self { task: client.connect(), client };
        let connected = async {
            tokio::select! {
                _ = open.client.wait_for_connect() => {}
                _ = &mut open.task => {}
            }
        };
        // Whether it took too long or was missed: what counts is whether it is connected.
        tokio::time::timeout(CONNECT_WITHIN, connected).await.ok();
        (open.client.is_connected() && !open.task.is_finished()).then_some(open)
    }

    /// Waits until the connection is lost.
    pub(crate) async fn lost(&mut self) {
        loop {
            tokio::select! {
                _ = &mut self.task => return,
                () = tokio::time::sleep(ASK_EVERY) => {}
            }
            // Not within a caller's budget: one late answer is no reason to connect anew.
            let patient = fred::types::config::Options { timeout: Some(ANSWER_WITHIN), ..Default::default() };
            if self.client.with_options(&patient).ping::<()>(None).await.is_err() {
                return;
            }
        }
    }
}

/// How often in a row connecting failed.
#[derive(Debug, Default)]
pub(crate) struct Tries(usize);

impl Tries {
    pub(crate) const fn succeed(&mut self) {
        self.0 = 0;
    }

    /// Waits before the next try.
    pub(crate) async fn wait(&mut self) {
        let last = TRY_AGAIN_AFTER.len().saturating_sub(1);
        let wait = TRY_AGAIN_AFTER.get(self.0.min(last)).copied().unwrap_or_default();
        self.0 = self.0.saturating_add(1);
        tokio::time::sleep(wait).await;
    }
}

/// The client that is connected, if one is.
#[derive(Debug, Default)]
pub(crate) struct Link(RwLock<Option<Client>>);

impl Link {
    pub(crate) fn client(&self) -> Option<Client> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, client: Option<Client>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

/// Keeps the link connected for ever; `tried` is told when the first try is over.
pub(crate) async fn keep_connected(
    link: Arc<Link>,
    builder: Builder,
    catalog: Arc<Catalog>,
    tried: Arc<Notify>,
) {
    let mut tries = Tries::default();
    catalog.cache_connected(false);
    loop {
        let open = match builder.build() {
            Ok(client) => Open::new(client).await,
            Err(_) => None,
        };
        if let Some(mut open) = open {
            tries.succeed();
            link.set(Some(open.client.clone()));
            catalog.cache_connected(true);
            tracing::info!("redis is connected");
            tried.notify_one();
            open.lost().await;
            link.set(None);
            catalog.cache_connected(false);
            tracing::warn!("redis is not connected any more");
        }
        tried.notify_one();
        tries.wait().await;
    }
}
