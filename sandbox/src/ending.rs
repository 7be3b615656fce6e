//! The ways in which a fault ends a connection, written straight to the socket because no HTTP library would.

use std::{fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{io::AsyncWriteExt, net::TcpStream, time};

use crate::{exchange::Answer, gzip};

/// Between two bytes of a slow body: an answer of 500 bytes takes more than two minutes.
const SLOW_BYTE_EVERY: Duration = Duration::from_millis(250);
/// Between two pieces of an endless body, so that it does not starve the other connections.
const ENDLESS_PIECE_EVERY: Duration = Duration::from_millis(1);
/// What is sent where HTTP is expected.
const GARBAGE: &[u8] = b"\x16\x03\x01\x00\xffSSH-2.0-nothing_like_HTTP\r\n\x00\x01\x02\xfe\xff\r\n\r\n";
/// The front of every head that is written here.
const STATUS_LINE: &str = "HTTP/1.1";

/// How a connection ends.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The socket is reset (RST), nothing is sent.
    Reset,
    /// The socket is closed, nothing is sent.
    Close,
    /// Bytes that are not HTTP, then a close.
    Garbage,
    /// The answer's head with its full length and half its body, then a close.
    HalfBody(Answer),
    /// The answer, one byte at a time.
    SlowBody(Answer),
    /// A chunked body that never ends.
    EndlessBody,
    /// A gzip body that is 150 times larger when unpacked.
    GzipBomb,
}

/// The error by which a service tells its connection how to end.
#[derive(Clone, Debug)]
pub(crate) struct Broken(pub(crate) Arc<Ending>);

impl Broken {
    /// Returns the error for this ending.
    pub(crate) fn by(ending: Ending) -> Self {
        Self(Arc::new(ending))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection is broken on purpose")
    }
}

impl std::error::Error for Broken {}

impl Ending {
    /// Does it. The client hanging up meanwhile is an error that nobody needs to know of.
    ///
    /// # Errors
    ///
    /// When the socket cannot be written or closed.
    pub(crate) async fn perform(&self, mut tcp: TcpStream) -> io::Result<()> {
        match self {
            // Linger of zero makes the close that follows a reset.
            Self::Reset => return tcp.set_zero_linger(),
            Self::Close => {}
            Self::Garbage => tcp.write_all(GARBAGE).await?,
            Self::HalfBody(answer) => {
                tcp.write_all(&head_of(answer)).await?;
                let half = answer.body.len() / 2;
                tcp.write_all(answer.body.get(..half).unwrap_or_default()).await?;
            }
            Self::SlowBody(answer) => {
                tcp.write_all(&head_of(answer)).await?;
                for byte in &answer.body {
                    time::sleep(SLOW_BYTE_EVERY).await;
                    tcp.write_all(&[*byte]).await?;
                }
            }
            Self::EndlessBody => send_endlessly(&mut tcp).await?,
            Self::GzipBomb => send_bomb(&mut tcp).await?,
        }
        tcp.shutdown().await
    }
}

async fn send_endlessly(tcp: &mut TcpStream) -> io::Result<()> {
    let head = format!(
        "{STATUS_LINE} 200 OK\r\ncontent-type: application/json\r\nx-sandbox: true\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    tcp.write_all(head.as_bytes()).await?;
    // Blanks before a JSON value are legal, so that no parser gives up early: 16 KiB a chunk.
    let piece = Bytes::from(format!("4000\r\n{}\r\n", " ".repeat(0x4000)));
    loop {
        tcp.write_all(&piece).await?;
        time::sleep(ENDLESS_PIECE_EVERY).await;
    }
}

async fn send_bomb(tcp: &mut TcpStream) -> io::Result<()> {
    let length: usize = gzip::bomb().map(|piece| piece.len()).sum();
    let head = format!(
        "{STATUS_LINE} 200 OK\r\ncontent-type: application/json\r\nx-sandbox: true\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n"
    );
    tcp.write_all(head.as_bytes()).await?;
    for piece in gzip::bomb() {
        tcp.write_all(&piece).await?;
    }
    Ok(())
}

fn head_of(answer: &Answer) -> Vec<u8> {
    let mut head = format!("{STATUS_LINE} {}\r\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(
        format!("content-length: {}\r\nx-sandbox: true\r\n\r\n", answer.body.len()).as_bytes(),
    );
    head
}
