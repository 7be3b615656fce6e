//! Bytes that version 1 wrote: they are read for one release more.

use domain::ports::{Owed, Record};
use domain::{
    Environment, Id, LedgerEntry, LedgerState, LookUps, Settlement, TenantId, Timestamp, Transaction,
    TransactionId,
};
use testkit::conformance::samples;

use crate::codec::{Unreadable, decode, encode};
use crate::frame::HEADER_BYTES;
use crate::words::Words;

/// A row that was begun.
const BEGUN: &str = "01008980808080808080808080c0f29cbafa98030708046c69766501086f726465722034320d6f72646572732e6372656174\
    6503030303030303030303030303030303030303030303030303030303030303030872617a6f7270617908756e665f386632\
    65086f726465725f4e31257b22616d6f756e74223a203530302e30302c202263757272656e6379223a2022494e52227db89c\
    a4a78f33e886a6a78f33b8d4bdd08f3300";

/// A row with an answer.
const BEGUN_SETTLED: &str = "01008980808080808080808080c0f29cbafa98030708046c69766501086f726465722034320d6f72646572732e6372656174\
    6503030303030303030303030303030303030303030303030303030303030303030872617a6f7270617908756e665f386632\
    65086f726465725f4e31257b22616d6f756e74223a203530302e30302c202263757272656e6379223a2022494e52227db89c\
    a4a78f33e886a6a78f33b8d4bdd08f330292030300ff0a";

/// A transaction, and its row's answer.
const RECORDED: &str = "0101018980808080808080808080c0f29cbafa9803070b04746573740d6f72646572732e63726561746500010872617a6f72\
    70617901086f726465725f4e3118504f5354202f76312f7061796d656e74732f6f7264657273077375636365737301076372\
    656174656401056672657368c9010001a08d060103494e520105696e762d37127b22616d6f756e74223a203530302e30307d\
    157b22737461747573223a202263726561746564227d00a8bdf1050080b6dc0501057265712d31010120010db80000000000\
    00000000000001010d756e69666965642d73646b2f31c8eaa4a78f3301078980808080808080808080c0f29cbafa980300c9\
    0103787878";

/// A row whose outcome is not known.
const UNKNOWN: &str = "01010001078980808080808080808080c0f29cbafa980301";

/// A row that is gone.
const RELEASED: &str = "01010001078980808080808080808080c0f29cbafa980302";

const TENANT: TenantId = Id::from_u128(7);
const TRANSACTION: TransactionId = Id::from_u128((1_756_455_561_000 << 80) | 9);

fn entry(state: LedgerState) -> LedgerEntry {
    LedgerEntry {
        transaction: TRANSACTION,
        key: Id::from_u128(8),
        environment: Environment::Live,
        fingerprint: [3; 32],
        state,
        ..samples::entry(TENANT, Some("order 42"))
    }
}

fn recorded(transaction: Option<Transaction>, settlement: Settlement) -> Owed {
    let settlement = Some((TENANT, TRANSACTION, settlement));
    Owed::Recorded(Box::new(Record { transaction, settlement, event: None }))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[test]
fn entries_of_version_1_are_read() {
    let check = |hex: &str, expected: Owed| {
        let read = decode(&bytes(hex), &Words::default()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{expected:?}"));
    };
    check(BEGUN, Owed::Begun(Box::new(entry(LedgerState::Started))));
    let answered = LedgerState::Settled { status: 402, body: vec![0, 255, 10].into() };
    check(BEGUN_SETTLED, Owed::Begun(Box::new(entry(answered))));
    let order = Transaction {
        id: TRANSACTION,
        ip: Some("2001:db8::1".parse().unwrap()),
        attempt_lines: Vec::new().into(),
        ..samples::order(TENANT)
    };
    let answer = Settlement::Settled { status: 201, body: vec![b'x'; 3].into() };
    check(RECORDED, recorded(Some(order), answer));
    // It did not say when to look next.
    let at_once = LookUps { next: Some(Timestamp::from_unix_ms(0)), ..LookUps::default() };
    check(UNKNOWN, recorded(None, Settlement::Unknown(at_once)));
    check(RELEASED, recorded(None, Settlement::Released));
}

#[test]
fn what_is_written_is_of_version_2_and_a_later_version_is_told() {
    let mut written = encode(&recorded(None, Settlement::Released)).unwrap().split_off(HEADER_BYTES);
    assert_eq!(written.first(), Some(&2));
    written[0] = 3;
    let refused = decode(&written, &Words::default());
    assert!(matches!(refused, Err(Unreadable::Version(3))), "{refused:?}");
}
