//! What happens to a PayPal invoice beside the API: the payer pays all or a part, a bank keeps everybody waiting, the merchant
//! is paid elsewhere.

use serde_json::{Value, json};

use crate::{
    act::{Act, Acted},
    desk::Desk,
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
};

use super::{
    Merchant,
    captures::{self, Capture, Source},
    invoice::{Invoice, Payment, PaymentState, Status},
    invoices,
    money::{Money, Place, Rule},
    payer,
};

/// What can happen to an invoice.
const ACTS: [&str; 6] = ["pay", "pay_part", "pend", "decline", "mark_paid", "cancel"];

/// Does what the control call names.
pub(super) fn act(desk: &mut Desk, merchant: &mut Merchant, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    if !ACTS.contains(&act.name) {
        return Err(act.unknown(&ACTS));
    }
    act.only(if act.name == "pay_part" { &["amount"] } else { &[] })?;
    invoices::settle(desk, merchant, act.id);
    let found = merchant.invoices.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    let (status, due) = (found.status, found.due());
    match act.name {
        "pay" if status == Status::PaymentPending => finish(desk, merchant, act.id, PaymentState::Done),
        "decline" if status == Status::PaymentPending => finish(desk, merchant, act.id, PaymentState::Failed),
        "pay" if status.is_payable() => pay(desk, merchant, act.id, (due, PaymentState::Done)),
        "pay_part" if status.is_payable() => {
            let part = read_part(found, act.text("amount")?)?;
            pay(desk, merchant, act.id, (part, PaymentState::Done));
        }
        "pend" if status.is_payable() => pay(desk, merchant, act.id, (due, PaymentState::Pending)),
        "mark_paid" if status.is_payable() => pay(desk, merchant, act.id, (due, PaymentState::External)),
        "cancel" if matches!(status, Status::Sent | Status::Unpaid) => {
            invoices::close(desk, merchant, act.id);
        }
        name => {
            let message = format!("an invoice that is {} takes no {name}", found.status_name(merchant));
            return Err(PayerRefusal::action(message));
        }
    }
    let found = merchant.invoices.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(Acted { status: found.status_name(merchant).to_owned(), object: found.to_json(merchant, desk) })
}

fn read_part(found: &Invoice, amount: Option<&str>) -> Result<Money, PayerRefusal> {
    let due = found.due();
    let Some(least) = found.least_part else {
        return Err(PayerRefusal::action("the invoice's configuration allows no partial payment"));
    };
    let range = format!("{} to {}", due.with(least.min(due.minor)).text(), due.text());
    let wrong = || PayerRefusal::amount(format!("amount must be a text in major units from {range}"));
    let text = amount.ok_or_else(wrong)?;
    let place = Place { path: "/amount", rule: Rule::Positive, no_decimals: "DECIMALS_NOT_SUPPORTED" };
    let given = json!({"currency_code": due.currency, "value": text});
    let part = Money::read(&given, place).map_err(|_refusal| wrong())?;
    if part.minor > due.minor || part.minor < least.min(due.minor) {
        return Err(wrong());
    }
    Ok(part)
}

fn pay(desk: &mut Desk, merchant: &mut Merchant, id: &str, (amount, state): (Money, PaymentState)) {
    let now = desk.now();
    let Some(found) = merchant.invoices.get_mut(id) else { return };
    let payment_id = if state == PaymentState::External {
        format!("EXTR-{}", desk.random.base36(16))
    } else {
        let status = match state {
            PaymentState::Pending => captures::Status::Pending("ECHECK"),
            _ => captures::Status::Completed,
        };
        let source = Source::Invoice(id.to_owned());
        let made = Capture {
            custom_id: found.detail.get("reference").and_then(Value::as_str).map(str::to_owned),
            invoice_id: Some(found.number.clone()),
            ..Capture::new(desk, source, amount.clone(), status)
        };
        let payment_id = made.id.clone();
        merchant.captures.insert(&payment_id, made);
        payment_id
    };
    found.payments.push(Payment { id: payment_id, minor: amount.minor, state, at: now });
    let operation = match state {
        PaymentState::Pending => {
            found.status = Status::PaymentPending;
            "payment_links.pend"
        }
        PaymentState::External => {
            found.status = Status::MarkedAsPaid;
            "payment_links.mark_paid"
        }
        _ if found.due().minor > 0 => {
            found.status = Status::PartiallyPaid;
            "payment_links.pay_part"
        }
        _ => {
            found.status = Status::Paid;
            "payment_links.pay"
        }
    };
    desk.report(found.change(operation, &merchant.client_id, &amount));
}

/// Ends the wait for the payer's bank.
fn finish(desk: &mut Desk, merchant: &mut Merchant, id: &str, state: PaymentState) {
    let now = desk.now();
    let Some(found) = merchant.invoices.get_mut(id) else { return };
    let pending = found.payments.iter_mut().find(|payment| payment.state == PaymentState::Pending);
    let Some(payment) = pending else { return };
    payment.state = state;
    let amount = found.total.with(payment.minor);
    if let Some(capture) = merchant.captures.get_mut(&payment.id) {
        let is_done = state == PaymentState::Done;
        capture.status = if is_done { captures::Status::Completed } else { captures::Status::Declined };
        capture.updated_at = now;
    }
    let (status, operation) = match state {
        PaymentState::Done => (Status::Paid, "payment_links.pay"),
        _ if found.paid() > 0 => (Status::PartiallyPaid, "payment_links.decline"),
        _ => (Status::Unpaid, "payment_links.decline"),
    };
    found.status = status;
    desk.report(found.change(operation, &merchant.client_id, &amount));
}

/// Does what a payer does on the invoice's page.
pub(super) fn pay_page_act(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    payer_act: payer::Act<'_>,
) -> Result<PayerDone, PayerRefusal> {
    invoices::settle(desk, merchant, id);
    let found = merchant.invoices.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    if !found.status.is_payable() {
        let message = format!("the invoice is {}; nobody can pay it", found.status_name(merchant));
        return Err(PayerRefusal::action(message));
    }
    match payer_act.action {
        PayerAction::Pay | PayerAction::Approve => {
            let amount = match payer_act.amount {
                None => found.due(),
                Some(amount) => read_part(found, amount.as_str())?,
            };
            pay(desk, merchant, id, (amount, PaymentState::Done));
        }
        PayerAction::Decline => {
            desk.report(found.change("payment_links.decline", &merchant.client_id, &found.due()));
        }
        PayerAction::Abandon => {}
        PayerAction::Authorize => {
            return Err(PayerRefusal::action("an invoice is paid; nothing is authorized"));
        }
    }
    let found = merchant.invoices.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(PayerDone {
        status: found.status_name(merchant).to_owned(),
        payment_id: found.payments.last().map(|payment| payment.id.clone()),
        object: found.to_json(merchant, desk),
        redirect_url: None,
    })
}

/// Returns what the payer's page shows.
pub(super) fn page(found: &Invoice, merchant: &Merchant) -> Page {
    let due = found.due();
    let first_item = found.items.first().and_then(|item| item.get("name"));
    Page {
        amount: format!("{} {}", due.text(), due.currency),
        description: first_item.and_then(Value::as_str).map(str::to_owned),
        status: found.status_name(merchant).to_owned(),
        is_payable: found.status.is_payable(),
        cancel_url: None,
    }
}
