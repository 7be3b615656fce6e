//! How PayPal's variables are recognised in a `.env` file: by name alone, its values carry no mark.

use domain::{Detection, KnownName, VariableRole};

const CLIENT_ID: VariableRole = VariableRole::Credential("client_id");
const CLIENT_SECRET: VariableRole = VariableRole::Credential("client_secret");
const WEBHOOK_ID: VariableRole = VariableRole::Credential("webhook_id");
const SHORT_LIVED: VariableRole = VariableRole::Unsupported("access tokens expire within hours");
const CLASSIC: VariableRole =
    VariableRole::Unsupported("it belongs to PayPal's classic NVP and SOAP interface");

/// PayPal's variables. Words such as `SANDBOX` and `LIVE` are understood wherever they stand in a name.
pub(super) const DETECTION: Detection = Detection {
    values: &[],
    names: &[
        name("PAYPAL_CLIENT_ID", CLIENT_ID),
        name("PAYPAL_CLIENT_SECRET", CLIENT_SECRET),
        name("PAYPAL_SECRET", CLIENT_SECRET),
        name("PAYPAL_CLIENT", CLIENT_ID),
        name("PAYPAL_CLIENT_KEY", CLIENT_ID),
        name("PAYPAL_API_CLIENT_ID", CLIENT_ID),
        name("PAYPAL_API_CLIENT_SECRET", CLIENT_SECRET),
        name("PAYPAL_API_SECRET", CLIENT_SECRET),
        name("PAYPAL_SECRET_KEY", CLIENT_SECRET),
        name("PAYPAL_APP_SECRET", CLIENT_SECRET),
        name("PAYPAL_CLIENT_SECRET_KEY", CLIENT_SECRET),
        name("PAYPAL_SECRET_ID", CLIENT_SECRET),
        name("PAYPAL_WEBHOOK_ID", WEBHOOK_ID),
        name("PAYPAL_WEBHOOK", WEBHOOK_ID),
        name("PAYPAL_MODE", VariableRole::Mode),
        name("PAYPAL_ENV", VariableRole::Mode),
        name("PAYPAL_ENVIRONMENT", VariableRole::Mode),
        name("PAYPAL_IS_SANDBOX", VariableRole::Mode),
        name("PAYPAL_USE_SANDBOX", VariableRole::Mode),
        name("PAYPAL_SANDBOX", VariableRole::Mode),
        name("PAYPAL_SANDBOX_MODE", VariableRole::Mode),
        name("PAYPAL_TEST_MODE", VariableRole::Mode),
        name("PAYPAL_IS_LIVE", VariableRole::Mode),
        name("PAYPAL_LIVE", VariableRole::Mode),
        name("PAYPAL_IS_PRODUCTION", VariableRole::Mode),
        name("PAYPAL_API_URL", VariableRole::BaseUrl),
        name("PAYPAL_BASE_URL", VariableRole::BaseUrl),
        name("PAYPAL_API_BASE_URL", VariableRole::BaseUrl),
        name("PAYPAL_API_BASE", VariableRole::BaseUrl),
        name("PAYPAL_API", VariableRole::BaseUrl),
        name("PAYPAL_API_HOST", VariableRole::BaseUrl),
        name("PAYPAL_HOST", VariableRole::BaseUrl),
        name("PAYPAL_ENDPOINT", VariableRole::BaseUrl),
        name("PAYPAL_API_ENDPOINT", VariableRole::BaseUrl),
        name("PAYPAL_URL", VariableRole::BaseUrl),
        name("PAYPAL_ACCESS_TOKEN", SHORT_LIVED),
        name("PAYPAL_TOKEN", SHORT_LIVED),
        name("PAYPAL_USERNAME", CLASSIC),
        name("PAYPAL_PASSWORD", CLASSIC),
        name("PAYPAL_SIGNATURE", CLASSIC),
        name("PAYPAL_API_USERNAME", CLASSIC),
        name("PAYPAL_API_PASSWORD", CLASSIC),
        name("PAYPAL_API_SIGNATURE", CLASSIC),
        name("PAYPAL_API_CERTIFICATE", CLASSIC),
    ],
    name_parts: &["PAYPAL"],
};

const fn name(name: &'static str, role: VariableRole) -> KnownName {
    KnownName { name, role, environment: None }
}
