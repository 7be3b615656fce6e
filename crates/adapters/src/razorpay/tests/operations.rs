//! The operations of Razorpay's tests, each as plain as it can be.

use domain::{
    CancelSubscription, CancelWhen, CreatePaymentLink, CreatePayout, CreateRefund, CreateSubscription,
    GetPaymentLink, GetPayout, GetRefund, GetSubscription, Metadata, NewPlan, Operation,
    PaymentLinkOperation, PayoutDestination, PayoutOperation, PlanInterval, RefundAmount, RefundOperation,
    RefundedPayment, SubscriptionOperation, SubscriptionPlan,
};

use super::{ORDER_ID, inr};

/// The payment of every test.
pub(in crate::razorpay) const PAYMENT_ID: &str = "pay_DESlfW9H8K9uqM";
/// The subscription of every test.
pub(in crate::razorpay) const SUBSCRIPTION_ID: &str = "sub_00000000000001";

pub(in crate::razorpay) fn of_order() -> RefundedPayment {
    RefundedPayment::OfOrder { provider_order_id: ORDER_ID.into() }
}

pub(in crate::razorpay) fn of_payment() -> RefundedPayment {
    RefundedPayment::Payment { provider_payment_id: PAYMENT_ID.into() }
}

pub(in crate::razorpay) fn refund(payment: RefundedPayment, amount: Option<RefundAmount>) -> CreateRefund {
    CreateRefund { payment, amount, reason: None, reference: None, metadata: Metadata::default() }
}

pub(in crate::razorpay) fn give_back(refund: CreateRefund) -> Operation {
    Operation::Refund(RefundOperation::Create(refund))
}

pub(in crate::razorpay) fn get_refund(id: &str) -> Operation {
    Operation::Refund(RefundOperation::Get(GetRefund { provider_refund_id: id.into() }))
}

pub(in crate::razorpay) fn subscription(plan: SubscriptionPlan) -> CreateSubscription {
    CreateSubscription {
        plan,
        customer: None,
        quantity: None,
        total_count: Some(12),
        trial_days: None,
        return_url: None,
        cancel_url: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(in crate::razorpay) fn existing_plan() -> SubscriptionPlan {
    SubscriptionPlan::Existing("plan_00000000000001".into())
}

pub(in crate::razorpay) fn new_plan(interval: PlanInterval, interval_count: u16) -> SubscriptionPlan {
    SubscriptionPlan::New(NewPlan { name: "Tea club".into(), amount: inr("699"), interval, interval_count })
}

pub(in crate::razorpay) fn subscribe(subscription: CreateSubscription) -> Operation {
    Operation::Subscription(SubscriptionOperation::Create(subscription))
}

pub(in crate::razorpay) fn get_subscription(id: &str) -> Operation {
    let get = GetSubscription { provider_subscription_id: id.into() };
    Operation::Subscription(SubscriptionOperation::Get(get))
}

pub(in crate::razorpay) fn end(id: &str, when: CancelWhen) -> Operation {
    let cancel = CancelSubscription { provider_subscription_id: id.into(), when };
    Operation::Subscription(SubscriptionOperation::Cancel(cancel))
}

pub(in crate::razorpay) fn link() -> CreatePaymentLink {
    CreatePaymentLink {
        amount: inr("500"),
        description: "Invoice 42".into(),
        customer: None,
        expires_at: None,
        return_url: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(in crate::razorpay) fn create_link(link: CreatePaymentLink) -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Create(link))
}

pub(in crate::razorpay) fn get_link(id: &str) -> Operation {
    Operation::PaymentLink(PaymentLinkOperation::Get(GetPaymentLink { provider_link_id: id.into() }))
}

pub(in crate::razorpay) fn bank_account() -> PayoutDestination {
    PayoutDestination::BankAccount {
        name: "A Payee".into(),
        account_number: "1121431121541121".into(),
        ifsc: "HDFC0001234".into(),
    }
}

pub(in crate::razorpay) fn payout(destination: PayoutDestination) -> CreatePayout {
    CreatePayout {
        amount: inr("1000"),
        destination,
        purpose: None,
        narration: None,
        reference: None,
        metadata: Metadata::default(),
    }
}

pub(in crate::razorpay) fn pay_out(payout: CreatePayout) -> Operation {
    Operation::Payout(PayoutOperation::Create(payout))
}

pub(in crate::razorpay) fn get_payout(id: &str) -> Operation {
    Operation::Payout(PayoutOperation::Get(GetPayout { provider_payout_id: id.into() }))
}
