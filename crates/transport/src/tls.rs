//! Whom the transport trusts: TLS 1.2 and 1.3, the system's certificate authorities, and those the configuration adds.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::client::BuildError;

/// Returns the TLS settings. Where the system has no authorities, as in an empty container, Mozilla's are built in.
///
/// # Errors
/// [`BuildError`] when the additional certificates cannot be used.
pub(crate) fn client_config(extra_pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, BuildError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    let (trusted, ignored) = roots.add_parsable_certificates(system.certs);
    if trusted == 0 {
        tracing::warn!(ignored, errors = ?system.errors, "the system trusts no authority, using the built-in ones");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for certificate in extra_pem.map(certificates).transpose()?.unwrap_or_default() {
        roots.add(certificate).map_err(BuildError::Tls)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(BuildError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| BuildError::ExtraRoots(Some(error)))?;
    if found.is_empty() { Err(BuildError::ExtraRoots(None)) } else { Ok(found) }
}
