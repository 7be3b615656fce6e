//! Billing a subscription: an invoice for each period, collecting it, and what a payment does to the subscription.

use crate::desk::Desk;

use super::{
    Account, bank, customers,
    effects::{self, Effect},
    intent::{Intent, Status},
    invoice::{Invoice, InvoiceStatus},
    order_steps,
    payment_methods::PaymentMethod,
    subscription::{Subscription, SubscriptionStatus},
};

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// After a failure the bank is asked again so many days later; after the last one no more.
const RETRY_DAYS: [i64; 3] = [3, 5, 7];

/// With what an invoice is collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collecting {
    /// With the payment method that is set; without one it fails.
    AsSet,
    /// The bank accepts, whatever is set.
    Accepted,
    /// The bank declines, whatever is set.
    Declined,
}

/// Makes the invoice of the subscription's present period at this time, and returns its id; what costs nothing is paid.
pub(super) fn invoice(
    desk: &mut Desk,
    account: &mut Account,
    subscription_id: &str,
    (at, reason): (i64, &'static str),
) -> Option<String> {
    let subscription = account.subscriptions.get(subscription_id)?;
    let is_trial = subscription.status == SubscriptionStatus::Trialing;
    let amount = if is_trial { 0 } else { subscription.total()? };
    let mut invoice = draft(desk, account, subscription, (at, amount))?;
    invoice.billing_reason = reason;
    invoice.is_trial = is_trial;
    if amount == 0 {
        invoice.pay(at, None);
    } else {
        let mut intent = Intent::new(desk, account.is_live, (amount, invoice.currency.clone()));
        intent.customer = Some(invoice.customer.clone());
        intent.invoice = Some(invoice.id.clone());
        intent.details.insert("setup_future_usage".to_owned(), "off_session".into());
        intent.details.insert(
            "description".to_owned(),
            if reason == "subscription_create" { "Subscription creation" } else { "Subscription update" }
                .into(),
        );
        invoice.hosted_url = Some(desk.pay_url(&intent.id));
        invoice.intent = Some(intent.id.clone());
        let intent_id = intent.id.clone();
        account.intents.insert(&intent_id, intent);
    }
    if let Some(customer) = account.customers.get_mut(&invoice.customer) {
        customer.next_invoice = customer.next_invoice.saturating_add(1);
    }
    let id = invoice.id.clone();
    account.invoices.insert(&id, invoice);
    if let Some(subscription) = account.subscriptions.get_mut(subscription_id) {
        subscription.latest_invoice = Some(id.clone());
        subscription.next_attempt_at = None;
    }
    report_invoice(desk, account, &id, "invoices.create");
    Some(id)
}

fn draft(
    desk: &mut Desk,
    account: &Account,
    subscription: &Subscription,
    (at, amount): (i64, i64),
) -> Option<Invoice> {
    let customer = account.customers.get(&subscription.customer)?;
    Some(Invoice {
        id: format!("in_1{}", desk.random.base62(23)),
        number: format!("{}-{:04}", customer.invoice_prefix, customer.next_invoice),
        subscription: subscription.id.clone(),
        subscription_metadata: subscription.metadata.clone(),
        customer: customer.id.clone(),
        customer_email: customer.detail("email"),
        customer_name: customer.detail("name"),
        currency: subscription.currency().to_owned(),
        amount,
        status: InvoiceStatus::Open,
        billing_reason: "subscription_cycle",
        created: at,
        is_live: account.is_live,
        period: subscription.period,
        items: subscription.items.clone(),
        is_trial: false,
        is_sent: subscription.days_until_due.is_some(),
        due_date: subscription.days_until_due.map(|days| at.saturating_add(days.saturating_mul(DAY_SECONDS))),
        intent: None,
        charge: None,
        hosted_url: None,
        attempt_count: 0,
        next_attempt_at: None,
        paid_at: None,
        voided_at: None,
    })
}

/// Returns the payment method that the subscription's invoices are collected with.
pub(super) fn method_of(account: &Account, subscription: &Subscription) -> Option<PaymentMethod> {
    let customer = account.customers.get(&subscription.customer);
    let default = customer.and_then(|customer| customer.default_payment_method.as_ref());
    let named = [subscription.default_payment_method.as_ref(), default, subscription.last_method.as_ref()];
    named.into_iter().flatten().find_map(|id| account.methods.get(id)).cloned()
}

/// Collects the latest invoice of a running subscription while its payer is away; a failure makes it past due.
pub(super) fn collect(
    desk: &mut Desk,
    account: &mut Account,
    subscription_id: &str,
    (at, collecting): (i64, Collecting),
) {
    let Some(subscription) = account.subscriptions.get(subscription_id) else { return };
    let Some((invoice_id, intent_id)) = open_invoice(account, subscription) else {
        return become_active(desk, account, subscription_id);
    };
    let set = method_of(account, subscription);
    let method = match collecting {
        Collecting::AsSet => set,
        Collecting::Accepted => {
            set.or_else(|| order_steps::known_or_new_method(desk, account, "pm_card_visa"))
        }
        Collecting::Declined => order_steps::known_or_new_method(desk, account, "pm_card_chargeDeclined"),
    };
    match (&method, collecting) {
        (Some(method), Collecting::Accepted) => bank::charge(desk, account, &intent_id, method),
        (Some(method), _) => {
            let manner = bank::Manner { is_off_session: true, uses_sdk: false };
            bank::attempt(desk, account, &intent_id, method, manner);
        }
        (None, _) => {}
    }
    let status = account.intents.get(&intent_id).map(|intent| intent.status);
    if matches!(status, Some(Status::Succeeded | Status::Processing)) {
        follow(desk, account, &intent_id);
    } else {
        fail(desk, account, subscription_id, (at, &invoice_id));
    }
}

/// Returns the latest invoice and its intent where it is still to be paid.
pub(super) fn open_invoice(account: &Account, subscription: &Subscription) -> Option<(String, String)> {
    let invoice = account.invoices.get(subscription.latest_invoice.as_deref()?)?;
    let intent = invoice.intent.clone().filter(|_| invoice.status == InvoiceStatus::Open)?;
    Some((invoice.id.clone(), intent))
}

/// Notes a failed attempt, and when the bank is asked again.
fn fail(desk: &mut Desk, account: &mut Account, subscription_id: &str, (at, invoice_id): (i64, &str)) {
    let Some(invoice) = account.invoices.get_mut(invoice_id) else { return };
    invoice.attempt_count = invoice.attempt_count.saturating_add(1);
    let days =
        usize::try_from(invoice.attempt_count).ok().and_then(|count| RETRY_DAYS.get(count.checked_sub(1)?));
    let next = days.map(|days| at.saturating_add(days.saturating_mul(DAY_SECONDS)));
    invoice.next_attempt_at = next;
    let Some(subscription) = account.subscriptions.get_mut(subscription_id) else { return };
    if subscription.status == SubscriptionStatus::Incomplete {
        invoice.next_attempt_at = None;
        return;
    }
    subscription.next_attempt_at = next;
    let (status, operation) = if next.is_some() {
        (SubscriptionStatus::PastDue, "subscriptions.fail_charge")
    } else {
        (SubscriptionStatus::Unpaid, "subscriptions.give_up")
    };
    subscription.status = status;
    report(desk, account, subscription_id, operation);
}

/// Lets an invoice, and the subscription it is of, follow what became of its intent.
pub(super) fn follow(desk: &mut Desk, account: &mut Account, intent_id: &str) {
    let now = desk.now();
    let Some(intent) = account.intents.get(intent_id) else { return };
    let Some(invoice) = intent.invoice.as_deref().and_then(|id| account.invoices.get_mut(id)) else { return };
    let (invoice_id, subscription_id) = (invoice.id.clone(), invoice.subscription.clone());
    let (status, method) = (intent.status, intent.payment_method.clone());
    let is_latest = account
        .subscriptions
        .get(&subscription_id)
        .is_some_and(|subscription| subscription.latest_invoice.as_deref() == Some(invoice_id.as_str()));
    match status {
        Status::Succeeded if invoice.status != InvoiceStatus::Paid => {
            invoice.attempt_count = invoice.attempt_count.saturating_add(1);
            invoice.pay(now, intent.latest_charge.clone());
            report_invoice(desk, account, &invoice_id, "invoices.pay");
            remember_method(account, &subscription_id, method);
        }
        Status::Processing => {}
        Status::RequiresPaymentMethod if is_latest => {
            // A bank debit bounced days after it had made the subscription active.
            let status = account.subscriptions.get(&subscription_id).map(|subscription| subscription.status);
            let bounced =
                account.intents.get(intent_id).and_then(|intent| intent.last_payment_error.get("code"));
            if status == Some(SubscriptionStatus::Active) && bounced.is_some() {
                let is_sent = account.invoices.get(&invoice_id).is_some_and(|invoice| invoice.is_sent);
                if !is_sent {
                    fail(desk, account, &subscription_id, (now, &invoice_id));
                }
            }
            return;
        }
        _ => return,
    }
    if is_latest {
        become_active(desk, account, &subscription_id);
    }
}

fn remember_method(account: &mut Account, subscription_id: &str, method: Option<String>) {
    let (Some(method), Some(subscription)) = (method, account.subscriptions.get_mut(subscription_id)) else {
        return;
    };
    subscription.last_method = Some(method.clone());
    if subscription.saves_method {
        subscription.default_payment_method = Some(method.clone());
    }
    let customer = subscription.customer.clone();
    customers::attach(account, &method, &customer);
}

fn become_active(desk: &mut Desk, account: &mut Account, subscription_id: &str) {
    let Some(subscription) = account.subscriptions.get_mut(subscription_id) else { return };
    subscription.next_attempt_at = None;
    if subscription.status.is_over()
        || [SubscriptionStatus::Active, SubscriptionStatus::Trialing].contains(&subscription.status)
    {
        return;
    }
    subscription.status = SubscriptionStatus::Active;
    report(desk, account, subscription_id, "subscriptions.activate");
}

/// Voids an invoice that is still to be paid, with its intent.
pub(super) fn void(account: &mut Account, invoice_id: &str, at: i64) {
    let Some(invoice) = account.invoices.get_mut(invoice_id) else { return };
    if invoice.status != InvoiceStatus::Open {
        return;
    }
    invoice.status = InvoiceStatus::Void;
    invoice.voided_at = Some(at);
    invoice.next_attempt_at = None;
    if let Some(intent) = invoice.intent.as_deref().and_then(|id| account.intents.get_mut(id)) {
        intent.cancel(at, Some("void_invoice"));
    }
}

/// Records that a subscription was created or changed.
pub(super) fn report(desk: &mut Desk, account: &Account, id: &str, operation: &'static str) {
    let Some(subscription) = account.subscriptions.get(id) else { return };
    let money = subscription.total().map(|total| (total, subscription.currency()));
    effects::report(desk, account, operation, Effect { id, money, metadata: &subscription.metadata });
}

fn report_invoice(desk: &mut Desk, account: &Account, id: &str, operation: &'static str) {
    let Some(invoice) = account.invoices.get(id) else { return };
    let money = Some((invoice.amount, invoice.currency.as_str()));
    effects::report(desk, account, operation, Effect { id, money, metadata: &invoice.subscription_metadata });
}
