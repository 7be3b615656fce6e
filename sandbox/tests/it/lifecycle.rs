//! Starting and stopping.

use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};

use sandbox::StartError;

use crate::support::{World, options};

#[test]
fn port_zero_takes_five_free_ports() {
    let world = World::new();
    let addresses = world.addresses();
    let mut ports =
        [addresses.control, addresses.razorpay, addresses.paypal, addresses.stripe, addresses.twilio]
            .map(|address| address.port());
    ports.sort_unstable();
    assert!(ports.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(ports[0] != 0);
}

#[test]
fn a_taken_port_is_said_in_one_sentence() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = sandbox::start(sandbox::Options { port, ..options() }).unwrap_err();
    assert!(matches!(error, StartError::PortTaken { port: known, .. } if known == port));
    assert!(error.to_string().starts_with(&format!("port {port} on 127.0.0.1 is taken")));
    let error = sandbox::start(sandbox::Options { port: 65_534, ..options() }).unwrap_err();
    assert!(matches!(error, StartError::PortTooHigh { .. } | StartError::PortTaken { .. }));
}

#[test]
fn stopping_frees_the_ports_and_cuts_open_connections() {
    let world = World::new();
    let addresses = world.addresses();
    let _idle = TcpStream::connect(addresses.stripe).unwrap();
    world.stop();
    for address in [addresses.control, addresses.stripe] {
        assert!(TcpStream::connect(address).is_err());
    }
    assert_eq!(addresses.control.ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
}
