//! Whether a call arrived is judged by that call alone: by its own age, and at the account that it went to.

use std::time::Duration;

use gateway::Config;
use serde_json::json;

use super::{fault, lost, often, unsettled};
use crate::support::{Scene, StageOptions, bearer, env_of, eventually};

/// Nobody looks by itself, and what is three seconds old never arrived if there is no trace of it.
fn by_repeats_alone(config: &mut Config) {
    config.calls.quiet_ms = 3_000;
    config.reconcile.schedule_ms = vec![3_600_000];
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_made_again_is_not_judged_by_the_age_of_the_first() {
    let options = StageOptions { configure: by_repeats_alone, ..StageOptions::default() };
    let scene = Scene::start_with("madeagain", options).await;
    let text = json!({"to": "+15558675310", "message": "Your code is 42", "provider": "twilio"});
    fault(&scene, "twilio", "sms.send", "reset_after_read").await;
    let first = lost(&scene.post_once("code", "/v1/sms", &text).await);
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    // Made again, since it never arrived; and this time it is done, its answer is lost, and the list does not show it yet.
    scene.stage.no_faults().await;
    fault(&scene, "twilio", "sms.send", "execute_then_reset").await;
    let nothing = json!({"status": 200, "body": {"messages": [], "next_page_uri": null}});
    scene.stage.fault(&json!({"provider": "twilio", "operation": "sms.list", "fault": nothing})).await;
    let second = lost(&scene.post_once("code", "/v1/sms", &text).await);
    assert_ne!(first, second, "a call of its own");
    let again = lost(&scene.post_once("code", "/v1/sms", &text).await);
    assert_eq!(again, second, "it may be on its way");
    assert_eq!(scene.stage.effects("operation=sms.send").await.len(), 1);
    scene.stage.no_faults().await;
    let found = scene.post_once("code", "/v1/sms", &text).await.expect(201).json();
    assert_eq!(found["transaction_id"], *second);
    assert_eq!(scene.stage.effects("operation=sms.send").await.len(), 1);
    let told = scene.get(&format!("/v1/transactions/{first}")).await.expect(200).json();
    assert_eq!(told["status"], "failed", "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_at_one_account_is_never_looked_for_or_repeated_at_another() {
    let options = StageOptions { configure: often, ..StageOptions::default() };
    let scene = Scene::start_with("moving", options).await;
    for provider in ["stripe", "paypal"] {
        // Known to be lost, and looked up only when the account is another.
        fault(&scene, provider, "orders.create", "execute_then_reset").await;
        let body = json!({"amount": "9.00", "currency": "USD", "provider": provider});
        lost(&scene.post_once(provider, "/v1/payments/orders", &body).await);
    }
    let body = json!({"env_text": env_of("elsewhere"), "create_keys": false});
    let headers = [("authorization", &*bearer(&scene.account.token))];
    scene.stage.api.post("/api/onboarding/configure", &headers, &body).await.expect(200);
    scene.stage.no_faults().await;
    eventually("a person is asked about both", async || {
        (unsettled(&scene, "?attention=true").await.len() == 2).then_some(())
    })
    .await;
    for provider in ["stripe", "paypal"] {
        let body = json!({"amount": "9.00", "currency": "USD", "provider": provider});
        let again = scene.post_once(provider, "/v1/payments/orders", &body).await;
        assert!(again.status.is_server_error(), "{}", again.text());
        let effects = scene.stage.effects(&format!("provider={provider}&operation=orders.create")).await;
        assert_eq!(effects.len(), 1, "{provider}");
        // A new key is a new call, at the new account.
        scene.post_once(&format!("{provider} anew"), "/v1/payments/orders", &body).await.expect(201);
    }
}
