//! Amounts end to end: what the provider received is what was asked, or a named error and nothing sent.

use serde_json::json;

use crate::support::{Account, Stage};

async fn check(
    stage: &Stage,
    account: &Account,
    provider: &str,
    amount: &str,
    currency: &str,
    expected: Result<&str, &str>,
) {
    let body = format!(r#"{{"amount": {amount}, "currency": "{currency}", "provider": "{provider}"}}"#);
    let query = format!("provider={provider}&operation=orders.create");
    let before = stage.effects(&query).await.len();
    let headers = [("x-platform-key", account.key.as_str())];
    let answer = stage.api.post_text("/v1/payments/orders", &headers, &body).await;
    let effects = stage.effects(&query).await;
    match expected {
        Ok(received) => {
            assert_eq!(answer.status, 201, "{body}: {}", answer.text());
            let last = effects.last().expect("an effect");
            let shown = last["amount"].as_str().map_or_else(|| last["amount"].to_string(), str::to_owned);
            assert_eq!(shown, received, "{body}");
            assert_eq!(answer.json()["currency"], currency.to_uppercase());
        }
        Err(code) => {
            assert_eq!(answer.code(), code, "{body}: {}", answer.text());
            assert_eq!(effects.len(), before, "nothing is sent for {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_exact_or_named_errors() {
    let stage = Stage::start().await;
    let account = stage.account("amounts").await;
    for (provider, amount, currency, expected) in [
        ("razorpay", "500.00", "INR", Ok("50000")),
        ("razorpay", "500", "inr", Ok("50000")),
        ("razorpay", r#""500.00""#, "INR", Ok("50000")),
        ("razorpay", "1e2", "INR", Ok("10000")),
        ("razorpay", "0.30000000000000004", "INR", Err("amount_too_precise")),
        ("razorpay", "500.005", "INR", Err("amount_too_precise")),
        ("razorpay", "500", "JPY", Ok("500")),
        ("razorpay", "500.5", "JPY", Err("amount_too_precise")),
        ("razorpay", "295.990", "KWD", Ok("295990")),
        ("razorpay", "295.991", "KWD", Err("amount_too_precise")),
        ("stripe", "500", "JPY", Ok("500")),
        ("stripe", "5", "ISK", Ok("500")),
        ("stripe", "5.120", "KWD", Ok("5120")),
        ("stripe", "5.124", "KWD", Err("amount_too_precise")),
        ("paypal", "500", "JPY", Ok("500")),
        ("paypal", "500.50", "HUF", Err("amount_too_precise")),
        ("paypal", "5", "KWD", Err("unsupported_currency")),
        ("razorpay", "-1", "INR", Err("invalid_field")),
        ("razorpay", "0", "INR", Err("invalid_field")),
        ("razorpay", "99999999999999999", "INR", Err("invalid_field")),
        ("razorpay", "1000000000000000000000000000000", "INR", Err("invalid_field")),
        ("razorpay", "NaN", "INR", Err("malformed_json")),
        ("razorpay", r#""NaN""#, "INR", Err("invalid_field")),
        ("razorpay", "null", "INR", Err("invalid_field")),
        ("razorpay", "[1]", "INR", Err("invalid_field")),
        ("razorpay", "5", "XXX", Err("unsupported_currency")),
        ("razorpay", "5", "rupee", Err("unsupported_currency")),
    ] {
        check(&stage, &account, provider, amount, currency, expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_write_the_currencys_own_decimals() {
    let stage = Stage::start().await;
    let account = stage.account("decimals").await;
    for (amount, currency, written) in
        [("500", "INR", "500.00"), ("500.0", "JPY", "500"), ("0.5", "BHD", "0.500")]
    {
        let body = json!({"amount": amount, "currency": currency, "provider": "razorpay"});
        let answer = stage.order(&account, &[], &body).await.expect(201);
        assert!(answer.text().contains(&format!(r#""amount":{written},"#)), "{}", answer.text());
    }
}
