//! Of a key's own limits, an endpoint's and an address's, all are charged or none.

use serde_json::json;

use super::{HERE, THERE, list, make_key, metric, refused, trust_this_machine};
use crate::support::{Answer, Stage, StageOptions};

const ORDERS: &str = "GET /v1/payments/orders";

/// Returns what is left of the day: a hundredth comes back every quarter of an hour, so that it is exact here.
#[track_caller]
fn left_of_day(answer: &Answer) -> u32 {
    let told = answer.header("ratelimit").expect("a header");
    let left = told.strip_prefix(r#""key-day";r="#).and_then(|rest| rest.split_once(';'));
    left.unwrap_or_else(|| panic!("not the day: {told}")).0.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_limit_refuses_is_charged_to_none() {
    let stage = Stage::start_with(StageOptions {
        configure: |config| {
            trust_this_machine(config);
            config.limits.ip_per_minute = 30;
            config.limits.endpoints = [(ORDERS.to_owned(), 5)].into();
        },
        ..StageOptions::default()
    })
    .await;
    let account = stage.account("allornone").await;
    let fields = json!({"rate_limit_per_min": 600, "rate_limit_per_day": 100});
    let key = make_key(&stage, &account, fields).await;
    let headers = [("x-platform-key", key.as_str()), ("x-forwarded-for", THERE)];
    let elsewhere =
        async || stage.api.get("/v1/transactions/txn_01k3s0m3q4v8w2c5d6e7f8g9ha", &headers).await.expect(404);

    // Far more than the address has: those that the endpoint refuses do not count for it.
    let mut passed = 0;
    for number in 0..60 {
        let answer = list(&stage, &key, HERE).await;
        if answer.status == 200 {
            passed += 1;
            assert!(answer.header("ratelimit-policy").is_some_and(|policy| {
                policy.ends_with(r#", "key-day";q=100;w=86400, "endpoint";q=5;w=60, "ip";q=30;w=60"#)
            }));
            assert!(answer.header("ratelimit").is_some_and(|told| told.starts_with(r#""endpoint";r="#)));
        } else {
            assert!(number >= 5);
            let answer = refused(answer, "endpoint_limit");
            assert!(answer.header("ratelimit").is_some_and(|told| told.starts_with(r#""endpoint";r=0;t="#)));
            assert_eq!(answer.header("x-ratelimit-limit"), Some("5"));
        }
    }
    assert!((5..15).contains(&passed), "{passed}");
    assert_eq!(metric(&stage, r#"gateway_rate_limited_total{limit="endpoint"} "#).await, 60 - passed);
    let other = make_key(&stage, &account, json!({"rate_limit_per_day": 10})).await;
    assert_eq!(left_of_day(&list_elsewhere(&stage, &other).await), 9);

    // Nor do those that the address refuses count for the key.
    let mut also_passed = 0;
    loop {
        let answer = stage
            .api
            .get("/v1/transactions/txn_01k3s0m3q4v8w2c5d6e7f8g9ha", &[headers[0], ("x-forwarded-for", HERE)])
            .await;
        if answer.status == 429 {
            let answer = refused(answer, "ip_limit");
            assert_eq!(answer.header("ratelimit-policy"), Some(r#""ip";q=30;w=60"#));
            break;
        }
        also_passed += 1;
        assert!(also_passed < 1_000);
    }
    let rest = elsewhere().await;
    // The address has fewer left than the day has.
    assert!(rest.header("ratelimit").is_some_and(|told| told.starts_with(r#""ip";r=29;"#)));
    let loopback =
        stage.api.get("/v1/transactions/txn_01k3s0m3q4v8w2c5d6e7f8g9ha", &headers[..1]).await.expect(404);
    assert_eq!(u64::from(left_of_day(&loopback)), 100 - passed - also_passed - 2);
}

async fn list_elsewhere(stage: &Stage, key: &str) -> Answer {
    let path = "/v1/transactions/txn_01k3s0m3q4v8w2c5d6e7f8g9ha";
    stage.api.get(path, &[("x-platform-key", key)]).await.expect(404)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_key_refuses_is_not_charged_to_the_endpoint_or_the_address() {
    let stage = Stage::start_with(StageOptions {
        configure: |config| {
            trust_this_machine(config);
            config.limits.ip_per_minute = 30;
            config.limits.endpoints = [(ORDERS.to_owned(), 20)].into();
        },
        ..StageOptions::default()
    })
    .await;
    let account = stage.account("keyfirst").await;
    let key = make_key(&stage, &account, json!({"rate_limit_per_day": 3})).await;
    for _ in 0..3 {
        list(&stage, &key, HERE).await.expect(200);
    }
    for _ in 0..60 {
        refused(list(&stage, &key, HERE).await, "key_day_limit");
    }
    assert_eq!(metric(&stage, r#"gateway_rate_limited_total{limit="day"} "#).await, 60);
    assert_eq!(metric(&stage, r#"gateway_rate_limited_total{limit="ip"} "#).await, 0);
}
