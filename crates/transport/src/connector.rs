//! How connections are made: name, TCP, TLS, within one time limit, each step's failure kept apart.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::Unsent;
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

/// How long a peer may be silent before it is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

type BoxError = Box<dyn Error + Send + Sync>;
type Connecting<S> = Pin<Box<dyn Future<Output = Result<S, ConnectFailure>> + Send>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectFailure {
    #[error("connecting")]
    Tcp(#[source] BoxError),
    #[error("agreeing on TLS")]
    Tls(#[source] BoxError),
    #[error("connecting took too long")]
    TimedOut,
}

impl ConnectFailure {
    pub(crate) const fn verdict(&self) -> Unsent {
        match self {
            // Also in a time limit of their own: a provider that takes no connection is out of reach, and the request, which may
            // have time left, is not late.
            Self::Tcp(_) | Self::TimedOut => Unsent::Connect,
            Self::Tls(_) => Unsent::Tls,
        }
    }
}

/// Makes connections, with TLS where the address says `https`.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    https: HttpsConnector<Tcp>,
    timeout: Duration,
}

impl Connector {
    pub(crate) fn new(tls: Arc<rustls::ClientConfig>, timeout: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_keepalive(Some(KEEPALIVE));
        // Divided among a name's addresses, so that a dead one leaves time for the next.
        http.set_connect_timeout(Some(timeout));
        Self { https: HttpsConnector::from((Tcp(http), tls)), timeout }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = ConnectFailure;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ConnectFailure>> {
        self.https.poll_ready(context).map_err(sort)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(self.timeout, self.https.call(address));
        Box::pin(async move {
            match connecting.await {
                Ok(connected) => connected.map_err(sort),
                Err(_elapsed) => Err(ConnectFailure::TimedOut),
            }
        })
    }
}

/// What is not from TCP is from TLS: the layer above adds errors of its own and passes the others on.
fn sort(error: BoxError) -> ConnectFailure {
    match error.downcast::<ConnectFailure>() {
        Ok(failure) => *failure,
        Err(error) => ConnectFailure::Tls(error),
    }
}

/// Names and TCP; marks its failures, so that they are known above TLS.
#[derive(Debug, Clone)]
struct Tcp(HttpConnector);

impl Service<Uri> for Tcp {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectFailure;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ConnectFailure>> {
        self.0.poll_ready(context).map_err(|error| ConnectFailure::Tcp(error.into()))
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connecting = self.0.call(address);
        Box::pin(async move { connecting.await.map_err(|error| ConnectFailure::Tcp(error.into())) })
    }
}
