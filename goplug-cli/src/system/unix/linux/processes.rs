//! The processes of plugins that hosts have started, as `/proc` shows them.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::files::identity;

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
        Self::beside(&HashSet::new())
    }

    /// Those that are not among these, by process id.
    pub(crate) fn beside(others: &HashSet<u32>) -> Vec<Self> {
        let mut pids: Vec<_> = process_ids().filter(|pid| !others.contains(pid)).collect();
        pids.sort_unstable();
        pids.into_iter().filter_map(Self::of).collect()
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

    /// Whether it runs this program, or the script of this path, and the program has not been replaced
    /// since.
    pub(crate) fn runs_newest(&self, program: &Path) -> bool {
        let Ok(program) = fs::canonicalize(program) else { return false };
        let folder = PathBuf::from(format!("/proc/{}", self.pid));
        let is_executed = executable(&folder).is_some_and(|executed| executed == program);
        let newest = || identity(&program).ok() == identity(&folder.join("exe")).ok();
        if is_executed { newest() } else { self.runs(&program) }
    }
}

/// The ids of all processes.
pub(crate) fn process_ids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Whether a process executes the same program as this one.
pub(crate) fn runs_this_command(pid: u32) -> bool {
    let found = identity(&PathBuf::from(format!("/proc/{pid}/exe")));
    found.is_ok_and(|found| identity(Path::new("/proc/self/exe")).is_ok_and(|own| own == found))
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

/// The path of the program that a process runs, or that it was started from.
pub(super) fn executable(folder: &Path) -> Option<PathBuf> {
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
}
