//! Every way a call can go, over real sockets: each ends in exactly one verdict.

mod answers;
mod broken;
mod connecting;
mod flooding;
mod outgoing;
mod pool;
mod server;
mod streaming;
mod tls;
mod uploading;
