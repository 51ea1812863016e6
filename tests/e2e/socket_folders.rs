//! The folders in which hosts have the sockets of their plugins.

use std::path::{Path, PathBuf};

use crate::host_death::start_host;
use crate::test_env::{TestEnv, kill, run_test, until};

/// The folders in which hosts of this test have, or had, their sockets.
fn socket_folders(env: &TestEnv) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(env.path("")).unwrap().map(|entry| entry.unwrap().path());
    let is_one = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"goplug-"))
    };
    entries.filter(is_one).collect()
}

/// Whether a folder has a socket.
fn has_socket(folder: &Path) -> bool {
    let mut entries = std::fs::read_dir(folder).unwrap();
    entries.any(|entry| entry.unwrap().path().extension().is_some_and(|it| it == "sock"))
}

#[test]
fn the_next_host_removes_the_socket_folder_of_a_killed_host() {
    run_test(async |env| {
        for _ in 0..3 {
            let (mut host, plugin) = start_host(env, None).await;
            let folders = socket_folders(env);
            assert_eq!(folders.len(), 1, "{folders:?}");
            assert!(has_socket(&folders[0]));
            kill(host.id());
            host.wait().unwrap();
            assert!(has_socket(&folders[0]));
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
        assert!(folders.iter().all(|folder| has_socket(folder)), "{folders:?}");
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
