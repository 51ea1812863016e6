//! Where this process may make control groups.
//!
//! A process may make groups within its own group if it may write that folder: as the superuser, or because
//! an init system has delegated the group. Once a group has controllers for those within it, it may not have
//! processes itself (only the topmost group may). So systemd puts the processes of a unit with
//! `DelegateSubgroup=` into a group within the delegated one, and marks the delegated one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, getxattr};

use crate::transport::{CgroupLimits, explain};

/// The marks of systemd on the folder of a group that it has delegated.
const DELEGATED: [&str; 2] = ["user.delegate", "trusted.delegate"];

/// What helps where no group is delegated.
const ADVICE: &str = "run the host with a delegated group (systemd: Delegate=yes and DelegateSubgroup=), or \
                      name one with Cgroup::parent";

/// The folder in which a group with these limits is made.
///
/// # Errors
/// There is none; the text says why, and what helps.
pub(super) fn find(limits: &CgroupLimits) -> io::Result<PathBuf> {
    let candidates = match &limits.parent {
        Some(parent) => vec![parent.clone()],
        None => candidates()?,
    };
    let mut failure = None;
    for candidate in candidates {
        match check(&candidate, &controllers(limits)) {
            Ok(()) => return Ok(candidate),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| lacking("this process has no group of version 2".into())))
}

/// The groups in which this process may make others, the best first.
fn candidates() -> io::Result<Vec<PathBuf>> {
    let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}"));
    let (mounts, groups) = (read("mountinfo")?, read("cgroup")?);
    let Some(own) = own_folder(&mounts, &groups) else { return Ok(Vec::new()) };
    let outer = own.parent().filter(|outer| is_delegated(outer)).map(Path::to_owned);
    Ok(std::iter::once(own).chain(outer).collect())
}

/// The folder of this process's group of version 2, if it is mounted.
fn own_folder(mounts: &str, groups: &str) -> Option<PathBuf> {
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        if kind.split(' ').next() != Some("cgroup2") {
            return None;
        }
        let mut fields = mount.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        let within = Path::new(own).strip_prefix(root).ok()?;
        Some(Path::new(point).join(within))
    })
}

fn is_delegated(group: &Path) -> bool {
    DELEGATED.iter().any(|mark| {
        let mut value = [0; 1];
        getxattr(group, *mark, &mut value[..]).is_ok() && value == *b"1"
    })
}

/// Checks that groups with these controllers can be made within a group, and turns the controllers on.
fn check(group: &Path, controllers: &[&str]) -> io::Result<()> {
    let shown = group.display();
    let may_write = |path: &Path| access(path, Access::WRITE_OK).is_ok();
    if !may_write(group) || !may_write(&group.join("cgroup.procs")) {
        return Err(lacking(format!("no group can be made in {shown}")));
    }
    let read = |file: &str| fs::read_to_string(group.join(file)).unwrap_or_default();
    let has = |list: &str, name: &str| list.split_ascii_whitespace().any(|listed| listed == name);
    let (available, on) = (read("cgroup.controllers"), read("cgroup.subtree_control"));
    for name in controllers {
        if !has(&available, name) {
            return Err(lacking(format!("{shown} has no controller {name}")));
        }
        if !has(&on, name) {
            fs::write(group.join("cgroup.subtree_control"), format!("+{name}")).map_err(
                |error| {
                    let text = format!(
                        "the controller {name} cannot be turned on in {shown}: {error}; {ADVICE}"
                    );
                    explain(error, text)
                },
            )?;
        }
    }
    Ok(())
}

fn lacking(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("{what}; {ADVICE}"))
}

/// The kernel's controllers that enforce the limits.
fn controllers(limits: &CgroupLimits) -> Vec<&'static str> {
    let needed = [
        ("memory", limits.memory.is_some()),
        ("pids", limits.tasks.is_some()),
        ("cpu", limits.cpu.is_some()),
    ];
    needed.into_iter().filter(|(_, is_needed)| *is_needed).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:4 - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_own_group_is_found_in_its_mount() {
        let own = |groups: &str| own_folder(MOUNTS, groups);
        let unit = "5:memory:/other\n0::/system.slice/a.service\n";
        let expected = Path::new("/sys/fs/cgroup/unified/system.slice/a.service");
        assert_eq!(own(unit).as_deref(), Some(expected));
        assert_eq!(own("0::/\n").as_deref(), Some(Path::new("/sys/fs/cgroup/unified")));
        assert_eq!(own("5:memory:/other\n"), None);
        let within = MOUNTS.replace("0:38 / ", "0:38 /system.slice ");
        let expected = Path::new("/sys/fs/cgroup/unified/a.service");
        assert_eq!(own_folder(&within, unit).as_deref(), Some(expected));
        assert_eq!(own_folder(&within, "0::/user.slice\n"), None);
    }

    fn group(controllers: &str, on: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
        write("cgroup.procs", "");
        write("cgroup.controllers", controllers);
        write("cgroup.subtree_control", on);
        folder
    }

    #[test]
    fn controllers_are_turned_on_and_missing_ones_named() {
        let folder = group("cpu memory pids\n", "cpu\n");
        let limits = CgroupLimits {
            parent: Some(folder.path().into()),
            tasks: Some(1),
            cpu: Some(1),
            ..CgroupLimits::default()
        };
        assert_eq!(find(&limits).unwrap(), folder.path());
        let on = fs::read_to_string(folder.path().join("cgroup.subtree_control")).unwrap();
        assert_eq!(on, "+pids");

        let folder = group("cpu\n", "cpu\n");
        let limits = CgroupLimits {
            parent: Some(folder.path().into()),
            memory: Some(1),
            ..CgroupLimits::default()
        };
        let error = find(&limits).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        let text = error.to_string();
        assert!(
            text.contains("has no controller memory; run the host with a delegated group"),
            "{text}"
        );
    }

    #[test]
    fn a_folder_that_is_no_group_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let limits = CgroupLimits { parent: Some(folder.path().into()), ..CgroupLimits::default() };
        assert!(find(&limits).unwrap_err().to_string().contains("no group can be made in"));
    }
}
