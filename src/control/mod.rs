//! The control plane: signing up and in, bringing a `.env` in, keys and services. Knows no HTTP.

mod accounts;
mod circuits;
mod demo;
mod keys;
mod onboarding;
mod routing;
mod services;
mod telling;

use std::borrow::Cow;

use domain::ports::StoreError;

pub(crate) use accounts::{SignIn, SignUp, SignedIn, sign_in, sign_up};
pub(crate) use circuits::{CircuitsView, circuits_of};
pub(crate) use demo::{DemoAccess, make_demo_tenant};
pub(crate) use keys::{IssuedKey, NewKey, create_key, list_keys, revoke_key, rotate_key};
pub(crate) use onboarding::{Selection, Setup, configure, parse};
pub(crate) use routing::{Rule, list_rules, set_rules};
pub(crate) use services::{FeatureChange, ServiceView, list_services, set_features};
use telling::tell_of_change;
pub(crate) use telling::{Untold, keep_telling};

use crate::limits::{AddressExhausted, GuessRefused};

/// Why the control plane did not do what it was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// A field of the request is wrong.
    #[error("{message}")]
    Invalid {
        /// Which field.
        param: Cow<'static, str>,
        /// The error's code.
        code: &'static str,
        /// What is wrong, for the caller.
        message: String,
    },
    /// It is there already.
    #[error("{message}")]
    Conflict {
        /// The error's code.
        code: &'static str,
        /// What is there, for the caller.
        message: &'static str,
    },
    /// It is not there.
    #[error("{message}")]
    NotFound {
        /// The error's code.
        code: &'static str,
        /// What is not there, for the caller.
        message: String,
    },
    /// E-mail address or password is wrong.
    #[error("the e-mail address or the password is wrong")]
    WrongPassword,
    /// Signing in has failed too often.
    #[error("too many failed sign-ins")]
    TooManyAttempts(#[from] GuessRefused),
    /// Too many accounts were made from the address.
    #[error("too many accounts from one address")]
    TooManyAccounts(#[from] AddressExhausted),
    /// Too many passwords are being hashed and checked.
    #[error("too many passwords under way")]
    Overloaded,
    /// It may not be done here.
    #[error("{message}")]
    Forbidden {
        /// The error's code.
        code: &'static str,
        /// Why, for the caller.
        message: String,
    },
    /// A provider refused the credentials.
    #[error("the provider refused the credentials")]
    CredentialsRejected {
        /// Which provider.
        provider: domain::ProviderId,
        /// What it said.
        rejection: Box<domain::Rejection>,
    },
    /// The store is away.
    #[error("store unavailable")]
    Store(#[from] StoreError),
    /// A tenant's new state could not be loaded.
    #[error("tenant unavailable")]
    Tenant(#[from] actors::TenantUnavailable),
    /// The gateway is at fault.
    #[error("internal error while {0}")]
    Internal(&'static str),
}

impl ControlError {
    fn invalid(param: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::Invalid { param: param.into(), code: "invalid_field", message: message.into() }
    }
}
