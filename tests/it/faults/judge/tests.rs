//! The judge before forged evidence: it finds each broken promise, and none where all was kept.

use serde_json::json;

use super::*;
use crate::faults::evidence::Logged;

/// A wish for an order of 5.00, with what was told and how often it was done.
fn evidence(told: &[Told], times: usize) -> Evidence {
    let wish = Wish { mark: "500".to_owned(), ..Wish::example() };
    let effect = |number| Effect {
        provider: wish.provider.to_owned(),
        operation: wish.operation.to_owned(),
        mark: wish.mark.clone(),
        id: format!("pi_{number}"),
        at: "2026-01-05T10:00:00Z".to_owned(),
    };
    let status = |told: &Told| match told {
        Told::Done { .. } => "success",
        Told::Unknown { .. } => "unknown",
        _ => "failed",
    };
    let logged =
        |told: &Told| Logged { status: status(told).to_owned(), attempts: "[]".to_owned(), rows: Some(1) };
    Evidence {
        told: [(wish.key.clone(), told.to_vec())].into(),
        effects: (0..times).map(effect).collect(),
        log: told.iter().filter_map(|told| Some((told.transaction()?.to_owned(), logged(told)))).collect(),
        wishes: vec![wish],
        was_ledger_away: false,
        unsettled: Vec::new(),
        stuck: Vec::new(),
    }
}

#[track_caller]
fn check(evidence: &Evidence, expected: &[Broken]) {
    let verdict = judge(evidence);
    let found: Vec<Broken> = verdict.findings.iter().map(|finding| finding.broken).collect();
    assert_eq!(found, expected, "{:?}", verdict.findings);
}

fn done(transaction: &str) -> Told {
    Told::Done { transaction: transaction.to_owned(), body: transaction.to_owned().into() }
}

fn refused(status: u16) -> Told {
    Told::Refused { status, code: "card_declined".to_owned(), transaction: Some("txn_1".to_owned()) }
}

fn not_sent() -> Told {
    Told::NotSent { status: 502, code: "provider_unreachable".to_owned(), transaction: None }
}

fn unknown() -> Told {
    let transaction = Some("txn_1".to_owned());
    Told::Unknown { status: 504, code: "provider_timeout".to_owned(), transaction }
}

#[test]
fn kept_promises_are_no_findings() {
    check(&evidence(&[done("txn_1")], 1), &[]);
    check(&evidence(&[Told::Lost, Told::InUse, done("txn_1"), done("txn_1")], 1), &[]);
    check(&evidence(&[refused(402)], 0), &[]);
    check(&evidence(&[not_sent(), not_sent()], 0), &[]);
    check(&evidence(&[not_sent(), Told::Lost], 1), &[]);
    check(&evidence(&[Told::Lost, not_sent()], 1), &[]);
    check(&evidence(&[unknown()], 1), &[]);
    check(&evidence(&[unknown(), not_sent()], 1), &[]);
    check(&evidence(&[], 1), &[]);
}

#[test]
fn one_key_that_was_done_twice_is_found_whatever_was_told() {
    check(&evidence(&[done("txn_1")], 2), &[Broken::DoneTwice]);
    check(&evidence(&[unknown()], 2), &[Broken::DoneTwice]);
    check(&evidence(&[Told::Lost], 3), &[Broken::DoneTwice]);
}

#[test]
fn a_failure_that_was_done_is_found() {
    // Of the refusal, the log is wrong as well.
    check(&evidence(&[refused(402)], 1), &[Broken::FailedButDone, Broken::LogIsWrong]);
    check(&evidence(&[not_sent()], 1), &[Broken::FailedButDone]);
    check(&evidence(&[Told::Lost, refused(422)], 1), &[Broken::FailedButDone]);
    check(&evidence(&[refused(402), Told::Lost], 1), &[Broken::FailedButDone]);
    // Refused for now: who asks again, and hears nothing, was not told of that request.
    check(&evidence(&[refused(429), Told::Lost, Told::InUse], 1), &[]);
    check(&evidence(&[Told::Lost, refused(429), Told::InUse], 1), &[Broken::FailedButDone]);
}

