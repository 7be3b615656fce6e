//! Payouts on the wire.

use std::borrow::Cow;

use domain::{CreatePayout, PayoutDestination, Resource};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::amount::{Amount, AmountSchema, read_amount, read_currency};
use crate::http::error::ApiError;
use crate::http::time;
use crate::http::v1::customer::looks_like_email;
use crate::http::v1::fields::{missing, read_reference, read_required, read_text};
use crate::http::v1::metadata::{MetadataBody, MetadataView};
use crate::http::v1::present::{Caller, FailoverBody};
use crate::pipeline::Completion;

const MAX_PURPOSE_CHARS: usize = 40;
const MAX_NARRATION_CHARS: usize = 255;
const MAX_NAME_CHARS: usize = 120;
const MAX_ADDRESS_CHARS: usize = 254;
const MAX_ACCOUNT_CHARS: usize = 64;

/// A payout to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePayoutBody<'a> {
    #[serde(borrow)]
    #[schema(value_type = AmountSchema, example = json!(1000.00))]
    amount: &'a RawValue,
    /// ISO 4217, in any case.
    #[serde(borrow)]
    #[schema(example = "INR")]
    currency: Cow<'a, str>,
    /// To whom.
    #[serde(borrow)]
    destination: DestinationBody<'a>,
    /// What it is for, in the provider's word (`payout`, `refund`, `salary`); at most 40 characters.
    #[serde(borrow)]
    purpose: Option<Cow<'a, str>>,
    /// Words for the payee's statement; at most 255 characters, fewer at some providers.
    #[serde(borrow)]
    narration: Option<Cow<'a, str>>,
    /// Which provider; your routing decides when absent.
    #[serde(borrow)]
    pub(super) provider: Option<Cow<'a, str>>,
    /// Your own id; at most 40 characters.
    #[serde(borrow)]
    reference: Option<Cow<'a, str>>,
    /// Your own pairs: at most 50 strings.
    #[schema(value_type = Option<Object>)]
    metadata: Option<MetadataBody>,
}

/// Where a payout goes. Which fields belong to it, its `type` says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DestinationBody<'a> {
    #[serde(rename = "type")]
    kind: DestinationKind,
    /// The holder: of a `bank_account` or `upi` address.
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    /// The number of a `bank_account`.
    #[serde(borrow)]
    account_number: Option<Cow<'a, str>>,
    /// Bank and branch of a `bank_account`: 11 characters.
    #[serde(borrow)]
    ifsc: Option<Cow<'a, str>>,
    /// The address of an `email` or `upi` destination.
    #[serde(borrow)]
    address: Option<Cow<'a, str>>,
    /// The id of a `stripe_account` (`acct_…`) or `provider_account`.
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
}

/// Kinds of destinations.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DestinationKind {
    /// An Indian bank account: `name`, `account_number`, `ifsc`.
    BankAccount,
    /// A UPI address: `name`, `address`.
    Upi,
    /// Whoever has this e-mail address at the provider: `address`.
    Email,
    /// A connected account of Stripe: `id`.
    StripeAccount,
    /// What the provider knows by this `id`; the account's own default destination without one.
    ProviderAccount,
}

impl CreatePayoutBody<'_> {
    /// Returns the payout that the body asks for.
    pub(super) fn read(self) -> Result<CreatePayout, ApiError> {
        let currency = read_currency(&self.currency)?;
        Ok(CreatePayout {
            amount: read_amount(self.amount, currency)?,
            destination: self.destination.read()?,
            purpose: read_text("purpose", self.purpose.as_deref(), MAX_PURPOSE_CHARS)?,
            narration: read_text("narration", self.narration.as_deref(), MAX_NARRATION_CHARS)?,
            reference: read_reference(self.reference.as_deref())?,
            metadata: self.metadata.unwrap_or_default().read()?,
        })
    }
}

