//! Guessing passwords and keys: it stops soon, for right and wrong alike, and hurts nobody else.

use domain::{Environment, KeyId};
use serde_json::json;
use testkit::CountingEntropy;
use vault::PlatformKey;

use super::{HERE, THERE, list, metric, refused, trust_this_machine};
use crate::support::{Answer, Stage, StageOptions};

const RIGHT: &str = "correct horse battery";

async fn start() -> Stage {
    let configure = |config: &mut gateway::Config| {
        trust_this_machine(config);
        config.limits.sign_in_failures = 3;
        config.limits.sign_in_failures_per_ip = 10;
        config.limits.sign_in_wait_seconds = 3_600;
        config.limits.sign_in_longest_wait_seconds = 3_600;
        config.limits.unknown_keys_per_minute = 4;
        config.limits.sign_ups_per_hour = 2;
    };
    Stage::start_with(StageOptions { configure, ..StageOptions::default() }).await
}

/// Fails the test unless the headers name this limit, and say that nothing is left of it.
#[track_caller]
fn names(answer: &Answer, limit: &str, policy: &str) {
    let header = |name| answer.header(name).unwrap_or_default();
    assert!(header("ratelimit").starts_with(&format!("\"{limit}\";r=0;t=")), "{:?}", answer.headers);
    let policies = header("ratelimit-policy");
    assert!(policies.starts_with(&format!("\"{limit}\";{policy}, \"ip\";q=")), "{policies}");
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(answer.header("x-ratelimit-reset"), answer.header("retry-after"));
}

async fn sign_in(stage: &Stage, name: &str, password: &str, from: &str) -> Answer {
    sign_in_as(stage, &format!("{name}@example.com"), password, from).await
}

async fn sign_in_as(stage: &Stage, email: &str, password: &str, from: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    stage.api.post("/api/auth/sign-in", &[("x-forwarded-for", from)], &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_some_failures_not_even_the_right_password_is_looked_at() {
    let stage = start().await;
    stage.sign_up("victim").await;
    stage.sign_up("other").await;
    // The same for an account that is there and one that is not, from wherever it is tried.
    let mut answers = Vec::new();
    for name in ["victim", "nobody"] {
        for last in 1..=3 {
            let from = format!("192.0.2.{last}");
            assert_eq!(sign_in(&stage, name, "guess", &from).await.expect(401).code(), "wrong_credentials");
        }
        let answer = refused(sign_in(&stage, name, RIGHT, HERE).await, "too_many_attempts");
        names(&answer, "sign-ins", "q=3;w=900");
        answers.push(answer.text());
        let disguised = format!(" {}@Example.com ", name.to_uppercase());
        refused(sign_in_as(&stage, &disguised, RIGHT, HERE).await, "too_many_attempts");
    }
    assert_eq!(answers[0], answers[1]);
    sign_in(&stage, "other", RIGHT, HERE).await.expect(200);
    assert_eq!(metric(&stage, r#"gateway_attempts_blocked_total{attempt="sign_in"} "#).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_starts_afresh() {
    let stage = start().await;
    stage.sign_up("forgetful").await;
    for _ in 0..4 {
        for _ in 0..2 {
            sign_in(&stage, "forgetful", "guess", HERE).await.expect(401);
        }
        sign_in(&stage, "forgetful", RIGHT, HERE).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_guesses_at_many_accounts_is_stopped_and_others_are_not() {
    let stage = start().await;
    stage.sign_up("bystander").await;
    for number in 0..10 {
        sign_in(&stage, &format!("account{number}"), "guess", HERE).await.expect(401);
    }
    refused(sign_in(&stage, "bystander", RIGHT, HERE).await, "too_many_attempts");
    sign_in(&stage, "bystander", RIGHT, THERE).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_a_few_an_hour_from_one_address() {
    let stage = start().await;
    let sign_up = async |name: &str, from: &str| {
        let body = json!({"email": format!("{name}@example.com"), "password": RIGHT});
        stage.api.post("/api/auth/sign-up", &[("x-forwarded-for", from)], &body).await
    };
    sign_up("first", HERE).await.expect(201);
    // Asking who has an account counts as well.
    assert_eq!(sign_up("first", HERE).await.expect(409).code(), "email_taken");
    names(&refused(sign_up("third", HERE).await, "ip_limit"), "sign-ups", "q=2;w=3600");
    sign_up("third", THERE).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nobody_owns_are_soon_not_looked_for_and_good_keys_go_on() {
    let stage = start().await;
    let account = stage.account("neighbour").await;
    list(&stage, &account.key, HERE).await.expect(200);
    let entropy = CountingEntropy::default();
    let mut number = 0;
    let mut guess = async |from: &str| {
        number += 1;
        let key = PlatformKey::generate(Environment::Test, KeyId::from_u128(number), &entropy);
        list(&stage, key.text().expose(), from).await
    };
    let mut unknown = 0;
    let answer = loop {
        let answer = guess(HERE).await;
        if answer.status != 401 {
            break answer;
        }
        assert_eq!(answer.code(), "unknown_key");
        unknown += 1;
        assert!(unknown < 1_000);
    };
    assert!(unknown >= 4);
    names(&refused(answer, "ip_limit"), "unknown-keys", "q=4;w=60");
    // From the same address: a key of a tenant in memory, and one that is no key at all.
    list(&stage, &account.key, HERE).await.expect(200);
    assert_eq!(list(&stage, "unf_test_x", HERE).await.expect(401).code(), "malformed_key");
    assert_eq!(guess(THERE).await.expect(401).code(), "unknown_key");
    assert!(metric(&stage, r#"gateway_attempts_blocked_total{attempt="unknown_key"} "#).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_an_unknown_key_is_not_charged_to_the_addresss_requests() {
    let stage = Stage::start_with(StageOptions {
        configure: |config| {
            trust_this_machine(config);
            config.limits.ip_per_minute = 10;
            config.limits.unknown_keys_per_minute = 2;
        },
        ..StageOptions::default()
    })
    .await;
    let entropy = CountingEntropy::default();
    let mut refusals = 0;
    for number in 1..=40 {
        let key = PlatformKey::generate(Environment::Test, KeyId::from_u128(number), &entropy);
        let answer = list(&stage, key.text().expose(), HERE).await;
        if answer.status == 429 {
            names(&answer, "unknown-keys", "q=2;w=60");
            refusals += 1;
        }
    }
    assert!(refusals > 20, "{refusals}");
}
