//! Processes that leave the group that they lead, and processes that this one cannot kill.

use std::sync::Arc;

use rustix::process::{getpgid, getppid, setpgid, setsid};

use super::handover::{ROLE, arguments};
use super::*;
use crate::transport::CgroupLimits;
use crate::transport::unix::host::process::kill::Unkillable;
use crate::transport::unix::system::Cgroup;

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

/// A control group; or why there can be none here, which is said.
fn cgroup() -> Option<Arc<Cgroup>> {
    match Cgroup::create(&CgroupLimits::default()) {
        Ok(cgroup) => Some(Arc::new(cgroup)),
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("Delegate=yes"), "{text}");
            use std::io::Write;
            drop(writeln!(std::io::stderr(), "skipped: {text}"));
            None
        }
    }
}

#[tokio::test]
async fn what_has_left_group_and_session_ends_with_its_control_group() {
    let Some(cgroup) = cgroup() else { return };
    let stage = Stage::new();
    let args = ["-c", "setsid sleep 1000 & echo $!; read x <&4"].map(OsString::from).to_vec();
    let env = vec![("PATH".into(), "/usr/bin:/bin".into())];
    let spawn = stage.spawn(OpenProgram::open(Path::new("/bin/sh")).unwrap());
    let spawn = Spawn { args, env, cgroup: Some(Arc::clone(&cgroup)), ..spawn };
    let mut started = start_spawn(spawn).await.unwrap();
    let escaped = line(&mut started.stdout).await;
    let is_alive = || {
        let stat = std::fs::read_to_string(format!("/proc/{escaped}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    };
    wait_until("it has its own session", || {
        getpgid(rustix::process::Pid::from_raw(escaped.parse().unwrap()))
            .is_ok_and(|group| group.as_raw_nonzero().get() == escaped.parse::<i32>().unwrap())
    });
    assert!(is_alive());
    drop(started.child);
    wait_until("it has ended", || !is_alive());
    wait_until("the group is removed", || cgroup.remove());
}
