//! Strict JSON: a body is what its type says, or an error that names the field and never its value.

mod body;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use serde::Deserialize;

use super::error::ApiError;

pub(super) use body::{MostBodyBytes, Pace, RawBody};

/// Checks that a body, if there is one, says that it is JSON.
///
/// # Errors
/// 415.
pub(super) fn expect_json(request: &HttpRequest) -> Result<(), ApiError> {
    let Some(value) = request.headers().get(CONTENT_TYPE) else { return Ok(()) };
    let is_json = value.to_str().is_ok_and(|text| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
            || (essence.len() > 5 && essence.to_ascii_lowercase().ends_with("+json"))
    });
    if is_json { Ok(()) } else { Err(ApiError::unsupported_media_type()) }
}

/// Reads a JSON object.
///
/// # Errors
/// `malformed_json`, `missing_field`, `unknown_field` or `invalid_field`, with the field's path.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    // serde would take an array for an object, its fields by position.
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| *byte != b'{') {
        return Err(ApiError::malformed_json("The body is not a JSON object."));
    }
    match serde_json::from_slice(body) {
        Ok(value) => Ok(value),
        // A second reading, on failure only, finds the path.
        Err(error) => Err(explain::<T>(body, &error)),
    }
}

fn explain<'a, T: Deserialize<'a>>(body: &'a [u8], error: &serde_json::Error) -> ApiError {
    if !error.is_data() {
        let message = match std::str::from_utf8(body) {
            Ok("") => "The body is empty; a JSON object is expected.".to_owned(),
            Ok(_) => format!("The body is not JSON: line {}, column {}.", error.line(), error.column()),
            Err(error) => format!("The body is not UTF-8: byte {}.", error.valid_up_to()),
        };
        return ApiError::malformed_json(message);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let path = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => String::new(),
        Err(error) => error.path().to_string(),
    };
    let path = if path == "." { String::new() } else { path };
    describe(&error.to_string(), &path)
}

/// Turns serde's words into the API's. The words may quote the value, which is not repeated.
fn describe(words: &str, path: &str) -> ApiError {
    let quoted = words.split('`').nth(1).unwrap_or_default();
    let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
    let within = |name: &str, folder: &str| {
        if folder.is_empty() { name.to_owned() } else { format!("{folder}.{name}") }
    };
    if words.starts_with("missing field") {
        let param = within(quoted, path);
        return ApiError::field("missing_field", param.clone(), format!("`{param}` is missing."));
    }
    if words.starts_with("unknown field") {
        let name: String = quoted.chars().take(64).collect();
        // serde's path ends in the unknown field itself.
        let param = within(&name, if path.ends_with(quoted) { parent } else { path });
        return ApiError::field(
            "unknown_field",
            param.clone(),
            format!("`{param}` is not a field of this request."),
        );
    }
    if words.starts_with("duplicate field") {
        let param = within(quoted, if path.ends_with(quoted) { parent } else { path });
        return ApiError::field("invalid_field", param.clone(), format!("`{param}` is there twice."));
    }
    if path.is_empty() {
        return ApiError::malformed_json("The body is not a JSON object of the kind expected.");
    }
    let message = match words.rsplit_once("expected ") {
        Some((_, expected)) => {
            let expected = expected.split(" at line ").next().unwrap_or(expected);
            format!("`{path}` is not valid: {expected} is expected.")
        }
        None => format!("`{path}` is not valid."),
    };
    ApiError::field("invalid_field", path, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(rename = "name")]
        _name: String,
        #[serde(rename = "inner")]
        _inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "count")]
        _count: u8,
    }

    #[track_caller]
    fn check(body: &str, code: &str, param: Option<&str>) {
        let error = read::<Outer>(body.as_bytes()).expect_err(body);
        let json: serde_json::Value = serde_json::from_slice(&error.to_json()).expect("json");
        assert_eq!(
            (json["error"]["code"].as_str(), json["error"]["param"].as_str()),
            (Some(code), param),
            "{body} {json}"
        );
        assert!(!json.to_string().contains("topsecret"), "a value is repeated: {json}");
    }

    #[test]
    fn errors_name_the_field_and_never_its_value() {
        check("", "malformed_json", None);
        check("{", "malformed_json", None);
        check("[1]", "malformed_json", None);
        check("null", "malformed_json", None);
        check(r#"{"name": "a"} x"#, "malformed_json", None);
        check("{}", "missing_field", Some("name"));
        check(r#"{"name": "a", "colour": "topsecret"}"#, "unknown_field", Some("colour"));
        check(r#"{"name": ["topsecret"]}"#, "invalid_field", Some("name"));
        check(r#"{"name": 7}"#, "invalid_field", Some("name"));
        check(r#"{"name": "a", "name": "topsecret"}"#, "invalid_field", Some("name"));
        check(r#"{"name": "a", "inner": {}}"#, "missing_field", Some("inner.count"));
        check(r#"{"name": "a", "inner": {"count": 1, "x": "topsecret"}}"#, "unknown_field", Some("inner.x"));
        check(r#"{"name": "a", "inner": {"count": "topsecret"}}"#, "invalid_field", Some("inner.count"));
        check(r#"{"name": "a", "inner": {"count": 256}}"#, "invalid_field", Some("inner.count"));
    }

    #[test]
    fn deep_nesting_and_other_encodings_are_refused() {
        check(&"[".repeat(10_000), "malformed_json", None);
        check(&format!(r#"{{"name": {}"#, "[".repeat(10_000)), "invalid_field", Some("name"));
        let error = read::<Outer>(b"{\"name\": \"\xff\"}").expect_err("not UTF-8");
        assert_eq!(error.code(), "malformed_json");
    }
}
