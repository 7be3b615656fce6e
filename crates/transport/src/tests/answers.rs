//! Whole answers, whatever their status: handed on as they are.

use domain::Reply;

use super::server::{MAX_REPLY_BYTES, OK, answering, call};

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
async fn a_redirect_is_an_answer() {
    let reply =
        answered("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(reply.status, 302);
    assert_eq!(reply.header("location"), Some("http://127.0.0.1:1/"));
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
