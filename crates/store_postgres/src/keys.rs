//! The `Keys` port: platform keys.

use std::net::IpAddr;

use async_trait::async_trait;
use domain::ports::{Keys, StoreError};
use domain::{ApiKey, KeyHash, KeyId, RateLimits, RetiredSecret, Scope as Right, TenantId, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::batch::{Arrays, ColumnType};
use crate::columns::{Column, Text, plain, read, read_count, read_optional};
use crate::error::{Failure, Task};
use crate::store::Scope;

const ROW: &str = "a platform key";
const INSERT: Task = Task { doing: "adding a platform key", row: ROW };
const LIST: Task = Task { doing: "listing platform keys", row: ROW };
const ROTATE: Task = Task { doing: "rotating a platform key", row: ROW };
const REVOKE: Task = Task { doing: "revoking a platform key", row: ROW };
const TOUCH: Task = Task { doing: "noting the use of platform keys", row: ROW };
const TAKEN: &str = "a platform key with this id or secret";

const INSERT_SQL: &str = "INSERT INTO api_keys (id, user_id, key_hash, retired_hash, retired_until, key_name,
    environment, scopes, rate_limit_per_min, rate_limit_per_day, allowed_ips, created_at, expires_at, revoked_at,
    last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

/// A tenant's keys, newest first; also read by the directory.
pub(crate) const LIST_SQL: &str =
    "SELECT * FROM api_keys WHERE user_id = $1 ORDER BY created_at DESC, id DESC";

const ROTATE_SQL: &str = "UPDATE api_keys SET key_hash = $3, retired_hash = $4, retired_until = $5
    WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL RETURNING *";

/// A second revocation does not move the first one's time.
const REVOKE_SQL: &str = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3)
    WHERE id = $2 AND user_id = $1 RETURNING 1";

/// Of many tenants at once; the function keeps them apart.
const TOUCH_SQL: &str = "SELECT touch_keys($1, $2, $3)";

#[async_trait]
impl Keys for PostgresStore {
    async fn insert(&self, key: ApiKey) -> Result<(), StoreError> {
        insert(self, &key).await.map_err(|failure| failure.or_conflict(TAKEN).into_store_error(INSERT))
    }

    async fn list(&self, tenant: TenantId) -> Result<Vec<ApiKey>, StoreError> {
        let list = async {
            let rows = self.query(Scope::Tenant(tenant), LIST_SQL, [(&Column(tenant), Type::UUID)]).await?;
            rows.iter().map(read_key).collect::<Result<Vec<_>, _>>()
        };
        list.await.map_err(|failure: Failure| failure.into_store_error(LIST))
    }

    async fn rotate(
        &self,
        tenant: TenantId,
        key: KeyId,
        hash: KeyHash,
        retired: Option<RetiredSecret>,
    ) -> Result<Option<ApiKey>, StoreError> {
        let rotate = async {
            let retired_hash = retired.map(|secret| secret.hash.0);
            let rows = self
                .query(
                    Scope::Tenant(tenant),
                    ROTATE_SQL,
                    [
                        (&Column(tenant), Type::UUID),
                        (&Column(key), Type::UUID),
                        (&hash.0.as_slice(), Type::BYTEA),
                        (&retired_hash.as_ref().map(<[u8; 32]>::as_slice), Type::BYTEA),
                        (&retired.map(|secret| Column(secret.works_until)), Type::TIMESTAMPTZ),
                    ],
                )
                .await?;
            rows.first().map(read_key).transpose()
        };
        rotate.await.map_err(|failure: Failure| failure.or_conflict(TAKEN).into_store_error(ROTATE))
    }

