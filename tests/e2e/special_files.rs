//! Files that cannot be used, of kinds and modes that only Unix has: each is one `Rejected` event, and other
//! plugins are loaded.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use serde_json::json;

use crate::bad_files::{reason_for_socket, rejection};
use crate::test_env::run_test;

#[test]
fn a_fifo_is_rejected_without_waiting_for_it() {
    run_test(async |env| {
        let path = env.folder().join("bad.pconf");
        let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600));
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).unwrap();
        assert_eq!(rejection(env, &path).await, "it is not a regular file");
    });
}

#[test]
fn a_link_to_nowhere_is_rejected() {
    run_test(async |env| {
        let path = env.folder().join("bad.pconf");
        symlink("nowhere", &path).unwrap();
        let reason = rejection(env, &path).await;
        assert_eq!(reason, "it is a link to nowhere, which does not exist");
    });
}

#[test]
fn a_file_that_may_not_be_read_is_rejected() {
    run_test(async |env| {
        let path = env.put("bad.pconf", "{}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        let reason = rejection(env, &path).await;
        // The superuser may read every file, and finds that the name is missing.
        let all_powerful = fs::read(&path).is_ok();
        let expected = if all_powerful { "Name: is missing" } else { "Permission denied" };
        assert!(reason.starts_with(expected), "{reason}");
    });
}

#[test]
fn a_socket_without_a_listener_is_rejected() {
    for lazy in [false, true] {
        let reason = reason_for_socket(lazy, |sock| drop(UnixListener::bind(sock).unwrap()));
        assert!(
            reason.starts_with("its socket /") && reason.contains(": nobody listens on the socket"),
            "{reason}"
        );
    }
}

#[test]
fn a_sock_that_is_not_a_socket_is_rejected() {
    for lazy in [false, true] {
        let reason = reason_for_socket(lazy, |sock| fs::write(sock, "").unwrap());
        assert!(
            reason.starts_with("its socket /") && reason.contains(": the file is not a socket"),
            "{reason}"
        );
    }
}

#[test]
fn a_link_by_which_the_program_leaves_the_folder_is_rejected() {
    run_test(async |env| {
        symlink("/bin/true", env.folder().join("program")).unwrap();
        let keys = json!({"Name": "A", "Exec": ["program"]});
        let file = env.put_pconf("bad.pconf", &keys);
        let reason = rejection(env, &file).await;
        assert_eq!(reason, "Exec names a program outside the folder of the file");
    });
}

/// The reason for which a program with this content and mode is rejected.
fn reason_for_program(content: &str, mode: u32) -> String {
    let mut reason = String::new();
    run_test(async |env| {
        let program = env.put("program", content);
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        let keys = json!({"Name": "A", "Exec": ["program"]});
        let file = env.put_pconf("bad.pconf", &keys);
        reason = rejection(env, &file).await.replace(&program.display().to_string(), "PROGRAM");
    });
    reason
}

#[test]
fn a_program_that_is_not_executable_is_rejected() {
    let reason = reason_for_program("#!/bin/sh\n", 0o644);
    let begin = "the program PROGRAM cannot be started: it is not executable (mode 0644); make it";
    assert!(reason.starts_with(begin), "{reason}");
}

#[test]
fn a_program_without_its_interpreter_is_rejected() {
    let reason = reason_for_program("#!/no/such/shell\n", 0o755);
    assert!(reason.starts_with("A did not start: the program cannot be started: "), "{reason}");
    assert!(reason.contains("/no/such/shell"), "{reason}");
}
