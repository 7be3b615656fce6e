//! Orders: an amount that a payer is asked for.

use crate::{Metadata, Money, TransactionId};

/// What can be done with orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderOperation {
    /// Create one.
    Create(CreateOrder),
    /// Read one.
    Get(GetOrder),
    /// Take the money of an authorised or approved one.
    Capture(CaptureOrder),
    /// Give one up.
    Cancel(CancelOrder),
}

/// An order to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateOrder {
    /// What the payer is asked for; more than zero.
    pub amount: Money,
    /// Words for the payer.
    pub description: Option<Box<str>>,
    /// Who pays, as far as the caller knows.
    pub customer: Option<Customer>,
    /// When the money is taken.
    pub capture: CaptureMode,
    /// Where the payer's browser goes after paying.
    pub return_url: Option<Box<str>>,
    /// Where it goes after giving up.
    pub cancel_url: Option<Box<str>>,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The caller's own pairs.
    pub metadata: Metadata,
}

/// When an order's money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CaptureMode {
    /// As soon as the payer has agreed.
    #[default]
    Automatic,
    /// When the caller says so.
    Manual,
}

/// Who pays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customer {
    /// The provider's id of the customer.
    pub id: Option<Box<str>>,
    /// E-mail address.
    pub email: Option<Box<str>>,
    /// Telephone number.
    pub phone: Option<Box<str>>,
    /// Name.
    pub name: Option<Box<str>>,
}

/// An order to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetOrder {
    /// The provider's id of the order.
    pub provider_order_id: Box<str>,
    /// The transaction that created it here. Only such an order may be taken further by reading it: a capture that is due.
    pub created_by: Option<TransactionId>,
}

/// An order whose money is to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureOrder {
    /// The provider's id of the order.
    pub provider_order_id: Box<str>,
    /// How much of it; all when absent.
    pub amount: Option<Money>,
}

/// An order to give up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOrder {
    /// The provider's id of the order.
    pub provider_order_id: Box<str>,
}
