//! The folder of one control group.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{FlockOperation, flock};

use crate::transport::{CgroupLimits, explain};

/// How the names of groups begin that hosts make.
const PREFIX: &str = "goplug-";

/// The time in which the processor time of a group is counted, in microseconds: the kernel's own default.
const CPU_PERIOD: u64 = 100_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that this process has made.
#[derive(Debug)]
pub(super) struct Leaf {
    path: PathBuf,
    /// Locked as long as the host lives.
    _lock: File,
}

impl Leaf {
    pub(super) fn create(parent: &Path) -> io::Result<Self> {
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
            let made = fs::create_dir(&path).and_then(|()| File::open(&path));
            let lock = match made {
                Ok(folder) => folder,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => {
                    let text = format!("{}: {error}", path.display());
                    return Err(explain(error, text));
                }
            };
            flock(&lock, FlockOperation::LockExclusive)?;
            // Before it was locked, another host may have taken it for a killed one's.
            if path.exists() {
                return Ok(Self { path, _lock: lock });
            }
        }
    }

    pub(super) fn set(&self, limits: &CgroupLimits) -> io::Result<()> {
        if let Some(bytes) = limits.memory {
            self.write("memory.max", &bytes.to_string())?;
            // One process of a plugin is no use without the others. Kernels before 4.19 do not have it.
            let _ = self.write("memory.oom.group", "1");
        }
        if let Some(count) = limits.tasks {
            self.write("pids.max", &count.to_string())?;
        }
        if let Some(micros) = limits.cpu {
            let quota = (micros / (1_000_000 / CPU_PERIOD)).max(1000);
            self.write("cpu.max", &format!("{quota} {CPU_PERIOD}"))?;
        }
        Ok(())
    }

    pub(super) fn open_procs(&self) -> io::Result<File> {
        File::options().write(true).open(self.path.join("cgroup.procs"))
    }

    pub(super) fn kill(&self) -> io::Result<()> {
        kill(&self.path)
    }

    pub(super) fn remove(&self) -> bool {
        remove(&self.path)
    }

    /// How many processes the kernel has killed since the group used more memory than it may.
    pub(super) fn oom_kills(&self) -> u64 {
        let events = fs::read_to_string(self.path.join("memory.events")).unwrap_or_default();
        let mut counts = events.lines().filter_map(|line| line.strip_prefix("oom_kill "));
        counts.next().and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    fn write(&self, file: &str, value: &str) -> io::Result<()> {
        fs::write(self.path.join(file), value).map_err(|error| {
            let text = format!("{file} cannot be set to {value}: {error}");
            explain(error, text)
        })
    }
}

/// Kills and removes the groups of hosts that have ended without doing that. What they have left may have
/// escaped from its process group.
pub(super) fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let Ok(folder) = File::open(entry.path()) else { continue };
        if is_ours && flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // If they take a moment to end, the next start removes the group.
            let _ = kill(&entry.path());
            remove(&entry.path());
        }
    }
}

fn kill(group: &Path) -> io::Result<()> {
    match File::options().write(true).open(group.join("cgroup.kill")) {
        Ok(mut kill) => io::Write::write_all(&mut kill, b"1"),
        // It was removed.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !group.exists() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether the group is gone.
fn remove(group: &Path) -> bool {
    match fs::remove_dir(group) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_written_as_the_kernel_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let leaf = Leaf::create(folder.path()).unwrap();
        let limits = CgroupLimits {
            parent: None,
            memory: Some(64 << 20),
            tasks: Some(7),
            cpu: Some(1_500_000),
        };
        leaf.set(&limits).unwrap();
        let read = |file: &str| fs::read_to_string(leaf.path.join(file)).unwrap();
        assert_eq!(read("memory.max"), "67108864");
        assert_eq!(read("memory.oom.group"), "1");
        assert_eq!(read("pids.max"), "7");
        assert_eq!(read("cpu.max"), "150000 100000");
    }

    #[test]
    fn a_kill_for_memory_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let leaf = Leaf::create(folder.path()).unwrap();
        assert_eq!(leaf.oom_kills(), 0);
        let events = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n";
        fs::write(leaf.path.join("memory.events"), events).unwrap();
        assert_eq!(leaf.oom_kills(), 2);
    }

    #[test]
    fn only_groups_of_hosts_that_have_ended_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let ours = Leaf::create(folder.path()).unwrap();
        let (left, other) = (folder.path().join("goplug-1-0"), folder.path().join("other"));
        fs::create_dir(&left).unwrap();
        fs::create_dir(&other).unwrap();
        remove_abandoned(folder.path());
        assert!(ours.path.exists() && other.exists() && !left.exists());
    }
}
