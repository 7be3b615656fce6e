//! `/v1/sms`: send and read text messages.

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse};
use domain::{GetSms, Operation, OperationKind, Resource, Scope, SendSms, SmsOperation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::{read_phone, read_provider, read_reference};
use super::metadata::{MetadataBody, MetadataView};
use super::present::{Attached, Caller, FailoverBody, Wording};
use super::target::Noun;
use super::{Asked, NounRoutes, Posted, creating, read_live, read_posted, run};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Visit, visit};
use crate::http::json::{self, RawBody};
use crate::http::time;
use crate::pipeline::{Call, Completion};

const MESSAGES: &str = "/v1/sms";
const MESSAGE: &str = "/v1/sms/{id}";
const MAX_MESSAGE_CHARS: usize = 1_600;
/// Longest sender: an E.164 number; names have at most 11 characters.
const MAX_SENDER_CHARS: usize = 16;
const ROUTES: NounRoutes = NounRoutes {
    noun: Noun { created_by: OperationKind::SmsSend, not_found: "sms_not_found" },
    create: "POST /v1/sms",
    read: "GET /v1/sms/{id}",
    get: |target| {
        Operation::Sms(SmsOperation::Get(GetSms { provider_message_id: target.provider_ref.clone() }))
    },
    write,
};

/// A text message to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendSmsBody<'a> {
    /// E.164, with the plus.
    #[serde(borrow)]
    #[schema(example = "+15558675310")]
    to: Cow<'a, str>,
    /// 1 to 1,600 characters.
    #[serde(borrow)]
    #[schema(example = "Your order is on its way.")]
    message: Cow<'a, str>,
    /// From whom; your configured sender when absent.
    #[serde(borrow)]
    from: Option<Cow<'a, str>>,
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

/// A text message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SmsBody<'a> {
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha")]
    transaction_id: String,
    #[schema(example = "sms")]
    object: &'static str,
    #[schema(example = "twilio")]
    provider: &'static str,
    provider_message_id: &'a str,
    #[schema(example = "+15558675310")]
    to: &'a str,
    /// Absent while a pool of senders has not chosen.
    from: Option<&'a str>,
    /// Absent while not known.
    segments: Option<u32>,
    /// `queued`, `sending`, `sent`, `delivered`, `undelivered`, `failed`, `canceled`.
    #[schema(example = "queued")]
    status: &'static str,
    /// Why it was not delivered, in the provider's code.
    #[schema(example = "30003")]
    failure_code: Option<&'a str>,
    created_at: String,
    environment: &'static str,
    reference: Option<&'a str>,
    #[schema(value_type = Object)]
    metadata: MetadataView<'a>,
    /// There only when another provider served than the one whose turn it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    failover: Option<FailoverBody>,
}

/// Send a text message.
#[utoipa::path(post, path = MESSAGES, tag = "SMS", security(("platform_key" = [])),
    request_body(content = SendSmsBody<'_>, example = json!({"to": "+15558675310", "message": "Your order is on its way."})),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key, route and body within 24 hours: the same answer, one message.")),
    responses((status = 201, description = "The message.", body = SmsBody<'_>),
              (status = 400, description = "The request is wrong.", body = ErrorBody<'_>),
              (status = 422, description = "It cannot be sent as asked.", body = ErrorBody<'_>)))]
pub(crate) async fn send(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, MESSAGES, Scope::SmsWrite, async |visit| {
        let posted = read_posted(&request, raw)?;
        let asked = read_create(visit, &posted)?;
        run(visit, asked).await
    })
    .await
}

/// Reads what a body asks to be made.
pub(super) fn read_create(visit: &Visit, posted: &Posted) -> Result<(Call, Wording), ApiError> {
    let body: SendSmsBody<'_> = json::read(&posted.bytes)?;
    let provider = read_provider(body.provider.as_deref())?;
    let sms = body.read()?;
    let attached = Attached::now(sms.reference.as_deref(), &sms.metadata);
    let operation = Operation::Sms(SmsOperation::Send(sms));
    Ok(creating(visit, posted, Asked { operation, provider, attached }, &ROUTES))
}

/// Read a text message, live from its provider.
#[utoipa::path(get, path = MESSAGE, tag = "SMS", security(("platform_key" = [])),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's message id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The message.", body = SmsBody<'_>),
              (status = 404, description = "`sms_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn read(request: HttpRequest) -> HttpResponse {
    visit(&request, MESSAGE, Scope::SmsRead, async |visit| read_live(visit, &request, &ROUTES).await).await
}

impl SendSmsBody<'_> {
    fn read(self) -> Result<SendSms, ApiError> {
        let wrong = |param: &'static str, message: &str| ApiError::field("invalid_field", param, message);
        let to = read_phone("to", &self.to)?;
        let chars = self.message.chars().count();
        if chars == 0 || chars > MAX_MESSAGE_CHARS {
            return Err(wrong("message", "`message` has 1 to 1600 characters."));
        }
        let is_sender = |from: &str| {
            let chars = from.chars().count();
            chars > 0
                && chars <= MAX_SENDER_CHARS
                && from.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | ' '))
        };
        if self.from.as_deref().is_some_and(|from| !is_sender(from)) {
            return Err(wrong(
                "from",
                "`from` is a telephone number in E.164 form, a short code, or a sender's name.",
            ));
        }
        Ok(SendSms {
            to,
            message: self.message.into(),
            from: self.from.map(Into::into),
            reference: read_reference(self.reference.as_deref())?,
            metadata: self.metadata.unwrap_or_default().read()?,
        })
    }
}

/// Writes a message.
fn write(
    completion: &Completion<'_>,
    resource: &Resource,
    caller: Caller<'_>,
) -> Option<serde_json::Result<Vec<u8>>> {
    let Resource::Sms(sms) = resource else { return None };
    Some(serde_json::to_vec(&SmsBody {
        transaction_id: completion.subject.to_string(),
        object: "sms",
        provider: completion.provider.as_str(),
        provider_message_id: &sms.provider_message_id,
        to: &sms.to,
        from: sms.from.as_deref(),
        segments: sms.segments,
        status: sms.status.as_str(),
        failure_code: sms.failure_code.as_deref(),
        created_at: time::write(completion.created_at),
        environment: completion.environment.as_str(),
        reference: caller.reference,
        metadata: caller.metadata,
        failover: FailoverBody::of(completion),
    }))
}
