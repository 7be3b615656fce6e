//! TLS 1.3 on the public port, from files, which may change while the gateway runs.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use tokio::signal::unix::{SignalKind, signal};

use super::signals::hung_up;
use crate::config::ListenTls;

/// The certificate cannot be used. One plain sentence each; none holds anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds no certificate.
    #[error("{} holds no certificate in PEM", .0.display())]
    NoCertificate(PathBuf),
    /// A file holds no private key that can be used.
    #[error("{} holds no private key in PEM that can be used (PKCS#8, or SEC1, or PKCS#1)", .0.display())]
    NoKey(PathBuf),
    /// One belongs to another pair.
    #[error("the certificate in {} and the key in {} do not belong together", .certificate.display(), .key.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(#[source] rustls::Error),
}

/// Where the certificate and its key are.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    /// Returns the files of a configuration, where it has them.
    pub(crate) fn of(settings: &ListenTls) -> Option<Self> {
        let (certificate, key) = settings.certificate.clone().zip(settings.key.clone())?;
        Some(Self { certificate, key })
    }

    /// Reads the pair.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(crate) fn read(&self) -> Result<Arc<CertifiedKey>, TlsError> {
        let chain: Vec<_> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|error| unusable(&self.certificate, error, TlsError::NoCertificate))?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(self.certificate.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| unusable(&self.key, error, TlsError::NoKey))?;
        let pair = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
        pair.map(Arc::new).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                TlsError::Mismatch { certificate: self.certificate.clone(), key: self.key.clone() }
            }
            rustls::Error::InvalidCertificate(_) => TlsError::NoCertificate(self.certificate.clone()),
            _ => TlsError::NoKey(self.key.clone()),
        })
    }
}

/// Words a file that is no PEM. What the reader says of it is left out: it may quote a line of the key.
fn unusable(path: &Path, error: pem::Error, otherwise: fn(PathBuf) -> TlsError) -> TlsError {
    match error {
        pem::Error::Io(source) => TlsError::Unreadable { path: path.to_owned(), source },
        _ => otherwise(path.to_owned()),
    }
}

/// What new connections are shown. Another pair may take its place; connections that are open go on with theirs.
pub(super) struct Certificate {
    files: Files,
    current: ArcSwap<CertifiedKey>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl Certificate {
    /// Reads the pair for the first time.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(super) fn open(files: Files) -> Result<Arc<Self>, TlsError> {
        let current = ArcSwap::new(files.read()?);
        Ok(Arc::new(Self { files, current }))
    }

    /// Returns the server's side of TLS 1.3; nothing older is spoken.
    ///
    /// # Errors
    /// [`TlsError::Setup`].
    pub(super) fn server(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        Ok(ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>))
    }

    /// Looks at the files every so often, and at once on SIGHUP, until the process ends. Zero: on SIGHUP only.
    pub(super) async fn watch(self: Arc<Self>, every: Duration) {
        let mut hangup = signal(SignalKind::hangup()).ok();
        loop {
            tokio::select! {
                () = tokio::time::sleep(every), if !every.is_zero() => {}
                () = hung_up(hangup.as_mut()) => {}
            }
            let files = self.files.clone();
            match tokio::task::spawn_blocking(move || files.read()).await {
                Ok(Ok(pair)) => self.take(pair),
                Ok(Err(error)) => tracing::error!("the certificate in use is kept: {error}"),
                Err(error) => tracing::error!("the certificate in use is kept: {error}"),
            }
        }
    }

    fn take(&self, pair: Arc<CertifiedKey>) {
        // A certificate names its key: the same chain is the same pair.
        if self.current.load().cert != pair.cert {
            self.current.store(pair);
            tracing::info!("new connections get the new certificate");
        }
    }
}
