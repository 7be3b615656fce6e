//! The `Tenants` port: signing up and in.

use async_trait::async_trait;
use domain::ports::{NewTenant, StoreError, Tenants};
use domain::{Tenant, TenantId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::SqliteStore;
use crate::columns::{id, ms, read};
use crate::error::{Failure, Task};

const INSERT: Task = Task { doing: "adding a tenant", row: "a tenant" };
const FIND: Task = Task { doing: "looking a tenant up", row: "a tenant" };

const INSERT_SQL: &str = "INSERT INTO users (id, email, password_hash, full_name, company_name, plan_tier,
    is_active, implicit_idempotency_seconds, data_key, created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)";

#[async_trait]
impl Tenants for SqliteStore {
    async fn insert(&self, tenant: NewTenant) -> Result<(), StoreError> {
        self.write(INSERT, 1, move |connection| insert(connection, &tenant)).await
    }

    async fn find(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.read(FIND, move |connection| Ok(find(connection, tenant)?)).await
    }

    async fn find_by_email(&self, email: &str) -> Result<Option<(Tenant, Box<str>)>, StoreError> {
        let email: Box<str> = email.into();
        self.read(FIND, move |connection| Ok(find_by_email(connection, &email)?)).await
    }
}

fn insert(connection: &Connection, new: &NewTenant) -> Result<(), Failure> {
    let tenant = &new.tenant;
    connection
        .prepare_cached(INSERT_SQL)?
        .execute(params![
            id(tenant.id),
            tenant.email,
            new.password_hash,
            tenant.full_name,
            tenant.company_name,
            tenant.plan.as_str(),
            tenant.is_active,
            tenant.implicit_idempotency_seconds,
            new.data_key,
            ms(tenant.created_at),
        ])
        .map_err(|error| Failure::of_unique(error, "a tenant with this e-mail address"))?;
    Ok(())
}

/// Returns a tenant.
pub(crate) fn find(connection: &Connection, tenant: TenantId) -> rusqlite::Result<Option<Tenant>> {
    connection
        .prepare_cached("SELECT * FROM users WHERE id = ?1")?
        .query_row([id(tenant)], read_tenant)
        .optional()
}

/// Returns the wrapped data key of a tenant.
pub(crate) fn data_key(connection: &Connection, tenant: TenantId) -> rusqlite::Result<Option<Box<[u8]>>> {
    connection
        .prepare_cached("SELECT data_key FROM users WHERE id = ?1")?
        .query_row([id(tenant)], |row| row.get(0))
        .optional()
}

/// A tenant without a password signs in elsewhere, and is not found here.
fn find_by_email(connection: &Connection, email: &str) -> rusqlite::Result<Option<(Tenant, Box<str>)>> {
    connection
        .prepare_cached("SELECT * FROM users WHERE email = ?1 AND password_hash IS NOT NULL")?
        .query_row([email], |row| Ok((read_tenant(row)?, row.get("password_hash")?)))
        .optional()
}

fn read_tenant(row: &Row<'_>) -> rusqlite::Result<Tenant> {
    Ok(Tenant {
        id: read(row, "id")?,
        email: row.get("email")?,
        full_name: row.get("full_name")?,
        company_name: row.get("company_name")?,
        plan: read(row, "plan_tier")?,
        is_active: row.get("is_active")?,
        implicit_idempotency_seconds: row.get("implicit_idempotency_seconds")?,
        created_at: read(row, "created_at")?,
    })
}
