//! Containers and other tight places, where the system refuses calls, or folders, devices and processes are
//! few. The host of `fixtures/unix/tight.rs` uses each facility in turn: it works by another way, or says
//! what is missing.

mod places;
mod refused;

use std::path::PathBuf;
use std::process::Command;

use crate::test_env::{TIGHT, TestEnv};

/// Everything that the host tries.
const ALL: [&str; 11] = [
    "load",
    "call",
    "callback",
    "descriptors",
    "crash",
    "group",
    "reload",
    "discovery",
    "sandbox",
    "stop",
    "children",
];

/// The arguments by which a command runs the host.
fn host(env: &TestEnv) -> [String; 3] {
    let folder = env.folder().to_str().unwrap().to_owned();
    [TIGHT.to_owned(), folder, "first".to_owned()]
}

/// The folder in which the host makes its folder for sockets.
fn temporary_folder(env: &TestEnv) -> PathBuf {
    let folder = env.path("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What the host has found, a line each. It ends in good order, whatever it finds.
fn findings(env: &TestEnv, command: &mut Command) -> Vec<String> {
    env.install_calculator();
    let temporary = temporary_folder(env);
    if command.get_envs().all(|(name, _)| name != "TMPDIR") {
        command.env("TMPDIR", &temporary);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    assert_eq!(std::fs::read_dir(temporary).unwrap().count(), 0, "a folder of sockets is left");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Everything works. A kernel without Landlock has no sandbox anywhere.
fn assert_all_work(findings: &[String], place: &str) {
    let fails = |line: &&String| {
        !line.ends_with(": ok") && !line.contains("it cannot be confined: the kernel")
    };
    let failures: Vec<_> = findings.iter().filter(fails).collect();
    assert!(failures.is_empty(), "{place}: {failures:#?}");
    let tried: Vec<_> = findings.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(tried, ALL, "{place}");
}

/// One of the findings is this error.
fn assert_says(findings: &[String], what: &str, parts: &[&str]) {
    let line = findings.iter().find_map(|line| line.strip_prefix(what)?.strip_prefix(": "));
    let line = line.unwrap_or_else(|| panic!("nothing of {what}: {findings:#?}"));
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
}
