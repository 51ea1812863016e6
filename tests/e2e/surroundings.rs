//! Hosts in a process that is not goplug's alone: others reap its children, fork it, remove its
//! files, and need descriptors too.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use goplug::Restart;
use goplug_tests::fixtures::calculator::CalculatorClient;

use crate::test_env::{Kind, SURROUNDINGS, TestEnv, is, kill, read_until, run_test, soon, until};

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
        "ended in good order; its child is gone",
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
        let error = "the registry belongs to process PARENT, of which this one is a fork: make a \
                     runtime and a registry after the fork";
        let expected = ["load", "call", "registration", "unload", "async call"]
            .map(|what| format!("{what}: {error}"));
        let (in_the_fork, of_parent) = findings.split_at(expected.len());
        assert_eq!(in_the_fork, expected);
        assert_eq!(of_parent, ["afterwards: 5", "reloaded: 5"]);
    });
}

#[test]
fn a_plugin_ends_with_its_host_although_a_fork_of_the_host_has_its_descriptors() {
    run_test(async |env| {
        env.install_calculator();
        let mut command = env.command(SURROUNDINGS);
        command.arg("is-survived").arg(env.folder()).env("TMPDIR", env.path(""));
        let mut host = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let (plugin, fork) = line.split_once(' ').unwrap();
        let (plugin, fork): (u32, u32) = (plugin.parse().unwrap(), fork.parse().unwrap());
        kill(host.id());
        host.wait().unwrap();
        until("the plugin is gone", || !env.processes().contains(&plugin)).await;
        assert!(env.processes().contains(&fork));
        kill(fork);
    });
}

#[test]
fn a_plugin_costs_its_host_five_descriptors() {
    run_test(async |env| {
        env.install_counter();
        let mut command = env.command(SURROUNDINGS);
        let findings = findings(env, command.arg("counts").arg(env.folder()));
        // The pidfd, the lifeline, both outputs and an idle connection.
        assert_eq!(findings, ["5 descriptors", "0 are left"]);
    });
}

#[test]
fn a_folder_of_sockets_that_was_removed_is_made_again() {
    run_test(async |env| {
        env.install_calculator();
        let builder = env.registry().restart(Restart::permanent());
        let registry = builder.start().await.unwrap();
        let calculator: CalculatorClient = registry.client().await.unwrap();
        let mut events = registry.events();

        let folder = || env.note_socket(&registry).parent().unwrap().to_owned();
        std::fs::remove_dir_all(folder()).unwrap();
        // The connection is still there.
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        soon("the reload", registry.reload("Calculator", "math")).await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);

        std::fs::remove_dir_all(folder()).unwrap();
        kill(calculator.process().await.unwrap());
        read_until(&mut events, "the restart", is(Kind::Restarted, "math.Calculator")).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);

        // Only the socket.
        let last = folder();
        for entry in std::fs::read_dir(&last).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        soon("the reload", registry.reload("Calculator", "math")).await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        assert_eq!(folder(), last);
        registry.stop().await.unwrap();
    });
}
