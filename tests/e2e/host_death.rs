//! A plugin never outlives its host, however the host ended.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::test_env::{HOST, TestEnv, exists, kill, run_test, soon, until};

/// Starts a host on the test's folder of plugins, with its temporary files in the test's own
/// folder. Returns the host and the process id of its plugin.
async fn start_host(env: &TestEnv, argument: Option<&std::path::Path>) -> (Child, u32) {
    env.install_calculator();
    let mut command = env.command(HOST);
    command.arg(env.folder()).args(argument).stdout(Stdio::piped());
    command.env("TMPDIR", env.path(""));
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

/// The folders in which hosts of this test have, or had, their sockets.
fn socket_folders(env: &TestEnv) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(env.path("")).unwrap().map(|entry| entry.unwrap().path());
    let is_one = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"goplug-"))
    };
    entries.filter(is_one).collect()
}

#[test]
fn the_next_host_removes_the_socket_folder_of_a_killed_host() {
    run_test(async |env| {
        for _ in 0..3 {
            let (mut host, plugin) = start_host(env, None).await;
            let folders = socket_folders(env);
            assert_eq!(folders.len(), 1, "{folders:?}");
            assert!(folders[0].join("0.sock").exists());
            kill(host.id());
            host.wait().unwrap();
            assert!(folders[0].join("0.sock").exists());
            until("the plugin is gone", || !env.processes().contains(&plugin)).await;
        }
    });
}

#[test]
fn the_socket_folder_of_a_running_host_is_kept() {
    run_test(async |env| {
        let (mut first, _) = start_host(env, None).await;
        let (mut second, _) = start_host(env, None).await;
        let folders = socket_folders(env);
        assert_eq!(folders.len(), 2, "{folders:?}");
        assert!(folders.iter().all(|folder| folder.join("0.sock").exists()), "{folders:?}");
        for host in [&mut first, &mut second] {
            kill(host.id());
            host.wait().unwrap();
        }
        until("the plugins are gone", || env.processes().is_empty()).await;
    });
}

#[test]
fn a_similarly_named_folder_that_is_not_goplugs_is_kept() {
    run_test(async |env| {
        let letter = env.path("goplug-abc123/letter");
        std::fs::create_dir(letter.parent().unwrap()).unwrap();
        std::fs::write(&letter, "dear").unwrap();
        let (mut host, _) = start_host(env, None).await;
        assert!(letter.exists());
        kill(host.id());
        host.wait().unwrap();
        until("the plugin is gone", || env.processes().is_empty()).await;
    });
}
