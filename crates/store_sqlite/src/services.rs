//! The `Services` port: sealed credentials and feature settings.

use async_trait::async_trait;
use domain::ports::{ServiceFeatures, Services, StoreError};
use domain::{Currency, Environment, FeatureSetting, SealedField, SealedService, TenantId, Timestamp};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row, params};

use crate::columns::{Column, UnknownWord, id, integer, ms, read, read_optional};
use crate::error::{Failure, Task};
use crate::{SqliteStore, tenants};

const ROW: &str = "a service";
const PUT: Task = Task { doing: "storing services", row: ROW };
const PUT_FEATURES: Task = Task { doing: "storing what services are used for", row: ROW };
const LIST: Task = Task { doing: "listing services", row: ROW };
const VERIFIED: Task = Task { doing: "noting that a service was verified", row: ROW };
const DATA_KEY: Task = Task { doing: "reading a data key", row: "a data key" };

const PUT_SQL: &str = "INSERT INTO service_credentials (user_id, service_name, environment, features_config,
    last_verified_at, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT DO UPDATE SET features_config = excluded.features_config,
        last_verified_at = excluded.last_verified_at, updated_at = excluded.updated_at";

const PUT_FEATURES_SQL: &str = "UPDATE service_credentials SET features_config = ?4, updated_at = ?5
    WHERE user_id = ?1 AND service_name = ?2 AND environment = ?3";

const DELETE_FIELDS_SQL: &str = "DELETE FROM service_credential_fields
    WHERE user_id = ?1 AND service_name = ?2 AND environment = ?3";

const INSERT_FIELD_SQL: &str = "INSERT INTO service_credential_fields
    (user_id, service_name, environment, position, field_name, credentials_encrypted)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const LIST_SQL: &str = "SELECT * FROM service_credentials WHERE user_id = ?1
    ORDER BY created_at, service_name, environment";

const LIST_FIELDS_SQL: &str = "SELECT field_name, credentials_encrypted FROM service_credential_fields
    WHERE user_id = ?1 AND service_name = ?2 AND environment = ?3 ORDER BY position";

const VERIFIED_SQL: &str = "UPDATE service_credentials SET last_verified_at = ?4
    WHERE user_id = ?1 AND service_name = ?2 AND environment = ?3";

#[async_trait]
impl Services for SqliteStore {
    async fn put(&self, services: Vec<SealedService>) -> Result<(), StoreError> {
        self.write(PUT, services.len(), move |connection| {
            services.iter().try_for_each(|service| put(connection, service))
        })
        .await
    }

    async fn put_features(
        &self,
        tenant: TenantId,
        services: Vec<ServiceFeatures>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(PUT_FEATURES, services.len(), move |connection| {
            let mut update = connection.prepare_cached(PUT_FEATURES_SQL)?;
            for of in &services {
                let (environment, features) = (of.environment.as_str(), write_features(&of.features));
                update.execute(params![id(tenant), of.service, environment, features, ms(at)])?;
            }
            Ok(())
        })
        .await
    }

    async fn list(&self, tenant: TenantId) -> Result<Vec<SealedService>, StoreError> {
        self.read(LIST, move |connection| {
            // One transaction, so that a service and its fields are of the same moment.
            let snapshot = connection.unchecked_transaction()?;
            Ok(list(&snapshot, tenant)?)
        })
        .await
    }

    async fn mark_verified(
        &self,
        tenant: TenantId,
        service: &str,
        environment: Environment,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let service: Box<str> = service.into();
        self.write(VERIFIED, 1, move |connection| {
            connection.prepare_cached(VERIFIED_SQL)?.execute(params![
                id(tenant),
                service,
                environment.as_str(),
                ms(at)
            ])?;
            Ok(())
        })
        .await
    }

    async fn data_key(&self, tenant: TenantId) -> Result<Option<Box<[u8]>>, StoreError> {
        self.read(DATA_KEY, move |connection| Ok(tenants::data_key(connection, tenant)?)).await
    }
}

fn put(connection: &Connection, service: &SealedService) -> Result<(), Failure> {
    let tenant = id(service.tenant);
    let environment = service.environment.as_str();
    connection.prepare_cached(PUT_SQL)?.execute(params![
        tenant,
        service.service,
        environment,
        write_features(&service.features),
        service.last_verified_at.map(ms),
        ms(service.created_at),
        ms(service.updated_at),
    ])?;
    connection.prepare_cached(DELETE_FIELDS_SQL)?.execute(params![tenant, service.service, environment])?;
    let mut insert = connection.prepare_cached(INSERT_FIELD_SQL)?;
    for (position, field) in service.fields.iter().enumerate() {
        insert.execute(params![
            tenant,
            service.service,
            environment,
            integer(position),
            field.name,
            field.sealed
        ])?;
    }
    Ok(())
}

