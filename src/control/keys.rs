//! Platform keys: made, shown once, rotated with a grace, revoked at once.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use domain::{ApiKey, Environment, KeyId, RateLimits, RetiredSecret, Scope, Secret, TenantId, Timestamp};
use vault::PlatformKey;

use super::{ControlError, tell_of_change};
use crate::app::Gateway;

const MAX_GRACE: Duration = Duration::from_secs(30 * 24 * 3600);
const MAX_NAME_CHARS: usize = 100;
const MAX_ALLOWED_IPS: usize = 50;

/// A key to make.
#[derive(Debug)]
pub(crate) struct NewKey {
    /// The tenant's name for it; 1 to 100 characters.
    pub name: String,
    /// What it opens.
    pub environment: Environment,
    /// What it may do; empty means everything.
    pub scopes: Vec<Scope>,
    /// Requests a minute; the plan's limit when absent.
    pub per_minute: Option<u32>,
    /// Requests a day; the plan's limit when absent.
    pub per_day: Option<u32>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// From which networks it may be used; empty means from anywhere.
    pub allowed_ips: Vec<(IpAddr, u8)>,
}

/// A key with its secret, which is shown this once.
#[derive(Debug)]
pub(crate) struct IssuedKey {
    /// What it may do.
    pub key: ApiKey,
    /// Its text.
    pub text: Secret,
}

/// Makes a key.
///
/// # Errors
/// [`ControlError::Invalid`] for a wrong field, [`ControlError::Forbidden`] with `plan_limit` beyond the plan.
pub(crate) async fn create_key(
    gateway: &Gateway,
    tenant: TenantId,
    request: NewKey,
) -> Result<IssuedKey, ControlError> {
    let account = gateway.stores.tenants.find(tenant).await?.ok_or(ControlError::WrongPassword)?;
    let plan = account.plan;
    let active =
        gateway.stores.keys.list(tenant).await?.iter().filter(|key| key.revoked_at.is_none()).count();
    if active >= plan.max_keys() {
        let message =
            format!("The {} plan allows {} active keys; revoke one first.", plan.as_str(), plan.max_keys());
        return Err(ControlError::Forbidden { code: "plan_limit", message });
    }
    let now = gateway.clock.now();
    check(&request, now)?;
    let most = plan.key_limits();
    let limits = RateLimits {
        per_minute: limit("rate_limit_per_min", request.per_minute, most.per_minute)?,
        per_day: limit("rate_limit_per_day", request.per_day, most.per_day)?,
    };
    let secret = PlatformKey::generate(
        request.environment,
        KeyId::generate(now, &*gateway.entropy),
        &*gateway.entropy,
    );
    let mut seen = HashSet::new();
    let key = ApiKey {
        id: secret.id,
        tenant,
        name: request.name.trim().into(),
        environment: request.environment,
        hash: gateway.pepper.hash_key(&secret.present()),
        retired: None,
        scopes: request.scopes.into_iter().filter(|scope| seen.insert(*scope)).collect(),
        limits,
        allowed_ips: request.allowed_ips.into_boxed_slice(),
        created_at: now,
        expires_at: request.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    gateway.stores.keys.insert(key.clone()).await?;
    tell_of_change(gateway, tenant).await?;
    Ok(IssuedKey { key, text: secret.text().clone() })
}

/// Returns a tenant's keys, newest first.
///
/// # Errors
/// [`ControlError::Store`].
pub(crate) async fn list_keys(gateway: &Gateway, tenant: TenantId) -> Result<Vec<ApiKey>, ControlError> {
    Ok(gateway.stores.keys.list(tenant).await?)
}

/// Gives a key a new secret; the old one works until `grace` is over.
///
/// # Errors
/// [`ControlError::NotFound`] when the tenant has no such key or it is revoked.
pub(crate) async fn rotate_key(
    gateway: &Gateway,
    tenant: TenantId,
    id: KeyId,
    grace: Duration,
) -> Result<IssuedKey, ControlError> {
    if grace > MAX_GRACE {
        return Err(ControlError::invalid(
            "grace_seconds",
            "A grace lasts at most 30 days (2592000 seconds).",
        ));
    }
    let keys = gateway.stores.keys.list(tenant).await?;
    let present =
        keys.iter().find(|key| key.id == id && key.revoked_at.is_none()).ok_or_else(|| not_found(id))?;
    let secret = PlatformKey::generate(present.environment, id, &*gateway.entropy);
    let hash = gateway.pepper.hash_key(&secret.present());
    let works_until = gateway.clock.now().after(grace);
    let retired = (!grace.is_zero()).then_some(RetiredSecret { hash: present.hash, works_until });
    let key = gateway.stores.keys.rotate(tenant, id, hash, retired).await?.ok_or_else(|| not_found(id))?;
    tell_of_change(gateway, tenant).await?;
    Ok(IssuedKey { key, text: secret.text().clone() })
}

/// Revokes a key; when this returns, the key opens nothing any more.
///
/// # Errors
/// [`ControlError::NotFound`] when the tenant has no such key.
pub(crate) async fn revoke_key(gateway: &Gateway, tenant: TenantId, id: KeyId) -> Result<(), ControlError> {
    if !gateway.stores.keys.revoke(tenant, id, gateway.clock.now()).await? {
        return Err(not_found(id));
    }
    tell_of_change(gateway, tenant).await?;
    Ok(())
}

fn not_found(id: KeyId) -> ControlError {
    ControlError::NotFound { code: "key_not_found", message: format!("There is no active key {id}.") }
}

fn check(request: &NewKey, now: Timestamp) -> Result<(), ControlError> {
    let name_chars = request.name.trim().chars().count();
    if name_chars == 0 || name_chars > MAX_NAME_CHARS {
        return Err(ControlError::invalid(
            "name",
            format!("A key's name has 1 to {MAX_NAME_CHARS} characters."),
        ));
    }
    if request.expires_at.is_some_and(|end| end <= now) {
        return Err(ControlError::invalid("expires_at", "A key ends in the future."));
    }
    if request.allowed_ips.len() > MAX_ALLOWED_IPS {
        return Err(ControlError::invalid(
            "allowed_ips",
            format!("A key has at most {MAX_ALLOWED_IPS} allowed networks."),
        ));
    }
    Ok(())
}

fn limit(param: &'static str, asked: Option<u32>, most: u32) -> Result<u32, ControlError> {
    match asked {
        None => Ok(most),
        Some(0) => Err(ControlError::invalid(param, "A limit is at least 1.")),
        Some(asked) if asked > most => Err(ControlError::Forbidden {
            code: "plan_limit",
            message: format!("{param} is at most {most} in this plan; {asked} was asked for."),
        }),
        Some(asked) => Ok(asked),
    }
}
