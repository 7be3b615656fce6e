//! Razorpay payment links: create, get, list, cancel, notify, and what the payer and time do with them.

use serde_json::{Value, json};

use crate::{
    act::{Act, Acted},
    desk::{Change, Desk},
    payer::{Page, PayerAction, PayerDone, PayerRefusal, major},
    routes::Route,
};

use super::{
    Call, Handler, Merchant, currencies, fields,
    lists::ListQuery,
    orders::{self, Opening},
    payer::Due,
    payment_link::{PaymentLink, Status},
    payments::{self, Attempt, Status as PaymentStatus},
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route { method: "POST", path: "/v1/payment_links", operation: "payment_links.create", handler: create },
    Route { method: "GET", path: "/v1/payment_links", operation: "payment_links.list", handler: list },
    Route { method: "GET", path: "/v1/payment_links/{id}", operation: "payment_links.get", handler: get },
    Route {
        method: "POST",
        path: "/v1/payment_links/{id}/cancel",
        operation: "payment_links.cancel",
        handler: cancel,
    },
    Route {
        method: "POST",
        path: "/v1/payment_links/{id}/notify_by/sms",
        operation: "payment_links.notify",
        handler: notify_by_sms,
    },
    Route {
        method: "POST",
        path: "/v1/payment_links/{id}/notify_by/email",
        operation: "payment_links.notify",
        handler: notify_by_email,
    },
];

/// What can happen to a payment link beside the API.
const ACTS: [&str; 4] = ["pay", "pay_part", "decline", "expire"];
/// What cannot be cancelled or expired any more.
const ALREADY_PAID: &str = "cannot cancel or expire an already paid/partially paid link";

/// Does what the control call says.
pub(super) fn act(desk: &mut Desk, merchant: &mut Merchant, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    settle(desk, merchant, act.id);
    let amount = act.fields.get("amount").filter(|amount| !amount.is_null());
    match act.name {
        "pay" | "decline" => {
            act.only(&[])?;
            let action = if act.name == "pay" { PayerAction::Pay } else { PayerAction::Decline };
            pay(desk, merchant, act.id, (action, None))?;
        }
        "pay_part" => {
            act.only(&["amount"])?;
            let amount = amount.ok_or_else(|| PayerRefusal::amount("amount is missing"))?;
            pay(desk, merchant, act.id, (PayerAction::Pay, Some(amount)))?;
        }
        "expire" => {
            act.only(&[])?;
            let link = merchant.payment_links.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
            if let Some(reason) = cannot_close(link.status) {
                return Err(PayerRefusal::action(reason));
            }
            close(desk, merchant, act.id, Status::Expired);
        }
        _ => return Err(act.unknown(&ACTS)),
    }
    let link = merchant.payment_links.get(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(Acted { status: link.status.name().to_owned(), object: link.to_json(desk) })
}

/// Does what the payer does on the page of a link.
pub(super) fn pay(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    (action, amount): (PayerAction, Option<&Value>),
) -> Result<PayerDone, PayerRefusal> {
    settle(desk, merchant, id);
    let link = merchant.payment_links.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    if !link.is_open() {
        return Err(PayerRefusal::action(format!("the payment link is {}", link.status.name())));
    }
    let amount = amount_of(link, amount)?;
    let (status, operation) = match action {
        PayerAction::Pay => (PaymentStatus::Captured, "payment_links.pay"),
        PayerAction::Decline => (PaymentStatus::Failed, "payment_links.decline"),
        PayerAction::Abandon => (PaymentStatus::Created, "payment_links.abandon"),
        PayerAction::Authorize | PayerAction::Approve => {
            return Err(PayerRefusal::action("a payment link captures at once; use pay, decline or abandon"));
        }
    };
    let order_id = order_of(desk, merchant, id)?;
    let attempt = Attempt { amount, status, at: desk.now(), invoice_id: None };
    let payment_id = payments::attempt(desk, merchant, &order_id, attempt);
    report(desk, merchant, id, (operation, amount));
    let link = merchant.payment_links.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    let is_paid = status == PaymentStatus::Captured;
    Ok(PayerDone {
        status: link.status.name().to_owned(),
        redirect_url: payment_id.as_deref().filter(|_| is_paid).and_then(|payment| return_url(link, payment)),
        payment_id,
        object: link.to_json(desk),
    })
}

/// Returns what the payer's page shows.
pub(super) fn page(link: &PaymentLink) -> Page {
    let decimals = currencies::decimals(&link.currency).unwrap_or(2);
    let amount = if link.is_open() { link.amount_due() } else { link.amount };
    Page {
        amount: format!("{} {}", major(amount, decimals), link.currency),
        description: Some(link.description.clone()).filter(|text| !text.is_empty()),
        status: link.status.name().to_owned(),
        is_payable: link.is_open(),
        cancel_url: None,
    }
}

/// Lets a link expire whose time is over; one that is paid in part stays.
pub(super) fn settle(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    let is_over = |link: &&PaymentLink| link.status == Status::Created && link.expires_at() <= now;
    if merchant.payment_links.get(id).filter(is_over).is_some() {
        close(desk, merchant, id, Status::Expired);
    }
}

/// Returns the order of a link, which its first attempt to pay makes.
fn order_of(desk: &mut Desk, merchant: &mut Merchant, id: &str) -> Result<String, PayerRefusal> {
    let link = merchant.payment_links.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    if let Some(order_id) = &link.order_id {
        return Ok(order_id.clone());
    }
    let opening = Opening {
        amount: link.amount,
        currency: link.currency.clone(),
        receipt: link.reference.clone(),
        notes: link.notes.clone(),
        takes_part_payments: link.accepts_parts,
        link_id: Some(id.to_owned()),
        created_at: desk.now(),
    };
    let order_id = orders::open(desk, merchant, opening);
    if let Some(link) = merchant.payment_links.get_mut(id) {
        link.order_id = Some(order_id.clone());
    }
    Ok(order_id)
}

fn amount_of(link: &PaymentLink, given: Option<&Value>) -> Result<i64, PayerRefusal> {
    let due = Due {
        amount: link.amount_due(),
        takes_parts: link.accepts_parts,
        whole_only: "the payment link was not created with accept_partial",
    };
    let amount = due.paid(given)?;
    // Who is not told an amount pays all that is due, which is always enough.
    if given.is_some() && link.amount_paid == 0 && amount < link.first_part {
        return Err(PayerRefusal::amount(format!(
            "amount must be at least {}, the link's first_min_partial_amount",
            link.first_part
        )));
    }
    Ok(amount)
}

/// Returns where the payer's browser goes after a payment. `razorpay_signature` is not among the pairs: the
/// sandbox signs nothing.
fn return_url(link: &PaymentLink, payment_id: &str) -> Option<String> {
    let url = link.callback_url.as_ref()?;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("razorpay_payment_id", payment_id)
        .append_pair("razorpay_payment_link_id", &link.id)
        .append_pair("razorpay_payment_link_reference_id", link.reference.as_deref().unwrap_or_default())
        .append_pair("razorpay_payment_link_status", link.status.name())
        .finish();
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{separator}{query}"))
}

/// Returns why a link can be neither cancelled nor expired.
fn cannot_close(status: Status) -> Option<&'static str> {
    match status {
        Status::Created => None,
        Status::Paid | Status::PartiallyPaid => Some(ALREADY_PAID),
        Status::Expired => Some("cannot cancel or expire an expired link"),
        Status::Cancelled => Some("cannot cancel or expire a cancelled link"),
    }
}

