//! What this machine offers: of Linux, from `/proc` and `/sys`.

use std::fs;

use crate::system::unix::resources::descriptors;
use crate::system::{Limit, Remedy};

/// Each registry that discovers by itself needs an instance of inotify, and a watch for each folder.
const INSTANCES: u64 = 64;
const WATCHES: u64 = 1024;

/// Everything that a host needs of the machine.
pub(crate) fn limits() -> Vec<Limit> {
    let mut limits = vec![kernel(), sandbox()];
    limits.extend(inotify("inotify instances", "max_user_instances", INSTANCES));
    limits.extend(inotify("inotify watches", "max_user_watches", WATCHES));
    limits.push(descriptors("prlimit --pid $$ --nofile="));
    limits
}

fn kernel() -> Limit {
    let release = text("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".into());
    Limit {
        what: "kernel",
        is_enough: version(&release) >= (5, 6),
        found: format!("{release}; processes are watched by pidfd, since 5.6"),
        remedy: Remedy::Anybody("boot a kernel since 5.6".into()),
    }
}

fn sandbox() -> Limit {
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
    fn releases_are_compared_by_number() {
        assert_eq!(version("6.18.44-generic"), (6, 18));
        assert!(version("5.10.0") >= (5, 6));
        assert!(version("5.4.0-150") < (5, 6));
        assert_eq!(version("unknown"), (0, 0));
    }
}
