//! How Stripe's variables are recognised in a `.env` file.

use domain::{Charset, Detection, Environment, KnownName, KnownValue, VariableRole};

const SECRET_KEY: VariableRole = VariableRole::Credential("secret_key");
const PUBLISHABLE_KEY: VariableRole = VariableRole::Credential("publishable_key");
const WEBHOOK_SECRET: VariableRole = VariableRole::Credential("webhook_secret");
const ORGANIZATION_KEY: VariableRole =
    VariableRole::Unsupported("organization keys need an account to be named with each call");
const CLI_TOKEN: VariableRole =
    VariableRole::Unsupported("it belongs to the Stripe command line and expires");

/// Stripe's variables. `STRIPE_KEY` is not among the names: Laravel keeps the publishable key there, others the secret
/// one, so that only its value can tell.
pub(super) const DETECTION: Detection = Detection {
    values: &[
        key("sk_test_", SECRET_KEY, Some(Environment::Test)),
        key("sk_live_", SECRET_KEY, Some(Environment::Live)),
        key("rk_test_", SECRET_KEY, Some(Environment::Test)),
        key("rk_live_", SECRET_KEY, Some(Environment::Live)),
        key("pk_test_", PUBLISHABLE_KEY, Some(Environment::Test)),
        key("pk_live_", PUBLISHABLE_KEY, Some(Environment::Live)),
        key("whsec_", WEBHOOK_SECRET, None),
        key("sk_org_test_", ORGANIZATION_KEY, Some(Environment::Test)),
        key("sk_org_live_", ORGANIZATION_KEY, Some(Environment::Live)),
        key("rkcs_test_", CLI_TOKEN, Some(Environment::Test)),
        key("rkcs_live_", CLI_TOKEN, Some(Environment::Live)),
        key("oak_", CLI_TOKEN, None),
    ],
    names: &[
        name("STRIPE_SECRET_KEY", SECRET_KEY),
        name("STRIPE_SECRET", SECRET_KEY),
        name("STRIPE_API_KEY", SECRET_KEY),
        name("STRIPE_API_SECRET", SECRET_KEY),
        name("STRIPE_API_SECRET_KEY", SECRET_KEY),
        name("STRIPE_SECRET_API_KEY", SECRET_KEY),
        name("STRIPE_SECRET_TOKEN", SECRET_KEY),
        name("STRIPE_PRIVATE_KEY", SECRET_KEY),
        name("STRIPE_RESTRICTED_KEY", SECRET_KEY),
        name("STRIPE_SK", SECRET_KEY),
        name("STRIPE_KEY_SECRET", SECRET_KEY),
        name("STP_SECRET_KEY", SECRET_KEY),
        name("STP_API_KEY", SECRET_KEY),
        name("STRIPE_PUBLISHABLE_KEY", PUBLISHABLE_KEY),
        name("STRIPE_PUBLIC_KEY", PUBLISHABLE_KEY),
        name("STRIPE_PUBLISHABLE", PUBLISHABLE_KEY),
        name("STRIPE_PUBLIC_API_KEY", PUBLISHABLE_KEY),
        name("STRIPE_PK", PUBLISHABLE_KEY),
        name("STP_PUBLISHABLE_KEY", PUBLISHABLE_KEY),
        name("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET),
        name("STRIPE_WEBHOOK_SIGNING_SECRET", WEBHOOK_SECRET),
        name("STRIPE_WEBHOOK_SECRET_KEY", WEBHOOK_SECRET),
        name("STRIPE_SIGNING_SECRET", WEBHOOK_SECRET),
        name("STRIPE_ENDPOINT_SECRET", WEBHOOK_SECRET),
        name("STRIPE_WEBHOOK_ENDPOINT_SECRET", WEBHOOK_SECRET),
        name("STRIPE_WEBHOOK_KEY", WEBHOOK_SECRET),
        name("STP_WEBHOOK_SECRET", WEBHOOK_SECRET),
        name("STRIPE_MODE", VariableRole::Mode),
        name("STRIPE_ENV", VariableRole::Mode),
        name("STRIPE_ENVIRONMENT", VariableRole::Mode),
        name("STRIPE_TEST_MODE", VariableRole::Mode),
        name("STRIPE_TESTMODE", VariableRole::Mode),
        name("STRIPE_LIVE_MODE", VariableRole::Mode),
        name("STRIPE_LIVEMODE", VariableRole::Mode),
        name("STRIPE_SANDBOX", VariableRole::Mode),
        name("STRIPE_API_BASE", VariableRole::BaseUrl),
        name("STRIPE_BASE_URL", VariableRole::BaseUrl),
        name("STRIPE_API_URL", VariableRole::BaseUrl),
    ],
    name_parts: &["STRIPE", "STP"],
};

/// Old keys are short, new ones longer than a hundred characters, and Stripe promises neither.
const fn key(prefix: &'static str, role: VariableRole, environment: Option<Environment>) -> KnownValue {
    KnownValue { prefix, charset: Charset::Alphanumeric, chars: (8, 255), role, environment }
}

const fn name(name: &'static str, role: VariableRole) -> KnownName {
    KnownName { name, role, environment: None }
}
