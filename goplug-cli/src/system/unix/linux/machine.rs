//! What this machine offers: of Linux, from `/proc` and `/sys`.

use std::fs;
use std::path::Path;

use crate::system::unix::resources::descriptors;
use crate::system::{Limit, Remedy};

/// Each registry that discovers by itself needs an instance of inotify, and a watch for each folder.
const INSTANCES: u64 = 64;
const WATCHES: u64 = 1024;

/// The oldest kernel on which plugins run as the README promises.
const OLDEST: (u32, u32) = (5, 3);

/// Everything that a host needs of the machine.
pub(crate) fn limits() -> Vec<Limit> {
    let mut limits = vec![kernel(), process_files(), sandbox()];
    limits.extend(inotify("inotify instances", "max_user_instances", INSTANCES));
    limits.extend(inotify("inotify watches", "max_user_watches", WATCHES));
    limits.push(descriptors("prlimit --pid $$ --nofile="));
    limits
}

fn kernel() -> Limit {
    let release = text("/proc/sys/kernel/osrelease");
    Limit {
        what: "kernel",
        is_enough: release.as_deref().is_none_or(|release| version(release) >= OLDEST),
        found: match release {
            Some(release) => {
                format!("{release}; processes are watched by pidfd since 5.4, by threads before")
            }
            None => "its release cannot be read here".into(),
        },
        remedy: Remedy::Anybody(format!("boot a kernel since {}.{}", OLDEST.0, OLDEST.1)),
    }
}

/// An embedded plugin is found by them, and they tell what a plugin's process does.
fn process_files() -> Limit {
    let own = std::process::id().to_string();
    let is_ours = fs::read_link("/proc/self").is_ok_and(|link| link == Path::new(&own));
    Limit {
        what: "/proc",
        is_enough: is_ours,
        found: match is_ours {
            true => "that of this host".into(),
            false => "not mounted, or that of another container".into(),
        },
        remedy: Remedy::Root("mount -t proc proc /proc".into()),
    }
}

/// Landlock and filters of system calls, which only a sandbox needs.
fn sandbox() -> Limit {
    if !Path::new("/proc/sys/kernel/seccomp").exists() && Path::new("/proc/sys/kernel").exists() {
        return Limit {
            what: "sandbox",
            is_enough: false,
            found: "the kernel has no filters of system calls".into(),
            remedy: Remedy::Anybody("boot a kernel with CONFIG_SECCOMP_FILTER".into()),
        };
    }
    let modules = text("/sys/kernel/security/lsm");
    let is_enough = |modules: &str| modules.split(',').any(|module| module == "landlock");
    let known = modules.as_deref().unwrap_or_default();
    Limit {
        what: "sandbox",
        is_enough: modules.as_deref().is_none_or(is_enough),
        remedy: Remedy::Anybody(format!("boot with lsm=landlock,{known}")),
        found: match modules {
            Some(modules) => format!("security modules: {modules}"),
            None => "the security modules cannot be read here".into(),
        },
    }
}

/// A limit of inotify, if this system has it.
fn inotify(what: &'static str, key: &str, least: u64) -> Option<Limit> {
    let limit: u64 = text(&format!("/proc/sys/fs/inotify/{key}"))?.parse().ok()?;
    Some(Limit {
        what,
        is_enough: limit >= least,
        found: limit.to_string(),
        remedy: Remedy::Root(format!("sysctl -w fs.inotify.{key}={least}")),
    })
}

/// Says that this user has too many watchers, and what raises the limit.
pub(crate) fn watcher_limit() -> String {
    exhausted("fs.inotify.max_user_instances")
}

/// Says that this user watches too many folders, and what raises the limit.
pub(crate) fn watch_limit() -> String {
    exhausted("fs.inotify.max_user_watches")
}

fn exhausted(key: &str) -> String {
    let file = format!("/proc/sys/{}", key.replace('.', "/"));
    match text(&file).and_then(|limit| limit.parse::<u64>().ok()) {
        Some(limit) => format!(
            "the limit {key} ({limit}) is reached; raise it by sysctl {key}={}",
            limit.saturating_mul(2)
        ),
        None => format!("the limit {key} is reached"),
    }
}

fn text(file: &str) -> Option<String> {
    Some(fs::read_to_string(file).ok()?.trim().to_owned())
}

/// The first two numbers of a kernel's release.
fn version(release: &str) -> (u32, u32) {
    let mut numbers = release.split(['.', '-']).map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_reached_is_named_with_what_raises_it() {
        let text = watch_limit();
        assert!(text.contains("fs.inotify.max_user_watches"), "{text}");
        assert!(text.contains("is reached"), "{text}");
    }

    #[test]
    fn the_files_of_processes_are_this_systems() {
        assert!(process_files().is_enough);
    }

    #[test]
    fn releases_are_compared_by_number() {
        assert_eq!(version("6.18.44-generic"), (6, 18));
        assert!(version("5.10.0") >= OLDEST);
        assert!(version("5.2.0-150") < OLDEST);
        assert_eq!(version("unknown"), (0, 0));
    }
}
