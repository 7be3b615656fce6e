//! Answers that are handed on as they come: each piece when it is there, and an end only when it is whole.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use domain::TransportFailure::{Disconnected, NotSent, TimedOut, Unreadable};
use domain::ports::Transport;
use domain::{StreamFailure, StreamedReply, TransportFailure, Unsent};

use super::server::{
    MAX_REPLY_BYTES, OK, answering, answering_and_waiting, get, listen, plain, post, read_request, transport,
};

const AMPLE: Duration = Duration::from_secs(10);
const BRIEF: Duration = Duration::from_secs(1);

async fn stream(address: SocketAddr, timeout: Duration) -> Result<StreamedReply, StreamFailure> {
    transport().stream(&plain(address), &post("{}"), None, timeout).await
}

async fn piece(reply: &mut StreamedReply) -> Option<Result<Bytes, TransportFailure>> {
    std::future::poll_fn(|context| reply.pieces.poll_piece(context)).await
}

/// Returns what came of the body, and how it ended.
async fn rest(reply: &mut StreamedReply) -> (Vec<u8>, Option<TransportFailure>) {
    let mut bytes = Vec::new();
    loop {
        match piece(reply).await {
            Some(Ok(piece)) => bytes.extend_from_slice(&piece),
            Some(Err(failure)) => return (bytes, Some(failure)),
            None => return (bytes, None),
        }
    }
}

/// Asserts that a call got no answer, and why.
#[track_caller]
fn check(outcome: Result<StreamedReply, StreamFailure>, expected: TransportFailure) {
    assert_eq!(outcome.map(|reply| reply.status).unwrap_err(), StreamFailure::Call(expected));
}

/// Asserts that an answer begins, gives these bytes, and ends in this way.
async fn check_body(answer: impl Into<Vec<u8>>, body: &[u8], end: Option<TransportFailure>) {
    let mut reply = stream(answering(answer), AMPLE).await.expect("a head");
    let (bytes, failure) = rest(&mut reply).await;
    assert_eq!((&*bytes, failure), (body, end));
}

#[tokio::test]
async fn the_first_piece_is_there_before_the_last_is_written() {
    let (go_on, wait) = mpsc::channel::<()>();
    let address = listen(move |mut stream, _| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 206 Partial Content\r\nX-Id: 7\r\nContent-Length: 6\r\n\r\nabc").ok();
        wait.recv().ok();
        stream.write_all(b"def").ok();
    });
    let mut reply = stream(address, AMPLE).await.expect("a head");
    assert_eq!((reply.status, reply.length), (206, Some(6)));
    assert_eq!(reply.headers.get("x-id").map(http::HeaderValue::as_bytes), Some(&b"7"[..]));
    assert_eq!(piece(&mut reply).await, Some(Ok(Bytes::from_static(b"abc"))));
    go_on.send(()).expect("the server waits");
    assert_eq!(rest(&mut reply).await, (b"def".to_vec(), None));
}

