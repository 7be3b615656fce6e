//! Whole answers, whatever their status: handed on as they are.

use std::io::Write;

use domain::ports::Transport;
use domain::{Reply, TransportFailure};

use super::server::{
    MAX_REPLY_BYTES, OK, PATIENCE, answering, call, listen, plain, post, read_request, transport,
};

async fn answered(answer: impl Into<Vec<u8>>) -> Reply {
    call(answering(answer)).await.expect("a whole answer")
}

#[tokio::test]
async fn an_answer_is_handed_on_whole() {
    let reply =
        answered("HTTP/1.1 402 Payment Required\r\nX-Id: 7\r\nContent-Length: 5\r\n\r\n{\"a\"}").await;
    assert_eq!(reply.status, 402);
    assert_eq!(reply.header("x-id"), Some("7"));
    assert_eq!(reply.body, "{\"a\"}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_goes_there() {
    let (told, followed) = std::sync::mpsc::channel();
    let elsewhere = listen(move |mut stream, _| {
        told.send(read_request(&mut stream)).ok();
        stream.write_all(OK).ok();
    });
    for status in [300, 301, 302, 303, 307, 308] {
        let location = format!("http://{elsewhere}/v1/orders");
        let head =
            format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let reply = answered(head).await;
        assert_eq!((reply.status, reply.header("location")), (status, Some(&*location)));
    }
    assert!(followed.try_recv().is_err());
}

#[tokio::test]
async fn a_page_for_people_is_an_answer_like_any_other() {
    let page =
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>";
    let reply = answered(page).await;
    assert_eq!((reply.status, &*reply.body), (502, &b"<html></html>"[..]));
}

/// As long as it said, and what comes behind it is nobody's: the connection goes.
#[tokio::test]
async fn a_body_longer_than_declared_ends_where_it_said() {
    let address = listen(|mut stream, number| {
        while read_request(&mut stream).is_some() {
            let answer =
                if number == 0 { &b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok"[..] } else { OK };
            stream.write_all(answer).ok();
        }
    });
    let transport = transport();
    let first = transport.send(&plain(address), &post("{}"), PATIENCE).await.expect("a whole answer");
    assert_eq!(first.body, "o");
    let second = transport.send(&plain(address), &post("{}"), PATIENCE).await;
    assert!(
        matches!(&second, Ok(reply) if reply.body == "ok")
            || matches!(second, Err(TransportFailure::NotSent(_) | TransportFailure::Unreadable)),
        "{second:?}"
    );
}

#[tokio::test]
async fn answers_before_the_answer_are_passed_over() {
    for early in ["100 Continue", "102 Processing", "103 Early Hints\r\nLink: </a>"] {
        let reply = answered([format!("HTTP/1.1 {early}\r\n\r\n").as_bytes(), OK].concat()).await;
        assert_eq!((reply.status, &*reply.body), (200, &b"ok"[..]));
        assert_eq!(reply.header("link"), None);
    }
}

#[tokio::test]
async fn an_answer_without_a_body_is_whole() {
    for head in ["204 No Content", "304 Not Modified\r\nContent-Length: 10", "200 OK\r\nContent-Length: 0"] {
        assert_eq!(answered(format!("HTTP/1.1 {head}\r\n\r\n")).await.body.len(), 0, "{head}");
    }
}

#[tokio::test]
async fn chunks_become_one_body() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n1\r\nf\r\n0\r\nX-Sum: 1\r\n\r\n";
    assert_eq!(answered(answer).await.body, "abcdef");
}

#[tokio::test]
async fn a_body_that_ends_with_the_connection_is_whole() {
    assert_eq!(answered("HTTP/1.0 200 OK\r\n\r\nabc").await.body, "abc");
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_read() {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {MAX_REPLY_BYTES}\r\n\r\n");
    let reply = answered([head.as_bytes(), &vec![b'a'; MAX_REPLY_BYTES]].concat()).await;
    assert_eq!(reply.body.len(), MAX_REPLY_BYTES);
}

#[tokio::test]
async fn identity_is_no_encoding() {
    assert_eq!(
        answered("HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\nContent-Length: 2\r\n\r\nok").await.body,
        "ok"
    );
}
