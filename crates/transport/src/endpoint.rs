//! Providers' base addresses, read once from the configuration.

use domain::{Endpoint, ProviderId};
use http::uri::Authority;

/// Why a base address cannot be used. None of them repeats the address: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It begins with neither `https://` nor `http://`.
    #[error("base address of {0} does not begin with https:// or http://")]
    Scheme(ProviderId),
    /// It has a user or a password.
    #[error("base address of {0} has a user or password")]
    UserInfo(ProviderId),
    /// It goes on after host and port, were it only by a slash.
    #[error("base address of {0} has a path, query or fragment")]
    Path(ProviderId),
    /// Its host or port is not one.
    #[error("base address of {0} has no valid host and port")]
    Authority(ProviderId),
}

/// Reads a base address: `https://host[:port]`, or `http://…` for a simulator.
///
/// # Errors
/// [`EndpointError`] says which part is wrong.
pub fn endpoint(provider: ProviderId, base_url: &str) -> Result<Endpoint, EndpointError> {
    let (scheme, rest) = base_url.split_once("://").ok_or(EndpointError::Scheme(provider))?;
    let is_tls = match scheme.to_ascii_lowercase().as_str() {
        "https" => true,
        "http" => false,
        _ => return Err(EndpointError::Scheme(provider)),
    };
    if rest.contains('@') {
        return Err(EndpointError::UserInfo(provider));
    }
    if rest.contains(['/', '?', '#', '\\']) {
        return Err(EndpointError::Path(provider));
    }
    let authority: Authority = rest.parse().map_err(|_invalid| EndpointError::Authority(provider))?;
    let after_host = rest.strip_prefix(authority.host()).unwrap_or_default();
    let is_port_valid = after_host.is_empty() || authority.port_u16().is_some_and(|port| port != 0);
    if authority.host().is_empty() || !is_port_valid {
        return Err(EndpointError::Authority(provider));
    }
    Ok(Endpoint { provider, is_tls, authority: rest.to_ascii_lowercase().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVIDER: ProviderId = ProviderId::new("razorpay");

    #[track_caller]
    fn check(base_url: &str, expected: Result<(bool, &str), EndpointError>) {
        let found = endpoint(PROVIDER, base_url);
        let parts = found.as_ref().map(|found| (found.is_tls, &*found.authority)).map_err(|error| *error);
        assert_eq!(parts, expected, "{base_url}");
    }

    #[test]
    fn host_and_port_are_taken() {
        check("https://api.razorpay.com", Ok((true, "api.razorpay.com")));
        check("HTTPS://API.razorpay.com:8443", Ok((true, "api.razorpay.com:8443")));
        check("http://127.0.0.1:8091", Ok((false, "127.0.0.1:8091")));
        check("http://[::1]:8091", Ok((false, "[::1]:8091")));
    }

    #[test]
    fn everything_else_is_refused() {
        for scheme in ["api.razorpay.com", "ftp://host", "unix://socket", "", "//host", "https:host"] {
            check(scheme, Err(EndpointError::Scheme(PROVIDER)));
        }
        for user in ["https://user@host", "https://user:password@host", "https://@host", "https://host/@x"] {
            check(user, Err(EndpointError::UserInfo(PROVIDER)));
        }
        for path in
            ["https://host/", "https://host/v1", "https://host?x", "https://host#x", "https://host\\x"]
        {
            check(path, Err(EndpointError::Path(PROVIDER)));
        }
        for authority in [
            "https://",
            "https://:443",
            "https://host:",
            "https://host:0",
            "https://host:99999",
            "https://a b",
            "https://host:x",
        ] {
            check(authority, Err(EndpointError::Authority(PROVIDER)));
        }
    }
}
