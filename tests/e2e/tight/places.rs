//! Folders, devices and limits of small containers.
//!
//! Most of these need a namespace of mounts. Where the system gives none, neither as root nor as the first
//! user of a namespace of users, these tests say so and pass.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::{assert_all_work, assert_says, findings, host, temporary_folder};
use crate::test_env::{EMBEDDING, REFUSE, TestEnv, run_test};

/// A container of which the shell is the first process.
const CONTAINER: [&str; 4] = ["--mount", "--pid", "--fork", "--kill-child"];

/// As root of a namespace of users, which anybody can be.
const AS_ROOT: &str = "--map-root-user";

/// What the first process of a container does before it runs the host.
struct Place<'a> {
    /// Commands of a shell; `$TMPDIR` is the folder for temporary files.
    setup: &'a str,
    /// Users and further namespaces, as options of `unshare`.
    namespaces: &'a [&'a str],
}

impl Place<'_> {
    /// A shell's command in the place; `None` if there can be none.
    fn command(&self, env: &TestEnv, run: &str) -> Option<Command> {
        let in_place = |run: &str| {
            let mut command = env.command("unshare");
            command.args(CONTAINER).args(self.namespaces).args(["/bin/sh", "-ec"]);
            command.arg(format!("{}\n{run}", self.setup)).arg("sh").args(host(env));
            command.env("TMPDIR", temporary_folder(env));
            command
        };
        env.install_calculator();
        match in_place("true").output() {
            Ok(output) if output.status.success() => Some(in_place(run)),
            other => {
                eprintln!("skipped: there can be no such place here: {other:?}");
                None
            }
        }
    }

    fn findings(&self, env: &TestEnv) -> Option<Vec<String>> {
        self.command(env, r#"exec "$@""#).map(|mut command| findings(env, &mut command))
    }
}

fn works(setup: &str, namespaces: &[&str]) {
    run_test(async |env| {
        let place = Place { setup, namespaces };
        let Some(findings) = place.findings(env) else { return };
        assert_all_work(&findings, setup);
    });
}

fn says(setup: &str, parts: &[&str]) {
    run_test(async |env| {
        let place = Place { setup, namespaces: &[AS_ROOT] };
        let Some(findings) = place.findings(env) else { return };
        assert_says(&findings, "load", parts);
    });
}

#[test]
fn a_host_that_is_the_first_process_leaves_no_zombie() {
    works("", &[AS_ROOT, "--mount-proc"]);
}

#[test]
fn the_processes_of_another_container_are_not_taken_for_plugins() {
    // The files of processes are those of the namespace outside.
    works("", &[AS_ROOT]);
    works("mount -t tmpfs none /proc", &[AS_ROOT]);
}

#[test]
fn without_devices_a_plugin_reads_nothing_from_its_standard_input() {
    works("mount -t tmpfs none /dev", &[AS_ROOT]);
}

#[test]
fn without_the_files_of_processes_a_program_is_run_by_its_descriptor_alone() {
    run_test(async |env| {
        let place = Place { setup: "mount -t tmpfs none /proc", namespaces: &[AS_ROOT] };
        let run = format!(r#"exec {REFUSE} EPERM execveat -- "$@""#);
        let Some(mut command) = place.command(env, &run) else { return };
        let findings = findings(env, &mut command);
        assert_says(&findings, "load", &["the system refuses execveat: ", "has to allow it"]);
    });
}

#[test]
fn without_the_files_of_processes_an_embedded_plugin_says_what_it_needs() {
    run_test(async |env| {
        let place = Place { setup: "mount -t tmpfs none /proc", namespaces: &[AS_ROOT] };
        let Some(mut command) = place.command(env, &format!("exec {EMBEDDING}")) else { return };
        let output = command.env("EMBEDDING", "right").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("/proc is not mounted"), "{output:?}");
    });
}

