//! One file out of a `multipart/form-data` body (RFC 7578) that is in memory whole.

use crate::http::error::ApiError;

/// Returns the boundary of a multipart content type.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (essence, parameters) = content_type.split_once(';')?;
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    let value = value.trim_matches('"');
    (!value.is_empty() && value.len() <= 70).then_some(value)
}

/// Returns the bytes of the first part.
///
/// # Errors
/// `malformed_json` when the body is no multipart body with a part.
pub(super) fn file<'a>(body: &'a [u8], boundary: &str) -> Result<&'a [u8], ApiError> {
    let broken = || ApiError::malformed_json("The body is not multipart/form-data with one file.");
    let opening = format!("--{boundary}\r\n");
    let closing = format!("\r\n--{boundary}");
    let start = find(body, opening.as_bytes()).ok_or_else(broken)?;
    let part = body.get(start.saturating_add(opening.len())..).ok_or_else(broken)?;
    let headers_end = find(part, b"\r\n\r\n").ok_or_else(broken)?;
    let content = part.get(headers_end.saturating_add(4)..).ok_or_else(broken)?;
    let end = find(content, closing.as_bytes()).ok_or_else(broken)?;
    content.get(..end).ok_or_else(broken)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_is_found() {
        let content_type = "multipart/form-data; boundary=\"xyz\"";
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\".env\"\r\n\r\nA=1\r\nB=2\r\n--xyz--\r\n";
        assert_eq!(
            file(body, boundary(content_type).expect("boundary")).ok(),
            Some(b"A=1\r\nB=2".as_slice())
        );
    }

    #[test]
    fn broken_bodies_are_refused() {
        assert_eq!(boundary("application/json"), None);
        assert_eq!(boundary("multipart/form-data; boundary="), None);
        for body in [b"".as_slice(), b"--xyz\r\n", b"--xyz\r\nA: b\r\n\r\ncut"] {
            assert!(file(body, "xyz").is_err());
        }
    }
}
