//! Payment links: an address on which a payer pays an amount once.

use crate::{Customer, Metadata, Money, Timestamp};

/// What can be done with payment links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentLinkOperation {
    /// Create one.
    Create(CreatePaymentLink),
    /// Read one.
    Get(GetPaymentLink),
}

/// A payment link to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePaymentLink {
    /// What the payer is asked for; more than zero.
    pub amount: Money,
    /// Words for the payer.
    pub description: Box<str>,
    /// Who pays, as far as the caller knows.
    pub customer: Option<Customer>,
    /// When it can no longer be paid; when the provider says, if absent.
    pub expires_at: Option<Timestamp>,
    /// Where the payer's browser goes after paying.
    pub return_url: Option<Box<str>>,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The caller's own pairs.
    pub metadata: Metadata,
}

/// A payment link to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetPaymentLink {
    /// The provider's id of the link.
    pub provider_link_id: Box<str>,
}
