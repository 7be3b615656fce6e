//! Payment links: paid by their payer, once a key, and what a provider's links cannot do.

use serde_json::{Value, json};

use crate::support::{Scene, text};

const LINKS: &str = "/v1/payment-links";
const PROVIDERS: [(&str, &str); 3] = [("razorpay", "INR"), ("paypal", "USD"), ("stripe", "USD")];

fn link(provider: &str, currency: &str) -> Value {
    json!({"amount": "20.00", "currency": currency, "description": "Invoice 42", "provider": provider})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_paid_by_its_payer() {
    let scene = Scene::start("links").await;
    for (provider, currency) in PROVIDERS {
        let made = scene.post(LINKS, &link(provider, currency)).await.expect(201).json();
        assert_eq!(made["status"], "active", "{provider} {made}");
        assert!(text(&made, "url").starts_with("http"), "{provider} {made}");
        let id = text(&made, "provider_link_id");
        scene.act(&format!("payment_links/{provider}/{id}/pay"), json!({})).await;
        let path = format!("{LINKS}/{}", text(&made, "transaction_id"));
        let read = scene.get(&path).await.expect(200);
        assert_eq!(read.json()["status"], "paid", "{provider} {}", read.text());
        assert!(read.text().contains(r#""amount":20.00"#), "{provider} {}", read.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_any_of_its_calls_leads_to_one_link() {
    let mut scene = Scene::start("lostlink").await;
    for (provider, currency) in PROVIDERS {
        let calls: &[&str] = match provider {
            "paypal" => &["payment_links.create", "payment_links.send"],
            "stripe" => &["prices.create", "payment_links.create"],
            _ => &["payment_links.create"],
        };
        let mut links = 0;
        for operation in calls {
            // So many lost answers in a row open a tenant's breaker.
            scene.account = scene.stage.account(&format!("{provider}{operation}")).await;
            for kind in ["execute_then_reset", "reset_after_read", "half_body", "html_502"] {
                let key = format!("{provider}-{operation}-{kind}");
                let body = link(provider, currency);
                let fault = json!({"provider": provider, "operation": operation, "times": 6, "fault": {"kind": kind}});
                scene.stage.fault(&fault).await;
                let lost = scene.post_once(&key, LINKS, &body).await;
                assert!(lost.status.as_u16() >= 500, "{key} {}", lost.text());
                scene.stage.no_faults().await;
                let made = scene.post_once(&key, LINKS, &body).await.expect(201).json();
                assert_eq!(made["status"], "active", "{key} {made}");
                links += 1;
                let effects =
                    scene.stage.effects(&format!("provider={provider}&operation=payment_links.create")).await;
                assert_eq!(effects.len(), links, "{key}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_providers_links_cannot_do_is_refused_and_names_who_can() {
    let scene = Scene::start("cannotlink").await;
    for (provider, field, value, able) in [
        ("paypal", "expires_at", "2099-01-01T00:00:00Z", None),
        ("paypal", "return_url", "https://shop.example/return", Some("Stripe")),
        ("stripe", "expires_at", "2099-01-01T00:00:00Z", None),
    ] {
        let mut body = link(provider, "USD");
        body[field] = json!(value);
        let answer = scene.post(LINKS, &body).await.expect(422);
        assert_eq!(answer.code(), "operation_not_supported", "{provider} {field} {}", answer.text());
        assert_eq!(answer.json()["error"]["param"], field);
        if let Some(able) = able {
            assert!(answer.text().contains(able), "{}", answer.text());
        }
    }
    assert_eq!(scene.stage.effects("operation=payment_links.create").await.len(), 0);
    for (body, param) in [
        (json!({"amount": "1.00", "currency": "USD"}), "description"),
        (
            json!({"amount": "1.00", "currency": "USD", "description": "x", "expires_at": "2001-01-01T00:00:00Z"}),
            "expires_at",
        ),
        (
            json!({"amount": "1.00", "currency": "USD", "description": "x", "expires_at": "soon"}),
            "expires_at",
        ),
        (
            json!({"amount": "1.00", "currency": "USD", "description": "x", "return_url": "javascript:1"}),
            "return_url",
        ),
    ] {
        let answer = scene.post(LINKS, &body).await.expect(400);
        assert_eq!(answer.json()["error"]["param"], param, "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_nobody_pays_in_time_expires() {
    let scene = Scene::start("expiring").await;
    let in_an_hour = time::OffsetDateTime::now_utc() + time::Duration::HOUR;
    let mut body = link("razorpay", "INR");
    body["expires_at"] =
        json!(in_an_hour.format(&time::format_description::well_known::Rfc3339).expect("a moment"));
    let made = scene.post(LINKS, &body).await.expect(201).json();
    let path = format!("{LINKS}/{}", text(&made, "transaction_id"));
    assert_eq!(scene.get(&path).await.expect(200).json()["status"], "active");
    scene.advance(2 * 60 * 60).await;
    assert_eq!(scene.get(&path).await.expect(200).json()["status"], "expired");

    let soon = time::OffsetDateTime::now_utc() + time::Duration::MINUTE;
    body["expires_at"] =
        json!(soon.format(&time::format_description::well_known::Rfc3339).expect("a moment"));
    let refused = scene.post(LINKS, &body).await.expect(422);
    assert_eq!(
        (refused.code().as_str(), &refused.json()["error"]["param"]),
        ("invalid_field", &json!("expires_at"))
    );
}
