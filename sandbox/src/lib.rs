//! Razorpay, PayPal, Stripe and Twilio simulated from their documentation, with a control port for payers, faults and effects.

mod act;
mod clock;
mod control;
mod credentials;
mod desk;
mod ending;
mod exchange;
mod faults;
mod gzip;
mod payer;
mod paypal;
mod provider;
mod random;
mod razorpay;
mod record;
mod routes;
mod server;
mod shelf;
mod start;
mod stripe;
mod twilio;
mod world;

pub use start::{Addresses, Options, Sandbox, StartError, start};
