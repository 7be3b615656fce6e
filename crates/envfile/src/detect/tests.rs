//! What detection hands on: values, precedence, previews. The corpus has the rest.

use adapters::{ADAPTERS, Adapter};
use domain::Environment;

use super::{Detected, DetectedService, detect, detected::preview};
use crate::lex;

fn read(file: &str) -> Detected {
    let descriptors: Vec<_> = ADAPTERS.into_iter().map(Adapter::descriptor).collect();
    detect(&lex(file.as_bytes()).expect("a file"), &descriptors)
}

#[track_caller]
fn only(file: &str) -> DetectedService {
    let mut services = read(file).services;
    assert_eq!(services.len(), 1, "{services:?}");
    services.remove(0)
}

fn credential(service: &DetectedService, field: &str) -> Option<String> {
    let found = service.credentials.iter().find(|(name, _)| *name == field);
    found.map(|(_, value)| value.expose().to_owned())
}

#[test]
fn credentials_are_the_values_without_what_surrounds_them() {
    let service = only("STRIPE_SECRET_KEY=\" 'sk_test_FakeTestSecret00001' \"\n");
    assert_eq!(credential(&service, "secret_key").as_deref(), Some("sk_test_FakeTestSecret00001"));
    assert!(service.is_usable());
}

#[test]
fn credentials_come_in_the_order_of_the_fields() {
    let service =
        only("RAZORPAY_KEY_SECRET=FakeRzpSecret00000000001\nRAZORPAY_KEY_ID=rzp_test_FakeKeyId00001\n");
    assert_eq!(
        service.credentials.iter().map(|(field, _)| *field).collect::<Vec<_>>(),
        ["key_id", "key_secret"]
    );
}

#[test]
fn a_refused_value_is_no_credential() {
    let service = only("STRIPE_SECRET_KEY=pk_test_FakeTestPublic00001\n");
    assert_eq!(credential(&service, "secret_key"), None);
    assert!(!service.is_usable());
}

#[test]
fn of_two_values_for_a_field_the_better_name_counts() {
    let service = only(
        "SHOP_STRIPE_SECRET_KEY=sk_test_FakeTestSecret00001\nSTRIPE_API_KEY=sk_test_FakeTestSecret00002\n\
         STRIPE_SECRET_KEY=sk_test_FakeTestSecret00003\n",
    );
    assert_eq!(credential(&service, "secret_key").as_deref(), Some("sk_test_FakeTestSecret00003"));
}

#[test]
fn each_environment_gets_its_own_values() {
    let services = read(
        "PAYPAL_LIVE_CLIENT_ID=AFakeLiveId\nPAYPAL_LIVE_CLIENT_SECRET=EFakeLiveSecret\n\
         PAYPAL_CLIENT_ID=AFakeTestId\nPAYPAL_CLIENT_SECRET=EFakeTestSecret\n",
    )
    .services;
    let ids: Vec<_> =
        services.iter().map(|service| (service.environment, credential(service, "client_id"))).collect();
    let expected = [
        (Environment::Test, Some("AFakeTestId".to_owned())),
        (Environment::Live, Some("AFakeLiveId".to_owned())),
    ];
    assert_eq!(ids, expected);
}

#[test]
fn previews_show_four_characters_of_long_values_only() {
    assert_eq!(preview(""), "…");
    assert_eq!(preview("elevenchars"), "…");
    assert_eq!(preview("twelve chars"), "…hars");
    assert_eq!(preview("äöüßäöüßäöüß"), "…äöüß");
}

#[test]
fn debug_output_shows_no_credential() {
    let detected = read("STRIPE_SECRET_KEY=sk_live_FakeLiveSecret00001\n");
    assert!(!format!("{detected:?}").contains("FakeLive"));
}

#[test]
fn warnings_of_the_file_and_of_the_services_come_by_line() {
    let detected =
        read("broken\nSTRIPE_SECRET_KEY=\nbroken\nPAYPAL_CLIENT_ID=AFakeId\nPAYPAL_SECRET=EFake\n");
    let lines: Vec<_> = detected.warnings.iter().map(|warning| warning.line).collect();
    assert_eq!(lines, [0, 1, 2, 3]);
}
