//! How each layer's errors become the API's.

use actix_web::http::StatusCode;
use domain::{AmountError, NotSent, ProviderId, Rejection, RejectionClass, TransactionId, Unknown};

use super::{ApiError, ErrorType, SETTLED_BY_HAND};
use crate::auth::{KeyRefusal, TokenRefusal};
use crate::control::ControlError;
use crate::pipeline::{FoundByHand, HandRefusal, Refusal};

impl From<KeyRefusal> for ApiError {
    fn from(refusal: KeyRefusal) -> Self {
        match refusal {
            KeyRefusal::Missing => Self::authentication(
                "missing_key",
                "Send your platform key in `X-Platform-Key` or as `Authorization: Bearer unf_…`.",
            ),
            KeyRefusal::Malformed => Self::authentication(
                "malformed_key",
                "This is not a platform key: check it for a typo or a missing part.",
            ),
            KeyRefusal::Unknown => Self::authentication("unknown_key", "There is no such platform key."),
            KeyRefusal::Revoked => Self::authentication("revoked_key", "This platform key was revoked."),
            KeyRefusal::Expired => Self::authentication("expired_key", "This platform key has expired."),
            KeyRefusal::AddressNotAllowed => Self::permission(
                "address_not_allowed",
                "This platform key may not be used from this address.",
            ),
            KeyRefusal::ScopeMissing(scope) => Self::permission(
                "scope_missing",
                format!("This platform key lacks the scope {}.", scope.as_str()),
            ),
            KeyRefusal::AccountInactive => {
                Self::permission("account_inactive", "This account is not active.")
            }
            KeyRefusal::TooManyUnknown(exhausted) => exhausted.into(),
            KeyRefusal::Unavailable(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a platform key cannot be checked");
                Self::store_away()
            }
        }
    }
}

impl From<TokenRefusal> for ApiError {
    fn from(refusal: TokenRefusal) -> Self {
        match refusal {
            TokenRefusal::Invalid => Self::authentication(
                "invalid_token",
                "Sign in and send the token as `Authorization: Bearer …`.",
            ),
            TokenRefusal::Expired => {
                Self::authentication("expired_token", "This token has expired; sign in again.")
            }
        }
    }
}

impl ApiError {
    /// An amount is wrong.
    pub fn amount(problem: AmountError, shown: &str) -> Self {
        match problem {
            AmountError::TooPrecise { currency, allowed, found } => Self::field(
                "amount_too_precise",
                "amount",
                format!("{currency} has {allowed} decimals; {shown} has {found}."),
            ),
            AmountError::NotPositive => {
                Self::field("invalid_field", "amount", "An amount is greater than zero.")
            }
            AmountError::TooLarge => Self::field("invalid_field", "amount", "This amount is too large."),
            AmountError::NotANumber => {
                Self::field("invalid_field", "amount", "An amount is a decimal number, like 500.00.")
            }
        }
    }

    /// A provider refused.
    pub fn rejected(rejection: &Rejection, provider: ProviderId) -> Self {
        let (kind, status) = match rejection.class {
            RejectionClass::InvalidRequest => (ErrorType::InvalidRequest, StatusCode::UNPROCESSABLE_ENTITY),
            RejectionClass::NotFound => (ErrorType::NotFound, StatusCode::NOT_FOUND),
            RejectionClass::Conflict => (ErrorType::Conflict, StatusCode::CONFLICT),
            RejectionClass::KeyReused => (ErrorType::Idempotency, StatusCode::UNPROCESSABLE_ENTITY),
            RejectionClass::Declined => (ErrorType::Provider, StatusCode::PAYMENT_REQUIRED),
            RejectionClass::Refused | RejectionClass::Credentials => {
                (ErrorType::Provider, StatusCode::UNPROCESSABLE_ENTITY)
            }
            RejectionClass::RateLimited => (ErrorType::RateLimit, StatusCode::TOO_MANY_REQUESTS),
            RejectionClass::Unavailable => (ErrorType::ProviderUnavailable, StatusCode::BAD_GATEWAY),
        };
        let mut error = Self::new(kind, status, rejection.code, rejection.message.clone());
        error.body.param = rejection.param.map(str::to_owned);
        error.body.provider = Some(provider.as_str());
        error.body.provider_code.clone_from(&rejection.provider_code);
        error.body.provider_message.clone_from(&rejection.provider_message);
        let is_busy = matches!(rejection.class, RejectionClass::RateLimited | RejectionClass::Unavailable);
        error.retry_after = rejection.retry_after.or(is_busy.then_some(std::time::Duration::from_secs(1)));
        error
    }

