//! The demo tenant of `dev`: made at the first start, through the same doors as everyone else.

use domain::Secret;

use super::ControlError;
use super::accounts::{SignUp, sign_up};
use super::onboarding::{Setup, configure};
use crate::app::{self, Gateway};

const EMAIL: &str = "demo@example.com";

/// How to get in as the demo tenant.
#[derive(Debug)]
pub(crate) struct DemoAccess {
    /// Where to sign in.
    pub email: &'static str,
    /// With what.
    pub password: Secret,
    /// A test key.
    pub key: Secret,
}

/// Makes the demo tenant with the credentials in `env_text`; returns `None` when there is one.
///
/// # Errors
/// Everything that signing up and configuring can meet.
pub(crate) async fn make_demo_tenant(
    gateway: &Gateway,
    env_text: &str,
) -> Result<Option<DemoAccess>, ControlError> {
    if gateway.stores.tenants.find_by_email(EMAIL).await?.is_some() {
        return Ok(None);
    }
    let mut random = [0_u8; 8];
    gateway.entropy.fill(&mut random);
    let password = Secret::new(format!("demo-{}", hex::encode(random)));
    let account = SignUp {
        email: EMAIL.to_owned(),
        password: password.clone(),
        full_name: None,
        company_name: Some("Demo".to_owned()),
        from: None,
    };
    let tenant = sign_up(gateway, account).await?.tenant.id;
    let transport =
        app::transport(&gateway.config).map_err(|_refused| ControlError::Internal("building a transport"))?;
    let setup = Setup { env_text, services: None, create_keys: Some(true) };
    let configured = configure(gateway, &*transport, tenant, setup).await?;
    let key = configured.keys.into_iter().next().ok_or(ControlError::Internal("making the demo key"))?;
    Ok(Some(DemoAccess { email: EMAIL, password, key: key.text }))
}
