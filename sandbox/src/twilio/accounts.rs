//! Twilio accounts: read one, by which credentials are checked without side effects.

use serde_json::json;

use crate::{clock, routes::Route};

use super::{Call, Done, Handler, refusal::Refusal};

/// The routes of this noun; the account's SID has been cut off in front.
pub(super) const ROUTES: &[Route<Handler>] =
    &[Route { method: "GET", path: ".json", operation: "account.get", handler: get }];

#[expect(clippy::unnecessary_wraps, reason = "it stands in the table of handlers")]
fn get(call: &mut Call<'_>) -> Result<Done, Refusal> {
    let sid = &call.account.sid;
    let created = clock::rfc2822(call.account.created_at);
    let own = format!("/2010-04-01/Accounts/{sid}");
    Ok(Done::Shown(json!({
        "sid": sid,
        "owner_account_sid": sid,
        "auth_token": call.account.token,
        "friendly_name": "Sandbox account",
        "status": "active",
        "type": "Full",
        "date_created": created,
        "date_updated": created,
        "uri": format!("{own}.json"),
        "subresource_uris": {
            "balance": format!("{own}/Balance.json"),
            "calls": format!("{own}/Calls.json"),
            "messages": format!("{own}/Messages.json"),
        },
    })))
}
