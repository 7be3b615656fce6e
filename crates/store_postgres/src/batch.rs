//! Rows in bulk: as the arrays that a statement unnests, or as the stream that a binary `COPY` takes.

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::columns::{Outcome, Parameter};
use crate::error::Failure;

const COPY_SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const NULL: i32 = -1;

/// A column of a batch: the type of a value, and that of an array of them.
#[derive(Debug, Clone)]
pub(crate) struct ColumnType {
    value: Type,
    array: Type,
}

impl ColumnType {
    pub(crate) const UUID: Self = Self { value: Type::UUID, array: Type::UUID_ARRAY };
    pub(crate) const TEXT: Self = Self { value: Type::TEXT, array: Type::TEXT_ARRAY };
    pub(crate) const BYTEA: Self = Self { value: Type::BYTEA, array: Type::BYTEA_ARRAY };
    pub(crate) const INT2: Self = Self { value: Type::INT2, array: Type::INT2_ARRAY };
    pub(crate) const INT4: Self = Self { value: Type::INT4, array: Type::INT4_ARRAY };
    pub(crate) const INT8: Self = Self { value: Type::INT8, array: Type::INT8_ARRAY };
    pub(crate) const INET: Self = Self { value: Type::INET, array: Type::INET_ARRAY };
    pub(crate) const TIMESTAMPTZ: Self = Self { value: Type::TIMESTAMPTZ, array: Type::TIMESTAMPTZ_ARRAY };

    /// Returns the type of a single value.
    pub(crate) fn value(&self) -> Type {
        self.value.clone()
    }
}

/// A row's values, in the order of the batch's columns.
pub(crate) type Values<'a, const N: usize> = [&'a (dyn ToSql + Sync); N];

/// Rows turned into one array a column.
#[derive(Debug)]
pub(crate) struct Arrays<const N: usize> {
    columns: [Array; N],
}

impl<const N: usize> Arrays<N> {
    /// Returns arrays without values.
    pub(crate) fn new(types: [ColumnType; N]) -> Self {
        Self { columns: types.map(Array::new) }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, values: &Values<'_, N>) -> Result<(), Failure> {
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.len += 1;
            column.has_null |= put(&mut column.values, *value, &column.of.value)?;
        }
        Ok(())
    }

    /// Returns how many rows there are.
    pub(crate) fn len(&self) -> i32 {
        self.columns.first().map_or(0, |column| column.len)
    }

    /// Returns the arrays as `$1` and so on.
    pub(crate) fn parameters(&self) -> [Parameter<'_>; N] {
        self.columns.each_ref().map(|column| (column as &(dyn ToSql + Sync), column.of.array.clone()))
    }
}

/// Values of one column, encoded.
#[derive(Debug)]
struct Array {
    of: ColumnType,
    len: i32,
    has_null: bool,
    values: BytesMut,
}

impl Array {
    fn new(of: ColumnType) -> Self {
        Self { of, len: 0, has_null: false, values: BytesMut::new() }
    }
}

impl ToSql for Array {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Outcome<IsNull> {
        out.reserve(self.values.len() + 20);
        out.put_i32(1); // dimensions
        out.put_i32(i32::from(self.has_null));
        out.put_u32(self.of.value.oid());
        out.put_i32(self.len);
        out.put_i32(1); // the first index
        out.put_slice(&self.values);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Returns rows as the stream that `COPY … FROM STDIN (FORMAT binary)` takes.
pub(crate) struct CopyStream<const N: usize> {
    types: [ColumnType; N],
    bytes: BytesMut,
}

impl<const N: usize> CopyStream<N> {
    /// Returns a stream without rows.
    pub(crate) fn new(types: [ColumnType; N], capacity: usize) -> Self {
        let mut bytes = BytesMut::with_capacity(capacity);
        bytes.put_slice(COPY_SIGNATURE);
        bytes.put_i32(0); // flags
        bytes.put_i32(0); // no header extension
        Self { types, bytes }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, values: &Values<'_, N>) -> Result<(), Failure> {
        self.bytes.put_i16(i16::try_from(N).or(Err(Failure::Unencodable))?);
        for (of, value) in self.types.iter().zip(values) {
            put(&mut self.bytes, *value, &of.value)?;
        }
        Ok(())
    }

    /// Returns the whole stream.
    pub(crate) fn finish(mut self) -> Bytes {
        self.bytes.put_i16(-1);
        self.bytes.freeze()
    }
}

/// Writes a value with its length before it; returns whether it is NULL.
fn put(out: &mut BytesMut, value: &(dyn ToSql + Sync), of: &Type) -> Result<bool, Failure> {
    let at = out.len();
    out.put_i32(NULL);
    let is_null = value.to_sql_checked(of, out).or(Err(Failure::Unencodable))?;
    let IsNull::No = is_null else { return Ok(true) };
    let start = at + size_of::<i32>();
    let len = i32::try_from(out.len().saturating_sub(start)).or(Err(Failure::Unencodable))?;
    let slot = out.get_mut(at..start).ok_or(Failure::Unencodable)?;
    slot.copy_from_slice(&len.to_be_bytes());
    Ok(false)
}
