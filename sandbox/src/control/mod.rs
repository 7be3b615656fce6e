//! The control port: effects, calls, faults, state, time, what payers do, and the payer's pages.

mod acts;
mod advance;
mod effects;
mod faults;
mod fields;
mod orders;
mod pay_page;
mod settings;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    exchange::{Answer, Incoming},
    world::World,
};

use self::fields::Wrong;

/// Answers a request on the control port.
pub(crate) fn answer(world: &mut World, incoming: &Incoming) -> Answer {
    match route(world, incoming) {
        Ok(answer) => answer,
        Err(wrong) => wrong.to_answer(),
    }
}

fn route(world: &mut World, incoming: &Incoming) -> Result<Answer, Wrong> {
    let path = incoming.path.as_str();
    let method = &incoming.method;
    if let Some(rest) = path.strip_prefix("/pay/") {
        return pay_page::answer(world, incoming, rest);
    }
    if let Some(rest) = path.strip_prefix("/_control/orders/") {
        expect(method, &[Method::POST])?;
        return orders::act(world, incoming, rest).map(|body| ok(&body));
    }
    if let Some((noun, rest)) = acts::noun_of(path) {
        expect(method, &[Method::POST])?;
        return acts::act(world, incoming, noun, rest).map(|body| ok(&body));
    }
    let body = match path {
        "/" | "/_control" => {
            expect(method, &[Method::GET])?;
            overview(world)
        }
        "/_control/effects" => {
            expect(method, &[Method::GET])?;
            effects::effects(world, incoming)?
        }
        "/_control/calls" => {
            expect(method, &[Method::GET])?;
            effects::calls(world, incoming)?
        }
        "/_control/faults" => {
            expect(method, &[Method::GET, Method::PUT, Method::DELETE])?;
            faults::answer(world, incoming)?
        }
        "/_control/state" => {
            expect(method, &[Method::DELETE])?;
            world.forget();
            json!({"forgotten": true})
        }
        "/_control/advance" => {
            expect(method, &[Method::POST])?;
            advance::advance(world, incoming)?
        }
        "/_control/settings" => {
            expect(method, &[Method::GET, Method::PUT])?;
            settings::answer(world, incoming)?
        }
        _ => return Err(Wrong::not_found(format!("the sandbox has no {path}; GET / lists what it has"))),
    };
    Ok(ok(&body))
}

fn ok(body: &Value) -> Answer {
    Answer::json(StatusCode::OK, body)
}

fn expect(given: &Method, allowed: &[Method]) -> Result<(), Wrong> {
    if allowed.contains(given) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    Err(Wrong::method(&names.join(", ")))
}

fn overview(world: &World) -> Value {
    let addresses = world.desk.addresses;
    json!({
        "sandbox": "Razorpay, PayPal, Stripe and Twilio, simulated from their documentation",
        "addresses": {
            "control": format!("http://{}", addresses.control),
            "razorpay": format!("http://{}", addresses.razorpay),
            "paypal": format!("http://{}", addresses.paypal),
            "stripe": format!("http://{}", addresses.stripe),
            "twilio": format!("http://{}", addresses.twilio),
        },
        "control": [
            "GET /_control/effects?provider=&operation=&merchant=&limit=",
            "GET /_control/calls?provider=&operation=&merchant=&method=&path=&status=&limit=",
            "GET, PUT, DELETE /_control/faults",
            "DELETE /_control/state",
            "POST /_control/orders/{provider}/{id}/{pay|authorize|decline|approve|abandon}",
            "POST /_control/{refunds|subscriptions|payment_links|payouts|sms|calls}/{provider}/{id}/{action}",
            "POST /_control/advance",
            "GET, PUT /_control/settings",
            "GET /pay/{provider}/{id}",
        ],
    })
}
