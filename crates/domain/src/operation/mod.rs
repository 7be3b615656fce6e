//! Operations: what a tenant asks for, in words that no provider owns. A noun has a file.

mod metadata;
mod order;
mod sms;

pub use metadata::{MAX_REFERENCE_CHARS, Metadata, MetadataError};
pub use order::{CancelOrder, CaptureMode, CaptureOrder, CreateOrder, Customer, GetOrder, OrderOperation};
pub use sms::{GetSms, SendSms, SmsOperation};

use crate::Feature;

/// Something that one provider is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Orders.
    Order(OrderOperation),
    /// Text messages.
    Sms(SmsOperation),
}

impl Operation {
    /// Returns which operation it is.
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Order(OrderOperation::Create(_)) => OperationKind::OrdersCreate,
            Self::Order(OrderOperation::Get(_)) => OperationKind::OrdersGet,
            Self::Order(OrderOperation::Capture(_)) => OperationKind::OrdersCapture,
            Self::Order(OrderOperation::Cancel(_)) => OperationKind::OrdersCancel,
            Self::Sms(SmsOperation::Send(_)) => OperationKind::SmsSend,
            Self::Sms(SmsOperation::Get(_)) => OperationKind::SmsGet,
        }
    }
}

/// The operations there are, as routing, metrics and descriptors name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationKind {
    /// Create an order.
    OrdersCreate,
    /// Read an order.
    OrdersGet,
    /// Capture an authorised or approved order.
    OrdersCapture,
    /// Cancel an order.
    OrdersCancel,
    /// Send a text message.
    SmsSend,
    /// Read a text message.
    SmsGet,
}

impl OperationKind {
    /// Every operation.
    pub const ALL: [Self; 6] = [
        Self::OrdersCreate,
        Self::OrdersGet,
        Self::OrdersCapture,
        Self::OrdersCancel,
        Self::SmsSend,
        Self::SmsGet,
    ];

    /// Returns noun and verb: `orders.create`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrdersCreate => "orders.create",
            Self::OrdersGet => "orders.get",
            Self::OrdersCapture => "orders.capture",
            Self::OrdersCancel => "orders.cancel",
            Self::SmsSend => "sms.send",
            Self::SmsGet => "sms.get",
        }
    }

    /// Returns the operation of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the feature it belongs to.
    pub const fn feature(self) -> Feature {
        match self {
            Self::OrdersCreate | Self::OrdersGet | Self::OrdersCapture | Self::OrdersCancel => {
                Feature::Payments
            }
            Self::SmsSend | Self::SmsGet => Feature::Sms,
        }
    }

    /// Returns whether doing it changes anything at the provider; such calls go through the ledger.
    pub const fn has_side_effect(self) -> bool {
        match self {
            Self::OrdersCreate | Self::OrdersCapture | Self::OrdersCancel | Self::SmsSend => true,
            Self::OrdersGet | Self::SmsGet => false,
        }
    }

    /// Returns the name of the object that it answers with.
    pub const fn object(self) -> &'static str {
        match self {
            Self::OrdersCreate | Self::OrdersGet | Self::OrdersCapture | Self::OrdersCancel => "order",
            Self::SmsSend | Self::SmsGet => "sms",
        }
    }
}
