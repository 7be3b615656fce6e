//! `/api/keys`: platform keys. A key's text is in the answer that makes or rotates it, and never again.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use domain::{ApiKey, Environment, KeyId, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::PlatformKey;

use super::read_body;
use crate::control::{self, IssuedKey, NewKey};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::person;
use crate::http::json::{self, RawBody, expect_json};
use crate::http::time;

const KEYS: &str = "/api/keys";
const KEY: &str = "/api/keys/{id}";
const ROTATE: &str = "/api/keys/{id}/rotate";

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyBody {
    /// 1 to 100 characters.
    #[schema(example = "checkout service")]
    name: String,
    /// `test` or `live`.
    #[schema(example = "test")]
    environment: String,
    /// What it may do; everything when absent: `payments:write`, `payments:read` (orders and refunds), `subscriptions:write`,
    /// `subscriptions:read`, `payment_links:write`, `payment_links:read`, `payouts:write`, `payouts:read`, `sms:write`, `sms:read`,
    /// `calls:write`, `calls:read`, `proxy:write`, `proxy:read`, `transactions:read`.
    scopes: Option<Vec<String>>,
    /// The plan's limit when absent.
    rate_limit_per_min: Option<u32>,
    /// The plan's limit when absent.
    rate_limit_per_day: Option<u32>,
    /// RFC 3339; never when absent.
    expires_at: Option<String>,
    /// Addresses or networks (`203.0.113.0/24`); anywhere when absent.
    allowed_ips: Option<Vec<String>>,
}

/// How to rotate.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateBody {
    /// How long the old secret still works: 0 to 2592000 (30 days).
    grace_seconds: Option<u64>,
}

/// A platform key.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyBody<'a> {
    id: String,
    name: &'a str,
    /// How the key starts.
    #[schema(example = "unf_test_01k3s0m3")]
    prefix: String,
    environment: &'static str,
    scopes: Vec<&'static str>,
    rate_limit_per_min: u32,
    rate_limit_per_day: u32,
    allowed_ips: Vec<String>,
    is_active: bool,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    /// The key itself, this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

/// All keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeysBody<'a> {
    data: Vec<KeyBody<'a>>,
}

