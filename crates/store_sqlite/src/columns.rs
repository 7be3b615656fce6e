//! How the domain's types look in columns: ids as 16 bytes that sort by age, moments as milliseconds, words as text.

use bytes::Bytes;
use domain::{Environment, Id, IdKind, KeyHash, OperationKind, PlanTier, Timestamp};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};

/// A text that this version has no meaning for.
#[derive(Debug, thiserror::Error)]
#[error("unknown word in column")]
pub(crate) struct UnknownWord;

/// A domain type as a column gives it.
pub(crate) struct Column<T>(pub(crate) T);

/// Returns a column's value.
pub(crate) fn read<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    Column<T>: FromSql,
{
    row.get(column).map(|Column(value)| value)
}

/// Returns a column's value, `None` for NULL.
pub(crate) fn read_optional<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    Column<T>: FromSql,
{
    row.get::<_, Option<Column<T>>>(column).map(|value| value.map(|Column(value)| value))
}

/// Returns an id as a column takes it.
pub(crate) const fn id<K: IdKind>(id: Id<K>) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

/// Returns a moment as a column takes it.
pub(crate) fn ms(at: Timestamp) -> i64 {
    integer(at.unix_ms())
}

/// Returns a number as a column takes it; what is more than 63 bits is as good as endless.
pub(crate) fn integer(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

impl<K: IdKind> FromSql for Column<Id<K>> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(|bytes| Self(Id::from_u128(u128::from_be_bytes(bytes))))
    }
}

impl FromSql for Column<KeyHash> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(|bytes| Self(KeyHash(bytes)))
    }
}

impl FromSql for Column<u64> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Self).or(Err(FromSqlError::OutOfRange(number)))
    }
}

impl FromSql for Column<Timestamp> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Column::<u64>::column_result(value).map(|Column(unix_ms)| Self(Timestamp::from_unix_ms(unix_ms)))
    }
}

impl FromSql for Column<Bytes> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_blob().map(|blob| Self(Bytes::copy_from_slice(blob)))
    }
}

impl FromSql for Column<Environment> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

impl FromSql for Column<OperationKind> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        OperationKind::from_name(value.as_str()?).map(Self).ok_or_else(|| FromSqlError::other(UnknownWord))
    }
}

impl FromSql for Column<PlanTier> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(|()| FromSqlError::other(UnknownWord))
    }
}
