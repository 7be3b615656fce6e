//! What a cache of finished answers promises.

use std::time::Duration;

use bytes::Bytes;
use domain::Environment;
use domain::ports::{Answers, KeptAnswer};

use super::super::samples;

const DAY: Duration = Duration::from_secs(86_400);

/// Runs the suite.
pub async fn passes(answers: &dyn Answers) {
    an_answer_comes_back_as_it_was_kept(answers).await;
    an_answer_belongs_to_one_tenant_and_environment(answers).await;
    the_latest_answer_of_a_key_counts(answers).await;
    any_text_is_a_key(answers).await;
    nothing_is_kept_for_no_time(answers).await;
}

fn answer(body: &'static [u8]) -> KeptAnswer {
    KeptAnswer { fingerprint: samples::digest(), status: 201, body: Bytes::from_static(body) }
}

async fn an_answer_comes_back_as_it_was_kept(answers: &dyn Answers) {
    let tenant = samples::id();
    assert_eq!(answers.find(tenant, Environment::Test, "order-1").await.unwrap(), None);
    let bodies: [&[u8]; 4] = [b"{\"amount\": 500.00}", b"", "\"\u{e9} \u{0}\\\n".as_bytes(), b"\xff\x00\xfe"];
    for body in bodies {
        let kept = answer(body);
        answers.keep(tenant, Environment::Test, "order-1", kept.clone(), DAY).await.unwrap();
        assert_eq!(answers.find(tenant, Environment::Test, "order-1").await.unwrap(), Some(kept));
    }
}

async fn an_answer_belongs_to_one_tenant_and_environment(answers: &dyn Answers) {
    let tenant = samples::id();
    answers.keep(tenant, Environment::Test, "order-1", answer(b"{}"), DAY).await.unwrap();
    assert_eq!(answers.find(tenant, Environment::Live, "order-1").await.unwrap(), None);
    assert_eq!(answers.find(samples::id(), Environment::Test, "order-1").await.unwrap(), None);
    assert_eq!(answers.find(tenant, Environment::Test, "order-2").await.unwrap(), None);
}

async fn the_latest_answer_of_a_key_counts(answers: &dyn Answers) {
    let tenant = samples::id();
    let latest = answer(b"second");
    answers.keep(tenant, Environment::Live, "order-1", answer(b"first"), DAY).await.unwrap();
    answers.keep(tenant, Environment::Live, "order-1", latest.clone(), DAY).await.unwrap();
    assert_eq!(answers.find(tenant, Environment::Live, "order-1").await.unwrap(), Some(latest));
}

async fn any_text_is_a_key(answers: &dyn Answers) {
    let tenant = samples::id();
    for key in ["", " ", "a:b", "{order}", "\r\nFLUSHALL\r\n", "é*?[x]", &"k".repeat(255)] {
        let kept = answer(b"{}");
        answers.keep(tenant, Environment::Test, key, kept.clone(), DAY).await.unwrap();
        assert_eq!(answers.find(tenant, Environment::Test, key).await.unwrap(), Some(kept), "{key}");
    }
}

async fn nothing_is_kept_for_no_time(answers: &dyn Answers) {
    let tenant = samples::id();
    answers.keep(tenant, Environment::Test, "order-1", answer(b"{}"), Duration::ZERO).await.unwrap();
    assert_eq!(answers.find(tenant, Environment::Test, "order-1").await.unwrap(), None);
}
