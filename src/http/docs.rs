//! The API reference: the OpenAPI document, and a page that renders it with assets from the binary. Anybody may ask for them, and
//! they are large: none is copied for a request, and a client that does not read holds a piece of it.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::body::SizedStream;
use actix_web::web::{self, Data, ServiceConfig};
use bytes::Bytes;
use futures_util::{Stream, stream};
use utoipa_swagger_ui::Config;

use super::error::ApiError;
use super::openapi::served_document;

/// How much a connection is handed at once, in bytes: it copies what it is handed.
const PIECE_BYTES: usize = 16 * 1024;

/// The routes of the page.
pub(super) fn routes(config: &mut ServiceConfig) {
    let page = Config::new(["/openapi.json"]).use_base_layout().try_it_out_enabled(true);
    config
        .app_data(Data::new(Arc::new(page)))
        .route("/docs", web::get().to(to_page))
        .route("/docs/{asset:.*}", web::get().to(asset));
}

async fn to_page() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("Location", "/docs/")).finish()
}

async fn asset(path: web::Path<String>, page: Data<Arc<Config<'static>>>) -> HttpResponse {
    match utoipa_swagger_ui::serve(&path, Arc::clone(&page)) {
        Ok(Some(file)) => {
            HttpResponse::Ok().content_type(file.content_type).body(in_pieces(bytes_of(file.bytes)))
        }
        Ok(None) => ApiError::not_found("route_not_found", "There is no such page.").response(),
        Err(error) => {
            tracing::error!(error = &*error, "the documentation page cannot be served");
            ApiError::internal().response()
        }
    }
}

/// The OpenAPI 3.1 document.
#[utoipa::path(get, path = "/openapi.json", tag = "Health", responses((status = 200, description = "This document.")))]
pub(super) async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(in_pieces(served_document()))
}

/// Returns what is in an asset: where it stands in the binary, or what was made of it for this page.
fn bytes_of(asset: Cow<'static, [u8]>) -> Bytes {
    match asset {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

fn in_pieces(mut whole: Bytes) -> SizedStream<impl Stream<Item = Result<Bytes, Infallible>> + use<>> {
    let length = u64::try_from(whole.len()).unwrap_or(u64::MAX);
    let pieces = std::iter::from_fn(move || {
        let piece = whole.split_to(whole.len().min(PIECE_BYTES));
        (!piece.is_empty()).then_some(Ok(piece))
    });
    SizedStream::new(length, stream::iter(pieces))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use actix_web::body::{BodySize, MessageBody};
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn what_is_large_is_handed_over_in_pieces_that_say_how_long_all_is() {
        let mut body = Box::pin(in_pieces(Bytes::from_static(&[7; 40_000])));
        assert_eq!(body.size(), BodySize::Sized(40_000));
        let mut lengths = Vec::new();
        while let Some(piece) = poll_fn(|context| body.as_mut().poll_next(context)).now_or_never().unwrap() {
            lengths.push(piece.unwrap().len());
        }
        assert_eq!(lengths, [16_384, 16_384, 7_232]);
    }

    #[test]
    fn neither_an_asset_nor_the_document_is_copied_for_a_request() {
        let page = Arc::new(Config::new(["/openapi.json"]));
        let asset = || {
            let file = utoipa_swagger_ui::serve("swagger-ui-bundle.js", Arc::clone(&page)).unwrap();
            bytes_of(file.unwrap().bytes)
        };
        let (first, second) = (asset(), asset());
        assert!(first.len() > 1_000_000);
        assert_eq!(first.as_ptr(), second.as_ptr());
        assert_eq!(served_document().as_ptr(), served_document().as_ptr());
    }
}
