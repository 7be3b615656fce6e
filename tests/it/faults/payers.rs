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

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Paid {
    /// The wishes that follow.
    pub(super) changes: Vec<Wish>,
    /// Orders that their payers have paid, and whose money the gateway does not take.
    pub(super) stuck: Vec<String>,
}

/// Lets payers act on everything that was made.
pub(super) async fn pay(
    ground: &Arc<Ground>,
    callers: &Callers,
    wishes: &mut Wishes,
    asked: &[Wish],
) -> Paid {
    let told = callers.told();
    let made = asked.iter().filter(|wish| wish.next != Next::Nothing).filter_map(|wish| {
        let body = told.get(&wish.key)?.iter().find_map(|told| match told {
            Told::Done { body, .. } => Some(body),
            _ => None,
        })?;
        Some((wish, serde_json::from_slice::<Value>(body).expect("JSON")))
    });
    let acts = made.map(|(wish, object)| async move {
        let is_ready = act(ground, callers, wish, &object).await;
        (is_ready, wish, object)
    });
    let acted: Vec<_> =
        futures_util::stream::iter(acts.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect().await;
    let mut paid = Paid::default();
    for (is_ready, wish, object) in acted {
        if is_ready {
            paid.changes.extend(wishes.changes(wish, &object));
        } else {
            paid.stuck.push(format!("{}: {object}", wish.key));
        }
    }
    paid
}

/// Returns whether the object is ready for what follows.
async fn act(ground: &Ground, callers: &Callers, wish: &Wish, made: &Value) -> bool {
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
            return succeeds(ground, &callers.account(wish.tenant).key, &path).await;
        }
        Next::EndSubscription => {
            if provider == "paypal" {
                let id = text(made, "provider_subscription_id");
                control(ground, &format!("subscriptions/paypal/{id}/approve")).await;
            }
        }
    }
    true
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

/// Reads an order until it is paid, for a minute at least: what has a circuit that is still open needs a moment.
async fn succeeds(ground: &Ground, key: &str, path: &str) -> bool {
    for _ in 0..300 {
        let answer = ground.any().get(path, &[("x-platform-key", key)]).await;
        if answer.status.is_success() && answer.json()["status"] == "succeeded" {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    false
}