    /// Nothing reached the provider.
    pub fn not_sent(reason: NotSent, provider: ProviderId) -> Self {
        let (status, message) = match reason {
            NotSent::Unreachable | NotSent::NeverArrived => {
                (StatusCode::BAD_GATEWAY, "The provider could not be reached; nothing was sent.")
            }
            NotSent::CircuitOpen => {
                (StatusCode::SERVICE_UNAVAILABLE, "The provider has been failing; nothing was sent.")
            }
            NotSent::Overloaded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many calls to the provider are under way; nothing was sent.",
            ),
            NotSent::NotBegun => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The gateway's ledger did not say in time whether the operation was begun; it was taken back, and nothing was sent for this request.",
            ),
            NotSent::DeadlinePassed => {
                (StatusCode::BAD_GATEWAY, "There was no time left to reach the provider; nothing was sent.")
            }
        };
        let mut error = Self::new(ErrorType::ProviderUnavailable, status, reason.code(), message);
        error.body.provider = Some(provider.as_str());
        error.retry_after = Some(std::time::Duration::from_secs(1));
        error
    }

    /// It is not known what the provider did.
    pub fn unknown_outcome(reason: Unknown, provider: ProviderId, is_repeatable: bool) -> Self {
        let mut error = match reason {
            Unknown::TimedOut | Unknown::Disconnected => Self::new(
                ErrorType::Timeout,
                StatusCode::GATEWAY_TIMEOUT,
                "provider_timeout",
                "The provider gave no answer; what became of the call is being found out.",
            ),
            Unknown::Unreadable { .. } => Self::new(
                ErrorType::ProviderUnavailable,
                StatusCode::BAD_GATEWAY,
                "provider_error",
                "The provider's answer tells nothing; what became of the call is being found out.",
            ),
        };
        error.body.provider = Some(provider.as_str());
        error.body.retryable = is_repeatable;
        error
    }
}

impl ApiError {
    /// It is not known what the provider did, and nobody here can find out.
    pub fn unknown_for_good(reason: Unknown, provider: ProviderId, is_repeatable: bool) -> Self {
        let mut error = Self::unknown_outcome(reason, provider, is_repeatable);
        let what = match reason {
            Unknown::TimedOut | Unknown::Disconnected => "The provider gave no whole answer",
            Unknown::Unreadable { .. } => "The provider's answer cannot be read",
        };
        error.body.message = if is_repeatable {
            format!("{what}; the request may be sent again.")
        } else {
            format!("{what}, and the call may have been done: look at the provider before you send it again.")
        };
        error
    }
}

impl ApiError {
    /// A person found out what became of a request whose outcome was unknown.
    pub(crate) fn settled_by_hand(provider: &str, found: &FoundByHand) -> Self {
        let message = match found {
            FoundByHand::Executed { provider_id } => format!(
                "The answer to this request was lost. It was found out at {provider} that it was carried out: read {provider_id} there, \
                 or by this transaction."
            ),
            FoundByHand::NotExecuted => format!(
                "The answer to this request was lost. It was found out at {provider} that it was not carried out; the request may be sent again."
            ),
        };
        Self::new(ErrorType::Conflict, StatusCode::CONFLICT, SETTLED_BY_HAND, message)
    }
}

