//! The API reference: the OpenAPI document, and a page that renders it with assets from the binary.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use utoipa_swagger_ui::Config;

use super::error::ApiError;
use super::openapi::openapi_document;

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
        Ok(Some(file)) => HttpResponse::Ok().content_type(file.content_type).body(file.bytes.into_owned()),
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
    HttpResponse::Ok().content_type("application/json").body(openapi_document())
}
