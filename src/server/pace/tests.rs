//! Who holds a place for nothing goes, and nobody else does. Ticks are short here; nothing is measured.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const TICK: Duration = Duration::from_millis(10);
const SOON: Duration = Duration::from_millis(50);
const NEVER: Duration = Duration::from_secs(3600);

fn paced(idle: Duration, farewell: Option<CancellationToken>) -> (Paced<DuplexStream>, DuplexStream) {
    let (server, client) = duplex(64);
    (Paced::new(server, Patience { tick: TICK, idle }, farewell), client)
}

/// Reads until the connection is made to go.
async fn cut_off(connection: &mut Paced<DuplexStream>) {
    let mut buffer = [0; 16];
    loop {
        match connection.read(&mut buffer).await {
            Ok(0) => panic!("the client has gone"),
            Ok(_) => {}
            Err(error) => return assert_eq!(error.kind(), io::ErrorKind::TimedOut),
        }
    }
}

#[actix_rt::test]
async fn a_connection_that_brings_nothing_goes() {
    let (mut connection, _client) = paced(SOON, None);
    cut_off(&mut connection).await;
}

#[actix_rt::test]
async fn a_connection_with_a_request_under_way_stays() {
    let (mut connection, _client) = paced(SOON, None);
    let under_way = Requests::begin(&connection.requests());
    let waiting = tokio::time::timeout(SOON * 10, cut_off(&mut connection)).await;
    assert!(waiting.is_err());
    drop(under_way);
    cut_off(&mut connection).await;
}

#[actix_rt::test]
async fn a_connection_opened_ahead_of_its_requests_stays_as_long_as_an_idle_one() {
    let (mut connection, _client) = paced(NEVER, None);
    let waiting = tokio::time::timeout(SOON * 10, cut_off(&mut connection)).await;
    assert!(waiting.is_err());
}

#[actix_rt::test]
async fn a_connection_whose_reader_was_late_once_stays_when_all_is_taken() {
    let (inner, _client) = duplex(64);
    let patience = Patience { tick: TICK, idle: NEVER };
    let mut connection = Paced::new(LateFlush { inner, is_late: true }, patience, None);
    connection.flush().await.unwrap();
    let mut buffer = [0; 16];
    let waiting = tokio::time::timeout(SOON * 10, connection.read(&mut buffer)).await;
    assert!(waiting.is_err());
}

#[actix_rt::test]
async fn a_head_that_comes_in_drops_goes_long_before_an_idle_connection() {
    let (mut connection, mut client) = paced(NEVER, None);
    drop(Requests::begin(&connection.requests()));
    let dripping = actix_rt::spawn(async move {
        while client.write_all(b"x").await.is_ok() {
            tokio::time::sleep(TICK / 5).await;
        }
    });
    cut_off(&mut connection).await;
    drop(connection);
    dripping.await.unwrap();
}

#[actix_rt::test]
async fn a_head_that_begins_late_has_all_of_its_time() {
    let (mut connection, mut client) = paced(NEVER, None);
    let mut buffer = [0; 16];
    tokio::time::timeout(TICK * 50, connection.read(&mut buffer)).await.unwrap_err();
    assert!(connection.idle_ticks >= PATIENCE, "it has been idle for long");
    client.write_all(b"GET").await.unwrap();
    assert_eq!(connection.read(&mut buffer).await.unwrap(), 3);
    assert_eq!(connection.idle_ticks, 0);
    cut_off(&mut connection).await;
}

#[actix_rt::test]
async fn an_http2_client_is_asked_to_go_and_then_made_to_however_much_it_pings() {
    let farewell = CancellationToken::new();
    let (mut connection, mut client) = paced(SOON, Some(farewell.clone()));
    let pinging = actix_rt::spawn(async move {
        while client.write_all(b"ping").await.is_ok() {
            tokio::time::sleep(TICK / 5).await;
        }
    });
    tokio::join!(farewell.cancelled(), cut_off(&mut connection));
    drop(connection);
    pinging.await.unwrap();
}

#[actix_rt::test]
async fn a_reader_that_does_not_read_goes_even_while_a_request_is_under_way() {
    let (mut connection, _client) = paced(NEVER, None);
    let _under_way = Requests::begin(&connection.requests());
    let error = connection.write_all(&[0; 4096]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[actix_rt::test]
async fn a_reader_that_takes_what_comes_stays() {
    let (mut connection, mut client) = paced(NEVER, None);
    let reading = actix_rt::spawn(async move {
        let mut taken = 0;
        let mut buffer = [0; 64];
        while taken < 100 * 1024 {
            taken += client.read(&mut buffer).await.unwrap();
        }
    });
    connection.write_all(&[0; 100 * 1024]).await.unwrap();
    reading.await.unwrap();
}

/// A connection that keeps something back once, as TLS does with what its socket did not take.
struct LateFlush {
    inner: DuplexStream,
    is_late: bool,
}

impl AsyncRead for LateFlush {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for LateFlush {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.is_late) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
