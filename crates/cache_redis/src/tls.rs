//! Whom the connection to Redis trusts: the system's authorities, or the given ones instead.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::OptionsError;

pub(crate) fn client_config(ca_pem: Option<&[u8]>) -> Result<ClientConfig, OptionsError> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca_pem {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.or(Err(OptionsError::Authorities))?;
            roots.add(certificate).or(Err(OptionsError::Authorities))?;
        }
        if roots.is_empty() {
            return Err(OptionsError::Authorities);
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(OptionsError::NoAuthority);
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(OptionsError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
