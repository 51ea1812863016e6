//! A plugin is never there longer than its host, however the host went.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::stage::{LONELY_HOST, Stage, exists, kill, soon, stage, until};

/// Starts a host on the stage's folder; answers with it and its plugin's process id. The
/// folders of its sockets are in the stage's own.
async fn lonely_host(stage: &Stage, argument: Option<&std::path::Path>) -> (Child, u32) {
    stage.install_calculator();
    let mut command = stage.command(LONELY_HOST);
    command.arg(stage.folder()).args(argument).stdout(Stdio::piped());
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

/// The folders in which hosts of the stage have bound, or had bound, their sockets.
fn socket_folders(stage: &Stage) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(stage.path("")).unwrap().map(|entry| entry.unwrap().path());
    let is_one = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"goplug-"))
    };
    entries.filter(is_one).collect()
}

#[test]
fn what_a_killed_host_left_behind_is_removed_by_the_next() {
    stage(async |stage| {
        for _ in 0..3 {
            let (mut host, plugin) = lonely_host(stage, None).await;
            let folders = socket_folders(stage);
            assert_eq!(folders.len(), 1, "{folders:?}");
            assert!(folders[0].join("0.sock").exists());
            kill(host.id());
            host.wait().unwrap();
            assert!(folders[0].join("0.sock").exists());
            until("the plugin is gone", || !stage.processes().contains(&plugin)).await;
        }
    });
}

#[test]
fn what_a_living_host_needs_is_left_alone() {
    stage(async |stage| {
        let (mut first, _) = lonely_host(stage, None).await;
        let (mut second, _) = lonely_host(stage, None).await;
        let folders = socket_folders(stage);
        assert_eq!(folders.len(), 2, "{folders:?}");
        assert!(folders.iter().all(|folder| folder.join("0.sock").exists()), "{folders:?}");
        for host in [&mut first, &mut second] {
            kill(host.id());
            host.wait().unwrap();
        }
        until("the plugins are gone", || stage.processes().is_empty()).await;
    });
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    stage(async |stage| {
        let letter = stage.path("goplug-abc123/letter");
        std::fs::create_dir(letter.parent().unwrap()).unwrap();
        std::fs::write(&letter, "dear").unwrap();
        let (mut host, _) = lonely_host(stage, None).await;
        assert!(letter.exists());
        kill(host.id());
        host.wait().unwrap();
        until("the plugin is gone", || stage.processes().is_empty()).await;
    });
}
