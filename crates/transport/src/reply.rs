//! A provider's answer, read whole or not at all, or handed on as it comes.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use domain::{Endpoint, Reply, StreamedReply, TransportFailure};
use http::header::CONTENT_ENCODING;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::Sleep;

use crate::download::Download;
use crate::failure;

/// Why an answer that is HTTP is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Unreadable {
    #[error("answer is longer than {0} bytes")]
    TooLong(usize),
    #[error("answer is encoded, which was not asked for")]
    Encoded,
    #[error("answer changes the protocol, which was not asked for")]
    Upgrade,
}

/// Reads an answer's body. What is not read to its end takes its connection with it.
///
/// # Errors
/// [`TransportFailure::Unreadable`] for an answer too long, encoded or garbled, [`TransportFailure::Disconnected`] for one
/// that breaks off.
pub(crate) async fn read(
    response: Response<Incoming>,
    max_bytes: usize,
    endpoint: &Endpoint,
) -> Result<Reply, TransportFailure> {
    let (head, body) = response.into_parts();
    let refuse = |reason: Unreadable| {
        failure::log(endpoint, TransportFailure::Unreadable, &reason);
        TransportFailure::Unreadable
    };
    if is_upgrade(&head) {
        return Err(refuse(Unreadable::Upgrade));
    }
    if is_encoded(&head.headers) {
        return Err(refuse(Unreadable::Encoded));
    }
    let body = collect(body, max_bytes).await.map_err(|failure| match failure {
        BodyFailure::TooLong => refuse(Unreadable::TooLong(max_bytes)),
        BodyFailure::Broken(error) => {
            let verdict = failure::of_body(&error);
            failure::log(endpoint, verdict, &error);
            verdict
        }
    })?;
    Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
}

/// Hands an answer on whose body is still coming, however long or encoded it is: it is not for us to read.
///
/// # Errors
/// [`TransportFailure::Unreadable`] for one that changes the protocol.
pub(crate) fn hand_on(
    response: Response<Incoming>,
    deadline: Pin<Box<Sleep>>,
    endpoint: &Endpoint,
) -> Result<StreamedReply, TransportFailure> {
    let (head, body) = response.into_parts();
    if is_upgrade(&head) {
        failure::log(endpoint, TransportFailure::Unreadable, &Unreadable::Upgrade);
        return Err(TransportFailure::Unreadable);
    }
    Ok(StreamedReply {
        status: head.status.as_u16(),
        headers: head.headers,
        length: body.size_hint().exact(),
        pieces: Box::new(Download::new(body, deadline, endpoint.clone())),
    })
}

fn is_upgrade(head: &Parts) -> bool {
    head.status == StatusCode::SWITCHING_PROTOCOLS
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|encoding| !encoding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

enum BodyFailure {
    TooLong,
    Broken(hyper::Error),
}

/// The usual answer arrives in one piece and is not copied.
async fn collect(mut body: Incoming, max_bytes: usize) -> Result<Bytes, BodyFailure> {
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > max_bytes {
        return Err(BodyFailure::TooLong);
    }
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(BodyFailure::Broken)?.into_data() else {
            continue;
        };
        if whole.len() + pieces.len() + piece.len() > max_bytes {
            return Err(BodyFailure::TooLong);
        }
        if whole.is_empty() && pieces.is_empty() {
            whole = piece;
            continue;
        }
        if pieces.is_empty() {
            pieces.reserve(declared.max(whole.len() + piece.len()));
            pieces.extend_from_slice(&std::mem::take(&mut whole));
        }
        pieces.extend_from_slice(&piece);
    }
    Ok(if pieces.is_empty() { whole } else { pieces.freeze() })
}
