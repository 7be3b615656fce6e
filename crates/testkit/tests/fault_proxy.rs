//! The proxy that breaks connections: each fault is what it says, on both sides of it, and is counted.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken test stops at once")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use testkit::fault_proxy::{Fault, FaultPlan, FaultProxy};

const REQUEST: &[u8] = b"POST /v1/orders HTTP/1.1\r\nhost: provider\r\ncontent-length: 10\r\n\r\n0123456789";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nabcdefghijklmnopqrst";

/// What reached a target, connection by connection.
type Reached = Arc<Mutex<Vec<Vec<u8>>>>;

/// A target that answers each request, and keeps what reached it.
fn target() -> (SocketAddr, Reached) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let reached = Reached::default();
    let kept = Arc::clone(&reached);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || serve(stream, &kept));
        }
    });
    (address, reached)
}

fn serve(mut stream: TcpStream, kept: &Reached) {
    let place = {
        let mut kept = kept.lock().unwrap();
        kept.push(Vec::new());
        kept.len() - 1
    };
    let mut piece = [0; 1024];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        let whole = {
            let mut kept = kept.lock().unwrap();
            kept[place].extend_from_slice(&piece[..read]);
            kept[place].len().is_multiple_of(REQUEST.len())
        };
        if whole && stream.write_all(ANSWER).is_err() {
            return;
        }
    }
}

/// Sends a request; returns what came back and how it ended: nothing when the connection stays open.
fn ask(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut came = Vec::new();
    if let Err(error) = stream.write_all(REQUEST) {
        return (came, Some(error.kind()));
    }
    let mut piece = [0; 1024];
    while came.len() < ANSWER.len() {
        match stream.read(&mut piece) {
            Ok(0) => return (came, Some(ErrorKind::UnexpectedEof)),
            Ok(read) => came.extend_from_slice(&piece[..read]),
            Err(error) => return (came, Some(error.kind())),
        }
    }
    (came, None)
}

fn through(fault: Fault) -> (FaultProxy, TcpStream, Reached) {
    let (address, reached) = target();
    let proxy = FaultProxy::start(address, FaultPlan::new(1, &[(fault, 1000)]));
    let stream = TcpStream::connect(proxy.address()).unwrap();
    (proxy, stream, reached)
}

/// What one request meets: the bytes of the answer, the connection's end, and the bytes that reach the target.
#[track_caller]
fn check(fault: Fault, answer: &[u8], end: Option<ErrorKind>, arrives: &[u8]) {
    let (proxy, mut stream, reached) = through(fault);
    let (came, ended) = ask(&mut stream);
    assert_eq!((String::from_utf8_lossy(&came), ended), (String::from_utf8_lossy(answer), end), "{fault:?}");
    assert!(comes_true(|| reached.lock().unwrap().concat() == arrives), "{fault:?}");
    assert_eq!(proxy.counts().into_iter().collect::<Vec<_>>(), [(fault.name(), 1)]);
}

#[test]
fn what_meets_no_fault_goes_through_on_one_connection() {
    let (address, reached) = target();
    let proxy = FaultProxy::start(address, FaultPlan::none());
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    for _ in 0..3 {
        assert_eq!(ask(&mut stream), (ANSWER.to_vec(), None));
    }
    assert_eq!(*reached.lock().unwrap(), [REQUEST.repeat(3)]);
    assert_eq!(proxy.counts()["none"], 3);
}

#[test]
fn what_is_cut_before_the_target_has_it_does_not_reach_it() {
    let reset = Some(ErrorKind::ConnectionReset);
    check(Fault::ResetBeforeRequest, b"", reset, b"");
    check(Fault::CutRequest { percent: 50 }, b"", reset, &REQUEST[..REQUEST.len() / 2]);
}

#[test]
fn a_connection_may_be_reset_before_anything_is_said() {
    let (proxy, mut stream, reached) = through(Fault::ResetOnAccept);
    let (came, ended) = ask(&mut stream);
    assert!(came.is_empty());
    assert!(matches!(ended, Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)), "{ended:?}");
    assert_eq!((reached.lock().unwrap().len(), proxy.counts()["reset_on_accept"]), (0, 1));
}

#[test]
fn what_is_cut_behind_the_target_has_reached_it() {
    let reset = Some(ErrorKind::ConnectionReset);
    check(Fault::CutAnswer { percent: 0 }, b"", reset, REQUEST);
    check(Fault::CutAnswer { percent: 50 }, &ANSWER[..ANSWER.len() / 2], reset, REQUEST);
    check(Fault::HalfAnswer, &ANSWER[..ANSWER.len() / 2], Some(ErrorKind::UnexpectedEof), REQUEST);
}

#[test]
fn what_is_slow_arrives_whole() {
    let moment = Duration::from_millis(20);
    check(Fault::DelayRequest(moment), ANSWER, None, REQUEST);
    check(Fault::DelayAnswer(moment), ANSWER, None, REQUEST);
    check(Fault::Throttle { piece_bytes: 7, pause: Duration::from_millis(2) }, ANSWER, None, REQUEST);
}

#[test]
fn an_edge_answers_for_a_target_that_did_it_and_garbage_for_one_that_did_not() {
    let (_proxy, mut stream, reached) = through(Fault::EdgePage);
    let (came, _) = ask(&mut stream);
    assert!(came.starts_with(b"HTTP/1.1 502 Bad Gateway\r\n"));
    assert_eq!(reached.lock().unwrap().concat(), REQUEST);
    let (_proxy, mut stream, reached) = through(Fault::Garbage);
    assert!(!ask(&mut stream).0.starts_with(b"HTTP"));
    assert!(reached.lock().unwrap().is_empty());
}

#[test]
fn a_black_hole_takes_the_request_and_says_nothing() {
    let (proxy, mut stream, reached) = through(Fault::BlackHole);
    stream.write_all(REQUEST).unwrap();
    assert!(comes_true(|| proxy.counts().contains_key("black_hole")));
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let nothing = stream.read(&mut [0; 16]).unwrap_err();
    assert!(matches!(nothing.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{nothing}");
    assert!(reached.lock().unwrap().is_empty());
}

#[test]
fn a_delayed_request_arrives_after_its_client_has_left() {
    let (proxy, mut stream, reached) = through(Fault::DelayRequest(Duration::from_millis(200)));
    stream.write_all(REQUEST).unwrap();
    assert!(comes_true(|| proxy.counts().contains_key("delay_request")));
    drop(stream);
    assert!(comes_true(|| reached.lock().unwrap().concat() == REQUEST));
}

#[test]
fn a_closed_listener_refuses_and_comes_back_on_its_port() {
    let (address, _) = target();
    let proxy = FaultProxy::start(address, FaultPlan::none());
    let mut kept = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(ask(&mut kept).1, None);
    proxy.refuse();
    assert_eq!(TcpStream::connect(proxy.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(ask(&mut kept).1, None, "what is open stays");
    proxy.accept();
    assert_eq!(ask(&mut TcpStream::connect(proxy.address()).unwrap()).1, None);
    proxy.follow(FaultPlan::new(1, &[(Fault::HalfAnswer, 1000)]));
    assert_eq!(ask(&mut kept).1, Some(ErrorKind::UnexpectedEof));
}

fn comes_true(look: impl Fn() -> bool) -> bool {
    (0..1200).any(|_| {
        let is_true = look();
        if !is_true {
            std::thread::sleep(Duration::from_millis(10));
        }
        is_true
    })
}
