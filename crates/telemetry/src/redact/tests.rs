//! Secrets of every kind stay in; everything else comes out as it went in.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Values of the shapes that secrets have, put together here so that no scanner takes them for real ones.
fn shapes() -> Vec<(&'static str, String)> {
    let tail = "0123456789abcdefABCDEF4242";
    vec![
        ("our key", format!("unf_test_{tail}")),
        ("our live key", format!("unf_live_{tail}")),
        ("Stripe secret key", format!("sk_live_{tail}")),
        ("Stripe test key", format!("sk_test_{tail}")),
        ("Stripe restricted key", format!("rk_live_{tail}")),
        ("Stripe webhook secret", format!("whsec_{tail}")),
        ("Stripe client secret", format!("pi_3Mtw_secret_{tail}")),
        ("Razorpay key", format!("rzp_live_{tail}")),
        ("PayPal token", format!("A21AA{tail}{tail}")),
        ("web token", format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{tail}")),
    ]
}

fn masked(body: &str) -> String {
    String::from_utf8(redact_json(body.as_bytes(), &["vpa"]).into_owned()).expect("text stays text")
}

#[track_caller]
fn check_json(input: &Value, expected: &Value) {
    let output: Value = serde_json::from_str(&masked(&input.to_string())).expect("JSON stays JSON");
    assert_eq!(&output, expected);
}

#[track_caller]
fn check_text(input: &str, expected: &str) {
    assert_eq!(redact_text(input), expected);
}

#[test]
fn an_ordinary_payload_is_not_copied() {
    for body in [
        r#"{"amount": 500.00, "currency": "INR"}"#,
        r#"{"transaction_id":"txn_01k","status":"created","created_at":"2025-01-01T00:00:00Z","metadata":{"a":"b c"}}"#,
        r#"{"provider":"razorpay","provider_order_id":"order_NXhjTnGyw4yJ1x","amount":500.00,"key_id":"k"}"#,
        "",
        "  ",
        "[]",
        "123",
        "not json at all",
    ] {
        assert!(
            matches!(redact_json(body.as_bytes(), &[]), Cow::Borrowed(same) if same == body.as_bytes()),
            "{body}"
        );
    }
    let body = Bytes::from_static(b"{\"amount\":1}");
    assert_eq!(redact_payload(&body, &[]).as_ptr(), body.as_ptr());
}

#[test]
fn sensitive_fields_are_masked_by_name_at_any_depth() {
    for name in [
        "client_secret",
        "clientSecret",
        "CLIENT-SECRET",
        "key",
        "key_secret",
        "token",
        "access_token",
        "refreshTokens",
        "password",
        "password_confirmation",
        "card",
        "number",
        "cvc",
        "cvv",
        "pin",
        "otp",
        "authorization",
        "account_number",
        "api_key",
        "X-Platform-Key",
        "private_key",
        "iban",
        "env_text",
        "vpa",
    ] {
        for value in [json!("s3cr3t"), json!(4242), json!(["s3cr3t", {"a": 1}]), json!({"a": "s3cr3t"})] {
            let input = json!({"order": [{name: value, "amount": 1}], "z": 2});
            check_json(&input, &json!({"order": [{name: MASK, "amount": 1}], "z": 2}));
        }
        let nothing = json!({name: null, "b": {name: true}, "c": {name: ""}});
        check_json(&nothing, &nothing);
    }
}

#[test]
fn business_fields_stay() {
    let body = json!({
        "key_id": "k1", "idempotency_key": "i1", "currency": "INR", "tokenized": false, "cardinality": 3,
        "order_number": 7, "keyboard": "k", "email": "a@example.com", "next_cursor": "c", "description": "Basic plan",
    });
    check_json(&body, &body);
}

#[test]
fn telephone_numbers_keep_their_last_digits() {
    check_json(
        &json!({"to": "+919876543210", "phone": 9876543210_u64}),
        &json!({"to": "***3210", "phone": "***3210"}),
    );
    check_json(&json!({"phone": "+1234", "to": {"name": "x"}}), &json!({"phone": MASK, "to": {"name": "x"}}));
}

#[test]
fn messages_to_people_are_masked_and_errors_stay() {
    check_json(&json!({"message": "Your code is \"42\" \u{e9}\n"}), &json!({"message": "[20 characters]"}));
    check_json(&json!({"say": "Your code is 4 2"}), &json!({"say": "[16 characters]"}));
    let error = json!({"error": {"code": "c", "message": "INR has 2 decimals."}});
    check_json(&error, &error);
    check_json(
        &json!({"error": {"message": "no", "token": "s3cr3t"}, "message": "hi"}),
        &json!({"error": {"message": "no", "token": MASK}, "message": "[2 characters]"}),
    );
}

#[test]
fn an_escaped_name_is_no_way_around() {
    assert_eq!(masked(r#"{"pass\u0077ord":"s3cr3t"}"#), r#"{"pass\u0077ord":"[redacted]"}"#);
    assert_eq!(masked(r#"{"pass\word" : "s3\"cr3t", "a":1}"#), r#"{"pass\word" : "[redacted]", "a":1}"#);
}

#[test]
fn a_payload_cut_off_keeps_its_secret() {
    for body in [
        r#"{"password":"s3cr3t"#,
        r#"{"card":{"number":"s3cr3t"#,
        r#"{"token":s3cr3t"#,
        r#"{"token":"s3cr3t\"#,
    ] {
        assert!(!masked(body).contains("s3cr3t"), "{body}");
    }
}

#[test]
fn every_kind_of_secret_is_masked_by_its_looks() {
    for (kind, secret) in shapes() {
        for text in [
            secret.clone(),
            format!("see {secret}, please"),
            format!("https://example.com/{secret}?x=1"),
            format!("{{\"note\":\"{secret}\"}}"),
            format!("Error({secret:?})"),
        ] {
            let shown = redact_text(&text);
            assert!(!shown.contains("4242") && shown.contains(MASK), "{kind}: {text} became {shown}");
        }
        let body = json!({"metadata": {"note": format!("here: {secret}")}, "other": secret}).to_string();
        let shown = masked(&body);
        assert!(!shown.contains("4242"), "{kind}: {shown}");
        assert!(serde_json::from_str::<Value>(&shown).is_ok(), "{kind}: {shown}");
    }
}

#[test]
fn credentials_in_running_text_are_masked() {
    check_text("Authorization: Bearer abc.DEF-123", "Authorization: [redacted]");
    check_text("sent basic dXNlcjpwdw==, twice", "sent basic [redacted], twice");
    check_text("the basic authentication failed", "the basic authentication failed");
    check_text(
        "postgres://app:p@ss/w@db/x postgres://app:pw@db/x",
        "postgres://app:[redacted]@ss/w@db/x postgres://app:[redacted]@db/x",
    );
    check_text("https://host:8443/a@b", "https://host:8443/a@b");
    check_text(
        "key -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        "key [redacted]-----END PRIVATE KEY-----",
    );
    check_text("-----BEGIN CERTIFICATE-----\nMIIE", "-----BEGIN CERTIFICATE-----\nMIIE");
}

#[test]
fn values_of_names_that_say_so_are_masked() {
    check_text("password=p@ss!w0rd&x=1", "password=[redacted]&x=1");
    check_text("client_secret: \"two words\", a", "client_secret: \"[redacted]\", a");
    check_text("Some { api_key: Some(\"x y\"), b: 1 }", "Some { api_key: [redacted]), b: 1 }");
    check_text("password='it is' b", "password='[redacted]' b");
    check_text(
        "{\"pin\":1234,\"b\":\"token=a\\\"b\"}",
        "{\"pin\":\"[redacted]\",\"b\":\"token=[redacted]\\\"b\"}",
    );
    check_text(
        r#"{"m":"{\"token\":\"a\\\"b\\\\\",\"n\":1}"}"#,
        r#"{"m":"{\"token\":\"[redacted]\",\"n\":1}"}"#,
    );
    check_text(r#"{"m":"{\"otp\":12,\"n\":1}"}"#, r#"{"m":"{\"otp\":\"[redacted]\",\"n\":1}"}"#);
    for innocent in
        ["vault::secret::open failed", "token: null", "key=value", "password: [redacted]", "tokens {a: 1}"]
    {
        check_text(innocent, innocent);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        "[a-z_]{1,8}",
        Just("password".to_owned()),
        Just("to".to_owned()),
        Just("message".to_owned()),
        Just("error".to_owned()),
        Just("card".to_owned())
    ];
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        ".{0,20}".prop_map(Value::from),
        "(password|token|a)[=: ]{1,2}[\"'\\\\(a ]{0,6}".prop_map(Value::from),
        "Bearer [A-Z0-9]{8,12}[\"\\\\]?".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        redact_json(&bytes, &["a"]);
    }

    #[test]
    fn nothing_like_json_makes_it_panic(text in "[\\[{\"\\\\:, a-f'}\\]0-9tokensecret=\u{e9}]{0,80}") {
        redact_json(text.as_bytes(), &[]);
        redact_text(&text);
    }

    #[test]
    fn json_stays_json(value in any_json(), is_pretty: bool) {
        let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let shown = redact_json(text.as_bytes(), &[]);
        prop_assert!(serde_json::from_slice::<Value>(&shown).is_ok(), "{} became {}", text, String::from_utf8_lossy(&shown));
    }

    #[test]
    fn a_line_of_json_stays_one(value in any_json(), depth in 0..3_usize) {
        let mut line = json!({"fields": value}).to_string();
        for _ in 0..depth {
            line = json!({"message": line}).to_string();
        }
        let shown = redact_text(&line);
        prop_assert!(serde_json::from_str::<Value>(&shown).is_ok(), "{} became {}", line, shown);
    }

    #[test]
    fn masking_twice_changes_nothing_more(value in any_json()) {
        let once = redact_text(&value.to_string()).into_owned();
        prop_assert_eq!(redact_text(&once), once.as_str());
    }
}
