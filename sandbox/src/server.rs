//! The listeners: every connection is HTTP/1.1 by hyper until a fault takes the socket away from it.

use std::{cell::RefCell, error::Error, rc::Rc, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming as IncomingBody, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time,
};

use crate::{
    control,
    ending::{Broken, Ending},
    exchange::{Answer, Incoming},
    faults::{self, Fault, FaultAnswer, FaultKind},
    provider::{Provider, Recognised},
    record::CallRecord,
    world::{HeldKey, World},
};

/// The largest request body that is read; none of the providers takes as much for these calls.
const LARGEST_BODY_BYTES: usize = 2 * 1024 * 1024;
/// How long to wait when no connection can be accepted, for instance because all file descriptors are in use.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// The state that all connections of a sandbox share; they run on one thread.
pub(crate) type Shared = Rc<RefCell<World>>;

/// Who answers on a listener.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Face {
    /// Control calls and the payer's pages.
    Control,
    /// A simulated provider.
    Provider(Provider),
}

/// Serves all listeners until told to stop; every open connection is cut then.
pub(crate) async fn run(
    faces: Vec<(Face, std::net::TcpListener)>,
    world: Shared,
    stopped: oneshot::Receiver<()>,
) {
    let mut listeners = JoinSet::new();
    for (face, listener) in faces {
        match TcpListener::from_std(listener) {
            Ok(listener) => {
                listeners.spawn_local(accept(listener, face, Rc::clone(&world)));
            }
            Err(error) => tracing::error!(%error, "sandbox cannot use a listener"),
        }
    }
    // An error means that the sandbox's handle is gone without a word: stop as well.
    stopped.await.ok();
}

async fn accept(listener: TcpListener, face: Face, world: Shared) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                connections.spawn_local(serve(tcp, face, Rc::clone(&world)));
            }
            Err(error) => {
                tracing::warn!(%error, "sandbox cannot accept a connection");
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(tcp: TcpStream, face: Face, world: Shared) {
    // Without it small answers may wait for an acknowledgement; where it is refused they are merely slower.
    tcp.set_nodelay(true).ok();
    let service = service_fn(move |request| respond(face, Rc::clone(&world), request));
    let mut connection =
        http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(tcp), service);
    let Err(error) = (&mut connection).await else { return };
    if let Some(ending) = ending_of(&error) {
        let tcp = connection.into_parts().io.into_inner();
        if let Err(error) = ending.perform(tcp).await {
            tracing::debug!(%error, "client left before the fault was done");
        }
    }
}

fn ending_of(error: &hyper::Error) -> Option<Arc<Ending>> {
    error.source()?.downcast_ref::<Broken>().map(|broken| Arc::clone(&broken.0))
}

async fn respond(
    face: Face,
    world: Shared,
    request: Request<IncomingBody>,
) -> Result<Response<Full<Bytes>>, Broken> {
    let (head, body) = request.into_parts();
    let incoming = Incoming::from_head(head);
    match face {
        Face::Control => {
            let mut incoming = incoming;
            incoming.body = read(body).await?;
            Ok(to_response(control::answer(&mut world.borrow_mut(), &incoming)))
        }
        Face::Provider(provider) => Exchange::open(provider, world, incoming).run(body).await,
    }
}

async fn read(body: IncomingBody) -> Result<Bytes, Broken> {
    // A body that is too large, or that breaks off, ends the connection: there is nobody to answer properly.
    match Limited::new(body, LARGEST_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(_) => Err(Broken::by(Ending::Close)),
    }
}

fn to_response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response.headers_mut().insert(HeaderName::from_static("x-sandbox"), HeaderValue::from_static("true"));
    response
}

/// One request to a provider with the faults that meet it.
struct Exchange {
    provider: Provider,
    world: Shared,
    incoming: Incoming,
    recognised: Recognised,
    request_id: String,
    fault: Option<Fault>,
    latency: Duration,
    fault_names: Option<String>,
}

impl Exchange {
    fn open(provider: Provider, shared: Shared, incoming: Incoming) -> Self {
        let (recognised, plan, request_id) = {
            let mut world = shared.borrow_mut();
            let recognised = world.simulation(provider).recognise(&incoming);
            let plan = world.plan(provider, &recognised);
            let request_id = world.request_id(provider);
            (recognised, plan, request_id)
        };
        Self {
            provider,
            world: shared,
            incoming,
            recognised,
            request_id,
            fault: plan.fault,
            latency: plan.latency,
            fault_names: plan.names,
        }
    }

