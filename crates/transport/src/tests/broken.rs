//! After the request may have been written: never `NotSent`, whatever went wrong.

use std::io::{Read, Write};
use std::time::Duration;

use domain::TransportFailure::{Disconnected, NotSent, TimedOut, Unreadable};
use domain::Unsent;
use domain::ports::Transport;

use super::server::{
    MAX_REPLY_BYTES, answering, answering_and_waiting, call, call_briefly, check, get, listen, plain, post,
    read_request, transport,
};

#[tokio::test]
async fn a_reset_before_the_server_reads_is_a_disconnection() {
    // Closing with unread bytes makes the kernel answer with a reset.
    let address = listen(|stream, _| {
        stream.peek(&mut [0]).ok();
    });
    check(call(address).await, Disconnected);
}

#[tokio::test]
async fn a_reset_after_the_server_read_is_a_disconnection() {
    let address = listen(|mut stream, _| {
        stream.read_exact(&mut [0; 60]).ok();
    });
    check(call(address).await, Disconnected);
}

#[tokio::test]
async fn a_close_without_an_answer_is_a_disconnection() {
    check(call(answering("")).await, Disconnected);
    // Also for a request without a body.
    let outcome = transport().send(&plain(answering("")), &get(), Duration::from_secs(10)).await;
    check(outcome, Disconnected);
}

/// A server that is gone before the request is written: the verdict says what is certain, never more.
#[tokio::test]
async fn a_reset_at_once_is_not_sent_or_a_disconnection() {
    for body in ["", "{}"] {
        let address = listen(|stream, _| drop(stream));
        let outcome = transport().send(&plain(address), &post(body), Duration::from_secs(10)).await;
        let failure = outcome.map(|reply| reply.status).unwrap_err();
        assert!(matches!(failure, Disconnected | NotSent(Unsent::Connect)), "{failure}");
    }
}

#[tokio::test]
async fn a_reset_in_the_middle_of_the_request_is_a_disconnection() {
    let large = domain::Request { body: vec![b'a'; 32 << 20].into(), ..post("") };
    for bytes in [0, 1, 0x10000] {
        let address = listen(move |mut stream, _| {
            stream.peek(&mut [0]).ok();
            stream.read_exact(&mut vec![0; bytes]).ok();
        });
        check(transport().send(&plain(address), &large, Duration::from_secs(10)).await, Disconnected);
    }
}

/// The answer to a request that was not read to its end: an answer, or nothing that anyone may rely on.
#[tokio::test]
async fn an_answer_in_the_middle_of_the_request_is_one_or_a_disconnection() {
    let large = domain::Request { body: vec![b'a'; 8 << 20].into(), ..post("") };
    let address = listen(|mut stream, _| {
        stream.read_exact(&mut [0; 0x1000]).ok();
        stream
            .write_all(b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .ok();
        stream.shutdown(std::net::Shutdown::Write).ok();
        std::io::copy(&mut stream, &mut std::io::sink()).ok();
    });
    let outcome = transport().send(&plain(address), &large, Duration::from_secs(10)).await;
    let outcome = outcome.map(|reply| reply.status);
    assert!(matches!(outcome, Ok(413) | Err(Disconnected)), "{outcome:?}");
}

/// A body whose end only the connection tells is not whole when the connection breaks.
#[tokio::test]
async fn a_reset_is_no_end_of_a_body() {
    let address = listen(|mut stream, _| {
        stream.peek(&mut [0]).ok();
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n{\"id\":").ok();
        // Closed with unread bytes.
    });
    check(call(address).await, Disconnected);
}

#[tokio::test]
async fn half_a_head_is_a_disconnection() {
    check(call(answering("HTTP/1.1 200 OK\r\nContent-Le")).await, Disconnected);
}

#[tokio::test]
async fn half_a_body_is_a_disconnection() {
    check(call(answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":")).await, Disconnected);
}

#[tokio::test]
async fn half_of_the_chunks_is_a_disconnection() {
    check(
        call(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")).await,
        Disconnected,
    );
    check(
        call(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")).await,
        Disconnected,
    );
}

#[tokio::test]
async fn garbage_is_unreadable() {
    check(call(answering("SSH-2.0-OpenSSH_9.9\r\n\r\n")).await, Unreadable);
    check(call(answering("HTTP/1.1 abc Weird\r\n\r\n")).await, Unreadable);
    check(call(answering([0, 159, 146, 150, 13, 10, 13, 10])).await, Unreadable);
    check(
        call(answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok")).await,
        Unreadable,
    );
    check(
        call(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n")).await,
        Unreadable,
    );
    check(
        call(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n")).await,
        Unreadable,
    );
    check(
        call(answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nok")).await,
        Unreadable,
    );
    for length in ["-1", "two", "2 3", "18446744073709551616"] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nok");
        check(call(answering(answer)).await, Unreadable);
    }
    check(call(answering("HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok")).await, Unreadable);
    check(call(answering("<html><body>502 Bad Gateway</body></html>\r\n\r\n")).await, Unreadable);
}

#[tokio::test]
async fn a_head_without_end_is_unreadable() {
    let head = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "a".repeat(200_000));
    check(call(answering(head)).await, Unreadable);
}

#[tokio::test]
async fn silence_is_a_time_out() {
    check(call_briefly(answering_and_waiting(b"")).await, TimedOut);
    check(call_briefly(answering_and_waiting(b"HTTP/1.1 200 OK\r\n")).await, TimedOut);
    check(call_briefly(answering_and_waiting(b"HTTP/1.1 102 Processing\r\n\r\n")).await, TimedOut);
}

#[tokio::test]
async fn a_body_slower_than_the_deadline_is_a_time_out() {
    check(
        call_briefly(answering_and_waiting(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow")).await,
        TimedOut,
    );
}

#[tokio::test]
async fn a_server_that_does_not_read_is_a_time_out() {
    // More than both kernels' socket buffers hold.
    let large = domain::Request { body: vec![b'a'; 32 << 20].into(), ..post("") };
    let address = listen(|stream, _| {
        stream.peek(&mut [0]).ok();
        std::thread::park_timeout(Duration::from_secs(5));
    });
    let outcome = transport().send(&plain(address), &large, Duration::from_secs(1)).await;
    check(outcome, TimedOut);
}

#[tokio::test]
async fn a_body_declared_too_long_is_unreadable_at_once() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", MAX_REPLY_BYTES + 1);
    // The server sends none of it and waits: only the declaration can have told.
    let address = listen(move |mut stream, _| {
        read_request(&mut stream);
        stream.write_all(head.as_bytes()).ok();
        stream.read_to_end(&mut Vec::new()).ok();
    });
    check(call(address).await, Unreadable);
}

#[tokio::test]
async fn a_body_without_end_is_unreadable() {
    for head in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    ] {
        let address = listen(move |mut stream, _| {
            read_request(&mut stream);
            let mut result = stream.write_all(head.as_bytes());
            while result.is_ok() {
                result = stream.write_all(b"8\r\naaaaaaaa\r\n");
            }
        });
        check(call(address).await, Unreadable);
    }
}

#[tokio::test]
async fn an_encoded_answer_is_unreadable() {
    for encoding in ["gzip", "br", "identity, gzip", "x"] {
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 4\r\n\r\n\x1f\x08aa");
        check(call(answering(answer)).await, Unreadable);
    }
}

#[tokio::test]
async fn a_change_of_protocol_is_unreadable() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    check(call(answering(answer)).await, Unreadable);
}
