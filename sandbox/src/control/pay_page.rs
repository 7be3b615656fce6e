//! `/pay/{provider}/{id}`: the payer's page with Pay and Decline, for a person with a browser.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};

use crate::{
    exchange::{Answer, Incoming},
    payer::{Page, PayerAction},
    provider::Provider,
    world::World,
};

use super::{
    fields::{self, Wrong},
    orders,
};

const TEMPLATE: &str = include_str!("pay_page.html");
/// Nothing comes from elsewhere; the form may lead anywhere, since the shop's return address is elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// Shows the page, or does what its buttons say and sends the browser on.
pub(super) fn answer(world: &mut World, incoming: &Incoming, rest: &str) -> Result<Answer, Wrong> {
    let Some((provider, id)) = rest.split_once('/').filter(|(_, id)| !id.is_empty() && !id.contains('/'))
    else {
        return Err(Wrong::not_found("the path is /pay/{provider}/{id}"));
    };
    let provider = fields::provider(provider)?;
    if incoming.method == Method::GET {
        return show(world, provider, id);
    }
    if incoming.method != Method::POST {
        return Err(Wrong::method("GET, POST"));
    }
    let pairs = incoming.form_pairs();
    let action = match pairs.iter().find(|(name, _)| name == "action").map(|(_, value)| value.as_str()) {
        Some("pay") => PayerAction::Pay,
        Some("decline") => PayerAction::Decline,
        Some("abandon") => PayerAction::Abandon,
        _ => return Err(Wrong::field("action", "action must be pay, decline or abandon")),
    };
    let done = orders::perform(world, provider, (id, action, None))?;
    let own = format!("/pay/{provider}/{id}");
    let target = done.redirect_url.as_deref().unwrap_or(&own);
    let mut answer = Answer::empty(StatusCode::SEE_OTHER);
    let location = HeaderValue::from_str(target).or_else(|_| HeaderValue::from_str(&own));
    if let Ok(location) = location {
        answer.headers.insert(header::LOCATION, location);
    }
    Ok(answer)
}

fn show(world: &mut World, provider: Provider, id: &str) -> Result<Answer, Wrong> {
    let (simulation, desk) = world.at_work(provider);
    let page =
        simulation.page(desk, id).ok_or_else(|| Wrong::not_found(format!("{provider} has no order {id}")))?;
    let html = render(provider, id, &page);
    let answer = Answer::with_type(StatusCode::OK, "text/html; charset=utf-8", Bytes::from(html));
    Ok(answer.with_header("content-security-policy", POLICY).with_header("cache-control", "no-store"))
}

fn render(provider: Provider, id: &str, page: &Page) -> String {
    let name = match provider {
        Provider::Razorpay => "Razorpay",
        Provider::PayPal => "PayPal",
        Provider::Stripe => "Stripe",
        Provider::Twilio => "Twilio",
    };
    let buttons = if page.is_payable {
        format!(
            "<form method=\"post\"><button class=\"pay\" name=\"action\" value=\"pay\">Pay {}</button>\
             <button class=\"decline\" name=\"action\" value=\"decline\">Decline</button>{}</form>",
            escape(&page.amount),
            page.cancel_url.as_ref().map_or("", |_| {
                "<button class=\"leave\" name=\"action\" value=\"abandon\">Cancel and return to the shop</button>"
            }),
        )
    } else {
        "<p class=\"done\">Nothing to pay here any more. You can close this page.</p>".to_owned()
    };
    TEMPLATE
        .replace("{{provider}}", name)
        .replace("{{amount}}", &escape(&page.amount))
        .replace("{{description}}", &escape(page.description.as_deref().unwrap_or("Payment")))
        .replace("{{status}}", &escape(&page.status))
        .replace("{{id}}", &escape(id))
        .replace("{{buttons}}", &buttons)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // A brace must not start another placeholder of the template.
            '{' => escaped.push_str("&#123;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_merchant_writes_cannot_become_markup() {
        let page = Page {
            amount: "1.00 USD".to_owned(),
            description: Some("<script>alert('x')</script> {{buttons}}".to_owned()),
            status: "CREATED".to_owned(),
            is_payable: false,
            cancel_url: None,
        };
        let html = render(Provider::PayPal, "5O190127TN364715T", &page);
        assert!(!html.contains("<script>"));
        assert_eq!(html.matches("Nothing to pay here").count(), 1);
        assert!(!html.contains("name=\"action\""));
    }
}
