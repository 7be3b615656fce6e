//! Payouts: the tenant's money goes to somebody.

use std::fmt;

use crate::{Metadata, Money};

/// What can be done with payouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayoutOperation {
    /// Make one.
    Create(CreatePayout),
    /// Read one.
    Get(GetPayout),
}

/// A payout to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePayout {
    /// How much; more than zero.
    pub amount: Money,
    /// To whom.
    pub destination: PayoutDestination,
    /// What it is for, in the provider's word.
    pub purpose: Option<Box<str>>,
    /// Words for the payee's statement.
    pub narration: Option<Box<str>>,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The caller's own pairs.
    pub metadata: Metadata,
}

/// Where a payout goes. Not shown: it is somebody's bank account.
#[derive(Clone, PartialEq, Eq)]
pub enum PayoutDestination {
    /// A bank account in India.
    BankAccount {
        /// Its holder.
        name: Box<str>,
        /// Its number.
        account_number: Box<str>,
        /// Its bank and branch: IFSC, 11 characters.
        ifsc: Box<str>,
    },
    /// An address of India's unified payments interface.
    Upi {
        /// Its holder.
        name: Box<str>,
        /// `name@bank`.
        address: Box<str>,
    },
    /// Whoever has this e-mail address at the provider.
    Email {
        /// The address.
        address: Box<str>,
    },
    /// A connected account of Stripe: `acct_…`.
    StripeAccount {
        /// Its id.
        account: Box<str>,
    },
    /// What the provider knows by this id: a fund account, a payer id, an own bank account or card.
    ProviderAccount {
        /// The id; the account's default destination when absent.
        id: Option<Box<str>>,
    },
}

impl PayoutDestination {
    /// Returns the API's word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::BankAccount { .. } => "bank_account",
            Self::Upi { .. } => "upi",
            Self::Email { .. } => "email",
            Self::StripeAccount { .. } => "stripe_account",
            Self::ProviderAccount { .. } => "provider_account",
        }
    }
}

impl fmt::Debug for PayoutDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayoutDestination").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

/// A payout to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetPayout {
    /// The provider's id of the payout.
    pub provider_payout_id: Box<str>,
}
