//! How the sandbox comes up and goes down: five listeners, one thread, one current-thread runtime.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    rc::Rc,
    thread::{self, JoinHandle},
};

use tokio::{runtime, sync::oneshot, task::LocalSet};

use crate::{
    provider::Provider,
    server::{self, Face},
    world::{self, World},
};

/// What a sandbox is started with.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The address to listen on; loopback unless there is a reason.
    pub host: IpAddr,
    /// The control port P; the providers take P + 1 to P + 4. 0 takes five free ports.
    pub port: u16,
    /// Makes ids repeatable and stops the clock: it then moves by `POST /_control/advance` only.
    pub seed: Option<u64>,
    /// Whether requests and effects are kept for `GET /_control/calls` and `/_control/effects`; counts are kept always.
    pub record_calls: bool,
    /// The life of a PayPal access token, in seconds (PayPal's own is 32,400).
    pub token_lifetime_seconds: u64,
}

impl Options {
    /// Returns options for providers on this machine, on ports that are free, which keep time as everybody does and what they are
    /// asked.
    pub const fn local() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            seed: None,
            record_calls: true,
            token_lifetime_seconds: 32_400,
        }
    }
}

/// Where a running sandbox listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Control calls and the payer's pages.
    pub control: SocketAddr,
    /// Razorpay, `/v1/…`.
    pub razorpay: SocketAddr,
    /// PayPal, `/v1/oauth2/token`, `/v2/…`.
    pub paypal: SocketAddr,
    /// Stripe, `/v1/…`.
    pub stripe: SocketAddr,
    /// Twilio, `/2010-04-01/…`.
    pub twilio: SocketAddr,
}

/// Why a sandbox could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens on one of the five ports.
    #[error("port {port} on {host} is taken by another program; choose another with --port")]
    PortTaken {
        /// The address asked for.
        host: IpAddr,
        /// The port that is taken.
        port: u16,
    },
    /// P + 4 would be past the last port.
    #[error("port {port} leaves no room for the five ports the sandbox needs; the highest possible is 65531")]
    PortTooHigh {
        /// The control port asked for.
        port: u16,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {host} port {port}")]
    Listen {
        /// The address asked for.
        host: IpAddr,
        /// The port asked for.
        port: u16,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The thread or its runtime could not be made.
    #[error("cannot start the sandbox's thread")]
    Thread(#[source] io::Error),
}

/// A running sandbox. Dropping it, or [`Sandbox::stop`], ends it.
#[derive(Debug)]
pub struct Sandbox {
    addresses: Addresses,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts a sandbox on a thread of its own and returns when all five ports listen.
///
/// # Errors
///
/// [`StartError::PortTaken`] when another program has one of the ports, the other variants as they say.
pub fn start(options: Options) -> Result<Sandbox, StartError> {
    let listeners = listen(options.host, options.port)?;
    let addresses = addresses_of(&listeners, options)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new()
        .name("sandbox".to_owned())
        .spawn(move || {
            let world = World::new(world::Setting {
                seed: options.seed,
                record_calls: options.record_calls,
                token_lifetime_seconds: options.token_lifetime_seconds,
                addresses,
            });
            let world = Rc::new(std::cell::RefCell::new(world));
            let faces = faces().into_iter().zip(listeners).collect();
            LocalSet::new().block_on(&runtime, server::run(faces, world, stopped));
        })
        .map_err(StartError::Thread)?;
    Ok(Sandbox { addresses, stop: Some(stop), thread: Some(thread) })
}

impl Sandbox {
    /// Returns where the sandbox listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Ends the sandbox: open connections are cut, all five ports are free when this returns.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone only if the thread has ended already, which is what is wanted.
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            // A panic of the sandbox's thread has been printed by then; there is nothing left to end.
            thread.join().ok();
        }
    }
}

fn faces() -> [Face; 5] {
    [
        Face::Control,
        Face::Provider(Provider::Razorpay),
        Face::Provider(Provider::PayPal),
        Face::Provider(Provider::Stripe),
        Face::Provider(Provider::Twilio),
    ]
}

fn listen(host: IpAddr, port: u16) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners = Vec::with_capacity(5);
    for offset in 0..5_u16 {
        let wanted = match port {
            0 => 0,
            first => first.checked_add(offset).ok_or(StartError::PortTooHigh { port })?,
        };
        listeners.push(listen_on(host, wanted)?);
    }
    Ok(listeners)
}

fn listen_on(host: IpAddr, port: u16) -> Result<TcpListener, StartError> {
    let refuse = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { host, port },
        _ => StartError::Listen { host, port, source },
    };
    let listener = TcpListener::bind((host, port)).map_err(refuse)?;
    listener.set_nonblocking(true).map_err(refuse)?;
    Ok(listener)
}

fn addresses_of(listeners: &[TcpListener], options: Options) -> Result<Addresses, StartError> {
    let mut found = Vec::with_capacity(5);
    for listener in listeners {
        found.push(listener.local_addr().map_err(|source| StartError::Listen {
            host: options.host,
            port: options.port,
            source,
        })?);
    }
    match found.as_slice() {
        &[control, razorpay, paypal, stripe, twilio] => {
            Ok(Addresses { control, razorpay, paypal, stripe, twilio })
        }
        _ => Err(StartError::PortTooHigh { port: options.port }),
    }
}
