//! Platform keys: from the header's text to the tenant behind it, from memory for every tenant that is resident.

use std::net::IpAddr;
use std::time::Duration;

use actors::{KeyEntry, TenantHandle, TenantUnavailable};
use domain::{ApiKey, Environment, KeyId, Scope, Timestamp};
use vault::{Pepper, PlatformKey, PresentedKey};

use crate::app::Gateway;
use crate::limits::{AddressExhausted, AddressLimit};

/// Whoever holds a valid platform key.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// The tenant, as it is in memory.
    pub tenant: TenantHandle,
    /// The key that was shown.
    pub key: KeyId,
    /// What the key opens.
    pub environment: Environment,
}

impl Principal {
    /// Returns the key and its limits.
    pub(crate) fn key_entry(&self) -> Option<&KeyEntry> {
        self.tenant.key(self.key)
    }
}

/// Why a platform key opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefusal {
    /// No key was shown.
    #[error("no platform key")]
    Missing,
    /// The text is no platform key: a typo, or something else.
    #[error("not a platform key")]
    Malformed,
    /// No such key, or not with this secret.
    #[error("unknown platform key")]
    Unknown,
    /// The key was revoked.
    #[error("revoked platform key")]
    Revoked,
    /// The key's time is over.
    #[error("expired platform key")]
    Expired,
    /// The key may not be used from this address.
    #[error("address not allowed")]
    AddressNotAllowed,
    /// The key may not do this.
    #[error("scope missing: {}", .0.as_str())]
    ScopeMissing(Scope),
    /// The tenant is not served.
    #[error("account inactive")]
    AccountInactive,
    /// Too many unknown keys came from this address: what is not in memory is not looked for.
    #[error("too many unknown keys")]
    TooManyUnknown(#[source] AddressExhausted),
    /// The store did not tell. Never the key's fault, so never a 401.
    #[error("key cannot be checked")]
    Unavailable(#[source] TenantUnavailable),
}

/// Where a key comes from, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comer {
    /// From which address.
    pub ip: Option<IpAddr>,
    /// When.
    pub at: Timestamp,
    /// When, by the monotonic clock.
    pub arrived: Duration,
}

/// Finds out who shows `text`.
///
/// # Errors
/// [`KeyRefusal`] for every key that opens nothing, `Unavailable` when the store cannot tell, and `TooManyUnknown` when it is
/// not asked.
pub(crate) async fn authenticate(
    gateway: &Gateway,
    text: &str,
    comer: Comer,
) -> Result<Principal, KeyRefusal> {
    let Gateway { tenants, pepper, .. } = gateway;
    let presented = PlatformKey::parse(text).map_err(|_refused| KeyRefusal::Malformed)?;
    let tenant = match tenants.resident(presented.id) {
        Some(tenant) => tenant,
        None => {
            let secret = pepper.hash_key(&presented);
            if !tenants.knows(presented.id) {
                look_at_address(gateway, comer)?;
            }
            let found = tenants.by_key(presented.id, secret).await.map_err(KeyRefusal::Unavailable)?;
            found.ok_or_else(|| unknown(gateway, comer))?
        }
    };
    let tenant = match check_secret(pepper, &presented, &tenant, comer.at) {
        Err(KeyRefusal::Unknown) => {
            // Another node may have rotated the key a moment ago: the store tells.
            look_at_address(gateway, comer)?;
            let secret = pepper.hash_key(&presented);
            let found = tenants.by_new_secret(secret).await.map_err(KeyRefusal::Unavailable)?;
            let tenant = found.ok_or_else(|| unknown(gateway, comer))?;
            check_secret(pepper, &presented, &tenant, comer.at)?;
            tenant
        }
        checked => checked.map(|()| tenant)?,
    };
    let entry = tenant.key(presented.id).ok_or(KeyRefusal::Revoked)?;
    if entry.key.expires_at.is_some_and(|end| end <= comer.at) {
        return Err(KeyRefusal::Expired);
    }
    if !address_is_allowed(&entry.key, comer.ip) {
        return Err(KeyRefusal::AddressNotAllowed);
    }
    if !tenant.tenant().is_active {
        return Err(KeyRefusal::AccountInactive);
    }
    Ok(Principal { key: presented.id, environment: presented.environment, tenant })
}

/// Looks whether the store may be asked for a key that is not in memory. Keys that are in memory never come here: behind an
/// address with one bad client the others are served. What is known to be unknown counts when it is known, so that a good key's
/// first requests, which come many at once after a start, are not taken for guesses; the look-ups under way are bounded.
fn look_at_address(gateway: &Gateway, comer: Comer) -> Result<(), KeyRefusal> {
    let looked = gateway.limits.look(AddressLimit::UnknownKeys, comer.ip, comer.arrived);
    looked.map_err(|exhausted| {
        gateway.catalog.attempt_blocked("unknown_key");
        KeyRefusal::TooManyUnknown(exhausted)
    })
}

fn unknown(gateway: &Gateway, comer: Comer) -> KeyRefusal {
    // Who came together with the last that is let through is told so, too: nothing was asked of the store for it alone.
    gateway.limits.count(AddressLimit::UnknownKeys, comer.ip, comer.arrived).ok();
    KeyRefusal::Unknown
}

fn check_secret(
    pepper: &Pepper,
    presented: &PresentedKey<'_>,
    tenant: &TenantHandle,
    now: Timestamp,
) -> Result<(), KeyRefusal> {
    let key = &tenant.key(presented.id).ok_or(KeyRefusal::Revoked)?.key;
    if key.environment != presented.environment {
        return Err(KeyRefusal::Unknown);
    }
    if pepper.matches(presented, &key.hash) {
        return Ok(());
    }
    match &key.retired {
        Some(retired) if retired.works_until > now && pepper.matches(presented, &retired.hash) => Ok(()),
        _ => Err(KeyRefusal::Unknown),
    }
}

fn address_is_allowed(key: &ApiKey, from: Option<IpAddr>) -> bool {
    if key.allowed_ips.is_empty() {
        return true;
    }
    let Some(from) = from.map(|address| address.to_canonical()) else { return false };
    key.allowed_ips.iter().any(|&(network, prefix)| {
        ipnet::IpNet::new(network, prefix).is_ok_and(|network| network.contains(&from))
    })
}
