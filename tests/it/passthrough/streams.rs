//! Bodies that are longer than anything we would hold, and callers who go away in the middle.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use http::Method;

use super::{carry, logged};
use crate::support::{Account, Stage, StageOptions, eventually};

const PATIENCE: Duration = Duration::from_secs(10);

/// A provider on plain sockets, for what no sandbox does: it answers in pieces, and counts what it is sent.
pub(super) struct Upstream {
    address: SocketAddr,
    is_stopped: Arc<AtomicBool>,
    /// How many heads of requests were read.
    heads: Arc<AtomicUsize>,
    /// What was received: the path, the body's bytes, and whether it was whole.
    received: Arc<Mutex<Vec<(String, usize, bool)>>>,
    /// Lets an answer of `/v1/pieces` go on.
    go_on: mpsc::Sender<()>,
    /// How many callers of `/v1/endless` went away.
    gone: Arc<Mutex<usize>>,
}

impl Upstream {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let is_stopped = Arc::new(AtomicBool::new(false));
        let heads = Arc::new(AtomicUsize::new(0));
        let (received, gone) = (Arc::new(Mutex::default()), Arc::new(Mutex::new(0)));
        let (go_on, wait) = mpsc::channel();
        let wait = Arc::new(Mutex::new(wait));
        let shared = (Arc::clone(&is_stopped), Arc::clone(&heads), Arc::clone(&received), Arc::clone(&gone));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (is_stopped, heads, received, gone) = shared.clone();
                if is_stopped.load(Ordering::SeqCst) {
                    return;
                }
                let wait = Arc::clone(&wait);
                std::thread::spawn(move || {
                    serve(&stream.expect("a connection"), &heads, &received, &gone, &wait);
                });
            }
        });
        Self { address, is_stopped, heads, received, go_on, gone }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the port.
    pub(super) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        // Whoever accepts looks when the next connection comes.
        while TcpStream::connect(self.address).is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn heads(&self) -> usize {
        self.heads.load(Ordering::SeqCst)
    }

    fn last(&self) -> Option<(String, usize, bool)> {
        self.received.lock().expect("a lock").last().cloned()
    }
}

fn serve(
    stream: &TcpStream,
    heads: &AtomicUsize,
    received: &Mutex<Vec<(String, usize, bool)>>,
    gone: &Mutex<usize>,
    wait: &Mutex<mpsc::Receiver<()>>,
) {
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some((path, length)) = head(&mut reader) {
        heads.fetch_add(1, Ordering::SeqCst);
        let (bytes, is_whole) = match length {
            Some(length) => counted(&mut reader, length),
            None => chunks(&mut reader),
        };
        received.lock().expect("a lock").push((path.clone(), bytes, is_whole));
        if !is_whole {
            return;
        }
        let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        if path == "/v1/pieces" {
            write!(writer, "{json}transfer-encoding: chunked\r\n\r\n3\r\n[1,\r\n").expect("written");
            wait.lock().expect("a lock").recv_timeout(PATIENCE).expect("a word");
            write!(writer, "2\r\n2]\r\n0\r\n\r\n").expect("written");
        } else if path == "/v1/endless" {
            write!(writer, "{json}transfer-encoding: chunked\r\n\r\n").expect("written");
            while write!(writer, "400\r\n{}\r\n", " ".repeat(0x400)).is_ok() {}
            *gone.lock().expect("a lock") += 1;
            return;
        } else if path == "/v1/slow" {
            std::thread::sleep(Duration::from_millis(400));
            write!(writer, "{json}content-length: 2\r\n\r\n{{}}").ok();
        } else if path == "/v1/large" {
            let body = "x".repeat(3 << 20);
            write!(
                writer,
                "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .ok();
        } else {
            // Said to be the last, so that a port that closes leaves no connection open.
            write!(writer, "{json}connection: close\r\ncontent-length: 2\r\n\r\n{{}}").ok();
            return;
        }
    }
}

/// Reads a head; returns the path and the body's length, `None` when it is chunked.
fn head(reader: &mut impl BufRead) -> Option<(String, Option<usize>)> {
    let mut line = String::new();
    let (mut path, mut length) = (String::new(), Some(0));
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let text = line.trim_end().to_ascii_lowercase();
        if text.is_empty() {
            return Some((path, length));
        } else if path.is_empty() {
            text.split(' ').nth(1)?.clone_into(&mut path);
        } else if let Some(value) = text.strip_prefix("content-length: ") {
            length = value.parse().ok();
        } else if text == "transfer-encoding: chunked" {
            length = None;
        }
    }
}

fn counted(reader: &mut impl Read, length: usize) -> (usize, bool) {
    let limit = u64::try_from(length).expect("a length");
    let read = std::io::copy(&mut reader.take(limit), &mut std::io::sink()).unwrap_or_default();
    let read = usize::try_from(read).expect("a length");
    (read, read == length)
}

fn chunks(reader: &mut impl BufRead) -> (usize, bool) {
    let mut total = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or_default() == 0 {
            return (total, false);
        }
        let size = usize::from_str_radix(line.trim(), 16).unwrap_or_default();
        let (read, is_whole) = counted(reader, size + 2);
        if !is_whole {
            return (total + read, false);
        }
        if size == 0 {
            return (total, true);
        }
        total += size;
    }
}

