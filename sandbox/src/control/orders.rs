//! `POST /_control/orders/{provider}/{id}/{action}`: what a payer does.

use serde_json::{Value, json};

use crate::{
    exchange::Incoming,
    payer::{PayerAction, PayerDone, PayerRefusal},
    provider::Provider,
    world::World,
};

use super::fields::{self, Wrong};

/// Does the payer's act that the path names.
pub(super) fn act(world: &mut World, incoming: &Incoming, rest: &str) -> Result<Value, Wrong> {
    let parts: Vec<&str> = rest.split('/').collect();
    let [provider, id, action] = parts.as_slice() else {
        let message = "the path is /_control/orders/{provider}/{id}/{pay|authorize|decline|approve|abandon}";
        return Err(Wrong::not_found(message));
    };
    let provider = fields::provider(provider)?;
    let action = read_action(action)?;
    let body = fields::object(incoming)?;
    fields::only(&body, &["amount", "capture"], "")?;
    let amount = body.get("amount").filter(|amount| !amount.is_null());
    if let Some(outcome) = body.get("capture").filter(|outcome| !outcome.is_null()) {
        let (simulation, desk) = world.at_work(provider);
        simulation.foretell_capture(desk, id, outcome).map_err(|refusal| wrong(refusal, provider, id))?;
    }
    let done = perform(world, provider, (id, action, amount))?;
    Ok(json!({
        "provider": provider.name(),
        "id": id,
        "status": done.status,
        "payment_id": done.payment_id,
        "redirect_url": done.redirect_url,
        "object": done.object,
    }))
}

/// Does a payer's act with an order.
pub(super) fn perform(
    world: &mut World,
    provider: Provider,
    (id, action, amount): (&str, PayerAction, Option<&Value>),
) -> Result<PayerDone, Wrong> {
    let (simulation, desk) = world.at_work(provider);
    simulation.pay(desk, id, action, amount).map_err(|refusal| wrong(refusal, provider, id))
}

fn wrong(refusal: PayerRefusal, provider: Provider, id: &str) -> Wrong {
    match refusal {
        PayerRefusal::UnknownOrder => Wrong::not_found(format!("{provider} has no order {id}")),
        PayerRefusal::Refused { field, message } => Wrong::field(field, message),
    }
}

fn read_action(name: &str) -> Result<PayerAction, Wrong> {
    PayerAction::named(name).ok_or_else(|| {
        let names = PayerAction::NAMES.join(", ");
        Wrong::field("action", format!("unknown action {name}; there are {names}"))
    })
}
