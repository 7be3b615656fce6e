//! What time, PayPal and the receivers do with a payout: it is looked at, processed, claimed or not, and may come back.

use crate::{
    act::{Act, Acted},
    desk::Desk,
    payer::PayerRefusal,
};

use super::{
    Merchant,
    payout::{BatchStatus, ItemError, ItemStatus},
};

/// A batch is looked at after two seconds and done after ten.
const PROCESSING_AFTER_SECONDS: i64 = 2;
const DONE_AFTER_SECONDS: i64 = 10;
/// What nobody claims comes back after 30 days.
const CLAIM_SECONDS: i64 = 30 * 24 * 60 * 60;
/// The sandbox's own addition: a receiver whose address begins like this has no PayPal account.
const UNREGISTERED: &str = "unregistered";
/// What can happen to an item, with the states it can happen in, what comes of it, and the effect.
const ACTS: [(&str, &[ItemStatus], ItemStatus, &str); 8] = [
    (
        "succeed",
        &[ItemStatus::Pending, ItemStatus::OnHold, ItemStatus::Unclaimed],
        ItemStatus::Success,
        "payouts.succeed",
    ),
    ("fail", &[ItemStatus::Pending, ItemStatus::OnHold], ItemStatus::Failed, "payouts.fail"),
    ("unclaim", &[ItemStatus::Pending], ItemStatus::Unclaimed, "payouts.unclaim"),
    ("return", &[ItemStatus::Unclaimed], ItemStatus::Returned, "payouts.return"),
    ("hold", &[ItemStatus::Pending], ItemStatus::OnHold, "payouts.hold"),
    ("block", &[ItemStatus::Pending, ItemStatus::OnHold], ItemStatus::Blocked, "payouts.block"),
    ("refund", &[ItemStatus::Success], ItemStatus::Refunded, "payouts.refund"),
    ("reverse", &[ItemStatus::Success], ItemStatus::Reversed, "payouts.reverse"),
];
/// What can happen to a batch that is not done.
const BATCH_ACTS: [(&str, BatchStatus, &str); 2] =
    [("deny", BatchStatus::Denied, "payouts.deny"), ("cancel", BatchStatus::Canceled, "payouts.cancel")];

/// Lets happen to a batch what has become due.
pub(super) fn run(desk: &mut Desk, merchant: &mut Merchant, batch_id: &str) {
    let now = desk.now();
    let Some(batch) = merchant.payouts.get_mut(batch_id) else { return };
    let age = if batch.is_instant { i64::MAX } else { now.saturating_sub(batch.created_at) };
    if batch.status == BatchStatus::Pending && age >= PROCESSING_AFTER_SECONDS {
        batch.status = BatchStatus::Processing;
    }
    if !batch.status.shows_items() {
        return;
    }
    for id in batch.items.clone() {
        let Some(item) = merchant.payout_items.get(&id) else { continue };
        let receiver = item.sent.get("receiver").and_then(|receiver| receiver.as_str()).unwrap_or_default();
        let next = match item.status {
            ItemStatus::Pending if age < DONE_AFTER_SECONDS => continue,
            ItemStatus::Pending if receiver.starts_with(UNREGISTERED) => {
                (ItemStatus::Unclaimed, "payouts.unclaim")
            }
            ItemStatus::Pending => (ItemStatus::Success, "payouts.succeed"),
            ItemStatus::Unclaimed
                if now.saturating_sub(item.processed_at.unwrap_or(now)) >= CLAIM_SECONDS =>
            {
                (ItemStatus::Returned, "payouts.return")
            }
            _ => continue,
        };
        turn(desk, merchant, &id, next);
    }
    finish(merchant, batch_id, now);
}

/// A batch is done when none of its items waits any more.
fn finish(merchant: &mut Merchant, batch_id: &str, now: i64) {
    let Some(batch) = merchant.payouts.get_mut(batch_id) else { return };
    let mut items = batch.items.iter().filter_map(|id| merchant.payout_items.get(id));
    if batch.status == BatchStatus::Processing && items.all(|item| item.status != ItemStatus::Pending) {
        batch.status = BatchStatus::Success;
        batch.completed_at = Some(now);
    }
}

