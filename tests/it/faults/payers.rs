//! What payers do between two storms, so that there is something to capture, to cancel, to refund and to end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};

use super::callers::Callers;
use super::evidence::Told;
use super::ground::Ground;
use super::wishes::{Next, Wish, Wishes};
use crate::support::{Client, bearer, text};

/// Payers at once.
const AT_ONCE: usize = 16;

/// Lets payers act on everything that was made. Returns the wishes that follow from it, and what was done for payers beside them.
pub(super) async fn pay(
    ground: &Arc<Ground>,
    callers: &Callers,
    wishes: &mut Wishes,
    asked: &[Wish],
) -> (Vec<Wish>, Vec<Wish>) {
    let told = callers.told();
    let made = asked.iter().filter(|wish| wish.next != Next::Nothing).filter_map(|wish| {
        let body = told.get(&wish.key)?.iter().find_map(|told| match told {
            Told::Done { body, .. } => Some(body),
            _ => None,
        })?;
        Some((wish, serde_json::from_slice::<Value>(body).expect("JSON")))
    });
    let made: Vec<(&Wish, Value)> = made.collect();
    let acts = made.iter().map(|(wish, object)| act(ground, callers, wish, object));
    futures_util::stream::iter(acts).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    let changes = made.iter().flat_map(|(wish, object)| wishes.changes(wish, object)).collect();
    let beside = made.iter().filter_map(|(wish, _)| wish.captured_when_read()).collect();
    (changes, beside)
}

async fn act(ground: &Ground, callers: &Callers, wish: &Wish, made: &Value) {
    let provider = wish.provider;
    match wish.next {
        Next::Nothing => {}
        Next::Capture => control(ground, &format!("orders/{provider}/{}/authorize", order(made))).await,
        Next::Cancel => {
            control(ground, &format!("orders/{provider}/{}/authorize", order(made))).await;
            if provider == "paypal" {
                authorize(ground, &callers.account(wish.tenant).paypal_basic, &order(made)).await;
            }
        }
        Next::Refund(_) => {
            control(ground, &format!("orders/{provider}/{}/pay", order(made))).await;
            // Some are captured when they are read.
            let path = format!("/v1/payments/orders/{}", text(made, "transaction_id"));
            let key = &callers.account(wish.tenant).key;
            read_until(ground, key, &path, |order| order["status"] == "succeeded").await;
        }
        Next::EndSubscription => {
            if provider == "paypal" {
                let id = text(made, "provider_subscription_id");
                control(ground, &format!("subscriptions/paypal/{id}/approve")).await;
            }
        }
    }
}

fn order(made: &Value) -> String {
    text(made, "provider_order_id")
}

async fn control(ground: &Ground, path: &str) {
    ground.control.post(&format!("/_control/{path}"), &[], &json!({})).await.expect(200);
}

/// At PayPal an order can be cancelled whose authorisation is open: made by PayPal's own call.
async fn authorize(ground: &Ground, basic: &str, order: &str) {
    let paypal = Client::new(ground.paypal);
    let headers = [("authorization", basic), ("content-type", "application/x-www-form-urlencoded")];
    let token = paypal
        .send(http::Method::POST, "/v1/oauth2/token", &headers, "grant_type=client_credentials")
        .await
        .expect(200)
        .json();
    let token = bearer(token["access_token"].as_str().expect("a token"));
    let path = format!("/v2/checkout/orders/{order}/authorize");
    paypal.post(&path, &[("authorization", &token)], &json!({})).await.expect(201);
}

/// Reads until it is so: what has a circuit that is still open needs a moment.
pub(super) async fn read_until(ground: &Ground, key: &str, path: &str, is_so: impl Fn(&Value) -> bool) {
    let mut seen = Value::Null;
    for _ in 0..300 {
        let answer = ground.any().get(path, &[("x-platform-key", key)]).await;
        seen = answer.json();
        if answer.status.is_success() && is_so(&seen) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{path} does not become what it should within a minute: {seen}");
}
