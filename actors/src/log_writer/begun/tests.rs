//! What is known of rows in the journal, and for how long.

use domain::{Settlement, TransactionId};

use super::{BegunRows, State, key_of};
use crate::doubles::ledger_entry;
use crate::log_writer::entry::Mark;

fn settled() -> Settlement {
    Settlement::Settled { status: 200, body: "x".into() }
}

#[test]
fn a_row_goes_when_the_store_has_all_that_concerns_it() {
    let mut rows = BegunRows::default();
    for number in 1..=4 {
        rows.begin(&ledger_entry(number, Some(&number.to_string())), u64::from(number));
    }
    let transaction = |number| TransactionId::from_u128(number);
    rows.settle(transaction(1), &settled(), Mark::Journal(5));
    rows.settle(transaction(2), &settled(), Mark::Memory(1));
    let known = |rows: &BegunRows| {
        (1..=4).filter(|number| rows.key_of(transaction(*number)).is_some()).collect::<Vec<_>>()
    };
    rows.leave(3, 0);
    assert_eq!((known(&rows), rows.first_number()), (vec![1, 2, 4], Some(1)));
    rows.leave(5, 0);
    assert_eq!(known(&rows), [2]);
    rows.leave(5, 1);
    assert_eq!(known(&rows), [0_u128; 0]);
    assert!(
        rows.rows.is_empty() && rows.by_key.is_empty() && rows.leaving.is_empty() && rows.numbers.is_empty()
    );
}

#[test]
fn a_row_that_lost_its_key_takes_nothing_from_the_next_one() {
    let mut rows = BegunRows::default();
    let (first, second) = (ledger_entry(1, Some("same")), ledger_entry(2, Some("same")));
    rows.begin(&first, 1);
    rows.settle(first.transaction, &Settlement::Released, Mark::Journal(2));
    assert!(rows.met_by(&second).is_none());
    rows.begin(&second, 3);
    rows.settle(first.transaction, &Settlement::Released, Mark::Journal(4));
    rows.leave(2, 0);
    rows.leave(4, 0);
    assert!(rows.find(&key_of(&second).unwrap()).is_none(), "written, and gone");
    rows.begin(&second, 5);
    rows.settle(first.transaction, &settled(), Mark::Journal(6));
    assert!(matches!(rows.find(&key_of(&second).unwrap()).unwrap().state, State::Started));
    assert!(rows.met_by(&second).is_none(), "an entry does not meet itself");
}