impl From<HandRefusal> for ApiError {
    fn from(refusal: HandRefusal) -> Self {
        match refusal {
            HandRefusal::NotUnknown => {
                Self::not_found("transaction_not_found", "No transaction of this id is of unknown outcome.")
            }
            HandRefusal::BeingLookedUp => {
                let message = "The transaction is being looked up this moment; ask again in a while.";
                Self::new(ErrorType::Conflict, StatusCode::CONFLICT, "being_looked_up", message)
            }
            HandRefusal::StoreAway => Self::store_away(),
            HandRefusal::Overloaded => Refusal::Overloaded.into(),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoProvider { feature, environment } => {
                let message = format!(
                    "No provider is configured for {feature} in {environment}; configure one with POST /api/onboarding/configure."
                );
                Self::unprocessable("no_provider_configured", message)
            }
            Refusal::FeatureNotEnabled { feature, provider } => Self::unprocessable(
                "feature_not_enabled",
                format!(
                    "{feature} is switched off for {provider}; switch it on with PUT /api/services/{provider}/features, or configure \
                     the service again."
                ),
            )
            .of(provider),
            Refusal::NotSupported { provider, operation, able } => {
                let message = format!("{provider} cannot do {operation}; {} can.", able.join(", "));
                Self::unprocessable("operation_not_supported", message).of(provider)
            }
            Refusal::CurrencyNotTaken(currency) => Self::field(
                "unsupported_currency",
                "currency",
                format!("None of your providers takes {currency}."),
            ),
            Refusal::Planned { provider, rejection } => Self::rejected(&rejection, provider),
            Refusal::CircuitOpen { provider, barrier, retry_after, .. } => {
                Self::not_admitted(barrier, provider).after(retry_after)
            }
            Refusal::Late { provider } => Self::not_sent(NotSent::DeadlinePassed, provider),
            Refusal::Overloaded => Self::overloaded("The gateway has too much to do; nothing was sent."),
            Refusal::LedgerUnavailable => Self::unavailable(
                "ledger_unavailable",
                "The gateway cannot write its ledger; nothing was sent for this request.",
            ),
            Refusal::NotConfirmed { transaction, is_repeatable } => {
                Self::not_confirmed(is_repeatable).with_transaction(transaction)
            }
            Refusal::KeyReused => Self::new(
                ErrorType::Idempotency,
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This idempotency key was used with another body or route.",
            ),
            Refusal::KeyInUse { retry_after } => {
                let message = "The first request with this idempotency key is still under way.";
                let mut error =
                    Self::new(ErrorType::Conflict, StatusCode::CONFLICT, "idempotency_key_in_use", message);
                error.body.retryable = true;
                error.after(retry_after)
            }
            Refusal::InProgress { transaction, retry_after } => {
                Self::in_progress(transaction).after(retry_after)
            }
            Refusal::Unsettled { transaction, retry_after } => {
                Self::unsettled(transaction).after(retry_after)
            }
            Refusal::Internal(doing) => Self::fault(doing),
        }
    }
}

impl ApiError {
    /// The ledger did not say that an operation with which nothing was done is taken back.
    fn not_confirmed(is_repeatable: bool) -> Self {
        let message = "The gateway's ledger did not answer in time, so that it is not certain that nothing was done; the transaction \
                       tells what became of it.";
        let mut error = Self::new(ErrorType::Timeout, StatusCode::GATEWAY_TIMEOUT, "ledger_timeout", message);
        error.body.retryable = is_repeatable;
        error
    }

    fn in_progress(other: Option<TransactionId>) -> Self {
        let other = other.map_or_else(String::new, |id| format!(" ({id})"));
        Self::occupied(format!("Another operation on this order is under way{other}; nothing was sent."))
    }

    fn unsettled(other: TransactionId) -> Self {
        let what = "It is not known yet what became of an earlier operation on this order";
        Self::occupied(format!("{what} ({other}); nothing was sent."))
    }

    fn occupied(message: String) -> Self {
        let mut error =
            Self::new(ErrorType::Conflict, StatusCode::CONFLICT, "operation_in_progress", message);
        error.body.retryable = true;
        error
    }

    fn unprocessable(code: &'static str, message: String) -> Self {
        Self::new(ErrorType::InvalidRequest, StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    fn unavailable(code: &'static str, message: &'static str) -> Self {
        Self::new(ErrorType::ProviderUnavailable, StatusCode::SERVICE_UNAVAILABLE, code, message)
            .after(std::time::Duration::from_secs(1))
    }

    fn fault(doing: &'static str) -> Self {
        tracing::error!(doing, "internal error");
        Self::internal()
    }

    pub(super) const fn after(mut self, wait: std::time::Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    fn of(mut self, provider: ProviderId) -> Self {
        self.body.provider = Some(provider.as_str());
        self
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Invalid { param, code, message } => Self::field(code, param, message),
            ControlError::Conflict { code, message } => {
                Self::new(ErrorType::Conflict, StatusCode::CONFLICT, code, message)
            }
            ControlError::NotFound { code, message } => Self::not_found(code, message),
            ControlError::TooManyAttempts(refused) => refused.into(),
            ControlError::TooManyAccounts(exhausted) => exhausted.into(),
            ControlError::Overloaded => Self::overloaded(
                "As many people are signing in as the gateway can look at; nothing was done.",
            ),
            ControlError::WrongPassword => {
                Self::authentication("wrong_credentials", "The e-mail address or the password is wrong.")
            }
            ControlError::Forbidden { code, message } => Self::permission(code, message),
            ControlError::CredentialsRejected { provider, rejection } => Self::rejected(&rejection, provider),
            ControlError::Store(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                Self::store_away()
            }
            ControlError::Tenant(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a tenant cannot be loaded");
                Self::store_away()
            }
            ControlError::Internal(doing) => Self::fault(doing),
        }
    }
}
