//! Form bodies (`application/x-www-form-urlencoded`): flat names, and Stripe's brackets for what is nested.

use bytes::Bytes;
use form_urlencoded::Serializer;

/// The content type of a form body.
pub(crate) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// A form body under construction. Fields stand in the order in which they were added, so that a repeat has the same bytes.
pub(crate) struct Form(Serializer<'static, String>);

impl Form {
    /// Returns an empty form.
    pub(crate) fn new() -> Self {
        Self(Serializer::new(String::with_capacity(256)))
    }

    /// Adds a field.
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        self.0.append_pair(name, value);
        self
    }

    /// Adds a field where there is a value.
    pub(crate) fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// Adds a field that lies inside others, in brackets: `["items", "0", "price"]` is `items[0][price]`.
    pub(crate) fn nested(self, path: &[&str], value: &str) -> Self {
        let mut name = String::with_capacity(40);
        for (depth, part) in path.iter().enumerate() {
            if depth == 0 {
                name.push_str(part);
            } else {
                name.push('[');
                name.push_str(part);
                name.push(']');
            }
        }
        self.field(&name, value)
    }

    /// Returns the body.
    pub(crate) fn finish(mut self) -> Bytes {
        Bytes::from(self.0.finish())
    }
}

#[cfg(test)]
mod tests;
