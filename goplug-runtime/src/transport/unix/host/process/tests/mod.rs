//! Real processes: what they are given, how they exit, and the errors when they cannot start.

pub(crate) mod confined;
mod handover;
mod survivors;

use std::ffi::OsString;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use super::*;
use crate::transport::{FileId, ParentDeathSignal, PassedListener, Spawn, Started, start};

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// A folder with a socket, in which processes are started.
struct Stage {
    temp: TempDir,
    listener: PassedListener,
}

impl Stage {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let listener = PassedListener::bind(&temp.path().join("s")).unwrap();
        Self { temp, listener }
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.temp.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        path
    }

    async fn start(&self, program: &Path, args: &[&str]) -> std::io::Result<Started> {
        self.start_with(program, args, &[("PATH", "/usr/bin:/bin")]).await
    }

    async fn start_with(
        &self,
        program: &Path,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> std::io::Result<Started> {
        let args = args.iter().map(OsString::from).collect();
        let env = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let spawn = self.spawn(OpenProgram::open(program)?);
        start_spawn(Spawn { args, env, ..spawn }).await
    }

    fn spawn(&self, program: OpenProgram) -> Spawn {
        Spawn {
            program,
            identity: None,
            compared: FileId::default(),
            args: Vec::new(),
            env: Vec::new(),
            folder: self.temp.path().into(),
            listener: self.listener.handle().unwrap(),
            limits: Vec::new(),
            cgroup: None,
            parent_death_signal: ParentDeathSignal::Terminate,
            ruleset: None,
        }
    }

    async fn shell(&self, script: &str) -> Started {
        self.start(Path::new("/bin/sh"), &["-c", script]).await.unwrap()
    }
}

async fn start_spawn(spawn: Spawn) -> std::io::Result<Started> {
    start(|| Ok(spawn)).await
}

async fn all(mut output: Output) -> String {
    let mut text = String::new();
    let read = output.read_to_string(&mut text);
    tokio::time::timeout(SOON, read).await.expect("the output stays open").unwrap();
    text
}

