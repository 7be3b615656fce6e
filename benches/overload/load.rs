//! Load: so many requests a second whatever becomes of them, or so many at once; and what was heard of them.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Speaks to one address.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    address: std::net::SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) body: Bytes,
}

/// What was heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// How long each answer took that was one, from the moment its request was due.
    took: Vec<Duration>,
    /// The same of those that were refused at once.
    refusals: Vec<Duration>,
    pub(crate) refused: u32,
    pub(crate) other: u32,
}

impl Api {
    pub(crate) fn new(address: std::net::SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1024).build(connector);
        Self { address, client }
    }

    /// Sends, and returns status and body; status 0 where there is no answer.
    pub(crate) async fn send(&self, ask: &Ask) -> (u16, Bytes) {
        let request = Request::builder()
            .method(ask.method.clone())
            .uri(format!("http://{}{}", self.address, ask.path))
            .header("x-platform-key", &ask.key)
            .header("content-type", "application/json")
            .body(Full::new(ask.body.clone()))
            .unwrap();
        let Ok(response) = self.client.request(request).await else { return (0, Bytes::new()) };
        let status = response.status().as_u16();
        response.into_body().collect().await.map_or((0, Bytes::new()), |body| (status, body.to_bytes()))
    }
}

impl Ask {
    pub(crate) fn order(provider: &str, key: &str) -> Self {
        let currency = if provider == "razorpay" { "INR" } else { "USD" };
        let body = format!(r#"{{"provider": "{provider}", "amount": "20.00", "currency": "{currency}"}}"#);
        Self { method: Method::POST, path: "/v1/payments/orders".into(), key: key.into(), body: body.into() }
    }

    pub(crate) fn get(path: &str, key: &str) -> Self {
        Self { method: Method::GET, path: path.into(), key: key.into(), body: Bytes::new() }
    }
}

impl Heard {
    fn note(&mut self, status: u16, took: Duration) {
        match status {
            200..=299 => self.took.push(took),
            503 => {
                self.refused += 1;
                self.refusals.push(took);
            }
            _ => self.other += 1,
        }
    }

    pub(crate) fn ok(&self) -> u32 {
        u32::try_from(self.took.len()).unwrap()
    }

    /// Returns how many of a thousand were refused.
    pub(crate) fn refused_per_mille(&self) -> u32 {
        let all = self.ok() + self.refused + self.other;
        (self.refused * 1000).checked_div(all).unwrap_or_default()
    }

    /// Returns what so many of a hundred took at most.
    pub(crate) fn percentile(&mut self, percent: usize) -> Duration {
        self.took.sort_unstable();
        let index = (self.took.len() * percent).div_ceil(100).saturating_sub(1);
        self.took.get(index).copied().unwrap_or_default()
    }

    /// Takes refusals for answers, to see how long they took.
    pub(crate) fn refusals_with(mut self, other: Self) -> Self {
        self.took.extend(other.refusals);
        self
    }
}

/// Sends each so often a second, whether or not those before are answered. A request that goes out late counts from when it was due.
pub(crate) async fn open(api: &Api, asks: Vec<(Ask, u32)>, lasting: Duration) -> Vec<Heard> {
    let mut streams = JoinSet::new();
    for (index, (ask, per_second)) in asks.into_iter().enumerate() {
        let api = api.clone();
        streams.spawn(async move { (index, stream(&api, &ask, per_second, lasting).await) });
    }
    let mut heard = streams.join_all().await;
    heard.sort_unstable_by_key(|(index, _)| *index);
    heard.into_iter().map(|(_, heard)| heard).collect()
}

async fn stream(api: &Api, ask: &Ask, per_second: u32, lasting: Duration) -> Heard {
    let began = Instant::now();
    let mut requests = JoinSet::new();
    let number = u64::from(per_second) * lasting.as_secs();
    for n in 0..number {
        let due = began + Duration::from_nanos(n * 1_000_000_000 / u64::from(per_second));
        tokio::time::sleep_until(due).await;
        let (api, ask) = (api.clone(), ask.clone());
        requests.spawn(async move {
            let (status, _) = api.send(&ask).await;
            (status, due.elapsed())
        });
    }
    let mut heard = Heard::default();
    for (status, took) in requests.join_all().await {
        heard.note(status, took);
    }
    heard
}

/// Sends as many at once, each as soon as the one before is answered.
pub(crate) async fn closed(api: &Api, ask: &Ask, at_once: u32, lasting: Duration) -> Heard {
    let until = Instant::now() + lasting;
    let mut clients = JoinSet::new();
    for _ in 0..at_once {
        let (api, ask) = (api.clone(), ask.clone());
        clients.spawn(async move {
            let mut heard = Heard::default();
            while Instant::now() < until {
                let began = Instant::now();
                let (status, _) = api.send(&ask).await;
                heard.note(status, began.elapsed());
            }
            heard
        });
    }
    let mut all = Heard::default();
    for heard in clients.join_all().await {
        all.took.extend(heard.took);
        all.refused += heard.refused;
        all.other += heard.other;
    }
    all
}
