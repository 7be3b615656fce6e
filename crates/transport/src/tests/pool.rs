//! Kept connections: used again, and when they turn out dead, nothing happens twice.

use std::io::Write;
use std::net::{Shutdown, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use domain::ports::Transport;
use domain::{TransportFailure, Unsent};

use super::server::{OK, listen, plain, post, read_request, transport};

const AMPLE: Duration = Duration::from_secs(10);

/// A server that answers one request a connection and then closes without having said so. Counts requests, and tells
/// when it has closed.
fn closing_after_one() -> (SocketAddr, Arc<AtomicUsize>, mpsc::Receiver<()>) {
    let served = Arc::new(AtomicUsize::new(0));
    let (told, closed) = mpsc::channel();
    let count = Arc::clone(&served);
    let address = listen(move |mut stream, _| {
        if read_request(&mut stream).is_some() {
            count.fetch_add(1, Ordering::SeqCst);
            stream.write_all(OK).ok();
            stream.shutdown(Shutdown::Both).ok();
        }
        drop(stream);
        told.send(()).ok();
    });
    (address, served, closed)
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let address = listen(move |mut stream, _| {
        count.fetch_add(1, Ordering::SeqCst);
        while read_request(&mut stream).is_some() {
            stream.write_all(OK).ok();
        }
    });
    let transport = transport();
    for _ in 0..20 {
        let reply = transport.send(&plain(address), &post("{}"), AMPLE).await;
        assert_eq!(reply.map(|reply| reply.status), Ok(200));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_known_to_be_closed_is_replaced() {
    let (address, served, closed) = closing_after_one();
    let transport = transport();
    for number in 1..=10 {
        let reply = transport.send(&plain(address), &post("{}"), AMPLE).await;
        assert_eq!(reply.map(|reply| reply.status), Ok(200));
        assert_eq!(served.load(Ordering::SeqCst), number);
        closed.recv_timeout(AMPLE).expect("the server closes");
        // The runtime hears of it only when it gets to listen: after one sleep, a late one may go on before it has.
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// The close and the next request cross: whichever way it goes, the verdict agrees with what the server saw.
#[tokio::test]
async fn a_connection_closed_at_the_wrong_moment_does_nothing_twice() {
    let (address, served, closed) = closing_after_one();
    let transport = transport();
    let mut seen = 0;
    for number in 0..200 {
        let outcome = transport.send(&plain(address), &post("{}"), AMPLE).await;
        let now_seen = served.load(Ordering::SeqCst);
        match outcome.map(|reply| reply.status) {
            Ok(status) => {
                assert_eq!((status, now_seen), (200, seen + 1), "call {number}");
                closed.recv_timeout(AMPLE).expect("the server closes");
            }
            Err(TransportFailure::NotSent(Unsent::Connect)) => assert_eq!(now_seen, seen, "call {number}"),
            Err(TransportFailure::Disconnected) => assert!(now_seen <= seen + 1, "call {number}"),
            Err(other) => panic!("call {number}: {other}"),
        }
        seen = now_seen;
    }
}

/// As above, with the connections on other threads than the calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_do_not_blur_the_verdict() {
    let (address, served, _closed) = closing_after_one();
    let transport = transport();
    let mut seen = 0;
    for number in 0..300_u64 {
        // Deadlines from hopeless to ample fall into every phase of a call.
        let timeout = Duration::from_micros(1 + (number * 37) % 600);
        let outcome = transport.send(&plain(address), &post("{}"), timeout).await;
        let is_unsent = matches!(outcome, Err(TransportFailure::NotSent(_)));
        // Whoever is answered next opens or finds a connection after this one's fate is settled at the server. Who meets one that
        // is being closed gets no answer, and settles nothing.
        let mut tries = 1;
        while transport.send(&plain(address), &post("{}"), AMPLE).await.is_err() {
            tries += 1;
            assert!(tries <= 20, "after call {number} nobody is answered");
        }
        let now_seen = served.load(Ordering::SeqCst);
        if is_unsent {
            let of_tries = seen + 1..=seen + tries;
            assert!(of_tries.contains(&now_seen), "call {number} was said not to be sent: {now_seen}");
        }
        seen = now_seen;
    }
}

/// The moment at which HTTP libraries send again by themselves: a kept connection ends under a request. We do not: the server
/// may have done it.
#[tokio::test]
async fn a_request_on_a_kept_connection_that_ends_is_never_sent_again() {
    for half in [false, true] {
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        let address = listen(move |mut stream, _| {
            for number in 0.. {
                if read_request(&mut stream).is_none() {
                    return;
                }
                count.fetch_add(1, Ordering::SeqCst);
                match number {
                    0 => stream.write_all(OK).ok(),
                    _ if half => return drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le")),
                    _ => return,
                };
            }
        });
        let transport = transport();
        let first = transport.send(&plain(address), &post("{}"), AMPLE).await;
        assert_eq!(first.map(|reply| reply.status), Ok(200));
        let second = transport.send(&plain(address), &post("{}"), AMPLE).await;
        assert_eq!(second.map(|reply| reply.status), Err(TransportFailure::Disconnected));
        assert_eq!(requests.load(Ordering::SeqCst), 2, "one answered, one not, and none again");
    }
}

/// The same with the second request unread: the kernel resets, and nobody knows what the server has seen.
#[tokio::test]
async fn a_kept_connection_that_is_reset_under_a_request_is_a_disconnection() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let address = listen(move |mut stream, _| {
        count.fetch_add(1, Ordering::SeqCst);
        read_request(&mut stream);
        stream.write_all(OK).ok();
        stream.peek(&mut [0]).ok();
    });
    let transport = transport();
    let first = transport.send(&plain(address), &post("{}"), AMPLE).await;
    assert_eq!(first.map(|reply| reply.status), Ok(200));
    let second = transport.send(&plain(address), &post("{}"), AMPLE).await;
    assert_eq!(second.map(|reply| reply.status), Err(TransportFailure::Disconnected));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_too_many_is_given_to_nobody() {
    let address = listen(|mut stream, _| {
        let mut number = 0;
        while let Some(request) = read_request(&mut stream) {
            number += 1;
            assert!(request.contains("{}"));
            let twice = if number == 1 { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray" } else { "" };
            stream.write_all([OK, twice.as_bytes()].concat().as_slice()).ok();
        }
    });
    let transport = transport();
    for number in 0..20 {
        match transport.send(&plain(address), &post("{}"), AMPLE).await {
            Ok(reply) => assert_eq!(reply.body, "ok", "call {number}"),
            Err(failure) => assert_eq!(failure, TransportFailure::NotSent(Unsent::Connect), "call {number}"),
        }
    }
}

#[tokio::test]
async fn a_connection_given_up_at_its_deadline_is_not_used_again() {
    let address = listen(|mut stream, number| {
        // The first answer comes when nobody waits for it any more.
        if read_request(&mut stream).is_some() && number == 0 {
            let late = Duration::from_secs(3);
            stream.set_read_timeout(Some(late)).ok();
            read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate").ok();
        } else {
            stream.write_all(OK).ok();
        }
    });
    let transport = transport();
    let first = transport.send(&plain(address), &post("{}"), Duration::from_secs(1)).await;
    assert_eq!(first.map(|reply| reply.status), Err(TransportFailure::TimedOut));
    let second = transport.send(&plain(address), &post("{}"), AMPLE).await;
    assert_eq!(second.map(|reply| reply.body), Ok("ok".into()));
}
