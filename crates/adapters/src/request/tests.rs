//! Headers as providers demand them, and ids that cannot leave their place in a path.

use super::*;

#[test]
fn basic_authentication_is_spelled_as_razorpay_demands() {
    assert_eq!(basic("Aladdin", "open sesame").expose(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(bearer("sk_test_x").expose(), "Bearer sk_test_x");
}

#[test]
fn only_plain_ids_may_stand_in_a_path() {
    for id in ["order_RB58MiP5SPFYyM", "5O190127TN364715T", "pi_3-x"] {
        assert!(is_plain_id(id), "{id}");
    }
    let too_long = "a".repeat(256);
    for id in ["", "..", "a/b", "a?b=c", "a%2Fb", "a b", "é", "a\r\nb", &too_long] {
        assert!(!is_plain_id(id), "{id}");
    }
}

#[test]
fn a_read_is_harmless_and_a_post_is_a_write() {
    let read = get("/v1/x".to_owned());
    assert_eq!((read.effect, read.retry), (Effect::Read, RetrySafety::Harmless));
    let write =
        with_body(post("/v1/x".to_owned(), RetrySafety::Keyed), "text/plain", Bytes::from_static(b"x"));
    assert_eq!(
        (write.effect, write.retry, write.content_type),
        (Effect::Write, RetrySafety::Keyed, Some("text/plain"))
    );
}
