//! What a request costs, part by part and as a whole. Prints, and asserts no times.
#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up stops at once")]

use criterion::{criterion_group, criterion_main};

mod adapters;
mod admission;
mod pipeline;
mod stage;
mod vault;

/// As in the program, so that the figures are those of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

criterion_group!(benches, admission::bench, adapters::bench, vault::bench, pipeline::bench);
criterion_main!(benches);
