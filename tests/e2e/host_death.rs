//! A plugin never outlives its host, however the host ended.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use goplug_tests::system::TEMPORARY;

use crate::test_env::{HOST, TestEnv, exists, kill, run_test, soon, until};

/// Starts a host on the test's folder of plugins, with its temporary files in the test's own
/// folder. Returns the host and the process id of its plugin.
pub(crate) async fn start_host(env: &TestEnv, argument: Option<&std::path::Path>) -> (Child, u32) {
    env.install_calculator();
    let mut command = env.command(HOST);
    command.arg(env.folder()).args(argument).stdout(Stdio::piped());
    command.env(TEMPORARY, env.path(""));
    let mut host = command.spawn().unwrap();
    let stdout = host.stdout.take().unwrap();
    let read = tokio::task::spawn_blocking(move || BufReader::new(stdout).lines().next());
    let line = soon("the plugin's id", read).await.unwrap().unwrap().unwrap();
    (host, line.parse().unwrap())
}

#[test]
fn a_plugin_ends_when_its_host_is_killed() {
    run_test(async |env| {
        let (mut host, plugin) = start_host(env, None).await;
        assert!(exists(plugin));
        kill(host.id());
        host.wait().unwrap();
        until("the plugin is gone", || !env.processes().contains(&plugin)).await;
    });
}

#[test]
fn a_plugin_whose_only_thread_is_blocked_ends_when_its_host_is_killed() {
    run_test(async |env| {
        let begun = env.path("begun");
        let (mut host, plugin) = start_host(env, Some(&begun)).await;
        until("the plugin is blocked", || begun.exists()).await;
        kill(host.id());
        host.wait().unwrap();
        until("the plugin is gone", || !env.processes().contains(&plugin)).await;
    });
}

#[test]
fn what_a_plugin_has_started_ends_with_the_plugin_when_its_host_is_killed() {
    run_test(async |env| {
        let (mut host, plugin) = start_host(env, Some("--child".as_ref())).await;
        // A process that has just been made may not tell yet what it was started with.
        until("all three are there", || env.processes().len() == 3).await;
        assert!(env.processes().contains(&plugin));
        kill(host.id());
        host.wait().unwrap();
        until("the plugin and its child are gone", || env.processes().is_empty()).await;
    });
}