async fn start() -> (Stage, Account, Upstream) {
    let upstream = Upstream::start();
    let options = StageOptions { razorpay_url: Some(upstream.url()), ..StageOptions::default() };
    let stage = Stage::start_with(options).await;
    let account = stage.account("streams").await;
    (stage, account, upstream)
}

/// Opens a request of which the test writes the body.
fn open(stage: &Stage, account: &Account, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(stage.public).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let head = format!("{request}\r\nhost: gateway\r\nx-platform-key: {}\r\n\r\n", account.key);
    stream.write_all(head.as_bytes()).expect("written");
    stream
}

fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut piece = [0; 4096];
    while !text.contains(end) {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => text.push_str(&String::from_utf8_lossy(&piece[..read])),
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_handed_on_before_it_is_whole() {
    let (stage, account, upstream) = start().await;
    let mut stream = open(&stage, &account, "GET /v1/proxy/razorpay/v1/pieces HTTP/1.1");
    let (text, mut stream) =
        tokio::task::spawn_blocking(move || (read_until(&mut stream, "[1,"), stream)).await.expect("joined");
    assert!(text.starts_with("HTTP/1.1 200 OK") && text.contains("[1,"), "{text}");
    upstream.go_on.send(()).expect("the upstream waits");
    let rest =
        tokio::task::spawn_blocking(move || read_until(&mut stream, "0\r\n\r\n")).await.expect("joined");
    assert!(rest.contains("2]") && rest.ends_with("0\r\n\r\n"), "{rest}");
    let id = text.lines().find_map(|line| line.strip_prefix("x-transaction-id: ")).expect("an id");
    let key = [("x-platform-key", account.key.as_str())];
    let row = stage.api.get(&format!("/v1/transactions/{id}"), &key).await.expect(200).json();
    assert_eq!((row["status"].as_str(), &row["response"]), (Some("success"), &serde_json::json!([1, 2])));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_pass_both_ways() {
    let (stage, account, upstream) = start().await;
    let body = "y".repeat(5 << 20);
    carry(&stage, &account.key, (Method::PUT, "razorpay/v1/upload"), &[], body).await.expect(200);
    assert_eq!(upstream.last(), Some(("/v1/upload".to_owned(), 5 << 20, true)));
    let large = carry(&stage, &account.key, (Method::GET, "razorpay/v1/large"), &[], "").await.expect(200);
    assert_eq!((large.body.len(), large.header("content-length")), (3 << 20, Some("3145728")));
    assert_eq!(logged(&stage, &account, &large).await["response"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_is_never_whole_at_the_provider() {
    let (stage, account, upstream) = start().await;
    for framing in ["content-length: 900000", "transfer-encoding: chunked"] {
        let heads = upstream.heads();
        let request = format!("POST /v1/proxy/razorpay/v1/cut HTTP/1.1\r\n{framing}");
        let mut stream = open(&stage, &account, &request);
        let piece = "z".repeat(200_000);
        let piece =
            if framing.starts_with('t') { format!("{:x}\r\n{piece}\r\n", piece.len()) } else { piece };
        stream.write_all(piece.as_bytes()).expect("written");
        eventually("it has begun there", async || (upstream.heads() > heads).then_some(())).await;
        drop(stream);
        let seen =
            async || upstream.received.lock().expect("a lock").pop().filter(|(path, ..)| path == "/v1/cut");
        let (_, bytes, is_whole) = eventually("the upstream sees the end", seen).await;
        assert!(!is_whole && bytes <= 250_000, "{framing}: {bytes}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_goes_away_ends_a_read_and_not_a_write() {
    let (stage, account, upstream) = start().await;
    let mut stream = open(&stage, &account, "GET /v1/proxy/razorpay/v1/endless HTTP/1.1");
    assert!(read_until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 200 OK"));
    drop(stream);
    let gone = async || (*upstream.gone.lock().expect("a lock") == 1).then_some(());
    eventually("the provider's connection is closed", gone).await;

    let mut stream = open(&stage, &account, "POST /v1/proxy/razorpay/v1/slow HTTP/1.1\r\ncontent-length: 2");
    stream.write_all(b"{}").expect("written");
    let arrived = async || upstream.last().filter(|(path, ..)| path == "/v1/slow");
    eventually("the write arrives", arrived).await;
    drop(stream);
    let metrics = async || {
        let metrics = stage.admin.get("/metrics", &[]).await.text();
        let is_counted = |line: &str| line.contains("proxy.write") && line.contains("success");
        metrics
            .lines()
            .any(|line| line.starts_with("gateway_provider_calls_total") && is_counted(line))
            .then_some(())
    };
    eventually("its answer is waited for", metrics).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_does_not_read_says_nothing_about_the_provider() {
    let (stage, account, upstream) = start().await;
    let mut stream = open(&stage, &account, "GET /v1/proxy/razorpay/v1/endless HTTP/1.1");
    assert!(read_until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 200 OK"));
    // Past the deadline, which the caller has slept through.
    let gone = async || (*upstream.gone.lock().expect("a lock") == 1).then_some(());
    eventually("the provider's connection is closed", gone).await;
    let authorization = crate::support::bearer(&account.token);
    let services =
        stage.api.get("/api/services", &[("authorization", &authorization)]).await.expect(200).json();
    let services = services["data"].as_array().expect("services").clone();
    let razorpay = services.iter().find(|service| service["service"] == "razorpay").expect("razorpay");
    assert_eq!(razorpay["circuits"], serde_json::json!([]), "{razorpay}");
}
