//! How Razorpay's variables are recognised in a `.env` file.

use domain::{Charset, Detection, Environment, KnownName, KnownValue, VariableRole};

const KEY_ID: VariableRole = VariableRole::Credential("key_id");
const KEY_SECRET: VariableRole = VariableRole::Credential("key_secret");
const WEBHOOK_SECRET: VariableRole = VariableRole::Credential("webhook_secret");
const ACCOUNT_NUMBER: VariableRole = VariableRole::Credential("account_number");
const PARTNER: VariableRole = VariableRole::Unsupported("partner keys act for other merchants");
const BEARER: VariableRole = VariableRole::Unsupported("partners' OAuth access is not supported");

/// Razorpay's variables.
pub(super) const DETECTION: Detection = Detection {
    values: &[
        key("rzp_test_", KEY_ID, Some(Environment::Test)),
        key("rzp_live_", KEY_ID, Some(Environment::Live)),
        key("rzp_test_partner_", PARTNER, Some(Environment::Test)),
        key("rzp_live_partner_", PARTNER, Some(Environment::Live)),
        key("rzp_test_oauth_", BEARER, Some(Environment::Test)),
        key("rzp_live_oauth_", BEARER, Some(Environment::Live)),
    ],
    names: &[
        name("RAZORPAY_KEY_ID", KEY_ID),
        name("RAZORPAY_KEY_SECRET", KEY_SECRET),
        name("RAZORPAY_KEY", KEY_ID),
        name("RAZORPAY_SECRET", KEY_SECRET),
        name("RAZORPAY_API_KEY", KEY_ID),
        name("RAZORPAY_API_KEY_ID", KEY_ID),
        name("RAZORPAY_API_SECRET", KEY_SECRET),
        name("RAZORPAY_API_KEY_SECRET", KEY_SECRET),
        name("RAZORPAY_SECRET_KEY", KEY_SECRET),
        name("RAZORPAY_ID", KEY_ID),
        name("RZP_KEY_ID", KEY_ID),
        name("RZP_KEY_SECRET", KEY_SECRET),
        name("RZP_KEY", KEY_ID),
        name("RZP_SECRET", KEY_SECRET),
        name("RZP_ID", KEY_ID),
        // RazorpayX takes the same kind of key; where a file has both pairs, the ones above go first.
        name("RAZORPAYX_KEY_ID", KEY_ID),
        name("RAZORPAYX_KEY_SECRET", KEY_SECRET),
        name("RAZORPAYX_API_KEY", KEY_ID),
        name("RAZORPAYX_API_SECRET", KEY_SECRET),
        // Older tutorials; without the provider's name they count only beside a value that is Razorpay's.
        name("KEY_ID", KEY_ID),
        name("KEY_SECRET", KEY_SECRET),
        name("RAZORPAY_WEBHOOK_SECRET", WEBHOOK_SECRET),
        name("RAZORPAY_WEBHOOK_SECRET_KEY", WEBHOOK_SECRET),
        name("RZP_WEBHOOK_SECRET", WEBHOOK_SECRET),
        name("RAZORPAYX_WEBHOOK_SECRET", WEBHOOK_SECRET),
        name("RAZORPAYX_ACCOUNT_NUMBER", ACCOUNT_NUMBER),
        name("RAZORPAY_ACCOUNT_NUMBER", ACCOUNT_NUMBER),
        name("RAZORPAY_X_ACCOUNT_NUMBER", ACCOUNT_NUMBER),
        name("RAZORPAY_MODE", VariableRole::Mode),
        name("RAZORPAY_ENV", VariableRole::Mode),
        name("RAZORPAY_ENVIRONMENT", VariableRole::Mode),
        name("RAZORPAY_TEST_MODE", VariableRole::Mode),
        name("RAZORPAY_IS_TEST", VariableRole::Mode),
        name("RAZORPAY_SANDBOX", VariableRole::Mode),
        name("RZP_MODE", VariableRole::Mode),
        name("RZP_ENV", VariableRole::Mode),
        name("RAZORPAY_BASE_URL", VariableRole::BaseUrl),
        name("RAZORPAY_API_BASE_URL", VariableRole::BaseUrl),
        name("RAZORPAY_API_URL", VariableRole::BaseUrl),
        name("RAZORPAY_PARTNER_API_KEY", PARTNER),
        name("RAZORPAY_PARTNER_API_SECRET", PARTNER),
        name("RAZORPAY_ACCESS_TOKEN", BEARER),
        name("RAZORPAY_CLIENT_ID", BEARER),
        name("RAZORPAY_CLIENT_SECRET", BEARER),
    ],
    name_parts: &["RAZORPAY", "RZP"],
};

/// 14 letters and digits follow the mark today; Razorpay promises no length, so a longer tail is taken as well.
const fn key(prefix: &'static str, role: VariableRole, environment: Option<Environment>) -> KnownValue {
    KnownValue { prefix, charset: Charset::Alphanumeric, chars: (14, 64), role, environment }
}

const fn name(name: &'static str, role: VariableRole) -> KnownName {
    KnownName { name, role, environment: None }
}
