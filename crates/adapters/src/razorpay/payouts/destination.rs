//! Where a payout of RazorpayX can go, and by which of India's ways the money travels there.
//! Source: `razorpay/markdown-docs`, `x/payouts.md` (limits of the modes), `api/x/payout-composite`, 2026-04-09.

use domain::{PayoutDestination, Rejection};
use serde::{Deserialize, Serialize};

use crate::razorpay::NAME;
use crate::razorpay::notes::cut;
use crate::{json, rejection, request};

/// Most characters of a contact's name; an account holder's may have 120.
const MAX_CONTACT_CHARS: usize = 50;
/// Most that goes by UPI at once, in paise: 1,00,000 rupees.
const MAX_UPI_PAISE: i64 = 10_000_000;
/// Most that goes by IMPS at once, in paise: 5,00,000 rupees. It is the one way to a bank that works at all hours.
const MAX_IMPS_PAISE: i64 = 50_000_000;

/// How the money travels, in Razorpay's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Mode {
    /// At once, up to 5,00,000 rupees.
    #[serde(rename = "IMPS")]
    Imps,
    /// On working days, from 2,00,000 rupees.
    #[serde(rename = "RTGS")]
    Rtgs,
    /// At once, up to 1,00,000 rupees.
    #[serde(rename = "UPI")]
    Upi,
}

/// Razorpay's words for what a fund account is.
const BANK_ACCOUNT: &str = "bank_account";
const UPI_ADDRESS: &str = "vpa";

/// Returns how this many paise travel to a fund account of this type. There is no amount that only NEFT could carry.
fn mode(account_type: Option<&str>, paise: i64) -> Result<Mode, Rejection> {
    match account_type {
        Some(BANK_ACCOUNT) if paise <= MAX_IMPS_PAISE => Ok(Mode::Imps),
        Some(BANK_ACCOUNT) => Ok(Mode::Rtgs),
        Some(UPI_ADDRESS) if paise <= MAX_UPI_PAISE => Ok(Mode::Upi),
        Some(UPI_ADDRESS) => {
            let message = "Razorpay pays at most 100000.00 INR to a UPI address at once.";
            Err(rejection::invalid_field("amount", message))
        }
        _ => {
            let message =
                "Payouts go to fund accounts that are a bank account or a UPI address; this is neither.";
            Err(rejection::variant_not_supported("destination.id", message))
        }
    }
}

/// Whom Razorpay is told to pay.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Payee<'a> {
    /// Somebody whom Razorpay knows by this id.
    FundAccountId(&'a str),
    /// Somebody described here; told twice, it is the same fund account.
    FundAccount(FundAccount<'a>),
}

impl Payee<'_> {
    /// Returns how this many paise travel to it, `None` where only Razorpay knows what it is.
    ///
    /// # Errors
    /// `invalid_field` for more than can go there.
    pub(super) fn mode(&self, paise: i64) -> Result<Option<Mode>, Rejection> {
        match self {
            Self::FundAccountId(_) => Ok(None),
            Self::FundAccount(account) => mode(Some(account.account_type), paise).map(Some),
        }
    }
}

/// A fund account in a payout that describes its payee.
#[derive(Serialize)]
pub(super) struct FundAccount<'a> {
    account_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_account: Option<BankAccount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpa: Option<Vpa<'a>>,
    contact: Contact<'a>,
}

#[derive(Serialize)]
struct BankAccount<'a> {
    name: &'a str,
    ifsc: &'a str,
    account_number: &'a str,
}

#[derive(Serialize)]
struct Vpa<'a> {
    address: &'a str,
}

#[derive(Serialize)]
struct Contact<'a> {
    name: &'a str,
}

/// A fund account as Razorpay tells it.
#[derive(Deserialize)]
pub(super) struct WireFundAccount {
    #[serde(default, deserialize_with = "json::lenient")]
    account_type: Option<String>,
}

impl WireFundAccount {
    /// Returns how this many paise travel to it.
    ///
    /// # Errors
    /// `operation_not_supported` for cards, wallets and what else is no bank account and no UPI address; `invalid_field` for
    /// more than can go there.
    pub(super) fn mode(&self, paise: i64) -> Result<Mode, Rejection> {
        mode(self.account_type.as_deref(), paise)
    }
}

/// Returns the payee of a destination.
///
/// # Errors
/// `operation_not_supported` for what Razorpay cannot pay, `missing_field` without a fund account's id,
/// `invalid_destination` for what cannot be one.
pub(super) fn payee(destination: &PayoutDestination) -> Result<Payee<'_>, Rejection> {
    match destination {
        PayoutDestination::BankAccount { name, account_number, ifsc } => {
            Ok(Payee::FundAccount(FundAccount {
                account_type: BANK_ACCOUNT,
                bank_account: Some(BankAccount { name, ifsc, account_number }),
                vpa: None,
                contact: contact(name),
            }))
        }
        PayoutDestination::Upi { name, address } => Ok(Payee::FundAccount(FundAccount {
            account_type: UPI_ADDRESS,
            bank_account: None,
            vpa: Some(Vpa { address }),
            contact: contact(name),
        })),
        PayoutDestination::ProviderAccount { id: Some(id) } if request::is_plain_id(id) => {
            Ok(Payee::FundAccountId(id))
        }
        PayoutDestination::ProviderAccount { id: Some(_) } => Err(no_such_account()),
        PayoutDestination::ProviderAccount { id: None } => {
            let message = "Razorpay must be told the fund account's id.";
            Err(rejection::missing_field("destination.id", message))
        }
        PayoutDestination::Email { .. } | PayoutDestination::StripeAccount { .. } => {
            let message = format!("{NAME} makes no payouts to destinations of type {}.", destination.kind());
            Err(rejection::variant_not_supported("destination.type", message))
        }
    }
}

/// Returns that there is nobody to pay.
pub(super) fn no_such_account() -> Rejection {
    rejection::invalid_destination("destination.id", "Razorpay does not know the account to be paid.")
}

fn contact(name: &str) -> Contact<'_> {
    Contact { name: cut(name, MAX_CONTACT_CHARS).trim_end() }
}
