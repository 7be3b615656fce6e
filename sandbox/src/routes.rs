//! Finding the route of a request: each noun's file has a table of method, path, operation and handler.

/// One route of a provider; `{id}` in the path stands for one segment, and there is at most one.
#[derive(Debug)]
pub(crate) struct Route<H> {
    /// The method, upper case.
    pub(crate) method: &'static str,
    /// The path with `{id}` where the object's id stands.
    pub(crate) path: &'static str,
    /// The operation's name, noun and verb.
    pub(crate) operation: &'static str,
    /// What answers it.
    pub(crate) handler: H,
}

/// Returns the route that the request takes, and the id in its path (empty where the path has none).
pub(crate) fn find<'r, 'p, H>(
    tables: &[&'r [Route<H>]],
    method: &str,
    path: &'p str,
) -> Option<(&'r Route<H>, &'p str)> {
    for route in tables.iter().copied().flatten() {
        if route.method == method
            && let Some(id) = id_in(route.path, path)
        {
            return Some((route, id));
        }
    }
    None
}

/// Returns the operations of the tables, each once.
pub(crate) fn operations<H>(tables: &[&[Route<H>]]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> =
        tables.iter().copied().flatten().map(|route| route.operation).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn id_in<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    let Some((before, after)) = pattern.split_once("{id}") else {
        return (pattern == path).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_segment() {
        assert_eq!(id_in("/v1/orders/{id}", "/v1/orders/order_1"), Some("order_1"));
        assert_eq!(id_in("/v1/orders/{id}", "/v1/orders/order_1/payments"), None);
        assert_eq!(id_in("/v1/orders/{id}/payments", "/v1/orders/order_1/payments"), Some("order_1"));
        assert_eq!(id_in("/v1/orders/{id}", "/v1/orders/"), None);
        assert_eq!(id_in("/v1/orders", "/v1/orders"), Some(""));
    }
}
