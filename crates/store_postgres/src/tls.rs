//! Whom the store trusts: the system's certificate authorities, or the one that the configuration gives instead.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::ConnectError;

/// Returns what makes TLS connections. The server's certificate and name are always verified.
pub(crate) fn connector(ca_pem: Option<&[u8]>) -> Result<MakeRustlsConnect, ConnectError> {
    let mut roots = RootCertStore::empty();
    match ca_pem {
        Some(pem) => {
            for authority in authorities(pem)? {
                roots.add(authority)?;
            }
        }
        None => {
            let system = rustls_native_certs::load_native_certs();
            let (trusted, ignored) = roots.add_parsable_certificates(system.certs);
            if trusted == 0 {
                tracing::warn!(ignored, errors = ?system.errors, "the system trusts no certificate authority");
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| ConnectError::Authority(Some(error)))?;
    if found.is_empty() { Err(ConnectError::Authority(None)) } else { Ok(found) }
}
