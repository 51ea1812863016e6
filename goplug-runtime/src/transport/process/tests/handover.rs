//! What crosses from one process to the other. The other side of these tests is
//! this very test program, started once more with a role.

use std::process::{Command, Stdio};

use tokio::net::unix::pipe;

use super::*;

const ROLE: &str = "GOPLUG_TEST_ROLE";

fn arguments(test: &str) -> [String; 3] {
    let module = module_path!().split_once("::").unwrap().1;
    [format!("{module}::{test}"), "--exact".into(), "--nocapture".into()]
}

#[cfg(feature = "plugin")]
async fn serve_one_connection() {
    use tokio::io::AsyncWriteExt;

    use crate::transport::Inherited;

    let inherited = Inherited::claim().unwrap();
    let second = Inherited::claim().unwrap();
    assert!(second.listener.is_none() && second.lifeline.is_none());
    let (mut stream, peer) = inherited.listener.unwrap().accept().await.unwrap();
    assert!(peer.is_trusted());
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).await.unwrap();
    stream.write_all(&heard.to_ascii_uppercase()).await.unwrap();
    let lifeline = inherited.lifeline.unwrap();
    while !lifeline.read_on() {}
}

#[cfg(feature = "plugin")]
#[tokio::test]
async fn who_connects_before_the_plugin_runs_is_served_by_it() {
    if std::env::var_os(ROLE).is_some() {
        return serve_one_connection().await;
    }
    use tokio::io::AsyncWriteExt;

    let stage = Stage::new();
    let mut stream = crate::transport::connect(stage.listener.path(), SOON).await.unwrap();
    stream.write_all(b"hello").await.unwrap();

    let own = std::env::current_exe().unwrap();
    let args = arguments("who_connects_before_the_plugin_runs_is_served_by_it");
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let started = stage.start_with(&own, &args, &[(ROLE, "plugin")]).await.unwrap();

    let mut answer = [0; 5];
    let read = tokio::time::timeout(SOON, stream.read_exact(&mut answer));
    read.await.expect("no answer").unwrap();
    assert_eq!(&answer, b"HELLO");
    started.child.close_lifeline();
    let status = started.child.wait().await.unwrap();
    assert!(status.success(), "{}", all(started.stdout).await);
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
        .args(arguments(test))
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

/// In the role of the host: starts the script, and stays until it is killed.
async fn be_host(script: &str) {
    let stage = Stage::new();
    let fifo = std::env::var("FIFO").unwrap();
    let env = [("PATH", "/usr/bin:/bin"), ("FIFO", fifo.as_str())];
    let args = ["-c", script];
    let started = stage.start_with(Path::new("/bin/sh"), &args, &env).await.unwrap();
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
