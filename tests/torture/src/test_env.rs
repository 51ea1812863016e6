//! The environment of a trial: a folder of its own, and what `/proc` says of the processes
//! that take part.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use goplug::{Registry, RegistryBuilder};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The environment variable that marks the processes of a trial.
const MARKER: &str = "GOPLUG_TORTURE_ENV";

/// The time between two checks of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// The environment of one trial. Dropping it kills the processes that are left.
pub(crate) struct TestEnv {
    temp: TempDir,
}

impl TestEnv {
    pub(crate) fn new() -> Result<Self> {
        let temp = tempfile::Builder::new().prefix("torture-").tempdir()?;
        std::fs::create_dir(temp.path().join("plugins"))?;
        Ok(Self { temp })
    }

    /// The folder of the plugins.
    pub(crate) fn folder(&self) -> PathBuf {
        self.path("plugins")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// A builder of a registry whose processes belong to the trial.
    pub(crate) fn registry(&self) -> RegistryBuilder {
        Registry::builder(self.folder()).env(MARKER, self.temp.path())
    }

    /// This program in another role, as a process that belongs to the trial.
    pub(crate) fn role(&self, role: &str) -> Result<Command> {
        let mut command = Command::new(this_program()?);
        command.arg(role).env(MARKER, self.temp.path());
        Ok(command)
    }

    /// Puts a file into the folder of the plugins atomically: by a rename.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let temporary = self.folder().join(format!(".{name}"));
        std::fs::write(&temporary, content)?;
        Ok(std::fs::rename(temporary, self.folder().join(name))?)
    }

    /// The running processes of the trial.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let mut line = format!("{MARKER}=").into_bytes();
        line.extend_from_slice(self.temp.path().as_os_str().as_bytes());
        let is_ours = |process: &i32| {
            let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == line)
        };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter(is_ours).collect()
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        for process in self.processes() {
            kill(process);
        }
    }
}

/// The file of this program.
pub(crate) fn this_program() -> Result<PathBuf> {
    std::env::current_exe().context("finding this program")
}

/// Kills a process. A process that is gone already is no error.
pub(crate) fn kill(process: i32) {
    if let Some(pid) = Pid::from_raw(process) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Waits for a condition; returns whether it became true within this time.
pub(crate) async fn wait_until(within: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if since.elapsed() > within {
            return false;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// The descriptors that this process has open.
pub(crate) fn open_descriptors() -> Result<usize> {
    Ok(std::fs::read_dir("/proc/self/fd")?.count())
}

/// The resident memory of this process, in KiB.
pub(crate) fn resident_memory() -> Result<i64> {
    resident_memory_of(std::process::id())
}

/// The resident memory of a process, in KiB.
pub(crate) fn resident_memory_of(process: u32) -> Result<i64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("a process without VmRSS")?.parse()?)
}

/// The processor time that this process has used.
pub(crate) fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// How often the threads of this process have waited for something, and so have been woken.
pub(crate) fn wake_ups() -> Result<usize> {
    let mut sum = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        // A thread may have ended meanwhile.
        let status = std::fs::read_to_string(task?.path().join("status")).unwrap_or_default();
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sum += count.and_then(|count| count.trim().parse::<usize>().ok()).unwrap_or_default();
    }
    Ok(sum)
}

/// The percentile of the times, with 0.99 for the 99th.
pub(crate) fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get(((last as f64) * share).ceil() as usize).copied().unwrap_or_default()
}

/// How many entries of a folder have names with this prefix.
pub(crate) fn count_entries(folder: &Path, prefix: &str) -> Result<usize> {
    let names = std::fs::read_dir(folder)?.flatten().map(|entry| entry.file_name());
    Ok(names.filter(|name| name.as_bytes().starts_with(prefix.as_bytes())).count())
}
