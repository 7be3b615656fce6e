//! The `Services` port: sealed credentials and feature settings.

use async_trait::async_trait;
use domain::ports::{ServiceFeatures, Services, StoreError};
use domain::{Currency, Environment, FeatureSetting, SealedField, SealedService, TenantId, Timestamp};
use serde_json::{Map, Value, json};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::PostgresStore;
use crate::columns::{Column, Text, plain, read, read_optional};
use crate::error::{Failure, Task};
use crate::store::{Scope, Statement};

const ROW: &str = "a service";
const PUT: Task = Task { doing: "storing services", row: ROW };
const PUT_FEATURES: Task = Task { doing: "storing what services are used for", row: ROW };
const LIST: Task = Task { doing: "listing services", row: ROW };
const VERIFIED: Task = Task { doing: "noting that a service was verified", row: ROW };
const DATA_KEY: Task = Task { doing: "reading a data key", row: "a data key" };

/// The field that has a column of its own: webhooks need it, and nothing else.
const WEBHOOK_SECRET: &str = "webhook_secret";

const PUT_SQL: &str = "INSERT INTO service_credentials (user_id, service_name, environment, field_names,
        credentials_encrypted, webhook_secret, features_config, last_verified_at, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (user_id, service_name, environment) DO UPDATE SET field_names = excluded.field_names,
        credentials_encrypted = excluded.credentials_encrypted, webhook_secret = excluded.webhook_secret,
        features_config = excluded.features_config, last_verified_at = excluded.last_verified_at,
        updated_at = excluded.updated_at";

const PUT_FEATURES_SQL: &str = "UPDATE service_credentials SET features_config = $4, updated_at = $5
    WHERE user_id = $1 AND service_name = $2 AND environment = $3";

/// A tenant's services, oldest first; also read by the directory. In bytes' order, whatever the database's language is.
pub(crate) const LIST_SQL: &str = "SELECT * FROM service_credentials WHERE user_id = $1
    ORDER BY created_at, service_name COLLATE \"C\", environment COLLATE \"C\"";

const VERIFIED_SQL: &str = "UPDATE service_credentials SET last_verified_at = $4
    WHERE user_id = $1 AND service_name = $2 AND environment = $3";

const DATA_KEY_SQL: &str = "SELECT data_key FROM users WHERE id = $1";

#[async_trait]
impl Services for PostgresStore {
    async fn put(&self, services: Vec<SealedService>) -> Result<(), StoreError> {
        put(self, &services).await.map_err(|failure| failure.into_store_error(PUT))
    }

    async fn put_features(
        &self,
        tenant: TenantId,
        services: Vec<ServiceFeatures>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let put = put_features(self, tenant, services, at).await;
        put.map_err(|failure| failure.into_store_error(PUT_FEATURES))
    }

    async fn list(&self, tenant: TenantId) -> Result<Vec<SealedService>, StoreError> {
        let list = async {
            let rows = self.query(Scope::Tenant(tenant), LIST_SQL, [(&Column(tenant), Type::UUID)]).await?;
            rows.iter().map(read_service).collect::<Result<Vec<_>, _>>()
        };
        list.await.map_err(|failure: Failure| failure.into_store_error(LIST))
    }

    async fn mark_verified(
        &self,
        tenant: TenantId,
        service: &str,
        environment: Environment,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let marked = self
            .query(
                Scope::Tenant(tenant),
                VERIFIED_SQL,
                [
                    (&Column(tenant), Type::UUID),
                    (&Text(service), Type::TEXT),
                    (&environment.as_str(), Type::TEXT),
                    (&Column(at), Type::TIMESTAMPTZ),
                ],
            )
            .await;
        marked.map(|_none| ()).map_err(|failure| failure.into_store_error(VERIFIED))
    }

