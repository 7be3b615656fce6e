//! Text messages on their way: how far each is, and why one did not arrive.

use serde_json::{Value, json};

use crate::support::{Scene, text};

const SMS: &str = "/v1/sms";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_followed_to_its_handset() {
    let scene = Scene::start("followed").await;
    let made =
        scene.post(SMS, &json!({"to": "+15558675310", "message": "On its way."})).await.expect(201).json();
    assert_eq!((&made["status"], &made["failure_code"]), (&json!("queued"), &Value::Null));
    let path = format!("{SMS}/{}", text(&made, "transaction_id"));
    let id = text(&made, "provider_message_id");
    for (action, status) in [("send", "sent"), ("deliver", "delivered"), ("read", "delivered")] {
        scene.act(&format!("sms/twilio/{id}/{action}"), json!({})).await;
        assert_eq!(scene.get(&path).await.expect(200).json()["status"], status, "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_did_not_arrive_says_why() {
    let scene = Scene::start("undelivered").await;
    for (action, code) in [("undeliver", 30007), ("fail", 30001)] {
        let made =
            scene.post(SMS, &json!({"to": "+15558675310", "message": "Lost."})).await.expect(201).json();
        let id = text(&made, "provider_message_id");
        scene.act(&format!("sms/twilio/{id}/{action}"), json!({"code": code})).await;
        let read = scene.get(&format!("{SMS}/{}", text(&made, "transaction_id"))).await.expect(200).json();
        assert_eq!(read["failure_code"], code.to_string(), "{read}");
    }
}
