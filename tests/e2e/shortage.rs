//! A host or plugin to which the system gives no thread for a while: what it does then fails with
//! an error, and works the next time.
//!
//! Root is not bound by the limit on processes. If these tests run as root, they run the host as
//! another user; if they cannot, they say so.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::test_env::{SHORTAGE, TestEnv, copy_program, exists, kill, run_test, until};

/// A user that owns nothing.
const NOBODY: &str = "12345";

/// The command that runs the host as an ordinary user; `None` if there is no way to do so.
fn host(env: &TestEnv, arguments: &[&str]) -> Option<Command> {
    // Everybody may reach it, wherever this project lies.
    let program = env.path("host");
    copy_program(SHORTAGE, &program);
    let temporary = env.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    for (path, mode) in
        [(env.path(""), 0o755), (program.clone(), 0o755), (temporary.clone(), 0o777)]
    {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = env.command("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]);
        let probe = command.arg("--").arg("/bin/true").output();
        if !probe.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: setpriv cannot run a program as another user here");
            return None;
        }
        let mut command = env.command("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"]).arg(program);
        command
    } else {
        env.command(program)
    };
    command.args(arguments).env("TMPDIR", temporary);
    Some(command)
}

fn findings(arguments: &[&str], expected: &[&str]) {
    run_test(async |env| {
        let Some(mut command) = host(env, arguments) else { return };
        let output = command.output().unwrap();
        let findings = std::str::from_utf8(&output.stdout).unwrap();
        assert_eq!(findings.lines().collect::<Vec<_>>(), expected, "{output:?}");
        assert!(output.status.success(), "{output:?}");
    });
}

#[test]
fn a_registry_starts_or_says_what_it_lacks() {
    for flavor in ["single", "multi"] {
        run_test(async |env| {
            let Some(mut command) = host(env, &["start", flavor]) else { return };
            let output = command.output().unwrap();
            let findings = std::str::from_utf8(&output.stdout).unwrap();
            let findings: Vec<_> = findings.lines().collect();
            let [shortage, "a call"] = &findings[..] else { panic!("{output:?}") };
            assert!(["no error", "an error that names it"].contains(shortage), "{output:?}");
        });
    }
}

#[test]
fn a_load_fails_and_the_next_one_works() {
    for flavor in ["single", "multi"] {
        findings(&["load", flavor], &["an error that names it", "a call", "not found"]);
    }
}

#[test]
fn a_blocking_registry_that_gets_no_thread_is_an_error_within_a_task_too() {
    findings(&["blocking-host", "multi"], &["an error that names it", "a call"]);
}

#[test]
fn a_blocking_method_that_gets_no_thread_is_not_run_later() {
    findings(&["method"], &["an error that names it", "it ran 1 time"]);
}

#[test]
fn a_plugin_that_gets_no_thread_serves_and_ends_with_its_host() {
    run_test(async |env| {
        let Some(mut command) = host(env, &["guard"]) else { return };
        let mut host = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "it serves");
        let plugin = lines.next().unwrap().unwrap().parse().unwrap();
        assert!(exists(plugin));
        kill(host.id());
        host.wait().unwrap();
        until("the plugin is gone", || !env.processes().contains(&plugin)).await;
    });
}
