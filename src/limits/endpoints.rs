//! The endpoints at which a key has a limit of its own, as they are configured.

use std::num::NonZeroU32;
use std::sync::Arc;

use actors::EndpointIndex;

use crate::config::LimitSettings;

/// Method and route of each, in the order of their limits.
#[derive(Debug)]
pub(super) struct Endpoints(Box<[(Box<str>, Box<str>)]>);

impl Endpoints {
    pub(super) fn new(limits: &LimitSettings) -> Self {
        let names = limited(limits).filter_map(|(name, _)| name.split_once(' '));
        Self(names.map(|(method, route)| (method.into(), route.into())).collect())
    }

    /// Returns which one a request is for. Few have a limit, and most nobody.
    pub(super) fn find(&self, method: &str, route: &str) -> Option<EndpointIndex> {
        let mut endpoints = self.0.iter();
        let is_it = |(of, at): &(Box<str>, Box<str>)| **at == *route && **of == *method;
        endpoints.position(is_it).map(EndpointIndex)
    }
}

impl LimitSettings {
    /// Returns what a key may ask of each limited endpoint in a minute.
    pub(crate) fn of_endpoints(&self) -> Arc<[NonZeroU32]> {
        limited(self).map(|(_, limit)| limit).collect()
    }
}

fn limited(limits: &LimitSettings) -> impl Iterator<Item = (&String, NonZeroU32)> {
    limits.endpoints.iter().filter_map(|(name, limit)| Some((name, NonZeroU32::new(*limit)?)))
}