#[tokio::test]
async fn an_answer_is_handed_on_whatever_its_length_and_encoding() {
    let long = vec![b'a'; MAX_REPLY_BYTES * 4];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", long.len());
    check_body([head.as_bytes(), &long].concat(), &long, None).await;
    check_body(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-Sum: 1\r\n\r\n",
        b"abc",
        None,
    )
    .await;
    check_body(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x08",
        b"\x1f\x08",
        None,
    )
    .await;
    check_body("HTTP/1.1 204 No Content\r\n\r\n", b"", None).await;
    check_body("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", b"", None)
        .await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_never_ends() {
    check_body("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"half", Some(Disconnected)).await;
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    check_body(chunked, b"half", Some(Disconnected)).await;
    check_body([chunked, "9\r\nhal"].concat(), b"halfhal", Some(Disconnected)).await;
    check_body([chunked, "zz\r\nhalf\r\n"].concat(), b"half", Some(Unreadable)).await;
}

#[tokio::test]
async fn what_fails_before_the_head_fails_as_any_call_does() {
    let unused =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    check(stream(unused, AMPLE).await, NotSent(Unsent::Connect));
    check(stream(unused, Duration::ZERO).await, NotSent(Unsent::Deadline));
    let reset = listen(|stream, _| {
        stream.peek(&mut [0]).ok();
    });
    check(stream(reset, AMPLE).await, Disconnected);
    check(stream(answering("HTTP/1.1 200 OK\r\nContent-Le"), AMPLE).await, Disconnected);
    check(stream(answering("SSH-2.0-OpenSSH_9.9\r\n\r\n"), AMPLE).await, Unreadable);
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    check(stream(answering(upgrade), AMPLE).await, Unreadable);
    check(stream(answering_and_waiting(b""), BRIEF).await, TimedOut);
    let malformed = domain::Request { path: "/a b".to_owned(), ..post("{}") };
    let outcome = transport().stream(&plain(unused), &malformed, None, AMPLE).await;
    check(outcome, NotSent(Unsent::Malformed));
}

#[tokio::test]
async fn a_slow_answer_ends_with_the_time() {
    let address = answering_and_waiting(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow");
    let mut reply = stream(address, BRIEF).await.expect("a head");
    assert_eq!(rest(&mut reply).await, (b"slow".to_vec(), Some(TimedOut)));
}

#[tokio::test]
async fn an_endless_answer_ends_with_the_time() {
    let address = listen(|mut stream, _| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").ok();
        let chunk = [b"4000\r\n".as_slice(), &[b'a'; 0x4000], b"\r\n"].concat();
        while stream.write_all(&chunk).is_ok() {}
    });
    let mut reply = stream(address, BRIEF).await.expect("a head");
    // Not kept: in all that time it may be gigabytes.
    let mut bytes = 0;
    let failure = loop {
        match piece(&mut reply).await {
            Some(Ok(piece)) => bytes += piece.len(),
            Some(Err(failure)) => break Some(failure),
            None => break None,
        }
    };
    assert!(bytes > 0);
    assert_eq!(failure, Some(TimedOut));
}

/// Back-pressure: what nobody takes is not read, so that the server cannot go on writing.
#[tokio::test]
async fn no_more_is_read_than_is_taken() {
    let (told, written) = mpsc::channel();
    let address = listen(move |mut stream, _| {
        read_request(&mut stream);
        stream.set_write_timeout(Some(Duration::from_millis(300))).ok();
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").ok();
        let mut bytes = 0_usize;
        // More than both kernels' buffers hold.
        while bytes < (256 << 20) && stream.write_all(&[b'a'; 0x10000]).is_ok() {
            bytes += 0x10000;
        }
        told.send(bytes).ok();
    });
    let mut reply = stream(address, AMPLE).await.expect("a head");
    piece(&mut reply).await.expect("a piece").expect("bytes");
    let bytes = tokio::task::spawn_blocking(move || written.recv_timeout(AMPLE)).await.expect("joined");
    assert!(bytes.expect("the server gives up") < (256 << 20));
    drop(reply);
}

#[tokio::test]
async fn an_answer_that_nobody_wants_any_more_takes_its_connection_with_it() {
    let (told, gone) = mpsc::channel();
    let address = listen(move |mut stream, _| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\nhalf").ok();
        told.send(stream.read(&mut [0]).map_or(0, |read| read)).ok();
    });
    let reply = stream(address, AMPLE).await.expect("a head");
    drop(reply);
    let read = tokio::task::spawn_blocking(move || gone.recv_timeout(AMPLE)).await.expect("joined");
    assert_eq!(read, Ok(0), "closed, and long before the server's patience ends");
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_whole_answer_only() {
    let (told, numbers) = mpsc::channel();
    let address = listen(move |mut stream, number| {
        while read_request(&mut stream).is_some() {
            told.send(number).ok();
            stream.write_all(OK).ok();
        }
    });
    let transport = transport();
    for is_taken in [true, true, false, true] {
        let reply = transport.stream(&plain(address), &get(), None, AMPLE).await;
        let mut reply = reply.expect("a head");
        if is_taken {
            assert_eq!(rest(&mut reply).await, (b"ok".to_vec(), None));
        }
    }
    let numbers: Vec<usize> = numbers.try_iter().collect();
    assert_eq!(numbers.first(), Some(&0));
    assert_eq!(numbers.get(1), Some(&0), "the second call goes over the first one's connection");
    assert_eq!(numbers.len(), 4);
}
