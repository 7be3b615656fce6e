//! The published document and the page that renders it.

use serde_json::Value;

use crate::support::Stage;

/// Routes of the public port, as `src/http/mod.rs` lists them.
const ROUTES: [(&str, &str); 31] = [
    ("post", "/v1/payments/orders"),
    ("get", "/v1/payments/orders"),
    ("get", "/v1/payments/orders/{id}"),
    ("post", "/v1/payments/orders/{id}/capture"),
    ("post", "/v1/payments/orders/{id}/cancel"),
    ("post", "/v1/sms"),
    ("get", "/v1/sms/{id}"),
    ("post", "/v1/calls"),
    ("get", "/v1/calls/{id}"),
    ("get", "/v1/transactions/{id}"),
    ("get", "/v1/proxy/{provider}/{path}"),
    ("post", "/v1/proxy/{provider}/{path}"),
    ("put", "/v1/proxy/{provider}/{path}"),
    ("patch", "/v1/proxy/{provider}/{path}"),
    ("delete", "/v1/proxy/{provider}/{path}"),
    ("post", "/api/auth/sign-up"),
    ("post", "/api/auth/sign-in"),
    ("post", "/api/onboarding/parse"),
    ("post", "/api/onboarding/configure"),
    ("get", "/api/keys"),
    ("post", "/api/keys"),
    ("put", "/api/keys/{id}/rotate"),
    ("delete", "/api/keys/{id}"),
    ("get", "/api/services"),
    ("put", "/api/services/{service}/features"),
    ("get", "/api/routing"),
    ("put", "/api/routing"),
    ("get", "/health"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/.well-known/jwks.json"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_in_the_document_with_an_answer() {
    let stage = Stage::start().await;
    let document = stage.api.get("/openapi.json", &[]).await.expect(200).json();
    assert!(
        document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")),
        "{}",
        document["openapi"]
    );
    for (method, route) in ROUTES {
        let operation = &document["paths"][route][method];
        assert!(operation["responses"].is_object(), "{method} {route} is missing");
        assert!(
            operation["summary"].is_string() || operation["description"].is_string(),
            "{method} {route} has no words"
        );
    }
    let order =
        &document["paths"]["/v1/payments/orders"]["post"]["requestBody"]["content"]["application/json"];
    assert_eq!(order["example"]["currency"], "INR");
    check_references(&document, &document);
}

/// Every `$ref` leads somewhere.
fn check_references(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let pointer = reference.strip_prefix('#').expect("a local reference");
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|field| check_references(document, field));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(document, item)),
        _ => {}
    }
}

#[test]
fn every_write_takes_a_key_and_says_how_it_may_be_refused() {
    let document: Value = serde_json::from_str(&gateway::openapi_document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let posts = paths.iter().filter(|(path, item)| path.starts_with("/v1/") && item["post"].is_object());
    let mut seen = 0;
    for (path, item) in posts {
        let post = &item["post"];
        let parameters = post["parameters"].as_array().expect("parameters");
        let is_key =
            |parameter: &&Value| parameter["name"] == "Idempotency-Key" && parameter["in"] == "header";
        assert_eq!(parameters.iter().filter(is_key).count(), 1, "{path}");
        for (status, code) in [
            ("409", "`idempotency_key_in_use`"),
            ("429", "`key_minute_limit`"),
            ("502", "`provider_unreachable`"),
            ("503", "`circuit_open`"),
            ("503", "`ledger_unavailable`"),
            ("504", "`provider_timeout`"),
            ("504", "`ledger_timeout`"),
        ] {
            let answer = &post["responses"][status];
            let description = answer["description"].as_str().unwrap_or_default();
            assert!(description.contains(code), "{path} {status}: {description}");
            let schema = &answer["content"]["application/json"]["schema"];
            assert_eq!(schema["$ref"], "#/components/schemas/ErrorBody", "{path} {status}");
            for header in ["RateLimit", "Idempotent-Replayed"] {
                assert!(answer["headers"][header].is_object(), "{path} {status}: {header}");
            }
        }
        assert!(post["responses"]["503"]["headers"]["Retry-After"].is_object(), "{path}");
        seen += 1;
    }
    assert!(seen > 10, "only {seen} routes were looked at");
    let refunds = &document["paths"]["/v1/payments/refunds"]["post"]["responses"]["409"]["description"];
    let own = "`already_refunded`, `not_paid`; `operation_in_progress`";
    assert!(refunds.as_str().is_some_and(|said| said.starts_with(own)), "what a route says stays: {refunds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_page_needs_nothing_from_outside() {
    let stage = Stage::start().await;
    let redirect = stage.api.get("/docs", &[]).await.expect(308);
    assert_eq!(redirect.header("location"), Some("/docs/"));
    let page = stage.api.get("/docs/", &[]).await.expect(200).text();
    assert!(!page.contains("https://") || !page.contains("cdn"), "assets come from the binary: {page}");
    for asset in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        stage.api.get(&format!("/docs/{asset}"), &[]).await.expect(200);
    }
    let script = stage.api.get("/docs/swagger-initializer.js", &[]).await.expect(200).text();
    assert!(script.contains("/openapi.json"));
}

#[test]
fn the_document_names_every_scope() {
    let document = gateway::openapi_document();
    for scope in domain::Scope::ALL {
        assert!(document.contains(&format!("`{}`", scope.as_str())), "{}", scope.as_str());
    }
}
