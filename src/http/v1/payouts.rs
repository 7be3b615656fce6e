//! `/v1/payouts`: the tenant's money goes to somebody.

mod body;

use actix_web::{HttpRequest, HttpResponse};
use domain::{GetPayout, Operation, OperationKind, PayoutOperation, Scope};

pub(crate) use body::{CreatePayoutBody, PayoutBody};

use super::fields::read_provider;
use super::present::{Attached, Wording};
use super::target::Noun;
use super::{Asked, NounRoutes, Posted, creating, read_live, read_posted, run};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Visit, visit};
use crate::http::json::{self, RawBody};
use crate::pipeline::Call;

const PAYOUTS: &str = "/v1/payouts";
const PAYOUT: &str = "/v1/payouts/{id}";
const ROUTES: NounRoutes = NounRoutes {
    noun: Noun { created_by: OperationKind::PayoutsCreate, not_found: "payout_not_found" },
    create: "POST /v1/payouts",
    read: "GET /v1/payouts/{id}",
    get: |target| {
        let provider_payout_id = target.provider_ref.clone();
        Operation::Payout(PayoutOperation::Get(GetPayout { provider_payout_id }))
    },
    write: body::write,
};

/// Make a payout.
#[utoipa::path(post, path = PAYOUTS, tag = "Payouts", security(("platform_key" = [])),
    request_body(content = CreatePayoutBody<'_>, example = json!({"amount": 1000.00, "currency": "INR",
        "destination": {"type": "bank_account", "name": "A Payee", "account_number": "1121431121541121", "ifsc": "HDFC0001234"}})),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key, route and body within 24 hours: the same answer, one payout.")),
    responses((status = 201, description = "The payout.", body = PayoutBody<'_>),
              (status = 400, description = "The request is wrong.", body = ErrorBody<'_>),
              (status = 422, description = "It cannot be done as asked: `insufficient_balance`, `invalid_destination`, `operation_not_supported`.", body = ErrorBody<'_>),
              (status = 504, description = "The outcome is unknown; repeat with the same key, or ask for the transaction.", body = ErrorBody<'_>)))]
pub(crate) async fn create(request: HttpRequest, raw: RawBody) -> HttpResponse {
    visit(&request, PAYOUTS, Scope::PayoutsWrite, async |visit| {
        let posted = read_posted(&request, raw)?;
        let asked = read_create(visit, &posted)?;
        run(visit, asked).await
    })
    .await
}

/// Reads what a body asks to be made.
pub(super) fn read_create(visit: &Visit, posted: &Posted) -> Result<(Call, Wording), ApiError> {
    let body: CreatePayoutBody<'_> = json::read(&posted.bytes)?;
    let provider = read_provider(body.provider.as_deref())?;
    let payout = body.read()?;
    let attached = Attached::now(payout.reference.as_deref(), &payout.metadata);
    let operation = Operation::Payout(PayoutOperation::Create(payout));
    Ok(creating(visit, posted, Asked { operation, provider, attached }, &ROUTES))
}

/// Read a payout, live from its provider. A paid one may still come back.
#[utoipa::path(get, path = PAYOUT, tag = "Payouts", security(("platform_key" = [])),
    params(("id" = String, Path, description = "A transaction id (`txn_…`), or a provider's payout id with `?provider=`."),
           ("provider" = Option<String>, Query, description = "Whose id it is.")),
    responses((status = 200, description = "The payout.", body = PayoutBody<'_>),
              (status = 404, description = "`payout_not_found`", body = ErrorBody<'_>)))]
pub(crate) async fn read(request: HttpRequest) -> HttpResponse {
    visit(&request, PAYOUT, Scope::PayoutsRead, async |visit| read_live(visit, &request, &ROUTES).await).await
}
