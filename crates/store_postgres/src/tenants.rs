//! The `Tenants` port: signing up and in.

use async_trait::async_trait;
use domain::ports::{NewTenant, StoreError, Tenants};
use domain::{Tenant, TenantId};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::columns::{Column, Text, plain, read, read_optional};
use crate::error::{Failure, Task};
use crate::store::Scope;

const INSERT: Task = Task { doing: "adding a tenant", row: "a tenant" };
const FIND: Task = Task { doing: "looking a tenant up", row: "a tenant" };

const INSERT_SQL: &str =
    "INSERT INTO users (id, email, password_hash, full_name, company_name, plan_tier, is_active,
    implicit_idempotency_seconds, data_key, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";

const USER_BY_EMAIL_SQL: &str = "SELECT user_by_email($1) AS id";

/// Returns one tenant; also read by the directory.
pub(crate) const FIND_SQL: &str = "SELECT * FROM users WHERE id = $1";

#[async_trait]
impl Tenants for PostgresStore {
    async fn insert(&self, tenant: NewTenant) -> Result<(), StoreError> {
        insert(self, &tenant).await.map_err(|failure| {
            failure.or_conflict("a tenant with this e-mail address").into_store_error(INSERT)
        })
    }

    async fn find(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        let find = async {
            let id = Column(tenant);
            let rows = self.query(Scope::Tenant(tenant), FIND_SQL, [(&id, Type::UUID)]).await?;
            rows.first().map(read_tenant).transpose()
        };
        find.await.map_err(|failure| failure.into_store_error(FIND))
    }

    async fn find_by_email(&self, email: &str) -> Result<Option<(Tenant, Box<str>)>, StoreError> {
        find_by_email(self, email).await.map_err(|failure| failure.into_store_error(FIND))
    }
}

async fn insert(store: &PostgresStore, new: &NewTenant) -> Result<(), Failure> {
    let tenant = &new.tenant;
    store
        .query(
            Scope::Tenant(tenant.id),
            INSERT_SQL,
            [
                (&Column(tenant.id), Type::UUID),
                (&Text(&tenant.email), Type::TEXT),
                (&Text(&new.password_hash), Type::TEXT),
                (&Text::optional(tenant.full_name.as_deref()), Type::TEXT),
                (&Text::optional(tenant.company_name.as_deref()), Type::TEXT),
                (&tenant.plan.as_str(), Type::TEXT),
                (&tenant.is_active, Type::BOOL),
                (&tenant.implicit_idempotency_seconds.map(i64::from), Type::INT8),
                (&&*new.data_key, Type::BYTEA),
                (&Column(tenant.created_at), Type::TIMESTAMPTZ),
            ],
        )
        .await?;
    Ok(())
}

/// A tenant without a password signs in elsewhere, and is not found here. Whose the address is, is asked across tenants and
/// gives an id only; the row is read as the tenant's own.
async fn find_by_email(store: &PostgresStore, email: &str) -> Result<Option<(Tenant, Box<str>)>, Failure> {
    let asked = store.query(Scope::App, USER_BY_EMAIL_SQL, [(&Text(email), Type::TEXT)]).await?;
    let Some(row) = asked.first() else { return Ok(None) };
    let Some(tenant) = read_optional::<TenantId>(row, "id")? else { return Ok(None) };
    let rows = store.query(Scope::Tenant(tenant), FIND_SQL, [(&Column(tenant), Type::UUID)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let password_hash: Option<Box<str>> = plain(row, "password_hash")?;
    password_hash.map(|hash| Ok((read_tenant(row)?, hash))).transpose()
}

/// Reads a tenant.
pub(crate) fn read_tenant(row: &Row) -> Result<Tenant, Failure> {
    let implicit: Option<i64> = plain(row, "implicit_idempotency_seconds")?;
    let unreadable = |_out_of_range| Failure::Unreadable("implicit_idempotency_seconds");
    Ok(Tenant {
        id: read(row, "id")?,
        email: plain(row, "email")?,
        full_name: plain(row, "full_name")?,
        company_name: plain(row, "company_name")?,
        plan: read(row, "plan_tier")?,
        is_active: plain(row, "is_active")?,
        implicit_idempotency_seconds: implicit.map(u32::try_from).transpose().map_err(unreadable)?,
        created_at: read(row, "created_at")?,
    })
}
