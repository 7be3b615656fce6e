//! A provider's handle against a scripted transport.

mod attempts;
mod circuits;
mod retries;
mod streams;
mod tokens;
