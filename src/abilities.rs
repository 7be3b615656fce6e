//! What each provider can do, as a table for people, written from the descriptors.

use std::fmt::Write;

use adapters::ADAPTERS;
use domain::{Descriptor, OperationKind, RetrySafety, SupportedOperation};

/// Returns the table of operations and providers in Markdown. A cell says what keeps a repeat after a lost answer from doing
/// the operation twice; an empty one that the provider cannot do it.
pub fn abilities_table() -> String {
    let descriptors: Vec<&Descriptor> = ADAPTERS.iter().map(|adapter| adapter.descriptor()).collect();
    let mut table = String::from("| operation | feature |");
    for descriptor in &descriptors {
        write_cell(&mut table, descriptor.name);
    }
    table.push_str("\n| --- | --- |");
    table.push_str(&" --- |".repeat(descriptors.len()));
    for kind in OperationKind::ALL {
        table.push_str("\n|");
        write_cell(&mut table, &format!("`{}`", kind.as_str()));
        write_cell(&mut table, kind.feature().as_str());
        for descriptor in &descriptors {
            write_cell(&mut table, descriptor.operation(kind).map_or("", word));
        }
    }
    table.push('\n');
    table
}

const fn word(supported: &SupportedOperation) -> &'static str {
    match supported.retry {
        RetrySafety::Harmless => "harmless",
        RetrySafety::Keyed => "keyed",
        // A request of the provider's own: nobody here knows what to look for.
        RetrySafety::LookUpFirst if matches!(supported.kind, OperationKind::ProxyWrite) => "sent once",
        RetrySafety::LookUpFirst => "looked up",
    }
}

fn write_cell(table: &mut String, text: &str) {
    // Writing to a text cannot fail.
    write!(table, " {text} |").ok();
}
