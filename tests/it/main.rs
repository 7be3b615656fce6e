//! The one integration binary: the promises of the gateway against a running one, and the shape of the code.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::too_many_arguments,
    clippy::too_many_lines,
    reason = "tests: what is not as it should be stops the test at once, and a story is told in one piece"
)]

mod amounts;
mod bad_input;
mod calls;
mod circuits;
mod configuration;
mod crashes;
mod errors;
mod failover;
mod faults;
mod first_payment;
mod idempotency;
mod keys;
mod layers;
mod limits;
mod migrate;
mod nodes;
mod observability;
mod openapi;
mod operations;
mod outcomes;
mod overload;
mod passthrough;
mod payment_links;
mod payouts;
mod paypal_orders;
mod process;
mod reconcile;
mod refunds;
mod routing;
mod sms;
mod stopping;
mod subscriptions;
mod support;
mod tenants;
mod tidy;
mod tls;
mod tolerance;
mod turns;
