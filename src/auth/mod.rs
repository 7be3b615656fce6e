//! Who is asking: a tenant's code with a platform key, or a person with a token. The two never mix.

mod issuer;
mod passwords;
mod platform_key;

pub(crate) use issuer::{Issuer, TokenRefusal};
pub(crate) use passwords::{PasswordError, Passwords};
pub(crate) use platform_key::{Comer, KeyRefusal, Principal, authenticate};
