//! Requests whose body is sent as it comes: whole at the provider, or known not to be.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use domain::ports::Transport;
use domain::{CutShort, Pieces, StreamFailure, StreamedReply, TransportFailure, Unsent, Upload};
use tokio::sync::mpsc as channel;

use super::server::{OK, listen, plain, post, transport};

const AMPLE: Duration = Duration::from_secs(10);
const BRIEF: Duration = Duration::from_secs(1);

/// A body that a test writes. It ends when the sender is dropped.
struct Written(channel::Receiver<Result<Bytes, CutShort>>);

impl Pieces<CutShort> for Written {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutShort>>> {
        self.0.poll_recv(context)
    }
}

type Pen = channel::Sender<Result<Bytes, CutShort>>;

fn upload(length: Option<u64>) -> (Pen, Upload) {
    let (pen, written) = channel::channel(1);
    (pen, Upload { length, pieces: Box::new(Written(written)) })
}

async fn write(pen: &Pen, text: &'static str) {
    pen.send(Ok(Bytes::from_static(text.as_bytes()))).await.ok();
}

async fn send(
    address: SocketAddr,
    upload: Upload,
    timeout: Duration,
) -> Result<StreamedReply, StreamFailure> {
    transport().stream(&plain(address), &post(""), Some(upload), timeout).await
}

/// A server that reads until `end` stands in what it read, answers, and tells all that it ever read.
fn reading_until(end: &'static str) -> (SocketAddr, mpsc::Receiver<String>) {
    let (told, seen) = mpsc::channel();
    let address = listen(move |mut stream, _| {
        let mut text = read_until(&mut stream, end);
        if text.contains(end) {
            stream.write_all(OK).ok();
        }
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).ok();
        text.push_str(&String::from_utf8_lossy(&rest));
        told.send(text).ok();
    });
    (address, seen)
}

fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&bytes).into_owned(),
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
        let text = String::from_utf8_lossy(&bytes);
        if text.contains(end) {
            return text.into_owned();
        }
    }
}

async fn heard(seen: mpsc::Receiver<String>) -> String {
    tokio::task::spawn_blocking(move || seen.recv_timeout(AMPLE).expect("the server's report"))
        .await
        .expect("joined")
}

#[tokio::test]
async fn a_body_of_known_length_is_framed_by_it() {
    let (address, seen) = reading_until("abcdef");
    let (pen, body) = upload(Some(6));
    let (reply, ()) = tokio::join!(send(address, body, AMPLE), async {
        write(&pen, "abc").await;
        write(&pen, "def").await;
        drop(pen);
    });
    assert_eq!(reply.expect("an answer").status, 200);
    let text = heard(seen).await;
    assert!(text.contains("\r\ncontent-length: 6\r\n") && !text.contains("transfer-encoding"), "{text}");
    assert!(text.ends_with("\r\n\r\nabcdef"), "{text}");
}

#[tokio::test]
async fn a_body_of_unknown_length_is_chunked() {
    let (address, seen) = reading_until("0\r\n\r\n");
    let (pen, body) = upload(None);
    let (reply, ()) = tokio::join!(send(address, body, AMPLE), async {
        write(&pen, "abc").await;
        write(&pen, "defg").await;
        drop(pen);
    });
    assert_eq!(reply.expect("an answer").status, 200);
    let text = heard(seen).await;
    assert!(
        text.contains("\r\ntransfer-encoding: chunked\r\n") && !text.contains("content-length"),
        "{text}"
    );
    assert!(text.ends_with("\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"), "{text}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_never_whole_at_the_provider() {
    for length in [Some(6), None] {
        let (address, seen) = reading_until("0\r\n\r\n");
        let (pen, body) = upload(length);
        let (reply, ()) = tokio::join!(send(address, body, AMPLE), async {
            write(&pen, "abc").await;
            pen.send(Err(CutShort)).await.ok();
        });
        assert_eq!(reply.map(|reply| reply.status).unwrap_err(), StreamFailure::Incomplete);
        let text = heard(seen).await;
        assert!(!text.contains("0\r\n\r\n") && !text.contains("def"), "{text}");
    }
}

#[tokio::test]
async fn a_body_of_another_length_than_declared_is_cut_short() {
    for (length, pieces) in [(6, vec!["abc"]), (4, vec!["abc", "def"]), (2, vec!["abc"])] {
        let (address, seen) = reading_until("\r\n\r\nabcd");
        let (pen, body) = upload(Some(length));
        let (reply, ()) = tokio::join!(send(address, body, AMPLE), async {
            for piece in pieces {
                write(&pen, piece).await;
            }
            drop(pen);
        });
        assert_eq!(reply.map(|reply| reply.status).unwrap_err(), StreamFailure::Incomplete, "{length}");
        let text = heard(seen).await;
        let body = text.split("\r\n\r\n").nth(1).unwrap_or_default();
        assert!(u64::try_from(body.len()).expect("short") < length, "{text}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_through_in_time_is_incomplete_and_one_that_is_times_out() {
    let (address, _seen) = reading_until("never");
    let (pen, body) = upload(Some(6));
    let (reply, ()) = tokio::join!(send(address, body, BRIEF), write(&pen, "abc"));
    assert_eq!(reply.map(|reply| reply.status).unwrap_err(), StreamFailure::Incomplete);

    let (address, _seen) = reading_until("never");
    let (pen, body) = upload(Some(3));
    let (reply, ()) = tokio::join!(send(address, body, BRIEF), write(&pen, "abc"));
    assert_eq!(reply.map(|reply| reply.status).unwrap_err(), StreamFailure::Call(TransportFailure::TimedOut));
}

#[tokio::test]
async fn a_body_for_nobody_is_not_sent() {
    let unused =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let (_pen, body) = upload(Some(6));
    let outcome = send(unused, body, AMPLE).await;
    let expected = StreamFailure::Call(TransportFailure::NotSent(Unsent::Connect));
    assert_eq!(outcome.map(|reply| reply.status).unwrap_err(), expected);
}

#[tokio::test]
async fn an_answer_may_come_before_the_body_is_through() {
    let address = listen(|mut stream, _| {
        read_until(&mut stream, "abc");
        stream.write_all(b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n").ok();
        stream.read_to_end(&mut Vec::new()).ok();
    });
    let (pen, body) = upload(None);
    let (reply, ()) = tokio::join!(send(address, body, AMPLE), write(&pen, "abc"));
    assert_eq!(reply.expect("an answer").status, 413);
}

/// A body of which there is always more; counts what was asked for.
struct Endless(Arc<AtomicUsize>);

impl Pieces<CutShort> for Endless {
    fn poll_piece(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutShort>>> {
        self.0.fetch_add(0x10000, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Bytes::from_static(&[b'a'; 0x10000]))))
    }
}

/// Back-pressure: what the provider does not read is not asked for.
#[tokio::test]
async fn no_more_is_asked_for_than_the_provider_reads() {
    let address = listen(|stream, _| {
        stream.peek(&mut [0]).ok();
        std::thread::park_timeout(Duration::from_secs(5));
    });
    let asked = Arc::new(AtomicUsize::new(0));
    let body = Upload { length: None, pieces: Box::new(Endless(Arc::clone(&asked))) };
    let outcome = send(address, body, BRIEF).await;
    assert_eq!(outcome.map(|reply| reply.status).unwrap_err(), StreamFailure::Incomplete);
    // Both kernels' socket buffers, and one of ours.
    assert!(asked.load(Ordering::SeqCst) < (32 << 20), "{} bytes", asked.load(Ordering::SeqCst));
}