    async fn data_key(&self, tenant: TenantId) -> Result<Option<Box<[u8]>>, StoreError> {
        let data_key = async {
            let rows =
                self.query(Scope::Tenant(tenant), DATA_KEY_SQL, [(&Column(tenant), Type::UUID)]).await?;
            rows.first().map(|row| Ok(plain::<&[u8]>(row, "data_key")?.into())).transpose()
        };
        data_key.await.map_err(|failure: Failure| failure.into_store_error(DATA_KEY))
    }
}

/// A row names its tenant, and so does the transaction, anew before each: no service is stored as another tenant's work.
async fn put(store: &PostgresStore, services: &[SealedService]) -> Result<(), Failure> {
    let mut rows: Vec<ServiceRow<'_>> = services.iter().map(ServiceRow::of).collect();
    if rows.is_empty() {
        return Ok(());
    }
    // In one order, so that two nodes never wait for each other.
    rows.sort_by_key(|row| (row.of.tenant, &row.of.service, row.of.environment));
    let statements: Vec<_> = rows.iter().flat_map(|row| [row.name_tenant(), row.put()]).collect();
    store.transact(Scope::App, &statements).await?;
    Ok(())
}

async fn put_features(
    store: &PostgresStore,
    tenant: TenantId,
    mut services: Vec<ServiceFeatures>,
    at: Timestamp,
) -> Result<(), Failure> {
    // In one order, so that two nodes never wait for each other.
    services.sort_by(|a, b| (&a.service, a.environment).cmp(&(&b.service, b.environment)));
    let (tenant_column, at) = (Column(tenant), Column(at));
    let rows: Vec<_> = services
        .iter()
        .map(|of| (Text(&of.service), of.environment.as_str(), write_features(&of.features)))
        .collect();
    let statements: Vec<_> = rows
        .iter()
        .map(|(name, environment, features)| {
            Statement::new(
                PUT_FEATURES_SQL,
                [
                    (&tenant_column, Type::UUID),
                    (name, Type::TEXT),
                    (environment, Type::TEXT),
                    (features, Type::JSONB),
                    (&at, Type::TIMESTAMPTZ),
                ],
            )
        })
        .collect();
    store.transact(Scope::Tenant(tenant), &statements).await?;
    Ok(())
}

/// A service as its columns take it.
struct ServiceRow<'a> {
    of: &'a SealedService,
    tenant_text: String,
    tenant: Column<TenantId>,
    name: Text<'a>,
    environment: &'static str,
    field_names: Vec<Text<'a>>,
    /// With NULL in the place of the field that has a column of its own.
    sealed: Vec<Option<&'a [u8]>>,
    webhook_secret: Option<&'a [u8]>,
    features: Value,
    last_verified_at: Option<Column<Timestamp>>,
    created_at: Column<Timestamp>,
    updated_at: Column<Timestamp>,
}

impl<'a> ServiceRow<'a> {
    fn of(of: &'a SealedService) -> Self {
        let is_webhook_secret = |field: &&SealedField| &*field.name == WEBHOOK_SECRET;
        let in_array = |field: &'a SealedField| (!is_webhook_secret(&field)).then_some(&*field.sealed);
        Self {
            of,
            tenant_text: format!("{:032x}", of.tenant.as_u128()),
            tenant: Column(of.tenant),
            name: Text(&of.service),
            environment: of.environment.as_str(),
            field_names: of.fields.iter().map(|field| Text(&field.name)).collect(),
            sealed: of.fields.iter().map(in_array).collect(),
            webhook_secret: of.fields.iter().find(is_webhook_secret).map(|field| &*field.sealed),
            features: write_features(&of.features),
            last_verified_at: of.last_verified_at.map(Column),
            created_at: Column(of.created_at),
            updated_at: Column(of.updated_at),
        }
    }

