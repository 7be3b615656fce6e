//! The cache of a gateway that is alone: every cache port of the domain, in memory.
