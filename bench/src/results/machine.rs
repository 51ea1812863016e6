//! The machine that a result comes from.

use std::process::Command;

use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    processors: usize,
    kernel: String,
    rustc: String,
    /// The load average of the last minute before the run, so that a result shows whether the
    /// machine was busy with other things.
    load: String,
}

impl Machine {
    /// The machine that this runs on. To be called before the run.
    pub(crate) fn current() -> Self {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel(),
            rustc: rustc(),
            load: load.split_whitespace().next().unwrap_or("unknown").into(),
        }
    }

    /// A description in one line.
    pub(crate) fn line(&self) -> String {
        let Self { processors, kernel, rustc, load } = self;
        format!("{processors} processors, {kernel}, {rustc}, load average before the run {load}")
    }
}

/// The kernel's name and version, without a distribution's suffix.
fn kernel() -> String {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let version = release.split('-').next().unwrap_or_default();
    format!("{} {version}", uname.sysname().to_string_lossy())
}

/// The compiler in `PATH`, which most likely has built this program.
fn rustc() -> String {
    let version = Command::new("rustc").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let words = version.unwrap_or_default();
    let words: Vec<&str> = words.split_whitespace().take(2).collect();
    if words.is_empty() { "rustc unknown".into() } else { words.join(" ") }
}
