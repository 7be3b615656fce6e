//! The proof of money safety: thousands of calls through gateways that are killed, on a network that loses what it carries,
//! to providers that do a thing and never say so. Then what was told is held against what was done.
//!
//! Two storms: in the first, objects are made; then payers act; in the second, what was made is captured, cancelled,
//! refunded and ended, and more is made. Each call has an idempotency key, and callers repeat it as callers do. When all is
//! calm again, outcomes that were unknown get their time, some callers ask once more, and the judge looks.

mod blows;
mod callers;
mod evidence;
mod ground;
mod judge;
mod payers;
mod plan;
mod table;
mod trial;
mod wishes;

use ground::Ground;
use plan::Plan;

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_done_once_whatever_two_gateways_and_their_servers_suffer() {
    trial::hold(Plan::small(20_261_126), Ground::shared().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_done_once_whatever_a_gateway_with_its_own_store_suffers() {
    trial::hold(Plan::small(11_262_026), Ground::alone().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make chaos`"]
async fn ten_thousand_calls() {
    trial::hold(Plan::large(1, 360), Ground::shared().await).await;
    trial::hold(Plan::large(2, 360), Ground::alone().await).await;
}
