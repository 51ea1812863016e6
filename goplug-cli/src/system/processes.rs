//! The processes of plugins that hosts have started, as `/proc` shows them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::time::sleep;

/// What the kernel writes after the path of a program that has been replaced or removed.
const DELETED: &str = " (deleted)";

/// A process that a host has started as a plugin. A host tells the process by its environment
/// ("Started by the registry" in docs/protocol.md), which only this user and root can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PluginProcess {
    pub(crate) pid: u32,
    /// The host's process.
    pub(crate) host: u32,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) socket: PathBuf,
    /// The file that is executed, and the arguments: of a script, they are its interpreter and its path.
    files: Vec<PathBuf>,
}

impl PluginProcess {
    /// All of them, by process id.
    pub(crate) fn all() -> Vec<Self> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut found: Vec<_> = pids.filter_map(Self::of).collect();
        found.sort_by_key(|process| process.pid);
        found
    }

    /// The process of this id, if a host has started it as a plugin. The children that a plugin starts inherit its
    /// environment: they are told apart by the id that is in there.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let environment = fs::read(folder.join("environ")).ok()?;
        let variables = variables(&environment);
        let text = |name: &str| std::str::from_utf8(variables.get(name.as_bytes())?).ok();
        if text("LISTEN_PID")?.parse() != Ok(pid) {
            return None;
        }
        Some(Self {
            pid,
            host: parent(&folder)?,
            name: text("GOPLUG_NAME")?.to_owned(),
            namespace: text("GOPLUG_NAMESPACE").unwrap_or_default().to_owned(),
            socket: OsStr::from_bytes(variables.get("GOPLUG_SOCK".as_bytes())?).into(),
            files: executable(&folder).into_iter().chain(arguments(&folder)).collect(),
        })
    }

    /// Whether it has got this socket from its host.
    pub(crate) fn serves(&self, socket: &Path) -> bool {
        self.socket == socket
            || fs::canonicalize(socket)
                .is_ok_and(|socket| fs::canonicalize(&self.socket).is_ok_and(|own| own == socket))
    }

    /// Whether it runs this program, or the script of this path.
    pub(crate) fn runs(&self, program: &Path) -> bool {
        let Ok(program) = fs::canonicalize(program) else { return false };
        self.files.iter().any(|file| {
            *file == program || fs::canonicalize(file).is_ok_and(|file| file == program)
        })
    }
}

fn arguments(folder: &Path) -> Vec<PathBuf> {
    let line = fs::read(folder.join("cmdline")).unwrap_or_default();
    let arguments = line.split(|byte| *byte == 0);
    arguments
        .map(|argument| PathBuf::from(OsStr::from_bytes(argument)))
        .filter(|path| path.is_absolute())
        .collect()
}

fn variables(environment: &[u8]) -> HashMap<&[u8], &[u8]> {
    let split = |variable: &'_ [u8]| variable.iter().position(|byte| *byte == b'=');
    let variables = environment.split(|byte| *byte == 0);
    variables
        .filter_map(|variable| split(variable).map(|at| (&variable[..at], &variable[at + 1..])))
        .collect()
}

fn parent(folder: &Path) -> Option<u32> {
    let status = fs::read_to_string(folder.join("status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

fn executable(folder: &Path) -> Option<PathBuf> {
    let path = fs::read_link(folder.join("exe")).ok()?;
    let bytes = path.as_os_str().as_bytes();
    let bytes = bytes.strip_suffix(DELETED.as_bytes()).unwrap_or(bytes);
    Some(OsStr::from_bytes(bytes).into())
}

/// Where standard output and standard error of a process go, if that is a file or a terminal.
pub(crate) fn outputs_of(pid: u32) -> [Option<PathBuf>; 2] {
    [1, 2].map(|number| {
        let path = fs::read_link(format!("/proc/{pid}/fd/{number}")).ok()?;
        // A pipe is `pipe:[7]`.
        path.is_absolute().then_some(path)
    })
}

/// What a process is, for people: the beginning of its command line.
pub(crate) fn command_of(pid: u32) -> Option<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect::<Vec<_>>();
    let words = words.join(" ");
    let words = words.trim();
    let shown: String = words.chars().take(SHOWN).collect();
    let rest = if shown.len() < words.len() { "…" } else { "" };
    (!shown.is_empty()).then(|| shown + rest)
}

/// How much of a command line is shown.
const SHOWN: usize = 80;

/// How often to look whether a process has ended.
const LOOK: Duration = Duration::from_millis(20);

/// A process whose end can be waited for, whoever has started it.
#[derive(Debug)]
pub(crate) struct Watched(OwnedFd);

impl Watched {
    /// `None` if there is no such process.
    pub(crate) fn new(pid: u32) -> io::Result<Option<Self>> {
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let Some(number) = number else { return Ok(None) };
        match pidfd_open(number, PidfdFlags::empty()) {
            Ok(process) => Ok(Some(Self(process))),
            Err(Errno::SRCH) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the process has ended. Cancel safe.
    pub(crate) async fn ended(&self) -> io::Result<()> {
        while !self.has_ended()? {
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// The descriptor of a process is readable once it has ended.
    fn has_ended(&self) -> io::Result<bool> {
        let mut process = [PollFd::new(&self.0, PollFlags::IN)];
        Ok(poll(&mut process, Some(&Timespec::default()))? > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_split_at_its_zero_bytes() {
        let found = variables(b"A=1\0B=x=y\0broken\0C=\0");
        assert_eq!(found.len(), 3);
        assert_eq!(found[&b"B"[..]], b"x=y");
        assert_eq!(found[&b"C"[..]], b"");
    }

    #[test]
    fn this_process_is_no_plugin_and_runs_its_program() {
        let pid = std::process::id();
        assert_eq!(PluginProcess::of(pid), None);
        let folder = PathBuf::from(format!("/proc/{pid}"));
        assert_eq!(executable(&folder), std::env::current_exe().ok());
        assert!(parent(&folder).is_some_and(|parent| parent != pid));
        let own = std::env::args().next().unwrap();
        let own: String = own.chars().take(SHOWN).collect();
        assert!(command_of(pid).is_some_and(|command| command.starts_with(&own)));
    }

    #[tokio::test]
    async fn the_end_of_a_process_is_seen() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let watched = Watched::new(child.id()).unwrap().unwrap();
        drop(child.stdin.take());
        watched.ended().await.unwrap();
        assert!(child.wait().unwrap().success());
        assert!(Watched::new(u32::MAX).unwrap().is_none());
    }
}
