//! The dashboard's API: a person signs in, brings a `.env`, and manages keys and services.

pub(super) mod auth;
mod circuits;
pub(super) mod events;
pub(super) mod keys;
pub(super) mod onboarding;
pub(super) mod routing;
pub(super) mod services;

use serde::de::DeserializeOwned;

use super::error::ApiError;
use super::json::{self, RawBody, expect_json};

/// Reads a JSON body.
fn read_body<T: DeserializeOwned>(request: &actix_web::HttpRequest, raw: RawBody) -> Result<T, ApiError> {
    expect_json(request)?;
    json::read(&raw.take()?)
}
