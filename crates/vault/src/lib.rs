//! Secrets at rest: credentials sealed under a data key per tenant, data keys wrapped under master keys, platform keys
//! and their hashes. Pure computation: no IO, no clock; randomness comes from `domain::Entropy`.
//!
//! What is sealed is bound to its place: a row moved to another tenant, service, environment or field does not open.

mod aead;
mod base32;
mod binding;
mod checksum;
mod data_key;
mod entropy;
mod keyring;
mod pepper;
mod platform_key;
mod sealing;

pub use aead::{OpenError, SealError};
pub use binding::Binding;
pub use data_key::DataKey;
pub use entropy::OsEntropy;
pub use keyring::{InvalidMasterKeyId, Keyring, KeyringError, MasterKey, MasterKeyId};
pub use pepper::{Pepper, PepperLength};
pub use platform_key::{KeyFormatError, PlatformKey, PresentedKey};
pub use sealing::Vault;
