//! Finds the servers' programs as `deploy/servers.sh` does, and runs what ends by itself.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// Returns the folder of a server's programs.
pub(super) fn folder_of(server: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/servers.sh");
    let output = Command::new("bash").arg(&script).args(["where", server]).output().unwrap();
    assert!(output.status.success(), "{server} is not installed; run: deploy/servers.sh install");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// Returns the program's path as text.
pub(super) fn program(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Makes a new folder, owned by `user` when this process is root. Its keeper removes it.
pub(super) fn new_folder(name: &str, user: Option<&str>) -> PathBuf {
    let folder = tempfile::Builder::new().prefix(&format!("gateway-{name}-")).tempdir().unwrap().keep();
    if let Some(user) = user {
        give(&folder, user);
    }
    folder
}

/// Gives a folder and all in it to `user`.
pub(super) fn give(folder: &Path, user: &str) {
    run("chown", &["-R", &format!("{user}:"), folder.to_str().unwrap()]);
}

/// Returns whom a server that refuses to be root has to run as; absent when this process is not root.
pub(super) fn unprivileged() -> Option<&'static str> {
    static IS_ROOT: OnceLock<bool> = OnceLock::new();
    IS_ROOT.get_or_init(|| run("id", &["-u"]).trim() == "0").then_some("postgres")
}

/// Returns the words that run a command as this user.
pub(super) fn words_to_run_as(user: Option<&str>) -> Vec<String> {
    user.map_or_else(Vec::new, |user| {
        ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"].map(str::to_owned).into()
    })
}

/// Runs a command to its end and returns what it printed.
#[track_caller]
pub(super) fn run(program: &str, arguments: &[impl AsRef<OsStr> + std::fmt::Debug]) -> String {
    let output = Command::new(program).args(arguments).current_dir("/").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?} failed:\n{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed
}

/// Runs a command as this user, as [`run`] does.
#[track_caller]
pub(super) fn run_as_user(user: Option<&str>, command: &[&str]) -> String {
    let before = words_to_run_as(user);
    let words: Vec<&str> = before.iter().map(String::as_str).chain(command.iter().copied()).collect();
    let (program, arguments) = words.split_first().unwrap();
    run(program, arguments)
}

/// Returns whether a command succeeds.
pub(super) fn succeeds(program: &str, arguments: &[impl AsRef<OsStr>]) -> bool {
    Command::new(program).args(arguments).current_dir("/").output().unwrap().status.success()
}

/// Waits a moment.
pub(super) fn breathe() {
    std::thread::sleep(Duration::from_millis(50));
}
