//! Signing up and in with the built-in issuer, and its public keys.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::read_body;
use crate::app::Worker;
use crate::control::{self, SignIn, SignUp, SignedIn};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::anybody;
use crate::http::json::RawBody;
use crate::http::time;

const SIGN_UP: &str = "/api/auth/sign-up";
const SIGN_IN: &str = "/api/auth/sign-in";
const JWKS: &str = "/.well-known/jwks.json";

/// Who signs up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUpBody {
    #[schema(example = "you@example.com")]
    email: String,
    /// 8 to 256 characters.
    #[schema(example = "correct horse battery")]
    password: String,
    full_name: Option<String>,
    company_name: Option<String>,
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    #[schema(example = "you@example.com")]
    email: String,
    #[schema(example = "correct horse battery")]
    password: String,
}

/// Somebody who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInBody<'a> {
    /// Send it as `Authorization: Bearer …` to `/api`.
    token: &'a str,
    expires_at: String,
    user: UserBody<'a>,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserBody<'a> {
    id: String,
    email: &'a str,
    full_name: Option<&'a str>,
    company_name: Option<&'a str>,
    #[schema(example = "free")]
    plan_tier: &'static str,
    created_at: String,
}

/// Make an account.
#[utoipa::path(post, path = SIGN_UP, tag = "Account", request_body = SignUpBody,
    responses((status = 201, description = "Signed in.", body = SignedInBody<'_>),
              (status = 409, description = "`email_taken`", body = ErrorBody<'_>),
              (status = 429, description = "`ip_limit`", body = ErrorBody<'_>),
              (status = 503, description = "`overloaded`", body = ErrorBody<'_>)))]
pub(crate) async fn sign_up(request: HttpRequest, raw: RawBody) -> HttpResponse {
    anybody(&request, SIGN_UP, async |worker, from| {
        let body: SignUpBody = read_body(&request, raw)?;
        let account = SignUp {
            email: body.email,
            password: Secret::new(body.password),
            full_name: body.full_name,
            company_name: body.company_name,
            from,
        };
        let signed_in = control::sign_up(&worker.gateway, account).await;
        let signed_in = signed_in.map_err(|error| ApiError::from(error).of_change())?;
        Ok(HttpResponse::Created().json(body_of(&signed_in)))
    })
    .await
}

/// Sign in.
#[utoipa::path(post, path = SIGN_IN, tag = "Account", request_body = SignInBody,
    responses((status = 200, description = "Signed in.", body = SignedInBody<'_>),
              (status = 401, description = "`wrong_credentials`", body = ErrorBody<'_>),
              (status = 429, description = "`too_many_attempts`: not even the right password is looked at before `Retry-After`.", body = ErrorBody<'_>),
              (status = 503, description = "`overloaded`: it was not looked at, and does not count.", body = ErrorBody<'_>)))]
pub(crate) async fn sign_in(request: HttpRequest, raw: RawBody) -> HttpResponse {
    anybody(&request, SIGN_IN, async |worker, from| {
        let body: SignInBody = read_body(&request, raw)?;
        let password = Secret::new(body.password);
        let account = SignIn { email: body.email, password, from };
        let signed_in = control::sign_in(&worker.gateway, account).await?;
        Ok(HttpResponse::Ok().json(body_of(&signed_in)))
    })
    .await
}

/// The public keys that tokens are signed with.
#[utoipa::path(get, path = JWKS, tag = "Account", responses((status = 200, description = "A JSON Web Key Set (RFC 7517).")))]
pub(crate) async fn jwks(worker: Data<Worker>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "public, max-age=300"))
        .json(worker.gateway.issuer.jwks())
}

fn body_of(signed_in: &SignedIn) -> SignedInBody<'_> {
    let tenant = &signed_in.tenant;
    SignedInBody {
        token: signed_in.token.expose(),
        expires_at: time::write(signed_in.expires_at),
        user: UserBody {
            id: tenant.id.to_string(),
            email: &tenant.email,
            full_name: tenant.full_name.as_deref(),
            company_name: tenant.company_name.as_deref(),
            plan_tier: tenant.plan.as_str(),
            created_at: time::write(tenant.created_at),
        },
    }
}
