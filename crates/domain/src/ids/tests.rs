//! What ids promise: one spelling, sortable, and every other text refused.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn an_id_reads_back_from_its_own_text(value: u128) {
        let id = TransactionId::from_u128(value);
        prop_assert_eq!(id.to_string().parse::<TransactionId>(), Ok(id));
    }

    #[test]
    fn ids_sort_as_their_texts_do(left: u128, right: u128) {
        let (left, right) = (TransactionId::from_u128(left), TransactionId::from_u128(right));
        prop_assert_eq!(left.cmp(&right), left.to_string().cmp(&right.to_string()));
    }
}

#[derive(Debug)]
struct Ones;
impl Entropy for Ones {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(1);
    }
}

#[test]
fn an_id_carries_its_time() {
    let now = Timestamp::from_unix_ms(1_756_455_561_123);
    assert_eq!(TransactionId::generate(now, &Ones).created_at(), now);
}

#[test]
fn other_texts_are_refused() {
    let encoded = "01jd3kq6m8v4w2000000000000";
    assert!(format!("txn_{encoded}").parse::<TransactionId>().is_ok());
    assert_eq!(format!("key_{encoded}").parse::<TransactionId>(), Err(IdError::Prefix("txn")));
    for bad in ["", "01", &encoded.to_uppercase(), "01jd3kq6m8v4w2u00000000000", "zzzzzzzzzzzzzzzzzzzzzzzzzz"]
    {
        assert_eq!(format!("txn_{bad}").parse::<TransactionId>(), Err(IdError::Encoding), "{bad}");
    }
}