/// Returns a tenant's services, oldest first. To be called inside a transaction.
pub(crate) fn list(connection: &Connection, tenant: TenantId) -> rusqlite::Result<Vec<SealedService>> {
    let mut statement = connection.prepare_cached(LIST_SQL)?;
    let mut rows = statement.query([id(tenant)])?;
    let mut services = Vec::new();
    while let Some(row) = rows.next()? {
        let mut service = read_service(row)?;
        service.fields = list_fields(connection, &service)?;
        services.push(service);
    }
    Ok(services)
}

fn list_fields(connection: &Connection, service: &SealedService) -> rusqlite::Result<Box<[SealedField]>> {
    connection
        .prepare_cached(LIST_FIELDS_SQL)?
        .query_map(params![id(service.tenant), service.service, service.environment.as_str()], |row| {
            Ok(SealedField { name: row.get("field_name")?, sealed: row.get("credentials_encrypted")? })
        })?
        .collect()
}

/// Reads a service without its fields, which have a table of their own.
fn read_service(row: &Row<'_>) -> rusqlite::Result<SealedService> {
    Ok(SealedService {
        tenant: read(row, "user_id")?,
        service: row.get("service_name")?,
        environment: read(row, "environment")?,
        fields: Box::default(),
        features: read(row, "features_config")?,
        last_verified_at: read_optional(row, "last_verified_at")?,
        created_at: read(row, "created_at")?,
        updated_at: read(row, "updated_at")?,
    })
}

/// What marks a setting whose calls the next service may serve. Earlier versions wrote no such word.
const FALLS_BACK: &str = "falls_back";

/// Writes settings as `payments:on:0:falls_back:INR=1,sms:off:7`.
fn write_features(settings: &[FeatureSetting]) -> String {
    let words: Vec<String> = settings
        .iter()
        .map(|setting| {
            let switch = if setting.is_enabled { "on" } else { "off" };
            let mut word = format!("{}:{switch}:{}", setting.feature, setting.priority);
            if setting.falls_back {
                word.push(':');
                word.push_str(FALLS_BACK);
            }
            for (currency, place) in &setting.currency_places {
                word.push_str(&format!(":{currency}={place}"));
            }
            word
        })
        .collect();
    words.join(",")
}

impl FromSql for Column<Box<[FeatureSetting]>> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let words = value.as_str()?.split(',').filter(|word| !word.is_empty());
        let settings: Option<_> = words.map(read_feature).collect();
        settings.map(Self).ok_or_else(|| FromSqlError::other(UnknownWord))
    }
}

fn read_feature(word: &str) -> Option<FeatureSetting> {
    let mut parts = word.split(':');
    let feature = parts.next()?.parse().ok()?;
    let is_enabled = match parts.next()? {
        "on" => true,
        "off" => false,
        _ => return None,
    };
    let priority = parts.next()?.parse().ok()?;
    let mut parts = parts.peekable();
    let falls_back = parts.next_if_eq(&FALLS_BACK).is_some();
    let currency_places = parts.map(read_place).collect::<Option<_>>()?;
    Some(FeatureSetting { feature, is_enabled, priority, falls_back, currency_places })
}

fn read_place(part: &str) -> Option<(Currency, u16)> {
    let (currency, place) = part.split_once('=')?;
    Some((Currency::parse(currency).ok()?, place.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use domain::Feature;

    use super::*;

    #[test]
    fn features_are_read_as_they_were_written_and_as_earlier_versions_wrote_them() {
        let setting = |feature, is_enabled, priority, falls_back| FeatureSetting {
            feature,
            is_enabled,
            priority,
            falls_back,
            currency_places: Box::default(),
        };
        let read = |text: &str| {
            Column::<Box<[FeatureSetting]>>::column_result(ValueRef::Text(text.as_bytes())).map(|read| read.0)
        };
        let both = [setting(Feature::Payments, true, 0, true), setting(Feature::Sms, false, 7, false)];
        assert_eq!(write_features(&both), "payments:on:0:falls_back,sms:off:7");
        assert_eq!(*read("payments:on:0:falls_back,sms:off:7").unwrap(), both);
        assert_eq!(*read("payments:on:0").unwrap(), [setting(Feature::Payments, true, 0, false)]);
        assert_eq!(*read("").unwrap(), []);
        let mut rupees = setting(Feature::Payments, true, 2, true);
        rupees.currency_places = Box::new([(Currency::INR, 0), (Currency::USD, 1)]);
        let text = "payments:on:2:falls_back:INR=0:USD=1";
        assert_eq!(write_features(std::slice::from_ref(&rupees)), text);
        assert_eq!(*read(text).unwrap(), [rupees]);
        for unknown in [
            "payments",
            "payments:on",
            "payments:on:x",
            "payments:on:0:",
            "payments:on:0:falls_back:1",
            "payments:on:0:INR",
            "payments:on:0:INR=x",
            "payments:on:0:ABC=1",
            "payments:on:0:INR=0:falls_back",
        ] {
            assert!(read(unknown).is_err(), "{unknown}");
        }
    }
}
