//! Hosts in a process that is not goplug's alone: others reap its children, or fork it.

use std::process::{Command, Output};

use crate::test_env::{SURROUNDINGS, TestEnv, run_test};

fn findings(env: &TestEnv, command: &mut Command) -> Vec<String> {
    env.install_calculator();
    let output: Output = command.env("TMPDIR", env.path("")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The findings of a host that sees its plugins exit with 0, 3 and 78.
fn assert_exits(findings: &[String]) {
    let [zero, three, final_code] = findings else { panic!("{findings:?}") };
    assert!([zero, three, final_code].iter().all(|it| it.ends_with("; its child is gone")));
    // A kernel before 6.15 does not keep the status of a process that somebody else has reaped. What
    // is not known counts as a failure.
    if zero.contains("its exit status is unknown") {
        assert!(three.contains("restarted"), "{three}");
        return;
    }
    let expected = [
        "exit status: 0; its child is gone",
        "exit status: 3, restarted; its child is gone",
        "exit status: 78, given up; its child is gone",
    ];
    assert_eq!(findings, expected);
}

#[test]
fn a_host_that_ignores_sigchld_knows_how_its_plugins_ended() {
    run_test(async |env| {
        let mut command = env.command("/bin/sh");
        command.args(["-c", "trap '' CHLD; exec \"$0\" ignores \"$1\"", SURROUNDINGS]);
        assert_exits(&findings(env, command.arg(env.folder())));
    });
}

#[test]
fn a_host_that_reaps_every_child_knows_how_its_plugins_ended() {
    run_test(async |env| {
        let mut command = env.command(SURROUNDINGS);
        assert_exits(&findings(env, command.arg("reaps").arg(env.folder())));
    });
}

#[test]
fn a_process_that_is_forked_after_its_first_use_can_be_a_host() {
    run_test(async |env| {
        let mut command = env.command(SURROUNDINGS);
        let findings = findings(env, command.arg("daemon").arg(env.folder()));
        assert_eq!(findings, ["before: 5", "after: 5", "the plugin is gone"]);
    });
}

#[test]
fn a_fork_leaves_the_plugins_of_its_parent_alone() {
    run_test(async |env| {
        let mut command = env.command(SURROUNDINGS);
        let findings = findings(env, command.arg("inherits").arg(env.folder()));
        let expected = [
            "the registry belongs to process PARENT, of which this one is a fork: make a runtime \
             and a registry after the fork",
            "afterwards: 5",
            "reloaded: 5",
        ];
        assert_eq!(findings, expected);
    });
}
