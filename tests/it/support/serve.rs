//! `unified-gateway serve` as a process of its own, told what to do by variables.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use super::{Client, PROGRAM, eventually, free_ports};

/// A running `unified-gateway serve`.
pub(crate) struct Serve {
    child: Child,
    pub(crate) public: SocketAddr,
    pub(crate) api: Client,
    pub(crate) admin: Client,
    log: Arc<Mutex<String>>,
}

impl Serve {
    /// Starts it on free ports, and does not wait until it is up.
    pub(crate) fn begin(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let port = free_ports();
        let [public, admin] = [port, port + 1].map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--listen", &public.to_string()]).arg("--data-dir").arg(folder);
        command.env("GATEWAY_LISTEN__ADMIN", admin.to_string()).envs(variables.iter().copied());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, kept) = (BufReader::new(child.stdout.take().expect("its output")), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                kept.lock().expect("a log").push_str(&(line + "\n"));
            }
        });
        Self { child, public, api: Client::new(public), admin: Client::new(admin), log }
    }

    /// Starts it, and waits until it is ready.
    pub(crate) async fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut serve = Self::begin(folder, variables);
        eventually("the gateway is ready", async || {
            assert!(serve.child.try_wait().expect("a child").is_none(), "it ended: {}", serve.log());
            serve.is_ready().await.then_some(())
        })
        .await;
        serve
    }

    /// Asks the admin port whether requests are welcome.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.admin.try_send(http::Method::GET, "/health/ready", &[], "").await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// Returns what it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("a log").clone()
    }

    /// Sends it a signal: `-TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let status =
            Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    /// Kills it, as a machine that loses its power would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("its end");
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("the program ends", async || child.try_wait().expect("a child")).await
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
