//! What this node owes the store, on its own disk: an append-only spool of numbered entries.
