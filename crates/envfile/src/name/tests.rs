//! A name's words, and what they tell.

use domain::Environment;

use super::{Name, looks_like_a_secret, squash};

#[track_caller]
fn check(name: &str, known: &str, words_before: Option<usize>) {
    let found = Name::read(name).find(&squash(known)).map(|found| found.words_before);
    assert_eq!(found, words_before, "{known} in {name}");
}

#[test]
fn known_names_are_found_behind_a_prefix_and_before_an_environment() {
    check("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY", Some(0));
    check("MYAPP_STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY", Some(1));
    check("STRIPE_SECRET_KEY_TEST", "STRIPE_SECRET_KEY", Some(0));
    check("STRIPE_TEST_SECRET_KEY", "STRIPE_SECRET_KEY", Some(0));
    check("PROD_STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY", Some(1));
    check("NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", "STRIPE_PUBLISHABLE_KEY", Some(0));
    check("PAYPAL_IS_SANDBOX", "PAYPAL_IS_SANDBOX", Some(0));
}

#[test]
fn spelling_does_not_matter() {
    check("PAYPAL__CLIENTSECRET", "PAYPAL_CLIENT_SECRET", Some(0));
    check("PayPal:ClientSecret", "PAYPAL_CLIENT_SECRET", Some(0));
    check("stripe.secret-key", "STRIPE_SECRET_KEY", Some(0));
    check("stripeSecretKey", "STRIPE_SECRET_KEY", Some(0));
    check("Twilio__AccountSid", "TWILIO_ACCOUNT_SID", Some(0));
}

#[test]
fn a_longer_name_is_another_name() {
    check("STRIPE_SECRET_KEY_NAME", "STRIPE_SECRET_KEY", None);
    check("STRIPE_SECRET_KEY", "STRIPE_SECRET", None);
    check("STRIPED_SECRET_KEY", "STRIPE_SECRET_KEY", None);
}

#[test]
fn words_tell_the_environment_where_they_agree() {
    let told = |name: &str| Name::read(name).environment;
    assert_eq!(told("PAYPAL_SANDBOX_CLIENT_ID"), Some(Environment::Test));
    assert_eq!(told("TWILIO_AUTH_TOKEN_PROD"), Some(Environment::Live));
    assert_eq!(told("LATEST_DELIVERY"), None);
    assert_eq!(told("TEST_OR_LIVE"), None);
}

#[test]
fn parts_are_words_or_the_beginning_of_one() {
    assert!(Name::read("RAZORPAYX_KEY_ID").has_part("RAZORPAY"));
    assert!(Name::read("PayPalSecret").has_part("PAYPAL"));
    assert!(!Name::read("STPAUL_KEY").has_part("STP"));
}

#[test]
fn values_that_strayed_before_an_equals_sign_are_no_names() {
    assert!(looks_like_a_secret("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"));
    assert!(looks_like_a_secret("sk_live_51Habcdefghijk9x8w"));
    for name in ["NEXT_PUBLIC_STRIPE_KEY", "Authentication__OAuth2ClientSecretKey", "AWS_S3_BUCKET_EU_WEST_1"]
    {
        assert!(!looks_like_a_secret(name), "{name}");
    }
}
