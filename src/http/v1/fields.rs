//! Reading the fields that many requests share: each wrong one is an error that names it.

use actix_web::HttpRequest;
use adapters::adapter;
use domain::{MAX_REFERENCE_CHARS, ProviderId, Timestamp};

use crate::http::error::ApiError;
use crate::http::time;

const MAX_URL_CHARS: usize = 2048;

/// Reads the name of a provider.
pub(super) fn read_provider(name: Option<&str>) -> Result<Option<ProviderId>, ApiError> {
    match name {
        None => Ok(None),
        Some(name) => match adapter(name) {
            Some(adapter) => Ok(Some(adapter.descriptor().id)),
            None => {
                let names: Vec<_> =
                    adapters::ADAPTERS.iter().map(|adapter| adapter.descriptor().id.as_str()).collect();
                Err(ApiError::field(
                    "invalid_field",
                    "provider",
                    format!("A provider is one of {}.", names.join(", ")),
                ))
            }
        },
    }
}

/// Reads the caller's own id.
pub(super) fn read_reference(reference: Option<&str>) -> Result<Option<Box<str>>, ApiError> {
    let Some(reference) = reference else { return Ok(None) };
    let chars = reference.chars().count();
    if chars == 0 || chars > MAX_REFERENCE_CHARS || reference.chars().any(char::is_control) {
        let message =
            format!("A reference has 1 to {MAX_REFERENCE_CHARS} characters, and no control characters.");
        return Err(ApiError::field("invalid_field", "reference", message));
    }
    Ok(Some(reference.into()))
}

/// Reads a text of bounded length.
pub(super) fn read_text(
    param: &'static str,
    text: Option<&str>,
    most: usize,
) -> Result<Option<Box<str>>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let chars = text.chars().count();
    if chars == 0 || chars > most {
        return Err(ApiError::field(
            "invalid_field",
            param,
            format!("`{param}` has 1 to {most} characters."),
        ));
    }
    Ok(Some(text.into()))
}

/// Reads a text that has to be there, of bounded length.
pub(super) fn read_required(param: &'static str, text: &str, most: usize) -> Result<Box<str>, ApiError> {
    read_text(param, Some(text), most)?.ok_or_else(|| missing(param))
}

/// Returns that a field is not there that has to be.
pub(super) fn missing(param: &'static str) -> ApiError {
    ApiError::field("missing_field", param, format!("`{param}` is missing."))
}

/// Reads a telephone number: a plus and 2 to 15 digits, the first of them not zero (ITU-T E.164).
pub(super) fn read_phone(param: &'static str, text: &str) -> Result<Box<str>, ApiError> {
    let is_e164 = text.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    });
    if is_e164 {
        return Ok(text.into());
    }
    let message = format!("`{param}` is a telephone number in E.164 form, like +15558675310.");
    Err(ApiError::field("invalid_field", param, message))
}

/// Reads a number that is at least 1.
pub(super) fn read_count<N: Copy + PartialOrd + From<u8> + std::fmt::Display>(
    param: &'static str,
    number: Option<N>,
    most: N,
) -> Result<Option<N>, ApiError> {
    match number {
        Some(number) if number < N::from(1) || number > most => {
            Err(ApiError::field("invalid_field", param, format!("`{param}` is 1 to {most}.")))
        }
        other => Ok(other),
    }
}

/// Reads a moment that lies ahead.
pub(super) fn read_future(
    param: &'static str,
    text: Option<&str>,
    now: Timestamp,
) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let at = time::read(text).ok_or_else(|| {
        let message = format!("`{param}` is an RFC 3339 moment, like 2030-01-31T12:00:00Z.");
        ApiError::field("invalid_field", param, message)
    })?;
    if at <= now {
        return Err(ApiError::field("invalid_field", param, format!("`{param}` lies in the past.")));
    }
    Ok(Some(at))
}

/// Reads a web address.
pub(super) fn read_url(param: &'static str, text: Option<&str>) -> Result<Option<Box<str>>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let is_web =
        url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    if is_web && text.len() <= MAX_URL_CHARS {
        return Ok(Some(text.into()));
    }
    Err(ApiError::field(
        "invalid_field",
        param,
        format!("`{param}` is an http or https address of at most {MAX_URL_CHARS} characters."),
    ))
}

/// Reads a query string strictly.
pub(in crate::http) fn read_query<T: serde::de::DeserializeOwned>(
    request: &HttpRequest,
) -> Result<T, ApiError> {
    actix_web::web::Query::<T>::from_query(request.query_string())
        .map(actix_web::web::Query::into_inner)
        .map_err(|error| {
            let words = error.to_string();
            let field = words.split('`').nth(1).unwrap_or("query").to_owned();
            let code = if words.contains("unknown field") { "unknown_field" } else { "invalid_field" };
            ApiError::field(code, field.clone(), format!("The query parameter `{field}` is not valid here."))
        })
}
