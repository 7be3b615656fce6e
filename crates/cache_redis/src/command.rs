//! One command of Redis, on one key: the only form in which the ports ask for something.

use bytes::Bytes;
use fred::types::{ClusterHash, CustomCommand, Value};

/// A command and what it is told. All its keys lie in one slot, so that it runs on a cluster, too.
#[derive(Debug)]
pub(crate) struct Command {
    name: &'static str,
    slot: u16,
    arguments: Vec<Value>,
}

impl Command {
    /// Returns a command whose first argument is this key.
    pub(crate) fn on(name: &'static str, key: &str) -> Self {
        Self { name, slot: slot_of(key), arguments: vec![Value::from(key)] }
    }

    /// Returns a script's run on this key. The text goes along each time: Redis knows what it has run before by it.
    pub(crate) fn script(text: &'static str, key: &str) -> Self {
        Self {
            name: "EVAL",
            slot: slot_of(key),
            arguments: vec![Value::from_static_str(text), Value::from(1_i64), Value::from(key)],
        }
    }

    /// Adds a text.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.arguments.push(Value::from(text.into()));
        self
    }

    /// Adds bytes.
    pub(crate) fn bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.arguments.push(Value::from(bytes.into()));
        self
    }

    /// Adds a number.
    pub(crate) fn number(self, number: impl Into<u64>) -> Self {
        self.text(number.into().to_string())
    }

    /// Adds a time in milliseconds.
    pub(crate) fn millis(self, time: std::time::Duration) -> Self {
        self.number(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    /// Returns the client's form of it.
    pub(crate) fn into_parts(self) -> (CustomCommand, Vec<Value>) {
        (CustomCommand::new_static(self.name, ClusterHash::Custom(self.slot), false), self.arguments)
    }
}

fn slot_of(key: &str) -> u16 {
    fred::util::redis_keyslot(key.as_bytes())
}
