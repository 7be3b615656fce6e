//! The JSON of a kept tenant. Bytes are written in hexadecimal, moments in milliseconds since 1970.

use std::net::IpAddr;
use std::str::FromStr;

use domain::{
    ApiKey, Currency, FeatureSetting, KeyHash, PlanTier, RateLimits, RetiredSecret, Scope, SealedField,
    SealedService, SealedTenant, Tenant, TenantId, Timestamp,
};
use serde::{Deserialize, Serialize};

/// `session:{user_id}`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Account {
    email: Box<str>,
    full_name: Option<Box<str>>,
    company_name: Option<Box<str>>,
    plan: String,
    is_active: bool,
    implicit_idempotency_seconds: Option<u32>,
    created_at: u64,
    /// Wrapped under a master key.
    data_key: String,
    keys: Vec<Key>,
    pub(super) services: Vec<Service>,
}

/// A service whose credentials are kept beside the account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) service: Box<str>,
    pub(super) environment: String,
    /// Tells whether the credentials are those that belong to this account.
    pub(super) updated_at: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Key {
    id: String,
    name: Box<str>,
    environment: String,
    hash: String,
    retired: Option<Retired>,
    scopes: Vec<String>,
    per_minute: u32,
    per_day: u32,
    allowed_ips: Vec<(IpAddr, u8)>,
    created_at: u64,
    expires_at: Option<u64>,
    revoked_at: Option<u64>,
    last_used_at: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Retired {
    hash: String,
    works_until: u64,
}

/// `creds:{user_id}:{service}:{env}`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Credentials {
    fields: Vec<Field>,
    features: Vec<Setting>,
    last_verified_at: Option<u64>,
    created_at: u64,
    pub(super) updated_at: u64,
}

/// Sealed as the store has it.
#[derive(Debug, Serialize, Deserialize)]
struct Field {
    name: Box<str>,
    sealed: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Setting {
    feature: String,
    is_enabled: bool,
    priority: u16,
    /// Earlier versions wrote neither of these.
    #[serde(default)]
    falls_back: bool,
    #[serde(default)]
    currency_places: Vec<(String, u16)>,
}

impl Account {
    pub(super) fn new(tenant: &SealedTenant) -> Self {
        let SealedTenant { tenant, data_key, keys, services } = tenant;
        let name = |service: &SealedService| Service {
            service: service.service.clone(),
            environment: service.environment.as_str().to_owned(),
            updated_at: service.updated_at.unix_ms(),
        };
        Self {
            email: tenant.email.clone(),
            full_name: tenant.full_name.clone(),
            company_name: tenant.company_name.clone(),
            plan: tenant.plan.as_str().to_owned(),
            is_active: tenant.is_active,
            implicit_idempotency_seconds: tenant.implicit_idempotency_seconds,
            created_at: tenant.created_at.unix_ms(),
            data_key: hex::encode(data_key),
            keys: keys.iter().map(Key::new).collect(),
            services: services.iter().map(name).collect(),
        }
    }

    /// Returns the services that are kept beside it.
    pub(super) fn services(&self) -> Vec<Service> {
        self.services.clone()
    }

    /// Returns the hashes of its keys' secrets, the retired ones included.
    pub(super) fn hashes(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().flat_map(|key| {
            [Some(key.hash.as_str()), key.retired.as_ref().map(|retired| retired.hash.as_str())]
                .into_iter()
                .flatten()
        })
    }

    /// Returns the tenant without its services, and the hashes of its keys.
    pub(super) fn read(self, id: TenantId) -> Option<(SealedTenant, Vec<KeyHash>)> {
        let tenant = Tenant {
            id,
            email: self.email,
            full_name: self.full_name,
            company_name: self.company_name,
            plan: PlanTier::from_str(&self.plan).ok()?,
            is_active: self.is_active,
            implicit_idempotency_seconds: self.implicit_idempotency_seconds,
            created_at: moment(self.created_at),
        };
        let keys: Vec<ApiKey> = self.keys.into_iter().map(|key| key.read(id)).collect::<Option<_>>()?;
        let hashes = keys.iter().map(|key| key.hash).collect();
        let data_key = hex::decode(self.data_key).ok()?.into();
        Some((SealedTenant { tenant, data_key, keys, services: Vec::new() }, hashes))
    }
}

impl Key {
    fn new(key: &ApiKey) -> Self {
        let retired = key.retired.map(|retired| Retired {
            hash: hex::encode(retired.hash.0),
            works_until: retired.works_until.unix_ms(),
        });
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            environment: key.environment.as_str().to_owned(),
            hash: hex::encode(key.hash.0),
            retired,
            scopes: key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            per_minute: key.limits.per_minute,
            per_day: key.limits.per_day,
            allowed_ips: key.allowed_ips.to_vec(),
            created_at: key.created_at.unix_ms(),
            expires_at: key.expires_at.map(Timestamp::unix_ms),
            revoked_at: key.revoked_at.map(Timestamp::unix_ms),
            last_used_at: key.last_used_at.map(Timestamp::unix_ms),
        }
    }