/// List keys, newest first.
#[utoipa::path(get, path = KEYS, tag = "Keys", security(("token" = [])),
    responses((status = 200, description = "Keys, without their secrets.", body = KeysBody<'_>)))]
pub(crate) async fn list(request: HttpRequest) -> HttpResponse {
    person(&request, KEYS, async |person| {
        let keys = control::list_keys(&person.worker.gateway, person.tenant).await?;
        let now = person.worker.gateway.clock.now();
        Ok(HttpResponse::Ok()
            .json(KeysBody { data: keys.iter().map(|key| body_of(key, None, now)).collect() }))
    })
    .await
}

/// Make a key.
#[utoipa::path(post, path = KEYS, tag = "Keys", security(("token" = [])), request_body = NewKeyBody,
    responses((status = 201, description = "The key, with its text this once.", body = KeyBody<'_>),
              (status = 400, description = "A field is wrong.", body = ErrorBody<'_>),
              (status = 403, description = "`plan_limit`", body = ErrorBody<'_>)))]
pub(crate) async fn create(request: HttpRequest, raw: RawBody) -> HttpResponse {
    person(&request, KEYS, async |person| {
        let body: NewKeyBody = read_body(&request, raw)?;
        let issued = control::create_key(&person.worker.gateway, person.tenant, body.read()?).await?;
        Ok(HttpResponse::Created().json(issued_body(&issued, person.worker.gateway.clock.now())))
    })
    .await
}

/// Give a key a new secret.
#[utoipa::path(put, path = ROTATE, tag = "Keys", security(("token" = [])), request_body = Option<RotateBody>,
    params(("id" = String, Path, description = "A key's id (`key_…`).")),
    responses((status = 200, description = "The key, with its new text this once.", body = KeyBody<'_>),
              (status = 404, description = "`key_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn rotate(request: HttpRequest, raw: RawBody) -> HttpResponse {
    person(&request, ROTATE, async |person| {
        let bytes = raw.take()?;
        let body: RotateBody = if bytes.is_empty() {
            RotateBody::default()
        } else {
            expect_json(&request)?;
            json::read(&bytes)?
        };
        let grace = Duration::from_secs(body.grace_seconds.unwrap_or(0));
        let issued =
            control::rotate_key(&person.worker.gateway, person.tenant, key_id(&request)?, grace).await?;
        Ok(HttpResponse::Ok().json(issued_body(&issued, person.worker.gateway.clock.now())))
    })
    .await
}

/// Revoke a key, at once.
#[utoipa::path(delete, path = KEY, tag = "Keys", security(("token" = [])),
    params(("id" = String, Path, description = "A key's id (`key_…`).")),
    responses((status = 204, description = "The key opens nothing any more."),
              (status = 404, description = "`key_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn revoke(request: HttpRequest) -> HttpResponse {
    person(&request, KEY, async |person| {
        control::revoke_key(&person.worker.gateway, person.tenant, key_id(&request)?).await?;
        Ok(HttpResponse::NoContent().finish())
    })
    .await
}

fn key_id(request: &HttpRequest) -> Result<KeyId, ApiError> {
    let text = request.match_info().get("id").unwrap_or_default();
    text.parse().map_err(|_refused| ApiError::not_found("key_not_found", "There is no such key."))
}

impl NewKeyBody {
    fn read(self) -> Result<NewKey, ApiError> {
        let wrong = |param: &'static str, message: String| ApiError::field("invalid_field", param, message);
        let environment: Environment = self
            .environment
            .parse()
            .map_err(|_refused| wrong("environment", "An environment is `test` or `live`.".to_owned()))?;
        let scope = |text: &String| {
            text.parse::<Scope>().map_err(|_refused| {
                let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
                wrong("scopes", format!("A scope is one of {}.", known.join(", ")))
            })
        };
        let scopes: Vec<Scope> = self.scopes.iter().flatten().map(scope).collect::<Result<_, _>>()?;
        if self.scopes.is_some() && scopes.is_empty() {
            return Err(wrong(
                "scopes",
                "Give at least one scope, or leave the field out for all.".to_owned(),
            ));
        }
        let expires_at = match self.expires_at {
            None => None,
            Some(text) => Some(
                time::read(&text)
                    .ok_or_else(|| wrong("expires_at", "This is not an RFC 3339 moment.".to_owned()))?,
            ),
        };
        let network = |text: &String| {
            read_network(text).ok_or_else(|| {
                wrong("allowed_ips", "Give addresses or networks, like 203.0.113.0/24.".to_owned())
            })
        };
        let allowed_ips = self.allowed_ips.iter().flatten().map(network).collect::<Result<_, _>>()?;
        Ok(NewKey {
            name: self.name,
            environment,
            scopes,
            per_minute: self.rate_limit_per_min,
            per_day: self.rate_limit_per_day,
            expires_at,
            allowed_ips,
        })
    }
}

fn read_network(text: &str) -> Option<(IpAddr, u8)> {
    if let Ok(network) = text.parse::<ipnet::IpNet>() {
        return Some((network.network(), network.prefix_len()));
    }
    let address: IpAddr = text.parse().ok()?;
    Some((address, if address.is_ipv4() { 32 } else { 128 }))
}

/// Returns a key with its text.
pub(super) fn issued_body(issued: &IssuedKey, now: Timestamp) -> KeyBody<'_> {
    body_of(&issued.key, Some(issued.text.expose()), now)
}

fn body_of<'a>(key: &'a ApiKey, text: Option<&'a str>, now: Timestamp) -> KeyBody<'a> {
    let is_expired = key.expires_at.is_some_and(|end| end <= now);
    KeyBody {
        id: key.id.to_string(),
        name: &key.name,
        prefix: PlatformKey::prefix_of(key.environment, key.id),
        environment: key.environment.as_str(),
        scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
        rate_limit_per_min: key.limits.per_minute,
        rate_limit_per_day: key.limits.per_day,
        allowed_ips: key.allowed_ips.iter().map(|(address, prefix)| format!("{address}/{prefix}")).collect(),
        is_active: key.revoked_at.is_none() && !is_expired,
        created_at: time::write(key.created_at),
        expires_at: key.expires_at.map(time::write),
        last_used_at: key.last_used_at.map(time::write),
        key: text,
    }
}
