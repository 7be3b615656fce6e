//! Tenants, sealed as the store has them: `session:{user_id}` with the account, its keys and the names of its services,
//! `apikey:{key_hash}` and `creds:{user_id}:{service}:{env}`. The key's and the service's part say how long the whole is there.

mod wire;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::ports::{CacheError, TenantCache};
use domain::{ApiKey, KeyHash, SealedService, SealedTenant, TenantId};
use fred::types::Value;

use crate::RedisCache;
use crate::cache::Asked;
use crate::command::Command;
use wire::{Account, Credentials};

const KEEP_ACCOUNT: &str = include_str!("scripts/keep_account.lua");
const KEEP_KEY: &str = include_str!("scripts/keep_key.lua");

const KEYS_FOR: Duration = Duration::from_secs(5 * 60);
const CREDENTIALS_FOR: Duration = Duration::from_secs(10 * 60);
const ACCOUNT_FOR: Duration = Duration::from_secs(60 * 60);
/// How long after a change nothing is kept: longer than a read of the store that began before it takes to arrive here.
const FORGOTTEN_FOR: Duration = Duration::from_secs(10);
/// What stands for an account in that time.
const FORGOTTEN: &str = "forgotten";
const WHAT: &str = "a kept tenant";

fn account_name(tenant: TenantId) -> String {
    format!("session:{tenant}")
}

fn key_name(hash: &KeyHash) -> String {
    format!("apikey:{}", hex::encode(hash.0))
}

fn credentials_name(tenant: TenantId, service: &str, environment: &str) -> String {
    format!("creds:{tenant}:{service}:{environment}")
}

fn keep_account(tenant: &SealedTenant) -> Result<Command, CacheError> {
    let account = serde_json::to_vec(&Account::new(tenant)).or(Err(CacheError::Corrupt(WHAT)))?;
    let command = Command::script(KEEP_ACCOUNT, &account_name(tenant.tenant.id));
    Ok(command.text(FORGOTTEN).bytes(account).millis(ACCOUNT_FOR))
}

fn keep_key(key: &ApiKey, hash: &KeyHash) -> Command {
    Command::script(KEEP_KEY, &key_name(hash))
        .millis(KEYS_FOR)
        .text("user_id")
        .text(key.tenant.to_string())
        .text("key_id")
        .text(key.id.to_string())
        .text("is_active")
        .number(u64::from(key.revoked_at.is_none()))
        .text("environment")
        .text(key.environment.as_str())
        .text("rate_limit_per_min")
        .number(key.limits.per_minute)
        .text("rate_limit_per_day")
        .number(key.limits.per_day)
}

fn keep_credentials(service: &SealedService) -> Result<Command, CacheError> {
    let credentials = serde_json::to_vec(&Credentials::new(service)).or(Err(CacheError::Corrupt(WHAT)))?;
    let name = credentials_name(service.tenant, &service.service, service.environment.as_str());
    Ok(Command::on("SET", &name).bytes(credentials).text("PX").millis(CREDENTIALS_FOR))
}

#[async_trait]
impl TenantCache for RedisCache {
    async fn owner_of_key(&self, hash: KeyHash) -> Result<Option<TenantId>, CacheError> {
        let asked = Asked { port: "tenants", doing: "looking for a key's owner", what: "a kept key" };
        let owner: Option<String> =
            self.ask(asked, Command::on("HGET", &key_name(&hash)).text("user_id")).await?;
        owner.map(|id| id.parse().or(Err(CacheError::Corrupt(asked.what)))).transpose()
    }

    async fn load(&self, tenant: TenantId) -> Result<Option<SealedTenant>, CacheError> {
        let asked = Asked { port: "tenants", doing: "looking for a tenant", what: WHAT };
        let found: Option<Bytes> = self.ask(asked, Command::on("GET", &account_name(tenant))).await?;
        let Some(found) = found.filter(|found| *found != FORGOTTEN) else { return Ok(None) };
        let account: Account = serde_json::from_slice(&found).or(Err(CacheError::Corrupt(WHAT)))?;
        let services = account.services();
        let (mut tenant, hashes) = account.read(tenant).ok_or(CacheError::Corrupt(WHAT))?;

        let keys = hashes.iter().map(|hash| Command::on("HGET", &key_name(hash)).text("key_id"));
        let names = services
            .iter()
            .map(|service| credentials_name(tenant.tenant.id, &service.service, &service.environment));
        let mut parts = self
            .ask_all(asked, keys.chain(names.map(|name| Command::on("GET", &name))).collect())
            .await?
            .into_iter();

        for key in &tenant.keys {
            // Not there, or another tenant's by now: in either case the whole is not what it was.
            let id = parts.next().as_ref().and_then(Value::as_string);
            if id != Some(key.id.to_string()) {
                return Ok(None);
            }
        }
        for service in services {
            let Some(found) = parts.next().filter(|found| !found.is_null()) else { return Ok(None) };
            let found: Bytes = found.convert().or(Err(CacheError::Corrupt(WHAT)))?;
            let found: Credentials = serde_json::from_slice(&found).or(Err(CacheError::Corrupt(WHAT)))?;
            if found.updated_at != service.updated_at {
                return Ok(None);
            }
            tenant.services.push(found.read(tenant.tenant.id, service).ok_or(CacheError::Corrupt(WHAT))?);
        }
        Ok(Some(tenant))
    }

    async fn keep(&self, tenant: &SealedTenant) -> Result<(), CacheError> {
        let asked = Asked { port: "tenants", doing: "keeping a tenant", what: WHAT };
        let mut commands = vec![keep_account(tenant)?];
        for key in &tenant.keys {
            commands.push(keep_key(key, &key.hash));
            commands.extend(key.retired.map(|retired| keep_key(key, &retired.hash)));
        }
        for service in &tenant.services {
            commands.push(keep_credentials(service)?);
        }
        self.ask_all(asked, commands).await.map(drop)
    }

    /// After the first of two round trips nothing is found any more, whether the second arrives or not.
    async fn forget(&self, tenant: TenantId) -> Result<(), CacheError> {
        let asked = Asked { port: "tenants", doing: "forgetting a tenant", what: WHAT };
        let mark =
            || Command::on("SET", &account_name(tenant)).text(FORGOTTEN).text("PX").millis(FORGOTTEN_FOR);
        let found: Option<Bytes> = match self.ask(asked, mark().text("GET")).await {
            // What is no account cannot be returned, but it can be replaced.
            Err(CacheError::Corrupt(_)) => return self.ask(asked, mark()).await,
            found => found?,
        };
        let account: Option<Account> = found.and_then(|found| serde_json::from_slice(&found).ok());
        let Some(account) = account else { return Ok(()) };
        let of_keys = account.hashes().map(|hash| format!("apikey:{hash}"));
        let of_services = account
            .services
            .iter()
            .map(|service| credentials_name(tenant, &service.service, &service.environment));
        let gone = of_keys.chain(of_services).map(|name| Command::on("DEL", &name)).collect();
        self.ask_all(asked, gone).await.map(drop)
    }
}
