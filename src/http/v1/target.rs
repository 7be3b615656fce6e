//! Finding the object that a request is about: by our transaction, or by the provider's own id.

use actix_web::HttpRequest;
use domain::ports::StoredTransaction;
use domain::{OperationKind, ProviderId, TransactionId, TransactionStatus};
use serde::Deserialize;

use super::fields::{read_provider, read_query};
use crate::http::error::ApiError;
use crate::http::extract::Visit;

/// Returns the route's own id.
pub(super) fn path_id(request: &HttpRequest) -> Box<str> {
    request.match_info().get("id").unwrap_or_default().into()
}

/// Which provider's id a path holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfProvider {
    provider: Option<String>,
}

/// An object that a path names: by our transaction, or by the provider's own id.
pub(super) struct Target {
    /// The id as the path has it.
    pub(super) id: Box<str>,
    pub(super) subject: Option<TransactionId>,
    pub(super) provider: Option<ProviderId>,
    pub(super) provider_ref: Box<str>,
    pub(super) created: Option<StoredTransaction>,
}

/// What kind of object a path names.
pub(super) struct Noun {
    /// The operation that creates it.
    pub(super) created_by: OperationKind,
    /// The error's code when there is none.
    pub(super) not_found: &'static str,
}

/// What a path names, as it came.
pub(super) struct Named {
    pub(super) id: Box<str>,
    pub(super) provider: Option<String>,
}

/// Reads the id of a path, and whose it is.
pub(super) fn read_named(request: &HttpRequest) -> Result<Named, ApiError> {
    let query: OfProvider = read_query(request)?;
    Ok(Named { id: path_id(request), provider: query.provider })
}

/// Finds the object that a path names.
pub(super) async fn find_target(visit: &Visit, named: Named, noun: &Noun) -> Result<Target, ApiError> {
    let Named { id, provider } = named;
    let missing =
        || ApiError::not_found(noun.not_found, format!("There is no such {}.", noun.created_by.object()));
    let provider = read_provider(provider.as_deref())?;
    if let Ok(transaction) = id.parse::<TransactionId>() {
        let created =
            find_logged(visit, transaction).await?.filter(|logged| logged.operation == noun.created_by);
        let created = created.ok_or_else(missing)?;
        let provider_ref = created.provider_ref.clone().ok_or_else(missing)?;
        let served_by = read_provider(created.provider.as_deref())?;
        if provider.is_some() && provider != served_by {
            return Err(missing());
        }
        return Ok(Target {
            id,
            subject: Some(transaction),
            provider: served_by,
            provider_ref,
            created: Some(created),
        });
    }
    if provider.is_none() {
        let message = "Give a transaction id (txn_…), or a provider's own id with `?provider=`.";
        return Err(ApiError::field("invalid_field", "id", message));
    }
    let is_plausible = !id.is_empty()
        && id.len() <= 128
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !is_plausible {
        return Err(missing());
    }
    Ok(Target { subject: None, provider, provider_ref: id.clone(), created: None, id })
}

/// Finds a transaction in the log; what was answered a moment ago may still be on its way there.
pub(super) async fn find_logged(
    visit: &Visit,
    id: TransactionId,
) -> Result<Option<StoredTransaction>, ApiError> {
    let gateway = &visit.worker.gateway;
    let tenant = visit.principal.tenant.tenant().id;
    let environment = visit.principal.environment;
    let find = async || {
        let found =
            visit.meta.in_time(gateway, gateway.stores.transactions.find(tenant, environment, id)).await;
        found.ok_or_else(ApiError::store_away)
    };
    let mut found = find().await?;
    let is_final = |logged: &StoredTransaction| &*logged.status != TransactionStatus::Unknown.as_str();
    if found.as_ref().is_ok_and(|found| !found.as_ref().is_some_and(is_final)) {
        // A log that is stopping has written what it can.
        visit.meta.in_time(gateway, gateway.log.flush()).await;
        found = find().await?;
    }
    found.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "the transaction log cannot be read");
        ApiError::store_away()
    })
}