#[test]
fn a_root_that_is_read_only_needs_a_folder_for_sockets_alone() {
    // The host also puts a file into the folder of plugins, which is therefore no part of the root.
    let setup = r#"
        mount -t tmpfs none /mnt
        cp "$2"/* /mnt
        mount -t tmpfs -o mode=755 none "$2"
        cp /mnt/* "$2"
        mount -t tmpfs none "$TMPDIR"
        mount -o remount,bind,ro /
        ! touch "$2"/../file 2>/dev/null
    "#;
    works(setup, &[AS_ROOT]);
}

#[test]
fn a_container_with_all_restrictions_at_once_is_enough() {
    run_test(async |env| {
        for path in [env.path(""), env.folder()] {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        // Only real root can become a user who is nobody's.
        let setup = r#"
            setpriv --reuid 4321 --regid 4321 --clear-groups test -x "$1"
            mount -t tmpfs none /mnt
            cp "$2"/* /mnt
            mount -t tmpfs -o mode=755,uid=4321 none "$2"
            cp /mnt/* "$2"
            mount -t tmpfs -o noexec,nosuid,nodev,size=1m,mode=1777 none "$TMPDIR"
            mount -o remount,bind,ro /
            ulimit -n 256
            set -- setpriv --reuid 4321 --regid 4321 --clear-groups --inh-caps=-all \
                --bounding-set=-all --no-new-privs "$@"
        "#;
        let place = Place { setup, namespaces: &["--mount-proc"] };
        let Some(findings) = place.findings(env) else { return };
        assert_all_work(&findings, "all restrictions");
    });
}

#[test]
fn a_folder_for_sockets_that_cannot_be_used_is_named() {
    let remedy = "and TMPDIR names another place, which has to be writable and short";
    let full = "mount -t tmpfs -o nr_inodes=1 none \"$TMPDIR\"";
    says(full, &["No space left on device", remedy]);
    says("mount -t tmpfs -o ro none \"$TMPDIR\"", &["Read-only file system", remedy]);
    for (folder, part) in [("none", "No such file or directory"), (&"x".repeat(100), "107")] {
        run_test(async |env| {
            let [program, arguments @ ..] = host(env);
            let folder = env.path(folder);
            if part == "107" {
                std::fs::create_dir(&folder).unwrap();
            }
            let mut command = env.command(program);
            let findings = findings(env, command.args(arguments).env("TMPDIR", folder));
            assert_says(&findings, "load", &[part, remedy]);
        });
    }
}

#[test]
fn a_folder_for_sockets_may_forbid_programs() {
    works("mount -t tmpfs -o noexec,nosuid,nodev none \"$TMPDIR\"", &[AS_ROOT]);
}

#[test]
fn a_user_without_a_name_home_and_environment_is_enough() {
    run_test(async |env| {
        let [program, arguments @ ..] = host(env);
        let mut command = env.command(program);
        for variable in ["HOME", "USER", "LOGNAME", "PATH", "LANG"] {
            command.env_remove(variable);
        }
        assert_all_work(&findings(env, command.args(arguments)), "no environment");
    });
    // The namespace has no user of the number that this one has there.
    works("", &["--map-user=4321"]);
}

#[test]
fn few_descriptors_are_enough_and_fewer_are_named() {
    run_test(async |env| {
        let limited = |number: u32| {
            let mut command = env.command("/bin/sh");
            command.args(["-ec", &format!(r#"ulimit -n {number}; exec "$@""#), "sh"]);
            findings(env, command.args(host(env)))
        };
        assert_all_work(&limited(64), "64 descriptors");
        assert_says(&limited(20), "load", &["Too many open files", "ulimit -n"]);
    });
}

#[test]
fn limits_of_file_events_and_queues_may_be_the_least() {
    let setting = Path::new("/proc/sys/user/max_inotify_watches");
    if setting.exists() {
        works("echo 0 > /proc/sys/user/max_inotify_watches", &[AS_ROOT]);
    }
    works("echo 1 > /proc/sys/net/core/somaxconn", &[AS_ROOT, "--net", "--mount-proc"]);
}
