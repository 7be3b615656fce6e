//! The production store: every storage port of the domain on PostgreSQL, with row-level security forced.
