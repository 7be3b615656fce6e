//! The passthrough: what goes to a provider and what comes back, and who may.

mod faults;
mod keyed;
mod streams;
mod tricks;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Account, Answer, Stage, bearer, env_of};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Sends a request through the passthrough.
async fn carry(
    stage: &Stage,
    key: &str,
    (method, path): (Method, &str),
    headers: &[(&str, &str)],
    body: impl Into<bytes::Bytes>,
) -> Answer {
    let headers: Vec<_> = headers.iter().copied().chain([("x-platform-key", key)]).collect();
    stage.api.send(method, &format!("/v1/proxy/{path}"), &headers, body).await
}

/// Returns the requests that a provider received.
async fn calls(stage: &Stage, query: &str) -> Vec<Value> {
    let calls = stage.control.get(&format!("/_control/calls?{query}"), &[]).await.expect(200).json();
    calls["items"].as_array().expect("a list").clone()
}

/// Returns the log's row of an answer.
async fn logged(stage: &Stage, account: &Account, answer: &Answer) -> Value {
    let id = answer.header("x-transaction-id").expect("a transaction id");
    let key = [("x-platform-key", account.key.as_str())];
    stage.api.get(&format!("/v1/transactions/{id}"), &key).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_request_and_answer_pass_unchanged() {
    let stage = Stage::start().await;
    let account = stage.account("carried").await;
    let text =
        r#"{ "amount": 50000,  "currency":"INR", "receipt": "own", "notes": {"email": "p@example.com"} }"#;
    let order =
        carry(&stage, &account.key, (Method::POST, "razorpay/v1/orders"), &[JSON], text).await.expect(200);
    let id = order.json()["id"].as_str().expect("an order").to_owned();
    assert_eq!(order.header("content-type"), Some("application/json"));
    for header in ["x-transaction-id", "x-request-id", "ratelimit", "x-ratelimit-limit", "server-timing"] {
        assert!(order.header(header).is_some(), "{header}");
    }
    assert!(order.header("server-timing").expect("a header").contains("provider;dur="));
    let call = calls(&stage, "provider=razorpay&method=POST&path=/v1/orders").await.remove(0);
    assert_eq!((call["body"].as_str(), call["headers"]["content-type"].as_str()), (Some(text), Some(JSON.1)));

    let path = "razorpay/v1/orders?count=1&receipt=own%20%2B";
    carry(&stage, &account.key, (Method::GET, path), &[], "").await.expect(200);
    let call = calls(&stage, "provider=razorpay&method=GET&path=/v1/orders").await.pop().expect("a call");
    assert_eq!(call["query"], "count=1&receipt=own%20%2B");
    let read = carry(&stage, &account.key, (Method::GET, &format!("razorpay/v1/orders/{id}")), &[], "").await;
    assert_eq!(read.json()["id"], *id);
    // The provider's refusal is the provider's answer.
    let missing = carry(&stage, &account.key, (Method::GET, "razorpay/v1/orders/order_none"), &[], "").await;
    assert!(missing.status.is_client_error() && missing.json()["error"]["code"] == "BAD_REQUEST_ERROR");

    let row = logged(&stage, &account, &order).await;
    assert_eq!(row["endpoint"], "POST /v1/proxy/{provider}/{path}");
    assert_eq!((row["operation"].as_str(), row["status"].as_str()), (Some("proxy.write"), Some("success")));
    assert_eq!(
        (row["provider_ref"].as_str(), row["provider"].as_str()),
        (Some("/v1/orders"), Some("razorpay"))
    );
    assert_eq!(
        (row["request"]["amount"].as_u64(), row["response"]["id"].as_str()),
        (Some(50000), Some(&*id))
    );
    let row = logged(&stage, &account, &missing).await;
    assert_eq!((row["operation"].as_str(), row["status"].as_str()), (Some("proxy.read"), Some("failed")));
    assert_eq!(row["response_status"].as_u64(), Some(u64::from(missing.status.as_u16())));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_is_authorised_in_its_own_way() {
    let stage = Stage::start().await;
    let account = stage.account("ways").await;
    let key = &account.key;
    let version = ("stripe-version", "2023-08-16");
    let body = "amount=500&currency=usd";
    let intent =
        carry(&stage, key, (Method::POST, "stripe/v1/payment_intents"), &[FORM, version], body).await;
    assert!(intent.expect(200).json()["id"].as_str().is_some_and(|id| id.starts_with("pi_")));
    let order = json!({"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "USD", "value": "5.00"}}]});
    let headers = [JSON, ("paypal-request-id", "own-1"), ("prefer", "return=representation")];
    let order =
        carry(&stage, key, (Method::POST, "paypal/v2/checkout/orders"), &headers, order.to_string()).await;
    assert!(order.status.is_success(), "{}", order.text());
    let call = calls(&stage, "provider=paypal&method=POST&path=/v2/checkout/orders").await.remove(0);
    assert_eq!(call["headers"]["authorization"], "Bearer [redacted]");
    assert_eq!(
        (&call["headers"]["paypal-request-id"], &call["headers"]["prefer"]),
        (&json!("own-1"), &json!("return=representation"))
    );
    let account_sid =
        env_of("ways").lines().find_map(|line| line.strip_prefix("TWILIO_ACCOUNT_SID=").map(str::to_owned));
    let path = format!("twilio/2010-04-01/Accounts/{}/Messages.json", account_sid.expect("a sid"));
    let sms =
        carry(&stage, key, (Method::POST, &path), &[FORM], "To=%2B15558675310&From=%2B15005550006&Body=hi")
            .await;
    assert_eq!(sms.expect(201).json()["body"], "hi");
    carry(&stage, key, (Method::GET, &path), &[], "").await.expect(200);
    assert_eq!(stage.effects("provider=twilio").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_header_that_is_not_the_providers_goes_along_or_comes_back() {
    let stage = Stage::start().await;
    let account = stage.account("hygiene").await;
    let fault = json!({"provider": "razorpay", "times": 1, "fault": {"status": 200, "body": {"id": "x"}, "headers": {
        "set-cookie": "a=1", "server": "nginx", "access-control-allow-origin": "*", "x-ratelimit-limit": "1",
        "strict-transport-security": "max-age=1", "x-own": "kept", "x-request-id": "theirs"}}});
    stage.fault(&fault).await;
    let headers = [
        ("authorization", "Bearer unf_test_other"),
        ("cookie", "session=1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("forwarded", "for=10.0.0.1"),
        ("x-real-ip", "10.0.0.1"),
        ("proxy-authorization", "Basic x"),
        ("te", "trailers"),
        ("accept-encoding", "gzip"),
        ("x-http-method-override", "POST"),
        ("x-request-id", "mine-1"),
        ("accept", "application/json"),
        ("x-razorpay-account", "acc_1"),
    ];
    let answer = carry(&stage, &account.key, (Method::GET, "razorpay/v1/orders?count=9"), &headers, "")
        .await
        .expect(200);
    for header in ["set-cookie", "server", "access-control-allow-origin", "strict-transport-security"] {
        assert_eq!(answer.header(header), None, "{header}");
    }
    assert_eq!((answer.header("x-own"), answer.header("x-request-id")), (Some("kept"), Some("mine-1")));
    assert_eq!(answer.headers.get_all("x-ratelimit-limit").iter().count(), 1);
    assert_eq!(answer.headers.get_all("date").iter().count(), 1);
    let call = calls(&stage, "provider=razorpay&path=/v1/orders").await.pop().expect("a call");
    assert_eq!(call["query"], "count=9");
    let mut names: Vec<_> =
        call["headers"].as_object().expect("headers").keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["accept", "authorization", "host", "user-agent", "x-razorpay-account", "x-request-id"]
    );
    assert_eq!(call["headers"]["authorization"], "Basic [redacted]");
    assert_eq!(call["headers"]["x-request-id"], "mine-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_replaced_once() {
    let stage = Stage::start().await;
    let account = stage.account("tokens").await;
    let order = json!({"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "USD", "value": "5.00"}}]});
    let create = async || {
        let request = (Method::POST, "paypal/v2/checkout/orders");
        carry(&stage, &account.key, request, &[JSON], order.to_string()).await
    };
    assert!(create().await.status.is_success());
    let forget = async || {
        stage.control.send(Method::DELETE, "/_control/state", &[], "").await;
    };
    forget().await;
    let again = create().await;
    assert!(again.status.is_success(), "{}", again.text());
    assert_eq!(logged(&stage, &account, &again).await["attempt_count"], 2);
    assert_eq!(stage.effects("provider=paypal").await.len(), 1, "since the sandbox forgot");
    // A body that is not held cannot be sent again: the caller does it.
    forget().await;
    let large = format!("{}{}", order, " ".repeat(100_000));
    let request = (Method::POST, "paypal/v2/checkout/orders");
    let refused = carry(&stage, &account.key, request.clone(), &[JSON], large.clone()).await.expect(502);
    assert_eq!(
        (refused.code(), &refused.json()["error"]["retryable"]),
        ("provider_token_refused".to_owned(), &json!(true))
    );
    assert!(carry(&stage, &account.key, request, &[JSON], large).await.status.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn scope_feature_provider_and_limits_are_asked_first() {
    let stage = Stage::start().await;
    let account = stage.account("rights").await;
    let auth = bearer(&account.token);
    let auth = [("authorization", auth.as_str())];
    let key = async |body: Value| {
        let key = stage.api.post("/api/keys", &auth, &body).await.expect(201).json();
        key["key"].as_str().expect("a key").to_owned()
    };
    let orders = "razorpay/v1/orders";
    let reader = key(json!({"name": "r", "environment": "test", "scopes": ["proxy:read"]})).await;
    carry(&stage, &reader, (Method::GET, orders), &[], "").await.expect(200);
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let refused = carry(&stage, &reader, (method, orders), &[JSON], "{}").await.expect(403);
        assert_eq!(refused.code(), "scope_missing");
    }
    let payer = key(json!({"name": "p", "environment": "test", "scopes": ["payments:write"]})).await;
    carry(&stage, &payer, (Method::GET, orders), &[], "").await.expect(403);
    let once = key(json!({"name": "o", "environment": "test", "rate_limit_per_min": 1})).await;
    carry(&stage, &once, (Method::GET, orders), &[], "").await.expect(200);
    let limited = carry(&stage, &once, (Method::GET, orders), &[], "").await.expect(429);
    assert_eq!(limited.code(), "key_minute_limit");
    let unknown = carry(&stage, &account.key, (Method::GET, "nobody/v1/orders"), &[], "").await.expect(400);
    assert_eq!(unknown.json()["error"]["param"], "provider");
    stage.api.get("/v1/proxy/razorpay/v1/orders", &[]).await.expect(401);

    // A tenant with one service, and the passthrough switched off for it.
    let token = stage.sign_up("narrow").await;
    let env = "STRIPE_SECRET_KEY=sk_test_narrow0000000000000000000000\n";
    let services = json!([{"service": "stripe", "environment": "test", "features": ["payments"]}]);
    let body = json!({"env_text": env, "create_keys": true, "services": services});
    let auth = bearer(&token);
    let configured =
        stage.api.post("/api/onboarding/configure", &[("authorization", auth.as_str())], &body).await;
    let narrow = configured.expect(200).json()["api_keys"][0]["key"].as_str().expect("a key").to_owned();
    let before = calls(&stage, "").await.len();
    let off = carry(&stage, &narrow, (Method::GET, "stripe/v1/account"), &[], "").await.expect(422);
    assert_eq!(off.code(), "feature_not_enabled");
    let absent = carry(&stage, &narrow, (Method::GET, orders), &[], "").await.expect(422);
    assert_eq!(absent.code(), "no_provider_configured");
    assert_eq!(calls(&stage, "").await.len(), before, "nothing was sent");
}
