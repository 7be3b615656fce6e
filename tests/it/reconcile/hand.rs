//! What nobody could find out needs a person: it is told and shown, and the person's word is what counts.

use http::Method;
use serde_json::{Value, json};

use super::{events, lost, scene, settled, told, twice, unsettled};
use crate::support::{Answer, Scene, eventually, text};

/// Loses a message, and lets all look-ups be in vain. Returns its transaction.
async fn give_up(scene: &Scene, key: &str) -> String {
    scene.stage.fault(&json!({"provider": "twilio", "fault": {"kind": "execute_then_reset"}})).await;
    let transaction = lost(&scene.post_once(key, "/v1/sms", &message()).await.expect(504));
    eventually("nobody looks any more", async || {
        let rows = unsettled(scene, "?attention=true").await;
        rows.into_iter().find(|row| row["transaction_id"] == *transaction)
    })
    .await;
    scene.stage.no_faults().await;
    transaction
}

fn message() -> Value {
    json!({"to": "+15558675310", "message": "Your code is 42."})
}

async fn settle(scene: &Scene, transaction: &str, found: &Value) -> Answer {
    let path = format!("/unsettled/{transaction}/settle");
    scene.stage.admin.post(&path, &[], found).await
}

async fn metric(scene: &Scene, line: &str) -> bool {
    scene.stage.admin.get("/metrics", &[]).await.expect(200).text().contains(line)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_last_look_up_a_person_is_asked_once() {
    let scene = scene("attention", twice).await;
    let transaction = give_up(&scene, "k1").await;
    let rows = unsettled(&scene, "?attention=true").await;
    let row = &rows[0];
    assert_eq!((&row["look_ups"], &row["next_look_up_at"]), (&json!(2), &Value::Null), "{row}");
    assert_eq!((&row["provider"], &row["operation"]), (&json!("twilio"), &json!("sms.send")), "{row}");
    assert!(!row.to_string().contains("Your code is 42"), "{row}");
    let told_of = events(&scene, &transaction).await;
    assert_eq!(told_of.len(), 1, "{told_of:?}");
    assert_eq!(told_of[0]["type"], "transaction.needs_attention");
    assert_eq!(told_of[0]["data"]["status"], "unknown");
    assert_eq!(told(&scene, &transaction).await["status"], "unknown");
    assert!(metric(&scene, r#"gateway_look_ups_total{provider="twilio",result="needs_attention"} 1"#).await);
    eventually("it is counted", async || {
        let line = r#"gateway_unsettled_transactions{state="needs_attention"} 1"#;
        metric(&scene, line).await.then_some(())
    })
    .await;
    // The provider answers again; nobody asks it.
    let calls = scene.calls("provider=twilio").await;
    assert_eq!(unsettled(&scene, "").await.len(), 1);
    assert_eq!(scene.calls("provider=twilio").await, calls);

    let path = format!("/unsettled/{transaction}/look-up");
    scene.stage.admin.post(&path, &[], &json!({})).await.expect(202);
    let found = settled(&scene, &transaction).await;
    assert_eq!(found["status"], "success", "{found}");
    let kinds: Vec<_> = events(&scene, &transaction).await.iter().map(|event| text(event, "type")).collect();
    assert_eq!(kinds, ["transaction.settled", "transaction.needs_attention"]);
    assert_eq!(scene.stage.effects("provider=twilio&operation=sms.send").await.len(), 1);
    scene.stage.admin.post(&path, &[], &json!({})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_found_done_is_told_and_never_done_again() {
    let scene = scene("found", twice).await;
    let transaction = give_up(&scene, "k1").await;
    let message_id = text(&scene.stage.effects("provider=twilio&operation=sms.send").await[0], "id");
    for wrong in [
        json!({"outcome": "executed"}),
        json!({"outcome": "perhaps"}),
        json!({"outcome": "not_executed", "provider_id": "SM1"}),
    ] {
        settle(&scene, &transaction, &wrong).await.expect(400);
    }
    let executed = json!({"outcome": "executed", "provider_id": message_id});
    settle(&scene, &transaction, &executed).await.expect(204);
    let logged = told(&scene, &transaction).await;
    assert_eq!(
        (&logged["status"], &logged["provider_ref"]),
        (&json!("success"), &json!(message_id)),
        "{logged}"
    );
    assert_eq!(
        (&logged["error_code"], &logged["endpoint"]),
        (&json!("settled_by_hand"), &json!("POST /v1/sms"))
    );
    let again = scene.post_once("k1", "/v1/sms", &message()).await.expect(409);
    assert_eq!(again.code(), "settled_by_hand");
    assert!(again.text().contains(&message_id), "{}", again.text());
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    // It can be read by its transaction like any other.
    let read = scene.get(&format!("/v1/sms/{transaction}")).await.expect(200).json();
    assert_eq!(read["provider_message_id"], json!(message_id), "{read}");
    assert_eq!(scene.stage.effects("provider=twilio&operation=sms.send").await.len(), 1);
    assert_eq!(events(&scene, &transaction).await[0]["type"], "transaction.settled");
    settle(&scene, &transaction, &executed).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_found_undone_frees_the_key() {
    let scene = scene("undone", twice).await;
    let lost = give_up(&scene, "k1").await;
    settle(&scene, &lost, &json!({"outcome": "not_executed"})).await.expect(204);
    let logged = told(&scene, &lost).await;
    assert_eq!(
        (&logged["status"], &logged["error_code"]),
        (&json!("failed"), &json!("settled_by_hand")),
        "{logged}"
    );
    let again = scene.post_once("k1", "/v1/sms", &message()).await.expect(201).json();
    assert_ne!(again["transaction_id"], json!(lost));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passthrough_cannot_be_looked_up_and_needs_a_person_at_once() {
    let scene = scene("carried", twice).await;
    scene.stage.fault(&json!({"provider": "razorpay", "operation": "orders.create", "fault": {"kind": "execute_then_reset"}})).await;
    let body = json!({"amount": 100, "currency": "INR"}).to_string();
    let headers = [
        ("x-platform-key", scene.account.key.as_str()),
        ("idempotency-key", "p1"),
        ("content-type", "application/json"),
    ];
    let path = "/v1/proxy/razorpay/v1/orders";
    let answer = scene.stage.api.send(Method::POST, path, &headers, body.clone()).await.expect(504);
    let transaction = lost(&answer);
    let row = eventually("a person is asked", async || {
        unsettled(&scene, "?attention=true").await.into_iter().next()
    })
    .await;
    assert_eq!(
        (&row["transaction_id"], &row["operation"]),
        (&json!(transaction), &json!("proxy.write")),
        "{row}"
    );
    scene.stage.no_faults().await;
    let calls = scene.calls("provider=razorpay").await;
    settle(&scene, &transaction, &json!({"outcome": "executed", "provider_id": "order_1"})).await.expect(204);
    let again = scene.stage.api.send(Method::POST, path, &headers, body).await.expect(409);
    assert_eq!(
        (again.code().as_str(), again.header("x-transaction-id")),
        ("settled_by_hand", Some(&*transaction))
    );
    assert_eq!(scene.calls("provider=razorpay").await, calls, "nobody asked the provider");
}
