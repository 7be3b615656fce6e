//! Everything a provider *is*, as data: the rest of the system iterates over descriptors and matches on none.

use std::fmt;
use std::time::Duration;

use crate::{Currency, Environment, Feature, OperationKind, RetrySafety};

/// How long before a key's end nothing is repeated with it any more: the repeat has to arrive, with all its attempts, and
/// the provider's clock is not ours.
const KEY_MARGIN: Duration = Duration::from_secs(15 * 60);

/// A provider's name in the API, the store and the metrics: `razorpay`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(&'static str);

impl ProviderId {
    /// Names a provider. Only descriptors do; everyone else looks the name up among them.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Returns the name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A provider, described.
#[derive(Debug)]
pub struct Descriptor {
    /// Its name in the API.
    pub id: ProviderId,
    /// Its name for people: `Razorpay`.
    pub name: &'static str,
    /// Where its API listens.
    pub base_urls: BaseUrls,
    /// How a call is authorised.
    pub authentication: Authentication,
    /// The credentials it takes.
    pub credentials: &'static [CredentialField],
    /// The fields that say whose account it is: with another value in one of them, an earlier call's object may not be there.
    pub account: &'static [&'static str],
    /// Sets of fields, each of which is enough to call the API.
    pub sufficient: &'static [&'static [&'static str]],
    /// How its variables are recognised in a `.env` file.
    pub detection: Detection,
    /// What it can do, and how safe a repeat of each is.
    pub operations: &'static [SupportedOperation],
    /// Whether it does an operation in a currency.
    pub takes_currency: fn(OperationKind, Currency) -> bool,
}

impl Descriptor {
    /// Returns how the provider does an operation, `None` when it cannot.
    pub fn operation(&self, kind: OperationKind) -> Option<&'static SupportedOperation> {
        self.operations.iter().find(|supported| supported.kind == kind)
    }

    /// Returns every feature of which the provider can do at least one operation, each once, in the order of [`Feature::ALL`].
    pub fn features(&self) -> impl Iterator<Item = Feature> + '_ {
        Feature::ALL
            .into_iter()
            .filter(|feature| self.operations.iter().any(|supported| supported.kind.feature() == *feature))
    }

    /// Returns the credential field of this name.
    pub fn credential(&self, name: &str) -> Option<&'static CredentialField> {
        self.credentials.iter().find(|field| field.name == name)
    }
}

/// The provider's addresses, without a trailing slash: `https://api.razorpay.com`.
#[derive(Debug, Clone, Copy)]
pub struct BaseUrls {
    /// For test credentials.
    pub test: &'static str,
    /// For live credentials.
    pub live: &'static str,
}

impl BaseUrls {
    /// Returns the address for an environment.
    pub const fn of(&self, environment: Environment) -> &'static str {
        match environment {
            Environment::Test => self.test,
            Environment::Live => self.live,
        }
    }
}

/// How a call is authorised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// The credentials themselves go with each call.
    Static,
    /// The credentials buy a token that goes with each call until it expires.
    Token,
}

/// A credential that a tenant gives.
#[derive(Debug, Clone, Copy)]
pub struct CredentialField {
    /// Its name in the API and the store: `key_secret`.
    pub name: &'static str,
    /// Its name for people: `Key secret`.
    pub label: &'static str,
    /// Whether its value must never be shown. Identifiers and sender numbers are not.
    pub is_secret: bool,
}

/// How a provider's variables are recognised: by what a value looks like, then by what it is called.
#[derive(Debug, Clone, Copy)]
pub struct Detection {
    /// Values that give themselves away.
    pub values: &'static [KnownValue],
    /// Names met in real files.
    pub names: &'static [KnownName],
    /// What any variable of this provider has in its name, in upper case: `RAZORPAY`.
    pub name_parts: &'static [&'static str],
}

