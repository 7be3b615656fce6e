//! What the adapters send and read, held against the providers' own specifications. A provider has a file, and a second one where it has many nouns.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests: what is not as it should be stops the test at once, and a skipped one says so"
)]

mod paypal;
mod razorpay;
mod specs;
mod stripe;
mod stripe_nouns;
mod twilio;
mod twilio_calls;
