//! `/api/webhooks/events`: what a tenant was told of beside the answers to its requests, newest first.

use actix_web::{HttpRequest, HttpResponse};
use domain::ports::StoreError;
use domain::{Environment, Event, EventId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::person;
use crate::http::v1::events::EventBody;
use crate::http::v1::fields::read_query;

const ROUTE: &str = "/api/webhooks/events";
const DEFAULT_LIMIT: u16 = 20;
const MAX_LIMIT: u16 = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    environment: Option<String>,
    limit: Option<u16>,
    starting_after: Option<String>,
}

/// Which events.
#[derive(Debug)]
struct Wanted {
    environment: Environment,
    starting_after: Option<EventId>,
    limit: u16,
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage<'a> {
    /// Newest first.
    #[schema(value_type = Vec<EventBody<'_>>)]
    data: Vec<&'a RawValue>,
    /// Whether there are older ones.
    has_more: bool,
    /// Give it as `starting_after` for the next page.
    next_cursor: Option<String>,
}

/// List events.
#[utoipa::path(get, path = ROUTE, tag = "Webhooks", security(("token" = [])),
    params(("environment" = Option<String>, Query, description = "`test` or `live`; `live` when absent."),
           ("limit" = Option<u16>, Query, description = "1 to 100; 20 when absent."),
           ("starting_after" = Option<String>, Query, description = "`next_cursor` of the page before.")),
    responses((status = 200, description = "A page of events.", body = EventPage<'_>),
              (status = 400, description = "A parameter is wrong.", body = ErrorBody<'_>)))]
pub(crate) async fn list(request: HttpRequest) -> HttpResponse {
    person(&request, ROUTE, async |person| {
        let wanted = read(read_query(&request)?)?;
        let gateway = &person.worker.gateway;
        // What happened a moment ago may still be on its way to the store; a log that is stopping has written what it can.
        gateway.log.flush().await.ok();
        // One more than asked for tells whether there are more.
        let limit = wanted.limit.saturating_add(1);
        let found =
            gateway.stores.events.list(person.tenant, wanted.environment, wanted.starting_after, limit);
        let mut events = found.await.map_err(|error| away(&error))?;
        let has_more = events.len() > usize::from(wanted.limit);
        events.truncate(usize::from(wanted.limit));
        let next_cursor = events.last().filter(|_| has_more).map(|event| event.id.to_string());
        let data = events.iter().filter_map(body_of).collect();
        Ok(HttpResponse::Ok().json(EventPage { data, has_more, next_cursor }))
    })
    .await
}

/// Returns an event as it was worded when it happened.
fn body_of(event: &Event) -> Option<&RawValue> {
    serde_json::from_slice(&event.payload)
        .inspect_err(|error| {
            tracing::error!(event = %event.id, error = error as &dyn std::error::Error, "an event is no JSON");
        })
        .ok()
}

fn away(error: &StoreError) -> ApiError {
    tracing::error!(error = error as &dyn std::error::Error, "events cannot be read");
    ApiError::store_away()
}

fn read(query: Query) -> Result<Wanted, ApiError> {
    let wrong = |param: &'static str, message: &str| ApiError::field("invalid_field", param, message);
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(wrong("limit", "`limit` is 1 to 100."));
    }
    let environment = match query.environment {
        None => Environment::Live,
        Some(name) => {
            name.parse().map_err(|_refused| wrong("environment", "`environment` is `test` or `live`."))?
        }
    };
    let starting_after = query.starting_after.map(|text| text.parse());
    let starting_after = starting_after
        .transpose()
        .map_err(|_refused| wrong("starting_after", "This is not an event's id."))?;
    Ok(Wanted { environment, starting_after, limit })
}
