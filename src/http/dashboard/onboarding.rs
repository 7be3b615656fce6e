//! `/api/onboarding`: a `.env` in, services and keys out.

mod multipart;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse};
use domain::{Environment, Feature};
use envfile::Detected;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{KeyBody, issued_body};
use super::services::{self, ServiceBody};
use crate::control::{self, Selection, Setup};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::person;
use crate::http::json::{self, RawBody, expect_json};

const PARSE: &str = "/api/onboarding/parse";
const CONFIGURE: &str = "/api/onboarding/configure";

/// A file to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParseBody {
    /// The `.env` file's text, at most 256 KiB.
    #[schema(example = "RAZORPAY_KEY_ID=rzp_test_0123456789abcd\nRAZORPAY_KEY_SECRET=…")]
    env_text: String,
}

/// A file to take services from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigureBody {
    /// The `.env` file's text, at most 256 KiB.
    env_text: String,
    /// Which of the detected services, in the order of their priority; all that are complete when absent.
    services: Option<Vec<SelectionBody>>,
    /// Whether to make a key for each environment; when absent, where there is none yet.
    create_keys: Option<bool>,
}

/// A service to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SelectionBody {
    #[schema(example = "razorpay")]
    service: String,
    /// As detected when absent.
    #[schema(example = "test")]
    environment: Option<String>,
    /// All it can do when absent.
    features: Option<Vec<String>>,
}

/// What a file holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParsedBody<'a> {
    services: Vec<DetectedBody<'a>>,
    /// Names that belong to no supported service.
    unrecognised: &'a [String],
    warnings: Vec<WarningBody<'a>>,
}

/// A service that was detected.
#[derive(Debug, Serialize, ToSchema)]
struct DetectedBody<'a> {
    #[schema(example = "razorpay")]
    service: &'static str,
    #[schema(example = "test")]
    environment: &'static str,
    variables: Vec<VariableBody<'a>>,
    /// Credentials that are missing; empty when it can be configured.
    missing: &'a [&'static str],
    /// Why it is refused as it stands.
    conflicts: &'a [String],
    /// What it can be used for.
    features: Vec<&'static str>,
}

/// A variable of a service.
#[derive(Debug, Serialize, ToSchema)]
struct VariableBody<'a> {
    #[schema(example = "RAZORPAY_KEY_SECRET")]
    name: &'a str,
    #[schema(example = "key_secret")]
    role: &'static str,
    /// At most the last 4 characters of the value.
    #[schema(example = "…4f2a")]
    preview: &'a str,
    line: u32,
}

/// Something to look at in the file.
#[derive(Debug, Serialize, ToSchema)]
struct WarningBody<'a> {
    /// From 1 on; 0 for the whole file.
    line: u32,
    message: &'a str,
}

/// What was configured.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConfiguredBody<'a> {
    services: Vec<ServiceBody>,
    /// Detected, but left out because something is missing.
    skipped: Vec<SkippedBody>,
    /// New keys, with their texts this once.
    api_keys: Vec<KeyBody<'a>>,
}

/// A service that was left out.
#[derive(Debug, Serialize, ToSchema)]
struct SkippedBody {
    service: &'static str,
    environment: &'static str,
    missing: Vec<&'static str>,
}

/// Look at a `.env` file. Nothing is stored, no secret is repeated.
#[utoipa::path(post, path = PARSE, tag = "Onboarding", security(("token" = [])), request_body = ParseBody,
    responses((status = 200, description = "What it holds.", body = ParsedBody<'_>),
              (status = 422, description = "Too large, too long, or no text.", body = ErrorBody<'_>)))]
pub(crate) async fn parse(request: HttpRequest, raw: RawBody) -> HttpResponse {
    person(&request, PARSE, async |_| {
        let bytes = raw.take()?;
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let detected = match multipart::boundary(content_type) {
            Some(boundary) => control::parse(multipart::file(&bytes, boundary)?)?,
            None => {
                expect_json(&request)?;
                let body: ParseBody = json::read(&bytes)?;
                control::parse(body.env_text.as_bytes())?
            }
        };
        Ok(HttpResponse::Ok().json(body_of(&detected)))
    })
    .await
}

/// Store the services of a `.env` file, sealed, after their providers have accepted the credentials.
#[utoipa::path(post, path = CONFIGURE, tag = "Onboarding", security(("token" = [])), request_body = ConfigureBody,
    responses((status = 200, description = "What is stored now, and new keys.", body = ConfiguredBody<'_>),
              (status = 422, description = "Nothing was stored: incomplete, mixed up, or refused by a provider.", body = ErrorBody<'_>)))]
pub(crate) async fn configure(request: HttpRequest, raw: RawBody) -> HttpResponse {
    person(&request, CONFIGURE, async |person| {
        expect_json(&request)?;
        let body: ConfigureBody = json::read(&raw.take()?)?;
        let services = match body.services {
            Some(services) => Some(services.into_iter().map(SelectionBody::read).collect::<Result<_, _>>()?),
            None => None,
        };
        let setup = Setup { env_text: &body.env_text, services, create_keys: body.create_keys };
        let gateway = &person.worker.gateway;
        let configured = control::configure(gateway, &*person.worker.transport, person.tenant, setup).await?;
        let now = gateway.clock.now();
        let skipped = configured.skipped.iter().map(|(service, environment, missing)| SkippedBody {
            service,
            environment: environment.as_str(),
            missing: missing.clone(),
        });
        Ok(HttpResponse::Ok().json(ConfiguredBody {
            services: configured.services.iter().map(services::body_of).collect(),
            skipped: skipped.collect(),
            api_keys: configured.keys.iter().map(|issued| issued_body(issued, now)).collect(),
        }))
    })
    .await
}

impl SelectionBody {
    fn read(self) -> Result<Selection, ApiError> {
        let wrong = |message: &str| ApiError::field("invalid_field", "services", message);
        let environment = match self.environment {
            None => None,
            Some(text) => Some(
                text.parse::<Environment>()
                    .map_err(|_refused| wrong("An environment is `test` or `live`."))?,
            ),
        };
        let features = match self.features {
            None => None,
            Some(names) => Some(
                names
                    .iter()
                    .map(|name| {
                        name.parse::<Feature>().map_err(|_refused| wrong("A feature is `payments` or `sms`."))
                    })
                    .collect::<Result<_, _>>()?,
            ),
        };
        Ok(Selection { service: self.service, environment, features })
    }
}

fn body_of(detected: &Detected) -> ParsedBody<'_> {
    let services = detected.services.iter().map(|service| DetectedBody {
        service: service.descriptor.id.as_str(),
        environment: service.environment.as_str(),
        variables: service
            .variables
            .iter()
            .map(|variable| VariableBody {
                name: &variable.name,
                role: variable.role,
                preview: &variable.preview,
                line: variable.line,
            })
            .collect(),
        missing: &service.missing,
        conflicts: &service.conflicts,
        features: service.features.iter().map(|feature| feature.as_str()).collect(),
    });
    ParsedBody {
        services: services.collect(),
        unrecognised: &detected.unrecognised,
        warnings: detected
            .warnings
            .iter()
            .map(|warning| WarningBody { line: warning.line, message: &warning.message })
            .collect(),
    }
}
