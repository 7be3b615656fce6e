//! `POST /_control/{noun}/{provider}/{id}/{action}` for every noun but orders: what happens beside the API.

use serde_json::{Value, json};

use crate::{
    act::{Act, Noun},
    exchange::Incoming,
    payer::PayerRefusal,
    world::World,
};

use super::fields::{self, Wrong};

/// Returns the noun of a control path with the rest of the path; none where the path is something else's.
pub(super) fn noun_of(path: &str) -> Option<(Noun, &str)> {
    let (noun, rest) = path.strip_prefix("/_control/")?.split_once('/')?;
    Noun::named(noun).map(|noun| (noun, rest))
}

/// Does what the path names.
pub(super) fn act(world: &mut World, incoming: &Incoming, noun: Noun, rest: &str) -> Result<Value, Wrong> {
    let parts: Vec<&str> = rest.split('/').collect();
    let [provider, id, name] = parts.as_slice() else {
        let message = format!("the path is /_control/{}/{{provider}}/{{id}}/{{action}}", noun.name());
        return Err(Wrong::not_found(message));
    };
    let provider = fields::provider(provider)?;
    let body = fields::object(incoming)?;
    let (simulation, desk) = world.at_work(provider);
    let acted =
        simulation.act(desk, Act { noun, id, name, fields: &body }).map_err(|refusal| match refusal {
            PayerRefusal::UnknownOrder => {
                Wrong::not_found(format!("{provider} has no {} with the id {id}", noun.name()))
            }
            PayerRefusal::Refused { field, message } => Wrong::field(field, message),
        })?;
    Ok(json!({"provider": provider.name(), "id": id, "status": acted.status, "object": acted.object}))
}