impl DestinationBody<'_> {
    fn read(&self) -> Result<PayoutDestination, ApiError> {
        let destination = match self.kind {
            DestinationKind::BankAccount => PayoutDestination::BankAccount {
                name: required("destination.name", self.name.as_deref(), MAX_NAME_CHARS)?,
                account_number: self.account_number()?,
                ifsc: self.ifsc()?,
            },
            DestinationKind::Upi => PayoutDestination::Upi {
                name: required("destination.name", self.name.as_deref(), MAX_NAME_CHARS)?,
                address: self.address(|address| {
                    let parts = address.split_once('@');
                    parts.is_some_and(|(name, bank)| {
                        !name.is_empty() && !bank.is_empty() && !bank.contains('@')
                    })
                })?,
            },
            DestinationKind::Email => PayoutDestination::Email { address: self.address(looks_like_email)? },
            DestinationKind::StripeAccount => PayoutDestination::StripeAccount {
                account: required("destination.id", self.id.as_deref(), MAX_ACCOUNT_CHARS)?,
            },
            DestinationKind::ProviderAccount => PayoutDestination::ProviderAccount {
                id: read_text("destination.id", self.id.as_deref(), MAX_ACCOUNT_CHARS)?,
            },
        };
        self.refuse_strangers()?;
        Ok(destination)
    }

    fn account_number(&self) -> Result<Box<str>, ApiError> {
        let number = required("destination.account_number", self.account_number.as_deref(), 35)?;
        if number.len() >= 5 && number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(number);
        }
        let message = "An account number has 5 to 35 letters and digits.";
        Err(ApiError::field("invalid_field", "destination.account_number", message))
    }

    /// Reserve Bank of India: four letters, a zero, six letters or digits.
    fn ifsc(&self) -> Result<Box<str>, ApiError> {
        let ifsc = required("destination.ifsc", self.ifsc.as_deref(), 11)?;
        let is_ifsc = ifsc.len() == 11
            && ifsc.bytes().enumerate().all(|(position, byte)| match position {
                0..=3 => byte.is_ascii_alphabetic(),
                4 => byte == b'0',
                _ => byte.is_ascii_alphanumeric(),
            });
        if is_ifsc {
            return Ok(ifsc.to_ascii_uppercase().into());
        }
        Err(ApiError::field("invalid_field", "destination.ifsc", "An IFSC is like HDFC0001234."))
    }

    fn address(&self, is_address: impl Fn(&str) -> bool) -> Result<Box<str>, ApiError> {
        let address = required("destination.address", self.address.as_deref(), MAX_ADDRESS_CHARS)?;
        let is_clean = !address.chars().any(|character| character.is_whitespace() || character.is_control());
        if is_clean && is_address(&address) {
            return Ok(address);
        }
        Err(ApiError::field("invalid_field", "destination.address", "This is not an address of this type."))
    }

    /// A field that does not belong to the type was meant for another one.
    fn refuse_strangers(&self) -> Result<(), ApiError> {
        use DestinationKind::{BankAccount, Email, ProviderAccount, StripeAccount, Upi};
        let fields = [
            ("destination.name", self.name.is_some(), matches!(self.kind, BankAccount | Upi)),
            ("destination.account_number", self.account_number.is_some(), matches!(self.kind, BankAccount)),
            ("destination.ifsc", self.ifsc.is_some(), matches!(self.kind, BankAccount)),
            ("destination.address", self.address.is_some(), matches!(self.kind, Upi | Email)),
            ("destination.id", self.id.is_some(), matches!(self.kind, StripeAccount | ProviderAccount)),
        ];
        match fields.into_iter().find(|(_, is_given, belongs)| *is_given && !belongs) {
            None => Ok(()),
            Some((param, ..)) => Err(ApiError::field(
                "unknown_field",
                param,
                format!("`{param}` does not belong to a destination of this type."),
            )),
        }
    }
}

fn required(param: &'static str, text: Option<&str>, most: usize) -> Result<Box<str>, ApiError> {
    read_required(param, text.ok_or_else(|| missing(param))?, most)
}

/// A payout.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PayoutBody<'a> {
    #[schema(example = "txn_01k3s0m3q4v8w2c5d6e7f8g9ha")]
    transaction_id: String,
    #[schema(example = "payout")]
    object: &'static str,
    #[schema(example = "razorpay")]
    provider: &'static str,
    #[schema(example = "pout_F681qslJ3ba70q")]
    provider_payout_id: &'a str,
    #[schema(value_type = AmountSchema, example = json!(1000.00))]
    amount: Amount,
    #[schema(example = "INR")]
    currency: &'static str,
    /// What the provider takes for it, where known.
    #[schema(value_type = Option<AmountSchema>)]
    fee: Option<Amount>,
    /// `pending`, `queued`, `processing`, `paid`, `failed`, `canceled`, `reversed`, `returned`, `unclaimed`.
    #[schema(example = "processing")]
    status: &'static str,
    /// Why it failed or came back, in the provider's word.
    failure_reason: Option<&'a str>,
    created_at: String,
    environment: &'static str,
    reference: Option<&'a str>,
    #[schema(value_type = Object)]
    metadata: MetadataView<'a>,
    /// There only when another provider served than the one whose turn it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    failover: Option<FailoverBody>,
}

/// Writes a payout.
pub(super) fn write(
    completion: &Completion<'_>,
    resource: &Resource,
    caller: Caller<'_>,
) -> Option<serde_json::Result<Vec<u8>>> {
    let Resource::Payout(payout) = resource else { return None };
    Some(serde_json::to_vec(&PayoutBody {
        transaction_id: completion.subject.to_string(),
        object: "payout",
        provider: completion.provider.as_str(),
        provider_payout_id: &payout.provider_payout_id,
        amount: Amount(payout.amount),
        currency: payout.amount.currency().code(),
        fee: payout.fee.map(Amount),
        status: payout.status.as_str(),
        failure_reason: payout.failure_reason.as_deref(),
        created_at: time::write(completion.created_at),
        environment: completion.environment.as_str(),
        reference: caller.reference,
        metadata: caller.metadata,
        failover: FailoverBody::of(completion),
    }))
}
