//! Operations: what a tenant asks for, in words that no provider owns. A noun has a file.

mod call;
mod kind;
mod metadata;
mod order;
mod payment_link;
mod payout;
mod proxy;
mod refund;
mod sms;
mod subscription;

pub use call::{CallContent, CallOperation, GetCall, PlaceCall};
pub use kind::OperationKind;
pub use metadata::{MAX_REFERENCE_CHARS, Metadata, MetadataError};
pub use order::{CancelOrder, CaptureMode, CaptureOrder, CreateOrder, Customer, GetOrder, OrderOperation};
pub use payment_link::{CreatePaymentLink, GetPaymentLink, PaymentLinkOperation};
pub use payout::{CreatePayout, GetPayout, PayoutDestination, PayoutOperation};
pub use proxy::ProxyOperation;
pub use refund::{AmountNumber, CreateRefund, GetRefund, RefundAmount, RefundOperation, RefundedPayment};
pub use sms::{GetSms, SendSms, SmsOperation};
pub use subscription::{
    CancelSubscription, CancelWhen, CreateSubscription, GetSubscription, NewPlan, PlanInterval,
    SubscriptionOperation, SubscriptionPlan,
};

use crate::Money;

/// Something that one provider is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Orders.
    Order(OrderOperation),
    /// Refunds.
    Refund(RefundOperation),
    /// Subscriptions.
    Subscription(SubscriptionOperation),
    /// Payment links.
    PaymentLink(PaymentLinkOperation),
    /// Payouts.
    Payout(PayoutOperation),
    /// Text messages.
    Sms(SmsOperation),
    /// Telephone calls.
    Call(CallOperation),
    /// A provider's own request.
    Proxy(ProxyOperation),
}

impl Operation {
    /// Returns which operation it is.
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Order(OrderOperation::Create(_)) => OperationKind::OrdersCreate,
            Self::Order(OrderOperation::Get(_)) => OperationKind::OrdersGet,
            Self::Order(OrderOperation::Capture(_)) => OperationKind::OrdersCapture,
            Self::Order(OrderOperation::Cancel(_)) => OperationKind::OrdersCancel,
            Self::Refund(RefundOperation::Create(_)) => OperationKind::RefundsCreate,
            Self::Refund(RefundOperation::Get(_)) => OperationKind::RefundsGet,
            Self::Subscription(SubscriptionOperation::Create(_)) => OperationKind::SubscriptionsCreate,
            Self::Subscription(SubscriptionOperation::Get(_)) => OperationKind::SubscriptionsGet,
            Self::Subscription(SubscriptionOperation::Cancel(_)) => OperationKind::SubscriptionsCancel,
            Self::PaymentLink(PaymentLinkOperation::Create(_)) => OperationKind::PaymentLinksCreate,
            Self::PaymentLink(PaymentLinkOperation::Get(_)) => OperationKind::PaymentLinksGet,
            Self::Payout(PayoutOperation::Create(_)) => OperationKind::PayoutsCreate,
            Self::Payout(PayoutOperation::Get(_)) => OperationKind::PayoutsGet,
            Self::Sms(SmsOperation::Send(_)) => OperationKind::SmsSend,
            Self::Sms(SmsOperation::Get(_)) => OperationKind::SmsGet,
            Self::Call(CallOperation::Place(_)) => OperationKind::CallsPlace,
            Self::Call(CallOperation::Get(_)) => OperationKind::CallsGet,
            Self::Proxy(request) => request.kind(),
        }
    }

    /// Returns the amount that is asked for, where the request itself tells.
    pub const fn amount(&self) -> Option<Money> {
        match self {
            Self::Order(OrderOperation::Create(order)) => Some(order.amount),
            Self::Order(OrderOperation::Capture(capture)) => capture.amount,
            Self::Refund(RefundOperation::Create(refund)) => match refund.amount {
                Some(RefundAmount::Money(amount)) => Some(amount),
                Some(RefundAmount::Number(_)) | None => None,
            },
            Self::Subscription(SubscriptionOperation::Create(subscription)) => match &subscription.plan {
                SubscriptionPlan::New(plan) => Some(plan.amount),
                SubscriptionPlan::Existing(_) => None,
            },
            Self::PaymentLink(PaymentLinkOperation::Create(link)) => Some(link.amount),
            Self::Payout(PayoutOperation::Create(payout)) => Some(payout.amount),
            Self::Order(OrderOperation::Get(_) | OrderOperation::Cancel(_))
            | Self::Refund(RefundOperation::Get(_))
            | Self::Subscription(SubscriptionOperation::Get(_) | SubscriptionOperation::Cancel(_))
            | Self::PaymentLink(PaymentLinkOperation::Get(_))
            | Self::Payout(PayoutOperation::Get(_))
            | Self::Sms(_)
            | Self::Call(_)
            | Self::Proxy(_) => None,
        }
    }
}