/// What a variable is to its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableRole {
    /// A credential: the name of its field.
    Credential(&'static str),
    /// Its value says which environment the file is for (`sandbox`, `live`, `true`).
    Mode,
    /// An address whose host says which environment the file is for.
    BaseUrl,
    /// A setting of the application that the gateway has no use for.
    Setting,
    /// Recognised, and refused for this reason.
    Unsupported(&'static str),
}

/// A value that gives itself away.
#[derive(Debug, Clone, Copy)]
pub struct KnownValue {
    /// How it starts: `rzp_test_`.
    pub prefix: &'static str,
    /// The characters after the prefix.
    pub charset: Charset,
    /// Fewest and most characters after the prefix.
    pub chars: (usize, usize),
    /// What it is.
    pub role: VariableRole,
    /// The environment it belongs to, where the value tells.
    pub environment: Option<Environment>,
}

/// Sets of characters that known values are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// `[0-9a-fA-F]`
    Hex,
    /// `[0-9A-Za-z]`
    Alphanumeric,
    /// `[0-9A-Za-z_-]`
    UrlSafe,
    /// `[0-9]`
    Digits,
    /// Every character that is neither space nor control.
    Printable,
}

impl Charset {
    /// Returns whether the set has this character.
    pub fn contains(self, character: char) -> bool {
        match self {
            Self::Hex => character.is_ascii_hexdigit(),
            Self::Alphanumeric => character.is_ascii_alphanumeric(),
            Self::UrlSafe => character.is_ascii_alphanumeric() || matches!(character, '_' | '-'),
            Self::Digits => character.is_ascii_digit(),
            Self::Printable => !character.is_whitespace() && !character.is_control(),
        }
    }
}

/// A variable's name as real files spell it, in upper case and without a front-end prefix (`NEXT_PUBLIC_` and the like).
#[derive(Debug, Clone, Copy)]
pub struct KnownName {
    /// The name.
    pub name: &'static str,
    /// What a variable of this name is, unless its value says otherwise.
    pub role: VariableRole,
    /// The environment that the name tells (`PAYPAL_SANDBOX_…`).
    pub environment: Option<Environment>,
}

/// An operation that a provider can do.
#[derive(Debug, Clone, Copy)]
pub struct SupportedOperation {
    /// Which.
    pub kind: OperationKind,
    /// What keeps a repeat from doing it twice.
    pub retry: RetrySafety,
    /// How long the provider promises to remember an idempotency key, from its first use: past it the same key does it
    /// again. Absent where it takes none, or promises nothing.
    pub keys_kept: Option<Duration>,
}

impl SupportedOperation {
    /// Describes an operation that takes no idempotency key.
    pub const fn new(kind: OperationKind, retry: RetrySafety) -> Self {
        Self { kind, retry, keys_kept: None }
    }

    /// Describes an operation whose idempotency keys the provider remembers for so many hours.
    pub const fn keyed(kind: OperationKind, hours: u64) -> Self {
        Self {
            kind,
            retry: RetrySafety::Keyed,
            keys_kept: Some(Duration::from_secs(hours.saturating_mul(3600))),
        }
    }

    /// Returns whether a repeat, at this age of the first call, does nothing a second time.
    pub fn is_repeat_safe(&self, age: Duration) -> bool {
        match self.retry {
            RetrySafety::Harmless => true,
            RetrySafety::Keyed => self.keys_kept.is_some_and(|kept| age.saturating_add(KEY_MARGIN) < kept),
            RetrySafety::LookUpFirst => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_safe_only_as_long_as_the_key_is_remembered() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let check = |operation: SupportedOperation, age, expected| {
            assert_eq!(operation.is_repeat_safe(age), expected, "{operation:?} {age:?}");
        };
        let kind = OperationKind::OrdersCreate;
        check(SupportedOperation::keyed(kind, 24), Duration::ZERO, true);
        check(SupportedOperation::keyed(kind, 24), minutes(24 * 60 - 16), true);
        check(SupportedOperation::keyed(kind, 24), minutes(24 * 60 - 15), false);
        check(SupportedOperation::keyed(kind, 24), Duration::MAX, false);
        check(SupportedOperation::new(kind, RetrySafety::Keyed), Duration::ZERO, false);
        check(SupportedOperation::new(kind, RetrySafety::Harmless), Duration::MAX, true);
        check(SupportedOperation::new(kind, RetrySafety::LookUpFirst), Duration::ZERO, false);
    }
}
