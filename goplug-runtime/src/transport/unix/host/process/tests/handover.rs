//! What one process hands over to another, and what it learns of the other's death. The other process
//! is this test program, started once more with a role.

#[cfg(feature = "plugin")]
mod plugin;

use std::process::{Command, Stdio};

use tokio::net::unix::pipe;

use super::*;

pub(super) const ROLE: &str = "GOPLUG_TEST_ROLE";

/// The arguments with which the test program runs this test alone.
pub(super) fn arguments(module: &str, test: &str) -> [String; 3] {
    let module = module.split_once("::").unwrap().1;
    [format!("{module}::{test}"), "--exact".into(), "--nocapture".into()]
}

/// Starts `script` from a host of its own, kills that host with SIGKILL once the
/// script has said "ready" into `$FIFO`, and returns what it says next.
async fn after_the_hosts_death(test: &str, script: &str) -> String {
    let temp = tempfile::tempdir().unwrap();
    let fifo = temp.path().join("fifo");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, kind, mode, 0).unwrap();
    let mut said = pipe::OpenOptions::new().read_write(true).open_receiver(&fifo).unwrap();
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args(arguments(module_path!(), test))
        .env(ROLE, script)
        .env("FIFO", &fifo)
        .env("TMPDIR", temp.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(line(&mut said).await, "ready");
    host.kill().unwrap();
    host.wait().unwrap();
    line(&mut said).await
}

/// In the role of the host: starts the script, and stays until it is killed. What follows `kill:` gets
/// SIGKILL when this host ends.
async fn be_host(role: &str) {
    let (parent_death_signal, script) = match role.strip_prefix("kill:") {
        Some(script) => (ParentDeathSignal::Kill, script),
        None => (ParentDeathSignal::Terminate, role),
    };
    let stage = Stage::new();
    let fifo = std::env::var("FIFO").unwrap();
    let env = [("PATH", "/usr/bin:/bin"), ("FIFO", fifo.as_str())];
    let args = ["-c", script].map(OsString::from).to_vec();
    let env = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
    let spawn = stage.spawn(OpenProgram::open(Path::new("/bin/sh")).unwrap());
    let started = start_spawn(Spawn { args, env, parent_death_signal, ..spawn }).await.unwrap();
    started.child.wait().await.unwrap();
}

#[tokio::test]
async fn a_killed_host_ends_the_lifeline() {
    if let Ok(script) = std::env::var(ROLE) {
        return be_host(&script).await;
    }
    let script = "trap '' TERM; echo ready >$FIFO; read x <&4; echo gone >$FIFO";
    let said = after_the_hosts_death("a_killed_host_ends_the_lifeline", script).await;
    assert_eq!(said, "gone");
}

#[tokio::test]
async fn a_killed_host_terminates_what_ignores_the_lifeline() {
    if let Ok(script) = std::env::var(ROLE) {
        return be_host(&script).await;
    }
    let script = "trap 'echo terminated >$FIFO; kill -KILL 0' TERM; \
                  sleep 1000 & echo ready >$FIFO; wait";
    let test = "a_killed_host_terminates_what_ignores_the_lifeline";
    assert_eq!(after_the_hosts_death(test, script).await, "terminated");
}

#[tokio::test]
async fn a_killed_host_kills_what_ignores_lifeline_and_signals_if_it_is_to() {
    if let Ok(script) = std::env::var(ROLE) {
        return be_host(&script).await;
    }
    // The shell's child, which gets no signal, tells of the shell's end.
    let script = "kill:trap '' TERM; exec 4<&-; \
                  (while kill -0 $$ 2>/dev/null; do sleep 0.01; done; echo killed >$FIFO) & \
                  echo ready >$FIFO; while :; do wait; done";
    let test = "a_killed_host_kills_what_ignores_lifeline_and_signals_if_it_is_to";
    assert_eq!(after_the_hosts_death(test, script).await, "killed");
}
