//! Accounts: a tenant signs up with an e-mail address and a password, and signs in for a token.

use std::net::IpAddr;

use domain::ports::{NewTenant, StoreError};
use domain::{PlanTier, Secret, Tenant, TenantId, Timestamp};

use super::ControlError;
use crate::app::Gateway;
use crate::auth::PasswordError;
use crate::limits::AddressLimit;

const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
const MAX_EMAIL_CHARS: usize = 254;
const MAX_NAME_CHARS: usize = 200;

/// Who signs up.
#[derive(Debug)]
pub(crate) struct SignUp {
    /// E-mail address.
    pub email: String,
    /// Password; 8 to 256 characters.
    pub password: Secret,
    /// The person's name.
    pub full_name: Option<String>,
    /// The company's name.
    pub company_name: Option<String>,
    /// From which address.
    pub from: Option<IpAddr>,
}

/// Who signs in.
#[derive(Debug)]
pub(crate) struct SignIn {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: Secret,
    /// From which address.
    pub from: Option<IpAddr>,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// The tenant.
    pub tenant: Tenant,
    /// The token.
    pub token: Secret,
    /// When the token ends.
    pub expires_at: Timestamp,
}

/// Makes an account and signs in.
///
/// # Errors
/// [`ControlError::Invalid`], [`ControlError::Conflict`] when the address is taken, [`ControlError::Forbidden`] when
/// signing up is switched off, [`ControlError::TooManyAccounts`], [`ControlError::Overloaded`].
pub(crate) async fn sign_up(gateway: &Gateway, request: SignUp) -> Result<SignedIn, ControlError> {
    if !gateway.config.auth.sign_up {
        return Err(ControlError::Forbidden {
            code: "sign_up_off",
            message: "Signing up is switched off here.".to_owned(),
        });
    }
    let email = normal_email(&request.email)?;
    let chars = request.password.expose().chars().count();
    if !PASSWORD_CHARS.contains(&chars) {
        return Err(ControlError::invalid(
            "password",
            format!("A password has 8 to 256 characters; this one has {chars}."),
        ));
    }
    let full_name = name("full_name", request.full_name)?;
    let company_name = name("company_name", request.company_name)?;
    // Also those that find an account there: nobody is to ask who has one in bulk.
    let counted = gateway.limits.count(AddressLimit::SignUps, request.from, gateway.clock.monotonic());
    counted.inspect_err(|_refused| gateway.catalog.attempt_blocked("sign_up"))?;
    if gateway.stores.tenants.find_by_email(&email).await?.is_some() {
        return Err(taken());
    }
    let hashed = gateway.passwords.hash(request.password).await;
    let password_hash = hashed.map_err(|error| undone(error, "hashing a password"))?;
    let now = gateway.clock.now();
    let tenant = Tenant {
        id: TenantId::generate(now, &*gateway.entropy),
        email,
        full_name,
        company_name,
        plan: PlanTier::Free,
        is_active: true,
        implicit_idempotency_seconds: None,
        created_at: now,
    };
    let data_key = gateway
        .vault
        .new_data_key(tenant.id)
        .map_err(|_refused| ControlError::Internal("making a data key"))?;
    match gateway.stores.tenants.insert(NewTenant { tenant: tenant.clone(), password_hash, data_key }).await {
        Ok(()) => signed_in(gateway, tenant),
        Err(StoreError::Conflict(_)) => Err(taken()),
        Err(error) => Err(error.into()),
    }
}

/// Signs in.
///
/// # Errors
/// [`ControlError::WrongPassword`] whether the address or the password is wrong, and in the same time;
/// [`ControlError::TooManyAttempts`] after too many of these, without a look at either; [`ControlError::Overloaded`] without a look,
/// too, and then it is no attempt.
pub(crate) async fn sign_in(gateway: &Gateway, request: SignIn) -> Result<SignedIn, ControlError> {
    let email = request.email.trim().to_lowercase();
    let begun = gateway.limits.begin_sign_in(&email, request.from, gateway.clock.monotonic());
    let guess = begun.inspect_err(|_refused| gateway.catalog.attempt_blocked("sign_in"))?;
    let looked_at = look_at_password(gateway, &email, request.password).await;
    let (tenant, is_right) = match looked_at {
        Ok((tenant, true)) => {
            guess.was_right();
            (tenant, true)
        }
        Ok(wrong) => wrong,
        Err(error) => {
            guess.was_not_looked_at();
            return Err(error);
        }
    };
    match tenant {
        Some(tenant) if is_right && tenant.is_active => signed_in(gateway, tenant),
        Some(_) if is_right => Err(ControlError::Forbidden {
            code: "account_inactive",
            message: "This account is not active.".to_owned(),
        }),
        _ => Err(ControlError::WrongPassword),
    }
}

/// Returns whose address it is, and whether the password is right.
async fn look_at_password(
    gateway: &Gateway,
    email: &str,
    password: Secret,
) -> Result<(Option<Tenant>, bool), ControlError> {
    let found = gateway.stores.tenants.find_by_email(email).await?;
    let (tenant, hash) = found.map_or((None, None), |(tenant, hash)| (Some(tenant), Some(hash)));
    let checked = gateway.passwords.verify(password, hash).await;
    let is_right = checked.map_err(|error| undone(error, "checking a password"))?;
    Ok((tenant, is_right))
}

fn undone(error: PasswordError, doing: &'static str) -> ControlError {
    match error {
        PasswordError::Busy => ControlError::Overloaded,
        PasswordError::Failed => ControlError::Internal(doing),
    }
}

fn signed_in(gateway: &Gateway, tenant: Tenant) -> Result<SignedIn, ControlError> {
    let (token, expires_at) = gateway
        .issuer
        .issue(tenant.id, gateway.clock.now())
        .map_err(|_refused| ControlError::Internal("signing a token"))?;
    Ok(SignedIn { tenant, token: Secret::new(token), expires_at })
}

fn taken() -> ControlError {
    ControlError::Conflict {
        code: "email_taken",
        message: "There is an account with this e-mail address already.",
    }
}

/// Returns the address as it is compared: trimmed and in lower case.
fn normal_email(email: &str) -> Result<Box<str>, ControlError> {
    let email = email.trim().to_lowercase();
    let has_parts = email.split_once('@').is_some_and(|(local, domain)| {
        let is_domain = domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains('@');
        !local.is_empty() && is_domain
    });
    let is_clean = !email.chars().any(|character| character.is_whitespace() || character.is_control());
    if has_parts && is_clean && email.chars().count() <= MAX_EMAIL_CHARS {
        Ok(email.into_boxed_str())
    } else {
        Err(ControlError::invalid("email", "This is not an e-mail address."))
    }
}

fn name(param: &'static str, name: Option<String>) -> Result<Option<Box<str>>, ControlError> {
    let Some(name) = name else { return Ok(None) };
    let name = name.trim();
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(ControlError::invalid(param, format!("A name has at most {MAX_NAME_CHARS} characters.")));
    }
    Ok((!name.is_empty()).then(|| name.into()))
}
