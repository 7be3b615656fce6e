//! A sandbox for one test, and an HTTP client small enough to see broken answers as they are.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use sandbox::{Addresses, Options, Sandbox};
use serde_json::Value;

pub(crate) const RAZORPAY_KEY: &str = "rzp_test_00000000000000";
pub(crate) const STRIPE_KEY: &str = "sk_test_4eC39HqLyjWDarjtT1zdp7dc";
pub(crate) const TWILIO_SID: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A running sandbox with shorthands for its routes.
pub(crate) struct World {
    sandbox: Sandbox,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

pub(crate) fn options() -> Options {
    Options {
        host: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        seed: Some(7),
        record_calls: true,
        token_lifetime_seconds: 32_400,
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(options())
    }

    pub(crate) fn with(options: Options) -> Self {
        Self { sandbox: sandbox::start(options).unwrap() }
    }

    pub(crate) fn addresses(&self) -> Addresses {
        self.sandbox.addresses()
    }

    pub(crate) fn stop(self) {
        self.sandbox.stop();
    }

    pub(crate) fn control(&self, method: &str, path: &str, body: &str) -> Reply {
        call(self.addresses().control, (method, path), &[JSON], body)
    }

    pub(crate) fn fault(&self, rule: &str) {
        self.control("PUT", "/_control/faults", rule).expect(200);
    }

    /// Returns how many effects there are of `provider=…&operation=…`.
    pub(crate) fn count(&self, query: &str) -> u64 {
        self.effects(query)["count"].as_u64().unwrap()
    }

    pub(crate) fn effects(&self, query: &str) -> Value {
        self.control("GET", &format!("/_control/effects?{query}"), "").expect(200).json()
    }

    pub(crate) fn calls(&self, query: &str) -> Value {
        self.control("GET", &format!("/_control/calls?{query}"), "").expect(200).json()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.control("POST", "/_control/advance", &format!("{{\"seconds\":{seconds}}}")).expect(200);
    }

    pub(crate) fn payer(&self, provider: &str, id: &str, action: &str) -> Reply {
        self.control("POST", &format!("/_control/orders/{provider}/{id}/{action}"), "")
    }

    pub(crate) fn razorpay(&self, method: &str, path: &str, body: &str) -> Reply {
        self.razorpay_with(method, path, body, &[])
    }

    pub(crate) fn razorpay_with(&self, method: &str, path: &str, body: &str, more: &[(&str, &str)]) -> Reply {
        let credentials = basic(RAZORPAY_KEY, "secret");
        let mut headers = vec![("authorization", credentials.as_str()), JSON];
        headers.extend_from_slice(more);
        call(self.addresses().razorpay, (method, path), &headers, body)
    }

    pub(crate) fn stripe(&self, method: &str, path: &str, body: &str) -> Reply {
        self.stripe_with(method, path, body, &[])
    }

    pub(crate) fn stripe_with(&self, method: &str, path: &str, body: &str, more: &[(&str, &str)]) -> Reply {
        let bearer = format!("Bearer {STRIPE_KEY}");
        let mut headers = vec![("authorization", bearer.as_str()), FORM];
        headers.extend_from_slice(more);
        call(self.addresses().stripe, (method, path), &headers, body)
    }

    pub(crate) fn paypal_token(&self, client_id: &str, secret: &str) -> Reply {
        let credentials = basic(client_id, secret);
        let headers = [("authorization", credentials.as_str()), FORM];
        call(self.addresses().paypal, ("POST", "/v1/oauth2/token"), &headers, "grant_type=client_credentials")
    }

    /// Calls PayPal with a fresh token and whole answers.
    pub(crate) fn paypal(&self, method: &str, path: &str, body: &str) -> Reply {
        self.paypal_with(method, path, body, &[("prefer", "return=representation")])
    }

    pub(crate) fn paypal_with(&self, method: &str, path: &str, body: &str, more: &[(&str, &str)]) -> Reply {
        let token = self.paypal_token("client-one", "secret").expect(200).json();
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
        let mut headers = vec![("authorization", bearer.as_str()), JSON];
        headers.extend_from_slice(more);
        call(self.addresses().paypal, (method, path), &headers, body)
    }

    pub(crate) fn twilio(&self, method: &str, path: &str, body: &str) -> Reply {
        let credentials = basic(TWILIO_SID, "token");
        let path = format!("/2010-04-01/Accounts/{TWILIO_SID}{path}");
        call(self.addresses().twilio, (method, &path), &[("authorization", &credentials), FORM], body)
    }
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Makes one request on a connection of its own.
#[track_caller]
pub(crate) fn call(
    address: SocketAddr,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    parse(&exchange(address, &request(method, path, headers, body)).unwrap()).unwrap()
}

/// Returns the bytes of a request.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    text.into_bytes()
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends bytes and returns everything that comes back until the other side closes.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = connect(address);
    stream.write_all(bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Reads an answer whose body goes to the end; none where it is not HTTP or is cut off.
pub(crate) fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body = bytes[end + 4..].to_vec();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, text)| text.parse().ok());
    length.is_none_or(|length: usize| length == body.len()).then_some(Reply { status, headers, body })
}
