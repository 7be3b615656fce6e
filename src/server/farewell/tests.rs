//! A client is told once, between two frames, and not before its first answer while new connections are welcome.

use std::pin::pin;
use std::task::Waker;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::*;

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, 1], payload].concat()
}

fn pair() -> (Farewell<DuplexStream>, DuplexStream, Leaving) {
    let (server, client) = tokio::io::duplex(1 << 16);
    let leaving = Leaving::default();
    (Farewell::http2(server, leaving.clone()), client, leaving)
}

/// Asks for what the client sent, as a server with nothing to do does.
fn idle(server: &mut Farewell<DuplexStream>) {
    let mut bytes = [0; 8];
    let read = pin!(server.read(&mut bytes));
    assert!(read.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

async fn written(server: Farewell<DuplexStream>, mut client: DuplexStream) -> Vec<u8> {
    drop(server);
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn a_frame_is_never_split_and_headers_stay_together() {
    let answer = [frame(1, 0, b"headers"), frame(9, 4, b"more"), frame(0, 1, b"body")].concat();
    for cut in 0..=answer.len() {
        let (mut server, client, leaving) = pair();
        let settings = frame(4, 0, b"");
        server.write_all(&settings).await.unwrap();
        server.write_all(&answer[..cut]).await.unwrap();
        leaving.unready.cancel();
        leaving.closed.cancel();
        idle(&mut server);
        server.write_all(&answer[cut..]).await.unwrap();
        idle(&mut server);
        let bytes = written(server, client).await;
        let place = bytes.windows(GOAWAY.len()).position(|window| window == GOAWAY).expect("said");
        let before = place - settings.len();
        let headers = frame(1, 0, b"headers").len() + frame(9, 4, b"more").len();
        assert!([0, headers, answer.len()].contains(&before), "cut at {cut}: said after {before}");
        assert_eq!(
            [&bytes[..place], &bytes[place + GOAWAY.len()..]].concat(),
            [settings, answer.clone()].concat()
        );
    }
}

#[tokio::test]
async fn while_new_connections_are_welcome_the_first_answer_comes_first() {
    let (mut server, client, leaving) = pair();
    server.write_all(&frame(4, 0, b"")).await.unwrap();
    leaving.unready.cancel();
    idle(&mut server);
    let answer = frame(1, 5, b"headers");
    server.write_all(&answer).await.unwrap();
    idle(&mut server);
    idle(&mut server);
    assert_eq!(written(server, client).await, [frame(4, 0, b""), answer, GOAWAY.to_vec()].concat());
}

#[tokio::test]
async fn an_idle_connection_wakes_and_is_told_when_nobody_is_welcome_any_more() {
    let (mut server, mut client, leaving) = pair();
    server.write_all(&frame(4, 0, b"")).await.unwrap();
    let told = async {
        // Behind the server's first question, so that it must be woken.
        tokio::task::yield_now().await;
        leaving.unready.cancel();
        leaving.closed.cancel();
        let mut bytes = [0; 9 + GOAWAY.len()];
        client.read_exact(&mut bytes).await.unwrap();
        assert_eq!(bytes[9..], GOAWAY);
        client.write_u8(1).await.unwrap();
    };
    let (read, ()) = tokio::join!(server.read_u8(), told);
    assert_eq!(read.unwrap(), 1);
}
