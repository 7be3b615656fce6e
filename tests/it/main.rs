//! The one integration binary: the promises of the gateway against a running one, and the shape of the code.

mod amounts;
mod bad_input;
mod first_payment;
mod idempotency;
mod keys;
mod layers;
mod observability;
mod openapi;
mod process;
mod support;
mod tenants;
mod tidy;