/// Changes an item's status and reports it.
pub(super) fn turn(
    desk: &mut Desk,
    merchant: &mut Merchant,
    id: &str,
    (status, operation): (ItemStatus, &'static str),
) {
    let now = desk.now();
    let Some(item) = merchant.payout_items.get_mut(id) else { return };
    item.status = status;
    item.processed_at = Some(now);
    item.error = (status == ItemStatus::Unclaimed).then(|| ItemError {
        name: "RECEIVER_UNREGISTERED".to_owned(),
        message: "Receiver is unregistered".to_owned(),
        debug_id: desk.random.hex(13),
    });
    desk.report(item.change(operation, &merchant.client_id));
}

/// Does what the control call names, with one item or with every item of a batch.
pub(super) fn act(desk: &mut Desk, merchant: &mut Merchant, act: Act<'_>) -> Result<Acted, PayerRefusal> {
    let is_batch = merchant.payouts.get(act.id).is_some();
    let batch_id = match merchant.payout_items.get(act.id) {
        Some(item) => item.batch_id.clone(),
        None => act.id.to_owned(),
    };
    run(desk, merchant, &batch_id);
    if let Some((_, status, operation)) = BATCH_ACTS.into_iter().find(|(name, ..)| *name == act.name) {
        act.only(&[])?;
        if !is_batch {
            return Err(PayerRefusal::action(format!("{} is for a whole batch, by its id", act.name)));
        }
        close(desk, merchant, act, (status, operation))?;
    } else {
        act_on_items(desk, merchant, act, &batch_id)?;
    }
    let batch = merchant.payouts.get(&batch_id).ok_or(PayerRefusal::UnknownOrder)?;
    match merchant.payout_items.get(act.id) {
        Some(item) => Ok(Acted { status: item.status.name().to_owned(), object: item.to_json(desk).into() }),
        None => Ok(Acted { status: batch.status.name().to_owned(), object: batch.to_json(merchant, desk) }),
    }
}

fn close(
    desk: &mut Desk,
    merchant: &mut Merchant,
    act: Act<'_>,
    (status, operation): (BatchStatus, &'static str),
) -> Result<(), PayerRefusal> {
    let batch = merchant.payouts.get_mut(act.id).ok_or(PayerRefusal::UnknownOrder)?;
    let mut items = batch.items.iter().filter_map(|id| merchant.payout_items.get(id));
    let is_open = matches!(batch.status, BatchStatus::Pending | BatchStatus::Processing);
    if !is_open || items.any(|item| item.status != ItemStatus::Pending) {
        let message =
            format!("a batch that is {} with items handled takes no {}", batch.status.name(), act.name);
        return Err(PayerRefusal::action(message));
    }
    batch.status = status;
    desk.report(batch.change(operation, &merchant.client_id));
    Ok(())
}

fn act_on_items(
    desk: &mut Desk,
    merchant: &mut Merchant,
    act: Act<'_>,
    batch_id: &str,
) -> Result<(), PayerRefusal> {
    let Some((name, from, to, operation)) = ACTS.into_iter().find(|(name, ..)| *name == act.name) else {
        let names: Vec<&str> =
            ACTS.iter().map(|(name, ..)| *name).chain(BATCH_ACTS.map(|(name, ..)| name)).collect();
        return Err(act.unknown(&names));
    };
    act.only(if name == "fail" { &["reason"] } else { &[] })?;
    let reason = act.text("reason")?.unwrap_or("RECEIVER_ACCOUNT_LOCKED").to_owned();
    let batch = merchant.payouts.get_mut(batch_id).ok_or(PayerRefusal::UnknownOrder)?;
    if matches!(batch.status, BatchStatus::Denied | BatchStatus::Canceled) {
        return Err(PayerRefusal::action(format!("the batch is {}", batch.status.name())));
    }
    let ids = if batch_id == act.id { batch.items.clone() } else { vec![act.id.to_owned()] };
    let unfit =
        ids.iter().filter_map(|id| merchant.payout_items.get(id)).find(|item| !from.contains(&item.status));
    if let Some(item) = unfit {
        return Err(PayerRefusal::action(format!("an item that is {} takes no {name}", item.status.name())));
    }
    if batch.status == BatchStatus::Pending {
        batch.status = BatchStatus::Processing;
    }
    for id in &ids {
        turn(desk, merchant, id, (to, operation));
        if let (ItemStatus::Failed, Some(item)) = (to, merchant.payout_items.get_mut(id)) {
            let message = format!("The payout failed: {reason}");
            item.error = Some(ItemError { name: reason.clone(), message, debug_id: desk.random.hex(13) });
        }
    }
    finish(merchant, batch_id, desk.now());
    Ok(())
}
