//! The `Keys` port: platform keys.

use std::net::IpAddr;

use async_trait::async_trait;
use domain::ports::{Keys, StoreError};
use domain::{ApiKey, KeyHash, KeyId, RateLimits, RetiredSecret, Scope, TenantId, Timestamp};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::SqliteStore;
use crate::columns::{Column, UnknownWord, id, ms, read, read_optional};
use crate::error::{Failure, Task};

const ROW: &str = "a platform key";
const INSERT: Task = Task { doing: "adding a platform key", row: ROW };
const LIST: Task = Task { doing: "listing platform keys", row: ROW };
const ROTATE: Task = Task { doing: "rotating a platform key", row: ROW };
const REVOKE: Task = Task { doing: "revoking a platform key", row: ROW };
const TOUCH: Task = Task { doing: "noting the use of platform keys", row: ROW };
const TAKEN: &str = "a platform key with this id or secret";

const INSERT_SQL: &str = "INSERT INTO api_keys (id, user_id, key_hash, retired_hash, retired_until, key_name,
    environment, scopes, rate_limit_per_min, rate_limit_per_day, allowed_ips, created_at, expires_at, revoked_at,
    last_used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

const ROTATE_SQL: &str = "UPDATE api_keys SET key_hash = ?3, retired_hash = ?4, retired_until = ?5
    WHERE id = ?2 AND user_id = ?1 AND revoked_at IS NULL RETURNING *";

/// A second revocation does not move the first one's time.
const REVOKE_SQL: &str = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?3)
    WHERE id = ?2 AND user_id = ?1";

const TOUCH_SQL: &str = "UPDATE api_keys SET last_used_at = ?3
    WHERE id = ?2 AND user_id = ?1 AND (last_used_at IS NULL OR last_used_at < ?3)";

#[async_trait]
impl Keys for SqliteStore {
    async fn insert(&self, key: ApiKey) -> Result<(), StoreError> {
        self.write(INSERT, 1, move |connection| insert(connection, &key)).await
    }

    async fn list(&self, tenant: TenantId) -> Result<Vec<ApiKey>, StoreError> {
        self.read(LIST, move |connection| Ok(list(connection, tenant)?)).await
    }

    async fn rotate(
        &self,
        tenant: TenantId,
        key: KeyId,
        hash: KeyHash,
        retired: Option<RetiredSecret>,
    ) -> Result<Option<ApiKey>, StoreError> {
        self.write(ROTATE, 1, move |connection| {
            connection
                .prepare_cached(ROTATE_SQL)?
                .query_row(
                    params![
                        id(tenant),
                        id(key),
                        hash.0,
                        retired.map(|secret| secret.hash.0),
                        retired.map(|secret| ms(secret.works_until)),
                    ],
                    read_key,
                )
                .optional()
                .map_err(|error| Failure::of_unique(error, TAKEN))
        })
        .await
    }

    async fn revoke(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Result<bool, StoreError> {
        self.write(REVOKE, 1, move |connection| {
            let changed =
                connection.prepare_cached(REVOKE_SQL)?.execute(params![id(tenant), id(key), ms(at)])?;
            Ok(changed > 0)
        })
        .await
    }

    async fn touch(&self, used: Vec<(TenantId, KeyId, Timestamp)>) -> Result<(), StoreError> {
        self.write(TOUCH, used.len(), move |connection| {
            let mut touch = connection.prepare_cached(TOUCH_SQL)?;
            for (tenant, key, at) in &used {
                touch.execute(params![id(*tenant), id(*key), ms(*at)])?;
            }
            Ok(())
        })
        .await
    }
}

fn insert(connection: &Connection, key: &ApiKey) -> Result<(), Failure> {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let networks: Vec<String> =
        key.allowed_ips.iter().map(|(address, prefix)| format!("{address}/{prefix}")).collect();
    connection
        .prepare_cached(INSERT_SQL)?
        .execute(params![
            id(key.id),
            id(key.tenant),
            key.hash.0,
            key.retired.map(|secret| secret.hash.0),
            key.retired.map(|secret| ms(secret.works_until)),
            key.name,
            key.environment.as_str(),
            scopes.join(","),
            key.limits.per_minute,
            key.limits.per_day,
            networks.join(","),
            ms(key.created_at),
            key.expires_at.map(ms),
            key.revoked_at.map(ms),
            key.last_used_at.map(ms),
        ])
        .map_err(|error| Failure::of_unique(error, TAKEN))?;
    Ok(())
}

/// Returns a tenant's keys, newest first.
pub(crate) fn list(connection: &Connection, tenant: TenantId) -> rusqlite::Result<Vec<ApiKey>> {
    connection
        .prepare_cached("SELECT * FROM api_keys WHERE user_id = ?1 ORDER BY created_at DESC, id DESC")?
        .query_map([id(tenant)], read_key)?
        .collect()
}

fn read_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let retired_hash: Option<KeyHash> = read_optional(row, "retired_hash")?;
    let retired_until: Option<Timestamp> = read_optional(row, "retired_until")?;
    Ok(ApiKey {
        id: read(row, "id")?,
        tenant: read(row, "user_id")?,
        name: row.get("key_name")?,
        environment: read(row, "environment")?,
        hash: read(row, "key_hash")?,
        retired: retired_hash
            .zip(retired_until)
            .map(|(hash, works_until)| RetiredSecret { hash, works_until }),
        scopes: read(row, "scopes")?,
        limits: RateLimits {
            per_minute: row.get("rate_limit_per_min")?,
            per_day: row.get("rate_limit_per_day")?,
        },
        allowed_ips: read(row, "allowed_ips")?,
        created_at: read(row, "created_at")?,
        expires_at: read_optional(row, "expires_at")?,
        revoked_at: read_optional(row, "revoked_at")?,
        last_used_at: read_optional(row, "last_used_at")?,
    })
}

/// An unknown scope makes the key unreadable: leaving it out could leave none, and none means everything.
impl FromSql for Column<Box<[Scope]>> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let scopes: Result<_, _> = words(value.as_str()?).map(str::parse).collect();
        scopes.map(Self).map_err(FromSqlError::other)
    }
}

/// The same holds for an address that cannot be read.
impl FromSql for Column<Box<[(IpAddr, u8)]>> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let networks: Option<_> = words(value.as_str()?).map(read_network).collect();
        networks.map(Self).ok_or_else(|| FromSqlError::other(UnknownWord))
    }
}

fn read_network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/')?;
    Some((address.parse().ok()?, prefix.parse().ok()?))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|word| !word.is_empty())
}
