//! What a value says about itself: a comparison with the values that a provider is known for.

use domain::{Descriptor, KnownValue, VariableRole};

use crate::placeholder::is_placeholder;

/// A mark of at least this many characters is a mark even where the rest of the value is wrong.
const SHORTEST_MARK: usize = 4;

/// How far a value is what its beginning promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wholeness {
    /// It is.
    Whole,
    /// It stands for a value of this kind.
    Placeholder,
    /// It was cut, or has characters that such a value never has.
    Damaged,
}

/// Returns the known value of the provider that `value` is one of, or began as.
pub(crate) fn recognise(
    descriptor: &'static Descriptor,
    value: &str,
) -> Option<(&'static KnownValue, Wholeness)> {
    let known = descriptor
        .detection
        .values
        .iter()
        .filter(|known| value.starts_with(known.prefix))
        .max_by_key(|known| known.prefix.len())?;
    let tail = value.strip_prefix(known.prefix)?;
    let chars = tail.chars().count();
    let (fewest, most) = known.chars;
    let is_shaped = fewest <= chars && chars <= most && tail.chars().all(|char| known.charset.contains(char));
    let is_marked = known.prefix.len() >= SHORTEST_MARK;
    match (is_shaped, is_marked, is_placeholder(value, known.prefix)) {
        (_, true, true) | (true, false, true) => Some((known, Wholeness::Placeholder)),
        (true, _, false) => Some((known, Wholeness::Whole)),
        (false, true, false) => Some((known, Wholeness::Damaged)),
        (false, false, _) => None,
    }
}

/// Returns whether every value of this credential has a mark, so that one without it is something else.
pub(crate) fn is_always_marked(descriptor: &Descriptor, field: &str) -> bool {
    let is_of_field = |role| matches!(role, VariableRole::Credential(own) if own == field);
    descriptor.detection.values.iter().any(|known| is_of_field(known.role))
}
