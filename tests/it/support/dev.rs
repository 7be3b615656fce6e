//! The program as a process of its own, which tests stop, restart and kill.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Client, eventually};

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_unified-gateway");

/// A running `unified-gateway dev`.
pub(crate) struct Dev {
    child: Child,
    pub(crate) api: Client,
    pub(crate) admin: Client,
    pub(crate) control: SocketAddr,
    pub(crate) key: Option<String>,
    pub(crate) printed: String,
}

/// Returns the first of eight ports in a row that nobody listens on. None of those that the system gives to outgoing connections:
/// a program that starts binds them a moment later, and would find one of them taken.
pub(crate) fn free_ports() -> u16 {
    testkit::servers::free_ports(8)
}

/// Returns the command that starts it on this port and the next.
pub(crate) fn dev_command(folder: &Path, port: u16) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("dev").arg("--data-dir").arg(folder);
    command.args(["--port", &port.to_string(), "--admin-port", &(port + 1).to_string()]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

impl Dev {
    /// Starts and waits for the words that greet a newcomer.
    pub(crate) fn start(mut command: Command, port: u16, control: SocketAddr) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut printed = String::new();
        while !printed.contains("Ctrl-C stops it.") {
            let read = lines.read_line(&mut printed).expect("its output");
            assert!(read > 0, "it ended early: {printed}");
        }
        // Its output goes on being read, so that it never waits for us.
        std::thread::spawn(move || lines.read_to_end(&mut Vec::new()).ok());
        let key = printed.split_whitespace().find(|word| word.starts_with("unf_test_")).map(str::to_owned);
        let [api, admin] =
            [port, port + 1].map(|port| Client::new(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)));
        Self { child, api, admin, control, key, printed }
    }

    /// Starts it with simulated providers inside.
    pub(crate) fn inside(folder: &Path) -> Self {
        let port = free_ports();
        let mut command = dev_command(folder, port);
        command.args(["--sandbox-port", &(port + 2).to_string()]);
        Self::start(command, port, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port + 2))
    }

    /// Sends it a signal: `-TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let status =
            Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> std::process::ExitStatus {
        let child = &mut self.child;
        eventually("the program ends", async || child.try_wait().expect("a child")).await
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
