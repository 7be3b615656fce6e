//! Decrypted credentials: readable on purpose only, masked everywhere else, wiped when dropped.

use std::fmt;

use zeroize::Zeroizing;

use crate::{Environment, ProviderId};

/// A text that must never be shown. Has no `Display` and no serialisation; `Debug` is masked; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Box<str>>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the text itself. Each caller is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// One tenant's decrypted credentials for one provider and environment.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Whose API they open.
    pub provider: ProviderId,
    /// Which of its environments.
    pub environment: Environment,
    /// Values by field name, as the provider's descriptor names them.
    pub fields: Box<[(&'static str, Secret)]>,
}

impl Credentials {
    /// Returns the value of a field, where the tenant gave one.
    pub fn get(&self, field: &str) -> Option<&Secret> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, value)| value)
    }
}
