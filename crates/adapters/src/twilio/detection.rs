//! How Twilio's variables are recognised in a `.env` file. Its values do not tell test from live.

use domain::{Charset, Detection, KnownName, KnownValue, VariableRole};

const ACCOUNT_SID: VariableRole = VariableRole::Credential("account_sid");
const AUTH_TOKEN: VariableRole = VariableRole::Credential("auth_token");
const API_KEY_SID: VariableRole = VariableRole::Credential("api_key_sid");
const API_KEY_SECRET: VariableRole = VariableRole::Credential("api_key_secret");
const FROM_NUMBER: VariableRole = VariableRole::Credential("from_number");
const MESSAGING_SERVICE_SID: VariableRole = VariableRole::Credential("messaging_service_sid");

/// Twilio's variables. `TWILIO_SERVICE_SID` is not among the names: it may be a messaging service (`MG…`) or a
/// verification service (`VA…`), and the value tells.
pub(super) const DETECTION: Detection = Detection {
    values: &[
        sid("AC", ACCOUNT_SID),
        sid("SK", API_KEY_SID),
        sid("MG", MESSAGING_SERVICE_SID),
        sid("VA", VariableRole::Setting),
        sid("AP", VariableRole::Setting),
        sid("IS", VariableRole::Setting),
    ],
    names: &[
        name("TWILIO_ACCOUNT_SID", ACCOUNT_SID),
        name("TWILIO_AUTH_TOKEN", AUTH_TOKEN),
        name("TWILIO_SID", ACCOUNT_SID),
        name("TWILIO_TOKEN", AUTH_TOKEN),
        name("TWILIO_AUTH_SID", ACCOUNT_SID),
        name("TWILIO_ACCOUNT_ID", ACCOUNT_SID),
        name("TWILIO_ACCOUNT", ACCOUNT_SID),
        name("TWILIO_ACCOUNT_TOKEN", AUTH_TOKEN),
        name("TWILIO_ACCOUNT_AUTH_TOKEN", AUTH_TOKEN),
        name("TWILIO_AUTH", AUTH_TOKEN),
        name("TWILIO_API_KEY_SID", API_KEY_SID),
        name("TWILIO_API_KEY_SECRET", API_KEY_SECRET),
        name("TWILIO_API_KEY", API_KEY_SID),
        name("TWILIO_API_SECRET", API_KEY_SECRET),
        name("TWILIO_API_SID", API_KEY_SID),
        name("TWILIO_KEY_SID", API_KEY_SID),
        name("TWILIO_KEY_SECRET", API_KEY_SECRET),
        name("TWILIO_PHONE_NUMBER", FROM_NUMBER),
        name("TWILIO_FROM_NUMBER", FROM_NUMBER),
        name("TWILIO_FROM", FROM_NUMBER),
        name("TWILIO_NUMBER", FROM_NUMBER),
        name("TWILIO_PHONE", FROM_NUMBER),
        name("TWILIO_FROM_PHONE", FROM_NUMBER),
        name("TWILIO_FROM_PHONE_NUMBER", FROM_NUMBER),
        name("TWILIO_SMS_FROM", FROM_NUMBER),
        name("TWILIO_SENDER", FROM_NUMBER),
        name("TWILIO_CALLER_ID", FROM_NUMBER),
        name("TWILIO_MESSAGING_SERVICE_SID", MESSAGING_SERVICE_SID),
        name("TWILIO_MESSAGING_SERVICE_ID", MESSAGING_SERVICE_SID),
        name("TWILIO_MESSAGE_SERVICE_SID", MESSAGING_SERVICE_SID),
        // Without the provider's name these count only beside a value that is Twilio's.
        name("ACCOUNT_SID", ACCOUNT_SID),
        name("AUTH_TOKEN", AUTH_TOKEN),
        name("MESSAGING_SERVICE_SID", MESSAGING_SERVICE_SID),
        name("TWILIO_MODE", VariableRole::Mode),
        name("TWILIO_ENV", VariableRole::Mode),
        name("TWILIO_ENVIRONMENT", VariableRole::Mode),
        name("TWILIO_TEST_MODE", VariableRole::Mode),
        name("TWILIO_SANDBOX", VariableRole::Mode),
        name("TWILIO_BASE_URL", VariableRole::BaseUrl),
        name("TWILIO_API_URL", VariableRole::BaseUrl),
        name("TWILIO_API_BASE_URL", VariableRole::BaseUrl),
        name(
            "TWILIO_ACCOUNT_SUBACCOUNT_SID",
            VariableRole::Unsupported("calls are made for the account of the account SID"),
        ),
    ],
    name_parts: &["TWILIO"],
};

/// Two letters that name the kind, and 32 hex digits.
const fn sid(prefix: &'static str, role: VariableRole) -> KnownValue {
    KnownValue { prefix, charset: Charset::Hex, chars: (32, 32), role, environment: None }
}

const fn name(name: &'static str, role: VariableRole) -> KnownName {
    KnownName { name, role, environment: None }
}