    async fn revoke(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Result<bool, StoreError> {
        let rows = self
            .query(
                Scope::Tenant(tenant),
                REVOKE_SQL,
                [(&Column(tenant), Type::UUID), (&Column(key), Type::UUID), (&Column(at), Type::TIMESTAMPTZ)],
            )
            .await;
        rows.map(|rows| !rows.is_empty()).map_err(|failure| failure.into_store_error(REVOKE))
    }

    async fn touch(&self, used: Vec<(TenantId, KeyId, Timestamp)>) -> Result<(), StoreError> {
        touch(self, &used).await.map_err(|failure| failure.into_store_error(TOUCH))
    }
}

async fn insert(store: &PostgresStore, key: &ApiKey) -> Result<(), Failure> {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let networks: Vec<String> =
        key.allowed_ips.iter().map(|(address, prefix)| format!("{address}/{prefix}")).collect();
    let retired_hash = key.retired.as_ref().map(|secret| secret.hash.0.as_slice());
    store
        .query(
            Scope::Tenant(key.tenant),
            INSERT_SQL,
            [
                (&Column(key.id), Type::UUID),
                (&Column(key.tenant), Type::UUID),
                (&key.hash.0.as_slice(), Type::BYTEA),
                (&retired_hash, Type::BYTEA),
                (&key.retired.map(|secret| Column(secret.works_until)), Type::TIMESTAMPTZ),
                (&Text(&key.name), Type::TEXT),
                (&key.environment.as_str(), Type::TEXT),
                (&scopes, Type::TEXT_ARRAY),
                (&i64::from(key.limits.per_minute), Type::INT8),
                (&i64::from(key.limits.per_day), Type::INT8),
                (&networks, Type::TEXT_ARRAY),
                (&Column(key.created_at), Type::TIMESTAMPTZ),
                (&key.expires_at.map(Column), Type::TIMESTAMPTZ),
                (&key.revoked_at.map(Column), Type::TIMESTAMPTZ),
                (&key.last_used_at.map(Column), Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(())
}

async fn touch(store: &PostgresStore, used: &[(TenantId, KeyId, Timestamp)]) -> Result<(), Failure> {
    if used.is_empty() {
        return Ok(());
    }
    let mut arrays = Arrays::new([ColumnType::UUID, ColumnType::UUID, ColumnType::TIMESTAMPTZ]);
    for (tenant, key, at) in used {
        arrays.push(&[&Column(*tenant), &Column(*key), &Column(*at)])?;
    }
    store.query(Scope::App, TOUCH_SQL, arrays.parameters()).await?;
    Ok(())
}

/// Reads a key.
pub(crate) fn read_key(row: &Row) -> Result<ApiKey, Failure> {
    let retired_hash: Option<KeyHash> = read_optional(row, "retired_hash")?;
    let retired_until: Option<Timestamp> = read_optional(row, "retired_until")?;
    Ok(ApiKey {
        id: read(row, "id")?,
        tenant: read(row, "user_id")?,
        name: plain(row, "key_name")?,
        environment: read(row, "environment")?,
        hash: read(row, "key_hash")?,
        retired: retired_hash
            .zip(retired_until)
            .map(|(hash, works_until)| RetiredSecret { hash, works_until }),
        scopes: read_scopes(row)?,
        limits: RateLimits {
            per_minute: read_count(row, "rate_limit_per_min")?,
            per_day: read_count(row, "rate_limit_per_day")?,
        },
        allowed_ips: read_networks(row)?,
        created_at: read(row, "created_at")?,
        expires_at: read_optional(row, "expires_at")?,
        revoked_at: read_optional(row, "revoked_at")?,
        last_used_at: read_optional(row, "last_used_at")?,
    })
}

/// An unknown scope makes the key unreadable: leaving it out could leave none, and none means everything.
fn read_scopes(row: &Row) -> Result<Box<[Right]>, Failure> {
    let words: Vec<&str> = plain(row, "scopes")?;
    words.into_iter().map(str::parse).collect::<Result<_, _>>().or(Err(Failure::Unreadable("scopes")))
}

/// The same holds for an address that cannot be read.
fn read_networks(row: &Row) -> Result<Box<[(IpAddr, u8)]>, Failure> {
    let words: Vec<&str> = plain(row, "allowed_ips")?;
    let networks: Option<_> = words.into_iter().map(read_network).collect();
    networks.ok_or(Failure::Unreadable("allowed_ips"))
}

fn read_network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/')?;
    Some((address.parse().ok()?, prefix.parse().ok()?))
}
