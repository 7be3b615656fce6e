//! One connection through the proxy: each request gets its fault, the others go through.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

use super::Shared;
use super::message::{Came, Messages, Way};
use super::plan::Fault;

const GARBAGE: &[u8] = b"\x16\x03\x01\x00\xffnothing like HTTP\r\n\x00\x01\x02\xfe\xff\r\n\r\n";
const EDGE_PAGE: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 39\r\n\r\n<html><h1>502 Bad Gateway</h1></html>\r\n";

/// One side of the connection.
struct Side {
    messages: Messages,
    writer: OwnedWriteHalf,
}

/// How a connection goes on after a request.
enum Then {
    Next,
    Close,
    Reset,
}

/// Serves a connection to its end.
pub(super) async fn serve(client: TcpStream, shared: Arc<Shared>) {
    if let Some(fault) = shared.draw(super::FaultPlan::draw_for_connection) {
        shared.count(fault.name());
        client.set_zero_linger().ok();
        return;
    }
    let mut client = Side::of(client);
    let mut target = None;
    loop {
        let Came::Whole(request) = client.messages.next(Way::Request).await else { return };
        let fault = shared.draw(super::FaultPlan::draw_for_request);
        shared.count(fault.map_or("none", Fault::name));
        match pass(&shared, &mut client, &mut target, (&request, fault)).await {
            Then::Next => {}
            Then::Close => return,
            Then::Reset => {
                client.reset();
                return;
            }
        }
    }
}

async fn pass(
    shared: &Shared,
    client: &mut Side,
    target: &mut Option<Side>,
    (request, fault): (&[u8], Option<Fault>),
) -> Then {
    match fault {
        Some(Fault::ResetBeforeRequest | Fault::ResetOnAccept) => return Then::Reset,
        Some(Fault::BlackHole) => {
            client.messages.gone().await;
            return Then::Close;
        }
        Some(Fault::Garbage) => {
            client.writer.write_all(GARBAGE).await.ok();
            return Then::Close;
        }
        // Not given up when the client leaves: it is on its way.
        Some(Fault::DelayRequest(delay)) => tokio::time::sleep(delay).await,
        _ => {}
    }
    if target.is_none() {
        let Ok(stream) = TcpStream::connect(shared.target).await else { return Then::Reset };
        *target = Some(Side::of(stream));
    }
    let Some(side) = target.as_mut() else { return Then::Reset };
    if let Some(Fault::CutRequest { percent }) = fault {
        side.writer.write_all(share(request, percent)).await.ok();
        // The bytes have to arrive before the reset that would overtake them.
        tokio::time::sleep(Duration::from_millis(5)).await;
        if let Some(side) = target.take() {
            side.reset();
        }
        return Then::Reset;
    }
    if side.writer.write_all(request).await.is_err() {
        return Then::Reset;
    }
    let came = tokio::select! {
        came = side.messages.next(Way::Answer) => came,
        // Nobody waits any more: the target hears of it.
        () = client.messages.gone() => return Then::Close,
    };
    answer(client, came, fault).await
}

/// Hands the target's answer on, as far as the fault lets it.
async fn answer(client: &mut Side, came: Came, fault: Option<Fault>) -> Then {
    let (bytes, then) = match came {
        Came::Whole(bytes) => (bytes, Then::Next),
        Came::Closed(bytes) => (bytes, Then::Close),
        Came::Broken(bytes) => (bytes, Then::Reset),
    };
    match fault {
        Some(Fault::CutAnswer { percent }) => {
            client.writer.write_all(share(&bytes, percent)).await.ok();
            tokio::time::sleep(Duration::from_millis(5)).await;
            return Then::Reset;
        }
        Some(Fault::HalfAnswer) => {
            client.writer.write_all(share(&bytes, 50)).await.ok();
            return Then::Close;
        }
        Some(Fault::EdgePage) => {
            client.writer.write_all(EDGE_PAGE).await.ok();
            return then;
        }
        Some(Fault::Throttle { piece_bytes, pause }) => {
            for piece in bytes.chunks(piece_bytes.max(1)) {
                if client.writer.write_all(piece).await.is_err() {
                    return Then::Close;
                }
                tokio::time::sleep(pause).await;
            }
            return then;
        }
        Some(Fault::DelayAnswer(delay)) => tokio::time::sleep(delay).await,
        _ => {}
    }
    if client.writer.write_all(&bytes).await.is_err() { Then::Close } else { then }
}

fn share(bytes: &[u8], percent: u8) -> &[u8] {
    let end = bytes.len().saturating_mul(usize::from(percent.min(100))) / 100;
    bytes.get(..end).unwrap_or(bytes)
}

impl Side {
    fn of(stream: TcpStream) -> Self {
        // Refused: merely slower.
        stream.set_nodelay(true).ok();
        let (reader, writer) = stream.into_split();
        Self { messages: Messages::new(reader), writer }
    }

    /// Ends it by a reset.
    fn reset(self) {
        if let Ok(stream) = self.messages.into_half().reunite(self.writer) {
            stream.set_zero_linger().ok();
        }
    }
}