#[test]
fn a_success_that_was_not_done_is_found() {
    check(&evidence(&[done("txn_1")], 0), &[Broken::ToldButNotDone, Broken::LogIsWrong]);
}

#[test]
fn two_answers_to_one_key_are_found() {
    check(&evidence(&[done("txn_1"), done("txn_2")], 1), &[Broken::ToldDifferently]);
}

#[test]
fn a_ledger_that_was_away_excuses_two_transactions_and_not_two_objects() {
    let shown = |transaction: &str, object: &str| Told::Done {
        transaction: transaction.to_owned(),
        body: json!({"transaction_id": transaction, "provider_order_id": object}).to_string().into(),
    };
    let same = [shown("txn_1", "pi_1"), shown("txn_2", "pi_1")];
    check(&evidence(&same, 1), &[Broken::ToldDifferently]);
    let away = |told: &[Told]| Evidence { was_ledger_away: true, ..evidence(told, 1) };
    check(&away(&same), &[]);
    assert_eq!(judge(&away(&same)).replaced, 1);
    check(&away(&[shown("txn_1", "pi_1"), shown("txn_2", "pi_2")]), &[Broken::ToldDifferently]);
    // One transaction in two versions is no twin's.
    let other_words = Told::Done { transaction: "txn_1".to_owned(), body: "other".into() };
    check(&away(&[shown("txn_1", "pi_1"), other_words]), &[Broken::ToldDifferently]);

    let mut lost = away(&[unknown(), shown("txn_2", "pi_1")]);
    lost.log.remove("txn_1");
    check(&lost, &[]);
    lost.was_ledger_away = false;
    check(&lost, &[Broken::NotLoggedOnce]);
    let second = || Told::Unknown {
        status: 504,
        code: "provider_timeout".to_owned(),
        transaction: Some("txn_2".to_owned()),
    };
    let mut stood_for = away(&[unknown(), second()]);
    stood_for.log.remove("txn_2");
    check(&stood_for, &[]);
    stood_for.was_ledger_away = false;
    check(&stood_for, &[Broken::NotLoggedOnce]);
    let mut all_lost = away(&[unknown()]);
    all_lost.log.clear();
    check(&all_lost, &[Broken::NotLoggedOnce]);
    let mut another = away(&[Told::Lost, unknown()]);
    another.log.clear();
    check(&another, &[]);
}

#[test]
fn an_order_whose_money_is_not_taken_is_found() {
    let mut evidence = evidence(&[done("txn_1")], 1);
    evidence.stuck = vec!["paypal-1".to_owned()];
    check(&evidence, &[Broken::NotCaptured]);
    evidence.was_ledger_away = true;
    check(&evidence, &[]);
}

#[test]
fn a_fault_that_is_blamed_on_the_caller_is_found() {
    check(&evidence(&[refused(401)], 0), &[Broken::BlamedOnTheCaller]);
}

#[test]
fn an_effect_that_nobody_asked_for_is_found() {
    let mut evidence = evidence(&[done("txn_1")], 1);
    evidence.effects.push(Effect { mark: "501".to_owned(), ..evidence.effects[0].clone() });
    check(&evidence, &[Broken::NobodyAskedForIt]);
}

#[test]
fn an_answer_that_is_not_in_the_log_or_twice_is_found() {
    let mut missing = evidence(&[done("txn_1")], 1);
    missing.log.clear();
    check(&missing, &[Broken::NotLoggedOnce]);
    for rows in [0, 2] {
        let mut evidence = evidence(&[done("txn_1")], 1);
        evidence.log.get_mut("txn_1").expect("a row").rows = Some(rows);
        check(&evidence, &[Broken::NotLoggedOnce]);
    }
}

