//! Processes that leave the group that they lead, and processes that this one cannot kill.

use rustix::process::{getpgid, getppid, setpgid, setsid};

use super::handover::{ROLE, arguments};
use super::*;
use crate::transport::unix::host::process::kill::Unkillable;

/// In the role of a plugin: leaves its group, and its session too if it is to, and stays.
fn be_plugin(role: &str) {
    // A process that leads a group cannot begin a session.
    setpgid(None, Some(getpgid(getppid()).unwrap())).unwrap();
    if role == "session" {
        setsid().unwrap();
    }
    eprintln!("ready");
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn a_process_that_has_left_its_group_is_killed() {
    if let Ok(role) = std::env::var(ROLE) {
        return be_plugin(&role);
    }
    let stage = Stage::new();
    let own = std::env::current_exe().unwrap();
    let args = arguments(module_path!(), "a_process_that_has_left_its_group_is_killed");
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    for role in ["group", "session"] {
        let mut started = stage.start_with(&own, &args, &[(ROLE, role)]).await.unwrap();
        assert_eq!(line(&mut started.stderr).await, "ready");
        started.child.kill().unwrap();
        let status = tokio::time::timeout(SOON, started.child.wait()).await.expect(role).unwrap();
        assert_eq!(status.to_string(), "signal: 9 (SIGKILL)");

        let mut dropped = stage.start_with(&own, &args, &[(ROLE, role)]).await.unwrap();
        assert_eq!(line(&mut dropped.stderr).await, "ready");
        let pid = dropped.child.id();
        drop(dropped.child);
        wait_until_gone(pid);
    }
}

#[tokio::test]
async fn a_process_that_cannot_be_killed_is_killed_later_and_holds_up_no_other() {
    let stage = Stage::new();
    let stays = stage.shell("read x <&0; while :; do sleep 1000; done").await.child;
    let stays_pid = stays.id();
    let unkillable = Unkillable::new(stays_pid);
    drop(stays);
    for _ in 0..3 {
        let other = stage.shell("sleep 1000").await.child;
        let pid = other.id();
        drop(other);
        wait_until_gone(pid);
    }
    assert!(Path::new(&format!("/proc/{stays_pid}")).exists());
    drop(unkillable);
    wait_until_gone(stays_pid);
}
