//! A server's process, which ends with the test process, however that ends.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::binaries;

const SCRIPT: &str = include_str!("keeper.sh");

/// A server with a keeper.
pub(super) trait Kept: Sized {
    /// What it is called.
    const NAME: &'static str;
    /// What its log says when its port is taken.
    const PORT_TAKEN: &'static str;

    /// Returns its keeper.
    fn keeper(&self) -> &Keeper;

    /// Waits until it answers; returns false when it died before, or somebody else answers on its port.
    fn wait_until_ready(&self) -> bool;

    /// Starts a server that `prepare` makes ready on a free port, and another one on another port when somebody took the port
    /// between looking and listening.
    fn start_prepared(prepare: impl Fn() -> Self) -> Self {
        for _ in 0..5 {
            let server = prepare();
            server.keeper().start();
            if server.wait_until_ready() {
                return server;
            }
            let log = server.keeper().log();
            assert!(log.contains(Self::PORT_TAKEN), "{} does not start:\n{log}", Self::NAME);
        }
        panic!("no free port for {}", Self::NAME);
    }
}

/// Keeps a server and its folder. Dropping it, or the end of the process, ends the server and removes the folder.
#[derive(Debug)]
pub(super) struct Keeper {
    shell: Child,
    talk: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    folder: PathBuf,
}

impl Keeper {
    /// Makes ready to start `command`. The signals (`INT`) are what stops it in order, and what ends
    /// it at once but leaves nothing in the system.
    pub(super) fn new(folder: &Path, [stop, end]: [&str; 2], command: &[String]) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "keeper"])
            .arg(folder)
            .args([stop, end])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C goes to the test, not to the keeper: it has to clean up then.
            .process_group(0)
            .spawn()
            .unwrap();
        let talk = (shell.stdin.take().unwrap(), BufReader::new(shell.stdout.take().unwrap()));
        Self { shell, talk: Mutex::new(Some(talk)), folder: folder.to_path_buf() }
    }

    /// Starts the server, which is not running.
    pub(super) fn start(&self) {
        self.tell("start");
    }

    /// Stops the server in order, and waits until it is gone.
    pub(super) fn stop(&self) {
        self.tell("stop");
    }

    /// Kills the server and its children, and waits until it is gone.
    pub(super) fn kill(&self) {
        self.tell("kill");
    }

    /// Lets the server and its children stand still: connections stay open and nothing is answered.
    pub(super) fn pause(&self) {
        self.tell("pause");
    }

    /// Lets them go on.
    pub(super) fn resume(&self) {
        self.tell("resume");
    }

    /// Waits until `is_ready`; returns false when the server died before.
    pub(super) fn wait_until(&self, is_ready: impl Fn() -> bool) -> bool {
        for _ in 0..1200 {
            if is_ready() {
                return true;
            }
            if !self.tell("look") {
                return false;
            }
            binaries::breathe();
        }
        panic!("a server is not ready after a minute:\n{}", self.log());
    }

    /// Returns what the server wrote.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Returns whether the server is alive after that.
    fn tell(&self, word: &str) -> bool {
        let mut guard = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let (stdin, stdout) = guard.as_mut().unwrap();
        writeln!(stdin, "{word}").unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        answer.trim() == "alive"
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // The pipe's end is what the keeper waits for.
        drop(self.talk.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.shell.wait().ok();
    }
}