#[test]
fn a_log_that_says_otherwise_than_the_provider_is_found() {
    let log = |status: &str| Logged { status: status.to_owned(), attempts: "[]".to_owned(), rows: Some(1) };
    let mut settled = evidence(&[unknown()], 1);
    settled.log.insert("txn_1".to_owned(), log("success"));
    check(&settled, &[]);
    settled.log.insert("txn_1".to_owned(), log("failed"));
    check(&settled, &[Broken::LogIsWrong]);
    let mut never_done = evidence(&[unknown()], 0);
    never_done.log.insert("txn_1".to_owned(), log("success"));
    check(&never_done, &[Broken::LogIsWrong]);
}

#[test]
fn one_in_a_hundred_may_stay_unknown_and_no_more() {
    // A few of less than a few hundred, too.
    let few = |unsettled: &[&str]| Evidence {
        unsettled: unsettled.iter().map(|id| (*id).to_owned()).collect(),
        ..evidence(&[unknown()], 1)
    };
    check(&few(&["txn_1", "txn_2", "txn_3"]), &[]);
    check(&few(&["txn_1", "txn_2", "txn_3", "txn_4"]), &[Broken::NotSettled]);
    let mut evidence = Evidence::default();
    for number in 0..400 {
        let transaction = Some(format!("txn_{number}"));
        let told = Told::Unknown { status: 504, code: "provider_timeout".to_owned(), transaction };
        evidence.told.insert(format!("key-{number}"), vec![told]);
    }
    evidence.unsettled = (1..=4).map(|number| format!("txn_{number}")).collect();
    check(&evidence, &[]);
    evidence.unsettled.push("txn_5".to_owned());
    check(&evidence, &[Broken::NotSettled]);
    let verdict = judge(&evidence);
    assert_eq!((verdict.unknown, verdict.unsettled), (400, 5));
}

#[test]
fn answers_are_read_for_what_they_say() {
    let read = |status: u16, body: serde_json::Value| {
        let status = http::StatusCode::from_u16(status).expect("a status");
        Told::read(&crate::support::Answer {
            status,
            headers: http::HeaderMap::new(),
            body: body.to_string().into(),
        })
    };
    let error = |code: &str| json!({"error": {"code": code, "transaction_id": "txn_1"}});
    assert_eq!(read(201, json!({"transaction_id": "txn_9"})).transaction(), Some("txn_9"));
    assert!(matches!(read(402, error("card_declined")), Told::Refused { .. }));
    assert!(matches!(read(401, error("unknown_key")), Told::Refused { status: 401, .. }));
    assert!(matches!(read(409, error("already_refunded")), Told::Refused { .. }));
    assert_eq!(read(409, error("idempotency_key_in_use")), Told::InUse);
    assert!(matches!(read(409, error("operation_in_progress")), Told::NotSent { .. }));
    assert!(read(409, error("already_refunded")).is_final());
    assert!(!read(429, error("provider_rate_limit")).is_final());
    assert!(matches!(read(502, error("provider_unreachable")), Told::NotSent { .. }));
    assert!(matches!(read(429, error("key_minute_limit")), Told::NotSent { .. }));
    assert!(matches!(read(503, error("ledger_unavailable")), Told::NotSent { .. }));
    assert!(matches!(read(502, error("provider_error")), Told::Unknown { .. }));
    assert!(matches!(read(500, json!({})), Told::Unknown { transaction: None, .. }));
    assert_eq!(read(504, error("provider_timeout")), unknown());
    assert!(matches!(read(504, error("ledger_timeout")), Told::Unknown { .. }));
}

#[test]
fn effects_are_read_with_the_mark_that_leads_back() {
    let read = |effect| Effect::read(&effect).mark;
    assert_eq!(read(json!({"amount": 1234, "reference": "a"})), "1234");
    assert_eq!(read(json!({"amount": "12.34", "reference": "a"})), "1234");
    assert_eq!(read(json!({"amount": null, "reference": "+15550001234"})), "+15550001234");
}