async fn line(output: &mut Output) -> String {
    let mut text = String::new();
    while !text.ends_with('\n') {
        let read = output.read_u8();
        let byte = tokio::time::timeout(SOON, read).await.expect("no line comes").unwrap();
        text.push(char::from(byte));
    }
    text.trim_end().to_owned()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

/// Waits until no process has this id, not even a zombie.
fn wait_until_gone(pid: u32) {
    let path = format!("/proc/{pid}");
    wait_until(&format!("process {pid} is still there"), || !Path::new(&path).exists());
}

#[tokio::test]
async fn the_environment_has_the_hosts_variables_and_the_protocols() {
    let stage = Stage::new();
    let env = [("A", "1"), ("LISTEN_FDS", "9"), ("LISTEN_PID", "1"), ("GOPLUG_LIFELINE", "0")];
    let started = stage.start_with(Path::new("/usr/bin/env"), &[], &env).await.unwrap();
    let text = all(started.stdout).await;
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    let pid = format!("LISTEN_PID={}", started.child.id());
    let expected = ["A=1", "GOPLUG_LIFELINE=4", "LISTEN_FDNAMES=goplug", "LISTEN_FDS=1", &pid];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_script_gets_the_same_environment() {
    let stage = Stage::new();
    let script = stage.file("plugin", b"#!/bin/sh\necho $LISTEN_PID $$ $0 $1\n");
    let started = stage.start(&script, &["argument"]).await.unwrap();
    let pid = started.child.id();
    let expected = format!("{pid} {pid} {} argument\n", script.display());
    assert_eq!(all(started.stdout).await, expected);
}

#[tokio::test]
async fn only_the_passed_descriptors_are_inherited() {
    let stage = Stage::new();
    // `dup` gives a descriptor that stays open across exec.
    let leaky = rustix::io::dup(stage.listener.handle().unwrap()).unwrap();
    let leak = leaky.as_raw_fd();
    let paths: Vec<_> = (0..64).chain([leak]).map(|fd| format!("/proc/self/fd/{fd}")).collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();

    let started = stage.start(Path::new("/usr/bin/readlink"), &paths).await.unwrap();

    let text = all(started.stdout).await;
    let kinds: Vec<_> = text.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(kinds, ["/dev/null", "pipe", "pipe", "socket", "pipe"]);
}

#[tokio::test]
async fn standard_output_and_error_are_separate() {
    let stage = Stage::new();
    let started = stage.shell("echo out; echo err >&2").await;
    assert_eq!(all(started.stdout).await, "out\n");
    assert_eq!(all(started.stderr).await, "err\n");
}

#[tokio::test]
async fn a_process_starts_in_its_folder() {
    let stage = Stage::new();
    let started = stage.start(Path::new("/bin/pwd"), &[]).await.unwrap();
    assert_eq!(all(started.stdout).await.trim_end(), stage.temp.path().to_str().unwrap());
}

#[tokio::test]
async fn every_waiter_gets_the_exit_status() {
    let stage = Stage::new();
    let started = stage.shell("exit 3").await;
    let (first, second) = tokio::join!(started.child.wait(), started.child.wait());
    for status in [first, second, started.child.wait().await] {
        assert_eq!(status.unwrap().to_string(), "exit status: 3");
    }
}

#[tokio::test]
async fn a_dropped_wait_does_not_lose_the_status() {
    let stage = Stage::new();
    let started = stage.shell("read x <&4").await;
    {
        let mut wait = std::pin::pin!(started.child.wait());
        let mut unheard = Context::from_waker(Waker::noop());
        assert!(wait.as_mut().poll(&mut unheard).is_pending());
    }
    started.child.kill().unwrap();
    assert_eq!(started.child.wait().await.unwrap().to_string(), "signal: 9 (SIGKILL)");
}

#[tokio::test]
async fn signals_have_their_default_effect() {
    let stage = Stage::new();
    let started = stage.shell("read x <&4").await;
    started.child.terminate().unwrap();
    assert_eq!(started.child.wait().await.unwrap().to_string(), "signal: 15 (SIGTERM)");
}

#[tokio::test]
async fn signals_after_the_exit_are_not_an_error() {
    let stage = Stage::new();
    let started = stage.shell("exit 0").await;
    started.child.wait().await.unwrap();
    started.child.terminate().unwrap();
    started.child.kill().unwrap();
}

#[tokio::test]
async fn a_stopped_process_can_be_killed() {
    let stage = Stage::new();
    let started = stage.shell("kill -STOP $$").await;
    started.child.kill().unwrap();
    assert_eq!(started.child.wait().await.unwrap().to_string(), "signal: 9 (SIGKILL)");
}

#[tokio::test]
async fn the_group_is_killed_when_its_leader_exits() {
    let stage = Stage::new();
    let started = stage.shell("sleep 1000 &").await;
    assert!(started.child.wait().await.unwrap().success());
    // The sleeper has the other end of the pipe until it ends.
    assert_eq!(all(started.stdout).await, "");
}

#[tokio::test]
async fn dropping_a_child_kills_its_group_and_leaves_no_zombie() {
    let stage = Stage::new();
    let mut started = stage.shell("trap '' TERM; sleep 1000 & echo ready; wait").await;
    assert_eq!(line(&mut started.stdout).await, "ready");
    let pid = started.child.id();
    drop(started.child);
    wait_until_gone(pid);
    // The sleeper has the other end of the pipe until it ends.
    assert_eq!(all(started.stdout).await, "");
}

#[tokio::test]
async fn a_dropped_start_leaves_no_process() {
    let stage = Stage::new();
    let script = stage.file("plugin", b"#!/bin/sh\nread x <&0; while :; do sleep 1; done\n");
    {
        let mut start = std::pin::pin!(stage.start(&script, &[]));
        let mut unheard = Context::from_waker(Waker::noop());
        // It may be done already; then the child is dropped, with the same effect.
        drop(start.as_mut().poll(&mut unheard));
    }
    // The next start comes after the dropped one on the same thread.
    stage.shell("exit 0").await;

    let name = script.to_str().unwrap();
    wait_until("the process is still there", || {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let mut lines = processes.filter_map(|p| std::fs::read(p.path().join("cmdline")).ok());
        !lines.any(|line| String::from_utf8_lossy(&line).contains(name))
    });
}

#[tokio::test]
async fn a_missing_interpreter_is_named() {
    let stage = Stage::new();
    let script = stage.file("plugin", b"#!/opt/none/python4 -u\n");
    let error = stage.start(&script, &[]).await.unwrap_err();
    let expected = "its interpreter /opt/none/python4 does not exist: install it, or correct the \
                    script's first line";
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[tokio::test]
async fn another_architecture_is_named() {
    const S390X: u8 = 22;
    let mut elf = vec![0; 64];
    elf[..7].copy_from_slice(b"\x7fELF\x02\x02\x01");
    elf[17] = 2;
    elf[19] = S390X;
    let stage = Stage::new();
    let error = stage.start(&stage.file("plugin", &elf), &[]).await.unwrap_err();
    let expected =
        format!("it is built for s390x, and this machine runs {}", std::env::consts::ARCH);
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn a_file_that_is_not_a_program_is_reported() {
    let stage = Stage::new();
    let error = stage.start(&stage.file("plugin", b"hello"), &[]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "it is a text that does not begin with #! and its interpreter, such as #!/bin/sh"
    );
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let stage = Stage::new();
    let program = OpenProgram::open(Path::new("/bin/true")).unwrap();
    let folder = stage.temp.path().join("none");
    let spawn = Spawn { folder: folder.clone(), ..stage.spawn(program) };
    let text = start_spawn(spawn).await.unwrap_err().to_string();
    let expected = format!("its folder {} cannot be entered: No such file", folder.display());
    assert!(text.starts_with(&expected), "{text}");
}

#[tokio::test]
async fn impossible_arguments_and_variables_are_reported() {
    let stage = Stage::new();
    let program = Path::new("/bin/true");
    let error = stage.start(program, &["a\0b"]).await.unwrap_err();
    assert_eq!(error.to_string(), "an argument holds a NUL byte: \"a\\0b\"");
    let error = stage.start_with(program, &[], &[("A=B", "")]).await.unwrap_err();
    assert_eq!(error.to_string(), "\"A=B\" cannot be the name of an environment variable");
}

#[tokio::test]
async fn a_program_that_is_being_written_is_waited_for() {
    let stage = Stage::new();
    let path = stage.file("plugin", &std::fs::read("/bin/true").unwrap());
    let writer = std::fs::File::options().append(true).open(&path).unwrap();
    {
        let error = stage.start(&path, &[]).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("another process has it open for writing"), "{text}");
    }
    let mut start = std::pin::pin!(stage.start(&path, &[]));
    let mut unheard = Context::from_waker(Waker::noop());
    assert!(start.as_mut().poll(&mut unheard).is_pending());
    drop(writer);
    let started = start.await.unwrap();
    assert!(started.child.wait().await.unwrap().success());
}

#[tokio::test]
async fn the_opened_file_runs_even_if_its_path_changes() {
    let stage = Stage::new();
    let path = stage.file("plugin", &std::fs::read("/bin/echo").unwrap());
    let program = OpenProgram::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let spawn = Spawn { args: vec!["original".into()], ..stage.spawn(program) };
    assert_eq!(all(start_spawn(spawn).await.unwrap().stdout).await, "original\n");
}
