//! Plugins in Rust and in Python, against `tests/conformance`: checks of each sentence of
//! docs/protocol.md, which know nothing of the code here.
//!
//! Each test skips what its plugin has no method for, and says so on standard error.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::test_env::{CALCULATOR, REPORT, has_python};

/// The folder of the project.
fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Installs the plugin of this program, and runs these checks on it, or all. Returns what the run has printed;
/// `None` if there is no Python 3 here.
fn report(program: impl AsRef<Path>, numbers: &[String]) -> Option<String> {
    if !has_python() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let install = Command::new(program.as_ref()).arg("install").arg(folder.path()).output();
    let install = install.unwrap();
    assert!(install.status.success(), "{install:?}");
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().collect();
    let [pconf] = &files[..] else { panic!("{files:?}") };
    let mut run = Command::new("python3");
    run.arg(project().join("tests/conformance/run.py")).arg(pconf.path()).args(numbers);
    let output = run.output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    let failed: Vec<_> = report.lines().filter(|line| line.contains(": FAILED")).collect();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{failed:#?}\n{report}\n{error}");
    Some(report.into_owned())
}

/// How many checks are skipped for the plugin of this program; as [`report`].
fn skipped(program: impl AsRef<Path>) -> Option<usize> {
    let report = report(program, &[])?;
    let is_skipped = |line: &&str| {
        // Few plugins call services.
        line.contains(": skipped: ") && !line.contains("declares no service")
    };
    let skipped: Vec<_> = report.lines().filter(is_skipped).collect();
    skipped.iter().for_each(|line| eprintln!("{line}"));
    assert!(report.lines().count() > 100 + skipped.len().min(1), "{report}");
    Some(skipped.len())
}

#[test]
fn a_plugin_in_rust_follows_the_protocol() {
    if let Some(skipped) = skipped(CALCULATOR) {
        assert!(skipped <= 1, "{skipped} checks are skipped");
    }
}

#[test]
fn plugins_that_call_services_follow_the_protocol() {
    let python = project().join("tests/fixtures/python/report.py");
    // The plugin in Python reads no stream of replies.
    for (program, expected) in [(Path::new(REPORT), 11), (&python, 9)] {
        let numbers: Vec<_> = (170..180).chain([190]).map(|number| number.to_string()).collect();
        let Some(report) = report(program, &numbers) else { return };
        let passed = report.lines().filter(|line| line.ends_with(": ok")).count();
        assert_eq!(passed, expected, "{report}");
    }
}

#[test]
fn a_plugin_on_the_package_of_the_python_example_follows_the_protocol() {
    if let Some(skipped) = skipped(project().join("tests/fixtures/python/calculator.py")) {
        assert!(skipped <= 1, "{skipped} checks are skipped");
    }
}

#[test]
fn the_python_example_follows_the_protocol() {
    skipped(project().join("examples/site/plugins/python/typography.py"));
}
