//! The transport itself: a pool of connections, one deadline a request.

use std::time::Duration;

use async_trait::async_trait;
use domain::ports::Transport;
use domain::{Endpoint, Reply, Request, StreamFailure, StreamedReply, TransportFailure, Unsent, Upload};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::connector::Connector;
use crate::handover::{Handover, Outgoing};
use crate::{failure, reply, request, tls};

/// Longest head of an answer, and the piece in which bodies are read, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// How connections are made and kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long name, connection and TLS session may take together.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept. Shorter than the providers keep theirs, or requests meet closed ones.
    pub pool_idle_timeout: Duration,
    /// How many unused connections are kept for each provider.
    pub max_idle_per_host: usize,
    /// Longest body of an answer, in bytes: a longer one is not read.
    pub max_reply_bytes: usize,
    /// Certificates in PEM to trust beside the system's: a provider's simulator in a test, a company's own authority.
    pub extra_roots_pem: Option<Vec<u8>>,
}

/// Why there is no transport.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The additional certificates are not PEM, or none is among them.
    #[error("reading the additional root certificates")]
    ExtraRoots(#[source] Option<rustls::pki_types::pem::Error>),
    /// A certificate or the TLS settings were refused.
    #[error("setting up TLS")]
    Tls(#[source] rustls::Error),
}

/// Carries requests to providers. One per worker thread: its connections live on the runtime that made them.
#[derive(Debug)]
pub struct HyperTransport {
    client: Client<Connector, Outgoing>,
    max_reply_bytes: usize,
}

impl HyperTransport {
    /// Returns a transport without connections yet. Reads the system's trusted certificates.
    ///
    /// # Errors
    /// [`BuildError`] when the additional certificates cannot be used.
    pub fn new(options: Options) -> Result<Self, BuildError> {
        let Options {
            connect_timeout,
            pool_idle_timeout,
            max_idle_per_host,
            max_reply_bytes,
            extra_roots_pem,
        } = options;
        let tls = tls::client_config(extra_roots_pem.as_deref())?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(pool_idle_timeout)
            .pool_max_idle_per_host(max_idle_per_host)
            .http1_max_buf_size(BUFFER_BYTES)
            // Whether a request is sent again is decided by who knows what it does.
            .retry_canceled_requests(false)
            .build(Connector::new(tls, connect_timeout));
        Ok(Self { client, max_reply_bytes })
    }

    async fn exchange(
        &self,
        request: http::Request<Outgoing>,
        handover: &Handover,
        endpoint: &Endpoint,
    ) -> Result<Reply, TransportFailure> {
        let response = self.client.request(request).await.map_err(|error| {
            let verdict = failure::of_request(&error, handover);
            failure::log(endpoint, verdict, &error);
            verdict
        })?;
        reply::read(response, self.max_reply_bytes, endpoint).await
    }
}

#[async_trait]
impl Transport for HyperTransport {
    async fn send(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        timeout: Duration,
    ) -> Result<Reply, TransportFailure> {
        if timeout.is_zero() {
            return Err(TransportFailure::NotSent(Unsent::Deadline));
        }
        let handover = Handover::new();
        let body = Outgoing::new(request.body.clone(), handover.clone());
        let outgoing = request::build(endpoint, request, body)
            .map_err(|_malformed| TransportFailure::NotSent(Unsent::Malformed))?;
        let exchange = self.exchange(outgoing, &handover, endpoint);
        tokio::time::timeout(timeout, exchange).await.unwrap_or_else(|elapsed| {
            let verdict = failure::of_deadline(&handover);
            failure::log(endpoint, verdict, &elapsed);
            Err(verdict)
        })
    }

    async fn stream(
        &self,
        endpoint: &Endpoint,
        request: &Request,
        upload: Option<Upload>,
        timeout: Duration,
    ) -> Result<StreamedReply, StreamFailure> {
        if timeout.is_zero() {
            return Err(TransportFailure::NotSent(Unsent::Deadline).into());
        }
        let handover = Handover::new();
        let is_upload = upload.is_some();
        let body = match upload {
            Some(upload) => Outgoing::arriving(upload, handover.clone()),
            None => Outgoing::new(request.body.clone(), handover.clone()),
        };
        let outgoing = request::build(endpoint, request, body)
            .map_err(|_malformed| TransportFailure::NotSent(Unsent::Malformed))?;
        // One clock for all of it: it goes on with the answer's body.
        let mut deadline = Box::pin(tokio::time::sleep(timeout));
        tokio::select! {
            response = self.client.request(outgoing) => match response {
                Ok(response) => Ok(reply::hand_on(response, deadline, endpoint)?),
                Err(error) => {
                    let verdict = failure::of_request(&error, &handover);
                    failure::log(endpoint, verdict, &error);
                    Err(failure::of_upload(&error, verdict, &handover))
                }
            },
            () = &mut deadline => {
                let verdict = failure::of_deadline(&handover);
                failure::log(endpoint, verdict, &verdict);
                let is_cut = is_upload && verdict == TransportFailure::TimedOut && !handover.is_through();
                Err(if is_cut { StreamFailure::Incomplete } else { verdict.into() })
            }
        }
    }
}
