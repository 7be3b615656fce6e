//! How the domain's types look in columns: ids as UUIDs that sort by age, moments as `timestamptz`, words as text.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use domain::{Environment, Id, IdKind, KeyHash, OperationKind, PlanTier, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::error::{Failure, WrongColumn};

/// Milliseconds from 1970 to 2000, where PostgreSQL's clock starts.
const EPOCH_MS: i64 = 946_684_800_000;
/// The last moment that PostgreSQL knows, in microseconds since 2000.
const LAST_MICROS: i64 = 9_223_371_331_199_999_999;

/// What the driver's conversions return.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Sync + Send>>;

/// A value and the type that the statement takes it as.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// A domain type as a column takes and gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column<T>(pub(crate) T);

/// Returns a column's value.
pub(crate) fn read<'a, T>(row: &'a Row, column: &'static str) -> Result<T, Failure>
where
    Column<T>: FromSql<'a>,
{
    plain::<Column<T>>(row, column).map(|Column(value)| value)
}

/// Returns a column's value, `None` for NULL.
pub(crate) fn read_optional<'a, T>(row: &'a Row, column: &'static str) -> Result<Option<T>, Failure>
where
    Column<T>: FromSql<'a>,
{
    plain::<Option<Column<T>>>(row, column).map(|value| value.map(|Column(value)| value))
}

/// Returns the value of a column whose type is the driver's own affair: text, bytes, numbers.
pub(crate) fn plain<'a, T: FromSql<'a>>(row: &'a Row, column: &'static str) -> Result<T, Failure> {
    row.try_get(column).or(Err(Failure::Unreadable(column)))
}

/// Returns a number that no column holds below zero.
pub(crate) fn read_count<T: TryFrom<i64>>(row: &Row, column: &'static str) -> Result<T, Failure> {
    let number: i64 = plain(row, column)?;
    T::try_from(number).or(Err(Failure::Unreadable(column)))
}

/// Returns a number as a column takes it; what is more than 63 bits is as good as endless.
pub(crate) fn integer(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// Returns a duration as a column takes it, in microseconds.
pub(crate) fn micros(duration: Duration) -> i64 {
    integer(duration.as_micros())
}

/// A text as a column takes it. PostgreSQL has no NUL in texts: one that a caller sent becomes U+FFFD, so that it does not
/// spoil the batch that it is in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl<'a> Text<'a> {
    /// Returns an optional text as a column takes it.
    pub(crate) fn optional(text: Option<&'a str>) -> Option<Self> {
        text.map(Self)
    }
}

/// Returns a text as it is read back.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

impl ToSql for Text<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Outcome<IsNull> {
        out.put_slice(without_nul(self.0).as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TEXT
    }

    to_sql_checked!();
}

impl<K: IdKind> ToSql for Column<Id<K>> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Outcome<IsNull> {
        out.put_u128(self.0.as_u128());
        Ok(IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::UUID
    }

    to_sql_checked!();
}

impl<'a, K: IdKind> FromSql<'a> for Column<Id<K>> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Outcome<Self> {
        Ok(Self(Id::from_u128(u128::from_be_bytes(raw.try_into()?))))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::UUID
    }
}

impl ToSql for Column<Timestamp> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Outcome<IsNull> {
        let since_2000 = integer(self.0.unix_ms()).saturating_sub(EPOCH_MS);
        out.put_i64(since_2000.saturating_mul(1000).min(LAST_MICROS));
        Ok(IsNull::No)
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TIMESTAMPTZ
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Column<Timestamp> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Outcome<Self> {
        let micros = i64::from_be_bytes(raw.try_into()?);
        let unix_ms = micros.div_euclid(1000).saturating_add(EPOCH_MS);
        Ok(Self(Timestamp::from_unix_ms(unix_ms.try_into()?)))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TIMESTAMPTZ
    }
}

impl<'a> FromSql<'a> for Column<KeyHash> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Outcome<Self> {
        Ok(Self(KeyHash(raw.try_into()?)))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::BYTEA
    }
}

impl<'a> FromSql<'a> for Column<Environment> {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Outcome<Self> {
        Ok(Self(<&str>::from_sql(of, raw)?.parse()?))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TEXT
    }
}

impl<'a> FromSql<'a> for Column<OperationKind> {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Outcome<Self> {
        Ok(Self(OperationKind::from_name(<&str>::from_sql(of, raw)?).ok_or(WrongColumn)?))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TEXT
    }
}

impl<'a> FromSql<'a> for Column<PlanTier> {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Outcome<Self> {
        Ok(Self(<&str>::from_sql(of, raw)?.parse().or(Err(WrongColumn))?))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TEXT
    }
}
