//! Real processes: what they are given, how they exit, and the errors when they cannot start. Most run this
//! test program once more, with a role.

mod refused;
mod role;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use self::role::{ROLE, SUBJECT, again, arguments, is_of_role, line};
use super::*;
use crate::transport::{
    FileId, ParentDeathSignal, PassedListener, ProcessState, Rlimit, Spawn, Started, start,
};

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// A folder with the name of a pipe, in which processes are started.
struct Stage {
    temp: TempDir,
    listener: PassedListener,
}

impl Stage {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let name = temp.path().file_name().unwrap().to_str().unwrap();
        let listener = PassedListener::bind(Path::new(&format!(r"\\.\pipe\{name}"))).unwrap();
        Self { temp, listener }
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.temp.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn spawn(&self, program: &Path) -> io::Result<Spawn> {
        Ok(Spawn {
            program: OpenProgram::open(program)?,
            identity: None,
            compared: FileId::default(),
            args: Vec::new(),
            env: Vec::new(),
            folder: self.temp.path().into(),
            listener: self.listener.handle()?,
            limits: Vec::new(),
            cgroup: None,
            parent_death_signal: ParentDeathSignal::Terminate,
            ruleset: None,
        })
    }

    /// Runs a command of the shell's.
    async fn shell(&self, command: &[&str]) -> io::Result<Started> {
        let args = ["/d", "/c"].iter().chain(command).map(OsString::from).collect();
        let spawn = Spawn { args, ..self.spawn(&shell())? };
        start_spawn(spawn).await
    }

    async fn role(&self, role: &str, subject: &str) -> Started {
        self.role_with(role, subject, &[]).await
    }

    /// Runs this program with a role, and more arguments.
    async fn role_with(&self, role: &str, subject: &str, further: &[&str]) -> Started {
        let spawn = self.spawn(&std::env::current_exe().unwrap()).unwrap();
        let args = arguments().into_iter().map(OsString::from);
        let args = args.chain(further.iter().map(OsString::from)).collect();
        let env = vec![(ROLE.into(), role.into()), (SUBJECT.into(), subject.into())];
        start_spawn(Spawn { args, env, ..spawn }).await.unwrap()
    }
}

fn shell() -> PathBuf {
    Path::new(&std::env::var_os("SystemRoot").unwrap()).join(r"System32\cmd.exe")
}

async fn start_spawn(spawn: Spawn) -> io::Result<Started> {
    start(|| Ok(spawn)).await
}

async fn all(mut output: Output) -> String {
    let mut text = String::new();
    let read = output.read_to_string(&mut text);
    tokio::time::timeout(SOON, read).await.expect("the output stays open").unwrap();
    text.replace("\r\n", "\n")
}

/// The next line that belongs to the process's role.
async fn next(output: &mut Output) -> String {
    loop {
        let mut text = String::new();
        while !text.ends_with('\n') {
            let read = output.read_u8();
            let byte = tokio::time::timeout(SOON, read).await.expect("no line comes").unwrap();
            text.push(char::from(byte));
        }
        if is_of_role(text.trim_end()) {
            return text.trim_end().to_owned();
        }
    }
}

