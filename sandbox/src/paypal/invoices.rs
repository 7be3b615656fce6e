//! PayPal invoices: create, get, list, send, cancel, delete. There is no request id here: the invoice number is the only guard.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{desk::Desk, exchange::Answer, routes::Route};

use super::{
    Call, Done, Handler, Merchant, fields,
    invoice::{self, Invoice, Status},
    invoice_request, invoice_search, prefers_whole,
    refusal::Refusal,
};

/// The routes of this noun.
pub(super) const ROUTES: &[Route<Handler>] = &[
    Route {
        method: "POST",
        path: "/v2/invoicing/invoices",
        operation: "payment_links.create",
        handler: create,
    },
    Route {
        method: "GET",
        path: "/v2/invoicing/invoices",
        operation: "payment_links.list",
        handler: invoice_search::list,
    },
    Route {
        method: "POST",
        path: "/v2/invoicing/search-invoices",
        operation: "payment_links.search",
        handler: invoice_search::search,
    },
    Route {
        method: "GET",
        path: "/v2/invoicing/invoices/{id}",
        operation: "payment_links.get",
        handler: get,
    },
    Route {
        method: "DELETE",
        path: "/v2/invoicing/invoices/{id}",
        operation: "payment_links.delete",
        handler: delete,
    },
    Route {
        method: "POST",
        path: "/v2/invoicing/invoices/{id}/send",
        operation: "payment_links.send",
        handler: send,
    },
    Route {
        method: "POST",
        path: "/v2/invoicing/invoices/{id}/cancel",
        operation: "payment_links.cancel",
        handler: cancel,
    },
];

fn create(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let made = invoice_request::read_invoice(call)?;
    call.desk.report(made.change("payment_links.create", &call.merchant.client_id, &made.total));
    let shown = if prefers_whole(call.incoming) {
        made.to_json(call.merchant, call.desk)
    } else {
        json!({"rel": "self", "href": made.url(call.desk), "method": "GET"})
    };
    let id = made.id.clone();
    call.merchant.invoice_numbers.insert(&made.number, id.clone());
    call.merchant.invoices.insert(&id, made);
    Ok(Done::Said(Answer::json(StatusCode::CREATED, &shown)))
}

fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    let shown = call.merchant.invoices.get(call.id).map(|found| found.to_json(call.merchant, call.desk));
    Ok(Done::Said(Answer::json(StatusCode::OK, &shown.unwrap_or_default())))
}

fn find<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Invoice, Refusal> {
    settle(call.desk, call.merchant, call.id);
    let id = call.id;
    let unknown = || Refusal::issue("INVALID_RESOURCE_ID").at_path("invoice_id", id);
    call.merchant.invoices.get_mut(id).ok_or_else(unknown)
}

/// Sends a scheduled invoice when its day has come.
pub(super) fn settle(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    let Some(found) = merchant.invoices.get_mut(id) else { return };
    if found.status == Status::Scheduled && found.date <= invoice::day_of(now) {
        found.status = Status::Sent;
        found.sent_at = Some(now);
        desk.report(found.change("payment_links.send", &merchant.client_id, &found.total));
    }
}

fn has_email(found: &Invoice) -> bool {
    let recipients = found.members.get("primary_recipients").and_then(Value::as_array);
    recipients
        .into_iter()
        .flatten()
        .any(|recipient| recipient.pointer("/billing_info/email_address").is_some())
}

/// Makes a draft payable. Without a mail it is `UNPAID`, with one `SENT`; sending again changes nothing.
fn send(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let now = call.desk.now();
    let to_recipient = fields::flag(&call.body, "send_to_recipient", "")?.unwrap_or(true);
    fields::flag(&call.body, "send_to_invoicer", "")?;
    let page = call.desk.pay_url(call.id);
    let found = find(call)?;
    let payer_view = json!({"href": page, "rel": "payer-view", "method": "GET"});
    match found.status {
        Status::Draft if found.date > invoice::day_of(now) => {
            found.status = Status::Scheduled;
            let links = json!({"links": [payer_view]});
            return Ok(Done::Said(Answer::json(StatusCode::ACCEPTED, &links)));
        }
        Status::Draft => {
            found.status = if to_recipient && has_email(found) { Status::Sent } else { Status::Unpaid };
            found.sent_at = Some(now);
        }
        Status::Cancelled => return Err(Refusal::issue("INVOICE_CANCELED_ALREADY")),
        _ => return Ok(Done::Said(Answer::json(StatusCode::OK, &payer_view))),
    }
    if let Some(sent) = call.merchant.invoices.get(call.id) {
        call.desk.report(sent.change("payment_links.send", &call.merchant.client_id, &sent.total));
    }
    Ok(Done::Said(Answer::json(StatusCode::OK, &payer_view)))
}

fn cancel(call: &mut Call<'_>) -> Result<Done, Refusal> {
    find(call)?;
    let status = call.merchant.invoices.get(call.id).map(|found| found.status_name(call.merchant));
    let issue = match status.unwrap_or_default() {
        "SENT" | "UNPAID" => None,
        "DRAFT" => Some("CANNOT_CANCEL_DRAFT_INVOICE"),
        "SCHEDULED" => Some("CANNOT_CANCEL_SCHEDULED_INVOICE"),
        "CANCELLED" => Some("INVOICE_CANCELED_ALREADY"),
        "REFUNDED" | "PARTIALLY_REFUNDED" => Some("CANNOT_CANCEL_REFUNDED_INVOICE"),
        _ => Some("CANNOT_CANCEL_PAID_INVOICE"),
    };
    if let Some(issue) = issue {
        return Err(Refusal::issue(issue));
    }
    close(call.desk, call.merchant, call.id);
    Ok(Done::Said(Answer::empty(StatusCode::NO_CONTENT)))
}

/// Cancels an invoice, whoever does it.
pub(super) fn close(desk: &mut Desk, merchant: &mut Merchant, id: &str) {
    let now = desk.now();
    let Some(found) = merchant.invoices.get_mut(id) else { return };
    found.status = Status::Cancelled;
    found.canceled_at = Some(now);
    desk.report(found.change("payment_links.cancel", &merchant.client_id, &found.total));
}

/// Drafts and scheduled invoices only; the number may be used again.
fn delete(call: &mut Call<'_>) -> Result<Done, Refusal> {
    if !matches!(find(call)?.status, Status::Draft | Status::Scheduled) {
        let text = "Only draft and scheduled invoices can be deleted.";
        return Err(Refusal::issue("INVALID_PARAMETER_VALUE").at_path("invoice_id", call.id).saying(text));
    }
    if let Some(gone) = call.merchant.invoices.remove(call.id) {
        call.merchant.invoice_numbers.remove(&gone.number);
        call.desk.report(gone.change("payment_links.delete", &call.merchant.client_id, &gone.total));
    }
    Ok(Done::Said(Answer::empty(StatusCode::NO_CONTENT)))
}
