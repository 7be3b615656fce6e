//! What is refused to a look-up says nothing about the call that it asks after, nor about the calls that do the operation.

use domain::OperationKind;
use serde_json::{Value, json};

use super::{fault, lost, often, scene, settled, told, unsettled};
use crate::support::{Scene, bearer, eventually, ready};

/// Loses the answer of what was done, refuses what finds out, and then lets it through.
async fn refuse_for_now(scene: &Scene, provider: &str, operation: OperationKind, refusal: (&str, Value)) {
    let (refused, answer) = refusal;
    let what = format!("{provider} {operation:?} {refused} {answer}");
    let request = ready(scene, provider, operation).await;
    let query = format!("provider={provider}&operation={}", operation.as_str());
    let before = scene.stage.effects(&query).await.len();
    fault(scene, provider, operation.as_str(), "execute_then_reset").await;
    let transaction = lost(&request.send(scene).await);
    scene.stage.no_faults().await;
    scene.stage.fault(&json!({"provider": provider, "operation": refused, "fault": answer})).await;
    let asked = format!("provider={provider}&operation={refused}");
    let calls = scene.calls(&asked).await;
    eventually("it is asked after", async || (scene.calls(&asked).await > calls + 2).then_some(())).await;
    assert_eq!(told(scene, &transaction).await["status"], "unknown", "{what}");
    scene.stage.no_faults().await;
    let found = settled(scene, &transaction).await;
    assert_eq!(found["status"], "success", "{what}: {found}");
    assert_eq!(scene.stage.effects(&query).await.len(), before + 1, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_that_is_not_let_in_does_not_tell_that_the_first_was_refused() {
    let scene = scene("notletin", often).await;
    let stripe =
        json!({"status": 403, "body": {"error": {"type": "invalid_request_error", "message": "No."}}});
    refuse_for_now(&scene, "stripe", OperationKind::OrdersCreate, ("orders.create", stripe)).await;
    // From the edge, which writes no JSON.
    let paypal = || json!({"status": 403});
    refuse_for_now(&scene, "paypal", OperationKind::OrdersCreate, ("orders.create", paypal())).await;
    refuse_for_now(&scene, "paypal", OperationKind::RefundsCreate, ("refunds.create", paypal())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_in_front_of_the_repeat_does_not_tell_that_the_first_was_refused() {
    let scene = scene("infront", often).await;
    let body = json!({"name": "RESOURCE_NOT_FOUND", "details": [{"issue": "INVALID_RESOURCE_ID"}]});
    for status in [404, 422] {
        let answer = json!({"status": status, "body": body});
        refuse_for_now(&scene, "paypal", OperationKind::RefundsCreate, ("orders.get", answer)).await;
    }
}

/// Returns how the circuit of a provider's calls stands, `null` where it is untouched.
async fn circuit(scene: &Scene, provider: &str, calls: &str) -> Value {
    let headers = [("authorization", &*bearer(&scene.account.token))];
    let services = scene.stage.api.get("/api/services", &headers).await.expect(200).json();
    let services = services["data"].as_array().expect("services");
    let of_provider = services.iter().find(|service| service["service"] == provider).expect("the service");
    let circuits = of_provider["circuits"].as_array().expect("circuits").iter();
    circuits.into_iter().find(|circuit| circuit["operation"] == calls).cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn look_ups_have_a_circuit_of_their_own() {
    let scene = scene("owncircuit", often).await;
    let text = json!({"to": "+15558675310", "message": "Your code is 42", "provider": "twilio"});
    fault(&scene, "twilio", "sms.send", "execute_then_reset").await;
    let transaction = lost(&scene.post_once("code", "/v1/sms", &text).await);
    scene.stage.no_faults().await;
    let untroubled = circuit(&scene, "twilio", "sms.send").await;
    for (status, is_open) in [(403, false), (429, false), (500, true)] {
        scene
            .stage
            .fault(&json!({"provider": "twilio", "operation": "sms.list", "fault": {"status": status}}))
            .await;
        let calls = scene.calls("provider=twilio&operation=sms.list").await;
        eventually("a dozen look-ups, or none any more", async || {
            let seen = circuit(&scene, "twilio", "look_up").await;
            let enough = scene.calls("provider=twilio&operation=sms.list").await >= calls + 12;
            if is_open { (seen["state"] == "open").then_some(()) } else { enough.then_some(()) }
        })
        .await;
        if !is_open {
            assert_eq!(circuit(&scene, "twilio", "look_up").await, Value::Null, "{status} is no failure");
        }
        scene.stage.no_faults().await;
    }
    assert_eq!(circuit(&scene, "twilio", "sms.send").await, untroubled, "it has not been called");
    scene.post_once("another", "/v1/sms", &text).await.expect(201);
    let found = settled(&scene, &transaction).await;
    assert_eq!(found["status"], "success", "{found}");
    assert_eq!(unsettled(&scene, "").await, Vec::<Value>::new());
}
