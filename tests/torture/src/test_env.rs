//! The environment of a trial: a folder of its own, and what the system says of the processes
//! that take part.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use goplug::{Registry, RegistryBuilder};
use goplug_runtime::transport::socket_path;
use goplug_tests::system;
pub(crate) use goplug_tests::system::kill;
use serde_json::Value;
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
    pub(crate) fn processes(&self) -> Vec<u32> {
        system::processes_with(MARKER, self.temp.path().as_os_str())
    }

    /// The path of a socket; a new one with each call where sockets are no files.
    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        socket_path(self.temp.path(), name)
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

/// The resident memory of this process, in KiB.
pub(crate) fn resident_memory() -> Result<i64> {
    resident_memory_of(std::process::id())
}

/// The resident memory of a process, in KiB.
pub(crate) fn resident_memory_of(process: u32) -> Result<i64> {
    system::resident_memory(process).context("a process without memory")
}

/// The socket that a `.pconf` names.
pub(crate) fn socket_in(pconf: &Path) -> Result<PathBuf> {
    let keys: Value = serde_json::from_slice(&std::fs::read(pconf)?)?;
    Ok(keys["Sock"].as_str().context("a .pconf without a socket")?.into())
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
    Ok(names.filter(|name| name.as_encoded_bytes().starts_with(prefix.as_bytes())).count())
}
