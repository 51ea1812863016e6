//! The processes of plugins that hosts have started.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use super::system::{
    Environment, arguments_of, executable, executes, is_started_with, parent_of, process_ids,
    real_path,
};

/// How much of a command line is shown.
const SHOWN: usize = 80;

/// A process that a host has started as a plugin. A host tells the process by its environment
/// ("Started by the registry" in docs/protocol.md), which only this user and an administrator can read.
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
        let environment = Environment::of(pid)?;
        if !is_started_with(pid, &environment) {
            return None;
        }
        let text = |name: &str| environment.get(name)?.into_string().ok();
        let arguments = arguments_of(pid).unwrap_or_default().into_iter().map(PathBuf::from);
        Some(Self {
            pid,
            host: parent_of(pid)?,
            name: text("GOPLUG_NAME")?,
            namespace: text("GOPLUG_NAMESPACE").unwrap_or_default(),
            socket: environment.get("GOPLUG_SOCK")?.into(),
            files: executable(pid)
                .into_iter()
                .chain(arguments.filter(|path| path.is_absolute()))
                .collect(),
        })
    }

    /// Whether it has got this socket from its host.
    pub(crate) fn serves(&self, socket: &Path) -> bool {
        self.socket == socket
            || real_path(socket)
                .is_ok_and(|socket| real_path(&self.socket).is_ok_and(|own| own == socket))
    }

    /// Whether it runs this program, or the script of this path.
    pub(crate) fn runs(&self, program: &Path) -> bool {
        let Ok(program) = real_path(program) else { return false };
        self.files
            .iter()
            .any(|file| *file == program || real_path(file).is_ok_and(|file| file == program))
    }

    /// Whether it runs this program, or the script of this path, and the program has not been replaced
    /// since.
    pub(crate) fn runs_newest(&self, program: &Path) -> bool {
        let Ok(program) = real_path(program) else { return false };
        let is_executed = executable(self.pid).is_some_and(|executed| {
            executed == program || real_path(executed).is_ok_and(|file| file == program)
        });
        if is_executed { executes(self.pid, &program) } else { self.runs(&program) }
    }
}

/// The program and the arguments of a process, each behind the other.
///
/// # Errors
/// The system's error: there is no such process, or only others may know.
pub(crate) fn command_line(process: u64) -> io::Result<String> {
    let pid = u32::try_from(process).map_err(io::Error::other)?;
    let words = arguments_of(pid)?;
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    Ok(words.join("\0"))
}

/// What a process is, for people: the beginning of its command line.
pub(crate) fn command_of(pid: u32) -> Option<String> {
    let words = command_line(pid.into()).ok()?.replace('\0', " ");
    let words = words.trim();
    let shown: String = words.chars().take(SHOWN).collect();
    let rest = if shown.len() < words.len() { "…" } else { "" };
    (!shown.is_empty()).then(|| shown + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_no_plugin_and_runs_its_program() {
        let pid = std::process::id();
        assert_eq!(PluginProcess::of(pid), None);
        let program = std::env::current_exe().unwrap();
        assert_eq!(executable(pid).as_ref(), Some(&program));
        assert!(executes(pid, &program));
        assert!(parent_of(pid).is_some_and(|parent| parent != pid));
        let own = std::env::args().next().unwrap();
        let own: String = own.chars().take(SHOWN).collect();
        assert!(command_of(pid).is_some_and(|command| command.starts_with(&own)));
        assert!(process_ids().any(|id| id == pid));
    }

    #[test]
    fn a_variable_of_a_process_is_read() {
        let environment = Environment::of(std::process::id()).unwrap();
        let (name, value) = std::env::vars_os().find(|(_, value)| !value.is_empty()).unwrap();
        assert_eq!(environment.get(name.to_str().unwrap()), Some(value));
        assert_eq!(environment.get("GOPLUG_NO_SUCH_VARIABLE"), None);
    }
}
