//! The cache as a whole: how commands are sent within a budget, and what opens and closes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::Clock;
use domain::ports::{CacheEngine, CacheError};
use fred::clients::Client;
use fred::error::Error;
use fred::interfaces::ClientLike;
use fred::types::{FromValue, Value};
use telemetry::Catalog;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::away::{Away, is_away, is_wrong_type};
use crate::breaker::Breaker;
use crate::changes::{self, Heard};
use crate::command::Command;
use crate::link::{self, Link};
use crate::usage::Sweeps;
use crate::{Options, OptionsError};

/// Bytes of a node's name.
const NODE_BYTES: usize = 8;

/// Every cache port on Redis. Its tasks run on the runtime that connected it, until it is closed or dropped.
pub struct RedisCache {
    link: Arc<Link>,
    breaker: Breaker,
    timeout: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    catalog: Arc<Catalog>,
    /// Names this node in leases, streams and among the nodes.
    pub(crate) node: Box<str>,
    pub(crate) heard: Arc<Heard>,
    pub(crate) sweeps: Sweeps,
    tasks: Mutex<JoinSet<()>>,
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Who asks for what: the port, what is being done, and what would be garbage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) port: &'static str,
    pub(crate) doing: &'static str,
    pub(crate) what: &'static str,
}

impl RedisCache {
    /// Opens the cache. Waits for the first try to connect, two seconds at most, and succeeds even when Redis is away: it is
    /// looked for until it is there.
    ///
    /// # Errors
    /// [`OptionsError`] when the options make no sense.
    pub async fn connect(options: Options) -> Result<Self, OptionsError> {
        let builder = link::builder(&options)?;
        let Options { timeout, clock, entropy, catalog, .. } = options;
        let mut node = [0; NODE_BYTES];
        entropy.fill(&mut node);
        let (link, heard) = (Arc::<Link>::default(), Arc::<Heard>::default());
        let [connected, listening] = [(); 2].map(|()| Arc::new(Notify::new()));
        let mut tasks = JoinSet::new();
        tasks.spawn(link::keep_connected(
            Arc::clone(&link),
            builder.clone(),
            Arc::clone(&catalog),
            Arc::clone(&connected),
        ));
        tasks.spawn(changes::keep_listening(Arc::clone(&heard), builder, Arc::clone(&listening)));
        connected.notified().await;
        listening.notified().await;
        Ok(Self {
            link,
            breaker: Breaker::new(),
            timeout,
            clock,
            catalog,
            node: hex::encode(node).into(),
            heard,
            sweeps: Sweeps::default(),
            tasks: Mutex::new(tasks),
        })
    }

    /// Sends a command and returns its reply.
    pub(crate) async fn ask<R: FromValue>(&self, asked: Asked, command: Command) -> Result<R, CacheError> {
        let value: Value = self
            .within_budget(asked, |client: Client| async move {
                let (command, arguments) = command.into_parts();
                client.custom(command, arguments).await
            })
            .await?;
        value.convert().or(Err(CacheError::Corrupt(asked.what)))
    }

    /// Sends commands in one go and returns their replies, of which none may be an error.
    pub(crate) async fn ask_all(
        &self,
        asked: Asked,
        commands: Vec<Command>,
    ) -> Result<Vec<Value>, CacheError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        self.within_budget(asked, |client: Client| async move {
            let pipeline = client.pipeline();
            for command in commands {
                let (command, arguments) = command.into_parts();
                let _queued: () = pipeline.custom(command, arguments).await?;
            }
            pipeline.try_all().await.into_iter().collect()
        })
        .await
    }

    /// Asks Redis, if it answers at all these days, and waits no longer than the timeout.
    async fn within_budget<T, F, R>(&self, asked: Asked, ask: F) -> Result<T, CacheError>
    where
        F: FnOnce(Client) -> R,
        R: Future<Output = Result<T, Error>>,
    {
        let Some(client) = self.link.client() else {
            self.catalog.cache_refused(asked.port);
            return Err(Away::NotConnected.while_doing(asked.doing));
        };
        let Some(pass) = self.breaker.admit(self.clock.monotonic()) else {
            self.catalog.cache_refused(asked.port);
            return Err(Away::Refused.while_doing(asked.doing));
        };
        let error = match tokio::time::timeout(self.timeout, ask(client)).await {
            Ok(Ok(reply)) => {
                pass.succeed();
                return Ok(reply);
            }
            Ok(Err(error)) if !is_away(&error) => {
                pass.succeed();
                if is_wrong_type(&error) {
                    CacheError::Corrupt(asked.what)
                } else {
                    Away::Failed(error).while_doing(asked.doing)
                }
            }
            Ok(Err(error)) => {
                pass.fail(self.clock.monotonic());
                let is_slow = *error.kind() == fred::error::ErrorKind::Timeout;
                let away = if is_slow { Away::TimedOut } else { Away::Failed(error) };
                away.while_doing(asked.doing)
            }
            Err(_) => {
                pass.fail(self.clock.monotonic());
                Away::TimedOut.while_doing(asked.doing)
            }
        };
        self.catalog.cache_failed(asked.port);
        Err(error)
    }
}

#[async_trait]
impl CacheEngine for RedisCache {
    async fn check(&self) -> Result<(), CacheError> {
        let asked = Asked { port: "check", doing: "checking the cache", what: "a greeting" };
        self.ask(asked, Command::on("ECHO", "gateway")).await
    }

    async fn close(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        self.leave().await;
        tasks.shutdown().await;
    }
}
