//! Telephone calls: placed once, followed to their end, and refused in the gateway's words.

use serde_json::{Value, json};

use crate::support::{Answer, Stage, bearer};

/// Places a call to this number.
async fn place(stage: &Stage, headers: &[(&str, &str)], to: &str) -> Answer {
    stage.api.post("/v1/calls", headers, &json!({"to": to, "say": "Your code is 4 2."})).await
}

/// Lets the called person or the line act.
async fn act(stage: &Stage, call: &Value, action: &str) {
    let id = call["provider_call_id"].as_str().expect("an id");
    let path = format!("/_control/calls/twilio/{id}/{action}");
    stage.control.post(&path, &[], &json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_placed_and_followed_to_its_end() {
    let stage = Stage::start().await;
    let account = stage.account("caller").await;
    let key = [("x-platform-key", account.key.as_str())];
    let body = json!({"to": "+15558675310", "say": "Your code is <4> & 2.", "reference": "r-1", "metadata": {"k": "v"}});
    let call = stage.api.post("/v1/calls", &key, &body).await.expect(201).json();
    assert_eq!(
        (&call["object"], &call["provider"], &call["status"], &call["duration"]),
        (&json!("call"), &json!("twilio"), &json!("queued"), &json!(null)),
        "{call}"
    );
    assert_eq!((&call["to"], &call["from"]), (&json!("+15558675310"), &json!("+15005550006")));
    assert_eq!((&call["reference"], &call["metadata"]), (&json!("r-1"), &json!({"k": "v"})));
    let id = call["transaction_id"].as_str().expect("an id");
    let path = format!("/v1/calls/{id}");
    act(&stage, &call, "answer").await;
    let answered = stage.api.get(&path, &key).await.expect(200).json();
    assert_eq!((&answered["status"], &answered["reference"]), (&json!("answered"), &json!("r-1")));
    act(&stage, &call, "complete").await;
    let completed = stage.api.get(&path, &key).await.expect(200).json();
    assert_eq!(completed["status"], "completed");
    assert!(completed["duration"].is_u64(), "{completed}");
    assert_eq!(completed["provider_call_id"], call["provider_call_id"]);
    let by_own_id =
        format!("/v1/calls/{}?provider=twilio", call["provider_call_id"].as_str().expect("an id"));
    stage.api.get(&by_own_id, &key).await.expect(200);
    let sent = stage.control.get("/_control/calls?provider=twilio&operation=calls.create", &[]).await.text();
    assert!(sent.contains("Your+code+is+%26lt%3B4%26gt%3B+%26amp%3B+2."), "escaped: {sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_of_a_call_has_its_word() {
    let stage = Stage::start().await;
    let account = stage.account("ends").await;
    let key = [("x-platform-key", account.key.as_str())];
    for (action, status) in
        [("busy", "busy"), ("no_answer", "no-answer"), ("fail", "failed"), ("cancel", "canceled")]
    {
        let call = place(&stage, &key, "+15558675310").await.expect(201).json();
        act(&stage, &call, action).await;
        let path = format!("/v1/calls/{}", call["transaction_id"].as_str().expect("an id"));
        let read = stage.api.get(&path, &key).await.expect(200).json();
        assert_eq!((&read["status"], &read["duration"]), (&json!(status), &json!(null)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_answer_was_lost_is_placed_once() {
    let stage = Stage::start().await;
    let account = stage.account("lostcall").await;
    stage.fault(&json!({"provider": "twilio", "operation": "calls.create", "times": 1, "fault": {"kind": "execute_then_reset"}})).await;
    let headers = [("x-platform-key", account.key.as_str()), ("idempotency-key", "call-1")];
    let first = place(&stage, &headers, "+15558675310").await.expect(504).json();
    let path = format!("/v1/transactions/{}", first["error"]["transaction_id"].as_str().expect("an id"));
    let open = stage.api.get(&path, &headers[..1]).await.expect(200).json();
    assert_eq!(open["status"], "unknown", "{open}");
    assert!(!open.to_string().contains("Your code is 4 2"), "masked: {open}");
    let again = place(&stage, &headers, "+15558675310").await.expect(201).json();
    assert_eq!(again["transaction_id"], first["error"]["transaction_id"]);
    let effects = stage.effects("provider=twilio&operation=calls.create").await;
    assert_eq!((effects.len(), &effects[0]["id"]), (1, &again["provider_call_id"]), "{effects:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_never_arrived_is_placed_on_the_repeat() {
    let stage = Stage::start().await;
    let account = stage.account("nevercall").await;
    stage.fault(&json!({"provider": "twilio", "operation": "calls.create", "times": 1, "fault": {"kind": "reset_after_read"}})).await;
    let headers = [("x-platform-key", account.key.as_str()), ("idempotency-key", "call-1")];
    let first = place(&stage, &headers, "+15558675310").await.expect(504).json();
    let again = place(&stage, &headers, "+15558675310").await.expect(201).json();
    let first = first["error"]["transaction_id"].as_str().expect("an id");
    assert_ne!(again["transaction_id"], first, "a call of its own");
    let ended = stage.api.get(&format!("/v1/transactions/{first}"), &headers[..1]).await.expect(200).json();
    assert_eq!(ended["status"], "failed", "{ended}");
    let replayed = place(&stage, &headers, "+15558675310").await.expect(201).json();
    assert_eq!(replayed, again);
    assert_eq!(stage.effects("provider=twilio&operation=calls.create").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_twilio_refuses_is_refused_in_the_gateways_words() {
    let stage = Stage::start().await;
    let account = stage.account("refusedcall").await;
    let key = [("x-platform-key", account.key.as_str())];
    for (to, status, code, provider_code) in [
        ("+15005550001", 422, "invalid_destination", "21217"),
        ("+15005550003", 422, "destination_not_allowed", "21215"),
        ("+15005521219", 422, "recipient_not_verified", "21219"),
        ("+15005521264", 422, "invalid_sender", "21264"),
    ] {
        let refused = place(&stage, &key, to).await.expect(status).json();
        let error = &refused["error"];
        assert_eq!(
            (&error["code"], &error["provider_code"]),
            (&json!(code), &json!(provider_code)),
            "{error}"
        );
    }
    assert!(stage.effects("provider=twilio&operation=calls.create").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_call_never_reaches_the_provider() {
    let stage = Stage::start().await;
    let account = stage.account("wrongcall").await;
    let key = [("x-platform-key", account.key.as_str())];
    let to = "+15558675310";
    for (body, code, param) in [
        (json!({"say": "hi"}), "missing_field", "to"),
        (json!({"to": "5558675310", "say": "hi"}), "invalid_field", "to"),
        (json!({"to": to, "say": "hi", "from": "SHOP"}), "invalid_field", "from"),
        (json!({"to": to}), "missing_field", "say"),
        (json!({"to": to, "say": ""}), "invalid_field", "say"),
        (json!({"to": to, "say": "x".repeat(4_001)}), "invalid_field", "say"),
        (json!({"to": to, "url": "nowhere"}), "invalid_field", "url"),
        (json!({"to": to, "say": "hi", "url": "https://shop.example/"}), "invalid_field", "url"),
        (json!({"to": to, "say": "hi", "text": "hi"}), "unknown_field", "text"),
    ] {
        let error = stage.api.post("/v1/calls", &key, &body).await.expect(400).json()["error"].clone();
        assert_eq!((&error["code"], &error["param"]), (&json!(code), &json!(param)), "{error}");
    }
    // Fits the API, and not Twilio's markup.
    let long = json!({"to": to, "say": "x".repeat(4_000)});
    let error = stage.api.post("/v1/calls", &key, &long).await.expect(422).json()["error"].clone();
    assert_eq!((&error["code"], &error["param"]), (&json!("invalid_field"), &json!("say")), "{error}");
    let refused = json!({"to": to, "say": "hi", "provider": "stripe"});
    let error = stage.api.post("/v1/calls", &key, &refused).await;
    assert_eq!(error.code(), "operation_not_supported");
    let calls = stage.control.get("/_control/calls?operation=calls.create", &[]).await.expect(200).json();
    assert_eq!(calls["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_have_scopes_of_their_own() {
    let stage = Stage::start().await;
    let account = stage.account("scopedcall").await;
    let auth = bearer(&account.token);
    let body = json!({"name": "reader", "environment": "test", "scopes": ["calls:read", "sms:write"]});
    let made = stage.api.post("/api/keys", &[("authorization", &auth)], &body).await.expect(201).json();
    let reader = [("x-platform-key", made["key"].as_str().expect("a key"))];
    assert_eq!(place(&stage, &reader, "+15558675310").await.expect(403).code(), "scope_missing");
    let key = [("x-platform-key", account.key.as_str())];
    let call = place(&stage, &key, "+15558675310").await.expect(201).json();
    let path = format!("/v1/calls/{}", call["transaction_id"].as_str().expect("an id"));
    stage.api.get(&path, &reader).await.expect(200);
    let missing =
        stage.api.get("/v1/calls/CA00000000000000000000000000000000?provider=twilio", &reader).await;
    assert_eq!(missing.expect(404).code(), "call_not_found");
}
