//! `/v1/calls`: place and read telephone calls.

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse};
use domain::{CallContent, CallOperation, GetCall, Operation, OperationKind, PlaceCall, Resource, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::{missing, read_phone, read_provider, read_reference, read_required, read_url};
use super::metadata::{MetadataBody, MetadataView};
use super::present::{Attached, Caller, FailoverBody, Wording};
use super::target::Noun;
use super::{Asked, NounRoutes, Posted, creating, read_live, read_posted, run};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Visit, visit};
use crate::http::json::{self, RawBody};
use crate::http::time;
use crate::pipeline::{Call, Completion};

const CALLS: &str = "/v1/calls";
const CALL: &str = "/v1/calls/{id}";
const MAX_SAY_CHARS: usize = 4_000;
const ROUTES: NounRoutes = NounRoutes {
    noun: Noun { created_by: OperationKind::CallsPlace, not_found: "call_not_found" },
    create: "POST /v1/calls",
    read: "GET /v1/calls/{id}",
    get: |target| {
        Operation::Call(CallOperation::Get(GetCall { provider_call_id: target.provider_ref.clone() }))
    },
    write,
};

/// A call to place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceCallBody<'a> {
    /// E.164, with the plus.
    #[serde(borrow)]
    #[schema(example = "+15558675310")]
    to: Cow<'a, str>,
    /// From whom, in E.164; your configured number when absent.
    #[serde(borrow)]
    from: Option<Cow<'a, str>>,
    /// What is read aloud: 1 to 4,000 characters, fewer where the provider's markup takes room. Either this or `url`.
    #[serde(borrow)]
    #[schema(example = "Your code is 1 2 3.")]
    say: Option<Cow<'a, str>>,
    /// An address that tells the provider what to do in the call, in the provider's own format.
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    /// Which provider; your routing decides when absent.
    #[serde(borrow)]
    provider: Option<Cow<'a, str>>,
    /// Your own id; at most 40 characters.
    #[serde(borrow)]
    reference: Option<Cow<'a, str>>,
    /// Your own pairs: at most 50 strings.
    #[schema(value_type = Option<Object>)]
    metadata: Option<MetadataBody>,
}

/// A telephone call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallBody<'a> {
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha")]
    transaction_id: String,
    #[schema(example = "call")]
    object: &'static str,
    #[schema(example = "twilio")]
    provider: &'static str,
    provider_call_id: &'a str,
    #[schema(example = "+15558675310")]
    to: &'a str,
    /// Absent where the provider does not tell.
    from: Option<&'a str>,
    /// Seconds that were talked; absent until the call is over, and when nobody answered.
    duration: Option<u32>,
    /// `queued`, `initiated`, `ringing`, `answered`, `completed`, `busy`, `no-answer`, `failed`, `canceled`.
    #[schema(example = "queued")]
    status: &'static str,
    created_at: String,
    environment: &'static str,
    reference: Option<&'a str>,
    #[schema(value_type = Object)]
    metadata: MetadataView<'a>,
    /// There only when another provider served than the one whose turn it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    failover: Option<FailoverBody>,
}

/// Place a call that says a text, or does what an address tells.
#[utoipa::path(post, path = CALLS, tag = "Calls", security(("platform_key" = [])),
    request_body(content = PlaceCallBody<'_>, example = json!({"to": "+15558675310", "say": "Your code is 1 2 3."})),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key, route and body within 24 hours: the same answer, one call.")),
    responses((status = 201, description = "The call.", body = CallBody<'_>),
              (status = 400, description = "The request is wrong.", body = ErrorBody<'_>),
              (status = 422, description = "It cannot be placed as asked: `invalid_destination`, `invalid_sender`, `destination_not_allowed`.", body = ErrorBody<'_>),
              (status = 504, description = "The outcome is unknown; repeat with the same key, or ask for the transaction.", body = ErrorBody<'_>)))]
pub(crate) async fn place(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, CALLS, Scope::CallsWrite, async |visit| {
        let posted = read_posted(&request, raw)?;
        let asked = read_create(visit, &posted)?;
        run(visit, asked).await
    })
    .await
}

/// Reads what a body asks to be made.
pub(super) fn read_create(visit: &Visit, posted: &Posted) -> Result<(Call, Wording), ApiError> {
    let body: PlaceCallBody<'_> = json::read(&posted.bytes)?;
    let provider = read_provider(body.provider.as_deref())?;
    let placed = body.read()?;
    let attached = Attached::now(placed.reference.as_deref(), &placed.metadata);
    let operation = Operation::Call(CallOperation::Place(placed));
    Ok(creating(visit, posted, Asked { operation, provider, attached }, &ROUTES))
}

/// Read a call, live from its provider.
#[utoipa::path(get, path = CALL, tag = "Calls", security(("platform_key" = [])),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's call id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The call.", body = CallBody<'_>),
              (status = 404, description = "`call_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn read(request: HttpRequest) -> HttpResponse {
    visit(&request, CALL, Scope::CallsRead, async |visit| read_live(visit, &request, &ROUTES).await).await
}

impl PlaceCallBody<'_> {
    fn read(self) -> Result<PlaceCall, ApiError> {
        Ok(PlaceCall {
            to: read_phone("to", &self.to)?,
            from: self.from.as_deref().map(|from| read_phone("from", from)).transpose()?,
            content: self.read_content()?,
            reference: read_reference(self.reference.as_deref())?,
            metadata: self.metadata.unwrap_or_default().read()?,
        })
    }

    fn read_content(&self) -> Result<CallContent, ApiError> {
        match (self.say.as_deref(), self.url.as_deref()) {
            (Some(say), None) => read_required("say", say, MAX_SAY_CHARS).map(CallContent::Say),
            (None, Some(url)) => {
                read_url("url", Some(url))?.map(CallContent::Url).ok_or_else(|| missing("url"))
            }
            (None, None) => Err(ApiError::field("missing_field", "say", "A call has `say` or `url`.")),
            (Some(_), Some(_)) => {
                Err(ApiError::field("invalid_field", "url", "A call has `say` or `url`, not both."))
            }
        }
    }
}

/// Writes a call.
fn write(
    completion: &Completion<'_>,
    resource: &Resource,
    caller: Caller<'_>,
) -> Option<serde_json::Result<Vec<u8>>> {
    let Resource::Call(call) = resource else { return None };
    Some(serde_json::to_vec(&CallBody {
        transaction_id: completion.subject.to_string(),
        object: "call",
        provider: completion.provider.as_str(),
        provider_call_id: &call.provider_call_id,
        to: &call.to,
        from: call.from.as_deref(),
        duration: call.duration_seconds,
        status: call.status.as_str(),
        created_at: time::write(completion.created_at),
        environment: completion.environment.as_str(),
        reference: caller.reference,
        metadata: caller.metadata,
        failover: FailoverBody::of(completion),
    }))
}
