//! Names of what is changed, and lines: first come, first served; bounded; gone when nobody is in them.

use domain::{AmountNumber, CancelOrder, CaptureOrder, CreateRefund, GetOrder, Metadata, RefundAmount};

use super::*;

fn key(order: &str) -> LineKey {
    (TenantId::from_u128(1), Environment::Test, order.into())
}

fn refund(payment: RefundedPayment) -> Operation {
    let amount = AmountNumber::parse("1").map(RefundAmount::Number).ok();
    let (reason, reference, metadata) = (None, None, Metadata::default());
    Operation::Refund(RefundOperation::Create(CreateRefund { payment, amount, reason, reference, metadata }))
}

#[test]
fn what_changes_one_order_has_one_name() {
    let id = || Box::<str>::from("pi_1");
    let order = Some("stripe:order:pi_1");
    let of_payment = |id: &str| refund(RefundedPayment::Payment { provider_payment_id: id.into() });
    for (provider, operation, expected) in [
        ("stripe", Operation::Order(OrderOperation::Cancel(CancelOrder { provider_order_id: id() })), order),
        (
            "stripe",
            Operation::Order(OrderOperation::Capture(CaptureOrder { provider_order_id: id(), amount: None })),
            order,
        ),
        ("stripe", refund(RefundedPayment::OfOrder { provider_order_id: id() }), order),
        // An intent is order and payment in one.
        ("stripe", of_payment("pi_1"), order),
        ("stripe", of_payment("ch_1"), Some("stripe:payment:ch_1")),
        ("razorpay", of_payment("pay_1"), Some("razorpay:payment:pay_1")),
        (
            "stripe",
            Operation::Order(OrderOperation::Get(GetOrder { provider_order_id: id(), created_by: None })),
            None,
        ),
    ] {
        let adapter = adapters::adapter(provider).unwrap();
        assert_eq!(serial_of(&operation, adapter).as_deref(), expected, "{operation:?}");
    }
}

async fn turn(place: Place) -> Turn {
    let permit = Arc::clone(&place.line.turn).acquire_owned().await.unwrap();
    Turn { _permit: permit, place, has_flushed: false }
}

#[tokio::test]
async fn turns_come_in_the_order_of_joining() {
    let turns = Turns::default();
    let first = turn(turns.join(key("a")).unwrap()).await;
    first.note(TransactionId::from_u128(7));
    let waiting = [1, 2, 3].map(|number| {
        let place = turns.join(key("a")).unwrap();
        assert_eq!(place.line.holder(), Some(TransactionId::from_u128(7)));
        (number, Box::pin(turn(place)))
    });
    let (_, mut others): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
    for other in &mut others {
        assert!(futures_util::poll!(other.as_mut()).is_pending(), "it is another one's turn");
    }
    // One that goes away is passed over.
    drop(others.remove(1));
    drop(first);
    let second = others.remove(0).await;
    assert!(futures_util::poll!(others[0].as_mut()).is_pending());
    drop(second);
    others.remove(0).await;
    turn(turns.join(key("b")).unwrap()).await;
    assert!(turns.0.is_empty(), "nobody is left");
}

#[tokio::test]
async fn a_line_is_bounded() {
    let turns = Turns::default();
    let first = turn(turns.join(key("a")).unwrap()).await;
    first.note(TransactionId::from_u128(7));
    let mut places: Vec<_> = (1..LINE).map(|_| turns.join(key("a")).unwrap()).collect();
    assert_eq!(turns.join(key("a")).err(), Some(Some(TransactionId::from_u128(7))));
    assert!(turns.join(key("b")).is_ok(), "another line is another line");
    places.pop();
    assert!(turns.join(key("a")).is_ok(), "a place that was left is free");
}