    fn name_tenant(&self) -> Statement<'_> {
        Statement::new("SELECT set_config('app.user_id', $1, true)", [(&self.tenant_text, Type::TEXT)])
    }

    fn put(&self) -> Statement<'_> {
        Statement::new(
            PUT_SQL,
            [
                (&self.tenant, Type::UUID),
                (&self.name, Type::TEXT),
                (&self.environment, Type::TEXT),
                (&self.field_names, Type::TEXT_ARRAY),
                (&self.sealed, Type::BYTEA_ARRAY),
                (&self.webhook_secret, Type::BYTEA),
                (&self.features, Type::JSONB),
                (&self.last_verified_at, Type::TIMESTAMPTZ),
                (&self.created_at, Type::TIMESTAMPTZ),
                (&self.updated_at, Type::TIMESTAMPTZ),
            ],
        )
    }
}

/// Reads a service.
pub(crate) fn read_service(row: &Row) -> Result<SealedService, Failure> {
    Ok(SealedService {
        tenant: read(row, "user_id")?,
        service: plain(row, "service_name")?,
        environment: read(row, "environment")?,
        fields: read_fields(row)?,
        features: read_features(plain(row, "features_config")?)
            .ok_or(Failure::Unreadable("features_config"))?,
        last_verified_at: read_optional(row, "last_verified_at")?,
        created_at: read(row, "created_at")?,
        updated_at: read(row, "updated_at")?,
    })
}

fn read_fields(row: &Row) -> Result<Box<[SealedField]>, Failure> {
    let names: Vec<Box<str>> = plain(row, "field_names")?;
    let sealed: Vec<Option<&[u8]>> = plain(row, "credentials_encrypted")?;
    let webhook_secret: Option<&[u8]> = plain(row, "webhook_secret")?;
    let fields: Option<_> = names
        .into_iter()
        .zip(sealed)
        .map(|(name, sealed)| Some(SealedField { name, sealed: sealed.or(webhook_secret)?.into() }))
        .collect();
    fields.ok_or(Failure::Unreadable("credentials_encrypted"))
}

/// Writes settings as `{"payments": {"enabled": true, "priority": 0, "falls_back": false, "currencies": {"INR": 2}, "place": 1}}`.
/// An object has no order: the place is that in the settings.
fn write_features(settings: &[FeatureSetting]) -> Value {
    let members = settings.iter().enumerate().map(|(place, setting)| {
        let value = json!({
            "enabled": setting.is_enabled,
            "priority": setting.priority,
            "falls_back": setting.falls_back,
            "currencies": write_places(&setting.currency_places),
            "place": place,
        });
        (setting.feature.as_str().to_owned(), value)
    });
    Value::Object(members.collect::<Map<_, _>>())
}

fn write_places(places: &[(Currency, u16)]) -> Value {
    places.iter().map(|(currency, place)| (currency.code().to_owned(), Value::from(*place))).collect()
}

fn read_features(config: Value) -> Option<Box<[FeatureSetting]>> {
    let Value::Object(members) = config else { return None };
    let mut settings: Vec<_> =
        members.iter().map(|(name, value)| read_feature(name, value)).collect::<Option<_>>()?;
    settings.sort_by_key(|(place, _)| *place);
    Some(settings.into_iter().map(|(_, setting)| setting).collect())
}

fn read_feature(name: &str, value: &Value) -> Option<(u64, FeatureSetting)> {
    let setting = FeatureSetting {
        feature: name.parse().ok()?,
        is_enabled: value.get("enabled")?.as_bool()?,
        priority: value.get("priority")?.as_u64()?.try_into().ok()?,
        // Earlier versions wrote neither of these.
        falls_back: value.get("falls_back").map_or(Some(false), Value::as_bool)?,
        currency_places: value.get("currencies").map_or_else(|| Some(Box::default()), read_places)?,
    };
    Some((value.get("place")?.as_u64()?, setting))
}

fn read_places(places: &Value) -> Option<Box<[(Currency, u16)]>> {
    let place = |(currency, place): (&String, &Value)| {
        Some((Currency::parse(currency).ok()?, place.as_u64()?.try_into().ok()?))
    };
    places.as_object()?.iter().map(place).collect()
}
