//! Outcomes that are unknown, for operators on the admin port: which there are, and what a person does about them. Shows no
//! bodies and no secrets.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use bytes::Bytes;
use domain::{LedgerEntry, TransactionId};
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::json::{self, RawBody};
use super::{NoTransport, Rebuilder, time};
use crate::app::{Gateway, Worker};
use crate::pipeline::{FoundByHand, HandRefusal, Reconciler, look_up_now};
use crate::server::ServerState;

/// Rows of one answer, at most.
const MOST_ROWS: u32 = 1_000;
/// Longest id of a provider's.
const MAX_ID_CHARS: usize = 128;

/// Which rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Only those that nobody looks up any more.
    #[serde(default)]
    attention: bool,
}

#[derive(Debug, Serialize)]
struct RowsBody<'a> {
    /// The oldest first, a thousand at most.
    data: Vec<RowBody<'a>>,
}

#[derive(Debug, Serialize)]
struct RowBody<'a> {
    transaction_id: String,
    tenant_id: String,
    environment: &'static str,
    provider: &'a str,
    operation: &'static str,
    /// The provider's idempotency key, or the reference that the provider was given: what to search for there.
    provider_key: &'a str,
    started_at: String,
    age_seconds: u64,
    /// How often it was looked up in vain.
    look_ups: u8,
    /// Absent when nobody looks it up any more.
    next_look_up_at: Option<String>,
}

/// What a person found out at the provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundBody {
    /// `executed` or `not_executed`.
    outcome: String,
    /// The provider's id of what it made or changed, where it was executed.
    provider_id: Option<String>,
}

/// `GET /unsettled`
pub(super) async fn list(state: Data<ServerState>, wanted: Query<Wanted>) -> HttpResponse {
    answer(list_rows(&state, wanted.attention).await)
}

/// `POST /unsettled/{transaction}/look-up`
pub(super) async fn look_up(state: Data<ServerState>, id: Path<String>) -> HttpResponse {
    let done = async {
        let gateway = gateway(&state)?;
        look_up_now(gateway, read_id(&id)?).await?;
        Ok(HttpResponse::Accepted().finish())
    };
    answer(done.await)
}

/// `POST /unsettled/{transaction}/settle`
pub(super) async fn settle(state: Data<ServerState>, id: Path<String>, raw: RawBody) -> HttpResponse {
    let done = async {
        let gateway = gateway(&state)?;
        let (id, found) = (read_id(&id)?, read_found(&raw.take()?)?);
        // Nothing is sent to a provider.
        let transport = std::sync::Arc::new(NoTransport);
        let worker = Worker { gateway: std::sync::Arc::clone(gateway), transport };
        Reconciler::new(worker, std::sync::Arc::new(Rebuilder)).settle_by_hand(id, &found).await?;
        Ok(HttpResponse::NoContent().finish())
    };
    answer(done.await)
}

async fn list_rows(state: &ServerState, needs_attention: bool) -> Result<HttpResponse, ApiError> {
    let gateway = gateway(state)?;
    let rows = gateway.ledger.list_unknown(needs_attention, MOST_ROWS).await;
    let rows = rows.map_err(|_told| HandRefusal::StoreAway)?;
    let now = gateway.clock.now();
    let body = |row| body_of(row, now);
    Ok(HttpResponse::Ok().json(RowsBody { data: rows.iter().map(body).collect() }))
}

fn body_of(row: &LedgerEntry, now: domain::Timestamp) -> RowBody<'_> {
    RowBody {
        transaction_id: row.transaction.to_string(),
        tenant_id: row.tenant.to_string(),
        environment: row.environment.as_str(),
        provider: &row.provider,
        operation: row.operation.as_str(),
        provider_key: &row.provider_key,
        started_at: time::write(row.started_at),
        age_seconds: now.since(row.started_at).as_secs(),
        look_ups: row.look_ups.done,
        next_look_up_at: row.look_ups.next.map(time::write),
    }
}

fn gateway(state: &ServerState) -> Result<&std::sync::Arc<Gateway>, ApiError> {
    state.gateway().ok_or_else(ApiError::store_away)
}

fn answer(result: Result<HttpResponse, ApiError>) -> HttpResponse {
    result.unwrap_or_else(|error| error.response())
}

fn read_id(text: &str) -> Result<TransactionId, ApiError> {
    text.parse().map_err(|_refused| HandRefusal::NotUnknown.into())
}

fn read_found(body: &Bytes) -> Result<FoundByHand, ApiError> {
    let body: FoundBody = json::read(body)?;
    let wrong = |param: &'static str, message: &str| ApiError::field("invalid_field", param, message);
    match (&*body.outcome, body.provider_id) {
        ("executed", Some(id)) if !id.trim().is_empty() && id.len() <= MAX_ID_CHARS => {
            Ok(FoundByHand::Executed { provider_id: id.trim().into() })
        }
        ("executed", _) => Err(wrong("provider_id", "Give the provider's id of what it made or changed.")),
        ("not_executed", None) => Ok(FoundByHand::NotExecuted),
        ("not_executed", Some(_)) => {
            Err(wrong("provider_id", "What was not executed has no id at the provider."))
        }
        _ => Err(wrong("outcome", "`outcome` is `executed` or `not_executed`.")),
    }
}