    fn read(self, tenant: TenantId) -> Option<ApiKey> {
        let retired = match self.retired {
            Some(retired) => {
                Some(RetiredSecret { hash: hash(&retired.hash)?, works_until: moment(retired.works_until) })
            }
            None => None,
        };
        let scopes: Vec<Scope> = self.scopes.iter().map(|scope| scope.parse().ok()).collect::<Option<_>>()?;
        Some(ApiKey {
            id: self.id.parse().ok()?,
            tenant,
            name: self.name,
            environment: self.environment.parse().ok()?,
            hash: hash(&self.hash)?,
            retired,
            scopes: scopes.into(),
            limits: RateLimits { per_minute: self.per_minute, per_day: self.per_day },
            allowed_ips: self.allowed_ips.into(),
            created_at: moment(self.created_at),
            expires_at: self.expires_at.map(moment),
            revoked_at: self.revoked_at.map(moment),
            last_used_at: self.last_used_at.map(moment),
        })
    }
}

impl Credentials {
    pub(super) fn new(service: &SealedService) -> Self {
        let field =
            |field: &SealedField| Field { name: field.name.clone(), sealed: hex::encode(&field.sealed) };
        let setting = |setting: &FeatureSetting| Setting {
            feature: setting.feature.as_str().to_owned(),
            is_enabled: setting.is_enabled,
            priority: setting.priority,
            falls_back: setting.falls_back,
            currency_places: setting
                .currency_places
                .iter()
                .map(|(currency, place)| (currency.code().to_owned(), *place))
                .collect(),
        };
        Self {
            fields: service.fields.iter().map(field).collect(),
            features: service.features.iter().map(setting).collect(),
            last_verified_at: service.last_verified_at.map(Timestamp::unix_ms),
            created_at: service.created_at.unix_ms(),
            updated_at: service.updated_at.unix_ms(),
        }
    }

    pub(super) fn read(self, tenant: TenantId, of: Service) -> Option<SealedService> {
        let field = |field: Field| {
            Some(SealedField { name: field.name, sealed: hex::decode(field.sealed).ok()?.into() })
        };
        let setting = |setting: Setting| {
            let Setting { feature, is_enabled, priority, falls_back, currency_places } = setting;
            let place = |(currency, place): (String, u16)| Some((Currency::parse(&currency).ok()?, place));
            let currency_places = currency_places.into_iter().map(place).collect::<Option<_>>()?;
            let feature = feature.parse().ok()?;
            Some(FeatureSetting { feature, is_enabled, priority, falls_back, currency_places })
        };
        Some(SealedService {
            tenant,
            service: of.service,
            environment: of.environment.parse().ok()?,
            fields: self.fields.into_iter().map(field).collect::<Option<_>>()?,
            features: self.features.into_iter().map(setting).collect::<Option<_>>()?,
            last_verified_at: self.last_verified_at.map(moment),
            created_at: moment(self.created_at),
            updated_at: moment(self.updated_at),
        })
    }
}

const fn moment(unix_ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}

fn hash(text: &str) -> Option<KeyHash> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(KeyHash(bytes))
}

#[cfg(test)]
mod tests {
    use super::Setting;

    #[test]
    fn a_setting_that_an_earlier_version_kept_does_not_fall_back() {
        let kept = r#"{"feature": "payments", "is_enabled": true, "priority": 3}"#;
        let setting: Setting = serde_json::from_str(kept).unwrap();
        assert!(setting.is_enabled && !setting.falls_back && setting.currency_places.is_empty());
    }
}
