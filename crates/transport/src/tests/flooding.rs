//! Answers that never end, or only after more than memory holds: cut, and little of them was ever taken.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use domain::TransportFailure::{self, TimedOut, Unreadable};

use super::server::{answering, call, call_briefly, check, listen, read_request};

/// More than both kernels' socket buffers and ours hold, and nothing against what the servers here would send.
const LITTLE_BYTES: usize = 64 << 20;
const GIB: usize = 1 << 30;

/// A server that writes `head` and then `piece` again and again, 4 GiB at most; it tells how much it got rid of.
fn flooding(head: String, piece: Vec<u8>) -> (SocketAddr, mpsc::Receiver<usize>) {
    let (told, written) = mpsc::channel();
    let address = listen(move |mut stream, _| {
        read_request(&mut stream);
        stream.set_write_timeout(Some(Duration::from_secs(10))).ok();
        let mut bytes = 0;
        let mut result = stream.write_all(head.as_bytes());
        while result.is_ok() && bytes < 4 * GIB {
            bytes += piece.len();
            result = stream.write_all(&piece);
        }
        told.send(bytes).ok();
    });
    (address, written)
}

/// Asserts that an answer like this is given up, and that it was before much of it was taken.
async fn check_flood(head: impl Into<String>, piece: impl Into<Vec<u8>>, expected: TransportFailure) {
    let head = head.into();
    let (address, written) = flooding(head.clone(), piece.into());
    let outcome = if expected == TimedOut { call_briefly(address).await } else { call(address).await };
    check(outcome, expected);
    let bytes = tokio::task::spawn_blocking(move || written.recv_timeout(Duration::from_secs(20)));
    let bytes = bytes.await.expect("joined").expect("the server gives up");
    // What is read and thrown away until the time is up is more, and still nothing against what the server would send.
    let most = if expected == TimedOut { GIB } else { LITTLE_BYTES };
    assert!(bytes < most, "{bytes} bytes after {head}");
}

#[tokio::test]
async fn two_gigabytes_are_given_up_at_once() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 * GIB);
    check_flood(head, vec![b'a'; 0x10000], Unreadable).await;
}

#[tokio::test]
async fn chunks_without_end_are_given_up_at_the_limit() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    check_flood(head, [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat(), Unreadable).await;
    // One chunk that says it is as long as a number can be.
    check_flood(format!("{head}7fffffffffffffff\r\n"), vec![b' '; 0x4000], Unreadable).await;
    // Chunks of one byte with extensions, of which the body is next to nothing.
    let extension = format!("1;{}\r\na\r\n", "x".repeat(1_000));
    check_flood(head, extension, Unreadable).await;
}

/// What unpacks to gigabytes is not unpacked: we never ask for an encoding, and an encoded answer is not read.
#[tokio::test]
async fn a_bomb_stays_packed() {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        4 * GIB
    );
    check_flood(head, vec![0x1f; 0x10000], Unreadable).await;
    // One that is small enough to be read is not either.
    let small = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00";
    check(call(answering(small)).await, Unreadable);
}

#[tokio::test]
async fn a_head_of_a_thousand_lines_is_unreadable() {
    let lines: String = (0..1_000).map(|number| format!("X-{number}: a\r\n")).collect();
    check(
        call(answering(format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok"))).await,
        Unreadable,
    );
}

#[tokio::test]
async fn a_head_that_goes_on_for_ever_is_unreadable() {
    check_flood("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n".repeat(1_000), Unreadable).await;
    check_flood("HTTP/1.1 200 OK\r\nX-Long: ", vec![b'a'; 0x4000], Unreadable).await;
    check_flood("HTTP/1.1 200 ", vec![b'a'; 0x4000], Unreadable).await;
}

#[tokio::test]
async fn interim_answers_without_end_are_a_time_out() {
    check_flood("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(100), TimedOut).await;
}

#[tokio::test]
async fn trailers_without_end_are_given_up() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n";
    check_flood(head, "X-More: and more\r\n".repeat(1_000), Unreadable).await;
}

/// A byte now and then keeps no connection busy for longer than the call has time.
#[tokio::test]
async fn a_dribble_is_a_time_out() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        "",
    ] {
        let address = listen(move |mut stream, _| {
            read_request(&mut stream);
            let mut result = stream.write_all(head.as_bytes());
            while result.is_ok() {
                std::thread::sleep(Duration::from_millis(5));
                result = stream.write_all(if head.is_empty() { b"\r\n" } else { b" " });
            }
        });
        check(call_briefly(address).await, TimedOut);
    }
}
