//! A plugin is never there longer than its host, however the host went.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::stage::{LONELY_HOST, Stage, exists, kill, soon, stage, until};

/// Starts a host on the stage's folder; answers with it and its plugin's process id.
async fn lonely_host(stage: &Stage, argument: Option<&std::path::Path>) -> (Child, u32) {
    stage.install_calculator();
    let mut command = stage.command(LONELY_HOST);
    command.arg(stage.folder()).args(argument).stdout(Stdio::piped());
    // The folder of its sockets stays behind when it is killed: it belongs to the stage.
    command.env("TMPDIR", stage.path(""));
    let mut host = command.spawn().unwrap();
    let stdout = host.stdout.take().unwrap();
    let read = tokio::task::spawn_blocking(move || BufReader::new(stdout).lines().next());
    let line = soon("the plugin's id", read).await.unwrap().unwrap().unwrap();
    (host, line.parse().unwrap())
}

#[test]
fn a_plugin_ends_when_its_host_is_killed() {
    stage(async |stage| {
        let (mut host, plugin) = lonely_host(stage, None).await;
        assert!(exists(plugin));
        kill(host.id());
        host.wait().unwrap();
        until("the plugin is gone", || !stage.processes().contains(&plugin)).await;
    });
}

#[test]
fn a_plugin_whose_only_thread_is_blocked_ends_too() {
    stage(async |stage| {
        let begun = stage.path("begun");
        let (mut host, plugin) = lonely_host(stage, Some(&begun)).await;
        until("the plugin is blocked", || begun.exists()).await;
        kill(host.id());
        host.wait().unwrap();
        until("the plugin is gone", || !stage.processes().contains(&plugin)).await;
    });
}