fn close(desk: &mut Desk, merchant: &mut Merchant, id: &str, status: Status) {
    let now = desk.now();
    let Some(link) = merchant.payment_links.get_mut(id) else { return };
    link.status = status;
    link.updated_at = now;
    let operation = if status == Status::Expired {
        link.expired_at = now;
        "payment_links.expire"
    } else {
        link.cancelled_at = now;
        "payment_links.cancel"
    };
    let amount = link.amount;
    report(desk, merchant, id, (operation, amount));
}

fn report(desk: &mut Desk, merchant: &Merchant, id: &str, (operation, amount): (&'static str, i64)) {
    let Some(link) = merchant.payment_links.get(id) else { return };
    desk.report(Change {
        operation,
        merchant: &merchant.key_id,
        id,
        amount: json!(amount),
        currency: Some(&link.currency),
        reference: link.reference.as_deref(),
    });
}

fn create(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let link = PaymentLink::read(call)?;
    if let Some(reference) = &link.reference {
        if call.merchant.link_references.get(reference).is_some() {
            return Err(Refusal::field(
                "reference_id",
                "payment link creation with reference ID already attempted",
            ));
        }
        call.merchant.link_references.insert(reference, ());
    }
    let (id, amount) = (link.id.clone(), link.amount);
    let answer = link.to_json(call.desk);
    call.merchant.payment_links.insert(&id, link);
    report(call.desk, call.merchant, &id, ("payment_links.create", amount));
    Ok(answer)
}

/// Returns the link that the path names, brought up to date.
fn find<'m>(call: &'m mut Call<'_>) -> Result<&'m PaymentLink, Refusal> {
    fields::check_id(call.id, "plink_")?;
    settle(call.desk, call.merchant, call.id);
    call.merchant.payment_links.get(call.id).ok_or_else(Refusal::unknown_id)
}

fn get(call: &mut Call<'_>) -> Result<Value, Refusal> {
    find(call)?;
    show(call)
}

fn show(call: &Call<'_>) -> Result<Value, Refusal> {
    let link = call.merchant.payment_links.get(call.id).ok_or_else(Refusal::unknown_id)?;
    Ok(link.to_json(call.desk))
}

fn list(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let query = ListQuery::read(call.incoming, &["reference_id"])?;
    for id in call.merchant.payment_links.ids() {
        settle(call.desk, call.merchant, &id);
    }
    let fitting = call
        .merchant
        .payment_links
        .newest()
        .filter(|link| query.admits("reference_id", link.reference.as_deref()));
    let items: Vec<Value> =
        query.page(fitting, |link| link.created_at).into_iter().map(|link| link.to_json(call.desk)).collect();
    // Not a collection, unlike every other list.
    Ok(json!({"payment_links": items}))
}

fn cancel(call: &mut Call<'_>) -> Result<Value, Refusal> {
    fields::no_fields(&call.incoming.body)?;
    if let Some(reason) = cannot_close(find(call)?.status) {
        return Err(Refusal::state(reason));
    }
    close(call.desk, call.merchant, call.id, Status::Cancelled);
    show(call)
}

fn notify_by_sms(call: &mut Call<'_>) -> Result<Value, Refusal> {
    notify(call, "contact")
}

fn notify_by_email(call: &mut Call<'_>) -> Result<Value, Refusal> {
    notify(call, "email")
}

fn notify(call: &mut Call<'_>, address: &str) -> Result<Value, Refusal> {
    fields::no_fields(&call.incoming.body)?;
    let link = find(call)?;
    if !link.is_open() {
        let message = format!("notification cannot be sent for a link in {} status", link.status.name());
        return Err(Refusal::state(message));
    }
    if !link.customer.contains_key(address) {
        return Err(Refusal::state(format!("the customer of the link has no {address}")));
    }
    let amount = link.amount;
    report(call.desk, call.merchant, call.id, ("payment_links.notify", amount));
    Ok(json!({"success": true}))
}
