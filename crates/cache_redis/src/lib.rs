//! What nodes share for speed, on Redis: every cache port of the domain.