fn wait_until_gone(process: u32) {
    let deadline = Instant::now() + SOON;
    while ProcessState::of(process) != ProcessState::Exiting {
        assert!(Instant::now() < deadline, "process {process} is still there");
        thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn the_environment_has_the_hosts_variables_and_the_protocols() {
    let stage = Stage::new();
    let env = [("A", "1"), ("listen_fds", "9"), ("LISTEN_PID", "1"), ("GOPLUG_LIFELINE", "0")];
    let env = env.map(|(name, value)| (name.into(), value.into())).to_vec();
    let args = ["/d", "/c", "set"].map(OsString::from).to_vec();
    let spawn = Spawn { args, env, ..stage.spawn(&shell()).unwrap() };
    let text = all(start_spawn(spawn).await.unwrap().stdout).await;
    let value =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    assert_eq!(value("A"), Some("1"), "{text}");
    assert!(value("GOPLUG_LIFELINE").unwrap().parse::<usize>().unwrap() > 0, "{text}");
    assert!(!text.to_uppercase().contains("LISTEN_"), "{text}");
    assert!(text.contains("SystemRoot=") || text.contains("SYSTEMROOT="), "{text}");
}

#[tokio::test]
async fn arguments_arrive_as_they_are() {
    let stage = Stage::new();
    let arguments =
        ["a b", "", r"C:\x\", r"C:\x y\", r#"say "hi""#, r#"\\""#, "%PATH%", "ü 😀", "a\tb"];
    let started = stage.role_with("arguments", "", &arguments).await;
    let text = all(started.stdout).await;
    let arrived: Vec<_> = text.lines().filter(|line| line.starts_with('<')).skip(4).collect();
    assert_eq!(arrived, arguments.map(|argument| format!("<{argument}>")));
}

#[tokio::test]
async fn only_the_named_handles_are_inherited() {
    use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
    let stage = Stage::new();
    let leaky = File::open(std::env::current_exe().unwrap()).unwrap();
    // SAFETY: the handle is the file's, which is open.
    #[allow(unsafe_code)]
    let set = unsafe {
        SetHandleInformation(leaky.as_raw_handle(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)
    };
    assert_ne!(set, 0);
    let number = leaky.as_raw_handle().addr().to_string();
    let mut started = stage.role("handle", &number).await;
    assert_eq!(next(&mut started.stdout).await, "closed");
}

#[tokio::test]
async fn standard_output_and_error_are_separate() {
    let stage = Stage::new();
    let started = stage.shell(&["echo", "out&echo", "err>&2"]).await.unwrap();
    assert_eq!(all(started.stdout).await.trim(), "out");
    assert_eq!(all(started.stderr).await.trim(), "err");
}

#[tokio::test]
async fn a_process_starts_in_its_folder() {
    let stage = Stage::new();
    let started = stage.shell(&["cd"]).await.unwrap();
    let folder = PathBuf::from(all(started.stdout).await.trim_end());
    assert_eq!(folder.canonicalize().unwrap(), stage.temp.path().canonicalize().unwrap());
}

#[tokio::test]
async fn every_waiter_gets_the_exit_status() {
    let stage = Stage::new();
    let started = stage.shell(&["exit 3"]).await.unwrap();
    let (first, second) = tokio::join!(started.child.wait(), started.child.wait());
    for status in [first, second, started.child.wait().await] {
        assert_eq!(exit_text(status.unwrap()), "exit status: 3");
    }
}

#[tokio::test]
async fn a_dropped_wait_does_not_lose_the_status() {
    let stage = Stage::new();
    let started = stage.role("wait", "").await;
    {
        let mut wait = std::pin::pin!(started.child.wait());
        let mut unheard = Context::from_waker(Waker::noop());
        assert!(wait.as_mut().poll(&mut unheard).is_pending());
    }
    started.child.kill().unwrap();
    assert_eq!(exit_text(started.child.wait().await.unwrap()), "killed");
}

#[tokio::test]
async fn to_ask_or_kill_after_the_exit_is_not_an_error() {
    let stage = Stage::new();
    let started = stage.shell(&["exit 0"]).await.unwrap();
    assert!(started.child.wait().await.unwrap().success());
    started.child.terminate().unwrap();
    started.child.kill().unwrap();
}

#[tokio::test]
async fn what_a_process_has_started_is_killed_when_it_exits() {
    let stage = Stage::new();
    let mut started = stage.role("leave", "").await;
    assert_eq!(next(&mut started.stdout).await, "waits");
    assert!(started.child.wait().await.unwrap().success());
    // The other process has the other end of the pipe until it ends.
    all(started.stderr).await;
}

#[tokio::test]
async fn dropping_a_child_kills_it() {
    let stage = Stage::new();
    let mut started = stage.role("wait", "").await;
    assert_eq!(next(&mut started.stdout).await, "waits");
    let process = started.child.id();
    drop(started.child);
    wait_until_gone(process);
    all(started.stdout).await;
}

#[tokio::test]
async fn a_dropped_start_leaves_no_process() {
    let stage = Stage::new();
    let spawn = stage.spawn(&std::env::current_exe().unwrap()).unwrap();
    let args = arguments().map(OsString::from).to_vec();
    let env = vec![(ROLE.into(), "wait".into())];
    let program = stage.temp.path().join("copy.exe");
    std::fs::copy(spawn.program.path(), &program).unwrap();
    let spawn = Spawn { args, env, program: OpenProgram::open(&program).unwrap(), ..spawn };
    {
        let mut start = std::pin::pin!(start_spawn(spawn));
        let mut unheard = Context::from_waker(Waker::noop());
        // It may be done already; then the child is dropped, with the same effect.
        drop(start.as_mut().poll(&mut unheard));
    }
    // The file of a program that runs cannot be removed.
    let deadline = Instant::now() + SOON;
    while std::fs::remove_file(&program).is_err() {
        assert!(Instant::now() < deadline, "the process is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn no_plugin_outlives_its_host() {
    let mut host = again("host");
    let plugin = line(&mut host).parse().unwrap();
    assert_eq!(ProcessState::of(plugin), ProcessState::Normal);
    host.kill().unwrap();
    host.wait().unwrap();
    wait_until_gone(plugin);
}

#[cfg(feature = "plugin")]
#[tokio::test]
async fn a_process_hears_of_its_hosts_end_by_the_lifeline() {
    let stage = Stage::new();
    let spawn = stage.spawn(&std::env::current_exe().unwrap()).unwrap();
    let args = arguments().map(OsString::from).to_vec();
    let env = [(ROLE, "lifeline"), ("GOPLUG_SOCK", stage.listener.path().to_str().unwrap())];
    let env = env.map(|(name, value)| (name.into(), value.into())).to_vec();
    let mut started = start_spawn(Spawn { args, env, ..spawn }).await.unwrap();
    assert_eq!(next(&mut started.stdout).await, "claimed");
    started.child.close_lifeline();
    assert_eq!(next(&mut started.stdout).await, "HostGone");
    assert!(started.child.wait().await.unwrap().success());
}

#[tokio::test]
async fn a_process_with_limits_runs() {
    let stage = Stage::new();
    let limits = vec![Rlimit::AddressSpace(1 << 30), Rlimit::Processes(8), Rlimit::CpuSeconds(60)];
    let args = ["/d", "/c", "exit 4"].map(OsString::from).to_vec();
    let spawn = Spawn { args, limits, ..stage.spawn(&shell()).unwrap() };
    let started = start_spawn(spawn).await.unwrap();
    assert_eq!(started.child.wait().await.unwrap().code(), Some(4));
}
