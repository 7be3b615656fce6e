//! `[limits]`: what is limited beside a key's own minute and day.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::Deserialize;

use crate::config::text;

/// `[limits]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    pub ip_per_minute: u32,
    #[serde(deserialize_with = "text::networks")]
    pub exempt: Box<[IpNet]>,
    pub addresses: usize,
    pub unknown_keys_per_minute: u32,
    pub sign_ups_per_hour: u32,
    pub sign_in_failures: u8,
    pub sign_in_failures_per_ip: u8,
    pub sign_in_wait_seconds: u64,
    pub sign_in_longest_wait_seconds: u64,
    pub sign_in_forget_seconds: u64,
    /// Method and route, and the limit.
    #[serde(default)]
    pub endpoints: BTreeMap<String, u32>,
}
