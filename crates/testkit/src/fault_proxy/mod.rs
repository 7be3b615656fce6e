//! A proxy on loopback that breaks connections on purpose: in front of a provider, it is the network between.
//!
//! It speaks HTTP/1.1 as far as to know where a message ends, takes each request and each answer whole, and does to it what
//! its [`FaultPlan`] draws. What the target does with its own connections (resets, half answers) goes through unchanged.

mod connection;
mod message;
mod plan;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::servers::free_port;

pub use plan::{Fault, FaultPlan, Random};

/// A running proxy; dropping it ends it and every connection through it.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// What the connections share.
#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    plan: Mutex<FaultPlan>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

/// Whether connections are taken, and whom to tell when it is so.
#[derive(Debug)]
enum Order {
    Refuse(std::sync::mpsc::Sender<()>),
    Accept(std::sync::mpsc::Sender<()>),
}

impl FaultProxy {
    /// Starts a proxy in front of `target`.
    pub fn start(target: SocketAddr, plan: FaultPlan) -> Self {
        let listener =
            std::iter::repeat_with(|| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())))
                .take(20)
                .find_map(Result::ok)
                .unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared { target, plan: Mutex::new(plan), counts: Mutex::default() };
        let shared = Arc::new(shared);
        let (orders, given) = unbounded_channel();
        let own = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(listener, given, own));
        });
        Self { address, shared, orders: Some(orders), thread: Some(thread) }
    }

    /// Returns where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Follows another plan from the next connection and request on.
    pub fn follow(&self, plan: FaultPlan) {
        *self.shared.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// Closes the listener: connections are refused when this returns. Those that are open stay.
    pub fn refuse(&self) {
        self.order(Order::Refuse);
    }

    /// Listens again, on the same port.
    pub fn accept(&self) {
        self.order(Order::Accept);
    }

    /// Returns how often each fault was done, by name; `none` are the requests that met none.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn order(&self, order: impl Fn(std::sync::mpsc::Sender<()>) -> Order) {
        let (done, is_done) = std::sync::mpsc::channel();
        self.orders.as_ref().unwrap().send(order(done)).unwrap();
        is_done.recv().unwrap();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // Its panic has been printed.
            thread.join().ok();
        }
    }
}

impl Shared {
    fn draw(&self, draw: impl Fn(&mut FaultPlan) -> Option<Fault>) -> Option<Fault> {
        draw(&mut self.plan.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, name: &'static str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(name).or_default();
        *count = count.saturating_add(1);
    }
}

/// Takes connections until nobody gives orders any more.
async fn run(listener: std::net::TcpListener, mut orders: UnboundedReceiver<Order>, shared: Arc<Shared>) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(TcpListener::from_std(listener).unwrap());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = accept(listener.as_ref()) => {
                if let Some(stream) = accepted {
                    connections.spawn(connection::serve(stream, Arc::clone(&shared)));
                }
                while connections.try_join_next().is_some() {}
            }
            order = orders.recv() => {
                let done = match order {
                    Some(Order::Refuse(done)) => {
                        listener = None;
                        shared.count("refused_for_a_while");
                        done
                    }
                    Some(Order::Accept(done)) => {
                        listener = Some(listen(address).await);
                        done
                    }
                    None => return,
                };
                // Who asked may be gone.
                done.send(()).ok();
            }
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> Option<tokio::net::TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.ok().map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// Listens on a port that somebody else may have for a moment.
async fn listen(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
