//! How often one address may ask, and whose request it is: what a stranger writes into a header counts for nothing.

use serde_json::json;

use super::{HERE, THERE, list, make_key, refused, trust_this_machine};
use crate::support::{Stage, StageOptions};

fn few_requests() -> StageOptions {
    StageOptions {
        configure: |config| {
            trust_this_machine(config);
            config.limits.ip_per_minute = 3;
        },
        ..StageOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_refused_before_anybody_asks_who_it_is() {
    let stage = Stage::start_with(few_requests()).await;
    let account = stage.account("addresses").await;
    let ask = async |from: &str| stage.api.get("/v1/payments/orders", &[("x-forwarded-for", from)]).await;
    let mut passed = 0;
    let answer = loop {
        let answer = ask(HERE).await;
        if answer.status != 401 {
            break answer;
        }
        passed += 1;
        assert!(passed < 1_000);
    };
    assert!(passed >= 3);
    let answer = refused(answer, "ip_limit");
    assert_eq!(answer.header("ratelimit-policy"), Some(r#""ip";q=3;w=60"#));
    assert!(answer.header("x-request-id").is_some());
    refused(list(&stage, &account.key, HERE).await, "ip_limit");
    refused(stage.api.get("/docs", &[("x-forwarded-for", HERE)]).await, "ip_limit");
    // What the client itself wrote stands on the left, and what is no address is nobody's.
    refused(list(&stage, &account.key, &format!("{THERE}, {HERE}:4711, 127.0.0.1")).await, "ip_limit");
    list(&stage, &account.key, THERE).await.expect(200);
    // This machine is exempt, and so is what a balancer asks; what looks at the parts is not, nor what only begins like it.
    for _ in 0..20 {
        list(&stage, &account.key, "not an address").await.expect(200);
        for path in ["/health/live", "/health/ready"] {
            stage.api.get(path, &[("x-forwarded-for", HERE)]).await.expect(200);
        }
    }
    for path in ["/health", "/healthy", "/health/readiness"] {
        refused(stage.api.get(path, &[("x-forwarded-for", HERE)]).await, "ip_limit");
    }
    stage.admin.get("/health", &[("x-forwarded-for", HERE)]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_no_trusted_proxy_cannot_choose_its_address() {
    let stage = Stage::start_with(StageOptions {
        configure: |config| {
            config.limits.exempt = [].into();
            config.limits.ip_per_minute = 60;
        },
        ..StageOptions::default()
    })
    .await;
    let account = stage.account("spoofer").await;
    let key = make_key(&stage, &account, json!({"allowed_ips": [format!("{HERE}/32")]})).await;
    assert_eq!(list(&stage, &key, HERE).await.expect(403).code(), "address_not_allowed");
    let mut number = 0_u32;
    let answer = loop {
        let answer = list(&stage, &account.key, &std::net::Ipv4Addr::from(number).to_string()).await;
        if answer.status != 200 {
            break answer;
        }
        number += 1;
        assert!(number < 10_000);
    };
    refused(answer, "ip_limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_networks_are_asked_for_the_client_behind_the_proxy() {
    let stage =
        Stage::start_with(StageOptions { configure: trust_this_machine, ..StageOptions::default() }).await;
    let account = stage.account("networks").await;
    let key = make_key(&stage, &account, json!({"allowed_ips": [format!("{HERE}/32")]})).await;
    list(&stage, &key, HERE).await.expect(200);
    list(&stage, &key, &format!("{THERE}, {HERE}")).await.expect(200);
    for elsewhere in [THERE, &format!("{HERE}, {THERE}"), "127.0.0.1", "garbage", ""] {
        assert_eq!(list(&stage, &key, elsewhere).await.expect(403).code(), "address_not_allowed");
    }
}
