//! PayPal's links. Only those for the payer's browser are followed, by the payer; of the others nothing but an id is read.

use domain::Environment;
use serde::Deserialize;

use crate::{json, request};

/// A link on the wire.
#[derive(Deserialize)]
pub(super) struct WireLink {
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) href: Option<String>,
    #[serde(default, deserialize_with = "json::lenient")]
    pub(super) rel: Option<String>,
}

/// Returns the address of the first link with one of these names.
pub(super) fn address(links: &[WireLink], names: &[&str]) -> Option<String> {
    let is_named = |link: &&WireLink| link.rel.as_deref().is_some_and(|name| names.contains(&name));
    links.iter().filter(is_named).find_map(|link| link.href.clone()).filter(|href| !href.is_empty())
}

/// Returns the id that stands in an address behind this folder: `/captures/`.
pub(super) fn id_behind<'a>(address: &'a str, folder: &str) -> Option<&'a str> {
    let (_, rest) = address.rsplit_once(folder)?;
    let id = rest.split(['/', '?', '#']).next()?;
    request::is_plain_id(id).then_some(id)
}

/// Returns an address of PayPal's pages for payers: `/checkoutnow?token=…`.
pub(super) fn page(environment: Environment, path: &str) -> String {
    let host = match environment {
        Environment::Test => "www.sandbox.paypal.com",
        Environment::Live => "www.paypal.com",
    };
    format!("https://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_an_address_and_nothing_else_is() {
        let check = |address: &str, expected: Option<&str>| {
            assert_eq!(id_behind(address, "/captures/"), expected, "{address}");
        };
        check(
            "https://api.sandbox.paypal.com/v2/payments/captures/3C679366HH908993F",
            Some("3C679366HH908993F"),
        );
        check("https://api.paypal.com/v2/payments/captures/3C6/refund", Some("3C6"));
        check("/v2/payments/captures/3C6?x=1#y", Some("3C6"));
        check("https://api.paypal.com/v2/payments/captures/", None);
        check("https://api.paypal.com/v2/payments/captures/a%2Fb", None);
        check("https://api.paypal.com/v2/checkout/orders/5O1", None);
        check("", None);
    }

    #[test]
    fn a_payers_page_is_on_the_host_of_the_environment() {
        assert_eq!(page(Environment::Test, "/x"), "https://www.sandbox.paypal.com/x");
        assert_eq!(page(Environment::Live, "/x"), "https://www.paypal.com/x");
    }

    #[test]
    fn a_link_without_an_address_is_none() {
        let link = |rel: Option<&str>, href: Option<&str>| WireLink {
            href: href.map(str::to_owned),
            rel: rel.map(str::to_owned),
        };
        let links =
            [link(None, Some("a")), link(Some("approve"), None), link(Some("payer-action"), Some("b"))];
        assert_eq!(address(&links, &["approve", "payer-action"]).as_deref(), Some("b"));
        assert_eq!(address(&links, &["self"]), None);
    }
}
