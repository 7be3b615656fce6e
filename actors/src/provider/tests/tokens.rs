//! Tokens are bought once for all that wait, renewed in time, and dropped when refused.

use std::sync::Arc;
use std::time::Duration;

use domain::{Credentials, Environment, Secret};
use futures_util::future::join_all;

use crate::doubles::{OTHER, PROVIDER, Stage, tenant_id};
use crate::{ProviderHandle, TokenFailure, Tree};

fn credentials(secret: &str) -> Arc<Credentials> {
    Arc::new(Credentials {
        provider: PROVIDER,
        environment: Environment::Test,
        fields: [("key_secret", Secret::new(secret))].into(),
    })
}

fn acme(tree: &Tree) -> &ProviderHandle {
    tree.providers.get(PROVIDER).unwrap()
}

async fn text(tree: &Tree, credentials: &Arc<Credentials>) -> String {
    acme(tree).token(credentials, tenant_id(1)).await.unwrap().secret().expose().to_owned()
}

#[actix_rt::test]
async fn a_thousand_calls_share_one_purchase() {
    let stage = Stage::new();
    let tree = stage.start();
    let credentials = credentials("a");
    stage.tokens.sales.close();
    let buying = actix_rt::spawn({
        let (provider, credentials) = (acme(&tree).clone(), Arc::clone(&credentials));
        async move { join_all((0..1000).map(|_| provider.token(&credentials, tenant_id(1)))).await }
    });
    stage.tokens.sales.arrived(1).await;
    stage.tokens.sales.open();
    assert!(buying.await.unwrap().into_iter().all(|token| token.unwrap().secret().expose() == "token-1"));
    assert_eq!(text(&tree, &credentials).await, "token-1");
    assert_eq!(stage.tokens.sales.count(), 1);
}

#[actix_rt::test]
async fn a_purchase_goes_on_when_whoever_asked_first_has_gone() {
    let stage = Stage::new();
    let tree = stage.start();
    let credentials = credentials("a");
    stage.tokens.sales.close();
    let first = actix_rt::spawn({
        let (provider, credentials) = (acme(&tree).clone(), Arc::clone(&credentials));
        async move { provider.token(&credentials, tenant_id(1)).await }
    });
    stage.tokens.sales.arrived(1).await;
    first.abort();
    stage.tokens.sales.open();
    assert_eq!(text(&tree, &credentials).await, "token-1");
    assert_eq!(stage.tokens.sales.count(), 1);
}

#[actix_rt::test]
async fn a_token_is_renewed_a_minute_early_behind_the_answer() {
    let stage = Stage::new();
    let tree = stage.start();
    let credentials = credentials("a");
    assert_eq!(text(&tree, &credentials).await, "token-1");
    stage.clock.advance(Duration::from_secs(3_539));
    assert_eq!(text(&tree, &credentials).await, "token-1");
    assert_eq!(stage.tokens.sales.count(), 1);
    stage.clock.advance(Duration::from_secs(1));
    stage.tokens.sales.close();
    for _ in 0..3 {
        assert_eq!(text(&tree, &credentials).await, "token-1");
    }
    stage.tokens.sales.arrived(2).await;
    stage.tokens.sales.open();
    while text(&tree, &credentials).await == "token-1" {
        tokio::task::yield_now().await;
    }
    assert_eq!(text(&tree, &credentials).await, "token-2");
    assert_eq!(stage.tokens.sales.count(), 2);
}

#[actix_rt::test]
async fn a_token_that_has_ended_is_not_used_even_if_it_cannot_be_renewed() {
    let stage = Stage::new();
    let tree = stage.start();
    let credentials = credentials("a");
    text(&tree, &credentials).await;
    stage.tokens.fault.set_away(true);
    stage.clock.advance(Duration::from_secs(3_600));
    let refused = acme(&tree).token(&credentials, tenant_id(1)).await;
    assert_eq!(refused.unwrap_err(), TokenFailure::Unreachable);
    stage.tokens.fault.set_away(false);
    assert_eq!(text(&tree, &credentials).await, "token-3");
}

#[actix_rt::test]
async fn a_token_of_a_short_life_is_used_for_half_of_it() {
    let stage = Stage::new();
    *stage.tokens.expires_in.lock().unwrap() = Duration::from_secs(40);
    let tree = stage.start();
    let credentials = credentials("a");
    text(&tree, &credentials).await;
    stage.clock.advance(Duration::from_secs(19));
    assert_eq!(text(&tree, &credentials).await, "token-1");
    assert_eq!(acme(&tree).observe().await.buying, 0);
}

#[actix_rt::test]
async fn a_refused_token_is_replaced_once_however_many_report_it() {
    let stage = Stage::new();
    let tree = stage.start();
    let credentials = credentials("a");
    let old = acme(&tree).token(&credentials, tenant_id(1)).await.unwrap();
    acme(&tree).invalidate(&old);
    assert_eq!(text(&tree, &credentials).await, "token-2");
    acme(&tree).invalidate(&old);
    assert_eq!(text(&tree, &credentials).await, "token-2");
}

#[actix_rt::test]
async fn a_token_is_never_used_for_other_credentials_or_another_tenant_or_provider() {
    let stage = Stage::new();
    let tree = stage.start();
    assert_eq!(text(&tree, &credentials("a")).await, "token-1");
    assert_eq!(text(&tree, &credentials("b")).await, "token-2");
    let other_tenant = acme(&tree).token(&credentials("b"), tenant_id(2)).await.unwrap();
    assert_eq!(other_tenant.secret().expose(), "token-3");
    let other_provider = tree.providers.get(OTHER).unwrap();
    let token = other_provider.token(&credentials("b"), tenant_id(2)).await.unwrap();
    assert_eq!(token.secret().expose(), "token-4");
    assert_eq!(text(&tree, &credentials("b")).await, "token-2");
    assert!(!format!("{token:?}").contains("token-4"));
}

#[actix_rt::test]
async fn a_purchase_that_panics_costs_no_one_else_anything() {
    let stage = Stage::new();
    let tree = stage.start();
    stage.tokens.fault.panic_times(101);
    for _ in 0..101 {
        let lost = acme(&tree).token(&credentials("a"), tenant_id(1)).await;
        assert_eq!(lost.unwrap_err(), TokenFailure::Lost);
    }
    assert!(text(&tree, &credentials("a")).await.starts_with("token-"));
    let observed = acme(&tree).observe().await;
    assert_eq!((observed.restarts, observed.is_up), (0, true));
}

#[actix_rt::test]
async fn purchases_beyond_the_bound_are_refused() {
    let mut stage = Stage::new();
    stage.settings.providers.token_purchases = 1;
    let tree = stage.start();
    stage.tokens.sales.close();
    let first = actix_rt::spawn({
        let provider = acme(&tree).clone();
        async move { provider.token(&credentials("a"), tenant_id(1)).await }
    });
    stage.tokens.sales.arrived(1).await;
    let refused = acme(&tree).token(&credentials("a"), tenant_id(2)).await;
    assert_eq!(refused.unwrap_err(), TokenFailure::Overloaded);
    stage.tokens.sales.open();
    assert!(first.await.unwrap().is_ok());
}