    async fn run(mut self, body: IncomingBody) -> Result<Response<Full<Bytes>>, Broken> {
        if matches!(self.fault, Some(Fault::Kind(FaultKind::ResetBeforeRead))) {
            self.record(None);
            self.wait().await;
            return Err(Broken::by(Ending::Reset));
        }
        self.incoming.body = read(body).await?;
        match self.fault.take() {
            None | Some(Fault::Latency(_)) => {
                let answer = self.execute();
                if !self.latency.is_zero() {
                    // To others the request is under way until its answer leaves.
                    let _held = Held::of(&self);
                    self.wait().await;
                }
                Ok(to_response(answer))
            }
            Some(Fault::Answer(fault)) => {
                let answer = self.custom(&fault);
                self.record(Some(answer.status));
                self.wait().await;
                Ok(to_response(answer))
            }
            Some(Fault::Kind(kind)) => self.broken(kind).await,
        }
    }

    async fn broken(self, kind: FaultKind) -> Result<Response<Full<Bytes>>, Broken> {
        let executed = match kind {
            FaultKind::ExecuteThenReset
            | FaultKind::ExecuteThenHang
            | FaultKind::HalfBody
            | FaultKind::SlowBody => Some(self.execute()),
            FaultKind::Html502 => {
                self.record(Some(StatusCode::BAD_GATEWAY));
                None
            }
            _ => {
                self.record(None);
                None
            }
        };
        self.wait().await;
        let ending = match (kind, executed) {
            (FaultKind::Hang | FaultKind::ExecuteThenHang, _) => std::future::pending().await,
            (FaultKind::Html502, _) => {
                return Ok(to_response(Answer::with_type(
                    StatusCode::BAD_GATEWAY,
                    "text/html",
                    faults::html_502(),
                )));
            }
            (FaultKind::HalfBody, Some(answer)) => Ending::HalfBody(answer),
            (FaultKind::SlowBody, Some(answer)) => Ending::SlowBody(answer),
            (FaultKind::Garbage, _) => Ending::Garbage,
            (FaultKind::EndlessBody, _) => Ending::EndlessBody,
            (FaultKind::GzipBomb, _) => Ending::GzipBomb,
            _ => Ending::Reset,
        };
        Err(Broken::by(ending))
    }

    fn execute(&self) -> Answer {
        let answer = self.world.borrow_mut().execute(
            self.provider,
            &self.incoming,
            &self.recognised,
            &self.request_id,
        );
        self.record(Some(answer.status));
        answer
    }

    fn custom(&self, fault: &FaultAnswer) -> Answer {
        let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = match &fault.body {
            None => Answer::empty(status),
            Some(serde_json::Value::String(text)) => {
                let media = if text.trim_start().starts_with('<') { "text/html" } else { "text/plain" };
                Answer::with_type(status, media, Bytes::from(text.clone()))
            }
            Some(body) => Answer::json(status, body),
        };
        for (name, value) in self.world.borrow().simulation(self.provider).fault_headers(&self.request_id) {
            answer.headers.insert(HeaderName::from_static(name), value);
        }
        for (name, value) in &fault.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                answer.headers.insert(name, value);
            }
        }
        answer
    }

    async fn wait(&self) {
        if !self.latency.is_zero() {
            time::sleep(self.latency).await;
        }
    }

    fn record(&self, status: Option<StatusCode>) {
        let mut world = self.world.borrow_mut();
        if !world.desk.record.is_kept() {
            return;
        }
        let at = world.desk.clock.moment();
        world.record_call(CallRecord {
            at,
            provider: self.provider,
            operation: self.recognised.operation,
            merchant: self.recognised.merchant.clone(),
            method: self.incoming.method.clone(),
            path: self.incoming.path.clone(),
            query: self.incoming.query.clone(),
            headers: self.incoming.headers.clone(),
            body: self.incoming.body.clone(),
            status: status.map(|status| status.as_u16()),
            fault: self.fault_names.clone(),
            request_id: self.request_id.clone(),
        });
    }
}

/// Keeps an idempotency key in use for as long as it lives, even when the client leaves.
struct Held {
    world: Shared,
    key: Option<HeldKey>,
}

impl Held {
    fn of(exchange: &Exchange) -> Self {
        let key = exchange.world.borrow_mut().hold(exchange.provider, &exchange.recognised);
        Self { world: Rc::clone(&exchange.world), key }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            self.world.borrow_mut().release(key);
        }
    }
}
