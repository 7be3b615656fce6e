//! What a payer does on PayPal's approval page.

use serde_json::{Value, json};

use crate::{
    desk::{Change, Desk},
    payer::{Page, PayerAction, PayerDone, PayerRefusal},
};

use super::{
    Merchant,
    captures::Status as Captured,
    order::{Order, PAYER_ID, Status},
    orders,
};

/// A payer's act with the amount that was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act<'a> {
    pub(super) action: PayerAction,
    pub(super) amount: Option<&'a Value>,
}

/// Does what the act says with the order. Paying and authorizing are approving here: the merchant captures.
pub(super) fn act(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    act: Act<'_>,
) -> Result<PayerDone, PayerRefusal> {
    orders::expire(desk, merchant, id);
    let now = desk.now();
    let order =
        merchant.orders.get_mut(id).filter(|order| !order.is_gone).ok_or(PayerRefusal::UnknownOrder)?;
    if order.status == Status::Completed {
        return settle_captures(desk, merchant, id, act);
    }
    let total = order.total();
    if act.amount.is_some_and(|amount| amount.as_str() != Some(total.text().as_str())) {
        return Err(PayerRefusal::amount(format!("amount must be \"{}\", the order's own", total.text())));
    }
    let redirect_url = if act.action == PayerAction::Abandon {
        cancel_url(order)
    } else {
        order.status = Status::Approved;
        order.is_declined = act.action == PayerAction::Decline;
        order.updated_at = now;
        let operation = match act.action {
            PayerAction::Decline => act.action.operation(),
            _ => PayerAction::Approve.operation(),
        };
        desk.report(Change {
            operation,
            merchant: &merchant.client_id,
            id,
            amount: json!(total.text()),
            currency: Some(&total.currency),
            reference: order.reference(),
        });
        order.return_url.as_deref().map(|url| with_query(url, &format!("token={id}&PayerID={PAYER_ID}")))
    };
    let order = merchant.orders.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(PayerDone {
        status: order.status.name().to_owned(),
        payment_id: None,
        object: order.to_json(merchant, desk),
        redirect_url,
    })
}

/// Lets the payer's bank pay what is pending, or refuse to: the only thing left on an order that was captured.
fn settle_captures(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    act: Act<'_>,
) -> Result<PayerDone, PayerRefusal> {
    let now = desk.now();
    let order = merchant.orders.get_mut(id).ok_or(PayerRefusal::UnknownOrder)?;
    let ids: Vec<String> = order.units.iter().flat_map(|unit| unit.captures.clone()).collect();
    let is_pending = |id: &&String| {
        merchant.captures.get(id).is_some_and(|made| matches!(made.status, Captured::Pending(_)))
    };
    let pending: Vec<&String> = ids.iter().filter(is_pending).collect();
    let (status, operation) = match act.action {
        PayerAction::Pay if act.amount.is_none() => (Captured::Completed, "captures.complete"),
        PayerAction::Decline => (Captured::Declined, "captures.deny"),
        _ => {
            return Err(PayerRefusal::action(
                "the order is COMPLETED; a pending capture takes pay or decline",
            ));
        }
    };
    if pending.is_empty() {
        return Err(PayerRefusal::action("the order is COMPLETED; a payer can do nothing with it"));
    }
    order.updated_at = now;
    for capture_id in &pending {
        if let Some(capture) = merchant.captures.get_mut(capture_id) {
            capture.status = status;
            capture.updated_at = now;
            desk.report(capture.change(operation, &merchant.client_id));
        }
    }
    let payment_id = pending.first().map(|id| (*id).clone());
    let order = merchant.orders.get(id).ok_or(PayerRefusal::UnknownOrder)?;
    Ok(PayerDone {
        status: order.status.name().to_owned(),
        payment_id,
        object: order.to_json(merchant, desk),
        redirect_url: None,
    })
}

/// Says what will become of the order's captures.
pub(super) fn foretell_capture(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    outcome: &Value,
) -> Result<(), PayerRefusal> {
    orders::expire(desk, merchant, id);
    let order =
        merchant.orders.get_mut(id).filter(|order| !order.is_gone).ok_or(PayerRefusal::UnknownOrder)?;
    order.outcome = outcome.as_str().and_then(Captured::foretold).ok_or_else(|| PayerRefusal::Refused {
        field: "capture",
        message: format!("capture must be {}", Captured::WORDS),
    })?;
    Ok(())
}

/// Returns what the payer's page shows.
pub(super) fn page(order: &Order) -> Page {
    let total = order.total();
    let description =
        order.units.first().and_then(|unit| unit.details.get("description")).and_then(Value::as_str);
    let is_open = !order.is_gone && order.status != Status::Completed;
    Page {
        amount: format!("{} {}", total.text(), total.currency),
        description: description.map(str::to_owned),
        status: if order.is_gone { "EXPIRED".to_owned() } else { order.status.name().to_owned() },
        is_payable: is_open && (order.status != Status::Approved || order.is_declined),
        cancel_url: cancel_url(order),
    }
}

fn cancel_url(order: &Order) -> Option<String> {
    order.cancel_url.as_deref().map(|url| with_query(url, &format!("token={}", order.id)))
}

/// Returns the address with the query behind what it has of one.
pub(super) fn with_query(url: &str, query: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{query}")
}
