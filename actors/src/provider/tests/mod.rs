//! A provider's handle against a scripted transport.

mod attempts;
mod streams;
mod tokens;
